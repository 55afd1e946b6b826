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

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::timeout;

use super::compare::Comparison;
use super::decide::{Decided, decide};
use super::locks::{Claim, Running};
use super::read::Reading;
use super::request::{SyncReport, SyncRequest, WaitPolicy};
use super::{Preview, Syncs, holds};
use crate::autotask::Progress;
use crate::engine::context::Live;
use crate::engine::events;
use crate::engine::panics::contained;
use crate::model::text::moment;
use crate::model::{Advice, ClientRef, Code, Failure, ItemKey};
use crate::policy::select::Choice;
use crate::store::{Commit, Write};

impl Syncs {
    /// Syncs one client by hand. Goes on to its end even if the asker goes away.
    pub async fn sync(
        &self,
        order: SyncRequest,
        patience: WaitPolicy,
        progress: Progress,
    ) -> Result<SyncReport, Failure> {
        if order.dry {
            return self.sync_claimed(&order, &progress).await;
        }
        self.context.ensure_writable()?;
        self.refuse_while_automatic(&order.client)?;
        let claim = self.claim(&order, patience, &progress).await?;
        // It may have been switched on while this waited.
        self.refuse_while_automatic(&order.client)?;
        self.carry_out(order, claim, progress).await
    }

    /// Runs what has been claimed to its end, also if the asker goes away.
    pub(in crate::engine) async fn carry_out(
        &self,
        order: SyncRequest,
        claim: Claim,
        progress: Progress,
    ) -> Result<SyncReport, Failure> {
        let syncs = self.clone();
        let run = self.context.tasks.spawn(async move {
            let _claim: Claim = claim;
            let outcome = syncs.sync_claimed(&order, &progress).await;
            syncs.context.events.mark_changed();
            outcome
        });
        run.await.unwrap_or_else(|error| {
            Err(Failure::new(Code::Internal, format!("the run failed: {error}"))
                .advise(Advice::ReadJournal))
        })
    }

    fn refuse_while_automatic(&self, client: &ClientRef) -> Result<(), Failure> {
        if self.context.stopping.is_cancelled() {
            return Err(Failure::new(Code::Stopping, "lmsyncd is stopping"));
        }
        let automatic = self.context.store.client(client.id)?.is_some_and(|state| state.auto_sync);
        if !automatic {
            return Ok(());
        }
        Err(self.book.auto_sync_is_on(client)?)
    }

    pub(in crate::engine) async fn claim(
        &self,
        order: &SyncRequest,
        patience: WaitPolicy,
        progress: &Progress,
    ) -> Result<Claim, Failure> {
        let wanted = Running {
            client: order.client.clone(),
            actor: order.actor.clone(),
            since: self.context.now(),
        };
        let running = match self.locks.claim(wanted.clone()) {
            Ok(claim) => return Ok(claim),
            Err(running) => running,
        };
        let since = moment(&running.since.with_timezone(&self.context.zone()));
        let who =
            format!("{} has been syncing {} since {since}", running.actor.name, running.client);
        progress.queued();
        let waited = match patience {
            WaitPolicy::None => {
                return Err(Failure::new(Code::Busy, who).advise(Advice::WaitForRun));
            }
            WaitPolicy::AtMost(time) => timeout(time, self.locks.claim_when_free(wanted)).await,
            WaitPolicy::Endless => Ok(self.locks.claim_when_free(wanted).await),
        };
        waited.map_err(|_| Failure::new(Code::TimedOut, format!("gave up waiting: {who}")))
    }

    /// Reads, decides and commits. The client is this run's.
    pub(in crate::engine) async fn sync_claimed(
        &self,
        order: &SyncRequest,
        progress: &Progress,
    ) -> Result<SyncReport, Failure> {
        let live = self.context.live();
        let started = self.context.now();
        let result = contained(async {
            let reading = self.read_one(&live, &order.client, progress).await?;
            self.check_keys(&live, order, &reading, progress).await?;
            progress.compared(reading.snapshot.items.len());
            let moments = Moments { started, ended: self.context.now() };
            self.conclude(&live, order, &reading, moments, spent(progress)).await
        })
        .await;
        // Who decides about exactly these items is told, and the client stands as it stood.
        if let Err(failure) = &result
            && !order.dry
            && !is_refusal(failure)
            && !matches!(order.choice, Choice::Exactly(_))
        {
            self.record_failure(order, started, spent(progress), failure).await;
        }
        result
    }

    /// Refuses keys that are not this client's, or nobody's, before anything is written.
    async fn check_keys(
        &self,
        live: &Live,
        order: &SyncRequest,
        reading: &Reading,
        progress: &Progress,
    ) -> Result<(), Failure> {
        let Choice::Keys(keys) = &order.choice else { return Ok(()) };
        let snapshot = &reading.snapshot;
        let today = self.context.today();
        for key in keys {
            if self.context.store.item_flags(*key)?.is_some_and(|flags| flags.is_ignored(today)) {
                return Err(Failure::new(Code::Ignored, format!("{key} is ignored"))
                    .advise(Advice::Unignore { key: *key }));
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
            let owner = match self.context.store.contract(*key)? {
                Some(contract) if contract.client == snapshot.client.id => continue,
                Some(contract) => Some(contract.client),
                None => {
                    let located = live.autotask.locate(&[*key], progress).await?;
                    located.into_iter().next().and_then(|located| located.client)
                }
            };
            let client = &snapshot.client;
            return Err(match owner {
                Some(owner) => {
                    let message = format!("{key} belongs to client {owner}, not to {client}");
                    Failure::new(Code::OtherClient, message)
                        .advise(Advice::SyncItem { client_id: owner, key: *key })
                }
                None => {
                    let message = format!("{client} has no item {key}");
                    Failure::new(Code::NoSuchContract, message)
                        .advise(Advice::ListPending { client_id: Some(client.id) })
                }
            });
        }
        Ok(())
    }

    /// Decides what of the reading is applied, and commits it, all or nothing. Where the store moved on
    /// meanwhile, the run ends later than was asked.
    pub(in crate::engine) async fn conclude(
        &self,
        live: &Live,
        order: &SyncRequest,
        reading: &Reading,
        moments: Moments,
        requests: u32,
    ) -> Result<SyncReport, Failure> {
        let (started, mut ended) = (moments.started, Some(moments.ended));
        let build = || {
            let now = ended.take().unwrap_or_else(|| self.context.now());
            let mut comparison = self.compare(live, reading, &named(&order.choice), now)?;
            holds::must_be_as_expected(&mut comparison, reading, &order.choice)?;
            let Decided { outcome, contracts, flags, found } =
                decide(order, &comparison, started, requests);
            if order.dry {
                return Ok((None, (outcome, comparison)));
            }
            let before = self.context.store.client(order.client.id)?;
            let mut after = self.state_after(order, before.clone(), &outcome.run, None);
            let holds = holds::after_run(&comparison, &found, &mut after, now);
            let run = Some(outcome.run.clone());
            let clients = vec![Write { before, after: Some(after) }];
            let commit = Commit::of(now, &order.actor);
            let commit = Commit { run, contracts, clients, flags, holds, ..commit };
            Ok((Some(commit), (outcome, comparison)))
        };
        let (committed, (mut outcome, comparison)) = self.context.commit_from(build).await?;
        if let Some(committed) = committed {
            outcome.run.id = committed.run;
            self.remember_rest(&comparison, &outcome);
            self.context.events.emit(events::of_run(
                &outcome.run,
                &outcome.items,
                &self.context.basis(&outcome.items),
            ));
        }
        Ok(outcome)
    }

    /// Remembers what is still pending after a run.
    fn remember_rest(&self, comparison: &Comparison, outcome: &SyncReport) {
        let done: BTreeSet<ItemKey> = outcome
            .items
            .iter()
            .filter(|item| item.state.can_apply())
            .map(|item| item.key)
            .collect();
        let rest = comparison.items.iter().filter(|item| !done.contains(&item.key));
        self.remember(&Preview {
            client: comparison.snapshot.client.clone(),
            as_of: comparison.snapshot.as_of,
            items: rest.cloned().collect(),
            rejects: comparison.snapshot.rejects.clone(),
        });
    }
}

/// When a run began, and when it ends. Those that a batch concludes together end at the same moment,
/// so that the store can tell of those that found nothing to do in one line.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct Moments {
    pub(in crate::engine) started: DateTime<Utc>,
    pub(in crate::engine) ended: DateTime<Utc>,
}

/// The items that a choice names.
fn named(choice: &Choice) -> BTreeSet<ItemKey> {
    match choice {
        Choice::Keys(keys) => keys.clone(),
        Choice::Exactly(expected) => expected.iter().map(|item| item.key).collect(),
        Choice::All | Choice::Auto { .. } => BTreeSet::new(),
    }
}

/// How many requests a reading took.
pub(in crate::engine) fn spent(progress: &Progress) -> u32 {
    u32::try_from(progress.requests()).unwrap_or(u32::MAX)
}

/// The interval of auto-sync as the schedule counts.
pub(in crate::engine) fn interval(live: &Live) -> TimeDelta {
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
