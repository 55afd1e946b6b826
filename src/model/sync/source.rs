//! What was just read from Autotask.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::model::{ClientId, Fields, ItemKey};

/// An agreement or addition as just read from Autotask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceItem {
    /// Its key.
    pub key: ItemKey,
    /// The company it belongs to.
    pub client: ClientId,
    /// The agreement that an addition stands below; none for an agreement.
    pub parent: Option<ItemKey>,
    /// Its source-owned and seeded fields, except `client`, `parent` and `vanished`, which have a
    /// place of their own here and in a contract.
    pub fields: Fields,
    /// Why this kind of item cannot be imported, where it cannot.
    pub unsupported: Option<String>,
    /// The agreement that Autotask names as renewed, in either direction; it is no field, because
    /// it says nothing before it is held against the other agreements.
    pub renewed: Option<i64>,
    /// How its cost came about, line by line; shown on demand and not stored.
    pub working: Working,
}

/// How a cost came about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Working {
    /// What it was made from, and what was left out.
    pub lines: Vec<WorkingLine>,
    /// What else decided about it, each a sentence without a full stop.
    pub notes: Vec<String>,
}

/// One line of the working of a cost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkingLine {
    /// Where the amount comes from: a row of Autotask's, or an addition, by its key.
    pub from: String,
    /// The first day that it is for.
    pub start: Option<NaiveDate>,
    /// The last day that it is for.
    pub end: Option<NaiveDate>,
    /// How many units.
    pub units: Option<Decimal>,
    /// The price of one.
    pub unit_price: Option<Decimal>,
    /// The amount.
    pub amount: Decimal,
    /// How many of its days count, and how many a whole period has, where it is billed by period.
    pub days: Option<(i64, i64)>,
    /// What it adds to the rate; none where it is not in force.
    pub rate: Option<Decimal>,
    /// What it adds to the running period; none where that does not bill it.
    pub period_amount: Option<Decimal>,
    /// Why it is part of neither, where it is not.
    pub left_out: Option<String>,
}

/// A row that could not be converted: it keeps its old contract and does not block the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The item that the row would have been, or would have been a part of.
    pub key: ItemKey,
    /// The agreement it stands below, if it is an addition and that much could be read.
    pub parent: Option<ItemKey>,
    /// The field of the row, by Autotask's name.
    pub field: String,
    /// What is wrong with it, as a fragment that fits after "because".
    pub reason: String,
}
