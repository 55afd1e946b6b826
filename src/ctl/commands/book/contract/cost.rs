//! `contract cost`: how the rate and the period amount come about, row by row, so that both can be
//! checked by hand.

use chrono::{Months, NaiveDate};
use rust_decimal::Decimal;

use super::show;
use crate::ctl::app::error::CtlError;
use crate::ctl::commands::Ctl;
use crate::ctl::output::Csv;
use crate::ctl::output::screen::{NONE, Screen, Tone};
use crate::ctl::output::table::{Cell, Column, Table, pairs, toned};
use crate::ctl::text::billing::{self, Billing};
use crate::ctl::text::keys;
use crate::ctl::text::money::{self, grouped};
use crate::model::{BillingCycle, Currency, Remark};
use crate::protocol::contracts::{Cost, CostLine, CostReply};

/// Half of the last digit that a unit price is told with: the price times the units may miss the
/// amount by this much a unit.
const UNIT_PRICE_SLACK: Decimal = Decimal::from_parts(5, 0, 0, false, 5);

/// Show how the amounts of a contract are calculated
///
/// Reads Autotask now and shows the calculation: each row with its days and units, what it adds to
/// the rate (one whole billing cycle at the units and prices in force) and to the period amount
/// (what Autotask bills for the running period), which whole row gave the unit price, and which
/// rows were left out and why. `lmsyncctl help billing` has the rules.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl contract cost S55102
  lmsyncctl contract cost A29683353 --csv")]
pub struct Args {
    /// The key of the contract, or of an item that is not imported
    #[arg(value_name = "KEY")]
    pub key: String,
}

/// The list, for scripts.
pub const CSV: Csv = Csv::new(
    "lines",
    &[
        "from",
        "start",
        "end",
        "units",
        "unit_price",
        "amount",
        "days",
        "of_days",
        "rate",
        "period_amount",
        "left_out",
    ],
);

/// Runs the command.
pub fn run(ctl: &Ctl, args: Args) -> Result<(), CtlError> {
    let answer = ctl.client.call(&Cost { key: keys::key(&args.key)? })?;
    ctl.output.list(&answer, CSV, render)
}

/// The screen.
fn render(reply: &CostReply, screen: &Screen) -> String {
    let title = format!("{}  {} ({})", reply.key, reply.name, reply.r#type);
    let mut text = format!("{}\n", screen.paint(Tone::Strong, title));
    text.push_str(&format!("read from Autotask, {}\n\n", screen.short(Some(&reply.as_of))));
    if reply.lines.is_empty() {
        text.push_str("no rows: nothing is billed\n");
    } else {
        text.push_str(&working(reply, screen));
        for note in reply.notes.iter().cloned().chain(rounded(reply)) {
            text.push_str(&screen.sentence(Tone::Dim, &format!("· {note}")));
        }
    }
    text.push_str(&format!("\n{}", pairs(conclusion(reply, screen), screen)));
    text
}

/// Each row, and below them the totals of the rate and of the running period.
fn working(reply: &CostReply, screen: &Screen) -> String {
    let currency = Currency::new(&reply.currency);
    let factors: Vec<String> = reply.lines.iter().map(|line| factors(line, &currency)).collect();
    let width = factors.iter().map(|text| text.chars().count()).max().unwrap_or(0);
    let amounts: Vec<String> = reply.lines.iter().map(|line| grouped(&line.amount)).collect();
    let digits = amounts.iter().map(|amount| amount.chars().count()).max().unwrap_or(0);
    let rows = reply.lines.iter().all(|line| source(&line.from) != line.from);
    // What is bought once has no days and no period.
    let by_time = Billing::from(reply).cycle() != Some(BillingCycle::OneTime);
    let mut columns = vec![
        Column::text(if rows { "ROW" } else { "FROM" }).cut(8),
        Column::text("DAYS OF THE ROW"),
        Column::text("UNITS AND PRICE"),
    ];
    columns.extend(by_time.then(|| Column::number("DAYS")));
    columns.push(Column::number(if by_time { "RATE" } else { "AMOUNT" }));
    columns.extend(by_time.then(|| Column::number("PERIOD")));
    let mut table = Table::new(columns).notes_below(1);
    let part = |tone, part: Option<&str>| match part {
        Some(part) => toned(tone, grouped(part)),
        None => toned(Tone::Dim, NONE),
    };
    for ((line, factors), amount) in reply.lines.iter().zip(factors).zip(amounts) {
        let tone = if line.left_out.is_some() { Tone::Dim } else { Tone::Plain };
        let days = line.days.zip(line.of_days).map(|(days, whole)| format!("{days}/{whole}"));
        let mut cells: Vec<Cell> = vec![
            toned(tone, source(&line.from)),
            toned(tone, period(line)),
            toned(tone, format!("{factors:>width$}{amount:>digits$}")),
        ];
        cells.extend(by_time.then(|| toned(tone, days.unwrap_or_default())));
        cells.push(part(tone, adds(line)));
        cells.extend(by_time.then(|| part(tone, line.period_amount.as_deref())));
        table.row(cells);
        if let Some(reason) = &line.left_out {
            table.note(toned(Tone::Dim, format!("left out: {reason}")));
        }
    }
    let mut total: Vec<Cell> = vec![toned(Tone::Strong, "total"), "".into(), "".into()];
    total.extend(by_time.then(|| Cell::from("")));
    total.push(part(Tone::Strong, Some(&reply.billing_cost)));
    total.extend(by_time.then(|| part(Tone::Strong, reply.period_amount.as_deref())));
    table.row(total);
    table.render(screen)
}

/// What a line adds to the rate: what it says, or all of it where it is billed by no period.
fn adds(line: &CostLine) -> Option<&str> {
    let whole = line.left_out.is_none() && line.period_amount.is_none();
    line.rate.as_deref().or(whole.then_some(line.amount.as_str()))
}

/// `11 x 23.10 = `, in front of an amount that is more than one price; `≠` where the amount is not
/// that, which also a row has that is for a part of a period.
fn factors(line: &CostLine, currency: &Currency) -> String {
    let (Some(units), Some(price)) = (&line.units, &line.unit_price) else { return String::new() };
    let sign = if agree(units, price, &line.amount, currency) { '=' } else { '≠' };
    format!("{units} x {price} {sign} ")
}

/// Whether units times price is the amount, as far as the digits of the price can tell.
fn agree(units: &str, price: &str, amount: &str, currency: &Currency) -> bool {
    let number = |text: &str| text.parse::<Decimal>().ok();
    let (Some(units), Some(price), Some(amount)) = (number(units), number(price), number(amount))
    else {
        return true;
    };
    let Some(product) = units.checked_mul(price) else { return false };
    let slack = units.abs().checked_mul(UNIT_PRICE_SLACK).unwrap_or_default();
    let off = amount.checked_sub(product).unwrap_or(Decimal::MAX).abs();
    off <= slack || currency.round(product) == currency.round(amount)
}

/// The days of a row; the year once where both are in it.
fn period(line: &CostLine) -> String {
    match (&line.start, &line.end) {
        (Some(start), Some(end)) if start == end => start.clone(),
        (Some(start), Some(end)) => {
            let year = start.get(..5).unwrap_or(start);
            format!("{start}..{}", end.strip_prefix(year).unwrap_or(end))
        }
        (Some(start), None) => format!("from {start}"),
        (None, Some(end)) => format!("until {end}"),
        (None, None) => String::new(),
    }
}

/// Where a line comes from: of a row of Autotask's its number alone.
fn source(from: &str) -> &str {
    from.strip_prefix("row ").unwrap_or(from)
}

fn conclusion(reply: &CostReply, screen: &Screen) -> Vec<(&'static str, String)> {
    let currency = money::currency(&reply.currency, reply.currency_basis.as_deref());
    let billing = Billing::from(reply);
    let mut lines = show::rate(&billing, &currency);
    lines.extend(billing.period().map(|period| ("period", period)));
    if let Some(basis) = &reply.basis {
        lines.push(("basis", money::basis(basis).to_owned()));
    }
    let parts = reply.lines.iter().filter_map(|line| part(line, &billing));
    let of_which = billing::of_which(&billing, parts);
    lines.extend(show::standing(&billing, of_which.as_deref()));
    lines.push(("stored", stored(reply, screen)));
    lines
}

/// A line of an agreement, where the days of its period tell how often it is billed.
fn part<'a>(line: &'a CostLine, agreement: &Billing<'a>) -> Option<Billing<'a>> {
    let day = |text: &Option<String>| text.as_ref()?.parse::<NaiveDate>().ok();
    let (start, end) = (day(&line.start)?, day(&line.end)?);
    let lasts = |months| start.checked_add_months(Months::new(months)) == end.succ_opt();
    let cycles = [(1, "monthly"), (3, "quarterly"), (6, "semi-annual"), (12, "yearly")];
    let (_, cycle) = cycles.into_iter().find(|(months, _)| lasts(*months))?;
    Some(Billing { cost: Some(line.rate.as_deref()?), cycle, state: agreement.state, ..*agreement })
}

/// Why the rate is not the sum of what its rows add to it.
fn rounded(reply: &CostReply) -> Option<String> {
    if Billing::from(reply).has(Remark::MixedCycles) {
        let told = "the rate of each line is per its own cycle; the total is converted exactly";
        return Some(told.to_owned());
    }
    let sum = sum(reply)?;
    (reply.billing_cost.parse() != Ok(sum)).then(|| {
        let sum = grouped(&sum.to_string());
        match reply.notes.iter().any(|note| note.starts_with("unit price")) {
            true => {
                format!(
                    "the rows in force total {sum} when scaled; the unit price replaces this total"
                )
            }
            false => format!("the lines total {sum}, rounded to what can be billed"),
        }
    })
}

/// What the lines add to the rate; none where no line does, or one is no number.
fn sum(reply: &CostReply) -> Option<Decimal> {
    let mut counted = reply.lines.iter().filter_map(adds).peekable();
    counted.peek()?;
    counted.try_fold(Decimal::ZERO, |sum, rate| sum.checked_add(rate.parse().ok()?))
}

fn stored(reply: &CostReply, screen: &Screen) -> String {
    let Some(stored) = &reply.stored_cost else { return "not imported".to_owned() };
    let number = |text: &str| text.parse::<Decimal>().ok();
    let more = number(&reply.billing_cost)
        .zip(number(stored))
        .and_then(|(fresh, stored)| fresh.checked_sub(stored));
    let told = match Billing::from(reply).cycle() {
        Some(BillingCycle::OneTime) => grouped(stored),
        _ => format!("rate {}", grouped(stored)),
    };
    match more {
        Some(more) if more.is_zero() => screen.paint(Tone::Good, format!("{told}, the same")),
        Some(more) => {
            let than = if more > Decimal::ZERO { "more" } else { "less" };
            let more = grouped(&more.abs().to_string());
            screen.paint(Tone::Warning, format!("{told}: Autotask has {more} {than}"))
        }
        None => told,
    }
}

#[cfg(test)]
#[path = "cost_tests.rs"]
mod tests;
