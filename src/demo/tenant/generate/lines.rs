//! Lines of recurring agreements: most are the same for years, and of the others each kind has its
//! share. A tenth changes within the running period.

use rust_decimal::Decimal;

use super::Maker;
use super::agreements::Sold;
use crate::demo::tenant::billing::history::History;
use crate::demo::tenant::billing::periods::{Span, days_after, eve, months_of};
use crate::demo::tenant::book::agreement::{Agreement, MONTHLY, cents};
use crate::demo::tenant::book::line::Line;
use crate::demo::tenant::schema::line_kind::LineKind;
use crate::demo::tenant::stories::{BUNDLES, Item, SERVICES};

/// The most units of a line, and one more.
const MOST_UNITS: i64 = 60;

/// The yearly service, which is sold on monthly agreements too: id, text, and price and cost of a
/// year in cents.
const YEARLY_SERVICE: (i64, &str, (i64, i64)) = (308, "Domain name per year", (1800, 1100));

impl Maker {
    /// A plain line of a service or bundle, not yet written.
    pub(super) fn sold(&mut self, on: &Agreement) -> Sold {
        let bundle = self.rng.u8(..8) == 0;
        let kind = if bundle { LineKind::Bundle } else { LineKind::Service };
        let catalogue: &[Item] = if bundle { &BUNDLES } else { &SERVICES };
        let monthly: Vec<&Item> = catalogue.iter().filter(|item| item.3 == MONTHLY).collect();
        let (item, _, text, _, price, cost) = *monthly[self.rng.usize(..monthly.len())];
        let months = i64::from(months_of(on.period));
        let (id, units) = (self.addition_id(), self.rng.i64(1..MOST_UNITS));
        let line = Line::new(on, id, item, units, (price * months, cost * months));
        (Line { kind, ..line }, text)
    }

    /// Writes a line with its history. Gives what a renewal would take over, if the line goes on to
    /// the agreement's end.
    pub(super) fn line(&mut self, on: &Agreement) -> Option<Sold> {
        let (line, text) = self.sold(on);
        let periods = on.periods();
        let whole = periods.whole(periods.number(self.book.today));
        let running = (whole.0.max(on.start), whole.1.min(on.end));
        let is_running = running.0 <= self.book.today && self.book.today <= running.1;
        if !is_running {
            self.book.line(on, &line, text);
            return Some((line, text));
        }
        let plain = self.book.history(&line);
        let (line, text, history) = match self.rng.u8(..100) {
            0..=9 => {
                let history = self.changed(&line, plain, running);
                (line, text, history)
            }
            10..=14 => {
                let history = self.ended(plain, on, running);
                (line, text, history)
            }
            15..=17 if whole.1 < on.end => {
                let next = days_after(whole.1, 1);
                let day = if self.happens(70) { next } else { self.day_of(running) };
                (line, text, plain.from(day))
            }
            18..=20 if on.period == Some(MONTHLY) => {
                let (item, text, prices) = YEARLY_SERVICE;
                let yearly = Line::new(on, line.id, item, self.rng.i64(1..10), prices);
                let history = self.book.history(&yearly).every(12);
                (yearly, text, history)
            }
            21..=22 => {
                let credit = self.credit(line);
                let history = self.book.history(&credit);
                (credit, text, history)
            }
            // A rise that is entered for the next period.
            23..=25 => {
                let (price, next) = (self.another_price(&line), days_after(whole.1, 1));
                let history = if next <= on.end { plain.new_price(next, price) } else { plain };
                (line, text, history)
            }
            // Joined within an earlier period.
            26..=29 => {
                let day = days_after(running.0, -self.rng.i64(1..120)).max(on.start);
                (line, text, plain.from(day))
            }
            _ => (line, text, plain),
        };
        self.book.life(on, &line, text, history.clone());
        let at_last = history.on(on.end);
        let goes_on = history.last.is_none() && history.months.is_none() && at_last.units != 0;
        goes_on.then_some((Line { units: at_last.units, price: at_last.price, ..line }, text))
    }

    /// A change of units or of the price within the running period; one in five changes twice.
    fn changed(&mut self, line: &Line, mut history: History, running: Span) -> History {
        let changes = if self.happens(20) { 2 } else { 1 };
        for _ in 0..changes {
            let day = self.day_of(running);
            history = if self.happens(25) {
                let price = self.another_price(line);
                history.price(day, price)
            } else {
                // As often fewer as more, and now and then none at all.
                let units = line.units + self.rng.i64(1..5) * if self.happens(50) { 1 } else { -1 };
                history.units(day, units.max(0))
            };
        }
        history
    }

    /// The end of a line within its agreement: with a period, or in the middle of one.
    fn ended(&mut self, history: History, on: &Agreement, running: Span) -> History {
        let periods = on.periods();
        let number = periods.number(running.0) - self.rng.i32(0..5);
        let (first, last) = periods.whole(number);
        let day = match self.rng.u8(..3) {
            0 => days_after(first, self.rng.i64(1..28)),
            1 => eve(first),
            _ => last,
        };
        history.until(day.max(on.start).min(on.end))
    }

    /// A credit: a price below nothing, or units taken back.
    fn credit(&mut self, line: Line) -> Line {
        let units = self.rng.i64(1..4);
        match self.happens(50) {
            true => Line { units, price: -line.price, cost: Decimal::ZERO, ..line },
            false => Line { units: -units, ..line },
        }
    }

    /// A price that is up to a tenth above that of the line.
    fn another_price(&mut self, line: &Line) -> Decimal {
        line.price + cents(self.rng.i64(1..200))
    }

    fn day_of(&mut self, (first, last): Span) -> chrono::NaiveDate {
        days_after(first, self.rng.i64(0..=(last - first).num_days()))
    }
}
