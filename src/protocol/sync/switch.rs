//! The switch of auto-sync.

use serde::{Deserialize, Serialize};

use super::Progress;

/// Turns auto-sync on or off for the clients that are named, or with `all` for every client with
/// agreements. `at` is a time of day, HH:MM, in the MSP's zone. While it is on, the client is
/// synced every 24 hours and a manual sync is refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct SetAutoSync {
    /// On or off.
    pub on: bool,
    /// The clients.
    #[serde(default)]
    pub clients: Option<Vec<String>>,
    /// Every client with agreements, instead of named ones.
    #[serde(default)]
    pub all: Option<bool>,
    /// The time of day to run at, `HH:MM` in the MSP's zone.
    #[serde(default)]
    pub at: Option<String>,
}

/// The present switch of a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Switch {
    /// The company id.
    pub id: i64,
    /// The company's name.
    pub name: String,
    /// Whether auto-sync is on.
    pub auto_sync: bool,
    /// Whether the call changed it.
    pub changed: bool,
    /// When auto-sync runs next; null while it is off.
    pub next_run: Option<String>,
    /// How many pending items the next run will import, by the cached result; null without one.
    pub brings: Option<i64>,
    /// When it was last synced; null if never.
    pub last_synced: Option<String>,
    /// Who paused its auto-sync, or all of it; null where it is not paused.
    pub paused_by: Option<String>,
    /// When the pause ends; null for a pause without an end.
    pub paused_until: Option<String>,
}

/// The switches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct SetAutoSyncReply {
    /// The clients that were named.
    pub clients: Vec<Switch>,
    /// How far it is, in the replies before the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}
