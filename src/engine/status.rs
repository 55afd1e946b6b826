//! The board: how the clients, the API and the daemon stand.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::run::interval;
use super::{Engine, Running};
use crate::autotask::Usage;
use crate::model::{
    Advice, ClientId, ClientRef, ClientState, Code, Contract, Failure, Origin, Pause, PendingItem,
    PendingState, Run, RunId,
};
use crate::store::RunRecord;
use crate::sync::apply;
use crate::sync::standing::Health;
use crate::sync::why::{Around, NextWhy, next_why};

/// How one client stands.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Its state.
    pub state: ClientState,
    /// Its health.
    pub health: Health,
    /// Why its next run is when it is; none while auto-sync is off.
    pub next_why: Option<NextWhy>,
    /// How many items are pending, by the last look.
    pub pending: Option<usize>,
    /// What is another client's by now, by the last look: the agreement, and where it went.
    pub moved: Vec<String>,
    /// Who syncs it right now.
    pub running: Option<Running>,
    /// How many contract records the store holds.
    pub contracts: usize,
    /// The pause of its auto-sync.
    pub paused: Option<Pause>,
}

/// How everything stands.
#[derive(Debug, Clone)]
pub struct Board {
    /// The clients, by name.
    pub clients: Vec<Standing>,
    /// How Autotask's API is used.
    pub api: Usage,
    /// Why auto-sync waits although a client is due.
    pub waiting: Option<String>,
    /// The pause of all of auto-sync.
    pub paused: Option<Pause>,
    /// Since when the daemon runs.
    pub started: DateTime<Utc>,
    /// The last commit of the store.
    pub sequence: u64,
    /// How many contract records the store holds.
    pub contracts: usize,
    /// Why the store takes no more changes, and what was noticed when it was opened.
    pub remarks: Vec<String>,
}

impl Engine {
    /// The board of every client that was ever synced or switched or is being synced, or of one.
    pub fn board(&self, only: Option<&ClientRef>) -> Result<Board, Failure> {
        let mut contracts: BTreeMap<ClientId, usize> = BTreeMap::new();
        for contract in self.store.all_contracts()? {
            *contracts.entry(contract.client).or_default() += 1;
        }
        let states = match only {
            Some(client) => {
                vec![
                    self.store
                        .client(client.id)?
                        .unwrap_or_else(|| ClientState::new(client.clone())),
                ]
            }
            None => {
                let mut states = self.store.clients()?;
                // One that is synced for the first time is in no store yet.
                let running = self.busy.all().into_iter().map(|running| running.client);
                let first = running.filter(|c| !states.iter().any(|s| s.client.id == c.id));
                let first: Vec<ClientState> = first.map(ClientState::new).collect();
                states.extend(first);
                states
            }
        };
        let (now, live, pauses) = (self.now(), self.live(), self.pauses()?);
        let api = live.autotask.usage();
        let waiting = self.waits_for(&live.settings, &api);
        let around = Around {
            now,
            interval: interval(&live),
            blocked: api.blocked.map(|_| live.autotask.source_of_secret()),
            waits: waiting.as_deref(),
            pause: None,
        };
        let mut clients: Vec<Standing> = states
            .into_iter()
            .map(|state| Standing {
                health: match pauses.health(&state, now) {
                    // Nothing is asked for any of them.
                    Health::Ok | Health::NeverSynced | Health::Failing | Health::Overdue
                        if state.auto_sync && api.blocked.is_some() =>
                    {
                        Health::Blocked
                    }
                    health => health,
                },
                next_why: {
                    let pause = pauses.of(state.client.id);
                    next_why(&state, Around { pause, ..around }, &live.zone())
                },
                pending: self.pending_count(state.client.id),
                moved: self.moved_away(state.client.id),
                running: self.busy.running(state.client.id),
                contracts: contracts.get(&state.client.id).copied().unwrap_or(0),
                paused: pauses.of(state.client.id).filter(|_| state.auto_sync).cloned(),
                state,
            })
            .collect();
        let is_due = clients.iter().any(|standing| {
            let state = &standing.state;
            let runs = state.auto_sync && standing.paused.is_none();
            runs && state.next_run.is_some_and(|next| next <= now)
        });
        clients.sort_by_cached_key(|standing| {
            let client = &standing.state.client;
            (client.name.to_lowercase(), client.id)
        });
        Ok(Board {
            clients,
            paused: pauses.all,
            waiting: waiting.filter(|_| is_due),
            api,
            started: self.started,
            sequence: self.store.head().seq,
            contracts: contracts.values().sum(),
            remarks: {
                let trouble = self.must_store().err().map(|failure| failure.message);
                trouble.into_iter().chain(self.store_remarks()).collect()
            },
        })
    }

    fn pending_count(&self, client: ClientId) -> Option<usize> {
        let look = self.last_look(client)?;
        let waits = |state: PendingState| state.can_apply() || state == PendingState::Held;
        Some(look.items.iter().filter(|item| waits(item.state)).count())
    }

    /// The agreements that are another client's by now, by the last look.
    fn moved_away(&self, client: ClientId) -> Vec<String> {
        let items = self.last_look(client).map(|look| look.items).unwrap_or_default();
        let leaves = |item: &&PendingItem| {
            item.key.is_agreement() && apply::leaves(item, client) && item.state.can_apply()
        };
        let told = |item: &PendingItem| {
            format!("{} {}", item.key, item.reason.as_deref().unwrap_or("moved"))
        };
        items.iter().filter(leaves).map(told).collect()
    }

    /// The state of a client, if anything ever happened to it.
    pub fn client_state(&self, client: ClientId) -> Result<Option<ClientState>, Failure> {
        Ok(self.store.client(client)?)
    }

    /// A client by its id, with the name that the store knows; an empty one if it knows none.
    pub fn named(&self, id: ClientId) -> Result<ClientRef, Failure> {
        let state = self.store.client(id)?;
        Ok(state.map_or_else(|| ClientRef { id, name: String::new() }, |state| state.client))
    }

    /// Where to look at the agreement of a contract in Autotask's web interface; none for one made
    /// by hand, and none until the zone is known.
    pub fn link(&self, contract: &Contract) -> Option<String> {
        let agreement = contract.parent.unwrap_or(contract.key);
        let followed = contract.origin != Origin::Local && agreement.is_agreement();
        followed.then(|| self.live().autotask.contract_link(agreement.id))?
    }

    /// The states of every client that anything ever happened to.
    pub fn client_states(&self) -> Result<Vec<ClientState>, Failure> {
        Ok(self.store.clients()?)
    }

    /// Runs, the newest first.
    pub fn runs(&self, client: Option<&ClientRef>, limit: usize) -> Result<Vec<Run>, Failure> {
        Ok(self.store.runs(client.map(|client| client.id), limit)?)
    }

    /// One run and what it changed.
    pub fn run(&self, id: RunId) -> Result<RunRecord, Failure> {
        self.store.run(id)?.ok_or_else(|| {
            Failure::new(Code::NoSuchRun, format!("no run has the number {id}"))
                .advise(Advice::ListRuns)
        })
    }
}
