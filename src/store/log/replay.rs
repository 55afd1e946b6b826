//! Reading lines of the ledger in the order of their chain, and applying them to the index.

use std::collections::BTreeMap;
use std::path::Path;

use super::segment::{self, LogPosition};
use crate::store::error::StoreError;
use crate::store::format::chain::ChainHead;
use crate::store::format::line;
use crate::store::format::quiet;
use crate::store::format::v1::{LineV1, PlaceV1};
use crate::store::index::Index;
use crate::store::index::records::{self, Reason};

/// At how many edits those of a replay are applied.
const STEP: usize = 2_000;

/// A line that follows from the one before it.
#[derive(Debug)]
pub(in crate::store) struct Passed<'a> {
    pub(in crate::store) record: LineV1,
    /// The line without its line break.
    pub(in crate::store) bytes: &'a [u8],
    pub(in crate::store) position: LogPosition,
    /// Where the chain stands with it.
    pub(in crate::store) head: ChainHead,
    file: &'a Path,
}

impl Passed<'_> {
    /// What is wrong with what the line says.
    pub(in crate::store) fn bad(&self, reason: Reason) -> StoreError {
        match reason {
            Reason::Store(error) => error,
            Reason::Unreadable(why) => bad(self.file, self.position, self.head, why.to_string()),
        }
    }
}

fn bad(file: &Path, position: LogPosition, head: ChainHead, why: String) -> StoreError {
    let why = format!("at byte {}, commit {}: {why}", position.offset, head.seq);
    StoreError::Damaged { file: file.to_owned(), line: 0, why }
}

/// Takes a line and tells whether to go on.
pub(in crate::store) type Visit<'a> = &'a mut dyn FnMut(&Passed<'_>) -> Result<bool, StoreError>;

/// Visits every line from `from` that follows where the chain stands at `standing`, up to the end
/// of the last segment that is there. Where the chain stands with the last one is returned.
pub(in crate::store) fn each(
    ledger: &Path,
    from: LogPosition,
    head: ChainHead,
    visit: Visit<'_>,
) -> Result<ChainHead, StoreError> {
    let (segments, _) = segment::list(ledger)?;
    let (mut head, mut more) = (head, true);
    for segment in segments.into_iter().filter(|number| *number >= from.segment) {
        let offset = if segment == from.segment { from.offset } else { 0 };
        let (path, position) = (segment::path(ledger, segment), LogPosition { segment, offset });
        head = each_in(&path, position, head, &mut |passed| {
            more = visit(passed)?;
            Ok(more)
        })?;
        if !more {
            break;
        }
    }
    Ok(head)
}

/// The same for one file, which is, or will be, the segment of `from`.
pub(in crate::store) fn each_in(
    file: &Path,
    from: LogPosition,
    head: ChainHead,
    visit: Visit<'_>,
) -> Result<ChainHead, StoreError> {
    let mut head = head;
    segment::read_lines(file, from.offset, &mut |raw| {
        let Some(next) = line::follows(raw.bytes, head).filter(|_| raw.ended) else {
            return Ok(true);
        };
        let position = LogPosition { segment: from.segment, offset: raw.offset };
        let record = line::parse(raw.bytes).map_err(|why| bad(file, position, next, why))?;
        let passed = Passed { record, bytes: raw.bytes, position, head: next, file };
        let more = visit(&passed)?;
        if more {
            head = next;
        }
        Ok(more)
    })?;
    Ok(head)
}

/// What lines change in the index, gathered one after the other and applied in one step.
pub(in crate::store) struct Gathered<'a> {
    index: &'a Index,
    head: ChainHead,
    last_run: u64,
    edits: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl<'a> Gathered<'a> {
    /// Nothing yet.
    pub(in crate::store) fn new(index: &'a Index) -> Gathered<'a> {
        let meta = index.meta();
        Gathered { index, head: meta.head, last_run: meta.last_run, edits: BTreeMap::new() }
    }

    /// Adds a line, with which the index will be current up to `head`.
    pub(in crate::store) fn add(
        &mut self,
        line: &LineV1,
        place: &PlaceV1,
        head: ChainHead,
    ) -> Result<(), Reason> {
        let get = |key: &[u8]| match self.edits.get(key) {
            Some(edited) => Ok(edited.clone()),
            None => self.index.get(key),
        };
        let edits = records::line(line, place, &get)?;
        self.edits.extend(edits);
        self.head = head;
        self.last_run = quiet::run_numbers(line).fold(self.last_run, u64::max);
        Ok(())
    }

    /// Applies what was gathered, whole or not at all.
    pub(in crate::store) fn apply(&mut self) -> Result<(), StoreError> {
        let edits = std::mem::take(&mut self.edits);
        self.index.apply(self.head, self.last_run, edits.into_iter().collect())
    }
}

/// Applies one line, with which the index is current up to `head`.
pub(in crate::store) fn apply(
    index: &Index,
    line: &LineV1,
    place: &PlaceV1,
    head: ChainHead,
) -> Result<(), Reason> {
    let mut gathered = Gathered::new(index);
    gathered.add(line, place, head)?;
    Ok(gathered.apply()?)
}

/// Applies every line from `from` that follows from what the index holds, and returns how many
/// there were.
pub(in crate::store) fn from(
    ledger: &Path,
    index: &Index,
    from: LogPosition,
) -> Result<u64, StoreError> {
    let (mut count, mut gathered) = (0, Gathered::new(index));
    each(ledger, from, index.meta().head, &mut |passed| {
        let place = segment::place(passed.position, passed.bytes);
        gathered.add(&passed.record, &place, passed.head).map_err(|why| passed.bad(why))?;
        count += 1;
        if gathered.edits.len() >= STEP {
            gathered.apply()?;
        }
        Ok(true)
    })?;
    if !gathered.edits.is_empty() {
        gathered.apply()?;
    }
    Ok(count)
}
