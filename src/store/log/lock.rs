//! One daemon a store: a lock on a file of the store's folder, which the kernel lets go of when
//! its holder ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::store::error::{Doing, StoreError};
use crate::store::files::FILE_MODE;

/// The lock on a store. Dropping it lets go.
#[derive(Debug)]
pub(in crate::store) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock, or tells who has it.
    pub(in crate::store) fn take(dir: &Path) -> Result<Lock, StoreError> {
        let path = dir.join("lock");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(FILE_MODE);
        let mut file = options.open(&path).doing("open", &path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // The number is a help to the reader of the message, no more.
                let _ = file.read_to_string(&mut text);
                return Err(StoreError::InUse {
                    dir: dir.to_owned(),
                    pid: text.trim().parse().ok(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(error).doing("lock", &path),
        }
        // A full disk must not keep a daemon from opening its store over this number.
        let _ = file.set_len(0).and_then(|()| file.rewind());
        let _ = writeln!(file, "{}", std::process::id());
        Ok(Lock { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_has_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let first = Lock::take(dir.path()).expect("free");
        let error = Lock::take(dir.path()).expect_err("taken");
        assert!(
            matches!(error, StoreError::InUse { pid: Some(pid), .. } if pid == std::process::id())
        );
        drop(first);
        Lock::take(dir.path()).expect("free again");
    }
}
