//! A backup: one file with all that is true of a store, history included, taken while it is in use.
//!
//! ```text
//! {"backup":{"format":1,"version":"0.1.0","at":…,"commits":N,"sum":…,"store":{…}}}   store.json
//! {"file":"000000000004.base.jsonl","bytes":12345}
//! …so many bytes of that file, as they are
//! {"file":"000000000004.jsonl","bytes":678}
//! …
//! {"end":{"sha256":…}}                       of every byte before this line
//! ```
//!
//! The lines of the ledger are copied as they are, up to a commit that was acknowledged when the
//! backup began, so that their chain still holds; it is followed before anything is sent. Each line
//! of the file is JSON. The index is not in it: it is built from the ledger.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::store::core::Core;
use crate::store::error::{Doing, StoreError};
use crate::store::format::{convert, line};
use crate::store::log::replay;
use crate::store::log::segment::{self, LogPosition};
use crate::store::read::present;

/// The format of the file.
pub(in crate::store) const FORMAT: u64 = 1;

/// How many bytes are read at a time. Written as JSON, a piece of them stays below the limit of a
/// request to the daemon.
const PIECE: usize = 128 << 10;

/// Stored state: the first line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct HeadLineV1 {
    pub(in crate::store) backup: HeadV1,
}

/// Stored state: what a backup is of.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct HeadV1 {
    pub(in crate::store) format: u64,
    /// The program that made it.
    pub(in crate::store) version: String,
    pub(in crate::store) at: String,
    /// The number of the last commit in it, and its checksum, which stands for all before it.
    pub(in crate::store) commits: u64,
    pub(in crate::store) sum: String,
    /// The content of `store.json`.
    pub(in crate::store) store: serde_json::Value,
}

/// Stored state: what stands before the bytes of a file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct FileLineV1 {
    pub(in crate::store) file: String,
    pub(in crate::store) bytes: u64,
}

/// Stored state: the last line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct EndLineV1 {
    pub(in crate::store) end: EndV1,
}

/// Stored state: what the whole file comes to.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct EndV1 {
    pub(in crate::store) sha256: String,
}

enum Part {
    Line(String),
    File { path: PathBuf, file: File, left: u64 },
    End,
}

/// A backup on its way out, piece by piece.
pub struct Backup {
    /// When it was begun.
    pub at: DateTime<Utc>,
    /// The number of the last commit in it.
    pub commits: u64,
    /// How many contract records it holds.
    pub contracts: u64,
    parts: VecDeque<Part>,
    hash: Sha256,
    /// The beginning of a character whose end is in the next piece.
    cut: Vec<u8>,
}

/// Begins a backup of what is stored now.
pub(in crate::store) fn begin(core: &Core, now: DateTime<Utc>) -> Result<Backup, StoreError> {
    // As long as this is held no file of the ledger goes; open ones are read to their end.
    let past = core.past();
    let ledger = &core.ledger_dir;
    let (head, contracts) = (present::head(core), present::all_contracts(core)?.len() as u64);
    let mut end = LogPosition { segment: past.start.segment, offset: 0 };
    let reached = replay::each(ledger, end, past.start.head, &mut |passed| {
        let before = passed.head.seq <= head.seq;
        if before {
            let offset = passed.position.offset + passed.bytes.len() as u64 + 1;
            end = LogPosition { segment: passed.position.segment, offset };
        }
        Ok(before)
    })?;
    if reached.seq != head.seq || reached.hash.to_string() != head.sum {
        return Err(present::ends_early(ledger, reached.seq, head.seq));
    }
    let identity = ledger.with_file_name("store.json");
    let store = fs::read(&identity).doing("read", &identity)?;
    let store = serde_json::from_slice(&store).map_err(|error| StoreError::Damaged {
        file: identity,
        line: 1,
        why: line::why_unread(&error),
    })?;
    let head_line = HeadLineV1 {
        backup: HeadV1 {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            at: convert::moment_text(now),
            commits: head.seq,
            sum: head.sum,
            store,
        },
    };
    let mut parts = VecDeque::from([Part::Line(text_of(&head_line)?)]);
    if let Some(base) = &past.base {
        add(&mut parts, &base.path, None)?;
    }
    for number in segment::list(ledger)?.0 {
        if (past.start.segment..=end.segment).contains(&number) {
            let cut = (number == end.segment).then_some(end.offset);
            add(&mut parts, &segment::path(ledger, number), cut)?;
        }
    }
    parts.push_back(Part::End);
    let (hash, cut) = (Sha256::new(), Vec::new());
    Ok(Backup { at: now, commits: head.seq, contracts, parts, hash, cut })
}

fn add(parts: &mut VecDeque<Part>, path: &Path, cut: Option<u64>) -> Result<(), StoreError> {
    let file = File::open(path).doing("open", path)?;
    let left = match cut {
        Some(cut) => cut,
        None => file.metadata().doing("read the size of", path)?.len(),
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    parts.push_back(Part::Line(text_of(&FileLineV1 { file: name, bytes: left })?));
    parts.push_back(Part::File { path: path.to_owned(), file, left });
    Ok(())
}

fn text_of(line: &impl Serialize) -> Result<String, StoreError> {
    let text = serde_json::to_string(line).map_err(|e| StoreError::Unstorable(e.to_string()))?;
    Ok(text + "\n")
}

/// What a hash comes to, in hexadecimal digits.
pub(in crate::store) fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Backup {
    /// The next piece of the file; none after the last.
    pub fn piece(&mut self) -> Result<Option<String>, StoreError> {
        loop {
            let bytes = match self.parts.front_mut() {
                None => return Ok(None),
                Some(Part::Line(text)) => std::mem::take(text).into_bytes(),
                Some(Part::End) => {
                    let sha256 = hex(self.hash.clone());
                    text_of(&EndLineV1 { end: EndV1 { sha256 } })?.into_bytes()
                }
                Some(Part::File { path, file, left }) => {
                    let most = PIECE.min(usize::try_from(*left).unwrap_or(PIECE));
                    let mut bytes = vec![0; most];
                    file.read_exact(&mut bytes).doing("read", path)?;
                    *left -= bytes.len() as u64;
                    bytes
                }
            };
            if !matches!(self.parts.front(), Some(Part::File { left: 1.., .. })) {
                self.parts.pop_front();
            }
            self.hash.update(&bytes);
            self.cut.extend(bytes);
            let whole = match std::str::from_utf8(&self.cut) {
                Ok(text) => text.len(),
                Err(error) => error.valid_up_to(),
            };
            if whole > 0 {
                let rest = self.cut.split_off(whole);
                let piece = std::mem::replace(&mut self.cut, rest);
                return Ok(Some(String::from_utf8_lossy(&piece).into_owned()));
            }
        }
    }
}
