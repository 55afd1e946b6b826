//! A simulated disk: one change fails, is torn or lost, and its power can fail.
//!
//! The files themselves are real, so that sled and whoever reads sees what a process sees. What the
//! disk would hold without power is kept beside them, by the number that a file or folder has in the
//! file system, which here is given to no other file while a test runs:
//!
//! ```text
//! a file    ─ write ─► its dirty ranges ─ sync of the file ─────► its bytes on the disk
//! a name    ─ create, rename, link, remove ─► a pending edit
//!                                           ─ sync of the folder ► the names on the disk
//! ```
//!
//! A sync that fails or is lost leaves its ranges clean and not on the disk, as a kernel does: a later
//! sync does not bring them there. That a synced file has its name is not promised either. What stands
//! in a folder named `index` is sled's: when the power fails it is there as it is, or all of it is gone.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::held::{self, Held};
use crate::store::file_system::{Change, FileSystem, RealFileSystem, simulated};

/// What is wrong with a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Fault {
    /// It is not done, and fails with this error; the next one is.
    Fails(i32),
    /// It and all after it are not done, and fail with this error.
    FailsForGood(i32),
    /// It is done, a write in half and the removal of a folder in part, and fails.
    FailsDone,
    /// It is done for whoever looks, and never reaches the disk.
    IsLost,
    /// The power fails before it, so nothing is done from then on.
    PowerFails,
}

/// What of the unsynced is on the disk when the power fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Unsynced {
    /// Nothing.
    Gone,
    /// Some names and some bytes, in any order, by this seed.
    InPart(u64),
}

/// What a failing disk says.
pub(in crate::store) const EIO: i32 = nix::libc::EIO;

#[derive(Debug, Default)]
struct State {
    /// What is on the disk.
    held: Held,
    /// What is wrong with which change from here on.
    fault: Option<(usize, Fault)>,
    /// All of the changes since the fault was set, for messages.
    changes: Vec<String>,
    /// With which error everything fails by now.
    dead: Option<i32>,
    /// How many files and folders were removed.
    removed: usize,
}

/// A disk for the folder of one test.
#[derive(Debug)]
pub(in crate::store) struct SimulatedDisk {
    /// The folder that is simulated.
    folder: PathBuf,
    /// Where removed files stay, so that nobody else gets their numbers.
    removed: PathBuf,
    state: Mutex<State>,
}

/// Keeps a simulated disk in its place.
#[derive(Debug)]
pub(in crate::store) struct Installed(Arc<SimulatedDisk>);

impl Drop for Installed {
    fn drop(&mut self) {
        simulated::uninstall(&self.0.folder);
        let _ = fs::remove_dir_all(&self.0.removed);
    }
}

impl std::ops::Deref for Installed {
    type Target = SimulatedDisk;

    fn deref(&self) -> &SimulatedDisk {
        &self.0
    }
}

impl SimulatedDisk {
    /// Puts one under a folder whose files are all on the disk, for as long as it is held.
    pub(in crate::store) fn under(folder: &Path) -> Installed {
        let removed = folder.with_extension("removed");
        fs::create_dir_all(&removed).expect("made");
        let state = Mutex::new(State { held: Held::all_of(folder), ..State::default() });
        let folder = folder.to_owned();
        let disk = Arc::new(SimulatedDisk { folder, removed, state });
        simulated::install(&disk.folder, Arc::clone(&disk) as Arc<dyn FileSystem>);
        Installed(disk)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From here on, the change with this number, counted from 0, has this fault.
    pub(in crate::store) fn arm(&self, number: usize, fault: Fault) {
        let mut state = self.state();
        state.changes.clear();
        state.fault = Some((number, fault));
    }

    /// Whether the change with the fault has come; what it was.
    pub(in crate::store) fn met(&self) -> Option<String> {
        let state = self.state();
        let (number, _) = state.fault?;
        state.changes.get(number).cloned()
    }

    /// All goes well again.
    pub(in crate::store) fn heal(&self) {
        let mut state = self.state();
        (state.fault, state.dead) = (None, None);
    }

    /// Fails everything from here on, until the power is back.
    pub(in crate::store) fn stop(&self) {
        self.state().dead = Some(EIO);
    }

    /// The power fails, and is back: the folder holds what was on the disk. Nobody may have it open.
    pub(in crate::store) fn lose_power(&self, unsynced: Unsynced, keeps_index: bool) {
        let mut state = self.state();
        let places = held::places(&[&self.removed, &self.folder]);
        if let Unsynced::InPart(seed) = unsynced {
            state.held.keep_some(&mut fastrand::Rng::with_seed(seed), &places);
        }
        let after = self.folder.with_extension("after");
        state.held.lay_out(&self.folder, &after, &places, keeps_index);
        fs::remove_dir_all(&self.folder).expect("removed");
        fs::rename(&after, &self.folder).expect("moved");
        let (held, removed) = (Held::all_of(&self.folder), state.removed);
        *state = State { held, removed, ..State::default() };
    }

    /// Where something goes that is removed.
    fn grave(&self, state: &mut State) -> PathBuf {
        state.removed += 1;
        self.removed.join(state.removed.to_string())
    }

    /// Does a change to the files, so that everybody sees it.
    fn show(&self, state: &mut State, change: Change<'_>) -> io::Result<()> {
        match change {
            // The disk is what the test says it is.
            Change::Sync(_) | Change::SyncFolder(_) => Ok(()),
            Change::Remove(path) | Change::RemoveFolder(path) => {
                fs::rename(path, self.grave(state))
            }
            Change::Rename(_, to) if to.is_file() => {
                fs::hard_link(to, self.grave(state))?;
                RealFileSystem.carry_out(change)
            }
            _ => RealFileSystem.carry_out(change),
        }
    }

    /// Does a part of a change.
    fn show_part(&self, state: &mut State, change: Change<'_>) -> io::Result<()> {
        match change {
            Change::Write(file, bytes) => {
                self.show_and_note(state, Change::Write(file, &bytes[..bytes.len() / 2]))
            }
            Change::RemoveFolder(path) => match fs::read_dir(path)?.next() {
                Some(first) => {
                    let first = first?.path();
                    let change = match first.is_dir() {
                        true => Change::RemoveFolder(&first),
                        false => Change::Remove(&first),
                    };
                    self.show_and_note(state, change)
                }
                None => Ok(()),
            },
            Change::Sync(_) => Ok(()),
            _ => self.show_and_note(state, change),
        }
    }

    fn show_and_note(&self, state: &mut State, change: Change<'_>) -> io::Result<()> {
        let place = held::place_of(change)?;
        self.show(state, change)?;
        state.held.note(change, place)
    }
}

impl FileSystem for SimulatedDisk {
    fn carry_out(&self, change: Change<'_>) -> io::Result<()> {
        let mut state = self.state();
        state.changes.push(told(change));
        if let Some(error) = state.dead {
            return Err(io::Error::from_raw_os_error(error));
        }
        let number = state.changes.len() - 1;
        let fault = state.fault.filter(|(at, _)| *at == number).map(|(_, fault)| fault);
        if let (Some(_), Change::Sync(file)) = (fault, change) {
            state.held.lose(file);
        }
        let error = match fault {
            None => return self.show_and_note(&mut state, change),
            Some(Fault::IsLost) => return self.show(&mut state, change),
            Some(Fault::Fails(error)) => error,
            Some(Fault::FailsForGood(error)) => *state.dead.insert(error),
            Some(Fault::PowerFails) => *state.dead.insert(EIO),
            Some(Fault::FailsDone) => {
                self.show_part(&mut state, change)?;
                EIO
            }
        };
        Err(io::Error::from_raw_os_error(error))
    }
}

/// A change in words.
fn told(change: Change<'_>) -> String {
    let what = match change {
        Change::Create(_) => "create",
        Change::Write(..) => "write",
        Change::Cut(..) => "cut",
        Change::Sync(_) => "sync",
        Change::CreateFolder(_) => "create folder",
        Change::SyncFolder(_) => "sync folder",
        Change::Rename(..) => "rename to",
        Change::Link(..) => "link as",
        Change::Remove(_) => "remove",
        Change::RemoveFolder(_) => "remove folder",
    };
    format!("{what} {}", change.path().display())
}
