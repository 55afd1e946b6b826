//! How a client stands: what a run leaves behind in its state, and its health.

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::{ClientState, Code, Run, RunResult, Trigger};

/// The state of a client after a run of it. `full` says whether the run looked after every
/// imported contract, `next` when auto-sync runs next.
///
/// While auto-sync is on, a person only decides about what is held. With that the client is synced,
/// but it was no try of a sync: nothing else was looked after, and the next one is due when it was.
pub fn after_run(
    mut state: ClientState,
    run: &Run,
    full: bool,
    next: Option<DateTime<Utc>>,
) -> ClientState {
    state.client = run.client.clone();
    let only_decides = state.auto_sync && run.trigger == Trigger::Manual;
    if !only_decides {
        state.last_tried = Some(run.started);
    }
    state.next_run = next;
    state.last_error = run.error.clone();
    if run.counts.wrote() {
        state.last_changed = Some(run.ended);
    }
    match run.result {
        RunResult::Ok | RunResult::Partial => {
            state.last_synced = Some(run.ended);
            if full {
                state.last_full = Some(run.ended);
            }
            state.failures = 0;
        }
        RunResult::Held => state.failures = 0,
        RunResult::Failed => state.failures = state.failures.saturating_add(1),
    }
    state
}

/// How a client is, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Health {
    /// The last run succeeded and the next is not late.
    Ok,
    /// No run ever succeeded.
    NeverSynced,
    /// A guard wants a person to look.
    Held,
    /// The last run failed; it is tried again.
    Failing,
    /// The last run failed in a way that trying again cannot mend: credentials, permissions.
    Blocked,
    /// A person asked for a pause.
    Paused,
    /// The next run should have begun long ago.
    Overdue,
}

impl Health {
    /// The word that the command line and the JSON show.
    pub fn name(self) -> &'static str {
        self.into_str()
    }
}

/// How late a run may be before its client counts as overdue.
const PATIENCE: TimeDelta = TimeDelta::hours(1);

/// The health of a client at `now`.
pub fn health(state: &ClientState, now: DateTime<Utc>) -> Health {
    let overdue = state.auto_sync && state.next_run.is_some_and(|next| next + PATIENCE < now);
    match state.last_error.as_ref().map(|error| error.code) {
        Some(Code::Held) => Health::Held,
        Some(code) if code.is_credential() => Health::Blocked,
        // A run that went on without what it may not read did not fail.
        Some(Code::NoPermission) if state.failures > 0 => Health::Blocked,
        Some(_) if state.failures > 0 => Health::Failing,
        _ if overdue => Health::Overdue,
        _ if state.last_synced.is_none() => Health::NeverSynced,
        _ => Health::Ok,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Actor, ClientId, ClientRef, Counts, LastError, Trigger};

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn run(result: RunResult, code: Option<Code>) -> Run {
        Run {
            id: None,
            client: ClientRef { id: ClientId(1), name: "Acme".to_owned() },
            trigger: Trigger::Auto,
            actor: Actor::daemon(),
            started: NOW,
            ended: NOW + TimeDelta::seconds(2),
            result,
            counts: Counts::default(),
            requests: 0,
            error: code.map(|code| LastError { code, message: String::new() }),
            rejects: Vec::new(),
        }
    }

    fn after(runs: &[Run]) -> ClientState {
        let state = ClientState::new(runs[0].client.clone());
        runs.iter().fold(state, |state, run| after_run(state, run, true, None))
    }

    #[test]
    fn the_words_are_an_interface() {
        let all = [
            Health::Ok,
            Health::NeverSynced,
            Health::Held,
            Health::Failing,
            Health::Blocked,
            Health::Paused,
            Health::Overdue,
        ];
        let words = ["ok", "never_synced", "held", "failing", "blocked", "paused", "overdue"];
        assert_eq!(all.map(Health::name), words);
    }

    #[test]
    fn a_failed_run_was_tried_but_synced_nothing() {
        let state = after(&[run(RunResult::Failed, Some(Code::Unreachable))]);
        assert_eq!((state.last_tried, state.last_synced, state.failures), (Some(NOW), None, 1));
        assert_eq!(health(&state, NOW), Health::Failing);
    }

    #[test]
    fn success_clears_what_failed_before() {
        let state =
            after(&[run(RunResult::Failed, Some(Code::AuthFailed)), run(RunResult::Ok, None)]);
        assert_eq!((state.failures, state.last_error.clone()), (0, None));
        assert_eq!(health(&state, NOW), Health::Ok);
    }

    #[test]
    fn what_a_person_decides_while_auto_sync_is_on_is_no_try() {
        let later = NOW + TimeDelta::hours(20);
        let mut accepted = run(RunResult::Ok, None);
        (accepted.trigger, accepted.started, accepted.ended) = (Trigger::Manual, later, later);
        accepted.counts.vanished = 8;
        let mut state = after(&[run(RunResult::Held, Some(Code::Held))]);
        for (on, tried) in [(true, NOW), (false, later)] {
            state.auto_sync = on;
            let after = after_run(state.clone(), &accepted, false, None);
            assert_eq!((after.last_tried, after.last_synced), (Some(tried), Some(later)));
            assert_eq!((after.last_changed, after.last_error), (Some(later), None));
        }
    }

    #[test]
    fn what_only_a_person_can_mend_is_told_apart() {
        for (code, expected) in [
            (Code::Held, Health::Held),
            (Code::AuthFailed, Health::Blocked),
            (Code::RateLimited, Health::Failing),
        ] {
            let result = if code == Code::Held { RunResult::Held } else { RunResult::Failed };
            assert_eq!(health(&after(&[run(result, Some(code))]), NOW), expected);
        }
    }

    #[test]
    fn a_run_that_is_long_late_is_overdue() {
        let mut state = after(&[run(RunResult::Ok, None)]);
        state.auto_sync = true;
        state.next_run = Some(NOW);
        assert_eq!(health(&state, NOW + PATIENCE), Health::Ok);
        assert_eq!(health(&state, NOW + PATIENCE * 2), Health::Overdue);
    }
}
