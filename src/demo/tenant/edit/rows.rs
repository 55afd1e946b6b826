//! Changes to the data while the tenant runs, as people make them in Autotask: any field of any
//! row, and the steps that tests and the tour tell stories with. A change takes effect at the next
//! request. What happens to a line on a day of its own is in `changes`, what happens to whole
//! agreements in `agreements`, and what time does in `advance`.

use chrono::{NaiveDate, TimeDelta};
use rust_decimal::Decimal;
use serde_json::Value as Json;

use crate::demo::tenant::billing::history::History;
use crate::demo::tenant::billing::periods::{days_after, eve, month, shift};
use crate::demo::tenant::book::agreement::{Agreement, at, rate};
use crate::demo::tenant::book::line::Line;
use crate::demo::tenant::rows::row::Row;
use crate::demo::tenant::rows::view;
use crate::demo::tenant::schema::entity::Entity;
use crate::demo::tenant::schema::line_kind::LineKind;
use crate::demo::tenant::schema::value::Value;
use crate::demo::tenant::{Data, Tenant};

/// Periods that a new line gets unit rows for, after the current one.
const PERIODS_AHEAD: i32 = 3;

/// Fields that an edit moves, in those entities that have one (the Autotask facts, section 4.1).
const CURSORS: [&str; 3] =
    ["lastModifiedDateTime", "lastModifiedDate", "lastTrackedModifiedDateTime"];

/// Why an edit was not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// No row has this id.
    #[error("{0} has no row {1}")]
    NoRow(Entity, i64),
    /// The entity has no such field.
    #[error("{0} has no field {1:?}")]
    NoField(Entity, String),
    /// The value does not suit the field.
    #[error("{0}")]
    WrongValue(String),
}

impl Tenant {
    /// A row as JSON, as a user with all permissions would see it.
    pub fn get(&self, entity: Entity, id: i64) -> Option<Json> {
        self.with_tables(|tables| tables.of(entity).get(id).map(view::row_json))
    }

    /// The rows of a line's units as JSON, ordered by id.
    pub fn units_of(&self, kind: LineKind, line: i64) -> Vec<Json> {
        self.with_tables(|tables| {
            let rows = tables.of(kind.units()).children(kind.parent(), line);
            rows.into_iter().map(view::row_json).collect()
        })
    }

    /// The ids of an entity, in order.
    pub fn ids(&self, entity: Entity) -> Vec<i64> {
        self.with_tables(|tables| tables.of(entity).ids())
    }

    /// How many rows an entity has.
    pub fn count(&self, entity: Entity) -> usize {
        self.with_tables(|tables| tables.of(entity).len())
    }

    /// The day that edits take as today.
    pub fn today(&self) -> NaiveDate {
        self.read(|data| data.today)
    }

    /// Lets edits take another day as today. Rows stay as they are.
    pub fn set_today(&self, today: NaiveDate) {
        self.change(|data| data.today = today);
    }

    /// Sets a field of a row. Money and dates may be given as text: `"254.10"`, `"2026-09-08"`. The
    /// row's modification date moves, where its entity has one.
    pub fn set(
        &self,
        entity: Entity,
        id: i64,
        field: &str,
        value: impl Into<Json>,
    ) -> Result<(), EditError> {
        let (at, value) = read_field(entity, field, &value.into())?;
        self.change(|data| {
            let now = data.touch();
            let changed = data.tables.of_mut(entity).change(id, |row| {
                move_cursor(row, now);
                row.values[at] = value;
            });
            changed.ok_or(EditError::NoRow(entity, id))
        })
    }

    /// Sets a user-defined field of a row.
    pub fn set_udf(
        &self,
        entity: Entity,
        id: i64,
        name: &str,
        value: Option<&str>,
    ) -> Result<(), EditError> {
        let no_field = || EditError::NoField(entity, name.to_owned());
        let at = entity.schema().find_udf(name).ok_or_else(no_field)?;
        self.change(|data| {
            let now = data.touch();
            let changed = data.tables.of_mut(entity).change(id, |row| {
                move_cursor(row, now);
                row.udfs[at] = value.map(str::to_owned);
            });
            changed.ok_or(EditError::NoRow(entity, id))
        })
    }

    /// Adds a row from a JSON object; without `id` it gets the next one. Answers the id.
    pub fn insert(&self, entity: Entity, row: &Json) -> Result<i64, EditError> {
        let mut read = Vec::new();
        let is_new = row.get("id").is_none();
        for (name, value) in row.as_object().into_iter().flatten() {
            read.push(read_field(entity, name, value)?);
        }
        self.change(|data| {
            let mut row = Row::new(entity.schema(), data.tables.of(entity).next_id());
            let now = data.touch();
            move_cursor(&mut row, now);
            for (at, value) in read {
                row.values[at] = value;
            }
            let id = row.id();
            if is_new {
                // The id may have been that of a line that is gone.
                data.tables.forget(entity, id);
            }
            data.tables.insert(row);
            Ok(id)
        })
    }

    /// Takes a row out; the answers never mention it again.
    pub fn remove(&self, entity: Entity, id: i64) -> Result<(), EditError> {
        self.change(|data| {
            data.tables.of_mut(entity).remove(id).map(drop).ok_or(EditError::NoRow(entity, id))
        })
    }

    /// Changes the units of a service line from the current period on: they are written into its
    /// rows, as if they had been so from its first day. See [`Tenant::change_units_on`].
    pub fn change_units(&self, line: i64, units: i64) -> Result<(), EditError> {
        self.change(|data| {
            let row = data.line(LineKind::Service, line)?;
            data.reprice(&Line { units, ..row })?;
            Ok(())
        })
    }

    /// Changes the price of one unit of a service line, from the current period on.
    pub fn change_unit_price(&self, line: i64, price: Decimal) -> Result<(), EditError> {
        self.change(|data| {
            let row = Line { price, ..data.line(LineKind::Service, line)? };
            data.price_line(&row);
            data.reprice(&row)
        })
    }

    /// Adds a service to an agreement, with units from the current period on. Answers the id of the
    /// line.
    pub fn add_service(
        &self,
        contract: i64,
        service: i64,
        units: i64,
        price: Decimal,
    ) -> Result<i64, EditError> {
        self.change(|data| {
            let line = data.new_line(LineKind::Service, contract, service, units, price)?;
            let history = History::new(units, price, line.cost, data.reading.of(line.id));
            let periods = history.periods(data.agreement(contract)?.periods());
            let first = periods.whole(periods.number(data.today)).0;
            data.write(&line, history.from(first), PERIODS_AHEAD)?;
            Ok(line.id)
        })
    }

    /// Adds a monthly agreement of one year from the first of this month. Answers its id.
    pub fn add_contract(&self, company: i64, name: &str) -> Result<i64, EditError> {
        self.change(|data| {
            if data.tables.of(Entity::Companies).get(company).is_none() {
                return Err(EditError::NoRow(Entity::Companies, company));
            }
            let id = data.tables.of(Entity::Contracts).next_id();
            let start = month(data.today, 0);
            let agreement = Agreement {
                end: eve(shift(start, 12)),
                ..Agreement::monthly(id, company, name, start)
            };
            let now = data.touch();
            data.tables.insert(agreement.row().with("lastModifiedDateTime", now));
            Ok(id)
        })
    }

    /// Renames an agreement.
    pub fn rename_contract(&self, contract: i64, name: &str) -> Result<(), EditError> {
        self.set(Entity::Contracts, contract, "contractName", name)
    }

    /// Ends an agreement on a day: inactive, and without unit rows that start later.
    pub fn end_contract(&self, contract: i64, last_day: NaiveDate) -> Result<(), EditError> {
        self.set(Entity::Contracts, contract, "endDate", last_day.to_string())?;
        self.set(Entity::Contracts, contract, "status", 0)?;
        self.change(|data| {
            for entity in [Entity::ContractServiceUnits, Entity::ContractServiceBundleUnits] {
                let units = data.tables.of(entity).children("contractID", contract);
                let later: Vec<i64> = units
                    .into_iter()
                    .filter(|row| row.get("startDate").as_date() > Some(last_day))
                    .map(Row::id)
                    .collect();
                for id in later {
                    data.tables.of_mut(entity).remove(id);
                }
            }
        });
        Ok(())
    }

    /// Takes an agreement and all that belongs to it out, as a deletion in the user interface does.
    pub fn remove_contract(&self, contract: i64) -> Result<(), EditError> {
        self.change(|data| {
            for entity in Entity::ALL {
                let children = data.tables.of(entity).children("contractID", contract);
                let ids: Vec<i64> = children.into_iter().map(Row::id).collect();
                for id in ids {
                    data.tables.of_mut(entity).remove(id);
                }
            }
            let removed = data.tables.of_mut(Entity::Contracts).remove(contract);
            removed.map(drop).ok_or(EditError::NoRow(Entity::Contracts, contract))
        })
    }

    /// Hides an agreement and all that belongs to it from the API user, as a change of its security
    /// level does: no error, only fewer rows.
    pub fn hide_contract(&self, contract: i64) {
        self.change(|data| data.hidden.insert(contract));
    }

    /// Shows a hidden agreement again.
    pub fn show_contract(&self, contract: i64) {
        self.change(|data| data.hidden.remove(&contract));
    }
}

impl Data {
    /// The moment of one more edit: on `today`, each a second after the one before.
    pub(in crate::demo::tenant) fn touch(&mut self) -> chrono::NaiveDateTime {
        self.edits += 1;
        at(self.today, 12, 0, 200) + TimeDelta::seconds(self.edits)
    }

    pub(in crate::demo::tenant) fn agreement(&self, contract: i64) -> Result<Agreement, EditError> {
        Agreement::read(&self.tables, contract).ok_or(EditError::NoRow(Entity::Contracts, contract))
    }

    /// A line as it stands, with the units of the current period.
    pub(in crate::demo::tenant) fn line(&self, kind: LineKind, id: i64) -> Result<Line, EditError> {
        let missing = EditError::NoRow(kind.lines(), id);
        let row = self.tables.of(kind.lines()).get(id).ok_or(missing)?;
        let int = |name| row.get(name).as_int().unwrap_or_default();
        let units = self.tables.of(kind.units()).children(kind.parent(), id);
        // Of a chain, the day on which the next row begins belongs to that one.
        let begins = |row: &&&Row| row.get("startDate").as_date() == Some(self.today);
        let follows = units.iter().any(|row| begins(&row));
        let is_over = |row: &&&Row| {
            follows && row.get("endDate").as_date() == Some(self.today) && !begins(row)
        };
        let current =
            units.iter().filter(|row| covers(row, self.today)).filter(|row| !is_over(row));
        let sold = self.tables.of(kind.catalogue()).get(int(kind.item()));
        let listed = sold.map(|sold| sold.get("unitCost").as_decimal()).unwrap_or_default();
        Ok(Line {
            kind,
            id,
            contract: int("contractID"),
            item: int(kind.item()),
            units: current.filter_map(|row| row.get("units").as_int()).sum(),
            price: row.get("unitPrice").as_decimal(),
            cost: row.try_get("unitCost").map_or(listed, Value::as_decimal),
            rate: rate(self.agreement(int("contractID"))?.currency),
        })
    }

    /// Writes the price of one unit on the line itself.
    pub(in crate::demo::tenant) fn price_line(&mut self, line: &Line) {
        let internal = line.price * line.rate;
        self.tables.of_mut(line.kind.lines()).change(line.id, |row| {
            row.put("unitPrice", line.price);
            row.put("internalCurrencyUnitPrice", internal);
            row.put("internalCurrencyAdjustedPrice", internal);
            if line.kind == LineKind::Bundle {
                row.put("adjustedPrice", line.price);
            }
        });
    }

    /// Writes units and amounts of a line into its unit rows from the current period on. Where an
    /// adjustment had split the current period, one row remains.
    fn reprice(&mut self, line: &Line) -> Result<(), EditError> {
        let mut history = self.history(line)?;
        let periods = history.periods(self.agreement(line.contract)?.periods());
        let first = periods.whole(periods.number(self.today)).0;
        history.forget(days_after(first, 1));
        history.change(first, true, |step| {
            (step.units, step.price, step.cost) = (line.units, line.price, line.cost);
        });
        self.write_again(line, history, first, first)
    }
}

fn covers(row: &Row, day: NaiveDate) -> bool {
    row.get("startDate").as_date() <= Some(day) && row.get("endDate").as_date() >= Some(day)
}

fn move_cursor(row: &mut Row, now: chrono::NaiveDateTime) {
    for name in CURSORS {
        if let Some(at) = row.schema.find(name) {
            row.values[at] = Value::from(now);
        }
    }
}

fn read_field(entity: Entity, name: &str, value: &Json) -> Result<(usize, Value), EditError> {
    let schema = entity.schema();
    let at = schema.find(name).ok_or_else(|| EditError::NoField(entity, name.to_owned()))?;
    let value = Value::read(schema.fields[at].kind, value).map_err(EditError::WrongValue)?;
    Ok((at, value))
}
