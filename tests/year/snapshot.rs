//! Everything that a store answers, to be compared across a restart.

use std::collections::{BTreeMap, BTreeSet};

use lmsyncd::model::{ClientState, Contract, HeldChanges, ItemFlags, ItemKey, Pause};
use lmsyncd::store::Store;

use super::invariants::{ACKNOWLEDGED, Broken, broken};

/// What a store answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    seq: u64,
    contracts: BTreeMap<ItemKey, Contract>,
    clients: BTreeMap<i64, ClientState>,
    flags: BTreeMap<ItemKey, ItemFlags>,
    holds: Vec<HeldChanges>,
    pauses: Vec<Pause>,
}

impl Snapshot {
    pub fn of(store: &Store) -> Snapshot {
        let contracts = store.all_contracts().expect("contracts");
        let clients = store.clients().expect("clients");
        Snapshot {
            seq: store.head().seq,
            contracts: contracts.into_iter().map(|one| (one.key, one)).collect(),
            clients: clients.into_iter().map(|one| (one.client.id.0, one)).collect(),
            flags: store.all_flags().expect("flags").into_iter().map(|m| (m.key, m)).collect(),
            holds: store.all_held_changes().expect("held changes"),
            pauses: store.pauses().expect("pauses"),
        }
    }

    /// What is stored after a restart is what was there before it, and at most what was under way
    /// besides: each commit that came on top is one client's.
    pub fn survived(&self, after: &Snapshot) -> Result<(), Broken> {
        let Some(more) = after.seq.checked_sub(self.seq) else {
            let told = format!("the store went back from commit {} to {}", self.seq, after.seq);
            return broken(ACKNOWLEDGED, told);
        };
        let mut changed = BTreeSet::new();
        for (id, state) in &after.clients {
            if self.clients.get(id) != Some(state) {
                changed.insert(*id);
            }
        }
        let lost = self.contracts.keys().find(|key| !after.contracts.contains_key(key));
        if let Some(lost) = lost {
            return broken(ACKNOWLEDGED, format!("{lost} was lost in a restart"));
        }
        for (key, contract) in &after.contracts {
            if self.contracts.get(key) != Some(contract) {
                changed.insert(contract.client.0);
            }
        }
        for key in self.flags.keys().chain(after.flags.keys()) {
            let (before, now) = (self.flags.get(key), after.flags.get(key));
            if before != now
                && let Some(flags) = before.or(now)
            {
                changed.insert(flags.client.0);
            }
        }
        for held in self.holds.iter().chain(&after.holds) {
            if self.holds.contains(held) != after.holds.contains(held) {
                changed.insert(held.client.0);
            }
        }
        for pause in self.pauses.iter().chain(&after.pauses) {
            if self.pauses.contains(pause) != after.pauses.contains(pause) {
                changed.insert(pause.client.map_or(-1, |client| client.0));
            }
        }
        if changed.len() as u64 > more {
            let told = format!("{more} commits came with a restart, and {changed:?} changed");
            return broken(ACKNOWLEDGED, told);
        }
        Ok(())
    }
}
