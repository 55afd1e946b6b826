//! A run: one sync of one client, read, decided, committed.
//!
//! ```text
//!   asked ──► claimed ──► read from Autotask ──► held against the store ──► committed ──► told
//!     │          │               │                     ▲       │
//!     │          │               │                     └───────┘ the store moved on meanwhile
//!     ▼          ▼               ▼
//!  refused     busy      failed: recorded, and the schedule knows
//! ```
//!
//! A dry run does the same up to the commit, claims nothing and leaves nothing behind.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Local, TimeDelta, Utc};
use tokio::time::timeout;

use super::busy::{Claim, Running};
use super::look::{Examined, Reading};
use super::{Engine, Live, Look, events};
use crate::autotask::{Progress, Scope};
use crate::model::{
    Actor, ClientRef, ClientState, Code, Contract, Counts, Failure, ItemKey, LastError, Mark,
    PendingItem, PendingState, Reject, Run, RunResult, Trigger,
};
use crate::store::{Commit, StoreError, Write};
use crate::sync::schedule::{self, Ending};
use crate::sync::select::Choice;
use crate::sync::{apply, marking, renewal, standing};

/// How often a commit is tried when the store moves on between reading and writing. Edits by hand
/// are rare and quick, so that a second try nearly always succeeds.
const COMMIT_TRIES: usize = 5;

/// What a run is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The client.
    pub client: ClientRef,
    /// What of it.
    pub choice: Choice,
    /// Whether only to say what would be done.
    pub dry: bool,
    /// What set it off.
    pub trigger: Trigger,
    /// Who asked.
    pub actor: Actor,
}

/// How long an asker waits for another run of the client to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Not at all: being told who runs is the answer.
    None,
    /// At most so long.
    AtMost(Duration),
    /// As long as it takes.
    Endless,
}

/// What a run did, or would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The run.
    pub run: Run,
    /// The chosen items: applied, or, in a dry run, those that would be; held ones with the reason.
    pub items: Vec<PendingItem>,
}

impl Engine {
    /// Syncs one client by hand. Goes on to its end even if the asker goes away.
    pub async fn sync(
        self: &Arc<Engine>,
        order: Order,
        patience: Patience,
        progress: Progress,
    ) -> Result<Outcome, Failure> {
        if order.dry {
            return self.sync_claimed(&order, &progress).await;
        }
        self.must_store()?;
        self.refuse_while_automatic(&order.client)?;
        let claim = self.claim(&order, patience).await?;
        // It may have been switched on while this waited.
        self.refuse_while_automatic(&order.client)?;
        let engine = Arc::clone(self);
        let run = self.tasks.spawn(async move {
            let _claim: Claim = claim;
            let outcome = engine.sync_claimed(&order, &progress).await;
            engine.events.stir();
            outcome
        });
        run.await.unwrap_or_else(|error| {
            Err(Failure::new(Code::Internal, format!("the run ended badly: {error}"))
                .hint("journalctl -u lmsyncd"))
        })
    }

    fn refuse_while_automatic(&self, client: &ClientRef) -> Result<(), Failure> {
        if self.stopping.is_cancelled() {
            return Err(Failure::new(Code::Stopping, "the daemon is stopping"));
        }
        let automatic = self.store.client(client.id)?.is_some_and(|state| state.auto_sync);
        if !automatic {
            return Ok(());
        }
        let message = format!(
            "auto-sync is on for {} ({}), so it is not synced by hand",
            client.name, client.id
        );
        Err(Failure::new(Code::AutoSyncEnabled, message).hint(format!(
            "lmsyncctl pending {id} shows what the next run brings; to sync by hand: lmsyncctl auto-sync off {id}",
            id = client.id
        )))
    }

    async fn claim(&self, order: &Order, patience: Patience) -> Result<Claim, Failure> {
        let wanted =
            Running { client: order.client.clone(), actor: order.actor.clone(), since: self.now() };
        let running = match self.busy.claim(wanted.clone()) {
            Ok(claim) => return Ok(claim),
            Err(running) => running,
        };
        let since = running.since.with_timezone(&Local).format("%H:%M:%S %Z");
        let who = format!(
            "{} has been syncing {} since {since}",
            running.actor.name, running.client.name
        );
        let waited = match patience {
            Patience::None => {
                return Err(Failure::new(Code::Busy, who)
                    .hint("add --wait to sync when that run has ended"));
            }
            Patience::AtMost(time) => timeout(time, self.busy.claim_when_free(wanted)).await,
            Patience::Endless => Ok(self.busy.claim_when_free(wanted).await),
        };
        waited.map_err(|_| Failure::new(Code::TimedOut, format!("gave up waiting: {who}")))
    }

    async fn sync_claimed(&self, order: &Order, progress: &Progress) -> Result<Outcome, Failure> {
        let live = self.live();
        let started = self.now();
        let scope = Scope::Clients(vec![order.client.id]);
        let result = async {
            let mut readings = self.read(&live, &scope, progress).await?;
            let reading = readings
                .pop()
                .ok_or_else(|| Failure::new(Code::Internal, "Autotask was not asked"))?;
            self.check_keys(&live, order, &reading, progress).await?;
            self.conclude(&live, order, &reading, started, spent(progress)).await
        }
        .await;
        if let Err(failure) = &result
            && !order.dry
            && !is_refusal(failure)
        {
            self.record_failure(&live, order, started, spent(progress), failure).await;
        }
        result
    }

    /// Refuses keys that are not this client's, or nobody's, before anything is written.
    async fn check_keys(
        &self,
        live: &Live,
        order: &Order,
        reading: &Reading,
        progress: &Progress,
    ) -> Result<(), Failure> {
        let Choice::Keys(keys) = &order.choice else { return Ok(()) };
        let snapshot = &reading.snapshot;
        let today = self.clock.today();
        for key in keys {
            if self.store.mark(*key)?.is_some_and(|mark| mark.is_ignored(today)) {
                return Err(Failure::new(Code::Ignored, format!("{key} is ignored"))
                    .hint(format!("lmsyncctl unignore {key}")));
            }
            if let Some(item) = snapshot.item(*key) {
                if let Some(reason) = &item.unsupported {
                    let message = format!("{key} cannot be imported: {reason}");
                    return Err(Failure::new(Code::Unsupported, message));
                }
                continue;
            }
            if snapshot.rejects.iter().any(|reject| reject.key == *key) {
                continue;
            }
            let owner = match self.store.contract(*key)? {
                Some(contract) if contract.client == snapshot.client.id => continue,
                Some(contract) => Some(contract.client),
                None => {
                    let located = live.autotask.locate(&[*key], progress).await?;
                    located.into_iter().next().and_then(|located| located.client)
                }
            };
            let (id, name) = (snapshot.client.id, &snapshot.client.name);
            return Err(match owner {
                Some(owner) => {
                    let message = format!("{key} belongs to client {owner}, not to {name} ({id})");
                    Failure::new(Code::OtherClient, message)
                        .hint(format!("lmsyncctl sync {owner} {key}"))
                }
                None => {
                    let message = format!("{name} ({id}) has no item {key}");
                    Failure::new(Code::NoSuchContract, message)
                        .hint(format!("lmsyncctl pending {id} lists what there is"))
                }
            });
        }
        Ok(())
    }

    /// Decides what of the reading is applied, and commits it, all or nothing.
    pub(super) async fn conclude(
        &self,
        live: &Live,
        order: &Order,
        reading: &Reading,
        started: DateTime<Utc>,
        requests: u32,
    ) -> Result<Outcome, Failure> {
        for _ in 0..COMMIT_TRIES {
            let examined = self.examine(live, reading, &named(&order.choice))?;
            let now = self.now();
            let (mut outcome, writes, marks) =
                decide(order, reading, &examined, started, now, requests);
            if order.dry {
                return Ok(outcome);
            }
            let before = self.store.client(order.client.id)?;
            let after = self.state_after(live, order, before.clone(), &outcome.run, None);
            let commit = Commit {
                at: now,
                actor: order.actor.clone(),
                run: Some(outcome.run.clone()),
                contracts: writes,
                clients: vec![Write { before, after: Some(after) }],
                marks,
            };
            match self.store.commit(commit).await {
                Ok(committed) => {
                    outcome.run.id = committed.run;
                    self.remember_rest(&examined, reading, &outcome);
                    self.events.emit(events::of_run(&outcome.run));
                    return Ok(outcome);
                }
                Err(StoreError::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Failure::new(Code::Busy, "the contracts were edited again and again during the run")
            .hint("try again"))
    }

    /// Records that a run failed, so that the board and the schedule know.
    pub(super) async fn record_failure(
        &self,
        live: &Live,
        order: &Order,
        started: DateTime<Utc>,
        requests: u32,
        failure: &Failure,
    ) {
        let error = LastError { code: failure.code, message: failure.message.clone() };
        let now = self.now();
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
        for _ in 0..COMMIT_TRIES {
            let Ok(before) = self.store.client(order.client.id) else { break };
            let after = self.state_after(live, order, before.clone(), &run, Some(failure.code));
            let commit = Commit {
                at: now,
                actor: order.actor.clone(),
                run: Some(run.clone()),
                contracts: Vec::new(),
                clients: vec![Write { before, after: Some(after) }],
                marks: Vec::new(),
            };
            match self.store.commit(commit).await {
                Ok(committed) => {
                    let run = Run { id: committed.run, ..run };
                    return self.events.emit(events::of_run(&run));
                }
                Err(StoreError::Conflict(_)) => {}
                Err(_) => break,
            }
        }
        // The store itself is in trouble; at least the journal hears of the run.
        self.events.emit(events::of_run(&run));
    }

    fn state_after(
        &self,
        live: &Live,
        order: &Order,
        before: Option<ClientState>,
        run: &Run,
        failed: Option<Code>,
    ) -> ClientState {
        let before = before.unwrap_or_else(|| ClientState::new(order.client.clone()));
        let ending = match (run.result, failed) {
            (RunResult::Failed, Some(code)) if may_go_away(code) => {
                Ending::Transient { failures: before.failures.saturating_add(1) }
            }
            (RunResult::Failed | RunResult::Held, _) => Ending::Final,
            (RunResult::Ok | RunResult::Partial, _) => Ending::Success,
        };
        let next = match (before.auto_sync, order.trigger) {
            (false, _) => None,
            (true, Trigger::Manual) => before.next_run,
            // The brake decides when credentials are tried again; it stays due until then.
            (true, Trigger::Auto) if failed.is_some_and(is_refused) => Some(run.ended),
            (true, Trigger::Auto) => {
                let interval = interval(live);
                let jitter = fastrand::f64();
                Some(schedule::next_run(ending, run.ended, interval, before.at, &Local, jitter))
            }
        };
        standing::after_run(before, run, order.choice.is_full(), next)
    }

    /// Remembers what is still pending after a run.
    fn remember_rest(&self, examined: &Examined, reading: &Reading, outcome: &Outcome) {
        let done: BTreeSet<ItemKey> = outcome
            .items
            .iter()
            .filter(|item| item.state.can_apply())
            .map(|item| item.key)
            .collect();
        let rest = examined.items.iter().filter(|item| !done.contains(&item.key));
        self.remember(&Look {
            client: reading.snapshot.client.clone(),
            as_of: reading.snapshot.as_of,
            items: rest.cloned().collect(),
            rejects: reading.snapshot.rejects.clone(),
        });
    }
}

/// The items that a choice names.
fn named(choice: &Choice) -> BTreeSet<ItemKey> {
    match choice {
        Choice::Keys(keys) => keys.clone(),
        Choice::All | Choice::Auto { .. } => BTreeSet::new(),
    }
}

/// How many requests a reading took.
pub(super) fn spent(progress: &Progress) -> u32 {
    u32::try_from(progress.requests()).unwrap_or(u32::MAX)
}

/// The interval of auto-sync as the schedule counts.
pub(super) fn interval(live: &Live) -> TimeDelta {
    TimeDelta::from_std(live.settings.sync.interval).unwrap_or(TimeDelta::days(1))
}

/// Whether a failure says that the asker was wrong, not that the run failed: nothing is recorded.
fn is_refusal(failure: &Failure) -> bool {
    matches!(
        failure.code,
        Code::Unsupported
            | Code::Ignored
            | Code::OtherClient
            | Code::NoSuchContract
            | Code::Stopping
    )
}

/// Whether the credentials were refused: nothing is asked until they are good.
fn is_refused(code: Code) -> bool {
    matches!(code, Code::AuthFailed | Code::UnknownUser | Code::BadIntegrationCode)
}

/// Whether a failed run may succeed when it is tried again without anyone doing anything.
fn may_go_away(code: Code) -> bool {
    matches!(
        code,
        Code::Unreachable | Code::RateLimited | Code::AutotaskFailed | Code::Busy | Code::Internal
    )
}

/// What the run does with the reading: what it reports, and what it writes.
fn decide(
    order: &Order,
    reading: &Reading,
    examined: &Examined,
    started: DateTime<Utc>,
    now: DateTime<Utc>,
    requests: u32,
) -> (Outcome, Vec<Write<Contract>>, Vec<Write<Mark>>) {
    let client = &examined.snapshot.client;
    let chosen = order.choice.select(&examined.items, &examined.stored);
    let mut counts = Counts::default();
    let mut writes = Vec::new();
    for item in &chosen {
        let before = examined.stored.get(&item.key).cloned();
        let renewed = renewal::renews(&item.fields).and_then(|old| examined.stored.get(&old));
        let applied = apply::apply(item, client.id, before.clone(), renewed, now);
        let Some(after) = applied else { continue };
        match item.state {
            PendingState::New => counts.created += 1,
            PendingState::Vanished => counts.vanished += 1,
            _ => counts.updated += 1,
        }
        writes.push(Write { before, after: Some(after) });
    }
    let pending: BTreeSet<ItemKey> = examined.items.iter().map(|item| item.key).collect();
    let current = reading.snapshot.items.iter().filter(|item| {
        order.choice.takes(item.key)
            && !pending.contains(&item.key)
            && examined.stored.contains_key(&item.key)
    });
    counts.unchanged = count(current);
    let rejects: Vec<Reject> = reading
        .snapshot
        .rejects
        .iter()
        .filter(|reject| order.choice.takes(reject.key))
        .cloned()
        .collect();
    counts.rejected = count(rejects.iter());
    let held = chosen.iter().filter(|item| item.state == PendingState::Held).count();
    let (result, error) = match (held, counts.rejected) {
        (1.., _) => (RunResult::Held, Some(held_error(&chosen, held))),
        (0, 1..) => (RunResult::Partial, None),
        (0, 0) => (RunResult::Ok, None),
    };
    let run = Run {
        id: None,
        client: client.clone(),
        trigger: order.trigger,
        actor: order.actor.clone(),
        started,
        ended: now,
        result,
        counts,
        requests,
        error,
        rejects,
    };
    let written: BTreeSet<ItemKey> =
        writes.iter().filter_map(|write| Some(write.after.as_ref()?.key)).collect();
    let marks =
        marking::after_run(&examined.marks, client.id, &examined.snapshot.rejects, &written, now);
    let marks = marks.into_iter().map(|(before, after)| Write { before, after }).collect();
    (Outcome { run, items: chosen.into_iter().cloned().collect() }, writes, marks)
}

fn held_error(chosen: &[&PendingItem], held: usize) -> LastError {
    let reason =
        chosen.iter().find_map(|item| item.reason.as_deref()).unwrap_or("a guard holds it");
    LastError { code: Code::Held, message: format!("{held} held back: {reason}") }
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}
