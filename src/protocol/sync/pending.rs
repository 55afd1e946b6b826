//! What is pending: what a sync would apply, and what that comes to in money.

use serde::{Deserialize, Serialize};

use super::{Client, Effect, FieldChange, Progress, Visibility};

/// What an item is known to cost from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct NextChange {
    /// The first day.
    pub date: String,
    /// What one billing cycle costs from then on; zero where it ends.
    pub billing_cost: String,
}

/// What a sync would apply to a client. Never refused. With `cached` the answer is the cached
/// result, otherwise Autotask is asked; with `state` only items in that state; with `all` also
/// those that are ignored. Without `client` a summary of every client with something pending.
/// Called with `more`, replies with `progress` come before the last one while Autotask is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Pending {
    /// The client; without it, a summary of every client.
    pub client: Option<String>,
    /// Show the cached result instead of asking Autotask.
    pub cached: Option<bool>,
    /// Only items in this state.
    pub state: Option<String>,
    /// Include ignored items.
    pub all: Option<bool>,
}

/// An item that a sync would apply, or why it would not. What its amounts, states and remarks mean
/// is said at Contract in org.lmsyncd.Contracts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Item {
    /// Its key.
    pub key: String,
    /// The agreement that the addition belongs to; null for an agreement.
    pub parent: Option<String>,
    /// new, changed, vanished, returned, held, ignored or unsupported.
    pub state: String,
    /// What kind of agreement or addition it is, in the tenant's own words.
    pub r#type: String,
    /// Its name.
    pub name: String,
    /// Its status: the tenant's label in lower case; active and inactive are normalised.
    pub status: Option<String>,
    /// The rate: what one whole billing cycle costs at the units and prices in force. That of an
    /// agreement is the sum over its additions that are billed.
    pub billing_cost: Option<String>,
    /// The currency of the amounts, by its ISO code.
    pub currency: Option<String>,
    /// monthly, quarterly, semi-annual, yearly, one-time, none, or unknown (7) with the number that
    /// the tenant's picklist does not explain.
    pub billing_cycle: Option<String>,
    /// billed, upcoming, ended or none; one-time for what is bought once.
    pub billing: Option<String>,
    /// Upcoming: the first day that is billed; ended: the last, where that is known.
    pub billing_since: Option<String>,
    /// What Autotask bills for the billing period that holds today; null where none runs.
    pub period_amount: Option<String>,
    /// The first day of that period.
    pub period_start: Option<String>,
    /// The last day of that period.
    pub period_end: Option<String>,
    /// What it is known to cost from a later day on.
    pub next_change: Option<NextChange>,
    /// What is left of a purchase, with its unit.
    pub left: Option<String>,
    /// Whether Autotask has billed what is bought once; null where it does not say.
    pub billed: Option<bool>,
    /// What setting the agreement up costs, once.
    pub setup_fee: Option<String>,
    /// The company that is billed, where that is not the client.
    pub billed_to: Option<String>,
    /// What is remarkable about the cost, by codes.
    pub remarks: Vec<String>,
    /// The cost impact of the item alone, whether or not its agreement is pending too.
    pub effects: Vec<Effect>,
    /// Its first day.
    pub start_date: Option<String>,
    /// Its last day.
    pub end_date: Option<String>,
    /// Why it is held, ignored or unsupported, or which rule found what it renews.
    pub reason: Option<String>,
    /// The agreement that this new one renews.
    pub renews: Option<String>,
    /// What would change, field by field; for a new item, every field.
    pub changes: Vec<FieldChange>,
}

/// A client and how much is pending for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct PendingSummary {
    /// The company id.
    pub id: i64,
    /// The company's name.
    pub name: String,
    /// When Autotask was last asked; null if never.
    pub as_of: Option<String>,
    /// New items.
    pub new: i64,
    /// Changed and returned items.
    pub changed: i64,
    /// Items that are gone.
    pub vanished: i64,
    /// Items that a guard holds.
    pub held: i64,
    /// Items that cannot be imported.
    pub unsupported: i64,
}

/// A row of Autotask's that could not be converted. Its contract keeps the old values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Reject {
    /// The item that the row belongs to.
    pub key: String,
    /// The field of the row, by Autotask's name.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}

/// What a sync would apply to one client, or a summary of every client.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct PendingReply {
    /// The client that was asked for; absent in a summary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<Client>,
    /// When Autotask was asked; null if never.
    pub as_of: Option<String>,
    /// What the API user may see, where that is known: what is hidden is missing here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
    /// Each agreement directly before its additions; absent in a summary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<Item>>,
    /// Rows that could not be converted; absent in a summary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejects: Option<Vec<Reject>>,
    /// The effect of the items in money, per currency and day; absent in a summary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effects: Option<Vec<Effect>>,
    /// The effect of those of them that are held, which is left out of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_effects: Option<Vec<Effect>>,
    /// The summary; absent where a client was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clients: Option<Vec<PendingSummary>>,
    /// How far the reading is, in the replies before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

/// The differences between Autotask and the store, field by field: of everything that is pending,
/// or of the items in `keys`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Diff {
    /// The client.
    pub client: String,
    /// Only these items.
    #[serde(default)]
    pub keys: Option<Vec<String>>,
}

/// The differences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct DiffReply {
    /// The client.
    pub client: Client,
    /// When Autotask was asked.
    pub as_of: String,
    /// The items that differ.
    pub items: Vec<Item>,
    /// Their effect in money, per currency and day.
    pub effects: Vec<Effect>,
    /// The effect of those of them that are held, which is left out of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_effects: Option<Vec<Effect>>,
    /// What the API user may see, as far as it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
    /// How far it is, in the replies before the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}
