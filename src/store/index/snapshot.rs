//! Snapshots of contracts and clients, by copy on write: who reads them client by client reads what was
//! there when it began, while commits go on.
//!
//! ```text
//!   told already ─────►│ still to come
//!   1, 2, 3, … 40      │ 41, 42, …          a batch that changes client 42 first has the snapshot
//!                      │  └ old records     keep what is there; one of client 3 is of no matter
//! ```
//!
//! A snapshot keeps only what changes before it is read, up to [`MOST`]; one for which more changed
//! has no more to tell.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::model::ClientId;
use crate::store::format::keys;

/// How much a snapshot keeps at most, in bytes: what a night changes of ten thousand clients.
const MOST: usize = 12 << 20;

/// The snapshots that are being read.
#[derive(Debug, Default)]
pub(in crate::store) struct Snapshots(Mutex<Vec<Weak<Mutex<Kept>>>>);

/// What one snapshot keeps.
pub(in crate::store) type Snapshot = Arc<Mutex<Kept>>;

/// The old records of what changed; no record under a key where there was none.
#[derive(Debug, Default)]
pub(in crate::store) struct Kept {
    records: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    bytes: usize,
    /// Clients up to this one were read.
    read: Option<ClientId>,
    /// Whether more changed than is kept.
    lost: bool,
}

impl Snapshots {
    /// Begins one. Hold the gate.
    pub(in crate::store) fn begin(&self) -> Snapshot {
        let snapshot = Snapshot::default();
        let mut all = locked(&self.0);
        all.retain(|other| other.strong_count() > 0);
        all.push(Arc::downgrade(&snapshot));
        snapshot
    }

    /// Has each of them keep what is under a key, before that changes.
    pub(in crate::store) fn keep(&self, key: &[u8], old: impl Fn() -> Option<Vec<u8>>) {
        let Some(client) = keys::client_of(key) else { return };
        for snapshot in locked(&self.0).iter().filter_map(Weak::upgrade) {
            locked(&snapshot).keep(key, client, &old);
        }
    }
}

impl Kept {
    fn keep(&mut self, key: &[u8], client: ClientId, old: &dyn Fn() -> Option<Vec<u8>>) {
        let read = self.read.is_some_and(|read| client <= read);
        // The first change of a record is the one that takes away what it was.
        if self.lost || read || self.records.contains_key(key) {
            return;
        }
        let old = old();
        self.bytes += key.len() + old.as_ref().map_or(0, Vec::len);
        self.records.insert(key.to_vec(), old);
        if self.bytes > MOST {
            (self.lost, self.records) = (true, BTreeMap::new());
        }
    }

    /// Whether more changed than is kept.
    pub(in crate::store) fn is_lost(&self) -> bool {
        self.lost
    }

    /// What was under a key that changed since: the outer one is none where it did not.
    pub(in crate::store) fn old(&self, key: &[u8]) -> Option<Option<&[u8]>> {
        self.records.get(key).map(Option::as_deref)
    }

    /// The records under keys with this beginning that changed since, as they were.
    pub(in crate::store) fn olds(&self, prefix: &[u8]) -> impl Iterator<Item = &[u8]> {
        let from = self.records.range(prefix.to_vec()..);
        let of_prefix = from.take_while(move |(key, _)| key.starts_with(prefix));
        of_prefix.filter_map(|(_, old)| old.as_deref())
    }

    /// Notes that the clients up to this one were read: what they were need not be kept.
    pub(in crate::store) fn pass(&mut self, client: ClientId) {
        self.read = Some(client);
        let kept = std::mem::take(&mut self.records).into_iter();
        self.records =
            kept.filter(|(key, _)| keys::client_of(key).is_some_and(|of| of > client)).collect();
        let lengths =
            self.records.iter().map(|(key, old)| key.len() + old.as_ref().map_or(0, Vec::len));
        self.bytes = lengths.sum();
    }
}

/// What a snapshot keeps, for as long as it is looked at.
pub(in crate::store) fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ItemKey;

    fn contract(client: i64) -> Vec<u8> {
        keys::contract(ClientId(client), ItemKey::agreement(1))
    }

    #[test]
    fn the_first_old_record_of_what_is_still_to_be_read_is_kept() {
        let snapshots = Snapshots::default();
        let snapshot = snapshots.begin();
        locked(&snapshot).pass(ClientId(3));
        snapshots.keep(&contract(3), || Some(vec![3]));
        snapshots.keep(&contract(4), || Some(vec![4]));
        snapshots.keep(&contract(4), || Some(vec![44]));
        snapshots.keep(&keys::client(ClientId(5)), || None);
        snapshots.keep(keys::META, || Some(vec![0]));
        {
            let kept = locked(&snapshot);
            assert_eq!(kept.old(&contract(3)), None);
            assert_eq!(kept.old(&contract(4)), Some(Some(&[4][..])));
            assert_eq!(kept.old(&keys::client(ClientId(5))), Some(None));
            assert_eq!(kept.records.len(), 2);
            let of_client = keys::contracts_of(ClientId(4));
            assert_eq!(kept.olds(&of_client).collect::<Vec<_>>(), [[4]]);
        }
        {
            let mut kept = locked(&snapshot);
            kept.pass(ClientId(5));
            assert_eq!((kept.records.len(), kept.bytes), (0, 0));
        }
        drop(snapshot);
        drop(snapshots.begin());
        assert_eq!(locked(&snapshots.0).len(), 1, "what has ended is forgotten");
    }

    #[test]
    fn a_snapshot_of_which_too_much_changed_says_so_and_keeps_nothing() {
        let snapshots = Snapshots::default();
        let snapshot = snapshots.begin();
        for client in 0..3 {
            snapshots.keep(&contract(client), || Some(vec![0; MOST / 2]));
        }
        assert!(locked(&snapshot).is_lost());
        assert!(locked(&snapshot).records.is_empty());
    }
}
