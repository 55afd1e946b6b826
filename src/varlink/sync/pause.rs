//! Pausing auto-sync, and going on.

use serde::{Deserialize, Serialize};

use super::Client;
use crate::varlink::Method;

/// Pauses auto-sync.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pause {
    /// The clients; all of auto-sync if none is named.
    pub clients: Option<Vec<String>>,
    /// When it ends by itself: a day (its last), a moment, a time of day or a span; never if not
    /// given.
    pub until: Option<String>,
}

/// Ends pauses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Resume {
    /// The clients; that of all if none is named.
    pub clients: Option<Vec<String>>,
}

/// A pause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// The client; null for all of auto-sync.
    pub client: Option<Client>,
    /// When it ends by itself; null where somebody must end it.
    pub until: Option<String>,
    /// Who paused it.
    pub by: String,
    /// Since when.
    pub since: String,
}

/// What was paused or resumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PauseReply {
    /// The pauses that the call made or ended.
    pub changed: Vec<Paused>,
    /// Every pause that counts now: that of all first, then by client.
    pub pauses: Vec<Paused>,
}

impl Method for Pause {
    const NAME: &'static str = "org.lmsyncd.Sync.Pause";
    type Reply = PauseReply;
}

impl Method for Resume {
    const NAME: &'static str = "org.lmsyncd.Sync.Resume";
    type Reply = PauseReply;
}
