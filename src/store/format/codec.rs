//! The form of an index record: an envelope around bincode. Nothing else in the program knows
//! bincode.
//!
//! ```text
//! | 0..2  | 2     | 3..5                    | 5..9           | 9..13 | 13..    |
//! | magic | codec | kind and its version    | payload length | crc32 | payload |
//! ```
//!
//! bincode has no field tags and reads a flipped bit as a wrong value, so the crc (over everything
//! but itself) and the version in front of it are what makes a record trustworthy.

use bincode::Options;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::v1::{ClientStateV1, ContractV1, MarkV1, MemoV1, MetaV1, MetaV2, PlaceV1, RunEntryV1};
use crate::store::error::StoreError;

const MAGIC: [u8; 2] = *b"LS";
/// bincode 1.3 with varints; another encoding would take the next number.
const CODEC: u8 = 1;
/// How many bytes stand before the payload.
pub(in crate::store) const HEADER: usize = 13;
/// No record may claim more than this many bytes; a contract has some hundreds.
pub(in crate::store) const LIMIT: u64 = 64 << 20;

/// A kind of record, in one version. The numbers are stored state: none may ever change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Schema(u16);

/// Something that can be an index record.
pub(in crate::store) trait Stored: Serialize + DeserializeOwned {
    const SCHEMA: Schema;
}

impl Stored for ContractV1 {
    const SCHEMA: Schema = Schema(0x0101);
}
impl Stored for ClientStateV1 {
    const SCHEMA: Schema = Schema(0x0201);
}
impl Stored for RunEntryV1 {
    const SCHEMA: Schema = Schema(0x0301);
}
impl Stored for PlaceV1 {
    const SCHEMA: Schema = Schema(0x0401);
}
impl Stored for MetaV1 {
    const SCHEMA: Schema = Schema(0x0501);
}
impl Stored for MetaV2 {
    const SCHEMA: Schema = Schema(0x0502);
}
impl Stored for MarkV1 {
    const SCHEMA: Schema = Schema(0x0901);
}
impl Stored for MemoV1 {
    const SCHEMA: Schema = Schema(0x0a01);
}
/// The client that a contract or item flags belong to.
impl Stored for i64 {
    const SCHEMA: Schema = Schema(0x0601);
}
/// A record whose key says everything.
impl Stored for () {
    const SCHEMA: Schema = Schema(0x0701);
}
/// Bytes that the cache keeps for others.
pub(in crate::store) const CACHE: Schema = Schema(0x0801);

fn options() -> impl Options {
    // Varints, little endian, and an error for trailing bytes are what the defaults mean.
    bincode::DefaultOptions::new().with_limit(LIMIT)
}

/// The record of a value.
pub(in crate::store) fn encode<T: Stored>(value: &T) -> Result<Vec<u8>, StoreError> {
    let payload = options().serialize(value).map_err(|error| StoreError::Index {
        what: "encode a record".to_owned(),
        source: Some(error),
    })?;
    Ok(wrap(T::SCHEMA, &payload))
}

/// The value of a record.
pub(in crate::store) fn decode<T: Stored>(record: &[u8]) -> Result<T, StoreError> {
    view::<T, T>(record)
}

/// The same as a value `V` that borrows from the record, and has the fields of `T` in their order.
pub(in crate::store) fn view<'a, T: Stored, V: Deserialize<'a>>(
    record: &'a [u8],
) -> Result<V, StoreError> {
    let payload = unwrap(T::SCHEMA, record)?;
    options().deserialize(payload).map_err(|error| StoreError::Index {
        what: "decode a record".to_owned(),
        source: Some(error),
    })
}

/// Puts the envelope around a payload.
pub(in crate::store) fn wrap(schema: Schema, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    let front = [MAGIC[0], MAGIC[1], CODEC, (schema.0 >> 8) as u8, schema.0 as u8];
    let crc = crc(&front, &length, payload).to_be_bytes();
    [&front, &length[..], &crc, payload].concat()
}

/// Takes the envelope off, or tells what is wrong with it.
pub(in crate::store) fn unwrap(schema: Schema, record: &[u8]) -> Result<&[u8], StoreError> {
    let bad = |why: String| Err(StoreError::index(why));
    let Some((header, payload)) = record.split_at_checked(HEADER) else {
        return bad(format!("a record of {} bytes has no header", record.len()));
    };
    let (front, length, stated) = (&header[..5], &header[5..9], &header[9..]);
    if front[..2] != MAGIC {
        return bad("a record does not begin with its magic bytes".to_owned());
    }
    if stated != crc(front, length, payload).to_be_bytes() {
        return bad("a record's checksum does not match its content".to_owned());
    }
    if front[2] != CODEC {
        return bad(format!("a record has encoding {}, this program knows {CODEC}", front[2]));
    }
    let found = u16::from_be_bytes([front[3], front[4]]);
    if found != schema.0 {
        return bad(format!("a record has schema {found:#06x}, {:#06x} belongs there", schema.0));
    }
    Ok(payload)
}

/// How many bytes the whole record has whose first bytes are these.
pub(in crate::store) fn length(first: &[u8]) -> Option<usize> {
    let length: [u8; 4] = first.get(5..9)?.try_into().ok()?;
    Some(HEADER + u32::from_be_bytes(length) as usize)
}

fn crc(front: &[u8], length: &[u8], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(front);
    hasher.update(length);
    hasher.update(payload);
    hasher.finalize()
}

#[cfg(test)]
mod tests;
