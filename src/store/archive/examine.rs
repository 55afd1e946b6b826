//! Looking at a store that no daemon has open: what the next opening would find and do, without
//! changing anything. A copy is opened in its place, and removed again.

use std::fs::{self, File};
use std::path::Path;

use chrono::{DateTime, Utc};

use crate::model::error_chain;
use crate::store::core::Core;
use crate::store::error::{Doing, StoreError};
use crate::store::files;
use crate::store::log::lock::{Lock, PATIENCE};
use crate::store::open::opening::Opening;
use crate::store::open::restored::{CHECKING, PARTS, WAITING};
use crate::store::open::{self, Settings, upgrade_backup};
use crate::store::read::check;

/// What the next opening of a store would find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examination {
    /// One line for a person about each thing that the opening would find or do.
    pub remarks: Vec<String>,
    /// Whether anything was damaged.
    pub is_damaged: bool,
    /// Why it would refuse; none where it would open.
    pub refused: Option<String>,
    /// Whether that is because nothing is left of the ledger, so that no repair continues with anything.
    pub is_emptied: bool,
    /// The last commit; 0 where it would refuse.
    pub commits: u64,
}

/// Looks at the store in `dir`. It needs room for a copy of it.
///
/// # Errors
///
/// [`StoreError::InUse`] while a daemon has it open, [`StoreError::Newer`] where this program is too old
/// to read it, and those of making the copy. Damage is no error.
pub(in crate::store) fn examine(dir: &Path, now: DateTime<Utc>) -> Result<Examination, StoreError> {
    let _lock = Lock::take(dir, PATIENCE)?;
    let copy = dir.join(CHECKING);
    files::remove_dir_if_there(&copy)?;
    let examined = examine_copy(dir, &copy, now);
    files::remove_dir_if_there(&copy)?;
    examined
}

fn examine_copy(dir: &Path, copy: &Path, now: DateTime<Utc>) -> Result<Examination, StoreError> {
    files::create_dir(copy)?;
    // The one that a restore put in waiting is the one that counts.
    let waiting = dir.join(WAITING);
    for part in PARTS {
        let from = [&waiting, dir].map(|dir| dir.join(part)).into_iter().find(|path| path.exists());
        if let Some(from) = from {
            copy_all(&from, &copy.join(part))?;
        }
    }
    upgrade_backup::note(copy)?;
    // What is told is about the store, not about its copy.
    let told = |text: String| text.replace(&copy.display().to_string(), &dir.display().to_string());
    let damaged = |refused, faults: Vec<String>, opening: &Opening, commits| Examination {
        is_damaged: refused || opening.is_damage() || !faults.is_empty(),
        remarks: planned(opening).chain(faults).map(&told).collect(),
        refused: None,
        is_emptied: false,
        commits,
    };
    match open::open(copy, now, Settings::default()) {
        Ok((parts, opening)) => {
            let core = Core::new(parts.ledger_dir, parts.past, parts.index);
            let report = check::check(&core)?;
            Ok(damaged(false, report.faults, &opening, report.head.seq))
        }
        Err(error @ (StoreError::Damaged { .. } | StoreError::Emptied { .. })) => {
            let is_emptied = matches!(error, StoreError::Emptied { .. });
            let refused = Some(told(error_chain(&error)));
            Ok(Examination {
                refused,
                is_emptied,
                ..damaged(true, Vec::new(), &Opening::default(), 0)
            })
        }
        Err(error) => Err(error),
    }
}

/// What the next opening would do, one line each.
fn planned(opening: &Opening) -> impl Iterator<Item = String> + '_ {
    opening.findings.iter().map(|finding| format!("{finding:#}"))
}

fn copy_all(from: &Path, to: &Path) -> Result<(), StoreError> {
    if !from.is_dir() {
        let mut file = File::open(from).doing("open", from)?;
        return files::copy(&mut file, to).map(drop);
    }
    files::create_dir(to)?;
    for entry in fs::read_dir(from).doing("list", from)? {
        let entry = entry.doing("list", from)?;
        copy_all(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use crate::store::testing::{Answers, Place, at, names};

    #[test]
    fn looking_changes_nothing_and_tells_what_an_opening_would_do() {
        let (place, _) = Place::filled(9);
        let seen = examine(&place.dir(), at(30)).expect("looked at");
        assert_eq!((seen.remarks.len(), seen.is_damaged, seen.commits), (0, false, 9));
        assert_eq!(seen.refused, None);

        let text = fs::read_to_string(place.segment(1)).expect("read");
        fs::write(place.segment(1), text.replace('\n', "\r\n")).expect("written");
        let (ledger, around) = (fs::read(place.segment(1)).expect("read"), names(&place.dir()));
        let seen = examine(&place.dir(), at(30)).expect("looked at");
        assert!(seen.is_damaged && seen.refused.is_none(), "{seen:?}");
        assert!(seen.remarks[0].contains("9 lines ended in CR LF"), "{seen:?}");

        fs::write(place.segment(1), text.replace("Care", "##re")).expect("written");
        fs::remove_dir_all(place.index()).expect("removed");
        let seen = examine(&place.dir(), at(30)).expect("looked at");
        let refused = seen.refused.expect("refused");
        assert!(refused.contains(&place.segment(1).display().to_string()), "{refused}");
        assert!(!refused.contains(CHECKING), "{refused}");
        assert_ne!(fs::read(place.segment(1)).expect("read"), ledger);
        assert_eq!(names(&place.dir()).len() + 1, around.len(), "only the index is gone");
    }

    #[test]
    fn where_nothing_is_left_no_repair_is_a_way_out() {
        let (place, _) = Place::filled(3);
        fs::write(place.segment(1), "").expect("emptied");
        fs::remove_dir_all(place.index()).expect("removed");
        fs::remove_file(place.record()).expect("removed");
        let seen = examine(&place.dir(), at(30)).expect("looked at");
        assert!(seen.is_emptied && seen.refused.is_some(), "{seen:?}");
        let error = Store::repair(&place.dir(), at(30)).expect_err("nothing to go on from");
        assert!(matches!(error, StoreError::Emptied { .. }), "{error}");
        // Where there is no store at all, none is made.
        let nowhere = place.dir().join("nowhere");
        Store::repair(&nowhere, at(30)).expect_err("no store");
        examine(&nowhere, at(30)).expect_err("no store");
        assert!(!nowhere.exists());
    }

    #[test]
    fn a_store_json_that_cannot_be_read_is_made_anew_by_a_repair() {
        let (place, answers) = Place::filled(3);
        let json = place.dir().join("store.json");
        let before = fs::read(&json).expect("read");
        fs::write(&json, "").expect("emptied");
        let seen = examine(&place.dir(), at(30)).expect("looked at");
        assert!(seen.refused.is_some() && !seen.is_emptied, "{seen:?}");
        let (store, opening) = Store::repair(&place.dir(), at(30)).expect("repaired");
        let told = opening.remarks().join("; ");
        assert!(told.contains("could not be read; it was moved to"), "{told}");
        assert_eq!(Answers::of(&store), answers);
        drop(store);
        let id = |text: &[u8]| {
            serde_json::from_slice::<serde_json::Value>(text).expect("JSON")["id"].clone()
        };
        assert_eq!(id(&fs::read(&json).expect("read")), id(&before));
    }

    #[test]
    fn a_store_of_a_newer_program_is_not_called_damaged() {
        let (place, _) = Place::filled(1);
        let json = place.dir().join("store.json");
        let text = fs::read_to_string(&json).expect("read");
        fs::write(&json, text.replace("\"format\":1", "\"format\":9")).expect("written");
        let error = examine(&place.dir(), at(30)).expect_err("newer");
        assert!(matches!(error, StoreError::Newer { format: 9 }), "{error}");
    }

    #[test]
    fn a_store_that_is_open_is_not_looked_at() {
        let (place, _) = Place::filled(1);
        let _open = place.open();
        fs::write(place.dir().join("lock"), "1\n").expect("written");
        assert!(matches!(examine(&place.dir(), at(30)), Err(StoreError::InUse { .. })));
    }
}
