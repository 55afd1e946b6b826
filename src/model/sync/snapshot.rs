//! Everything that one look at Autotask saw of one client.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::model::{ClientRef, ItemKey, Reject, SourceItem, Unread};

/// What Autotask holds for one client at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSnapshot {
    /// The client.
    pub client: ClientRef,
    /// When the reading began.
    pub as_of: DateTime<Utc>,
    /// Its agreements and additions, each agreement directly before its additions, by key.
    pub items: Vec<SourceItem>,
    /// Rows that could not be converted.
    pub rejects: Vec<Reject>,
    /// Charges that are no items of their own but the billing items of purchases, each with its
    /// purchase.
    pub folded: BTreeMap<ItemKey, ItemKey>,
    /// What could not be read and may concern the client.
    pub unread: Vec<Unread>,
}

impl ClientSnapshot {
    /// The item with this key.
    pub fn item(&self, key: ItemKey) -> Option<&SourceItem> {
        self.items.iter().find(|item| item.key == key)
    }
}
