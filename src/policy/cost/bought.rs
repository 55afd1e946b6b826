//! What an agreement costs that is paid by purchases, by milestones or by billing rules (rules 8 to 12).

use std::collections::BTreeSet;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::TooLarge;
use super::calendar::{Span, month_of};
use super::cycle::of_months;
use super::line::terms::{Basis, PeriodAmount};
use super::row::sum;
use super::total::{Agreement, Counted, Method, Part, Rules, Total};
use crate::model::{BillingCycle, BillingState, Remark};

/// What is bought once.
pub(super) fn once(about: Agreement<'_>, parts: &[Part<'_>]) -> Result<Total, TooLarge> {
    let counted = parts.iter().filter_map(|part| match part {
        Part::Milestone(amount) if about.method == Method::FixedPrice => Some(*amount),
        Part::Purchase(bought) if bought.counts() => Some(bought.amount),
        _ => None,
    });
    let counted: Vec<Decimal> = counted.collect();
    let (within, basis) = match (about.method, counted.is_empty()) {
        (_, true) => (not_billed(parts), Basis::None),
        (Method::FixedPrice, false) => ((BillingState::Billed, None), Basis::None),
        (_, false) => ((BillingState::Billed, None), Basis::Current),
    };
    let (billing, since) = about.by_its_days(within.0);
    let since = if billing == within.0 { since.or(within.1) } else { since };
    let cycle = match about.method {
        Method::ByWork => BillingCycle::None,
        _ => BillingCycle::OneTime,
    };
    let amount = about.currency.round(sum(counted)?);
    let (period, ahead, remarks) = (None, Vec::new(), BTreeSet::new());
    let counted = Counted::Usual;
    Ok(Total { amount, cycle, basis, billing, since, period, ahead, remarks, counted })
}

/// How an agreement stands of which no purchase counts: one is to come, or the last is over.
fn not_billed(parts: &[Part<'_>]) -> (BillingState, Option<NaiveDate>) {
    let of = |basis| {
        let bought = parts.iter().filter_map(|part| match part {
            Part::Purchase(bought) => Some(bought),
            _ => None,
        });
        bought.filter(move |one| one.basis == basis)
    };
    let first = of(Basis::First).filter(|one| one.is_active).filter_map(|one| one.start).min();
    let last = of(Basis::Last).filter_map(|one| one.end).max();
    match (first, last) {
        (Some(first), _) => (BillingState::Upcoming, Some(first)),
        (None, Some(last)) => (BillingState::Ended, Some(last)),
        (None, None) => (BillingState::None, None),
    }
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
