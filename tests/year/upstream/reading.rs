//! Reading the rows of the tenant into the account.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use lmsyncd::demo::tenant::Entity;
use lmsyncd::model::{ItemKey, ItemKind};
use rust_decimal::Decimal;
use serde_json::Value as Json;

use super::{Addition, Agreement, Billed, Line, Once, Upstream, entity_of, kind_of};
use crate::history::{About, History, Row, period};

/// The service that is sold by the year, also below agreements that are billed by the month.
const YEARLY_SERVICE: i64 = 308;

impl Upstream {
    pub fn row(&self, entity: Entity, id: i64) -> Json {
        self.tenant.get(entity, id).unwrap_or_else(|| panic!("{entity} has a row {id}"))
    }

    /// Writes an agreement down anew.
    pub fn read_agreement(&mut self, id: i64) {
        let row = self.row(Entity::Contracts, id);
        let months = whole(&row, "contractPeriodType").map(|kind| match kind {
            3 => 3,
            4 => 6,
            5 => 12,
            _ => 1,
        });
        let start = date(&row, "startDate");
        let known = self.agreements.get(&id);
        let anchor = known.filter(|known| known.anchor != known.start).map(|known| known.anchor);
        let agreement = Agreement {
            company: whole(&row, "companyID").expect("a company"),
            name: text(&row, "contractName"),
            kind: whole(&row, "contractType").expect("a type"),
            months,
            active: whole(&row, "status") == Some(1),
            start,
            end: date(&row, "endDate"),
            anchor: anchor.unwrap_or(start),
            renews: whole(&row, "renewedContractID"),
            setup_fee: money(&row, "setupFee"),
            billed_to: whole(&row, "billToCompanyID"),
        };
        self.keep_agreement(id, agreement);
    }

    /// Writes an addition down anew; the periods of a line are not read.
    pub fn read_addition(&mut self, key: ItemKey) {
        let row = self.row(entity_of(key.kind), key.id);
        let agreement = whole(&row, "contractID").expect("an agreement");
        let months = self.agreements[&agreement].months.unwrap_or(1);
        let amount = |amount| Once {
            amount,
            span: None,
            bought: (key.kind != ItemKind::Milestone).then(|| date(&row, "datePurchased")),
            active: whole(&row, "status") == Some(1),
            billable: true,
            is_billed: row["isBilled"].as_bool().unwrap_or_default(),
            product: whole(&row, "productID"),
        };
        let bought = |all: Decimal| {
            let span = Some((date(&row, "startDate"), date(&row, "endDate")));
            (None, Billed::Once(Once { span, ..amount(all) }))
        };
        let line = |months| {
            let known = self.additions.get(&key).and_then(Addition::line).cloned();
            let history = History::new(self.tenant.today(), Decimal::ZERO, Decimal::ZERO, months);
            Billed::ByPeriod(known.unwrap_or(Line { rows: Vec::new(), history }))
        };
        let (name, billed) = match key.kind {
            ItemKind::Service => {
                let is_yearly = whole(&row, "serviceID") == Some(YEARLY_SERVICE);
                let name = self.sold(Entity::Services, &row, "serviceID");
                (Some(name), line(if is_yearly { 12 } else { months }))
            }
            ItemKind::Bundle => {
                (Some(self.sold(Entity::ServiceBundles, &row, "serviceBundleID")), line(months))
            }
            ItemKind::Milestone => {
                (Some(text(&row, "title")), Billed::Once(amount(money(&row, "amount"))))
            }
            ItemKind::BlockHours => bought(money(&row, "hours") * money(&row, "hourlyRate")),
            ItemKind::Retainer => bought(money(&row, "amount")),
            ItemKind::Tickets => {
                bought(money(&row, "ticketsPurchased") * money(&row, "perTicketRate"))
            }
            _ => {
                let billable = row["isBillableToCompany"].as_bool().expect("whether it is");
                let all = if billable { money(&row, "billableAmount") } else { Decimal::ZERO };
                (Some(text(&row, "name")), Billed::Once(Once { billable, ..amount(all) }))
            }
        };
        self.keep_addition(key, Addition { agreement, name, billed });
    }

    /// Reads the rows of a line anew.
    pub fn read_rows(&mut self, key: ItemKey) {
        let rows = self.tenant.units_of(kind_of(key.kind), key.id);
        let mut rows: Vec<Row> = rows.iter().map(unit_row).collect();
        rows.sort_by_key(|row| (row.start, row.end, row.id));
        self.line_mut(key).rows = rows;
    }

    fn sold(&self, entity: Entity, row: &Json, field: &str) -> String {
        text(&self.row(entity, whole(row, field).expect("what is sold")), "name")
    }

    /// Finds the day that the periods of an agreement are counted from: its first, unless a row
    /// lies across two of those periods.
    pub fn find_anchor(&mut self, id: i64) {
        let agreement = &self.agreements[&id];
        let below = self.below(id);
        let lines = below.iter().filter_map(|key| self.additions[key].line());
        let rows: Vec<(u32, &Row)> =
            lines.flat_map(|line| line.rows.iter().map(|row| (line.history.months, row))).collect();
        let fits = |anchor: &NaiveDate| {
            rows.iter().all(|(months, row)| row.end <= period(*anchor, *months, row.start).1)
        };
        let begins = rows.iter().map(|(_, row)| row.start);
        let known = [agreement.anchor, agreement.start];
        let anchor = known.into_iter().chain(begins).find(fits);
        let anchor = anchor.unwrap_or_else(|| panic!("A{id} has no periods: {rows:?}"));
        self.agreements.get_mut(&id).expect("an agreement").anchor = anchor;
    }

    /// The end of an agreement was moved to later: a line that did not go on with the others had
    /// ended when the agreement did.
    pub fn ended_with(&mut self, agreement: i64, end: NaiveDate) {
        let below = self.below(agreement);
        let reach = |line: &Line| line.rows.iter().map(|row| row.end).max();
        let lines = || below.iter().filter_map(|key| Some((*key, self.additions[key].line()?)));
        let on: BTreeSet<u32> = lines()
            .filter(|(_, line)| reach(line) > Some(end))
            .map(|(_, line)| line.history.months)
            .collect();
        let is_over = |line: &Line| {
            let goes_on = line.history.last.is_none() && on.contains(&line.history.months);
            goes_on && reach(line) == Some(end)
        };
        let over: Vec<ItemKey> =
            lines().filter(|(_, line)| is_over(line)).map(|(key, _)| key).collect();
        for key in over {
            self.line_mut(key).history.last = Some(end);
        }
    }

    /// Works out what a line has been, from its rows.
    pub fn tell_history(&mut self, key: ItemKey) {
        let addition = &self.additions[&key];
        let agreement = &self.agreements[&addition.agreement];
        let line = addition.line().expect("a line");
        let about = About {
            today: self.tenant.today(),
            span: (agreement.start, agreement.end),
            anchor: agreement.anchor,
            months: line.history.months,
            price: money(&self.row(entity_of(key.kind), key.id), "unitPrice"),
        };
        let history = about.told_by(&line.rows);
        self.line_mut(key).history = history;
    }
}

fn unit_row(row: &Json) -> Row {
    Row {
        id: whole(row, "id").expect("an id"),
        start: date(row, "startDate"),
        end: date(row, "endDate"),
        units: money(row, "units"),
        price: money(row, "price"),
    }
}

pub(super) fn whole(row: &Json, field: &str) -> Option<i64> {
    row[field].as_i64()
}

pub(super) fn text(row: &Json, field: &str) -> String {
    row[field].as_str().unwrap_or_default().to_owned()
}

fn date(row: &Json, field: &str) -> NaiveDate {
    text(row, field).get(..10).and_then(|day| day.parse().ok()).expect("a date")
}

fn money(row: &Json, field: &str) -> Decimal {
    row[field].to_string().parse().expect("an amount")
}
