//! `org.lmsyncd.Sync`: clients, what is pending, runs, and the switch.
//!
//! Money is a decimal string, a date `YYYY-MM-DD`, a moment RFC 3339 in UTC.

mod held;
mod marks;
mod pause;

pub use held::*;
pub use marks::*;
pub use pause::*;

use serde::{Deserialize, Serialize};

use super::Method;

/// The interface's name.
pub const INTERFACE: &str = "org.lmsyncd.Sync";

/// Its description.
pub const DESCRIPTION: &str = include_str!("../org.lmsyncd.Sync.varlink");

/// A client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// The company id.
    pub id: i64,
    /// The company's name.
    pub name: String,
}

/// A field that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The field's name.
    pub field: String,
    /// The value before; null where there was none.
    pub from: Option<String>,
    /// The value after; null where there is none.
    pub to: Option<String>,
}

/// Asks which clients there are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListClients {
    /// Only those whose name holds this text, or whose id it is.
    pub search: Option<String>,
    /// Also companies without agreements.
    pub all: Option<bool>,
    /// Answer from the last list of companies instead of asking Autotask.
    pub cached: Option<bool>,
}

/// A client and what it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSummary {
    /// The company id.
    pub id: i64,
    /// The company's name.
    pub name: String,
    /// Whether the company is active in Autotask.
    pub active: bool,
    /// How many agreements Autotask holds for it.
    pub agreements: i64,
    /// How many contract records the store holds for it.
    pub contracts: i64,
    /// Whether auto-sync is on.
    pub auto_sync: bool,
    /// When it was last synced.
    pub last_synced: Option<String>,
}

/// The clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientList {
    /// By name.
    pub clients: Vec<ClientSummary>,
    /// When Autotask was asked.
    pub as_of: String,
    /// How far it is, in the replies before the last one, which have nothing else to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

impl Method for ListClients {
    const NAME: &'static str = "org.lmsyncd.Sync.ListClients";
    type Reply = ClientList;
    const TELLS_PROGRESS: bool = true;

    fn progress(reply: &ClientList) -> Option<&Progress> {
        reply.progress.as_ref()
    }
}

/// Asks what a sync would apply. With `more`, progress comes before the answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pending {
    /// The client; without it, a summary of every client.
    pub client: Option<String>,
    /// Answer from the last look instead of asking Autotask.
    pub cached: Option<bool>,
    /// Only items in this state.
    pub state: Option<String>,
    /// Also items that are ignored.
    pub all: Option<bool>,
}

/// An item that a sync would apply, or why it would not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its key.
    pub key: String,
    /// The agreement it stands below.
    pub parent: Option<String>,
    /// `new`, `changed`, `vanished`, `returned`, `held`, `ignored` or `unsupported`.
    pub state: String,
    /// What kind of agreement or addition it is.
    pub r#type: String,
    /// Its name.
    pub name: String,
    /// Its status.
    pub status: Option<String>,
    /// What one billing cycle costs.
    pub billing_cost: Option<String>,
    /// The currency of that.
    pub currency: Option<String>,
    /// How often it is billed.
    pub billing_cycle: Option<String>,
    /// Its first day.
    pub start_date: Option<String>,
    /// Its last day.
    pub end_date: Option<String>,
    /// Why it is held, ignored or unsupported, or which rule found what it renews.
    pub reason: Option<String>,
    /// The agreement that this new one renews.
    pub renews: Option<String>,
    /// What would change, field by field.
    pub changes: Vec<FieldChange>,
}

/// A client and how much is pending for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingSummary {
    /// The company id.
    pub id: i64,
    /// The company's name.
    pub name: String,
    /// When Autotask was last asked; null if never.
    pub as_of: Option<String>,
    /// New items.
    pub new: i64,
    /// Changed and returned items.
    pub changed: i64,
    /// Items that are gone.
    pub vanished: i64,
    /// Items that a guard holds.
    pub held: i64,
    /// Items that cannot be imported.
    pub unsupported: i64,
}

/// A row of Autotask's that could not be converted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    /// The item that the row belongs to.
    pub key: String,
    /// The field of the row, by Autotask's name.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}

/// What a sync would apply to one client, or a summary of every client.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingReply {
    /// The client that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<Client>,
    /// When Autotask was asked.
    pub as_of: Option<String>,
    /// Each agreement directly before its additions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<Item>>,
    /// Rows that could not be converted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejects: Option<Vec<Reject>>,
    /// What the items come to in money, per currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effects: Option<Vec<Effect>>,
    /// The summary, where no client was named: clients with something pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clients: Option<Vec<PendingSummary>>,
    /// How far it is, in the replies before the last one, which have nothing else to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

impl Method for Pending {
    const NAME: &'static str = "org.lmsyncd.Sync.Pending";
    type Reply = PendingReply;
    const TELLS_PROGRESS: bool = true;

    fn progress(reply: &PendingReply) -> Option<&Progress> {
        reply.progress.as_ref()
    }
}

/// Asks for the differences, field by field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Diff {
    /// The client.
    pub client: String,
    /// Only these items.
    #[serde(default)]
    pub keys: Option<Vec<String>>,
}

/// What the differences come to in money, in one currency: the sum over the agreements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// The currency.
    pub currency: String,
    /// More (or, negative, less) a month.
    pub per_month: String,
    /// More (or, negative, less) a year.
    pub per_year: String,
}

/// The differences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffReply {
    /// The client.
    pub client: Client,
    /// When Autotask was asked.
    pub as_of: String,
    /// The items that differ.
    pub items: Vec<Item>,
    /// What they come to, per currency; items that are not billed periodically are left out.
    pub effects: Vec<Effect>,
    /// How far it is, in the replies before the last one, which have nothing else to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

impl Method for Diff {
    const NAME: &'static str = "org.lmsyncd.Sync.Diff";
    type Reply = DiffReply;
    const TELLS_PROGRESS: bool = true;

    fn progress(reply: &DiffReply) -> Option<&Progress> {
        reply.progress.as_ref()
    }
}

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

/// Turns auto-sync on or off.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetAutoSync {
    /// On or off.
    pub on: bool,
    /// The clients.
    #[serde(default)]
    pub clients: Option<Vec<String>>,
    /// Every client with agreements, instead of named ones.
    #[serde(default)]
    pub all: Option<bool>,
    /// The local time of day to run at, `HH:MM`.
    #[serde(default)]
    pub at: Option<String>,
}

/// The switch of a client as it stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switch {
    /// The company id.
    pub id: i64,
    /// The company's name.
    pub name: String,
    /// Whether auto-sync is on.
    pub auto_sync: bool,
    /// Whether the call changed it.
    pub changed: bool,
    /// When auto-sync runs next.
    pub next_run: Option<String>,
    /// How many pending items the next run will bring, by the last look; null if nobody looked.
    pub brings: Option<i64>,
    /// When it was last synced.
    pub last_synced: Option<String>,
    /// Who paused its auto-sync, or all of it; null where it is not paused.
    pub paused_by: Option<String>,
    /// When the pause ends by itself.
    pub paused_until: Option<String>,
}

/// The switches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAutoSyncReply {
    /// The clients that were named.
    pub clients: Vec<Switch>,
    /// How far it is, in the replies before the last one, which have nothing else to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

impl Method for SetAutoSync {
    const NAME: &'static str = "org.lmsyncd.Sync.SetAutoSync";
    type Reply = SetAutoSyncReply;
    const TELLS_PROGRESS: bool = true;

    fn progress(reply: &SetAutoSyncReply) -> Option<&Progress> {
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
