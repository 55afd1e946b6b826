//! Damage that is undone exactly: what is written is what was there, to the bit, because the checksum
//! of each line says so. Nothing is guessed: what no checksum confirms stays as it is.
//!
//! | damage | undone by |
//! |---|---|
//! | an editor or a copy made each line end in CR LF | leaving the CR out |
//! | a line is there twice, in the same words | leaving the second one out |
//! | a line break is another byte | putting it back |
//! | the checksum of a line is not the one that its content has | the line after it, which follows from the right one |
//! | one bit of a line is flipped | trying each bit |
//!
//! The damaged file stays beside the repaired one. What else there is of damage in the segment leaves
//! all of it as it was.

use std::collections::HashMap;
use std::fs;
use std::ops::Range;
use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::opening::Finding;
use crate::store::error::{Doing, StoreError};
use crate::store::files;
use crate::store::format::chain::ChainHead;
use crate::store::format::line;
use crate::store::log::survey::CorruptRecord;

/// The longest line of which each bit is tried, in bytes: half a minute at most.
const LONGEST: usize = 48 << 10;

/// A segment as it was before the damage.
#[derive(Debug)]
pub(super) struct Undone {
    file: PathBuf,
    bytes: Vec<u8>,
    /// What was wrong, in words.
    wrong: Vec<String>,
    /// Whether lines stand elsewhere now than they stood in the damaged file.
    pub(super) moves: bool,
}

/// Undoes the damage of the segment with a bad line; the lines before it end at `head`. None where some of the
/// damage cannot be undone exactly. Nothing is written.
pub(super) fn undo(bad: &CorruptRecord, head: ChainHead) -> Result<Option<Undone>, StoreError> {
    if bad.line == 0 {
        return Ok(None);
    }
    let damaged = fs::read(&bad.file).doing("read", &bad.file)?;
    let from = usize::try_from(bad.position.offset).unwrap_or(usize::MAX).min(damaged.len());
    let mut undoing = Undoing::new(&damaged[..from], head, bad.line);
    if !undoing.rest(&damaged[from..]) || undoing.wrong.is_empty() {
        return Ok(None);
    }
    let Undoing { bytes, mut wrong, returns, .. } = undoing;
    if returns > 0 {
        wrong.insert(0, format!("{returns} lines ended in CR LF"));
    }
    let moves = bytes.len() != damaged.len();
    Ok(Some(Undone { file: bad.file.clone(), bytes, wrong, moves }))
}

impl Undone {
    /// Puts the repaired segment in the place of the damaged one, which stays beside it.
    pub(super) fn write(self, now: DateTime<Utc>) -> Result<Finding, StoreError> {
        let Undone { file, bytes, wrong, .. } = self;
        let kept = files::aside(&file, "damaged", now);
        // One file under two names, until the first is replaced: a crash leaves nothing undone.
        files::link(&file, &kept)?;
        files::replace(&file, &bytes)?;
        Ok(Finding::DamageUndone { file, wrong: wrong.join(", "), kept })
    }
}

struct Undoing {
    head: ChainHead,
    /// The good lines, one after the other.
    bytes: Vec<u8>,
    /// Where each of them stands, by sequence.
    lines: HashMap<u64, Range<usize>>,
    /// The number of the line in the damaged file.
    number: u64,
    wrong: Vec<String>,
    /// How many lines ended in CR LF.
    returns: u64,
}

impl Undoing {
    fn new(good: &[u8], head: ChainHead, number: u64) -> Undoing {
        let mut lines = HashMap::new();
        let mut start = 0;
        for line in good.split_inclusive(|c| *c == b'\n') {
            if let Some(stated) = line::stated(line) {
                lines.insert(stated.seq, start..start + line.len() - 1);
            }
            start += line.len();
        }
        let (bytes, wrong) = (good.to_vec(), Vec::new());
        Undoing { head, bytes, lines, number, wrong, returns: 0 }
    }

    /// Takes the lines from the first bad one on; tells whether each is good now, but for a torn one
    /// at the end.
    fn rest(&mut self, damaged: &[u8]) -> bool {
        let mut rest = damaged;
        while !rest.is_empty() {
            let length = rest.iter().position(|c| *c == b'\n');
            let (line, after) = match length {
                Some(length) => (&rest[..length], &rest[length + 1..]),
                None => (rest, &rest[rest.len()..]),
            };
            let ended = length.is_some();
            match self.line(line, ended, after) {
                Some(taken) => rest = &rest[taken..],
                // A torn line is not for this file to judge.
                None if !ended && line::is_torn(line, ended, self.head) => {
                    self.bytes.extend_from_slice(line);
                    break;
                }
                None => return false,
            }
            self.number += 1;
        }
        if self.returns > 0 && self.wrong.is_empty() {
            self.wrong.push("the end of each line".to_owned());
        }
        true
    }

    /// Takes one line; tells how many bytes it had in the damaged file.
    fn line(&mut self, line: &[u8], ended: bool, after: &[u8]) -> Option<usize> {
        let whole = line.len() + usize::from(ended);
        let number = self.number;
        if ended && self.takes(line) {
            return Some(whole);
        }
        if let Some(without) = line.strip_suffix(b"\r")
            && ended
            && self.takes(without)
        {
            self.returns += 1;
            return Some(whole);
        }
        if ended && self.is_double(line) {
            self.wrong.push(format!("line {number} was there twice"));
            return Some(whole);
        }
        // Where the next line begins in the middle of this one, or the file ends with another byte.
        let next = (line::HEAD.len()..line.len()).find(|at| line[*at..].starts_with(line::HEAD));
        let joined = next.or_else(|| (!ended).then_some(line.len()));
        if let Some(end) = joined
            && self.takes(&line[..end - 1])
        {
            self.wrong.push(format!("the end of line {number} was no line break"));
            return Some(end);
        }
        if !ended {
            return None;
        }
        let next = after.split(|c| *c == b'\n').next().unwrap_or_default();
        if let Some(right) = with_right_sum(line, self.head, next) {
            self.wrong.push(format!("the checksum of line {number} was damaged"));
            return self.takes(&right).then_some(whole);
        }
        let right = with_one_bit(line, self.head)?;
        self.wrong.push(format!("one bit of line {number} was flipped"));
        self.takes(&right).then_some(whole)
    }

    /// Takes a line that follows.
    fn takes(&mut self, line: &[u8]) -> bool {
        let Some(head) = line::follows(line, self.head) else { return false };
        self.head = head;
        let start = self.bytes.len();
        self.lines.insert(head.seq, start..start + line.len());
        self.bytes.extend_from_slice(line);
        self.bytes.push(b'\n');
        true
    }

    fn is_double(&self, line: &[u8]) -> bool {
        let earlier = line::stated(line).and_then(|stated| self.lines.get(&stated.seq));
        earlier.is_some_and(|place| &self.bytes[place.clone()] == line)
    }
}

/// The line with the checksum that its content has, if the line after it follows from that one.
fn with_right_sum(line: &[u8], before: ChainHead, next: &[u8]) -> Option<Vec<u8>> {
    let right = line::with_sum_of_content(line, before.hash)?;
    let head = line::follows(&right, before)?;
    line::follows(next, head)?;
    Some(right)
}

/// The line with that one bit flipped with which its checksum holds.
fn with_one_bit(line: &[u8], before: ChainHead) -> Option<Vec<u8>> {
    if line.len() > LONGEST {
        return None;
    }
    let mut tried = line.to_vec();
    let found = line::flipped_bit(&mut tried, before.hash);
    (found && line::follows(&tried, before).is_some()).then_some(tried)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::store::testing::{Answers, Place, key};

    /// Damages a store's only segment and opens it, with and without its index and its record.
    fn opens_whole(what: &str, harm: &dyn Fn(&Path)) {
        for (index, record) in [(true, true), (true, false), (false, true), (false, false)] {
            let (place, answers) = Place::filled(9);
            harm(&place.segment(1));
            let damaged = fs::read(place.segment(1)).expect("read");
            if !index {
                fs::remove_dir_all(place.index()).expect("removed");
            }
            if !record {
                fs::remove_file(place.record()).expect("removed");
            }
            let (store, opening) = place.open();
            let Some(Finding::DamageUndone { wrong, kept, .. }) = opening.findings.first() else {
                panic!("{what}: {opening:?}")
            };
            assert!(wrong.contains(what), "{wrong}");
            assert_eq!(fs::read(kept).expect("kept"), damaged);
            assert!(opening.is_damage());
            assert_eq!(Answers::of(&store), answers, "{what}, index {index}, record {record}");
            assert!(store.history(key("A2")).expect("read").len() > 1);
            assert_eq!(store.check().expect("checked").faults, [""; 0]);
            drop(store);
            assert!(place.open().1.is_clean());
        }
    }

    fn text(path: &Path) -> Vec<u8> {
        fs::read(path).expect("read")
    }

    #[test]
    fn one_flipped_bit_anywhere_is_flipped_back() {
        // In the checksum, the sequence, the content, and the last line, which no other follows.
        type Spot = fn(&[u8]) -> usize;
        let spots: [Spot; 4] = [
            |text| line_start(text, 3) + 9,
            |text| line_start(text, 3) + 49,
            |text| line_start(text, 4) + 300,
            |text| line_start(text, 8) + 300,
        ];
        for spot in spots {
            opens_whole("line", &|path| {
                let mut text = text(path);
                let at = spot(&text);
                text[at] ^= 4;
                fs::write(path, text).expect("written");
            });
        }
    }

    fn line_start(text: &[u8], number: usize) -> usize {
        text.split_inclusive(|c| *c == b'\n').take(number).map(<[u8]>::len).sum()
    }

    #[test]
    fn a_checksum_that_is_gone_comes_back_from_the_next_line() {
        opens_whole("the checksum of line 4", &|path| {
            let mut text = text(path);
            let at = line_start(&text, 3) + line::HEAD.len();
            text[at..at + 32].fill(b'f');
            fs::write(path, text).expect("written");
        });
    }

    #[test]
    fn doubled_lines_are_left_out() {
        opens_whole("line 5 was there twice", &|path| {
            let text = text(path);
            let (start, end) = (line_start(&text, 3), line_start(&text, 4));
            fs::write(path, [&text[..end], &text[start..]].concat()).expect("written");
        });
        opens_whole("line 10 was there twice", &|path| {
            let text = text(path);
            let start = line_start(&text, 8);
            fs::write(path, [&text[..], &text[start..]].concat()).expect("written");
        });
    }

    #[test]
    fn a_line_break_that_is_another_byte_comes_back() {
        for line in [4, 9] {
            opens_whole("was no line break", &|path| {
                let mut text = text(path);
                let at = line_start(&text, line) - 1;
                text[at] ^= 1;
                fs::write(path, text).expect("written");
            });
        }
    }

    #[test]
    fn the_line_ends_of_another_system_are_put_right() {
        opens_whole("9 lines ended in CR LF", &|path| {
            let text = String::from_utf8(text(path)).expect("text");
            fs::write(path, text.replace('\n', "\r\n")).expect("written");
        });
    }

    #[test]
    fn what_cannot_be_undone_exactly_is_left_as_it_is() {
        let (place, _) = Place::filled(9);
        let mut text = text(&place.segment(1));
        let at = line_start(&text, 3) + 300;
        text[at..at + 2].copy_from_slice(b"##");
        fs::write(place.segment(1), &text).expect("written");
        fs::remove_dir_all(place.index()).expect("removed");
        place.try_open().expect_err("two bytes");
        assert_eq!(fs::read(place.segment(1)).expect("read"), text);
    }
}
