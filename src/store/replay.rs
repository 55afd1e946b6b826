//! Applying lines of the ledger to the index.

use std::path::Path;

use super::codec;
use super::error::StoreError;
use super::index::Index;
use super::keys;
use super::line;
use super::records::{self, Reason};
use super::segment::{self, Spot};
use super::sum::Standing;
use super::v1::{LineV1, PlaceV1};
use crate::model::{ClientId, ItemKey};

/// The client that a contract belongs to.
pub(super) fn owner(index: &Index, key: ItemKey) -> Result<Option<ClientId>, StoreError> {
    let record = index.get(&keys::owner(key))?;
    Ok(record.map(|record| codec::decode(&record)).transpose()?.map(ClientId))
}

/// Applies one line, with which the index is current up to `standing`.
pub(super) fn apply(
    index: &Index,
    line: &LineV1,
    place: &PlaceV1,
    standing: Standing,
) -> Result<(), Reason> {
    let edits = records::line(line, place, &|key| owner(index, key))?;
    let last_run = index.meta().last_run.max(line.run.as_ref().map_or(0, |run| run.id));
    Ok(index.apply(standing, last_run, edits)?)
}

/// Applies every line from `from` that follows from what the index holds, up to the end of the
/// last segment that is there, and returns how many there were.
pub(super) fn from(ledger: &Path, index: &Index, from: Spot) -> Result<u64, StoreError> {
    let (segments, _) = segment::list(ledger)?;
    let (mut standing, mut count) = (index.meta().standing, 0);
    for number in segments.into_iter().filter(|number| *number >= from.segment) {
        let path = segment::path(ledger, number);
        let offset = if number == from.segment { from.offset } else { 0 };
        segment::read_lines(&path, offset, &mut |raw| {
            let Some(next) = line::follows(raw.bytes, standing).filter(|_| raw.ended) else {
                return Ok(true);
            };
            let bad = |why: String| StoreError::Damaged {
                file: path.clone(),
                line: 0,
                why: format!("at byte {}, commit {}: {why}", raw.offset, next.seq),
            };
            let record: LineV1 = line::parse(raw.bytes).map_err(bad)?;
            let spot = Spot { segment: number, offset: raw.offset };
            let place = segment::place(spot, raw.bytes);
            apply(index, &record, &place, next).map_err(|reason| match reason {
                Reason::Store(error) => error,
                Reason::Unreadable(why) => bad(why.to_string()),
            })?;
            (standing, count) = (next, count + 1);
            Ok(true)
        })?;
    }
    Ok(count)
}
