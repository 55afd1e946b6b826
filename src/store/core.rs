//! What the handles, the writer and the questions share: where the ledger begins, the index, and
//! whether commits are still taken.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use chrono::{DateTime, Utc};
use tokio::sync::Notify;

use super::error::StoreError;
use super::format::chain::ChainHead;
use super::index::Index;
use super::log::base::{self, Base};
use super::log::moments::Moments;
use super::log::segment;
use super::log::stretches::{self, Anchored, Gap};
use super::log::survey::Start;

/// Where the ledger begins: what stands before may be gone.
#[derive(Debug)]
pub(in crate::store) struct Past {
    pub(in crate::store) start: Start,
    /// The state there; none at the first line.
    pub(in crate::store) base: Option<Base>,
    /// What stands before and a repair left there: history, as far as it can be read.
    pub(in crate::store) earlier: Option<Earlier>,
}

/// The part of a ledger that stands before a base which a repair wrote.
#[derive(Debug)]
pub(in crate::store) struct Earlier {
    /// Where it begins.
    pub(in crate::store) start: ChainHead,
    /// The state there; none at the first line.
    pub(in crate::store) base: Option<Base>,
    /// Its segments, in order.
    pub(in crate::store) segments: Vec<Anchored>,
    /// What of it cannot be read.
    pub(in crate::store) gaps: Vec<Gap>,
}

impl Earlier {
    /// What the repair that wrote a base left before it; none where it was no repair, or left
    /// nothing.
    pub(in crate::store) fn before(
        ledger: &Path,
        base: &Base,
    ) -> Result<Option<Earlier>, StoreError> {
        let number = base.start.segment;
        let (segments, bases) = segment::list(ledger)?;
        let older = || segments.iter().copied().filter(|older| *older < number);
        if !segment::repair_path(ledger, number).exists() {
            return Ok(None);
        }
        let mut older_bases = bases.into_iter().filter(|older| *older < number).peekable();
        let was_pruned = older_bases.peek().is_some() && !older().any(|older| older == 1);
        // A base that cannot be read is no place to begin at.
        let start = older_bases.find_map(|number| base::at(ledger, number).ok());
        let (first, start) = match start.filter(|_| was_pruned) {
            Some(base) => (base.start.segment, Some(base)),
            None if was_pruned => return Ok(None),
            // From the first commit on, whether its segment is there or not.
            None => (1, None),
        };
        let segments = stretches::anchored(ledger, older().filter(|older| *older >= first));
        let head = start.as_ref().map_or(ChainHead::START, |base| base.start.head);
        let (last, mut gaps) = stretches::each(ledger, &segments, head, &mut |_| Ok(()))?;
        if last.seq < base.start.head.seq {
            let commits = last.seq + 1..=base.start.head.seq;
            let file = segments.last().map(|(number, _)| segment::path(ledger, *number));
            gaps.push(Gap { commits, file: file.unwrap_or_else(|| segment::path(ledger, 1)) });
        }
        Ok(Some(Earlier { start: head, base: start, segments, gaps }))
    }
}

impl Past {
    /// That of a ledger which begins with a base, or with its first line.
    pub(in crate::store) fn new(base: Option<Base>) -> Past {
        let start = base.as_ref().map_or(Start::FIRST, |base| base.start);
        Past { start, base, earlier: None }
    }

    /// The same with what a repair left before it.
    pub(in crate::store) fn with_earlier(mut self, ledger: &Path) -> Result<Past, StoreError> {
        if let Some(base) = &self.base {
            self.earlier = Earlier::before(ledger, base)?;
        }
        Ok(self)
    }

    /// The first commits that are known not to be readable after `from` and up to `to`, where any are.
    pub(in crate::store) fn gap_between(&self, from: u64, to: u64) -> Option<&Gap> {
        let gaps = self.earlier.iter().flat_map(|earlier| &earlier.gaps);
        gaps.into_iter().find(|gap| *gap.commits.start() <= to && *gap.commits.end() > from)
    }

    /// Where the readable part of the ledger begins: what stands before is gone.
    pub(in crate::store) fn readable_from(&self) -> u64 {
        self.earlier.as_ref().map_or(self.start.head.seq, |earlier| earlier.start.seq)
    }

    /// From which moment on the past is known; none if from the first commit on.
    pub(in crate::store) fn since(&self) -> Option<DateTime<Utc>> {
        self.base.as_ref().map(|base| base.since)
    }

    /// Why a question about what stands before has no answer.
    pub(in crate::store) fn unknown(&self) -> StoreError {
        StoreError::BeforeHistory { since: self.since().unwrap_or_default() }
    }
}

/// What the handles and the writer share.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) ledger_dir: PathBuf,
    /// Where the ledger begins. Who reads its files holds this, so that none goes meanwhile; it is
    /// taken before the index's gate.
    past: RwLock<Past>,
    pub(super) index: Index,
    /// What questions about moments have learned; none before the first.
    moments: Mutex<Option<Moments>>,
    /// Why the store takes no more commits.
    pub(super) trouble: OnceLock<String>,
    /// Told when it takes no more.
    pub(super) stopped: Notify,
}

impl Core {
    /// That of a store which takes commits.
    pub(super) fn new(ledger_dir: PathBuf, past: Past, index: Index) -> Core {
        Core {
            ledger_dir,
            past: RwLock::new(past),
            index,
            moments: Mutex::new(None),
            trouble: OnceLock::new(),
            stopped: Notify::new(),
        }
    }

    /// Takes no more commits; the first reason stays.
    pub(super) fn stop(&self, why: &str) {
        self.trouble.get_or_init(|| why.to_owned());
        self.stopped.notify_waiters();
    }

    /// The store's folder.
    pub(super) fn dir(&self) -> PathBuf {
        self.ledger_dir.parent().unwrap_or(&self.ledger_dir).to_owned()
    }

    /// The right to read the ledger's files. Do not ask for it twice at once.
    pub(super) fn past(&self) -> RwLockReadGuard<'_, Past> {
        // The value is only ever replaced whole.
        self.past.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers from what is known of the moments of a ledger, once that is known up to `head`, which is
    /// read behind `past`.
    ///
    /// # Errors
    ///
    /// Those of the ledger.
    pub(super) fn with_moments<T>(
        &self,
        past: &Past,
        head: ChainHead,
        answer: impl FnOnce(&Moments) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut known = self.moments.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = known.take().filter(|moments| moments.is_of(past.start));
        let mut moments = kept.unwrap_or_else(|| Moments::new(past.start));
        moments.extend(&self.ledger_dir, head)?;
        answer(known.insert(moments))
    }

    /// The right to change where the ledger begins.
    pub(super) fn change_past(&self) -> RwLockWriteGuard<'_, Past> {
        self.past.write().unwrap_or_else(PoisonError::into_inner)
    }
}
