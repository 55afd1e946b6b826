//! The store's side of a diff.

use std::collections::BTreeMap;

use crate::model::{Contract, ItemKey};

/// The contracts that a diff is made against, by key: all those of the client, and those of other
/// clients whose items are now this client's.
pub type Stored = BTreeMap<ItemKey, Contract>;
