//! The book: contracts, clients and runs as the store has them, and what people write on them. Asks
//! nothing of Autotask.

mod edit;
mod history;
mod local;
mod outlook;
mod runs;

use chrono::{DateTime, NaiveDate, Utc};

pub use edit::Edit;
pub(super) use edit::must_fit;
pub use history::LastFull;
pub(super) use local::ensure_linked;
pub use runs::{RunFilter, RunRow};

use outlook::Outlooks;

use super::context::Context;
use crate::clock::Tz;
use crate::model::text::moment;
use crate::model::{
    Advice, ClientId, ClientRef, ClientState, Code, Contract, Failure, HeldChanges, Origin, Run,
    RunId,
};
use crate::policy::pauses::Pauses;
use crate::policy::timeline::{self, Span, Term};
use crate::store::RunRecord;

/// What the store has.
#[derive(Clone)]
pub struct Book {
    context: Context,
    outlooks: Outlooks,
}

impl Book {
    pub(super) fn new(context: Context) -> Book {
        Book { context, outlooks: Outlooks::default() }
    }

    /// The state of a client, if anything ever happened to it.
    pub fn client_state(&self, client: ClientId) -> Result<Option<ClientState>, Failure> {
        Ok(self.context.store.client(client)?)
    }

    /// A client by its id, with the name that the store knows; an empty one if it knows none.
    pub fn named(&self, id: ClientId) -> Result<ClientRef, Failure> {
        let state = self.context.store.client(id)?;
        Ok(state.map_or_else(|| ClientRef { id, name: String::new() }, |state| state.client))
    }

    /// Where to look at the agreement of a contract in Autotask's web interface; none for one made
    /// by hand, and none until the zone is known.
    pub fn link(&self, contract: &Contract) -> Option<String> {
        let agreement = contract.parent.unwrap_or(contract.key);
        let followed = contract.origin != Origin::Local && agreement.is_agreement();
        followed.then(|| self.context.live().autotask.contract_link(agreement.id))?
    }

    /// What stands before an agreement's id in such a link; none until the zone is known.
    pub fn links(&self) -> Option<String> {
        self.context.live().autotask.contract_links()
    }

    /// The states of every client that anything ever happened to.
    pub fn client_states(&self) -> Result<Vec<ClientState>, Failure> {
        Ok(self.context.store.clients()?)
    }

    /// Runs, the newest first.
    pub fn runs(&self, client: Option<&ClientRef>, limit: usize) -> Result<Vec<Run>, Failure> {
        Ok(self.context.store.runs(client.map(|client| client.id), limit)?)
    }

    /// One run and what it changed.
    pub fn run(&self, id: RunId) -> Result<RunRecord, Failure> {
        self.context.store.run(id)?.ok_or_else(|| {
            Failure::new(Code::NoSuchRun, format!("no run has the number {id}"))
                .advise(Advice::ListRuns)
        })
    }
    /// What is held of a client.
    pub(in crate::engine) fn held_changes(
        &self,
        client: ClientId,
    ) -> Result<Vec<HeldChanges>, Failure> {
        Ok(self.context.store.held_changes(client)?)
    }

    /// The pauses at this moment, and those that are over.
    pub(in crate::engine) fn pauses(&self) -> Result<Pauses, Failure> {
        let pauses = Pauses::at(&self.context.store.pauses()?, self.context.now());
        Ok(pauses.awake_since(self.context.awake_since()))
    }

    /// The refusal of a manual sync of a client that is on auto-sync.
    pub(in crate::engine) fn auto_sync_is_on(
        &self,
        client: &ClientRef,
    ) -> Result<Failure, Failure> {
        let pauses = self.pauses()?;
        let pause = pauses.of(client.id);
        let until = pause.and_then(|pause| pause.until);
        let until = until.map(|until| shown(until, self.context.zone()));
        let paused = pause.map(|pause| (pause.by.as_str(), until.as_deref()));
        Ok(client.auto_sync_is_on(paused))
    }

    /// The terms of agreements in a span of time, by their first day, as it is `today`.
    pub fn terms(
        &self,
        client: Option<&ClientRef>,
        span: Span,
        today: NaiveDate,
    ) -> Result<Vec<Term>, Failure> {
        Ok(timeline::terms(&self.contracts(client)?, span, today))
    }
}

/// A moment as the MSP knows it, with its zone.
pub(super) fn shown(at: DateTime<Utc>, zone: Tz) -> String {
    moment(&at.with_timezone(&zone))
}
