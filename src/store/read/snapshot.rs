//! Every contract, client by client, all as of the moment when the question began: who tells of a whole
//! book holds one client of it at a time.
//!
//! Commits and prunings go on between two clients. What they change is kept by the index for as long
//! as it is still to come ([`crate::store::index::snapshot`]). A pruning moves lines of the ledger, so
//! where they stand is looked up for each client when they are read; what it takes away is not known
//! any more, here as elsewhere.

use std::collections::BTreeSet;
use std::vec::IntoIter;

use crate::model::{ClientId, ClientState, ContractTexts, ItemKey};
use crate::store::core::Core;
use crate::store::error::StoreError;
use crate::store::format::{keys, view};
use crate::store::index::snapshot::{self as kept, locked};
use crate::store::index::stored::{client_of, live, stored_client};
use crate::store::read::changed::{self, LastChanges};

/// The contracts of a client, or of all, as of one moment.
#[derive(Debug)]
pub struct Snapshot {
    kept: kept::Snapshot,
    /// The last commit that it has.
    seq: u64,
    /// The clients that are still to be read, in order.
    clients: IntoIter<ClientId>,
    contracts: usize,
}

/// One client of a snapshot.
#[derive(Debug)]
pub struct ClientContracts<'a> {
    /// The client.
    pub client: ClientId,
    /// What is known of it, if anything ever happened to it.
    pub state: Option<ClientState>,
    /// Its contracts, each agreement directly before its additions.
    pub contracts: Vec<ContractTexts<'a>>,
    /// When their fields last changed; empty where that was not asked.
    pub changes: LastChanges,
}

impl Snapshot {
    /// How many contracts it has, those that were read included.
    pub fn contracts(&self) -> usize {
        self.contracts
    }
}

/// Begins a snapshot of the contracts of a client, or of all.
pub(in crate::store) fn begin(
    core: &Core,
    client: Option<ClientId>,
) -> Result<Snapshot, StoreError> {
    let gate = core.index.gate()?;
    let counts = core.index.counts();
    let wanted = counts.all().iter().filter(|(id, _)| client.is_none_or(|client| client == **id));
    let (clients, numbers): (Vec<ClientId>, Vec<usize>) = wanted.unzip();
    Ok(Snapshot {
        kept: core.index.snapshot(),
        seq: gate.head.seq,
        clients: clients.into_iter(),
        contracts: numbers.iter().sum(),
    })
}

/// Reads the next client; tells whether there was one.
pub(in crate::store) fn read(
    core: &Core,
    snapshot: &mut Snapshot,
    changes: bool,
    each: &mut dyn FnMut(&ClientContracts<'_>),
) -> Result<bool, StoreError> {
    let Some(client) = snapshot.clients.next() else { return Ok(false) };
    let (records, state) = records_of(core, snapshot, client)?;
    let mut contracts = Vec::with_capacity(records.ends.len());
    for record in records.iter() {
        contracts.push(live(view::contract(record)?)?);
    }
    contracts.sort_by_key(|contract| contract.key.in_tree(contract.parent));
    let changes = match changes {
        true => {
            let keys: BTreeSet<ItemKey> = contracts.iter().map(|contract| contract.key).collect();
            changed::last_changes(core, &keys, snapshot.seq)?
        }
        false => LastChanges::default(),
    };
    each(&ClientContracts { client, state, contracts, changes });
    Ok(true)
}

/// The records of a client's contracts, and the client's state, as they were.
fn records_of(
    core: &Core,
    snapshot: &Snapshot,
    client: ClientId,
) -> Result<(Records, Option<ClientState>), StoreError> {
    let index = &core.index;
    let _gate = index.gate()?;
    let mut kept = locked(&snapshot.kept);
    if kept.is_lost() {
        return Err(StoreError::Overtaken);
    }
    let mut records = Records::default();
    let prefix = keys::contracts_of(client);
    index.scan(&prefix, &mut |key, record| {
        if kept.old(key).is_none() {
            records.push(record);
        }
        Ok(())
    })?;
    kept.olds(&prefix).for_each(|old| records.push(old));
    let state = match kept.old(&keys::client(client)) {
        Some(old) => old.map(client_of).transpose()?,
        None => stored_client(index, client)?,
    };
    kept.pass(client);
    Ok((records, state))
}

/// Records one behind the other: a client may have thousands.
#[derive(Debug, Default)]
struct Records {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Records {
    fn push(&mut self, record: &[u8]) {
        self.bytes.extend_from_slice(record);
        self.ends.push(self.bytes.len());
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.bytes[start..*end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Contract, Field, Value};
    use crate::store::testing::{Place, at, client_ref, commit, contract};
    use crate::store::{Commit, Store, Write};

    const CLIENTS: i64 = 4;

    fn item(client: i64) -> String {
        format!("A{client}")
    }

    fn put(before: Option<&Contract>, after: Option<Contract>) -> Write<Contract> {
        Write { before: before.cloned(), after }
    }

    /// A contract for each client, an addition below the first, and a later note on each.
    fn store() -> (Place, Store) {
        let place = Place::new();
        let (store, _) = place.open();
        for client in 1..=CLIENTS {
            let mut contracts = vec![put(None, Some(contract(&item(client), client, "first")))];
            if client == 1 {
                contracts.push(put(None, Some(contract("S9", 1, "below"))));
            }
            let state = ClientState::new(client_ref(client));
            let clients = vec![Write { before: None, after: Some(state) }];
            let at = at(client);
            store.commit_blocking(Commit { at, contracts, clients, ..commit() }).expect("stored");
        }
        for client in 1..=CLIENTS {
            note(&store, client, "second", 100 + client);
        }
        (place, store)
    }

    fn note(store: &Store, client: i64, text: &str, moment: i64) {
        let key = item(client).parse().expect("a key");
        let before = store.contract(key).expect("reads").expect("it is there");
        let mut after = before.clone();
        after.local.insert(Field::Notes, Value::Text(text.to_owned()));
        let contracts = vec![put(Some(&before), Some(after))];
        store.commit_blocking(Commit { at: at(moment), contracts, ..commit() }).expect("stored");
    }

    /// What the next client is: each of its contracts with its note, and when that was made.
    fn next(store: &Store, snapshot: &mut Snapshot) -> Option<Vec<(String, String, i64)>> {
        let mut told = Vec::new();
        let mut tell = |page: &ClientContracts<'_>| {
            for contract in &page.contracts {
                let notes = contract.value(Field::Notes).unwrap_or_default().to_owned();
                let changed = page.changes.of(contract.key);
                let changed =
                    changed.get(&Field::Notes).map_or(-1, |moment| (*moment - at(0)).num_seconds());
                told.push((contract.key.to_string(), notes, changed));
            }
        };
        store.read_snapshot(snapshot, true, &mut tell).expect("reads").then_some(told)
    }

    fn row(key: &str, notes: &str, changed: i64) -> (String, String, i64) {
        (key.to_owned(), notes.to_owned(), changed)
    }

    #[test]
    fn it_is_what_was_there_whatever_is_committed_meanwhile() {
        let (_place, store) = store();
        let mut snapshot = store.snapshot(None).expect("begins");
        assert_eq!(snapshot.contracts(), 5);
        let first = vec![row("A1", "second", 101), row("S9", "below", 1)];
        assert_eq!(next(&store, &mut snapshot), Some(first));
        // One is changed that was told and one that was not, one is removed, one goes to a client that
        // was told already, and a new one comes.
        note(&store, 1, "third", 200);
        note(&store, 2, "third", 201);
        let there = |client| store.contract(item(client).parse().expect("a key")).expect("reads");
        let (removed, moved) = (there(3).expect("there"), there(4).expect("there"));
        let elsewhere = Contract { client: ClientId(1), ..moved.clone() };
        let contracts = vec![
            put(Some(&removed), None),
            put(Some(&moved), Some(elsewhere)),
            put(None, Some(contract("A9", 3, "new"))),
        ];
        store.commit_blocking(Commit { at: at(202), contracts, ..commit() }).expect("stored");
        assert_eq!(next(&store, &mut snapshot), Some(vec![row("A2", "second", 102)]));
        assert_eq!(next(&store, &mut snapshot), Some(vec![row("A3", "second", 103)]));
        assert_eq!(next(&store, &mut snapshot), Some(vec![row("A4", "second", 104)]));
        assert_eq!(next(&store, &mut snapshot), None);
        let of_one = store.snapshot(Some(ClientId(1))).expect("begins");
        assert_eq!(of_one.contracts(), 3);
    }

    #[test]
    fn a_pruning_that_overtakes_it_moves_lines_and_changes_nothing_of_what_is_known() {
        let (_place, store) = store();
        let mut snapshot = store.snapshot(None).expect("begins");
        next(&store, &mut snapshot).expect("the first");
        // The first five commits go, and with them the last changes of nothing that is still there
        // but of the addition; the lines that stay are in another file, from another place on.
        let pruned = store.prune_blocking(at(102), false).expect("prunes");
        assert_eq!((pruned.commits, pruned.kept), (5, 3));
        for client in 2..=CLIENTS {
            let told = next(&store, &mut snapshot);
            assert_eq!(told, Some(vec![row(&item(client), "second", 100 + client)]));
        }
        assert_eq!(next(&store, &mut snapshot), None);
    }
}
