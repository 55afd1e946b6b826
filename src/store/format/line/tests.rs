//! The chain: whatever is done to a line, or to the order of lines, shows.

use proptest::prelude::*;

use super::super::chain::{ChainHash, ChainHead};
use super::super::convert;
use super::super::v1::{ClientEntryV1, ContractEntryV1, LineV1, MarkEntryV1, MemoEntryV1};
use super::*;
use crate::model::{Actor, Field, FieldChange, Value};
use crate::store::testing::{self, at, contract, key};

fn record(seq: u64, before: ChainHash, notes: &str) -> LineV1 {
    let change =
        FieldChange { field: Field::Notes, from: None, to: Some(Value::Text(notes.to_owned())) };
    LineV1 {
        sum: before.to_string(),
        seq,
        stable: seq.saturating_sub(1),
        at: convert::moment_text(at(0)),
        actor: convert::actor_v1(&Actor { uid: Some(0), name: "root".to_owned(), pid: None }),
        run: Some(convert::run_v1(&testing::run(5), 1)),
        changes: vec![convert::change_v1(key("A1"), &change)],
        contracts: vec![ContractEntryV1 {
            key: "A1".to_owned(),
            record: Some(convert::contract_v1(&contract("A1", 5, notes))),
        }],
        clients: vec![ClientEntryV1 { id: 0, record: None }],
        marks: Vec::new(),
        memos: Vec::new(),
        quiet: None,
    }
}

/// Lines without their line breaks.
fn chain(notes: &[String]) -> Vec<Vec<u8>> {
    let mut head = ChainHead::START;
    let line = |notes: &String| {
        let record = record(head.seq + 1, head.hash, notes);
        let (mut line, sum) = seal(&record, head.hash).expect("sealed");
        assert_eq!(line.pop(), Some(b'\n'));
        head = ChainHead { seq: record.seq, hash: sum };
        line
    };
    notes.iter().map(line).collect()
}

/// How many lines follow from the start, and where the chain then stands.
fn reach(lines: &[Vec<u8>]) -> ChainHead {
    let mut head = ChainHead::START;
    for line in lines {
        match follows(line, head) {
            Some(next) => head = next,
            None => break,
        }
    }
    head
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn an_altered_line_shows(
        notes in proptest::collection::vec(".{0,20}", 1..5), at: prop::sample::Index, bit in 0u8..8,
    ) {
        let whole = chain(&notes);
        prop_assert_eq!(reach(&whole).seq, notes.len() as u64);
        let mut altered = whole.clone();
        let line = at.index(altered.len());
        let byte = at.index(altered[line].len());
        altered[line][byte] ^= 1u8 << bit;
        prop_assert_eq!(reach(&altered).seq, line as u64);
    }

    #[test]
    fn a_line_that_is_missing_doubled_or_moved_shows(
        notes in proptest::collection::vec(".{0,20}", 2..6),
        one: prop::sample::Index,
        other: prop::sample::Index,
    ) {
        let whole = chain(&notes);
        let (one, other) = (one.index(whole.len()), other.index(whole.len()));
        let mut without = whole.clone();
        without.remove(one);
        prop_assert_eq!(reach(&without).seq, one as u64);
        let mut twice = whole.clone();
        twice.insert(one, whole[one].clone());
        prop_assert_eq!(reach(&twice).seq, one as u64 + 1);
        if one != other {
            let mut moved = whole.clone();
            moved.swap(one, other);
            prop_assert_eq!(reach(&moved).seq, one.min(other) as u64);
        }
    }

    #[test]
    fn a_line_reads_back(notes in ".{0,200}") {
        let lines = chain(std::slice::from_ref(&notes));
        let back: LineV1 = parse(&lines[0]).expect("read");
        let mut record = record(1, ChainHash::START, &notes);
        record.sum = stated_sum(&lines[0]).expect("stated").to_string();
        prop_assert_eq!(back, record);
    }
}

#[test]
fn every_flipped_bit_of_a_line_shows() {
    let whole = chain(&["notes\n\"quoted\" äöü".to_owned()]);
    for at in 0..whole[0].len() * 8 {
        let mut altered = whole[0].clone();
        altered[at / 8] ^= 1 << (at % 8);
        assert_eq!(follows(&altered, ChainHead::START), None, "bit {at}");
    }
}

/// The bytes of a ledger line of format 1, from before there were marks and still without one. They
/// may never change: ledgers full of them exist.
#[test]
fn golden_line() {
    let line = chain(&["pay by card".to_owned()]).remove(0);
    assert_eq!(str::from_utf8(&line).expect("text"), GOLDEN);
    let read: LineV1 = parse(GOLDEN.as_bytes()).expect("read");
    assert_eq!(
        convert::contract(read.contracts[0].record.as_ref().expect("there")),
        Ok(contract("A1", 5, "pay by card"))
    );
    assert!(verify(GOLDEN.as_bytes(), ChainHash::START).is_some());
}

const GOLDEN: &str = r#"{"sum":"ee5de3f86246136a74ca531c777bdd97","seq":1,"stable":0,"at":"2027-01-15T08:00:00Z","actor":{"uid":0,"name":"root","pid":null},"run":{"id":1,"client":5,"client_name":"Client 5","trigger":"manual","actor":{"uid":1000,"name":"kim","pid":7},"started":"2027-01-15T08:00:10Z","ended":"2027-01-15T08:00:11Z","result":"partial","counts":{"created":0,"updated":1,"unchanged":0,"vanished":0,"rejected":1},"requests":3,"error":null,"rejects":[{"key":"S9","parent":"A1","field":"unitPrice","reason":"it is no number"}]},"changes":[{"key":"A1","field":"notes","from":null,"to":"pay by card"}],"contracts":[{"key":"A1","record":{"key":"A1","client":5,"parent":null,"origin":"autotask","source":[["billing_cost","482.60"],["name","Care & Feeding"]],"overrides":[],"local":[["notes","pay by card"]],"created":"2027-01-15T08:00:00Z","synced":"2027-01-15T08:00:01Z","changed":"2027-01-15T08:00:01Z","vanished":null}}],"clients":[{"id":0,"record":null}]}"#;

/// A line with marks is that of one without, and `marks` at its end.
#[test]
fn golden_line_with_marks() {
    let mut record = record(1, ChainHash::START, "pay by card");
    let mark = convert::flags_v1(&testing::flags("S9", 5, "too dear"));
    record.marks = vec![
        MarkEntryV1 { key: "S9".to_owned(), record: Some(mark) },
        MarkEntryV1 { key: "A1".to_owned(), record: None },
    ];
    let (mut line, sum) = seal(&record, ChainHash::START).expect("sealed");
    assert_eq!(line.pop(), Some(b'\n'));
    let wanted = GOLDEN.strip_suffix('}').expect("an object").to_owned() + GOLDEN_MARKS;
    let wanted = wanted.replacen(&GOLDEN[SUM_AT..REST_AT], &sum.to_string(), 1);
    assert_eq!(str::from_utf8(&line).expect("text"), wanted);
    record.sum = sum.to_string();
    assert_eq!(parse::<LineV1>(&line), Ok(record));
}

const GOLDEN_MARKS: &str = r#","marks":[{"key":"S9","record":{"key":"S9","client":5,"ignored":{"until":"2026-12-31","reason":"too dear","by":"kim","at":"2027-01-15T08:00:02Z"},"hold":{"run":300,"by":"kim","at":"2027-01-15T08:00:03Z"},"quarantine":{"field":"startDate","reason":"it is no date","since":"2027-01-15T08:00:04Z"}}},{"key":"A1","record":null}]}"#;

/// A line with memos is that of one without, and `memos` at its end.
#[test]
fn golden_line_with_memos() {
    let mut record = record(1, ChainHash::START, "pay by card");
    let memo = convert::held_v1(&testing::held(5, 12, "3 of 9 are gone"));
    let pause = convert::pause_v1(&testing::pause(None, 300));
    record.memos = vec![
        MemoEntryV1 { key: "holding/5/12".to_owned(), record: Some(memo) },
        MemoEntryV1 { key: "pause/all".to_owned(), record: Some(pause) },
        MemoEntryV1 { key: "pause/5".to_owned(), record: None },
    ];
    let (mut line, sum) = seal(&record, ChainHash::START).expect("sealed");
    assert_eq!(line.pop(), Some(b'\n'));
    let wanted = GOLDEN.strip_suffix('}').expect("an object").to_owned() + GOLDEN_MEMOS;
    let wanted = wanted.replacen(&GOLDEN[SUM_AT..REST_AT], &sum.to_string(), 1);
    assert_eq!(str::from_utf8(&line).expect("text"), wanted);
    record.sum = sum.to_string();
    assert_eq!(parse::<LineV1>(&line), Ok(record));
}

const GOLDEN_MEMOS: &str = r#","memos":[{"key":"holding/5/12","record":{"holding":{"client":5,"run":12,"since":"2027-01-15T08:00:05Z","items":[{"key":"A1","parent":null,"state":"vanished","changes":[{"field":"vanished","from":null,"to":"2027-01-15T08:00:04Z"}],"reason":"3 of 9 are gone"},{"key":"S9","parent":"A1","state":"changed","changes":[{"field":"billing_cost","from":"482.60","to":"4826.00"}],"reason":null}],"rejected":{"by":"kim","at":"2027-01-15T08:00:06Z","reason":"3 of 9 are gone"}},"pause":null}},{"key":"pause/all","record":{"holding":null,"pause":{"client":null,"until":"2027-01-15T08:05:00Z","by":"kim","at":"2027-01-15T08:00:07Z","ended":null}}},{"key":"pause/5","record":null}]}"#;

/// Whoever reads a line knows whether there are memos: absent, and never null or half of one.
#[test]
fn memos_are_absent_or_whole() {
    assert_eq!(parse::<LineV1>(GOLDEN.as_bytes()).expect("read").memos, []);
    let whole = GOLDEN.strip_suffix('}').expect("an object");
    for memos in ["null", "{}", "[{}]", r#"[{"key":"pause/all"}]"#] {
        let line = format!(r#"{whole},"memos":{memos}}}"#);
        let read = parse::<LineV1>(line.as_bytes());
        assert_eq!(read.is_ok(), memos.contains("pause"), "{memos}");
    }
}

/// Whoever reads a line knows whether there are marks: absent, and never null or half of one.
#[test]
fn marks_are_absent_or_whole() {
    assert_eq!(parse::<LineV1>(GOLDEN.as_bytes()).expect("read").marks, []);
    let whole = GOLDEN.strip_suffix('}').expect("an object");
    for marks in ["null", "{}", "[{}]", r#"[{"key":"S9"}]"#] {
        let line = format!(r#"{whole},"marks":{marks}}}"#);
        // An entry without a record is one that removes, as with contracts.
        let read = parse::<LineV1>(line.as_bytes());
        assert_eq!(read.is_ok(), marks.contains("S9"), "{marks}");
    }
}

#[test]
fn what_a_line_does_not_know_is_refused_by_name() {
    let newer = GOLDEN.replace(r#""clients":["#, r#""sites":[],"clients":["#);
    let error = parse::<LineV1>(newer.as_bytes()).expect_err("newer");
    assert!(error.contains("sites"), "{error}");
}

#[test]
fn complaints_name_what_is_wrong() {
    let lines = chain(&["one".to_owned(), "two".to_owned()]);
    let start = ChainHead::START;
    assert_eq!(complaint(b"{}", start), "it is not a line of a ledger");
    assert_eq!(complaint(&lines[1], start), "it has sequence 2 and follows 0");
    let altered = String::from_utf8_lossy(&lines[0]).replace("one", "two");
    assert!(complaint(altered.as_bytes(), start).starts_with("its checksum does not match"));
}
