//! How a line stands: billed, upcoming or ended, since when, and on which day its rate is read
//! (rule 7).

use std::collections::BTreeSet;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::force::CutContext;
use super::lengths::Lengths;
use super::rate::Rows;
use super::terms::LineTerms;
use crate::model::BillingState;
use crate::policy::cost::TooLarge;
use crate::policy::cost::calendar::Span;
use crate::policy::cost::row::Row;

/// A line while its cost is worked out.
pub(in crate::policy::cost) struct Line<'a> {
    pub terms: LineTerms<'a>,
    pub rows: Rows<'a>,
    pub months: Option<u32>,
}

/// How a line stands, and the day that its rate is read on.
pub(in crate::policy::cost) struct LineStatus {
    pub billing: BillingState,
    pub since: Option<NaiveDate>,
    pub day: Option<NaiveDate>,
}

impl<'a> Line<'a> {
    pub fn new(terms: LineTerms<'a>, lengths: &'a Lengths) -> Result<Line<'a>, TooLarge> {
        let LineTerms { rows, line_price, .. } = terms;
        let anchor = terms.anchor(lengths.months.unwrap_or(1));
        let supposed = terms.siblings.supposed();
        let context = CutContext { rows, lengths, anchor, supposed, line_price };
        let rows = Rows::new(context, terms.currency)?;
        Ok(Line { terms, rows, months: lengths.months })
    }

    /// The days of a row on which its agreement runs.
    pub fn within(&self, (first, last): Span) -> Option<Span> {
        let first = self.terms.start.map_or(first, |start| first.max(start));
        let last = self.terms.end.map_or(last, |end| last.min(end));
        (first <= last).then_some((first, last))
    }

    /// Whether a row is billed for the period: it begins in it, or it runs today from before it,
    /// against all order.
    pub fn is_of(&self, row: &Row, (first, last): Span) -> bool {
        let today = self.terms.today;
        (first <= row.start && row.start <= last) || (row.start <= today && today <= row.end)
    }

    /// Rule 7.
    pub fn status(&self) -> Result<LineStatus, TooLarge> {
        let today = self.terms.today;
        let billed: Vec<(&Row, Span)> = self
            .rows
            .counting()
            .filter_map(|(row, span)| Some((row, self.within(span)?)))
            .collect();
        let spans = || billed.iter().map(|(_, span)| *span);
        let next = spans().map(|(first, _)| first).filter(|first| *first > today).min();
        let last = spans().map(|(_, last)| last).filter(|last| *last < today).max();
        let runs = spans().any(|(first, last)| first <= today && today <= last);
        if runs {
            let units = self.rows.rate(today)?.map(|rate| (rate.units, rate.amount));
            let is_nothing =
                |(units, amount): (Decimal, Decimal)| units.is_zero() && amount.is_zero();
            if !units.is_some_and(is_nothing) || self.is_billed_after(today)? {
                let (billing, day) = (BillingState::Billed, Some(today));
                return Ok(LineStatus { billing, since: None, day });
            }
            // Without units it costs nothing, in this period as in the next.
            let (since, day) = (self.last_with_units(&billed)?, Some(today));
            return Ok(LineStatus { billing: BillingState::Ended, since, day });
        }
        Ok(match (next, last) {
            (Some(next), _) => {
                LineStatus { billing: BillingState::Upcoming, since: Some(next), day: Some(next) }
            }
            (None, Some(last)) => {
                LineStatus { billing: BillingState::Ended, since: Some(last), day: Some(last) }
            }
            // Rows there may be, none of them within the agreement.
            (None, None) if !self.terms.rows.is_empty() => {
                let ends = self.terms.rows.iter().map(|row| row.end).max();
                let day = self.rows.counting().map(|(_, (first, _))| first).min();
                let since = ends.map(|end| self.terms.end.map_or(end, |last| end.min(last)));
                LineStatus { billing: BillingState::Ended, since, day }
            }
            (None, None) => LineStatus { billing: BillingState::None, since: None, day: None },
        })
    }

    /// Whether a row with units follows.
    fn is_billed_after(&self, today: NaiveDate) -> Result<bool, TooLarge> {
        for day in self.boundaries(today) {
            if self.rows.rate(day)?.is_some_and(|rate| !rate.units.is_zero()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The last day before today on which units were in force.
    fn last_with_units(&self, billed: &[(&Row, Span)]) -> Result<Option<NaiveDate>, TooLarge> {
        let mut days: Vec<NaiveDate> = billed
            .iter()
            .flat_map(|(_, (first, last))| [first.pred_opt(), Some(*last)])
            .flatten()
            .filter(|day| *day < self.terms.today)
            .collect();
        days.sort_unstable();
        for day in days.into_iter().rev() {
            if self.rows.rate(day)?.is_some_and(|rate| !rate.units.is_zero()) {
                return Ok(Some(day));
            }
        }
        Ok(None)
    }

    /// The days after `today` on which another row may begin or cease to be in force.
    pub fn boundaries(&self, today: NaiveDate) -> BTreeSet<NaiveDate> {
        let ends = self.terms.end.and_then(|end| end.succ_opt());
        let of_rows =
            self.rows.counting().flat_map(|(_, (first, last))| [Some(first), last.succ_opt()]);
        of_rows.chain([ends]).flatten().filter(|day| *day > today).collect()
    }
}
