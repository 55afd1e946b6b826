//! The rules of cost, case by case to the cent, and what holds of any rows.

use proptest::prelude::*;

use super::*;
use crate::model::WorkingLine;

fn decimal(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn period(start: &str, end: &str, units: &str, price: &str) -> Period {
    Period {
        row: 1,
        start: day(start),
        end: day(end),
        units: decimal(units),
        price: decimal(price),
    }
}

fn cost(periods: &[Period], today: &str) -> Cost {
    addition(periods, day(today), Some(decimal("9.5")), &Currency::new("USD")).expect("a cost")
}

fn shown(cost: &Cost) -> String {
    let text = |number: Option<Decimal>| number.map_or("-".to_owned(), |it| it.to_string());
    let (units, price) = (text(cost.units), text(cost.unit_price));
    format!("{} = {units} x {price} ({})", cost.amount, cost.basis)
}

#[test]
fn the_price_of_a_row_is_already_extended() {
    let rows = [period("2026-10-01", "2026-10-31", "11", "254.1000")];
    assert_eq!(shown(&cost(&rows, "2026-10-01")), "254.10 = 11 x 23.10 (current)");
    assert_eq!(shown(&cost(&rows, "2026-10-31")), "254.10 = 11 x 23.10 (current)");
}

#[test]
fn all_rows_that_cover_the_day_add_up_and_others_do_not() {
    let rows = [
        period("2026-09-01", "2026-09-30", "10", "100"),
        period("2026-10-01", "2026-10-31", "10", "100"),
        period("2026-10-15", "2026-10-31", "3", "15.49"),
        period("2026-11-01", "2026-11-30", "13", "130"),
    ];
    assert_eq!(shown(&cost(&rows, "2026-10-14")), "100.00 = 10 x 10.00 (current)");
    assert_eq!(shown(&cost(&rows, "2026-10-15")), "115.49 = 13 x 8.8838 (current)");
}

#[test]
fn before_the_start_the_first_period_counts_and_after_the_end_the_last() {
    let rows = [
        period("2026-02-01", "2026-02-28", "3", "30"),
        period("2026-01-01", "2026-01-31", "1", "10"),
        period("2026-01-01", "2026-01-31", "1", "5"),
        period("2026-02-15", "2026-02-28", "1", "5"),
    ];
    assert_eq!(shown(&cost(&rows, "2025-12-31")), "15.00 = 2 x 7.50 (first)");
    assert_eq!(shown(&cost(&rows, "2026-03-01")), "35.00 = 4 x 8.75 (last)");
}

#[test]
fn in_a_gap_the_last_period_that_has_ended_counts() {
    let rows = [
        period("2026-01-01", "2026-01-31", "1", "10"),
        period("2026-03-01", "2026-03-31", "2", "20"),
    ];
    assert_eq!(shown(&cost(&rows, "2026-02-10")), "10.00 = 1 x 10.00 (last)");
}

#[test]
fn without_rows_or_units_the_price_of_the_line_stands() {
    assert_eq!(shown(&cost(&[], "2026-01-01")), "0.00 = 0 x 9.50 (none)");
    let rows = [period("2026-01-01", "2026-01-31", "0", "0.0000")];
    assert_eq!(shown(&cost(&rows, "2026-01-01")), "0.00 = 0 x 9.50 (current)");
    let bare = addition(&[], day("2026-01-01"), None, &Currency::new("USD")).expect("a cost");
    assert_eq!(bare.unit_price, None);
}

#[test]
fn a_unit_price_has_the_decimals_it_needs_up_to_four() {
    let price = |units: &str, price: &str, currency: &str| {
        let rows = [period("2026-01-01", "2026-01-31", units, price)];
        let cost = addition(&rows, day("2026-01-01"), None, &Currency::new(currency));
        cost.expect("a cost").unit_price.expect("a price").to_string()
    };
    assert_eq!(price("3", "10", "USD"), "3.3333");
    assert_eq!(price("4", "0.05", "USD"), "0.0125");
    assert_eq!(price("1", "1500.0000", "JPY"), "1500");
    assert_eq!(price("1", "1.5", "KWD"), "1.500");
    assert_eq!(price("-2", "-20", "USD"), "10.00");
}

#[test]
fn sums_that_cannot_be_held_are_an_error() {
    let rows = [
        period("2026-01-01", "2026-01-31", "1", &Decimal::MAX.to_string()),
        period("2026-01-01", "2026-01-31", "1", &Decimal::MAX.to_string()),
    ];
    let usd = Currency::new("USD");
    assert_eq!(addition(&rows, day("2026-01-01"), None, &usd), Err(TooLarge));
}

#[test]
fn a_correction_is_added_like_any_row() {
    let rows = [
        period("2026-10-01", "2026-10-31", "10", "231.00"),
        period("2026-10-20", "2026-10-31", "-2", "-17.8839"),
    ];
    assert_eq!(shown(&cost(&rows, "2026-10-19")), "231.00 = 10 x 23.10 (current)");
    assert_eq!(shown(&cost(&rows, "2026-10-20")), "213.12 = 8 x 26.6395 (current)");
}

#[test]
fn the_working_holds_every_row_and_why_it_was_left_out() {
    let rows = [
        Period { row: 3, ..period("2026-11-01", "2026-11-30", "13", "130") },
        Period { row: 1, ..period("2026-10-01", "2026-10-31", "10", "100") },
        Period { row: 2, ..period("2026-10-15", "2026-10-31", "3", "15.4949") },
    ];
    let working = |today| {
        let lines = line_working(&rows, day(today), &Currency::new("USD"));
        let line = |line: WorkingLine| {
            let (units, price) = (line.units.expect("units"), line.unit_price.expect("a price"));
            let left_out = line.left_out.unwrap_or_default();
            format!("{}: {units} x {price} = {} {left_out}", line.from, line.amount)
        };
        lines.into_iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(
        working("2026-10-20"),
        [
            "row 1: 10 x 10.00 = 100.00 ",
            "row 2: 3 x 5.165 = 15.4949 ",
            "row 3: 13 x 10.00 = 130.00 its dates do not cover today",
        ]
    );
    let first = "nothing covers today, and it is not of the first period, which starts 2026-10-01";
    assert_eq!(working("2026-09-20")[1], format!("row 2: 3 x 5.165 = 15.4949 {first}"));
    let last = "nothing covers today, and it is not of the last period, which ended 2026-11-30";
    assert_eq!(working("2026-12-01")[0], format!("row 1: 10 x 10.00 = 100.00 {last}"));
}

/// Something bought: its dates, units, price and amount, empty where there is none.
fn bought(start: &str, end: &str, [units, price, amount]: [&str; 3]) -> Sale {
    let date = |text: &str| (!text.is_empty()).then(|| day(text));
    let number = |text: &str| (!text.is_empty()).then(|| decimal(text));
    Sale {
        start: date(start),
        end: date(end),
        units: number(units),
        unit_price: number(price),
        amount: number(amount),
    }
}

#[test]
fn what_is_bought_once_costs_its_amount_or_units_times_price() {
    let (from, to) = ("2026-10-01", "2026-10-31");
    for (start, end, numbers, currency, cost) in [
        (from, to, ["40", "95", ""], "USD", "3800.00 = 40 x 95.00 (current)"),
        (from, to, ["7.5", "125.5550", ""], "USD", "941.66 = 7.5 x 125.555 (current)"),
        (from, to, ["25", "65.004", ""], "USD", "1625.10 = 25 x 65.004 (current)"),
        (from, to, ["0", "65", ""], "USD", "0.00 = 0 x 65.00 (current)"),
        (from, to, ["", "", "2000.50"], "USD", "2000.50 = - x - (current)"),
        (from, to, ["", "", "2000.5"], "JPY", "2001 = - x - (current)"),
        (from, to, ["", "", "1.2345"], "KWD", "1.235 = - x - (current)"),
        (from, to, ["4", "189.50", "758"], "USD", "758.00 = 4 x 189.50 (current)"),
        // The amount as given counts, whatever units and price come to.
        (from, to, ["4", "189.50", "700"], "USD", "700.00 = 4 x 189.50 (current)"),
        (from, to, ["1", "-25", ""], "USD", "-25.00 = 1 x -25.00 (current)"),
        ("2026-10-16", to, ["", "", "10"], "USD", "10.00 = - x - (first)"),
        (from, "2026-10-14", ["", "", "10"], "USD", "10.00 = - x - (last)"),
        ("2026-10-15", "2026-10-15", ["", "", "10"], "USD", "10.00 = - x - (current)"),
        ("", "2026-10-14", ["", "", "10"], "USD", "10.00 = - x - (last)"),
        ("2026-10-15", "", ["", "", "10"], "USD", "10.00 = - x - (current)"),
        ("", "", ["", "", "10"], "USD", "10.00 = - x - (current)"),
    ] {
        let bought = bought(start, end, numbers);
        let basis = bought.basis(day("2026-10-15"));
        let found = sale(&bought, basis, &Currency::new(currency)).expect("a cost");
        assert_eq!(shown(&found), cost, "{bought:?}");
    }
    let huge = bought("", "", [&Decimal::MAX.to_string(), &Decimal::MAX.to_string(), ""]);
    assert_eq!(sale(&huge, Basis::None, &Currency::new("USD")), Err(TooLarge));
}

fn summand(part: Part, amount: &str, basis: Basis, cycle: BillingCycle) -> Summand {
    Summand { part, amount: decimal(amount), basis, cycle }
}

#[test]
fn every_type_of_agreement_has_its_cost_cycle_and_basis() {
    use Basis::{Current, First, Last};
    use Billing::{ByMilestone, ByPeriod, ByWork, InAdvance};
    use BillingCycle::{Monthly, None as Never, OneTime, Yearly};
    let line = |amount, basis, cycle| summand(Part::Line, amount, basis, cycle);
    let purchase = |amount, basis| summand(Part::Purchase, amount, basis, OneTime);
    let milestone = |amount| summand(Part::Milestone, amount, Basis::None, OneTime);
    let charge = || summand(Part::Charge, "249.00", Basis::None, OneTime);
    for (billing, own, additions, expected) in [
        (
            ByPeriod,
            Some(Monthly),
            vec![line("254.10", Current, Monthly), line("39.90", Last, Monthly), charge()],
            "294.00 monthly (current)",
        ),
        (ByPeriod, Some(Yearly), vec![line("10.00", First, Yearly)], "10.00 yearly (first)"),
        (ByPeriod, Some(Monthly), vec![], "0.00 monthly (none)"),
        (ByPeriod, None, vec![line("7.00", Last, Yearly)], "7.00 yearly (last)"),
        (ByPeriod, None, vec![], "0.00 none (none)"),
        (ByPeriod, None, vec![charge()], "0.00 none (none)"),
        (
            ByPeriod,
            None,
            vec![line("1.00", Current, Monthly), line("2.00", Current, Yearly)],
            "it has none, and its additions are billed in different cycles",
        ),
        (
            ByMilestone,
            None,
            vec![milestone("1500.00"), milestone("4200.00"), milestone("800.00"), charge()],
            "6500.00 one-time (none)",
        ),
        (ByMilestone, None, vec![], "0.00 one-time (none)"),
        (
            InAdvance,
            None,
            vec![
                purchase("2500.00", Last),
                purchase("2500.00", Current),
                purchase("99.99", Current),
                purchase("2600.00", First),
                charge(),
            ],
            "2599.99 one-time (current)",
        ),
        (InAdvance, None, vec![purchase("2500.00", Last)], "0.00 one-time (none)"),
        (InAdvance, None, vec![], "0.00 one-time (none)"),
        (ByWork, None, vec![charge()], "0.00 none (none)"),
        (ByWork, Some(Monthly), vec![], "0.00 none (none)"),
    ] {
        let found = match agreement(billing, own, &additions, &Currency::new("USD")) {
            Ok(Total { amount, cycle, basis }) => format!("{amount} {cycle} ({basis})"),
            Err(why) => why.to_string(),
        };
        assert_eq!(found, expected, "{billing:?} {own:?} {additions:?}");
    }
    assert_eq!(Never.to_string(), "none");
}

#[test]
fn an_addition_that_does_not_count_says_why() {
    for basis in [Basis::Current, Basis::First, Basis::Last, Basis::None] {
        assert_eq!(Part::Line.left_out(basis), None);
        assert_eq!(Part::Milestone.left_out(basis), None);
        assert_eq!(Part::Charge.left_out(basis), Some("a charge is billed by itself"));
        let covered = basis == Basis::Current;
        assert_eq!(Part::Purchase.left_out(basis).is_none(), covered);
    }
}

fn any_period() -> impl Strategy<Value = Period> {
    (0_u64..900, 0_u64..60, -50_i64..500, -1_000_000_i64..10_000_000).prop_map(
        |(start, length, units, price)| {
            let start = day("2025-01-01") + chrono::Days::new(start);
            Period {
                row: 1,
                start,
                end: start + chrono::Days::new(length),
                units: Decimal::from(units),
                price: Decimal::new(price, 4),
            }
        },
    )
}

proptest! {
    #[test]
    fn order_does_not_matter(
        mut rows in proptest::collection::vec(any_period(), 0..12),
        today in 0_u64..1000,
    ) {
        let today = day("2025-01-01") + chrono::Days::new(today);
        let usd = Currency::new("USD");
        let forward = addition(&rows, today, None, &usd);
        rows.reverse();
        prop_assert_eq!(forward, addition(&rows, today, None, &usd));
    }

    #[test]
    fn a_row_of_another_period_changes_nothing_while_today_is_covered(
        row in any_period(),
        others in proptest::collection::vec(any_period(), 0..12),
    ) {
        let today = row.start;
        let usd = Currency::new("USD");
        let mut rows = vec![row];
        rows.extend(others);
        let all = addition(&rows, today, None, &usd);
        rows.retain(|row| row.covers(today));
        prop_assert_eq!(&all, &addition(&rows, today, None, &usd));
        prop_assert_eq!(all.map(|cost| cost.basis), Ok(Basis::Current));
    }

    #[test]
    fn the_amount_can_be_billed_and_units_times_price_come_near_it(
        rows in proptest::collection::vec(any_period(), 0..12),
        today in 0_u64..1000,
    ) {
        let today = day("2025-01-01") + chrono::Days::new(today);
        let cost = addition(&rows, today, None, &Currency::new("USD")).expect("a cost");
        prop_assert_eq!(cost.amount.scale(), 2);
        prop_assert_eq!(cost.basis == Basis::None, rows.is_empty());
        if let (Some(units), Some(price)) = (cost.units, cost.unit_price) {
            let apart = (price * units - cost.amount).abs();
            let allowed = units.abs() * decimal("0.00005") + decimal("0.005");
            prop_assert!(apart <= allowed, "{} apart", apart);
        }
    }

    #[test]
    fn the_lines_of_the_working_that_count_add_up_to_the_cost(
        rows in proptest::collection::vec(any_period(), 0..12),
        today in 0_u64..1000,
    ) {
        let today = day("2025-01-01") + chrono::Days::new(today);
        let usd = Currency::new("USD");
        let cost = addition(&rows, today, None, &usd).expect("a cost");
        let working = line_working(&rows, today, &usd);
        prop_assert_eq!(working.len(), rows.len());
        let counted = working.iter().filter(|line| line.left_out.is_none());
        let total: Decimal = counted.map(|line| line.amount).sum();
        prop_assert_eq!(usd.round(total), cost.amount);
    }

    #[test]
    fn units_times_price_is_rounded_once_and_by_half_a_cent_at_most(
        units in 0_i64..1_000_000, price in -1_000_000_i64..10_000_000,
    ) {
        let (units, price) = (Decimal::new(units, 2), Decimal::new(price, 4));
        let bought = Sale { units: Some(units), unit_price: Some(price), ..Sale::default() };
        let cost = sale(&bought, Basis::Current, &Currency::new("USD")).expect("a cost");
        prop_assert_eq!(cost.amount.scale(), 2);
        prop_assert!((cost.amount - units * price).abs() <= decimal("0.005"));
    }

    #[test]
    fn an_agreement_is_the_exact_sum_of_what_counts_in_any_order(
        cents in proptest::collection::vec((-1_000_000_i64..10_000_000, 0_usize..4, 0_usize..4), 0..20),
        today_is_covered in any::<bool>(),
    ) {
        let parts = [Part::Line, Part::Milestone, Part::Purchase, Part::Charge];
        let bases = [Basis::Current, Basis::First, Basis::Last, Basis::None];
        let mut additions: Vec<Summand> = cents
            .iter()
            .map(|(cents, part, basis)| Summand {
                part: parts[*part],
                amount: Decimal::new(*cents, 2),
                basis: if today_is_covered { Basis::Current } else { bases[*basis] },
                cycle: BillingCycle::OneTime,
            })
            .collect();
        let counts = |one: &&Summand| match one.part {
            Part::Line | Part::Milestone => true,
            Part::Purchase => one.basis == Basis::Current,
            Part::Charge => false,
        };
        let total: Decimal = additions.iter().filter(counts).map(|one| one.amount).sum();
        let usd = Currency::new("USD");
        let found = agreement(Billing::InAdvance, None, &additions, &usd).expect("a total");
        prop_assert_eq!(found.amount, total);
        prop_assert_eq!(found.amount.scale(), 2);
        additions.reverse();
        let again = agreement(Billing::InAdvance, None, &additions, &usd);
        prop_assert_eq!(again, Ok(found));
        additions.retain(|one| one.part != Part::Charge);
        prop_assert_eq!(agreement(Billing::InAdvance, None, &additions, &usd), Ok(found));
    }
}
