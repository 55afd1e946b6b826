//! What waits beside the store when it is opened: a backup that is to take its place does, and what was
//! left half done is removed.
//!
//! Only the folder `restored` counts: the rename to it is the last step of a restore that succeeds. All
//! else was left by one that failed or was cut short, which has been told or will be: it is never
//! carried out later.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::opening::Finding;
use crate::store::error::{Doing, StoreError};
use crate::store::files;

/// What of a store takes another one's place, in this order.
pub(in crate::store) const PARTS: [&str; 3] = ["ledger", "index", "store.json"];

/// A backup that waits to take the store's place: from the moment at which it has this name, it counts.
pub(in crate::store) const WAITING: &str = "restored";

/// A backup that is being received, and where it is unpacked.
pub(in crate::store) const RECEIVING: [&str; 2] = ["restoring.jsonl", "restoring"];

/// A copy of the store that is looked at.
pub(in crate::store) const CHECKING: &str = "checking";

/// Says that auto-sync is to be paused, because a backup was restored.
const PAUSE: &str = "pause-after-restore";

/// Says that auto-sync is to be paused, before anything moves: so no restored store ever runs what its
/// schedule has.
pub(in crate::store) fn may_finish(dir: &Path) -> Result<(), StoreError> {
    files::replace(&dir.join(PAUSE), b"")
}

/// Completes a restore that was begun; gives where the store is kept that was there before.
pub(in crate::store) fn finish(
    dir: &Path,
    now: DateTime<Utc>,
) -> Result<Option<PathBuf>, StoreError> {
    let restored = dir.join(WAITING);
    if !restored.exists() {
        return Ok(None);
    }
    may_finish(dir)?;
    let kept = files::aside(&dir.join("store"), "replaced", now);
    for part in PARTS {
        let (from, to) = (restored.join(part), dir.join(part));
        if !from.exists() {
            // In place already, before a crash.
            continue;
        }
        if to.exists() {
            files::create_dir(&kept)?;
            files::rename(&to, &kept.join(part))?;
        }
        files::rename(&from, &to)?;
    }
    files::sync_dir(dir)?;
    files::remove_dir_if_there(&restored)?;
    Ok(kept.exists().then_some(kept))
}

/// Takes back a restore that failed at its last step, so that no opening carries it out.
pub(in crate::store) fn withdraw(dir: &Path) -> Result<(), StoreError> {
    files::remove_dir_if_there(&dir.join(WAITING))?;
    files::sync_dir(dir)
}

/// Removes what restores, backups and looks at the store left half done; gives what there was.
pub(in crate::store) fn remove_leftovers(dir: &Path) -> Result<Option<Finding>, StoreError> {
    let mut found: Vec<PathBuf> = RECEIVING.iter().map(|name| dir.join(name)).collect();
    found.push(dir.join(CHECKING));
    found.retain(|path| path.symlink_metadata().is_ok());
    let backups = dir.join("backups");
    for entry in fs::read_dir(&backups).doing("list", &backups)? {
        let path = entry.doing("list", &backups)?.path();
        if path.to_string_lossy().ends_with(".new") {
            found.push(path);
        }
    }
    for path in &found {
        match path.is_dir() {
            true => files::remove_dir_if_there(path)?,
            false => files::remove_if_there(path)?,
        }
    }
    Ok((!found.is_empty()).then_some(Finding::LeftoversRemoved(found)))
}

/// Whether auto-sync is to be paused, because a backup was restored.
pub(in crate::store) fn is_to_pause(dir: &Path) -> bool {
    dir.join(PAUSE).exists()
}

/// Notes that auto-sync is paused.
pub(in crate::store) fn is_paused(dir: &Path) -> Result<(), StoreError> {
    files::remove_if_there(&dir.join(PAUSE))?;
    files::sync_dir(dir)
}
