//! The checksum that chains the lines of a file, and where a chain stands.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// The first 16 bytes of a SHA-256. It is written as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct ChainHash([u8; 16]);

impl ChainHash {
    /// How many characters the text of a sum has.
    pub(in crate::store) const TEXT: usize = 32;

    /// What stands before the first line of a chain.
    pub(in crate::store) const START: ChainHash = ChainHash([0; 16]);

    /// The sum of all parts, one after the other.
    pub(in crate::store) fn of(parts: &[&[u8]]) -> ChainHash {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update(part);
        }
        let mut first = [0; 16];
        first.copy_from_slice(&hasher.finalize()[..16]);
        ChainHash(first)
    }

    /// A sum that is made piece by piece, of which this is the first.
    pub(in crate::store) fn begin(first: &[u8]) -> Unfinished {
        Unfinished(Sha256::new_with_prefix(first))
    }

    /// Reads the text of a sum; only small letters, so that a sum has one text.
    pub(in crate::store) fn parse(text: &[u8]) -> Option<ChainHash> {
        if text.len() != ChainHash::TEXT {
            return None;
        }
        let digit = |c: u8| match c {
            b'0'..=b'9' => Some(c - b'0'),
            b'a'..=b'f' => Some(c - b'a' + 10),
            _ => None,
        };
        let mut hash = [0; 16];
        for (byte, pair) in hash.iter_mut().zip(text.chunks_exact(2)) {
            *byte = (digit(pair[0])? << 4) | digit(pair[1])?;
        }
        Some(ChainHash(hash))
    }

    /// The sum as a number, for adding up.
    pub(in crate::store) fn as_number(self) -> u128 {
        u128::from_be_bytes(self.0)
    }
}

/// A sum of which more is to come.
#[derive(Clone)]
pub(in crate::store) struct Unfinished(Sha256);

impl Unfinished {
    /// Takes the next piece.
    pub(in crate::store) fn add(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// What the sum comes to if these pieces are the last.
    pub(in crate::store) fn finished_with(&self, pieces: &[&[u8]]) -> ChainHash {
        let mut hasher = self.0.clone();
        for piece in pieces {
            hasher.update(piece);
        }
        let mut first = [0; 16];
        first.copy_from_slice(&hasher.finalize()[..16]);
        ChainHash(first)
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.as_number())
    }
}

impl fmt::Debug for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where a chain stands: the last line's sequence and sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct ChainHead {
    pub(in crate::store) seq: u64,
    pub(in crate::store) hash: ChainHash,
}

impl ChainHead {
    /// Before the first line.
    pub(in crate::store) const START: ChainHead = ChainHead { seq: 0, hash: ChainHash::START };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_reads_back_and_is_the_sha256_that_other_tools_compute() {
        // printf abc | sha256sum
        let hash = ChainHash::of(&[b"a", b"bc"]);
        assert_eq!(hash.to_string(), "ba7816bf8f01cfea414140de5dae2223");
        assert_eq!(ChainHash::parse(hash.to_string().as_bytes()), Some(hash));
        assert_eq!(ChainHash::parse(b"BA7816BF8F01CFEA414140DE5DAE2223"), None);
        assert_eq!(ChainHash::parse(b"ba78"), None);
    }
}
