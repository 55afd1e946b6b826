//! The worked examples, each in both readings where a change falls within a period.

use super::super::*;
use super::kit::*;
use crate::model::{BillingCycle, BillingState, Remark};

/// Two users who join on 23 June, in either reading; in a chain the earlier row ends on the day on
/// which the later one begins, or the day before.
const JOINED: [&str; 3] = [
    "06-01..06-30 25u 1125.00, 06-23..06-30 2u 24.00, 07-01..07-31 27u 1215.00",
    "06-01..06-23 25u 825.00, 06-23..06-30 27u 324.00, 07-01..07-31 27u 1215.00",
    "06-01..06-22 25u 825.00, 06-23..06-30 27u 324.00, 07-01..07-31 27u 1215.00",
];

fn is(text: &str, today: &str, rate: &str, period: &str) -> LineCost {
    let cost = cost(text, today);
    assert_eq!(amounts(&cost), (rate.to_owned(), period.to_owned()), "{text} on {today}");
    cost
}

#[test]
fn example_1_a_whole_period() {
    let text = "06-01..06-30 25u 1125.00, 07-01..07-31 25u 1125.00";
    let cost = is(text, "06-10", "1125.00", "1125.00");
    assert_eq!((cost.basis, cost.cycle), (Basis::Current, BillingCycle::Monthly));
    assert_eq!(cost.unit_price, Some(decimal("45.00")));
    assert_eq!(cost.ahead.first().copied(), None);
}

#[test]
fn examples_2_to_4_two_join_within_a_period() {
    for text in JOINED {
        let before = is(text, "06-22", "1125.00", "1149.00");
        assert_eq!(ahead(before.ahead.first().copied()), "1215.00 from 2026-06-23", "{text}");
        for today in ["06-23", "06-24", "06-30"] {
            let after = is(text, today, "1215.00", "1149.00");
            assert_eq!((after.units, after.basis), (decimal("27"), Basis::Current), "{text}");
            assert_eq!(after.unit_price, Some(decimal("45.00")));
            assert_eq!(after.ahead.first().copied(), None, "nothing on the first");
            let period = after.period.expect("one runs");
            assert_eq!((period.start, period.end), (day("06-01"), day("06-30")), "{text}");
        }
        is(text, "07-01", "1215.00", "1215.00");
    }
}

#[test]
fn example_5_one_leaves() {
    for text in [
        "06-01..06-30 25u 1125.00, 06-29..06-30 -1u -3.00, 07-01..07-31 24u 1080.00",
        "06-01..06-29 25u 1050.00, 06-29..06-30 24u 72.00, 07-01..07-31 24u 1080.00",
    ] {
        is(text, "06-28", "1125.00", "1122.00");
        is(text, "06-29", "1080.00", "1122.00");
    }
    // Also where nothing is known of the next period.
    is("06-01..06-30 25u 1125.00, 06-29..06-30 -1u -3.00", "06-29", "1080.00", "1122.00");
}

#[test]
fn a_change_on_the_last_day_of_a_period() {
    for text in [
        "06-01..06-30 25u 1125.00, 06-30..06-30 2u 3.00, 07-01..07-31 27u 1215.00",
        "06-01..06-30 25u 1087.50, 06-30..06-30 27u 40.50, 07-01..07-31 27u 1215.00",
        "06-01..06-29 25u 1087.50, 06-30..06-30 27u 40.50, 07-01..07-31 27u 1215.00",
        "06-01..06-30 25u 1125.00, 06-30..06-30 2u 3.00",
        "06-01..06-30 25u 1087.50, 06-30..06-30 27u 40.50",
    ] {
        is(text, "06-29", "1125.00", "1128.00");
        is(text, "06-30", "1215.00", "1128.00");
    }
}

#[test]
fn a_change_on_the_first_day_of_a_period() {
    for text in [
        "06-01..06-30 25u 1125.00, 06-01..06-30 2u 90.00, 07-01..07-31 27u 1215.00",
        "06-01..06-01 25u 0.00, 06-01..06-30 27u 1215.00, 07-01..07-31 27u 1215.00",
    ] {
        is(text, "06-01", "1215.00", "1215.00");
        is(text, "06-20", "1215.00", "1215.00");
    }
}

#[test]
fn two_changes_within_a_period() {
    for text in [
        "06-01..06-30 10u 300.00, 06-11..06-30 2u 40.00, 06-21..06-30 -4u -40.00",
        "06-01..06-11 10u 100.00, 06-11..06-21 12u 120.00, 06-21..06-30 8u 80.00",
        // Adjustments that form a chain among themselves beside a row that stays.
        "06-01..06-30 10u 300.00, 06-11..06-21 2u 20.00, 06-21..06-30 -2u -20.00",
    ] {
        is(text, "06-10", "300.00", "300.00");
        is(text, "06-11", "360.00", "300.00");
        is(text, "06-20", "360.00", "300.00");
        is(text, "06-21", "240.00", "300.00");
    }
}

#[test]
fn example_6_an_opening_stub() {
    let text = "06-16..06-30 2u 100.00, 07-01..07-31 2u 200.00";
    let cost = is(text, "06-20", "200.00", "100.00");
    assert_eq!(cost.ahead.first().copied(), None, "no change on the first");
    let period = cost.period.expect("one runs");
    assert_eq!((period.start, period.end), (day("06-16"), day("06-30")));
    is(text, "07-01", "200.00", "200.00");
}

#[test]
fn example_7_a_stub_that_was_rounded() {
    let cost = is("06-21..06-30 3u 33.33, 07-01..07-31 3u 100.00", "06-25", "100.00", "33.33");
    assert_eq!((cost.basis, cost.remarks.len()), (Basis::Current, 0));
    let alone = is("06-21..06-30 3u 33.33", "06-25", "99.99", "33.33");
    assert_eq!(alone.basis, Basis::Scaled);
    assert!(alone.remarks.contains(&Remark::Scaled));
}

#[test]
fn examples_8_and_9_a_line_that_is_over_and_one_to_come() {
    let over = cost("05-01..05-31 2u 70.00", "06-15");
    assert_eq!((over.billing, over.since), (BillingState::Ended, Some(day("05-31"))));
    assert_eq!(amounts(&over), ("70.00".to_owned(), "none".to_owned()));
    let to_come = cost("07-01..07-31 1u 1800.00", "06-26");
    assert_eq!((to_come.billing, to_come.since), (BillingState::Upcoming, Some(day("07-01"))));
    assert_eq!(amounts(&to_come), ("1800.00".to_owned(), "none".to_owned()));
    assert_eq!(cost("", "06-15").billing, BillingState::None);
}

#[test]
fn example_10_a_price_that_rises_is_known_ahead() {
    let text = "06-01..06-30 3u 291.00, 07-01..07-31 3u 309.00";
    assert_eq!(
        ahead(is(text, "06-26", "291.00", "291.00").ahead.first().copied()),
        "309.00 from 2026-07-01"
    );
    assert_eq!(is(text, "07-01", "309.00", "309.00").ahead.first().copied(), None);
}

#[test]
fn example_11_opposing_edits() {
    let text = "06-01..06-30 2u 200.00, 06-10..06-30 3u 210.00, 06-12..06-30 -3u -190.00";
    is(text, "06-15", "200.00", "220.00");
    is(text, "06-11", "500.00", "220.00");
}

#[test]
fn example_14_a_fifth_unit_of_a_yearly_line() {
    for text in [
        "2026-01-01..2026-12-31 4u 240.00, 2026-09-01..2026-12-31 1u 20.05",
        "2026-01-01..2026-09-01 4u 159.78, 2026-09-01..2026-12-31 5u 100.27",
    ] {
        let (rows, currency) = (rows(text), usd());
        for (today, rate) in [("08-31", "240.00"), ("09-01", "300.00"), ("12-31", "300.00")] {
            let cost = cost_of_line(LineTerms {
                nominal: Some(BillingCycle::Yearly),
                line_price: Some(decimal("60.00")),
                ..terms(&rows, today, &currency)
            });
            let cost = cost.expect("a cost");
            assert_eq!(amounts(&cost), (rate.to_owned(), "260.05".to_owned()), "{text} {today}");
            assert_eq!(cost.cycle, BillingCycle::Yearly);
        }
    }
}

#[test]
fn a_change_in_the_middle_of_a_year_is_no_shorter_cycle() {
    for text in [
        "2026-01-01..2026-12-31 4u 240.00, 2026-07-01..2026-12-31 1u 30.25",
        "2026-01-01..2026-07-01 4u 119.01, 2026-07-01..2026-12-31 5u 151.23",
        "2026-01-01..2026-06-30 4u 119.01, 2026-07-01..2026-12-31 5u 151.23",
    ] {
        let (rows, currency) = (rows(text), usd());
        let cost = cost_of_line(LineTerms {
            nominal: Some(BillingCycle::Yearly),
            line_price: Some(decimal("60.00")),
            ..terms(&rows, "08-10", &currency)
        });
        let cost = cost.expect("a cost");
        assert_eq!((cost.rate, cost.cycle), (decimal("300.00"), BillingCycle::Yearly), "{text}");
    }
}

#[test]
fn quarters_are_as_months() {
    for text in [
        "04-01..06-30 6u 546.00, 05-17..06-30 3u 135.00, 07-01..09-30 9u 819.00",
        "04-01..05-17 6u 276.00, 05-17..06-30 9u 405.00, 07-01..09-30 9u 819.00",
        "04-01..05-16 6u 276.00, 05-17..06-30 9u 405.00, 07-01..09-30 9u 819.00",
    ] {
        let (rows, currency) = (rows(text), usd());
        let period = rows.iter().take(2).map(|row| row.price).sum::<rust_decimal::Decimal>();
        for (today, rate) in [("05-16", "546.00"), ("05-17", "819.00"), ("06-30", "819.00")] {
            let nominal = Some(BillingCycle::Quarterly);
            let cost = cost_of_line(LineTerms { nominal, ..terms(&rows, today, &currency) });
            let cost = cost.expect("a cost");
            assert_eq!(amounts(&cost), (rate.to_owned(), period.to_string()), "{text} {today}");
            assert_eq!(
                (cost.cycle, cost.ahead.first().copied().is_none()),
                (BillingCycle::Quarterly, today != "05-16")
            );
        }
    }
}

#[test]
fn a_line_whose_units_were_all_taken_away_is_over() {
    for text in [
        "06-01..06-30 25u 1125.00, 06-16..06-30 -25u -562.50",
        "06-01..06-16 25u 562.50, 06-16..06-30 0u 0.00",
    ] {
        let cost = cost(text, "06-20");
        assert_eq!((cost.billing, cost.since), (BillingState::Ended, Some(day("06-15"))), "{text}");
        assert_eq!((cost.rate, cost.units), (decimal("0.00"), decimal("0")), "without units");
    }
    let pause = cost("06-01..06-30 0u 0.00, 07-01..07-31 2u 90.00", "06-20");
    assert_eq!((pause.billing, pause.rate), (BillingState::Billed, decimal("0.00")));
    assert_eq!(ahead(pause.ahead.first().copied()), "90.00 from 2026-07-01");
}

#[test]
fn an_agreement_cuts_its_lines() {
    let rows = rows("06-01..06-30 2u 200.00, 07-01..07-31 2u 200.00");
    let currency = usd();
    let on = |end: &str| {
        let end = Some(day(end));
        cost_of_line(LineTerms { end, ..terms(&rows, "06-20", &currency) }).expect("a cost")
    };
    assert_eq!((on("06-10").billing, on("06-10").since), (BillingState::Ended, Some(day("06-10"))));
    assert_eq!(ahead(on("06-30").ahead.first().copied()), "0.00 from 2026-07-01");
    let later = Some(day("06-25"));
    let later = cost_of_line(LineTerms { start: later, ..terms(&rows, "06-20", &currency) });
    let later = later.expect("a cost");
    assert_eq!((later.billing, later.since), (BillingState::Upcoming, Some(day("06-25"))));
}

#[test]
fn a_line_without_a_next_row_ends_only_where_others_have_one() {
    let rows = rows("06-01..06-30 2u 200.00");
    let currency = usd();
    let next = |others: &[&str]| {
        let others: Vec<Row> = others.iter().flat_map(|text| self::rows(text)).collect();
        let siblings = Siblings::of(Some(day("01-01")), None, &others);
        let terms = LineTerms { siblings: &siblings, ..terms(&rows, "06-20", &currency) };
        ahead(cost_of_line(terms).expect("a cost").ahead.first().copied())
    };
    assert_eq!(next(&[]), "nothing");
    assert_eq!(
        next(&["2027-01-01..2027-12-31 1u 90.00"]),
        "nothing",
        "the next year of a yearly line says nothing"
    );
    assert_eq!(next(&["07-01..07-31 1u 90.00"]), "0.00 from 2026-07-01");
}

#[test]
fn periods_that_follow_no_calendar_are_taken_as_they_are() {
    // Thirty days each, of an agreement whose own periods begin on the first.
    let text = "05-20..06-18 2u 200.00, 06-09..06-18 3u 100.00, 06-19..07-18 5u 500.00";
    let cost = is(text, "06-09", "500.00", "300.00");
    assert_eq!(cost.unit_price, Some(decimal("100.00")));
    is("05-30..06-13 2u 100.00, 06-14..07-13 2u 200.00", "06-09", "200.00", "100.00");
}

#[test]
fn what_makes_no_sense_is_remarked_and_stops_nothing() {
    let remarks = |text, today| cost(text, today).remarks;
    assert!(remarks("06-01..06-30 -2u 50.00", "06-10").contains(&Remark::NegativeUnits));
    assert!(remarks("06-01..06-30 -2u -50.00", "06-10").is_empty(), "a credit is a line");
    let twice = "06-01..06-30 2u 50.00, 06-01..06-30 2u 50.00";
    assert!(remarks(twice, "06-10").contains(&Remark::RepeatedRows));
    let across = "06-01..06-30 2u 60.00, 06-20..07-09 1u 20.00";
    assert!(remarks(across, "06-25").contains(&Remark::Overlapping));
    let huge = rows(
        "06-01..06-30 1u 79228162514264337593543950335, 06-10..06-30 1u 79228162514264337593543950335",
    );
    assert_eq!(cost_of_line(terms(&huge, "06-10", &usd())), Err(TooLarge));
}

#[test]
fn what_has_no_units_costs_nothing_in_this_period_as_in_the_next() {
    let june =
        cost("06-01..06-30 5u 100.00, 06-10..06-30 -5u -70.00, 07-01..07-31 0u 0.00", "06-15");
    let july = cost("07-01..07-31 0u 0.00, 08-01..08-31 0u 0.00", "07-01");
    for cost in [june, july] {
        assert_eq!(
            (cost.billing, cost.rate, cost.units),
            (BillingState::Ended, decimal("0.00"), 0.into())
        );
    }
}

#[test]
fn an_agreement_that_opens_with_a_stub_has_its_periods_from_another_day() {
    // It began on the 18th, and has been billed from the first of the month since.
    let currency = usd();
    let period = |text, today, end| {
        let rows = rows(text);
        let (start, end) = (Some(day("2023-09-18")), Some(day(end)));
        let cost = cost_of_line(LineTerms { start, end, ..terms(&rows, today, &currency) });
        let period = cost.expect("a cost").period.expect("a period");
        (period.start, period.end, period.amount)
    };
    let stub = period("01-01..01-21 3u 40.54", "01-18", "01-21");
    assert_eq!(stub, (day("01-01"), day("01-21"), decimal("40.54")));
    // Neither period has a whole row, and one of the parts is as long as a February.
    let changed = "02-01..02-16 28u 930.00, 02-16..02-28 25u 719.64, \
                   03-01..03-03 25u 100.00, 03-03..03-31 23u 1334.00";
    let changed = period(changed, "02-26", "12-31");
    assert_eq!(changed, (day("02-01"), day("02-28"), decimal("1649.64")));
}

#[test]
fn a_price_that_changes_on_the_last_day_takes_no_day_from_the_row_beside_it() {
    let line = "07-01..07-18 54u 376.26, 07-18..07-18 0u 89.34";
    assert_eq!(cost(line, "07-18").units, 54.into());
}

#[test]
fn a_month_of_a_quarter_that_is_cut_is_no_month() {
    let (rows, currency) = (rows("06-01..06-30 42u 3520.60"), usd());
    let quarterly = LineTerms {
        start: Some(day("2025-03-01")),
        end: Some(day("06-30")),
        nominal: Some(BillingCycle::Quarterly),
        line_price: Some(decimal("257.06")),
        ..terms(&rows, "06-15", &currency)
    };
    let cost = cost_of_line(quarterly).expect("a cost");
    assert_eq!((cost.cycle, cost.rate), (BillingCycle::Quarterly, decimal("10796.52")));
    // What costs as much as stands on the line is billed by the month.
    let monthly = LineTerms { line_price: Some(decimal("83.8238")), ..quarterly };
    let cost = cost_of_line(monthly).expect("a cost");
    assert_eq!((cost.cycle, cost.rate), (BillingCycle::Monthly, decimal("3520.60")));
}

#[test]
fn a_part_that_is_nearly_a_month_is_told_by_what_it_costs() {
    // The agreement began on the 3rd and has been billed from the first of the month since.
    let (rows, currency) = (rows("08-01..08-29 44u 4527.74"), usd());
    let (start, line_price) = (Some(day("2023-12-03")), Some(decimal("110.00")));
    let line = LineTerms { start, line_price, ..terms(&rows, "08-16", &currency) };
    assert_eq!(cost_of_line(line).expect("a cost").rate, decimal("4840.00"));
}

#[test]
fn a_line_that_ended_within_the_period_needs_all_rows_of_it() {
    let fills = |text| {
        let (rows, currency) = (rows(text), usd());
        fills_its_period(terms(&rows, "06-26", &currency))
    };
    assert_eq!(fills("06-10..06-16 56u 300.00"), Err(day("05-26")), "unless a whole row tells");
    assert_eq!(fills("06-01..06-10 54u 500.00, 06-10..06-16 56u 300.00"), Ok(()));
    assert_eq!(fills("05-10..05-31 56u 300.00"), Ok(()));
}

#[test]
fn rows_that_fit_no_period_of_the_agreement_may_lack_earlier_ones() {
    // The agreement opened with a stub on the 24th and is billed from the 1st, which this line, that
    // ends with the month, tells only by a row that is not read at first.
    let fills = |text| {
        let (rows, currency) = (rows(text), usd());
        let start = Some(day("05-24"));
        fills_its_period(LineTerms { start, ..terms(&rows, "08-26", &currency) })
    };
    assert_eq!(fills("08-06..08-31 22u 87.85"), Err(day("07-26")));
    assert_eq!(fills("08-24..08-31 22u 87.85"), Ok(()));
    assert_eq!(fills("08-24..08-31 0u 0.00"), Err(day("07-26")), "the rest of a period");
    let (rows, currency) = (rows("08-01..08-06 19u 10.73, 08-06..08-31 22u 87.85"), usd());
    let start = Some(day("05-24"));
    let cost = cost_of_line(LineTerms { start, ..terms(&rows, "08-26", &currency) });
    let period = cost.expect("a cost").period.expect("a period");
    assert_eq!((period.start, period.end), (day("08-01"), day("08-31")));
    assert_eq!(period.amount, decimal("98.58"));
}

#[test]
fn a_cut_period_with_a_change_on_its_first_day_is_told_by_what_both_rows_cost() {
    let (rows, currency) = (rows("08-01..08-31 12u 266.87, 08-01..08-31 0u 117.65"), usd());
    let line = LineTerms {
        start: Some(day("02-01")),
        end: Some(day("08-31")),
        nominal: Some(BillingCycle::SemiAnnual),
        line_price: Some(decimal("190.19")),
        ..terms(&rows, "08-20", &currency)
    };
    let cost = cost_of_line(line).expect("a cost");
    assert_eq!((cost.rate, cost.cycle), (decimal("2282.28"), BillingCycle::SemiAnnual));
}

#[test]
fn a_new_price_on_the_last_day_of_a_line_is_told_by_what_is_a_price_in_cents() {
    let (rows, currency) = (rows("08-01..10-31 28u 7457.05, 10-31..10-31 28u 74.99"), usd());
    let line = LineTerms {
        nominal: Some(BillingCycle::Quarterly),
        start: Some(day("02-01")),
        end: Some(day("10-31")),
        ..terms(&rows, "10-15", &currency)
    };
    let before = cost_of_line(line).expect("a cost");
    assert_eq!((before.units, before.rate), (decimal("28"), decimal("7539.00")));
    let after = cost_of_line(LineTerms { today: day("10-31"), ..line }).expect("a cost");
    assert_eq!(after.units, decimal("28"));
}
