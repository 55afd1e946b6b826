//! Pausing auto-sync, and going on.

use serde::{Deserialize, Serialize};

use super::Client;

/// Pauses auto-sync of the given clients, or of all. The pause ends at `until`: a day
/// (the last of the pause), a moment, a time of day (HH:MM) or a span from now on (4h, 2d). What
/// comes due meanwhile is caught up once when the pause ends.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Pause {
    /// The clients; all of auto-sync if none is named.
    pub clients: Option<Vec<String>>,
    /// When the pause ends: a day (its last), a moment, a time of day or a duration; never if not
    /// given.
    pub until: Option<String>,
}

/// Ends the pauses of the clients that are named, or the pause of all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Resume {
    /// The clients; that of all if none is named.
    pub clients: Option<Vec<String>>,
}

/// A pause of auto-sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Paused {
    /// The client; null for all of auto-sync.
    pub client: Option<Client>,
    /// When the pause ends; null for a pause without an end.
    pub until: Option<String>,
    /// Who paused it.
    pub by: String,
    /// Since when.
    pub since: String,
}

/// What was paused or resumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct PauseReply {
    /// The pauses that the call ended, as they were.
    pub changed: Vec<Paused>,
    /// Every pause that counts now: that of all first, then by client.
    pub pauses: Vec<Paused>,
}
