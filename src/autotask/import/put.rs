//! Putting values into the fields of a source item; what has no value is left out.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::autotask::fields::amount::Denomination;
use crate::model::{BillingCycle, BillingState, Field, Fields, Remark, Value};
use crate::policy::cost::{Basis, NextChange, PeriodAmount};

pub(in crate::autotask) fn put_text(fields: &mut Fields, field: Field, text: Option<String>) {
    if let Some(text) = text {
        fields.insert(field, Value::Text(text));
    }
}

pub(in crate::autotask) fn put_date(fields: &mut Fields, field: Field, date: Option<NaiveDate>) {
    if let Some(date) = date {
        fields.insert(field, Value::Date(date));
    }
}

pub(in crate::autotask) fn put_number(fields: &mut Fields, field: Field, number: Option<Decimal>) {
    if let Some(number) = number {
        fields.insert(field, Value::Number(number));
    }
}

pub(in crate::autotask) fn put_money(
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

/// How it stands, what the running period bills, and what is known ahead.
pub(in crate::autotask) fn put_billing(
    fields: &mut Fields,
    billing: BillingState,
    since: Option<NaiveDate>,
    period: Option<&PeriodAmount>,
    ahead: &[NextChange],
) {
    put_text(fields, Field::Billing, Some(billing.to_string()));
    put_date(fields, Field::BillingSince, since);
    put_number(fields, Field::PeriodAmount, period.map(|period| period.amount));
    put_date(fields, Field::PeriodStart, period.map(|period| period.start));
    put_date(fields, Field::PeriodEnd, period.map(|period| period.end));
    let (next, later) = match (billing, ahead) {
        (BillingState::Billed, [next, later @ ..]) => (Some(next), later),
        (_, later) => (None, later),
    };
    put_date(fields, Field::NextChangeDate, next.map(|next| next.date));
    put_number(fields, Field::NextChangeCost, next.map(|next| next.rate));
    if !later.is_empty() {
        let told = later.iter().map(|change| format!("{} {}", change.date, change.rate));
        fields.insert(Field::LaterChanges, Value::Tags(told.collect()));
    }
}

pub(in crate::autotask) fn put_remarks(fields: &mut Fields, remarks: &BTreeSet<Remark>) {
    if !remarks.is_empty() {
        let codes = remarks.iter().map(|remark| remark.code().to_owned());
        fields.insert(Field::Remarks, Value::Tags(codes.collect()));
    }
}
