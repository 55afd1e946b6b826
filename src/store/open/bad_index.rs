//! Opening with an index that is gone, unreadable, wrong in silence, or of another history: always
//! the same answers, and the old index is kept.

use std::fs;

use super::super::testing::{Answers, Place, at, copy, fill, names, note};
use super::super::{Extent, Finding, Store};
use super::Settings;
use super::tests::opens_whole;
use crate::store::format::codec;
use crate::store::format::v1::{MetaV1, MetaV2};

#[test]
fn an_index_that_is_gone_or_unreadable_is_built_anew_and_the_old_one_is_kept() {
    let (place, answers) = Place::filled(9);
    fs::remove_dir_all(place.index()).expect("removed");
    let (store, opening) = place.open();
    assert_eq!(
        opening.findings,
        [Finding::IndexRebuilt {
            why: "there was none".to_owned(),
            kept: None,
            extent: Extent { commit: 9, is_whole: true }
        }]
    );
    assert_eq!(Answers::of(&store), answers);
    drop(store);

    // Garbage over all of it: sled gives an error, panics, or opens as if nothing had been there.
    let db = place.index().join("db");
    let length = fs::metadata(&db).expect("there").len() as usize;
    for garbage in [vec![0xa5; length], vec![0; length], Vec::new(), vec![0x5a; 700]] {
        fs::write(&db, garbage).expect("written");
        let (store, opening) = place.open();
        let [Finding::IndexRebuilt { kept: Some(kept), .. }] = &opening.findings[..] else {
            // An empty index has no places, and is not kept.
            assert!(matches!(opening.findings[..], [Finding::IndexRenewed { .. }]), "{opening:?}");
            assert_eq!(Answers::of(&store), answers);
            continue;
        };
        assert!(kept.is_dir());
        assert_eq!(Answers::of(&store), answers);
    }
}

/// What sled does in silence: one record less, one of an older time.
#[test]
fn an_index_that_lost_a_record_is_not_believed() {
    let (place, answers) = Place::filled(9);
    for spoil in [0, 1, 2] {
        let db = super::super::index::open_sled(&place.index()).expect("sled opens");
        let records = db.open_tree("records").expect("there");
        let (key, value) = records.scan_prefix(b"c").next().expect("one").expect("read");
        match spoil {
            0 => drop(records.remove(key).expect("removed")),
            1 => {
                let (_, other) = records.scan_prefix(b"c").last().expect("one").expect("read");
                assert_ne!(value, other);
                records.insert(key, other).expect("inserted");
            }
            _ => drop(records.remove(b"m").expect("removed")),
        }
        drop((records, db));
        let (store, opening) = place.open();
        let [Finding::IndexRebuilt { why, kept: Some(_), .. }] = &opening.findings[..] else {
            panic!("{opening:?}")
        };
        assert!(why.contains("it holds"), "{why}");
        assert_eq!(Answers::of(&store), answers);
    }
}

#[test]
fn an_index_that_was_rolled_back_is_brought_up_to_date() {
    let (place, _) = Place::filled(4);
    copy(&place.index(), &place.dir().join("old-index"));
    let (store, _) = place.open();
    fill(&store, 5);
    let answers = Answers::of(&store);
    drop(store);
    fs::remove_dir_all(place.index()).expect("removed");
    copy(&place.dir().join("old-index"), &place.index());
    assert_eq!(opens_whole(&place, &answers), [Finding::Replayed(5)]);
}

#[test]
fn an_index_of_another_history_is_not_believed() {
    let (place, _) = Place::filled(3);
    let fork = Place::new();
    copy(&place.dir(), &fork.dir());
    for (place, notes) in [(&place, "here"), (&fork, "there")] {
        let (store, _) = place.open();
        store.commit_blocking(note(&store, "A1", notes)).expect("stored");
        fill(&store, 2);
    }
    let (store, _) = place.open();
    let answers = Answers::of(&store);
    drop(store);
    fs::remove_dir_all(place.index()).expect("removed");
    copy(&fork.index(), &place.index());
    let findings = opens_whole(&place, &answers);
    let [Finding::IndexRebuilt { why, kept: Some(_), .. }] = &findings[..] else {
        panic!("{findings:?}")
    };
    assert_eq!(why, "the index did not follow from this ledger");

    // One of another store altogether.
    let (other, _) = Place::filled(3);
    fs::remove_dir_all(place.index()).expect("removed");
    copy(&other.index(), &place.index());
    let (_, opening) = place.open();
    let [Finding::IndexRebuilt { why, .. }] = &opening.findings[..] else { panic!("{opening:?}") };
    assert!(why.contains("another store"), "{why}");
}

#[test]
fn an_index_that_does_not_open_in_time_is_moved_aside() {
    let (place, _) = Place::filled(3);
    let settings = Settings { index_deadline: std::time::Duration::ZERO, ..Settings::default() };
    let error = Store::open_with(&place.dir(), at(30), settings).expect_err("no time");
    assert!(error.to_string().contains("start the daemon again"), "{error}");
    // What comes next is for the next process: here that thread may still be at it.
    assert!(names(&place.dir()).iter().any(|name| name.starts_with("index.bad-")));
}

/// Gives an index the meta record of version 1.
fn make_version_1(place: &Place) {
    let db = super::super::index::open_sled(&place.index()).expect("sled opens");
    let tree = db.open_tree("records").expect("there");
    let stored = tree.get(b"m").expect("read").expect("there");
    let MetaV2 { store, seq, sum, last_run, records, digest, begins } =
        codec::decode(&stored).expect("decoded");
    assert_eq!(begins, 1);
    let old = MetaV1 { store, seq, sum, last_run, records, digest };
    tree.insert(b"m", codec::encode(&old).expect("encoded")).expect("inserted");
}

/// The index of an earlier version has no place for every write: it is built anew, without a fuss.
#[test]
fn an_index_of_version_1_is_renewed() {
    let (place, answers) = Place::filled(9);
    make_version_1(&place);
    let findings = opens_whole(&place, &answers);
    assert!(matches!(findings[..], [Finding::IndexRenewed { .. }]), "{findings:?}");
    assert_eq!(
        names(&place.dir()),
        ["backups", "index", "ledger", "lock", "store.json", "written-by"]
    );

    // As a witness it is as good as any: what the ledger lost comes from it.
    let (place, answers) = Place::filled(9);
    make_version_1(&place);
    let mut lines = place.lines(1);
    lines.truncate(4);
    place.put_lines(1, &lines);
    let (store, opening) = place.open();
    assert!(matches!(opening.findings[..], [Finding::LedgerRepaired { .. }]), "{opening:?}");
    assert_eq!(store.all_contracts().expect("read"), answers.contracts);
    drop(store);
    assert!(place.open().1.is_clean());
}
