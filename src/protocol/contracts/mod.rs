//! The store: contract records, the fields of theirs that may be edited, and their past.
//!
//! A field is owned by Autotask (status, billing cost, billing cycle and what they are made of: never
//! editable), seeded by it (may be overridden here; the override survives every sync), or local.
//! Keys, money, dates and moments are as in org.lmsyncd.Sync.

mod answers;
mod ownership;
mod past;

pub use answers::*;
pub use ownership::*;
pub use past::*;

use serde::{Deserialize, Serialize};

use super::sync::{Client, FieldChange, NextChange};

use super::interface::interface;
#[cfg(test)]
use super::sync::Progress;
#[cfg(test)]
use crate::model::Advice;

interface! {
    "org.lmsyncd.Contracts", "../org.lmsyncd.Contracts.varlink", documented in "mod.rs";
    methods:
        List => ContractList,
        Show => ContractReply,
        Set => EditReply,
        Unset => EditReply,
        Add => EditReply,
        Remove => RemoveReply,
        Adopt => EditReply,
        Unlink => EditReply,
        Relink => RelinkReply,
        History => HistoryReply,
        Chain => ChainReply,
        Cost => CostReply,
        Renewals => RenewalList,
        Timeline => TimelineReply,
        Export => ExportReply progress;
    errors:
        NoSuchClient, AmbiguousClient, NoSuchContract, OtherClient, AutoSyncEnabled, FieldNotEditable,
        Held, Ignored, Unsupported;
    types:
        Client, FieldChange, NextChange, Contract, FieldView, Assignment, CostLine, HistoryEntry,
        ChainLink, Renewal, Term, Progress, Exported, Advice;
}

/// A contract record.
///
/// Two amounts are never mixed. The rate (`billing_cost`) is what one whole billing cycle costs at
/// the units and prices in force. The period amount (`period_amount`) is what Autotask bills for
/// the billing period that holds today. They are equal where the units did not change and the
/// period is whole. Sums count what `billing` says is billed, whatever the status says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Contract {
    /// Its key.
    pub key: String,
    /// The agreement that the addition belongs to; null for an agreement.
    pub parent: Option<String>,
    /// The client's id.
    pub client_id: i64,
    /// Its name.
    pub name: String,
    /// What kind of agreement or addition it is, in the tenant's own words.
    pub r#type: String,
    /// Its status: the tenant's label in lower case; active and inactive are normalised.
    pub status: String,
    /// The rate: what one whole billing cycle costs at the units and prices in force. That of an
    /// agreement is the sum over its additions that are billed.
    pub billing_cost: String,
    /// The currency of the amounts, by its ISO code.
    pub currency: String,
    /// monthly, quarterly, semi-annual, yearly, one-time, none, or unknown (7).
    pub billing_cycle: String,
    /// billed, upcoming (its first billing period begins later), ended (its last one is over) or
    /// none (it has no billing period); one-time for what is bought once.
    pub billing: String,
    /// Upcoming: the first day that is billed; ended: the last, where that is known; else null.
    pub billing_since: Option<String>,
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
    /// What it is known to cost from a later day on; null where nothing else is known.
    pub next_change: Option<NextChange>,
    /// What is left of a purchase, with its unit, such as "7.5 hours".
    pub left: Option<String>,
    /// Whether Autotask has billed a charge, milestone or purchase; null where it does not say.
    pub billed: Option<bool>,
    /// What setting the agreement up costs, once.
    pub setup_fee: Option<String>,
    /// The company that is billed; null where that is the client.
    pub billed_to: Option<String>,
    /// What is remarkable about the cost, by codes: inactive_but_billed, ended_but_active,
    /// mixed_cycles, scaled, by_rule, possible_duplicate, not_billable, moved, negative_units,
    /// overlapping, repeated_rows, unknown_cycle. Others may be added.
    pub remarks: Vec<String>,
    /// Its first day.
    pub start_date: Option<String>,
    /// Its last day.
    pub end_date: Option<String>,
    /// autotask, local for one made by hand, or unlinked for a frozen one.
    pub source: String,
    /// When it was last found to be as Autotask has it.
    pub last_synced: Option<String>,
    /// Since when it is missing in Autotask; null if it is not.
    pub vanished: Option<String>,
    /// Where the rate was read from: current (rows in force), first (what is to come), last
    /// (what was last), none, or scaled (only scaled up from a part of a period).
    pub basis: Option<String>,
    /// Where the currency was read from: client, internal, configured or unknown.
    pub currency_basis: Option<String>,
    /// The agreement that this one renews.
    pub renews: Option<String>,
    /// The link to the contract in Autotask's web interface.
    pub link: Option<String>,
}

/// Contracts by client, each agreement directly before its additions; of one client if it is named.
/// With `as_of`, the contracts at the end of that day (YYYY-MM-DD, in the MSP's zone), or at
/// that moment (RFC 3339).
///
/// Called with `more`, they come in pieces: each reply has some hundred, until no other one follows.
/// Without `more`, one reply has all of them, up to 16 MiB; the error beyond that is InvalidArgument.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct List {
    /// Only this client.
    pub client: Option<String>,
    /// The contracts at the end of this day (`YYYY-MM-DD`, in the MSP's zone), or at this
    /// moment (RFC 3339).
    pub as_of: Option<String>,
}

/// Contracts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct ContractList {
    /// By client; each agreement directly before its additions.
    pub contracts: Vec<Contract>,
}

/// One contract, field by field; with `as_of`, at that time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Show {
    /// Its key.
    pub key: String,
    /// As it was at the end of this day (`YYYY-MM-DD`, in the MSP's zone), or at this moment
    /// (RFC 3339).
    #[serde(default)]
    pub as_of: Option<String>,
}

/// A field of a contract, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct FieldView {
    /// The field's name.
    pub field: String,
    /// autotask (locked), seeded (may be overridden) or local.
    pub owner: String,
    /// The value that counts; null where there is none.
    pub value: Option<String>,
    /// Autotask's value, where it is overridden.
    pub autotask_value: Option<String>,
    /// Whether it is overridden.
    pub overridden: bool,
    /// When it last changed.
    pub changed: Option<String>,
}

/// One contract, field by field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct ContractReply {
    /// The contract.
    pub contract: Contract,
    /// Its client.
    pub client: Client,
    /// Its fields.
    pub fields: Vec<FieldView>,
}

/// A field and the value that it is to get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Assignment {
    /// The field's name.
    pub field: String,
    /// The value's text.
    pub value: String,
}

/// Sets seeded and local fields, all of them or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Set {
    /// The contract.
    pub key: String,
    /// The fields.
    pub fields: Vec<Assignment>,
}

/// What an edit changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct EditReply {
    /// The contract as it is now.
    pub contract: Contract,
    /// What changed; empty if the values were there already.
    pub changes: Vec<FieldChange>,
}

/// Takes overrides and local values away: a seeded field is again what Autotask has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Unset {
    /// The contract.
    pub key: String,
    /// The fields' names.
    pub fields: Vec<String>,
}
