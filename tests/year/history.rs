//! What a line is, day by day: its units and the price of one, and the billing periods that these
//! are billed in. Only dates and amounts. What happens to a line is written down here as it is done;
//! of a line that was there when the year began it is told by its rows, once.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, Months, NaiveDate};
use rust_decimal::{Decimal, RoundingStrategy};

/// First and last day.
pub type Span = (NaiveDate, NaiveDate);

/// One row of what a line bills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub id: i64,
    pub start: NaiveDate,
    pub end: NaiveDate,
    pub units: Decimal,
    /// Of the whole row.
    pub price: Decimal,
}

impl Row {
    pub fn covers(&self, day: NaiveDate) -> bool {
        self.start <= day && day <= self.end
    }
}

/// What a line is on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub units: Decimal,
    /// Of one unit in a whole period.
    pub price: Decimal,
    /// Whether the price could only be worked out from a prorated row: nobody can tell it exactly.
    pub rough: bool,
}

/// What a line is from which day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    steps: BTreeMap<NaiveDate, Step>,
    /// The first day.
    pub first: NaiveDate,
    /// The last day, where it ends before its agreement.
    pub last: Option<NaiveDate>,
    /// The months of a billing period.
    pub months: u32,
}

impl History {
    pub fn new(first: NaiveDate, units: Decimal, price: Decimal, months: u32) -> History {
        let step = Step { units, price, rough: false };
        History { steps: BTreeMap::from([(first, step)]), first, last: None, months }
    }

    /// What the line is on a day; before it begins, what it is at first.
    pub fn on(&self, day: NaiveDate) -> Step {
        let past = self.steps.range(..=day).next_back();
        past.or(self.steps.iter().next()).map(|(_, step)| *step).expect("a step")
    }

    /// The days on which it begins or becomes something else.
    pub fn days(&self) -> impl DoubleEndedIterator<Item = NaiveDate> {
        self.steps.keys().copied()
    }

    /// It has so many units from the day on.
    pub fn count(&mut self, day: NaiveDate, units: Decimal) {
        self.change(day, |step| step.units = units);
    }

    /// A unit costs so much from the day on.
    pub fn cost(&mut self, day: NaiveDate, price: Decimal) {
        self.change(day, |step| (step.price, step.rough) = (price, false));
    }

    /// It is this from the day on, and whatever was to come after that is forgotten.
    pub fn anew(&mut self, day: NaiveDate, units: Decimal, price: Decimal) {
        let day = day.max(self.first);
        self.steps.retain(|other, _| *other <= day);
        self.change(day, |step| *step = Step { units, price, rough: false });
    }

    fn change(&mut self, day: NaiveDate, change: impl Fn(&mut Step)) {
        let day = day.max(self.first);
        let now = self.on(day);
        self.steps.entry(day).or_insert(now);
        self.steps.range_mut(day..).for_each(|(_, step)| change(step));
    }
}

/// The day so many months after another.
pub fn months_after(day: NaiveDate, months: i32) -> NaiveDate {
    let by = Months::new(months.unsigned_abs());
    if months < 0 { day - by } else { day + by }
}

pub fn eve(day: NaiveDate) -> NaiveDate {
    day - Days::new(1)
}

/// The whole billing period that holds a day, where one begins on the day `anchor`.
pub fn period(anchor: NaiveDate, months: u32, day: NaiveDate) -> Span {
    let months = i32::try_from(months).expect("few months");
    let begins = |number: i32| months_after(anchor, number * months);
    let mut number = 0;
    while begins(number) > day {
        number -= 1;
    }
    while begins(number + 1) <= day {
        number += 1;
    }
    (begins(number), eve(begins(number + 1)))
}

pub fn days((first, last): Span) -> Decimal {
    Decimal::from((last - first).num_days() + 1)
}

/// Rounded as money is.
pub fn cents(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

/// What is known of a line besides its rows.
pub struct About {
    pub today: NaiveDate,
    /// The first and the last day of its agreement.
    pub span: Span,
    pub anchor: NaiveDate,
    pub months: u32,
    /// The price that stands on the line.
    pub price: Decimal,
}

impl About {
    /// The billing period that holds a day, cut by the agreement.
    fn cut(&self, day: NaiveDate) -> Span {
        let (first, last) = period(self.anchor, self.months, day);
        (first.max(self.span.0), last.min(self.span.1))
    }

    /// The history of the line, as its rows tell it.
    pub fn told_by(&self, rows: &[Row]) -> History {
        let begins: BTreeSet<NaiveDate> =
            rows.iter().map(|row| period(self.anchor, self.months, row.start).0).collect();
        let mut steps: Vec<(NaiveDate, Step)> = Vec::new();
        for begin in begins {
            let of_it: Vec<&Row> = rows
                .iter()
                .filter(|row| period(self.anchor, self.months, row.start).0 == begin)
                .collect();
            let is_chain = self.is_chain(&of_it, rows);
            let first = of_it.iter().map(|row| row.start).min().expect("a row");
            let last = of_it.iter().map(|row| row.end).max().expect("a row");
            for day in first.iter_days().take_while(|day| *day <= last) {
                let step = self.on(day, begin, &of_it, is_chain, rows);
                if steps.last().is_none_or(|(_, before)| *before != step) {
                    steps.push((day, step));
                }
            }
        }
        let first = rows.iter().map(|row| row.start).min().unwrap_or(self.today);
        let reaches = rows.iter().map(|row| row.end).max();
        // Rows are made to the end of the next period; a line that has none there is over by then.
        let seen = self.today.max(first).max(self.span.0);
        let next = period(self.anchor, self.months, seen).1.succ_opt().expect("a day");
        let ahead = period(self.anchor, self.months, next).1.min(self.span.1);
        let last = reaches.filter(|reached| *reached < ahead);
        let mut steps: BTreeMap<NaiveDate, Step> = steps.into_iter().collect();
        steps.entry(first).or_insert(Step {
            units: Decimal::ZERO,
            price: self.price,
            rough: false,
        });
        History { steps, first, last, months: self.months }
    }

    /// Whether the rows of one period follow each other, each with all units. Else all last to the
    /// end of the first one, each with what is more or less.
    fn is_chain(&self, of_it: &[&Row], rows: &[Row]) -> bool {
        let last = of_it[of_it.len() - 1];
        if of_it.iter().any(|row| row.end != last.end) {
            return true;
        }
        // A change on the very last day: only the amount tells whether the first row was cut.
        let [base, after] = of_it else { return false };
        let whole = self.wholes(rows);
        after.start == after.end
            && !base.units.is_zero()
            && !whole.is_empty()
            && self.cut(base.start) == (base.start, base.end)
            && !whole.contains(&(base.price / base.units))
    }

    /// The prices of one unit that whole rows have, that of the last row first.
    fn wholes(&self, rows: &[Row]) -> Vec<Decimal> {
        let is_whole = |row: &&Row| {
            let whole = period(self.anchor, self.months, row.start) == (row.start, row.end);
            let alone = rows.iter().filter(|other| other.covers(row.start)).count() == 1
                && rows.iter().filter(|other| other.covers(row.end)).count() == 1;
            whole && alone && !row.units.is_zero()
        };
        rows.iter().rev().filter(is_whole).map(|row| row.price / row.units).collect()
    }

    /// What the line is on one day of the period that begins on `begin`.
    fn on(
        &self,
        day: NaiveDate,
        begin: NaiveDate,
        of_it: &[&Row],
        is_chain: bool,
        rows: &[Row],
    ) -> Step {
        let whole = days(period(self.anchor, self.months, begin));
        let (mut units, mut amount, mut doubt) = (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
        for row in of_it.iter().filter(|row| row.covers(day)) {
            let follows = |other: &&&Row| other.start == row.end && other.id != row.id;
            let shares = is_chain && of_it.iter().any(|other| follows(&other));
            if shares && row.end == day {
                continue;
            }
            let last = if shares { eve(row.end) } else { row.end };
            let more = whole / days((row.start, last));
            units += row.units;
            amount += row.price * more;
            // Each amount is right to half a cent; a whole one is exact.
            doubt += Decimal::new(5, 3) * (more - Decimal::ONE);
            doubt += if more > Decimal::ONE { Decimal::new(5, 3) } else { Decimal::ZERO };
        }
        let fits = |price: &Decimal| (price * units - amount).abs() <= doubt;
        let known = self.wholes(rows).into_iter().chain([self.price]).find(fits);
        let rough = known.is_none() && !units.is_zero();
        let price = match known {
            Some(price) => price,
            None if rough => (amount / units).round_dp(2),
            None => self.price,
        };
        Step { units, price, rough }
    }
}
