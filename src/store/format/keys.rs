//! The keys of the index: one prefix byte a kind, then big-endian numbers, so that the order of
//! the bytes is the order of the things and a client's records are one prefix scan.
//!
//! | prefix | then | record |
//! |---|---|---|
//! | `c` | client, letter, id | the contract |
//! | `h` | letter, id, sequence | where a commit stands that wrote that contract |
//! | `k` | letter, id | the client that the contract belongs to |
//! | `m` | | the meta record, the only one outside the digest |
//! | `n` | client, letter, id | the mark: what is noted beside the item |
//! | `o` | letter, id | the client that the mark stands with |
//! | `q` | `h`, client, run | the memo of what a run held |
//! | `q` | `g` or `p`, client, 0 | the memo of a pause: of all (client 0) or of one client |
//! | `r` | run | the run without its rejects, and where it stands |
//! | `s` | client | the client's state |
//! | `u` | client, run | nothing: the runs of a client |

use crate::model::{ClientId, ItemKey, ItemKind, MemoKey, RunId};

/// The key of the meta record.
pub(in crate::store) const META: &[u8] = b"m";

pub(in crate::store) const CONTRACTS: &[u8] = b"c";
pub(in crate::store) const CLIENTS: &[u8] = b"s";
pub(in crate::store) const RUNS: &[u8] = b"r";
pub(in crate::store) const MARKS: &[u8] = b"n";
pub(in crate::store) const MEMOS: &[u8] = b"q";
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

pub(in crate::store) fn owner(key: ItemKey) -> Vec<u8> {
    [b"k", &item(key)[..]].concat()
}

pub(in crate::store) fn mark(client: ClientId, key: ItemKey) -> Vec<u8> {
    [MARKS, &signed(client.0), &item(key)].concat()
}

pub(in crate::store) fn marks_of(client: ClientId) -> Vec<u8> {
    [MARKS, &signed(client.0)].concat()
}

pub(in crate::store) fn mark_owner(key: ItemKey) -> Vec<u8> {
    [b"o", &item(key)[..]].concat()
}

pub(in crate::store) fn memo(key: MemoKey) -> Vec<u8> {
    let (kind, client, run) = match key {
        MemoKey::HeldChanges(client, run) => (b'h', client, run),
        MemoKey::Pause(None) => (b'g', ClientId(0), RunId(0)),
        MemoKey::Pause(Some(client)) => (b'p', client, RunId(0)),
    };
    [MEMOS, &[kind], &signed(client.0), &run.0.to_be_bytes()].concat()
}

pub(in crate::store) fn holdings_of(client: ClientId) -> Vec<u8> {
    [MEMOS, b"h", &signed(client.0)].concat()
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
            prop_assert_eq!(mark(ca, ka).cmp(&mark(cb, kb)), (ca, ka).cmp(&(cb, kb)));
            let held = |client, number| memo(MemoKey::HeldChanges(client, RunId(number)));
            prop_assert_eq!(held(ca, na).cmp(&held(cb, nb)), (ca, na).cmp(&(cb, nb)));
            prop_assert_eq!(change(ka, na).cmp(&change(kb, nb)), (ka, na).cmp(&(kb, nb)));
            prop_assert_eq!(run(RunId(na)).cmp(&run(RunId(nb))), na.cmp(&nb));
            prop_assert_eq!(client(ca).cmp(&client(cb)), ca.cmp(&cb));
            prop_assert_eq!(last_number(&change(ka, na)), Some(na));
        }
    }

    #[test]
    fn every_key_has_the_width_of_its_kind_and_its_prefix() {
        let (id, key, run_id) = (ClientId(0), ItemKey::agreement(1), RunId(1));
        let keys = [
            contract(id, key),
            change(key, 1),
            owner(key),
            mark(id, key),
            mark_owner(key),
            memo(MemoKey::HeldChanges(id, run_id)),
            memo(MemoKey::Pause(None)),
            memo(MemoKey::Pause(Some(id))),
            run(run_id),
            client(id),
            run_of(id, run_id),
        ];
        for key in keys {
            assert_eq!(width(key[0]), Some(key.len()));
        }
        assert!(contract(id, key).starts_with(&contracts_of(id)));
        assert!(mark(id, key).starts_with(&marks_of(id)));
        assert!(memo(MemoKey::HeldChanges(id, run_id)).starts_with(&holdings_of(id)));
        assert!(run_of(id, run_id).starts_with(&runs_of(id)));
    }
}
