//! Reading the whole ledger and seeing how it stands, without changing anything and without
//! understanding its lines: the chain is enough.
//!
//! Two witnesses take part. The index says up to which line it is current and what that line's
//! checksum was, so lines behind a damaged one can still be recognised as those that follow what the
//! index holds. The head record says how far the ledger was once.

use std::path::{Path, PathBuf};

use super::segment::{self, LogPosition, RawLine};
use crate::store::error::StoreError;
use crate::store::format::chain::ChainHead;
use crate::store::format::line;

/// The first line that does not follow from the one before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct CorruptRecord {
    pub(in crate::store) file: PathBuf,
    pub(in crate::store) position: LogPosition,
    /// Its number in the file, from 1; 0 where the whole file is missing.
    pub(in crate::store) line: u64,
    /// Whether a write that was cut short looks like this: the end of the line is missing, or there
    /// are zeros in it, which no line has. All else is damage of a line that was once whole.
    pub(in crate::store) torn: bool,
    pub(in crate::store) why: String,
}

/// What is known of the ledger besides its lines.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::store) struct Witnesses {
    /// Up to where the index is current.
    pub(in crate::store) index: Option<ChainHead>,
    /// Where the head record says that the ledger was.
    pub(in crate::store) record: Option<ChainHead>,
}

/// How the head record stands to the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum RecordState {
    /// There is none that could be used.
    Nothing,
    /// The commit that it names is in the ledger, or before its beginning.
    Follows,
    /// The commit that it names is not reached by the lines that follow unbroken.
    Beyond,
    /// The ledger has that commit with another checksum: one of the two is of another history.
    Other,
}

/// How the index stands to the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum IndexState {
    /// There is none that could be used.
    Nothing,
    /// It ends before the ledger begins, so the lines between are missing.
    TooOld,
    /// It is of another history.
    Other,
    /// It holds what the ledger says, or what the ledger has lost.
    Follows {
        /// The last line that follows unbroken from what it holds; the index's own end if none.
        reach: ChainHead,
        /// Where the first line stands that it does not hold yet.
        next: Option<LogPosition>,
    },
}

/// How the ledger stands.
#[derive(Debug)]
pub(in crate::store) struct Survey {
    /// The last line that follows unbroken from the start.
    pub(in crate::store) end: ChainHead,
    /// Where the line after it belongs.
    pub(in crate::store) end_position: LogPosition,
    /// Where the lines begin that were written together with the last one.
    pub(in crate::store) group: LogPosition,
    /// The first line that is not as it should be.
    pub(in crate::store) bad: Option<CorruptRecord>,
    /// The last sequence of which some line says that it was once on the disk.
    pub(in crate::store) proven: u64,
    /// The index.
    pub(in crate::store) index: IndexState,
    /// The head record.
    pub(in crate::store) record: RecordState,
    /// The number of the last segment that is there.
    pub(in crate::store) last_segment: u64,
    /// How many lines follow unbroken.
    pub(in crate::store) lines: u64,
    /// How many bytes were read.
    pub(in crate::store) bytes: u64,
}

/// Where a ledger begins: at its first line, or behind a base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Start {
    pub(in crate::store) segment: u64,
    pub(in crate::store) head: ChainHead,
}

impl Start {
    /// The beginning of a ledger without a base.
    pub(in crate::store) const FIRST: Start = Start { segment: 1, head: ChainHead::START };
}

/// Reads the ledger from `start`, up to the line with the sequence `until` if it may grow meanwhile.
pub(in crate::store) fn survey(
    dir: &Path,
    start: Start,
    witnesses: Witnesses,
    until: Option<u64>,
) -> Result<Survey, StoreError> {
    let (mut segments, _) = segment::list(dir)?;
    segments.retain(|number| *number >= start.segment);
    let mut walk = Scan::new(dir, start, witnesses);
    let mut expected = start.segment;
    for number in segments {
        if number != expected {
            walk.missing(expected);
        }
        expected = number + 1;
        walk.begin(number);
        segment::read_lines(&segment::path(dir, number), 0, &mut |raw| {
            if until == Some(walk.seen.end.seq) {
                return Ok(false);
            }
            walk.line(number, &raw);
            Ok(true)
        })?;
    }
    if let (RecordState::Beyond, Some(record)) = (walk.seen.record, witnesses.record) {
        walk.seen.proven = walk.seen.proven.max(record.seq);
    }
    Ok(walk.seen)
}

struct Scan<'a> {
    dir: &'a Path,
    witnesses: Witnesses,
    /// What the last line said was stable: lines that say the same were written together.
    stable: Option<u64>,
    seen: Survey,
}

impl<'a> Scan<'a> {
    fn new(dir: &'a Path, start: Start, witnesses: Witnesses) -> Scan<'a> {
        let Start { segment, head } = start;
        let position = LogPosition { segment, offset: 0 };
        let seen = Survey {
            end: head,
            end_position: position,
            group: position,
            bad: None,
            proven: head.seq,
            index: match witnesses.index {
                None => IndexState::Nothing,
                Some(index) if index.seq < head.seq => IndexState::TooOld,
                Some(index) if index.seq == head.seq && index.hash != head.hash => {
                    IndexState::Other
                }
                Some(index) => IndexState::Follows { reach: index, next: None },
            },
            record: match witnesses.record {
                None => RecordState::Nothing,
                Some(record) if record.seq > head.seq => RecordState::Beyond,
                Some(record) if record.seq == head.seq && record.hash != head.hash => {
                    RecordState::Other
                }
                Some(_) => RecordState::Follows,
            },
            last_segment: segment,
            lines: 0,
            bytes: 0,
        };
        Scan { dir, witnesses, stable: None, seen }
    }

    fn missing(&mut self, number: u64) {
        let position = LogPosition { segment: number, offset: 0 };
        self.bad(position, 0, false, "the file is missing".to_owned());
    }

    fn begin(&mut self, number: u64) {
        self.seen.last_segment = number;
        if self.seen.bad.is_none() {
            self.seen.end_position = LogPosition { segment: number, offset: 0 };
        }
    }

    fn bad(&mut self, position: LogPosition, line: u64, torn: bool, why: String) {
        let file = segment::path(self.dir, position.segment);
        self.seen.bad.get_or_insert(CorruptRecord { file, position, line, torn, why });
    }

    /// Compares a line that was verified with what the head record says of it.
    fn meets_record(&mut self, head: ChainHead) {
        if let Some(record) = self.witnesses.record.filter(|record| record.seq == head.seq) {
            self.seen.record = match record == head {
                true => RecordState::Follows,
                false => RecordState::Other,
            };
        }
    }

    fn line(&mut self, segment: u64, raw: &RawLine<'_>) {
        let position = LogPosition { segment, offset: raw.offset };
        let length = raw.bytes.len() as u64 + u64::from(raw.ended);
        self.seen.bytes += length;
        let stated = line::stated(raw.bytes);
        // No line can know that it is stable itself: one that says so is damaged.
        if let Some(stated) = stated.filter(|stated| stated.stable < stated.seq) {
            self.seen.proven = self.seen.proven.max(stated.stable);
        }
        let before = self.seen.end;
        let unbroken = self.seen.bad.is_none();
        let mut follows = if raw.ended { line::follows(raw.bytes, before) } else { None };
        if let Some(later) = follows.filter(|_| !unbroken) {
            // What stands between is no torn write, or this line would not be there.
            self.seen.proven = self.seen.proven.max(later.seq);
            follows = None;
        }
        self.witness(position, raw, before, follows);
        if let Some(head) = follows {
            let stable = stated.map(|stated| stated.stable);
            if self.stable != stable || position.offset == 0 {
                (self.stable, self.seen.group) = (stable, position);
            }
            self.meets_record(head);
            self.seen.end = head;
            self.seen.end_position = LogPosition { segment, offset: raw.offset + length };
            self.seen.lines += 1;
        } else if unbroken {
            let why = match raw.ended {
                true => line::complaint(raw.bytes, before),
                false => "it is cut off".to_owned(),
            };
            self.bad(position, raw.number, line::is_torn(raw.bytes, raw.ended, before), why);
        }
    }

    /// Looks at a line from where the index stands.
    fn witness(
        &mut self,
        position: LogPosition,
        raw: &RawLine<'_>,
        before: ChainHead,
        follows: Option<ChainHead>,
    ) {
        let IndexState::Follows { reach, next } = self.seen.index else { return };
        if follows.is_some_and(|line| {
            let index = self.witnesses.index;
            Some(line.seq) == index.map(|index| index.seq) && Some(line) != index
        }) {
            self.seen.index = IndexState::Other;
            return;
        }
        // Where the chain and the index agree, the line was verified already.
        let on = match follows {
            Some(line) if before == reach => Some(line),
            _ if raw.ended => line::follows(raw.bytes, reach),
            _ => None,
        };
        if let Some(on) = on {
            self.meets_record(on);
            self.seen.index = IndexState::Follows { reach: on, next: next.or(Some(position)) };
        }
    }
}
