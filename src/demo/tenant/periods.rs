//! Billing periods of an agreement: they follow its start and its period type. Only dates here.

use chrono::{Datelike, Days, Months, NaiveDate};

/// The periods of one agreement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Periods {
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

/// The day so many months after or before, and so many days earlier still.
pub(crate) fn shift(day: NaiveDate, months: i32) -> NaiveDate {
    let by = Months::new(months.unsigned_abs());
    let moved = if months < 0 { day.checked_sub_months(by) } else { day.checked_add_months(by) };
    moved.unwrap_or(day)
}

/// The day before.
pub(crate) fn eve(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(1)).unwrap_or(day)
}

impl Periods {
    /// The period of this number; 0 is the first.
    fn span(&self, number: i32) -> Span {
        let months = i32::try_from(self.months).unwrap_or(1);
        let start = shift(self.start, number * months);
        let end = eve(shift(self.start, (number + 1) * months));
        (start, end.min(self.end))
    }

    /// The number of the period that holds the day.
    fn number(&self, day: NaiveDate) -> i32 {
        let months = (day.year() - self.start.year()) * 12 + day.month0() as i32
            - self.start.month0() as i32;
        let number = months.div_euclid(i32::try_from(self.months).unwrap_or(1));
        // The estimate ignores days of the month, so that it can be one too high.
        if self.span(number).0 > day { number - 1 } else { number }
    }

    /// The periods from so many before the one of `day` to so many after, as far as the agreement
    /// lasts; `i32::MAX` is every one before it.
    pub(crate) fn around(&self, day: NaiveDate, before: i32, after: i32) -> Vec<Span> {
        let number = self.number(day);
        (number.saturating_sub(before).max(0)..=number + after)
            .map(|number| self.span(number))
            .filter(|(start, _)| *start <= self.end)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).expect("a date")
    }

    #[test]
    fn the_middle_period_holds_the_day() {
        for months in [1, 3, 6, 12] {
            let periods = Periods { start: day(2024, 1, 31), end: day(2030, 1, 1), months };
            for today in [day(2026, 2, 28), day(2026, 3, 1), day(2026, 12, 31), day(2026, 1, 31)] {
                let spans = periods.around(today, 1, 1);
                let (start, end) = spans[1];
                assert!(start <= today && today <= end, "{months} months, {today}");
                assert!(spans[0].1 < start && end < spans[2].0);
            }
        }
    }

    #[test]
    fn periods_end_with_the_agreement() {
        let periods = Periods { start: day(2026, 1, 1), end: day(2026, 2, 10), months: 1 };
        assert_eq!(
            periods.around(day(2026, 1, 5), 2, 5),
            [(day(2026, 1, 1), day(2026, 1, 31)), (day(2026, 2, 1), day(2026, 2, 10))]
        );
    }
}
