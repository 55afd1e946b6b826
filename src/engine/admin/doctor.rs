//! The check-up: Autotask's part is asked of `autotask`, the store's is here.

use chrono::{DateTime, Utc};

use super::{Admin, set_id};
use crate::autotask::{Finding, Outcome, Progress, Work};
use crate::clock::{ServerZone, Tz, day_in};
use crate::config::ConfigError;
use crate::model::text::{moment, thousands};
use crate::model::{Advice, Code, Failure, Outlet, OutletState, Pause};
use crate::store::Gap;

impl Admin {
    /// Checks the connection, zone, credentials, permissions, budget and clock, and the store, in
    /// the order in which they depend on each other.
    pub async fn checkup(&self) -> Vec<Finding> {
        self.checkup_telling(Progress::new()).await
    }

    /// The same, telling how far it is.
    pub async fn checkup_telling(&self, progress: Progress) -> Vec<Finding> {
        // What it asks is allowed while nothing else is.
        let progress = progress.with_work(Work::Checkup);
        let live = self.context.live();
        let mut findings = live.autotask.probe(&progress).await;
        let accesses: Vec<_> = findings.iter().filter_map(|finding| finding.access).collect();
        // One that came to no end says nothing of the rest.
        if accesses.len() >= live.autotask.needed().len() {
            self.context.note_visibility(&live, &accesses);
            self.context.events.mark_changed();
        }
        let configured = live.settings.autotask.time_zone;
        findings.push(day(
            live.zone(),
            configured,
            &self.context.clock.server_zone(),
            self.context.now(),
        ));
        progress.doing("checking the store");
        // It reads the whole ledger: not on a thread that serves connections.
        let store = self.context.store.clone();
        let remarks = self.context.store_remarks();
        let checked = tokio::task::spawn_blocking(move || match store.check() {
            Ok(report) => judge(&report.faults, report.lines, report.head.seq, &remarks),
            Err(error) => failed(error.into()),
        });
        if let Ok(checked) = checked.await {
            findings.push(checked);
        }
        findings.extend(self.context.ensure_writable().err().map(failed));
        findings.extend(
            self.book
                .pauses()
                .ok()
                .and_then(|pauses| pauses.all)
                .map(|pause| paused(&pause, live.zone())),
        );
        findings.extend(self.context.outlets.states(&live.settings).iter().map(outlet));
        findings.extend(gaps(&self.context.store.gaps()));
        findings.extend(orphans(&self.context.store.orphans()));
        findings.extend(set_id::check(&live.settings.notify.command));
        let obstacles = live.settings.obstacles();
        findings.extend(obstacles.iter().map(obstacle));
        if obstacles.is_empty() {
            findings.extend(self.unusable_file());
        }
        findings
    }

    /// What the next start, or a reload, would meet: the file or a credential is not as it was read.
    fn unusable_file(&self) -> Option<Finding> {
        let read = (self.load)().and_then(|settings| (self.connect)(&settings).map(drop));
        let failure = read.err()?;
        let detail = format!(
            "the next start would fail, and until then what was read before counts: {}",
            failure.message
        );
        let found = finding(Outcome::Warning, detail, failure.advice);
        Some(Finding { check: "configuration", code: Some(Code::BadConfiguration), ..found })
    }
}

/// Which day it is in the `zone` that counts, and why that one: because it is configured, or
/// because it was the server's when the configuration was last read.
fn day(zone: Tz, configured: Option<Tz>, server: &ServerZone, now: DateTime<Utc>) -> Finding {
    let today = format!("today is {} in {zone}", day_in(&zone, now));
    let (outcome, why, advice) = match (configured, &server.doubt) {
        (Some(_), _) => (Outcome::Good, "the configured time-zone".to_owned(), None),
        (None, None) if server.zone == zone => {
            (Outcome::Good, "the zone of this server".to_owned(), None)
        }
        (None, None) => {
            let why = format!("but the zone of this server is now {}", server.zone);
            (Outcome::Warning, why, Some(Advice::Reload))
        }
        (None, Some(doubt)) => {
            let why = format!("and the time zone of this server cannot be determined: {doubt}");
            (Outcome::Warning, why, Some(Advice::NameTimeZone))
        }
    };
    let told = finding(outcome, format!("{today}, {why}"), advice);
    Finding { check: "time-zone", ..told }
}

/// Nothing is wrong with a pause, but who wonders why nothing is synced must see it.
fn paused(pause: &Pause, zone: Tz) -> Finding {
    let until = match pause.until {
        Some(until) => format!("until {}", moment(&until.with_timezone(&zone))),
        None => "until it is resumed".to_owned(),
    };
    let detail = format!("all auto-sync is paused by {} {until}", pause.by);
    Finding { check: "auto-sync", ..finding(Outcome::Warning, detail, Some(Advice::Resume)) }
}

/// What the configuration names and cannot be used: the import itself needs what `[autotask]` names.
fn obstacle(error: &ConfigError) -> Finding {
    let is_of_the_import = error.key().is_some_and(|key| key.starts_with("autotask."));
    let outcome = if is_of_the_import { Outcome::Bad } else { Outcome::Warning };
    let found = finding(outcome, error.to_string(), error.advice());
    Finding { check: "configuration", code: Some(Code::BadConfiguration), ..found }
}

/// How an outlet last went.
fn outlet(state: &OutletState) -> Finding {
    let check = state.outlet.name();
    let words = state.outlet.words();
    let test = (state.outlet == Outlet::Notify).then_some(Advice::TestNotify);
    let found = match (state.trouble(), state.last) {
        (Some(trouble), _) => {
            finding(Outcome::Warning, trouble, test.or(Some(Advice::ReadJournal)))
        }
        (None, Some(_)) => finding(Outcome::Good, format!("{words} works"), None),
        (None, None) => finding(Outcome::Skipped, format!("{words} was not used yet"), test),
    };
    Finding { check, ..found }
}

fn failed(failure: Failure) -> Finding {
    let code = Some(failure.code);
    Finding { code, ..finding(Outcome::Bad, failure.message, failure.advice) }
}

/// What of the history cannot be read any more.
fn gaps(gaps: &[Gap]) -> Option<Finding> {
    let names: Vec<String> = gaps.iter().map(Gap::to_string).collect();
    (!names.is_empty()).then(|| {
        let detail = format!("the history has gaps: {}", names.join("; "));
        finding(Outcome::Warning, detail, None)
    })
}

/// What repairs moved aside: nobody but a person may throw it away.
fn orphans(files: &[std::path::PathBuf]) -> Option<Finding> {
    let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    (!names.is_empty()).then(|| {
        let detail = format!("repairs moved aside {}", names.join(", "));
        finding(Outcome::Warning, detail, Some(Advice::DeleteMovedFiles))
    })
}

fn judge(faults: &[String], lines: u64, last: u64, remarks: &[String]) -> Finding {
    let readable = match lines == last {
        true => format!("all {} commits are readable", thousands(lines)),
        // The ledger begins with a base.
        false => format!("everything is readable, up to commit {}", thousands(last)),
    };
    match (faults, remarks) {
        ([], []) => finding(Outcome::Good, readable, None),
        ([], remarks) => finding(
            Outcome::Warning,
            format!("{readable}; remarks when the store was opened: {}", remarks.join("; ")),
            Some(Advice::WatchDisk),
        ),
        (faults, _) => finding(Outcome::Bad, faults.join("; "), Some(Advice::RestartToRepair)),
    }
}

fn finding(outcome: Outcome, detail: String, advice: Option<Advice>) -> Finding {
    Finding { check: "store", outcome, detail, advice, code: None, access: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_is_told_with_its_zone_and_a_doubtful_one_is_warned_of() {
        let now = "2026-11-30T22:00:00Z".parse().expect("a moment");
        let told = |zone, configured, server| {
            let Finding { outcome, detail, advice, .. } = day(zone, configured, &server, now);
            assert_eq!(advice.is_some(), outcome == Outcome::Warning, "{detail}");
            (outcome, detail)
        };
        let (sydney, utc) = (Tz::Australia__Sydney, ServerZone::sure(Tz::UTC));
        let configured = "today is 2026-12-01 in Australia/Sydney, the configured time-zone";
        assert_eq!(told(sydney, Some(sydney), utc.clone()), (Outcome::Good, configured.to_owned()));
        let server_s = "today is 2026-11-30 in UTC, the zone of this server";
        assert_eq!(told(Tz::UTC, None, utc.clone()), (Outcome::Good, server_s.to_owned()));
        let (moved, detail) = told(sydney, None, utc.clone());
        assert!(moved == Outcome::Warning && detail.contains("is now UTC"), "{detail}");
        let doubtful = ServerZone { doubt: Some("it has none".to_owned()), ..utc };
        let (doubted, detail) = told(Tz::UTC, None, doubtful);
        assert!(doubted == Outcome::Warning && detail.ends_with(": it has none"), "{detail}");
    }
}
