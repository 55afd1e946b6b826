//! Long records in short values, so that sled never makes a blob.
//!
//! sled writes a leaf of its tree as one piece, and where that is above 128 KiB, into a file of its
//! own, which it does not sync and forgets to remove. A leaf holds some twenty values, so it is not
//! enough that each is below 128 KiB: a record above 5 KiB is cut into pieces under neighbouring
//! keys.
//!
//! The first piece stands under the record's own key and tells, in the envelope's header, how long
//! the whole is; the others stand under that key and a two-byte number.

use crate::store::format::codec;

/// The most that one value holds: sled splits a leaf above 16 values and merges one below 4 into its
/// neighbour, so 20 of these must fit into 128 KiB, with keys.
pub(in crate::store) const PIECE: usize = 5 << 10;

/// The key of a piece, counted from 0.
pub(in crate::store) fn key(base: &[u8], number: usize) -> Vec<u8> {
    match number {
        0 => base.to_vec(),
        _ => [base, &(number as u16).to_be_bytes()].concat(),
    }
}

/// The pieces of a record with their keys.
pub(in crate::store) fn cut<'a>(
    base: &'a [u8],
    record: &'a [u8],
) -> impl Iterator<Item = (Vec<u8>, &'a [u8])> + 'a {
    record.chunks(PIECE).enumerate().map(|(number, piece)| (key(base, number), piece))
}

/// How many pieces the record has whose first piece is this one.
pub(in crate::store) fn count(first: &[u8]) -> usize {
    codec::length(first).map_or(1, |length| length.div_ceil(PIECE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_join_to_the_record_and_keep_their_order() {
        for size in [0, 1, PIECE - codec::HEADER, PIECE, 5 * PIECE + 7] {
            let record = codec::wrap(codec::CACHE, &vec![7; size]);
            let pieces: Vec<_> = cut(b"key", &record).collect();
            assert_eq!(pieces.len(), count(pieces[0].1));
            assert!(pieces.is_sorted_by(|a, b| a.0 < b.0));
            assert_eq!(
                pieces.iter().flat_map(|(_, piece)| *piece).copied().collect::<Vec<u8>>(),
                record
            );
        }
    }
}
