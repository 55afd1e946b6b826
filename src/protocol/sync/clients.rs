//! Clients: which there are.

use serde::{Deserialize, Serialize};

use super::{Progress, Visibility};

/// A client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Client {
    /// The company id; 0 is the MSP itself.
    pub id: i64,
    /// The company's name.
    pub name: String,
}

/// Which clients there are, by name: those with agreements, or with `all` every company; with
/// `search` only those whose name holds the text, or whose id it is. With `cached` the answer is
/// that of the last list of companies, however old; otherwise Autotask is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct ListClients {
    /// Only clients whose name contains this text, or with this id.
    pub search: Option<String>,
    /// Include companies without agreements.
    pub all: Option<bool>,
    /// Answer from the last list of companies instead of asking Autotask.
    pub cached: Option<bool>,
}

/// A client and what it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
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
    /// When it was last synced; null if never.
    pub last_synced: Option<String>,
}

/// The clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct ClientList {
    /// By name.
    pub clients: Vec<ClientSummary>,
    /// When Autotask was asked.
    pub as_of: String,
    /// What the API user may see, where that is known: what is hidden is missing here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
    /// How far it is, in the replies before the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}
