//! Rows that could be more than one thing: which it is, is told by what lies beside them.

use super::kit::*;
use crate::model::{BillingCycle, BillingState};
use crate::policy::cost::*;

/// The span and the amount of the running period, as text.
fn period(cost: &LineCost) -> String {
    let period = cost.period.as_ref().expect("a period");
    format!("{}..{} {}", period.start, period.end, period.amount)
}

#[test]
fn a_line_without_a_whole_row_is_counted_as_its_siblings() {
    // The agreement opened with a stub on the 19th, and has been billed from the 1st since.
    let (line, other, currency) =
        (rows("06-08..06-30 2u 153.34"), rows("07-01..07-31 1u 9.00"), usd());
    let start = Some(day("2025-05-19"));
    let all = [&line[..], &other].concat();
    let siblings = Siblings::of(start, Some(BillingCycle::Monthly), &all);
    let together = LineTerms { start, siblings: &siblings, ..terms(&line, "06-20", &currency) };
    let cost = cost_of_line(together).expect("a cost");
    assert_eq!(
        (cost.rate, period(&cost)),
        (decimal("200.01"), "2026-06-08..2026-06-30 153.34".into())
    );
    assert_eq!(cost.frame, Some((day("06-01"), day("06-30"))));
    assert_eq!(fills_its_period(together), Err(day("06-01")));
}

#[test]
fn a_line_without_a_whole_row_is_counted_as_its_siblings_suppose() {
    // The agreement opened with a stub, and its end cuts the second period: no row is whole. On 1
    // September nothing changes but for this line.
    let text = "2025-09-24..2026-03-18 36u 4784.55, 2026-03-18..2026-08-31 39u 4946.31, \
                2026-09-01..2026-09-29 40u 785.41, 2026-09-29..2027-02-09 39u 3664.79";
    let (line, currency) = (rows(text), usd());
    let other = rows("2025-09-24..2026-08-31 49u 1928.32, 2026-09-01..2027-02-09 49u 913.41");
    let (start, yearly) = (Some(day("2025-09-24")), Some(BillingCycle::Yearly));
    let siblings = Siblings::of(start, yearly, &[&line[..], &other].concat());
    let terms = LineTerms {
        start,
        end: Some(day("2027-02-09")),
        nominal: yearly,
        line_price: Some(decimal("255.96")),
        siblings: &siblings,
        ..terms(&line, "2027-01-10", &currency)
    };
    let cost = cost_of_line(terms).expect("a cost");
    assert_eq!(period(&cost), "2026-09-01..2027-02-09 4450.20");
}

#[test]
fn siblings_that_fit_the_start_of_the_agreement_leave_it_as_the_anchor() {
    let own = Some(BillingCycle::Monthly);
    let of = |text| Siblings::of(Some(day("2025-05-19")), own, &rows(text)).anchor(1);
    assert_eq!(of("06-19..07-18 1u 9.00, 06-01..06-30 1u 9.00"), None);
    assert_eq!(of("06-20..07-18 1u 9.00"), None);
    assert_eq!(of("07-01..07-31 1u 9.00"), Some(day("07-01")));
    let across = Siblings::of(Some(day("2025-05-19")), own, &rows("06-08..06-30 1u 9.00"));
    assert_eq!((across.anchor(1), across.supposed()), (None, Some(day("06-08"))));
}

#[test]
fn a_period_begins_where_one_row_follows_another_and_nothing_changes() {
    let text = "01-17..07-04 4u 33.34, 07-05..11-30 4u 105.68, 12-01..12-20 4u 14.19";
    let (rows, currency) = (rows(text), usd());
    let yearly = LineTerms {
        start: Some(day("2025-12-19")),
        end: Some(day("12-20")),
        nominal: Some(BillingCycle::Yearly),
        line_price: Some(decimal("64.72")),
        ..terms(&rows, "11-20", &currency)
    };
    let cost = cost_of_line(yearly).expect("a cost");
    assert_eq!(
        (cost.rate, period(&cost)),
        (decimal("258.88"), "2026-01-17..2026-11-30 139.02".into())
    );
}

#[test]
fn half_a_year_that_was_cut_out_of_a_year_is_no_period() {
    let (rows, currency) = (rows("01-17..07-16 2u 261.83"), usd());
    let yearly = LineTerms {
        start: Some(day("2023-10-01")),
        end: Some(day("09-30")),
        nominal: Some(BillingCycle::Yearly),
        line_price: Some(decimal("264.00")),
        ..terms(&rows, "09-20", &currency)
    };
    assert_eq!(cost_of_line(yearly).expect("a cost").cycle, BillingCycle::Yearly);
    assert_eq!(fills_its_period(yearly), Err(day("2025-09-20")), "unless a whole row tells");
    // What costs as much as stands on the line is a period.
    let half = LineTerms { line_price: Some(decimal("130.915")), ..yearly };
    assert_eq!(cost_of_line(half).expect("a cost").cycle, BillingCycle::SemiAnnual);
}

#[test]
fn rows_without_units_tell_no_cycle() {
    let (rows, currency) = (rows("02-08..08-07 0u 0.00, 08-07..08-31 0u 0.00"), usd());
    let yearly = LineTerms {
        start: Some(day("2025-02-08")),
        nominal: Some(BillingCycle::Yearly),
        ..terms(&rows, "06-20", &currency)
    };
    let cost = cost_of_line(yearly).expect("a cost");
    assert_eq!((cost.cycle, cost.billing), (BillingCycle::Yearly, BillingState::Ended));
}

#[test]
fn what_the_end_of_the_agreement_cut_may_look_whole() {
    let (rows, currency) = (rows("11-01..11-30 56u 1286.45, 11-23..11-30 0u -109.57"), usd());
    let half_year = LineTerms {
        start: Some(day("2025-05-01")),
        end: Some(day("11-30")),
        nominal: Some(BillingCycle::SemiAnnual),
        line_price: Some(decimal("94.33")),
        ..terms(&rows, "11-25", &currency)
    };
    let cost = cost_of_line(half_year).expect("a cost");
    assert_eq!((cost.cycle, cost.rate), (BillingCycle::SemiAnnual, decimal("5282.48")));
    // Where the price on the line tells nothing, the period before does.
    let unknown = LineTerms { line_price: None, ..half_year };
    assert_eq!(fills_its_period(unknown), Err(day("05-25")));
    let (before, currency) =
        (self::rows("05-01..10-31 56u 7761.60, 11-01..11-30 56u 1286.45"), usd());
    let known = LineTerms { rows: &before, currency: &currency, ..unknown };
    let cost = cost_of_line(known).expect("a cost");
    assert_eq!((cost.cycle, cost.rate), (BillingCycle::SemiAnnual, decimal("7761.60")));
}

#[test]
fn twenty_eight_days_to_the_end_of_the_agreement_are_no_month() {
    let (rows, currency) = (rows("01-01..01-28 59u 186.52"), usd());
    let line = LineTerms {
        start: Some(day("2024-02-27")),
        end: Some(day("01-28")),
        line_price: Some(decimal("46.46")),
        ..terms(&rows, "02-20", &currency)
    };
    assert_eq!(cost_of_line(line).expect("a cost").rate, decimal("206.50"));
}

#[test]
fn a_row_beside_which_a_difference_runs_to_the_last_day_loses_no_day() {
    let text = "2025-12-01..11-30 5u 327.15, 09-30..11-30 -5u -55.57, 11-30..11-30 0u 0.00";
    let (rows, currency) = (rows(&text.replace("..11-30", "..2026-11-30")), usd());
    let yearly = LineTerms {
        start: Some(day("2023-12-01")),
        end: Some(day("11-30")),
        nominal: Some(BillingCycle::Yearly),
        line_price: Some(decimal("93.12")),
        ..terms(&rows, "11-29", &currency)
    };
    let cost = cost_of_line(yearly).expect("a cost");
    assert_eq!((cost.billing, cost.rate), (BillingState::Ended, decimal("0.00")));
}

#[test]
fn the_period_before_tells_whether_the_last_day_of_a_row_is_its_own() {
    let cut = "12-01..12-20 -3u -165.02, 12-20..12-20 -3u -4.95";
    let (alone, currency) = (rows(cut), usd());
    let line =
        LineTerms { line_price: Some(decimal("51.18")), ..terms(&alone, "12-20", &currency) };
    assert_eq!(fills_its_period(line), Err(day("11-01")));
    let with_november = rows(&format!("11-01..11-30 -3u -269.25, {cut}"));
    let line = LineTerms { rows: &with_november, ..line };
    assert_eq!(cost_of_line(line).expect("a cost").units, decimal("-3"));
}

#[test]
fn the_price_of_the_row_before_tells_whether_the_last_day_of_a_row_is_its_own() {
    // Two units, then three, each at 538.50; on the line's last day the price is another.
    let text = "04-01..05-15 2u 258.95, 05-15..08-26 3u 909.27, 08-26..08-26 3u 7.92";
    let (rows, currency) = (rows(text), usd());
    let half_year = LineTerms {
        start: Some(day("04-01")),
        end: Some(day("2027-03-31")),
        nominal: Some(BillingCycle::SemiAnnual),
        line_price: Some(decimal("483.22")),
        ..terms(&rows, "08-20", &currency)
    };
    let cost = cost_of_line(half_year).expect("a cost");
    assert_eq!((cost.units, cost.rate), (decimal("3"), decimal("1615.50")));
}

#[test]
fn a_whole_row_that_may_be_cut_does_not_tell_that_it_is_not() {
    // A year at 18.00 and, on its last day, 2 units more and another price.
    let rows_of_year = rows("01-01..12-31 4u 72.00, 12-31..12-31 2u 0.49");
    let currency = usd();
    let yearly = LineTerms {
        start: Some(day("2024-01-01")),
        nominal: Some(BillingCycle::Yearly),
        line_price: Some(decimal("41.83")),
        ..terms(&rows_of_year, "12-31", &currency)
    };
    assert_eq!(fills_its_period(yearly), Err(day("2025-01-01")));
    let before = rows(
        "2025-01-01..2025-12-31 4u 72.00, 2026-01-01..2026-12-31 4u 72.00, 2026-12-31..2026-12-31 2u 0.49",
    );
    let cost = cost_of_line(LineTerms { rows: &before, ..yearly }).expect("a cost");
    assert_eq!((cost.units, cost.rate), (decimal("6"), decimal("250.98")));
}

#[test]
fn thirty_days_of_a_month_of_thirty_one_are_a_month_if_they_cost_one() {
    let (rows, currency) = (rows("03-01..03-30 2u 200.00"), usd());
    let of = |price: &str| {
        let line_price = Some(decimal(price));
        let line = LineTerms { line_price, ..terms(&rows, "03-10", &currency) };
        cost_of_line(line).expect("a cost").rate
    };
    assert_eq!(of("100.00"), decimal("200.00"));
    assert_eq!(of("103.33"), decimal("206.66"), "by the price on the line");
    assert_eq!(of("90.00"), decimal("206.67"), "which tells nothing");
}

#[test]
fn half_a_cent_that_was_rounded_up_is_explained() {
    // 33 units at 89.75 for 29 of 30 days are 2,863.025.
    let (rows, currency) = (rows("06-01..06-29 33u 2863.03"), usd());
    let line = LineTerms {
        start: Some(day("2023-10-05")),
        line_price: Some(decimal("89.75")),
        ..terms(&rows, "06-20", &currency)
    };
    assert_eq!(cost_of_line(line).expect("a cost").rate, decimal("2961.75"));
}
