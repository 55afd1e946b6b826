//! What happens to whole agreements: renewals written ahead, the status that stops no billing, the
//! end that does, another client, what is bought on them.

use chrono::NaiveDate;

use super::rows::EditError;
use crate::demo::tenant::billing::periods::{days_after, eve, shift};
use crate::demo::tenant::book::agreement::at;
use crate::demo::tenant::book::line::Line;
use crate::demo::tenant::book::once::{Bought, Charge, Purchase};
use crate::demo::tenant::schema::entity::Entity;
use crate::demo::tenant::schema::line_kind::LineKind;
use crate::demo::tenant::{Data, Tenant};

impl Tenant {
    /// Writes the renewal of an agreement ahead: a new one of a year that begins so many days after
    /// the day on which it would follow, with the lines that go on, under new ids. The old one stays
    /// as it is. Answers the id of the new one.
    pub fn renew_ahead(&self, contract: i64, name: &str, gap_days: i64) -> Result<i64, EditError> {
        self.change(|data| {
            let old = data.agreement(contract)?;
            let start = days_after(old.end, 1 + gap_days);
            let id = data.tables.of(Entity::Contracts).next_id();
            let missing = EditError::NoRow(Entity::Contracts, contract);
            let mut row = data.tables.of(Entity::Contracts).get(contract).ok_or(missing)?.clone();
            let now = data.touch();
            row.put("id", id);
            row.put("contractName", name);
            row.put("startDate", start);
            row.put("endDate", eve(shift(start, 12)));
            row.put("status", 1);
            row.put("renewedContractID", contract);
            row.put("lastModifiedDateTime", now);
            data.tables.insert(row);
            for kind in LineKind::ALL {
                data.inherit_from(kind, contract, id, old.end)?;
            }
            Ok(id)
        })
    }

    /// Sets an agreement inactive, which stops no billing: its rows stay, and go on.
    pub fn deactivate(&self, contract: i64) -> Result<(), EditError> {
        self.set(Entity::Contracts, contract, "status", 0)
    }

    /// Sets an agreement active again.
    pub fn activate(&self, contract: i64) -> Result<(), EditError> {
        self.set(Entity::Contracts, contract, "status", 1)
    }

    /// Sets the end date of an agreement, earlier or later. The status stays; rows after the last
    /// day are gone, that of its last period is cut, and rows that are missing are made.
    pub fn end_on(&self, contract: i64, last_day: NaiveDate) -> Result<(), EditError> {
        self.change(|data| {
            let before = data.agreement(contract)?.end;
            let now = data.touch();
            data.tables.of_mut(Entity::Contracts).change(contract, |row| {
                row.put("endDate", last_day);
                row.put("lastModifiedDateTime", now);
            });
            data.cut(contract, before.min(last_day))
        })
    }

    /// Moves an agreement, and all that is below it, to another client.
    pub fn move_company(&self, contract: i64, to: i64) -> Result<(), EditError> {
        if self.get(Entity::Companies, to).is_none() {
            return Err(EditError::NoRow(Entity::Companies, to));
        }
        self.set(Entity::Contracts, contract, "companyID", to)
    }

    /// Merges a client into another: its agreements move there, and it becomes inactive.
    pub fn merge_companies(&self, from: i64, into: i64) -> Result<(), EditError> {
        let owned = self.with_tables(|tables| -> Vec<i64> {
            let rows = tables.of(Entity::Contracts).children("companyID", from);
            rows.into_iter().map(|row| row.id()).collect()
        });
        for contract in owned {
            self.move_company(contract, into)?;
        }
        self.set(Entity::Companies, from, "isActive", false)
    }

    /// Buys hours, a retainer or tickets for so many months, with the charge that Autotask makes for
    /// it. Answers the ids of the purchase and of the charge.
    pub fn buy(
        &self,
        contract: i64,
        what: Bought,
        day: NaiveDate,
        months: i32,
        billed: bool,
    ) -> Result<(i64, i64), EditError> {
        self.change(|data| {
            let on = data.agreement(contract)?;
            let id = data.tables.of(what.entity()).next_id();
            let charge = data.tables.of(Entity::ContractCharges).next_id();
            let purchase = Purchase::new(id, what, day, months);
            data.tables.insert(purchase.row(&on));
            data.tables.insert(purchase.charge(charge, billed).row(&on));
            Ok((id, charge))
        })
    }

    /// Charges something once; not billed yet. Answers the id of the charge.
    pub fn add_charge(
        &self,
        contract: i64,
        name: &str,
        day: NaiveDate,
        price: rust_decimal::Decimal,
    ) -> Result<i64, EditError> {
        self.change(|data| {
            let on = data.agreement(contract)?;
            let id = data.tables.of(Entity::ContractCharges).next_id();
            data.tables.insert(Charge::new(id, name, day, price).row(&on));
            Ok(id)
        })
    }

    /// Bills a charge: no more than its mark, and the day of it.
    pub fn bill_charge(&self, charge: i64) -> Result<(), EditError> {
        self.change(|data| {
            let today = data.today;
            let charges = data.tables.of_mut(Entity::ContractCharges);
            let changed = charges.change(charge, |row| {
                row.put("isBilled", true);
                row.put("status", 6);
                row.put("statusLastModifiedDate", at(today, 12, 0, 147));
            });
            changed.ok_or(EditError::NoRow(Entity::ContractCharges, charge))
        })
    }
}

impl Data {
    /// Copies the lines of a kind that go on to the end of `from` to the agreement `to`.
    fn inherit_from(
        &mut self,
        kind: LineKind,
        from: i64,
        to: i64,
        end: NaiveDate,
    ) -> Result<(), EditError> {
        let lines = self.tables.of(kind.lines()).children("contractID", from);
        let lines: Vec<i64> = lines.into_iter().map(|line| line.id()).collect();
        for id in lines {
            let old = self.line(kind, id)?;
            let history = self.history(&old)?;
            let at_last = history.on(end);
            if history.last.is_some_and(|last| last < end) || at_last.units == 0 {
                continue;
            }
            let text = self.tables.of(kind.lines()).get(id).map(|row| {
                (row.get("invoiceDescription").clone(), row.get("internalDescription").clone())
            });
            let (units, price) = (at_last.units, at_last.price);
            let line = self.new_line(kind, to, old.item, units, price)?;
            if let Some((invoice, internal)) = text {
                self.tables.of_mut(kind.lines()).change(line.id, |row| {
                    row.put("invoiceDescription", invoice);
                    row.put("internalDescription", internal);
                });
            }
            let line = Line { cost: at_last.cost, ..line };
            let plain = crate::demo::tenant::billing::history::History::new(
                units,
                price,
                at_last.cost,
                self.reading.of(line.id),
            );
            let copied =
                crate::demo::tenant::billing::history::History { months: history.months, ..plain };
            self.write(&line, copied, self.after)?;
        }
        Ok(())
    }

    /// Writes the rows of every line of an agreement anew from the period that holds the day.
    fn cut(&mut self, contract: i64, day: NaiveDate) -> Result<(), EditError> {
        for kind in LineKind::ALL {
            let lines = self.tables.of(kind.lines()).children("contractID", contract);
            let lines: Vec<i64> = lines.into_iter().map(|line| line.id()).collect();
            for id in lines {
                let line = self.line(kind, id)?;
                let history = self.history(&line)?;
                self.write_from(&line, history, day)?;
            }
        }
        Ok(())
    }
}
