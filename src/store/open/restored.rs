//! A backup that waits to take the store's place takes it.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::store::error::StoreError;
use crate::store::files;

/// What of a store takes another one's place, in this order.
pub(in crate::store) const PARTS: [&str; 3] = ["ledger", "index", "store.json"];

/// Completes a restore that was begun; gives where the store is kept that was there before.
pub(in crate::store) fn finish(
    dir: &Path,
    now: DateTime<Utc>,
) -> Result<Option<PathBuf>, StoreError> {
    let restored = dir.join("restored");
    if !restored.exists() {
        return Ok(None);
    }
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
    Ok(Some(kept))
}
