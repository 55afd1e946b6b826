//! Additions into source items: service and bundle lines, and what is bought once. Pure.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::context::AgreementContext;
use super::put::{put_billing, put_date, put_money, put_number, put_remarks, put_text};
use crate::autotask::fields::row::BadField;
use crate::autotask::meta::catalogue::Entries;
use crate::autotask::meta::entity_fields::EntityFields;
use crate::autotask::meta::labels;
use crate::autotask::rows::companies::ContractDetails;
use crate::autotask::rows::lines::{LineKind, LineRow, UnitPeriod};
use crate::autotask::rows::purchases::{PurchaseKind, PurchaseRow};
use crate::model::{
    BillingCycle, BillingState, Field, Fields, ItemKey, ItemKind, Reject, Remark, SourceItem,
    Value, Working, WorkingLine,
};
use crate::policy::cost::{
    self, Basis, LineCost, LineTerms, Part, Row, SaleCost, Share, TooLarge, Total,
};

/// A line and what it bills.
pub(in crate::autotask) struct Billed<'a> {
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
pub(in crate::autotask) struct Bought<'a> {
    pub kind: PurchaseKind,
    pub row: &'a PurchaseRow,
    /// The fields of its entity.
    pub fields: &'a EntityFields,
}

/// An addition and what its agreement has to add up.
#[derive(Debug)]
pub(in crate::autotask) struct Addition {
    pub item: SourceItem,
    pub cost: AdditionCost,
    remarks: BTreeSet<Remark>,
}

/// What an addition costs.
#[derive(Debug)]
pub(in crate::autotask) enum AdditionCost {
    /// A service or bundle.
    Line(Box<LineCost>),
    /// What is bought once.
    Once(Once),
}

/// What is bought once.
#[derive(Debug)]
pub(in crate::autotask) struct Once {
    pub kind: PurchaseKind,
    pub cost: SaleCost,
    /// How its dates lie around today.
    basis: Basis,
    /// Whether it can be used.
    is_active: bool,
    /// Its first and last day.
    span: (Option<NaiveDate>, Option<NaiveDate>),
    /// When it was bought, and from when on it is for.
    pub days: Vec<NaiveDate>,
    /// The product that a charge is for.
    pub product: Option<i64>,
    /// Whether Autotask has billed a charge.
    pub is_billed: Option<bool>,
}

impl Addition {
    /// What it is to its agreement's cost.
    pub fn part(&self) -> Part<'_> {
        let once = match &self.cost {
            AdditionCost::Line(line) => return Part::Line(line),
            AdditionCost::Once(once) => once,
        };
        match once.kind {
            PurchaseKind::Milestone => Part::Milestone(once.cost.amount),
            PurchaseKind::Hours | PurchaseKind::Retainer | PurchaseKind::Tickets => {
                let Once { basis, is_active, span: (start, end), .. } = *once;
                Part::Purchase(cost::Bought {
                    amount: once.cost.amount,
                    basis,
                    is_active,
                    start,
                    end,
                })
            }
            PurchaseKind::Charge if self.remarks.contains(&Remark::ByRule) => {
                Part::Charge(once.cost.amount, once.days.first().copied())
            }
            PurchaseKind::Charge => Part::ByItself,
        }
    }

    /// What is bought once.
    pub fn once(&self) -> Option<&Once> {
        match &self.cost {
            AdditionCost::Line(_) => None,
            AdditionCost::Once(once) => Some(once),
        }
    }

    /// Adds a remark.
    pub fn remark(&mut self, remark: Remark) {
        self.remarks.insert(remark);
        put_remarks(&mut self.item.fields, &self.remarks);
    }

    /// Says whether Autotask has billed it.
    pub fn bill(&mut self, is_billed: Option<bool>) {
        if let Some(is_billed) = is_billed {
            self.item.fields.insert(Field::Billed, Value::Flag(is_billed));
        }
    }

    /// Its line in the working of its agreement's cost.
    pub fn in_total(&self, total: &Total) -> WorkingLine {
        let date = |field| match self.item.fields.get(&field) {
            Some(Value::Date(date)) => Some(*date),
            _ => None,
        };
        let Share { rate, period_amount, left_out } = total.share(&self.part());
        let line = WorkingLine {
            from: self.item.key.to_string(),
            start: date(Field::StartDate),
            end: date(Field::EndDate),
            rate,
            period_amount,
            left_out,
            ..WorkingLine::default()
        };
        match &self.cost {
            AdditionCost::Line(cost) => WorkingLine {
                units: Some(cost.units),
                unit_price: cost.unit_price,
                amount: cost.rate,
                start: cost.period.as_ref().map(|period| period.start),
                end: cost.period.as_ref().map(|period| period.end),
                ..line
            },
            AdditionCost::Once(Once { cost, .. }) => WorkingLine {
                units: cost.units,
                unit_price: cost.unit_price,
                amount: cost.amount,
                ..line
            },
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

impl AgreementContext<'_> {
    /// What stands below the agreement with this key, and the agreement's own details.
    fn below(&self, kind: ItemKind, id: i64) -> Result<(Below, &ContractDetails), Reject> {
        let below = Below { key: ItemKey::new(kind, id), parent: self.key() };
        match &self.contract.details {
            Ok(details) => Ok((below, details)),
            Err(bad) => {
                let reason = format!("agreement {} cannot be read: {}", self.key(), bad.reason);
                Err(below.reject("contractID", reason))
            }
        }
    }

    /// Converts a service or bundle line.
    pub fn line(&self, billed: &Billed<'_>, today: NaiveDate) -> Result<Addition, Reject> {
        let (below, agreement) = self.below(billed.kind.kind(), billed.line.id)?;
        let line = billed.line.details.as_ref().map_err(|bad| below.bad(bad))?;
        let periods = billed.periods.as_ref().map_err(|bad| below.bad(bad))?;
        let money = &self.money;
        let rows: Vec<Row> = periods.iter().filter_map(|one| one.priced(money)).collect();
        let entry = billed.entries.get(&line.item);
        let of_service = entry.and_then(|entry| entry.period);
        let of_service = labels::cycle_of_service(billed.catalogue_fields, of_service);
        let cost = cost::cost_of_line(LineTerms {
            rows: &rows,
            start: agreement.start,
            end: agreement.end,
            nominal: cost::longer(self.cycle(agreement), of_service),
            line_price: money.of(&line.unit_price),
            siblings: self.siblings,
            today,
            currency: &money.currency,
        });
        let cost = cost.map_err(|TooLarge| below.too_large("price"))?;
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
        put_money(&mut fields, cost.rate, cost.cycle, cost.basis, money);
        put_billing(&mut fields, cost.billing, cost.since, cost.period.as_ref(), &cost.ahead);
        put_remarks(&mut fields, &cost.remarks);
        put_number(&mut fields, Field::Units, Some(cost.units));
        put_number(&mut fields, Field::UnitPrice, cost.unit_price);
        let (working, remarks) = (cost.working.clone(), cost.remarks.clone());
        let item = self.item(&below, fields, working);
        Ok(Addition { item, cost: AdditionCost::Line(Box::new(cost)), remarks })
    }

    /// Converts something bought once.
    pub fn purchase(&self, bought: &Bought<'_>, today: NaiveDate) -> Result<Addition, Reject> {
        let (below, agreement) = self.below(bought.kind.kind(), bought.row.id)?;
        let details = bought.row.details.as_ref().map_err(|bad| below.bad(bad))?;
        let kind = bought.kind;
        // A charge is no part of the agreement, and need not share its currency.
        let own = self.client_money.clone().fitting([details.decisive()]);
        let money = if kind == PurchaseKind::Charge { &own } else { &self.money };
        let sale = details.priced(money);
        let cost =
            cost::sale(&sale, &money.currency).map_err(|TooLarge| below.too_large("amount"))?;
        let status = match (kind.is_prepaid(), details.status) {
            (true, Some(number)) => Some(labels::status(bought.fields, number)),
            (true, None) => self.status(agreement),
            (false, number) => number.map(|number| labels::progress(bought.fields, number)),
        };
        let is_active = details.status.is_none() || status.as_deref() == Some("active");
        let basis = if kind.is_prepaid() { sale.basis(today) } else { Basis::None };
        let name = details.name.clone().unwrap_or_else(|| untitled(kind, &cost));
        let mut fields = Fields::new();
        put_text(&mut fields, Field::Name, Some(name));
        put_text(&mut fields, Field::Type, Some(kind.label().to_owned()));
        put_text(&mut fields, Field::Description, details.description.clone());
        put_text(&mut fields, Field::PurchaseOrder, details.purchase_order.clone());
        put_date(&mut fields, Field::StartDate, sale.start);
        put_date(&mut fields, Field::EndDate, sale.end);
        put_money(&mut fields, cost.amount, BillingCycle::OneTime, basis, money);
        put_billing(&mut fields, BillingState::OneTime, None, None, &[]);
        put_number(&mut fields, Field::Units, cost.units);
        put_number(&mut fields, Field::UnitPrice, cost.unit_price);
        put_text(&mut fields, Field::Left, details.left(kind, &cost, money));
        let is_billed = details.is_billed(kind, status.as_deref());
        put_text(&mut fields, Field::Status, status);
        let item = self.item(&below, fields, cost.working(bought.row.id, &sale));
        let once = Once {
            kind,
            cost,
            basis,
            is_active,
            span: (sale.start, sale.end),
            days: details.days(),
            product: details.product,
            is_billed,
        };
        let cost = AdditionCost::Once(once);
        let mut addition = Addition { item, cost, remarks: BTreeSet::new() };
        addition.bill(is_billed);
        if sale.is_free {
            addition.remark(Remark::NotBillable);
        }
        Ok(addition)
    }

    fn item(&self, below: &Below, fields: Fields, working: Working) -> SourceItem {
        let why = self.unsupported().map(|why| format!("of its agreement {}, {why}", self.key()));
        SourceItem {
            key: below.key,
            client: self.client,
            parent: Some(below.parent),
            fields,
            unsupported: why,
            renewed: None,
            working,
        }
    }
}

/// What something is called that has no title: `block hours, 40 at 95.00`, `retainer, 2000.00`.
fn untitled(kind: PurchaseKind, cost: &SaleCost) -> String {
    match (cost.units, cost.unit_price) {
        (Some(units), Some(price)) => format!("{}, {units} at {price}", kind.title()),
        _ => format!("{}, {}", kind.title(), cost.amount),
    }
}
