//! The records of an index as they were at some commit of the past, in memory: what a base holds,
//! and the lines after it up to there.
//!
//! It takes about half a kilobyte a contract for as long as it is looked at. It has no places of
//! lines: what was written when is a question to the index of today.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::model::{ClientId, RunId};
use crate::store::core::Past;
use crate::store::error::StoreError;
use crate::store::format::chain::ChainHead;
use crate::store::format::v1::{LineV1, PlaceV1, RunEntryV1};
use crate::store::format::{codec, convert, keys, quiet};
use crate::store::index::digest::Tally;
use crate::store::index::records::{self, Reason};
use crate::store::index::stored::live;
use crate::store::index::{Edit, Meta, StateReader, Visit};
use crate::store::log::replay::Passed;
use crate::store::log::{base, segment};

/// Which records are the state: contracts, clients, item flags, held changes, pauses,
/// and who owns what.
const STATE: &[u8] = b"cknoqs";

/// The records of one moment.
#[derive(Debug)]
pub(in crate::store) struct Memory {
    meta: Meta,
    records: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The latest moment of all commits that it holds; none before the first.
    latest: Option<DateTime<Utc>>,
}

impl Memory {
    /// The state with which the ledger begins.
    pub(in crate::store) fn at_start(store: &str, past: &Past) -> Result<Memory, StoreError> {
        let Past { start, base, earlier: _ } = past;
        let mut memory =
            Memory { meta: Meta::new(store), records: BTreeMap::new(), latest: past.since() };
        if let Some(base) = base {
            base::each_step(base, &mut |edits| {
                memory.take(edits.to_vec());
                Ok(())
            })?;
            memory.meta.last_run = base.last_run;
        }
        memory.meta.head = start.head;
        Ok(memory)
    }

    /// Takes the next line.
    pub(in crate::store) fn pass(&mut self, passed: &Passed<'_>) -> Result<(), StoreError> {
        let place = segment::place(passed.position, passed.bytes);
        self.pass_line(&passed.record, &place, passed.head)?.map_err(|why| passed.bad(why))
    }

    /// The same with a line of which only this is known; the inner error is one of what it says.
    pub(in crate::store) fn pass_line(
        &mut self,
        record: &LineV1,
        place: &PlaceV1,
        head: ChainHead,
    ) -> Result<Result<(), Reason>, StoreError> {
        let get = |key: &[u8]| Ok(self.records.get(key).cloned());
        let edits = match records::line(record, place, &get) {
            Ok(edits) => edits,
            Err(reason) => return Ok(Err(reason)),
        };
        self.take(edits);
        self.latest = self.latest.max(Some(live(convert::moment(&record.at))?));
        self.meta.last_run = quiet::run_numbers(record).last().unwrap_or(self.meta.last_run);
        self.meta.head = head;
        Ok(Ok(()))
    }

    /// The latest moment of all commits that it holds.
    pub(in crate::store) fn latest(&self) -> Option<DateTime<Utc>> {
        self.latest
    }

    /// Keeps only some of the runs.
    pub(in crate::store) fn keep_runs(
        &mut self,
        keep: &mut dyn FnMut(ClientId, RunId) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        let mut gone = Vec::new();
        self.scan(keys::RUNS, &mut |key, record| {
            let RunEntryV1 { run, .. } = codec::decode(record)?;
            if !keep(ClientId(run.client), RunId(run.id))? {
                gone.push(key.to_vec());
            }
            Ok(())
        })?;
        for key in gone {
            self.records.remove(&key);
        }
        Ok(())
    }

    fn take(&mut self, edits: Vec<Edit>) {
        for (key, record) in edits {
            let held =
                key.first().is_some_and(|kind| STATE.contains(kind) || [*kind] == keys::RUNS);
            match record {
                Some(record) if held => drop(self.records.insert(key, record)),
                Some(_) => {}
                None => drop(self.records.remove(&key)),
            }
        }
    }
}

impl StateReader for Memory {
    fn meta(&self) -> Meta {
        self.meta.clone()
    }

    fn scan(&self, prefix: &[u8], each: Visit<'_>) -> Result<(), StoreError> {
        let rest = self.records.range(prefix.to_vec()..);
        for (key, record) in rest.take_while(|(key, _)| key.starts_with(prefix)) {
            each(key, record)?;
        }
        Ok(())
    }
}

/// The tally of the state alone, without runs and without where lines stand.
pub(in crate::store) fn tally(state: &dyn StateReader) -> Result<Tally, StoreError> {
    let mut tally = Tally::default();
    for kind in STATE {
        state.scan(&[*kind], &mut |key, record| {
            tally.add(key, record);
            Ok(())
        })?;
    }
    Ok(tally)
}
