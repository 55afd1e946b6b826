//! One daemon a store: locks that the kernel lets go of when their holder ends, however it ends.
//!
//! The file `lock` is locked, and so are the store's folder itself and the segment that is written
//! ([`Ledger`](super::ledger::Ledger)): a second daemon meets one of them, whatever was removed
//! meanwhile. What the first holds must also still be what the path leads to, before a commit is
//! acknowledged ([`Lock::verify`]): where a folder was replaced by a copy, or something was mounted
//! over it, the first daemon stops, and never both acknowledge.
//!
//! A lock can outlive its process for a moment. It belongs to the open file, and whoever has a copy
//! of the descriptor keeps it: a child between its fork and its exec (Rust opens files so that the
//! exec closes them, not the fork), or whoever looks through `/proc/PID/fd` at the moment at which the
//! process ends. That `std` starts children with `posix_spawn` changes nothing: the descriptors are
//! copied there too. Measured on two cores, with one thread that starts children and another that locks
//! and lets go: 1 lock of 800 was still held after it had been let go of while a child was started, 18 ms
//! at the longest, and as often with `posix_spawn` as with fork and exec. The daemon can meet it when it
//! opens the store again after a restore while the notify command is started. So a lock whose holder is
//! gone, or is this very process, is waited for.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::store::error::{Doing, StoreError};
use crate::store::file_system::FILE_MODE;
use crate::store::index::panic_guard;

/// How long a lock is waited for that nobody alive seems to hold, or that an earlier life of this
/// process has not let go of yet.
pub(in crate::store) const PATIENCE: Duration = Duration::from_secs(10);

/// The lock on a store. Dropping it lets go.
#[derive(Debug)]
pub(in crate::store) struct Lock {
    file: File,
    folder: File,
    dir: PathBuf,
}

impl Lock {
    /// Takes the lock, or tells who has it.
    pub(in crate::store) fn take(dir: &Path, patience: Duration) -> Result<Lock, StoreError> {
        let path = dir.join("lock");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(FILE_MODE);
        let mut file = options.open(&path).doing("open", &path)?;
        let folder = File::open(dir).doing("open", dir)?;
        let mut text = String::new();
        // The number is a help to the reader of the message, no more.
        let _ = file.read_to_string(&mut text);
        let holder = text.trim().parse().ok();
        let in_use = || StoreError::InUse { dir: dir.to_owned(), pid: holder };
        for (file, path) in [(&file, &*path), (&folder, dir)] {
            if !acquire(file, path, holder, patience)? {
                return Err(in_use());
            }
        }
        // A full disk must not keep a daemon from opening its store over this number.
        let _ = file.set_len(0).and_then(|()| file.rewind());
        let _ = writeln!(file, "{}", std::process::id());
        Ok(Lock { file, folder, dir: dir.to_owned() })
    }

    /// Whether this is still the lock of the folder that the path leads to.
    ///
    /// # Errors
    ///
    /// [`StoreError::Replaced`] where the folder or the file was removed, replaced or mounted over.
    pub(in crate::store) fn verify(&self) -> Result<(), StoreError> {
        is_still(&self.folder, &self.dir)?;
        is_still(&self.file, &self.dir.join("lock"))
    }
}

/// Locks an open file, of which `holder` is said to have the lock; tells whether that was possible.
pub(in crate::store) fn acquire(
    file: &File,
    path: &Path,
    holder: Option<u32>,
    patience: Duration,
) -> Result<bool, StoreError> {
    match file.try_lock() {
        Ok(()) => return Ok(true),
        Err(TryLockError::WouldBlock) if patience.is_zero() || is_another(holder) => {
            return Ok(false);
        }
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(error)) => return Err(error).doing("lock", path),
    }
    // A copy of the descriptor shares its lock. Where it comes too late, it goes with the thread.
    let copy = file.try_clone().doing("lock", path)?;
    match panic_guard::within(patience, move || copy.lock()) {
        Ok(Ok(())) => Ok(true),
        Ok(Err(error)) => Err(error).doing("lock", path),
        Err(_) => Ok(false),
    }
}

/// Whether that process is alive and not this one.
fn is_another(pid: Option<u32>) -> bool {
    pid.is_some_and(|pid| {
        pid != std::process::id() && Path::new("/proc").join(pid.to_string()).exists()
    })
}

/// Whether a path leads to the very file that is open.
pub(in crate::store) fn is_still(file: &File, path: &Path) -> Result<(), StoreError> {
    let open = file.metadata().doing("look at", path)?;
    match path.symlink_metadata() {
        Ok(there) if (there.dev(), there.ino()) == (open.dev(), open.ino()) => Ok(()),
        // A store's folder may be a symbolic link.
        Ok(there) if there.is_symlink() => match path.metadata() {
            Ok(there) if (there.dev(), there.ino()) == (open.dev(), open.ino()) => Ok(()),
            _ => Err(StoreError::Replaced { path: path.to_owned() }),
        },
        _ => Err(StoreError::Replaced { path: path.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn the_second_is_told_who_has_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let first = Lock::take(dir.path(), PATIENCE).expect("free");
        let error = Lock::take(dir.path(), Duration::ZERO).expect_err("taken");
        assert!(
            matches!(error, StoreError::InUse { pid: Some(pid), .. } if pid == std::process::id())
        );
        drop(first);
        Lock::take(dir.path(), Duration::ZERO).expect("free again");
    }

    #[test]
    fn another_process_that_lives_is_not_waited_for() {
        let dir = tempfile::tempdir().expect("a folder");
        let _first = Lock::take(dir.path(), PATIENCE).expect("free");
        // Init lives as long as anybody.
        fs::write(dir.path().join("lock"), "1\n").expect("written");
        let error = Lock::take(dir.path(), Duration::from_secs(3600)).expect_err("taken");
        assert!(matches!(error, StoreError::InUse { pid: Some(1), .. }), "{error}");
    }

    /// What a child has between its fork and its exec is a copy of the descriptor, as this one has
    /// until it ends: the lock outlives the one who took it.
    #[test]
    fn a_lock_that_outlives_its_holder_is_waited_for() {
        let dir = tempfile::tempdir().expect("a folder");
        let first = Lock::take(dir.path(), PATIENCE).expect("free");
        let copies = [&first.file, &first.folder].map(|file| file.try_clone().expect("a copy"));
        let [lock, folder] = copies.map(Stdio::from);
        // It holds both until its input ends.
        let mut child = Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(lock)
            .stderr(folder)
            .spawn()
            .expect("it starts");
        drop(first);
        let error = Lock::take(dir.path(), Duration::ZERO).expect_err("it outlives its holder");
        assert!(matches!(error, StoreError::InUse { .. }), "{error}");
        let waiting = dir.path().to_owned();
        let waiting = std::thread::spawn(move || Lock::take(&waiting, PATIENCE));
        drop(child.stdin.take());
        child.wait().expect("it ends");
        waiting.join().expect("no panic").expect("free in the end");
    }

    #[test]
    fn what_is_replaced_while_it_is_held_shows() {
        let place = tempfile::tempdir().expect("a folder");
        let dir = place.path().join("state");
        let harms: [&dyn Fn(); 4] = [
            &|| fs::remove_file(dir.join("lock")).expect("removed"),
            &|| {
                fs::copy(dir.join("lock"), dir.join("copy")).expect("copied");
                fs::rename(dir.join("copy"), dir.join("lock")).expect("renamed");
            },
            &|| {
                fs::rename(&dir, place.path().join("elsewhere")).expect("moved");
                fs::create_dir(&dir).expect("made");
                fs::write(dir.join("lock"), "").expect("written");
            },
            &|| fs::remove_dir_all(&dir).expect("removed"),
        ];
        for harm in harms {
            let _ = fs::remove_dir_all(place.path().join("elsewhere"));
            fs::create_dir_all(&dir).expect("made");
            let lock = Lock::take(&dir, PATIENCE).expect("free");
            lock.verify().expect("as it was");
            harm();
            assert!(matches!(lock.verify(), Err(StoreError::Replaced { .. })));
        }
    }

    /// Who removes the file is still kept out by the folder.
    #[test]
    fn a_lock_file_that_is_removed_lets_nobody_in() {
        let dir = tempfile::tempdir().expect("a folder");
        let _first = Lock::take(dir.path(), PATIENCE).expect("free");
        fs::remove_file(dir.path().join("lock")).expect("removed");
        let error = Lock::take(dir.path(), Duration::ZERO).expect_err("taken");
        assert!(matches!(error, StoreError::InUse { .. }), "{error}");
    }
}
