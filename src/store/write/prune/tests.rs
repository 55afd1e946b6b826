//! Pruning: what goes, what stays as it is, and every state that a crash may leave.
//!
//! What these tests, and the random lives in `past`, are worth was tried by breaking it on purpose:
//!
//! - the copy not renamed at the opening, or the index not asked where its ledger begins:
//!   `a_crash_after_the_base_is_in_its_place_is_completed`, and the kills of `tests/store/`;
//! - places not moved with the lines: nine tests, among them both crashes and the readers;
//! - base and copy not compared with the index: `a_ledger_that_does_not_come_to_its_state_is_not_pruned`;
//! - not stopped at the first younger line: four tests;
//! - `history` that does not hold the files while it reads: `who_reads_meanwhile_does_not_notice`;
//! - no place for a write that changes no field, or a book that goes on behind a later commit: the
//!   random lives, and one test of `past` each.

use std::{fs, thread};

use super::*;
use crate::model::ClientId;
use crate::store::index::Index;
use crate::store::testing::{Answers, Place, at, commit, copy, fill, key, note};
use crate::store::{Commit, Finding, Pruned, Store, StoreError};

const BASE: &str = "000000000002.base.jsonl";
const SEGMENT: &str = "000000000002.jsonl";

fn prune(store: &Store, second: i64) -> Pruned {
    store.prune_blocking(at(second), false).expect("pruned")
}

/// Everything but what only old lines knew.
fn state(answers: &Answers) -> impl PartialEq + std::fmt::Debug {
    let Answers { contracts, clients, flags, holds, pauses, head, .. } = answers.clone();
    (contracts, clients, flags, holds, pauses, head.seq, head.sum)
}

/// A store that opens without a word, and with the same answers when its index is built anew.
fn stands(place: &Place, answers: &Answers) {
    let (store, opening) = place.open();
    assert!(opening.is_clean(), "{opening:?}");
    assert_eq!(&Answers::of(&store), answers);
    drop(store);
    fs::remove_dir_all(place.index()).expect("removed");
    let (store, _) = place.open();
    assert_eq!(&Answers::of(&store), answers);
    assert_eq!(store.check().expect("checked").faults, Vec::<String>::new());
    store.commit_blocking(note(&store, "S3", "afterwards")).expect("stored");
    assert_eq!(store.head().seq, answers.head.seq + 1);
}

#[test]
fn the_state_stays_and_so_do_younger_lines_byte_for_byte() {
    let (place, before) = Place::filled(12);
    let lines = place.lines(1);
    let (store, _) = place.open();
    let wanted = Pruned {
        commits: 6,
        bytes: lines[..6].iter().map(|line| line.len() as u64 + 1).sum(),
        kept: 6,
        before: at(7),
        since: Some(at(6)),
    };
    assert_eq!(store.prune_blocking(at(7), true).expect("told"), wanted);
    assert_eq!(place.ledger_names(), ["000000000001.jsonl"]);
    assert_eq!(Answers::of(&store), before);

    assert_eq!(prune(&store, 7), wanted);
    assert_eq!(place.ledger_names(), [BASE, SEGMENT]);
    assert_eq!(place.lines(2), lines[6..]);
    let after = Answers::of(&store);
    assert_eq!(state(&after), state(&before));
    assert!(store.check().expect("checked").is_sound());
    for (new, old) in after.histories.iter().zip(&before.histories) {
        let young: Vec<_> = old.iter().filter(|entry| entry.seq > 6).cloned().collect();
        assert_eq!(*new, young);
    }
    // Runs are in lines 3, 6, 9 and 12, all of one client.
    assert_eq!(after.runs, before.runs[..2]);
    drop(store);
    stands(&place, &after);
}

#[test]
fn of_runs_that_go_the_newest_of_a_client_stays_known() {
    let place = Place::new();
    let (store, _) = place.open();
    for (second, client) in [5, 6, 5, 7, 6].into_iter().enumerate() {
        let run = Some(crate::store::testing::run(client));
        let commit = Commit { at: at(second as i64), run, ..commit() };
        store.commit_blocking(commit).expect("stored");
    }
    prune(&store, 4);
    let runs = |client: Option<i64>| {
        let runs = store.runs(client.map(ClientId), 9).expect("read");
        runs.iter().map(|run| run.id.expect("numbered").0).collect::<Vec<_>>()
    };
    // Run 2 is not the newest of client 6: run 5 is, and its line is there.
    assert_eq!(runs(None), [5, 4, 3]);
    assert_eq!(runs(Some(6)), [5]);
    let whole = |id| store.run(RunId(id)).map(|run| run.map(|run| (run.whole, run.run.requests)));
    assert!(matches!(whole(5), Ok(Some((true, 3)))));
    assert!(matches!(whole(4), Ok(Some((false, 3)))));
    for gone in [1, 2] {
        assert!(matches!(whole(gone), Err(StoreError::BeforeHistory { .. })));
    }
    let answers = Answers::of(&store);
    drop(store);
    stands(&place, &answers);
    // Numbers go on where they were.
    let (store, _) = place.open();
    let run = Some(crate::store::testing::run(7));
    let committed = store.commit_blocking(Commit { run, ..commit() }).expect("stored");
    assert_eq!(committed.run, Some(RunId(6)));
}

#[test]
fn it_can_be_done_again_and_again_and_up_to_the_end() {
    let (place, first) = Place::filled(9);
    let (store, _) = place.open();
    for (second, commits, kept, names) in [
        (1, 0, 9, ["000000000001.jsonl", ""]),
        (3, 2, 7, [BASE, SEGMENT]),
        (3, 0, 7, [BASE, SEGMENT]),
        (4, 1, 6, ["000000000003.base.jsonl", "000000000003.jsonl"]),
        (99, 6, 0, ["000000000004.base.jsonl", "000000000004.jsonl"]),
        (999, 0, 0, ["000000000004.base.jsonl", "000000000004.jsonl"]),
    ] {
        let pruned = prune(&store, second);
        assert_eq!((pruned.commits, pruned.kept), (commits, kept), "{second}");
        assert_eq!(
            place.ledger_names(),
            names.into_iter().filter(|n| !n.is_empty()).collect::<Vec<_>>()
        );
        assert_eq!(state(&Answers::of(&store)), state(&first));
    }
    assert_eq!(place.lines(4), [""; 0]);
    let answers = Answers::of(&store);
    assert!(answers.histories.iter().all(Vec::is_empty));
    drop(store);
    stands(&place, &answers);
}

#[test]
fn whole_segments_go_and_nothing_is_copied_but_the_last() {
    let place = Place::new();
    let (store, _) = place.open_small();
    fill(&store, 6);
    let before = Answers::of(&store);
    let old = fs::read(place.segment(5)).expect("read");
    assert_eq!(prune(&store, 5).commits, 4);
    let names = ["000000000005.base.jsonl", "000000000005.jsonl", "000000000006.jsonl"];
    assert_eq!(place.ledger_names(), names);
    assert_eq!(fs::read(place.segment(5)).expect("read"), old);
    assert_eq!(state(&Answers::of(&store)), state(&before));
    let answers = Answers::of(&store);
    drop(store);
    stands(&place, &answers);

    // Where a segment has more than one line, the cut moves back to its beginning.
    let place = Place::new();
    let (store, _) = place.open();
    fill(&store, 4);
    drop(store);
    let (store, _) = place.open_small();
    fill(&store, 2);
    assert_eq!(place.ledger_names().len(), 3);
    assert_eq!(
        prune(&store, 3),
        Pruned { commits: 0, bytes: 0, kept: 6, before: at(3), since: None }
    );
    assert_eq!(place.ledger_names().len(), 3);
    assert_eq!(prune(&store, 6).commits, 5);
    assert_eq!(place.ledger_names(), ["000000000003.base.jsonl", "000000000003.jsonl"]);
}

/// What a clock that ran ahead wrote keeps what came after it, until it is old itself.
#[test]
fn nothing_younger_goes_whatever_the_clock_did() {
    let place = Place::new();
    let (store, _) = place.open();
    for second in [1, 2, 9, 3, 4, 10] {
        let note = note(&store, "A1", &second.to_string());
        store.commit_blocking(Commit { at: at(second), ..note }).expect("stored");
    }
    assert_eq!(prune(&store, 5).commits, 2);
    assert_eq!(store.since(), Some(at(2)));
    assert_eq!(prune(&store, 10).commits, 3);
    // The base holds what the clock called 9, so nothing earlier than that is known for sure.
    assert_eq!(store.since(), Some(at(9)));
    assert!(matches!(store.state_as_of(at(8)), Err(StoreError::BeforeHistory { .. })));
    assert_eq!(store.state_as_of(at(9)).expect("known").seq, 5);
}

/// A closed store before and after a pruning of some of its lines, to make what lies between.
fn both() -> (Place, Answers, Place, Answers) {
    let (old, before) = Place::filled(9);
    let new = Place::new();
    copy(&old.dir(), &new.dir());
    let (store, _) = new.open();
    prune(&store, 5);
    let after = Answers::of(&store);
    drop(store);
    (old, before, new, after)
}

/// What a crash leaves before the pruning counts is as if it had not been begun.
#[test]
fn a_crash_before_the_base_is_in_its_place_changes_nothing() {
    let (old, before, new, _) = both();
    let ledger = old.dir().join("ledger");
    for (base, lines) in [(1, 0), (0, 1), (2, 0), (0, 2), (1, 1), (1, 2), (2, 2)] {
        for (name, much) in [(BASE, base), (SEGMENT, lines)] {
            let whole = fs::read(new.dir().join("ledger").join(name)).expect("read");
            if much > 0 {
                let part = &whole[..whole.len() * much / 2];
                fs::write(ledger.join(format!("{name}.new")), part).expect("written");
            }
        }
        let (store, opening) = old.open();
        assert!(opening.is_clean(), "{opening:?}");
        assert_eq!(Answers::of(&store), before);
        assert_eq!(old.ledger_names(), ["000000000001.jsonl"]);
    }
}

/// Once the base is in its place the pruning counts, whatever else was done.
#[test]
fn a_crash_after_the_base_is_in_its_place_is_completed() {
    let (old, _, new, after) = both();
    for (copied, index, swept) in [
        (false, 0, false),
        (true, 0, false),
        (true, 1, false),
        (true, 2, false),
        (true, 2, true),
        (true, 0, true),
    ] {
        let place = Place::new();
        copy(&old.dir(), &place.dir());
        let ledger = place.dir().join("ledger");
        let put = |name: &str, as_name: &str| {
            let from = new.dir().join("ledger").join(name);
            fs::copy(from, ledger.join(as_name)).expect("copied");
        };
        put(BASE, BASE);
        put(SEGMENT, if copied { SEGMENT } else { "000000000002.jsonl.new" });
        match index {
            0 => {}
            1 => {
                // Some places are new, and the index does not say that all are.
                let text = fs::read_to_string(place.dir().join("store.json")).expect("read");
                let id = text.split('"').nth(5).expect("an id").to_owned();
                let half = Index::open(&place.index(), &id).expect("it opens");
                let mut edits = Vec::new();
                half.scan(keys::CHANGES, &mut |key, _| {
                    edits.push((key.to_vec(), None));
                    Ok(())
                })
                .expect("read");
                edits.truncate(3);
                half.settle(1, edits).expect("written");
            }
            _ => {
                fs::remove_dir_all(place.index()).expect("removed");
                copy(&new.index(), &place.index());
            }
        }
        if swept {
            fs::remove_file(place.segment(1)).expect("removed");
        }
        let (store, opening) = place.open();
        match index {
            2 => assert!(opening.is_clean(), "{opening:?}"),
            _ => assert!(
                matches!(opening.findings[..], [Finding::IndexRenewed { .. }]),
                "{opening:?}"
            ),
        }
        assert!(!opening.is_damage());
        assert_eq!(Answers::of(&store), after, "{copied} {index} {swept}");
        assert_eq!(store.orphans(), Vec::<PathBuf>::new());
        // What a crash left behind goes with the next pruning.
        prune(&store, 6);
        assert_eq!(place.ledger_names(), ["000000000003.base.jsonl", "000000000003.jsonl"]);
        let answers = Answers::of(&store);
        drop(store);
        stands(&place, &answers);
    }
}

/// A base that took the place of lines is damaged: the index holds what it held.
#[test]
fn a_pruned_ledger_is_repaired_from_its_index_and_refused_without() {
    for index in [true, false] {
        let (_, _, place, after) = both();
        let base = place.dir().join("ledger").join(BASE);
        let text = fs::read_to_string(&base).expect("read");
        fs::write(&base, text.replacen("Care", "Cbre", 1)).expect("written");
        if !index {
            fs::remove_dir_all(place.index()).expect("removed");
            assert!(matches!(place.try_open(), Err(StoreError::Damaged { .. })));
            assert_eq!(place.ledger_names(), [BASE, SEGMENT]);
            continue;
        }
        let (store, opening) = place.open();
        assert!(opening.is_damage(), "{opening:?}");
        assert_eq!(state(&Answers::of(&store)), state(&after));
        assert_eq!(Answers::of(&store).histories, after.histories);
        // It can be pruned again, up to its end: the bad base is in nobody's way.
        fill(&store, 3);
        prune(&store, 99);
        let answers = Answers::of(&store);
        drop(store);
        stands(&place, &answers);
    }
}

/// Before anything counts it is read once more, to the end: damage stops it, and the store goes on.
#[test]
fn a_ledger_that_does_not_come_to_its_state_is_not_pruned() {
    for notes in ["notes 2", "notes 8"] {
        let (place, _) = Place::filled(9);
        let (store, _) = place.open();
        let text = fs::read_to_string(place.segment(1)).expect("read");
        fs::write(place.segment(1), text.replacen(notes, "notes 0", 1)).expect("written");
        store.prune_blocking(at(5), false).expect_err("damaged");
        assert_eq!(place.ledger_names(), ["000000000001.jsonl"]);
        assert_eq!(store.trouble(), None);
        store.commit_blocking(note(&store, "S3", "goes on")).expect("stored");
    }
    // What stands in the way is not replaced.
    let place = Place::new();
    let (store, _) = place.open_small();
    fill(&store, 4);
    let base = place.dir().join("ledger").join("000000000003.base.jsonl");
    fs::write(&base, "what is this").expect("written");
    let error = store.prune_blocking(at(3), false).expect_err("in the way");
    assert!(error.to_string().contains("cannot be pruned"), "{error}");
    assert_eq!(fs::read(&base).expect("read"), b"what is this");
    assert_eq!(store.trouble(), None);
}

/// What is told as failed is not carried out by the next opening.
#[test]
fn a_pruning_that_fails_after_its_base_is_in_place_is_undone() {
    let place = Place::new();
    let (store, _) = place.open_small();
    fill(&store, 6);
    let (before, names) = (Answers::of(&store), place.ledger_names());
    // The last segment is longer than it should be: that shows only when the ledger goes on in it.
    let last = place.segment(6);
    let text = fs::read(&last).expect("read");
    fs::write(&last, [&text[..], b"{"].concat()).expect("written");
    store.prune_blocking(at(4), false).expect_err("the end is not where it was");
    assert!(store.trouble().is_some());
    assert_eq!(place.ledger_names(), names);
    drop(store);
    let (store, _) = place.open_small();
    assert_eq!(Answers::of(&store), before);
    assert_eq!(store.since(), None);
}

#[test]
fn a_store_that_takes_nothing_is_not_pruned() {
    let (place, _) = Place::filled(3);
    let (store, _) = place.open();
    store.core().stop("a test");
    assert!(matches!(store.prune_blocking(at(9), false), Err(StoreError::Stopped)));
    assert_eq!(place.ledger_names(), ["000000000001.jsonl"]);
}

/// Who asks while lines move gets the answer of before or of after, and never an error.
#[test]
fn who_reads_meanwhile_does_not_notice() {
    let place = Place::new();
    let (store, _) = place.open();
    fill(&store, 60);
    thread::scope(|scope| {
        let pruning = scope.spawn(|| {
            for second in 1..60 {
                prune(&store, second);
                fill(&store, 1);
            }
        });
        thread::scope(|readers| {
            for reader in 0..3 {
                let (store, pruning) = (&store, &pruning);
                readers.spawn(move || {
                    while !pruning.is_finished() {
                        match reader {
                            0 => drop(store.history(key("A1")).expect("read")),
                            1 => {
                                let run = store.runs(None, 1).expect("read").remove(0);
                                let record = store.run(run.id.expect("numbered")).expect("read");
                                assert!(record.is_some());
                            }
                            _ => {
                                let book = store.state_as_of(at(9_999)).expect("known");
                                assert_eq!(book.contracts.len(), 4);
                                assert!(store.check().expect("checked").is_sound());
                            }
                        }
                    }
                });
            }
        });
    });
    assert_eq!(store.head().seq, 119);
    let answers = Answers::of(&store);
    drop(store);
    stands(&place, &answers);
}

/// A folder that is another daemon's by now: what that one acknowledged is not pruned away by who had it
/// before.
#[test]
fn a_ledger_that_was_replaced_is_not_pruned() {
    let (place, before) = Place::filled(12);
    let (store, _) = place.open();
    let (ledger, aside) = (place.dir().join("ledger"), place.dir().join("aside"));
    fs::rename(&ledger, &aside).expect("moved");
    copy(&aside, &ledger);
    let lines = place.lines(1);
    let refused = store.prune_blocking(at(7), false).expect_err("it is not this one's");
    assert!(matches!(refused, StoreError::Replaced { .. }), "{refused}");
    assert!(store.trouble().is_some());
    drop(store);
    assert_eq!(place.ledger_names(), ["000000000001.jsonl"]);
    assert_eq!(place.lines(1), lines);
    let (there, _) = place.open();
    assert_eq!(there.head().seq, before.head.seq);
}
