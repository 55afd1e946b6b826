//! What a contract was: its history, and the line of succession.

use serde::{Deserialize, Serialize};

use crate::protocol::sync::FieldChange;

/// The history of a contract, also of one that was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct History {
    /// The contract, also one that was removed.
    pub key: String,
}

/// One step in the history of a contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct HistoryEntry {
    /// The commit's number in the ledger.
    pub sequence: i64,
    /// When.
    pub at: String,
    /// Who.
    pub actor: String,
    /// In which run, if it was one.
    pub run: Option<i64>,
    /// What changed.
    pub changes: Vec<FieldChange>,
}

/// The history of a contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct HistoryReply {
    /// The contract.
    pub key: String,
    /// The oldest first.
    pub entries: Vec<HistoryEntry>,
    /// Commits of the store that cannot be read any more, one line each; what they changed is not
    /// among the entries. Null where all can be read.
    #[serde(default)]
    pub gaps: Option<Vec<String>>,
}

/// The chain of renewals of a contract, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Chain {
    /// Any contract of the line.
    pub key: String,
}

/// One contract in a chain of renewals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct ChainLink {
    /// The contract.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Its status.
    pub status: String,
    /// Its first day.
    pub start_date: Option<String>,
    /// Its last day.
    pub end_date: Option<String>,
    /// The contract that it renews.
    pub renews: Option<String>,
}

/// The line of succession, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct ChainReply {
    /// The contracts.
    pub contracts: Vec<ChainLink>,
}
