//! Looking: what a sync would apply, without applying it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{Engine, Live};
use crate::autotask::{Access, Progress, Scope, nameless_company};
use crate::clock::day_in;
use crate::model::{
    ClientId, ClientRef, ClientSnapshot, Code, Contract, Failure, Holding, ItemKey, Origin,
    PendingItem, Reject, RunId, SourceItem,
};
use crate::sync::diff::{self, Around, Stored};
use crate::sync::guard::{self, Circumstances, Limits};
use crate::sync::holding;
use crate::sync::marking::Marks;
use crate::sync::renewal;
use crate::sync::succession::{self, Successions};

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
    /// What the store holds for the client and Autotask holds for another, with all that stands
    /// below it there; each with what a person is told of it.
    pub(super) moved: Vec<(SourceItem, String)>,
}

/// By client, what is another's now; each with what a person is told of it.
type MovedItems = BTreeMap<ClientId, Vec<(SourceItem, String)>>;

/// By client, charges that are no contracts of their own, each with its purchase.
type Folded = BTreeMap<ClientId, BTreeMap<ItemKey, ItemKey>>;

/// A reading held against the store as it is now.
pub(super) struct Examined {
    /// The snapshot, with the renewals written into it.
    pub(super) snapshot: ClientSnapshot,
    pub(super) stored: Stored,
    pub(super) marks: Marks,
    pub(super) items: Vec<PendingItem>,
    /// What is held of the client.
    pub(super) holdings: Vec<Holding>,
    /// Which new line stands in the place of which.
    pub(super) successions: Successions,
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
        let (mut there, mut restricted) = (BTreeMap::new(), false);
        if !asked.is_empty() {
            let found = live.autotask.locate(&asked, progress).await?;
            there = found.into_iter().map(|located| (located.key, located.client)).collect();
            restricted = asked.iter().any(|key| !there.contains_key(key))
                && live.autotask.query_access(&live.autotask.needed(), progress).await?
                    != Access::All;
        }
        let (mut moved, folded) = self.moved(live, &snapshots, &missing, &there, progress).await?;
        for snapshot in &mut snapshots {
            snapshot.folded.extend(folded.get(&snapshot.client.id).cloned().unwrap_or_default());
        }
        let reading = |(snapshot, missing): (ClientSnapshot, Vec<ItemKey>)| {
            let gone = missing.into_iter().filter(|key| !there.contains_key(key)).collect();
            let moved = moved.remove(&snapshot.client.id).unwrap_or_default();
            Reading { snapshot, gone, restricted, moved }
        };
        Ok(snapshots.into_iter().zip(missing).map(reading).collect())
    }

    /// By client, what is now another's, with all that stands below it there; and charges that are
    /// the billing items of purchases there. Reads the others where they are not among the
    /// snapshots.
    async fn moved(
        &self,
        live: &Live,
        snapshots: &[ClientSnapshot],
        missing: &[Vec<ItemKey>],
        there: &BTreeMap<ItemKey, Option<ClientId>>,
        progress: &Progress,
    ) -> Result<(MovedItems, Folded), Failure> {
        let owner = |key: &ItemKey| there.get(key).copied().flatten();
        let mut moves: BTreeMap<ClientId, BTreeSet<ClientId>> = BTreeMap::new();
        for (snapshot, missing) in snapshots.iter().zip(missing) {
            let from = snapshot.client.id;
            let others = missing.iter().filter_map(owner).filter(|to| *to != from);
            for to in others {
                moves.entry(from).or_default().insert(to);
            }
        }
        let known: BTreeSet<ClientId> = snapshots.iter().map(|one| one.client.id).collect();
        let unread: BTreeSet<ClientId> = moves.values().flatten().copied().collect();
        let unread: Vec<ClientId> = unread.difference(&known).copied().collect();
        let more = match unread.is_empty() {
            true => Vec::new(),
            false => live.autotask.read(&Scope::Clients(unread), progress).await?,
        };
        let (mut moved, mut folded) = (MovedItems::new(), Folded::new());
        for (snapshot, missing) in snapshots.iter().zip(missing) {
            let Some(others) = moves.get(&snapshot.client.id) else { continue };
            let missing: BTreeSet<ItemKey> = missing.iter().copied().collect();
            let others =
                snapshots.iter().chain(&more).filter(|one| others.contains(&one.client.id));
            for other in others {
                let told = format!("moved to {} ({})", other.client.name, other.client.id);
                let is_part = |item: &&SourceItem| {
                    let top = item.parent.unwrap_or(item.key);
                    missing.contains(&item.key) || missing.contains(&top)
                };
                let items = other.items.iter().filter(is_part);
                let items = items.map(|item| (item.clone(), told.clone()));
                moved.entry(snapshot.client.id).or_default().extend(items);
                let here = other.folded.iter().filter(|(charge, _)| missing.contains(charge));
                let here = here.map(|(charge, purchase)| (*charge, *purchase));
                folded.entry(snapshot.client.id).or_default().extend(here);
            }
        }
        Ok((moved, folded))
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
        let state = self.store.client(snapshot.client.id)?;
        let read = state.and_then(|state| state.last_full);
        diff::carry_over(&mut snapshot, &stored, read.map(|read| day_in(&live.zone(), read)));
        let marks = self.marks_of(&snapshot, &stored)?;
        let successions = succession::find(&snapshot, &stored, &reading.gone, &marks);
        let mut heeded = marks.clone();
        for mark in heeded.values_mut().filter(|mark| named.contains(&mark.key)) {
            mark.hold = None;
        }
        let moved = self.with_origin(&snapshot, &stored, &reading.moved)?;
        let now = self.now();
        let around = Around {
            gone: &reading.gone,
            marks: &heeded,
            renewals: &renewals,
            successions: &successions,
            moved: &moved,
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
        let folded: BTreeSet<ItemKey> = snapshot.folded.keys().copied().collect();
        let around = Circumstances {
            live: imported.count(),
            empty_answer: reading.snapshot.items.is_empty() && reading.snapshot.rejects.is_empty(),
            restricted: reading.restricted,
            folded: &folded,
        };
        guard::hold(&mut items, around, limits(live));
        let is_moved = |key: &ItemKey| reading.moved.iter().any(|(item, _)| item.key == *key);
        let forgotten = diff::missing(&snapshot, &stored).into_iter();
        let forgotten: Vec<&Contract> = forgotten
            .filter(|key| !reading.gone.contains(key) && !is_moved(key))
            .filter_map(|key| stored.get(&key))
            .collect();
        guard::hold_above(&mut items, &forgotten);
        Ok(Examined { snapshot, stored, marks, items, holdings, successions, rejected })
    }

    /// The marks beside the client's items, also beside those that the store holds for another.
    fn marks_of(&self, snapshot: &ClientSnapshot, stored: &Stored) -> Result<Marks, Failure> {
        let of_client = self.store.marks(snapshot.client.id)?;
        let mut marks: Marks = of_client.into_iter().map(|mark| (mark.key, mark)).collect();
        let others = stored.values().filter(|contract| contract.client != snapshot.client.id);
        for contract in others {
            marks.extend(self.store.mark(contract.key)?.map(|mark| (mark.key, mark)));
        }
        Ok(marks)
    }

    /// `moved`, without what is not stored for this client any more: the other client may have been
    /// synced since.
    fn with_origin(
        &self,
        snapshot: &ClientSnapshot,
        stored: &Stored,
        moved: &[(SourceItem, String)],
    ) -> Result<Vec<(SourceItem, String)>, Failure> {
        let is_here = |key: &ItemKey| {
            stored.get(key).is_some_and(|contract| contract.client == snapshot.client.id)
        };
        let mut ours = Vec::new();
        for (item, told) in moved {
            let is_new_below = || {
                item.parent.is_some_and(|parent| is_here(&parent))
                    && !stored.contains_key(&item.key)
            };
            if is_here(&item.key) || (is_new_below() && self.store.contract(item.key)?.is_none()) {
                ours.push((item.clone(), told.clone()));
            }
        }
        Ok(ours)
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
