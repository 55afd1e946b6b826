//! The tally of the index: how many records it has and a digest of them that does not depend on
//! their order, so that a change costs one subtraction and one addition.

use crate::store::format::chain::ChainHash;

/// The number of records and the wrapping sum of a 128-bit hash of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::store) struct Tally {
    pub(in crate::store) records: u64,
    pub(in crate::store) digest: u128,
}

impl Tally {
    /// Counts a record in.
    pub(in crate::store) fn add(&mut self, key: &[u8], value: &[u8]) {
        self.records = self.records.wrapping_add(1);
        self.digest = self.digest.wrapping_add(hash(key, value));
    }

    /// Counts a record out that was counted in.
    pub(in crate::store) fn remove(&mut self, key: &[u8], value: &[u8]) {
        self.records = self.records.wrapping_sub(1);
        self.digest = self.digest.wrapping_sub(hash(key, value));
    }

    /// The digest's text.
    pub(in crate::store) fn text(&self) -> String {
        format!("{:032x}", self.digest)
    }
}

fn hash(key: &[u8], value: &[u8]) -> u128 {
    // The length keeps a byte from moving between key and value unseen.
    ChainHash::of(&[&(key.len() as u64).to_be_bytes(), key, value]).as_number()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn order_does_not_matter_and_removing_undoes(
            records in btree_map(vec(any::<u8>(), 1..8), vec(any::<u8>(), 0..8), 0..12),
            other in vec(any::<u8>(), 9..12),
        ) {
            let (mut there, mut back) = (Tally::default(), Tally::default());
            for (key, value) in &records { there.add(key, value); }
            for (key, value) in records.iter().rev() { back.add(key, value); }
            prop_assert_eq!(there, back);
            let before = there;
            there.add(&other, &other);
            prop_assert_ne!(there, before);
            there.remove(&other, &other);
            prop_assert_eq!(there, before);
        }

        #[test]
        fn another_value_or_a_moved_byte_is_another_digest(
            key in vec(any::<u8>(), 1..8), value in vec(any::<u8>(), 1..8), bit in 0usize..8,
        ) {
            let digest = |key: &[u8], value: &[u8]| { let mut t = Tally::default(); t.add(key, value); t };
            let whole = digest(&key, &value);
            let mut other = value.clone();
            other[0] ^= 1 << bit;
            prop_assert_ne!(whole, digest(&key, &other));
            let mut longer = key.clone();
            longer.push(value[0]);
            prop_assert_ne!(whole, digest(&longer, &value[1..]));
        }
    }
}
