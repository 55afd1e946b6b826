//! What a guard holds: who it is, accepting and rejecting.

use super::Review;
use crate::autotask::Progress;
use crate::engine::book::must_fit;
use crate::engine::sync::{SyncReport, SyncRequest, WaitPolicy};
use crate::model::{
    Actor, Advice, ClientRef, ClientState, Code, Contract, Failure, Fields, HeldChange,
    HeldChanges, PendingItem, PendingState, Rejection, RunId, Trigger,
};
use crate::policy::holds::{self, Expected};
use crate::policy::select::Choice;
use crate::store::{Commit, Write};

/// What a run of a client holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRun {
    /// The client.
    pub client: ClientRef,
    /// What is held, and what a person decided about it.
    pub changes: HeldChanges,
    /// The same items as a sync would apply them, in the state that they have leaving the guard
    /// aside, and with their fields as the store knows them.
    pub items: Vec<PendingItem>,
}

impl Review {
    /// What is held of a client, or of all, by client and run.
    pub fn held(&self, client: Option<&ClientRef>) -> Result<Vec<HeldRun>, Failure> {
        let mut held = Vec::new();
        let of_runs = match client {
            Some(client) => self.context.store.held_changes(client.id)?,
            None => self.context.store.all_held_changes()?,
        };
        for changes in of_runs {
            held.push(self.told(self.book.named(changes.client)?, changes)?);
        }
        held.sort_by_cached_key(|held| {
            (held.client.name.to_lowercase(), held.client.id, held.changes.run)
        });
        Ok(held)
    }

    /// What a run holds.
    pub fn held_by(&self, id: RunId) -> Result<HeldRun, Failure> {
        let changes = self.changes_of(id)?;
        self.told(self.book.named(changes.client)?, changes)
    }

    /// Applies what a run held: exactly that, and only if Autotask still says the same. Goes on to
    /// its end even if the asker goes away. A dry run says what would be applied.
    pub async fn accept(
        &self,
        id: RunId,
        dry: bool,
        actor: &Actor,
        progress: Progress,
    ) -> Result<SyncReport, Failure> {
        if !dry {
            self.context.ensure_writable()?;
        }
        if self.context.stopping.is_cancelled() {
            return Err(Failure::new(Code::Stopping, "lmsyncd is stopping"));
        }
        let order = |held: &HeldChanges| {
            let expected = held.items.iter().map(Expected::from).collect();
            Ok::<SyncRequest, Failure>(SyncRequest {
                client: self.book.named(held.client)?,
                choice: Choice::Exactly(expected),
                dry,
                trigger: Trigger::Manual,
                actor: actor.clone(),
            })
        };
        if dry {
            return self.syncs.sync_claimed(&order(&self.changes_of(id)?)?, &progress).await;
        }
        let claim =
            self.syncs.claim(&order(&self.changes_of(id)?)?, WaitPolicy::None, &progress).await?;
        // A run may have held something else before the client was free.
        let order = order(&self.changes_of(id)?)?;
        self.syncs.carry_out(order, claim, progress).await
    }

    /// Leaves what a run held as it is: it is held in silence until Autotask says something else.
    /// Gives it as it is then, and whether that is different from before.
    pub async fn reject(
        &self,
        id: RunId,
        reason: Option<String>,
        actor: &Actor,
    ) -> Result<(HeldRun, bool), Failure> {
        must_fit("a reason", reason.as_deref().unwrap_or_default())?;
        let build = || {
            let before = self.changes_of(id)?;
            if before.rejected.is_some() {
                return Ok((None, before));
            }
            let now = self.context.now();
            let rejected =
                Some(Rejection { by: actor.name.clone(), at: now, reason: reason.clone() });
            let after = HeldChanges { rejected, ..before.clone() };
            let state = self.context.store.client(before.client)?;
            let calm = state.clone().map(calmed);
            let commit = Commit {
                clients: vec![Write { before: state, after: calm }],
                holds: vec![Write { before: Some(before), after: Some(after.clone()) }],
                ..Commit::of(now, actor)
            };
            Ok((Some(commit), after))
        };
        let (committed, changes) = self.context.commit_from(build).await?;
        self.context.events.mark_changed();
        let held = self.told(self.book.named(changes.client)?, changes)?;
        Ok((held, committed.is_some()))
    }

    /// What a run holds; where it holds nothing, who does instead.
    fn changes_of(&self, id: RunId) -> Result<HeldChanges, Failure> {
        let held = self.context.store.all_held_changes()?;
        if let Some(changes) = held.into_iter().find(|changes| changes.run == id) {
            return Ok(changes);
        }
        // One that is so old that the ledger knows it no more is no failure of the store.
        let run = match self.book.run(id) {
            Ok(record) => record.run,
            Err(failure) if failure.code == Code::NoSuchRun => return Err(failure),
            Err(_) => return Err(holds_nothing(id)),
        };
        let held = self.book.held_changes(run.client.id)?;
        let Some(present) = holds::undecided(&held) else { return Err(holds_nothing(id)) };
        let message = format!(
            "run {id} no longer holds anything; the changes of {} that are held now were held by \
             run {}",
            run.client, present.run
        );
        Err(Failure::new(Code::Held, message).advise(Advice::ShowHeld { run_id: present.run }))
    }

    fn told(&self, client: ClientRef, changes: HeldChanges) -> Result<HeldRun, Failure> {
        let mut items = Vec::with_capacity(changes.items.len());
        for item in &changes.items {
            items.push(as_pending(item, self.context.store.contract(item.key)?.as_ref()));
        }
        Ok(HeldRun { client, changes, items })
    }
}

/// A client that nothing is held of any more, as far as its status is concerned.
fn calmed(mut state: ClientState) -> ClientState {
    if state.last_error.as_ref().is_some_and(|error| error.code == Code::Held) {
        state.last_error = None;
    }
    state
}

fn holds_nothing(id: RunId) -> Failure {
    Failure::new(Code::NoSuchRun, format!("run {id} holds nothing"))
        .advise(Advice::ListHeld { client_id: None })
}

/// A held item as a sync would apply it to the contract that is stored.
fn as_pending(item: &HeldChange, contract: Option<&Contract>) -> PendingItem {
    let mut fields: Fields = contract.map(|contract| contract.source.clone()).unwrap_or_default();
    if item.state != PendingState::Vanished {
        for change in &item.changes {
            match &change.to {
                Some(value) => fields.insert(change.field, value.clone()),
                None => fields.remove(&change.field),
            };
        }
    }
    PendingItem {
        key: item.key,
        parent: item.parent,
        state: item.state,
        fields,
        changes: item.changes.clone(),
        reason: item.reason.clone(),
        after: None,
    }
}
