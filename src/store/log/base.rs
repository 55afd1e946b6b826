//! A base: the whole state at one commit, in the form of ledger lines, from which the ledger can
//! go on. A backup has the same form.
//!
//! ```text
//! {"sum":…,"base":{"format":1,"store":…,"seq":N,"chain":…,"segment":4,"last_run":…,"at":…}}
//! {"sum":…,"contract":{…}}     one line each, chained like the lines of the ledger
//! {"sum":…,"client":{…}}
//! {"sum":…,"mark":{…}}
//! {"sum":…,"memo":{…}}
//! {"sum":…,"run":{…},"seq":…}
//! {"sum":…,"end":{"records":…,"digest":…}}
//! ```
//!
//! `chain` is the checksum of commit N, so the chain goes on behind the base. `at` is the moment
//! from which on it is known that this was the state: when the base was written from the index, or,
//! where it takes the place of pruned lines, the latest moment that any of them had. The digest is
//! that of the index records that come of the lines. History is not in a base, and a base from
//! before there were item flags, held changes or pauses has none.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::segment;
use super::survey::Start;
use crate::store::error::{Doing, StoreError};
use crate::store::files;
use crate::store::format::chain::{ChainHash, ChainHead};
use crate::store::format::identity::FORMAT;
use crate::store::format::v1::{ClientStateV1, ContractV1, MarkV1, MemoV1, RunEntryV1, RunV1};
use crate::store::format::{codec, convert, keys, line};
use crate::store::index::digest::Tally;
use crate::store::index::records::{self, Reason};
use crate::store::index::{Edit, Index, StateReader, pieces};

/// How many records are loaded into the index in one step.
const STEP: usize = 2_000;

/// Stored state: the first line of a base.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadLineV1 {
    sum: String,
    base: HeadV1,
}

/// Stored state: what a base is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadV1 {
    format: u64,
    store: String,
    seq: u64,
    chain: String,
    segment: u64,
    last_run: u64,
    at: String,
}

/// Stored state: a contract in a base.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ContractLineV1 {
    sum: String,
    contract: ContractV1,
}

/// Stored state: a client in a base.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientLineV1 {
    sum: String,
    client: ClientStateV1,
}

/// Stored state: item flags in a base.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MarkLineV1 {
    sum: String,
    mark: MarkV1,
}

/// Stored state: held changes or a pause in a base.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MemoLineV1 {
    sum: String,
    memo: MemoV1,
}

/// Stored state: a run in a base, without its rejects.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RunLineV1 {
    sum: String,
    run: RunV1,
    seq: u64,
}

/// Stored state: the last line of a base.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EndLineV1 {
    sum: String,
    end: EndV1,
}

/// Stored state: what a base holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EndV1 {
    records: u64,
    digest: String,
}

/// A base that was read through once and is whole.
#[derive(Debug, Clone)]
pub(in crate::store) struct Base {
    pub(in crate::store) path: PathBuf,
    /// The store that it says it is of.
    pub(in crate::store) store: String,
    /// Where the ledger goes on.
    pub(in crate::store) start: Start,
    /// The number of the last run up to there.
    pub(in crate::store) last_run: u64,
    /// From which moment on it is known that this was the state.
    pub(in crate::store) since: DateTime<Utc>,
}

/// The newest base that is whole, and what is wrong with newer ones.
pub(in crate::store) fn newest(
    ledger: &Path,
) -> Result<(Option<Base>, Vec<StoreError>), StoreError> {
    let (_, numbers) = segment::list(ledger)?;
    let mut bad = Vec::new();
    for number in numbers.into_iter().rev() {
        match read(&segment::base_path(ledger, number), number, None) {
            Ok(base) => return Ok((Some(base), bad)),
            Err(error @ (StoreError::Io { .. } | StoreError::Newer { .. })) => return Err(error),
            Err(error) => bad.push(error),
        }
    }
    Ok((None, bad))
}

/// The base before the segment with this number.
pub(in crate::store) fn at(ledger: &Path, number: u64) -> Result<Base, StoreError> {
    read(&segment::base_path(ledger, number), number, None)
}

/// Puts what a base holds into an empty index.
pub(in crate::store) fn load(base: &Base, index: &Index) -> Result<(), StoreError> {
    let mut waiting = Vec::new();
    let mut each = |edits: &[Edit]| {
        waiting.extend_from_slice(edits);
        // Until the last step the index says that it is before the first line.
        match waiting.len() < STEP {
            true => Ok(()),
            false => index.apply(ChainHead::START, 0, std::mem::take(&mut waiting)),
        }
    };
    each_step(base, &mut each)?;
    index.apply(base.start.head, base.last_run, waiting)
}

/// Takes the index records of each line of a base in turn.
pub(in crate::store) fn each_step(base: &Base, each: Each<'_>) -> Result<(), StoreError> {
    read(&base.path, base.start.segment, Some(each)).map(|_| ())
}

/// A base that was written and read back, and has not taken its place yet.
#[derive(Debug)]
pub(in crate::store) struct CommitBuilder {
    temporary: PathBuf,
    path: PathBuf,
    number: u64,
}

impl CommitBuilder {
    /// Puts it in its place, in one step. From then on the ledger goes on from it.
    pub(in crate::store) fn publish(self) -> Result<Base, StoreError> {
        files::rename(&self.temporary, &self.path)?;
        read(&self.path, self.number, None)
    }
}

/// Writes what the index holds as the base before segment `number`, and puts it in its place.
pub(in crate::store) fn write(
    ledger: &Path,
    number: u64,
    index: &Index,
    now: DateTime<Utc>,
) -> Result<Base, StoreError> {
    draft(ledger, number, index, now)?.publish()
}

/// Writes a state, known to be right from `since` on, as what is to be the base before segment
/// `number`, and reads it back.
pub(in crate::store) fn draft(
    ledger: &Path,
    number: u64,
    state: &dyn StateReader,
    since: DateTime<Utc>,
) -> Result<CommitBuilder, StoreError> {
    let path = segment::base_path(ledger, number);
    let temporary = files::with_suffix(&path, ".new");
    files::remove_if_there(&temporary)?;
    let mut file = BufWriter::new(files::create_new(&temporary)?);
    let mut chain = ChainHash::START;
    let mut put = |seal: &dyn Fn(ChainHash) -> Result<(Vec<u8>, ChainHash), StoreError>| {
        let (line, hash) = seal(chain)?;
        chain = hash;
        file.write_all(&line).doing("write", &temporary)
    };
    let meta = state.meta();
    let base = HeadV1 {
        format: FORMAT,
        store: meta.store,
        seq: meta.head.seq,
        chain: meta.head.hash.to_string(),
        segment: number,
        last_run: meta.last_run,
        at: convert::moment_text(since),
    };
    put(&|hash| line::seal(&HeadLineV1 { sum: hash.to_string(), base: base.clone() }, hash))?;
    let mut tally = Tally::default();
    state.scan(keys::CONTRACTS, &mut |_, record| {
        let contract: ContractV1 = codec::decode(record)?;
        count(&mut tally, &understood(&path, 0, records::contract(&contract))?);
        put(&|hash| {
            line::seal(&ContractLineV1 { sum: hash.to_string(), contract: contract.clone() }, hash)
        })
    })?;
    state.scan(keys::CLIENTS, &mut |_, record| {
        let client: ClientStateV1 = codec::decode(record)?;
        count(&mut tally, &[understood(&path, 0, records::client(&client))?]);
        put(&|hash| {
            line::seal(&ClientLineV1 { sum: hash.to_string(), client: client.clone() }, hash)
        })
    })?;
    state.scan(keys::FLAGS, &mut |_, record| {
        let flags: MarkV1 = codec::decode(record)?;
        count(&mut tally, &understood(&path, 0, records::flags(&flags))?);
        put(&|hash| line::seal(&MarkLineV1 { sum: hash.to_string(), mark: flags.clone() }, hash))
    })?;
    state.scan(keys::HOLDS_AND_PAUSES, &mut |_, record| {
        let either: MemoV1 = codec::decode(record)?;
        count(&mut tally, &[understood(&path, 0, records::held_or_pause(&either))?]);
        put(&|hash| line::seal(&MemoLineV1 { sum: hash.to_string(), memo: either.clone() }, hash))
    })?;
    state.scan(keys::RUNS, &mut |_, record| {
        let RunEntryV1 { run, seq, place: _ } = codec::decode(record)?;
        count(&mut tally, &understood(&path, 0, records::run(&run, seq, None))?);
        put(&|hash| line::seal(&RunLineV1 { sum: hash.to_string(), run: run.clone(), seq }, hash))
    })?;
    let end = EndV1 { records: tally.records, digest: tally.text() };
    put(&|hash| line::seal(&EndLineV1 { sum: hash.to_string(), end: end.clone() }, hash))?;
    let file = file.into_inner().map_err(|error| error.into_error()).doing("write", &temporary)?;
    file.sync().doing("sync", &temporary)?;
    read(&temporary, number, Some(&mut |_| Ok(())))?;
    Ok(CommitBuilder { temporary, path, number })
}

/// Takes the index records of one line of a base.
pub(in crate::store) type Each<'a> = &'a mut dyn FnMut(&[Edit]) -> Result<(), StoreError>;

/// Reads a base through. The chain is always checked; the lines are only understood, and the
/// digest computed, where `each` takes the index records that come of them.
fn read(path: &Path, number: u64, mut each: Option<Each<'_>>) -> Result<Base, StoreError> {
    let (mut head, mut end) = (None, None);
    let (mut chain, mut tally, mut lines) = (ChainHash::START, Tally::default(), 0);
    segment::read_lines(path, 0, &mut |raw| {
        let damaged = |why: &str| damaged(path, raw.number, why);
        if end.is_some() {
            return Err(damaged("there is data after the end"));
        }
        let hash = line::verify(raw.bytes, chain).filter(|_| raw.ended);
        chain = hash.ok_or_else(|| {
            damaged("its checksum does not match its content and the line before it")
        })?;
        lines = raw.number;
        let parse = |error: String| damaged(&error);
        if head.is_none() {
            head = Some(line::parse::<HeadLineV1>(raw.bytes).map_err(parse)?.base);
        } else if line::rest(raw.bytes).starts_with(br#""end""#) {
            end = Some(line::parse::<EndLineV1>(raw.bytes).map_err(parse)?.end);
        } else if let Some(each) = &mut each {
            let edits = understood(path, raw.number, edits(raw.bytes, &damaged))?;
            count(&mut tally, &edits);
            each(&edits)?;
        }
        Ok(true)
    })?;
    let (Some(head), Some(end)) = (head, end) else {
        return Err(damaged(path, lines, "the end is missing"));
    };
    if head.format > FORMAT {
        return Err(StoreError::Newer { format: head.format });
    }
    if each.is_some() && (end.records, &end.digest) != (tally.records, &tally.text()) {
        return Err(damaged(path, lines, "the digest is not that of the records"));
    }
    let chain = ChainHash::parse(head.chain.as_bytes()).filter(|_| head.segment == number);
    let hash = chain.ok_or_else(|| damaged(path, 1, "its head is invalid"))?;
    let start = Start { segment: number, head: ChainHead { seq: head.seq, hash } };
    let since = convert::moment(&head.at).map_err(|why| damaged(path, 1, &why.to_string()))?;
    Ok(Base { path: path.to_owned(), store: head.store, start, last_run: head.last_run, since })
}

fn edits(bytes: &[u8], damaged: &dyn Fn(&str) -> StoreError) -> Result<Vec<Edit>, Reason> {
    let bad = |error: String| Reason::Store(damaged(&error));
    let rest = line::rest(bytes);
    Ok(if rest.starts_with(br#""contract""#) {
        let line: ContractLineV1 = line::parse(bytes).map_err(bad)?;
        records::contract(&line.contract)?.to_vec()
    } else if rest.starts_with(br#""client""#) {
        let line: ClientLineV1 = line::parse(bytes).map_err(bad)?;
        vec![records::client(&line.client)?]
    } else if rest.starts_with(br#""mark""#) {
        let line: MarkLineV1 = line::parse(bytes).map_err(bad)?;
        records::flags(&line.mark)?.to_vec()
    } else if rest.starts_with(br#""memo""#) {
        let line: MemoLineV1 = line::parse(bytes).map_err(bad)?;
        vec![records::held_or_pause(&line.memo)?]
    } else {
        let line: RunLineV1 = line::parse(bytes).map_err(bad)?;
        records::run(&line.run, line.seq, None)?.to_vec()
    })
}

fn understood<T>(path: &Path, line: u64, result: Result<T, Reason>) -> Result<T, StoreError> {
    result.map_err(|reason| match reason {
        Reason::Store(error) => error,
        Reason::Unreadable(why) => damaged(path, line, &why.to_string()),
    })
}

fn count(tally: &mut Tally, edits: &[Edit]) {
    for (key, record) in edits {
        for (key, piece) in record.iter().flat_map(|record| pieces::cut(key, record)) {
            tally.add(&key, piece);
        }
    }
}

fn damaged(path: &Path, line: u64, why: &str) -> StoreError {
    StoreError::Damaged { file: path.to_owned(), line, why: why.to_owned() }
}

#[cfg(test)]
mod tests;
