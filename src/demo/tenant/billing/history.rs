//! What a line bills: its history of units and prices, cut into the rows of each billing period.
//! Only dates and amounts here: no rows of a table, and no request.
//!
//! How a change within a period is recorded is a matter of the [`Reading`].
//!
//! A part of a period is charged by its days of the whole period, cut ones too, rounded to cents.

use chrono::NaiveDate;
use rust_decimal::{Decimal, RoundingStrategy};

use super::periods::{Periods, Span, eve};
use super::reading::Reading;

/// Decimals that a prorated amount is rounded to.
const CENTS: u32 = 2;

/// What a line is from a day on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// Of the first step, [`NaiveDate::MIN`] means as long as the agreement.
    pub(crate) day: NaiveDate,
    pub(crate) units: i64,
    /// For one unit and one whole period.
    pub(crate) price: Decimal,
    pub(crate) cost: Decimal,
    /// Whether it was written into the rows of its period, which begins on its day, instead of
    /// standing beside them. The readings differ in nothing then.
    pub(crate) whole: bool,
}

impl Step {
    fn says_the_same_as(&self, other: &Step) -> bool {
        (self.units, self.price, self.cost) == (other.units, other.price, other.cost)
    }
}

/// A row of units before it has an id: the amounts are for its days and all of its units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Billed {
    pub(crate) span: Span,
    pub(crate) units: i64,
    pub(crate) price: Decimal,
    pub(crate) cost: Decimal,
}

/// The history of a line.
#[derive(Clone, Debug)]
pub(crate) struct History {
    /// By day; there is always one.
    pub(crate) steps: Vec<Step>,
    /// The last day, where the line ended within its agreement.
    pub(crate) last: Option<NaiveDate>,
    /// The day that periods are counted from, where it is not the agreement's start.
    pub(crate) anchor: Option<NaiveDate>,
    /// Months of a period, where the line has another cycle than its agreement.
    pub(crate) months: Option<u32>,
    pub(crate) reading: Reading,
}

impl History {
    /// A line that is the same as long as its agreement.
    pub(crate) fn new(units: i64, price: Decimal, cost: Decimal, reading: Reading) -> History {
        let first = Step { day: NaiveDate::MIN, units, price, cost, whole: true };
        History { steps: vec![first], last: None, anchor: None, months: None, reading }
    }

    /// It begins on this day.
    pub(crate) fn from(mut self, day: NaiveDate) -> History {
        self.steps[0].day = day;
        self
    }

    /// It ends after this day.
    pub(crate) fn until(self, day: NaiveDate) -> History {
        History { last: Some(day), ..self }
    }

    /// Its periods are counted from this day.
    pub(crate) fn anchored(self, day: NaiveDate) -> History {
        History { anchor: Some(day), ..self }
    }

    /// A period of it is so many months.
    pub(crate) fn every(self, months: u32) -> History {
        History { months: Some(months), ..self }
    }

    /// Changes within a period are recorded so.
    pub(crate) fn read(self, reading: Reading) -> History {
        History { reading, ..self }
    }

    /// So many units from the day on.
    pub(crate) fn units(mut self, day: NaiveDate, units: i64) -> History {
        self.change(day, false, |step| step.units = units);
        self
    }

    /// A unit costs so much from the day on.
    pub(crate) fn price(mut self, day: NaiveDate, price: Decimal) -> History {
        self.change(day, false, |step| step.price = price);
        self
    }

    /// The same, where the day is the first of a period and the price is written into its rows.
    pub(crate) fn new_price(mut self, day: NaiveDate, price: Decimal) -> History {
        self.change(day, true, |step| step.price = price);
        self
    }

    /// Changes what the line is from the day on, for good; a day before the first is the first.
    pub(crate) fn change(&mut self, day: NaiveDate, whole: bool, change: impl Fn(&mut Step)) {
        let day = day.max(self.first());
        let place = self.steps.partition_point(|step| step.day < day);
        match self.steps.get_mut(place) {
            Some(step) if step.day == day => step.whole |= whole,
            _ => {
                let before = self.steps[place - 1];
                self.steps.insert(place, Step { day, whole, ..before });
            }
        }
        self.steps[place..].iter_mut().for_each(change);
        self.steps.dedup_by(|later, earlier| later.says_the_same_as(earlier));
    }

    /// Forgets every change from the day on.
    pub(crate) fn forget(&mut self, day: NaiveDate) {
        let first = self.steps[0];
        self.steps.retain(|step| step.day < day);
        if self.steps.is_empty() {
            self.steps.push(first);
        }
    }

    /// The first day.
    pub(crate) fn first(&self) -> NaiveDate {
        self.steps[0].day
    }

    /// What the line is on a day, the first thing that it is before it begins.
    pub(crate) fn on(&self, day: NaiveDate) -> Step {
        let past = self.steps.iter().rev().find(|step| step.day <= day);
        *past.unwrap_or(&self.steps[0])
    }

    /// The periods of the line, by those of its agreement.
    pub(crate) fn periods(&self, of_agreement: Periods) -> Periods {
        Periods {
            anchor: self.anchor.unwrap_or(of_agreement.anchor),
            months: self.months.unwrap_or(of_agreement.months),
            ..of_agreement
        }
    }

    /// The whole periods from so many before the one of `today` to so many after, as far as the
    /// line lasts; `i32::MAX` is every one before it. Of a line that is over, or to come, its last
    /// or its first period counts as that of today.
    pub(crate) fn around(
        &self,
        periods: &Periods,
        today: NaiveDate,
        before: i32,
        after: i32,
    ) -> Vec<Span> {
        let first = self.first().max(periods.start);
        let last = self.last.unwrap_or(NaiveDate::MAX).min(periods.end);
        if first > last {
            return Vec::new();
        }
        let (lowest, now) = (periods.number(first), periods.number(today.clamp(first, last)));
        (now.saturating_sub(before).max(lowest)..=now.saturating_add(after))
            .map(|number| periods.whole(number))
            .take_while(|(start, _)| *start <= last)
            .collect()
    }

    /// The rows of one whole period, in the order of their days.
    pub(crate) fn rows(&self, periods: &Periods, whole: Span) -> Vec<Billed> {
        let from = whole.0.max(periods.start).max(self.first());
        let to = whole.1.min(periods.end).min(self.last.unwrap_or(NaiveDate::MAX));
        if from > to {
            return Vec::new();
        }
        let share = Share { whole };
        match self.reading {
            Reading::Delta | Reading::Both => self.delta(share, from, to),
            Reading::Chain => self.chain(share, from, to, |next| next),
            Reading::DayBefore => self.chain(share, from, to, eve),
        }
    }

    fn delta(&self, share: Share, from: NaiveDate, to: NaiveDate) -> Vec<Billed> {
        let is_base = |step: &Step| step.day < from || (step.day == from && step.whole);
        let base = self.steps.iter().rposition(is_base).unwrap_or(0);
        let mut before = self.steps[base];
        let mut rows = vec![share.row((from, to), &before)];
        for step in self.steps[base + 1..].iter().take_while(|step| step.day <= to) {
            let price = share.of(amount(step.price, step.units) - total(&before), (step.day, to));
            let cost = amount(step.cost, step.units) - amount(before.cost, before.units);
            rows.push(Billed {
                span: (step.day, to),
                units: step.units - before.units,
                price,
                cost: share.of(cost, (step.day, to)),
            });
            before = *step;
        }
        rows
    }

    /// `end` gives the last day of a row by the first of the next one.
    fn chain(
        &self,
        share: Share,
        from: NaiveDate,
        to: NaiveDate,
        end: fn(NaiveDate) -> NaiveDate,
    ) -> Vec<Billed> {
        let first = self.steps.iter().rposition(|step| step.day <= from).unwrap_or(0);
        let steps: Vec<&Step> =
            self.steps[first..].iter().take_while(|step| step.day <= to).collect();
        let mut rows = Vec::with_capacity(steps.len());
        for (place, step) in steps.iter().enumerate() {
            let start = step.day.max(from);
            let row = match steps.get(place + 1) {
                Some(next) => {
                    let counted = share.row((start, eve(next.day)), step);
                    Billed { span: (start, end(next.day)), ..counted }
                }
                None => share.row((start, to), step),
            };
            rows.push(row);
        }
        rows
    }
}

/// A whole period, of which parts are charged.
#[derive(Clone, Copy)]
struct Share {
    whole: Span,
}

impl Share {
    /// The row of a part of the period.
    fn row(self, span: Span, step: &Step) -> Billed {
        Billed {
            span,
            units: step.units,
            price: self.of(total(step), span),
            cost: self.of(amount(step.cost, step.units), span),
        }
    }

    /// What an amount of the whole period comes to for these days of it.
    fn of(self, amount: Decimal, span: Span) -> Decimal {
        let (part, whole) = (days(span), days(self.whole));
        if part == whole {
            return amount;
        }
        (amount * part / whole)
            .round_dp_with_strategy(CENTS, RoundingStrategy::MidpointAwayFromZero)
    }
}

fn days((first, last): Span) -> Decimal {
    Decimal::from((last - first).num_days() + 1)
}

fn total(step: &Step) -> Decimal {
    amount(step.price, step.units)
}

fn amount(each: Decimal, units: i64) -> Decimal {
    each * Decimal::from(units)
}
