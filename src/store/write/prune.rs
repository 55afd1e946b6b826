//! Pruning: old lines of the ledger give way to a base of the state that they led to.
//!
//! ```text
//!  before     1.jsonl  ████████████│░░░░░     █ older than the moment, ░ the lines that stay
//!                                  cut
//!  prepared   1.jsonl  ████████████│░░░░░     2.jsonl.new  ░░░░░     2.base.jsonl.new
//!  published  1.jsonl  ████████████│░░░░░     2.jsonl.new  ░░░░░     2.base.jsonl   ◄─ this counts
//!  switched   1.jsonl  ████████████│░░░░░     2.jsonl      ░░░░░     2.base.jsonl
//!  swept                                      2.jsonl      ░░░░░     2.base.jsonl
//! ```
//!
//! The lines that stay are copied as they are, so their chain goes on from the base, which holds
//! the checksum of the last line that goes. Before anything counts, everything is on the disk and
//! was read back: the base against its digest, the copy along the chain up to the last commit, and
//! base and copy together must come to the very state that the index holds.
//!
//! One rename, that of the base, decides. A crash before it leaves files named `.new`, which the
//! next opening removes; a crash after it, an opening that completes the rename of the copy
//! ([`finish`]). The index says with which segment the ledger begins that its places lead to; where
//! that is another one, opening builds it anew. Old files that a crash left behind go with the next
//! pruning; nothing reads them.
//!
//! Only the last segment is copied. Where the cut falls into an earlier one it moves back to that
//! segment's beginning, whole segments go, and nothing is copied: the base takes the number of the
//! first segment that stays. So a large ledger keeps up to one segment more than it must.
//!
//! Of the runs whose lines go, the newest of each client stays known, if it is the client's newest
//! of all: the board shows it. The others are dropped, as is every place of a line that goes.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::model::{ClientId, RunId};
use crate::store::core::{Core, Past};
use crate::store::error::{Doing, StoreError};
use crate::store::files;
use crate::store::format::chain::ChainHead;
use crate::store::format::v1::{PlaceV1, RunEntryV1};
use crate::store::format::{codec, convert, keys};
use crate::store::index::stored::live;
use crate::store::index::{Edit, Index, StateReader};
use crate::store::log::base::{self, Base};
use crate::store::log::ledger::Ledger;
use crate::store::log::replay;
use crate::store::log::segment::{self, LogPosition};
use crate::store::read::memory::{self, Memory};
use crate::store::read::present;

/// The end of the name of a file that does not count yet.
const NEW: &str = ".new";

/// What a pruning did, or would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pruned {
    /// How many commits are folded into a base.
    pub commits: u64,
    /// How many bytes their lines have. A base takes some of that again.
    pub bytes: u64,
    /// How many commits stay in the ledger.
    pub kept: u64,
    /// The moment that was asked for: no commit at or after it is folded.
    pub before: DateTime<Utc>,
    /// From which moment on the past is known then; none if from the first commit on.
    pub since: Option<DateTime<Utc>>,
}

/// Where the ledger is to be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Cut {
    /// Where the lines begin that stay.
    position: LogPosition,
    /// Where the chain stands with the last line that goes.
    head: ChainHead,
    told: Pruned,
}

impl Cut {
    /// Whether anything goes.
    pub(in crate::store) fn is_one(&self) -> bool {
        self.told.commits > 0
    }

    /// What to tell about it.
    pub(in crate::store) fn told(&self) -> Pruned {
        self.told
    }

    fn enter(&mut self, segment: u64) -> bool {
        let new = self.position.segment != segment;
        if new {
            self.position = LogPosition { segment, offset: 0 };
        }
        new
    }

    fn fold(&mut self, passed: &replay::Passed<'_>, at: DateTime<Utc>) {
        let length = passed.bytes.len() as u64 + 1;
        self.position.offset = passed.position.offset + length;
        self.head = passed.head;
        self.told.commits += 1;
        self.told.bytes += length;
        self.told.since = self.told.since.max(Some(at));
    }
}

/// Finds where to cut a ledger that ends at `end`.
pub(in crate::store) fn find(
    core: &Core,
    end: LogPosition,
    before: DateTime<Utc>,
) -> Result<Cut, StoreError> {
    let past = core.past();
    let head = core.index.meta().head;
    let Past { start, .. } = &*past;
    let told = Pruned { commits: 0, bytes: 0, kept: 0, before, since: past.since() };
    let position = LogPosition { segment: start.segment, offset: 0 };
    let mut cut = Cut { position, head: start.head, told };
    // The cut at the beginning of the segment that is being read.
    let (mut whole, mut younger) = (cut, false);
    replay::each(&core.ledger_dir, position, start.head, &mut |passed| {
        if cut.enter(passed.position.segment) {
            whole = cut;
        }
        let at = live(convert::moment(&passed.record.at))?;
        younger = at >= before;
        if !younger {
            cut.fold(passed, at);
        }
        Ok(!younger)
    })?;
    if !younger && cut.head != head {
        return Err(present::ends_early(&core.ledger_dir, cut.head.seq, head.seq));
    }
    if !younger {
        // The last segment may have no line yet.
        cut.position = end;
    } else if cut.position.segment < end.segment {
        cut = whole;
    }
    cut.told.kept = head.seq - cut.head.seq;
    Ok(cut)
}

/// What is ready to take the place of old lines.
#[derive(Debug)]
pub(in crate::store) struct Prepared {
    base: base::CommitBuilder,
    /// Which segment the ledger then begins with.
    begins: u64,
    /// The copy of the lines that stay; none where they stay where they are, or there are none.
    copy: Option<PathBuf>,
    /// Where the ledger then ends.
    end: LogPosition,
    cut: Cut,
}

/// Writes everything that a ledger cut there needs, and reads it back. Nothing of it counts yet.
pub(in crate::store) fn prepare(
    core: &Core,
    end: LogPosition,
    cut: &Cut,
) -> Result<Prepared, StoreError> {
    let (segments, bases) = segment::list(&core.ledger_dir)?;
    let begins = match cut.position.offset {
        0 => cut.position.segment,
        _ => segments.iter().chain(&bases).max().copied().unwrap_or_default() + 1,
    };
    write(core, end, cut, begins).inspect_err(|_| {
        // On a full disk half a copy would only make it worse; what stays is removed at a start.
        for path in [segment::path, segment::base_path].map(|path| path(&core.ledger_dir, begins)) {
            let _ = files::remove_if_there(&files::with_suffix(&path, NEW));
        }
    })
}

fn write(core: &Core, end: LogPosition, cut: &Cut, begins: u64) -> Result<Prepared, StoreError> {
    let (ledger, index, past) = (&core.ledger_dir, &core.index, core.past());
    let base_path = segment::base_path(ledger, begins);
    if base_path.exists() {
        let why = "the file cannot be read, so the history cannot be pruned: move the file \
                   elsewhere"
            .to_owned();
        return Err(StoreError::Damaged { file: base_path, line: 0, why });
    }
    let head = index.meta();
    let mut state = Memory::at_start(&head.store, &past)?;
    let first = LogPosition { segment: past.start.segment, offset: 0 };
    replay::each(ledger, first, past.start.head, &mut |passed| {
        let more = passed.head.seq <= cut.head.seq;
        if more {
            state.pass(passed)?;
        }
        Ok(more)
    })?;
    if state.meta().head != cut.head {
        return Err(present::ends_early(ledger, state.meta().head.seq, cut.head.seq));
    }
    let mut newest = Newest::new(index);
    state.keep_runs(&mut |client, run| newest.is(client, run))?;

    let moves = begins != cut.position.segment;
    let copy = (moves && cut.position < end)
        .then(|| copy(ledger, cut.position, end, begins))
        .transpose()?;
    let since = state.latest().unwrap_or(cut.told.before);
    let base = base::draft(ledger, begins, &state, since)?;

    let mut pass = |passed: &replay::Passed<'_>| state.pass(passed).map(|()| true);
    let position = LogPosition { segment: begins, offset: 0 };
    let reached = match &copy {
        Some(copy) => replay::each_in(copy, position, cut.head, &mut pass)?,
        None => replay::each(ledger, cut.position, cut.head, &mut pass)?,
    };
    if reached != head.head || memory::tally(&state)? != memory::tally(index)? {
        let why = "the pruned ledger would not match what the store holds".to_owned();
        return Err(StoreError::index(why));
    }
    let end = match moves {
        true => LogPosition { segment: begins, offset: end.offset - cut.position.offset },
        false => end,
    };
    Ok(Prepared { base, begins, copy, end, cut: *cut })
}

/// Copies the lines of a segment from `from` to `to`, as what is to be the segment `number`.
fn copy(
    ledger: &Path,
    from: LogPosition,
    to: LogPosition,
    number: u64,
) -> Result<PathBuf, StoreError> {
    let path = segment::path(ledger, from.segment);
    let copy = files::with_suffix(&segment::path(ledger, number), NEW);
    files::remove_if_there(&copy)?;
    let mut file = File::open(&path).doing("open", &path)?;
    file.seek(SeekFrom::Start(from.offset)).doing("read", &path)?;
    let lines = files::copy(&mut file.take(to.offset - from.offset), &copy)?;
    lines.sync().doing("sync", &copy)?;
    files::sync_dir(ledger)?;
    Ok(copy)
}

/// Lets the ledger begin where it was prepared to. After an error nothing may be appended any more, and
/// the ledger begins where it did: what is told as failed is not carried out by a later opening.
pub(in crate::store) fn switch(
    core: &Core,
    ledger: &mut Ledger,
    prepared: Prepared,
) -> Result<(), StoreError> {
    let (begins, moves) = (prepared.begins, prepared.begins != prepared.cut.position.segment);
    switch_to(core, ledger, prepared)
        .map_err(|error| error.taken_back("the pruning", take_back(core, begins, moves)))
}

/// Lets the ledger begin where it did.
fn take_back(core: &Core, begins: u64, moves: bool) -> Result<(), StoreError> {
    let ledger = &core.ledger_dir;
    // The base first: without it nothing else counts.
    files::remove_if_there(&segment::base_path(ledger, begins))?;
    files::sync_dir(ledger)?;
    if moves {
        files::remove_if_there(&segment::path(ledger, begins))?;
        files::sync_dir(ledger)?;
    }
    Ok(())
}

fn switch_to(core: &Core, ledger: &mut Ledger, prepared: Prepared) -> Result<(), StoreError> {
    let edits = edits(&core.index, &prepared)?;
    let Prepared { base, begins, copy, end, cut: _ } = prepared;
    let mut past = core.change_past();
    let base = base.publish()?;
    if let Some(copy) = copy {
        files::rename(&copy, &segment::path(&core.ledger_dir, begins))?;
    }
    ledger.go_on(end)?;
    core.index.settle(begins, edits)?;
    // Otherwise whatever ends the program in the next second has the index built anew.
    core.index.flush()?;
    *past = Past::new(Some(base));
    Ok(())
}

/// Removes the files that the ledger does not begin with any more.
pub(in crate::store) fn sweep(core: &Core) -> Result<(), StoreError> {
    let (ledger, begins) = (&core.ledger_dir, core.past().start.segment);
    let (segments, bases) = segment::list(ledger)?;
    let segments = segments.into_iter().map(|number| (number, segment::path(ledger, number)));
    let bases = bases.into_iter().map(|number| (number, segment::base_path(ledger, number)));
    for (number, path) in segments.chain(bases).filter(|(number, _)| *number < begins) {
        files::remove_if_there(&path)?;
        files::remove_if_there(&segment::repair_path(ledger, number))?;
    }
    files::sync_dir(ledger)
}

/// Before a ledger is read: completes a pruning that was cut short after it counted, and removes
/// what others left that did not count yet.
pub(in crate::store) fn finish(ledger: &Path, base: Option<&Base>) -> Result<(), StoreError> {
    let segment = base.map(|base| segment::path(ledger, base.start.segment));
    for entry in fs::read_dir(ledger).doing("list", ledger)? {
        let path = entry.doing("list", ledger)?.path();
        match &segment {
            Some(segment) if path == files::with_suffix(segment, NEW) && !segment.exists() => {
                files::rename(&path, segment)?;
            }
            _ if path.to_string_lossy().ends_with(NEW) => files::remove_if_there(&path)?,
            _ => {}
        }
    }
    Ok(())
}

/// What the index must be told: which places are gone, and where the others are now.
fn edits(index: &Index, prepared: &Prepared) -> Result<Vec<Edit>, StoreError> {
    let Prepared { begins, cut, .. } = prepared;
    let (from, last) = (cut.position, cut.head.seq);
    let moves = *begins != from.segment;
    let moved = |place: PlaceV1| match place.offset.checked_sub(from.offset) {
        Some(offset) if place.segment == from.segment => {
            Ok(PlaceV1 { segment: *begins, offset, ..place })
        }
        _ => Err(StoreError::index("a line to keep is in a part to remove")),
    };
    let mut edits = Vec::new();
    index.scan(keys::CHANGES, &mut |key, record| {
        if keys::last_number(key).is_none_or(|seq| seq <= last) {
            edits.push((key.to_vec(), None));
        } else if moves {
            edits.push((key.to_vec(), Some(codec::encode(&moved(codec::decode(record)?)?)?)));
        }
        Ok(())
    })?;
    let mut newest = Newest::new(index);
    index.scan(keys::RUNS, &mut |key, record| {
        let RunEntryV1 { run, seq, place } = codec::decode(record)?;
        let (client, id) = (ClientId(run.client), RunId(run.id));
        let place = match place {
            Some(place) if seq > last && moves => Some(moved(place)?),
            Some(_) if seq > last => return Ok(()),
            _ if seq <= last && !newest.is(client, id)? => {
                edits.push((key.to_vec(), None));
                edits.push((keys::run_of(client, id), None));
                return Ok(());
            }
            _ => None,
        };
        edits.push((key.to_vec(), Some(codec::encode(&RunEntryV1 { run, seq, place })?)));
        Ok(())
    })?;
    Ok(edits)
}

/// Tells which run is the newest of its client, by what the index holds now.
struct Newest<'a> {
    index: &'a Index,
    known: HashMap<ClientId, Option<u64>>,
}

impl<'a> Newest<'a> {
    fn new(index: &'a Index) -> Newest<'a> {
        Newest { index, known: HashMap::new() }
    }

    fn is(&mut self, client: ClientId, run: RunId) -> Result<bool, StoreError> {
        let newest = match self.known.get(&client) {
            Some(newest) => *newest,
            None => {
                let keys = self.index.last_keys(&keys::runs_of(client), 1)?;
                let newest = keys.first().and_then(|key| keys::last_number(key));
                self.known.insert(client, newest);
                newest
            }
        };
        Ok(newest == Some(run.0))
    }
}

#[cfg(test)]
mod tests;
