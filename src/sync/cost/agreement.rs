//! What an agreement costs: the sum of what is below it, by what is billed (rules 11 and 12).

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;

use super::TooLarge;
use super::cycle::of_months;
use super::frame::{Span, by_calendar};
use super::line::{LineCost, NextChange, PeriodAmount};
use super::rate::Basis;
use super::row::sum;
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
    /// A purchase of hours, tickets or a retainer, with how its dates lie and whether it is active.
    Purchase(Decimal, Basis, bool),
    /// A charge: by a rule or by hand, on this day.
    Charge(Decimal, Option<NaiveDate>),
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
    /// What is known ahead.
    pub next: Option<NextChange>,
    /// What is remarkable.
    pub remarks: BTreeSet<Remark>,
}

/// Why an addition is not part of its agreement's rate; none where it is. `shown` is the state of
/// the lines that are.
pub fn left_out(part: &Part<'_>, shown: BillingState, by_rule: bool) -> Option<String> {
    match part {
        Part::Line(line) if line.billing == shown => None,
        Part::Line(line) => Some(match (line.billing, line.since) {
            (BillingState::Upcoming, Some(day)) => format!("from {day}"),
            (BillingState::Ended, Some(day)) => format!("ended {day}"),
            (state, _) => state.to_string(),
        }),
        Part::Purchase(_, Basis::Current, true) | Part::Milestone(_) => None,
        Part::Purchase(_, Basis::Current, false) => Some("it is not active".to_owned()),
        Part::Purchase(..) => Some("its dates do not cover today".to_owned()),
        Part::Charge(..) if by_rule => Some("it is not of the last whole month".to_owned()),
        Part::Charge(..) => Some("a charge is billed by itself".to_owned()),
    }
}

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

impl Agreement<'_> {
    fn zero(&self) -> Decimal {
        self.currency.round(Decimal::ZERO)
    }

    /// How it stands where nothing below it tells: by its own days.
    fn by_its_days(&self, within: BillingState) -> (BillingState, Option<NaiveDate>) {
        match (self.start, self.end) {
            (Some(start), _) if self.today < start => (BillingState::Upcoming, Some(start)),
            (_, Some(end)) if end < self.today => (BillingState::Ended, Some(end)),
            _ => (within, None),
        }
    }
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
    // Of what is over, what was billed on the last day.
    let counts = |line: &&&LineCost| {
        line.billing == billing && (billing != BillingState::Ended || line.since == since)
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
    let next = match billing {
        BillingState::Billed => next(about, cycle, &lines, amount)?,
        _ => None,
    };
    Ok(Total { amount, cycle, basis, billing, since, period, next, remarks })
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
    let begins = |day: NaiveDate| start <= day && day <= end;
    let rows = lines.iter().flat_map(|line| &line.billed).filter(|(day, _)| begins(*day));
    let mut amount = sum(rows.map(|(_, amount)| *amount))?;
    // A row that runs from before the period, against all order, is in its line's period amount.
    for line in lines.iter().filter(|line| line.cycle == cycle) {
        if let Some(of_line) = &line.period {
            let known = line.billed.iter().filter(|(day, _)| begins(*day));
            let known = sum(known.map(|(_, amount)| *amount))?;
            amount = sum([amount, of_line.amount, -known])?;
        }
    }
    Ok(Some(PeriodAmount { start, end, amount: about.currency.round(amount) }))
}

/// The first day on which the rate is known to be another.
fn next(
    about: Agreement<'_>,
    cycle: BillingCycle,
    lines: &[&LineCost],
    now: Decimal,
) -> Result<Option<NextChange>, TooLarge> {
    let ahead = lines.iter().filter_map(|line| match line.billing {
        BillingState::Billed => line.next.map(|next| next.date),
        BillingState::Upcoming => line.since,
        _ => None,
    });
    let days: BTreeSet<NaiveDate> = ahead.filter(|day| *day > about.today).collect();
    for date in days {
        let on = |line: &&LineCost| match (line.billing, line.next) {
            (BillingState::Billed, Some(next)) if next.date <= date => next.rate,
            (BillingState::Billed, _) => line.rate,
            (BillingState::Upcoming, _) if line.since <= Some(date) => line.rate,
            _ => Decimal::ZERO,
        };
        let rates = lines.iter().map(|line| converted(on(line), line.cycle, cycle));
        let rate = about.currency.round(sum(rates.collect::<Result<Vec<_>, _>>()?)?);
        if rate != now {
            return Ok(Some(NextChange { date, rate }));
        }
    }
    Ok(None)
}

/// What is bought once.
fn once(about: Agreement<'_>, parts: &[Part<'_>]) -> Result<Total, TooLarge> {
    let counted = parts.iter().filter_map(|part| match part {
        Part::Milestone(amount) if about.method == Method::FixedPrice => Some(*amount),
        Part::Purchase(amount, Basis::Current, true) => Some(*amount),
        _ => None,
    });
    let counted: Vec<Decimal> = counted.collect();
    let (within, basis) = match (about.method, counted.is_empty()) {
        (_, true) => (BillingState::None, Basis::None),
        (Method::FixedPrice, false) => (BillingState::Billed, Basis::None),
        (_, false) => (BillingState::Billed, Basis::Current),
    };
    let (billing, since) = about.by_its_days(within);
    let cycle = match about.method {
        Method::ByWork => BillingCycle::None,
        _ => BillingCycle::OneTime,
    };
    let amount = about.currency.round(sum(counted)?);
    let remarks = BTreeSet::new();
    Ok(Total { amount, cycle, basis, billing, since, period: None, next: None, remarks })
}

/// What billing rules charge: one charge a period, of which the last whole month is complete.
fn by_rule(about: Agreement<'_>, rules: Rules, parts: &[Part<'_>]) -> Result<Total, TooLarge> {
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
    Ok(Total { amount, cycle, basis, billing, since, period, next: None, remarks })
}

/// The calendar month of a day.
fn month_of(day: NaiveDate) -> Option<Span> {
    let first = day.with_day(1)?;
    by_calendar(first, 1, day)
}
