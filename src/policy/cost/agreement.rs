//! What an agreement costs: the sum of what is below it, by what is billed (rules 11 and 12).

use std::collections::BTreeSet;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::TooLarge;
use super::bought::{by_rule, once};
use super::calendar::{Span, by_calendar};
use super::line::terms::{Basis, LineCost, NextChange, PeriodAmount};
use super::row::sum;
use super::total::{Agreement, Counted, Method, Part, Total};
use crate::model::{BillingCycle, BillingState, Remark};

/// The cost of an agreement, out of what is below it.
pub fn agreement(about: Agreement<'_>, parts: &[Part<'_>]) -> Result<Total, TooLarge> {
    let mut total = match about.method {
        Method::ByPeriod => by_period(about, parts)?,
        Method::FixedPrice => match about.rules {
            Some(rules) if !parts.iter().any(|part| matches!(part, Part::Milestone(_))) => {
                by_rule(about, rules, parts)?
            }
            _ => once(about, parts)?,
        },
        Method::InAdvance | Method::ByWork => once(about, parts)?,
    };
    let over = about.end.is_some_and(|end| end < about.today);
    if over && about.is_active == Some(true) && total.billing != BillingState::Billed {
        total.remarks.insert(Remark::EndedButActive);
    }
    // What is paid in advance is bought; only what Autotask bills by itself goes on.
    let goes_on = total.billing == BillingState::Billed && total.cycle.months().is_some();
    if goes_on && about.is_active == Some(false) {
        total.remarks.insert(Remark::InactiveButBilled);
    }
    Ok(total)
}

/// Which of the lines are shown as the agreement's rate, and since when it stands so.
fn shown(about: Agreement<'_>, lines: &[&LineCost]) -> (BillingState, Option<NaiveDate>) {
    let of = |state| lines.iter().filter(move |line| line.billing == state);
    if of(BillingState::Billed).next().is_some() {
        return (BillingState::Billed, None);
    }
    if of(BillingState::Upcoming).next().is_some() {
        let since = of(BillingState::Upcoming).filter_map(|line| line.since).min();
        return (BillingState::Upcoming, since.or(about.start));
    }
    if of(BillingState::Ended).next().is_some() {
        let since = of(BillingState::Ended).filter_map(|line| line.since).max();
        return (BillingState::Ended, since.or(about.end));
    }
    about.by_its_days(BillingState::None)
}

fn by_period(about: Agreement<'_>, parts: &[Part<'_>]) -> Result<Total, TooLarge> {
    let lines: Vec<&LineCost> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Line(line) => Some(*line),
            _ => None,
        })
        .collect();
    let (billing, since) = shown(about, &lines);
    // Of what is over, what was billed on the last day; of what is to come, what is on the first.
    let counts = |line: &&&LineCost| {
        line.billing == billing && (billing == BillingState::Billed || line.since == since)
    };
    let counted: Vec<&LineCost> = lines.iter().filter(counts).copied().collect();
    let cycle = cycle(about.own, &counted, &lines);
    let mut remarks = BTreeSet::new();
    let periodic = counted.iter().filter(|line| line.cycle.months().is_some());
    if periodic.clone().any(|line| line.cycle != cycle) {
        remarks.insert(Remark::MixedCycles);
    }
    if matches!(cycle, BillingCycle::Unknown(_)) && !lines.is_empty() {
        remarks.insert(Remark::UnknownCycle);
    }
    if counted.iter().any(|line| line.remarks.contains(&Remark::Scaled)) {
        remarks.insert(Remark::Scaled);
    }
    let rates = counted.iter().map(|line| converted(line.rate, line.cycle, cycle));
    let amount = about.currency.round(sum(rates.collect::<Result<Vec<_>, _>>()?)?);
    let basis = counted.iter().map(|line| line.basis).max().unwrap_or(Basis::None);
    let period = match billing {
        BillingState::Billed => period(about, cycle, &lines)?,
        _ => None,
    };
    let ahead = match (billing, since) {
        (BillingState::Billed, _) => ahead(about, about.today, cycle, &lines, amount)?,
        (BillingState::Upcoming, Some(since)) => ahead(about, since, cycle, &lines, amount)?,
        _ => Vec::new(),
    };
    let counted = Counted::Usual;
    Ok(Total { amount, cycle, basis, billing, since, period, ahead, remarks, counted })
}

/// Its own cycle, where that is a known one; else that of its lines, if they agree; else a month, into
/// which every other can be converted.
fn cycle(own: Option<BillingCycle>, counted: &[&LineCost], lines: &[&LineCost]) -> BillingCycle {
    if let Some(own) = own.filter(|own| own.months().is_some()) {
        return own;
    }
    let lines = if counted.is_empty() { lines } else { counted };
    let mut periodic = lines.iter().filter(|line| line.cycle.months().is_some());
    let Some(first) = periodic.next() else { return own.unwrap_or(BillingCycle::None) };
    if periodic.all(|line| line.cycle == first.cycle) { first.cycle } else { BillingCycle::Monthly }
}

/// An amount per one cycle as one per another, exactly where that is possible; where one of them is
/// not periodic, as it is.
fn converted(amount: Decimal, from: BillingCycle, to: BillingCycle) -> Result<Decimal, TooLarge> {
    match (from.months(), to.months()) {
        (Some(from), Some(to)) if from != to => {
            let product = amount.checked_mul(Decimal::from(to)).ok_or(TooLarge)?;
            product.checked_div(Decimal::from(from)).ok_or(TooLarge)
        }
        _ => Ok(amount),
    }
}

/// The running period: that of its lines with its own cycle, else by calendar; and every row that
/// begins in it.
fn period(
    about: Agreement<'_>,
    cycle: BillingCycle,
    lines: &[&LineCost],
) -> Result<Option<PeriodAmount>, TooLarge> {
    let of_lines = lines.iter().filter(|line| line.cycle == cycle && line.period.is_some());
    let spans = of_lines.filter_map(|line| line.frame);
    let by_lines = spans.reduce(|one: Span, other| (one.0.min(other.0), one.1.max(other.1)));
    let by_calendar = || {
        let months = cycle.months()?;
        let told = about.siblings.anchor(months);
        let anchor = told.or(about.siblings.supposed()).or(about.start)?;
        let (first, last) = by_calendar(anchor, months, about.today)?;
        let last = about.end.map_or(last, |end| end.min(last));
        Some((first.max(about.start?), last))
    };
    let Some((start, end)) = by_lines.or_else(by_calendar) else { return Ok(None) };
    let billed = lines.iter().map(|line| billed_in(line, cycle, (start, end)));
    let amount = sum(billed.collect::<Result<Vec<_>, _>>()?.into_iter().flatten())?;
    Ok(Some(PeriodAmount { start, end, amount: about.currency.round(amount) }))
}

/// What a line bills in a period of its agreement: every row that begins in it; none where nothing
/// does. A row that runs from before the period, against all order, is in the line's own amount.
pub(super) fn billed_in(
    line: &LineCost,
    cycle: BillingCycle,
    (start, end): Span,
) -> Result<Option<Decimal>, TooLarge> {
    if let Some(period) = line.period.as_ref().filter(|_| line.cycle == cycle) {
        return Ok(Some(period.amount));
    }
    let begins = |(day, _): &&(NaiveDate, Decimal)| start <= *day && *day <= end;
    let amounts: Vec<Decimal> = line.billed.iter().filter(begins).map(|row| row.1).collect();
    if amounts.is_empty() { Ok(None) } else { Ok(Some(sum(amounts)?)) }
}

/// The days after `from` on which the rate is known to be another, where it is `now` on that day.
fn ahead(
    about: Agreement<'_>,
    from: NaiveDate,
    cycle: BillingCycle,
    lines: &[&LineCost],
    mut now: Decimal,
) -> Result<Vec<NextChange>, TooLarge> {
    let over = about.end.and_then(|end| end.succ_opt());
    let begins = lines.iter().filter(|line| line.billing == BillingState::Upcoming);
    let days = lines.iter().flat_map(|line| &line.ahead).map(|next| next.date);
    let days: BTreeSet<NaiveDate> = days
        .chain(begins.filter_map(|line| line.since))
        .filter(|day| *day > from && over.is_none_or(|over| *day <= over))
        .collect();
    let mut ahead = Vec::new();
    for date in days {
        let rates = lines.iter().map(|line| converted(on(line, date), line.cycle, cycle));
        let rate = match over == Some(date) {
            true => about.zero(),
            false => about.currency.round(sum(rates.collect::<Result<Vec<_>, _>>()?)?),
        };
        if rate != now {
            ahead.push(NextChange { date, rate });
            now = rate;
        }
    }
    Ok(ahead)
}

/// The rate of a line on a day to come, as far as it is known.
fn on(line: &LineCost, date: NaiveDate) -> Decimal {
    let is_billed = match line.billing {
        BillingState::Billed => true,
        BillingState::Upcoming => line.since.is_some_and(|since| since <= date),
        _ => false,
    };
    let known = line.ahead.iter().rev().find(|next| next.date <= date);
    match (is_billed, known) {
        (true, Some(next)) => next.rate,
        (true, None) => line.rate,
        (false, _) => Decimal::ZERO,
    }
}
