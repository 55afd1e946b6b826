//! Contracts made by hand, and contracts that begin or cease to follow Autotask.

use serde::{Deserialize, Serialize};

use super::{Assignment, Contract};
use crate::protocol::sync::FieldChange;

/// Makes a contract by hand. Nothing on it is locked: `fields` may hold source-owned ones too. Its
/// key begins with L.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Add {
    /// The client.
    pub client: String,
    /// Its name.
    pub name: String,
    /// Its other fields, source-owned ones among them.
    #[serde(default)]
    pub fields: Option<Vec<Assignment>>,
}

/// Removes a contract made by hand, or one that is ignored; any other is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Remove {
    /// The contract.
    pub key: String,
}

/// What was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct RemoveReply {
    /// The removed contract; the ledger keeps its history.
    pub contract: Contract,
}

/// Makes the contract `local`, made by hand, follow the agreement or addition `key`: its local
/// fields go over to that item's contract, and it is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Adopt {
    /// The contract made by hand.
    pub local: String,
    /// The agreement or addition that it is to follow.
    pub key: String,
}

/// Freezes a contract: no sync touches it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Unlink {
    /// The contract.
    pub key: String,
}

/// Makes a frozen contract follow Autotask again. Without `apply` it only says what would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Relink {
    /// The contract.
    pub key: String,
    /// Do it, instead of only saying what would change.
    #[serde(default)]
    pub apply: Option<bool>,
}

/// What relinking changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct RelinkReply {
    /// The contract as it is now.
    pub contract: Contract,
    /// What changes, field by field.
    pub changes: Vec<FieldChange>,
    /// Whether it was done.
    pub applied: bool,
}
