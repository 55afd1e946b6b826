//! What is noted beside items, and questions about single items and clients.

use serde::{Deserialize, Serialize};

use super::{Client, Progress, Run};
use crate::model::Advice;
use crate::varlink::Method;

/// Leaves an item out of auto-sync and of the usual list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
pub struct Unignore {
    /// The item.
    pub key: String,
}

/// What is noted beside an item now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IgnoreReply {
    /// The item.
    pub key: String,
    /// Its client.
    pub client: Client,
    /// Whether it is ignored.
    pub ignored: bool,
    /// The last day of that.
    pub until: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Whether the call changed anything.
    pub changed: bool,
}

impl Method for Ignore {
    const NAME: &'static str = "org.lmsyncd.Sync.Ignore";
    type Reply = IgnoreReply;
}

impl Method for Unignore {
    const NAME: &'static str = "org.lmsyncd.Sync.Unignore";
    type Reply = IgnoreReply;
}

/// Asks why an item is, or is not, in the store. Reads Autotask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Explain {
    /// The item.
    pub key: String,
}

/// One check of an explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What was checked: `client`, `visible`, `type`, `permission`, `selected`, `ignored`, `held`,
    /// `quarantined` or `last_seen`.
    pub check: String,
    /// `yes`, `no` or `unknown`: whether the item passes.
    pub outcome: String,
    /// What was found.
    pub detail: String,
    /// What a person can do about it.
    #[serde(default)]
    pub advice: Option<Advice>,
}

/// Why an item is, or is not, in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
}

impl Method for Explain {
    const NAME: &'static str = "org.lmsyncd.Sync.Explain";
    type Reply = ExplainReply;
}

/// Compares each stored cost of a client with a fresh reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reconcile {
    /// The client.
    pub client: String,
}

/// A contract whose stored cost is not Autotask's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// What Autotask has more, or, negative, less; null where the two cannot be subtracted.
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
    /// Those that differ.
    pub differences: Vec<Discrepancy>,
    /// How far it is, in the replies before the last one, which have nothing else to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

impl Method for Reconcile {
    const NAME: &'static str = "org.lmsyncd.Sync.Reconcile";
    type Reply = ReconcileReply;
    const TELLS_PROGRESS: bool = true;

    fn progress(reply: &ReconcileReply) -> Option<&Progress> {
        reply.progress.as_ref()
    }
}

/// Asks which items wait because their rows cannot be converted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListQuarantine {
    /// Only those of this client.
    pub client: Option<String>,
}

/// An item that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
pub struct Quarantine {
    /// By client and key.
    pub items: Vec<Quarantined>,
}

impl Method for ListQuarantine {
    const NAME: &'static str = "org.lmsyncd.Sync.ListQuarantine";
    type Reply = Quarantine;
}

/// Puts the contracts that a run changed back to what they were before it, and holds their items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevertRun {
    /// The run's number.
    pub id: i64,
}

/// What was reverted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevertReply {
    /// The run.
    pub run: Run,
    /// The contracts that are as before it, and held.
    pub reverted: Vec<String>,
    /// The contracts that changed again since, and were left alone.
    pub left_alone: Vec<String>,
}

impl Method for RevertRun {
    const NAME: &'static str = "org.lmsyncd.Sync.RevertRun";
    type Reply = RevertReply;
}
