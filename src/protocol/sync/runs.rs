//! Runs: to sync, and what was synced.

use serde::{Deserialize, Serialize};

use super::{Effect, FieldChange, Item, Progress, Reject};

/// An item as it was previewed, for a sync that applies it only if it is unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Expected {
    /// Its key.
    pub key: String,
    /// new, changed, vanished or returned.
    pub state: String,
    /// What would change, field by field, as in an Item.
    pub changes: Vec<FieldChange>,
}

/// Imports the items in `keys`, exactly these, or with `all` everything that is pending, or those
/// in `expected`: exactly these, if each is unchanged since the preview, otherwise none of them
/// (Held). With `dry_run` it only says what it would do. With `wait` it waits while another run of
/// the client is in progress, `timeout` seconds at most, instead of answering Busy. Called with
/// `more`, replies with `progress` alone come before the last one, which has the run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Sync {
    /// The client.
    pub client: String,
    /// The chosen items, exactly these.
    #[serde(default)]
    pub keys: Option<Vec<String>>,
    /// Everything that is pending, instead of keys.
    #[serde(default)]
    pub all: Option<bool>,
    /// Exactly these items, instead of keys, and only if each is unchanged since the preview.
    #[serde(default)]
    pub expected: Option<Vec<Expected>>,
    /// Only say what would be done.
    #[serde(default)]
    pub dry_run: Option<bool>,
    /// Wait for another run of the client to end, instead of answering Busy.
    #[serde(default)]
    pub wait: Option<bool>,
    /// How many seconds to wait at most; the run itself is not cut short.
    #[serde(default)]
    pub timeout: Option<i64>,
}

/// One run: one sync of one client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Run {
    /// Its number; null for a dry run, which is not recorded.
    pub id: Option<i64>,
    /// The client's id.
    pub client_id: i64,
    /// The client's name.
    pub client: String,
    /// manual or auto.
    pub trigger: String,
    /// Who asked.
    pub actor: String,
    /// When it began.
    pub started: String,
    /// When it ended.
    pub ended: String,
    /// ok, partial (some rows were rejected), held (by a guard) or failed.
    pub result: String,
    /// Contracts made.
    pub created: i64,
    /// Contracts changed.
    pub updated: i64,
    /// Contracts that were already right.
    pub unchanged: i64,
    /// Contracts that became tombstones.
    pub vanished: i64,
    /// Rows that could not be converted.
    pub rejected: i64,
    /// Requests spent on Autotask.
    pub requests: i64,
    /// Whether it only showed what it would do.
    pub dry_run: bool,
    /// The code of what went wrong: the name of an error of these interfaces, such as AuthFailed.
    pub error: Option<String>,
    /// What went wrong, for a person.
    pub message: Option<String>,
}

/// Progress, then the run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct SyncReply {
    /// The run, in the last reply. Look at its result: one that was held or done in part is a
    /// reply, one that failed is an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
    /// What the run did, or would do, item by item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<Item>>,
    /// Rows that could not be converted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejects: Option<Vec<Reject>>,
    /// The effect of the items in money, per currency and day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effects: Option<Vec<Effect>>,
    /// The effect of those of them that are held, which is left out of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_effects: Option<Vec<Effect>>,
    /// How far it is, in the replies before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

/// Runs, the newest first; of one client, and `limit` rows at most. With `changed` only runs that
/// changed a contract, with `failed` only those that failed, were held or met bad rows, with both
/// those of either kind. With `fold`, runs of one batch in which nothing happened are one row of
/// `folded`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct ListRuns {
    /// Only this client.
    pub client: Option<String>,
    /// Show at most this many runs.
    pub limit: Option<i64>,
    /// Only runs that changed a contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<bool>,
    /// Only runs that failed, were held or met rows that cannot be converted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<bool>,
    /// Only runs that began at this day (of the MSP's zone) or moment, or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Whether runs of one batch in which nothing happened make one row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fold: Option<bool>,
}

/// Runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct RunList {
    /// The newest first.
    pub runs: Vec<Run>,
    /// With `fold`, the runs of batches in which nothing happened, the newest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folded: Option<Vec<FoldedRuns>>,
}

/// Runs of one batch in which nothing happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct FoldedRuns {
    /// The lowest number of them.
    pub first: i64,
    /// The highest number of them.
    pub last: i64,
    /// How many there are, each of another client.
    pub runs: i64,
    /// When the batch began.
    pub started: String,
    /// Contracts that were already right.
    pub unchanged: i64,
    /// Requests spent on Autotask.
    pub requests: i64,
}

/// One run and what it changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct ShowRun {
    /// The run's number.
    pub id: i64,
}

/// A field of a contract that a run changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct RunChange {
    /// The contract.
    pub key: String,
    /// The field's name.
    pub field: String,
    /// The value before; null where there was none.
    pub from: Option<String>,
    /// The value after; null where there is none.
    pub to: Option<String>,
}

/// One run and what it changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct RunReply {
    /// The run.
    pub run: Run,
    /// What it changed.
    pub changes: Vec<RunChange>,
    /// Rows that could not be converted.
    pub rejects: Vec<Reject>,
}
