//! What an open store does: preconditions, groups, answers, closing.

mod quiet;

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::{fs, thread};

use super::super::testing::{
    self, Answers, Place, at, client_ref, commit, contract, fill, flags, key, note,
};
use super::super::{Commit, Store, StoreError, Write};
use crate::model::{
    ClientId, ClientState, Contract, Field, HeldChanges, ItemFlags, ItemKey, Pause, RunId, Value,
};

fn put(before: Option<Contract>, after: Option<Contract>) -> Commit {
    Commit { contracts: vec![Write { before, after }], ..commit() }
}

#[test]
fn a_precondition_that_does_not_hold_stops_the_whole_commit() {
    let place = Place::new();
    let (store, _) = place.open();
    let (one, two) = (contract("A1", 5, "one"), contract("A1", 5, "two"));
    store.commit_blocking(put(None, Some(one.clone()))).expect("stored");
    let head = store.head();
    let conflicts = [
        (None, Some(two.clone())),
        (Some(two.clone()), Some(one.clone())),
        (Some(two.clone()), None),
        (Some(two.clone()), Some(two.clone())),
    ];
    for (before, after) in conflicts {
        let mut commit = put(before, after);
        // The rest would be fine, and must not be stored either.
        commit.contracts.push(Write { before: None, after: Some(contract("A2", 5, "x")) });
        commit.run = Some(testing::run(5));
        let error = store.commit_blocking(commit).expect_err("a conflict");
        assert!(matches!(&error, StoreError::Conflict(what) if what == "contract A1"), "{error}");
    }
    let state = ClientState::new(client_ref(5));
    let write = Write { before: Some(state.clone()), after: None };
    let error = store.commit_blocking(Commit { clients: vec![write], ..commit() });
    assert!(matches!(error, Err(StoreError::Conflict(what)) if what == "client 5"));
    assert_eq!(store.head(), head);
    assert_eq!(store.all_contracts().expect("read"), [one]);
}

#[test]
fn what_would_not_read_back_is_refused() {
    let place = Place::new();
    let (store, _) = place.open();
    let mut odd = contract("A1", 5, "x");
    odd.local.insert(Field::Tags, Value::Tags(vec!["a,b".to_owned()]));
    let mut wrong_kind = contract("A1", 5, "x");
    wrong_kind.source.insert(Field::Units, Value::Text("7".to_owned()));
    let negative = Contract { key: ItemKey::agreement(-1), ..contract("A1", 5, "x") };
    for contract in [odd, wrong_kind, negative] {
        let error = store.commit_blocking(put(None, Some(contract))).expect_err("refused");
        assert!(matches!(error, StoreError::Unstorable(_)), "{error}");
    }
    let twice = Write { before: None, after: Some(contract("A1", 5, "x")) };
    let twice = Commit { contracts: vec![twice.clone(), twice], ..commit() };
    assert!(matches!(store.commit_blocking(twice), Err(StoreError::Unstorable(_))));
    let mut numbered = testing::run(5);
    numbered.id = Some(RunId(7));
    let numbered = Commit { run: Some(numbered), ..commit() };
    assert!(matches!(store.commit_blocking(numbered), Err(StoreError::Unstorable(_))));
    assert_eq!(store.head().seq, 0);
}

#[test]
fn a_commit_that_changes_nothing_writes_nothing() {
    let place = Place::new();
    let (store, _) = place.open();
    fill(&store, 2);
    let same = contract("A2", 5, "notes 1");
    assert_eq!(store.contract(key("A2")).expect("read"), Some(same.clone()));
    let committed = store.commit_blocking(put(Some(same.clone()), Some(same))).expect("fine");
    assert_eq!((committed.seq, committed.run), (2, None));
    assert_eq!(place.lines(1).len(), 2);
}

#[test]
fn runs_are_numbered_and_read_back_with_their_rejects_and_changes() {
    let place = Place::new();
    let (store, _) = place.open();
    for client in [5, 6, 5] {
        let mut commit = note(&store, "A1", &format!("of {}", store.head().seq));
        commit.run = Some(testing::run(client));
        store.commit_blocking(commit).expect("stored");
    }
    let ids = |client: Option<i64>, limit| {
        let runs = store.runs(client.map(ClientId), limit).expect("read");
        runs.iter().map(|run| run.id.expect("numbered").0).collect::<Vec<_>>()
    };
    assert_eq!(ids(None, 10), [3, 2, 1]);
    assert_eq!(ids(None, 2), [3, 2]);
    assert_eq!(ids(Some(5), 10), [3, 1]);
    assert_eq!(ids(Some(7), 10), [0; 0]);
    let record = store.run(RunId(3)).expect("read").expect("there");
    assert!(record.whole);
    assert_eq!(record.run.rejects, testing::run(5).rejects);
    assert_eq!(record.changes.len(), 1);
    assert_eq!(record.changes[0].change.to, Some(Value::Text("of 2".to_owned())));
    assert!(store.runs(None, 1).expect("read")[0].rejects.is_empty());
    assert_eq!(store.run(RunId(4)).expect("read"), None);
}

#[test]
fn history_tells_who_changed_what_and_outlives_the_contract() {
    let place = Place::new();
    let (store, _) = place.open();
    let (one, mut two) = (contract("S1", 5, "one"), contract("S1", 6, "two"));
    two.synced = Some(at(99));
    store.commit_blocking(put(None, Some(one.clone()))).expect("stored");
    store.commit_blocking(put(Some(one), Some(two.clone()))).expect("stored");
    let mut synced = two.clone();
    synced.synced = Some(at(100));
    store.commit_blocking(put(Some(two), Some(synced.clone()))).expect("stored");
    store.commit_blocking(put(Some(synced), None)).expect("stored");
    assert_eq!(store.contract(key("S1")).expect("read"), None);
    assert!(store.all_contracts().expect("read").is_empty());
    let history = store.history(key("s1")).expect("read");
    // The third commit changed no field of the contract.
    assert_eq!(history.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [1, 2, 4]);
    let fields: Vec<_> = history[1].changes.iter().map(|change| change.field).collect();
    assert_eq!(fields, [Field::Client, Field::Notes]);
    assert!(history[2].changes.iter().all(|change| change.to.is_none()));
    assert_eq!((history[0].at, history[0].actor.name.as_str()), (at(12), "lmsyncd"));
}

#[test]
fn contracts_come_by_client_with_additions_behind_their_agreement() {
    let place = Place::new();
    let (store, _) = place.open();
    let under = |item: &str, parent: i64| Contract {
        parent: Some(ItemKey::agreement(parent)),
        ..contract(item, 0, "x")
    };
    let local = Contract { parent: None, ..contract("L1", 0, "x") };
    let made = [
        under("S9", 1),
        contract("A2", 0, "x"),
        contract("A1", 0, "x"),
        under("B1", 2),
        local,
        under("S3", 1),
        under("T1", 3),
        contract("A7", -4, "x"),
        contract("A0", 8, "x"),
    ];
    let contracts = made.iter().map(|c| Write { before: None, after: Some(c.clone()) }).collect();
    store.commit_blocking(Commit { contracts, ..commit() }).expect("stored");
    let keys = |contracts: Vec<Contract>| {
        contracts.iter().map(|contract| contract.key.to_string()).collect::<Vec<_>>()
    };
    let of_client = ["A1", "S3", "S9", "A2", "B1", "T1", "L1"];
    assert_eq!(keys(store.contracts(ClientId(0)).expect("read")), of_client);
    let all = keys(store.all_contracts().expect("read"));
    assert_eq!(all, [&["A7"][..], &of_client, &["A0"]].concat());
}

#[test]
fn long_records_are_kept_whole() {
    let (place, mut longest) = (Place::new(), 0);
    let (store, _) = place.open();
    for (number, size) in [10, 70_000, 15_000, 2_000_000, 5_000, 400_000, 3].into_iter().enumerate()
    {
        let notes: String = "0123456789".repeat(size / 10 + number);
        store.commit_blocking(note(&store, "A1", &notes)).expect("stored");
        store.commit_blocking(note(&store, "A2", &notes)).expect("stored");
        assert_eq!(store.contract(key("A1")).expect("read"), Some(contract("A1", 5, &notes)));
        let all = store.all_contracts().expect("read");
        assert_eq!(all, [contract("A1", 5, &notes), contract("A2", 5, &notes)]);
        longest = longest.max(notes.len());
    }
    assert!(longest > 3 * crate::store::index::pieces::PIECE);
    assert!(store.check().expect("checked").is_sound());
    let answers = Answers::of(&store);
    drop(store);
    let blobs = fs::read_dir(place.index().join("blobs")).expect("listed").count();
    assert_eq!(blobs, 0, "sled must never put a value into a file of its own");
    let (store, opening) = place.open();
    assert!(opening.is_clean());
    assert_eq!(Answers::of(&store), answers);
}

#[test]
fn the_cache_keeps_long_values_apart_from_the_store() {
    let place = Place::new();
    let (store, _) = place.open();
    let head = store.head();
    let long: Vec<u8> = (0..100_000u32).flat_map(u32::to_be_bytes).collect();
    store.cache_put("pending/5", &long);
    store.cache_put("pending/57", b"another");
    store.cache_put("zone", b"");
    assert_eq!(store.cache_get("pending/5"), Some(long));
    store.cache_put("pending/5", b"short");
    drop(store);
    let (store, opening) = place.open();
    assert!(opening.is_clean());
    assert_eq!(store.cache_get("pending/5").as_deref(), Some(&b"short"[..]));
    assert_eq!(store.cache_get("pending/57").as_deref(), Some(&b"another"[..]));
    assert_eq!(store.cache_get("zone").as_deref(), Some(&b""[..]));
    assert_eq!(store.cache_get("pending"), None);
    assert_eq!(store.head(), head);
}

#[test]
fn commits_that_wait_are_written_together_and_see_one_another() {
    const THREADS: i64 = 8;
    const EACH: i64 = 40;
    let place = Place::new();
    let (store, _) = place.open();
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let store = &store;
            scope.spawn(move || {
                let item = format!("A{}", thread + 1);
                let mut before = None;
                for round in 0..EACH {
                    let after = Some(contract(&item, thread, &format!("round {round}")));
                    let commit = put(before, after.clone());
                    store.commit_blocking(commit).expect("stored");
                    // What was acknowledged is what is answered.
                    assert_eq!(store.contract(key(&item)).expect("read"), after);
                    before = after;
                }
            });
        }
        // Whoever loses such a race is told, and exactly one wins each round.
        let store = &store;
        let racers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(move || {
                    let mut won = 0;
                    while won < 10 {
                        let before = store.contract(key("S1")).expect("read");
                        let count: i64 = before
                            .as_ref()
                            .map_or(0, |c| c.text(Field::Notes).parse().expect("a number"));
                        let after = Some(contract("S1", 99, &(count + 1).to_string()));
                        match store.commit_blocking(put(before, after)) {
                            Ok(_) => won += 1,
                            Err(StoreError::Conflict(_)) => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                })
            })
            .collect();
        for racer in racers {
            racer.join().expect("no panic");
        }
    });
    let raced = store.contract(key("S1")).expect("read").expect("there");
    assert_eq!(raced.text(Field::Notes), "40");
    assert_eq!(store.head().seq, (THREADS * EACH) as u64 + 40);
    assert!(store.check().expect("checked").is_sound());
}

/// An answer of several records is of one moment, though commits go on.
#[test]
fn an_answer_is_never_of_two_commits() {
    const ITEMS: i64 = 60;
    let place = Place::new();
    let (store, _) = place.open();
    let all = |notes: i64| -> Vec<_> {
        (1..=ITEMS).map(|id| contract(&format!("A{id}"), 5, &notes.to_string())).collect()
    };
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for round in 0..60 {
                let before = all(round - 1).into_iter().map(|old| (round > 0).then_some(old));
                let writes = before.zip(all(round));
                let contracts =
                    writes.map(|(before, after)| Write { before, after: Some(after) }).collect();
                store.commit_blocking(Commit { contracts, ..commit() }).expect("stored");
            }
        });
        while !writer.is_finished() {
            let contracts = store.contracts(ClientId(5)).expect("read");
            let notes: BTreeSet<_> = contracts.iter().map(|c| c.text(Field::Notes)).collect();
            assert!(notes.len() <= 1, "{notes:?}");
            assert!(contracts.is_empty() || contracts.len() == ITEMS as usize);
        }
    });
}

#[tokio::test]
async fn a_closed_store_still_answers_but_takes_nothing() {
    let place = Place::new();
    let (store, _) = Store::open(&place.dir(), at(0)).expect("it opens");
    store.commit(put(None, Some(contract("A1", 5, "x")))).await.expect("stored");
    store.clone().close().await.expect("closed");
    let error = store.commit(put(None, Some(contract("A2", 5, "x")))).await;
    assert!(matches!(error, Err(StoreError::Stopped)));
    assert_eq!(store.trouble().as_deref(), Some("it was closed"));
    assert!(store.contract(key("A1")).expect("read").is_some());
    drop(store);
    let (store, opening) = Store::open(&place.dir(), at(0)).expect("it opens");
    assert!(opening.is_clean());
    assert_eq!(store.head().seq, 1);
}

#[test]
fn a_check_finds_what_was_damaged_under_an_open_store() {
    let place = Place::new();
    let (store, _) = place.open();
    fill(&store, 5);
    let text = fs::read_to_string(place.segment(1)).expect("read");
    fs::write(place.segment(1), text.replacen("notes 2", "notes 7", 1)).expect("written");
    let report = store.check().expect("checked");
    assert_eq!(report.faults.len(), 1, "{:?}", report.faults);
    assert!(report.faults[0].contains("line 2"), "{:?}", report.faults);
    // A history that leads there is an error, and not a lie.
    assert!(matches!(store.history(key("A3")), Err(StoreError::Damaged { .. })));
}

#[test]
fn every_file_of_the_ledger_is_private() {
    let (place, _) = Place::filled(1);
    let mode = |path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    for name in ["", "ledger", "index", "backups"] {
        assert_eq!(mode(place.dir().join(name)), 0o700, "{name}");
    }
    for name in ["ledger/000000000001.jsonl", "store.json", "lock"] {
        assert_eq!(mode(place.dir().join(name)), 0o600, "{name}");
    }
}

#[test]
fn item_flags_are_kept_by_client_and_key_with_preconditions_like_contracts() {
    let place = Place::new();
    let (store, _) = place.open();
    let put = |before: Option<ItemFlags>, after: Option<ItemFlags>| Commit {
        flags: vec![Write { before, after }],
        ..commit()
    };
    let all = [("S9", 5), ("A2", 5), ("A7", -4), ("A1", 6)].map(|(i, c)| flags(i, c, "x"));
    for flags in &all {
        store.commit_blocking(put(None, Some(flags.clone()))).expect("stored");
    }
    let keys = |flags: Vec<ItemFlags>| flags.iter().map(|m| m.key.to_string()).collect::<Vec<_>>();
    assert_eq!(keys(store.all_flags().expect("read")), ["A7", "A2", "S9", "A1"]);
    assert_eq!(keys(store.flags_of(ClientId(5)).expect("read")), ["A2", "S9"]);
    assert_eq!(store.item_flags(key("A1")).expect("read").as_ref(), Some(&all[3]));
    // Item flags need no contract, and a contract no flags.
    assert_eq!(store.contract(key("A1")).expect("read"), None);

    let other = flags("A1", 6, "y");
    for (before, after) in [(None, Some(other.clone())), (Some(other.clone()), None)] {
        let mut refused = put(before, after);
        refused.contracts.push(Write { before: None, after: Some(contract("A3", 5, "x")) });
        let error = store.commit_blocking(refused).expect_err("a conflict");
        assert!(
            matches!(&error, StoreError::Conflict(what) if what == "the flags of A1"),
            "{error}"
        );
    }
    let blank = ItemFlags::blank(key("A4"), ClientId(5));
    let error = store.commit_blocking(put(None, Some(blank))).expect_err("blank");
    assert_eq!(error.to_string(), "the flags of A4 note nothing");
    let twice = Write { before: None, after: Some(flags("A4", 5, "x")) };
    let twice = Commit { flags: vec![twice.clone(), twice], ..commit() };
    assert!(matches!(store.commit_blocking(twice), Err(StoreError::Unstorable(_))));
    assert_eq!(store.head().seq, 4);

    // It moves to another client, and goes.
    let moved = ItemFlags { client: ClientId(9), ..all[0].clone() };
    store.commit_blocking(put(Some(all[0].clone()), Some(moved.clone()))).expect("stored");
    assert_eq!(keys(store.flags_of(ClientId(5)).expect("read")), ["A2"]);
    assert_eq!(store.flags_of(ClientId(9)).expect("read"), std::slice::from_ref(&moved));
    let same = store.commit_blocking(put(Some(moved.clone()), Some(moved.clone())));
    assert_eq!(same.expect("fine").seq, 5);
    store.commit_blocking(put(Some(moved), None)).expect("stored");
    assert_eq!(store.item_flags(key("S9")).expect("read"), None);
    let answers = Answers::of(&store);
    assert_eq!(answers.flags.len(), 3);
    drop(store);
    fs::remove_dir_all(place.index()).expect("removed");
    assert_eq!(Answers::of(&place.open().0), answers);
}

#[test]
fn held_changes_and_pauses_are_kept_by_client_and_what_a_run_holds_gets_its_number() {
    let place = Place::new();
    let (store, _) = place.open();
    let format = || fs::read_to_string(place.dir().join("store.json")).expect("read");
    assert!(format().contains(r#""format":1"#), "{}", format());
    let put = |before: Option<HeldChanges>, after: Option<HeldChanges>| Commit {
        holds: vec![Write { before, after }],
        ..commit()
    };
    let pause = |before: Option<Pause>, after: Option<Pause>| Commit {
        pauses: vec![Write { before, after }],
        ..commit()
    };
    let (all, one) = (testing::pause(None, 9), testing::pause(Some(-4), 9));
    for one in [&one, &all] {
        store.commit_blocking(pause(None, Some(one.clone()))).expect("stored");
    }
    // From the first of either on, a program that knows none refuses the store.
    assert!(format().contains(r#""format":2"#), "{}", format());

    let held = |run| testing::held(5, run, "3 of 9 are gone");
    let of_run = |number, after| Commit { run: Some(testing::run(5)), ..put(number, Some(after)) };
    store.commit_blocking(of_run(None, held(0))).expect("stored");
    assert_eq!(store.held_changes(ClientId(5)).expect("read"), [held(1)]);
    assert_eq!(store.held_changes(ClientId(6)).expect("read"), []);
    assert_eq!(store.all_held_changes().expect("read"), [held(1)]);
    assert_eq!(store.pauses().expect("read"), [all.clone(), one.clone()]);
    assert_eq!(store.pause(one.client).expect("read"), Some(one.clone()));
    assert_eq!(store.pause(Some(ClientId(5))).expect("read"), None);

    let refused = |commit: Commit| store.commit_blocking(commit).expect_err("refused").to_string();
    assert_eq!(
        refused(put(None, Some(held(1)))),
        "the held changes of client 5 and run 1 changed in the meantime"
    );
    let nobody = refused(put(None, Some(held(0))));
    assert_eq!(nobody, "something is held by a run that is not there");
    let empty = refused(put(None, Some(HeldChanges { items: Vec::new(), ..held(7) })));
    assert_eq!(empty, "the held changes of client 5 and run 7 are none");
    let moved = refused(put(Some(held(1)), Some(held(7))));
    assert_eq!(
        moved,
        "the held changes of client 5 and run 1 cannot become the held changes of client 5 and run 7"
    );
    assert_eq!(store.head().seq, 3);

    store.commit_blocking(pause(Some(all), None)).expect("stored");
    let replaced = Commit {
        holds: vec![
            Write { before: Some(held(1)), after: None },
            Write { before: None, after: Some(held(0)) },
        ],
        ..of_run(None, held(0))
    };
    store.commit_blocking(replaced).expect("stored");
    assert_eq!(store.all_held_changes().expect("read"), [held(2)]);
    assert_eq!(store.pauses().expect("read"), [one]);
    let answers = Answers::of(&store);
    assert!(store.check().expect("checked").is_sound());
    drop(store);
    fs::remove_dir_all(place.index()).expect("removed");
    assert_eq!(Answers::of(&place.open().0), answers);
    // A store.json that was taken away is made anew by what there is.
    fs::remove_file(place.dir().join("store.json")).expect("removed");
    drop(place.open());
    assert!(format().contains(r#""format":2"#), "{}", format());
}
