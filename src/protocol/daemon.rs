//! The daemon itself: its status, its checks, its configuration and its version.
//!
//! Moments are RFC 3339 in UTC.

use serde::{Deserialize, Serialize};

pub use super::backup::{Backup, BackupReply, Restore, RestoreReply};
pub use super::effect::Effect;
pub use super::event::{Event, EventItem};
pub use super::field_change::FieldChange;
use super::interface::interface;
use super::progress::Progress;
pub use super::visibility::Visibility;
use crate::model::Advice;

interface! {
    "org.lmsyncd.Daemon", "org.lmsyncd.Daemon.varlink", documented in "daemon.rs";
    methods:
        Status => StatusReply,
        Doctor => DoctorReply progress,
        Reload => ReloadReply,
        Version => VersionReply,
        PruneHistory => PruneReply,
        Backup => BackupReply,
        Restore => RestoreReply,
        Watch => WatchReply,
        TestNotify => TestNotifyReply,
        Metrics => MetricsReply,
        AuditLog => AuditLogReply;
    errors:
        NoSuchClient, AmbiguousClient, NoSuchContract;
    types:
        ClientStatus, NewClient, Visibility, Api, DaemonInfo, OutletStatus, RunMark, Progress, Finding, ReloadChange, Advice, Effect,
        FieldChange, EventItem, Event, Act;
}

/// The status: all clients that were ever synced or switched, by name, or the given one; the use of
/// Autotask's API; the daemon.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Status {
    /// Only this client.
    pub client: Option<String>,
}

/// The status of one client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct ClientStatus {
    /// The company id; 0 is the MSP itself.
    pub id: i64,
    /// The company's name.
    pub name: String,
    /// Whether auto-sync is on.
    pub auto_sync: bool,
    /// The time of day that auto-sync runs at, HH:MM in the MSP's zone, where one was asked for.
    pub at: Option<String>,
    /// When a run last began.
    pub last_tried: Option<String>,
    /// When a run last succeeded.
    pub last_synced: Option<String>,
    /// When a run last changed a contract.
    pub last_changed: Option<String>,
    /// When auto-sync runs next; null while it is off.
    pub next_run: Option<String>,
    /// How many items are pending, by the cached result; null without one.
    pub pending: Option<i64>,
    /// Agreements that now belong to another client, by the cached result: the agreement, and where
    /// it moved to.
    pub moved: Vec<String>,
    /// ok, never_synced, held, failing, blocked, paused or overdue.
    pub health: String,
    /// Who is syncing the client, and since when; null if no run is in progress.
    pub running: Option<String>,
    /// How many contract records the store holds for it.
    pub contracts: i64,
    /// The code of what went wrong in the last run: the name of an error, such as AuthFailed.
    pub error: Option<String>,
    /// What went wrong, for a person.
    pub message: Option<String>,
    /// Who paused its auto-sync, or all of it; null where it is not paused.
    pub paused_by: Option<String>,
    /// When the pause ends; null for a pause without an end.
    pub paused_until: Option<String>,
    /// Why auto-sync runs next when it does, in words, such as "every 24h"; null while it is off.
    pub next_why: Option<String>,
    /// What a person can do about that.
    #[serde(default)]
    pub next_advice: Option<Advice>,
}

/// The usage of Autotask's API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Api {
    /// The zone of the tenant; null until it is discovered.
    pub zone_url: Option<String>,
    /// ok, failed, blocked while refused credentials are not tried, or unknown until they were.
    pub auth: String,
    /// Since when it is blocked.
    pub auth_blocked_since: Option<String>,
    /// When auto-sync tries the credentials next.
    pub auth_blocked_until: Option<String>,
    /// Whether it is blocked because Autotask has locked the account.
    #[serde(default)]
    pub auth_locked: bool,
    /// When Autotask takes requests again, where it asked for a pause (Retry-After).
    #[serde(default)]
    pub limited_until: Option<String>,
    /// Why auto-sync is waiting although a client is due.
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
    /// What the API user may see, where that is known.
    #[serde(default)]
    pub visibility: Option<Visibility>,
}

/// The daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct DaemonInfo {
    /// Its version.
    pub version: String,
    /// The name of its tenant on this server: NAME of `lmsyncd@NAME`, or default.
    pub tenant: Option<String>,
    /// The id of its store, which no other store has.
    pub store_id: Option<String>,
    /// Its process id.
    pub pid: i64,
    /// Since when it runs.
    pub started: String,
    /// The last commit of its store.
    pub store_sequence: i64,
    /// How many contract records the store holds.
    pub contracts: i64,
    /// Why the store takes no changes, and what was noticed when it was opened.
    pub store_remarks: Vec<String>,
    /// Why the store takes no changes; null while it does.
    #[serde(default)]
    pub store_failed: Option<String>,
    /// Who paused all of auto-sync; null where it is not paused.
    pub paused_by: Option<String>,
    /// When that pause ends; null for a pause without an end.
    pub paused_until: Option<String>,
    /// The configured outlets, and how each last went.
    #[serde(default)]
    pub outlets: Vec<OutletStatus>,
}

/// How the notify command, the metrics file or the heartbeat last went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct OutletStatus {
    /// notify, metrics or heartbeat.
    pub outlet: String,
    /// When it was last used; null if it never was.
    pub last: Option<String>,
    /// Since when it has been failing; null while it works.
    pub failing_since: Option<String>,
    /// What went wrong when it was last used; null if nothing did.
    pub error: Option<String>,
}

/// One run, as a picture of many shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct RunMark {
    /// Its number.
    pub id: i64,
    /// The client's id.
    pub client_id: i64,
    /// When it ended.
    pub ended: String,
    /// ok, partial, held or failed.
    pub result: String,
    /// How many contracts it made, changed or found gone.
    pub changed: i64,
    /// Requests spent on Autotask.
    pub requests: i64,
}

/// The status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct StatusReply {
    /// Every client that was ever synced or switched, by name; or the one asked for.
    pub clients: Vec<ClientStatus>,
    /// The usage of Autotask's API.
    pub api: Api,
    /// The daemon.
    pub daemon: DaemonInfo,
    /// The last 30 runs, of the one client if it is named; the oldest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs: Option<Vec<RunMark>>,
    /// Clients whose first agreement appeared, and that nobody has decided about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_clients: Option<Vec<NewClient>>,
}

/// A client whose first agreement appeared: it is on no sync, and not all of it is ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct NewClient {
    /// The company id.
    pub id: i64,
    /// The company's name.
    pub name: String,
    /// When that was noticed.
    pub since: String,
    /// The keys of its agreements.
    pub agreements: Vec<String>,
    /// The cost impact of importing all of it.
    pub effects: Vec<Effect>,
}

/// Checks connection, zone, credentials, permissions, budget, clock and store, in the order in
/// which they depend on each other. What was found bad is a finding, not an error. Called with
/// `more`, replies with `progress` and no findings come before the last one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Doctor {}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Finding {
    /// What was checked.
    pub check: String,
    /// good, warning, bad or skipped.
    pub outcome: String,
    /// What was found.
    pub detail: String,
    /// What to do about it, as a value.
    #[serde(default)]
    pub advice: Option<Advice>,
    /// The same in the daemon's own words.
    pub fix: Option<String>,
    /// The code of the failure behind it: the name of an error.
    pub error: Option<String>,
}

/// The check-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct DoctorReply {
    /// In the order in which they depend on each other.
    pub findings: Vec<Finding>,
    /// How far it is, in the replies before the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

/// Reads the configuration and the credentials again. `changes` is empty if nothing is different. A
/// configuration that cannot be used is refused, and the old one stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Reload {}

/// A key of the configuration whose value is another than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct ReloadChange {
    /// The key, such as sync.interval.
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
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct ReloadReply {
    /// Empty if nothing is different.
    pub changes: Vec<ReloadChange>,
}

/// The daemon's version, such as 0.1.0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Version {}

/// The daemon's version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct VersionReply {
    /// Such as `0.1.0`.
    pub version: String,
    /// The name of the daemon's tenant on this server.
    pub tenant: Option<String>,
    /// The id of its store.
    pub store_id: Option<String>,
}

/// Folds the lines of the ledger that are older than `store.history` into a base, or with `dry_run`
/// only says what would be folded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct PruneHistory {
    /// Only say what would be folded.
    pub dry_run: Option<bool>,
}

/// What was, or would be, folded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
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

/// Tells of everything that happens, or only of what concerns a client or all of them, until the
/// caller goes away. Call it with `more`. The first reply has neither and says that watching has
/// begun; `missed` says how many events the caller was too slow for. If too many are watching,
/// the error is Busy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Watch {
    /// Only events of this client, and of all clients.
    pub client: Option<String>,
}

/// One thing that happened. The first reply has neither, and says that watching has begun.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct WatchReply {
    /// What happened.
    pub event: Option<Event>,
    /// How many events the caller was too slow for.
    pub missed: Option<i64>,
}

/// Runs the notify command once, with an event that is marked as a test, and says how it went. It
/// waits for the commands that run before it. Only operators may call it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct TestNotify {
    /// The name of the event; run_failed without it.
    pub event: Option<String>,
}

/// How the notify command went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct TestNotifyReply {
    /// The command, with its arguments.
    pub command: Vec<String>,
    /// What it was given on its standard input.
    pub event: Event,
    /// What went wrong; null if it ended with status 0 in time.
    pub error: Option<String>,
    /// How long it ran.
    pub milliseconds: i64,
}

/// What people had the daemon do, the newest first: each call that changes something, or may. It is
/// noted before it begins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct AuditLog {
    /// Only what was asked for on this day or later (YYYY-MM-DD, in the MSP's zone), or since this
    /// moment (RFC 3339).
    pub since: Option<String>,
    /// How many at most; 50 without it.
    pub limit: Option<i64>,
}

/// A call that changes something, or may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Act {
    /// Its number; later ones have greater ones.
    pub number: i64,
    /// When it was asked for.
    pub at: String,
    /// The name of the user who asked.
    pub user: String,
    /// The number of that user.
    pub uid: Option<i64>,
    /// The process that asked.
    pub pid: Option<i64>,
    /// The method, such as Contracts.Set.
    pub method: String,
    /// What it was asked for, without the values that it writes, such as "key=S55102 fields=notes".
    pub what: String,
    /// ok, or the name of the error. Null while it is in progress, and where the daemon ended meanwhile.
    pub result: Option<String>,
}

/// What people had the daemon do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct AuditLogReply {
    /// The calls, the newest first.
    pub acts: Vec<Act>,
    /// How many lines of the file cannot be read.
    pub unreadable: i64,
}

/// The metrics, as text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Metrics {
    /// openmetrics, the default; or prometheus, the older text format, as in the file for
    /// node_exporter.
    pub format: Option<String>,
}

/// The metrics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct MetricsReply {
    /// The text. Every sample has the label `tenant`.
    pub text: String,
}
