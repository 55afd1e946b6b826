//! The names of things: clients, items, runs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An Autotask company id. Zero is valid: it is the MSP itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClientId(pub i64);

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number of a run; runs are numbered from 1 in the order in which they were recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RunId(pub u64);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What an item is, by the letter in front of its id. Autotask's ids are unique only per letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ItemKind {
    /// `A`: an agreement (an Autotask contract).
    Agreement,
    /// `B`: a contract service bundle.
    Bundle,
    /// `C`: a charge.
    Charge,
    /// `H`: a block-hour purchase.
    BlockHours,
    /// `L`: a contract made by hand.
    Local,
    /// `M`: a milestone.
    Milestone,
    /// `R`: a retainer.
    Retainer,
    /// `S`: a contract service.
    Service,
    /// `T`: a ticket purchase.
    Tickets,
}

impl ItemKind {
    /// Every letter, in the order of the alphabet.
    pub const ALL: [ItemKind; 9] = [
        ItemKind::Agreement,
        ItemKind::Bundle,
        ItemKind::Charge,
        ItemKind::BlockHours,
        ItemKind::Local,
        ItemKind::Milestone,
        ItemKind::Retainer,
        ItemKind::Service,
        ItemKind::Tickets,
    ];

    /// The letter itself.
    pub fn as_char(self) -> char {
        match self {
            ItemKind::Agreement => 'A',
            ItemKind::Bundle => 'B',
            ItemKind::Charge => 'C',
            ItemKind::BlockHours => 'H',
            ItemKind::Local => 'L',
            ItemKind::Milestone => 'M',
            ItemKind::Retainer => 'R',
            ItemKind::Service => 'S',
            ItemKind::Tickets => 'T',
        }
    }
}

/// The key of an item and of its contract record: a letter and the Autotask id, such as `S55102`.
///
/// Read without regard to case, always written in capitals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ItemKey {
    /// What the item is.
    pub kind: ItemKind,
    /// The Autotask id, or the local number of a contract made by hand.
    pub id: i64,
}

impl ItemKey {
    /// Sorts items as a tree: each agreement directly before its additions, whatever their letters.
    /// An addition whose agreement is not there stands where the agreement would.
    pub fn in_tree(self, parent: Option<ItemKey>) -> impl Ord {
        (parent.unwrap_or(self), parent.is_some(), self)
    }

    /// The key of an item.
    pub fn new(kind: ItemKind, id: i64) -> ItemKey {
        ItemKey { kind, id }
    }

    /// The key of an agreement.
    pub fn agreement(id: i64) -> ItemKey {
        ItemKey::new(ItemKind::Agreement, id)
    }

    /// Whether this is an agreement, and not one of the additions below one.
    pub fn is_agreement(self) -> bool {
        self.kind == ItemKind::Agreement
    }
}

impl fmt::Display for ItemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}{}", self.kind.as_char(), self.id))
    }
}

impl From<ItemKey> for String {
    fn from(key: ItemKey) -> String {
        key.to_string()
    }
}

impl TryFrom<String> for ItemKey {
    type Error = BadKey;

    fn try_from(text: String) -> Result<ItemKey, BadKey> {
        text.parse()
    }
}

/// The text is not an item key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an item key: a key is a letter and a number, such as A29683353 or S55102")]
pub struct BadKey(pub String);

impl FromStr for ItemKey {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<ItemKey, BadKey> {
        let bad = || BadKey(text.to_owned());
        let mut chars = text.chars();
        let first = chars.next().ok_or_else(bad)?.to_ascii_uppercase();
        let kind = ItemKind::ALL.into_iter().find(|l| l.as_char() == first).ok_or_else(bad)?;
        let digits = chars.as_str();
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(bad());
        }
        Ok(ItemKey { kind, id: digits.parse().map_err(|_| bad())? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_in_either_case() {
        for kind in ItemKind::ALL {
            let key = ItemKey::new(kind, 29_683_353);
            assert_eq!(key.to_string().parse(), Ok(key));
            assert_eq!(key.to_string().to_lowercase().parse(), Ok(key));
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "A", "12", "X12", "A-1", "A1 ", "A99999999999999999999", "é1"] {
            assert_eq!(text.parse::<ItemKey>(), Err(BadKey(text.to_owned())));
        }
    }
}
