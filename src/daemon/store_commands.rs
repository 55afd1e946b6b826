//! `lmsyncd store check` and `lmsyncd restore`: the ways out for a store that no daemon has open, and
//! that one may refuse to open.
//!
//! They are root's, as the files are the daemon's: what root asks for is done as the owner of the
//! store's folder, so that nothing in it belongs to root afterwards.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::{Gid, Uid, setegid, seteuid, setgroups};

use super::args::{RestoreArgs, StoreCheckArgs};
use super::exit::StartError;
use crate::advice::Address;
use crate::clock::{Clock, SystemClock};
use crate::config;
use crate::control::Peer;
use crate::model::text::thousands;
use crate::model::{Act, Code};
use crate::store::{Examination, Store, StoreError};

/// Tells whether the store is sound, or goes on without what is lost; one line each.
pub(super) fn check(path: &Path, args: &StoreCheckArgs) -> Result<Vec<String>, StartError> {
    let settings = config::load(path).map_err(StartError::Config)?;
    let (dir, now) = (&settings.store.path, SystemClock.now());
    become_owner(dir)?;
    if args.repair {
        let (store, opening) = Store::repair(dir, now).map_err(StartError::Store)?;
        let act = act("lmsyncd store check --repair", String::new());
        let noted = store.begin_act(&act).and_then(|number| store.end_act(number, "ok"));
        noted.map_err(StartError::Store)?;
        let mut lines = opening.remarks();
        lines.push(stands("opens again", dir, store.head().seq));
        return Ok(lines);
    }
    let seen = Store::examine(dir, now).map_err(StartError::Store)?;
    let Examination { remarks, is_damaged, refused, is_emptied, commits } = seen;
    match (refused, is_damaged) {
        (Some(why), _) if is_emptied => Err(StartError::Emptied(why)),
        (Some(why), _) => Err(StartError::Refused(why)),
        (None, true) => Err(StartError::Mendable(remarks)),
        (None, false) => {
            Ok(remarks.into_iter().chain([stands("is sound", dir, commits)]).collect())
        }
    }
}

fn stands(how: &str, dir: &Path, commits: u64) -> String {
    format!("{} {how}, up to commit {}", dir.display(), thousands(commits))
}

/// Puts a backup in the place of the store; one line each of what was done.
pub(super) fn restore(path: &Path, args: &RestoreArgs) -> Result<Vec<String>, StartError> {
    let settings = config::load(path).map_err(StartError::Config)?;
    let (dir, file) = (&settings.store.path, &args.file);
    let unreadable =
        |source| StartError::Store(StoreError::Io { what: "open", path: file.to_owned(), source });
    // Root's own file is read as root.
    let backup = File::open(file).map_err(unreadable)?;
    become_owner(dir)?;
    let known = Store::id_of(dir).map_err(StartError::Store)?;
    let of = Store::id_of_backup(file, &backup).map_err(StartError::Store)?;
    if let Some(known) = known.filter(|known| *known != of && !args.other_store) {
        return Err(StartError::OtherStore { file: file.to_owned(), of, known });
    }
    let act = act("lmsyncd restore", format!("file={} of={of}", file.display()));
    let number = Store::begin_act_offline(dir, &act).map_err(StartError::Store)?;
    let result = Store::restore_offline(dir, backup, file, SystemClock.now());
    let code = if result.is_ok() { "ok" } else { Code::StoreFailed.name() };
    Store::end_act_offline(dir, number, code).map_err(StartError::Store)?;
    let (restored, kept) = result.map_err(StartError::Store)?;
    let contracts = thousands(restored.contracts);
    let address = Address::of_config(path, Some(&settings.control.socket));
    let mut lines = vec![format!(
        "{}: restored {contracts} contracts as of {}, up to commit {}",
        file.display(),
        restored.at,
        restored.commits
    )];
    lines.extend(kept.map(|kept| format!("the store that was there is in {}", kept.display())));
    lines.push(format!("auto-sync is paused until `{} resume`", address.program));
    Ok(lines)
}

/// An act of whoever called this program.
fn act(method: &str, what: String) -> Act {
    let actor = Peer::this_process().actor();
    Act { at: SystemClock.now(), actor, method: method.to_owned(), what }
}

/// Goes on as the owner of a folder, where root asked.
fn become_owner(dir: &Path) -> Result<(), StartError> {
    let Ok(folder) = dir.metadata() else { return Ok(()) };
    if !Uid::effective().is_root() || folder.uid() == 0 {
        return Ok(());
    }
    let (user, group) = (Uid::from_raw(folder.uid()), Gid::from_raw(folder.gid()));
    setgroups(&[group])
        .and_then(|()| setegid(group))
        .and_then(|()| seteuid(user))
        .map_err(|error| StartError::System(error.into()))
}
