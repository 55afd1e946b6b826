//! The rate of a line on a day: what one whole period costs at the units and prices in force
//! (rule 5 of [`crate::policy::cost`]).

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::force::CutContext;
use super::frame::told;
use crate::model::Currency;
use crate::policy::cost::TooLarge;
use crate::policy::cost::calendar::Span;
use crate::policy::cost::row::{Row, days, distance, scaled, sum};

/// The rows of a line, with the days of each that count.
pub(in crate::policy::cost) struct Rows<'a> {
    pub context: CutContext<'a>,
    pub spans: Vec<Option<Span>>,
    pub currency: &'a Currency,
}

/// What gave the price of one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy::cost) enum UnitPriceFrom {
    /// A whole row that is not in force, or not alone.
    Row(i64),
    /// The price that stands on the line.
    Line,
}

/// The rate on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::policy::cost) struct Rate {
    /// Rounded to the currency.
    pub amount: Decimal,
    pub units: Decimal,
    /// The price of one unit, exact; none without units.
    pub unit_price: Option<Decimal>,
    /// Where that replaced a scaled amount.
    pub from: Option<UnitPriceFrom>,
    /// It was scaled, and nothing confirms it.
    pub is_scaled: bool,
}

/// A row in force, and what it adds.
pub(in crate::policy::cost) struct InForce<'a> {
    pub row: &'a Row,
    pub span: Span,
    /// The whole period.
    pub whole: Span,
    /// What it adds to the rate.
    pub rate: Decimal,
}

impl InForce<'_> {
    pub fn is_whole(&self) -> bool {
        self.span == self.whole
    }
}

impl<'a> Rows<'a> {
    /// `around` with the days that count.
    pub fn new(context: CutContext<'a>, currency: &'a Currency) -> Result<Rows<'a>, TooLarge> {
        let spans = context.spans()?;
        Ok(Rows { context, spans, currency })
    }

    /// Each row of which a day counts, with those days.
    pub fn counting(&self) -> impl Iterator<Item = (&'a Row, Span)> + '_ {
        let rows: &'a [Row] = self.context.rows;
        rows.iter().zip(&self.spans).filter_map(|(row, span)| Some((row, (*span)?)))
    }

    /// The whole period that holds the day.
    pub fn frame(&self, day: NaiveDate) -> Option<Span> {
        self.context.frame(day)
    }

    /// Whether the rows and the start of the agreement tell the period that holds the day.
    pub fn tell_frame(&self, day: NaiveDate) -> bool {
        self.context.lengths.are_exact
            && told(self.context.rows, self.context.lengths, self.context.anchor, day).is_some()
    }

    /// The rows in force on a day, each with what it adds to the rate.
    pub fn in_force(&self, day: NaiveDate) -> Result<Vec<InForce<'a>>, TooLarge> {
        let covering = self.counting().filter(|(_, (first, last))| *first <= day && day <= *last);
        covering
            .map(|(row, span)| {
                // Where nobody can tell how long a period is, the row is one.
                let whole = self.frame(day).unwrap_or(span);
                let rate = match span == whole {
                    true => row.price,
                    false => scaled(row.price, days(span), days(whole))?,
                };
                Ok(InForce { row, span, whole, rate })
            })
            .collect()
    }

    /// The rate on a day; none where nothing is in force.
    pub fn rate(&self, day: NaiveDate) -> Result<Option<Rate>, TooLarge> {
        let rows = self.in_force(day)?;
        if rows.is_empty() {
            return Ok(None);
        }
        let units = sum(rows.iter().map(|one| one.row.units))?;
        let exact = sum(rows.iter().map(|one| one.rate))?;
        // Changes that took all units away left what their rounding left.
        if units.is_zero() && rows.iter().any(|one| !one.row.units.is_zero()) {
            let amount = self.currency.round(Decimal::ZERO);
            return Ok(Some(Rate {
                amount,
                units,
                unit_price: None,
                from: None,
                is_scaled: false,
            }));
        }
        let unit_price = exact.checked_div(units);
        let is_scaled = rows.iter().any(|one| !one.is_whole());
        let plain =
            Rate { amount: self.currency.round(exact), units, unit_price, from: None, is_scaled };
        if !is_scaled {
            return Ok(Some(plain));
        }
        for (price, from, length) in self.unit_prices(day) {
            let amount = price.checked_mul(units).ok_or(TooLarge)?;
            if self.is_explained(&rows, amount, length)? {
                let (amount, unit_price) = (self.currency.round(amount), Some(price));
                let from = Some(from);
                return Ok(Some(Rate { amount, units, unit_price, from, is_scaled: false }));
            }
        }
        Ok(Some(plain))
    }

    /// Whether `amount` for a whole period is what the rows come to, but for the rounding of their
    /// prices; by the days of the period, or by those of the whole row that gives the price, where
    /// periods follow no calendar that we know.
    fn is_explained(
        &self,
        rows: &[InForce<'_>],
        amount: Decimal,
        length: Option<i64>,
    ) -> Result<bool, TooLarge> {
        let half_a_unit = Decimal::new(5, self.currency.decimals() + 1);
        for whole in [rows.first().map(|one| days(one.whole)), length].into_iter().flatten() {
            let (mut exact, mut doubt) = (Decimal::ZERO, half_a_unit);
            for one in rows {
                let counted = days(one.span);
                let (part, rounding) = match one.is_whole() {
                    true => (one.row.price, Decimal::ZERO),
                    false => (
                        scaled(one.row.price, counted, whole)?,
                        scaled(half_a_unit, counted, whole)?,
                    ),
                };
                exact = sum([exact, part])?;
                doubt = sum([doubt, rounding])?;
            }
            if distance(exact, amount)? <= doubt {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What one unit costs by whole rows: the next first, then the running, then the last, then the
    /// price on the line; each with the days of its row.
    fn unit_prices(&self, day: NaiveDate) -> Vec<(Decimal, UnitPriceFrom, Option<i64>)> {
        let mut whole: Vec<(&Row, Span)> = self.whole_rows().collect();
        let order = |(row, (first, last)): &(&Row, Span)| {
            let (place, distance) = match (*first > day, *last < day) {
                (true, _) => (0, (*first - day).num_days()),
                (false, false) => (1, 0),
                (false, true) => (2, (day - *last).num_days()),
            };
            (place, distance, row.id)
        };
        whole.sort_by_key(order);
        let of_rows = whole.into_iter().filter_map(|(row, span)| {
            let price = row.price.checked_div(row.units)?;
            Some((price, UnitPriceFrom::Row(row.id), Some(days(span))))
        });
        let of_line = self.context.line_price.map(|price| (price, UnitPriceFrom::Line, None));
        of_rows.chain(of_line).collect()
    }

    /// The rows that are whole and were not cut.
    fn whole_rows(&self) -> impl Iterator<Item = (&'a Row, Span)> + '_ {
        let rows: &'a [Row] = self.context.rows;
        let whole = rows.iter().zip(&self.spans).zip(&self.context.lengths.is_whole);
        whole.filter_map(|((row, span), whole)| {
            let uncut = (*span)?;
            (*whole && uncut == (row.start, row.end)).then_some((row, uncut))
        })
    }
}
