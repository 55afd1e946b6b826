//! Rows and lines as a person writes them down.

use std::sync::LazyLock;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::super::*;
use crate::model::{BillingCycle, Currency};

pub fn day(text: &str) -> NaiveDate {
    let text = if text.len() == 5 { format!("2026-{text}") } else { text.to_owned() };
    text.parse().expect("a date")
}

pub fn decimal(text: &str) -> Decimal {
    text.parse().expect("a number")
}

/// Other lines, where there are none.
pub static NOBODY: LazyLock<Siblings> = LazyLock::new(Siblings::default);

pub fn usd() -> Currency {
    Currency::new("USD")
}

/// Rows such as `06-01..06-30 25u 1125.00`, one a line or separated by commas; numbered from 1.
pub fn rows(text: &str) -> Vec<Row> {
    let words = text.split([',', '\n']).map(str::trim).filter(|row| !row.is_empty());
    words.zip(1..).map(|(row, id)| one(row, id)).collect()
}

fn one(text: &str, id: i64) -> Row {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [span, units, price] = words[..] else { panic!("`{text}` is no row") };
    let (start, end) = span.split_once("..").expect("a span");
    let units = decimal(units.strip_suffix('u').expect("units"));
    Row { id, start: day(start), end: day(end), units, price: decimal(price) }
}

/// A line of a monthly agreement of the year 2026.
pub fn terms<'a>(rows: &'a [Row], today: &str, currency: &'a Currency) -> LineTerms<'a> {
    LineTerms {
        rows,
        start: Some(day("01-01")),
        end: Some(day("12-31")),
        nominal: Some(BillingCycle::Monthly),
        line_price: None,
        siblings: &NOBODY,
        today: day(today),
        currency,
    }
}

/// What such a line costs.
pub fn cost(text: &str, today: &str) -> LineCost {
    let (rows, currency) = (rows(text), usd());
    cost_of_line(terms(&rows, today, &currency)).expect("a cost")
}

/// Rate and period amount, as text.
pub fn amounts(cost: &LineCost) -> (String, String) {
    let period = cost.period.as_ref().map_or("none".to_owned(), |one| one.amount.to_string());
    (cost.rate.to_string(), period)
}

/// What is known ahead, as text.
pub fn ahead(next: Option<NextChange>) -> String {
    next.map_or("nothing".to_owned(), |next| format!("{} from {}", next.rate, next.date))
}
