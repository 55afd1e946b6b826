//! What the index holds, as values of the model.

use super::{Index, StateReader, records};
use crate::model::{
    ClientId, ClientState, Contract, HeldChanges, ItemFlags, ItemKey, Pause, RunId,
};
use crate::store::error::StoreError;
use crate::store::format::convert::Unreadable;
use crate::store::format::{codec, convert, keys};

/// The contract that the index holds under a key.
pub(in crate::store) fn stored_contract(
    index: &Index,
    key: ItemKey,
) -> Result<Option<Contract>, StoreError> {
    let owner = index.get(&keys::owner(key))?;
    let Some(client) = records::client_at(owner)? else { return Ok(None) };
    let record = index
        .get(&keys::contract(client, key))?
        .ok_or_else(|| StoreError::index(format!("the record of {key} is missing")))?;
    contract_of(&record).map(Some)
}

/// The client that the index holds under an id.
pub(in crate::store) fn stored_client(
    index: &Index,
    id: ClientId,
) -> Result<Option<ClientState>, StoreError> {
    index.get(&keys::client(id))?.map(|record| client_of(&record)).transpose()
}

/// The flags that the index holds beside an item.
pub(in crate::store) fn stored_flags(
    index: &Index,
    key: ItemKey,
) -> Result<Option<ItemFlags>, StoreError> {
    let owner = index.get(&keys::flags_owner(key))?;
    let Some(client) = records::client_at(owner)? else { return Ok(None) };
    let record = index
        .get(&keys::flags(client, key))?
        .ok_or_else(|| StoreError::index(format!("the flags of {key} are missing")))?;
    flags_of(&record).map(Some)
}

/// What the index has of the changes that a run of a client held.
pub(in crate::store) fn stored_held(
    index: &Index,
    client: ClientId,
    run: RunId,
) -> Result<Option<HeldChanges>, StoreError> {
    index.get(&keys::held(client, run))?.map(|record| held_of(&record)).transpose()
}

/// The pause of a client that the index has; of all of auto-sync without one.
pub(in crate::store) fn stored_pause(
    index: &Index,
    client: Option<ClientId>,
) -> Result<Option<Pause>, StoreError> {
    index.get(&keys::pause(client))?.map(|record| pause_of(&record)).transpose()
}

/// The contract of an index record.
pub(in crate::store) fn contract_of(record: &[u8]) -> Result<Contract, StoreError> {
    live(convert::contract(&codec::decode(record)?))
}

/// The client of an index record.
pub(in crate::store) fn client_of(record: &[u8]) -> Result<ClientState, StoreError> {
    live(convert::client(&codec::decode(record)?))
}

/// The flags of an index record.
pub(in crate::store) fn flags_of(record: &[u8]) -> Result<ItemFlags, StoreError> {
    live(convert::flags(&codec::decode(record)?))
}

/// The held changes of an index record.
pub(in crate::store) fn held_of(record: &[u8]) -> Result<HeldChanges, StoreError> {
    live(convert::held(&codec::decode(record)?))
}

/// The pause of an index record.
pub(in crate::store) fn pause_of(record: &[u8]) -> Result<Pause, StoreError> {
    live(convert::pause(&codec::decode(record)?))
}

/// Every record whose key begins with one of the `prefixes`, read as what it is, by prefix and key.
pub(in crate::store) fn every<T>(
    state: &dyn StateReader,
    prefixes: &[&[u8]],
    read: impl Fn(&[u8]) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut found = Vec::new();
    for prefix in prefixes {
        state.scan(prefix, &mut |_, record| {
            found.push(read(record)?);
            Ok(())
        })?;
    }
    Ok(found)
}

/// A stored value that was read, or an error of the index.
pub(in crate::store) fn live<T>(read: Result<T, Unreadable>) -> Result<T, StoreError> {
    read.map_err(|error| StoreError::Index {
        what: "read a record".to_owned(),
        source: Some(Box::new(error)),
    })
}
