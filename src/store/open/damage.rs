//! Any damage to the ledger, with an index in any state: nothing is ever lost in silence.

use std::fs;

use proptest::prelude::*;
use proptest::sample::Index as At;

use super::super::testing::{Place, copy, fill, key, note};
use super::super::{Store, StoreError};
use crate::model::{ClientState, Contract};
use crate::store::format::chain::ChainHead;
use crate::store::format::line;
use crate::store::log::head::{self, Found, HeadRecord};

#[derive(Debug, Clone)]
enum Damage {
    Flip { at: At, bit: u8 },
    Cut { at: At },
    Zero { at: At, length: usize },
    Remove { line: At },
    Double { line: At },
    Swap { line: At },
}

/// What the head record says.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Record {
    /// As the clean close left it.
    Closed,
    /// As the opening left it that came before so many commits.
    Open(usize),
    Gone,
}

fn any_record() -> impl Strategy<Value = Record> {
    prop_oneof![Just(Record::Closed), (0usize..4).prop_map(Record::Open), Just(Record::Gone)]
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Index {
    Current,
    /// As it was that many commits before the end.
    Behind(usize),
    Gone,
}

fn any_damage() -> impl Strategy<Value = Damage> {
    let at = any::<At>;
    prop_oneof![
        4 => (at(), 0u8..8).prop_map(|(at, bit)| Damage::Flip { at, bit }),
        2 => at().prop_map(|at| Damage::Cut { at }),
        2 => (at(), 1usize..2_000).prop_map(|(at, length)| Damage::Zero { at, length }),
        1 => at().prop_map(|line| Damage::Remove { line }),
        1 => at().prop_map(|line| Damage::Double { line }),
        1 => at().prop_map(|line| Damage::Swap { line }),
    ]
}

fn any_index() -> impl Strategy<Value = Index> {
    prop_oneof![Just(Index::Current), (1usize..4).prop_map(Index::Behind), Just(Index::Gone)]
}

type State = (Vec<Contract>, Vec<ClientState>);

fn state(store: &Store) -> State {
    (store.all_contracts().expect("read"), store.clients().expect("read"))
}

/// Damages the text of a ledger. If lines are damaged from one on to the end, so that nothing in the
/// ledger tells that they were ever whole, returns how many lines stand before them.
fn damage(text: &mut Vec<u8>, damage: &Damage) -> Option<usize> {
    let lines: Vec<Vec<u8>> = text.split_inclusive(|c| *c == b'\n').map(<[u8]>::to_vec).collect();
    // The line that a byte stands in.
    let line_of = |byte: usize| text[..byte].iter().filter(|c| **c == b'\n').count();
    let last = lines.len() - 1;
    let tail = |from: usize, to: usize| (to == last).then_some(from);
    match damage {
        Damage::Flip { at, bit } => {
            let at = at.index(text.len());
            let line = line_of(at);
            // A line break that is gone takes the next line with it.
            let to = if text[at] == b'\n' { (line + 1).min(last) } else { line };
            text[at] ^= 1 << bit;
            tail(line, to)
        }
        Damage::Cut { at } => {
            let at = at.index(text.len());
            let line = line_of(at);
            text.truncate(at);
            tail(line, last)
        }
        Damage::Zero { at, length } => {
            let from = at.index(text.len());
            let to = (from + length).min(text.len());
            let lines = (line_of(from), line_of(to.min(text.len() - 1)));
            text[from..to].fill(0);
            tail(lines.0, lines.1)
        }
        Damage::Remove { line } => {
            let line = line.index(lines.len());
            *text = [&lines[..line], &lines[line + 1..]].concat().concat();
            tail(line, line)
        }
        Damage::Double { line } => {
            let line = line.index(lines.len());
            *text = [&lines[..line], &lines[line..=line], &lines[line..]].concat().concat();
            None
        }
        Damage::Swap { line } => {
            let line = line.index(last);
            let mut lines = lines.clone();
            lines.swap(line, line + 1);
            *text = lines.concat();
            tail(line, line + 1)
        }
    }
}

/// What a damaged line says of itself is no witness against the index.
#[test]
fn a_line_that_says_too_much_is_made_good_by_the_index() {
    let place = Place::new();
    let (store, _) = place.open();
    fill(&store, 4);
    let held = state(&store);
    drop(store);
    let text = fs::read_to_string(place.segment(1)).expect("read");
    let wrong = text.replacen(r#""seq":3,"stable":2"#, r#""seq":3,"stable":6"#, 1);
    assert_ne!(wrong, text);
    fs::write(place.segment(1), wrong).expect("written");
    let (store, _) = place.try_open().expect("the index holds everything");
    assert_eq!(state(&store), held);
}

/// How many kinds of damage are tried: 96, or as many as `LMSYNCD_TEST_DAMAGES` says.
fn cases() -> u32 {
    std::env::var("LMSYNCD_TEST_DAMAGES").map_or(96, |text| text.parse().expect("a number"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    /// The store opens with everything, or it refuses and touches nothing. The one exception cannot
    /// be told from a torn write: the last lines are damaged or gone, the index that knew them whole
    /// is gone or behind, and so is the head record. What is cut then is kept beside the ledger, and
    /// nothing that is said denies a loss.
    #[test]
    fn nothing_is_lost_in_silence(
        lines in 4usize..9, wrong in any_damage(), index in any_index(), record in any_record(),
    ) {
        let place = Place::new();
        let held = match index {
            Index::Current => lines,
            Index::Behind(by) => lines - by,
            Index::Gone => 0,
        };
        let mut states = Vec::new();
        for seq in 0..=lines {
            let (store, _) = place.open();
            fill(&store, u64::from(seq > 0));
            states.push(state(&store));
            drop(store);
            if seq == held {
                copy(&place.index(), &place.dir().join("copy"));
            }
        }
        fs::remove_dir_all(place.index()).expect("removed");
        if index != Index::Gone {
            copy(&place.dir().join("copy"), &place.index());
        }
        let whole = fs::read(place.segment(1)).expect("read");
        let mut text = whole.clone();
        let tail = damage(&mut text, &wrong);
        fs::write(place.segment(1), &text).expect("written");
        match record {
            Record::Closed => {}
            Record::Gone => fs::remove_file(place.record()).expect("removed"),
            Record::Open(before) => {
                let Found::Record(closed) = head::read(&place.dir().join("ledger")).expect("read")
                else { panic!("a record") };
                let seq = (lines - before) as u64;
                let line = whole.split(|c| *c == b'\n').nth(seq as usize - 1).expect("a line");
                let hash = line::stated_sum(line).expect("stated");
                let open = HeadRecord { head: ChainHead { seq, hash }, closed: false, ..closed };
                head::write(&place.dir().join("ledger"), &open).expect("written");
            }
        }
        let known = match record {
            Record::Closed => lines,
            Record::Open(before) => lines - before,
            Record::Gone => 0,
        }.max(held);

        match place.try_open() {
            Ok((store, opening)) => {
                let kept = match tail {
                    Some(before) => before.max(known),
                    None => lines,
                };
                let found = state(&store);
                let seq = store.head().seq as usize;
                prop_assert!((kept..=lines).contains(&seq), "{} of {:?}", seq, place.ledger_names());
                prop_assert_eq!(&found, &states[seq]);
                let denies = opening.remarks().iter().any(|remark| remark.contains("nothing is lost"));
                prop_assert!(seq == lines || !denies, "{:?}", opening);
                // It goes on, and comes back.
                store.commit_blocking(note(&store, "S3", "afterwards")).expect("stored");
                prop_assert_eq!(store.check().expect("checked").faults, Vec::<String>::new());
                let found = state(&store);
                drop(store);
                let (store, opening) = place.open();
                prop_assert!(opening.is_clean(), "{:?}", opening);
                prop_assert_eq!(state(&store), found);
                prop_assert_eq!(store.history(key("S3")).expect("read").len(), 1);
            }
            Err(error) => {
                prop_assert!(matches!(error, StoreError::Damaged { .. }), "{}", error);
                prop_assert_ne!(index, Index::Current, "the index held everything: {}", error);
                let whole = matches!(wrong, Damage::Swap { .. } | Damage::Flip { .. });
                let fair = tail.is_none_or(|before| before < known);
                prop_assert!(fair || whole, "a torn end is no reason to refuse: {}", error);
                prop_assert_eq!(fs::read(place.segment(1)).expect("read"), text);
            }
        }
    }
}
