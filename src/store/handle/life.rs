//! A long random life: commits, with whatever may happen to the index between two openings.

use std::collections::BTreeMap;
use std::fs;

use proptest::prelude::*;

use super::super::testing::quiet::{as_group, quiet};
use super::super::testing::{
    self, Answers, Place, at, client_ref, commit, contract, copy, key, pause,
};
use super::super::{Commit, Head, Store, Write};
use crate::model::{ClientId, ClientState, Contract, ItemKey, RunId};

/// One step in the life of a store.
#[derive(Debug, Clone)]
enum Step {
    Put { item: usize, client: i64, notes: u8, run: bool },
    Remove { item: usize },
    Touch { client: i64, seconds: i64 },
    Night { clients: i64, seconds: i64 },
    Reopen,
    LoseIndex,
    KeepCopy,
    RollBack,
    Spoil { at: prop::sample::Index, bit: u8 },
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0usize..8, 0i64..3, any::<u8>(), any::<bool>())
            .prop_map(|(item, client, notes, run)| Step::Put { item, client, notes, run }),
        2 => (0usize..8).prop_map(|item| Step::Remove { item }),
        2 => (0i64..3, 0i64..100).prop_map(|(client, seconds)| Step::Touch { client, seconds }),
        2 => (1i64..4, 0i64..100).prop_map(|(clients, seconds)| Step::Night { clients, seconds }),
        2 => Just(Step::Reopen),
        1 => Just(Step::LoseIndex),
        1 => Just(Step::KeepCopy),
        1 => Just(Step::RollBack),
        1 => (any::<prop::sample::Index>(), 0u8..8).prop_map(|(at, bit)| Step::Spoil { at, bit }),
    ]
}

const ITEMS: [&str; 8] = ["A1", "A2", "A3", "A4", "S1", "S2", "S3", "S4"];

/// What a store should hold, in plain maps.
#[derive(Debug, Default)]
struct Expected {
    contracts: BTreeMap<ItemKey, Contract>,
    clients: BTreeMap<ClientId, ClientState>,
    seq: u64,
    runs: u64,
}

impl Expected {
    fn commit(&mut self, store: &Store, step: &Step) {
        let mut wanted = commit();
        match *step {
            Step::Put { item, client, notes, run } => {
                let after = contract(ITEMS[item], client, &notes.to_string());
                let before = self.contracts.insert(after.key, after.clone());
                wanted.contracts.push(Write { before, after: Some(after) });
                wanted.run = run.then(|| testing::run(client));
            }
            Step::Remove { item } => {
                let before = self.contracts.remove(&key(ITEMS[item]));
                wanted.contracts.push(Write { before, after: None });
            }
            Step::Touch { client, seconds } => {
                let mut after = ClientState::new(client_ref(client));
                after.next_run = Some(at(seconds));
                let before = self.clients.insert(ClientId(client), after.clone());
                wanted.clients.push(Write { before, after: Some(after) });
            }
            Step::Night { clients, seconds } => return self.night(store, clients, seconds),
            _ => return,
        }
        let changes = wanted.contracts.iter().any(|write| write.before != write.after)
            || wanted.clients.iter().any(|write| write.before != write.after);
        self.seq += u64::from(changes || wanted.run.is_some());
        self.runs += u64::from(wanted.run.is_some());
        let run = wanted.run.as_ref().map(|_| RunId(self.runs));
        let committed = store.commit_blocking(wanted).expect("stored");
        assert_eq!((committed.seq, committed.run), (self.seq, run));
    }

    /// A night in which nothing changes at the first so many clients.
    fn night(&mut self, store: &Store, clients: i64, seconds: i64) {
        let before = store.pause(None).expect("read");
        let pauses = vec![Write { before, after: Some(pause(None, self.seq as i64)) }];
        let runs: Vec<Commit> = (0..clients).map(|client| quiet(store, client, seconds)).collect();
        let states = runs.iter().flat_map(|run| &run.clients).flat_map(|write| &write.after);
        self.clients.extend(states.map(|state| (state.client.id, state.clone())));
        self.seq += 2;
        for told in as_group(store, Commit { pauses, ..commit() }, runs) {
            self.runs += 1;
            let told = told.expect("stored");
            assert_eq!((told.seq, told.run), (self.seq, Some(RunId(self.runs))));
        }
    }

    fn compare(&self, answers: &Answers) {
        let mut contracts: Vec<_> = self.contracts.values().cloned().collect();
        contracts.sort_by_key(|contract| {
            (
                contract.client,
                contract.parent.unwrap_or(contract.key),
                contract.parent,
                contract.key,
            )
        });
        assert_eq!(answers.contracts, contracts);
        assert_eq!(answers.clients, self.clients.values().cloned().collect::<Vec<_>>());
        assert_eq!(answers.head.seq, self.seq);
        assert_eq!(answers.runs.len() as u64, self.runs);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever happens to the index between two openings, the store answers as plain maps would.
    #[test]
    fn a_random_life(steps in proptest::collection::vec(any_step(), 1..40)) {
        let place = Place::new();
        let mut expected = Expected::default();
        let mut store = Some(place.open_small().0);
        let copies = place.dir().join("copy");
        for step in &steps {
            expected.commit(store.as_ref().expect("open"), step);
            let before = Answers::of(store.as_ref().expect("open"));
            if matches!(step, Step::Put { .. } | Step::Remove { .. } | Step::Touch { .. } | Step::Night { .. }) {
                expected.compare(&before);
                continue;
            }
            drop(store.take());
            match step {
                Step::LoseIndex => fs::remove_dir_all(place.index()).expect("removed"),
                Step::KeepCopy => {
                    let _ = fs::remove_dir_all(&copies);
                    copy(&place.index(), &copies);
                }
                Step::RollBack if copies.is_dir() => {
                    fs::remove_dir_all(place.index()).expect("removed");
                    copy(&copies, &place.index());
                }
                Step::Spoil { at, bit } => {
                    let db = place.index().join("db");
                    let mut bytes = fs::read(&db).expect("read");
                    let at = at.index(bytes.len().min(16 << 10));
                    bytes[at] ^= 1 << bit;
                    fs::write(&db, bytes).expect("written");
                }
                _ => {}
            }
            store = Some(place.open_small().0);
            let after = Answers::of(store.as_ref().expect("open"));
            expected.compare(&after);
            // Not only the same state: the same records in the index, wherever they came from.
            prop_assert_eq!(after, before);
        }
        let report = store.expect("open").check().expect("checked");
        prop_assert!(report.is_sound(), "{:?}", report.faults);
        let Head { seq, .. } = report.head;
        prop_assert_eq!(seq, expected.seq);
    }
}
