//! How a cost came about, line by line. The rules are those of the modules beside; here they are only
//! shown.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::rate::{Rate, UnitPriceFrom};
use super::status::{Line, LineStatus};
use super::terms::PeriodAmount;
use crate::model::{BillingState, Working, WorkingLine};
use crate::policy::cost::TooLarge;
use crate::policy::cost::row::{Row, days, round_unit_price, written};

/// The rows of a line: what each adds to the rate and to the running period, and what was left out.
pub(in crate::policy::cost) fn of_line(
    line: &Line<'_>,
    status: &LineStatus,
    rate: Option<&Rate>,
    period: Option<&PeriodAmount>,
) -> Result<Working, TooLarge> {
    let currency = line.terms.currency;
    let in_force = match status.day {
        Some(day) => line.rows.in_force(day)?,
        None => Vec::new(),
    };
    let running = line.rows.frame(line.terms.today).filter(|_| period.is_some());
    let mut rows: Vec<&Row> = line.terms.rows.iter().collect();
    rows.sort_by_key(|row| (row.start, row.end, row.id));
    let mut lines = Vec::new();
    for row in rows {
        let force = in_force.iter().find(|one| one.row.id == row.id);
        let unit_price = row.price.checked_div(row.units);
        let is_billed = running.is_some_and(|running| line.is_of(row, running));
        let counted = line.rows.counting().find(|(other, _)| other.id == row.id);
        lines.push(WorkingLine {
            from: format!("row {}", row.id),
            start: Some(row.start),
            end: Some(row.end),
            units: Some(row.units.normalize()),
            unit_price: unit_price.map(|price| round_unit_price(price, currency)),
            amount: written(row.price, currency),
            days: force.map(|one| (days(one.span), days(one.whole))),
            rate: force.map(|one| round_unit_price(one.rate, currency)),
            period_amount: is_billed.then(|| currency.round(row.price)),
            left_out: (force.is_none() && !is_billed)
                .then(|| left_out(row, status, counted.is_none(), line.terms.today)),
        });
    }
    Ok(Working { lines, notes: notes(line, status, rate) })
}

fn left_out(row: &Row, status: &LineStatus, is_cut_away: bool, today: NaiveDate) -> String {
    match (status.billing, status.day) {
        _ if is_cut_away => "another row took its only day".to_owned(),
        (BillingState::Upcoming, Some(day)) => format!("the rate is that of {day}, the first day"),
        (BillingState::Ended, Some(day)) => format!("the rate is that of {day}, the last day"),
        _ if row.start > today => format!("begins on {}", row.start),
        _ => "ended".to_owned(),
    }
}

fn notes(line: &Line<'_>, status: &LineStatus, rate: Option<&Rate>) -> Vec<String> {
    let currency = line.terms.currency;
    let price = |price: Decimal| round_unit_price(price, currency);
    let mut notes = Vec::new();
    if let Some(Rate { from: Some(from), unit_price: Some(unit), units, .. }) = rate {
        let from = match from {
            UnitPriceFrom::Row(row) => format!("row {row}, a whole period"),
            UnitPriceFrom::Line => "the line".to_owned(),
        };
        let units = units.normalize();
        notes.push(format!("unit price {} from {from}: {units} x {0}", price(*unit), from = from));
    }
    if rate.is_some_and(|rate| rate.is_scaled) {
        notes
            .push("the rate is scaled up from a part of a period: no whole row confirms it".into());
    }
    match (status.billing, status.since) {
        (BillingState::Upcoming, Some(day)) => notes.push(format!("billed from {day} on")),
        (BillingState::Ended, Some(day)) => notes.push(format!("billed until {day}")),
        _ => {}
    }
    notes
}
