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

/// Clients with rows that cannot be read, each with why.
type Unreadable = Vec<(ClientId, AutotaskError)>;

/// By client, what the store has and its snapshot lacks; nobody who lacks nothing.
type Missing = BTreeMap<ClientId, Vec<ItemKey>>;

/// Whose an item is that is still there; none where that cannot be told.
type Owners = BTreeMap<ItemKey, Option<ClientId>>;

/// What became of the missing.
#[derive(Default)]
struct There {
    /// Of those that are still there; the others are gone.
    owners: Owners,
    /// Whether the API user may not see everything, so that what seems gone may be hidden.
    restricted: bool,
    unreadable: Unreadable,
}

/// What is another client's now.
#[derive(Default)]
struct Moved {
    /// By the client that had it; each with what a person is told of it.
    items: BTreeMap<ClientId, Vec<(SourceItem, String)>>,
    /// By the client that had them, charges that are no contracts of their own, each with its
    /// purchase.
    folded: BTreeMap<ClientId, BTreeMap<ItemKey, ItemKey>>,
    unreadable: Unreadable,
}

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
        let (readings, unreadable) = self.completed(live, snapshots, progress).await?;
        match unreadable.into_iter().next() {
            Some((_, error)) => Err(error.into()),
            None => Ok(readings),
        }
    }

    /// The same for a batch; with the clients that have rows which nobody can read, and why.
    pub(in crate::engine) async fn read_batch(
        &self,
        live: &Live,
        clients: Vec<ClientId>,
        progress: &Progress,
    ) -> Result<BatchReading, Failure> {
        let apart = live.autotask.read_apart(clients, progress).await;
        let Apart { read, mut unreadable, stopped } = self.seen(live, apart, progress).await?;
        let mut snapshots: Vec<ClientSnapshot> = read.into_iter().flatten().collect();
        snapshots.sort_by_key(|snapshot| snapshot.client.id);
        let (readings, more) = self.completed(live, snapshots, progress).await?;
        unreadable.extend(more);
        let unreadable = unreadable.into_iter().map(|(client, error)| (client, error.failure()));
        let unreadable = unreadable.collect();
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

    /// What was read, with what became of all that is missing from it; and the clients of which that
    /// cannot be told, because rows that were asked for cannot be read.
    async fn completed(
        &self,
        live: &Live,
        mut snapshots: Vec<ClientSnapshot>,
        progress: &Progress,
    ) -> Result<(Vec<Reading>, Unreadable), Failure> {
        let mut missing = Missing::new();
        for snapshot in &mut snapshots {
            let ClientRef { id, name } = &mut snapshot.client;
            // A company that is hidden keeps the name under which people know it.
            if *name == nameless_company(id.0)
                && let Some(known) = self.context.store.client(*id)?
            {
                *name = known.client.name;
            }
            let of_client = diff::missing(snapshot, &self.stored(snapshot)?);
            if !of_client.is_empty() {
                missing.insert(snapshot.client.id, of_client);
            }
        }
        let There { owners, restricted, mut unreadable } =
            self.there(live, &snapshots, &missing, progress).await?;
        let Moved { mut items, folded, unreadable: others } =
            self.moved(live, &snapshots, &missing, &owners, progress).await?;
        unreadable.extend(others);
        let lost: BTreeSet<ClientId> = unreadable.iter().map(|(client, _)| *client).collect();
        snapshots.retain(|snapshot| !lost.contains(&snapshot.client.id));
        let visibility = match restricted {
            // It was asked just now.
            true => self.context.visibility(),
            false => self.context.look_at_visibility(live, progress).await,
        };
        let hidden = visibility.iter().flat_map(|visibility| &visibility.some);
        let unread: Vec<Unread> = hidden
            .map(|entity| {
                Unread::new(entity.clone(), format!("only some {entity} may be read"), None)
            })
            .collect();
        let reading = |mut snapshot: ClientSnapshot| {
            let client = snapshot.client.id;
            snapshot.folded.extend(folded.get(&client).cloned().unwrap_or_default());
            snapshot.unread.extend(unread.iter().cloned());
            let gone = missing.remove(&client).unwrap_or_default();
            let gone = gone.into_iter().filter(|key| !owners.contains_key(key)).collect();
            Reading { snapshot, gone, restricted, moved: items.remove(&client).unwrap_or_default() }
        };
        Ok((snapshots.into_iter().map(reading).collect(), unreadable))
    }

    /// Which of the missing are still there, and whose they are.
    async fn there(
        &self,
        live: &Live,
        snapshots: &[ClientSnapshot],
        missing: &Missing,
        progress: &Progress,
    ) -> Result<There, Failure> {
        if missing.is_empty() {
            return Ok(There::default());
        }
        let Apart { read, unreadable, stopped } =
            live.autotask.locate_apart(missing, progress).await?;
        if let Some(error) = stopped {
            return Err(error.into());
        }
        let found = read.into_iter().flatten();
        let owners: Owners = found.map(|located| (located.key, located.client)).collect();
        let mut needed = live.autotask.needed();
        // Of what is not read at all, nothing is missing.
        let unread = snapshots.iter().flat_map(|snapshot| &snapshot.unread);
        let unread: BTreeSet<&str> = unread.map(|unread| unread.entity.as_str()).collect();
        needed.retain(|entity| !unread.contains(entity.name()));
        let mut restricted = false;
        if missing.values().flatten().any(|key| !owners.contains_key(key)) {
            let accesses = live.autotask.accesses_of(&needed, progress).await?;
            restricted = accesses.iter().any(|(_, access)| *access != Access::All);
            self.context.add_to_visibility(live, &accesses);
        }
        Ok(There { owners, restricted, unreadable })
    }

    /// What of the missing is another client's now, from a reading of that client.
    async fn moved(
        &self,
        live: &Live,
        snapshots: &[ClientSnapshot],
        missing: &Missing,
        owners: &Owners,
        progress: &Progress,
    ) -> Result<Moved, Failure> {
        let mut moves: BTreeMap<ClientId, BTreeSet<ClientId>> = BTreeMap::new();
        for (from, missing) in missing {
            let others = missing.iter().filter_map(|key| owners.get(key).copied().flatten());
            let others: BTreeSet<ClientId> = others.filter(|to| to != from).collect();
            if !others.is_empty() {
                moves.insert(*from, others);
            }
        }
        let known: BTreeSet<ClientId> = snapshots.iter().map(|one| one.client.id).collect();
        let unread: BTreeSet<ClientId> = moves.values().flatten().copied().collect();
        let unread: Vec<ClientId> = unread.difference(&known).copied().collect();
        let mut moved = Moved::default();
        let mut more = Vec::new();
        if !unread.is_empty() {
            let Apart { read, unreadable, stopped } =
                live.autotask.read_apart(unread, progress).await?;
            if let Some(error) = stopped {
                return Err(error.into());
            }
            more.extend(read.into_iter().flatten());
            for (to, error) in unreadable {
                let from = moves.iter().filter(|(_, others)| others.contains(&to));
                moved.unreadable.extend(from.map(|(from, _)| (*from, error.clone())));
            }
        }
        for (from, others) in &moves {
            let missing: BTreeSet<ItemKey> = missing[from].iter().copied().collect();
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
                moved.items.entry(*from).or_default().extend(items);
                let here = other.folded.iter().filter(|(charge, _)| missing.contains(charge));
                let here = here.map(|(charge, purchase)| (*charge, *purchase));
                moved.folded.entry(*from).or_default().extend(here);
            }
        }
        Ok(moved)
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
