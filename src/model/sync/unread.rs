//! What Autotask did not show in a reading, and what of a client hangs on it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Field, ItemKey, ItemKind};

/// Rows of one kind that could not be read: the API user may not, or the tenant does not have them.
/// What is stored of them stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// What Autotask calls them, such as `ContractCharges`.
    pub entity: String,
    /// Why they could not be read, in one line.
    pub reason: String,
    /// The kind of their items, where each of them is one.
    pub kind: Option<ItemKind>,
    /// Fields of items that were read, whose values hang on what was not.
    pub fields: BTreeMap<ItemKey, BTreeSet<Field>>,
    /// Items that were read, and cannot be imported for the first time without.
    pub needed_by: BTreeSet<ItemKey>,
}

impl Unread {
    /// Rows that could not be read; nothing hangs on them yet.
    pub fn new(entity: impl Into<String>, reason: String, kind: Option<ItemKind>) -> Unread {
        Unread {
            entity: entity.into(),
            reason,
            kind,
            fields: BTreeMap::new(),
            needed_by: BTreeSet::new(),
        }
    }

    /// These fields of an item hang on them.
    pub fn depends(&mut self, key: ItemKey, fields: impl IntoIterator<Item = Field>) {
        self.fields.entry(key).or_default().extend(fields);
    }
}
