//! Which days of a row count (rule 2).
//!
//! ```text
//! chain   25 units ├──────────────────────┤            the shared day belongs to the later row
//!                  01                    23
//!                        27 units         ├───────┤
//!                                        23      30
//!
//! delta   25 units ├──────────────────────────────┤    both count on each of their days
//!                        2 units          ├───────┤
//! ```
//!
//! One shape can be either: a row of one day on the last day of another. Then the prices tell: a row
//! that was cut was billed for a day less.

use rust_decimal::Decimal;

use super::frame::frame;
use super::lengths::Lengths;
use crate::policy::cost::TooLarge;
use crate::policy::cost::calendar::Span;
use crate::policy::cost::row::{Row, days, distance, scaled, sum};
use chrono::NaiveDate;

/// What rounding to cents can take or add.
const HALF_A_CENT: Decimal = Decimal::from_parts(5, 0, 0, false, 3);

/// What a cut is judged by, besides the two rows.
pub(in crate::policy::cost) struct CutContext<'a> {
    pub rows: &'a [Row],
    pub lengths: &'a Lengths,
    /// The day that periods are counted from.
    pub anchor: Option<NaiveDate>,
    /// The day that they may be counted from, by the lines beside it.
    pub supposed: Option<NaiveDate>,
    /// The price of one unit that stands on the line.
    pub line_price: Option<Decimal>,
}

impl CutContext<'_> {
    /// The days of each row that count; none where not one does.
    pub fn spans(&self) -> Result<Vec<Option<Span>>, TooLarge> {
        (0..self.rows.len()).map(|at| self.span(at)).collect()
    }

    /// The first day of a row that has the shape that can be either, where no other row is whole and
    /// tells the price of a unit.
    pub fn in_doubt(&self) -> Option<NaiveDate> {
        let is_doubtful = |(at, row): &(usize, &Row)| {
            let mut one_days = self.rows.iter().filter(|other| other.start == other.end);
            let mut others =
                self.lengths.is_whole.iter().enumerate().filter(|(other, _)| other != at);
            row.start < row.end
                && one_days.any(|one_day| one_day.start == row.end)
                && !others.any(|(_, is_whole)| *is_whole)
        };
        let doubtful = self.rows.iter().enumerate().filter(is_doubtful);
        doubtful.map(|(_, row)| row.start).min()
    }

    /// The whole period that holds the day.
    pub fn frame(&self, day: NaiveDate) -> Option<Span> {
        frame(self.rows, self.lengths, (self.anchor, self.supposed), day)
    }

    fn span(&self, at: usize) -> Result<Option<Span>, TooLarge> {
        let row = &self.rows[at];
        for (other_at, other) in self.rows.iter().enumerate() {
            if other_at != at && other.start == row.end && self.cuts(other, row)? {
                let last = row.end.pred_opt().filter(|last| *last >= row.start);
                return Ok(last.map(|last| (row.start, last)));
            }
        }
        Ok(Some((row.start, row.end)))
    }

    /// Whether `later`, which begins on the last day of `row`, takes that day from it.
    fn cuts(&self, later: &Row, row: &Row) -> Result<bool, TooLarge> {
        if later.end > row.end {
            return Ok(true);
        }
        if row.start == row.end {
            // Two rows of one day: of a chain the earlier one was left with nothing.
            let is_nothing = row.price.is_zero() && !row.units.is_zero();
            return Ok(is_nothing && (row.id < later.id || !later.price.is_zero()));
        }
        self.is_cut_by_one_day(later, row)
    }

    /// What one unit cost in the row that ended where `row` begins, in whole cents, as prices are set;
    /// none where that does not come to what the row costs.
    fn price_before(&self, row: &Row, whole: i64) -> Result<Option<Decimal>, TooLarge> {
        let ends_there = |(_, other): &(usize, &Row)| {
            other.start < row.start
                && (other.end == row.start || other.end.succ_opt() == Some(row.start))
        };
        let Some((at, before)) = self.rows.iter().enumerate().find(ends_there) else {
            return Ok(None);
        };
        let Some(span) = self.span(at)? else { return Ok(None) };
        let exact = scaled(before.price, days(span), whole)?.checked_div(before.units);
        let Some(price) = exact.map(|exact| exact.round_dp(2)) else { return Ok(None) };
        let full = price.checked_mul(before.units).ok_or(TooLarge)?;
        let off = distance(scaled(full, whole, days(span))?, before.price)?;
        Ok((off <= HALF_A_CENT).then_some(price))
    }

    /// The shape that can be either.
    fn is_cut_by_one_day(&self, one_day: &Row, row: &Row) -> Result<bool, TooLarge> {
        if one_day.units.is_zero() && !one_day.price.is_zero() {
            // Only a difference costs something without units: a change of the price.
            return Ok(false);
        }
        // A row beside which a difference already runs to its last day stays as it is.
        let runs_beside = |other: &Row| {
            row.start < other.start && other.start < other.end && other.end == row.end
        };
        if self.rows.iter().any(runs_beside) {
            return Ok(false);
        }
        let length = days((row.start, row.end));
        let Some(period) = self.frame(row.end) else {
            return Ok(false);
        };
        let whole = days(period);
        // By the price of one unit that is known from elsewhere.
        let others = self.rows.iter().zip(&self.lengths.is_whole).filter(|(_, whole)| **whole);
        let others = others.filter(|(other, _)| other.id != row.id && other.id != one_day.id);
        let prices = others.filter_map(|(other, _)| other.price.checked_div(other.units));
        for price in prices.chain(self.line_price).chain(self.price_before(row, whole)?) {
            let Some(full) = price.checked_mul(row.units) else { return Err(TooLarge) };
            let off = |counted| -> Result<Decimal, TooLarge> {
                distance(scaled(full, whole, counted)?, row.price)
            };
            let (whole_row, cut) = (off(length)?, off(length - 1)?);
            if whole_row.min(cut) <= HALF_A_CENT && whole_row != cut {
                return Ok(cut < whole_row);
            }
        }
        // By what follows: all units of a chain go on, and those of a difference are added.
        let after = self.rows.iter().filter(|other| other.start > one_day.end);
        if let Some(after) = after.min_by_key(|other| other.start) {
            let (chain, delta) = (one_day.units, sum([row.units, one_day.units])?);
            if (after.units == chain) != (after.units == delta) {
                return Ok(after.units == chain);
            }
        }
        if one_day.units.is_sign_negative() && !row.units.is_sign_negative() {
            return Ok(false);
        }
        // By which of the two leaves a price of one unit in whole cents, as prices are set.
        let is_in_cents = |counted| -> Result<bool, TooLarge> {
            let Some(price) = scaled(row.price, counted, whole)?.checked_div(row.units) else {
                return Ok(false);
            };
            let full = price.round_dp(2).checked_mul(row.units).ok_or(TooLarge)?;
            Ok(distance(scaled(full, whole, counted)?, row.price)? <= HALF_A_CENT)
        };
        let (whole_row, cut) = (is_in_cents(length)?, is_in_cents(length - 1)?);
        if whole_row != cut {
            return Ok(cut);
        }
        // By which of the two makes a unit cost the same in both rows.
        let Some(of_the_day) = scaled(one_day.price, 1, whole)?.checked_div(one_day.units) else {
            return Ok(true);
        };
        let off = |counted| -> Result<Option<Decimal>, TooLarge> {
            let of_the_row = scaled(row.price, counted, whole)?.checked_div(row.units);
            of_the_row.map(|price| distance(price, of_the_day)).transpose()
        };
        Ok(off(length - 1)? < off(length)?)
    }
}
