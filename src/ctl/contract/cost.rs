//! `contract cost`: how the rate and the period amount come about, row by row, so that both can be
//! checked by hand.

use chrono::{Months, NaiveDate};
use rust_decimal::Decimal;

use super::super::billing::{self, Billing};
use super::super::error::CtlError;
use super::super::keys;
use super::super::money::{self, grouped};
use super::super::output::Csv;
use super::super::screen::{NONE, Screen, Tone};
use super::super::start::Ctl;
use super::super::table::{Cell, Column, Table, pairs, toned};
use super::show;
use crate::model::{BillingCycle, Currency, Remark};
use crate::varlink::contracts::{Cost, CostLine, CostReply};

/// Half of the last digit that a unit price is told with: the price times the units may miss the
/// amount by this much a unit.
const UNIT_PRICE_SLACK: Decimal = Decimal::from_parts(5, 0, 0, false, 5);

/// Show how both amounts of a contract come about
///
/// Reads Autotask now and shows the working: each row with its days and units, what it adds to the
/// rate (one whole billing cycle at the units and prices in force) and to the period amount (what
/// Autotask bills for the running period), which whole row gave the unit price, and what was left
/// out and why. `lmsyncctl help billing` has the rules.
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
    text.push_str(&format!("as Autotask has it, {}\n\n", screen.short(Some(&reply.as_of))));
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
                format!("the rows in force total {sum} when scaled: the unit price replaces that")
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
mod tests {
    use super::super::super::output::assert_columns;
    use super::super::super::screen::{coloured, sample};
    use super::*;

    /// A row of June: its id, first day, units with the price of one, and its amount.
    fn row(from: &str, start: &str, units: (&str, &str), amount: &str) -> CostLine {
        CostLine {
            from: format!("row {from}"),
            start: Some(format!("2026-06-{start}")),
            end: Some("2026-06-30".to_owned()),
            units: Some(units.0.to_owned()),
            unit_price: Some(units.1.to_owned()),
            amount: amount.to_owned(),
            ..CostLine::default()
        }
    }

    fn counted(mut line: CostLine, days: i64, rate: &str, period: &str) -> CostLine {
        (line.days, line.of_days) = (Some(days), Some(30));
        line.rate = Some(rate.to_owned());
        line.period_amount = Some(period.to_owned());
        line
    }

    /// The worked example: 25 units at 45.00, two more from the 23rd on.
    fn reply() -> CostReply {
        let base = row("98765412", "01", ("25", "45.00"), "1125.00");
        let more = row("98765413", "23", ("2", "12.00"), "24.00");
        let mut next = row("98765414", "01", ("27", "45.00"), "1215.00");
        (next.start, next.end) = (Some("2026-07-01".to_owned()), Some("2026-07-31".to_owned()));
        next.left_out = Some("it begins on 2026-07-01".to_owned());
        CostReply {
            key: "S55102".to_owned(),
            name: "Endpoint detection".to_owned(),
            r#type: "service".to_owned(),
            as_of: "2026-06-24T13:00:00Z".to_owned(),
            billing_cost: "1215.00".to_owned(),
            stored_cost: Some("1125.00".to_owned()),
            currency: "USD".to_owned(),
            currency_basis: Some("client".to_owned()),
            billing_cycle: "monthly".to_owned(),
            billing: Some("billed".to_owned()),
            basis: Some("current".to_owned()),
            period_amount: Some("1149.00".to_owned()),
            period_start: Some("2026-06-01".to_owned()),
            period_end: Some("2026-06-30".to_owned()),
            lines: vec![
                counted(base, 30, "1125.00", "1125.00"),
                counted(more, 8, "90.00", "24.00"),
                next,
            ],
            notes: vec![
                "unit price 45.00 from row 98765414, a whole period: 27 x 45.00".to_owned(),
            ],
            ..CostReply::default()
        }
    }

    #[test]
    fn the_working_of_both_amounts_row_by_row() {
        insta::assert_snapshot!("80", render(&reply(), &sample(80)));
        insta::assert_snapshot!("colour", render(&reply(), &coloured()));
        let mut same = reply();
        same.stored_cost = Some("1215.00".to_owned());
        insta::assert_snapshot!("120", render(&same, &sample(120)));
    }

    #[test]
    fn the_same_change_as_a_chain_of_rows() {
        let mut first = row("98765412", "01", ("25", "33.00"), "825.00");
        first.end = Some("2026-06-23".to_owned());
        first.period_amount = Some("825.00".to_owned());
        let second = row("98765413", "23", ("27", "12.00"), "324.00");
        let mut chain = reply();
        chain.lines[0] = first;
        chain.lines[1] = counted(second, 8, "1215.00", "324.00");
        insta::assert_snapshot!("chain", render(&chain, &sample(80)));
    }

    #[test]
    fn an_item_without_rows_and_not_imported() {
        let empty = CostReply {
            lines: Vec::new(),
            billing_cost: "0.00".to_owned(),
            stored_cost: None,
            billing_cycle: "none".to_owned(),
            basis: Some("none".to_owned()),
            billing: Some("none".to_owned()),
            currency_basis: Some("client".to_owned()),
            period_amount: None,
            ..reply()
        };
        insta::assert_snapshot!("empty", render(&empty, &sample(80)));
    }

    #[test]
    fn an_agreement_is_the_sum_of_its_billed_additions() {
        let part = |key: &str, amount: &str| CostLine {
            from: key.to_owned(),
            amount: amount.to_owned(),
            rate: Some(amount.to_owned()),
            period_amount: Some(amount.to_owned()),
            ..CostLine::default()
        };
        let mut over = part("S7", "70.00");
        (over.rate, over.period_amount) = (None, None);
        over.left_out = Some("ended 2026-05-31".to_owned());
        let sum = CostReply {
            key: "A1".to_owned(),
            lines: vec![part("S55102", "254.10"), part("B771", "1228.505"), over],
            billing_cost: "1482.61".to_owned(),
            stored_cost: Some("1552.61".to_owned()),
            period_amount: Some("1482.61".to_owned()),
            remarks: vec!["inactive_but_billed".to_owned()],
            notes: Vec::new(),
            ..reply()
        };
        insta::assert_snapshot!("sum", render(&sum, &sample(80)));
    }

    #[test]
    fn an_agreement_of_mixed_cycles_says_what_is_of_another_one() {
        let part = |key: &str, end: &str, rate: &str| CostLine {
            from: key.to_owned(),
            start: Some("2026-01-01".to_owned()),
            end: Some(end.to_owned()),
            amount: rate.to_owned(),
            rate: Some(rate.to_owned()),
            period_amount: Some(rate.to_owned()),
            ..CostLine::default()
        };
        let mixed = CostReply {
            key: "A1".to_owned(),
            lines: vec![part("S1", "2026-01-31", "200.00"), part("S2", "2026-12-31", "2400.00")],
            billing_cost: "400.00".to_owned(),
            stored_cost: Some("400.00".to_owned()),
            remarks: vec!["mixed_cycles".to_owned()],
            notes: Vec::new(),
            ..reply()
        };
        insta::assert_snapshot!("mixed", render(&mixed, &sample(80)));
    }

    #[test]
    fn what_is_bought_once_has_an_amount_and_no_period() {
        let purchase = |key: &str, left_out: Option<&str>| CostLine {
            from: key.to_owned(),
            units: Some("20".to_owned()),
            unit_price: Some("125.00".to_owned()),
            amount: "2500.00".to_owned(),
            left_out: left_out.map(str::to_owned),
            ..CostLine::default()
        };
        let block = CostReply {
            key: "A1".to_owned(),
            lines: vec![purchase("H1", None), purchase("H2", Some("it is not active"))],
            billing_cost: "2500.00".to_owned(),
            stored_cost: None,
            billing_cycle: "one-time".to_owned(),
            billing: Some("one-time".to_owned()),
            period_amount: None,
            left: Some("7.5 hours".to_owned()),
            billed: Some(true),
            notes: Vec::new(),
            ..reply()
        };
        insta::assert_snapshot!("once", render(&block, &sample(80)));
    }

    #[test]
    fn a_rounded_stub_says_that_the_unit_price_replaced_it() {
        let mut stub = reply();
        stub.lines.truncate(1);
        stub.lines[0].rate = Some("99.99".to_owned());
        stub.billing_cost = "100.00".to_owned();
        let told = rounded(&stub).expect("a note");
        assert_eq!(told, "the rows in force total 99.99 when scaled: the unit price replaces that");
        stub.lines[0].rate = Some("100.00".to_owned());
        assert_eq!(rounded(&stub), None);
    }

    #[test]
    fn units_and_price_that_do_not_make_the_amount_say_so() {
        let usd = Currency::new("USD");
        assert!(agree("11", "23.10", "254.10", &usd));
        assert!(agree("3", "3.3333", "10.00", &usd), "the price was rounded");
        assert!(agree("10000", "0.0033", "33.33", &usd), "by up to half a digit a unit");
        assert!(!agree("11", "23.10", "254.20", &usd));
        let wrong = factors(&row("1", "01", ("2", "5.00"), "11.00"), &usd);
        assert_eq!(wrong, "2 x 5.00 ≠ ");
        assert_eq!(source("row 9912"), "9912");
        assert_eq!(source("S55102"), "S55102");
    }

    #[test]
    fn the_year_of_a_row_is_told_once() {
        let days = |start: &str, end: &str| {
            let (start, end) = (Some(start.to_owned()), Some(end.to_owned()));
            period(&CostLine { start, end, ..CostLine::default() })
        };
        assert_eq!(days("2026-06-01", "2026-06-30"), "2026-06-01..06-30");
        assert_eq!(days("2026-12-15", "2027-01-14"), "2026-12-15..2027-01-14");
        assert_eq!(days("2026-06-01", "2026-06-01"), "2026-06-01");
        assert_eq!(days("ä", "日本"), "ä..日本");
    }

    #[test]
    fn csv_has_every_key() {
        assert_columns(CSV, &reply().lines[0]);
    }
}
