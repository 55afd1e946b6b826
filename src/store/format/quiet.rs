//! Runs that found nothing to do, many in one line of the ledger.
//!
//! ```text
//! {"sum":…,"seq":…,"stable":…,"at":…,"actor":…,"run":null,…,
//!  "quiet":{"first":71,"started":…,"runs":[[174,"Acme",null,1796…,1791…,32,1],…]}}
//! ```
//!
//! On most nights most clients are as they were, and a line of its own for each takes 900 bytes to say
//! so. Here a run takes some 80, and what it says is as whole as that line was: the run, by the number
//! `first` and those after it, and the client as the run leaves it, nothing of which is looked up
//! elsewhere. So a line that is lost takes nothing with it but itself, as ever.
//!
//! Which runs can be told like this is decided by telling them and reading them back ([`shorten`]).

use chrono::DateTime;

use super::convert::{self, Unreadable};
use super::v1::{ActorV1, ClientStateV1, CountsV1, LineV1, QuietRunV1, RunV1};
use crate::model::{RunResult, Trigger};

/// A run and the client as it leaves it, as short as a line tells of them; none where there is more
/// to be told.
pub(in crate::store) fn shorten(run: &RunV1, state: &ClientStateV1) -> Option<QuietRunV1> {
    let nanoseconds = |at: &Option<String>| match at {
        None => Some(None),
        Some(at) => convert::moment(at).ok()?.timestamp_nanos_opt().map(Some),
    };
    let short = QuietRunV1(
        state.id,
        state.name.clone(),
        state.at.clone(),
        nanoseconds(&state.next_run)?,
        nanoseconds(&state.last_changed)?,
        run.counts.unchanged,
        run.requests,
    );
    let whole = whole(&short, run.id, (&run.started, &run.ended), &run.actor);
    (whole.0 == *run && whole.1 == *state).then_some(short)
}

/// The runs of a line of which it tells like this, by number, each with the client as it leaves it.
///
/// # Errors
///
/// Where the numbers are none that runs can have.
pub(in crate::store) fn runs(line: &LineV1) -> Result<Vec<(RunV1, ClientStateV1)>, Unreadable> {
    let Some(quiet) = &line.quiet else { return Ok(Vec::new()) };
    if quiet.first.checked_add(quiet.runs.len() as u64).is_none() {
        return convert::unknown("run number", &quiet.first.to_string());
    }
    let times = (quiet.started.as_str(), line.at.as_str());
    let runs = (quiet.first..=u64::MAX).zip(&quiet.runs);
    Ok(runs.map(|(id, short)| whole(short, id, times, &line.actor)).collect())
}

/// The numbers of the runs of a line, however it tells of them.
pub(in crate::store) fn run_numbers(line: &LineV1) -> impl Iterator<Item = u64> {
    let quiet = line.quiet.iter();
    let quiet = quiet.flat_map(|quiet| (quiet.first..=u64::MAX).take(quiet.runs.len()));
    line.run.iter().map(|run| run.id).chain(quiet)
}

fn whole(
    short: &QuietRunV1,
    id: u64,
    (started, ended): (&str, &str),
    actor: &ActorV1,
) -> (RunV1, ClientStateV1) {
    let QuietRunV1(client, name, at, next_run, last_changed, unchanged, requests) = short;
    let text =
        |at: &Option<i64>| at.map(|at| convert::moment_text(DateTime::from_timestamp_nanos(at)));
    let run = RunV1 {
        id,
        client: *client,
        client_name: name.clone(),
        trigger: Trigger::Auto.name().to_owned(),
        actor: actor.clone(),
        started: started.to_owned(),
        ended: ended.to_owned(),
        result: RunResult::Ok.name().to_owned(),
        counts: CountsV1 {
            created: 0,
            updated: 0,
            unchanged: *unchanged,
            vanished: 0,
            rejected: 0,
        },
        requests: *requests,
        error: None,
        rejects: Vec::new(),
    };
    let state = ClientStateV1 {
        id: *client,
        name: name.clone(),
        auto_sync: true,
        at: at.clone(),
        last_tried: Some(started.to_owned()),
        last_synced: Some(ended.to_owned()),
        last_full: Some(ended.to_owned()),
        last_changed: text(last_changed),
        next_run: text(next_run),
        failures: 0,
        last_error: None,
    };
    (run, state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::format::v1::QuietRunsV1;

    const AT: &str = "2027-01-15T08:00:00.123456789Z";

    fn line(runs: Vec<QuietRunV1>) -> LineV1 {
        LineV1 {
            sum: String::new(),
            seq: 9,
            stable: 8,
            at: AT.to_owned(),
            actor: ActorV1 { uid: None, name: "lmsyncd".to_owned(), pid: None },
            run: None,
            changes: Vec::new(),
            contracts: Vec::new(),
            clients: Vec::new(),
            marks: Vec::new(),
            memos: Vec::new(),
            quiet: Some(QuietRunsV1 {
                first: 71,
                started: "2027-01-15T07:59:00Z".to_owned(),
                runs,
            }),
        }
    }

    fn short(client: i64) -> QuietRunV1 {
        let next = Some(1_800_086_400_123_456_789);
        QuietRunV1(client, "Acme".to_owned(), None, next, None, 32, 1)
    }

    #[test]
    fn what_a_line_tells_in_short_is_the_whole_run_and_client() {
        let told = runs(&line(vec![short(0), short(174)])).expect("runs");
        let numbers: Vec<u64> = told.iter().map(|(run, _)| run.id).collect();
        assert_eq!(numbers, [71, 72]);
        assert_eq!(run_numbers(&line(vec![short(0), short(174)])).collect::<Vec<_>>(), [71, 72]);
        for (run, state) in &told {
            assert_eq!(shorten(run, state), Some(short(run.client)));
            let (run, state) =
                (convert::run(run).expect("run"), convert::client(state).expect("it"));
            assert_eq!((run.counts.unchanged, run.requests), (32, 1));
            assert_eq!(state.last_synced, Some(run.ended));
            assert_eq!(state.next_run.map(|at| at.timestamp_nanos_opt()), Some(short(0).3));
        }
    }

    #[test]
    fn golden_bytes() {
        let json = serde_json::to_string(&line(vec![short(174)])).expect("json");
        let wanted = r#""memos":[],"quiet":{"first":71,"started":"2027-01-15T07:59:00Z","runs":[[174,"Acme",null,1800086400123456789,null,32,1]]}}"#;
        let wanted = wanted.strip_prefix(r#""memos":[],"#).expect("it begins so");
        assert!(json.ends_with(wanted), "{json}");
        assert!(serde_json::from_str::<LineV1>(&json.replace(",32,1]", ",32,1,0]")).is_err());
    }

    #[test]
    fn a_run_that_did_or_says_more_is_not_shortened() {
        let (run, state) = runs(&line(vec![short(174)])).expect("runs").remove(0);
        let other_runs: [fn(&mut RunV1); 6] = [
            |run| run.counts.updated = 1,
            |run| run.counts.vanished = 1,
            |run| run.result = "held".to_owned(),
            |run| run.trigger = "manual".to_owned(),
            |run| run.client_name = "Acme Ltd".to_owned(),
            |run| run.ended = "2027-01-15T08:00:01Z".to_owned(),
        ];
        for change in other_runs {
            let mut run = run.clone();
            change(&mut run);
            assert_eq!(shorten(&run, &state), None, "{run:?}");
        }
        let other_states: [fn(&mut ClientStateV1); 5] = [
            |state| state.auto_sync = false,
            |state| state.failures = 1,
            |state| state.last_full = None,
            |state| state.last_tried = None,
            |state| state.next_run = Some("2262-04-12T00:00:00Z".to_owned()),
        ];
        for change in other_states {
            let mut state = state.clone();
            change(&mut state);
            assert_eq!(shorten(&run, &state), None, "{state:?}");
        }
    }

    #[test]
    fn numbers_that_no_run_can_have_are_refused() {
        let mut line = line(vec![short(174), short(175)]);
        if let Some(quiet) = &mut line.quiet {
            quiet.first = u64::MAX - 1;
        }
        assert!(runs(&line).is_err());
        assert!(run_numbers(&line).count() <= 2);
    }
}
