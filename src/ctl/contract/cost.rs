//! `contract cost`: how a cost comes about, line by line, so that it can be checked by hand.

use rust_decimal::Decimal;

use super::super::error::CtlError;
use super::super::keys;
use super::super::money;
use super::super::output::Csv;
use super::super::screen::{Screen, Tone};
use super::super::start::Ctl;
use super::super::table::{Cell, Column, Table, pairs, toned};
use crate::model::Currency;
use crate::varlink::contracts::{Cost, CostLine, CostReply};

/// Half of the last digit that a unit price is told with: the price times the units may miss the
/// amount by this much a unit.
const UNIT_PRICE_SLACK: Decimal = Decimal::from_parts(5, 0, 0, false, 5);

/// Show how a cost comes about
///
/// Reads Autotask now and shows the working line by line: units times price, the period, and the
/// row that it comes from; then the sum, and what is stored. Lines that are not part of the cost
/// say why.
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
pub const CSV: Csv =
    Csv::new("lines", &["from", "start", "end", "units", "unit_price", "amount", "left_out"]);

/// Runs the command.
pub fn run(ctl: &Ctl, args: Args) -> Result<(), CtlError> {
    let answer = ctl.client.call(&Cost { key: keys::key(&args.key)? })?;
    ctl.output.list(&answer, CSV, render)
}

/// The screen.
fn render(reply: &CostReply, screen: &Screen) -> String {
    let title = format!("{}  {} ({})", reply.key, reply.name, reply.r#type);
    let mut text = format!("{}\n", screen.paint(Tone::Strong, title));
    text.push_str(&format!("as Autotask has it, {}\n\n", screen.short(Some(&reply.as_of))));
    if reply.lines.is_empty() {
        text.push_str("no rows: nothing is billed\n");
    } else {
        text.push_str(&working(reply, screen));
    }
    text.push_str(&format!("\n{}", pairs(conclusion(reply, screen), screen)));
    text
}

fn working(reply: &CostReply, screen: &Screen) -> String {
    let currency = Currency::new(&reply.currency);
    let factors: Vec<String> = reply.lines.iter().map(|line| factors(line, &currency)).collect();
    let width = factors.iter().map(|text| text.chars().count()).max().unwrap_or(0);
    let digits = reply.lines.iter().map(|line| line.amount.chars().count()).max().unwrap_or(0);
    let mut table =
        Table::new([Column::text("WORKING"), Column::text("PERIOD"), Column::text("FROM").cut(12)])
            .notes_below(1);
    for (line, factors) in reply.lines.iter().zip(factors) {
        let tone = if line.left_out.is_some() { Tone::Dim } else { Tone::Plain };
        let working = format!("{factors:>width$}{:>digits$}", line.amount);
        let cells: [Cell; 3] =
            [toned(tone, working), toned(tone, period(line)), toned(tone, source(&line.from))];
        table.row(cells);
        if let Some(reason) = &line.left_out {
            table.note(toned(Tone::Dim, format!("left out: {reason}")));
        }
    }
    table.render(screen)
}

/// `11 x 23.10 = `, in front of an amount that is more than one price; `≠` where they disagree.
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

fn period(line: &CostLine) -> String {
    match (&line.start, &line.end) {
        (Some(start), Some(end)) if start == end => start.clone(),
        (Some(start), Some(end)) => format!("{start} to {end}"),
        (Some(start), None) => format!("from {start}"),
        (None, Some(end)) => format!("until {end}"),
        (None, None) => String::new(),
    }
}

/// Where a line comes from: a number alone is a row of Autotask's.
fn source(from: &str) -> String {
    let number = !from.is_empty() && from.bytes().all(|byte| byte.is_ascii_digit());
    if number { format!("row {from}") } else { from.to_owned() }
}

fn conclusion(reply: &CostReply, screen: &Screen) -> Vec<(&'static str, String)> {
    let currency = money::currency(&reply.currency, reply.currency_basis.as_deref());
    let mut lines = vec![("total", format!("{} {currency}", reply.billing_cost))];
    let sum = sum(reply);
    if let Some(sum) = sum.filter(|sum| reply.billing_cost.parse() != Ok(*sum)) {
        let note = format!("the lines come to {sum}, rounded to what can be billed");
        lines.push(("", screen.paint(Tone::Dim, note)));
    }
    lines.push(("cycle", reply.billing_cycle.clone()));
    if let Some(basis) = &reply.basis {
        lines.push(("basis", money::basis(basis).to_owned()));
    }
    lines.push(("stored", stored(reply, screen)));
    lines
}

/// The sum of the lines that count; none where one of them is no number.
fn sum(reply: &CostReply) -> Option<Decimal> {
    let mut counted = reply.lines.iter().filter(|line| line.left_out.is_none()).peekable();
    counted.peek()?;
    counted.try_fold(Decimal::ZERO, |sum, line| sum.checked_add(line.amount.parse().ok()?))
}

fn stored(reply: &CostReply, screen: &Screen) -> String {
    let Some(stored) = &reply.stored_cost else { return "not imported".to_owned() };
    let number = |text: &str| text.parse::<Decimal>().ok();
    let more = number(&reply.billing_cost)
        .zip(number(stored))
        .and_then(|(fresh, stored)| fresh.checked_sub(stored));
    match more {
        Some(more) if more.is_zero() => screen.paint(Tone::Good, format!("{stored}, the same")),
        Some(more) => {
            let than = if more > Decimal::ZERO { "more" } else { "less" };
            let text = format!("{stored}: Autotask has {} {than}", more.abs());
            screen.paint(Tone::Warning, text)
        }
        None => stored.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::output::assert_columns;
    use super::super::super::screen::{coloured, sample};
    use super::*;

    fn line(from: &str, units: Option<(&str, &str)>, amount: &str) -> CostLine {
        CostLine {
            from: from.to_owned(),
            start: Some("2026-11-01".to_owned()),
            end: Some("2026-11-30".to_owned()),
            units: units.map(|(units, _)| units.to_owned()),
            unit_price: units.map(|(_, price)| price.to_owned()),
            amount: amount.to_owned(),
            ..CostLine::default()
        }
    }

    fn reply() -> CostReply {
        let mut over = line("9911", Some(("10", "23.10")), "231.00");
        over.start = Some("2026-10-01".to_owned());
        over.end = Some("2026-10-31".to_owned());
        over.left_out = Some("its period does not cover today".to_owned());
        CostReply {
            key: "S55102".to_owned(),
            name: "Endpoint detection 日本語".to_owned(),
            r#type: "service".to_owned(),
            as_of: "2026-11-24T13:00:00Z".to_owned(),
            billing_cost: "259.10".to_owned(),
            stored_cost: Some("254.10".to_owned()),
            currency: "USD".to_owned(),
            currency_basis: Some("internal".to_owned()),
            billing_cycle: "monthly".to_owned(),
            basis: Some("current".to_owned()),
            lines: vec![
                line("9912", Some(("11", "23.10")), "254.10"),
                line("9913", Some(("1", "5.00")), "5.00"),
                over,
            ],
            ..CostReply::default()
        }
    }

    #[test]
    fn the_working_line_by_line() {
        insta::assert_snapshot!("80", render(&reply(), &sample(80)));
        insta::assert_snapshot!("colour", render(&reply(), &coloured()));
        let mut same = reply();
        same.stored_cost = Some("259.10".to_owned());
        insta::assert_snapshot!("120", render(&same, &sample(120)));
    }

    #[test]
    fn an_item_without_rows_and_not_imported() {
        let empty = CostReply {
            lines: Vec::new(),
            billing_cost: "0.00".to_owned(),
            stored_cost: None,
            billing_cycle: "none".to_owned(),
            basis: Some("none".to_owned()),
            currency_basis: Some("client".to_owned()),
            ..reply()
        };
        insta::assert_snapshot!("empty", render(&empty, &sample(80)));
    }

    #[test]
    fn an_agreement_is_the_sum_of_its_additions() {
        let part = |key: &str, amount: &str| CostLine {
            start: None,
            end: None,
            ..line(key, None, amount)
        };
        let sum = CostReply {
            lines: vec![part("S55102", "254.10"), part("B771", "1228.505")],
            billing_cost: "1482.61".to_owned(),
            ..reply()
        };
        insta::assert_snapshot!("sum", render(&sum, &sample(80)));
    }

    #[test]
    fn units_and_price_that_do_not_make_the_amount_say_so() {
        let usd = Currency::new("USD");
        assert!(agree("11", "23.10", "254.10", &usd));
        assert!(agree("3", "3.3333", "10.00", &usd), "the price was rounded");
        assert!(agree("10000", "0.0033", "33.33", &usd), "by up to half a digit a unit");
        assert!(!agree("11", "23.10", "254.20", &usd));
        let wrong = factors(&line("1", Some(("2", "5.00")), "11.00"), &usd);
        assert_eq!(wrong, "2 x 5.00 ≠ ");
        assert_eq!(source("9912"), "row 9912");
        assert_eq!(source("S55102"), "S55102");
    }

    #[test]
    fn csv_has_every_key() {
        assert_columns(CSV, &reply().lines[0]);
    }
}
