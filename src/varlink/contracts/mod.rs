//! `org.lmsyncd.Contracts`: the store.

mod answers;
mod ownership;
mod past;

pub use answers::*;
pub use ownership::*;
pub use past::*;

use serde::{Deserialize, Serialize};

use super::Method;
use super::sync::{Client, FieldChange, NextChange};

/// The interface's name.
pub const INTERFACE: &str = "org.lmsyncd.Contracts";

/// Its description.
pub const DESCRIPTION: &str = include_str!("../org.lmsyncd.Contracts.varlink");

/// A contract record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    /// Its key.
    pub key: String,
    /// The agreement it stands below.
    pub parent: Option<String>,
    /// The client's id.
    pub client_id: i64,
    /// Its name.
    pub name: String,
    /// What kind of agreement or addition it is.
    pub r#type: String,
    /// Its status.
    pub status: String,
    /// The rate: what one whole billing cycle costs at the units and prices in force, with the
    /// decimals of the currency.
    pub billing_cost: String,
    /// The currency of the amounts.
    pub currency: String,
    /// How often it is billed.
    pub billing_cycle: String,
    /// `billed`, `upcoming`, `ended` or `none`; `one-time` for what is bought once.
    pub billing: String,
    /// Upcoming: the first day that is billed; ended: the last, where that is known.
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
    /// What it is known to cost from a later day on.
    pub next_change: Option<NextChange>,
    /// What is left of a purchase, with its unit.
    pub left: Option<String>,
    /// Whether Autotask has billed what is bought once, where it says so.
    pub billed: Option<bool>,
    /// What setting the agreement up costs, once.
    pub setup_fee: Option<String>,
    /// The company that is billed, where that is not the client.
    pub billed_to: Option<String>,
    /// What is remarkable about the cost, by its codes.
    pub remarks: Vec<String>,
    /// Its first day.
    pub start_date: Option<String>,
    /// Its last day.
    pub end_date: Option<String>,
    /// `autotask`, `local` for one made by hand, or `unlinked` for a frozen one.
    pub source: String,
    /// When it was last found to be as Autotask has it.
    pub last_synced: Option<String>,
    /// Since when it is missing in Autotask.
    pub vanished: Option<String>,
    /// `current`, `first`, `last`, `none` or `scaled`: where the rate was read from.
    pub basis: Option<String>,
    /// `client`, `internal` or `unknown`: where the currency was read from.
    pub currency_basis: Option<String>,
    /// The agreement that this one renews.
    pub renews: Option<String>,
    /// Where to look at it in Autotask's web interface.
    pub link: Option<String>,
}

/// Asks for contracts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct List {
    /// Only those of this client.
    pub client: Option<String>,
    /// The book as it was at the end of this day (`YYYY-MM-DD`, in the MSP's zone), or at this
    /// moment (RFC 3339).
    pub as_of: Option<String>,
}

/// Contracts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContractList {
    /// By client; each agreement directly before its additions.
    pub contracts: Vec<Contract>,
}

impl Method for List {
    const NAME: &'static str = "org.lmsyncd.Contracts.List";
    type Reply = ContractList;
}

/// Asks for one contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
pub struct FieldView {
    /// The field's name.
    pub field: String,
    /// `autotask`: locked; `seeded`: may be overridden; `local`: the MSP's own.
    pub owner: String,
    /// The value that counts.
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
pub struct ContractReply {
    /// The contract.
    pub contract: Contract,
    /// Its client.
    pub client: Client,
    /// Its fields.
    pub fields: Vec<FieldView>,
}

impl Method for Show {
    const NAME: &'static str = "org.lmsyncd.Contracts.Show";
    type Reply = ContractReply;
}

/// A field and the value that it is to get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// The field's name.
    pub field: String,
    /// The value's text.
    pub value: String,
}

/// Sets seeded and local fields, all of them or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Set {
    /// The contract.
    pub key: String,
    /// The fields.
    pub fields: Vec<Assignment>,
}

/// What an edit changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditReply {
    /// The contract as it is now.
    pub contract: Contract,
    /// What changed; empty if the values were there already.
    pub changes: Vec<FieldChange>,
}

impl Method for Set {
    const NAME: &'static str = "org.lmsyncd.Contracts.Set";
    type Reply = EditReply;
}

/// Takes overrides and local values away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unset {
    /// The contract.
    pub key: String,
    /// The fields' names.
    pub fields: Vec<String>,
}

impl Method for Unset {
    const NAME: &'static str = "org.lmsyncd.Contracts.Unset";
    type Reply = EditReply;
}
