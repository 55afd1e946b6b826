//! Agreements into source items. Pure: what was read goes in, an item or a reject comes out.
//!
//! The rules of cost are in `sync::cost`, the meaning of picklists in `labels`, additions in
//! `addition`; here fields get their names. A row that cannot be converted rejects its own item,
//! and an addition that is rejected also its agreement, whose cost would be wrong without it,
//! unless it is a charge, which is billed by itself.

use rust_decimal::Decimal;

use super::addition::Addition;
use super::currency::Denomination;
use super::fields::EntityFields;
use super::labels::{self, AgreementKind, AgreementType};
use super::rows::{ContractDetails, ContractRow};
use crate::model::{
    BillingCycle, ClientId, Field, Fields, ItemKey, Letter, Reject, SourceItem, Value,
};
use crate::sync::cost::{self, Basis, NoTotal};

/// An agreement with what it and its additions need to know.
pub(super) struct Above<'a> {
    pub client: ClientId,
    pub contract: &'a ContractRow,
    /// Its type.
    pub kind: &'a AgreementType,
    /// What its client is billed in.
    pub client_money: Denomination,
    /// What its amounts are read in, and those of its additions other than charges.
    pub money: Denomination,
    /// The fields of Contracts.
    pub fields: &'a EntityFields,
}

impl Above<'_> {
    pub fn key(&self) -> ItemKey {
        ItemKey::agreement(self.contract.id)
    }

    pub fn status(&self, details: &ContractDetails) -> Option<String> {
        details.status.map(|number| labels::status(self.fields, number))
    }

    pub fn cycle(&self, details: &ContractDetails) -> Option<BillingCycle> {
        details.period.map(|number| labels::cycle(self.fields, "contractPeriodType", number))
    }

    /// Why it cannot be imported, where it cannot.
    pub fn unsupported(&self) -> Option<String> {
        self.kind.kind.is_none().then(|| {
            format!("contract type `{}` is none of the six that are known", self.kind.label)
        })
    }

    /// Converts the agreement, with what became of its additions.
    pub fn agreement(&self, additions: &[Result<Addition, Reject>]) -> Result<SourceItem, Reject> {
        let key = self.key();
        let reject = |field: &str, reason: String| Reject {
            key,
            parent: None,
            field: field.to_owned(),
            reason,
        };
        let details =
            self.contract.details.as_ref().map_err(|bad| reject(bad.field, bad.reason.clone()))?;
        let mut item = SourceItem {
            key,
            client: self.client,
            parent: None,
            fields: self.header(details),
            unsupported: self.unsupported(),
            renewed: details.renewed,
            working: Vec::new(),
        };
        let Some(kind) = self.kind.kind else { return Ok(item) };
        self.add_cost(&mut item, kind, details, additions, &reject)?;
        Ok(item)
    }

    fn add_cost(
        &self,
        item: &mut SourceItem,
        kind: AgreementKind,
        details: &ContractDetails,
        additions: &[Result<Addition, Reject>],
        reject: &dyn Fn(&str, String) -> Reject,
    ) -> Result<(), Reject> {
        let bad = additions.iter().filter_map(|addition| addition.as_ref().err());
        if let Some(bad) = bad.filter(|bad| bad.key.letter != Letter::Charge).min_by_key(|b| b.key)
        {
            let (key, reason) = (bad.key, &bad.reason);
            let reason = format!("its cost is not known: {key} cannot be read, because {reason}");
            return Err(reject(&bad.field, reason));
        }
        let mut read: Vec<&Addition> = additions.iter().flatten().collect();
        read.sort_by_key(|addition| addition.item.key);
        let summands: Vec<_> = read.iter().map(|addition| addition.summand()).collect();
        let own = self.cycle(details);
        let total = cost::agreement(kind.billing(), own, &summands, &self.money.currency);
        let total = total.map_err(|why| {
            let field = match why {
                NoTotal::TooLarge(_) => "price",
                NoTotal::MixedCycles => "contractPeriodType",
            };
            reject(field, why.to_string())
        })?;
        put_money(&mut item.fields, total.amount, total.cycle, total.basis, &self.money);
        item.working = read.into_iter().map(Addition::in_total).collect();
        Ok(())
    }

    /// What the agreement says about itself, without money.
    fn header(&self, details: &ContractDetails) -> Fields {
        let category = details.category.map(|number| labels::category(self.fields, number));
        let mut fields = Fields::new();
        put_text(&mut fields, Field::Name, Some(details.name.clone()));
        put_text(&mut fields, Field::Type, Some(self.kind.label.clone()));
        put_text(&mut fields, Field::Status, self.status(details));
        put_text(&mut fields, Field::Description, details.description.clone());
        put_text(&mut fields, Field::Category, category);
        put_text(&mut fields, Field::PurchaseOrder, details.purchase_order.clone());
        put_text(&mut fields, Field::Contact, details.contact.clone());
        put_date(&mut fields, Field::StartDate, details.start);
        put_date(&mut fields, Field::EndDate, details.end);
        for (name, text) in &details.user_defined {
            put_text(&mut fields, Field::Udf(*name), Some(text.clone()));
        }
        fields
    }
}

pub(super) fn put_text(fields: &mut Fields, field: Field, text: Option<String>) {
    if let Some(text) = text {
        fields.insert(field, Value::Text(text));
    }
}

pub(super) fn put_date(fields: &mut Fields, field: Field, date: Option<chrono::NaiveDate>) {
    if let Some(date) = date {
        fields.insert(field, Value::Date(date));
    }
}

pub(super) fn put_number(fields: &mut Fields, field: Field, number: Option<Decimal>) {
    if let Some(number) = number {
        fields.insert(field, Value::Number(number));
    }
}

pub(super) fn put_money(
    fields: &mut Fields,
    amount: Decimal,
    cycle: BillingCycle,
    basis: Basis,
    money: &Denomination,
) {
    fields.insert(Field::BillingCost, Value::Number(amount));
    fields.insert(Field::BillingCycle, Value::Cycle(cycle));
    put_text(fields, Field::Basis, Some(basis.to_string()));
    put_text(fields, Field::Currency, Some(money.currency.code().to_owned()));
    put_text(fields, Field::CurrencyBasis, Some(money.basis.to_string()));
}
