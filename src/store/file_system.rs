//! The seam between the store and the disk: whatever the store does to files and folders is one
//! [`Change`] after the other, and a [`FileSystem`] carries each out.
//!
//! In the daemon that is the operating system. A test puts a simulated one in its place for a folder
//! (`testing/disk.rs`): there the n-th change fails, is torn, or is lost, or the power fails at it, and
//! what was not synced is gone, or is there in another order.
//!
//! Not every file of the store's folder is changed here. The lock holds no data, and sled does the
//! files of the index itself: what those lose, the ledger has. Reading changes nothing. That nothing
//! else goes past this file is a rule that is tested (`tests/rules/`).

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The mode of every file: the notes of an MSP are nobody else's business.
pub(in crate::store) const FILE_MODE: u32 = 0o600;
/// The mode of every folder.
const FOLDER_MODE: u32 = 0o700;

/// One thing that is done to the disk.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) enum Change<'a> {
    /// A new file, empty and private. There must be nothing of that name.
    Create(&'a Path),
    /// All of these bytes, where the file stands, or at its end if it was opened to append.
    Write(&'a OpenFile, &'a [u8]),
    /// Cuts a file to that many bytes.
    Cut(&'a OpenFile, u64),
    /// Puts what a file holds on the disk, which says nothing of its name.
    Sync(&'a OpenFile),
    /// A new folder, private.
    CreateFolder(&'a Path),
    /// Puts the names in a folder on the disk.
    SyncFolder(&'a Path),
    /// Gives a file or folder another name, in the place of a file that has it.
    Rename(&'a Path, &'a Path),
    /// Gives a file a second name.
    Link(&'a Path, &'a Path),
    /// Removes a file.
    Remove(&'a Path),
    /// Removes a folder with all that is in it.
    RemoveFolder(&'a Path),
}

/// What carries changes out.
pub(in crate::store) trait FileSystem: Send + Sync {
    /// Carries one out, and returns when that is done.
    ///
    /// # Errors
    ///
    /// Those of the operating system. The change may be done then, in part or whole.
    fn carry_out(&self, change: Change<'_>) -> io::Result<()>;
}

/// The operating system's.
#[derive(Debug)]
pub(in crate::store) struct RealFileSystem;

impl FileSystem for RealFileSystem {
    fn carry_out(&self, change: Change<'_>) -> io::Result<()> {
        match change {
            Change::Create(path) => {
                let mut options = OpenOptions::new();
                options.write(true).create_new(true).mode(FILE_MODE).open(path).map(drop)
            }
            Change::Write(file, bytes) => (&file.file).write_all(bytes),
            Change::Cut(file, length) => file.file.set_len(length),
            Change::Sync(file) => file.file.sync_all(),
            Change::CreateFolder(path) => DirBuilder::new().mode(FOLDER_MODE).create(path),
            Change::SyncFolder(path) => File::open(path)?.sync_all(),
            Change::Rename(from, to) => fs::rename(from, to),
            Change::Link(from, to) => fs::hard_link(from, to),
            Change::Remove(path) => fs::remove_file(path),
            Change::RemoveFolder(path) => fs::remove_dir_all(path),
        }
    }
}

/// Carries a change out: all of them come through here.
pub(in crate::store) fn carry_out(change: Change<'_>) -> io::Result<()> {
    #[cfg(not(test))]
    let file_system = RealFileSystem;
    #[cfg(test)]
    let file_system = simulated::of(change.path());
    file_system.carry_out(change)
}

/// A file that is open to be changed, and read.
#[derive(Debug)]
pub(in crate::store) struct OpenFile {
    file: File,
    path: PathBuf,
}

impl OpenFile {
    /// Makes a file that must not be there yet.
    pub(in crate::store) fn create(path: &Path) -> io::Result<OpenFile> {
        carry_out(Change::Create(path))?;
        OpenFile::edit(path)
    }

    /// Opens a file that is there at its beginning.
    pub(in crate::store) fn edit(path: &Path) -> io::Result<OpenFile> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        Ok(OpenFile { file, path: path.to_owned() })
    }

    /// Opens a file to write at its end only, and makes it if it is not there.
    pub(in crate::store) fn append(path: &Path) -> io::Result<OpenFile> {
        if path.symlink_metadata().is_err() {
            carry_out(Change::Create(path))?;
        }
        let file = OpenOptions::new().read(true).append(true).open(path)?;
        Ok(OpenFile { file, path: path.to_owned() })
    }

    /// The same file, to look at and to lock.
    pub(in crate::store) fn as_file(&self) -> &File {
        &self.file
    }

    /// Its name when it was opened.
    pub(in crate::store) fn path(&self) -> &Path {
        &self.path
    }

    /// Cuts it to that many bytes.
    pub(in crate::store) fn cut(&self, length: u64) -> io::Result<()> {
        carry_out(Change::Cut(self, length))
    }

    /// Returns when everything in it is on the disk. After an error do not try again: the kernel may
    /// have dropped what it could not write, and would report success.
    pub(in crate::store) fn sync(&self) -> io::Result<()> {
        carry_out(Change::Sync(self))
    }
}

impl Write for OpenFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        carry_out(Change::Write(self, bytes)).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for OpenFile {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.file.read(bytes)
    }
}

impl Seek for OpenFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// Which folders have a simulated file system.
#[cfg(test)]
pub(in crate::store) mod simulated {
    use std::path::{Path, PathBuf};
    use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

    use super::{Change, FileSystem, RealFileSystem};

    impl Change<'_> {
        /// The file or folder that is changed; of a rename, the new name.
        pub(in crate::store) fn path(&self) -> &Path {
            match self {
                Change::Write(file, _) | Change::Cut(file, _) | Change::Sync(file) => &file.path,
                Change::Rename(_, path)
                | Change::Link(_, path)
                | Change::Create(path)
                | Change::CreateFolder(path)
                | Change::SyncFolder(path)
                | Change::Remove(path)
                | Change::RemoveFolder(path) => path,
            }
        }
    }

    type Places = Vec<(PathBuf, Arc<dyn FileSystem>)>;

    static PLACES: Mutex<Places> = Mutex::new(Vec::new());

    fn places() -> MutexGuard<'static, Places> {
        PLACES.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has another file system carry out all changes in a folder.
    pub(in crate::store) fn install(folder: &Path, simulated: Arc<dyn FileSystem>) {
        places().push((folder.to_owned(), simulated));
    }

    /// Has the operating system carry them out again.
    pub(in crate::store) fn uninstall(folder: &Path) {
        places().retain(|(place, _)| place != folder);
    }

    /// What carries out the changes of a path.
    pub(super) fn of(path: &Path) -> Arc<dyn FileSystem> {
        let places = places();
        let place = places.iter().find(|(folder, _)| path.starts_with(folder));
        place.map_or_else(|| Arc::new(RealFileSystem) as _, |(_, one)| Arc::clone(one))
    }
}
