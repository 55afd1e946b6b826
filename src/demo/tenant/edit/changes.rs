//! What happens to a line on a day of its own: it changes, ends, begins. The history of the line is
//! changed, and its rows of units are written anew from the period that holds the day; rows before
//! it, and the ids of rows that stay, are left alone.
//!
//! A row that was set by hand ([`Tenant::set`]) is written over where such a period comes.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::rows::EditError;
use crate::demo::tenant::billing::history::History;
use crate::demo::tenant::book::agreement::rate;
use crate::demo::tenant::book::line::Line;
use crate::demo::tenant::rows::row::Row;
use crate::demo::tenant::schema::line_kind::LineKind;
use crate::demo::tenant::{Data, Tenant};

impl Tenant {
    /// Changes the units of a line on a day, in the reading of the line.
    pub fn change_units_on(
        &self,
        kind: LineKind,
        line: i64,
        day: NaiveDate,
        units: i64,
    ) -> Result<(), EditError> {
        self.change(|data| {
            let line = data.line(kind, line)?;
            let mut history = data.history(&line)?;
            history.change(day, false, |step| step.units = units);
            data.write_from(&line, history, day)
        })
    }

    /// Changes the price of one unit of a line on a day, in the reading of the line. The line itself
    /// shows it once the day is there; see [`Tenant::advance`].
    pub fn change_price_on(
        &self,
        kind: LineKind,
        line: i64,
        day: NaiveDate,
        price: Decimal,
    ) -> Result<(), EditError> {
        self.change(|data| {
            let line = data.line(kind, line)?;
            if day <= data.today {
                data.price_line(&Line { price, ..line });
            }
            let mut history = data.history(&line)?;
            history.change(day, false, |step| step.price = price);
            data.write_from(&line, history, day)
        })
    }

    /// Ends a line within its agreement. It stays as a line; rows after its last day are gone, and
    /// that of its last period is cut. A later day than before lets it go on.
    pub fn end_line(
        &self,
        kind: LineKind,
        line: i64,
        last_day: NaiveDate,
    ) -> Result<(), EditError> {
        self.change(|data| {
            let line = data.line(kind, line)?;
            let mut history = data.history(&line)?;
            let before = history.last.replace(last_day);
            data.write_from(&line, history, before.map_or(last_day, |day| day.min(last_day)))
        })
    }

    /// Adds a line to an agreement that begins on a day, to come or past. Answers its id.
    pub fn add_line_from(
        &self,
        kind: LineKind,
        contract: i64,
        item: i64,
        units: i64,
        price: Decimal,
        day: NaiveDate,
    ) -> Result<i64, EditError> {
        self.change(|data| {
            let line = data.new_line(kind, contract, item, units, price)?;
            let history = History::new(units, price, line.cost, data.reading.of(line.id));
            let history = History { anchor: data.agreement(contract)?.anchor, ..history.from(day) };
            data.write(&line, history, data.after)?;
            Ok(line.id)
        })
    }
}

impl Data {
    /// The history of a line; of one that was put in by hand, what its rows tell.
    pub(in crate::demo::tenant) fn history(&self, line: &Line) -> Result<History, EditError> {
        if let Some(known) = self.tables.history(line.kind, line.id) {
            return Ok(known.clone());
        }
        let rows = self.tables.of(line.kind.units()).children(line.kind.parent(), line.id);
        let first = rows.iter().filter_map(|row| row.get("startDate").as_date()).min();
        let history = History::new(line.units, line.price, line.cost, self.reading.of(line.id));
        let anchor = self.agreement(line.contract)?.anchor;
        Ok(History { anchor, ..history.from(first.unwrap_or(self.today)) })
    }

    /// A new line without units, on the agreement already.
    pub(in crate::demo::tenant) fn new_line(
        &mut self,
        kind: LineKind,
        contract: i64,
        item: i64,
        units: i64,
        price: Decimal,
    ) -> Result<Line, EditError> {
        let agreement = self.agreement(contract)?;
        let sold = self.tables.of(kind.catalogue()).get(item);
        let sold = sold.ok_or(EditError::NoRow(kind.catalogue(), item))?;
        let line = Line {
            kind,
            id: self.tables.of(kind.lines()).next_id(),
            contract,
            item,
            units,
            price,
            cost: sold.get("unitCost").as_decimal(),
            rate: rate(agreement.currency),
        };
        let text = sold.get("invoiceDescription").clone();
        self.tables.insert(line.row("").with("invoiceDescription", text));
        Ok(line)
    }

    /// Writes the rows of a new line, from its first day to so many periods after today.
    pub(in crate::demo::tenant) fn write(
        &mut self,
        line: &Line,
        history: History,
        after: i32,
    ) -> Result<(), EditError> {
        let periods = history.periods(self.agreement(line.contract)?.periods());
        for whole in history.around(&periods, self.today, i32::MAX, after) {
            for billed in history.rows(&periods, whole) {
                let id = self.tables.of(line.kind.units()).next_id();
                self.tables.insert(line.unit_row(id, &billed, whole.1 < self.today));
            }
        }
        self.tables.remember(line.kind, line.id, history);
        Ok(())
    }

    /// Writes the rows of a line anew from the period that holds the day, to as many periods after
    /// today as there are everywhere.
    pub(in crate::demo::tenant) fn write_from(
        &mut self,
        line: &Line,
        history: History,
        day: NaiveDate,
    ) -> Result<(), EditError> {
        let periods = history.periods(self.agreement(line.contract)?.periods());
        let first = periods.whole(periods.number(day)).0;
        let ahead = periods.number(self.today).saturating_add(self.after);
        self.write_again(line, history, first, periods.whole(ahead).1)
    }

    /// Writes the rows of a line anew from the first day of a period on: as far as there are rows,
    /// and at least until a day. A row keeps its id where one begins on the same day.
    pub(in crate::demo::tenant) fn write_again(
        &mut self,
        line: &Line,
        history: History,
        first: NaiveDate,
        until: NaiveDate,
    ) -> Result<(), EditError> {
        let entity = line.kind.units();
        let periods = history.periods(self.agreement(line.contract)?.periods());
        let mut old: Vec<(i64, NaiveDate, NaiveDate)> = Vec::new();
        for row in self.tables.of(entity).children(line.kind.parent(), line.id) {
            old.extend(span_of(row).filter(|(_, _, end)| *end >= first));
        }
        let last = old.iter().map(|(_, _, end)| *end).fold(until, NaiveDate::max);
        for number in periods.number(first).. {
            let whole = periods.whole(number);
            if whole.0 > last.min(periods.end) {
                break;
            }
            for billed in history.rows(&periods, whole) {
                let kept = old.iter().position(|(_, start, _)| *start == billed.span.0);
                let id = match kept {
                    Some(place) => old.remove(place).0,
                    None => self.tables.of(entity).next_id(),
                };
                self.tables.insert(line.unit_row(id, &billed, whole.1 < self.today));
            }
        }
        for (id, ..) in old {
            self.tables.of_mut(entity).remove(id);
        }
        self.tables.remember(line.kind, line.id, history);
        Ok(())
    }
}

/// Id, first and last day of a row of units.
pub(in crate::demo::tenant) fn span_of(row: &Row) -> Option<(i64, NaiveDate, NaiveDate)> {
    Some((row.id(), row.get("startDate").as_date()?, row.get("endDate").as_date()?))
}
