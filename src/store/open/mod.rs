//! Opening a store: look, decide, then do.
//!
//! ```text
//!  lock ─ store.json ─ newest whole base ─ tidy ─ open the index under guard
//!                                                    │ usable?
//!                    survey of the whole ledger, with the index as a witness
//!                                                    │
//!       ┌──────────────────────┬─────────────────────┼───────────────────────┐
//!   all lines follow     only the last line      a line is bad, or       a line is bad and
//!       │                is bad, and nothing     the end is gone, but    nobody else holds
//!       │                proves it was whole     the index holds it      what it held
//!       │                      │                     │                       │
//!       │                 cut it, keep it      apply what follows       refuse: name the
//!       │                      │               from the index, write    file, the line, the
//!       └──────────┬───────────┘               a new base from it,      way out; change
//!          the index is                        move the bad file        nothing
//!     ┌────────────┼─────────────┐             aside, go on in a
//!  current      behind       bad, of another   new segment
//!     │            │         history, missing        │
//!    keep        replay     move aside, rebuild      │
//!     └────────────┴──────────────┬──────────────────┘
//!                    tidy the index, open the ledger's end
//! ```
//!
//! A pruning that was cut short is completed first (`prune::finish`). An index that is current or
//! behind, but leads to where lines stood before a pruning, is removed and rebuilt.

pub(super) mod opening;
pub(super) mod plan;
pub(super) mod restored;
pub(super) mod upgrade_backup;

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::error::{Doing, StoreError};
use super::files;
use super::index::{self, Index};
use crate::model::{duration_text, error_chain};
use crate::store::core::Past;
use crate::store::format::v1::ContractV1;
use crate::store::format::{codec, identity, keys};
use crate::store::index::panic_guard::{self, GuardError};
use crate::store::index::sled_repair;
use crate::store::log::ledger::{self, Ledger};
use crate::store::log::lock::Lock;
use crate::store::log::segment::{self, LogPosition};
use crate::store::log::survey::{self, CorruptRecord, IndexState, Survey};
use crate::store::log::{base, replay};
use crate::store::open::opening::{Finding, Opening};
use crate::store::open::plan::{ForIndex, Plan};
use crate::store::write::prune;

/// What may differ in tests.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Settings {
    /// At how many bytes a segment is full.
    pub(in crate::store) segment_bytes: u64,
    /// How long opening the index may take; 200,000 contracts take some seconds.
    pub(in crate::store) index_deadline: Duration,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { segment_bytes: ledger::SEGMENT_BYTES, index_deadline: Duration::from_secs(120) }
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
    let lock = Lock::take(dir)?;
    let replaced = restored::finish(dir, now)?;
    let id = identity::read(dir)?;
    let made = id.is_none();
    let ledger_dir = dir.join("ledger");
    files::create_dir(&ledger_dir)?;
    files::create_dir(&dir.join("backups"))?;
    let mut work = Work {
        index_dir: dir.join("index"),
        ledger_dir,
        id: id.unwrap_or_else(identity::new_id),
        now,
        settings,
        opening: Opening::default(),
    };
    if let Some(kept) = replaced {
        work.found(Finding::Restored { kept });
    }
    if !made && let Err(error) = upgrade_backup::copy(dir, now) {
        // A full disk must not keep a daemon from its store; the next opening tries again.
        work.found(Finding::NoCopy(error_chain(&error)));
    } else {
        upgrade_backup::note(dir)?;
    }
    let (past, index, end) = work.recover(made)?;
    sled_repair::after(&work.index_dir)?;
    let ledger = Ledger::open(&work.ledger_dir, end, settings.segment_bytes)?;
    if made {
        let mut format = identity::FORMAT;
        index.scan(keys::HOLDS_AND_PAUSES, &mut |_, _| {
            format = format.max(identity::WITH_HOLDS_AND_PAUSES);
            Ok(())
        })?;
        index.scan(keys::CONTRACTS, &mut |_, record| {
            format = format.max(identity::needed_by(&codec::decode::<ContractV1>(record)?));
            Ok(())
        })?;
        identity::write(dir, &work.id, format, now)?;
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
        let (base, unusable) = base::newest(&self.ledger_dir)?;
        for error in unusable {
            self.found(Finding::BaseUnusable(error.to_string()));
        }
        prune::finish(&self.ledger_dir, base.as_ref())?;
        let past = Past::new(base);
        let (index, why) = match self.open_index()? {
            Ok(index) => (Some(index), String::new()),
            Err(why) => (None, why),
        };
        let meta = index.as_ref().map(Index::meta);
        let head = meta.as_ref().map(|meta| meta.head);
        let begins = meta.map_or(0, |meta| meta.begins);
        let survey = survey::survey(&self.ledger_dir, past.start, head, None)?;
        let empty = past.base.is_none() && survey.lines == 0 && survey.bad.is_none();
        if made {
            self.found(if empty { Finding::NewStore } else { Finding::IdentityMade });
        } else if empty && index.is_none() && !segment::path(&self.ledger_dir, 1).exists() {
            return Err(self.emptied());
        }
        match (plan::plan(&survey, begins, past.start.segment), index) {
            (Plan::Refuse(bad), _) => Err(refusal(bad)),
            (Plan::Adopt { bad }, Some(index)) => self.adopt(&survey, bad, index),
            (Plan::Adopt { .. }, None) => Err(StoreError::index("nothing is left to go on from")),
            (Plan::Ledger { cut, index: what }, index) => {
                if let Some(bad) = &cut {
                    self.cut(bad)?;
                }
                if what != ForIndex::Keep {
                    self.write_again(survey.group, survey.end_position)?;
                }
                let index = match (what, index) {
                    (ForIndex::Keep, Some(index)) => index,
                    (ForIndex::Replay, Some(index)) => self.replay(&survey, index)?,
                    (what, index) => {
                        // sled must have let go of the folder before it moves.
                        drop(index);
                        let finding = match what {
                            ForIndex::Renew => self.clear(begins)?,
                            _ => self.put_aside(&survey, why)?,
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
        }
    }

    /// Opens the index, or tells why it cannot be used. An error is one of the machine, such as a
    /// full disk, which says nothing about the index.
    fn open_index(&self) -> Result<Result<Index, String>, StoreError> {
        if !self.index_dir.exists() {
            return Ok(Err("there was none".to_owned()));
        }
        let (dir, id) = (self.index_dir.clone(), self.id.clone());
        let opened = panic_guard::within(self.settings.index_deadline, move || {
            sled_repair::before(&dir)?;
            Index::open(&dir, &id)
        });
        match opened {
            Ok(Ok(index)) => Ok(Ok(index)),
            Ok(Err(error)) if is_of_the_machine(&error) => Err(error),
            Ok(Err(error)) => Ok(Err(error_chain(&error))),
            Err(GuardError::Panicked(message)) => {
                Ok(Err(format!("opening the index panicked: {message}")))
            }
            Err(GuardError::Hung) => {
                // The thread may still write into that folder, so nothing new may be put there by
                // this process; the next start finds no index and builds it.
                let kept = files::move_aside(&self.index_dir, "bad", self.now)?;
                Err(StoreError::index(format!(
                    "opening the index did not finish within {}; the index was moved to {}: start \
                     the daemon again, and the index is rebuilt from the ledger",
                    duration_text(self.settings.index_deadline),
                    kept.display()
                )))
            }
        }
    }

    /// The files of a store that was made before are gone, and to begin an empty one in its place
    /// is for a person to decide.
    fn emptied(&self) -> StoreError {
        StoreError::Damaged {
            file: self.ledger_dir.clone(),
            line: 0,
            why: "the ledger is empty, although the store was created before: restore the newest \
                  backup, or remove store.json to start over"
                .to_owned(),
        }
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
    fn put_aside(&self, survey: &Survey, why: String) -> Result<Finding, StoreError> {
        let kept = match self.index_dir.exists() {
            true => Some(files::move_aside(&self.index_dir, "bad", self.now)?),
            false => None,
        };
        let why = match survey.index {
            IndexState::TooOld => "the index ended before the ledger begins".to_owned(),
            IndexState::Other => "the index did not follow from this ledger".to_owned(),
            IndexState::Nothing | IndexState::Follows { .. } => why,
        };
        Ok(Finding::IndexRebuilt { why, kept })
    }

    /// Removes an index whose places lead to where lines stood before.
    fn clear(&self, begins: u64) -> Result<Finding, StoreError> {
        index::let_go(&self.index_dir).doing("lock", &self.index_dir)?;
        fs::remove_dir_all(&self.index_dir).doing("remove", &self.index_dir)?;
        files::sync_parent(&self.index_dir)?;
        let why = match begins {
            0 => "the index was incomplete, or written by an earlier version",
            _ => "a pruning of the history had been cut short",
        };
        Ok(Finding::IndexRenewed(why.to_owned()))
    }

    /// Builds an index from the ledger.
    fn build(&self, past: &Past, survey: &Survey) -> Result<Index, StoreError> {
        files::create_dir(&self.index_dir)?;
        let index = Index::open(&self.index_dir, &self.id)?;
        let start = past.start;
        if let Some(base) = &past.base {
            base::load(base, &index)?;
        }
        index.settle(start.segment, Vec::new())?;
        replay::from(&self.ledger_dir, &index, LogPosition { segment: start.segment, offset: 0 })?;
        if index.meta().head != survey.end {
            return Err(StoreError::index("the index did not accept every line of the ledger"));
        }
        Ok(index)
    }

    /// Goes on from the index, which holds what the ledger has lost. The base is durable before
    /// the damaged file is touched, and where this is cut short, the next opening begins at the
    /// base. The index is told of it first: so it is not built anew then, and still knows the lines
    /// before the base.
    fn adopt(
        &mut self,
        survey: &Survey,
        bad: Option<CorruptRecord>,
        index: Index,
    ) -> Result<(Past, Index, LogPosition), StoreError> {
        let index = self.replay(survey, index)?;
        let (segments, bases) = segment::list(&self.ledger_dir)?;
        let last = segments.iter().chain(&bases).max().copied().unwrap_or_default();
        index.settle(last + 1, Vec::new())?;
        let base = base::write(&self.ledger_dir, last + 1, &index, self.now)?;
        let mut kept = None;
        let why = match &bad {
            Some(bad) => {
                if bad.file.exists() {
                    kept = Some(files::move_aside(&bad.file, "damaged", self.now)?);
                }
                format!("{}, line {}: {}", bad.file.display(), bad.line, bad.why)
            }
            None => format!("it ends at commit {}", survey.end.seq),
        };
        self.found(Finding::LedgerRepaired { why, kept, base: base.path.clone() });
        let end = LogPosition { segment: base.start.segment, offset: 0 };
        Ok((Past::new(Some(base)), index, end))
    }

    /// Cuts a torn line, after putting a copy of it beside the file.
    fn cut(&mut self, bad: &CorruptRecord) -> Result<(), StoreError> {
        let path = &bad.file;
        let mut options = OpenOptions::new();
        let mut file = options.read(true).write(true).open(path).doing("open", path)?;
        let mut torn = Vec::new();
        file.seek(SeekFrom::Start(bad.position.offset)).doing("read", path)?;
        file.read_to_end(&mut torn).doing("read", path)?;
        let place = files::aside(path, "torn", self.now);
        // A full disk must not keep the store from opening over a copy of what was never stored.
        let copied = files::create_new(&place).and_then(|mut copy| {
            copy.write_all(&torn).and_then(|()| copy.sync_all()).doing("write", &place)
        });
        if copied.is_err() {
            let _ = fs::remove_file(&place);
        }
        file.set_len(bad.position.offset).doing("cut", path)?;
        file.sync_all().doing("sync", path)?;
        files::sync_dir(&self.ledger_dir)?;
        let kept = copied.is_ok().then_some(place);
        self.found(Finding::TornLineCut { file: path.clone(), bytes: torn.len() as u64, kept });
        Ok(())
    }

    /// Writes the last lines again as they are, and syncs them. If their sync had failed, the
    /// kernel may hold them in memory as clean though they never reached the disk.
    fn write_again(&self, from: LogPosition, to: LogPosition) -> Result<(), StoreError> {
        if from.segment != to.segment || from.offset >= to.offset {
            return Ok(());
        }
        let path = segment::path(&self.ledger_dir, from.segment);
        let mut options = OpenOptions::new();
        let mut file = options.read(true).write(true).open(&path).doing("open", &path)?;
        file.seek(SeekFrom::Start(from.offset)).doing("read", &path)?;
        let mut lines = vec![0; (to.offset - from.offset) as usize];
        file.read_exact(&mut lines).doing("read", &path)?;
        file.seek(SeekFrom::Start(from.offset)).doing("write", &path)?;
        file.write_all(&lines).doing("write", &path)?;
        file.sync_all().doing("sync", &path)
    }
}

/// Whether an error tells of the machine and not of the index.
fn is_of_the_machine(error: &StoreError) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        let io = match error.downcast_ref::<sled::Error>() {
            Some(sled::Error::Io(io)) => Some(io),
            _ => error.downcast_ref::<std::io::Error>(),
        };
        if let Some(io) = io {
            return matches!(
                io.kind(),
                ErrorKind::StorageFull
                    | ErrorKind::QuotaExceeded
                    | ErrorKind::FileTooLarge
                    | ErrorKind::PermissionDenied
                    | ErrorKind::ReadOnlyFilesystem
                    | ErrorKind::OutOfMemory
            ) || matches!(io.raw_os_error(), Some(23 | 24)); // ENFILE, EMFILE: too many open files
        }
        cause = error.source();
    }
    false
}

fn refusal(bad: CorruptRecord) -> StoreError {
    StoreError::Damaged {
        file: bad.file,
        line: bad.line,
        why: format!(
            "{}; the index does not hold what the line held, so nothing was changed: put an \
             undamaged copy of the file in its place, or restore the newest backup",
            bad.why
        ),
    }
}

#[cfg(test)]
mod bad_index;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod tests;
