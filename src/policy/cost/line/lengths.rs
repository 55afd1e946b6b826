//! Which rows of a line are whole billing periods, and of which cycle the line is (rule 3).
//!
//! A row as long as a month may be a month, or a part of a quarter that was cut; what lies beside it
//! and what it costs tell which.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::terms::LineTerms;
use crate::model::BillingCycle;
use crate::policy::cost::TooLarge;
use crate::policy::cost::calendar::{Span, by_calendar, none_lies_across};
use crate::policy::cost::cycle::{about_months, most_days, whole_months};
use crate::policy::cost::row::{Row, days, scaled, sum};

/// More than what a division leaves out, and far less than any amount.
const LAST_DIGIT: Decimal = Decimal::from_parts(1, 0, 0, false, 12);

/// Which rows of a line are whole, and of which cycle the line is.
#[derive(Debug, Clone)]
pub(in crate::policy::cost) struct Lengths {
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
        let telling = Telling { terms, nominal: terms.nominal.and_then(BillingCycle::months) };
        let (rows, nominal) = (terms.rows, telling.nominal);
        let mut lengths: Vec<Option<u32>> = rows.iter().map(|row| telling.exact(row)).collect();
        let are_exact = lengths.iter().any(Option::is_some);
        if !are_exact {
            lengths = rows.iter().map(|row| telling.about(row)).collect();
        }
        // What the end of the agreement cut says nothing where there is something longer.
        let longest = lengths.iter().flatten().max().copied();
        for (row, length) in rows.iter().zip(&mut lengths) {
            *length = length.filter(|is| Some(*is) == longest || !telling.is_cut_short(row));
        }
        let told = nearest(rows, &lengths, terms.today);
        let alike = || {
            let alike = rows.iter().zip(&lengths).filter(|(_, length)| **length == told);
            alike.map(|(row, _)| row)
        };
        let months = match (told, nominal) {
            (Some(told), Some(nominal))
                if told < nominal
                    && (tile(rows, nominal)
                        || telling.is_cut(&lengths, told, nominal)
                        || alike().all(|row| telling.is_share(row, nominal))) =>
            {
                Some(nominal)
            }
            (told, nominal) => told.or(nominal),
        };
        let is_whole: Vec<bool> =
            lengths.iter().map(|length| length.is_some() && *length == months).collect();
        Lengths {
            months,
            are_exact: are_exact || !is_whole.contains(&true),
            is_whole,
            may_be_parts: told.is_some()
                && told < nominal
                && alike().all(|row| telling.is_cut_short(row)),
        }
    }
}

/// What is known of a line while the lengths of its rows are told.
struct Telling<'a> {
    terms: &'a LineTerms<'a>,
    /// The months of the longer of the cycles of its agreement and its service.
    nominal: Option<u32>,
}

impl Telling<'_> {
    /// The months of a row that is whole by calendar.
    fn exact(&self, row: &Row) -> Option<u32> {
        whole_months(row.start, row.end).filter(|months| self.can_be_whole(row, *months))
    }

    /// The same by the number of its days alone.
    fn about(&self, row: &Row) -> Option<u32> {
        let (rows, price) = (self.terms.rows, self.terms.line_price);
        let about = about_months(row.start, row.end)?;
        let is_part = |months| {
            self.is_part(row, months)
                || is_part_of_another(rows, row, months)
                || costs_a_part(rows, row, months, price)
                || (self.is_cut_short(row) && (about == months || self.is_over()))
        };
        let is_part = self.nominal.is_some_and(is_part);
        let can_be_whole = !is_part && self.can_be_whole(row, about);
        (can_be_whole || self.costs_itself(row)).then_some(about)
    }

    /// The period of so many months that holds a day, as those of the agreement are counted.
    fn period(&self, months: u32, day: NaiveDate) -> Option<Span> {
        by_calendar(self.terms.anchor(months)?, months, day)
    }

    fn can_be_whole(&self, row: &Row, months: u32) -> bool {
        // No period is shorter than a part of it.
        let longest = self.terms.rows.iter().map(|row| days((row.start, row.end))).max();
        !self.is_part(row, months)
            && !self.lies_askew(row, months)
            && longest.is_none_or(|longest| longest <= most_days(months))
    }

    /// Whether a row lies within one period of the agreement, and so is a part of it, whatever it
    /// looks like.
    fn is_part(&self, row: &Row, months: u32) -> bool {
        self.period(months, row.start).is_some_and(|period| lies_within(row, period))
    }

    /// Whether a row lies within a period of the longer cycle, but where none of its own length would.
    /// Where it bills nothing, it tells nothing.
    fn lies_askew(&self, row: &Row, months: u32) -> bool {
        let is_on_its_own = || self.period(months, row.start) == Some((row.start, row.end));
        let is_nothing = row.units.is_zero() && row.price.is_zero();
        self.nominal.is_some_and(|nominal| months < nominal && self.is_part(row, nominal))
            && (is_nothing || (!is_on_its_own() && !self.costs_itself(row)))
    }

    /// Whether the end of the agreement may have cut a row.
    fn is_cut_short(&self, row: &Row) -> bool {
        Some(row.end) == self.terms.end && !self.costs_itself(row)
    }

    fn is_over(&self) -> bool {
        self.terms.end.is_some_and(|end| end < self.terms.today)
    }

    /// Whether a row costs what stands on the line.
    fn costs_itself(&self, row: &Row) -> bool {
        is_a_share(self.terms.rows, row, (row.start, row.end), self.terms.line_price)
    }

    /// Whether a row that looks whole costs a share of what stands on the line for so many months.
    fn is_share(&self, row: &Row, months: u32) -> bool {
        let (rows, price) = (self.terms.rows, self.terms.line_price);
        let costs_it = |whole| is_a_share(rows, row, whole, price);
        let costs_a_share = || self.period(months, row.start).is_some_and(costs_it);
        let begins_one = || costs_a_part(rows, row, months, price);
        (self.is_cut_short(row) && (self.is_over() || begins_one()))
            || (self.is_part(row, months) && costs_a_share())
    }

    /// Whether a change cut a period of `nominal` months such that one of its parts looks whole.
    fn is_cut(&self, lengths: &[Option<u32>], told: u32, nominal: u32) -> bool {
        let with_lengths = || self.terms.rows.iter().zip(lengths);
        with_lengths().any(|(one, length)| {
            let ends = self.period(nominal, one.start).map(|(_, last)| last);
            let others = with_lengths().filter(|(other, _)| changes(one, other));
            let mut within = others.filter(|(other, _)| ends.is_some_and(|last| other.end <= last));
            within.any(|(_, other)| *length != Some(told) || *other != Some(told))
        })
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
        // Half a cent that was rounded up comes to just as much as it may, but for the last digit of a
        // division.
        let (mut exact, mut doubt) = (-full, LAST_DIGIT);
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
