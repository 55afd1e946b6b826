//! Clients: which there are.

use serde::{Deserialize, Serialize};

use super::Progress;
use crate::varlink::Method;

/// A client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// The company id.
    pub id: i64,
    /// The company's name.
    pub name: String,
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
