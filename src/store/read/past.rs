//! The past: what the store held after an earlier commit, or at an earlier moment.
//!
//! Commits carry the clock's time, and clocks are set. The order of the commits is what happened;
//! their times are what the clock said. So the book of a moment is that of the **longest beginning
//! of the ledger all of whose commits are at or before the moment**: it ends before the first commit
//! that is later.
//!
//! ```text
//!  commit    1      2      3      4      5          as of 10:07 is commit 3: 4 stands behind
//!  at      10:00  10:05  09:58  10:10  10:06        the first later one, and so does 5
//! ```
//!
//! - While the clock only goes forward, this is what anyone expects.
//! - After a step back (3) a commit counts from the moment of the one before it on. It can never
//!   be in the book without those that it followed.
//! - A commit of a clock that ran ahead (4) hides what came after it until that moment has come: as
//!   of 10:07, neither. The book then ends earlier than it might; it never holds what is too new.
//!   [`StateAsOf::seq`] tells where it ends.
//! - Asked twice, the answer is the same: commits to come only ever stand behind.
//!
//! Pruning cuts by the same rule, so a book of a moment that is still known does not change by it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::memory::Memory;
use crate::model::{ClientState, Contract, HeldChanges, ItemFlags, ItemKey, Pause, RunId};
use crate::store::core::{Core, Earlier, Past};
use crate::store::error::StoreError;
use crate::store::format::v1::{PlaceV1, RunEntryV1};
use crate::store::format::{codec, convert, keys};
use crate::store::index::StateReader;
use crate::store::index::records::Reason;
use crate::store::index::stored::{
    client_of, contract_of, every, flags_of, held_of, live, pause_of, stored_contract,
};
use crate::store::log::segment::{self, LogPosition};
use crate::store::log::{base, replay, stretches};
use crate::store::read::present;

/// Everything that the store held at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateAsOf {
    /// The contracts, in the order of [`all_contracts`](crate::store::Store::all_contracts).
    pub contracts: Vec<Contract>,
    /// The state of every client, by id.
    pub clients: Vec<ClientState>,
    /// The flags, by client and key.
    pub flags: Vec<ItemFlags>,
    /// The held changes, by client and run.
    pub holds: Vec<HeldChanges>,
    /// The pauses, in the order of [`pauses`](crate::store::Store::pauses).
    pub pauses: Vec<Pause>,
    /// The sequence of the last commit that is in it; 0 before the first.
    pub seq: u64,
}

/// A contract that a run wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// The contract.
    pub key: ItemKey,
    /// As it was right before the run's commit; none where there was none.
    pub before: Option<Contract>,
    /// As the run left it; none where it was removed.
    pub after: Option<Contract>,
}

/// From which moment on the past is known; none if from the first commit on.
pub(in crate::store) fn since(core: &Core) -> Option<DateTime<Utc>> {
    core.past().since()
}

/// Everything as it was at a moment, by the rule at the head of this file.
pub(in crate::store) fn state_as_of(
    core: &Core,
    moment: DateTime<Utc>,
) -> Result<StateAsOf, StoreError> {
    let past = core.past();
    if past.since().is_some_and(|since| moment < since) {
        return match &past.earlier {
            Some(earlier) => earlier_state(core, &past, earlier, moment),
            None => Err(past.unknown()),
        };
    }
    let meta = core.index.meta();
    let mut book = Memory::at_start(&meta.store, &past)?;
    let mut later = false;
    let from = LogPosition { segment: past.start.segment, offset: 0 };
    let from = (from, past.start.head);
    replay::each(&core.ledger_dir, from.0, from.1, &mut |passed| {
        // What is written meanwhile is of no moment before this one.
        if passed.head.seq > meta.head.seq {
            return Ok(false);
        }
        later = live(convert::moment(&passed.record.at))? > moment;
        if !later {
            book.pass(passed)?;
        }
        Ok(!later)
    })?;
    let seq = book.meta().head.seq;
    if !later && seq != meta.head.seq {
        return Err(present::ends_early(&core.ledger_dir, seq, meta.head.seq));
    }
    as_read(&book)
}

/// What a book holds.
fn as_read(book: &Memory) -> Result<StateAsOf, StoreError> {
    let mut contracts = every(book, &[keys::CONTRACTS], contract_of)?;
    present::put_in_order(&mut contracts);
    Ok(StateAsOf {
        contracts,
        clients: every(book, &[keys::CLIENTS], client_of)?,
        flags: every(book, &[keys::FLAGS], flags_of)?,
        holds: every(book, &[keys::HOLDS], held_of)?,
        pauses: every(book, &keys::PAUSES, pause_of)?,
        seq: book.meta().head.seq,
    })
}

/// Everything as it was at a moment before the base that a repair wrote: known up to the first commit
/// that cannot be read, and no further, because nobody knows what that one changed.
fn earlier_state(
    core: &Core,
    past: &Past,
    earlier: &Earlier,
    moment: DateTime<Utc>,
) -> Result<StateAsOf, StoreError> {
    let from = Past::new(earlier.base.clone());
    if from.since().is_some_and(|since| moment < since) {
        return Err(from.unknown());
    }
    let mut book = Memory::at_start(&core.index.meta().store, &from)?;
    let first = earlier.gaps.first();
    let (mut later, mut hidden) = (false, false);
    stretches::each(&core.ledger_dir, &earlier.segments, earlier.start, &mut |good| {
        later = later || live(convert::moment(&good.record.at))? > moment;
        hidden = hidden || first.is_some_and(|gap| good.head.seq > *gap.commits.end());
        if later || hidden {
            return Ok(());
        }
        let place = segment::place(good.position, good.bytes);
        book.pass_line(&good.record, &place, good.head)?.map_err(|reason| match reason {
            Reason::Store(error) => error,
            Reason::Unreadable(why) => StoreError::index(why.to_string()),
        })
    })?;
    let reached = book.meta().head.seq;
    // Up to the gap and not to its last moment: the commits in it may be of this moment too.
    match past.gap_between(reached, reached + 1) {
        Some(gap) => Err(StoreError::Gap(gap.to_string())),
        None => as_read(&book),
    }
}

/// A contract as it was right after the commit `seq`; none where there was none.
pub(in crate::store) fn contract_at(
    core: &Core,
    key: ItemKey,
    seq: u64,
) -> Result<Option<Contract>, StoreError> {
    let found = contracts_then(core, &core.past(), &[key], seq)?;
    Ok(found.into_iter().next().flatten())
}

/// The contracts that a run wrote, each as it was before and as the run left it; nothing for a run
/// that never was.
pub(in crate::store) fn touched_by(core: &Core, run: RunId) -> Result<Vec<Touched>, StoreError> {
    let past = core.past();
    let record = {
        let gate = core.index.gate()?;
        match core.index.get(&keys::run(run))? {
            Some(record) => record,
            None if (1..=gate.last_run).contains(&run.0) => return Err(past.unknown()),
            None => return Ok(Vec::new()),
        }
    };
    let RunEntryV1 { seq, place, run: _ } = codec::decode(&record)?;
    let Some(place) = place.filter(|_| seq > past.readable_from()) else {
        return Err(past.unknown());
    };
    readable(&past, seq - 1, seq)?;
    let line = segment::read_at(&core.ledger_dir, &place, seq)?;
    let mut touched = Vec::new();
    for entry in &line.contracts {
        let key = live(convert::key(&entry.key))?;
        let after = live(entry.record.as_ref().map(convert::contract).transpose())?;
        touched.push(Touched { key, before: None, after });
    }
    let keys: Vec<_> = touched.iter().map(|touched| touched.key).collect();
    let before = contracts_then(core, &past, &keys, seq - 1)?;
    for (touched, before) in touched.iter_mut().zip(before) {
        touched.before = before;
    }
    Ok(touched)
}

/// Contracts as they were right after a commit, each in the place of its key.
pub(super) fn contracts_then(
    core: &Core,
    past: &Past,
    keys: &[ItemKey],
    seq: u64,
) -> Result<Vec<Option<Contract>>, StoreError> {
    if seq < past.readable_from() {
        return Err(past.unknown());
    }
    // Before the base that a repair wrote, what is there counts from the beginning of that; behind it
    // the base holds also what cannot be read any more.
    let earlier = past.earlier.as_ref().filter(|_| seq < past.start.head.seq);
    let (floor, base) = match earlier {
        Some(earlier) => (earlier.start.seq, &earlier.base),
        None => (past.start.head.seq, &past.base),
    };
    let mut found = Vec::new();
    let (mut in_base, mut in_lines) = (BTreeMap::new(), BTreeMap::new());
    for key in keys {
        found.push(match last_write(core, floor, *key, seq)? {
            Last::Line(at, place) => {
                readable(past, at, seq)?;
                let (_, of_line) = in_lines.entry(at).or_insert((place, BTreeMap::new()));
                of_line.insert(key.to_string(), found.len());
                None
            }
            Last::Never(now) => {
                if seq < past.start.head.seq {
                    readable(past, floor, past.start.head.seq)?;
                }
                now.map(|now| *now)
            }
            Last::Base => {
                readable(past, floor, seq)?;
                in_base.insert(keys::owner(*key), found.len());
                None
            }
        });
    }
    // A line is read once for all that it wrote.
    for (at, (place, mut of_line)) in in_lines {
        let line = segment::read_at(&core.ledger_dir, &place, at)?;
        for entry in &line.contracts {
            if let Some(place) = of_line.remove(&entry.key) {
                found[place] = live(entry.record.as_ref().map(convert::contract).transpose())?;
            }
        }
        if let Some(key) = of_line.keys().next() {
            let why = format!("commit {at} is said to write {key}, and does not");
            return Err(StoreError::index(why));
        }
    }
    // One reading of the base serves all, and most often none is needed.
    if let (Some(base), false) = (base, in_base.is_empty()) {
        base::each_step(base, &mut |edits| {
            let place = edits.iter().find_map(|(name, _)| in_base.get(name));
            let contract = edits.iter().find(|(name, _)| name.starts_with(keys::CONTRACTS));
            if let (Some(place), Some((_, Some(record)))) = (place, contract) {
                found[*place] = Some(contract_of(record)?);
            }
            Ok(())
        })?;
    }
    Ok(found)
}

/// Where the last write of a contract stands that is later than the commit `floor`, but not later than
/// the commit `seq`.
fn last_write(core: &Core, floor: u64, key: ItemKey, seq: u64) -> Result<Last, StoreError> {
    let index = &core.index;
    let _gate = index.gate()?;
    let (mut last, mut later) = (None, false);
    index.scan(&keys::changes_of(key), &mut |name, record| {
        match keys::last_number(name).unwrap_or_default() {
            at if at > seq => later = true,
            at if at > floor => {
                last = Some(Last::Line(at, codec::decode(record)?));
            }
            _ => {}
        }
        Ok(())
    })?;
    match last {
        Some(last) => Ok(last),
        None if later => Ok(Last::Base),
        None => Ok(Last::Never(stored_contract(index, key)?.map(Box::new))),
    }
}

/// Refuses where a commit after `from`, up to `to`, cannot be read: what it wrote is not known.
fn readable(past: &Past, from: u64, to: u64) -> Result<(), StoreError> {
    let gap = past.gap_between(from, to);
    gap.map_or(Ok(()), |gap| Err(StoreError::Gap(gap.to_string())))
}

/// Where a contract was last written, up to some commit of the ledger.
enum Last {
    /// By this commit, whose line stands there.
    Line(u64, PlaceV1),
    /// Before the ledger begins.
    Base,
    /// Not since the ledger begins, and not later either: it is what it was.
    Never(Option<Box<Contract>>),
}

#[cfg(test)]
mod life;
#[cfg(test)]
mod tests;
