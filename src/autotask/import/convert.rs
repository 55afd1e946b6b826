//! Agreements into source items. Pure: what was read goes in, an item or a reject comes out.
//!
//! The rules of cost are in `policy::cost`, the meaning of picklists in `labels`, additions in
//! `addition`; here fields get their names. A row that cannot be converted rejects its own item,
//! and an addition that is rejected also its agreement, whose cost would be wrong without it,
//! unless it is a charge, which is billed by itself.

use chrono::NaiveDate;

use super::addition::Addition;
use crate::autotask::import::context::AgreementContext;
use crate::autotask::import::put::{
    put_billing, put_date, put_money, put_number, put_remarks, put_text,
};
use crate::autotask::meta::labels::{self, AgreementKind};
use crate::autotask::rows::companies::ContractDetails;
use crate::autotask::rows::purchases::PurchaseKind;
use crate::autotask::rows::rules::RuleRow;
use crate::model::{Field, Fields, ItemKind, Reject, SourceItem, Working};
use crate::policy::cost::{self, Agreement, Rules, TooLarge};

impl AgreementContext<'_> {
    /// Converts the agreement, with what became of its additions.
    pub fn agreement(
        &self,
        additions: &[Result<Addition, Reject>],
        today: NaiveDate,
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
        let mut item = SourceItem {
            key,
            client: self.client,
            parent: None,
            fields: self.header(details),
            unsupported: self.unsupported(),
            renewed: details.renewed,
            working: Working::default(),
        };
        let Some(kind) = self.kind.kind else { return Ok(item) };
        let bad = additions.iter().filter_map(|addition| addition.as_ref().err());
        if let Some(bad) = bad.filter(|bad| bad.key.kind != ItemKind::Charge).min_by_key(|b| b.key)
        {
            let (key, reason) = (bad.key, &bad.reason);
            let reason = format!("the cost is not known: {key} cannot be read, because {reason}");
            return Err(reject(&bad.field, reason));
        }
        self.add_cost(&mut item, kind, details, additions, today)
            .map_err(|why| reject("price", why.to_string()))?;
        Ok(item)
    }

    fn add_cost(
        &self,
        item: &mut SourceItem,
        kind: AgreementKind,
        details: &ContractDetails,
        additions: &[Result<Addition, Reject>],
        today: NaiveDate,
    ) -> Result<(), TooLarge> {
        let mut read: Vec<&Addition> = additions.iter().flatten().collect();
        read.sort_by_key(|addition| addition.item.key);
        let by_rule = self.rules.filter(|_| self.is_billed_by_rules());
        let parts: Vec<_> = read.iter().map(|addition| addition.part()).collect();
        let is_active = match self.status(details).as_deref() {
            Some("active") => Some(true),
            Some("inactive") => Some(false),
            _ => None,
        };
        let total = cost::agreement(
            Agreement {
                method: kind.method(),
                own: self.cycle(details),
                start: details.start,
                end: details.end,
                is_active,
                rules: by_rule.map(|rules| Rules { is_active: rules.is_active(today) }),
                siblings: self.siblings,
                today,
                currency: &self.money.currency,
            },
            &parts,
        )?;
        let fields = &mut item.fields;
        put_money(fields, total.amount, total.cycle, total.basis, &self.money);
        put_billing(fields, total.billing, total.since, total.period.as_ref(), &total.ahead);
        put_remarks(fields, &total.remarks);
        item.working.lines = read.into_iter().map(|addition| addition.in_total(&total)).collect();
        if let Some((first, last)) = total.rule_month() {
            item.working.notes.push(format!("billed by rules: the charges of {first} to {last}"));
        }
        Ok(())
    }

    /// Whether it is billed by rules: those that it has are for fixed prices without milestones
    /// (section 9.8 of the Autotask facts).
    pub fn is_billed_by_rules(&self) -> bool {
        let is_fixed_price = self.kind.kind == Some(AgreementKind::FixedPrice);
        is_fixed_price
            && self.rules.is_some_and(|rules| !rules.0.is_empty())
            && !self.has_milestones
    }

    /// Whether a rule made this charge: it is for the product of one, or nothing says otherwise.
    pub fn is_of_rules(&self, addition: &Addition) -> bool {
        let Some(once) = addition.once().filter(|once| once.kind == PurchaseKind::Charge) else {
            return false;
        };
        let is_of = |rule: &RuleRow| match (rule.product, once.product) {
            (Some(of_rule), Some(of_charge)) => of_rule == of_charge,
            _ => true,
        };
        self.is_billed_by_rules() && self.rules.is_some_and(|rules| rules.0.iter().any(is_of))
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
        let setup_fee = self.money.of(&details.setup_fee).filter(|fee| !fee.is_zero());
        let setup_fee = setup_fee.map(|fee| self.money.currency.round(fee));
        put_number(&mut fields, Field::SetupFee, setup_fee);
        put_text(&mut fields, Field::BilledTo, self.billed_to.clone());
        for (name, text) in &details.user_defined {
            put_text(&mut fields, Field::Udf(*name), Some(text.clone()));
        }
        fields
    }
}
