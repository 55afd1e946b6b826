//! How the cost of one addition came about, line by line. The rules are those of the module above;
//! here they are only shown.

use chrono::NaiveDate;

use super::{Basis, Period, Sale, basis, round_unit_price, written};
use crate::model::{Currency, WorkingLine};

/// The rows of a service or bundle: those that were added up, and those that were not.
pub fn line_working(periods: &[Period], today: NaiveDate, currency: &Currency) -> Vec<WorkingLine> {
    let (basis, day) = basis(periods, today);
    let mut rows: Vec<&Period> = periods.iter().collect();
    rows.sort_by_key(|period| (period.start, period.end, period.row));
    let line = |period: &Period| {
        let counts = day.is_some_and(|day| period.covers(day));
        let unit_price = period.price.checked_div(period.units);
        WorkingLine {
            from: row(period.row),
            start: Some(period.start),
            end: Some(period.end),
            units: Some(period.units.normalize()),
            unit_price: unit_price.map(|price| round_unit_price(price, currency)),
            amount: written(period.price, currency),
            left_out: (!counts).then(|| left_out(basis, day)),
        }
    };
    rows.into_iter().map(line).collect()
}

fn left_out(basis: Basis, day: Option<NaiveDate>) -> String {
    match (basis, day) {
        (Basis::First, Some(day)) => {
            format!("nothing covers today, and it is not of the first period, which starts {day}")
        }
        (Basis::Last, Some(day)) => {
            format!("nothing covers today, and it is not of the last period, which ended {day}")
        }
        _ => "its dates do not cover today".to_owned(),
    }
}

/// The one row of what is bought once, which costs `cost`.
pub fn sale_working(id: i64, sale: &Sale, cost: &super::Cost) -> Vec<WorkingLine> {
    vec![WorkingLine {
        from: row(id),
        start: sale.start,
        end: sale.end,
        units: cost.units,
        unit_price: cost.unit_price,
        amount: cost.amount,
        left_out: None,
    }]
}

fn row(id: i64) -> String {
    format!("row {id}")
}
