//! What is done to a store that no daemon has open.

use std::fs::File;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::Store;
use crate::model::Act;
use crate::store::archive::examine::{self, Examination};
use crate::store::archive::restore::{self, Restored};
use crate::store::audit::AuditTrail;
use crate::store::error::{Doing, StoreError};
use crate::store::files;
use crate::store::format::identity;
use crate::store::log::lock::{Lock, PATIENCE};
use crate::store::open::Settings;
use crate::store::open::opening::Opening;

impl Store {
    /// Puts a backup in the place of the store in `dir`, which no daemon has open and which may be
    /// damaged or missing; `path` is the backup's name for messages. Gives what was restored, and
    /// where the store is kept that was there before. Auto-sync is paused then, as after any restore.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoBackup`] where it is no whole backup, [`StoreError::InUse`] while a daemon
    /// runs, and those of the disk. Then the store is as it was.
    pub fn restore_offline(
        dir: &Path,
        file: File,
        path: &Path,
        now: DateTime<Utc>,
    ) -> Result<(Restored, Option<PathBuf>), StoreError> {
        restore::offline(dir, file, path, now)
    }

    /// Notes in the audit trail of the store in `dir`, which no daemon has open, that an act begins;
    /// gives its number.
    ///
    /// # Errors
    ///
    /// [`StoreError::InUse`] while a daemon runs, and those of the disk.
    pub fn begin_act_offline(dir: &Path, act: &Act) -> Result<u64, StoreError> {
        files::create_dir(dir)?;
        let _lock = Lock::take(dir, PATIENCE)?;
        AuditTrail::of(dir).begin(act)
    }

    /// Notes there how that act ended.
    ///
    /// # Errors
    ///
    /// As for [`Store::begin_act_offline`].
    pub fn end_act_offline(dir: &Path, number: u64, result: &str) -> Result<(), StoreError> {
        let _lock = Lock::take(dir, PATIENCE)?;
        AuditTrail::of(dir).end(number, result)
    }

    /// The id of the store in `dir`; none where there is none, or `store.json` cannot be read.
    ///
    /// # Errors
    ///
    /// Those of the disk.
    pub fn id_of(dir: &Path) -> Result<Option<String>, StoreError> {
        match identity::read(dir) {
            Err(StoreError::Damaged { .. }) => Ok(None),
            read => read,
        }
    }

    /// The id of the store that a backup is of; `path` is its name for messages. The file is at its
    /// beginning afterwards.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoBackup`] where it does not begin as one.
    pub fn id_of_backup(path: &Path, file: &File) -> Result<String, StoreError> {
        restore::id_of(path, file)
    }

    /// What the next opening of the store in `dir` would find, without changing anything. It needs
    /// room for a copy of the store.
    ///
    /// # Errors
    ///
    /// [`StoreError::InUse`] while a daemon has it open, [`StoreError::Newer`] where this program is
    /// too old to read it, and those of the disk. Damage is no error.
    pub fn examine(dir: &Path, now: DateTime<Utc>) -> Result<Examination, StoreError> {
        examine::examine(dir, now)
    }

    /// Opens a store that is refused, where a person has accepted that what nothing holds any more is
    /// lost: all that can be read is kept.
    ///
    /// # Errors
    ///
    /// Where nothing can be read at all, and those of [`Store::open`].
    pub fn repair(dir: &Path, now: DateTime<Utc>) -> Result<(Store, Opening), StoreError> {
        // Where there is no store, none is made.
        dir.read_dir().doing("list", dir)?;
        Store::open_with(dir, now, Settings { accepts_loss: true, ..Settings::default() })
    }
}
