//! How long rows are by calendar: a month, a quarter, half a year, a year.

use chrono::{Months, NaiveDate};
use rust_decimal::Decimal;

use super::TooLarge;
use super::frame::{Span, by_calendar, none_lies_across};
use super::line::LineTerms;
use super::row::{Row, days, scaled, sum};
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

/// Which rows of a line are whole, and of which cycle the line is.
#[derive(Debug, Clone)]
pub(super) struct Lengths {
    /// The months of a billing period; none where no rule tells.
    pub months: Option<u32>,
    /// For each row, whether it is a whole period of that.
    pub is_whole: Vec<bool>,
    /// Whether that was told by calendar, and not by the number of days alone.
    pub are_exact: bool,
    /// Whether they may be parts of longer ones, which the end of the agreement cut.
    pub may_be_parts: bool,
}

impl Lengths {
    /// Those of the rows of a line, told by the ones nearest to its day.
    pub fn of(terms: &LineTerms<'_>) -> Lengths {
        let LineTerms { rows, nominal, line_price, today, .. } = *terms;
        let nominal = nominal.and_then(BillingCycle::months);
        let by_anchor = |months, day| by_calendar(terms.anchor(months)?, months, day);
        // What lies within one period of the agreement is a part of it, whatever it looks like.
        let is_part = |row: &Row, months| {
            by_anchor(months, row.start).is_some_and(|period| lies_within(row, period))
        };
        // No period is shorter than a part of it.
        let longest = rows.iter().map(|row| days((row.start, row.end))).max().unwrap_or(0);
        let can_hold = |months: &u32| most_days(*months) >= longest;
        let costs_itself = |row: &Row| is_a_share(rows, row, (row.start, row.end), line_price);
        // A part of a longer period may look whole; but periods of its own length would lie otherwise.
        // One that bills nothing tells nothing.
        let lies_askew = |row: &Row, months| {
            let is_on_its_own = by_anchor(months, row.start) == Some((row.start, row.end));
            let is_in_nominal = nominal.is_some_and(|own| months < own && is_part(row, own));
            let is_nothing = row.units.is_zero() && row.price.is_zero();
            is_in_nominal && (is_nothing || (!is_on_its_own && !costs_itself(row)))
        };
        let whole = |row: &Row, length: Option<u32>| {
            let length =
                length.filter(|months| !is_part(row, *months) && !lies_askew(row, *months));
            length.filter(can_hold)
        };
        // So may what the end of the agreement cut.
        let is_cut_short = |row: &Row| Some(row.end) == terms.end && !costs_itself(row);
        let is_over = terms.end.is_some_and(|end| end < today);
        let exact = rows.iter().map(|row| whole(row, whole_months(row.start, row.end)));
        let mut lengths: Vec<Option<u32>> = exact.collect();
        let are_exact = lengths.iter().any(Option::is_some);
        if !are_exact {
            let about = |row: &Row| {
                let about = about_months(row.start, row.end)?;
                let is_part_of_nominal = nominal.is_some_and(|months| {
                    is_part(row, months)
                        || is_part_of_another(rows, row, months)
                        || costs_a_part(rows, row, months, line_price)
                        || (is_cut_short(row) && (about == months || is_over))
                });
                (!is_part_of_nominal).then_some(about)
            };
            lengths = rows.iter().map(|row| whole(row, about(row))).collect();
        }
        let longest = lengths.iter().flatten().max().copied();
        for (row, length) in rows.iter().zip(&mut lengths) {
            *length = length.filter(|months| Some(*months) == longest || !is_cut_short(row));
        }
        let told = nearest(rows, &lengths, today);
        // A month of a quarter that is cut costs a share of what stands on the line.
        let is_share = |row: &Row, months| {
            let costs_it = |whole| is_a_share(rows, row, whole, line_price);
            let costs_a_share = || by_anchor(months, row.start).is_some_and(costs_it);
            let begins_one = || costs_a_part(rows, row, months, line_price);
            (is_cut_short(row) && (is_over || begins_one()))
                || (is_part(row, months) && costs_a_share())
        };
        let alike = || {
            let alike = rows.iter().zip(&lengths).filter(|(_, length)| **length == told);
            alike.map(|(row, _)| row)
        };
        let may_be_parts = told.is_some() && told < nominal && alike().all(is_cut_short);
        let months = match (told, nominal) {
            (Some(told), Some(nominal))
                if told < nominal
                    && (tile(rows, nominal)
                        || is_cut(terms, &lengths, told, nominal)
                        || alike().all(|row| is_share(row, nominal))) =>
            {
                Some(nominal)
            }
            (told, nominal) => told.or(nominal),
        };
        let is_whole: Vec<bool> =
            lengths.iter().map(|length| length.is_some() && *length == months).collect();
        let are_exact = are_exact || !is_whole.contains(&true);
        Lengths { months, is_whole, are_exact, may_be_parts }
    }
}

/// Whether a row lies within a period by calendar that begins with another row, and across which no
/// row lies: an agreement may open with a stub, so that its start tells nothing.
fn is_part_of_another(rows: &[Row], row: &Row, months: u32) -> bool {
    let begins = rows.iter().map(|other| other.start).filter(|start| *start != row.start);
    let mut from = begins.filter(|start| none_lies_across(rows, *start, months));
    from.any(|from| {
        by_calendar(from, months, row.start).is_some_and(|period| lies_within(row, period))
    })
}

/// Whether a row is a part of a period, and not all of it.
fn lies_within(row: &Row, (start, end): Span) -> bool {
    start <= row.start && row.end <= end && (start, end) != (row.start, row.end)
}

/// Whether a row costs the share of its days of what stands on the line for a whole period.
fn costs_a_part(rows: &[Row], row: &Row, months: u32, line_price: Option<Decimal>) -> bool {
    let whole = by_calendar(row.start, months, row.start);
    whole.is_some_and(|whole| {
        days((row.start, row.end)) < days(whole) && is_a_share(rows, row, whole, line_price)
    })
}

/// Whether a row, with the changes that lie beside it to its last day, costs the share of its days of
/// what stands on the line for a whole period.
fn is_a_share(rows: &[Row], row: &Row, whole: Span, line_price: Option<Decimal>) -> bool {
    let beside = || rows.iter().filter(|other| other.end == row.end && row.start <= other.start);
    let as_a_whole =
        |price: Decimal, other: &Row| scaled(price, days((other.start, other.end)), days(whole));
    let is_explained = |line_price: Decimal| -> Result<bool, TooLarge> {
        let units = sum(beside().map(|other| other.units))?;
        let full = line_price.checked_mul(units).ok_or(TooLarge)?;
        let (mut exact, mut doubt) = (-full, Decimal::ZERO);
        for other in beside() {
            exact = sum([exact, as_a_whole(other.price, other)?])?;
            // Each of them was rounded.
            doubt = sum([doubt, as_a_whole(Decimal::new(5, 3), other)?])?;
        }
        Ok(!full.is_zero() && exact.abs() <= doubt)
    };
    line_price.is_some_and(|price| is_explained(price).unwrap_or(false))
}

/// The months of the whole row that covers `day` (of several the longest), else of the next one,
/// else of the last one.
fn nearest(rows: &[Row], lengths: &[Option<u32>], day: NaiveDate) -> Option<u32> {
    let whole = || rows.iter().zip(lengths).filter_map(|(row, length)| Some((row, (*length)?)));
    let covering = whole().filter(|(row, _)| row.start <= day && day <= row.end);
    let next = || whole().filter(|(row, _)| row.start > day).min_by_key(|(row, _)| row.start);
    let last = || whole().filter(|(row, _)| row.end < day).max_by_key(|(row, _)| row.end);
    let covering = covering.map(|(_, length)| length).max();
    covering.or_else(|| next().or_else(last).map(|(_, length)| length))
}

/// Whether one row follows another, and units changed between them.
fn changes(one: &Row, other: &Row) -> bool {
    (one.end == other.start || one.end.succ_opt() == Some(other.start)) && one.units != other.units
}

/// Whether a change cut a period of `nominal` months such that one of its parts looks whole.
fn is_cut(terms: &LineTerms<'_>, lengths: &[Option<u32>], told: u32, nominal: u32) -> bool {
    let rows = terms.rows;
    let period = |day| by_calendar(terms.anchor(nominal)?, nominal, day);
    rows.iter().zip(lengths).any(|(one, length)| {
        let others = rows.iter().zip(lengths).filter(|(other, _)| changes(one, other));
        let mut within = others
            .filter(|(other, _)| period(one.start).is_some_and(|(_, last)| other.end <= last));
        within.any(|(_, other)| *length != Some(told) || *other != Some(told))
    })
}

/// Whether rows that follow each other make up one whole period of so many months, with a change of
/// units between each: then each of them is a part of it, and no period of its own, although it may
/// look like one.
fn tile(rows: &[Row], months: u32) -> bool {
    let mut rows: Vec<&Row> = rows.iter().collect();
    rows.sort_by_key(|row| (row.start, row.end));
    (0..rows.len()).any(|first| {
        let run = rows[first..].windows(2).take_while(|pair| changes(pair[0], pair[1])).count();
        (1..=run)
            .any(|more| whole_months(rows[first].start, rows[first + more].end) == Some(months))
    })
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
