//! Files and folders as the store needs them: private to their owner, and on the disk before
//! anyone is told.
//!
//! It knows nothing of what the files hold. What it changes goes through the seam of `file_system`.

use std::ffi::OsString;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::error::{Doing, StoreError};
use super::file_system::{Change, OpenFile, carry_out};
use crate::files;

/// How many bytes are copied at a time.
const PIECE: usize = 256 << 10;

/// Makes a folder if it is not there, durably.
pub(super) fn create_dir(path: &Path) -> Result<(), StoreError> {
    if path.is_dir() {
        return Ok(());
    }
    carry_out(Change::CreateFolder(path)).doing("create folder", path)?;
    sync_parent(path)
}

/// Makes a file that must not be there yet.
pub(super) fn create_new(path: &Path) -> Result<OpenFile, StoreError> {
    OpenFile::create(path).doing("create", path)
}

/// Copies what is left of a file into one that must not be there yet. It is not synced.
pub(super) fn copy(from: &mut impl io::Read, to: &Path) -> Result<OpenFile, StoreError> {
    let mut copy = BufWriter::with_capacity(PIECE, create_new(to)?);
    io::copy(from, &mut copy).doing("write", to)?;
    copy.into_inner().map_err(|error| error.into_error()).doing("write", to)
}

/// Makes the names in a folder durable.
pub(super) fn sync_dir(path: &Path) -> Result<(), StoreError> {
    carry_out(Change::SyncFolder(path)).doing("sync folder", path)
}

/// Makes the name of `path` durable.
pub(super) fn sync_parent(path: &Path) -> Result<(), StoreError> {
    sync_dir(files::folder_of(path))
}

/// Puts `bytes` in place of what `path` held, so that a crash leaves the one or the other. After an
/// error it may be either of them.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    files::ensure_plain(path).doing("replace", path)?;
    let beside = with_suffix(path, ".new");
    let placed = write_new(&beside, bytes).and_then(|()| rename(&beside, path));
    placed.inspect_err(|_| {
        // What failed is told; that its remains cannot be removed either would only hide it.
        let _ = remove_if_there(&beside);
    })
}

/// Writes a file whole, in the place of what a writer that died left of it.
fn write_new(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    remove_if_there(path)?;
    let mut file = create_new(path)?;
    file.write_all(bytes).doing("write", path)?;
    file.sync().doing("sync", path)
}

/// Renames durably.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    carry_out(Change::Rename(from, to)).doing("rename", from)?;
    sync_parent(to)
}

/// Gives a file a second name.
pub(super) fn link(from: &Path, to: &Path) -> Result<(), StoreError> {
    carry_out(Change::Link(from, to)).doing("keep a copy of", from)
}

/// Removes a file, if it is there.
pub(super) fn remove_if_there(path: &Path) -> Result<(), StoreError> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        _ => carry_out(Change::Remove(path)).doing("remove", path),
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
    match path.exists() {
        true => carry_out(Change::RemoveFolder(path)).doing("remove", path),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
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
