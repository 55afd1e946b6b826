//! How states, periods and remarks are told.

use super::*;

fn billed() -> Billing<'static> {
    Billing {
        cost: Some("291.00"),
        currency: "USD",
        cycle: "monthly",
        state: "billed",
        ..Billing::default()
    }
}

fn notes(billing: &Billing<'_>) -> Vec<String> {
    billing.notes(None).into_iter().map(|cell| cell.text().to_owned()).collect()
}

#[test]
fn what_is_simply_billed_says_nothing() {
    assert_eq!(notes(&billed()), [""; 0]);
    assert_eq!(notes(&Billing { state: "one-time", cycle: "one-time", ..billed() }), [""; 0]);
    assert_eq!(notes(&Billing { state: "none", cycle: "none", ..billed() }), [""; 0]);
}

#[test]
fn a_state_has_its_day_and_what_is_to_come_its_amount() {
    let day = Some("2026-07-01");
    let upcoming = Billing { cost: Some("1800.00"), state: "upcoming", since: day, ..billed() };
    assert_eq!(notes(&upcoming), ["from 2026-07-01: +1,800.00 USD per month"]);
    assert_eq!(notes(&Billing { state: "ended", since: day, ..billed() }), ["ended 2026-07-01"]);
    assert_eq!(notes(&Billing { state: "ended", ..billed() }), ["ended"]);
    assert_eq!(notes(&Billing { state: "none", ..billed() }), ["nothing is billed"]);
}

#[test]
fn what_is_known_ahead_is_told_per_month() {
    let next = |cost: &str| NextChange { date: "2026-07-01".into(), billing_cost: cost.into() };
    let ahead = |next: &NextChange, cycle| Billing { next: Some(next), cycle, ..billed() }.ahead();
    let monthly = ahead(&next("309.00"), "monthly");
    assert_eq!(monthly.as_deref(), Some("from 2026-07-01: +18.00 per month"));
    let yearly = ahead(&next("351.00"), "yearly");
    assert_eq!(yearly.as_deref(), Some("from 2026-07-01: +5.00 per month"));
    let ends = ahead(&next("0.00"), "monthly");
    assert_eq!(ends.as_deref(), Some("from 2026-07-01: -291.00 per month"));
}

#[test]
fn a_period_has_the_name_of_its_month_or_year() {
    let told = |start, end| Billing { period: Some(["1149.00", start, end]), ..billed() }.period();
    assert_eq!(
        told("2026-06-01", "2026-06-30").as_deref(),
        Some("June bills 1,149.00 USD (2026-06-01 to 2026-06-30)")
    );
    assert_eq!(
        told("2026-01-01", "2026-12-31").as_deref(),
        Some("2026 bills 1,149.00 USD (2026-01-01 to 2026-12-31)")
    );
    assert_eq!(
        told("2026-06-16", "2026-07-15").as_deref(),
        Some("the period bills 1,149.00 USD (2026-06-16 to 2026-07-15)")
    );
}

#[test]
fn contradictions_stand_by_themselves_and_the_rest_on_one_line() {
    let codes = ["inactive_but_billed", "mixed_cycles", "by_rule", "a_later_code"];
    let codes: Vec<String> = codes.map(str::to_owned).into();
    let billing = Billing {
        remarks: &codes,
        left: Some("7.5 hours"),
        billed: Some(false),
        setup_fee: Some("500.00"),
        billed_to: Some("Acme Holding"),
        ..billed()
    };
    let told: Vec<String> =
        billing.notes(Some("of which 2,400.00 yearly")).iter().map(|c| c.text().into()).collect();
    assert_eq!(
        told,
        [
            "inactive, but billed 291.00 USD per month",
            "of which 2,400.00 yearly · billed by rules · a later code · 7.5 hours left · not \
             billed yet · setup fee 500.00 USD · billed to Acme Holding",
        ]
    );
    let two = [billing, billed()];
    let screen = crate::ctl::output::screen::sample(80);
    assert_eq!(findings(two.into_iter(), &screen), "findings: 1 inactive, but billed\n");
    assert_eq!(findings([billed()].into_iter(), &screen), "");
}

#[test]
fn lines_of_other_cycles_are_summed_by_cycle() {
    let codes = ["mixed_cycles".to_owned()];
    let agreement = Billing { remarks: &codes, cost: Some("400.00"), ..billed() };
    let line = |cost, cycle, state| Billing { cost: Some(cost), cycle, state, ..billed() };
    let lines = [
        line("200.00", "monthly", "billed"),
        line("1200.00", "yearly", "billed"),
        line("1200.00", "yearly", "billed"),
        line("999.00", "yearly", "ended"),
    ];
    let told = of_which(&agreement, lines.into_iter());
    assert_eq!(told.as_deref(), Some("of which 2,400.00 yearly"));
    assert_eq!(of_which(&agreement, lines[..1].iter().copied()), None);
    assert_eq!(of_which(&billed(), lines.into_iter()), None);
}

#[test]
fn every_remark_has_words_of_its_own() {
    let words: std::collections::BTreeSet<&str> = Remark::ALL.into_iter().map(remark).collect();
    assert_eq!(words.len(), Remark::ALL.len());
    assert_eq!(remarks("scaled, by_rule"), format!("{}, billed by rules", remark(Remark::Scaled)));
}
