//! What an agreement costs that is paid by purchases, by milestones or by billing rules (rules 8 to 12).

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;

use super::TooLarge;
use super::agreement::{Agreement, Method, Part, Rules, Total};
use super::cycle::of_months;
use super::frame::{Span, by_calendar};
use super::line::PeriodAmount;
use super::rate::Basis;
use super::row::sum;
use crate::model::{BillingCycle, BillingState, Remark};

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
    /// Lines, or milestones.
    Usual,
    /// The charges of rules in this month; none where there is no such month.
    Charges(Option<Span>),
    /// The purchases that cover the day; else those that begin, or ended, on this one.
    Purchases(Basis, Option<NaiveDate>),
}

impl Bought {
    /// Whether it is one of those that count: the active ones that cover the day, or that begin on
    /// `day`; or those that ended on it.
    pub(super) fn counts(&self, basis: Basis, day: Option<NaiveDate>) -> bool {
        self.basis == basis
            && match basis {
                Basis::Current => self.is_active,
                Basis::First => self.is_active && self.start == day,
                Basis::Last => self.end == day,
                Basis::Scaled | Basis::None => false,
            }
    }
}

/// What is bought once.
pub(super) fn once(about: Agreement<'_>, parts: &[Part<'_>]) -> Result<Total, TooLarge> {
    let cycle = match about.method {
        Method::ByWork => BillingCycle::None,
        _ => BillingCycle::OneTime,
    };
    if about.method != Method::InAdvance {
        let milestones = parts.iter().filter_map(|part| match part {
            Part::Milestone(amount) if about.method == Method::FixedPrice => Some(*amount),
            _ => None,
        });
        let amounts: Vec<Decimal> = milestones.collect();
        let has_some = !amounts.is_empty();
        let within = if has_some { BillingState::Billed } else { BillingState::None };
        return bought(about, cycle, (within, None), Basis::None, Counted::Usual, amounts);
    }
    let purchases: Vec<&Bought> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Purchase(bought) => Some(bought),
            _ => None,
        })
        .collect();
    let (basis, day) = which_count(&purchases);
    let counted = purchases.iter().filter(|one| one.counts(basis, day));
    let amounts = counted.map(|one| one.amount).collect();
    let within = match basis {
        Basis::Current => BillingState::Billed,
        Basis::First => BillingState::Upcoming,
        Basis::Last => BillingState::Ended,
        Basis::Scaled | Basis::None => BillingState::None,
    };
    bought(about, cycle, (within, day), basis, Counted::Purchases(basis, day), amounts)
}

/// Which purchases count: those that can be used today; else those to come first, else those that
/// were over last.
fn which_count(purchases: &[&Bought]) -> (Basis, Option<NaiveDate>) {
    let of = |basis| purchases.iter().filter(move |one| one.basis == basis);
    if of(Basis::Current).any(|one| one.is_active) {
        return (Basis::Current, None);
    }
    let first = of(Basis::First).filter(|one| one.is_active).filter_map(|one| one.start).min();
    if first.is_some() {
        return (Basis::First, first);
    }
    let last = of(Basis::Last).filter_map(|one| one.end).max();
    if last.is_some() { (Basis::Last, last) } else { (Basis::None, None) }
}

fn bought(
    about: Agreement<'_>,
    cycle: BillingCycle,
    (within, day): (BillingState, Option<NaiveDate>),
    basis: Basis,
    counted: Counted,
    amounts: Vec<Decimal>,
) -> Result<Total, TooLarge> {
    let (billing, since) = about.by_its_days(within);
    let since = if billing == within { since.or(day) } else { since };
    let amount = about.currency.round(sum(amounts)?);
    let (period, ahead, remarks) = (None, Vec::new(), BTreeSet::new());
    Ok(Total { amount, cycle, basis, billing, since, period, ahead, remarks, counted })
}

/// What billing rules charge: one charge a period, of which the last whole month is complete.
pub(super) fn by_rule(
    about: Agreement<'_>,
    rules: Rules,
    parts: &[Part<'_>],
) -> Result<Total, TooLarge> {
    let charges = || {
        parts.iter().filter_map(|part| match part {
            Part::Charge(amount, Some(day)) => Some((*amount, *day)),
            _ => None,
        })
    };
    let in_month = |month: Option<Span>| {
        let within =
            move |day: NaiveDate| month.is_some_and(|(first, last)| first <= day && day <= last);
        charges().filter(move |(_, day)| within(*day)).map(|(amount, _)| amount)
    };
    let this = month_of(about.today);
    let last = this.and_then(|(first, _)| month_of(first.pred_opt()?));
    // An agreement that began this month has no whole month yet.
    let month = if in_month(last).next().is_some() { last } else { this };
    let amount = about.currency.round(sum(in_month(month))?);
    let within = if rules.is_active { BillingState::Billed } else { BillingState::Ended };
    let (billing, mut since) = about.by_its_days(within);
    if billing == BillingState::Ended {
        since = since.or_else(|| charges().map(|(_, day)| day).max());
    }
    let period = match (billing, this) {
        (BillingState::Billed, Some((start, end))) => {
            let amount = about.currency.round(sum(in_month(this))?);
            let start = about.start.map_or(start, |first| first.max(start));
            let end = about.end.map_or(end, |last| last.min(end));
            Some(PeriodAmount { start, end, amount })
        }
        _ => None,
    };
    let basis = if charges().next().is_some() { Basis::Last } else { Basis::None };
    let cycle = of_months(1);
    let amount = if charges().next().is_some() { amount } else { about.zero() };
    let remarks = BTreeSet::from([Remark::ByRule]);
    let (ahead, counted) = (Vec::new(), Counted::Charges(month));
    Ok(Total { amount, cycle, basis, billing, since, period, ahead, remarks, counted })
}

/// The calendar month of a day.
pub(super) fn month_of(day: NaiveDate) -> Option<Span> {
    let first = day.with_day(1)?;
    by_calendar(first, 1, day)
}
