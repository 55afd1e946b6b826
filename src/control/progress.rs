//! Telling a caller how far the work is that it waits for, if it asked for `more`.

use serde::Serialize;
use tokio::sync::watch;

use super::call::{Context, Replies, finish};
use super::convert::count;
use crate::autotask::{Phase, Progress, Report};
use crate::clock::Tz;
use crate::model::text::moment;
use crate::protocol::sync;

/// What can be told of work that is under way.
#[derive(Clone)]
pub(super) struct Told {
    reports: watch::Receiver<Report>,
    /// In which moments are told.
    zone: Tz,
}

/// Progress of a person's work, and where it can be followed. Who did not ask for `more` does not
/// see it.
pub(super) fn progress(context: &Context<'_>) -> (Progress, Told) {
    let (tell, told) = watch::channel(Report::default());
    let progress = Progress::telling(move |report| {
        tell.send_replace(*report);
    });
    let told = Told { reports: told, zone: context.engine.zone() };
    (progress.seen(context.stream.is_some()), told)
}

/// Does the work, and tells a caller that asked for `more` how far it is meanwhile. What is not
/// told before the next change is not told at all: however slowly somebody reads, the work goes on.
pub(super) async fn telling<T, R: Serialize>(
    work: impl Future<Output = T>,
    told: Told,
    stream: &mut Option<&mut Replies>,
    reply: impl Fn(sync::Progress) -> R,
) -> T {
    let Told { mut reports, zone } = told;
    let mut work = std::pin::pin!(work);
    loop {
        let report = tokio::select! {
            done = &mut work => return done,
            Ok(()) = reports.changed(), if stream.is_some() => *reports.borrow_and_update(),
        };
        let gone = match (&mut *stream, finish(reply(how_far(&report, zone)))) {
            (Some(stream), Ok(reply)) => {
                let mut sent = std::pin::pin!(stream.more(reply));
                tokio::select! {
                    sent = &mut sent => sent.is_err(),
                    done = &mut work => {
                        // The last reply follows a whole one.
                        let _ = sent.await;
                        return done;
                    }
                }
            }
            _ => true,
        };
        if gone {
            // The asker went away; the work goes on, and the board tells of it.
            *stream = None;
        }
    }
}

fn how_far(report: &Report, zone: Tz) -> sync::Progress {
    let doing = match report.phase {
        Phase::Starting => "starting".to_owned(),
        Phase::Queued => "waiting for another run to end".to_owned(),
        Phase::Reading(entity) => format!("reading {entity}"),
        Phase::Waiting(time) => format!("waiting {}s for Autotask", time.as_secs().max(1)),
        Phase::ForBudget(until) => {
            format!("waiting for budget until {}", moment(&until.with_timezone(&zone)))
        }
        Phase::Doing(what) => what.to_owned(),
    };
    sync::Progress {
        doing,
        pages: count(report.pages),
        rows: count(report.rows),
        compared: (report.compared > 0).then(|| count(report.compared)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_for_budget_says_until_when() {
        let until = chrono::DateTime::UNIX_EPOCH;
        let report = Report { phase: Phase::ForBudget(until), ..Report::default() };
        assert_eq!(
            how_far(&report, Tz::Asia__Tokyo).doing,
            "waiting for budget until 1970-01-01 09:00 +09:00"
        );
    }
}
