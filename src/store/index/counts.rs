//! How many contracts each client has, and which have changed, kept in memory: whoever wants to know
//! that reads no contract for it.

use std::collections::BTreeMap;

use crate::model::ClientId;
use crate::store::format::keys;

/// The numbers of contracts, by client.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::store) struct Counts(BTreeMap<ClientId, usize>);

impl Counts {
    /// A record with this key is there now.
    pub(in crate::store) fn add(&mut self, key: &[u8]) {
        if let Some(client) = keys::client_of_contract(key) {
            *self.0.entry(client).or_default() += 1;
        }
    }

    /// A record with this key is there no more.
    pub(in crate::store) fn remove(&mut self, key: &[u8]) {
        let Some(client) = keys::client_of_contract(key) else { return };
        let left = self.0.get(&client).map_or(0, |number| number.saturating_sub(1));
        match left {
            0 => self.0.remove(&client),
            left => self.0.insert(client, left),
        };
    }

    /// Those of all clients that have any.
    pub(in crate::store) fn all(&self) -> &BTreeMap<ClientId, usize> {
        &self.0
    }
}

/// With which commit the contracts of clients last changed, since the index was opened.
#[derive(Debug, Default)]
pub(in crate::store) struct Versions(BTreeMap<ClientId, u64>);

impl Versions {
    /// A record with this key changes with the commit `seq`.
    pub(in crate::store) fn note(&mut self, key: &[u8], seq: u64) {
        if let Some(client) = keys::client_of_contract(key) {
            self.0.insert(client, seq);
        }
    }

    /// The commit that changed a client's contracts last; 0 where none did.
    pub(in crate::store) fn of(&self, client: ClientId) -> u64 {
        self.0.get(&client).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ItemKey;

    #[test]
    fn contracts_are_counted_once_each_and_nothing_else_is() {
        let key = |client, id| keys::contract(ClientId(client), ItemKey::agreement(id));
        let mut counts = Counts::default();
        for key in [key(1, 1), key(1, 2), key(-2, 3), keys::client(ClientId(1)), keys::META.into()]
        {
            counts.add(&key);
        }
        // A later piece of a long record is no other contract.
        counts.add(&[key(1, 1), vec![0, 1]].concat());
        assert_eq!(counts.all(), &[(ClientId(-2), 1), (ClientId(1), 2)].into());
        counts.remove(&key(1, 1));
        counts.remove(&key(-2, 3));
        assert_eq!(counts.all(), &[(ClientId(1), 1)].into());
    }
}
