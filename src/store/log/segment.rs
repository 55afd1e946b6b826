//! The files of the ledger by name and number, and reading them line by line.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::store::error::{Doing, StoreError};
use crate::store::format::line;
use crate::store::format::v1::{LineV1, PlaceV1};

const SUFFIX: &str = ".jsonl";
const BASE_SUFFIX: &str = ".base.jsonl";
/// How many digits a number has in a file's name.
const DIGITS: usize = 12;
/// How much is read at once.
const BUFFER: usize = 1 << 20;

/// A place between two lines of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) struct LogPosition {
    pub(in crate::store) segment: u64,
    pub(in crate::store) offset: u64,
}

/// The path of a segment.
pub(in crate::store) fn path(ledger: &Path, number: u64) -> PathBuf {
    ledger.join(format!("{number:0DIGITS$}{SUFFIX}"))
}

/// The path of the base that stands before the segment with this number.
pub(in crate::store) fn base_path(ledger: &Path, number: u64) -> PathBuf {
    ledger.join(format!("{number:0DIGITS$}{BASE_SUFFIX}"))
}

/// The path of the file that says that the base before the segment with this number was written by a
/// repair: the lines before it are history still, as far as they can be read.
pub(in crate::store) fn repair_path(ledger: &Path, number: u64) -> PathBuf {
    ledger.join(format!("{number:0DIGITS$}.repair"))
}

/// The numbers of the segments and of the bases that are there, in order.
pub(in crate::store) fn list(ledger: &Path) -> Result<(Vec<u64>, Vec<u64>), StoreError> {
    let (mut segments, mut bases) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(ledger).doing("list", ledger)? {
        let name = entry.doing("list", ledger)?.file_name();
        if let Some(number) = number(&name, BASE_SUFFIX) {
            bases.push(number);
        } else if let Some(number) = number(&name, SUFFIX) {
            segments.push(number);
        }
    }
    segments.sort_unstable();
    bases.sort_unstable();
    Ok((segments, bases))
}

/// Whether this is the name of a segment or of a base.
pub(in crate::store) fn is_name(name: &str) -> bool {
    let name = OsStr::new(name);
    number(name, BASE_SUFFIX).or_else(|| number(name, SUFFIX)).is_some()
}

fn number(name: &OsStr, suffix: &str) -> Option<u64> {
    let digits = name.to_str()?.strip_suffix(suffix)?;
    let right = digits.len() == DIGITS && digits.bytes().all(|c| c.is_ascii_digit());
    digits.parse().ok().filter(|_| right)
}

/// One line of a file as it was read.
#[derive(Debug)]
pub(in crate::store) struct RawLine<'a> {
    /// Where it begins.
    pub(in crate::store) offset: u64,
    /// Its number in what was read, from 1.
    pub(in crate::store) number: u64,
    /// Its bytes without the line break.
    pub(in crate::store) bytes: &'a [u8],
    /// Whether the line break is there.
    pub(in crate::store) ended: bool,
}

/// Reads a file from `offset` line by line; a file that is not there has no lines. `each` returns
/// whether to go on.
pub(in crate::store) fn read_lines(
    path: &Path,
    offset: u64,
    each: &mut dyn FnMut(RawLine<'_>) -> Result<bool, StoreError>,
) -> Result<(), StoreError> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        opened => opened.doing("open", path)?,
    };
    file.seek(SeekFrom::Start(offset)).doing("read", path)?;
    let mut reader = BufReader::with_capacity(BUFFER, file);
    let (mut offset, mut number, mut line) = (offset, 0, Vec::new());
    loop {
        line.clear();
        let length = reader.read_until(b'\n', &mut line).doing("read", path)? as u64;
        if length == 0 {
            return Ok(());
        }
        number += 1;
        let ended = line.last() == Some(&b'\n');
        let bytes = if ended { &line[..line.len() - 1] } else { &line[..] };
        if !each(RawLine { offset, number, bytes, ended })? {
            return Ok(());
        }
        offset += length;
    }
}

/// Where a line stands that begins at `spot`.
pub(in crate::store) fn place(position: LogPosition, line: &[u8]) -> PlaceV1 {
    PlaceV1 {
        segment: position.segment,
        offset: position.offset,
        length: line.len() as u64,
        crc: crc32fast::hash(line),
    }
}

/// Reads the one line that stands at `place`, and checks that it is the one that was written.
pub(in crate::store) fn read_at(
    ledger: &Path,
    place: &PlaceV1,
    seq: u64,
) -> Result<LineV1, StoreError> {
    let bytes = bytes_at(ledger, place, seq)?;
    let line: LineV1 = line::parse(&bytes).map_err(|why| damaged_at(ledger, place, seq, &why))?;
    if line.seq != seq {
        let why = format!("commit {} was found", line.seq);
        return Err(damaged_at(ledger, place, seq, &why));
    }
    Ok(line)
}

/// The bytes of the line at a place, which are those that were written there.
pub(in crate::store) fn bytes_at(
    ledger: &Path,
    place: &PlaceV1,
    seq: u64,
) -> Result<Vec<u8>, StoreError> {
    let path = path(ledger, place.segment);
    let mut file = File::open(&path).doing("open", &path)?;
    file.seek(SeekFrom::Start(place.offset)).doing("read", &path)?;
    let mut bytes = Vec::new();
    file.take(place.length).read_to_end(&mut bytes).doing("read", &path)?;
    if crc32fast::hash(&bytes) != place.crc {
        let why = "the line is not the one that was written";
        return Err(damaged_at(ledger, place, seq, why));
    }
    Ok(bytes)
}

/// What is wrong with the line of a commit at a place.
pub(in crate::store) fn damaged_at(
    ledger: &Path,
    place: &PlaceV1,
    seq: u64,
    why: &str,
) -> StoreError {
    let why = format!("at byte {}, commit {seq}: {why}", place.offset);
    StoreError::Damaged { file: path(ledger, place.segment), line: 0, why }
}
