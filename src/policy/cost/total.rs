//! What the cost of an agreement is worked out from, and what comes out.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::calendar::Span;
use super::line::terms::{Basis, LineCost, NextChange, PeriodAmount};
use super::siblings::Siblings;
use crate::model::{BillingCycle, BillingState, Currency, Remark};

/// How an agreement is billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// By period: recurring service.
    ByPeriod,
    /// By milestones, or by billing rules: fixed price.
    FixedPrice,
    /// In advance, by purchases: block hours, retainers, tickets.
    InAdvance,
    /// By what is worked: time and materials.
    ByWork,
}

/// What an addition is to the cost of its agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// A service or bundle.
    Line(&'a LineCost),
    /// A milestone.
    Milestone(Decimal),
    /// A purchase of hours, tickets or a retainer.
    Purchase(Bought),
    /// A charge that a rule made, on this day.
    Charge(Decimal, Option<NaiveDate>),
    /// Any other charge: it is billed by itself.
    ByItself,
}

/// The billing rules of a fixed price agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Whether one of them is active today.
    pub is_active: bool,
}

/// An agreement, as far as its cost needs to know it.
#[derive(Debug, Clone, Copy)]
pub struct Agreement<'a> {
    /// How it is billed.
    pub method: Method,
    /// Its own cycle, where it has one.
    pub own: Option<BillingCycle>,
    /// Its first day.
    pub start: Option<NaiveDate>,
    /// Its last day.
    pub end: Option<NaiveDate>,
    /// Whether its status is active, or inactive; none where it is something else.
    pub is_active: Option<bool>,
    /// Its billing rules; none where it has none.
    pub rules: Option<Rules>,
    /// What its lines tell together.
    pub siblings: &'a Siblings,
    /// The day.
    pub today: NaiveDate,
    /// The currency.
    pub currency: &'a Currency,
}

/// What an agreement costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// The rate, with exactly the decimals of the currency.
    pub amount: Decimal,
    /// How often that is billed.
    pub cycle: BillingCycle,
    /// Where it was read from.
    pub basis: Basis,
    /// How it stands.
    pub billing: BillingState,
    /// Upcoming: the first day that is billed; ended: the last.
    pub since: Option<NaiveDate>,
    /// The billing period that holds today, where one runs.
    pub period: Option<PeriodAmount>,
    /// What is known ahead: of what is billed, after today; of what is to come, after its first day.
    pub ahead: Vec<NextChange>,
    /// What is remarkable.
    pub remarks: BTreeSet<Remark>,
    pub(super) counted: Counted,
}

impl Agreement<'_> {
    pub(super) fn zero(&self) -> Decimal {
        self.currency.round(Decimal::ZERO)
    }

    /// How it stands where nothing below it tells: by its own days.
    pub(super) fn by_its_days(&self, within: BillingState) -> (BillingState, Option<NaiveDate>) {
        match (self.start, self.end) {
            (Some(start), _) if self.today < start => (BillingState::Upcoming, Some(start)),
            (_, Some(end)) if end < self.today => (BillingState::Ended, Some(end)),
            _ => (within, None),
        }
    }
}

/// A purchase, as far as the cost of its agreement needs to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bought {
    /// What it costs.
    pub amount: Decimal,
    /// How its dates lie around the day: current, first or last.
    pub basis: Basis,
    /// Whether it can be used.
    pub is_active: bool,
    /// Its first day.
    pub start: Option<NaiveDate>,
    /// Its last day.
    pub end: Option<NaiveDate>,
}

/// What makes the rate of an agreement, besides its lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    /// Lines, milestones or purchases.
    Usual,
    /// The charges of rules in this month; none where there is no such month.
    Charges(Option<Span>),
}

impl Bought {
    /// Whether it counts: it is active, and its dates cover the day.
    pub(super) fn counts(&self) -> bool {
        self.is_active && self.basis == Basis::Current
    }
}
