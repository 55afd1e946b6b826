//! Agreements: what is billed counts, and what is not says so.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::super::*;
use super::kit::*;
use crate::model::{BillingCycle, BillingState, Currency, Remark};

fn about<'a>(today: &str, currency: &'a Currency) -> Agreement<'a> {
    Agreement {
        method: Method::ByPeriod,
        own: Some(BillingCycle::Monthly),
        start: Some(day("01-01")),
        end: Some(day("12-31")),
        is_active: Some(true),
        rules: None,
        siblings: &NOBODY,
        today: day(today),
        currency,
    }
}

/// The total of an agreement of lines with these rows.
fn total_of(agreement: Agreement<'_>, lines: &[&str]) -> Total {
    let (rows, currency): (Vec<Vec<Row>>, _) =
        (lines.iter().map(|text| rows(text)).collect(), usd());
    let cost = |rows: &Vec<Row>| {
        let terms = LineTerms {
            start: agreement.start,
            end: agreement.end,
            ..terms(rows, "01-01", &currency)
        };
        cost_of_line(LineTerms { today: agreement.today, ..terms }).expect("a cost")
    };
    let costs: Vec<LineCost> = rows.iter().map(cost).collect();
    let parts: Vec<Part<'_>> = costs.iter().map(Part::Line).collect();
    super::super::agreement(agreement, &parts).expect("a total")
}

fn of(today: &str, lines: &[&str]) -> Total {
    total_of(about(today, &usd()), lines)
}

fn amount(total: &Total) -> String {
    let period = total.period.as_ref().map_or("none".to_owned(), |one| one.amount.to_string());
    format!("{} {} {period}", total.amount, total.billing)
}

const CARE: &str = "06-01..06-30 2u 200.00, 07-01..07-31 2u 200.00";

#[test]
fn example_8_what_is_over_is_not_in_it() {
    let total = of("06-15", &["05-01..05-31 2u 70.00", CARE]);
    assert_eq!(amount(&total), "200.00 billed 200.00");
    let all_over = of("06-15", &["05-01..05-31 2u 70.00", "04-01..04-30 1u 9.00"]);
    assert_eq!(amount(&all_over), "70.00 ended none");
    assert_eq!(all_over.since, Some(day("05-31")));
}

#[test]
fn example_9_what_is_to_come_is_not_in_it_yet() {
    let total = of("06-26", &["07-01..07-31 1u 1800.00", CARE]);
    assert_eq!(amount(&total), "200.00 billed 200.00");
    assert_eq!(ahead(total.ahead.first().copied()), "2000.00 from 2026-07-01");
    let ahead_of_it = of("06-26", &["07-01..07-31 1u 1800.00"]);
    assert_eq!(amount(&ahead_of_it), "1800.00 upcoming none");
    assert_eq!(ahead_of_it.since, Some(day("07-01")));
}

#[test]
fn example_12_inactive_but_billed() {
    let currency = usd();
    let inactive = Agreement { is_active: Some(false), ..about("06-15", &currency) };
    let total = total_of(inactive, &[CARE]);
    assert_eq!(amount(&total), "200.00 billed 200.00");
    assert_eq!(total.remarks, [Remark::InactiveButBilled].into());
}

#[test]
fn example_13_ended_but_active() {
    let currency = usd();
    let end = Some(day("06-30"));
    for lines in [&["06-01..06-30 2u 200.00"][..], &[CARE], &[]] {
        let total = total_of(Agreement { end, ..about("07-15", &currency) }, lines);
        assert_eq!((total.billing, total.since), (BillingState::Ended, end));
        assert_eq!(total.remarks, [Remark::EndedButActive].into());
        assert_eq!(total.period, None);
    }
}

#[test]
fn example_14_a_yearly_line_on_a_monthly_agreement() {
    let yearly = "2026-01-01..2026-12-31 4u 2400.00";
    let total = of("06-15", &[CARE, yearly]);
    assert_eq!(amount(&total), "400.00 billed 200.00");
    assert_eq!(total.remarks, [Remark::MixedCycles].into());
    assert_eq!(amount(&of("01-15", &["01-01..01-31 2u 200.00", yearly])), "400.00 billed 2600.00");
    let odd = of("06-15", &[CARE, "2026-01-01..2026-12-31 1u 100.00"]);
    assert_eq!(odd.amount, decimal("208.33"), "rounded at the end");
}

#[test]
fn example_15_a_credit_lowers_it() {
    let total = of("06-15", &[CARE, "06-01..06-30 -1u -50.00"]);
    assert_eq!(amount(&total), "150.00 billed 150.00");
    assert!(total.remarks.is_empty());
    assert_eq!(amount(&of("06-15", &[CARE, "06-01..06-30 1u -50.00"])), "150.00 billed 150.00");
}

#[test]
fn a_line_that_ended_within_the_period_is_still_in_its_amount() {
    let ended = "06-01..06-16 25u 562.50, 06-16..06-30 0u 0.00";
    assert_eq!(amount(&of("06-20", &[CARE, ended])), "200.00 billed 762.50");
}

#[test]
fn an_agreement_without_a_cycle_has_that_of_its_lines_or_a_month() {
    let currency = usd();
    let own =
        |lines: &[&str]| total_of(Agreement { own: None, ..about("06-15", &currency) }, lines);
    let quarter = "04-01..06-30 1u 90.00";
    assert_eq!(own(&[quarter]).cycle, BillingCycle::Quarterly);
    let mixed = own(&[quarter, CARE]);
    assert_eq!((mixed.cycle, mixed.amount), (BillingCycle::Monthly, decimal("230.00")));
    assert_eq!(own(&[]).cycle, BillingCycle::None);
}

fn once(method: Method, rules: Option<Rules>, parts: &[Part<'_>]) -> Total {
    let currency = usd();
    let about = Agreement { method, own: None, rules, ..about("06-15", &currency) };
    super::super::agreement(about, parts).expect("a total")
}

fn purchase(amount: &str, basis: Basis, is_active: bool, days: [&str; 2]) -> Part<'static> {
    let [start, end] = days.map(|text| Some(day(text)));
    Part::Purchase(Bought { amount: decimal(amount), basis, is_active, start, end })
}

#[test]
fn purchases_count_while_they_are_active_and_cover_the_day() {
    let parts = [
        purchase("2500.00", Basis::Current, true, ["06-01", "06-30"]),
        purchase("900.00", Basis::Current, false, ["06-01", "06-30"]),
        purchase("80.00", Basis::Last, true, ["04-01", "04-30"]),
        purchase("70.00", Basis::Last, true, ["05-01", "05-31"]),
        Part::ByItself,
    ];
    let total = once(Method::InAdvance, None, &parts);
    assert_eq!((total.amount, total.cycle), (decimal("2500.00"), BillingCycle::OneTime));
    let shares: Vec<bool> = parts.iter().map(|part| total.share(part).rate.is_some()).collect();
    assert_eq!(shares, [true, false, false, false, false]);
    let over = once(Method::InAdvance, None, &parts[1..]);
    assert_eq!((over.billing, over.since), (BillingState::Ended, Some(day("05-31"))));
    assert_eq!((over.amount, over.share(&parts[3]).rate), (decimal("0.00"), None));
    let to_come = purchase("60.00", Basis::First, true, ["07-01", "07-31"]);
    let later = once(Method::InAdvance, None, &[parts[3], to_come]);
    assert_eq!((later.billing, later.since), (BillingState::Upcoming, Some(day("07-01"))));
    assert_eq!(once(Method::InAdvance, None, &parts[4..]).billing, BillingState::None);
}

#[test]
fn a_fixed_price_without_milestones_costs_what_its_rules_charge() {
    let charge = |on: &str| Part::Charge(decimal("300.00"), Some(day(on)));
    let parts = [charge("04-01"), charge("05-01"), charge("06-01")];
    let rules = |is_active| Some(Rules { is_active });
    let total = once(Method::FixedPrice, rules(true), &parts);
    assert_eq!(amount(&total), "300.00 billed 300.00");
    assert_eq!((total.cycle, total.remarks), (BillingCycle::Monthly, [Remark::ByRule].into()));
    assert_eq!(once(Method::FixedPrice, rules(true), &parts[2..]).amount, decimal("300.00"));
    assert_eq!(once(Method::FixedPrice, rules(false), &parts).billing, BillingState::Ended);
    let with_milestone = [Part::Milestone(decimal("50.00")), charge("05-01")];
    let total = once(Method::FixedPrice, rules(true), &with_milestone);
    assert_eq!((total.amount, total.cycle), (decimal("50.00"), BillingCycle::OneTime));
}

#[test]
fn a_charge_that_is_not_billable_costs_nothing() {
    let charge = |is_free| Sale { amount: Some(decimal("80.00")), is_free, ..Sale::default() };
    let cost = |is_free| sale(&charge(is_free), &usd()).expect("a cost").amount;
    assert_eq!((cost(false), cost(true)), (decimal("80.00"), decimal("0.00")));
    let too_large =
        Sale { units: Some(Decimal::MAX), unit_price: Some(Decimal::TEN), ..Sale::default() };
    assert_eq!(sale(&too_large, &usd()), Err(TooLarge));
}

#[test]
fn how_dates_lie_around_a_day() {
    let dated = |start: Option<NaiveDate>, end| Sale { start, end, ..Sale::default() };
    let (june, july) = (Some(day("06-01")), Some(day("07-01")));
    let today = day("06-15");
    assert_eq!(dated(june, july).basis(today), Basis::Current);
    assert_eq!(dated(july, None).basis(today), Basis::First);
    assert_eq!(dated(None, june).basis(today), Basis::Last);
    assert_eq!(dated(None, None).basis(today), Basis::Current);
}

#[test]
fn the_period_of_an_agreement_is_not_cut_where_a_line_begins_or_ends() {
    let total =
        of("06-21", &["06-01..06-10 1u 30.00", "06-21..06-30 1u 20.00, 07-01..07-31 1u 60.00"]);
    let period = total.period.expect("a period");
    assert_eq!((period.start, period.end), (day("06-01"), day("06-30")));
    assert_eq!(period.amount, decimal("50.00"));
}

#[test]
fn the_month_of_rules_is_cut_by_the_agreement() {
    let currency = usd();
    let of_rules = Agreement {
        method: Method::FixedPrice,
        own: None,
        end: Some(day("05-12")),
        rules: Some(Rules { is_active: true }),
        ..about("05-10", &currency)
    };
    let charges = ["04-01", "05-01"].map(|on| Part::Charge(decimal("175.00"), Some(day(on))));
    let period = super::super::agreement(of_rules, &charges).expect("a total").period;
    let period = period.expect("a period");
    assert_eq!((period.start, period.end), (day("05-01"), day("05-12")));
}

#[test]
fn of_what_is_to_come_counts_what_begins_first_and_the_rest_is_known_ahead() {
    let lines = ["11-01..11-30 1u 100.00, 12-01..12-31 1u 100.00", "12-01..12-31 1u 50.00"];
    let total = of("10-15", &lines);
    assert_eq!((total.billing, total.since), (BillingState::Upcoming, Some(day("11-01"))));
    assert_eq!(total.amount, decimal("100.00"));
    let ahead: Vec<String> =
        total.ahead.iter().map(|next| super::kit::ahead(Some(*next))).collect();
    assert_eq!(ahead, ["150.00 from 2026-12-01", "0.00 from 2027-01-01"]);
}

#[test]
fn nothing_is_billed_after_the_end_of_an_agreement() {
    let currency = usd();
    let about = Agreement { end: Some(day("06-30")), ..about("06-15", &currency) };
    let yearly = "2026-01-01..2026-12-31 1u 1200.00";
    let total = total_of(about, &[CARE, yearly]);
    let ahead: Vec<String> =
        total.ahead.iter().map(|next| super::kit::ahead(Some(*next))).collect();
    assert_eq!(ahead, ["0.00 from 2026-07-01"]);
}

#[test]
fn the_shares_of_the_lines_add_up_to_rate_and_period() {
    let yearly = "2026-01-01..2026-12-31 1u 240.00";
    let over = "06-01..06-10 1u 10.00";
    let (rows, currency): (Vec<Vec<Row>>, _) =
        ([CARE, yearly, over].iter().map(|text| rows(text)).collect(), usd());
    let costs: Vec<LineCost> = rows
        .iter()
        .map(|rows| cost_of_line(terms(rows, "06-15", &currency)).expect("a cost"))
        .collect();
    let parts: Vec<Part<'_>> = costs.iter().map(Part::Line).collect();
    let total = super::super::agreement(about("06-15", &currency), &parts).expect("a total");
    let shares: Vec<Share> = parts.iter().map(|part| total.share(part)).collect();
    let amounts: Vec<Option<String>> =
        shares.iter().map(|share| Some(share.period_amount?.to_string())).collect();
    assert_eq!(amounts, [Some("200.00".to_owned()), None, Some("10.00".to_owned())]);
    assert_eq!(total.period.as_ref().map(|period| period.amount), Some(decimal("210.00")));
    let why = "ended 2026-06-10, so only in the period";
    assert_eq!(shares[2].left_out.as_deref(), Some(why));
}
