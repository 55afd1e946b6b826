//! Contracts made by hand, and contracts that begin or cease to follow Autotask.

use serde::{Deserialize, Serialize};

use super::{Assignment, Contract, EditReply};
use crate::varlink::Method;
use crate::varlink::sync::FieldChange;

/// Makes a contract by hand. Nothing on it is locked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Add {
    /// The client.
    pub client: String,
    /// Its name.
    pub name: String,
    /// Its other fields, source-owned ones among them.
    #[serde(default)]
    pub fields: Option<Vec<Assignment>>,
}

impl Method for Add {
    const NAME: &'static str = "org.lmsyncd.Contracts.Add";
    type Reply = EditReply;
}

/// Removes a contract made by hand, or one that is ignored in Autotask or has vanished there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remove {
    /// The contract.
    pub key: String,
}

/// What was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveReply {
    /// The contract as it was; the ledger keeps it.
    pub contract: Contract,
}

impl Method for Remove {
    const NAME: &'static str = "org.lmsyncd.Contracts.Remove";
    type Reply = RemoveReply;
}

/// Makes a contract that was made by hand follow an agreement: its local fields go over to the
/// agreement's contract, and it is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adopt {
    /// The contract made by hand.
    pub local: String,
    /// The agreement or addition that it is to follow.
    pub key: String,
}

impl Method for Adopt {
    const NAME: &'static str = "org.lmsyncd.Contracts.Adopt";
    type Reply = EditReply;
}

/// Freezes a contract: no sync touches it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unlink {
    /// The contract.
    pub key: String,
}

impl Method for Unlink {
    const NAME: &'static str = "org.lmsyncd.Contracts.Unlink";
    type Reply = EditReply;
}

/// Makes a frozen contract follow Autotask again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relink {
    /// The contract.
    pub key: String,
    /// Do it, instead of only saying what would change.
    #[serde(default)]
    pub apply: Option<bool>,
}

/// What relinking changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelinkReply {
    /// The contract as it is now.
    pub contract: Contract,
    /// What changes, field by field.
    pub changes: Vec<FieldChange>,
    /// Whether it was done.
    pub applied: bool,
}

impl Method for Relink {
    const NAME: &'static str = "org.lmsyncd.Contracts.Relink";
    type Reply = RelinkReply;
}
