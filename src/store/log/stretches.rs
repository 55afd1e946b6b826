//! The lines of damaged segments: stretches that each follow unbroken, with gaps between them.
//!
//! A line is good where its checksum follows from the one that the line before it states, whether or
//! not that line is good itself. So one damaged line is a gap of one commit, if its own checksum can
//! still be read, and of two if not: the line after it then cannot be confirmed.

use std::fmt;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use super::base;
use super::segment::{self, LogPosition};
use crate::store::error::StoreError;
use crate::store::format::chain::ChainHead;
use crate::store::format::line;
use crate::store::format::v1::LineV1;

/// Commits that cannot be read any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The sequences that are missing: from the first to the last.
    pub commits: RangeInclusive<u64>,
    /// The file in which the first of them stood.
    pub file: PathBuf,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = (self.commits.start(), self.commits.end());
        let file = self.file.display();
        match first == last {
            true => write!(f, "commit {first} cannot be read, which stood in {file}"),
            false => write!(f, "commits {first} to {last} cannot be read, which stood in {file}"),
        }
    }
}

/// A good line.
#[derive(Debug)]
pub(in crate::store) struct Good<'a> {
    pub(in crate::store) record: LineV1,
    /// The line without its line break.
    pub(in crate::store) bytes: &'a [u8],
    pub(in crate::store) position: LogPosition,
    pub(in crate::store) head: ChainHead,
}

/// A segment, and where the chain stands before it where a base says so.
pub(in crate::store) type Anchored = (u64, Option<ChainHead>);

/// The segments of these numbers, each with what the base before it says.
pub(in crate::store) fn anchored(
    ledger: &Path,
    segments: impl Iterator<Item = u64>,
) -> Vec<Anchored> {
    // A base that cannot be read says nothing.
    let anchor = |number| base::at(ledger, number).ok().map(|base| base.start.head);
    segments.map(|number| (number, anchor(number))).collect()
}

/// Visits the good lines of these segments, in order, of a ledger that begins at `head`; gives where
/// the last of them stands, and the gaps before it.
pub(in crate::store) fn each(
    ledger: &Path,
    segments: &[Anchored],
    head: ChainHead,
    visit: &mut dyn FnMut(&Good<'_>) -> Result<(), StoreError>,
) -> Result<(ChainHead, Vec<Gap>), StoreError> {
    let (mut last, mut gaps) = (head, Vec::new());
    // The checksum that the line before states, true or not.
    let mut before = Some(head.hash);
    for (segment, anchor) in segments {
        let path = segment::path(ledger, *segment);
        before = anchor.map(|head| head.hash).or(before);
        segment::read_lines(&path, 0, &mut |raw| {
            let position = LogPosition { segment: *segment, offset: raw.offset };
            let follows = before
                .filter(|_| raw.ended)
                .and_then(|before| line::follows_hash(raw.bytes, before));
            let record = follows.and_then(|head| Some((head, line::parse(raw.bytes).ok()?)));
            before = line::stated_sum(raw.bytes);
            let Some((head, record)) = record.filter(|(head, _)| head.seq > last.seq) else {
                return Ok(true);
            };
            if head.seq > last.seq + 1 {
                gaps.push(Gap { commits: last.seq + 1..=head.seq - 1, file: path.clone() });
            }
            last = head;
            visit(&Good { record, bytes: raw.bytes, position, head })?;
            Ok(true)
        })?;
    }
    Ok((last, gaps))
}
