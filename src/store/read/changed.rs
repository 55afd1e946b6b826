//! When the fields of many contracts last changed. A commit is one client's, so the contracts of a
//! client share their lines: each line is read once, however many of them it changed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::present::line;
use crate::model::{Field, ItemKey};
use crate::store::core::Core;
use crate::store::error::StoreError;
use crate::store::format::v1::PlaceV1;
use crate::store::format::{codec, convert, keys};
use crate::store::index::stored::live;

/// When each field last changed, by contract; a contract that nothing is known of has no entry.
pub type LastChanges = BTreeMap<ItemKey, BTreeMap<Field, DateTime<Utc>>>;

/// When each field of these contracts last changed.
pub(in crate::store) fn last_changes(
    core: &Core,
    of: &BTreeSet<ItemKey>,
) -> Result<LastChanges, StoreError> {
    let past = core.past();
    let mut places: BTreeMap<u64, PlaceV1> = BTreeMap::new();
    {
        let _gate = core.index.gate()?;
        for key in of {
            core.index.scan(&keys::changes_of(*key), &mut |key, record| {
                let seq = keys::last_number(key).unwrap_or_default();
                places.insert(seq, codec::decode(record)?);
                Ok(())
            })?;
        }
    }
    let mut last = LastChanges::new();
    for (seq, place) in places {
        let Some(line) = line(core, &past, &place, seq)? else { continue };
        let at = live(convert::moment(&line.at))?;
        for change in &line.changes {
            let change = live(convert::change(change))?;
            if of.contains(&change.key) {
                last.entry(change.key).or_default().insert(change.change.field, at);
            }
        }
    }
    Ok(last)
}
