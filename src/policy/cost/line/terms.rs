//! What the cost of a line is worked out from, and what comes out.

use std::collections::BTreeSet;
use std::fmt;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::model::{BillingCycle, BillingState, Currency, Remark, Working};
use crate::policy::cost::row::Row;
use crate::policy::cost::siblings::Siblings;

/// A line, as far as its cost needs to know it.
#[derive(Debug, Clone, Copy)]
pub struct LineTerms<'a> {
    /// What it bills.
    pub rows: &'a [Row],
    /// The first day of its agreement.
    pub start: Option<NaiveDate>,
    /// The last day of its agreement.
    pub end: Option<NaiveDate>,
    /// The longer of the cycles of its agreement and its service.
    pub nominal: Option<BillingCycle>,
    /// The price of one unit that stands on the line.
    pub line_price: Option<Decimal>,
    /// What the lines of the agreement tell together.
    pub siblings: &'a Siblings,
    /// The day.
    pub today: NaiveDate,
    /// The currency of the prices.
    pub currency: &'a Currency,
}

/// A billing period with what Autotask bills for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodAmount {
    /// The first day.
    pub start: NaiveDate,
    /// The last day.
    pub end: NaiveDate,
    /// The sum of the rounded amounts of its rows.
    pub amount: Decimal,
}

/// From a day on, the rate is known to be another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextChange {
    /// The first day.
    pub date: NaiveDate,
    /// The rate from then on; zero where the line ends.
    pub rate: Decimal,
}

/// What a line costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineCost {
    /// The rate, with exactly the decimals of the currency: today's where it is billed, else what is
    /// to come or what was last.
    pub rate: Decimal,
    /// How often that is billed.
    pub cycle: BillingCycle,
    /// The units in force on that day.
    pub units: Decimal,
    /// The price of one.
    pub unit_price: Option<Decimal>,
    /// Where the rate was read from.
    pub basis: Basis,
    /// How the line stands.
    pub billing: BillingState,
    /// Upcoming: the first day that is billed; ended: the last, where that is known.
    pub since: Option<NaiveDate>,
    /// The billing period that holds today, where one runs.
    pub period: Option<PeriodAmount>,
    /// That of its agreement: not cut where the line begins or ends within it.
    pub frame: Option<(NaiveDate, NaiveDate)>,
    /// What is known ahead: of what is billed, after today; of what is to come, after its first day.
    pub ahead: Vec<NextChange>,
    /// What is remarkable.
    pub remarks: BTreeSet<Remark>,
    /// Every row by its first day, rounded as it is billed.
    pub billed: Vec<(NaiveDate, Decimal)>,
    /// How it came about.
    pub working: Working,
}

impl LineTerms<'_> {
    /// The day that periods of so many months are counted from.
    pub(in crate::policy::cost) fn anchor(&self, months: u32) -> Option<NaiveDate> {
        self.siblings.anchor(months).or(self.start)
    }
}

/// Where a rate was read from, from the best to the least that can be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    /// From rows in force today.
    Current,
    /// The same, but it could only be scaled up from a part of a period.
    Scaled,
    /// From the first that is still to come.
    First,
    /// From the last that is over.
    Last,
    /// There is nothing to read.
    None,
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Basis::Current => "current",
            Basis::Scaled => "scaled",
            Basis::First => "first",
            Basis::Last => "last",
            Basis::None => "none",
        })
    }
}
