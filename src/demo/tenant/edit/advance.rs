//! What time does to the tenant: rows of the next periods are made, those of past ones posted,
//! prices that were entered ahead come to stand on their lines, and rules make their charges.

use chrono::NaiveDate;

use super::changes::span_of;
use super::rows::EditError;
use crate::demo::tenant::billing::periods::{month, shift};
use crate::demo::tenant::book::agreement::at;
use crate::demo::tenant::book::line::Line;
use crate::demo::tenant::rows::row::Row;
use crate::demo::tenant::schema::entity::Entity;
use crate::demo::tenant::schema::line_kind::LineKind;
use crate::demo::tenant::{Data, Tenant};

impl Tenant {
    /// Lets time go on to a day: it is today, and all that Autotask does by itself until then is
    /// done. [`Tenant::set_today`] does nothing but the first.
    pub fn advance(&self, today: NaiveDate) {
        self.change(|data| {
            let before = std::mem::replace(&mut data.today, today);
            for kind in LineKind::ALL {
                for id in data.tables.of(kind.lines()).ids() {
                    // A line whose agreement is gone bills nothing.
                    let _ = data.go_on(kind, id, before);
                }
            }
            data.run_rules();
        });
    }
}

impl Data {
    /// Makes the rows of a line that are missing, posts those that are over, and writes the price on
    /// the line if one took effect since the day `before`.
    fn go_on(&mut self, kind: LineKind, id: i64, before: NaiveDate) -> Result<(), EditError> {
        let entity = kind.units();
        let rows = self.tables.of(entity).children(kind.parent(), id);
        let last = rows.iter().filter_map(|row| span_of(row)).map(|(_, _, end)| end).max();
        if last.is_none() && self.tables.history(kind, id).is_none() {
            return Ok(());
        }
        let is_over = |row: &&&Row| {
            row.get("endDate").as_date() < Some(self.today)
                && row.get("approveAndPostDate").is_empty()
        };
        let over: Vec<i64> = rows.iter().filter(is_over).map(|row| row.id()).collect();

        let line = self.line(kind, id)?;
        let history = self.history(&line)?;
        let periods = history.periods(self.agreement(line.contract)?.periods());
        for whole in history.around(&periods, self.today, i32::MAX, self.after) {
            if last.is_some_and(|last| whole.0 <= last) {
                continue;
            }
            for billed in history.rows(&periods, whole) {
                let id = self.tables.of(entity).next_id();
                self.tables.insert(line.unit_row(id, &billed, whole.1 < self.today));
            }
        }
        for id in over {
            self.tables.of_mut(entity).change(id, |row| {
                let start = row.get("startDate").as_date();
                row.put("approveAndPostDate", start.map(|start| at(start, 6, 15, 147)));
            });
        }
        let took_effect =
            history.steps.iter().any(|step| before < step.day && step.day <= self.today);
        if took_effect {
            self.price_line(&Line { price: history.on(self.today).price, ..line });
        }
        Ok(())
    }

    /// Every rule charges on the first of each month that its agreement lasts, as much as the last
    /// time; with a new charge, the one before it is billed.
    fn run_rules(&mut self) {
        for id in self.tables.of(Entity::ContractBillingRules).ids() {
            let rule = self.tables.of(Entity::ContractBillingRules).get(id);
            let due = rule.and_then(|rule| self.last_of(rule));
            let Some((mut newest, until)) = due else { continue };
            while let Some(day) = newest.get("datePurchased").as_date() {
                let next = shift(month(day, 0), 1);
                if next > until {
                    break;
                }
                newest.put("isBilled", true);
                newest.put("status", 6);
                self.tables.insert(newest.clone());
                newest.put("id", self.tables.of(Entity::ContractCharges).next_id());
                newest.put("datePurchased", next);
                newest.put("createDate", at(next, 15, 30, 0));
                newest.put("statusLastModifiedDate", at(next, 15, 30, 147));
                newest.put("isBilled", false);
                newest.put("status", 1);
                self.tables.insert(newest.clone());
            }
        }
    }

    /// The newest charge of an active rule, and the day until which it makes more.
    fn last_of(&self, rule: &Row) -> Option<(Row, NaiveDate)> {
        if *rule.get("isActive") != true.into() {
            return None;
        }
        let on = self.agreement(rule.get("contractID").as_int()?).ok()?;
        let end = rule.get("endDate").as_date().unwrap_or(NaiveDate::MAX).min(on.end);
        let charges = self.tables.of(Entity::ContractCharges).children("contractID", on.id);
        let made = charges.into_iter().filter(|row| row.get("productID") == rule.get("productID"));
        let newest = made.max_by_key(|row| row.get("datePurchased").as_date())?;
        Some((newest.clone(), end.min(self.today)))
    }
}
