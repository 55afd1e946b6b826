//! What was just read from Autotask.

use std::collections::BTreeMap;

use super::{ClientId, Field, ItemKey, Value};

/// Values by field. A field without a value is absent.
pub type Fields = BTreeMap<Field, Value>;

/// An agreement or addition as just read from Autotask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceItem {
    /// Its key.
    pub key: ItemKey,
    /// The company it belongs to.
    pub client: ClientId,
    /// The agreement that an addition stands below; none for an agreement.
    pub parent: Option<ItemKey>,
    /// Its source-owned and seeded fields, except `client`, `parent` and `vanished`, which have a
    /// place of their own here and in a contract.
    pub fields: Fields,
    /// Why this kind of item cannot be imported, where it cannot.
    pub unsupported: Option<String>,
}

/// A row that could not be converted: it keeps its old contract and does not block the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The item that the row would have been, or would have been a part of.
    pub key: ItemKey,
    /// The agreement it stands below, if it is an addition and that much could be read.
    pub parent: Option<ItemKey>,
    /// The field of the row, by Autotask's name.
    pub field: String,
    /// What is wrong with it, as a fragment that fits after "because".
    pub reason: String,
}
