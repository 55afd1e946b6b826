//! Reading a client from Autotask: its snapshot, and what became of what is not in it.

use std::collections::{BTreeMap, BTreeSet};

use super::Syncs;
use crate::autotask::{Access, Apart, AutotaskError, Progress, Scope, nameless_company};
use crate::engine::context::Live;
use crate::engine::failures::is_of_permission;
use crate::model::{
    Advice, ClientId, ClientRef, ClientSnapshot, Code, Failure, ItemKey, SourceItem, Unread,
};
use crate::policy::diff;

/// A snapshot, with what was asked besides: which of the missing are gone, and whether the API
/// user sees everything.
pub(in crate::engine) struct Reading {
    pub(in crate::engine) snapshot: ClientSnapshot,
    pub(super) gone: BTreeSet<ItemKey>,
    pub(super) restricted: bool,
    /// What the store holds for the client and Autotask holds for another, with all that stands
    /// below it there; each with what a person is told of it.
    pub(super) moved: Vec<(SourceItem, String)>,
}

/// What was read of the clients of a batch.
#[derive(Default)]
pub(in crate::engine) struct BatchReading {
    pub(in crate::engine) readings: Vec<Reading>,
    /// Clients that have rows which nobody can read, each with why.
    pub(in crate::engine) unreadable: Vec<(ClientId, Failure)>,
    /// What ended it before the others were read.
    pub(in crate::engine) stopped: Option<Failure>,
}

/// By client, what is another's now; each with what a person is told of it.
type MovedItems = BTreeMap<ClientId, Vec<(SourceItem, String)>>;

/// By client, charges that are no contracts of their own, each with its purchase.
type Folded = BTreeMap<ClientId, BTreeMap<ItemKey, ItemKey>>;

impl Syncs {
    /// Reads the clients of a scope, and asks by id for everything that was imported and is not in
    /// the answer.
    pub(in crate::engine) async fn read(
        &self,
        live: &Live,
        scope: &Scope,
        progress: &Progress,
    ) -> Result<Vec<Reading>, Failure> {
        let snapshots = live.autotask.read(scope, progress).await;
        let snapshots = self.seen(live, snapshots, progress).await?;
        self.completed(live, snapshots, progress).await
    }

    /// The same for a batch; with the clients that have rows which nobody can read, and why.
    pub(in crate::engine) async fn read_batch(
        &self,
        live: &Live,
        clients: Vec<ClientId>,
        progress: &Progress,
    ) -> Result<BatchReading, Failure> {
        let apart = live.autotask.read_apart(clients, progress).await;
        let Apart { snapshots, unreadable, stopped } = self.seen(live, apart, progress).await?;
        let unreadable = unreadable.into_iter().map(|(client, error)| (client, error.failure()));
        let unreadable = unreadable.collect();
        let readings = self.completed(live, snapshots, progress).await?;
        Ok(BatchReading { readings, unreadable, stopped: stopped.map(Failure::from) })
    }

    /// What was read; where it may not be read, looks what else may not: who asks later, and asks
    /// nobody, must know.
    async fn seen<T>(
        &self,
        live: &Live,
        read: Result<T, AutotaskError>,
        progress: &Progress,
    ) -> Result<T, Failure> {
        let read = read.map_err(Failure::from);
        if read.as_ref().is_err_and(is_of_permission) {
            self.context.look_at_visibility(live, progress).await;
        }
        read
    }

    async fn completed(
        &self,
        live: &Live,
        mut snapshots: Vec<ClientSnapshot>,
        progress: &Progress,
    ) -> Result<Vec<Reading>, Failure> {
        for ClientSnapshot { client, .. } in &mut snapshots {
            // A company that is hidden keeps the name under which people know it.
            if client.name == nameless_company(client.id.0)
                && let Some(known) = self.context.store.client(client.id)?
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
            let mut needed = live.autotask.needed();
            // Of what is not read at all, nothing is missing.
            let unread = snapshots.iter().flat_map(|snapshot| &snapshot.unread);
            let unread: BTreeSet<&str> = unread.map(|unread| unread.entity.as_str()).collect();
            needed.retain(|entity| !unread.contains(entity.name()));
            if asked.iter().any(|key| !there.contains_key(key)) {
                let accesses = live.autotask.accesses_of(&needed, progress).await?;
                restricted = accesses.iter().any(|(_, access)| *access != Access::All);
                self.context.add_to_visibility(live, &accesses);
            }
        }
        let (mut moved, folded) = self.moved(live, &snapshots, &missing, &there, progress).await?;
        for snapshot in &mut snapshots {
            snapshot.folded.extend(folded.get(&snapshot.client.id).cloned().unwrap_or_default());
        }
        let visibility = match restricted {
            // It was asked just now.
            true => self.context.visibility(),
            false => self.context.look_at_visibility(live, progress).await,
        };
        for entity in visibility.iter().flat_map(|visibility| &visibility.some) {
            let reason = format!("only some {entity} may be read");
            for snapshot in &mut snapshots {
                snapshot.unread.push(Unread::new(entity.clone(), reason.clone(), None));
            }
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
                let told = format!("moved to {}", other.client);
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

    /// An item as Autotask has it now, with what it renews.
    pub(in crate::engine) async fn fresh_item(
        &self,
        client: &ClientRef,
        key: ItemKey,
    ) -> Result<SourceItem, Failure> {
        let live = self.context.live();
        let reading = self.read_one(&live, client, &Progress::new()).await?;
        let comparison = self.compare(&live, &reading, &[key].into(), self.context.now())?;
        let rejected = comparison.snapshot.rejects.iter().find(|reject| reject.key == key);
        if let Some(reject) = rejected {
            let message = format!("{key} cannot be converted: {}: {}", reject.field, reject.reason);
            return Err(Failure::new(Code::Unsupported, message).advise(Advice::ListQuarantine));
        }
        let item = comparison.snapshot.item(key).cloned().ok_or_else(|| {
            let message = format!("Autotask has no {key} for {client}");
            Failure::new(Code::NoSuchContract, message)
                .advise(Advice::ListPending { client_id: Some(client.id) })
        })?;
        match &item.unsupported {
            Some(reason) => {
                Err(Failure::new(Code::Unsupported, format!("{key} cannot be imported: {reason}")))
            }
            None => Ok(item),
        }
    }

    /// Reads one client.
    pub(in crate::engine) async fn read_one(
        &self,
        live: &Live,
        client: &ClientRef,
        progress: &Progress,
    ) -> Result<Reading, Failure> {
        let mut readings = self.read(live, &Scope::Clients(vec![client.id]), progress).await?;
        readings.pop().ok_or_else(|| Failure::new(Code::Internal, "Autotask was not asked"))
    }
}

/// The readings as their runs go to the store together: those between whose clients something moved
/// each alone, because what the one does is for the other to see. `most` is how many go together.
pub(in crate::engine) fn together(readings: Vec<Reading>, most: usize) -> Vec<Vec<Reading>> {
    let moved: BTreeSet<ItemKey> = readings
        .iter()
        .flat_map(|reading| reading.moved.iter().map(|(item, _)| item.key))
        .collect();
    let has = |reading: &Reading| {
        !reading.moved.is_empty()
            || reading.snapshot.items.iter().any(|item| moved.contains(&item.key))
    };
    let mut groups: Vec<Vec<Reading>> = Vec::new();
    let mut open = false;
    for reading in readings {
        let alone = has(&reading);
        match groups.last_mut() {
            Some(group) if open && !alone && group.len() < most => group.push(reading),
            _ => groups.push(vec![reading]),
        }
        open = !alone;
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn item(client: i64, id: i64) -> SourceItem {
        SourceItem {
            key: ItemKey::agreement(id),
            client: ClientId(client),
            parent: None,
            fields: BTreeMap::new(),
            unsupported: None,
            renewed: None,
            working: Default::default(),
        }
    }

    /// A client that has one agreement of its own number, and these besides.
    fn reading(client: i64, more: &[i64], moved: &[i64]) -> Reading {
        let moved = moved.iter().map(|id| (item(client, *id), "moved".to_owned()));
        Reading {
            snapshot: ClientSnapshot {
                client: ClientRef { id: ClientId(client), name: String::new() },
                as_of: DateTime::UNIX_EPOCH,
                items: [client].iter().chain(more).map(|id| item(client, *id)).collect(),
                rejects: Vec::new(),
                folded: BTreeMap::new(),
                unread: Vec::new(),
            },
            gone: BTreeSet::new(),
            restricted: false,
            moved: moved.collect(),
        }
    }

    #[test]
    fn clients_between_which_something_moved_are_not_decided_about_at_the_same_moment() {
        let readings = vec![
            reading(1, &[], &[]),
            reading(2, &[], &[77]),
            reading(3, &[], &[]),
            reading(4, &[], &[]),
            reading(5, &[], &[]),
            reading(6, &[77], &[]),
            reading(7, &[], &[]),
        ];
        let groups: Vec<Vec<i64>> = together(readings, 2)
            .iter()
            .map(|group| group.iter().map(|reading| reading.snapshot.client.id.0).collect())
            .collect();
        assert_eq!(groups, [vec![1], vec![2], vec![3, 4], vec![5], vec![6], vec![7]]);
    }
}
