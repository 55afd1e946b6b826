//! A copy of the ledger before a store is opened by another version of the program, so that there
//! is a way back from an upgrade.
//!
//! ```text
//! state/written-by                       the version that opened it last
//! state/backups/20261124T221500Z-before-0.2.0/
//!   store.json  ledger/                  all that is true; the index is built from it
//! ```
//!
//! The way back: stop the daemon, move `store.json`, `ledger` and `index` away, put the two of the
//! copy in their place, install the older version, start it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::store::error::{Doing, StoreError};
use crate::store::files;

/// The version that opens the store now.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How many copies stay; older ones go when another one is made.
const KEPT: usize = 3;

/// The file with the version that opened the store last.
const WRITTEN_BY: &str = "written-by";

/// Copies the ledger of a store that another version has opened last; gives the place of the copy,
/// none if there was nothing to do.
pub(in crate::store) fn copy(
    dir: &Path,
    now: DateTime<Utc>,
) -> Result<Option<PathBuf>, StoreError> {
    let path = dir.join(WRITTEN_BY);
    let last = match fs::read_to_string(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        read => read.doing("read", &path)?,
    };
    if last.trim_end() == VERSION {
        return Ok(None);
    }
    let backups = dir.join("backups");
    let name = format!("{}-before-{VERSION}", now.format("%Y%m%dT%H%M%SZ"));
    let making = backups.join(format!("{name}.new"));
    files::remove_dir_if_there(&making)?;
    files::create_dir(&making)?;
    copy_file(&dir.join("store.json"), &making.join("store.json"))?;
    let (from, to) = (dir.join("ledger"), making.join("ledger"));
    files::create_dir(&to)?;
    for entry in fs::read_dir(&from).doing("read folder", &from)? {
        let entry = entry.doing("read folder", &from)?;
        if entry.path().is_file() {
            copy_file(&entry.path(), &to.join(entry.file_name()))?;
        }
    }
    files::sync_dir(&to)?;
    files::sync_dir(&making)?;
    let mut place = backups.join(&name);
    if place.exists() {
        place = files::aside(&place, "again", now);
    }
    files::rename(&making, &place)?;
    forget_old(&backups)?;
    Ok(Some(place))
}

/// Notes that this version has opened the store.
pub(in crate::store) fn note(dir: &Path) -> Result<(), StoreError> {
    let path = dir.join(WRITTEN_BY);
    match fs::read_to_string(&path) {
        Ok(last) if last.trim_end() == VERSION => Ok(()),
        _ => files::replace(&path, format!("{VERSION}\n").as_bytes()),
    }
}

fn copy_file(from: &Path, to: &Path) -> Result<(), StoreError> {
    let mut source = fs::File::open(from).doing("open", from)?;
    files::copy(&mut source, to)?.sync().doing("sync", to)
}

/// Removes all but the newest copies; their names begin with the time.
fn forget_old(backups: &Path) -> Result<(), StoreError> {
    let mut copies = Vec::new();
    for entry in fs::read_dir(backups).doing("read folder", backups)? {
        let path = entry.doing("read folder", backups)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.contains("Z-before-") && path.is_dir() {
            copies.push(path);
        }
    }
    copies.sort();
    let old = copies.len().saturating_sub(KEPT);
    for path in &copies[..old] {
        files::remove_dir_if_there(path)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use crate::store::testing::{Answers, Place, at, names};

    #[test]
    fn another_version_keeps_a_copy_that_opens_as_the_same_store() {
        let (place, answers) = Place::filled(7);
        drop(place.open());
        let backups = place.dir().join("backups");
        assert_eq!(names(&backups), [""; 0], "nothing to go back to in a new store");

        for written_by in ["0.0.8\n", "0.0.9\n", "", "0.0.7\n"] {
            fs::write(place.dir().join(WRITTEN_BY), written_by).expect("written");
            let (_, opening) = place.open();
            assert!(opening.is_clean(), "{opening:?}");
        }
        let copies = names(&backups);
        assert_eq!(copies.len(), KEPT, "{copies:?}");
        drop(place.open());
        assert_eq!(names(&backups), copies, "nor where the version is the same");

        let (store, _) = Store::open(&backups.join(&copies[0]), at(9)).expect("opens");
        assert_eq!(Answers::of(&store), answers);
    }

    #[test]
    fn a_copy_that_cannot_be_made_is_told_and_keeps_nothing_closed() {
        let (place, answers) = Place::filled(3);
        fs::write(place.dir().join(WRITTEN_BY), "0.0.9\n").expect("written");
        fs::remove_dir(place.dir().join("backups")).expect("removed");
        fs::write(place.dir().join("backups"), "in the way").expect("written");
        let error = copy(&place.dir(), at(9)).expect_err("no folder");
        assert!(error.to_string().contains("backups"), "{error}");
        fs::remove_file(place.dir().join("backups")).expect("removed");
        let (store, _) = place.open();
        assert_eq!(Answers::of(&store), answers);
    }
}
