//! Everything that a store answers, to be compared across a restart.

use std::collections::{BTreeMap, BTreeSet};

use lmsyncd::model::{ClientState, Contract, ItemFlags, ItemKey, Memo, MemoKey};
use lmsyncd::store::Store;

use super::invariants::{ACKNOWLEDGED, Broken, broken};

/// What a store answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    seq: u64,
    contracts: BTreeMap<ItemKey, Contract>,
    clients: BTreeMap<i64, ClientState>,
    marks: BTreeMap<ItemKey, ItemFlags>,
    memos: Vec<Memo>,
}

impl Snapshot {
    pub fn of(store: &Store) -> Snapshot {
        let contracts = store.all_contracts().expect("contracts");
        let clients = store.clients().expect("clients");
        Snapshot {
            seq: store.head().seq,
            contracts: contracts.into_iter().map(|one| (one.key, one)).collect(),
            clients: clients.into_iter().map(|one| (one.client.id.0, one)).collect(),
            marks: store.all_marks().expect("marks").into_iter().map(|m| (m.key, m)).collect(),
            memos: store.memos().expect("memos"),
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
        for key in self.marks.keys().chain(after.marks.keys()) {
            let (before, now) = (self.marks.get(key), after.marks.get(key));
            if before != now
                && let Some(mark) = before.or(now)
            {
                changed.insert(mark.client.0);
            }
        }
        for memo in self.memos.iter().chain(&after.memos) {
            if self.memos.contains(memo) != after.memos.contains(memo) {
                changed.insert(match memo.key() {
                    MemoKey::HeldChanges(client, _) => client.0,
                    MemoKey::Pause(client) => client.map_or(-1, |client| client.0),
                });
            }
        }
        if changed.len() as u64 > more {
            let told = format!("{more} commits came with a restart, and {changed:?} changed");
            return broken(ACKNOWLEDGED, told);
        }
        Ok(())
    }
}
