//! Appending to the ledger: the one place that makes a commit durable.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::lock;
use super::segment::{self, LogPosition};
use crate::store::error::{Doing, StoreError};
use crate::store::file_system::OpenFile;
use crate::store::files;

/// At how many bytes a segment is full: large enough for years of a small MSP in one file, small
/// enough to copy, grep and open.
pub(in crate::store) const SEGMENT_BYTES: u64 = 64 << 20;

/// The end of the ledger, open for writing.
#[derive(Debug)]
pub(in crate::store) struct Ledger {
    dir: PathBuf,
    file: OpenFile,
    end: LogPosition,
    full_at: u64,
    /// How long a lock is waited for that a copy of a descriptor holds.
    patience: Duration,
}

impl Ledger {
    /// Opens the ledger at its end, which must be at `end`, and locks that file.
    pub(in crate::store) fn open(
        dir: &Path,
        end: LogPosition,
        full_at: u64,
        patience: Duration,
    ) -> Result<Ledger, StoreError> {
        let path = segment::path(dir, end.segment);
        let file = OpenFile::append(&path).doing("open", &path)?;
        if !lock::acquire(file.as_file(), &path, None, patience)? {
            return Err(StoreError::InUse { dir: dir.to_owned(), pid: None });
        }
        let length = file.as_file().metadata().doing("read the size of", &path)?.len();
        if length != end.offset {
            let why = format!("it has {length} bytes and not the {} that were read", end.offset);
            return Err(StoreError::Damaged { file: path, line: 0, why });
        }
        files::sync_dir(dir)?;
        Ok(Ledger { dir: dir.to_owned(), file, end, full_at, patience })
    }

    /// Where the next line will stand. A full segment is followed by a new one.
    pub(in crate::store) fn next_spot(&mut self) -> Result<LogPosition, StoreError> {
        if self.end.offset >= self.full_at {
            let end = LogPosition { segment: self.end.segment + 1, offset: 0 };
            let path = segment::path(&self.dir, end.segment);
            let file = files::create_new(&path)?;
            lock::acquire(file.as_file(), &path, None, self.patience)?;
            files::sync_dir(&self.dir)?;
            (self.file, self.end) = (file, end);
        }
        Ok(self.end)
    }

    /// Writes whole lines and returns when they are on the disk, in the file that its path leads to.
    ///
    /// After an error it is not known what is there: nothing may be appended any more, and the
    /// sync must not be tried again, because the kernel may have dropped the pages that it could
    /// not write and would report success.
    pub(in crate::store) fn append(&mut self, lines: &[u8]) -> Result<(), StoreError> {
        self.file.write_all(lines).doing("write", self.file.path())?;
        self.file.sync().doing("sync", self.file.path())?;
        self.verify()?;
        self.end.offset += lines.len() as u64;
        Ok(())
    }

    /// Whether the file that is written is still the one that its path leads to.
    ///
    /// # Errors
    ///
    /// [`StoreError::Replaced`] where it was removed, replaced or mounted over.
    pub(in crate::store) fn verify(&self) -> Result<(), StoreError> {
        lock::is_still(self.file.as_file(), self.file.path())
    }

    /// Goes on at another end, which must be where `end` says.
    pub(in crate::store) fn go_on(&mut self, end: LogPosition) -> Result<(), StoreError> {
        // It may be the same file, which is opened once more.
        self.file.as_file().unlock().doing("unlock", self.file.path())?;
        *self = Ledger::open(&self.dir, end, self.full_at, self.patience)?;
        Ok(())
    }

    /// Where the ledger ends.
    pub(in crate::store) fn end(&self) -> LogPosition {
        self.end
    }
}
