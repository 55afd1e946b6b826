//! The bytes of a base, of before there were item flags, held changes and pauses, and of today.

use std::fs;

use super::*;
use crate::model::{ClientState, Contract, ItemFlags};
use crate::store::index::stored::{contract_of, flags_of, stored_held, stored_pause};
use crate::store::testing::{self, at, client_ref, contract, flags};

const STORE: &str = "00112233445566778899aabbccddeeff";

/// An index with a contract, a client and a run, and with item flags if there are some.
fn index(dir: &Path, flags: Option<&ItemFlags>) -> Index {
    let index = Index::open(&dir.join("index"), STORE).expect("it opens");
    let mut edits = Vec::new();
    let stored = convert::contract_v1(&contract("A1", 5, "pay by card"));
    edits.extend(records::contract(&stored).expect("records"));
    let stored = convert::client_v1(&ClientState::new(client_ref(5)));
    edits.push(records::client(&stored).expect("a record"));
    let stored = convert::run_v1(&testing::run(5), 7);
    edits.extend(records::run(&stored, 12, None).expect("records"));
    if let Some(flags) = flags {
        edits.extend(records::flags(&convert::flags_v1(flags)).expect("records"));
    }
    let hash = ChainHash::parse(b"ba7816bf8f01cfea414140de5dae2223").expect("a sum");
    index.apply(ChainHead { seq: 12, hash }, 7, edits).expect("applied");
    index
}

fn written(flags: Option<&ItemFlags>) -> String {
    let dir = tempfile::tempdir().expect("a folder");
    let base = write(dir.path(), 4, &index(dir.path(), flags), at(99)).expect("written");
    fs::read_to_string(base.path).expect("read")
}

/// What the text of a base holds.
fn held(text: &str) -> (Base, Vec<Contract>, Vec<ItemFlags>) {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(segment::base_path(dir.path(), 4), text).expect("written");
    let (base, bad) = newest(dir.path()).expect("read");
    assert!(bad.is_empty(), "{bad:?}");
    let base = base.expect("a base");
    let index = Index::open(&dir.path().join("index"), STORE).expect("it opens");
    load(&base, &index).expect("loaded");
    let (mut contracts, mut flags) = (Vec::new(), Vec::new());
    for (prefix, is_contract) in [(keys::CONTRACTS, true), (keys::FLAGS, false)] {
        index
            .scan(prefix, &mut |_, record| {
                match is_contract {
                    true => contracts.push(contract_of(record)?),
                    false => flags.push(flags_of(record)?),
                }
                Ok(())
            })
            .expect("read");
    }
    (base, contracts, flags)
}

#[test]
fn golden_base_with_held_changes_and_a_pause() {
    let dir = tempfile::tempdir().expect("a folder");
    let index = index(dir.path(), None);
    let (pause, held) = (testing::pause(None, 300), testing::held(5, 12, "3 of 9 are gone"));
    let stored = [convert::pause_v1(&pause), convert::held_v1(&held)];
    let edits =
        stored.each_ref().map(records::held_or_pause).map(|edit| edit.expect("a record")).to_vec();
    index.apply(index.meta().head, 7, edits).expect("applied");
    let base = write(dir.path(), 4, &index, at(99)).expect("written");
    let text = fs::read_to_string(&base.path).expect("read");
    assert_eq!(
        text.lines().filter(|line| line.contains(r#""memo""#)).collect::<Vec<_>>(),
        GOLDEN_HELD_AND_PAUSE
    );
    let other = Index::open(&dir.path().join("other"), STORE).expect("it opens");
    load(&base, &other).expect("loaded");
    assert_eq!(stored_pause(&other, None).expect("read"), Some(pause));
    assert_eq!(stored_held(&other, held.client, held.run).expect("read"), Some(held));
}

const GOLDEN_HELD_AND_PAUSE: [&str; 2] = [
    r#"{"sum":"088980a22cf5874c23e786e64e25956f","memo":{"holding":null,"pause":{"client":null,"until":"2027-01-15T08:05:00Z","by":"kim","at":"2027-01-15T08:00:07Z","ended":null}}}"#,
    r#"{"sum":"8bf68275ee49cb021e622a217bb66526","memo":{"holding":{"client":5,"run":12,"since":"2027-01-15T08:00:05Z","items":[{"key":"A1","parent":null,"state":"vanished","changes":[{"field":"vanished","from":null,"to":"2027-01-15T08:00:04Z"}],"reason":"3 of 9 are gone"},{"key":"S9","parent":"A1","state":"changed","changes":[{"field":"billing_cost","from":"482.60","to":"4826.00"}],"reason":null}],"rejected":{"by":"kim","at":"2027-01-15T08:00:06Z","reason":"3 of 9 are gone"}},"pause":null}}"#,
];

/// Of before there were item flags. Such bases exist, and are still written where there are none.
#[test]
fn golden_base() {
    assert_eq!(written(None), GOLDEN);
    let (base, contracts, flags) = held(GOLDEN);
    assert_eq!((base.start.segment, base.start.head.seq, base.last_run), (4, 12, 7));
    assert_eq!(base.since, at(99));
    assert_eq!((contracts, flags), (vec![contract("A1", 5, "pay by card")], Vec::new()));
}

#[test]
fn golden_base_with_item_flags() {
    let noted = flags("S9", 5, "too dear");
    assert_eq!(written(Some(&noted)), GOLDEN_FLAGS);
    let (_, contracts, flags) = held(GOLDEN_FLAGS);
    assert_eq!((contracts.len(), flags), (1, vec![noted]));
}

const GOLDEN: &str = r#"{"sum":"7b6c96fcfce3484f8229ccfa77d95924","base":{"format":1,"store":"00112233445566778899aabbccddeeff","seq":12,"chain":"ba7816bf8f01cfea414140de5dae2223","segment":4,"last_run":7,"at":"2027-01-15T08:01:39Z"}}
{"sum":"205094d5681c59115fa6b6970f10e38e","contract":{"key":"A1","client":5,"parent":null,"origin":"autotask","source":[["billing_cost","482.60"],["name","Care & Feeding"]],"overrides":[],"local":[["notes","pay by card"]],"created":"2027-01-15T08:00:00Z","synced":"2027-01-15T08:00:01Z","changed":"2027-01-15T08:00:01Z","vanished":null}}
{"sum":"79536993d34a48eceb733af1832a5e68","client":{"id":5,"name":"Client 5","auto_sync":false,"at":null,"last_tried":null,"last_synced":null,"last_full":null,"last_changed":null,"next_run":null,"failures":0,"last_error":null}}
{"sum":"e6954eea270b192cc7d61cc96f70336b","run":{"id":7,"client":5,"client_name":"Client 5","trigger":"manual","actor":{"uid":1000,"name":"kim","pid":7},"started":"2027-01-15T08:00:10Z","ended":"2027-01-15T08:00:11Z","result":"partial","counts":{"created":0,"updated":1,"unchanged":0,"vanished":0,"rejected":1},"requests":3,"error":null,"rejects":[]},"seq":12}
{"sum":"eca9d8dad65327a40a63567163c78437","end":{"records":5,"digest":"3ad655a4e8d967bc1a982c91dea502a1"}}
"#;
const GOLDEN_FLAGS: &str = r#"{"sum":"7b6c96fcfce3484f8229ccfa77d95924","base":{"format":1,"store":"00112233445566778899aabbccddeeff","seq":12,"chain":"ba7816bf8f01cfea414140de5dae2223","segment":4,"last_run":7,"at":"2027-01-15T08:01:39Z"}}
{"sum":"205094d5681c59115fa6b6970f10e38e","contract":{"key":"A1","client":5,"parent":null,"origin":"autotask","source":[["billing_cost","482.60"],["name","Care & Feeding"]],"overrides":[],"local":[["notes","pay by card"]],"created":"2027-01-15T08:00:00Z","synced":"2027-01-15T08:00:01Z","changed":"2027-01-15T08:00:01Z","vanished":null}}
{"sum":"79536993d34a48eceb733af1832a5e68","client":{"id":5,"name":"Client 5","auto_sync":false,"at":null,"last_tried":null,"last_synced":null,"last_full":null,"last_changed":null,"next_run":null,"failures":0,"last_error":null}}
{"sum":"a5469cee7123b7abbdf7c367fdffb36a","mark":{"key":"S9","client":5,"ignored":{"until":"2026-12-31","reason":"too dear","by":"kim","at":"2027-01-15T08:00:02Z"},"hold":{"run":300,"by":"kim","at":"2027-01-15T08:00:03Z"},"quarantine":{"field":"startDate","reason":"it is no date","since":"2027-01-15T08:00:04Z"}}}
{"sum":"5954ff1bb5d49c334db749bfb1298f4d","run":{"id":7,"client":5,"client_name":"Client 5","trigger":"manual","actor":{"uid":1000,"name":"kim","pid":7},"started":"2027-01-15T08:00:10Z","ended":"2027-01-15T08:00:11Z","result":"partial","counts":{"created":0,"updated":1,"unchanged":0,"vanished":0,"rejected":1},"requests":3,"error":null,"rejects":[]},"seq":12}
{"sum":"67e1d1fc6cbc29147df07e6ffba4718b","end":{"records":7,"digest":"55cd4f7968ea7e6d7b681d9d6a65f847"}}
"#;
