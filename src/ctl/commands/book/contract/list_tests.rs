//! Snapshots of lists of contracts, and what their sums leave out.

use super::super::samples::contract;
use super::*;
use crate::ctl::output::assert_columns;
use crate::ctl::output::screen::{coloured, sample};
use crate::protocol::sync::NextChange;

fn contracts() -> ContractList {
    let mut gone = contract("S61", Some("A2"), "Old backup", "9.00", "USD");
    gone.vanished = Some("2026-11-20T01:00:00Z".to_owned());
    let long = "Endpoint detection and response for workstations, with a very long name indeed";
    let mut odd = contract("A3", None, "東京支社 マネージドサービス契約", "120000", "JPY");
    odd.billing_cycle = "unknown (7)".to_owned();
    ContractList {
        contracts: vec![
            contract("A1", None, "Managed Workplace", "482.60", "USD"),
            contract("S55102", Some("A1"), long, "400.00", "USD"),
            contract("S55103", Some("A1"), "Backup", "82.60", "USD"),
            gone,
            odd,
            contract("A4", None, "Wartung", "90.00", "EUR"),
        ],
    }
}

/// Every cycle, a charge below an agreement, and a currency that is in doubt.
fn cycles() -> ContractList {
    let mut list = contracts();
    let of = |key: &str, parent, cost: &str, cycle: &str| {
        let mut contract = contract(key, parent, "More", cost, "USD");
        contract.billing_cycle = cycle.to_owned();
        contract
    };
    let mut internal = of("A5", None, "100.00", "yearly");
    internal.currency_basis = Some("internal".to_owned());
    list.contracts.extend([
        internal,
        of("C7", Some("A5"), "35.00", "one-time"),
        of("A6", None, "5000.00", "one-time"),
        of("M1", Some("A6"), "5000.00", "one-time"),
        of("A7", None, "0.00", "none"),
    ]);
    list
}

fn view(everyone: bool) -> View {
    View { everyone, ..View::default() }
}

#[test]
fn contracts_on_both_screens() {
    insta::assert_snapshot!("120", render(&contracts(), &view(true), &sample(120)));
    insta::assert_snapshot!("80", render(&contracts(), &view(false), &sample(80)));
    insta::assert_snapshot!("colour", render(&contracts(), &view(false), &coloured()));
    let none = ContractList { contracts: Vec::new() };
    insta::assert_snapshot!("empty", render(&none, &view(true), &sample(80)));
}

#[test]
fn the_book_of_another_day_says_so() {
    let view = View { as_of: Some("2026-06-30".to_owned()), ..View::default() };
    insta::assert_snapshot!("as_of", render(&contracts(), &view, &sample(80)));
    let none = ContractList { contracts: Vec::new() };
    assert_eq!(render(&none, &view, &sample(80)), "no contracts as of 2026-06-30\n");
}

#[test]
fn costs_a_month_and_a_year_say_what_they_leave_out() {
    for (name, span) in [("month", Span::Month), ("year", Span::Year)] {
        let view = View { normalize: Some(span), ..View::default() };
        insta::assert_snapshot!(name, render(&cycles(), &view, &sample(100)));
    }
}

/// A book in which a line ended, one is to come, and statuses contradict what is billed.
fn billed() -> ContractList {
    let of = |key: &str, parent, name: &str, cost: &str, state: &str| {
        let mut contract = contract(key, parent, name, cost, "USD");
        contract.billing = state.to_owned();
        contract
    };
    let since = |mut contract: Contract, day: &str| {
        contract.billing_since = Some(day.to_owned());
        contract
    };
    let mut agreement = of("A1", None, "Managed Workplace", "1415.00", "billed");
    agreement.status = "inactive".to_owned();
    agreement.remarks = vec!["inactive_but_billed".to_owned(), "mixed_cycles".to_owned()];
    agreement.billed_to = Some("Acme Holding".to_owned());
    agreement.setup_fee = Some("500.00".to_owned());
    let mut rises = of("S1", Some("A1"), "Endpoint detection", "1215.00", "billed");
    rises.next_change =
        Some(NextChange { date: "2026-12-01".to_owned(), billing_cost: "1293.00".to_owned() });
    let mut yearly = of("S2", Some("A1"), "Domain names", "2400.00", "billed");
    yearly.billing_cycle = "yearly".to_owned();
    let ended = since(of("S3", Some("A1"), "Old backup", "70.00", "ended"), "2026-10-31");
    let next = since(of("S4", Some("A1"), "Server care", "900.00", "upcoming"), "2026-12-01");
    let mut charge = of("C5", Some("A1"), "Firewall", "3100.00", "one-time");
    (charge.billing_cycle, charge.billed) = ("one-time".to_owned(), Some(false));
    let ahead = since(of("A2", None, "Workplace 2027", "900.00", "upcoming"), "2026-12-01");
    let below = since(of("S6", Some("A2"), "Server care", "900.00", "upcoming"), "2026-12-01");
    let mut over = since(of("A3", None, "Backup 2025", "90.00", "ended"), "2026-06-30");
    over.remarks = vec!["ended_but_active".to_owned()];
    let mut by_hand = of("L9", None, "Leased printer", "45.00", "billed");
    (by_hand.source, by_hand.status) = ("local".to_owned(), "expired".to_owned());
    let contracts =
        vec![agreement, rises, yearly, ended, next, charge, ahead, below, over, by_hand];
    ContractList { contracts }
}

#[test]
fn sums_count_what_is_billed_and_say_what_they_leave_out() {
    insta::assert_snapshot!("billing_80", render(&billed(), &view(false), &sample(80)));
    insta::assert_snapshot!("billing_120", render(&billed(), &view(true), &sample(120)));
    let pipe = Screen { width: None, ..sample(80) };
    let by_year = View { normalize: Some(Span::Year), ..View::default() };
    insta::assert_snapshot!("billing_pipe", render(&billed(), &by_year, &pipe));
}

#[test]
fn what_is_still_to_bill_below_an_agreement_is_counted() {
    let once = |key: &str, parent, cost: &str, billed| Contract {
        billing_cycle: "one-time".to_owned(),
        billed,
        ..contract(key, parent, "Office move", cost, "USD")
    };
    let contracts = vec![
        once("A1", None, "6500.00", None),
        once("M1", Some("A1"), "1500.00", Some(true)),
        once("M2", Some("A1"), "5000.00", Some(false)),
        once("C3", Some("A1"), "350.00", Some(false)),
    ];
    let left_out = totals(&contracts).left_out(Span::Month);
    assert_eq!(left_out.as_deref(), Some("2 one-time (6,850.00 USD, 2 not billed yet)"));
}

#[test]
fn csv_has_every_key() {
    assert_columns(CSV, &contracts().contracts[0]);
}

#[test]
fn a_list_fits_fifty_columns() {
    for everyone in [true, false] {
        let text = render(&contracts(), &view(everyone), &sample(50));
        crate::ctl::output::table::assert_fits(&text, 50);
        assert!(text.contains("482.60 USD"), "{text}");
    }
}
