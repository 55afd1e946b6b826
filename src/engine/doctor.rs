//! The check-up: Autotask's part is asked of `autotask`, the store's is here.

use chrono::{DateTime, Utc};

use super::Engine;
use crate::autotask::{Finding, Outcome, Progress, Work};
use crate::clock::{ServerZone, Tz, day_in};
use crate::model::{Failure, Pause};

impl Engine {
    /// Checks the connection, zone, credentials, permissions, budget and clock, and the store, in
    /// the order in which they depend on each other.
    pub async fn checkup(&self) -> Vec<Finding> {
        self.checkup_telling(Progress::new()).await
    }

    /// The same, telling how far it is.
    pub async fn checkup_telling(&self, progress: Progress) -> Vec<Finding> {
        // What it asks is allowed while nothing else is.
        let progress = progress.with_work(Work::Checkup);
        let live = self.live();
        let mut findings = live.autotask.probe(&progress).await;
        findings.push(day(live.settings.autotask.time_zone, &self.clock.server_zone(), self.now()));
        progress.doing("reading the store back");
        // It reads the whole ledger: not on a thread that serves connections.
        let store = self.store.clone();
        let remarks = self.store_remarks();
        let checked = tokio::task::spawn_blocking(move || match store.check() {
            Ok(report) => judge(&report.faults, report.lines, &remarks),
            Err(error) => failed(error.into()),
        });
        if let Ok(checked) = checked.await {
            findings.push(checked);
        }
        findings.extend(self.must_store().err().map(failed));
        findings.extend(
            self.pauses()
                .ok()
                .and_then(|pauses| pauses.all)
                .map(|pause| paused(&pause, live.zone())),
        );
        findings.extend(leftovers(&self.store.leftovers()));
        findings
    }
}

/// Which day it is, and where.
fn day(configured: Option<Tz>, server: &ServerZone, now: DateTime<Utc>) -> Finding {
    let zone = configured.unwrap_or(server.zone);
    let today = format!("today is {} in {zone}", day_in(&zone, now));
    let check = "time-zone";
    match (configured, &server.doubt) {
        (Some(_), _) => Finding {
            check,
            ..finding(Outcome::Good, format!("{today}, the configured time-zone"), None)
        },
        (None, None) => Finding {
            check,
            ..finding(Outcome::Good, format!("{today}, the zone of this server"), None)
        },
        (None, Some(doubt)) => {
            let detail = format!("{today}, and the zone of this server cannot be told: {doubt}");
            let fix = "name yours as `time-zone` in [autotask], such as time-zone = \
                       \"Europe/Berlin\", then run `lmsyncctl reload`";
            Finding { check, ..finding(Outcome::Warning, detail, Some(fix.to_owned())) }
        }
    }
}

/// Nothing is wrong with a pause, but who wonders why nothing is synced must see it.
fn paused(pause: &Pause, zone: Tz) -> Finding {
    let until = match pause.until {
        Some(until) => format!("until {}", until.with_timezone(&zone).format("%Y-%m-%d %H:%M %Z")),
        None => "until somebody ends it".to_owned(),
    };
    let detail = format!("all auto-sync is paused by {} {until}", pause.by);
    Finding {
        check: "auto-sync",
        ..finding(Outcome::Warning, detail, Some("lmsyncctl resume".to_owned()))
    }
}

fn failed(failure: Failure) -> Finding {
    let code = Some(failure.code);
    Finding { code, ..finding(Outcome::Bad, failure.message, failure.hint) }
}

/// What repairs moved aside: nobody but a person may throw it away.
fn leftovers(files: &[std::path::PathBuf]) -> Option<Finding> {
    let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    (!names.is_empty()).then(|| {
        let detail = format!("repairs moved aside {}", names.join(", "));
        let fix = "once you know that nothing is missing, they may be deleted";
        finding(Outcome::Warning, detail, Some(fix.to_owned()))
    })
}

fn judge(faults: &[String], lines: u64, remarks: &[String]) -> Finding {
    match (faults, remarks) {
        ([], []) => finding(Outcome::Good, format!("all {lines} commits read back well"), None),
        ([], remarks) => finding(
            Outcome::Warning,
            format!(
                "all {lines} commits read back well; when it was opened: {}",
                remarks.join("; ")
            ),
            Some("nothing to do; if it comes back at every start, check the disk".to_owned()),
        ),
        (faults, _) => finding(
            Outcome::Bad,
            faults.join("; "),
            Some(
                "systemctl restart lmsyncd repairs what can be repaired, and keeps the rest"
                    .to_owned(),
            ),
        ),
    }
}

fn finding(outcome: Outcome, detail: String, fix: Option<String>) -> Finding {
    Finding { check: "store", outcome, detail, fix, code: None }
}
