//! Which commit was the last one at a moment, and which contracts left a client since: found without
//! reading more of a line than its beginning.
//!
//! The rule for moments is at the head of `read::past`: the book of a moment ends before the first commit
//! that is later. So it is enough to know, for every stretch of the ledger, the latest moment of all that
//! stands before it. The first question looks through the whole ledger once, about 64 MiB in 30 ms, and
//! what it learns is kept: some 50 bytes for each MiB. Later ones look through what was written since.

use std::path::Path;

use chrono::{DateTime, Utc};

use super::segment::{self, LogPosition};
use super::survey::Start;
use crate::model::{ClientId, ItemKey};
use crate::store::error::StoreError;
use crate::store::format::chain::{ChainHash, ChainHead};
use crate::store::format::{convert, line};
use crate::store::index::stored::live;

/// How long a stretch is at least, in bytes.
const STRETCH: u64 = 1 << 20;

/// What a line says of a contract that leaves its client, in front of that client. No text in a line has
/// these bytes, since a quote in a text is escaped.
const LEAVES: &[u8] = br#"","field":"client","from":""#;

/// What is known of the moments of a ledger that begins somewhere.
#[derive(Debug)]
pub(in crate::store) struct Moments {
    start: Start,
    marks: Vec<Mark>,
    departures: Vec<Departure>,
    /// Up to where it was looked through, and the checksum that the line before has.
    end: Mark,
    hash: ChainHash,
}

/// A place between two lines.
#[derive(Debug, Clone, Copy)]
struct Mark {
    position: LogPosition,
    /// The last commit before it.
    seq: u64,
    /// The latest moment of those between the beginning and here; none at the beginning.
    latest: Option<DateTime<Utc>>,
}

/// A contract that left a client: it was removed, or belongs to another one.
#[derive(Debug, Clone, Copy)]
struct Departure {
    seq: u64,
    client: ClientId,
    key: ItemKey,
}

impl Moments {
    /// Of a ledger that begins there, of which nothing is known yet.
    pub(in crate::store) fn new(start: Start) -> Moments {
        let position = LogPosition { segment: start.segment, offset: 0 };
        let end = Mark { position, seq: start.head.seq, latest: None };
        let hash = start.head.hash;
        Moments { start, marks: vec![end], departures: Vec::new(), end, hash }
    }

    /// Whether it is of the ledger that begins there.
    pub(in crate::store) fn is_of(&self, start: Start) -> bool {
        self.start == start
    }

    /// Looks through what was written since, up to where the chain stands at `head`.
    ///
    /// # Errors
    ///
    /// Where the lines do not lead there.
    pub(in crate::store) fn extend(
        &mut self,
        ledger: &Path,
        head: ChainHead,
    ) -> Result<(), StoreError> {
        let (segments, _) = segment::list(ledger)?;
        let from = self.end.position;
        for number in segments.into_iter().filter(|number| *number >= from.segment) {
            let offset = if number == from.segment { from.offset } else { 0 };
            segment::read_lines(&segment::path(ledger, number), offset, &mut |raw| {
                let position = LogPosition { segment: number, offset: raw.offset };
                let more = self.end.seq < head.seq;
                if more && raw.ended {
                    self.pass(raw.bytes, position)?;
                }
                Ok(more)
            })?;
        }
        match self.end.seq == head.seq && self.hash == head.hash {
            true => Ok(()),
            false => Err(StoreError::Damaged {
                file: ledger.to_owned(),
                line: 0,
                why: format!("its lines lead to commit {} and not to {}", self.end.seq, head.seq),
            }),
        }
    }

    /// Passes a line, if it is the next one.
    fn pass(&mut self, bytes: &[u8], position: LogPosition) -> Result<(), StoreError> {
        let Some(stated) = line::stated(bytes).filter(|stated| stated.seq == self.end.seq + 1)
        else {
            return Ok(());
        };
        let at = moment_of(bytes)?;
        let last = self.marks.last().map_or(position, |mark| mark.position);
        if last.segment != position.segment || position.offset - last.offset >= STRETCH {
            self.marks.push(Mark { position, ..self.end });
        }
        for found in memchr::memmem::find_iter(bytes, LEAVES) {
            let behind = &bytes[found + LEAVES.len()..];
            if let Some((key, client)) = before(&bytes[..found]).zip(quoted(behind)) {
                let client = client.parse().map_err(|_| unreadable("client", client))?;
                let (key, client) = (live(convert::key(key))?, ClientId(client));
                self.departures.push(Departure { seq: stated.seq, client, key });
            }
        }
        let offset = position.offset + bytes.len() as u64 + 1;
        let position = LogPosition { offset, ..position };
        self.end = Mark { position, seq: stated.seq, latest: self.end.latest.max(Some(at)) };
        self.hash = stated.hash;
        Ok(())
    }

    /// The last commit of the longest beginning of which none is later than the moment.
    pub(in crate::store) fn last_at(
        &self,
        ledger: &Path,
        moment: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let held = self.marks.partition_point(|mark| mark.latest.is_none_or(|at| at <= moment));
        let Some(mark) = held.checked_sub(1).and_then(|held| self.marks.get(held)) else {
            return Ok(self.start.head.seq);
        };
        let (mut seq, mut later) = (mark.seq, false);
        let until =
            self.marks.get(held).map_or(self.end.position.segment, |mark| mark.position.segment);
        for number in mark.position.segment..=until {
            let offset = if number == mark.position.segment { mark.position.offset } else { 0 };
            segment::read_lines(&segment::path(ledger, number), offset, &mut |raw| {
                let next = line::stated(raw.bytes).is_some_and(|stated| stated.seq == seq + 1);
                if next && raw.ended {
                    later = seq == self.end.seq || moment_of(raw.bytes)? > moment;
                    seq += u64::from(!later);
                }
                Ok(!later)
            })?;
            if later {
                break;
            }
        }
        Ok(seq)
    }

    /// The contracts that left a client after a commit.
    pub(in crate::store) fn departed(&self, client: ClientId, seq: u64) -> Vec<ItemKey> {
        let departed = self.departures.iter().filter(|one| one.client == client && one.seq > seq);
        departed.map(|one| one.key).collect()
    }
}

/// The moment of a line.
fn moment_of(bytes: &[u8]) -> Result<DateTime<Utc>, StoreError> {
    let text = line::stated_moment(bytes).unwrap_or_default();
    live(convert::moment(text))
}

fn unreadable(what: &str, text: &str) -> StoreError {
    StoreError::index(format!("a line of the ledger has a {what} `{text}`"))
}

/// The text that ends there.
fn before(bytes: &[u8]) -> Option<&str> {
    let start = memchr::memrchr(b'"', bytes)? + 1;
    str::from_utf8(&bytes[start..]).ok()
}

/// The text up to the next quote.
fn quoted(bytes: &[u8]) -> Option<&str> {
    str::from_utf8(&bytes[..memchr::memchr(b'"', bytes)?]).ok()
}
