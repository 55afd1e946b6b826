//! Opening a store: look, decide, then do.
//!
//! ```text
//!  lock ─ store.json ─ newest whole base ─ tidy ─ open the index under guard
//!                                                    │ usable?
//!          survey of the whole ledger, with the index and the head record as witnesses
//!                                                    │
//!       ┌──────────────────────┬─────────────────────┼───────────────────────┐
//!   all lines follow     only the last line      a line is bad, or       a line is bad, or
//!       │                is torn, and nothing    the end is gone, but    the end is gone, and
//!       │                proves it was whole     the index holds it      nobody else holds
//!       │                      │                     │                   what it held
//!       │                 cut it, keep it      apply what follows            │
//!       │                      │               from the index, write    refuse: name the
//!       └──────────┬───────────┘               a new base from it,      file, the line;
//!          the index is                        move the bad file        change nothing
//!     ┌────────────┼─────────────┐             aside, go on in a
//!  current      behind       bad, of another   new segment
//!     │            │         history, missing        │
//!    keep        replay     move aside, rebuild      │
//!     └────────────┴──────────────┬──────────────────┘
//!         tidy the index, open the ledger's end, write the head record
//! ```
//!
//! That nothing is lost is said only where the head record of a clean close says so too: without it,
//! what is found is named up to its last commit, and whether there was a later one cannot be told.
//!
//! A pruning that was cut short is completed first (`prune::finish`). An index that is current or
//! behind, but leads to where lines stood before a pruning, is removed and rebuilt.

mod end;
mod guarded;
mod history;
pub(super) mod opening;
pub(super) mod plan;
mod refusal;
pub(super) mod restored;
mod salvage;
mod seen;
mod strangers;
mod undo;
pub(super) mod upgrade_backup;

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::error::{Doing, StoreError};
use super::files;
use super::index::{self, Index};
use crate::model::error_chain;
use crate::store::core::Past;
use crate::store::format::identity;
use crate::store::index::sled_repair;
use crate::store::log::base::{self, Base};
use crate::store::log::head::{self, HeadRecord};
use crate::store::log::ledger::{self, Ledger};
use crate::store::log::lock::{self, Lock};
use crate::store::log::replay;
use crate::store::log::segment::{self, LogPosition};
use crate::store::log::survey::{
    self, CorruptRecord, IndexState, RecordState, Start, Survey, Witnesses,
};
use crate::store::open::opening::{Extent, Finding, Opening};
use crate::store::open::plan::{Damage, ForIndex, Plan};
use crate::store::open::seen::Seen;
use crate::store::write::prune;

/// What may differ in tests.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Settings {
    /// At how many bytes a segment is full.
    pub(in crate::store) segment_bytes: u64,
    /// How long opening the index may take; 200,000 contracts take some seconds.
    pub(in crate::store) index_deadline: Duration,
    /// How long a lock is waited for that outlived its holder.
    pub(in crate::store) lock_patience: Duration,
    /// Whether a person has accepted that what nothing holds any more is lost.
    pub(in crate::store) accepts_loss: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            segment_bytes: ledger::SEGMENT_BYTES,
            index_deadline: Duration::from_secs(120),
            lock_patience: lock::PATIENCE,
            accepts_loss: false,
        }
    }
}

/// An open store, in parts.
#[derive(Debug)]
pub(in crate::store) struct Parts {
    pub(in crate::store) id: String,
    pub(in crate::store) ledger_dir: PathBuf,
    pub(in crate::store) past: Past,
    pub(in crate::store) index: Index,
    pub(in crate::store) ledger: Ledger,
    pub(in crate::store) lock: Lock,
}

/// Opens the store in `dir`, making or repairing it where that loses nothing.
pub(in crate::store) fn open(
    dir: &Path,
    now: DateTime<Utc>,
    settings: Settings,
) -> Result<(Parts, Opening), StoreError> {
    files::create_dir(dir)?;
    let lock = Lock::take(dir, settings.lock_patience)?;
    let replaced = restored::finish(dir, now)?;
    let (id, unreadable) = strangers::id_of(dir, settings.accepts_loss, now)?;
    let made = id.is_none();
    let ledger_dir = dir.join("ledger");
    files::create_dir(&ledger_dir)?;
    files::create_dir(&dir.join("backups"))?;
    let index_dir = dir.join("index");
    let id = match id {
        Some(id) => id,
        None => strangers::id_of_the_rest(&ledger_dir, &index_dir, settings.index_deadline)?
            .unwrap_or_else(identity::new_id),
    };
    let opening = Opening::default();
    let mut work = Work { index_dir, ledger_dir, id, now, settings, opening };
    if let Some(kept) = replaced {
        work.found(Finding::Restored { kept });
    }
    work.opening.findings.extend(unreadable.into_iter().chain(restored::remove_leftovers(dir)?));
    if !made && let Err(error) = upgrade_backup::copy(dir, now) {
        // A full disk must not keep a daemon from its store; the next opening tries again.
        work.found(Finding::NoCopy(error_chain(&error)));
    } else {
        upgrade_backup::note(dir)?;
    }
    let recovered = work.recover(made);
    let (past, index, end) =
        recovered.map_err(|error| refusal::after(error, &work.opening.remarks()))?;
    sled_repair::after(&work.index_dir)?;
    let Settings { segment_bytes, lock_patience, .. } = settings;
    let ledger = Ledger::open(&work.ledger_dir, end, segment_bytes, lock_patience)?;
    let head = index.meta().head;
    // From now on there may be later commits, which a record of a clean close would deny.
    let record = HeadRecord { store: work.id.clone(), head, closed: false };
    head::write_or_remove(&work.ledger_dir, &record)?;
    if made {
        identity::write(dir, &work.id, strangers::format_of(&index)?, now)?;
    }
    let Work { id, ledger_dir, opening, .. } = work;
    Ok((Parts { id, ledger_dir, past, index, ledger, lock }, opening))
}

struct Work {
    index_dir: PathBuf,
    ledger_dir: PathBuf,
    id: String,
    now: DateTime<Utc>,
    settings: Settings,
    opening: Opening,
}

impl Work {
    fn found(&mut self, finding: Finding) {
        self.opening.findings.push(finding);
    }

    fn recover(&mut self, made: bool) -> Result<(Past, Index, LogPosition), StoreError> {
        let seen = self.look()?;
        let (empty, survey) = (seen.is_empty(), &seen.survey);
        let of_nothing = seen.index.as_ref().is_none_or(|index| index.meta().head.seq == 0);
        if made && empty && of_nothing && survey.proven == 0 {
            self.found(Finding::NewStore);
        } else if !made && empty && seen.index.is_none() && !seen.was_unused() {
            return Err(StoreError::Emptied { ledger: self.ledger_dir.clone() });
        } else if !made && empty && of_nothing && survey.proven == 0 && !seen.was_unused() {
            self.found(Finding::NoCommit);
        }
        let plan = plan::plan(survey, seen.begins.unwrap_or(0), seen.past.start.segment);
        if let Plan::Refuse(damage) = plan {
            return match self.settings.accepts_loss {
                false => Err(refusal::of_damage(&self.ledger_dir, &damage)),
                true => self.salvage(&seen.survey, seen.past, damage, seen.index),
            };
        }
        if let (Some(record), true) = (&seen.record, survey.record == RecordState::Other) {
            let why = format!(
                "the head record is of another history: it has another checksum for commit {}",
                record.head.seq
            );
            self.put_record_aside(why)?;
        }
        let reach = match (&plan, survey.index) {
            (Plan::Adopt { .. }, IndexState::Follows { reach, .. }) => reach,
            _ => survey.end,
        };
        let extent = seen.extent(reach);
        if made && !empty {
            self.found(Finding::IdentityMade(extent));
        }
        match plan {
            Plan::Ledger { cut, index } => self.follow_ledger(seen, cut, index, (extent, made)),
            Plan::Adopt { bad } => match seen.index {
                Some(index) => {
                    let index = self.replay(&seen.survey, index)?;
                    self.adopt(seen.survey.end.seq, bad, index, (extent, true))
                }
                None => Err(StoreError::index("nothing is left to go on from")),
            },
            Plan::Refuse(_) => Err(StoreError::index("nothing is left to go on from")),
        }
    }

    /// Looks at everything, and undoes what damage can be undone exactly.
    fn look(&mut self) -> Result<Seen, StoreError> {
        let base = self.newest_base()?;
        prune::finish(&self.ledger_dir, base.as_ref())?;
        let past = Past::new(base).with_earlier(&self.ledger_dir)?;
        let (index, why) = match self.open_index()? {
            Ok(index) => (Some(index), String::new()),
            Err(why) => (None, why),
        };
        let meta = index.as_ref().map(Index::meta);
        let mut begins = Some(meta.as_ref().map_or(0, |meta| meta.begins));
        let witnesses = Witnesses { index: meta.as_ref().map(|meta| meta.head), record: None };
        let (mut survey, mut record) = self.survey(past.start, witnesses)?;
        while let Some(bad) = &survey.bad
            && let Some(undone) = undo::undo(bad, survey.end)?
        {
            if undone.moves {
                begins = None;
            }
            let repaired = undone.write(self.now)?;
            self.found(repaired);
            (survey, record) = self.survey(past.start, witnesses)?;
        }
        Ok(Seen { past, index, why, begins, survey, record })
    }

    /// Goes on from the ledger, after its last line is cut where it never was whole.
    fn follow_ledger(
        &mut self,
        seen: Seen,
        cut: Option<CorruptRecord>,
        what: ForIndex,
        (extent, made): (Extent, bool),
    ) -> Result<(Past, Index, LogPosition), StoreError> {
        let empty = seen.is_empty();
        let Seen { past, index, why, begins, survey, record: _ } = seen;
        if let Some(bad) = &cut {
            let cut = end::cut(&self.ledger_dir, bad, extent, self.now)?;
            self.found(cut);
        }
        if what != ForIndex::Keep {
            end::write_again(&self.ledger_dir, survey.group, survey.end_position)?;
        }
        let index = match (what, index) {
            (ForIndex::Keep, Some(index)) => index,
            (ForIndex::Replay, Some(index)) => self.replay(&survey, index)?,
            (what, index) => {
                // sled must have let go of the folder before it moves.
                drop(index);
                let finding = match what {
                    ForIndex::Renew => self.clear(begins, extent)?,
                    _ => self.put_aside(&survey, why, extent)?,
                };
                let index = self.build(&past, &survey)?;
                if !(made && empty) {
                    self.found(finding);
                }
                index
            }
        };
        Ok((past, index, survey.end_position))
    }

    fn open_index(&self) -> Result<Result<Index, String>, StoreError> {
        let deadline = self.settings.index_deadline;
        guarded::open_index(&self.index_dir, &self.id, deadline, self.now)
    }

    /// The newest base that is whole and this store's own.
    fn newest_base(&mut self) -> Result<Option<Base>, StoreError> {
        loop {
            let (base, unusable) = base::newest(&self.ledger_dir)?;
            let stranger = match &base {
                Some(base) => strangers::base(&self.ledger_dir, base, &self.id)?,
                None => None,
            };
            if let (Some(base), Some(why)) = (&base, stranger) {
                let kept = files::move_aside(&base.path, "stranger", self.now)?;
                self.found(Finding::MovedAside { why, kept });
                continue;
            }
            for error in unusable {
                self.found(Finding::BaseUnusable(error.to_string()));
            }
            return Ok(base);
        }
    }

    /// Reads the ledger, with the head record as a witness, if it is whole and this store's own.
    fn survey(
        &mut self,
        start: Start,
        witnesses: Witnesses,
    ) -> Result<(Survey, Option<HeadRecord>), StoreError> {
        let record = match head::read(&self.ledger_dir)? {
            head::Found::Nothing => None,
            head::Found::Record(record) => Some(record),
            head::Found::Unusable(why) => {
                self.put_record_aside(format!("the head record cannot be used: {why}"))?;
                None
            }
        };
        let heard = Witnesses { record: record.as_ref().map(|record| record.head), ..witnesses };
        let survey = survey::survey(&self.ledger_dir, start, heard, None)?;
        // Where the ledger has the very commit, `store.json` is what is not as it was.
        let is_own =
            |record: &HeadRecord| record.store == self.id || survey.record == RecordState::Follows;
        match record {
            Some(record) if !is_own(&record) => {
                let why = format!("the head record belongs to another store, {}", record.store);
                self.put_record_aside(why)?;
                Ok((survey::survey(&self.ledger_dir, start, witnesses, None)?, None))
            }
            record => Ok((survey, record)),
        }
    }

    fn put_record_aside(&mut self, why: String) -> Result<(), StoreError> {
        let kept = files::move_aside(&head::path(&self.ledger_dir), "aside", self.now)?;
        self.found(Finding::MovedAside { why, kept });
        Ok(())
    }

    fn replay(&mut self, survey: &Survey, index: Index) -> Result<Index, StoreError> {
        if let IndexState::Follows { reach, next: Some(next) } = survey.index {
            let count = replay::from(&self.ledger_dir, &index, next)?;
            if index.meta().head != reach {
                return Err(StoreError::index("the index did not accept every line of the ledger"));
            }
            self.found(Finding::Replayed(count));
        }
        Ok(index)
    }

    /// Puts an index aside that cannot be used.
    fn put_aside(
        &self,
        survey: &Survey,
        why: String,
        extent: Extent,
    ) -> Result<Finding, StoreError> {
        let kept = match self.index_dir.exists() {
            true => Some(files::move_aside(&self.index_dir, "bad", self.now)?),
            false => None,
        };
        let why = match survey.index {
            IndexState::TooOld => "the index ended before the ledger begins".to_owned(),
            IndexState::Other => "the index did not follow from this ledger".to_owned(),
            IndexState::Nothing | IndexState::Follows { .. } => why,
        };
        Ok(Finding::IndexRebuilt { why, kept, extent })
    }

    /// Removes an index whose places lead to where lines stood before.
    fn clear(&self, begins: Option<u64>, extent: Extent) -> Result<Finding, StoreError> {
        index::let_go(&self.index_dir).doing("lock", &self.index_dir)?;
        files::remove_dir_if_there(&self.index_dir)?;
        files::sync_parent(&self.index_dir)?;
        let why = match begins {
            None => "the lines of the ledger moved",
            Some(0) => "the index was incomplete, or written by an earlier version",
            Some(_) => "a pruning of the history had been cut short",
        };
        Ok(Finding::IndexRenewed { why: why.to_owned(), extent })
    }

    /// Builds an index from the ledger.
    fn build(&self, past: &Past, survey: &Survey) -> Result<Index, StoreError> {
        files::create_dir(&self.index_dir)?;
        let index = Index::open(&self.index_dir, &self.id)?;
        let start = past.start;
        if let Some(base) = &past.base {
            base::load(base, &index)?;
        }
        index.settle(start.segment, history::places(&self.ledger_dir, past, &index)?)?;
        replay::from(&self.ledger_dir, &index, LogPosition { segment: start.segment, offset: 0 })?;
        if index.meta().head != survey.end {
            return Err(StoreError::index("the index did not accept every line of the ledger"));
        }
        Ok(index)
    }

    /// Goes on from all lines that can be read, where a person has accepted that the others are lost.
    fn salvage(
        &mut self,
        survey: &Survey,
        past: Past,
        damage: Damage,
        index: Option<Index>,
    ) -> Result<(Past, Index, LogPosition), StoreError> {
        let last = salvage::last(&self.ledger_dir, &past)?;
        let (bad, proven) = match damage {
            Damage::Line(bad) => (Some(bad), None),
            Damage::EndsBefore(commit) => (None, Some(commit)),
            Damage::OtherHistory => (None, None),
        };
        if head::path(&self.ledger_dir).exists() {
            self.put_record_aside("the head record knows of commits that are lost".to_owned())?;
        }
        let (end, lost) = (survey.end.seq, |commit| Extent { commit, is_whole: false });
        let reach = match survey.index {
            IndexState::Follows { reach, .. } if reach.seq >= last => Some(reach),
            _ => None,
        };
        match (index, reach) {
            (Some(index), Some(reach)) => {
                // It holds more than the lines do.
                let index = self.replay(survey, index)?;
                let (gaps, commit) = (Vec::new(), reach.seq);
                self.found(Finding::LossAccepted { gaps, commit, kept: None, proven });
                return self.adopt(end, bad, index, (lost(commit), false));
            }
            // sled must have let go of the folder before it moves.
            (index, _) => drop(index),
        }
        let kept = match self.index_dir.exists() {
            true => Some(files::move_aside(&self.index_dir, "bad", self.now)?),
            false => None,
        };
        files::create_dir(&self.index_dir)?;
        let index = Index::open(&self.index_dir, &self.id)?;
        let gaps = salvage::rebuild(&self.ledger_dir, &past, &index)?;
        let commit = index.meta().head.seq;
        self.found(Finding::LossAccepted { gaps, commit, kept, proven });
        self.adopt(end, bad, index, (lost(commit), false))
    }

    /// Goes on from the index, which holds what the ledger has lost. The base is durable before
    /// the damaged file is touched, and where this is cut short, the next opening begins at the
    /// base. The index is told of it first: so it is not built anew then, and still knows the lines
    /// before the base.
    fn adopt(
        &mut self,
        end: u64,
        bad: Option<CorruptRecord>,
        index: Index,
        (extent, is_all): (Extent, bool),
    ) -> Result<(Past, Index, LogPosition), StoreError> {
        let (segments, bases) = segment::list(&self.ledger_dir)?;
        let last = segments.iter().chain(&bases).max().copied().unwrap_or_default();
        index.settle(last + 1, Vec::new())?;
        files::replace(&segment::repair_path(&self.ledger_dir, last + 1), b"")?;
        let base = base::write(&self.ledger_dir, last + 1, &index, self.now)?;
        let mut kept = None;
        let why = match &bad {
            Some(bad) => {
                if bad.file.exists() {
                    // It stays where it is too, as history: all lines of it that can be read.
                    let place = files::aside(&bad.file, "damaged", self.now);
                    files::link(&bad.file, &place)?;
                    kept = Some(place);
                }
                format!("{}, line {}: {}", bad.file.display(), bad.line, bad.why)
            }
            None => format!("it ends at commit {end}"),
        };
        let (base_path, start) = (base.path.clone(), base.start);
        self.found(Finding::LedgerRepaired { why, kept, base: base_path, extent, is_all });
        let past = Past::new(Some(base)).with_earlier(&self.ledger_dir)?;
        // The lines that can be read may stand elsewhere than the index had them.
        index.settle(last + 1, history::places(&self.ledger_dir, &past, &index)?)?;
        let end = LogPosition { segment: start.segment, offset: 0 };
        Ok((past, index, end))
    }
}

#[cfg(test)]
mod bad_index;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod tests;
