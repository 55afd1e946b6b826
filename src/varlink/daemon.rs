//! `org.lmsyncd.Daemon`: the daemon itself.

use serde::{Deserialize, Serialize};

use super::Method;
pub use super::backup::{Backup, BackupReply, Restore, RestoreReply};
pub use super::effect::Effect;
pub use super::event::Event;
use super::sync::Progress;
use crate::model::Advice;

/// The interface's name.
pub const INTERFACE: &str = "org.lmsyncd.Daemon";

/// Its description.
pub const DESCRIPTION: &str = include_str!("org.lmsyncd.Daemon.varlink");

/// Asks how things stand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Status {
    /// Only this client.
    pub client: Option<String>,
}

/// How one client stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientStatus {
    /// The company id.
    pub id: i64,
    /// The company's name.
    pub name: String,
    /// Whether auto-sync is on.
    pub auto_sync: bool,
    /// The time of day that auto-sync runs at, `HH:MM` in the MSP's zone, where one was asked for.
    pub at: Option<String>,
    /// When a run last began.
    pub last_tried: Option<String>,
    /// When a run last succeeded.
    pub last_synced: Option<String>,
    /// When a run last changed a contract.
    pub last_changed: Option<String>,
    /// When auto-sync runs next.
    pub next_run: Option<String>,
    /// How many items are pending, by the last look; null if nobody looked.
    pub pending: Option<i64>,
    /// What is another client's by now, by the last look: the agreement, and where it moved to.
    pub moved: Vec<String>,
    /// `ok`, `never_synced`, `held`, `failing`, `blocked`, `paused` or `overdue`.
    pub health: String,
    /// Who syncs it right now, and since when.
    pub running: Option<String>,
    /// How many contract records the store holds.
    pub contracts: i64,
    /// The code of what went wrong in the last run.
    pub error: Option<String>,
    /// What went wrong, for a person.
    pub message: Option<String>,
    /// Who paused its auto-sync, or all of it; null where it is not paused.
    pub paused_by: Option<String>,
    /// When the pause ends by itself.
    pub paused_until: Option<String>,
    /// Why auto-sync runs next when it does, in words; null while it is off.
    pub next_why: Option<String>,
    /// What a person can do about that.
    #[serde(default)]
    pub next_advice: Option<Advice>,
}

/// How Autotask's API is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Api {
    /// The zone that the tenant lives in; null until it was found.
    pub zone_url: Option<String>,
    /// `ok`, `failed`, `blocked` while refused credentials are not tried, or `unknown` until they
    /// were.
    pub auth: String,
    /// Since when it is blocked.
    pub auth_blocked_since: Option<String>,
    /// When auto-sync tries the credentials next.
    pub auth_blocked_until: Option<String>,
    /// Why auto-sync waits although a client is due.
    pub waiting: Option<String>,
    /// The daemon's own requests in the last 60 minutes.
    pub requests_last_hour: i64,
    /// Its own cap on those.
    pub max_requests_per_hour: i64,
    /// Requests of all of the tenant's integrations in the last 60 minutes, when last asked.
    pub tenant_requests: Option<i64>,
    /// The tenant's limit on those.
    pub tenant_limit: Option<i64>,
    /// When that was asked.
    pub tenant_as_of: Option<String>,
}

/// The daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaemonInfo {
    /// Its version.
    pub version: String,
    /// Its process id.
    pub pid: i64,
    /// Since when it runs.
    pub started: String,
    /// The last commit of its store.
    pub store_sequence: i64,
    /// How many contract records the store holds.
    pub contracts: i64,
    /// What was noticed when the store was opened.
    pub store_remarks: Vec<String>,
    /// Who paused all of auto-sync; null where it is not paused.
    pub paused_by: Option<String>,
    /// When that pause ends by itself.
    pub paused_until: Option<String>,
}

/// One run, as a picture of many shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunMark {
    /// Its number.
    pub id: i64,
    /// The client's id.
    pub client_id: i64,
    /// When it ended.
    pub ended: String,
    /// `ok`, `partial`, `held` or `failed`.
    pub result: String,
    /// How many contracts it made, changed or found gone.
    pub changed: i64,
    /// Requests spent on Autotask.
    pub requests: i64,
}

/// How things stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusReply {
    /// Every client that was ever synced or switched, by name; or the one asked for.
    pub clients: Vec<ClientStatus>,
    /// How Autotask's API is used.
    pub api: Api,
    /// The daemon.
    pub daemon: DaemonInfo,
    /// The last 30 runs, of the one client if it was asked for; the oldest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs: Option<Vec<RunMark>>,
}

impl Method for Status {
    const NAME: &'static str = "org.lmsyncd.Daemon.Status";
    type Reply = StatusReply;
}

/// Asks for a check-up: connection, zone, credentials, permissions, budget, clock, store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Doctor {}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was checked.
    pub check: String,
    /// `good`, `warning`, `bad` or `skipped`.
    pub outcome: String,
    /// What was found.
    pub detail: String,
    /// What a person can do about it.
    #[serde(default)]
    pub advice: Option<Advice>,
    /// The same in the daemon's own words.
    pub fix: Option<String>,
    /// The code of the failure behind it.
    pub error: Option<String>,
}

/// The check-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoctorReply {
    /// In the order in which they depend on each other.
    pub findings: Vec<Finding>,
    /// How far it is, in the replies before the last one, which have nothing else to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

impl Method for Doctor {
    const NAME: &'static str = "org.lmsyncd.Daemon.Doctor";
    type Reply = DoctorReply;
    const TELLS_PROGRESS: bool = true;

    fn progress(reply: &DoctorReply) -> Option<&Progress> {
        reply.progress.as_ref()
    }
}

/// Has the configuration and the credentials read again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reload {}

/// A key whose value is another than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReloadChange {
    /// The key, such as `sync.interval`.
    pub key: String,
    /// The value before; never a secret.
    pub from: String,
    /// The value now; never a secret.
    pub to: String,
    /// Whether it counts from now on, or only after a restart.
    pub applied: bool,
}

/// What a reload changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReloadReply {
    /// Empty if nothing is different.
    pub changes: Vec<ReloadChange>,
}

impl Method for Reload {
    const NAME: &'static str = "org.lmsyncd.Daemon.Reload";
    type Reply = ReloadReply;
}

/// Asks for the daemon's version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {}

/// The daemon's version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionReply {
    /// Such as `0.1.0`.
    pub version: String,
}

impl Method for Version {
    const NAME: &'static str = "org.lmsyncd.Daemon.Version";
    type Reply = VersionReply;
}

/// Folds the lines of the ledger that are older than `store.history` into a base.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PruneHistory {
    /// Only say what would be folded.
    pub dry_run: Option<bool>,
}

/// What was, or would be, folded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PruneReply {
    /// Lines older than this moment are folded.
    pub before: String,
    /// How many commits.
    pub commits: i64,
    /// How many bytes of ledger they take.
    pub bytes: i64,
    /// How many commits stay readable as history.
    pub kept: i64,
    /// Whether it was only said.
    pub dry_run: bool,
}

impl Method for PruneHistory {
    const NAME: &'static str = "org.lmsyncd.Daemon.PruneHistory";
    type Reply = PruneReply;
}

/// Asks to be told of everything that happens, until the caller goes away; wants `more`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Watch {
    /// Only what concerns this client, or all of them.
    pub client: Option<String>,
}

/// One thing that happened. The first reply has neither, and says that watching has begun.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchReply {
    /// What happened.
    pub event: Option<Event>,
    /// How many events the caller was too slow for.
    pub missed: Option<i64>,
}

impl Method for Watch {
    const NAME: &'static str = "org.lmsyncd.Daemon.Watch";
    type Reply = WatchReply;
}

/// Asks for the metrics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {}

/// The metrics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricsReply {
    /// OpenMetrics text.
    pub text: String,
}

impl Method for Metrics {
    const NAME: &'static str = "org.lmsyncd.Daemon.Metrics";
    type Reply = MetricsReply;
}
