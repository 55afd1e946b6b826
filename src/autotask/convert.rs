//! Rows into source items. Pure: what was read goes in, items and rejects come out.
//!
//! The rules of cost are in `sync::cost`, the meaning of picklists in `labels`; here fields get
//! their names. A row that cannot be converted rejects its own item, and an addition that is
//! rejected also its agreement, whose cost would be wrong without it.

use super::catalogue::Entries;
use super::fields::EntityFields;
use super::labels::{self, AgreementType};
use super::row::BadField;
use super::rows::{ContractDetails, ContractRow, LineKind, LineRow};
use crate::model::{
    BillingCycle, ClientId, Currency, Field, Fields, ItemKey, Reject, SourceItem, Value,
};
use crate::sync::cost::{self, Cost, Period, TooLarge};

/// What additions need to know of the agreement above them.
pub(super) struct Above<'a> {
    pub client: ClientId,
    pub contract: &'a ContractRow,
    pub currency: &'a Currency,
    /// The fields of Contracts.
    pub fields: &'a EntityFields,
}

/// What one addition bills.
pub(super) struct Billed<'a> {
    pub kind: LineKind,
    pub line: &'a LineRow,
    /// The rows of its units.
    pub periods: Result<Vec<Period>, &'a BadField>,
    /// The catalogue.
    pub entries: &'a Entries,
    /// The fields of the catalogue, where they are needed.
    pub catalogue_fields: &'a EntityFields,
}

/// An addition and what its agreement has to add up.
pub(super) struct Addition {
    pub item: SourceItem,
    pub cost: Cost,
    pub cycle: BillingCycle,
}

impl Above<'_> {
    fn key(&self) -> ItemKey {
        ItemKey::agreement(self.contract.id)
    }

    fn status(&self, details: &ContractDetails) -> Option<String> {
        details.status.map(|number| labels::status(self.fields, number))
    }

    fn cycle(&self, details: &ContractDetails) -> Option<BillingCycle> {
        details.period.map(|number| labels::cycle(self.fields, "contractPeriodType", number))
    }

    /// Converts one addition below the agreement.
    pub fn addition(
        &self,
        billed: &Billed<'_>,
        today: chrono::NaiveDate,
    ) -> Result<Addition, Reject> {
        let key = ItemKey::new(billed.kind.letter(), billed.line.id);
        let reject = |field: &str, reason: String| Reject {
            key,
            parent: Some(self.key()),
            field: field.to_owned(),
            reason,
        };
        let bad = |bad: &BadField| reject(bad.field, bad.reason.clone());
        let agreement = self.contract.details.as_ref().map_err(|bad| {
            reject(
                "contractID",
                format!("its agreement {} cannot be read: {}", self.key(), bad.reason),
            )
        })?;
        let line = billed.line.details.as_ref().map_err(bad)?;
        let periods = billed.periods.as_ref().map_err(|field| bad(field))?;
        let cost = cost::addition(periods, today, line.unit_price, self.currency)
            .map_err(|TooLarge| reject("price", TooLarge.to_string()))?;
        let entry = billed.entries.get(&line.item);
        let cycle = self.cycle(agreement).unwrap_or_else(|| {
            let period = entry.and_then(|entry| entry.period);
            period.map_or(BillingCycle::None, |number| {
                labels::cycle(billed.catalogue_fields, "periodType", number)
            })
        });
        let name = entry.and_then(|entry| entry.name.clone());
        let mut fields = Fields::new();
        put_text(
            &mut fields,
            Field::Name,
            Some(name.unwrap_or_else(|| format!("{} {}", billed.kind.label(), line.item))),
        );
        put_text(&mut fields, Field::Type, Some(billed.kind.label().to_owned()));
        put_text(&mut fields, Field::Status, self.status(agreement));
        put_text(&mut fields, Field::Description, line.description.clone());
        put_text(&mut fields, Field::Basis, Some(cost.basis.to_string()));
        put_money(&mut fields, cost.amount, cycle, self.currency);
        fields.insert(Field::Units, Value::Number(cost.units));
        if let Some(price) = cost.unit_price {
            fields.insert(Field::UnitPrice, Value::Number(price));
        }
        let item = SourceItem {
            key,
            client: self.client,
            parent: Some(self.key()),
            fields,
            unsupported: None,
            renewed: None,
            working: Vec::new(),
        };
        Ok(Addition { item, cost, cycle })
    }

    /// Converts the agreement, whose type is `kind`, with what became of its additions.
    pub fn agreement(
        &self,
        kind: &AgreementType,
        additions: &[Result<Addition, Reject>],
    ) -> Result<SourceItem, Reject> {
        let key = self.key();
        let reject = |field: &str, reason: String| Reject {
            key,
            parent: None,
            field: field.to_owned(),
            reason,
        };
        let details =
            self.contract.details.as_ref().map_err(|bad| reject(bad.field, bad.reason.clone()))?;
        let mut fields = self.header(details, kind);
        if !kind.recurring {
            let unsupported = Some(format!("{} agreements cannot be imported yet", kind.label));
            return Ok(SourceItem {
                key,
                client: self.client,
                parent: None,
                fields,
                unsupported,
                renewed: None,
                working: Vec::new(),
            });
        }
        if let Some(bad) = additions.iter().find_map(|addition| addition.as_ref().err()) {
            let reason = format!(
                "its cost is not known: {} cannot be read, because {}",
                bad.key, bad.reason
            );
            return Err(reject(&bad.field, reason));
        }
        let read = || additions.iter().flatten();
        let amount = cost::agreement(read().map(|addition| addition.cost.amount), self.currency)
            .map_err(|TooLarge| reject("price", TooLarge.to_string()))?;
        let cycles = read().map(|addition| addition.cycle);
        let cycle = cost::agreement_cycle(self.cycle(details), cycles).ok_or_else(|| {
            let reason = "it has none, and its additions are billed in different cycles";
            reject("contractPeriodType", reason.to_owned())
        })?;
        put_money(&mut fields, amount, cycle, self.currency);
        Ok(SourceItem {
            key,
            client: self.client,
            parent: None,
            fields,
            unsupported: None,
            renewed: None,
            working: Vec::new(),
        })
    }

    /// What the agreement says about itself, without money.
    fn header(&self, details: &ContractDetails, kind: &AgreementType) -> Fields {
        let category = details.category.map(|number| labels::category(self.fields, number));
        let mut fields = Fields::new();
        put_text(&mut fields, Field::Name, Some(details.name.clone()));
        put_text(&mut fields, Field::Type, Some(kind.label.clone()));
        put_text(&mut fields, Field::Status, self.status(details));
        put_text(&mut fields, Field::Description, details.description.clone());
        put_text(&mut fields, Field::Category, category);
        put_text(&mut fields, Field::PurchaseOrder, details.purchase_order.clone());
        put_text(&mut fields, Field::Contact, details.contact.clone());
        if let Some(start) = details.start {
            fields.insert(Field::StartDate, Value::Date(start));
        }
        if let Some(end) = details.end {
            fields.insert(Field::EndDate, Value::Date(end));
        }
        fields
    }
}

fn put_text(fields: &mut Fields, field: Field, text: Option<String>) {
    if let Some(text) = text {
        fields.insert(field, Value::Text(text));
    }
}

fn put_money(
    fields: &mut Fields,
    amount: rust_decimal::Decimal,
    cycle: BillingCycle,
    currency: &Currency,
) {
    fields.insert(Field::BillingCost, Value::Number(amount));
    fields.insert(Field::BillingCycle, Value::Cycle(cycle));
    fields.insert(Field::Currency, Value::Text(currency.code().to_owned()));
}
