//! Files and folders as the store needs them: private to their owner, and on the disk before
//! anyone is told.
//!
//! It knows nothing of what the files hold.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::error::{Doing, StoreError};
use crate::files::{self, Mode, Replacement};

/// The mode of every file: the notes of an MSP are nobody else's business.
pub(super) const FILE_MODE: u32 = 0o600;
/// The mode of every folder.
const DIR_MODE: u32 = 0o700;

/// Makes a folder if it is not there, durably.
pub(super) fn create_dir(path: &Path) -> Result<(), StoreError> {
    match DirBuilder::new().mode(DIR_MODE).create(path) {
        Ok(()) => sync_parent(path),
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(error).doing("create folder", path),
    }
}

/// Makes a file that must not be there yet.
pub(super) fn create_new(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(FILE_MODE).open(path).doing("create", path)
}

/// Makes the names in a folder durable.
pub(super) fn sync_dir(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|dir| dir.sync_all()).doing("sync folder", path)
}

/// Makes the name of `path` durable.
pub(super) fn sync_parent(path: &Path) -> Result<(), StoreError> {
    sync_dir(files::folder_of(path))
}

/// Puts `bytes` in place of what `path` held, so that a crash leaves the one or the other.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let beside = with_suffix(path, ".new");
    let mode = Mode::AtMost(FILE_MODE);
    files::replace(Replacement { path, beside: &beside, mode, durable: true }, |file| {
        file.write_all(bytes)
    })
    .doing("replace", path)
}

/// Renames durably.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    fs::rename(from, to).doing("rename", from)?;
    sync_parent(to)
}

/// Removes a file, if it is there.
pub(super) fn remove_if_there(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error).doing("remove", path),
        _ => Ok(()),
    }
}

/// Moves what cannot be used out of the way, to `<path>.<word>-<time>`, and tells where it is.
pub(super) fn move_aside(
    path: &Path,
    word: &str,
    now: DateTime<Utc>,
) -> Result<PathBuf, StoreError> {
    let place = aside(path, word, now);
    rename(path, &place)?;
    Ok(place)
}

/// A name beside `path` that nothing has yet.
pub(super) fn aside(path: &Path, word: &str, now: DateTime<Utc>) -> PathBuf {
    let stamp = format!(".{word}-{}", now.format("%Y%m%dT%H%M%SZ"));
    let mut place = with_suffix(path, &stamp);
    let mut number = 1;
    while place.symlink_metadata().is_ok() {
        number += 1;
        place = with_suffix(path, &format!("{stamp}-{number}"));
    }
    place
}

/// `path` with `suffix` at the end of its last part.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut text = OsString::from(path);
    text.push(suffix);
    PathBuf::from(text)
}

/// Removes a folder with what is in it, if it is there.
pub(super) fn remove_dir_if_there(path: &Path) -> Result<(), StoreError> {
    if path.exists() { fs::remove_dir_all(path).doing("remove", path) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn nothing_that_is_put_aside_replaces_what_was_put_there_before() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("index");
        let now = DateTime::UNIX_EPOCH;
        let mut places = Vec::new();
        for _ in 0..3 {
            replace(&path, b"x").expect("written");
            places.push(move_aside(&path, "bad", now).expect("moved"));
        }
        let names: Vec<_> = places.iter().map(|p| p.file_name().expect("a name")).collect();
        assert_eq!(
            names,
            [
                "index.bad-19700101T000000Z",
                "index.bad-19700101T000000Z-2",
                "index.bad-19700101T000000Z-3"
            ]
        );
        assert!(places.iter().all(|place| place.is_file()));
    }

    #[test]
    fn files_and_folders_are_private() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = dir.path().join("state");
        create_dir(&folder).expect("made");
        create_dir(&folder).expect("there already");
        let file = folder.join("file");
        replace(&file, b"x").expect("written");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));
    }
}
