//! Opening what was damaged, cut short or rolled back.
//!
//! What these tests and their neighbours are worth was tried by breaking the store on purpose:
//!
//! - the chain not checked (`line::verify` believes the stated sum): `an_altered_line_shows`,
//!   `every_flipped_bit_of_a_line_shows` and five openings fail;
//! - the tally not compared when the index opens: `an_index_that_lost_a_record_is_not_believed`;
//! - every line taken as proof of those before it, instead of its `stable`:
//!   `a_torn_group_is_cut_though_its_later_lines_are_whole` and the torn last line;
//! - the index not heard as a witness: six openings fail;
//! - a line behind a bad one not taken as proof: `nothing_is_lost_in_silence`;
//! - commits checked without the earlier ones of their group:
//!   `commits_that_wait_are_written_together_and_see_one_another`;
//! - readers that do not wait at the gate: `an_answer_is_never_of_two_commits`;
//! - unfinished snapshots left for sled: `a_folder_that_sled_left_half_done_opens`.
//!
//! What a kill and a loss of power show is in `tests/store/`.

mod words;

use std::fs;
use std::path::Path;

use super::super::testing::{Answers, Place, copy, fill, key, names, note};
use super::super::{Extent, Finding, Store, StoreError};

/// Opens, and expects every answer to be what it was.
pub(super) fn opens_whole(place: &Place, answers: &Answers) -> Vec<Finding> {
    let (store, opening) = place.open();
    assert_eq!(&Answers::of(&store), answers);
    goes_on(&store);
    opening.findings
}

/// What was repaired takes commits again, and holds.
fn goes_on(store: &Store) {
    let seq = store.head().seq;
    let committed =
        store.commit_blocking(note(store, "S3", &format!("after {seq}"))).expect("stored");
    assert_eq!(committed.seq, seq + 1);
    assert_eq!(store.check().expect("checked").faults, Vec::<String>::new());
}

fn append(path: &Path, bytes: &[u8]) {
    let mut text = fs::read(path).expect("read");
    text.extend_from_slice(bytes);
    fs::write(path, text).expect("written");
}

/// Flips a bit in the middle of a line.
pub(super) fn spoil(place: &Place, segment: u64, line: usize) {
    let mut lines = place.lines(segment);
    let spoilt = lines[line].replace("Care", "Cbre");
    assert_ne!(lines[line], spoilt);
    lines[line] = spoilt;
    place.put_lines(segment, &lines);
}

/// What is done to a store.
type Harm = fn(&Place);

#[test]
fn a_new_store_is_clean_and_so_is_one_that_was_closed() {
    let place = Place::new();
    let (store, opening) = place.open();
    assert_eq!(opening.findings, [Finding::NewStore]);
    fill(&store, 7);
    let answers = Answers::of(&store);
    assert_eq!(answers.runs.len(), 2);
    assert_eq!(answers.runs[0].run.rejects.len(), 1);
    assert!(store.check().expect("checked").is_sound());
    drop(store);
    assert_eq!(
        names(&place.dir()),
        ["backups", "index", "ledger", "lock", "store.json", "written-by"]
    );
    assert_eq!(opens_whole(&place, &answers), []);
}

#[test]
fn a_second_daemon_is_refused() {
    let place = Place::new();
    let (store, _) = place.open();
    assert!(matches!(place.try_open(), Err(StoreError::InUse { .. })));
    let other = store.clone();
    drop(store);
    assert!(matches!(place.try_open(), Err(StoreError::InUse { .. })));
    drop(other);
    place.open();
}

/// Whatever is removed, replaced or copied while a daemon runs: either nobody else gets in, or this one
/// acknowledges nothing more.
#[test]
fn two_daemons_never_both_acknowledge() {
    let harms: [(&str, Harm); 5] = [
        ("the lock is removed", |place| {
            fs::remove_file(place.dir().join("lock")).expect("removed")
        }),
        ("the segment is removed", |place| fs::remove_file(place.segment(1)).expect("removed")),
        ("the segment is replaced by a copy", |place| {
            fs::copy(place.segment(1), place.dir().join("copy")).expect("copied");
            fs::rename(place.dir().join("copy"), place.segment(1)).expect("renamed");
        }),
        ("the ledger is replaced by a copy", |place| {
            let (ledger, aside) = (place.dir().join("ledger"), place.dir().join("aside"));
            fs::rename(&ledger, &aside).expect("moved");
            copy(&aside, &ledger);
        }),
        ("the store is replaced by a copy", |place| {
            let aside = place.dir().with_file_name("aside");
            fs::rename(place.dir(), &aside).expect("moved");
            copy(&aside, &place.dir());
        }),
    ];
    for (what, harm) in harms {
        let (place, answers) = Place::filled(3);
        let (store, _) = place.open();
        harm(&place);
        let other = place.try_open();
        let stored = store.commit_blocking(note(&store, "S3", "mine"));
        match stored {
            Ok(_) => assert!(other.is_err(), "{what}: both acknowledge"),
            Err(error) => {
                assert!(
                    matches!(error, StoreError::Replaced { .. } | StoreError::Stopped),
                    "{error}"
                );
                assert!(store.trouble().is_some(), "{what}");
            }
        }
        // When this one has gone, what was acknowledged is there, in the one or the other folder.
        drop((store, other));
        let (there, _) = place.open();
        assert!(there.head().seq >= answers.head.seq, "{what}");
    }
}

#[test]
fn a_last_line_torn_at_any_byte_is_cut_and_nothing_else() {
    let (place, answers) = Place::filled(4);
    let whole = fs::read(place.segment(1)).expect("read");
    copy(&place.index(), &place.dir().join("kept-index"));
    // The line that comes next is taken from a store that went on.
    let (store, _) = place.open();
    fill(&store, 1);
    drop(store);
    let longer = fs::read(place.segment(1)).expect("read");
    for length in whole.len() + 1..longer.len() {
        fs::remove_dir_all(place.dir().join("ledger")).expect("removed");
        fs::create_dir(place.dir().join("ledger")).expect("made");
        fs::write(place.segment(1), &longer[..length]).expect("written");
        fs::remove_dir_all(place.index()).expect("removed");
        copy(&place.dir().join("kept-index"), &place.index());
        let (store, opening) = place.open();
        assert_eq!(Answers::of(&store), answers, "cut at {length}");
        let [Finding::TornLineCut { bytes, kept: Some(kept), .. }] = &opening.findings[..] else {
            panic!("cut at {length}: {opening:?}");
        };
        assert_eq!(*bytes, (length - whole.len()) as u64);
        assert_eq!(fs::read(kept).expect("kept"), &longer[whole.len()..length]);
        assert!(!opening.is_damage());
        drop(store);
        assert_eq!(fs::read(place.segment(1)).expect("read"), whole);
    }
}

#[test]
fn zeros_where_a_line_was_to_be_are_cut() {
    let (place, answers) = Place::filled(4);
    append(&place.segment(1), &[0; 4096]);
    let findings = opens_whole(&place, &answers);
    assert!(matches!(findings[..], [Finding::TornLineCut { bytes: 4096, .. }]), "{findings:?}");
}

/// Several commits in one sync: a power cut may leave the second and not the first.
#[test]
fn a_torn_group_is_cut_though_its_later_lines_are_whole() {
    let (place, answers) = Place::filled(4);
    copy(&place.index(), &place.dir().join("kept-index"));
    let (store, _) = place.open();
    fill(&store, 1);
    drop(store);
    // Two lines written together say the same of what was stable before them.
    let mut lines = place.lines(1);
    let (_, mut record) = stand(&lines, 5);
    record.stable = 4;
    let (fifth, hash) =
        crate::store::format::line::seal(&record, stand(&lines, 4).0).expect("sealed");
    (record.seq, record.sum) = (6, hash.to_string());
    let (sixth, _) = crate::store::format::line::seal(&record, hash).expect("sealed");
    lines.truncate(4);
    place.put_lines(1, &lines);
    fs::remove_file(place.record()).expect("a record");
    append(&place.segment(1), &vec![0; fifth.len() - 1]);
    append(&place.segment(1), b"\n");
    append(&place.segment(1), &sixth);
    fs::remove_dir_all(place.index()).expect("removed");
    copy(&place.dir().join("kept-index"), &place.index());
    let findings = opens_whole(&place, &answers);
    assert!(matches!(findings[..], [Finding::TornLineCut { .. }]), "{findings:?}");
}

/// The sum of a line, counted from 1, and what it says, with the sum of the line before it.
fn stand(
    lines: &[String],
    number: usize,
) -> (crate::store::format::chain::ChainHash, crate::store::format::v1::LineV1) {
    let line = lines[number - 1].as_bytes();
    let mut record: crate::store::format::v1::LineV1 =
        crate::store::format::line::parse(line).expect("read");
    let before =
        crate::store::format::line::stated_sum(lines[number - 2].as_bytes()).expect("stated");
    record.sum = before.to_string();
    (crate::store::format::line::stated_sum(line).expect("stated"), record)
}

#[test]
fn a_last_line_that_the_index_knows_was_whole_is_not_cut() {
    let (place, mut answers) = Place::filled(5);
    spoil(&place, 1, 4);
    let (store, opening) = place.open();
    assert!(matches!(opening.findings[..], [Finding::LedgerRepaired { .. }]), "{opening:?}");
    assert!(opening.is_damage());
    // The line itself is gone, and with it what only it knew.
    let mut found = Answers::of(&store);
    assert_eq!(found.head.seq, 5);
    assert_eq!(found.contracts, answers.contracts);
    forget_details(&mut found);
    forget_details(&mut answers);
    assert_eq!(found, answers);
    goes_on(&store);
}

/// What stands only in the lines of the ledger.
fn forget_details(answers: &mut Answers) {
    answers.histories.clear();
    for run in &mut answers.runs {
        (run.whole, run.changes, run.run.rejects) = (false, Vec::new(), Vec::new());
    }
}

#[test]
fn damage_in_the_middle_is_repaired_from_the_index_and_stays_repaired() {
    let (place, mut answers) = Place::filled(9);
    spoil(&place, 1, 3);
    let spoilt = fs::read(place.segment(1)).expect("read");
    let (store, opening) = place.open();
    let [Finding::LedgerRepaired { why, kept: Some(kept), base, extent, is_all: true }] =
        &opening.findings[..]
    else {
        panic!("{opening:?}");
    };
    assert!(
        why.ends_with(
            "000000000001.jsonl, line 4: its checksum does not match its content and the line \
             before it"
        ),
        "{why}"
    );
    assert_eq!(fs::read(kept).expect("kept"), spoilt);
    assert_eq!(*extent, Extent { commit: 9, is_whole: true });
    assert_eq!(base.file_name().and_then(|name| name.to_str()), Some("000000000002.base.jsonl"));
    let mut found = Answers::of(&store);
    forget_details(&mut found);
    forget_details(&mut answers);
    assert_eq!(found, answers);
    goes_on(&store);
    assert_eq!(store.history(key("S3")).expect("read").len(), 1);
    let answers = Answers::of(&store);
    drop(store);
    assert_eq!(opens_whole(&place, &answers), []);

    // Without its index too, the store comes back from the base and the lines after it.
    fs::remove_dir_all(place.index()).expect("removed");
    let (store, opening) = place.open();
    assert!(matches!(opening.findings[..], [Finding::IndexRebuilt { kept: None, .. }]));
    let mut found = Answers::of(&store);
    assert_eq!(found.contracts.len(), answers.contracts.len());
    assert_eq!(store.history(key("S3")).expect("read").len(), 2);
    found.head = answers.head.clone();
    assert_eq!(found.clients, answers.clients);
    assert_eq!(found.runs, answers.runs);
    goes_on(&store);
}

#[test]
fn damage_that_nobody_else_holds_is_refused_and_nothing_is_touched() {
    for (line, index) in [(0, false), (3, false), (3, true), (8, true)] {
        let (place, _) = Place::filled(4);
        copy(&place.index(), &place.dir().join("old-index"));
        let (store, _) = place.open();
        fill(&store, 6);
        drop(store);
        spoil(&place, 1, line);
        fs::remove_dir_all(place.index()).expect("removed");
        if index {
            copy(&place.dir().join("old-index"), &place.index());
        }
        let before = fs::read(place.segment(1)).expect("read");
        let opened = place.try_open();
        if index && line == 3 {
            // The index holds the damaged line, and the lines behind it follow from the index.
            let (store, opening) = opened.expect("repaired");
            assert!(
                matches!(
                    opening.findings[..],
                    [Finding::Replayed(6), Finding::LedgerRepaired { .. }]
                ),
                "{opening:?}"
            );
            assert_eq!(store.head().seq, 10);
            goes_on(&store);
            continue;
        }
        let error = opened.expect_err("damaged");
        let StoreError::Damaged { file, line: number, why } = &error else { panic!("{error}") };
        assert_eq!((file, *number), (&place.segment(1), line as u64 + 1));
        assert!(why.contains("restore the newest backup"), "{why}");
        assert_eq!(fs::read(place.segment(1)).expect("read"), before);
        assert_eq!(place.ledger_names(), ["000000000001.jsonl"]);
        assert_eq!(place.index().exists(), index);
    }
}

#[test]
fn a_ledger_that_lost_its_end_goes_on_from_the_index() {
    let (place, answers) = Place::filled(6);
    let mut lines = place.lines(1);
    lines.truncate(4);
    place.put_lines(1, &lines);
    let (store, opening) = place.open();
    assert!(matches!(&opening.findings[..], [Finding::LedgerRepaired { kept: None, .. }]));
    assert_eq!(store.all_contracts().expect("read"), answers.contracts);
    assert_eq!(store.head(), answers.head);
    goes_on(&store);
}

#[test]
fn segments_follow_one_another_and_a_missing_one_shows() {
    let place = Place::new();
    let (store, _) = place.open_small();
    fill(&store, 6);
    let answers = Answers::of(&store);
    drop(store);
    assert_eq!(place.ledger_names().len(), 6);
    fs::remove_dir_all(place.index()).expect("removed");
    let (store, _) = place.open_small();
    assert_eq!(Answers::of(&store), answers);
    drop(store);

    copy(&place.index(), &place.dir().join("kept-index"));
    fs::remove_dir_all(place.index()).expect("removed");
    fs::rename(place.segment(3), place.dir().join("lost")).expect("moved");
    let error = place.try_open().expect_err("a gap");
    assert!(error.to_string().contains("000000000003.jsonl: the file is missing"), "{error}");
    copy(&place.dir().join("kept-index"), &place.index());
    let (store, opening) = place.open();
    assert!(matches!(&opening.findings[..], [Finding::LedgerRepaired { kept: None, .. }]));
    assert_eq!(store.all_contracts().expect("read"), answers.contracts);
    // Lines in files that are still there still answer.
    assert!(store.history(key("A2")).expect("read").len() < answers.histories[2].len() + 1);
    goes_on(&store);
}

#[test]
fn a_base_that_is_damaged_is_not_believed() {
    let (place, _) = Place::filled(9);
    spoil(&place, 1, 3);
    let (store, opening) = place.open();
    let [Finding::LedgerRepaired { base, .. }] = &opening.findings[..] else { panic!() };
    let answers = Answers::of(&store);
    drop(store);
    let whole = fs::read_to_string(base).expect("read");
    for (from, to) in [("Care", "Cbre"), ("{\"records\"", "{\"Records\""), ("\n", "\n\n")] {
        assert_ne!(whole, whole.replacen(from, to, 1));
        fs::write(base, whole.replacen(from, to, 1)).expect("written");
        let (found, bad) = super::base::newest(&place.dir().join("ledger")).expect("looked");
        assert!(found.is_none());
        assert_eq!(bad.len(), 1, "{from}");
    }
    // The index still holds everything, and makes another base.
    let (store, opening) = place.open();
    assert!(
        matches!(&opening.findings[..], [Finding::BaseUnusable(_), Finding::LedgerRepaired { .. }]),
        "{opening:?}"
    );
    assert_eq!(Answers::of(&store).contracts, answers.contracts);
    assert_eq!(Answers::of(&store).head, answers.head);
    goes_on(&store);
    drop(store);
    place.open();
}

#[test]
fn what_cannot_be_told_is_left_to_a_person() {
    // A newer format.
    let (place, answers) = Place::filled(3);
    let json = place.dir().join("store.json");
    let text = fs::read_to_string(&json).expect("read");
    fs::write(&json, text.replace("\"format\":1", "\"format\":5")).expect("written");
    assert!(matches!(place.try_open(), Err(StoreError::Newer { format: 5 })));
    // Without its identity a ledger is still a ledger, and the same one.
    fs::remove_file(&json).expect("removed");
    let findings = opens_whole(&place, &answers);
    assert!(matches!(findings[..], [Finding::IdentityMade(_)]));
    // A store that was, and of which nothing is left, is not created again in silence.
    fs::remove_dir_all(place.dir().join("ledger")).expect("removed");
    fs::remove_dir_all(place.index()).expect("removed");
    let error = place.try_open().expect_err("emptied");
    assert!(error.to_string().contains("move the folder away to start over"), "{error}");
}

/// Nobody can tell a store that was killed before its first commit from one that lost all of them.
#[test]
fn a_store_without_a_commit_is_not_opened_in_silence() {
    let (place, _) = Place::filled(3);
    fs::write(place.segment(1), "").expect("emptied");
    fs::remove_file(place.record()).expect("removed");
    fs::remove_dir_all(place.index()).expect("removed");
    let other = Place::new();
    drop(other.open());
    copy(&other.index(), &place.index());
    fs::copy(other.dir().join("store.json"), place.dir().join("store.json")).expect("copied");
    let (_, opening) = place.open();
    assert!(opening.findings.contains(&Finding::NoCommit), "{opening:?}");
    // One that was closed without a commit says so itself.
    assert!(other.open().1.is_clean());
}

#[test]
fn a_refusal_tells_what_was_done_before_it() {
    let (place, _) = Place::filled(9);
    let mut lines = place.lines(1);
    lines.truncate(7);
    let text: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    fs::write(place.segment(1), text).expect("written");
    fs::remove_dir_all(place.index()).expect("removed");
    let error = place.try_open().expect_err("commit 9 was there").to_string();
    assert!(error.contains("it ends before commit 9"), "{error}");
    assert!(error.contains("before that: undid damage"), "{error}");
    assert!(error.contains("7 lines ended in CR LF"), "{error}");
}

#[test]
fn a_line_that_says_what_this_program_does_not_know_is_named() {
    let (place, _) = Place::filled(2);
    let lines = place.lines(1);
    let (_, mut record) = stand(&lines, 2);
    record.contracts[0].record.as_mut().expect("there").local[0].0 = "colour".to_owned();
    let before = crate::store::format::line::stated_sum(lines[0].as_bytes()).expect("stated");
    let (sealed, _) = crate::store::format::line::seal(&record, before).expect("sealed");
    place.put_lines(1, &lines[..1]);
    fs::remove_file(place.record()).expect("a record");
    append(&place.segment(1), &sealed);
    fs::remove_dir_all(place.index()).expect("removed");
    let error = place.try_open().expect_err("unknown");
    assert!(error.to_string().contains("this program knows no field `colour`"), "{error}");
}
