//! What is noted beside items, and questions about single items and clients.

use serde::{Deserialize, Serialize};

use super::{Client, Progress, Run};
use crate::model::Advice;

/// Leaves an item out of auto-sync and of the usual list; `until` is the last day on which that
/// counts, for ever if it is not given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Ignore {
    /// The item.
    pub key: String,
    /// The last day on which that counts; for ever if not given.
    #[serde(default)]
    pub until: Option<String>,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Takes that back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Unignore {
    /// The item.
    pub key: String,
}

/// What is noted beside an item now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct IgnoreReply {
    /// The item.
    pub key: String,
    /// Its client.
    pub client: Client,
    /// Whether it is ignored now.
    pub ignored: bool,
    /// The last day of that; null for ever.
    pub until: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Whether the call changed anything.
    pub changed: bool,
}

/// Why an item is, or is not, in the store. Reads Autotask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Explain {
    /// The item.
    pub key: String,
}

/// One check of an explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Check {
    /// What was checked: client, visible, type, permission, selected, ignored, held, quarantined or
    /// last_seen.
    pub check: String,
    /// Whether the item passes: yes, no or unknown.
    pub outcome: String,
    /// What was found.
    pub detail: String,
    /// What a person can do about it.
    #[serde(default)]
    pub advice: Option<Advice>,
}

/// Why an item is, or is not, in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct ExplainReply {
    /// The item.
    pub key: String,
    /// Its client, if it is known.
    pub client: Option<Client>,
    /// The conclusion, in one line.
    pub conclusion: String,
    /// What a person can do.
    #[serde(default)]
    pub advice: Option<Advice>,
    /// The checks, in order.
    pub checks: Vec<Check>,
    /// The code of the failure that kept Autotask from being asked: the name of an error, such as
    /// Unreachable; null where it was asked.
    #[serde(default)]
    pub error: Option<String>,
}

/// Compares the stored rate of each contract of a client with a fresh reading, and the period
/// amount where both are of the same period. Nothing is imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Reconcile {
    /// The client.
    pub client: String,
}

/// A contract whose stored rate or period amount is not Autotask's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Discrepancy {
    /// The contract.
    pub key: String,
    /// Its name.
    pub name: String,
    /// The stored rate.
    pub stored: String,
    /// The stored currency.
    pub stored_currency: String,
    /// Autotask's rate; null if Autotask does not have the item, or its row cannot be converted.
    pub fresh: Option<String>,
    /// Autotask's currency.
    pub fresh_currency: Option<String>,
    /// What Autotask's rate is more, or, negative, less; null where the two cannot be subtracted.
    pub difference: Option<String>,
    /// What the running period bills by what is stored; null where none runs.
    pub stored_period: Option<String>,
    /// The first day of that period.
    pub stored_period_start: Option<String>,
    /// The last day of that period.
    pub stored_period_end: Option<String>,
    /// What Autotask bills for the running period; null where none runs.
    pub fresh_period: Option<String>,
    /// The first day of that period.
    pub fresh_period_start: Option<String>,
    /// The last day of that period.
    pub fresh_period_end: Option<String>,
}

/// What differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct ReconcileReply {
    /// The client.
    pub client: Client,
    /// When Autotask was asked.
    pub as_of: String,
    /// How many contracts were compared.
    pub compared: i64,
    /// Of how many of them only the rate was: another period runs than the stored one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_only: Option<i64>,
    /// What could not be read, each with why: what hangs on it was not compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<Vec<String>>,
    /// Those that differ.
    pub differences: Vec<Discrepancy>,
    /// How far it is, in the replies before the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

/// Items that wait because their rows cannot be converted, by client and key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct ListQuarantine {
    /// Only this client.
    pub client: Option<String>,
}

/// An item that waits because its row cannot be converted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Quarantined {
    /// The item.
    pub key: String,
    /// The client's id.
    pub client_id: i64,
    /// The client's name.
    pub client: String,
    /// The field of the row, by Autotask's name.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
    /// Since when.
    pub since: String,
    /// Whether a contract is stored for it, which keeps its old values.
    pub imported: bool,
}

/// Items that wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Quarantine {
    /// By client and key.
    pub items: Vec<Quarantined>,
}

/// Puts the contracts that a run changed back to what they were before it, and holds their items,
/// so that the next run does not do it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct RevertRun {
    /// The run's number.
    pub id: i64,
}

/// What was reverted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct RevertReply {
    /// The run.
    pub run: Run,
    /// The contracts that were restored and are held, by their keys.
    pub reverted: Vec<String>,
    /// The contracts that changed again since, and were left alone.
    pub left_alone: Vec<String>,
}
