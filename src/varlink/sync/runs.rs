//! Runs: to sync, and what was synced.

use serde::{Deserialize, Serialize};

use super::{Effect, FieldChange, Item, Reject};
use crate::varlink::Method;

/// An item as it was seen, for a sync that takes it only if it is so still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Its key.
    pub key: String,
    /// Its state: one that a sync can apply.
    pub state: String,
    /// What would change, field by field.
    pub changes: Vec<FieldChange>,
}

/// Imports chosen items. With `more`, progress comes before the run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sync {
    /// The client.
    pub client: String,
    /// The chosen items, exactly these.
    #[serde(default)]
    pub keys: Option<Vec<String>>,
    /// Everything that is pending, instead of keys.
    #[serde(default)]
    pub all: Option<bool>,
    /// Exactly these items, instead of keys, and only if each is still as it was seen.
    #[serde(default)]
    pub expected: Option<Vec<Expected>>,
    /// Only say what would be done.
    #[serde(default)]
    pub dry_run: Option<bool>,
    /// Wait while another run of the client is under way, instead of being told that it is.
    #[serde(default)]
    pub wait: Option<bool>,
    /// How many seconds to wait at most; the run itself is not cut short.
    #[serde(default)]
    pub timeout: Option<i64>,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its number; null for a dry run.
    pub id: Option<i64>,
    /// The client's id.
    pub client_id: i64,
    /// The client's name.
    pub client: String,
    /// `manual` or `auto`.
    pub trigger: String,
    /// Who asked.
    pub actor: String,
    /// When it began.
    pub started: String,
    /// When it ended.
    pub ended: String,
    /// `ok`, `partial`, `held` or `failed`.
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
    /// The code of what went wrong.
    pub error: Option<String>,
    /// What went wrong, for a person.
    pub message: Option<String>,
}

/// How far a run is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// What is being done, such as `reading ContractServices`.
    pub doing: String,
    /// Pages read so far.
    pub pages: i64,
    /// Rows read so far.
    pub rows: i64,
    /// Items held against the store so far; none before that begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared: Option<i64>,
}

/// Progress, then the run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncReply {
    /// The run, in the last reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
    /// What a dry run would do, or what the run did, item by item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<Item>>,
    /// Rows that could not be converted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejects: Option<Vec<Reject>>,
    /// What the items come to in money, per currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effects: Option<Vec<Effect>>,
    /// What those of them that are held would come to, which is left out of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_effects: Option<Vec<Effect>>,
    /// How far it is, in the replies before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

impl Method for Sync {
    const NAME: &'static str = "org.lmsyncd.Sync.Sync";
    type Reply = SyncReply;
    const TELLS_PROGRESS: bool = true;

    fn progress(reply: &SyncReply) -> Option<&Progress> {
        reply.progress.as_ref()
    }
}

/// Asks for runs, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListRuns {
    /// Only those of this client.
    pub client: Option<String>,
    /// How many at most.
    pub limit: Option<i64>,
}

/// Runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunList {
    /// The newest first.
    pub runs: Vec<Run>,
}

impl Method for ListRuns {
    const NAME: &'static str = "org.lmsyncd.Sync.ListRuns";
    type Reply = RunList;
}

/// Asks for one run and what it changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShowRun {
    /// The run's number.
    pub id: i64,
}

/// A field of a contract that a run changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunChange {
    /// The contract.
    pub key: String,
    /// The field's name.
    pub field: String,
    /// The value before.
    pub from: Option<String>,
    /// The value after.
    pub to: Option<String>,
}

/// One run and what it changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunReply {
    /// The run.
    pub run: Run,
    /// What it changed.
    pub changes: Vec<RunChange>,
    /// Rows that could not be converted.
    pub rejects: Vec<Reject>,
}

impl Method for ShowRun {
    const NAME: &'static str = "org.lmsyncd.Sync.ShowRun";
    type Reply = RunReply;
}
