//! Questions about the book: how a cost came about, what ends when, and all of it at once.

use serde::{Deserialize, Serialize};

use super::{Contract, FieldView};
use crate::protocol::sync::{Client, NextChange, Progress};

/// How both amounts of an item come about. Reads Autotask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Cost {
    /// The item.
    pub key: String,
}

/// One line of the working of a cost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct CostLine {
    /// Where the amount comes from: a row of Autotask's, or an addition, by its key.
    pub from: String,
    /// The first day that it is for.
    pub start: Option<String>,
    /// The last day that it is for.
    pub end: Option<String>,
    /// How many units.
    pub units: Option<String>,
    /// The price of one.
    pub unit_price: Option<String>,
    /// The amount: of all units together, as the row has it.
    pub amount: String,
    /// How many of its days count, where it is billed by period.
    pub days: Option<i64>,
    /// How many days a whole period has.
    pub of_days: Option<i64>,
    /// What it adds to the rate; null if it is not in force.
    pub rate: Option<String>,
    /// What it adds to the running period; null if that does not bill it.
    pub period_amount: Option<String>,
    /// Why it is part of neither; null if it is.
    pub left_out: Option<String>,
}

/// How a cost comes about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct CostReply {
    /// The item.
    pub key: String,
    /// Its name.
    pub name: String,
    /// What kind of agreement or addition it is.
    pub r#type: String,
    /// When Autotask was asked.
    pub as_of: String,
    /// The rate as Autotask has it now: what one whole billing cycle costs.
    pub billing_cost: String,
    /// The rate as it is stored; null if the item is not imported.
    pub stored_cost: Option<String>,
    /// The units in force.
    pub units: Option<String>,
    /// The price of one.
    pub unit_price: Option<String>,
    /// What Autotask bills for the billing period that holds today; null where none runs.
    pub period_amount: Option<String>,
    /// The first day of that period.
    pub period_start: Option<String>,
    /// The last day of that period.
    pub period_end: Option<String>,
    /// billed, upcoming, ended, none or one-time, as in a Contract.
    pub billing: Option<String>,
    /// Upcoming: the first day that is billed; ended: the last.
    pub billing_since: Option<String>,
    /// What it is known to cost from a later day on.
    pub next_change: Option<NextChange>,
    /// What is left of a purchase, with its unit.
    pub left: Option<String>,
    /// Whether Autotask has billed what is bought once.
    pub billed: Option<bool>,
    /// What setting the agreement up costs, once.
    pub setup_fee: Option<String>,
    /// The company that is billed; null where that is the client.
    pub billed_to: Option<String>,
    /// What is remarkable about the cost, by codes as in a Contract.
    pub remarks: Vec<String>,
    /// The currency of the amounts.
    pub currency: String,
    /// Where the currency was read from: client, internal, configured or unknown.
    pub currency_basis: Option<String>,
    /// How often it is billed.
    pub billing_cycle: String,
    /// Where the rate was read from: current, first, last, none or scaled.
    pub basis: Option<String>,
    /// What both amounts are made from, and what was left out.
    pub lines: Vec<CostLine>,
    /// What else decided about it, in words.
    pub notes: Vec<String>,
}

/// Agreements that end within `within_days` days (90 if not given), or with `lapsed` those that
/// have ended and are still active, by their last day. `today` is the day it is, in the MSP's time
/// zone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Renewals {
    /// Only this client.
    pub client: Option<String>,
    /// Those that end within so many days; 90 if not given.
    pub within_days: Option<i64>,
    /// List agreements that have ended and are still active instead.
    pub lapsed: Option<bool>,
}

/// An agreement that ends, or has ended and is still active.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Renewal {
    /// The contract.
    pub key: String,
    /// The client's id.
    pub client_id: i64,
    /// The client's name.
    pub client: String,
    /// The contract's name.
    pub name: String,
    /// Its status.
    pub status: String,
    /// Its last day.
    pub end_date: String,
    /// How many days are left; negative after the end.
    pub days_left: i64,
    /// The last day on which notice can be given, where notice days are set.
    pub notice_date: Option<String>,
    /// Whether it renews automatically, where that is set.
    pub auto_renew: Option<bool>,
    /// The rate: what one whole billing cycle costs.
    pub billing_cost: String,
    /// The currency of that.
    pub currency: String,
    /// How often it is billed.
    pub billing_cycle: String,
    /// billed, upcoming, ended, none or one-time, as in a Contract.
    pub billing: String,
    /// Upcoming: the first day that is billed; ended: the last, where that is known.
    pub billing_since: Option<String>,
    /// What is remarkable about the cost, by codes as in a Contract.
    pub remarks: Vec<String>,
    /// The contract that renews it already.
    pub renewed_by: Option<String>,
}

/// Agreements that end or have ended, by their last day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct RenewalList {
    /// The day it is, against which days are counted and notice has passed.
    pub today: Option<String>,
    /// The agreements.
    pub contracts: Vec<Renewal>,
}

/// The terms of agreements that have a day in the span from `from` to `to` (YYYY-MM-DD), or of
/// `months` months from `from` on; without any of them, from three months ago on for 15 months.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Timeline {
    /// Only this client.
    pub client: Option<String>,
    /// The first day; the first of the month three months ago if not given.
    pub from: Option<String>,
    /// The last day.
    pub to: Option<String>,
    /// How many months, instead of a last day; 15 if neither is given.
    pub months: Option<i64>,
}

/// The term of an agreement.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Term {
    /// The contract.
    pub key: String,
    /// The client's id.
    pub client_id: i64,
    /// The client's name.
    pub client: String,
    /// The contract's name.
    pub name: String,
    /// Its status.
    pub status: String,
    /// Its first day.
    pub start_date: Option<String>,
    /// Its last day; null without an end.
    pub end_date: Option<String>,
    /// The last day on which notice can be given, where notice days are set.
    pub notice_date: Option<String>,
    /// Whether it renews automatically, where that is set.
    pub auto_renew: Option<bool>,
    /// The rate: what one whole billing cycle costs.
    pub billing_cost: String,
    /// The currency of that.
    pub currency: String,
    /// How often it is billed.
    pub billing_cycle: String,
    /// billed, upcoming, ended, none or one-time, as in a Contract.
    pub billing: String,
    /// Upcoming: the first day that is billed; ended: the last, where that is known.
    pub billing_since: Option<String>,
    /// What is remarkable about the cost, by codes as in a Contract.
    pub remarks: Vec<String>,
    /// The contract that it renews.
    pub renews: Option<String>,
    /// The contract that renews it.
    pub renewed_by: Option<String>,
}

/// The terms of agreements in a span of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct TimelineReply {
    /// The first day of the span.
    pub from: String,
    /// The last day of the span.
    pub to: String,
    /// The day it is.
    pub today: String,
    /// By client, then by their first day.
    pub terms: Vec<Term>,
}

/// Every contract with every field, by client, each agreement directly before its additions.
///
/// Called with `more`, they come in pieces: each reply that another one follows has some hundred, and
/// `progress`; the last one then has none, unless all fit into it. Without `more`, one reply has all of
/// them, up to 16 MiB; the error beyond that is InvalidArgument.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Export {
    /// Only this client.
    pub client: Option<String>,
    /// Of each contract only the fields that have a value and are no key of `contract`, without the
    /// moment of their last change: enough for a table, and a small part of the work.
    pub brief: Option<bool>,
}

/// One contract, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Exported {
    /// The contract.
    pub contract: Contract,
    /// Its client.
    pub client: Client,
    /// Its fields.
    pub fields: Vec<FieldView>,
}

/// Every contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct ExportReply {
    /// The name of the tenant on its server: NAME of `lmsyncd@NAME`, or default.
    pub tenant: Option<String>,
    /// The id of the store, which no other store has: with it, a key names one contract of all.
    pub store_id: Option<String>,
    /// By client; each agreement directly before its additions. Missing in the last reply behind
    /// pieces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contracts: Option<Vec<Exported>>,
    /// How far it is, in the replies before the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}
