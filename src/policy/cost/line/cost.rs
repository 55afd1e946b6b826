//! What a service or bundle line costs on a day, how it stands, and what is known ahead (rules 3 to
//! 7).

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;

use super::lengths::Lengths;
use super::rate::Rate;
use super::status::{Line, LineStatus};
use super::terms::{Basis, LineCost, LineTerms, NextChange, PeriodAmount};
use super::working;
use crate::model::{BillingCycle, BillingState, Remark};
use crate::policy::cost::TooLarge;
use crate::policy::cost::calendar::Span;
use crate::policy::cost::cycle::{earlier, later, of_months};
use crate::policy::cost::row::{Row, round_unit_price, sum};

/// What a line costs today.
pub fn cost_of_line(terms: LineTerms<'_>) -> Result<LineCost, TooLarge> {
    let lengths = Lengths::of(&terms);
    Line::new(terms, &lengths)?.cost()
}

/// Whether the rows that are known fill the running billing period up to today, so that no earlier
/// row of it can be missing; else the day from which rows must be asked for too.
pub fn fills_its_period(terms: LineTerms<'_>) -> Result<(), NaiveDate> {
    let lengths = Lengths::of(&terms);
    // Amounts that are too large reject the line where it is worked out.
    let Ok(line) = Line::new(terms, &lengths) else { return Ok(()) };
    let Some((first, _)) = line.rows.frame(terms.today) else { return Ok(()) };
    let first = terms.start.map_or(first, |start| first.max(start));
    let covers = |(start, end): Span| start <= first && terms.today <= end;
    // A line that ended within the period was billed in it as well.
    let is_of_it =
        line.rows.counting().any(|(_, (start, end))| start <= terms.today && first <= end);
    let is_over = !line.rows.counting().any(|(_, (_, end))| terms.today <= end);
    let begins = |(start, _): Span| is_over && start <= first;
    let nominal = terms.nominal.and_then(BillingCycle::months).filter(|_| lengths.may_be_parts);
    let months = nominal.or(line.months).unwrap_or(1);
    let a_period_before = |day| {
        let before = earlier(day, months).unwrap_or(day);
        terms.start.map_or(before, |start| before.max(start))
    };
    // The price of a unit in the period before tells whether the last day of a row cut it.
    if let Some(day) = line.rows.context.in_doubt() {
        return Err(a_period_before(day));
    }
    if !is_of_it {
        return Ok(());
    }
    // Of a period that is only supposed, the first day may be an earlier one. Rows that bill nothing
    // are what a change left of it.
    let is_told = terms.siblings.is_told();
    let bills_nothing = terms.rows.iter().all(|row| row.units.is_zero() && row.price.is_zero());
    let is_supposed = lengths.may_be_parts
        || terms.siblings.is_supposed()
        || !line.rows.tell_frame(terms.today)
        || (bills_nothing && !is_told);
    if is_supposed {
        return Err(a_period_before(terms.today));
    }
    if line.rows.counting().any(|(_, span)| covers(span) || begins(span)) {
        return Ok(());
    }
    // So it may where no whole row confirms it.
    Err(if is_told { first } else { first.min(a_period_before(terms.today)) })
}

impl Line<'_> {
    fn cost(&self) -> Result<LineCost, TooLarge> {
        let status = self.status()?;
        let rate = match status.day {
            Some(day) => self.rows.rate(day)?,
            None => None,
        };
        let period = self.period(&status)?;
        let ahead = self.ahead(&status, rate.as_ref())?;
        let mut remarks = self.remarks(rate.as_ref());
        let basis = match (status.billing, &rate) {
            (BillingState::Billed, Some(rate)) if rate.is_scaled => Basis::Scaled,
            (BillingState::Billed, _) => Basis::Current,
            (BillingState::Upcoming, _) => Basis::First,
            (BillingState::Ended, _) => Basis::Last,
            (BillingState::None | BillingState::OneTime, _) => Basis::None,
        };
        if rate.as_ref().is_some_and(|rate| rate.is_scaled) {
            remarks.insert(Remark::Scaled);
        }
        let currency = self.terms.currency;
        let unit_price = rate.as_ref().and_then(|rate| rate.unit_price).or(self.terms.line_price);
        let cycle = self.months.map(of_months).or(self.terms.nominal);
        Ok(LineCost {
            rate: rate.as_ref().map_or_else(|| currency.round(Decimal::ZERO), |rate| rate.amount),
            cycle: cycle.unwrap_or(BillingCycle::None),
            units: rate.as_ref().map_or(Decimal::ZERO, |rate| rate.units).normalize(),
            unit_price: unit_price.map(|price| round_unit_price(price, currency)),
            basis,
            billing: status.billing,
            since: status.since,
            frame: self.rows.frame(self.terms.today).and_then(|frame| self.within(frame)),
            working: working::of_line(self, &status, rate.as_ref(), period.as_ref())?,
            period,
            ahead,
            remarks,
            billed: self.rounded().collect(),
        })
    }

    /// Every row by its first day, rounded.
    fn rounded(&self) -> impl Iterator<Item = (NaiveDate, Decimal)> + '_ {
        let rows: &[Row] = self.terms.rows;
        rows.iter().map(|row| (row.start, self.terms.currency.round(row.price)))
    }

    /// What is known ahead, up to the end of the next period.
    fn ahead(&self, status: &LineStatus, rate: Option<&Rate>) -> Result<Vec<NextChange>, TooLarge> {
        let from = match (status.billing, status.since) {
            (BillingState::Billed, _) => self.terms.today,
            (BillingState::Upcoming, Some(since)) => since,
            _ => return Ok(Vec::new()),
        };
        let Some(mut now) = rate.map(|rate| rate.amount) else { return Ok(Vec::new()) };
        let end = self.rows.frame(from).map_or(from, |(_, end)| end);
        let months = self.months.unwrap_or(1);
        let horizon = later(end, months).and_then(|day| day.checked_add_days(Days::new(3)));
        let mut ahead = Vec::new();
        for date in self.boundaries(from) {
            if horizon.is_some_and(|horizon| date > horizon) {
                break;
            }
            let runs = self.terms.end.is_none_or(|last| date <= last);
            let rate = match self.rows.rate(date)? {
                Some(rate) if runs => rate.amount,
                // Where others go on and this line does not, it ends.
                _ if !runs || self.terms.siblings.begin_on(date) => {
                    self.terms.currency.round(Decimal::ZERO)
                }
                // Rows that are not there yet are no change.
                _ => break,
            };
            if rate != now {
                ahead.push(NextChange { date, rate });
                now = rate;
            }
            if !runs {
                break;
            }
        }
        Ok(ahead)
    }

    /// Rule 6: the rows that begin in the running period, each rounded.
    fn period(&self, status: &LineStatus) -> Result<Option<PeriodAmount>, TooLarge> {
        let today = self.terms.today;
        let (BillingState::Billed, Some(whole)) = (status.billing, self.rows.frame(today)) else {
            return Ok(None);
        };
        let rows: Vec<&Row> = self.terms.rows.iter().filter(|row| self.is_of(row, whole)).collect();
        let first = rows.iter().map(|row| row.start).min().unwrap_or(whole.0).max(whole.0);
        let last = rows.iter().map(|row| row.end).max().unwrap_or(whole.1).min(whole.1);
        let Some((start, end)) = self.within((first, last)) else { return Ok(None) };
        let rounded = rows.iter().map(|row| self.terms.currency.round(row.price));
        let amount = self.terms.currency.round(sum(rounded)?);
        Ok(Some(PeriodAmount { start, end, amount }))
    }

    fn remarks(&self, rate: Option<&Rate>) -> BTreeSet<Remark> {
        let mut remarks = BTreeSet::new();
        let rows = self.terms.rows;
        let positive = |amount: Decimal| amount.is_sign_positive() && !amount.is_zero();
        if rate.is_some_and(|rate| rate.units.is_sign_negative() && positive(rate.amount)) {
            remarks.insert(Remark::NegativeUnits);
        }
        let same = |one: &Row, other: &Row| {
            (one.start, one.end, one.units, one.price)
                == (other.start, other.end, other.units, other.price)
        };
        let now = |row: &&Row| row.end >= self.terms.today;
        let recent: Vec<&Row> = rows.iter().filter(now).collect();
        let repeats = recent.iter().enumerate().any(|(at, row)| {
            recent[at + 1..].iter().any(|other| same(row, other) && !row.price.is_zero())
        });
        if repeats {
            remarks.insert(Remark::RepeatedRows);
        }
        if let Some((first, last)) = self.rows.frame(self.terms.today)
            && self.crosses(first, last)
        {
            remarks.insert(Remark::Overlapping);
        }
        if self.months.is_none() && !rows.is_empty() {
            remarks.insert(Remark::UnknownCycle);
        }
        remarks
    }

    /// Whether a row in force today lies in more than one period.
    fn crosses(&self, first: NaiveDate, last: NaiveDate) -> bool {
        let today = self.terms.today;
        self.rows.counting().any(|(_, (start, end))| {
            start <= today && today <= end && (start < first || last < end)
        })
    }
}
