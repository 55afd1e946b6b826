//! Billing periods by calendar: the one of so many months that holds a day, counted from another.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;

use super::cycle::{earlier, later};
use super::row::{Row, days};

/// First and last day.
pub(in crate::policy::cost) type Span = (NaiveDate, NaiveDate);

/// The period of so many months that holds `day`, counted from `anchor`.
pub(in crate::policy::cost) fn by_calendar(
    anchor: NaiveDate,
    months: u32,
    day: NaiveDate,
) -> Option<Span> {
    let length = i64::from(months);
    let apart = i64::from(day.year() - anchor.year()) * 12 + i64::from(day.month0())
        - i64::from(anchor.month0());
    let begin = |number: i64| {
        let by = u32::try_from((number * length).unsigned_abs()).ok()?;
        if number < 0 { earlier(anchor, by) } else { later(anchor, by) }
    };
    let number = apart.div_euclid(length);
    // The estimate ignores the days of the month, so that it can be one too high.
    let number = if begin(number)? > day { number - 1 } else { number };
    Some((begin(number)?, begin(number + 1)?.pred_opt()?))
}

/// The days on which rows begin, first those on which nothing changes: there a period begins.
pub(in crate::policy::cost) fn begins(rows: &[Row]) -> Vec<NaiveDate> {
    let goes_on = |row: &Row| rows.iter().any(|before| goes_on(before, row));
    let (periods, others): (BTreeSet<_>, BTreeSet<_>) = (
        rows.iter().filter(|row| goes_on(row)).map(|row| row.start).collect(),
        rows.iter().map(|row| row.start).collect(),
    );
    periods.iter().chain(others.difference(&periods)).copied().collect()
}

/// Whether one row follows another with the same units at the same price a day.
fn goes_on(before: &Row, row: &Row) -> bool {
    let days = |row: &Row| days((row.start, row.end));
    let length = |row: &Row| Decimal::from(days(row));
    let apart = || {
        let (one, other) =
            (before.price.checked_mul(length(row))?, row.price.checked_mul(length(before))?);
        one.checked_sub(other)
    };
    // Both were rounded.
    let doubt = Decimal::new(5 * (days(before) + days(row)), 3);
    before.end.succ_opt() == Some(row.start)
        && before.units == row.units
        && apart().is_some_and(|apart| apart.abs() <= doubt)
}

/// Whether no row lies across two of the periods that are counted from a day. Where one does, they
/// are counted from another: an agreement may open with a stub.
pub(in crate::policy::cost) fn none_lies_across(
    rows: &[Row],
    anchor: NaiveDate,
    months: u32,
) -> bool {
    rows.iter().all(|row| {
        let Some((_, end)) = by_calendar(anchor, months, row.start) else { return false };
        // A shared day belongs to the later row.
        let is_shared = || rows.iter().any(|other| other.start == row.end && other.id != row.id);
        row.end <= end || (row.end.pred_opt() == Some(end) && is_shared())
    })
}

/// The calendar month of a day.
pub(super) fn month_of(day: NaiveDate) -> Option<Span> {
    let first = day.with_day(1)?;
    by_calendar(first, 1, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_period_by_calendar_holds_the_day_and_the_next_one_follows(
            anchor in 0i32..20_000, months in prop_oneof![Just(1u32), Just(3), Just(6), Just(12)],
            day in 0i32..20_000,
        ) {
            let date = |days| NaiveDate::from_num_days_from_ce_opt(730_000 + days).expect("in range");
            let (start, end) = by_calendar(date(anchor), months, date(day)).expect("a period");
            prop_assert!(start <= date(day) && date(day) <= end);
            let after = end.succ_opt().expect("a day");
            prop_assert_eq!(by_calendar(date(anchor), months, after).map(|span| span.0), Some(after));
        }
    }
}
