//! What is pending: what a sync would apply, and what that comes to in money.

use serde::{Deserialize, Serialize};

use super::{Client, Effect, Progress};
use crate::varlink::Method;

/// What something is known to cost from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextChange {
    /// The first day.
    pub date: String,
    /// What one billing cycle costs from then on; zero where it ends.
    pub billing_cost: String,
}

/// A field that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The field's name.
    pub field: String,
    /// The value before; null where there was none.
    pub from: Option<String>,
    /// The value after; null where there is none.
    pub to: Option<String>,
}

/// Asks what a sync would apply. With `more`, progress comes before the answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pending {
    /// The client; without it, a summary of every client.
    pub client: Option<String>,
    /// Answer from the last look instead of asking Autotask.
    pub cached: Option<bool>,
    /// Only items in this state.
    pub state: Option<String>,
    /// Also items that are ignored.
    pub all: Option<bool>,
}

/// An item that a sync would apply, or why it would not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its key.
    pub key: String,
    /// The agreement it stands below.
    pub parent: Option<String>,
    /// `new`, `changed`, `vanished`, `returned`, `held`, `ignored` or `unsupported`.
    pub state: String,
    /// What kind of agreement or addition it is.
    pub r#type: String,
    /// Its name.
    pub name: String,
    /// Its status.
    pub status: Option<String>,
    /// What one billing cycle costs.
    pub billing_cost: Option<String>,
    /// The currency of that.
    pub currency: Option<String>,
    /// How often it is billed.
    pub billing_cycle: Option<String>,
    /// `billed`, `upcoming`, `ended`, `none` or `one-time`.
    pub billing: Option<String>,
    /// Upcoming: the first day that is billed; ended: the last.
    pub billing_since: Option<String>,
    /// What Autotask bills for the running period; null where none runs.
    pub period_amount: Option<String>,
    /// The first day of that period.
    pub period_start: Option<String>,
    /// The last day of that period.
    pub period_end: Option<String>,
    /// What it is known to cost from a later day on.
    pub next_change: Option<NextChange>,
    /// What is left of a purchase, with its unit.
    pub left: Option<String>,
    /// Whether Autotask has billed what is bought once.
    pub billed: Option<bool>,
    /// What setting the agreement up costs, once.
    pub setup_fee: Option<String>,
    /// The company that is billed, where that is not the client.
    pub billed_to: Option<String>,
    /// What is remarkable about the cost, by its codes.
    pub remarks: Vec<String>,
    /// What it comes to in money by itself.
    pub effects: Vec<Effect>,
    /// Its first day.
    pub start_date: Option<String>,
    /// Its last day.
    pub end_date: Option<String>,
    /// Why it is held, ignored or unsupported, or which rule found what it renews.
    pub reason: Option<String>,
    /// The agreement that this new one renews.
    pub renews: Option<String>,
    /// What would change, field by field.
    pub changes: Vec<FieldChange>,
}

/// A client and how much is pending for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// A row of Autotask's that could not be converted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
pub struct PendingReply {
    /// The client that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<Client>,
    /// When Autotask was asked.
    pub as_of: Option<String>,
    /// Each agreement directly before its additions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<Item>>,
    /// Rows that could not be converted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejects: Option<Vec<Reject>>,
    /// What the items come to in money, per currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effects: Option<Vec<Effect>>,
    /// What those of them that are held would come to, which is left out of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_effects: Option<Vec<Effect>>,
    /// The summary, where no client was named: clients with something pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clients: Option<Vec<PendingSummary>>,
    /// How far it is, in the replies before the last one, which have nothing else to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

impl Method for Pending {
    const NAME: &'static str = "org.lmsyncd.Sync.Pending";
    type Reply = PendingReply;
    const TELLS_PROGRESS: bool = true;

    fn progress(reply: &PendingReply) -> Option<&Progress> {
        reply.progress.as_ref()
    }
}

/// Asks for the differences, field by field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Diff {
    /// The client.
    pub client: String,
    /// Only these items.
    #[serde(default)]
    pub keys: Option<Vec<String>>,
}

/// The differences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffReply {
    /// The client.
    pub client: Client,
    /// When Autotask was asked.
    pub as_of: String,
    /// The items that differ.
    pub items: Vec<Item>,
    /// What they come to, per currency and day.
    pub effects: Vec<Effect>,
    /// What those of them that are held would come to, which is left out of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_effects: Option<Vec<Effect>>,
    /// How far it is, in the replies before the last one, which have nothing else to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

impl Method for Diff {
    const NAME: &'static str = "org.lmsyncd.Sync.Diff";
    type Reply = DiffReply;
    const TELLS_PROGRESS: bool = true;

    fn progress(reply: &DiffReply) -> Option<&Progress> {
        reply.progress.as_ref()
    }
}
