//! A change of a contract, field by field: what a diff shows and what the ledger remembers.

use crate::model::{Field, ItemKey, Value};

/// One field that changed. No value on one side means that there was, or will be, none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// The field.
    pub field: Field,
    /// The value before.
    pub from: Option<Value>,
    /// The value after.
    pub to: Option<Value>,
}

/// One field of one contract that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The contract.
    pub key: ItemKey,
    /// What changed.
    pub change: FieldChange,
}
