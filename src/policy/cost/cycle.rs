//! How long rows are by calendar: a month, a quarter, half a year, a year.

use chrono::{Months, NaiveDate};

use super::row::days;
use crate::model::BillingCycle;

/// The periodic cycles, the longest first, with the days that a period of each can have.
const PERIODIC: [(u32, std::ops::RangeInclusive<i64>); 4] =
    [(12, 365..=366), (6, 181..=184), (3, 89..=92), (1, 28..=31)];

/// The day so many months later; the last of the month where that has no such day.
pub(super) fn later(day: NaiveDate, months: u32) -> Option<NaiveDate> {
    day.checked_add_months(Months::new(months))
}

/// The day so many months earlier.
pub(super) fn earlier(day: NaiveDate, months: u32) -> Option<NaiveDate> {
    day.checked_sub_months(Months::new(months))
}

/// How many months a row lasts, if it is a whole number of a cycle's by calendar. Periods that begin
/// on the 31st are told by either end.
pub(super) fn whole_months(start: NaiveDate, end: NaiveDate) -> Option<u32> {
    let next = end.succ_opt()?;
    let is = |months| later(start, months) == Some(next) || earlier(next, months) == Some(start);
    PERIODIC.into_iter().map(|(months, _)| months).find(|months| is(*months))
}

/// The same by the number of days alone, for a tenant whose periods follow no calendar that we know.
pub(super) fn about_months(start: NaiveDate, end: NaiveDate) -> Option<u32> {
    let length = days((start, end));
    PERIODIC.into_iter().find(|(_, range)| range.contains(&length)).map(|(months, _)| months)
}

/// How many days a period of so many months can have.
pub(super) fn most_days(months: u32) -> i64 {
    let known = PERIODIC.into_iter().find(|(other, _)| *other == months);
    known.map_or(0, |(_, range)| *range.end())
}

/// The cycle of so many months.
pub(super) fn of_months(months: u32) -> BillingCycle {
    match months {
        1 => BillingCycle::Monthly,
        3 => BillingCycle::Quarterly,
        6 => BillingCycle::SemiAnnual,
        12 => BillingCycle::Yearly,
        _ => BillingCycle::None,
    }
}

/// The longer of two cycles; one that is not periodic only where the other is not either.
pub fn longer(one: Option<BillingCycle>, other: Option<BillingCycle>) -> Option<BillingCycle> {
    let months = |cycle: Option<BillingCycle>| cycle.and_then(BillingCycle::months);
    if months(one) >= months(other) && (one.is_some() || other.is_none()) { one } else { other }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn a_period_is_whole_by_calendar_and_not_by_its_days() {
        for (start, end, months) in [
            ("2026-06-01", "2026-06-30", Some(1)),
            ("2026-06-02", "2026-06-30", None),
            ("2026-01-31", "2026-02-27", Some(1)),
            ("2026-02-28", "2026-03-30", Some(1)),
            ("2026-02-01", "2026-02-28", Some(1)),
            ("2026-11-15", "2027-02-14", Some(3)),
            ("2026-01-01", "2026-06-30", Some(6)),
            ("2024-02-29", "2025-02-27", Some(12)),
            ("2026-06-01", "2026-07-15", None),
        ] {
            assert_eq!(whole_months(day(start), day(end)), months, "{start} to {end}");
        }
    }

    #[test]
    fn the_longer_cycle_is_taken_and_one_that_is_known_before_one_that_is_not() {
        use BillingCycle::{Monthly, OneTime, Quarterly, Unknown, Yearly};
        assert_eq!(longer(Some(Monthly), Some(Yearly)), Some(Yearly));
        assert_eq!(longer(Some(Quarterly), Some(Monthly)), Some(Quarterly));
        assert_eq!(longer(Some(Unknown(9)), Some(Monthly)), Some(Monthly));
        assert_eq!(longer(None, Some(OneTime)), Some(OneTime));
        assert_eq!(longer(Some(Unknown(9)), None), Some(Unknown(9)));
        assert_eq!(longer(None, None), None);
    }
}
