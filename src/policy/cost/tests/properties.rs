//! Properties of the model: whatever happened to a line, both readings of its history come to the
//! same.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::super::*;
use super::kit::*;
use crate::model::BillingCycle;
use crate::policy::cost::calendar::by_calendar;

/// What happened to a line: from a day on, so many units at such a price.
type History = BTreeMap<NaiveDate, (i64, i64)>;

/// The months of a period.
const LENGTHS: [(u32, BillingCycle); 3] =
    [(1, BillingCycle::Monthly), (3, BillingCycle::Quarterly), (12, BillingCycle::Yearly)];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    Delta,
    /// The earlier row ends on the day on which the later one begins, or the day before.
    Chain {
        shared: bool,
    },
}

const READINGS: [Reading; 3] =
    [Reading::Delta, Reading::Chain { shared: true }, Reading::Chain { shared: false }];

fn cents(amount: Decimal) -> Decimal {
    usd().round(amount)
}

fn eve(day: NaiveDate) -> NaiveDate {
    day.pred_opt().expect("a day")
}

fn length(start: NaiveDate, end: NaiveDate) -> Decimal {
    Decimal::from((end - start).num_days() + 1)
}

fn at(history: &History, day: NaiveDate) -> (i64, i64) {
    history.range(..=day).next_back().map(|(_, then)| *then).unwrap_or((0, 0))
}

/// The rows of a line by its history, in the periods that are counted from `anchor`.
fn written(
    history: &History,
    anchor: NaiveDate,
    months: u32,
    until: NaiveDate,
    reading: Reading,
) -> Vec<Row> {
    let first = *history.keys().next().expect("a history");
    let mut rows = Vec::new();
    let mut add = |start, end, units: i64, price| {
        let id = rows.len() as i64 + 1;
        rows.push(Row { id, start, end, units: Decimal::from(units), price });
    };
    let mut day = first;
    while day <= until {
        let (start, end) = by_calendar(anchor, months, day).expect("a period");
        let begin = start.max(first);
        let whole = length(start, end);
        let part = |units: i64, price: i64, from, to| {
            Decimal::from(units * price) * length(from, to) / whole
        };
        let changes: Vec<NaiveDate> =
            history.range(begin..=end).map(|(day, _)| *day).filter(|day| *day > begin).collect();
        let (mut units, price) = at(history, begin);
        match reading {
            Reading::Delta => {
                add(begin, end, units, cents(part(units, price, begin, end)));
                for change in changes {
                    let (then, price) = at(history, change);
                    add(change, end, then - units, cents(part(then - units, price, change, end)));
                    units = then;
                }
            }
            Reading::Chain { shared } => {
                let mut from = begin;
                for change in changes.into_iter().chain([end.succ_opt().expect("a day")]) {
                    let (units, price) = at(history, from);
                    let last = eve(change);
                    let shown = if shared && change <= end { change } else { last };
                    add(from, shown, units, cents(part(units, price, from, last)));
                    from = change;
                }
            }
        }
        day = end.succ_opt().expect("a day");
    }
    rows
}

/// Units that change on some days within some periods, at one price.
fn any_history(periods: i64) -> impl Strategy<Value = (NaiveDate, u32, BillingCycle, History)> {
    let changes = proptest::collection::vec((0i64..periods * 28, 1i64..60), 0..5);
    (0i64..400, 0usize..3, 0i64..28, 1i64..40, 1i64..9000, changes).prop_map(
        |(anchor, length, begin, units, price, changes)| {
            let anchor = day("2024-01-01") + Days::new(anchor as u64);
            let (months, cycle) = LENGTHS[length];
            let first = anchor + Days::new((begin * i64::from(months)) as u64);
            let mut history = History::from([(first, (units, price))]);
            for (after, units) in changes {
                let day = first + Days::new((after * i64::from(months)) as u64 + 1);
                history.insert(day, (units, price));
            }
            let mut before = None;
            history.retain(|_, now| before.replace(*now) != Some(*now));
            (anchor, months, cycle, history)
        },
    )
}

fn line(
    rows: &[Row],
    anchor: NaiveDate,
    cycle: BillingCycle,
    today: NaiveDate,
    price: Option<i64>,
) -> LineCost {
    let currency = usd();
    let cost = cost_of_line(LineTerms {
        rows,
        start: Some(anchor),
        end: None,
        nominal: Some(cycle),
        line_price: price.map(Decimal::from),
        siblings: &NOBODY,
        today,
        currency: &currency,
    });
    cost.expect("a cost")
}

proptest! {
    /// For any history of changes, each reading gives on every day the rate of the units in force,
    /// and the amount that its own rows bill, which differ by no more than their rounding.
    #[test]
    fn every_reading_gives_the_same_rate_and_period_amount(
        (anchor, months, cycle, history) in any_history(3),
    ) {
        let first = *history.keys().next().expect("a day");
        let price = Some(at(&history, first).1);
        let until = first + Days::new(100 * u64::from(months));
        let all = READINGS.map(|reading| written(&history, anchor, months, until, reading));
        let step = if months > 1 { 5 } else { 1 };
        let mut today = first;
        while today < first + Days::new(85 * u64::from(months)) {
            let (units, each) = at(&history, today);
            let rate = cents(Decimal::from(units * each));
            let (start, end) = by_calendar(anchor, months, today).expect("a period");
            let mut amounts = Vec::new();
            for (rows, reading) in all.iter().zip(READINGS) {
                let cost = line(rows, anchor, cycle, today, price);
                prop_assert_eq!(cost.rate, rate, "{:?} on {}: {:?}", reading, today, rows);
                prop_assert_eq!(cost.units, Decimal::from(units), "{:?} on {}", reading, today);
                prop_assert_eq!(cost.cycle, cycle);
                let of_period = rows.iter().filter(|row| start <= row.start && row.start <= end);
                let billed: Decimal = of_period.map(|row| row.price).sum();
                let period = cost.period.expect("one runs");
                prop_assert_eq!(period.amount, billed);
                amounts.push((period.amount, rows.len()));
            }
            let (most, least) = (amounts.iter().max(), amounts.iter().min());
            let (Some((most, rows)), Some((least, others))) = (most, least) else { unreachable!() };
            prop_assert!(most - least <= Decimal::new(5, 3) * Decimal::from(rows + others));
            today = today + Days::new(step);
        }
    }

    /// Nothing changes on the first day of a period unless units did, what is known ahead comes true
    /// on its day, and the effects of all changes add up to the difference of the rates.
    #[test]
    fn effects_add_up_and_come_true((anchor, _, _, history) in any_history(3)) {
        let first = *history.keys().next().expect("a day");
        let price = Some(at(&history, first).1);
        for reading in READINGS {
            let rows = written(&history, anchor, 1, first + Days::new(130), reading);
            let on = |day| line(&rows, anchor, BillingCycle::Monthly, day, price);
            let (mut effects, mut before) = (Decimal::ZERO, on(first));
            let begin = before.rate;
            for after_days in 1..90 {
                let today = first + Days::new(after_days);
                let after = on(today);
                let effect = after.rate - before.rate;
                prop_assert_eq!(effect.is_zero(), at(&history, today) == at(&history, eve(today))
                    || after.rate == before.rate);
                match before.ahead.first().copied() {
                    Some(next) if next.date == today => prop_assert_eq!(next.rate, after.rate),
                    _ => prop_assert!(effect.is_zero(), "{today} came as a surprise"),
                }
                effects += effect;
                before = after;
            }
            prop_assert_eq!(effects, before.rate - begin);
        }
    }

    /// The period amounts of a line add up to what its rows add up to.
    #[test]
    fn period_amounts_add_up_to_the_rows((anchor, months, cycle, history) in any_history(2)) {
        let first = *history.keys().next().expect("a day");
        let price = Some(at(&history, first).1);
        for reading in READINGS {
            let until = first + Days::new(60 * u64::from(months));
            let rows = written(&history, anchor, months, until, reading);
            let (mut total, mut day) = (Decimal::ZERO, first);
            while day <= until {
                let period = line(&rows, anchor, cycle, day, price).period.expect("one runs");
                prop_assert!(period.start <= day && day <= period.end);
                total += period.amount;
                day = period.end.succ_opt().expect("a day");
            }
            prop_assert_eq!(total, rows.iter().map(|row| row.price).sum::<Decimal>());
        }
    }

    /// Whatever rows there are, a line is billed exactly while it counts in its agreement.
    #[test]
    fn any_rows_have_a_cost_and_a_line_counts_while_it_is_billed(
        spans in proptest::collection::vec((-400i64..200, 0i64..400, -5i64..20, -99_999i64..99_999), 0..8),
    ) {
        let today = day("2026-06-15");
        let rows: Vec<Row> = spans
            .into_iter()
            .zip(1..)
            .map(|((start, days, units, price), id)| {
                let start = today + chrono::TimeDelta::days(start);
                let end = start + chrono::TimeDelta::days(days);
                Row { id, start, end, units: Decimal::from(units), price: Decimal::new(price, 2) }
            })
            .collect();
        let currency = usd();
        let cost = line(&rows, day("2026-01-01"), BillingCycle::Monthly, today, None);
        let about = Agreement {
            siblings: &NOBODY,
            method: Method::ByPeriod,
            own: Some(BillingCycle::Monthly),
            start: Some(day("2026-01-01")),
            end: None,
            is_active: Some(true),
            rules: None,
            today,
            currency: &currency,
        };
        let other = line(&[], day("2026-01-01"), BillingCycle::Monthly, today, None);
        let parts = [Part::Line(&cost), Part::Line(&other)];
        let total = agreement(about, &parts).expect("a total");
        prop_assert_eq!(total.billing, cost.billing);
        prop_assert_eq!(total.period.is_some(), cost.billing == crate::model::BillingState::Billed);
    }
}
