//! Which index records stand for what: a contract, a client, item flags, held
//! changes, a pause, a run, a line of the ledger.
//!
//! Everything is read into live values on the way, so that what this program does not know is
//! refused by name before it is in the index.

use std::collections::BTreeSet;

use crate::model::{ClientId, RunId};
use crate::store::error::StoreError;
use crate::store::format::convert::{self, MemoKey, Unreadable};
use crate::store::format::v1::{
    ClientStateV1, ContractV1, LineV1, MarkV1, MemoV1, PlaceV1, RunEntryV1, RunV1,
};
use crate::store::format::{codec, keys, quiet};
use crate::store::index::Edit;

/// Why a line has no index records.
#[derive(Debug)]
pub(in crate::store) enum Reason {
    /// It says something that this program does not know.
    Unreadable(Unreadable),
    /// The index failed.
    Store(StoreError),
}

impl From<Unreadable> for Reason {
    fn from(error: Unreadable) -> Reason {
        Reason::Unreadable(error)
    }
}

impl From<StoreError> for Reason {
    fn from(error: StoreError) -> Reason {
        Reason::Store(error)
    }
}

/// The records of a contract.
pub(in crate::store) fn contract(stored: &ContractV1) -> Result<[Edit; 2], Reason> {
    let contract = convert::contract(stored)?;
    let (client, key) = (contract.client, contract.key);
    Ok([
        (keys::contract(client, key), Some(codec::encode(stored)?)),
        (keys::owner(key), Some(codec::encode(&client.0)?)),
    ])
}

/// The record of a client's state.
pub(in crate::store) fn client(stored: &ClientStateV1) -> Result<Edit, Reason> {
    let state = convert::client(stored)?;
    Ok((keys::client(state.client.id), Some(codec::encode(stored)?)))
}

/// The records of item flags.
pub(in crate::store) fn flags(stored: &MarkV1) -> Result<[Edit; 2], Reason> {
    let flags = convert::flags(stored)?;
    let (client, key) = (flags.client, flags.key);
    Ok([
        (keys::flags(client, key), Some(codec::encode(stored)?)),
        (keys::flags_owner(key), Some(codec::encode(&client.0)?)),
    ])
}

/// The record of held changes or of a pause.
pub(in crate::store) fn held_or_pause(stored: &MemoV1) -> Result<Edit, Reason> {
    Ok((convert::memo_key(stored)?.of_index(), Some(codec::encode(stored)?)))
}

/// The records of a run, which stands in the line with this sequence.
pub(in crate::store) fn run(
    stored: &RunV1,
    seq: u64,
    place: Option<PlaceV1>,
) -> Result<[Edit; 2], Reason> {
    convert::run(stored)?;
    let (client, id) = (ClientId(stored.client), RunId(stored.id));
    let run = RunV1 { rejects: Vec::new(), ..stored.clone() };
    Ok([
        (keys::run(id), Some(codec::encode(&RunEntryV1 { run, seq, place })?)),
        (keys::run_of(client, id), Some(codec::encode(&())?)),
    ])
}

/// Reads the value of a key of the index, or of what holds the same records.
pub(in crate::store) type Get<'a> = dyn Fn(&[u8]) -> Result<Option<Vec<u8>>, StoreError> + 'a;

/// What a line changes in the index, or in what holds the same records. `get` reads what is there
/// now.
pub(in crate::store) fn line(
    line: &LineV1,
    place: &PlaceV1,
    get: &Get<'_>,
) -> Result<Vec<Edit>, Reason> {
    let mut edits = Vec::new();
    let mut written = BTreeSet::new();
    for entry in &line.contracts {
        let key = convert::key(&entry.key)?;
        if let Some(client) = client_at(get(&keys::owner(key))?)? {
            edits.push((keys::contract(client, key), None));
            edits.push((keys::owner(key), None));
        }
        written.insert(key);
        if let Some(record) = &entry.record {
            edits.extend(contract(record)?);
        }
    }
    for entry in &line.clients {
        edits.push((keys::client(ClientId(entry.id)), None));
        if let Some(record) = &entry.record {
            edits.push(client(record)?);
        }
    }
    for entry in &line.marks {
        let key = convert::key(&entry.key)?;
        if let Some(client) = client_at(get(&keys::flags_owner(key))?)? {
            edits.push((keys::flags(client, key), None));
            edits.push((keys::flags_owner(key), None));
        }
        if let Some(record) = &entry.record {
            edits.extend(flags(record)?);
        }
    }
    for entry in &line.memos {
        edits.push((MemoKey::read(&entry.key)?.of_index(), None));
        if let Some(record) = &entry.record {
            edits.push(held_or_pause(record)?);
        }
    }
    if let Some(stored) = &line.run {
        edits.extend(run(stored, line.seq, Some(place.clone()))?);
    }
    for (stored, state) in quiet::runs(line)? {
        edits.push(client(&state)?);
        edits.extend(run(&stored, line.seq, Some(place.clone()))?);
    }
    for change in &line.changes {
        written.insert(convert::change(change)?.key);
    }
    for key in written {
        edits.push((keys::change(key, line.seq), Some(codec::encode(place)?)));
    }
    Ok(edits)
}

/// The client of an owner's record.
pub(in crate::store) fn client_at(record: Option<Vec<u8>>) -> Result<Option<ClientId>, StoreError> {
    Ok(record.map(|record| codec::decode(&record)).transpose()?.map(ClientId))
}
