//! What a store is asked to do while its disk fails, and of what.

use std::fs::{self, File};
use std::path::Path;

use chrono::NaiveDate;

use super::{Case, End, Told, every_point};
use crate::store::Store;
use crate::store::open::Settings;
use crate::store::testing::{Place, at, copy, fill, next};

/// How many commits the store of most cases begins with.
const LINES: u64 = 8;
/// How many of them are in the backup that is restored.
pub(super) const IN_BACKUP: u64 = 5;

fn settings() -> Settings {
    Settings { lock_patience: std::time::Duration::ZERO, ..Settings::default() }
}

fn day(number: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2027, 1, number).expect("a day")
}

impl Told {
    /// Opens the store, and knows what is in it.
    fn open(&mut self, dir: &Path, settings: Settings) -> Option<Store> {
        let (store, _) = Store::open_with(dir, at(20), settings).ok()?;
        Some(store)
    }

    fn commit(&mut self, store: &Store, commits: u64) {
        for _ in 0..commits {
            let Ok(commit) = next(store) else { return };
            self.tried = store.head().seq + 1;
            match store.commit_blocking(commit) {
                Ok(committed) => self.stored = committed.seq,
                Err(_) => return,
            }
        }
    }
}

/// Calls what is async.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(future)
}

fn plain(dir: &Path, told: &mut Told) {
    let Some(store) = told.open(dir, settings()) else { return };
    told.commit(&store, 2);
    let _ = block_on(store.note_head());
    told.commit(&store, 1);
    let _ = block_on(store.close());
}

fn in_small_segments(dir: &Path, told: &mut Told) {
    let small = Settings { segment_bytes: 1, ..settings() };
    let Some(store) = told.open(dir, small) else { return };
    told.commit(&store, 3);
}

fn prunes(dir: &Path, told: &mut Told) {
    let Some(store) = told.open(dir, settings()) else { return };
    told.pruned = Some(End::of(&store.prune_blocking(at(5), false)));
    told.commit(&store, 1);
}

fn backs_up(dir: &Path, told: &mut Told) {
    let Some(store) = told.open(dir, settings()) else { return };
    for number in 8..10 {
        let path = dir.join(format!("backups/daily-{}.jsonl", day(number)));
        let written = store.back_up_daily(day(number), at(30));
        if !matches!(written, Ok(None)) {
            told.backups.push((path, End::of(&written)));
        }
        told.commit(&store, 1);
    }
}

fn restores(dir: &Path, told: &mut Told) {
    let Some(store) = told.open(dir, settings()) else { return };
    let text = fs::read_to_string(dir.with_file_name("backup")).expect("read");
    let (one, other) = text.split_at(text.len() / 2);
    let received = store.receive(0, one).and_then(|there| store.receive(there, other));
    told.restored = Some(End::of(&received.and_then(|_| store.restore(at(40)))));
    drop(store);
    // What was restored is there from the next opening on.
    drop(Store::open_with(dir, at(50), settings()));
}

fn restores_offline(dir: &Path, told: &mut Told) {
    let path = dir.with_file_name("backup");
    let file = File::open(&path).expect("opened");
    told.restored = Some(End::of(&Store::restore_offline(dir, file, &path, at(40))));
}

fn repairs(dir: &Path, _: &mut Told) {
    drop(Store::repair(dir, at(20)));
}

fn looks(dir: &Path, _: &mut Told) {
    let _ = Store::examine(dir, at(20));
}

fn tries(dir: &Path, told: &mut Told) {
    let Some(store) = told.open(dir, settings()) else { return };
    let _ = store.try_disk();
    told.commit(&store, 1);
}

fn notes_acts(dir: &Path, told: &mut Told) {
    let Some(store) = told.open(dir, settings()) else { return };
    for number in 0..2 {
        let act = crate::model::Act {
            at: at(number),
            actor: crate::model::Actor::daemon(),
            method: "Daemon.Reload".to_owned(),
            what: String::new(),
        };
        let begun = store.begin_act(&act);
        told.acts += usize::from(begun.is_ok());
        let _ = begun.and_then(|number| store.end_act(number, "ok"));
    }
}

/// A store of some commits, and a backup of the first of them beside it.
fn filled() -> Place {
    let (place, _) = Place::filled(IN_BACKUP);
    let (store, _) = place.open();
    let mut backup = store.backup(at(30)).expect("begun");
    let text: String = std::iter::from_fn(|| backup.piece().expect("read")).collect();
    fs::write(place.dir().with_file_name("backup"), text).expect("written");
    fill(&store, LINES - IN_BACKUP);
    drop(store);
    place
}

fn with_index_behind() -> Place {
    let (place, _) = Place::filled(LINES - 2);
    copy(&place.index(), &place.dir().with_file_name("index-behind"));
    let (store, _) = place.open();
    fill(&store, 2);
    drop(store);
    fs::remove_dir_all(place.index()).expect("removed");
    copy(&place.dir().with_file_name("index-behind"), &place.index());
    place
}

fn without_index() -> Place {
    let place = filled();
    fs::remove_dir_all(place.index()).expect("removed");
    place
}

fn harmed(harm: impl FnOnce(&mut String)) -> Place {
    let place = filled();
    let mut text = fs::read_to_string(place.segment(1)).expect("read");
    harm(&mut text);
    fs::write(place.segment(1), text).expect("written");
    place
}

fn torn() -> Place {
    let place = harmed(|text| *text += "{\"sum\":\"");
    fs::remove_file(place.record()).expect("removed");
    place
}

fn doubled() -> Place {
    harmed(|text| {
        let first = text.lines().next().unwrap_or_default().to_owned();
        *text = text.replacen(&first, &format!("{first}\n{first}"), 1);
    })
}

fn spoilt() -> Place {
    harmed(|text| *text = text.replacen("notes 4", "no@@s 4", 1))
}

fn spoilt_without_index() -> Place {
    let place = spoilt();
    fs::remove_dir_all(place.index()).expect("removed");
    place
}

fn of_another_version() -> Place {
    let place = filled();
    fs::write(place.dir().join("written-by"), "0.0.9\n").expect("written");
    place
}

fn in_segments() -> Place {
    let place = Place::new();
    let (store, _) = place.open_small();
    fill(&store, LINES);
    drop(store);
    place
}

fn empty() -> Place {
    let place = Place::new();
    fs::create_dir(place.dir()).expect("made");
    place
}

macro_rules! cases {
    ($($test:ident: $name:literal, $before:expr, $holds:expr, $act:expr;)*) => {
        $(#[test]
        fn $test() {
            let (before, needs_index) = ($before as fn() -> Place, $name == "made good");
            every_point(&Case { name: $name, before, holds: $holds, needs_index, act: $act });
        })*
    };
}

/// How many commits a case begins with.
const NONE: (u64, u64) = (0, 0);
const ALL: (u64, u64) = (LINES, LINES);
/// What can be read of a damaged one.
const SOME: (u64, u64) = (3, LINES);

cases! {
    a_new_store: "new store", empty, NONE, plain;
    commits_and_a_close: "commit and close", filled, ALL, plain;
    segments_that_are_full: "rotate", in_segments, ALL, in_small_segments;
    a_pruning_to_the_line: "prune", filled, ALL, prunes;
    a_pruning_of_segments: "prune segments", in_segments, ALL, prunes;
    daily_backups: "backup", filled, ALL, backs_up;
    a_restore: "restore", filled, ALL, restores;
    a_restore_without_the_daemon: "restore offline", filled, ALL, restores_offline;
    a_repair: "repair", spoilt_without_index, SOME, repairs;
    a_ledger_made_good_by_the_index: "made good", spoilt, ALL, plain;
    a_torn_line: "torn line", torn, ALL, plain;
    damage_that_is_undone: "undone", doubled, ALL, plain;
    an_index_that_is_behind: "index behind", with_index_behind, ALL, plain;
    an_index_that_is_gone: "no index", without_index, ALL, plain;
    an_upgrade: "upgrade", of_another_version, ALL, plain;
    acts: "audit trail", filled, ALL, notes_acts;
    a_look: "store check", filled, ALL, looks;
    tries_of_the_disk: "try the disk", filled, ALL, tries;
}
