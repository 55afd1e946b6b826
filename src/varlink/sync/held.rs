//! What a guard holds.

use serde::{Deserialize, Serialize};

use super::{Effect, Item, Run};
use crate::varlink::Method;

/// Asks what is held.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListHeld {
    /// Only of this client.
    pub client: Option<String>,
    /// Only by the run with this number.
    pub run: Option<i64>,
}

/// What a run holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldRun {
    /// The run's number: what accepting and rejecting name.
    pub run: i64,
    /// The client's id.
    pub client_id: i64,
    /// The client's name.
    pub client: String,
    /// Since when.
    pub since: String,
    /// Why, for a person: that of the first item.
    pub message: Option<String>,
    /// The items, in the state that they have leaving the guard aside.
    pub items: Vec<Item>,
    /// What they come to in money, per currency.
    pub effects: Vec<Effect>,
    /// Who rejected it; null while nobody has decided.
    pub rejected_by: Option<String>,
    /// When.
    pub rejected_at: Option<String>,
    /// Why.
    pub rejected_reason: Option<String>,
}

/// What is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldList {
    /// By client and run.
    pub held: Vec<HeldRun>,
}

impl Method for ListHeld {
    const NAME: &'static str = "org.lmsyncd.Sync.ListHeld";
    type Reply = HeldList;
}

/// Applies what a run held, if Autotask still says the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptHeld {
    /// The number of the run that held it.
    pub run: i64,
}

/// What was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptReply {
    /// The run that applied it.
    pub run: Run,
    /// What it applied, item by item.
    pub items: Vec<Item>,
}

impl Method for AcceptHeld {
    const NAME: &'static str = "org.lmsyncd.Sync.AcceptHeld";
    type Reply = AcceptReply;
}

/// Leaves what a run held as it is, in silence, until Autotask says something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RejectHeld {
    /// The number of the run that held it.
    pub run: i64,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What was rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectReply {
    /// What the run holds, as it is now.
    pub held: HeldRun,
    /// Whether the call changed anything.
    pub changed: bool,
}

impl Method for RejectHeld {
    const NAME: &'static str = "org.lmsyncd.Sync.RejectHeld";
    type Reply = RejectReply;
}
