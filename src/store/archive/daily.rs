//! Backups that nobody has to think of: one a day in the folder of the store, the newest few kept.
//!
//! ```text
//! state/backups/daily-2026-11-24.jsonl
//! ```
//!
//! They help where the store is damaged or was changed by mistake, and not where its disk is lost:
//! copy one elsewhere now and then.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, Utc};

use super::backup;
use super::restore;
use crate::store::core::Core;
use crate::store::error::{Doing, StoreError};
use crate::store::files;
use crate::store::read::present;

/// How many are kept.
const KEPT: usize = 7;

const PREFIX: &str = "daily-";
const SUFFIX: &str = ".jsonl";

/// Writes the backup of a day, unless there is one, or nothing changed since the newest; gives where
/// it is. It is read back before it has its name.
pub(in crate::store) fn back_up(
    core: &Core,
    day: NaiveDate,
    now: DateTime<Utc>,
) -> Result<Option<PathBuf>, StoreError> {
    let dir = core.dir().join("backups");
    let path = dir.join(format!("{PREFIX}{day}{SUFFIX}"));
    let there = list(&dir)?;
    let head = present::head(core);
    let is_known = |path: &PathBuf| restore::stated(path).is_ok_and(|stated| stated == head.sum);
    if head.seq == 0 || path.exists() || there.last().is_some_and(is_known) {
        return Ok(None);
    }
    must_have_room(core, &dir)?;
    let making = files::with_suffix(&path, ".new");
    let written = write(core, &making, now).and_then(|()| files::rename(&making, &path));
    written.map_err(|error| error.taken_back("the backup", take_back(&dir, &making, &path)))?;
    for old in &there[..(there.len() + 1).saturating_sub(KEPT)] {
        files::remove_if_there(old)?;
    }
    Ok(Some(path))
}

/// What is half written only takes room; what is told as failed is not there later.
fn take_back(dir: &Path, making: &Path, path: &Path) -> Result<(), StoreError> {
    files::remove_if_there(making)?;
    if path.exists() {
        files::remove_if_there(path)?;
        files::sync_dir(dir)?;
    }
    Ok(())
}

/// Refuses to begin where a backup would take the room that the store itself needs to go on: half of
/// what is free at most.
fn must_have_room(core: &Core, dir: &Path) -> Result<(), StoreError> {
    let mut bytes = 0;
    for entry in fs::read_dir(&core.ledger_dir).doing("list", &core.ledger_dir)? {
        let entry = entry.doing("list", &core.ledger_dir)?;
        bytes += entry.metadata().map_or(0, |file| file.len());
    }
    let disk = nix::sys::statvfs::statvfs(dir).map_err(io::Error::from).doing("look at", dir)?;
    let free = disk.blocks_available().saturating_mul(disk.fragment_size());
    if bytes.saturating_mul(2) <= free {
        return Ok(());
    }
    let full = io::Error::new(io::ErrorKind::StorageFull, "less than twice its size is free");
    Err(full).doing("back up into", dir)
}

/// The daily backups in a folder, the newest last.
pub(in crate::store) fn list(dir: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).doing("list", dir)? {
        let path = entry.doing("list", dir)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let day = name.strip_prefix(PREFIX).and_then(|name| name.strip_suffix(SUFFIX));
        if day.is_some_and(|day| day.parse::<NaiveDate>().is_ok()) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn write(core: &Core, path: &Path, now: DateTime<Utc>) -> Result<(), StoreError> {
    files::remove_if_there(path)?;
    let mut file = files::create_new(path)?;
    let mut backup = backup::begin(core, now)?;
    while let Some(piece) = backup.piece()? {
        file.write_all(piece.as_bytes()).doing("write", path)?;
    }
    file.sync().doing("sync", path)?;
    restore::read_through(File::open(path).doing("open", path)?, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use crate::store::testing::{Answers, Place, at, fill, names};

    fn day(number: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2027, 1, number).expect("a day")
    }

    #[test]
    fn one_a_day_is_written_where_anything_changed_and_a_week_is_kept() {
        let (place, _) = Place::filled(0);
        let (store, _) = place.open();
        let backups = place.dir().join("backups");
        let write = |number| store.back_up_daily(day(number), at(30)).expect("written");
        assert_eq!(write(1), None, "an empty store");
        for number in 1..=9 {
            fill(&store, 1);
            assert!(write(number).is_some());
            fill(&store, 1);
            assert_eq!(write(number), None, "one a day");
        }
        assert!(write(10).is_some());
        assert_eq!(write(11), None, "nothing changed");
        let names = names(&backups);
        assert_eq!(
            (names.len(), &*names[0], &*names[6]),
            (7, "daily-2027-01-04.jsonl", "daily-2027-01-10.jsonl")
        );

        let answers = Answers::of(&store);
        drop(store);
        let (path, other) = (backups.join(&names[6]), place.dir().join("elsewhere"));
        let file = File::open(&path).expect("opened");
        let (restored, kept) =
            Store::restore_offline(&other, file, &path, at(40)).expect("restored");
        assert_eq!((restored.commits, kept), (18, None), "nothing was there before");
        let (store, _) = Store::open(&other, at(50)).expect("it opens");
        assert_eq!(Answers::of(&store), answers);
        assert!(store.is_to_pause());
        store.noted_pause().expect("noted");
        assert!(!store.is_to_pause());
    }
}
