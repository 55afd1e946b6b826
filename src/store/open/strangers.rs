//! Whose files these are: every file of a store says to which store it belongs, or follows by its
//! checksums from one that does.
//!
//! | file | says it by |
//! |---|---|
//! | `store.json` | the id itself |
//! | a segment | the chain: its first line follows from the segment or base before it |
//! | a base, the head record, the index, a backup | the id, or the chain where `store.json` was made anew |

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::opening::Finding;
use crate::store::error::StoreError;
use crate::store::files;
use crate::store::format::v1::{ContractV1, RunEntryV1};
use crate::store::format::{codec, identity, keys, line};
use crate::store::index::Index;
use crate::store::index::{panic_guard, sled_repair};
use crate::store::log::base::{self, Base};
use crate::store::log::head::{self, Found};
use crate::store::log::segment;

/// Why a base is not this store's; none where it is. One with another id is this store's all the same
/// if the ledger goes on from it, or if there is nothing else.
pub(super) fn base(ledger: &Path, base: &Base, id: &str) -> Result<Option<String>, StoreError> {
    if base.store == id {
        return Ok(None);
    }
    let (segments, bases) = segment::list(ledger)?;
    let mut follows = None;
    let mut others = bases.len() > 1;
    for number in segments {
        let own = number == base.start.segment;
        segment::read_lines(&segment::path(ledger, number), 0, &mut |raw| {
            match own {
                true => follows = Some(line::follows(raw.bytes, base.start.head).is_some()),
                false => others = true,
            }
            Ok(false)
        })?;
    }
    let is_own = follows.unwrap_or(!others);
    let path = base.path.display();
    Ok((!is_own).then(|| format!("the base {path} belongs to another store, {}", base.store)))
}

/// The id that `store.json` has; none where there is none, or where it cannot be read and a person has
/// accepted a loss: then it is moved aside.
pub(super) fn id_of(
    dir: &Path,
    accepts_loss: bool,
    now: DateTime<Utc>,
) -> Result<(Option<String>, Option<Finding>), StoreError> {
    match identity::read(dir) {
        Err(StoreError::Damaged { file, .. }) if accepts_loss => {
            let kept = files::move_aside(&file, "damaged", now)?;
            let why = format!("{} could not be read", file.display());
            Ok((None, Some(Finding::MovedAside { why, kept })))
        }
        read => Ok((read?, None)),
    }
}

/// The least format that holds what an index has.
pub(super) fn format_of(index: &Index) -> Result<u64, StoreError> {
    let mut format = identity::FORMAT;
    index.scan(keys::HOLDS_AND_PAUSES, &mut |_, _| {
        format = format.max(identity::WITH_HOLDS_AND_PAUSES);
        Ok(())
    })?;
    index.scan(keys::CONTRACTS, &mut |_, record| {
        format = format.max(identity::needed_by(&codec::decode::<ContractV1>(record)?));
        Ok(())
    })?;
    // Of one commit, several runs are quiet ones.
    let mut before = None;
    index.scan(keys::RUNS, &mut |_, record| {
        let RunEntryV1 { seq, .. } = codec::decode(record)?;
        if before.replace(seq) == Some(seq) {
            format = format.max(identity::WITH_QUIET_RUNS);
        }
        Ok(())
    })?;
    Ok(format)
}

/// The id of the store whose `store.json` is missing, as its other files have it; none where there
/// are none.
pub(super) fn id_of_the_rest(
    ledger: &Path,
    index: &Path,
    deadline: Duration,
) -> Result<Option<String>, StoreError> {
    if let Found::Record(record) = head::read(ledger)? {
        return Ok(Some(record.store));
    }
    if let (Some(base), _) = base::newest(ledger)? {
        return Ok(Some(base.store));
    }
    if !index.exists() {
        return Ok(None);
    }
    let index = index.to_owned();
    let asked = panic_guard::within(deadline, move || {
        sled_repair::before(&index)?;
        Index::store_of(&index)
    });
    // One that cannot be read says nothing; why is found out when it is opened.
    Ok(asked.ok().and_then(Result::ok).flatten())
}
