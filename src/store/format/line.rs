//! One line of a ledger or base, and the checksum that it begins with.
//!
//! ```text
//! {"sum":"<32 digits>","seq":12,"stable":11,…}
//!         ^ 8         ^ 40
//! ```
//!
//! The sum is that of the previous line's sum (as text) and of this line from byte 40 to before
//! the line break. So every line is plain JSON, and the lines of a file form a chain: none can be
//! altered, left out or moved without breaking it.
//!
//! What stands in a line beyond the sum, the sequence and the stable sequence is not known here.

use serde::{Deserialize, Serialize};
use serde_json::error::Category;

use super::chain::{ChainHash, ChainHead};
use crate::store::error::StoreError;

/// What every line begins with.
pub(in crate::store) const HEAD: &[u8] = br#"{"sum":""#;
const SUM_AT: usize = HEAD.len();
const REST_AT: usize = SUM_AT + ChainHash::TEXT;

/// What a line says of itself, true or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Stated {
    pub(in crate::store) hash: ChainHash,
    pub(in crate::store) seq: u64,
    pub(in crate::store) stable: u64,
}

/// Writes a line, with its line break. `record` has the previous sum's text in its first field,
/// `sum`, where the line's own takes its place.
pub(in crate::store) fn seal<T: Serialize>(
    record: &T,
    before: ChainHash,
) -> Result<(Vec<u8>, ChainHash), StoreError> {
    let mut line = serde_json::to_vec(record)
        .map_err(|error| StoreError::Unstorable(format!("cannot be written as JSON: {error}")))?;
    if !line.starts_with(HEAD) || line.get(SUM_AT..REST_AT) != Some(before.to_string().as_bytes()) {
        return Err(StoreError::Unstorable("a line does not begin with its checksum".to_owned()));
    }
    let hash = ChainHash::of(&[&line[SUM_AT..]]);
    line[SUM_AT..REST_AT].copy_from_slice(hash.to_string().as_bytes());
    line.push(b'\n');
    Ok((line, hash))
}

/// The sum of a line without its line break, if it is the one that belongs after `before`.
pub(in crate::store) fn verify(line: &[u8], before: ChainHash) -> Option<ChainHash> {
    let stated = stated_sum(line)?;
    let hash = ChainHash::of(&[before.to_string().as_bytes(), &line[REST_AT..]]);
    (hash == stated).then_some(hash)
}

/// The sum that a line says it has.
pub(in crate::store) fn stated_sum(line: &[u8]) -> Option<ChainHash> {
    if !line.starts_with(HEAD) {
        return None;
    }
    ChainHash::parse(line.get(SUM_AT..REST_AT)?)
}

/// What stands in a line behind the sum and its quote and comma.
pub(in crate::store) fn rest(line: &[u8]) -> &[u8] {
    line.get(REST_AT + 2..).unwrap_or_default()
}

/// What a line of a ledger says of itself.
pub(in crate::store) fn stated(line: &[u8]) -> Option<Stated> {
    let hash = stated_sum(line)?;
    let (seq, after) = number(rest(line).strip_prefix(br#""seq":"#)?)?;
    let (stable, _) = number(after.strip_prefix(br#","stable":"#)?)?;
    Some(Stated { hash, seq, stable })
}

/// The moment that a line of a ledger says it is of, as text.
pub(in crate::store) fn stated_moment(line: &[u8]) -> Option<&str> {
    let (_, after) = number(rest(line).strip_prefix(br#""seq":"#)?)?;
    let (_, after) = number(after.strip_prefix(br#","stable":"#)?)?;
    let text = after.strip_prefix(br#","at":""#)?;
    str::from_utf8(&text[..text.iter().position(|byte| *byte == b'"')?]).ok()
}

/// Whether a line is the one that belongs after the one where a chain stands; if so, where the
/// chain stands with it.
pub(in crate::store) fn follows(line: &[u8], before: ChainHead) -> Option<ChainHead> {
    let stated = stated(line)?;
    if stated.seq != before.seq.checked_add(1)? {
        return None;
    }
    Some(ChainHead { seq: stated.seq, hash: verify(line, before.hash)? })
}

/// The same where only the sum of the line before is known, and not its sequence.
pub(in crate::store) fn follows_hash(line: &[u8], before: ChainHash) -> Option<ChainHead> {
    let stated = stated(line)?;
    Some(ChainHead { seq: stated.seq, hash: verify(line, before)? })
}

/// What is wrong with a line that does not follow.
pub(in crate::store) fn complaint(line: &[u8], before: ChainHead) -> String {
    match stated(line) {
        None => "it is not a line of a ledger".to_owned(),
        Some(stated) if Some(stated.seq) != before.seq.checked_add(1) => {
            format!("it has sequence {} and follows {}", stated.seq, before.seq)
        }
        Some(_) => "its checksum does not match its content and the line before it".to_owned(),
    }
}

/// Whether a write that was cut short leaves a line like this: its end is missing, or there are zeros
/// where blocks never came to the disk. No whole line has a zero, and one whose line break alone is
/// damaged was whole.
pub(in crate::store) fn is_torn(line: &[u8], ended: bool, before: ChainHead) -> bool {
    match line.split_last() {
        Some((_, whole)) if !ended => follows(whole, before).is_none(),
        _ => line.contains(&0),
    }
}

/// The line with the checksum that its content has after `before`.
pub(in crate::store) fn with_sum_of_content(line: &[u8], before: ChainHash) -> Option<Vec<u8>> {
    let content = line.get(REST_AT..)?;
    let hash = ChainHash::of(&[before.to_string().as_bytes(), content]).to_string();
    Some([HEAD, hash.as_bytes(), content].concat())
}

/// Finds the one bit of a line that, flipped, makes its checksum hold after `before`, and flips it.
/// That takes time with the square of the line's length.
pub(in crate::store) fn flipped_bit(line: &mut [u8], before: ChainHash) -> bool {
    let before = before.to_string();
    let Some(content) = line.get(REST_AT..) else { return false };
    let actual = ChainHash::of(&[before.as_bytes(), content]);
    // Before the content: the checksum is known, and so is what stands in front of it.
    for at in 0..REST_AT {
        for bit in 0..8 {
            line[at] ^= 1 << bit;
            if stated_sum(line) == Some(actual) {
                return true;
            }
            line[at] ^= 1 << bit;
        }
    }
    let Some(stated) = stated_sum(line) else { return false };
    let mut prefix = ChainHash::begin(before.as_bytes());
    for at in REST_AT..line.len() {
        for bit in 0..8 {
            let tried = line[at] ^ (1 << bit);
            // A line has no line break in it.
            if tried != b'\n' && prefix.finished_with(&[&[tried], &line[at + 1..]]) == stated {
                line[at] = tried;
                return true;
            }
        }
        prefix.add(&line[at..=at]);
    }
    false
}

/// Reads a line that was verified.
pub(in crate::store) fn parse<'a, T: Deserialize<'a>>(line: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(line).map_err(|error| why_unread(&error))
}

/// Why JSON of the store cannot be read, in words for a person: what a parser would have liked to see, and
/// in which column, is for nobody to mend.
pub(in crate::store) fn why_unread(error: &serde_json::Error) -> String {
    let told = error.to_string();
    let what = told.split(", expected").next().and_then(|told| told.split(" at line ").next());
    match error.classify() {
        Category::Data => {
            format!("it says what this program does not know: {}", what.unwrap_or_default())
        }
        Category::Eof => "it is cut off".to_owned(),
        Category::Io | Category::Syntax => "it is not JSON".to_owned(),
    }
}

fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let digits = text.iter().take_while(|c| c.is_ascii_digit()).count();
    let (number, rest) = text.split_at(digits);
    Some((str::from_utf8(number).ok()?.parse().ok()?, rest))
}

#[cfg(test)]
mod tests;
