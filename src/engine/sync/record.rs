//! What a run leaves in the store about itself: that it failed, how its client stands, when it runs
//! next.

use chrono::{DateTime, Utc};

use super::Syncs;
use super::request::SyncRequest;
use super::run::interval;
use crate::engine::events;
use crate::model::{ClientState, Code, Counts, Failure, LastError, Run, RunResult, Trigger};
use crate::policy::health;
use crate::policy::schedule::{self, Ending};
use crate::store::{Commit, Write};

impl Syncs {
    /// Records that a run failed, so that the board and the schedule know.
    pub(in crate::engine) async fn record_failure(
        &self,
        order: &SyncRequest,
        started: DateTime<Utc>,
        requests: u32,
        failure: &Failure,
    ) {
        let error = LastError { code: failure.code, message: failure.message.clone() };
        let now = self.context.now();
        let run = Run {
            id: None,
            client: order.client.clone(),
            trigger: order.trigger,
            actor: order.actor.clone(),
            started,
            ended: now,
            result: RunResult::Failed,
            counts: Counts::default(),
            requests,
            error: Some(error),
            rejects: Vec::new(),
        };
        let build = || {
            let before = self.context.store.client(order.client.id)?;
            let after = self.state_after(order, before.clone(), &run, Some(failure.code));
            let clients = vec![Write { before, after: Some(after) }];
            let run = Some(run.clone());
            Ok((Some(Commit { run, clients, ..Commit::of(now, &order.actor) }), ()))
        };
        // Where the store itself is in trouble, at least the journal hears of the run.
        let id =
            self.context.commit_from(build).await.ok().and_then(|(committed, ())| committed?.run);
        self.context.events.emit(events::of_run(&Run { id, ..run }, &[], &self.context.basis(&[])));
    }

    /// How the client stands after a run. When it runs next is planned by the settings that are in
    /// force when the run ends, not by those that it began with.
    pub(in crate::engine) fn state_after(
        &self,
        order: &SyncRequest,
        before: Option<ClientState>,
        run: &Run,
        failed: Option<Code>,
    ) -> ClientState {
        let before = before.unwrap_or_else(|| ClientState::new(order.client.clone()));
        let ending = match (run.result, failed) {
            (RunResult::Failed, Some(code)) if code.may_go_away() => {
                Ending::Transient { failures: before.failures.saturating_add(1) }
            }
            (RunResult::Failed | RunResult::Held, _) => Ending::Final,
            (RunResult::Ok | RunResult::Partial, _) => Ending::Success,
        };
        let next = match (before.auto_sync, order.trigger) {
            (false, _) => None,
            (true, Trigger::Manual) => before.next_run,
            // The login breaker decides when credentials are tried again; it stays due until then.
            (true, Trigger::Auto) if failed.is_some_and(Code::is_credential) => Some(run.ended),
            (true, Trigger::Auto) => {
                let live = self.context.live();
                let interval = interval(&live);
                let jitter = fastrand::f64();
                Some(schedule::next_run(
                    ending,
                    run.ended,
                    interval,
                    before.at,
                    &live.zone(),
                    jitter,
                ))
            }
        };
        health::after_run(before, run, order.choice.is_full(), next)
    }
}
