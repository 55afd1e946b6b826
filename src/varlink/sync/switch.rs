//! The switch of auto-sync.

use serde::{Deserialize, Serialize};

use super::Progress;
use crate::varlink::Method;

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
    /// The time of day to run at, `HH:MM` in the MSP's zone.
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
