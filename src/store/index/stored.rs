//! What the index holds, as values of the model.

use super::{Index, records};
use crate::model::{ClientId, ClientState, Contract, ItemFlags, ItemKey, Memo, MemoKey};
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

/// The mark that the index holds beside an item.
pub(in crate::store) fn stored_mark(
    index: &Index,
    key: ItemKey,
) -> Result<Option<ItemFlags>, StoreError> {
    let owner = index.get(&keys::mark_owner(key))?;
    let Some(client) = records::client_at(owner)? else { return Ok(None) };
    let record = index
        .get(&keys::mark(client, key))?
        .ok_or_else(|| StoreError::index(format!("the mark of {key} is missing")))?;
    mark_of(&record).map(Some)
}

/// The memo that the index holds under a key.
pub(in crate::store) fn stored_memo(
    index: &Index,
    key: MemoKey,
) -> Result<Option<Memo>, StoreError> {
    index.get(&keys::memo(key))?.map(|record| memo_of(&record)).transpose()
}

/// The contract of an index record.
pub(in crate::store) fn contract_of(record: &[u8]) -> Result<Contract, StoreError> {
    live(convert::contract(&codec::decode(record)?))
}

/// The client of an index record.
pub(in crate::store) fn client_of(record: &[u8]) -> Result<ClientState, StoreError> {
    live(convert::client(&codec::decode(record)?))
}

/// The mark of an index record.
pub(in crate::store) fn mark_of(record: &[u8]) -> Result<ItemFlags, StoreError> {
    live(convert::mark(&codec::decode(record)?))
}

/// The memo of an index record.
pub(in crate::store) fn memo_of(record: &[u8]) -> Result<Memo, StoreError> {
    live(convert::memo(&codec::decode(record)?))
}

/// A stored value that was read, or an error of the index.
pub(in crate::store) fn live<T>(read: Result<T, Unreadable>) -> Result<T, StoreError> {
    read.map_err(|error| StoreError::Index {
        what: "read a record".to_owned(),
        source: Some(Box::new(error)),
    })
}
