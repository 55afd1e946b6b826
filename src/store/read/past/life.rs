//! A long random life with a clock that is set now and then, an index that is lost or rolled back,
//! and a history that is pruned: as-of at any moment is the snapshot of that moment, and a contract
//! as of any commit is the one of that snapshot.

use std::collections::BTreeMap;
use std::fs;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::model::{
    ClientId, ClientState, Contract, HeldChanges, ItemFlags, ItemKey, Origin, Pause, RunId,
};
use crate::store::open::Settings;
use crate::store::testing::{self, Place, at, client_ref, commit, contract, copy, flags, key};
use crate::store::{Commit, StateAsOf, Store, StoreError, Write};

const ITEMS: [&str; 8] = ["A1", "A2", "A3", "A4", "S1", "S2", "S3", "S4"];

/// One step in the life of a store.
#[derive(Debug, Clone)]
enum Step {
    /// Several at once are one commit.
    Write {
        writes: Vec<Writing>,
        run: bool,
        clock: i64,
    },
    Prune {
        back: i64,
    },
    Reopen,
    LoseIndex,
    KeepCopy,
    RollBack,
}

#[derive(Debug, Clone)]
enum Writing {
    Put {
        item: usize,
        client: i64,
        notes: u8,
    },
    /// What no field tells.
    Freeze {
        item: usize,
    },
    Remove {
        item: usize,
    },
    ItemFlags {
        item: usize,
        client: i64,
        reason: u8,
    },
    Unflag {
        item: usize,
    },
    Touch {
        client: i64,
        failures: u32,
    },
    Pause {
        client: Option<i64>,
        seconds: i64,
    },
    Resume {
        client: Option<i64>,
    },
}

fn paused() -> impl Strategy<Value = Option<i64>> {
    select(vec![None, Some(0), Some(1)])
}

fn any_writing() -> impl Strategy<Value = Writing> {
    let item = || 0usize..8;
    prop_oneof![
        5 => (item(), 0i64..3, any::<u8>())
            .prop_map(|(item, client, notes)| Writing::Put { item, client, notes }),
        1 => item().prop_map(|item| Writing::Freeze { item }),
        2 => item().prop_map(|item| Writing::Remove { item }),
        2 => (item(), 0i64..3, any::<u8>())
            .prop_map(|(item, client, reason)| Writing::ItemFlags { item, client, reason }),
        1 => item().prop_map(|item| Writing::Unflag { item }),
        1 => (0i64..3, 0u32..9).prop_map(|(client, failures)| Writing::Touch { client, failures }),
        2 => (paused(), 0i64..99).prop_map(|(client, seconds)| Writing::Pause { client, seconds }),
        1 => paused().prop_map(|client| Writing::Resume { client }),
    ]
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (vec(any_writing(), 0..4), any::<bool>(), select(vec![0i64, 1, 1, 1, 5, 30, -2, -20]))
            .prop_map(|(writes, run, clock)| Step::Write { writes, run, clock }),
        2 => (0i64..60).prop_map(|back| Step::Prune { back }),
        1 => Just(Step::Reopen),
        1 => Just(Step::LoseIndex),
        1 => Just(Step::KeepCopy),
        1 => Just(Step::RollBack),
    ]
}

/// What a store should have held, in plain maps: one snapshot after each commit.
#[derive(Debug, Default)]
struct Expected {
    contracts: BTreeMap<ItemKey, Contract>,
    clients: BTreeMap<ClientId, ClientState>,
    flags: BTreeMap<ItemKey, ItemFlags>,
    holds: BTreeMap<(ClientId, RunId), HeldChanges>,
    pauses: BTreeMap<Option<ClientId>, Pause>,
    /// What the clock says, in seconds.
    clock: i64,
    /// The seconds of each commit, the first at 0.
    times: Vec<i64>,
    /// The book before the first commit, and after each.
    books: Vec<StateAsOf>,
    /// The sequence of each run, the first at 0.
    runs: Vec<u64>,
    /// How many commits were pruned.
    pruned: usize,
}

impl Expected {
    #[expect(clippy::too_many_lines, reason = "each kind of write, in the commit and in the maps")]
    fn commit(&mut self, store: &Store, writes: &[Writing], run: bool) {
        let mut wanted = Commit { at: at(self.clock), ..commit() };
        let mut used = Vec::new();
        for writing in writes {
            // Each record at most once in a commit.
            let (kind, number) = match writing {
                Writing::Put { item, .. } | Writing::Freeze { item } | Writing::Remove { item } => {
                    ("contract", *item)
                }
                Writing::ItemFlags { item, .. } | Writing::Unflag { item } => ("flags", *item),
                Writing::Touch { client, .. } => ("client", *client as usize),
                Writing::Pause { client, .. } | Writing::Resume { client } => {
                    ("pause", client.map_or(2, |client| client as usize))
                }
            };
            if used.contains(&(kind, number)) {
                continue;
            }
            used.push((kind, number));
            let item = key(ITEMS[number]);
            match writing {
                Writing::Put { client, notes, .. } => {
                    let after = contract(ITEMS[number], *client, &notes.to_string());
                    let before = self.contracts.insert(item, after.clone());
                    wanted.contracts.push(Write { before, after: Some(after) });
                }
                Writing::Freeze { .. } => {
                    let Some(contract) = self.contracts.get_mut(&item) else { continue };
                    let before = Some(contract.clone());
                    contract.origin = Origin::Unlinked;
                    wanted.contracts.push(Write { before, after: Some(contract.clone()) });
                }
                Writing::Remove { .. } => {
                    let before = self.contracts.remove(&item);
                    wanted.contracts.push(Write { before, after: None });
                }
                Writing::ItemFlags { client, reason, .. } => {
                    let after = flags(ITEMS[number], *client, &reason.to_string());
                    let before = self.flags.insert(item, after.clone());
                    wanted.flags.push(Write { before, after: Some(after) });
                }
                Writing::Unflag { .. } => {
                    let before = self.flags.remove(&item);
                    wanted.flags.push(Write { before, after: None });
                }
                Writing::Touch { client, failures } => {
                    let id = ClientId(*client);
                    let mut after = ClientState::new(client_ref(*client));
                    after.failures = *failures;
                    let before = self.clients.insert(id, after.clone());
                    wanted.clients.push(Write { before, after: Some(after) });
                }
                Writing::Pause { client, seconds } => {
                    let after = testing::pause(*client, *seconds);
                    let before = self.pauses.insert(after.client, after.clone());
                    wanted.pauses.push(Write { before, after: Some(after) });
                }
                Writing::Resume { client } => {
                    let before = self.pauses.remove(&client.map(ClientId));
                    wanted.pauses.push(Write { before, after: None });
                }
            }
        }
        wanted.run = run.then(|| testing::run(writes.len() as i64));
        if run && writes.len() == 2 {
            // What a run holds has the run's number, which only the store knows.
            let of = |run| testing::held(7, run, "x");
            let id = self.runs.len() as u64 + 1;
            self.holds.insert(of(id).key(), of(id));
            wanted.holds.push(Write { before: None, after: Some(of(0)) });
        }
        let committed = store.commit_blocking(wanted).expect("stored");
        if committed.seq > self.times.len() as u64 {
            self.times.push(self.clock);
            self.books.push(self.book());
        }
        if run {
            self.runs.push(committed.seq);
            assert_eq!(committed.run, Some(RunId(self.runs.len() as u64)));
        }
        assert_eq!(committed.seq, self.times.len() as u64);
    }

    fn book(&self) -> StateAsOf {
        let mut contracts: Vec<_> = self.contracts.values().cloned().collect();
        crate::store::read::present::put_in_order(&mut contracts);
        let mut flags: Vec<_> = self.flags.values().cloned().collect();
        flags.sort_by_key(|flags| (flags.client, flags.key));
        let clients = self.clients.values().cloned().collect();
        let holds = self.holds.values().cloned().collect();
        let pauses = self.pauses.values().cloned().collect();
        StateAsOf { contracts, clients, flags, holds, pauses, seq: self.times.len() as u64 }
    }

    fn prune(&mut self, store: &Store, back: i64, exactly: bool) {
        let before = self.clock - back;
        let more = self.times[self.pruned..].iter().take_while(|time| **time < before).count();
        let dry = store.prune_blocking(at(before), true).expect("told");
        assert_eq!(store.prune_blocking(at(before), false).expect("pruned"), dry);
        let commits = dry.commits as usize;
        assert!(commits == more || !exactly && commits < more, "{commits} of {more}");
        self.pruned += commits;
        assert_eq!(dry.kept as usize, self.times.len() - self.pruned);
        assert_eq!(dry.since, self.since().map(at));
    }

    fn since(&self) -> Option<i64> {
        self.times[..self.pruned].iter().max().copied()
    }

    /// Compares every moment, every contract after every commit, and every run.
    fn compare(&self, store: &Store) {
        assert_eq!(store.since(), self.since().map(at));
        let book = self.books.last().expect("at least the empty one");
        assert_eq!(store.all_contracts().expect("read"), book.contracts);
        assert_eq!(store.clients().expect("read"), book.clients);
        assert_eq!(store.all_flags().expect("read"), book.flags);
        assert_eq!(store.all_held_changes().expect("read"), book.holds);
        assert_eq!(store.pauses().expect("read"), book.pauses);
        let moments = self.times.iter().flat_map(|time| [time - 1, *time, time + 1]);
        let mut moments: Vec<_> = moments.chain([-1_000, 100_000]).collect();
        moments.sort_unstable();
        moments.dedup();
        for moment in moments {
            let found = store.state_as_of(at(moment));
            if self.since().is_some_and(|since| moment < since) {
                assert!(matches!(found, Err(StoreError::BeforeHistory { .. })), "{moment}");
                continue;
            }
            let held = self.times.iter().take_while(|time| **time <= moment).count();
            assert_eq!(found.expect("known"), self.books[held], "{moment}");
            for item in ITEMS.map(key) {
                let found = store.contract_as_of(item, at(moment)).expect("known").contracts;
                let wanted = contract_in(&self.books[held], item);
                assert_eq!(found, Vec::from_iter(wanted), "{item} at {moment}");
            }
            for client in (0..3).map(ClientId) {
                let found = store.client_as_of(client, at(moment)).expect("known").contracts;
                let mut wanted = self.books[held].contracts.clone();
                wanted.retain(|contract| contract.client == client);
                assert_eq!(found, wanted, "client {client} at {moment}");
            }
        }
        for (seq, book) in self.books.iter().enumerate() {
            for item in ITEMS.map(key) {
                let found = store.contract_at(item, seq as u64);
                if seq < self.pruned {
                    assert!(matches!(found, Err(StoreError::BeforeHistory { .. })), "{seq}");
                    continue;
                }
                assert_eq!(found.expect("known"), contract_in(book, item), "{item} {seq}");
            }
        }
        for (run, seq) in self.runs.iter().enumerate() {
            let found = store.touched_by(RunId(run as u64 + 1));
            if *seq as usize <= self.pruned {
                assert!(matches!(found, Err(StoreError::BeforeHistory { .. })), "run {run}");
                continue;
            }
            let mut found = found.expect("known");
            found.sort_by_key(|touched| touched.key);
            let both = [*seq - 1, *seq].map(|seq| &self.books[seq as usize]);
            let mut wanted = Vec::new();
            for key in ITEMS.map(key) {
                let [before, after] = both.map(|book| contract_in(book, key));
                if before != after {
                    wanted.push(Touched { key, before, after });
                }
            }
            assert_eq!(found, wanted);
        }
    }
}

fn contract_in(book: &StateAsOf, key: ItemKey) -> Option<Contract> {
    book.contracts.iter().find(|contract| contract.key == key).cloned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn as_of_any_moment_is_the_snapshot_of_that_moment(
        steps in vec(any_step(), 1..45),
        segment_bytes in select(vec![1u64, 3_000, 64 << 20]),
    ) {
        let place = Place::new();
        let settings = Settings { segment_bytes, ..Settings::default() };
        let open = || Store::open_with(&place.dir(), at(0), settings).expect("it opens").0;
        let mut expected = Expected { books: vec![Expected::default().book()], ..Expected::default() };
        let mut store = Some(open());
        let copies = place.dir().join("copy");
        for step in &steps {
            let there = store.as_ref().expect("open");
            match step {
                Step::Write { writes, run, clock } => {
                    expected.clock += clock;
                    expected.commit(there, writes, *run);
                    continue;
                }
                Step::Prune { back } => {
                    expected.prune(there, *back, segment_bytes != 3_000);
                    expected.compare(there);
                    continue;
                }
                _ => drop(store.take()),
            }
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
                _ => {}
            }
            store = Some(open());
        }
        let there = store.as_ref().expect("open");
        expected.compare(there);
        let head = there.head();
        drop(store.take());
        // The index that grew with all this, and one that is built from what is left, are one.
        fs::remove_dir_all(place.index()).expect("removed");
        let there = open();
        expected.compare(&there);
        prop_assert_eq!(there.head(), head);
        prop_assert!(there.check().expect("checked").is_sound());
    }
}
