//! Looking: what a sync would apply, without applying it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{Engine, Live};
use crate::autotask::{Access, Progress, Scope, nameless_company};
use crate::clock::day_in;
use crate::model::{
    ClientId, ClientRef, ClientSnapshot, Code, Contract, Failure, Holding, ItemKey, Origin,
    PendingItem, Reject, RunId,
};
use crate::sync::diff::{self, Around, Stored};
use crate::sync::guard::{self, Circumstances, Limits};
use crate::sync::holding;
use crate::sync::marking::Marks;
use crate::sync::renewal;

/// What one look at Autotask found for a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// The client.
    pub client: ClientRef,
    /// When Autotask was asked.
    pub as_of: DateTime<Utc>,
    /// What a sync would apply, each agreement directly before its additions.
    pub items: Vec<PendingItem>,
    /// Rows that could not be converted.
    pub rejects: Vec<Reject>,
}

/// A snapshot, with what was asked besides: which of the missing are gone, and whether the API
/// user sees everything.
pub(super) struct Reading {
    pub(super) snapshot: ClientSnapshot,
    pub(super) gone: BTreeSet<ItemKey>,
    pub(super) restricted: bool,
}

/// A reading held against the store as it is now.
pub(super) struct Examined {
    /// The snapshot, with the renewals written into it.
    pub(super) snapshot: ClientSnapshot,
    pub(super) stored: Stored,
    pub(super) marks: Marks,
    pub(super) items: Vec<PendingItem>,
    /// What is held of the client.
    pub(super) holdings: Vec<Holding>,
    /// The items that are held because a person rejected them, each with its run.
    pub(super) rejected: BTreeSet<(RunId, ItemKey)>,
}

impl Engine {
    /// Asks Autotask what is pending for a client, and remembers the answer.
    pub async fn look(&self, client: &ClientRef, progress: &Progress) -> Result<Look, Failure> {
        let live = self.live();
        let mut looks = self.look_at(&live, &Scope::Clients(vec![client.id]), progress).await?;
        looks.pop().ok_or_else(|| Failure::new(Code::Internal, "Autotask was not asked"))
    }

    /// Asks Autotask what is pending for every client, and remembers the answers.
    pub async fn look_at_all(&self, progress: &Progress) -> Result<Vec<Look>, Failure> {
        let looks = self.look_at(&self.live(), &Scope::All, progress).await?;
        self.remember_whom(&looks);
        Ok(looks)
    }

    /// What the last look at each client found, where it is still remembered.
    pub fn last_looks(&self) -> Result<Vec<Look>, Failure> {
        let mut clients: BTreeSet<ClientId> =
            self.store.clients()?.into_iter().map(|state| state.client.id).collect();
        clients.extend(self.looked_at());
        Ok(clients.into_iter().filter_map(|client| self.last_look(client)).collect())
    }

    /// What the last look at a client found, if it is still remembered.
    pub fn last_look(&self, client: ClientId) -> Option<Look> {
        self.recall(client)
    }

    async fn look_at(
        &self,
        live: &Live,
        scope: &Scope,
        progress: &Progress,
    ) -> Result<Vec<Look>, Failure> {
        let mut looks = Vec::new();
        for reading in self.read(live, scope, progress).await? {
            let Examined { items, .. } = self.examine(live, &reading, &BTreeSet::new())?;
            progress.compared(reading.snapshot.items.len());
            // For thousands of clients this is a while: others get their turn, and it can be told.
            tokio::task::yield_now().await;
            let ClientSnapshot { client, as_of, rejects, .. } = reading.snapshot;
            let look = Look { client, as_of, items, rejects };
            self.remember(&look);
            looks.push(look);
        }
        Ok(looks)
    }

    /// Reads the clients of a scope, and asks by id for everything that was imported and is not in
    /// the answer.
    pub(super) async fn read(
        &self,
        live: &Live,
        scope: &Scope,
        progress: &Progress,
    ) -> Result<Vec<Reading>, Failure> {
        let mut snapshots = live.autotask.read(scope, progress).await?;
        for ClientSnapshot { client, .. } in &mut snapshots {
            // A company that is hidden keeps the name under which people know it.
            if client.name == nameless_company(client.id.0)
                && let Some(known) = self.store.client(client.id)?
            {
                client.name = known.client.name;
            }
        }
        let mut missing = Vec::with_capacity(snapshots.len());
        for snapshot in &snapshots {
            missing.push(diff::missing(snapshot, &self.stored(snapshot)?));
        }
        let asked: Vec<ItemKey> = missing.iter().flatten().copied().collect();
        let (mut there, mut restricted) = (BTreeSet::new(), false);
        if !asked.is_empty() {
            let found = live.autotask.locate(&asked, progress).await?;
            there = found.into_iter().map(|located| located.key).collect();
            restricted = asked.iter().any(|key| !there.contains(key))
                && live.autotask.query_access(&live.autotask.needed(), progress).await?
                    != Access::All;
        }
        let reading = |(snapshot, missing): (ClientSnapshot, Vec<ItemKey>)| {
            let gone = missing.into_iter().filter(|key| !there.contains(key)).collect();
            Reading { snapshot, gone, restricted }
        };
        Ok(snapshots.into_iter().zip(missing).map(reading).collect())
    }

    /// Holds a reading against the store as it is now. An item that is `named` is not held because
    /// its run was reverted: naming it is how a person lets it go.
    pub(super) fn examine(
        &self,
        live: &Live,
        reading: &Reading,
        named: &BTreeSet<ItemKey>,
    ) -> Result<Examined, Failure> {
        let mut snapshot = reading.snapshot.clone();
        let stored = self.stored(&snapshot)?;
        let renewals = renewal::write_into(&mut snapshot, &stored);
        let marks: Marks = self
            .store
            .marks(snapshot.client.id)?
            .into_iter()
            .map(|mark| (mark.key, mark))
            .collect();
        let mut heeded = marks.clone();
        for mark in heeded.values_mut().filter(|mark| named.contains(&mark.key)) {
            mark.hold = None;
        }
        let now = self.now();
        let around = Around {
            gone: &reading.gone,
            marks: &heeded,
            renewals: &renewals,
            now,
            today: day_in(&live.zone(), now),
        };
        let mut items = diff::pending(&snapshot, &stored, around);
        let holdings = self.holdings(snapshot.client.id)?;
        let rejected = holding::heed_rejections(&mut items, &stored, &holdings, live.zone());
        let imported = stored
            .values()
            .filter(|contract| contract.client == reading.snapshot.client.id)
            .filter(|contract| contract.origin == Origin::Autotask && contract.vanished.is_none());
        let around = Circumstances {
            live: imported.count(),
            empty_answer: reading.snapshot.items.is_empty() && reading.snapshot.rejects.is_empty(),
            restricted: reading.restricted,
        };
        guard::hold(&mut items, around, limits(live));
        let forgotten = diff::missing(&snapshot, &stored).into_iter();
        let forgotten: Vec<&Contract> = forgotten
            .filter(|key| !reading.gone.contains(key))
            .filter_map(|key| stored.get(&key))
            .collect();
        guard::hold_above(&mut items, &forgotten);
        Ok(Examined { snapshot, stored, marks, items, holdings, rejected })
    }

    fn stored(&self, snapshot: &ClientSnapshot) -> Result<Stored, Failure> {
        let contracts = self.store.contracts(snapshot.client.id)?;
        let mut stored: Stored = contracts.into_iter().map(|c| (c.key, c)).collect();
        for item in &snapshot.items {
            if !stored.contains_key(&item.key)
                && let Some(contract) = self.store.contract(item.key)?
            {
                stored.insert(item.key, contract);
            }
        }
        Ok(stored)
    }
}

fn limits(live: &Live) -> Limits {
    let guard = &live.settings.guard;
    Limits {
        max_vanished_percent: guard.max_vanished_percent,
        hold_price_change_percent: guard.hold_price_change_percent,
        hold_status_flips: guard.hold_status_flips,
    }
}
