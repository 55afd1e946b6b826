//! Reading lines of the ledger in the order of their chain, and applying them to the index.

use std::path::Path;

use super::segment::{self, Spot};
use crate::store::error::StoreError;
use crate::store::format::line;
use crate::store::format::sum::Standing;
use crate::store::format::v1::{LineV1, PlaceV1};
use crate::store::index::Index;
use crate::store::index::records::{self, Reason};

/// A line that follows from the one before it.
#[derive(Debug)]
pub(in crate::store) struct Passed<'a> {
    pub(in crate::store) record: LineV1,
    /// The line without its line break.
    pub(in crate::store) bytes: &'a [u8],
    pub(in crate::store) spot: Spot,
    /// Where the chain stands with it.
    pub(in crate::store) standing: Standing,
    file: &'a Path,
}

impl Passed<'_> {
    /// What is wrong with what the line says.
    pub(in crate::store) fn bad(&self, reason: Reason) -> StoreError {
        match reason {
            Reason::Store(error) => error,
            Reason::Unreadable(why) => bad(self.file, self.spot, self.standing, why.to_string()),
        }
    }
}

fn bad(file: &Path, spot: Spot, standing: Standing, why: String) -> StoreError {
    let why = format!("at byte {}, commit {}: {why}", spot.offset, standing.seq);
    StoreError::Damaged { file: file.to_owned(), line: 0, why }
}

/// Takes a line and tells whether to go on.
pub(in crate::store) type Visit<'a> = &'a mut dyn FnMut(&Passed<'_>) -> Result<bool, StoreError>;

/// Visits every line from `from` that follows where the chain stands at `standing`, up to the end
/// of the last segment that is there. Where the chain stands with the last one is returned.
pub(in crate::store) fn each(
    ledger: &Path,
    from: Spot,
    standing: Standing,
    visit: Visit<'_>,
) -> Result<Standing, StoreError> {
    let (segments, _) = segment::list(ledger)?;
    let (mut standing, mut more) = (standing, true);
    for segment in segments.into_iter().filter(|number| *number >= from.segment) {
        let offset = if segment == from.segment { from.offset } else { 0 };
        let (path, spot) = (segment::path(ledger, segment), Spot { segment, offset });
        standing = each_in(&path, spot, standing, &mut |passed| {
            more = visit(passed)?;
            Ok(more)
        })?;
        if !more {
            break;
        }
    }
    Ok(standing)
}

/// The same for one file, which is, or will be, the segment of `from`.
pub(in crate::store) fn each_in(
    file: &Path,
    from: Spot,
    standing: Standing,
    visit: Visit<'_>,
) -> Result<Standing, StoreError> {
    let mut standing = standing;
    segment::read_lines(file, from.offset, &mut |raw| {
        let Some(next) = line::follows(raw.bytes, standing).filter(|_| raw.ended) else {
            return Ok(true);
        };
        let spot = Spot { segment: from.segment, offset: raw.offset };
        let record = line::parse(raw.bytes).map_err(|why| bad(file, spot, next, why))?;
        let passed = Passed { record, bytes: raw.bytes, spot, standing: next, file };
        let more = visit(&passed)?;
        if more {
            standing = next;
        }
        Ok(more)
    })?;
    Ok(standing)
}

/// Applies one line, with which the index is current up to `standing`.
pub(in crate::store) fn apply(
    index: &Index,
    line: &LineV1,
    place: &PlaceV1,
    standing: Standing,
) -> Result<(), Reason> {
    let edits = records::line(line, place, &|key| index.get(key))?;
    let last_run = index.meta().last_run.max(line.run.as_ref().map_or(0, |run| run.id));
    Ok(index.apply(standing, last_run, edits)?)
}

/// Applies every line from `from` that follows from what the index holds, and returns how many
/// there were.
pub(in crate::store) fn from(ledger: &Path, index: &Index, from: Spot) -> Result<u64, StoreError> {
    let mut count = 0;
    each(ledger, from, index.meta().standing, &mut |passed| {
        let place = segment::place(passed.spot, passed.bytes);
        apply(index, &passed.record, &place, passed.standing).map_err(|why| passed.bad(why))?;
        count += 1;
        Ok(true)
    })?;
    Ok(count)
}
