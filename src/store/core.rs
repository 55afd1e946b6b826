//! What the handles, the writer and the questions share: where the ledger begins, the index, and
//! whether commits are still taken.

use std::path::PathBuf;
use std::sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use chrono::{DateTime, Utc};

use super::error::StoreError;
use super::index::Index;
use super::log::base::Base;
use super::log::survey::Start;

/// Where the ledger begins: what stands before may be gone.
#[derive(Debug)]
pub(in crate::store) struct Past {
    pub(in crate::store) start: Start,
    /// The state there; none at the first line.
    pub(in crate::store) base: Option<Base>,
}

impl Past {
    /// That of a ledger which begins with a base, or with its first line.
    pub(in crate::store) fn new(base: Option<Base>) -> Past {
        Past { start: base.as_ref().map_or(Start::FIRST, |base| base.start), base }
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
    /// Why the store takes no more commits.
    pub(super) trouble: OnceLock<String>,
}

impl Core {
    /// That of a store which takes commits.
    pub(super) fn new(ledger_dir: PathBuf, past: Past, index: Index) -> Core {
        Core { ledger_dir, past: RwLock::new(past), index, trouble: OnceLock::new() }
    }

    /// Takes no more commits; the first reason stays.
    pub(super) fn stop(&self, why: &str) {
        self.trouble.get_or_init(|| why.to_owned());
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

    /// The right to change where the ledger begins.
    pub(super) fn change_past(&self) -> RwLockWriteGuard<'_, Past> {
        self.past.write().unwrap_or_else(PoisonError::into_inner)
    }
}
