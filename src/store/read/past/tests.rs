//! Questions to the past: the rule for clocks that were set, single contracts, runs, and where
//! knowledge ends.

use chrono::{DateTime, Utc};

use super::*;
use crate::model::{ClientId, Contract, Field, Origin};
use crate::store::testing::{
    self, Place, at, client_ref, commit, contract, fill, flags, key, note,
};
use crate::store::{Commit, StateAsOf, Store, StoreError, Write};

fn book(store: &Store, moment: DateTime<Utc>) -> StateAsOf {
    store.state_as_of(moment).expect("known")
}

/// Commits a note on A1 at each of these seconds.
fn notes_at(store: &Store, seconds: &[i64]) {
    for second in seconds {
        let note = note(store, "A1", &format!("at {second}"));
        store.commit_blocking(Commit { at: at(*second), ..note }).expect("stored");
    }
}

/// The table at the head of `past`, and each of its edges.
#[test]
fn the_book_of_a_moment_ends_before_the_first_later_commit() {
    let place = Place::new();
    let (store, _) = place.open();
    notes_at(&store, &[1000, 1005, 958, 1010, 1006]);
    let cases = [
        (0, 0),
        (999, 0),
        (1000, 1),
        (1004, 1),
        (1005, 3),
        (1007, 3),
        (1009, 3),
        (1010, 5),
        (9999, 5),
    ];
    for (second, seq) in cases {
        let book = book(&store, at(second));
        assert_eq!(book.seq, seq, "{second}");
        let notes: Vec<_> = book.contracts.iter().map(|c| c.text(Field::Notes)).collect();
        let wanted = [vec![], vec!["at 1000"], vec![], vec!["at 958"], vec![], vec!["at 1006"]];
        assert_eq!(notes, wanted[seq as usize], "{second}");
    }
}

#[test]
fn a_book_has_everything_in_its_usual_order() {
    let place = Place::new();
    let (store, _) = place.open();
    assert_eq!(
        book(&store, at(0)),
        StateAsOf {
            contracts: Vec::new(),
            clients: Vec::new(),
            flags: Vec::new(),
            holds: Vec::new(),
            pauses: Vec::new(),
            seq: 0
        }
    );
    let items = ["S3", "A2", "A1", "L1", "B1"];
    let put = |item: &str| Write { before: None, after: Some(contract(item, 5, "x")) };
    let state = ClientState::new(client_ref(5));
    store
        .commit_blocking(Commit {
            at: at(7),
            contracts: items.map(put).into(),
            clients: vec![Write { before: None, after: Some(state.clone()) }],
            flags: ["S9", "A1"]
                .map(|item| Write { before: None, after: Some(flags(item, 5, "x")) })
                .into(),
            holds: vec![Write { before: None, after: Some(testing::held(5, 1, "x")) }],
            pauses: [Some(5), None]
                .map(|client| Write { before: None, after: Some(testing::pause(client, 9)) })
                .into(),
            ..commit()
        })
        .expect("stored");
    let now = StateAsOf {
        contracts: store.all_contracts().expect("read"),
        clients: vec![state.clone()],
        flags: store.all_flags().expect("read"),
        holds: store.all_held_changes().expect("read"),
        pauses: store.pauses().expect("read"),
        seq: 1,
    };
    assert_eq!((now.contracts.len(), now.flags.len()), (5, 2));
    assert_eq!((now.holds.len(), now.pauses.len()), (1, 2));
    // Moving item flags to another client, and taking some away, leaves the book of before alone;
    // so does taking a pause away.
    store
        .commit_blocking(Commit {
            at: at(8),
            flags: vec![
                Write { before: Some(flags("S9", 5, "x")), after: Some(flags("S9", 6, "x")) },
                Write { before: Some(flags("A1", 5, "x")), after: None },
            ],
            clients: vec![Write { before: Some(state), after: None }],
            pauses: vec![Write { before: Some(testing::pause(Some(5), 9)), after: None }],
            ..commit()
        })
        .expect("stored");
    assert_eq!(book(&store, at(7)), now);
    let later = book(&store, at(8));
    assert_eq!((later.flags, later.clients), (vec![flags("S9", 6, "x")], Vec::new()));
    assert_eq!(later.contracts, now.contracts);
    assert_eq!(later.holds, [testing::held(5, 1, "x")]);
    assert_eq!(later.pauses, [testing::pause(None, 9)]);
}

fn change(store: &Store, spoil: &dyn Fn(&mut Contract)) -> Contract {
    let before = store.contract(key("A1")).expect("read").expect("there");
    let mut after = before.clone();
    spoil(&mut after);
    let write = Write { before: Some(before), after: Some(after.clone()) };
    store.commit_blocking(Commit { contracts: vec![write], ..commit() }).expect("stored");
    after
}

/// Also what no field tells: that it was synced, frozen, or moved its creation.
#[test]
fn a_contract_is_found_as_it_was_after_any_commit() {
    let place = Place::new();
    let (store, _) = place.open();
    store.commit_blocking(note(&store, "A2", "another")).expect("stored");
    let mut was = vec![None, None];
    store.commit_blocking(note(&store, "A1", "one")).expect("stored");
    was.push(store.contract(key("A1")).expect("read"));
    was.push(Some(change(&store, &|contract| contract.synced = Some(at(77)))));
    was.push(Some(change(&store, &|contract| contract.origin = Origin::Unlinked)));
    store.commit_blocking(note(&store, "A2", "another again")).expect("stored");
    was.push(was[4].clone());
    was.push(Some(change(&store, &|contract| contract.client = ClientId(6))));
    let write = Write { before: was[6].clone(), after: None };
    store.commit_blocking(Commit { contracts: vec![write], ..commit() }).expect("stored");
    was.push(None);
    store.commit_blocking(note(&store, "A1", "back again")).expect("stored");
    was.push(store.contract(key("A1")).expect("read"));
    for (seq, was) in was.iter().enumerate() {
        assert_eq!(&store.contract_at(key("A1"), seq as u64).expect("known"), was, "{seq}");
    }
    let now = store.contract(key("A1")).expect("read");
    assert_eq!(store.contract_at(key("A1"), u64::MAX).expect("known"), now);
    assert_eq!(store.contract_at(key("B7"), 5).expect("known"), None);
    // The history is of fields, as before.
    let history = store.history(key("A1")).expect("read");
    assert_eq!(history.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [2, 6, 7, 8]);
}

#[test]
fn a_run_tells_what_it_found_and_what_it_left() {
    let place = Place::new();
    let (store, _) = place.open();
    for item in ["A1", "A2", "S1"] {
        store.commit_blocking(note(&store, item, "old")).expect("stored");
    }
    let old = |item: &str| Some(contract(item, 5, "old"));
    let new = |item: &str| Some(contract(item, 5, "new"));
    let run = |contracts| Commit { run: Some(testing::run(5)), contracts, ..commit() };
    let writes = vec![
        Write { before: old("A1"), after: new("A1") },
        Write { before: old("A2"), after: None },
        Write { before: None, after: new("S3") },
        // Nothing is written for this one.
        Write { before: old("S1"), after: old("S1") },
    ];
    let id = store.commit_blocking(run(writes)).expect("stored").run.expect("numbered");
    let quiet = store.commit_blocking(run(Vec::new())).expect("stored").run.expect("numbered");
    // What comes later does not change what that run did.
    store.commit_blocking(note(&store, "A1", "newer")).expect("stored");
    let touched = |item, before, after| Touched { key: key(item), before, after };
    let wanted = [
        touched("A1", old("A1"), new("A1")),
        touched("A2", old("A2"), None),
        touched("S3", None, new("S3")),
    ];
    assert_eq!(store.touched_by(id).expect("known"), wanted);
    assert_eq!(store.touched_by(quiet).expect("known"), []);
    assert_eq!(store.touched_by(RunId(9)).expect("no such run"), []);

    // Behind a base that holds what it found, in one reading of it.
    store.prune_blocking(at(0), false).expect("nothing is older");
    let (place, _) = Place::filled(5);
    let (store, _) = place.open();
    store.prune_blocking(at(100), false).expect("pruned");
    let writes = vec![
        Write { before: store.contract(key("A1")).expect("read"), after: None },
        Write { before: store.contract(key("A2")).expect("read"), after: new("A2") },
    ];
    let before: Vec<_> = writes.iter().map(|write| write.before.clone()).collect();
    assert!(before.iter().all(Option::is_some));
    let id = store.commit_blocking(run(writes)).expect("stored").run.expect("numbered");
    let found = store.touched_by(id).expect("known");
    assert_eq!(found.iter().map(|t| t.before.clone()).collect::<Vec<_>>(), before);
    for (item, before) in ["A1", "A2"].into_iter().zip(before) {
        assert_eq!(store.contract_at(key(item), 5).expect("known"), before);
    }
    // One that was not written since the base.
    assert!(store.contract_at(key("A3"), 5).expect("known").is_some());
}

#[test]
fn what_was_before_the_base_is_refused_with_the_moment_from_which_it_is_known() {
    let place = Place::new();
    let (store, _) = place.open();
    assert_eq!(store.since(), None);
    fill(&store, 9);
    store.prune_blocking(at(6), false).expect("pruned");
    assert_eq!(store.since(), Some(at(5)));
    let refused = |error: StoreError| {
        assert!(matches!(error, StoreError::BeforeHistory { since } if since == at(5)), "{error}");
        error.to_string()
    };
    let message = refused(store.state_as_of(at(4)).expect_err("gone"));
    assert_eq!(message, "history is kept only from 2027-01-15T08:00:05Z on");
    refused(store.contract_at(key("A1"), 4).expect_err("gone"));
    refused(store.contract_at(key("B7"), 0).expect_err("gone"));
    refused(store.touched_by(RunId(1)).expect_err("gone"));
    refused(store.run(RunId(1)).expect_err("gone"));
    // And what is known is known exactly from there on.
    assert_eq!(book(&store, at(5)).seq, 5);
    assert!(store.contract_at(key("A1"), 5).expect("known").is_some());
    assert_eq!(store.touched_by(RunId(2)).expect("known").len(), 1);
    assert_eq!(store.run(RunId(4)).expect("read"), None);
}

/// A base that a repair wrote is of the moment of the repair: what led to it is known only as far as
/// the lines before it can be read.
#[test]
fn a_repair_leaves_known_what_can_be_read() {
    let (place, _) = Place::filled(6);
    let mut lines = place.lines(1);
    lines.truncate(4);
    place.put_lines(1, &lines);
    let (store, opening) = place.open();
    assert!(opening.is_damage());
    assert_eq!(store.since(), Some(at(20)));
    assert!(matches!(store.state_as_of(at(19)), Err(StoreError::Gap(_))));
    assert_eq!(book(&store, at(2)).seq, 2);
    assert_eq!(book(&store, at(20)).contracts, store.all_contracts().expect("read"));
    // Lines of before that are still there still tell the history.
    assert!(!store.history(key("A3")).expect("read").is_empty());
    assert_eq!(store.touched_by(RunId(1)).expect("known").len(), 1);
}

/// A ledger that was damaged while it is open is an error, and no earlier book.
#[test]
fn a_broken_chain_is_no_answer() {
    let (place, _) = Place::filled(6);
    let (store, _) = place.open();
    let text = std::fs::read_to_string(place.segment(1)).expect("read");
    std::fs::write(place.segment(1), text.replacen("notes 4", "notes 7", 1)).expect("written");
    assert_eq!(book(&store, at(2)).seq, 2);
    let error = store.state_as_of(at(5)).expect_err("broken");
    assert!(error.to_string().contains("up to commit 3 and not to 6"), "{error}");
}

#[test]
fn a_contract_as_of_a_moment_has_when_its_client_had_been_synced_by_then() {
    let place = Place::new();
    let (store, _) = place.open();
    let mut before = None;
    let mut put = |moment: i64, notes: &str, full: Option<i64>| {
        let held = store.contract(key("A1")).expect("read");
        let mut state = ClientState::new(client_ref(5));
        state.last_full = full.map(at);
        let contracts = vec![Write { before: held, after: Some(contract("A1", 5, notes)) }];
        let clients = vec![Write { before: before.replace(state.clone()), after: Some(state) }];
        let run = full.map(|_| testing::run(5));
        let commit = Commit { at: at(moment), contracts, clients, run, ..commit() };
        store.commit_blocking(commit).expect("stored");
    };
    put(1, "one", None);
    put(2, "two", Some(20));
    put(3, "three", Some(30));
    // Of another client, so that something is behind it.
    store.commit_blocking(Commit { at: at(4), ..note(&store, "A2", "else") }).expect("stored");
    let known = |moments: std::ops::RangeInclusive<i64>| {
        let moments = moments.map(|moment| {
            let found = store.contract_as_of(key("A1"), at(moment)).expect("known");
            let notes = found.contracts.first().map(|contract| contract.text(Field::Notes));
            (notes.unwrap_or_default(), found.last_full.map(|full| (full - at(0)).num_seconds()))
        });
        moments.collect::<Vec<_>>()
    };
    let [one, two, three] = [("one", None), ("two", Some(20)), ("three", Some(30))]
        .map(|(notes, full)| (notes.to_owned(), full));
    let all = [(String::new(), None), one, two.clone(), three.clone(), three.clone()];
    assert_eq!(known(0..=4), all);
    // What is pruned is in the base.
    store.prune_blocking(at(3), false).expect("pruned");
    assert_eq!(known(2..=4), [two, three.clone(), three]);
    assert!(store.contract_as_of(key("A1"), at(1)).is_err());
}
