//! Writing the tables: agreements, their lines, and what is bought once. It knows no particular
//! agreement: `stories` and `generate` do.

pub(super) mod agreement;
pub(super) mod line;
pub(super) mod once;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::billing::history::History;
use super::billing::periods::{eve, shift};
use super::billing::reading::Reading;
use super::rows::row::Row;
use super::rows::table::Tables;
use super::schema::entity::Entity;
use agreement::{Agreement, at};
use line::Line;

/// The tables while they are written.
#[derive(Debug)]
pub(crate) struct Book {
    pub(crate) today: NaiveDate,
    pub(crate) tables: Tables,
    /// Periods with unit rows before and after the current one.
    pub(crate) before: i32,
    pub(crate) after: i32,
    /// How changes within a period are recorded.
    pub(crate) reading: Reading,
}

impl Book {
    /// Nothing yet.
    pub(crate) fn new(today: NaiveDate, before: i32, after: i32, reading: Reading) -> Book {
        Book { today, tables: Tables::new(), before, after, reading }
    }

    pub(crate) fn add(&mut self, row: Row) {
        self.tables.insert(row);
    }

    /// A line that is the same as long as its agreement, with units in the periods around today.
    pub(crate) fn line(&mut self, on: &Agreement, line: &Line, text: &str) {
        self.life(on, line, text, self.history(line));
    }

    /// The history of a line to which nothing has happened yet, in the reading of the book.
    pub(crate) fn history(&self, line: &Line) -> History {
        History::new(line.units, line.price, line.cost, self.reading.of(line.id))
    }

    /// A line with this history, with units in the periods around today; past ones are posted.
    pub(crate) fn life(&mut self, on: &Agreement, line: &Line, text: &str, history: History) {
        let history = History { anchor: history.anchor.or(on.anchor), ..history };
        let periods = history.periods(on.periods());
        let today = history.on(self.today);
        self.add(Line { price: today.price, cost: today.cost, ..line.clone() }.row(text));
        for whole in history.around(&periods, self.today, self.before, self.after) {
            for billed in history.rows(&periods, whole) {
                let id = self.tables.of(line.kind.units()).next_id();
                self.add(line.unit_row(id, &billed, whole.1 < self.today));
            }
        }
        self.tables.remember(line.kind, line.id, history);
    }

    /// A company with what every one has.
    pub(crate) fn company(&mut self, id: i64, name: &str, currency: i64) -> Row {
        let created = at(shift(self.today, -60), 14, 5, 0);
        Row::new(Entity::Companies.schema(), id)
            .with("companyName", name)
            .with("companyNumber", format!("C-{id}"))
            .with("companyType", 1)
            .with("currencyID", currency)
            .with("phone", "555-0100")
            .with("ownerResourceID", 29_682_885)
            .with("createDate", created)
            .with("lastActivityDate", at(eve(self.today), 9, 15, 147))
            .with("lastTrackedModifiedDateTime", at(shift(self.today, -2), 9, 15, 200))
            .with("isActive", true)
            .with("isClientPortalActive", false)
            .with("isTaxExempt", false)
            .with("isTaskFireActive", false)
            .with("isSample", false)
            .with("surveyCompanyRating", Decimal::ZERO)
    }
}
