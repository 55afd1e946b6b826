//! The worked examples of what a line bills, in every reading.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::history::{Billed, History};
use super::periods::{Periods, Span, eve};
use super::reading::Reading;
use crate::demo::tenant::book::agreement::cents;

const READINGS: [Reading; 3] = [Reading::Delta, Reading::Chain, Reading::DayBefore];

fn day(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, day).expect("a date")
}

/// A monthly agreement of the year 2026.
fn year() -> Periods {
    Periods { anchor: day(1, 1), start: day(1, 1), end: day(12, 31), months: 1 }
}

fn line(units: i64, price: i64, reading: Reading) -> History {
    History::new(units, cents(price), cents(price / 2), reading)
}

/// A row: first day, last day, units, price in cents.
type Told = ((u32, u32), (u32, u32), i64, i64);

fn told(rows: &[Billed]) -> Vec<Told> {
    use chrono::Datelike;
    let short = |day: NaiveDate| (day.month(), day.day());
    rows.iter()
        .map(|row| {
            let price = (row.price * Decimal::from(100)).normalize();
            let price = price.to_string().parse().expect("whole cents");
            (short(row.span.0), short(row.span.1), row.units, price)
        })
        .collect()
}

fn month_of(history: &History, day: NaiveDate) -> Vec<Told> {
    let periods = history.periods(year());
    told(&history.rows(&periods, periods.whole(periods.number(day))))
}

#[test]
fn two_join_on_the_23rd() {
    let life = |reading| line(25, 4500, reading).units(day(6, 23), 27);
    assert_eq!(
        month_of(&life(Reading::Delta), day(6, 1)),
        [((6, 1), (6, 30), 25, 112_500), ((6, 23), (6, 30), 2, 2400)]
    );
    assert_eq!(
        month_of(&life(Reading::Chain), day(6, 1)),
        [((6, 1), (6, 23), 25, 82_500), ((6, 23), (6, 30), 27, 32_400)]
    );
    assert_eq!(
        month_of(&life(Reading::DayBefore), day(6, 1)),
        [((6, 1), (6, 22), 25, 82_500), ((6, 23), (6, 30), 27, 32_400)]
    );
    for reading in READINGS {
        assert_eq!(month_of(&life(reading), day(5, 1)), [((5, 1), (5, 31), 25, 112_500)]);
        assert_eq!(month_of(&life(reading), day(7, 1)), [((7, 1), (7, 31), 27, 121_500)]);
    }
}

#[test]
fn one_leaves_on_the_29th() {
    let life = |reading| line(25, 4500, reading).units(day(6, 29), 24);
    assert_eq!(
        month_of(&life(Reading::Delta), day(6, 1)),
        [((6, 1), (6, 30), 25, 112_500), ((6, 29), (6, 30), -1, -300)]
    );
    assert_eq!(
        month_of(&life(Reading::Chain), day(6, 1)),
        [((6, 1), (6, 29), 25, 105_000), ((6, 29), (6, 30), 24, 7200)]
    );
}

#[test]
fn opposing_edits_stand_beside_each_other() {
    let life = |reading| line(2, 10_000, reading).units(day(6, 10), 5).units(day(6, 12), 2);
    assert_eq!(
        month_of(&life(Reading::Delta), day(6, 1)),
        [
            ((6, 1), (6, 30), 2, 20_000),
            ((6, 10), (6, 30), 3, 21_000),
            ((6, 12), (6, 30), -3, -19_000)
        ]
    );
    assert_eq!(
        month_of(&life(Reading::Chain), day(6, 1)),
        [((6, 1), (6, 10), 2, 6000), ((6, 10), (6, 12), 5, 3333), ((6, 12), (6, 30), 2, 12_667)]
    );
}

#[test]
fn stubs_are_prorated_by_the_days_of_their_whole_period() {
    for reading in READINGS {
        let half = line(2, 10_000, reading).from(day(6, 16));
        assert_eq!(month_of(&half, day(6, 20)), [((6, 16), (6, 30), 2, 10_000)]);
        assert_eq!(month_of(&half, day(7, 20)), [((7, 1), (7, 31), 2, 20_000)]);
        assert!(month_of(&half, day(5, 20)).is_empty());

        let third = History::new(3, Decimal::new(33_333, 3), Decimal::ZERO, reading);
        let rows = third.clone().from(day(6, 21)).rows(&year(), (day(6, 1), day(6, 30)));
        assert_eq!(told(&rows), [((6, 21), (6, 30), 3, 3333)]);

        let ended = line(2, 10_000, reading).until(day(6, 15));
        assert_eq!(month_of(&ended, day(6, 1)), [((6, 1), (6, 15), 2, 10_000)]);
        assert!(month_of(&ended, day(7, 1)).is_empty());

        let cut = Periods { end: day(6, 15), ..year() };
        let rows = line(2, 10_000, reading).rows(&cut, (day(6, 1), day(6, 30)));
        assert_eq!(told(&rows), [((6, 1), (6, 15), 2, 10_000)]);
    }
}

#[test]
fn an_agreement_may_begin_before_its_periods_do() {
    let stub = Periods { anchor: day(6, 1), start: day(6, 16), ..year() };
    let history = line(2, 10_000, Reading::Chain);
    let spans = history.around(&stub, day(6, 20), 3, 1);
    assert_eq!(spans, [(day(6, 1), day(6, 30)), (day(7, 1), day(7, 31))]);
    assert_eq!(told(&history.rows(&stub, spans[0])), [((6, 16), (6, 30), 2, 10_000)]);
}

#[test]
fn changes_on_the_first_and_on_the_last_day() {
    let life = |on, reading| line(25, 4500, reading).units(on, 27);
    assert_eq!(
        month_of(&life(day(6, 1), Reading::Delta), day(6, 1)),
        [((6, 1), (6, 30), 25, 112_500), ((6, 1), (6, 30), 2, 9000)]
    );
    assert_eq!(
        month_of(&life(day(6, 30), Reading::Delta), day(6, 1)),
        [((6, 1), (6, 30), 25, 112_500), ((6, 30), (6, 30), 2, 300)]
    );
    for reading in [Reading::Chain, Reading::DayBefore] {
        let first = month_of(&life(day(6, 1), reading), day(6, 1));
        assert_eq!(first, [((6, 1), (6, 30), 27, 121_500)]);
        let last = month_of(&life(day(6, 30), reading), day(6, 1));
        assert_eq!(last[1], ((6, 30), (6, 30), 27, 4050));
        assert_eq!((last[0].2, last[0].3), (25, 108_750));
    }
}

#[test]
fn a_price_changes_within_a_period_and_with_the_next() {
    let within = |reading| line(3, 9700, reading).price(day(6, 16), cents(10_300));
    assert_eq!(
        month_of(&within(Reading::Delta), day(6, 1)),
        [((6, 1), (6, 30), 3, 29_100), ((6, 16), (6, 30), 0, 900)]
    );
    assert_eq!(
        month_of(&within(Reading::Chain), day(6, 1)),
        [((6, 1), (6, 16), 3, 14_550), ((6, 16), (6, 30), 3, 15_450)]
    );
    for reading in READINGS {
        let next = line(3, 9700, reading).new_price(day(7, 1), cents(10_300));
        assert_eq!(month_of(&next, day(6, 30)), [((6, 1), (6, 30), 3, 29_100)]);
        assert_eq!(month_of(&next, day(7, 1)), [((7, 1), (7, 31), 3, 30_900)]);
    }
}

#[test]
fn a_fifth_unit_joins_a_year() {
    let life = |reading| line(4, 6000, reading).every(12).units(day(9, 1), 5);
    assert_eq!(
        month_of(&life(Reading::Delta), day(6, 1)),
        [((1, 1), (12, 31), 4, 24_000), ((9, 1), (12, 31), 1, 2005)]
    );
    assert_eq!(
        month_of(&life(Reading::Chain), day(6, 1)),
        [((1, 1), (9, 1), 4, 15_978), ((9, 1), (12, 31), 5, 10_027)]
    );
}

#[test]
fn a_credit_and_a_line_of_none() {
    for reading in READINGS {
        let credit = line(1, -5000, reading);
        assert_eq!(month_of(&credit, day(6, 1)), [((6, 1), (6, 30), 1, -5000)]);
        let fewer = line(-3, 2000, reading);
        assert_eq!(month_of(&fewer, day(6, 1)), [((6, 1), (6, 30), -3, -6000)]);
    }
    let none = line(25, 4500, Reading::Delta).units(day(6, 16), 0);
    assert_eq!(month_of(&none, day(6, 1))[1], ((6, 16), (6, 30), -25, -56_250));
}

/// Half away from zero: 2.675 is 2.68, and -2.675 is -2.68.
#[test]
fn halves_are_rounded_away_from_zero() {
    for sign in [1, -1] {
        let life = line(1, sign * 535, Reading::Chain).from(day(6, 16));
        assert_eq!(month_of(&life, day(6, 20)), [((6, 16), (6, 30), 1, sign * 268)]);
    }
}

#[test]
fn a_line_that_is_over_or_to_come_has_its_last_or_first_rows() {
    let spans = |history: &History, today| -> Vec<Span> { history.around(&year(), today, 1, 1) };
    let over = line(1, 100, Reading::Delta).until(day(3, 31));
    let march = (day(3, 1), day(3, 31));
    assert_eq!(spans(&over, day(9, 8)), [(day(2, 1), eve(day(3, 1))), march]);
    let to_come = line(1, 100, Reading::Delta).from(day(9, 20));
    assert_eq!(spans(&to_come, day(6, 8)), [(day(9, 1), day(9, 30)), (day(10, 1), day(10, 31))]);
    let renewal = Periods { start: day(10, 1), anchor: day(10, 1), ..year() };
    let first = line(1, 100, Reading::Delta).around(&renewal, day(6, 8), 1, 1);
    assert_eq!(first[0], (day(10, 1), day(10, 31)));
}

/// Whatever happens to a line, the readings differ by roundings only, and in nothing once the
/// period is over.
#[test]
fn the_readings_bill_the_same_up_to_a_cent_a_row() {
    let mut rng = fastrand::Rng::with_seed(7);
    for _ in 0..500 {
        let changes: Vec<(NaiveDate, i64)> = (0..rng.u32(0..5))
            .map(|_| (day(rng.u32(5..8), rng.u32(1..31)), rng.i64(0..40)))
            .collect();
        let (units, price) = (rng.i64(0..40), rng.i64(1..20_000));
        let month = |reading, month: u32| -> (Decimal, usize) {
            let mut history = line(units, price, reading);
            for (on, units) in &changes {
                history = history.units(*on, *units);
            }
            let rows = history.rows(&year(), year().whole(year().number(day(month, 1))));
            (rows.iter().map(|row| row.price).sum(), rows.len())
        };
        for number in 5..8 {
            let (delta, _) = month(Reading::Delta, number);
            let (chain, rows) = month(Reading::Chain, number);
            let most = cents(1) * Decimal::from(rows);
            assert!((delta - chain).abs() <= most, "{delta} {chain} {changes:?}");
            assert_eq!(month(Reading::DayBefore, number), (chain, rows));
        }
        assert_eq!(month(Reading::Delta, 9), month(Reading::Chain, 9));
    }
}
