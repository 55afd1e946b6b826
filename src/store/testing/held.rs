//! What a disk holds that loses its power: see `disk`.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Seek};
use std::ops::Range;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::store::file_system::{Change, OpenFile};

/// The number of a file or folder in the file system.
type Number = u64;

/// Where each file and folder is now.
type Places = HashMap<Number, PathBuf>;

/// What must be known of a change before it is done.
#[derive(Debug)]
pub(super) enum Place {
    /// The name that goes.
    Name(Number, OsString),
    /// Where the bytes go that are written.
    Byte(u64),
    Nothing,
}

/// What a file has on the disk.
#[derive(Debug, Default, Clone)]
struct Durable {
    bytes: Vec<u8>,
    /// What was written since, and not synced.
    dirty: Vec<Range<u64>>,
    /// Whether its length changed since.
    is_cut: bool,
}

/// An edit of names that is not on the disk.
#[derive(Debug, Clone)]
struct Edit {
    remove: Option<(Number, OsString)>,
    add: Option<(Number, OsString, Number)>,
}

/// What is on the disk, and what is on its way there.
#[derive(Debug, Default)]
pub(super) struct Held {
    files: HashMap<Number, Durable>,
    folders: HashMap<Number, BTreeMap<OsString, Number>>,
    pending: Vec<Edit>,
}

impl Held {
    /// Everything below a folder, as being on the disk.
    pub(super) fn all_of(folder: &Path) -> Held {
        let mut held = Held::default();
        snapshot(&mut held, folder);
        held
    }

    /// Notes what a change that was done means for the disk.
    pub(super) fn note(&mut self, change: Change<'_>, place: Place) -> io::Result<()> {
        let (removed, from) = match place {
            Place::Name(folder, name) => (Some((folder, name)), 0),
            Place::Byte(from) => (None, from),
            Place::Nothing => (None, 0),
        };
        match change {
            Change::Create(path) | Change::CreateFolder(path) => {
                self.begin(path)?;
                self.pending.push(Edit { remove: None, add: Some(added(path)?) });
            }
            Change::Link(_, to) => {
                self.pending.push(Edit { remove: None, add: Some(added(to)?) });
            }
            Change::Rename(_, to) => {
                self.pending.push(Edit { remove: removed, add: Some(added(to)?) });
            }
            Change::Remove(_) | Change::RemoveFolder(_) => {
                self.pending.push(Edit { remove: removed, add: None });
            }
            Change::Write(file, bytes) => {
                let range = from..from + bytes.len() as u64;
                self.file(file)?.dirty.push(range);
            }
            Change::Cut(file, _) => self.file(file)?.is_cut = true,
            Change::Sync(file) => {
                let now = file.as_file();
                self.file(file)?.sync(now, |_| true)?;
            }
            Change::SyncFolder(path) => {
                let folder = number_of(path)?;
                self.settle(|edit| edit.is_in(folder));
            }
        }
        Ok(())
    }

    /// Knows a new file or folder, of which nothing is on the disk.
    fn begin(&mut self, path: &Path) -> io::Result<()> {
        let number = number_of(path)?;
        match path.is_dir() {
            true => drop(self.folders.insert(number, BTreeMap::new())),
            false => drop(self.files.insert(number, Durable::default())),
        }
        Ok(())
    }

    fn file(&mut self, file: &OpenFile) -> io::Result<&mut Durable> {
        let number = file.as_file().metadata()?.ino();
        Ok(self.files.entry(number).or_default())
    }

    /// What was written to a file stays in memory, and no sync puts it on the disk any more.
    pub(super) fn lose(&mut self, file: &OpenFile) {
        if let Ok(durable) = self.file(file) {
            (durable.dirty, durable.is_cut) = (Vec::new(), false);
        }
    }

    /// Puts pending edits on the disk, in their order.
    fn settle(&mut self, mut is_due: impl FnMut(&Edit) -> bool) {
        let edits = std::mem::take(&mut self.pending).into_iter();
        let (due, pending): (Vec<_>, Vec<_>) = edits.partition(&mut is_due);
        self.pending = pending;
        for Edit { remove, add } in due {
            if let Some((folder, name)) = remove {
                self.folders.entry(folder).or_default().remove(&name);
            }
            if let Some((folder, name, number)) = add {
                self.folders.entry(folder).or_default().insert(name, number);
            }
        }
    }

    /// Puts some of what is not synced on the disk.
    pub(super) fn keep_some(&mut self, chance: &mut fastrand::Rng, places: &Places) {
        self.settle(|_| chance.bool());
        for (number, durable) in &mut self.files {
            let Some(path) = places.get(number) else { continue };
            let now = File::open(path).expect("opened");
            let keeps = chance.u8(..3);
            match keeps {
                0 => {}
                1 => durable.sync(&now, |_| true).expect("read"),
                _ => durable
                    .sync(&now, |range| {
                        // The length may be there before the bytes are, and half of them.
                        range.end = range.start + chance.u64(0..=range.end - range.start);
                        chance.bool()
                    })
                    .expect("read"),
            }
        }
    }

    /// Writes what is on the disk of a folder.
    pub(super) fn lay_out(&self, folder: &Path, to: &Path, places: &Places, keeps_index: bool) {
        self.lay_out_number(number_of(folder).expect("a folder"), to, places, keeps_index);
    }

    fn lay_out_number(&self, folder: Number, to: &Path, places: &Places, keeps_index: bool) {
        fs::create_dir(to).expect("made");
        for (name, number) in self.folders.get(&folder).into_iter().flatten() {
            let to = to.join(name);
            match (self.files.get(number), places.get(number)) {
                (Some(durable), _) => fs::write(&to, &durable.bytes).expect("written"),
                (None, Some(place)) if is_sleds(place) || is_sleds(&to) => {
                    if keeps_index {
                        super::copy(place, &to);
                    } else {
                        fs::create_dir(&to).expect("made");
                    }
                }
                _ => self.lay_out_number(*number, &to, places, keeps_index),
            }
        }
    }
}

impl Durable {
    /// Puts those dirty ranges on the disk that are chosen.
    fn sync(
        &mut self,
        now: &File,
        mut chosen: impl FnMut(&mut Range<u64>) -> bool,
    ) -> io::Result<()> {
        let length = now.metadata()?.len();
        if std::mem::take(&mut self.is_cut) {
            self.bytes.truncate(length as usize);
        }
        for mut range in std::mem::take(&mut self.dirty) {
            let end = range.end.min(length) as usize;
            let is_chosen = chosen(&mut range);
            self.bytes.resize(self.bytes.len().max(end), 0);
            let (from, to) = (range.start as usize, range.end.min(length) as usize);
            if is_chosen && from < to {
                now.read_exact_at(&mut self.bytes[from..to], range.start)?;
            }
        }
        Ok(())
    }
}

impl Edit {
    fn is_in(&self, folder: Number) -> bool {
        let Edit { remove, add } = self;
        remove.as_ref().is_some_and(|(of, _)| *of == folder)
            || add.as_ref().is_some_and(|(of, ..)| *of == folder)
    }
}

/// What must be known of a change before it is done.
pub(super) fn place_of(change: Change<'_>) -> io::Result<Place> {
    Ok(match change {
        Change::Remove(path) | Change::RemoveFolder(path) | Change::Rename(path, _) => {
            match name_of(path) {
                Ok((folder, name)) => Place::Name(folder, name),
                // It fails by itself.
                Err(_) => Place::Nothing,
            }
        }
        Change::Write(file, _) => Place::Byte(position(file)?),
        _ => Place::Nothing,
    })
}

/// Where everything in these folders is.
pub(super) fn places(folders: &[&Path]) -> Places {
    let mut places = Places::new();
    for folder in folders {
        walk(folder, &mut |path, number| drop(places.insert(number, path.to_owned())));
    }
    places
}

fn number_of(path: &Path) -> io::Result<Number> {
    Ok(path.symlink_metadata()?.ino())
}

fn name_of(path: &Path) -> io::Result<(Number, OsString)> {
    let folder = path.parent().unwrap_or(path);
    Ok((number_of(folder)?, path.file_name().unwrap_or_default().to_owned()))
}

fn added(path: &Path) -> io::Result<(Number, OsString, Number)> {
    let (folder, name) = name_of(path)?;
    Ok((folder, name, number_of(path)?))
}

/// Where the next bytes go.
fn position(file: &OpenFile) -> io::Result<u64> {
    let mut handle = file.as_file();
    let flags = nix::fcntl::fcntl(handle, nix::fcntl::FcntlArg::F_GETFL)?;
    let appends = flags & nix::fcntl::OFlag::O_APPEND.bits() != 0;
    if appends { Ok(handle.metadata()?.len()) } else { handle.stream_position() }
}

/// Whether a folder is an index, whatever it is called by now.
fn is_sleds(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("index"))
}

/// Takes everything below a folder as being on the disk.
fn snapshot(held: &mut Held, folder: &Path) {
    let mut names = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("listed") {
        let entry = entry.expect("an entry");
        let (path, number) = (entry.path(), number_of(&entry.path()).expect("there"));
        if is_sleds(&path) {
            // Nobody knows what is in it.
        } else if path.is_dir() {
            snapshot(held, &path);
        } else {
            let bytes = fs::read(&path).expect("read");
            held.files.insert(number, Durable { bytes, ..Durable::default() });
        }
        names.insert(entry.file_name(), number);
    }
    held.folders.insert(number_of(folder).expect("there"), names);
}

fn walk(folder: &Path, each: &mut dyn FnMut(&Path, Number)) {
    for entry in fs::read_dir(folder).expect("listed") {
        let path = entry.expect("an entry").path();
        // sled may remove its files meanwhile.
        let Ok(number) = number_of(&path) else { continue };
        each(&path, number);
        if path.is_dir() {
            walk(&path, each);
        }
    }
}
