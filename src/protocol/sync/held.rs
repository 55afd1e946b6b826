//! What a guard holds.

use serde::{Deserialize, Serialize};

use super::{Effect, Item, Run};

/// What guards hold, by client and run; of one client, or by one run. What was rejected is in it
/// until Autotask says something else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct ListHeld {
    /// Only changes of this client.
    pub client: Option<String>,
    /// Only by the run with this number.
    pub run: Option<i64>,
}

/// The changes that a run holds for a person to decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct HeldRun {
    /// The run's number: what AcceptHeld and RejectHeld name.
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
    /// Their effect in money, per currency and day.
    pub effects: Vec<Effect>,
    /// Who rejected it; null before a decision.
    pub rejected_by: Option<String>,
    /// When.
    pub rejected_at: Option<String>,
    /// Why.
    pub rejected_reason: Option<String>,
}

/// What is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct HeldList {
    /// By client and run.
    pub held: Vec<HeldRun>,
}

/// Applies what a run held: exactly that, from a fresh reading. If Autotask says something else of
/// an item by now, nothing is applied and the error is Held. With `dry_run`, says what it would
/// apply, and applies nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct AcceptHeld {
    /// The number of the run that held it.
    pub run: i64,
    /// Only say what would be done.
    #[serde(default)]
    pub dry_run: Option<bool>,
}

/// What was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct AcceptReply {
    /// The run that applied it.
    pub run: Run,
    /// What it applied, item by item.
    pub items: Vec<Item>,
}

/// Leaves what a run held as it is. It stays held, in silence: no run is held because of it until
/// Autotask says something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct RejectHeld {
    /// The number of the run that held it.
    pub run: i64,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What was rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct RejectReply {
    /// What the run holds, as it is now.
    pub held: HeldRun,
    /// Whether the call changed anything.
    pub changed: bool,
}
