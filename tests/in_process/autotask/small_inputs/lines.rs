//! What is billed by period.

use lmsyncd::clock::Tz;
use lmsyncd::model::Field;
use rust_decimal::Decimal;

use super::book::{Book, Kind, Row, effect, shows};

const RATE: [Field; 2] = [Field::BillingCost, Field::BillingCycle];
const BOTH: [Field; 2] = [Field::BillingCost, Field::PeriodAmount];
const STATE: [Field; 2] = [Field::Billing, Field::BillingSince];

/// Two units at 100.00, in a period that runs and in the next one.
const RUNNING: Row = (-20, 9, 2, 200);
const NEXT: Row = (10, 39, 2, 200);

#[tokio::test]
async fn what_has_ended_and_what_is_to_come_are_in_no_sum() {
    for kind in Kind::all() {
        let book = Book::of(kind);
        book.line(1, "100.00", &[RUNNING]);
        book.line(2, "50.00", &[(-400, -371, 4, 200)]);
        book.line(3, "70.00", &[(60, 89, 1, 70)]);
        let seen = book.read().await;
        assert_eq!(shows(&seen, "A700", &RATE), format!("200.00 {}", kind.cycle.name), "{kind:?}");
        let last = kind.day(-370).pred_opt().expect("a day");
        assert_eq!(shows(&seen, &kind.key(2), &STATE), format!("ended {last}"), "{kind:?}");
        let first = kind.day(60);
        assert_eq!(shows(&seen, &kind.key(3), &STATE), format!("upcoming {first}"), "{kind:?}");
    }
}

#[tokio::test]
async fn an_opening_stub_costs_a_part_and_its_rate_is_whole() {
    for kind in Kind::all() {
        let book = Book::of(kind);
        let stub = (-10, 4, 2, 200);
        book.line(1, "100.00", &[stub, (5, 34, 2, 200)]);
        let seen = book.read().await;
        let fields = [Field::BillingCost, Field::PeriodAmount, Field::NextChangeDate];
        for key in [&kind.key(1), "A700"] {
            let right = format!("200.00 {} -", kind.price(stub));
            assert_eq!(shows(&seen, key, &fields), right, "{key} {kind:?}");
        }
        if kind.cycle.name == "monthly" {
            assert_eq!(kind.price(stub), Decimal::from(100));
        }
    }
}

#[tokio::test]
async fn who_joins_within_a_period_counts_whole_in_the_rate() {
    for kind in Kind::all() {
        let book = Book::of(kind);
        book.line(1, "100.00", &[RUNNING, NEXT]);
        let before = book.read().await;
        let more = (0, 9, 3, 300);
        book.line(1, "100.00", &[RUNNING, more, (10, 39, 5, 500)]);
        let seen = book.read().await;
        let fields = [Field::BillingCost, Field::UnitPrice, Field::Units, Field::PeriodAmount];
        let right = format!("500.00 100.00 5 {}", kind.bills(&[RUNNING, more]));
        assert_eq!(shows(&seen, &kind.key(1), &fields), right, "{kind:?}");
        assert_eq!(effect(&before, &seen, kind), ["300"], "{kind:?}");
    }
}

#[tokio::test]
async fn edits_that_cancel_out_leave_the_rate_and_not_the_period() {
    for kind in Kind::all() {
        let book = Book::of(kind);
        let rows = [RUNNING, (-5, 9, 3, 200), (-2, 9, -3, -200)];
        book.line(1, "100.00", &rows);
        let seen = book.read().await;
        let right = format!("200.00 {}", kind.bills(&rows));
        assert_eq!(shows(&seen, &kind.key(1), &BOTH), right, "{kind:?}");
    }
}

#[tokio::test]
async fn a_line_that_was_cancelled_as_of_today_is_over() {
    for kind in Kind::all() {
        let book = Book::of(kind);
        let (over, running) = ((-30, -1, 2, 200), (0, 29, 2, 200));
        book.line(1, "100.00", &[over, running]);
        let before = book.read().await;
        book.line(1, "100.00", &[over]);
        let seen = book.read().await;
        let last = kind.today.pred_opt().expect("a day");
        for key in [&kind.key(1), "A700"] {
            assert_eq!(shows(&seen, key, &STATE), format!("ended {last}"), "{key} {kind:?}");
        }
        assert_eq!(effect(&before, &seen, kind), ["-200"], "{kind:?}");
    }
}

#[tokio::test]
async fn the_end_of_an_agreement_counts_and_its_status_does_not() {
    for kind in Kind::all() {
        let book = Book::of(kind);
        book.line(1, "100.00", &[RUNNING, NEXT]);
        let before = book.read().await;
        let fields = [Field::BillingCost, Field::Billing, Field::Remarks];
        book.set("status", 0);
        let seen = book.read().await;
        let right = "200.00 billed inactive_but_billed";
        assert_eq!(shows(&seen, "A700", &fields), right, "{kind:?}");
        assert_eq!(effect(&before, &seen, kind), [""; 0], "in the sum as before: {kind:?}");
        book.set("status", 1);
        book.set("endDate", kind.day(-30).to_string());
        let seen = book.read().await;
        assert_eq!(shows(&seen, "A700", &fields), "200.00 ended ended_but_active", "{kind:?}");
        assert_eq!(effect(&before, &seen, kind), ["-200"], "not in the sum any more: {kind:?}");
    }
}

#[tokio::test]
async fn a_credit_lowers_its_agreement() {
    for kind in Kind::all() {
        let book = Book::of(kind);
        book.line(1, "100.00", &[RUNNING]);
        book.line(2, "20.00", &[(-20, 9, -3, -60)]);
        let seen = book.read().await;
        assert_eq!(shows(&seen, "A700", &RATE), format!("140.00 {}", kind.cycle.name), "{kind:?}");
    }
}

#[tokio::test]
async fn a_term_without_an_end_is_told_without_one() {
    for kind in Kind::all() {
        let book = Book::of(kind);
        book.line(1, "100.00", &[RUNNING]);
        book.set("endDate", "9999-12-31");
        let fields = [Field::BillingCost, Field::Billing, Field::EndDate];
        assert_eq!(shows(&book.read().await, "A700", &fields), "200.00 billed -", "{kind:?}");
    }
}

/// Nine in the morning of 1 December in Sydney, while it is still November in the rest of the world.
#[tokio::test]
async fn the_first_of_the_month_begins_where_the_msp_lives() {
    let mut book = Book::on("2026-12-01");
    book.line(1, "1400.00", &[]);
    let day = |text: &str| text.parse().expect("a day");
    book.row(1, (day("2026-11-01"), day("2026-11-30")), 1, "1000.00");
    book.row(1, (day("2026-12-01"), day("2026-12-31")), 1, "1400.00");
    book.now = "2026-11-30T22:00:00Z".parse().expect("a moment");
    for (zone, right) in [(Tz::Australia__Sydney, "1400.00"), (Tz::UTC, "1000.00")] {
        book.zone = zone;
        assert_eq!(shows(&book.read().await, "S1", &[Field::BillingCost]), right, "{zone}");
    }
}
