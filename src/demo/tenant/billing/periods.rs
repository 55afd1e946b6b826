//! Billing periods of an agreement: they follow its start and its period type. Only dates here.

use chrono::{Datelike, Days, Months, NaiveDate};

/// The periods of one agreement, or of a line on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Periods {
    /// A day on which a period begins. It may lie before the start of the agreement, which then
    /// opens with a stub.
    pub(crate) anchor: NaiveDate,
    pub(crate) start: NaiveDate,
    pub(crate) end: NaiveDate,
    /// Length of a period, in months.
    pub(crate) months: u32,
}

/// First and last day of a period.
pub(crate) type Span = (NaiveDate, NaiveDate);

/// Months of a period type: 2 monthly, 3 quarterly, 4 semi-annual, 5 yearly. Anything else is
/// billed monthly here: even the agreement with an unknown type needs unit rows.
pub(crate) fn months_of(period_type: Option<i64>) -> u32 {
    match period_type {
        Some(3) => 3,
        Some(4) => 6,
        Some(5) => 12,
        _ => 1,
    }
}

/// The first day of the month that lies `months` after (before, if negative) that of `day`.
pub(crate) fn month(day: NaiveDate, months: i32) -> NaiveDate {
    let first = day.with_day(1).unwrap_or(day);
    shift(first, months)
}

/// The day so many months after, or before where it is negative.
pub(crate) fn shift(day: NaiveDate, months: i32) -> NaiveDate {
    let by = Months::new(months.unsigned_abs());
    let moved = if months < 0 { day.checked_sub_months(by) } else { day.checked_add_months(by) };
    moved.unwrap_or(day)
}

/// The day so many days after, or before where it is negative.
pub(crate) fn days_after(day: NaiveDate, days: i64) -> NaiveDate {
    let by = Days::new(days.unsigned_abs());
    let moved = if days < 0 { day.checked_sub_days(by) } else { day.checked_add_days(by) };
    moved.unwrap_or(day)
}

/// The day before.
pub(crate) fn eve(day: NaiveDate) -> NaiveDate {
    days_after(day, -1)
}

impl Periods {
    /// The whole period of this number, which neither start nor end cuts; 0 begins at the anchor.
    pub(crate) fn whole(&self, number: i32) -> Span {
        let months = i32::try_from(self.months).unwrap_or(1);
        let start = shift(self.anchor, number.saturating_mul(months));
        (start, eve(shift(self.anchor, number.saturating_add(1).saturating_mul(months))))
    }

    /// The number of the period that holds the day.
    pub(crate) fn number(&self, day: NaiveDate) -> i32 {
        let months = (day.year() - self.anchor.year()) * 12 + day.month0() as i32
            - self.anchor.month0() as i32;
        let number = months.div_euclid(i32::try_from(self.months).unwrap_or(1));
        // The estimate ignores days of the month, so that it can be one too high.
        if self.whole(number).0 > day { number - 1 } else { number }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).expect("a date")
    }

    #[test]
    fn the_numbered_period_holds_the_day() {
        let anchor = day(2024, 1, 31);
        for months in [1, 3, 6, 12] {
            let periods = Periods { anchor, start: anchor, end: day(2030, 1, 1), months };
            for today in [
                day(2026, 2, 28),
                day(2026, 3, 1),
                day(2026, 12, 31),
                day(2026, 1, 31),
                day(2023, 5, 5),
            ] {
                let number = periods.number(today);
                let (start, end) = periods.whole(number);
                assert!(start <= today && today <= end, "{months} months, {today}");
                assert_eq!(periods.whole(number - 1).1, eve(start));
            }
        }
    }
}
