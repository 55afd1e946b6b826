//! Additions into source items: service and bundle lines, and what is bought once. Pure.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::catalogue::Entries;
use super::convert::{Above, put_date, put_money, put_number, put_text};
use super::currency::Denomination;
use super::fields::EntityFields;
use super::labels;
use super::lines::{LineKind, LineRow, UnitPeriod};
use super::purchases::{PurchaseKind, PurchaseRow};
use super::row::BadField;
use super::rows::ContractDetails;
use crate::model::{
    BillingCycle, Field, Fields, ItemKey, Letter, Reject, SourceItem, Value, WorkingLine,
};
use crate::sync::cost::{self, Basis, Cost, Part, Period, Summand, TooLarge};

/// A line and what it bills.
pub(super) struct Billed<'a> {
    pub kind: LineKind,
    pub line: &'a LineRow,
    /// The rows of its units.
    pub periods: Result<Vec<&'a UnitPeriod>, &'a BadField>,
    /// The catalogue.
    pub entries: &'a Entries,
    /// The fields of the catalogue, where they are needed.
    pub catalogue_fields: &'a EntityFields,
    /// What bundles hold: the names of their services.
    pub contents: &'a BTreeMap<i64, String>,
}

/// Something bought once.
pub(super) struct Bought<'a> {
    pub kind: PurchaseKind,
    pub row: &'a PurchaseRow,
    /// The fields of its entity.
    pub fields: &'a EntityFields,
}

/// An addition and what its agreement has to add up.
#[derive(Debug)]
pub(super) struct Addition {
    pub item: SourceItem,
    part: Part,
    cost: Cost,
    cycle: BillingCycle,
}

impl Addition {
    /// What it is to its agreement's cost.
    pub fn summand(&self) -> Summand {
        let Addition { part, cost, cycle, .. } = self;
        Summand { part: *part, amount: cost.amount, basis: cost.basis, cycle: *cycle }
    }

    /// Its line in the working of its agreement's cost.
    pub fn in_total(&self) -> WorkingLine {
        let date = |field| match self.item.fields.get(&field) {
            Some(Value::Date(date)) => Some(*date),
            _ => None,
        };
        WorkingLine {
            from: self.item.key.to_string(),
            start: date(Field::StartDate),
            end: date(Field::EndDate),
            units: self.cost.units,
            unit_price: self.cost.unit_price,
            amount: self.cost.amount,
            left_out: self.part.left_out(self.cost.basis).map(str::to_owned),
        }
    }
}

/// What is wrong with an addition.
struct Below {
    key: ItemKey,
    parent: ItemKey,
}

impl Below {
    fn reject(&self, field: &str, reason: String) -> Reject {
        Reject { key: self.key, parent: Some(self.parent), field: field.to_owned(), reason }
    }

    fn bad(&self, bad: &BadField) -> Reject {
        self.reject(bad.field, bad.reason.clone())
    }

    fn too_large(&self, field: &str) -> Reject {
        self.reject(field, TooLarge.to_string())
    }
}

impl Above<'_> {
    /// What stands below the agreement with this key, and the agreement's own details.
    fn below(&self, letter: Letter, id: i64) -> Result<(Below, &ContractDetails), Reject> {
        let below = Below { key: ItemKey::new(letter, id), parent: self.key() };
        match &self.contract.details {
            Ok(details) => Ok((below, details)),
            Err(bad) => {
                let reason = format!("its agreement {} cannot be read: {}", self.key(), bad.reason);
                Err(below.reject("contractID", reason))
            }
        }
    }

    /// Converts a service or bundle line.
    pub fn line(&self, billed: &Billed<'_>, today: NaiveDate) -> Result<Addition, Reject> {
        let (below, agreement) = self.below(billed.kind.letter(), billed.line.id)?;
        let line = billed.line.details.as_ref().map_err(|bad| below.bad(bad))?;
        let periods = billed.periods.as_ref().map_err(|bad| below.bad(bad))?;
        let money = &self.money;
        let priced: Vec<Period> = periods.iter().filter_map(|one| one.priced(money)).collect();
        let cost = cost::addition(&priced, today, money.of(&line.unit_price), &money.currency)
            .map_err(|TooLarge| below.too_large("price"))?;
        if let Some(units) = cost.units.filter(|units| units.is_sign_negative() && !units.is_zero())
        {
            let reason =
                format!("its units add up to {units}, and less than nothing is not billed");
            return Err(below.reject("units", reason));
        }
        let entry = billed.entries.get(&line.item);
        let cycle = self.cycle(agreement).unwrap_or_else(|| {
            let period = entry.and_then(|entry| entry.period);
            period.map_or(BillingCycle::None, |number| {
                labels::cycle(billed.catalogue_fields, "periodType", number)
            })
        });
        let name = entry.and_then(|entry| entry.name.clone());
        let name = name.unwrap_or_else(|| format!("{} {}", billed.kind.label(), line.item));
        let mut fields = Fields::new();
        put_text(&mut fields, Field::Name, Some(name));
        put_text(&mut fields, Field::Type, Some(billed.kind.label().to_owned()));
        put_text(&mut fields, Field::Status, self.status(agreement));
        put_text(&mut fields, Field::Description, line.description.clone());
        if billed.kind == LineKind::Bundle {
            put_text(&mut fields, Field::Contents, billed.contents.get(&line.item).cloned());
        }
        put_cost(&mut fields, &cost, cycle, money);
        let working = cost::line_working(&priced, today, &money.currency);
        Ok(self.addition(&below, fields, working, Part::Line, cost, cycle))
    }

    /// Converts something bought once.
    pub fn purchase(&self, bought: &Bought<'_>, today: NaiveDate) -> Result<Addition, Reject> {
        let (below, agreement) = self.below(bought.kind.letter(), bought.row.id)?;
        let details = bought.row.details.as_ref().map_err(|bad| below.bad(bad))?;
        let part = bought.kind.part();
        // A charge is no part of the agreement, and need not share its currency.
        let own = self.client_money.clone().fitting([details.decisive()]);
        let money = if part == Part::Charge { &own } else { &self.money };
        let sale = details.priced(money);
        let basis = if part == Part::Purchase { sale.basis(today) } else { Basis::None };
        let cost = cost::sale(&sale, basis, &money.currency)
            .map_err(|TooLarge| below.too_large("amount"))?;
        let status = match (bought.kind.part(), details.status) {
            (Part::Purchase, Some(number)) => Some(labels::status(bought.fields, number)),
            (Part::Purchase, None) => self.status(agreement),
            (_, number) => number.map(|number| labels::progress(bought.fields, number)),
        };
        let name = details.name.clone().unwrap_or_else(|| untitled(bought.kind, &cost));
        let mut fields = Fields::new();
        put_text(&mut fields, Field::Name, Some(name));
        put_text(&mut fields, Field::Type, Some(bought.kind.label().to_owned()));
        put_text(&mut fields, Field::Status, status);
        put_text(&mut fields, Field::Description, details.description.clone());
        put_text(&mut fields, Field::PurchaseOrder, details.purchase_order.clone());
        put_date(&mut fields, Field::StartDate, sale.start);
        put_date(&mut fields, Field::EndDate, sale.end);
        put_cost(&mut fields, &cost, BillingCycle::OneTime, money);
        let working = cost::sale_working(bought.row.id, &sale, &cost);
        Ok(self.addition(&below, fields, working, part, cost, BillingCycle::OneTime))
    }

    fn addition(
        &self,
        below: &Below,
        fields: Fields,
        working: Vec<WorkingLine>,
        part: Part,
        cost: Cost,
        cycle: BillingCycle,
    ) -> Addition {
        let why = self.unsupported().map(|why| format!("of its agreement {}, {why}", self.key()));
        let item = SourceItem {
            key: below.key,
            client: self.client,
            parent: Some(below.parent),
            fields,
            unsupported: why,
            renewed: None,
            working,
        };
        Addition { item, part, cost, cycle }
    }
}

fn put_cost(fields: &mut Fields, cost: &Cost, cycle: BillingCycle, money: &Denomination) {
    put_money(fields, cost.amount, cycle, cost.basis, money);
    put_number(fields, Field::Units, cost.units);
    put_number(fields, Field::UnitPrice, cost.unit_price);
}

/// What something is called that has no title: `block hours, 40 at 95.00`, `retainer, 2000.00`.
fn untitled(kind: PurchaseKind, cost: &Cost) -> String {
    match (cost.units, cost.unit_price) {
        (Some(units), Some(price)) => format!("{}, {units} at {price}", kind.title()),
        _ => format!("{}, {}", kind.title(), cost.amount),
    }
}
