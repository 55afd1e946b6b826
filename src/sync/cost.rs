//! What an agreement and an addition cost, and how often that is billed.
//!
//! The rules, and the only place where they are written (section 4.2 of the Autotask facts says
//! where the numbers come from):
//!
//! **Services and bundles** (recurring service agreements)
//!
//! 1. Autotask keeps one row per billing period of an addition, or several where the units changed
//!    within the period. The price of a row is the amount of the whole row, already multiplied by
//!    its units.
//! 2. The cost of an addition is read on one day: the sum of the prices of all rows that cover
//!    that day. Its units are the sum of their units. A row may be negative, as a correction is;
//!    whether the sum of the units may be is for the caller to say.
//! 3. That day is today ([`Basis::Current`]). Where no row covers today it is the first day of the
//!    first period, if all periods are still to come ([`Basis::First`]), else the last day of the
//!    last period that has ended ([`Basis::Last`]). So rows that share the first or last period add
//!    up too. Without any row the cost is zero ([`Basis::None`]).
//! 4. The price of one unit is the exact sum divided by the units, with at most four decimals and
//!    at least those of the currency; where there are no units it is the price on the line itself.
//! 5. The cycle of an addition is that of its agreement; where that has none, it is its service's.
//!
//! **What is bought once** is billed one-time, whatever its dates:
//!
//! 6. A milestone costs its amount. A block of hours costs hours times rate, a retainer its amount,
//!    a purchase of tickets the tickets purchased times the rate of one. Whether it is active or
//!    paid does not matter.
//! 7. A charge costs its billable amount, as given; only where none is given it is nothing if the
//!    charge is not billable, else units times price. Charges exist below agreements of any type.
//! 8. The basis of a purchase is `current` where its dates cover today, `first` where they are
//!    still to come, `last` where they are over. A date that is not given is no limit. Milestones
//!    and charges are for no period, and have the basis `none`.
//!
//! **Agreements** ([`agreement`])
//!
//! | type | cost | cycle | basis |
//! |---|---|---|---|
//! | recurring service | all its services and bundles | its own; else that of its additions, if they agree | the best of its additions': current, first, last, none |
//! | fixed price | all its milestones | one-time | none |
//! | block hours, retainer, incident | the purchases whose dates cover today | one-time | current; none where no purchase covers today, and the cost is then zero |
//! | time and materials | zero: it has no cost of its own | none | none |
//!
//! 9. A charge is billed by itself and never part of its agreement's cost.
//! 10. Additions of different cycles cannot be added up.
//!
//! **Rounding**: every addition is rounded to what can be billed in its currency, half a unit away
//! from zero ([`Currency::round`]); an agreement is the sum of the rounded amounts, so that the
//! lines of an invoice add up to it. The exact price of a unit is never used again for the cost.

use std::fmt;

use chrono::NaiveDate;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::model::{BillingCycle, Currency};

mod working;

#[cfg(test)]
mod tests;

pub use working::{line_working, sale_working};

/// The most decimals that the price of one unit is shown with: enough for a price per mailbox.
const UNIT_PRICE_DECIMALS: u32 = 4;

/// One row of an addition: a billing period or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// Autotask's id of the row.
    pub row: i64,
    /// The first day.
    pub start: NaiveDate,
    /// The last day, which belongs to it.
    pub end: NaiveDate,
    /// How many units are billed.
    pub units: Decimal,
    /// What all of them cost together.
    pub price: Decimal,
}

impl Period {
    /// Whether `day` lies within.
    pub fn covers(&self, day: NaiveDate) -> bool {
        self.start <= day && day <= self.end
    }
}

/// Which period a cost was read from, from the best to the least that can be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    /// The one that covers today.
    Current,
    /// The first: it is still to come.
    First,
    /// The last: it is over.
    Last,
    /// There is no period.
    None,
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Basis::Current => "current",
            Basis::First => "first",
            Basis::Last => "last",
            Basis::None => "none",
        })
    }
}

/// What an addition costs in one billing cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    /// The amount, with exactly the decimals of the currency.
    pub amount: Decimal,
    /// How many units it is for, where it is sold in units.
    pub units: Option<Decimal>,
    /// The price of one unit, where it can be told.
    pub unit_price: Option<Decimal>,
    /// Which period it was read from.
    pub basis: Basis,
}

/// Amounts that no decimal can hold: the data are wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the amounts are too large to add up")]
pub struct TooLarge;

/// The cost of an addition with these periods; `line_price` is the price of one unit that stands
/// on the line itself.
pub fn addition(
    periods: &[Period],
    today: NaiveDate,
    line_price: Option<Decimal>,
    currency: &Currency,
) -> Result<Cost, TooLarge> {
    let (basis, day) = basis(periods, today);
    let rows = || periods.iter().filter(|period| day.is_some_and(|day| period.covers(day)));
    let price = sum(rows().map(|period| period.price))?;
    let units = sum(rows().map(|period| period.units))?.normalize();
    let unit_price = price.checked_div(units).or(line_price);
    Ok(Cost {
        amount: currency.round(price),
        units: Some(units),
        unit_price: unit_price.map(|price| round_unit_price(price, currency)),
        basis,
    })
}

/// Something that is bought once: a milestone, a purchase, a charge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sale {
    /// The first day that it is for; none where that is not limited.
    pub start: Option<NaiveDate>,
    /// The last day that it is for; none where that is not limited.
    pub end: Option<NaiveDate>,
    /// How many units, where it is sold in units.
    pub units: Option<Decimal>,
    /// The price of one.
    pub unit_price: Option<Decimal>,
    /// The amount, where it is written down; else it is units times price.
    pub amount: Option<Decimal>,
}

impl Sale {
    /// How its dates lie around `today`.
    pub fn basis(&self, today: NaiveDate) -> Basis {
        match (self.start, self.end) {
            (Some(start), _) if today < start => Basis::First,
            (_, Some(end)) if end < today => Basis::Last,
            _ => Basis::Current,
        }
    }
}

/// The cost of something that is bought once.
pub fn sale(sale: &Sale, basis: Basis, currency: &Currency) -> Result<Cost, TooLarge> {
    let product = || {
        let (units, price) = (sale.units.unwrap_or_default(), sale.unit_price.unwrap_or_default());
        units.checked_mul(price)
    };
    let amount = sale.amount.or_else(product).ok_or(TooLarge)?;
    Ok(Cost {
        amount: currency.round(amount),
        units: sale.units.map(|units| units.normalize()),
        unit_price: sale.unit_price.map(|price| round_unit_price(price, currency)),
        basis,
    })
}

/// How an agreement is billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Billing {
    /// By period: recurring service.
    ByPeriod,
    /// By milestones: fixed price.
    ByMilestone,
    /// In advance, by purchases: block hours, retainers, tickets.
    InAdvance,
    /// By what is worked: time and materials.
    ByWork,
}

/// What an addition is to the cost of its agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A service or bundle.
    Line,
    /// A milestone.
    Milestone,
    /// A purchase of hours, tickets or a retainer.
    Purchase,
    /// A charge.
    Charge,
}

impl Part {
    /// Why an addition with this basis is not part of its agreement's cost; none where it is.
    pub fn left_out(self, basis: Basis) -> Option<&'static str> {
        match self {
            Part::Line | Part::Milestone => None,
            Part::Purchase if basis == Basis::Current => None,
            Part::Purchase => Some("its dates do not cover today"),
            Part::Charge => Some("a charge is billed by itself"),
        }
    }
}

/// An addition, as far as its agreement's cost needs to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summand {
    /// What it is.
    pub part: Part,
    /// Its rounded cost.
    pub amount: Decimal,
    /// Which period that was read from.
    pub basis: Basis,
    /// How often it is billed.
    pub cycle: BillingCycle,
}

/// What an agreement costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    /// The amount, with exactly the decimals of the currency.
    pub amount: Decimal,
    /// How often that is billed.
    pub cycle: BillingCycle,
    /// Which periods it was read from.
    pub basis: Basis,
}

/// Why the cost of an agreement cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoTotal {
    /// A sum that no decimal can hold.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// Amounts of different cycles are not added up.
    #[error("it has none, and its additions are billed in different cycles")]
    MixedCycles,
}

/// The cost of an agreement whose own cycle is `own`.
pub fn agreement(
    billing: Billing,
    own: Option<BillingCycle>,
    additions: &[Summand],
    currency: &Currency,
) -> Result<Total, NoTotal> {
    let counted = || additions.iter().filter(|one| one.part.left_out(one.basis).is_none());
    let amount = currency.round(sum(counted().map(|addition| addition.amount))?);
    let (cycle, basis) = match billing {
        Billing::ByPeriod => {
            let cycle = recurring_cycle(own, counted().map(|addition| addition.cycle));
            let basis = counted().map(|addition| addition.basis).min().unwrap_or(Basis::None);
            (cycle.ok_or(NoTotal::MixedCycles)?, basis)
        }
        Billing::ByMilestone => (BillingCycle::OneTime, Basis::None),
        Billing::InAdvance => {
            let covered = counted().next().is_some();
            (BillingCycle::OneTime, if covered { Basis::Current } else { Basis::None })
        }
        Billing::ByWork => (BillingCycle::None, Basis::None),
    };
    Ok(Total { amount, cycle, basis })
}

/// The cycle of a recurring agreement whose own is `own`; none where its additions are billed in
/// different cycles.
fn recurring_cycle(
    own: Option<BillingCycle>,
    additions: impl IntoIterator<Item = BillingCycle>,
) -> Option<BillingCycle> {
    if own.is_some() {
        return own;
    }
    let mut additions = additions.into_iter();
    let first = additions.next().unwrap_or(BillingCycle::None);
    additions.all(|cycle| cycle == first).then_some(first)
}

/// Which period is read, and the day that picks its rows.
fn basis(periods: &[Period], today: NaiveDate) -> (Basis, Option<NaiveDate>) {
    if periods.iter().any(|period| period.covers(today)) {
        return (Basis::Current, Some(today));
    }
    let ended = periods.iter().map(|period| period.end).filter(|end| *end < today).max();
    if let Some(end) = ended {
        return (Basis::Last, Some(end));
    }
    match periods.iter().map(|period| period.start).min() {
        Some(start) => (Basis::First, Some(start)),
        None => (Basis::None, None),
    }
}

fn sum(amounts: impl IntoIterator<Item = Decimal>) -> Result<Decimal, TooLarge> {
    amounts
        .into_iter()
        .try_fold(Decimal::ZERO, |total, amount| total.checked_add(amount))
        .ok_or(TooLarge)
}

fn round_unit_price(price: Decimal, currency: &Currency) -> Decimal {
    let decimals = UNIT_PRICE_DECIMALS.max(currency.decimals());
    let rounded = price.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero);
    written(rounded, currency)
}

/// `amount` with its own digits, but at least those of the currency.
fn written(amount: Decimal, currency: &Currency) -> Decimal {
    let mut amount = amount.normalize();
    if amount.scale() < currency.decimals() {
        amount.rescale(currency.decimals());
    }
    amount
}
