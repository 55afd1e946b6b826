//! The head record: how far the ledger was, in a file of its own, so that a ledger which lost its
//! end is not taken for a short one.
//!
//! ```text
//! ledger/head.json   {"sum":…,"head":{"format":1,"store":…,"seq":N,"chain":…,"closed":true}}
//! ```
//!
//! It is written when the store was opened, when a segment is full, every few minutes, and at each
//! clean close. What it says was once true: commit N was on the disk, with this checksum. Whether
//! there were later ones is only known where it says `closed`: then N was the last. It is a witness
//! and nothing else: the ledger is the truth without it, and earlier programs overlook it. It stands
//! in the ledger's folder because it goes where the ledger goes, into a copy or out of the way of a
//! restored backup.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::store::error::{Doing, StoreError};
use crate::store::files;
use crate::store::format::chain::{ChainHash, ChainHead};
use crate::store::format::line;

/// The format of the record, and the newest that is read.
const FORMAT: u64 = 1;

/// Stored state: the only line of the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadLineV1 {
    sum: String,
    head: HeadV1,
}

/// Stored state: what the record says.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadV1 {
    format: u64,
    store: String,
    seq: u64,
    chain: String,
    closed: bool,
}

/// How far the ledger was once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct HeadRecord {
    /// The store that the ledger belongs to.
    pub(in crate::store) store: String,
    /// The last commit then.
    pub(in crate::store) head: ChainHead,
    /// Whether the store was closed then, so that nothing came after it.
    pub(in crate::store) closed: bool,
}

/// What is found where the record belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) enum Found {
    /// Nothing, as in a store that an earlier program wrote.
    Nothing,
    /// A record that is whole.
    Record(HeadRecord),
    /// A file that is no whole record, and why.
    Unusable(String),
}

/// Where the record of a ledger is.
pub(in crate::store) fn path(ledger: &Path) -> PathBuf {
    ledger.join("head.json")
}

/// Reads the record of a ledger.
pub(in crate::store) fn read(ledger: &Path) -> Result<Found, StoreError> {
    let path = path(ledger);
    let text = match fs::read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
        read => read.doing("read", &path)?,
    };
    let line = text.strip_suffix(b"\n").unwrap_or(&text);
    if line::verify(line, ChainHash::START).is_none() {
        return Ok(Found::Unusable("its checksum does not match its content".to_owned()));
    }
    let HeadV1 { format, store, seq, chain, closed } = match line::parse::<HeadLineV1>(line) {
        Ok(line) => line.head,
        Err(why) => return Ok(Found::Unusable(why)),
    };
    let Some(hash) = ChainHash::parse(chain.as_bytes()).filter(|_| format <= FORMAT) else {
        return Ok(Found::Unusable(format!("it has format {format} or no checksum")));
    };
    Ok(Found::Record(HeadRecord { store, head: ChainHead { seq, hash }, closed }))
}

/// Puts a record in the place of the one before it, durably.
pub(in crate::store) fn write(ledger: &Path, record: &HeadRecord) -> Result<(), StoreError> {
    let head = HeadV1 {
        format: FORMAT,
        store: record.store.clone(),
        seq: record.head.seq,
        chain: record.head.hash.to_string(),
        closed: record.closed,
    };
    let sum = ChainHash::START.to_string();
    let (line, _) = line::seal(&HeadLineV1 { sum, head }, ChainHash::START)?;
    files::replace(&path(ledger), &line)
}

/// Writes a record where there may be room for none: where it cannot be written, one that would say
/// too much is removed, and a store without one is only less certain.
pub(in crate::store) fn write_or_remove(
    ledger: &Path,
    record: &HeadRecord,
) -> Result<(), StoreError> {
    write(ledger, record).or_else(|_| {
        files::remove_if_there(&path(ledger))?;
        files::sync_dir(ledger)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_reads_back_and_any_flipped_bit_of_it_shows() {
        let dir = tempfile::tempdir().expect("a folder");
        assert_eq!(read(dir.path()).expect("read"), Found::Nothing);
        let head = ChainHead { seq: 12, hash: ChainHash::of(&[b"a line"]) };
        for closed in [false, true] {
            let record = HeadRecord { store: "an id".to_owned(), head, closed };
            write(dir.path(), &record).expect("written");
            assert_eq!(read(dir.path()).expect("read"), Found::Record(record));
        }
        let whole = fs::read(path(dir.path())).expect("read");
        for (at, bit) in (0..whole.len() - 1).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut text = whole.clone();
            text[at] ^= 1 << bit;
            fs::write(path(dir.path()), text).expect("written");
            let found = read(dir.path()).expect("read");
            assert!(matches!(found, Found::Unusable(_)), "byte {at}, bit {bit}: {found:?}");
        }
    }

    #[test]
    fn one_that_cannot_be_written_is_not_left_saying_too_much() {
        let dir = tempfile::tempdir().expect("a folder");
        let head = ChainHead { seq: 12, hash: ChainHash::START };
        let closed = HeadRecord { store: "an id".to_owned(), head, closed: true };
        write(dir.path(), &closed).expect("written");
        // What stands where the new file would be written keeps it from being written.
        fs::create_dir(files::with_suffix(&path(dir.path()), ".new")).expect("made");
        let open = HeadRecord { closed: false, ..closed };
        write_or_remove(dir.path(), &open).expect("removed");
        assert_eq!(read(dir.path()).expect("read"), Found::Nothing);
    }
}
