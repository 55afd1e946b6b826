//! From the model's values to the wire's.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

use crate::clock::Tz;
use crate::model::{
    BadKey, ClientRef, Code, Contract, Currency, Effect, Failure, Field, Fields, ItemKey,
    PendingItem, Reject, Remark, Run, Value, rfc3339,
};
use crate::policy::holds::let_go;
use crate::policy::schedule::start_of_day;
use crate::policy::{apply, effects};
use crate::protocol::{contracts, sync};

/// A count as the wire has it.
pub(super) fn count(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// The moment that a day or a moment begins with.
pub(super) fn beginning(text: &str, zone: Tz) -> Result<DateTime<Utc>, Failure> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok(at.to_utc());
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| {
        let message = format!("`{text}` is neither a day (2026-11-30) nor a moment of RFC 3339");
        Failure::new(Code::InvalidArgument, message)
    })?;
    start_of_day(day, &zone)
        .ok_or_else(|| Failure::new(Code::InvalidArgument, format!("`{text}` is too far away")))
}

pub(super) fn client(client: &ClientRef) -> sync::Client {
    sync::Client { id: client.id.0, name: client.name.clone() }
}

pub(super) fn reject(reject: &Reject) -> sync::Reject {
    sync::Reject {
        key: reject.key.to_string(),
        field: reject.field.clone(),
        reason: reject.reason.clone(),
    }
}

pub(super) fn item(item: &PendingItem, today: NaiveDate) -> sync::Item {
    let text = |field| text(&item.fields, field);
    sync::Item {
        key: item.key.to_string(),
        parent: item.parent.map(|key| key.to_string()),
        state: item.state.name().to_owned(),
        r#type: text(Field::Type).unwrap_or_default(),
        name: text(Field::Name).unwrap_or_default(),
        status: text(Field::Status),
        billing_cost: text(Field::BillingCost),
        currency: text(Field::Currency),
        billing_cycle: text(Field::BillingCycle),
        billing: text(Field::Billing),
        billing_since: text(Field::BillingSince),
        period_amount: text(Field::PeriodAmount),
        period_start: text(Field::PeriodStart),
        period_end: text(Field::PeriodEnd),
        next_change: next_change(&item.fields),
        left: text(Field::Left),
        billed: flag(&item.fields, Field::Billed),
        setup_fee: text(Field::SetupFee),
        billed_to: text(Field::BilledTo),
        remarks: remarks(item),
        effects: effects(&effects::effect(&let_go(item), today)),
        start_date: text(Field::StartDate),
        end_date: text(Field::EndDate),
        reason: item.reason.clone(),
        renews: text(Field::Renews),
        changes: item.changes.iter().map(sync::FieldChange::from).collect(),
    }
}

/// What is remarkable about an item: of its cost, and that it moves to another client.
fn remarks(item: &PendingItem) -> Vec<String> {
    let mut remarks = words(&item.fields, Field::Remarks);
    if apply::is_moving(item) {
        remarks.push(Remark::Moved.code().to_owned());
    }
    remarks
}

/// Effects as the wire has them.
pub(super) fn effects(effects: &[Effect]) -> Vec<sync::Effect> {
    effects.iter().map(sync::Effect::from).collect()
}

/// What is known ahead.
pub(super) fn next_change(fields: &Fields) -> Option<sync::NextChange> {
    let date = text(fields, Field::NextChangeDate)?;
    Some(sync::NextChange { date, billing_cost: text(fields, Field::NextChangeCost)? })
}

/// Yes or no, where the field has a value.
pub(super) fn flag(fields: &Fields, field: Field) -> Option<bool> {
    match fields.get(&field) {
        Some(Value::Flag(flag)) => Some(*flag),
        _ => None,
    }
}

/// The codes of a field that holds words.
pub(super) fn words(fields: &Fields, field: Field) -> Vec<String> {
    match fields.get(&field) {
        Some(Value::Tags(words)) => words.clone(),
        _ => Vec::new(),
    }
}

fn text(fields: &Fields, field: Field) -> Option<String> {
    fields.get(&field).map(Value::to_string)
}

/// Runs of one batch in which nothing happened; none where there are none.
pub(super) fn folded(runs: &[Run]) -> Option<sync::FoldedRuns> {
    let number = |run: &Run| run.id.map(|id| count(id.0));
    let sum = |of: fn(&Run) -> u32| runs.iter().map(|run| i64::from(of(run))).sum();
    Some(sync::FoldedRuns {
        first: number(runs.last()?)?,
        last: number(runs.first()?)?,
        runs: count(runs.len()),
        started: rfc3339(runs.first()?.started),
        unchanged: sum(|run| run.counts.unchanged),
        requests: sum(|run| run.requests),
    })
}

pub(super) fn run(run: &Run) -> sync::Run {
    sync::Run {
        id: run.id.map(|id| count(id.0)),
        client_id: run.client.id.0,
        client: run.client.name.clone(),
        trigger: run.trigger.name().to_owned(),
        actor: run.actor.name.clone(),
        started: rfc3339(run.started),
        ended: rfc3339(run.ended),
        result: run.result.name().to_owned(),
        created: run.counts.created.into(),
        updated: run.counts.updated.into(),
        unchanged: run.counts.unchanged.into(),
        vanished: run.counts.vanished.into(),
        rejected: run.counts.rejected.into(),
        requests: run.requests.into(),
        dry_run: run.dry(),
        error: run.error.as_ref().map(|error| error.code.name().to_owned()),
        message: run.error.as_ref().map(|error| error.message.clone()),
    }
}

/// A contract; `last_full` is when its client was last synced in full, which is also when a
/// contract that needed no change was last found to be right.
pub(super) fn contract(
    contract: &Contract,
    last_full: Option<DateTime<Utc>>,
) -> contracts::Contract {
    let optional = |field| contract.value(field).map(|value| value.to_string());
    let cost = contract.billing_cost();
    let seen =
        if contract.vanished.is_some() { contract.synced } else { contract.synced.max(last_full) };
    contracts::Contract {
        key: contract.key.to_string(),
        parent: optional(Field::Parent),
        client_id: contract.client.0,
        name: contract.text(Field::Name),
        r#type: contract.text(Field::Type),
        status: contract.text(Field::Status),
        billing_cost: amount(&cost.currency, cost.amount),
        currency: cost.currency.code().to_owned(),
        billing_cycle: contract.billing_cycle().to_string(),
        billing: contract.billing().to_string(),
        billing_since: optional(Field::BillingSince),
        units: optional(Field::Units),
        unit_price: optional(Field::UnitPrice),
        period_amount: optional(Field::PeriodAmount),
        period_start: optional(Field::PeriodStart),
        period_end: optional(Field::PeriodEnd),
        next_change: next_change(&contract.source),
        left: optional(Field::Left),
        billed: flag(&contract.source, Field::Billed),
        setup_fee: optional(Field::SetupFee),
        billed_to: optional(Field::BilledTo),
        remarks: contract.remarks(),
        start_date: optional(Field::StartDate),
        end_date: optional(Field::EndDate),
        source: contract.origin.name().to_owned(),
        last_synced: seen.map(rfc3339),
        vanished: contract.vanished.map(rfc3339),
        basis: optional(Field::Basis),
        currency_basis: optional(Field::CurrencyBasis),
        renews: optional(Field::Renews),
        link: None,
    }
}

/// An amount with the decimals of its currency.
pub(super) fn amount(currency: &Currency, amount: Decimal) -> String {
    currency.round(amount).to_string()
}

/// The key that a text names.
pub(in crate::control) fn parse_key(text: &str) -> Result<ItemKey, Failure> {
    text.parse().map_err(|error: BadKey| Failure::new(Code::InvalidArgument, error.to_string()))
}
