//! What may be said of damage: each kind of it, with and without an index and a head record.
//!
//! An opening says that nothing is lost only where the head record of a clean close says so. Where
//! neither it nor the index knows of what is missing, the opening names the last commit that is
//! there, and claims nothing beyond it.

use std::fs;

use super::spoil;
use crate::store::testing::{Place, copy, fill};

/// How many commits the store has, in segments of one line each but for the last.
const LINES: u64 = 9;

/// What the index knows: everything, as much as it did after six commits, or nothing.
const INDEXES: [&str; 3] = ["current", "at 6", "gone"];
/// What the head record says: the clean close, the opening before the last three, or nothing.
const RECORDS: [&str; 3] = ["closed", "open at 6", "gone"];

/// A store of one segment with that many commits, an index and a record.
fn place(index: &str, record: &str) -> Place {
    let (place, _) = Place::filled(6);
    copy(&place.index(), &place.dir().join("index-at-6"));
    // As the next opening writes it.
    let (store, _) = place.open();
    fs::copy(place.record(), place.dir().join("record-at-6")).expect("a record");
    fill(&store, LINES - 6);
    drop(store);
    if index != "current" {
        fs::remove_dir_all(place.index()).expect("removed");
    }
    if index == "at 6" {
        copy(&place.dir().join("index-at-6"), &place.index());
    }
    match record {
        "open at 6" => drop(fs::copy(place.dir().join("record-at-6"), place.record())),
        "gone" => fs::remove_file(place.record()).expect("removed"),
        _ => {}
    }
    place
}

/// What is done to a store.
type Harm = fn(&Place);

/// Each kind of damage.
const KINDS: [(&str, Harm); 8] = [
    ("emptied", |place| fs::write(place.segment(1), "").expect("written")),
    ("removed", |place| fs::remove_file(place.segment(1)).expect("removed")),
    ("half of it, in a line", |place| {
        let text = fs::read(place.segment(1)).expect("read");
        fs::write(place.segment(1), &text[..text.len() / 2]).expect("written");
    }),
    ("last line gone", |place| {
        let mut lines = place.lines(1);
        lines.pop();
        place.put_lines(1, &lines);
    }),
    ("last line cut", |place| {
        let text = fs::read(place.segment(1)).expect("read");
        fs::write(place.segment(1), &text[..text.len() - 9]).expect("written");
    }),
    ("last line zeroed", |place| {
        let mut text = fs::read(place.segment(1)).expect("read");
        let from = text.len() - 40;
        text[from..].fill(0);
        fs::write(place.segment(1), text).expect("written");
    }),
    ("last line altered", |place| spoil(place, 1, LINES as usize - 1)),
    ("fourth line altered", |place| spoil(place, 1, 3)),
];

/// What became of it, in short: refused, or opened with so many commits, and what was claimed.
fn outcome(place: &Place) -> String {
    let before = fs::read(place.segment(1)).ok();
    match place.try_open() {
        Err(error) => {
            assert_eq!(fs::read(place.segment(1)).ok(), before, "a refusal changes nothing");
            assert!(
                error.to_string().contains("left as it is")
                    || error.to_string().contains("start over")
            );
            "refused".to_owned()
        }
        Ok((store, opening)) => {
            let remarks = opening.remarks().join("; ");
            let seq = store.head().seq;
            let claimed = match () {
                () if remarks.contains("nothing is lost")
                    || remarks.contains("no contract and no note is lost") =>
                {
                    "nothing lost"
                }
                () if remarks.contains("cannot be told") => "cannot be told",
                () => "silent",
            };
            assert!(seq == LINES || claimed != "nothing lost", "{seq}: {remarks}");
            format!("{seq}, {claimed}")
        }
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn no_word_denies_a_loss() {
    let mut table = String::new();
    for (kind, harm) in KINDS {
        for index in INDEXES {
            for record in RECORDS {
                let place = place(index, record);
                harm(&place);
                let outcome = outcome(&place);
                let line = format!("{kind:<22} index {index:<8} record {record:<10} {outcome}");
                table += line.trim_end();
                table.push('\n');
            }
        }
    }
    insta::assert_snapshot!(table, @"
    emptied                index current  record closed     9, nothing lost
    emptied                index current  record open at 6  9, cannot be told
    emptied                index current  record gone       9, cannot be told
    emptied                index at 6     record closed     refused
    emptied                index at 6     record open at 6  6, cannot be told
    emptied                index at 6     record gone       6, cannot be told
    emptied                index gone     record closed     refused
    emptied                index gone     record open at 6  refused
    emptied                index gone     record gone       refused
    removed                index current  record closed     9, nothing lost
    removed                index current  record open at 6  9, cannot be told
    removed                index current  record gone       9, cannot be told
    removed                index at 6     record closed     refused
    removed                index at 6     record open at 6  6, cannot be told
    removed                index at 6     record gone       6, cannot be told
    removed                index gone     record closed     refused
    removed                index gone     record open at 6  refused
    removed                index gone     record gone       refused
    half of it, in a line  index current  record closed     9, nothing lost
    half of it, in a line  index current  record open at 6  9, cannot be told
    half of it, in a line  index current  record gone       9, cannot be told
    half of it, in a line  index at 6     record closed     refused
    half of it, in a line  index at 6     record open at 6  6, cannot be told
    half of it, in a line  index at 6     record gone       6, cannot be told
    half of it, in a line  index gone     record closed     refused
    half of it, in a line  index gone     record open at 6  refused
    half of it, in a line  index gone     record gone       4, cannot be told
    last line gone         index current  record closed     9, nothing lost
    last line gone         index current  record open at 6  9, cannot be told
    last line gone         index current  record gone       9, cannot be told
    last line gone         index at 6     record closed     refused
    last line gone         index at 6     record open at 6  8, silent
    last line gone         index at 6     record gone       8, silent
    last line gone         index gone     record closed     refused
    last line gone         index gone     record open at 6  8, cannot be told
    last line gone         index gone     record gone       8, cannot be told
    last line cut          index current  record closed     9, nothing lost
    last line cut          index current  record open at 6  9, cannot be told
    last line cut          index current  record gone       9, cannot be told
    last line cut          index at 6     record closed     refused
    last line cut          index at 6     record open at 6  8, cannot be told
    last line cut          index at 6     record gone       8, cannot be told
    last line cut          index gone     record closed     refused
    last line cut          index gone     record open at 6  8, cannot be told
    last line cut          index gone     record gone       8, cannot be told
    last line zeroed       index current  record closed     9, nothing lost
    last line zeroed       index current  record open at 6  9, cannot be told
    last line zeroed       index current  record gone       9, cannot be told
    last line zeroed       index at 6     record closed     refused
    last line zeroed       index at 6     record open at 6  8, cannot be told
    last line zeroed       index at 6     record gone       8, cannot be told
    last line zeroed       index gone     record closed     refused
    last line zeroed       index gone     record open at 6  8, cannot be told
    last line zeroed       index gone     record gone       8, cannot be told
    last line altered      index current  record closed     9, nothing lost
    last line altered      index current  record open at 6  9, cannot be told
    last line altered      index current  record gone       9, cannot be told
    last line altered      index at 6     record closed     refused
    last line altered      index at 6     record open at 6  refused
    last line altered      index at 6     record gone       refused
    last line altered      index gone     record closed     refused
    last line altered      index gone     record open at 6  refused
    last line altered      index gone     record gone       refused
    fourth line altered    index current  record closed     9, nothing lost
    fourth line altered    index current  record open at 6  9, cannot be told
    fourth line altered    index current  record gone       9, cannot be told
    fourth line altered    index at 6     record closed     9, nothing lost
    fourth line altered    index at 6     record open at 6  9, cannot be told
    fourth line altered    index at 6     record gone       9, cannot be told
    fourth line altered    index gone     record closed     refused
    fourth line altered    index gone     record open at 6  refused
    fourth line altered    index gone     record gone       refused
    ");
}
