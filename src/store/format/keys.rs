//! The keys of the index: one prefix byte a kind, then big-endian numbers, so that the order of
//! the bytes is the order of the things and a client's records are one prefix scan.
//!
//! | prefix | then | record |
//! |---|---|---|
//! | `c` | client, letter, id | the contract |
//! | `h` | letter, id, sequence | where a commit stands that wrote that contract |
//! | `k` | letter, id | the client that the contract belongs to |
//! | `m` | | the meta record, the only one outside the digest |
//! | `n` | client, letter, id | the item flags: what is noted beside the item |
//! | `o` | letter, id | the client that the flags stand with |
//! | `q` | `h`, client, run | what a run held |
//! | `q` | `g` or `p`, client, 0 | the pause: of all (client 0) or of one client |
//! | `r` | run | the run without its rejects, and where it stands |
//! | `s` | client | the client's state |
//! | `u` | client, run | nothing: the runs of a client |

use crate::model::{ClientId, ItemKey, ItemKind, RunId};

/// The key of the meta record.
pub(in crate::store) const META: &[u8] = b"m";

pub(in crate::store) const CONTRACTS: &[u8] = b"c";
pub(in crate::store) const CLIENTS: &[u8] = b"s";
pub(in crate::store) const RUNS: &[u8] = b"r";
pub(in crate::store) const FLAGS: &[u8] = b"n";
pub(in crate::store) const HOLDS_AND_PAUSES: &[u8] = b"q";
pub(in crate::store) const HOLDS: &[u8] = b"qh";
/// Those of all of auto-sync, and those of single clients.
pub(in crate::store) const PAUSES: [&[u8]; 2] = [b"qg", b"qp"];
pub(in crate::store) const CHANGES: &[u8] = b"h";

/// How long the keys of each kind are; what is longer is a later piece of a long record.
pub(in crate::store) fn width(prefix: u8) -> Option<usize> {
    match prefix {
        b'c' | b'h' | b'n' | b'q' => Some(18),
        b'k' | b'o' => Some(10),
        b'r' | b's' => Some(9),
        b'u' => Some(17),
        _ => None,
    }
}

pub(in crate::store) fn contract(client: ClientId, key: ItemKey) -> Vec<u8> {
    [CONTRACTS, &signed(client.0), &item(key)].concat()
}

pub(in crate::store) fn contracts_of(client: ClientId) -> Vec<u8> {
    [CONTRACTS, &signed(client.0)].concat()
}

/// The client in the key of a contract or of a client's state; none where it is another key.
pub(in crate::store) fn client_of(key: &[u8]) -> Option<ClientId> {
    let state = || key.strip_prefix(CLIENTS).filter(|_| width(CLIENTS[0]) == Some(key.len()));
    client_of_contract(key).or_else(|| Some(ClientId(number(state()?.first_chunk()?))))
}

/// The client in the key of a contract; none where it is the key of something else, or of a later
/// piece.
pub(in crate::store) fn client_of_contract(key: &[u8]) -> Option<ClientId> {
    let rest = key.strip_prefix(CONTRACTS).filter(|_| width(CONTRACTS[0]) == Some(key.len()))?;
    Some(ClientId(number(rest.first_chunk()?)))
}

pub(in crate::store) fn owner(key: ItemKey) -> Vec<u8> {
    [b"k", &item(key)[..]].concat()
}

/// What the owners of a kind of items begin with.
pub(in crate::store) fn owners_of(kind_of: ItemKind) -> Vec<u8> {
    vec![b'k', kind(kind_of)]
}

/// The id that the key of an owner ends with.
pub(in crate::store) fn owned_id(key: &[u8]) -> Option<i64> {
    key.last_chunk().map(number)
}

pub(in crate::store) fn flags(client: ClientId, key: ItemKey) -> Vec<u8> {
    [FLAGS, &signed(client.0), &item(key)].concat()
}

pub(in crate::store) fn flags_of(client: ClientId) -> Vec<u8> {
    [FLAGS, &signed(client.0)].concat()
}

pub(in crate::store) fn flags_owner(key: ItemKey) -> Vec<u8> {
    [b"o", &item(key)[..]].concat()
}

pub(in crate::store) fn held(client: ClientId, run: RunId) -> Vec<u8> {
    [&held_of(client)[..], &run.0.to_be_bytes()].concat()
}

pub(in crate::store) fn held_of(client: ClientId) -> Vec<u8> {
    [HOLDS, &signed(client.0)].concat()
}

pub(in crate::store) fn pause(client: Option<ClientId>) -> Vec<u8> {
    let [of_all, of_one] = PAUSES;
    let prefix = if client.is_none() { of_all } else { of_one };
    [prefix, &signed(client.map_or(0, |client| client.0)), &0u64.to_be_bytes()].concat()
}

pub(in crate::store) fn client(id: ClientId) -> Vec<u8> {
    [CLIENTS, &signed(id.0)].concat()
}

pub(in crate::store) fn run(id: RunId) -> Vec<u8> {
    [RUNS, &id.0.to_be_bytes()].concat()
}

pub(in crate::store) fn run_of(client: ClientId, id: RunId) -> Vec<u8> {
    [&runs_of(client)[..], &id.0.to_be_bytes()].concat()
}

pub(in crate::store) fn runs_of(client: ClientId) -> Vec<u8> {
    [b"u", &signed(client.0)[..]].concat()
}

pub(in crate::store) fn change(key: ItemKey, seq: u64) -> Vec<u8> {
    [&changes_of(key)[..], &seq.to_be_bytes()].concat()
}

pub(in crate::store) fn changes_of(key: ItemKey) -> Vec<u8> {
    [CHANGES, &item(key)[..]].concat()
}

/// The number that a key ends with: a run's, or a sequence.
pub(in crate::store) fn last_number(key: &[u8]) -> Option<u64> {
    let (_, last) = key.split_last_chunk::<8>()?;
    Some(u64::from_be_bytes(*last))
}

fn item(key: ItemKey) -> [u8; 9] {
    let mut bytes = [kind(key.kind); 9];
    bytes[1..].copy_from_slice(&signed(key.id));
    bytes
}

/// Letters are single ASCII characters.
fn kind(kind: ItemKind) -> u8 {
    kind.as_char() as u8
}

/// A signed number so that negative ones sort before zero.
fn signed(number: i64) -> [u8; 8] {
    ((number as u64) ^ (1 << 63)).to_be_bytes()
}

/// The number that [`signed`] wrote.
fn number(bytes: &[u8; 8]) -> i64 {
    (u64::from_be_bytes(*bytes) ^ (1 << 63)) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_order_of_bytes_is_the_order_of_things(
            a in (any::<i64>(), 0usize..9, any::<i64>(), any::<u64>()),
            b in (any::<i64>(), 0usize..9, any::<i64>(), any::<u64>()),
        ) {
            let things = |(client, kind, id, number): (i64, usize, i64, u64)| {
                (ClientId(client), ItemKey::new(ItemKind::ALL[kind], id), number)
            };
            let ((ca, ka, na), (cb, kb, nb)) = (things(a), things(b));
            prop_assert_eq!(contract(ca, ka).cmp(&contract(cb, kb)), (ca, ka).cmp(&(cb, kb)));
            prop_assert_eq!(flags(ca, ka).cmp(&flags(cb, kb)), (ca, ka).cmp(&(cb, kb)));
            let held = |client, number| held(client, RunId(number));
            prop_assert_eq!(held(ca, na).cmp(&held(cb, nb)), (ca, na).cmp(&(cb, nb)));
            prop_assert_eq!(change(ka, na).cmp(&change(kb, nb)), (ka, na).cmp(&(kb, nb)));
            prop_assert_eq!(run(RunId(na)).cmp(&run(RunId(nb))), na.cmp(&nb));
            prop_assert_eq!(client(ca).cmp(&client(cb)), ca.cmp(&cb));
            prop_assert_eq!(last_number(&change(ka, na)), Some(na));
            prop_assert_eq!(client_of_contract(&contract(ca, ka)), Some(ca));
            prop_assert_eq!(client_of_contract(&flags(ca, ka)), None);
            prop_assert_eq!(client_of(&contract(ca, ka)), Some(ca));
            prop_assert_eq!(client_of(&client(ca)), Some(ca));
            prop_assert_eq!(client_of(&flags(ca, ka)), None);
            prop_assert_eq!(owned_id(&owner(ka)), Some(ka.id));
            prop_assert!(owner(ka).starts_with(&owners_of(ka.kind)));
        }
    }

    #[test]
    fn every_key_has_the_width_of_its_kind_and_its_prefix() {
        let (id, key, run_id) = (ClientId(0), ItemKey::agreement(1), RunId(1));
        let keys = [
            contract(id, key),
            change(key, 1),
            owner(key),
            flags(id, key),
            flags_owner(key),
            held(id, run_id),
            pause(None),
            pause(Some(id)),
            run(run_id),
            client(id),
            run_of(id, run_id),
        ];
        for key in keys {
            assert_eq!(width(key[0]), Some(key.len()));
        }
        assert!(contract(id, key).starts_with(&contracts_of(id)));
        assert!(flags(id, key).starts_with(&flags_of(id)));
        assert!(held(id, run_id).starts_with(&held_of(id)));
        assert!(run_of(id, run_id).starts_with(&runs_of(id)));
    }
}
