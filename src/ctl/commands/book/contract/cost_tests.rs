//! Snapshots of the working of a cost.

use super::*;
use crate::ctl::output::assert_columns;
use crate::ctl::output::screen::{coloured, sample};

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
    next.left_out = Some("begins on 2026-07-01".to_owned());
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
        notes: vec!["unit price 45.00 from row 98765414, a whole period: 27 x 45.00".to_owned()],
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
        lines: vec![purchase("H1", None), purchase("H2", Some("not active"))],
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
    assert_eq!(
        told,
        "the rows in force total 99.99 when scaled; the unit price replaces this total"
    );
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
