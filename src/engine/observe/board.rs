//! The board: how the clients, the API and the daemon stand.

use chrono::{DateTime, Utc};

use super::Observe;
use crate::autotask::Usage;
use crate::engine::schedule::Newcomer;
use crate::engine::sync::{Running, interval};
use crate::model::{
    ClientId, ClientRef, ClientState, Failure, OutletState, Pause, PendingItem, PendingState,
    Visibility,
};
use crate::policy::apply;
use crate::policy::health::Health;
use crate::policy::why::{NextWhy, ScheduleFacts, next_why};

/// The status of one client.
#[derive(Debug, Clone)]
pub struct ClientRow {
    /// Its state.
    pub state: ClientState,
    /// Its health.
    pub health: Health,
    /// Why its next run is when it is; none while auto-sync is off.
    pub next_why: Option<NextWhy>,
    /// How many items are pending, by the cached result.
    pub pending: Option<usize>,
    /// What is another client's by now, by the cached result: the agreement, and where it went.
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
    pub clients: Vec<ClientRow>,
    /// The usage of Autotask's API.
    pub api: Usage,
    /// Why auto-sync is waiting although a client is due.
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
    /// What the API user may see, as far as it is known.
    pub visibility: Option<Visibility>,
    /// How the configured outlets last went.
    pub outlets: Vec<OutletState>,
    /// The clients whose first agreement appeared, and that nobody has decided about.
    pub newcomers: Vec<Newcomer>,
}

impl Observe {
    /// The board of every client that was ever synced or switched or is being synced, or of one.
    pub fn board(&self, only: Option<&ClientRef>) -> Result<Board, Failure> {
        let contracts = self.context.store.contract_counts()?;
        let states = self.states(only)?;
        let (now, live, pauses) = (self.context.now(), self.context.live(), self.book.pauses()?);
        let api = live.autotask.usage();
        let waiting = self.schedule.waits_for(&live.settings, &api);
        let facts = ScheduleFacts {
            now,
            interval: interval(&live),
            blocked: api.blocked.map(|it| (live.autotask.source_of_secret(), it.locked)),
            waits: waiting.as_deref(),
            pause: None,
        };
        let mut clients: Vec<ClientRow> = states
            .into_iter()
            .map(|state| (self.pending_of(state.client.id), state))
            .map(|((pending, moved), state)| ClientRow {
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
                    next_why(&state, ScheduleFacts { pause, ..facts }, &live.zone())
                },
                pending,
                moved,
                running: self.syncs.locks.running(state.client.id),
                contracts: contracts.get(&state.client.id).copied().unwrap_or(0),
                paused: pauses.of(state.client.id).filter(|_| state.auto_sync).cloned(),
                state,
            })
            .collect();
        let is_due = clients.iter().any(|row| {
            let state = &row.state;
            let runs = state.auto_sync && row.paused.is_none();
            runs && state.next_run.is_some_and(|next| next <= now)
        });
        clients.sort_by_cached_key(|row| {
            let client = &row.state.client;
            (client.name.to_lowercase(), client.id)
        });
        Ok(Board {
            clients,
            paused: pauses.all,
            waiting: waiting.filter(|_| is_due),
            api,
            started: self.context.started,
            sequence: self.context.store.head().seq,
            contracts: contracts.values().sum(),
            visibility: self.context.visibility(),
            newcomers: self.schedule.newcomers()?,
            outlets: self.context.outlets.states(&live.settings),
            remarks: self.remarks(),
        })
    }

    /// Why the store takes no more changes; none while it does.
    pub fn store_failed(&self) -> Option<String> {
        self.context.ensure_writable().err().map(|failure| failure.message)
    }

    /// Why the store takes no more changes, and what was noticed when it was opened.
    fn remarks(&self) -> Vec<String> {
        self.store_failed().into_iter().chain(self.context.store_remarks()).collect()
    }

    /// The states of the clients that are on the board.
    fn states(&self, only: Option<&ClientRef>) -> Result<Vec<ClientState>, Failure> {
        if let Some(client) = only {
            let state = self.context.store.client(client.id)?;
            return Ok(vec![state.unwrap_or_else(|| ClientState::new(client.clone()))]);
        }
        let mut states = self.context.store.clients()?;
        // One that is synced for the first time is in no store yet.
        let running = self.syncs.locks.all().into_iter().map(|running| running.client);
        let first = running.filter(|c| !states.iter().any(|s| s.client.id == c.id));
        let first: Vec<ClientState> = first.map(ClientState::new).collect();
        states.extend(first);
        Ok(states)
    }

    /// How many items of a client are pending, and the agreements that are another client's by now, by
    /// the cached result.
    fn pending_of(&self, client: ClientId) -> (Option<usize>, Vec<String>) {
        let Some(preview) = self.syncs.cached_preview(client) else { return (None, Vec::new()) };
        let waits = |state: PendingState| state.can_apply() || state == PendingState::Held;
        let leaves = |item: &&PendingItem| {
            item.key.is_agreement() && apply::leaves(item, client) && item.state.can_apply()
        };
        let told = |item: &PendingItem| {
            format!("{} {}", item.key, item.reason.as_deref().unwrap_or("moved"))
        };
        let pending = preview.items.iter().filter(|item| waits(item.state)).count();
        (Some(pending), preview.items.iter().filter(leaves).map(told).collect())
    }
}
