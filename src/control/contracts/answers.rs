//! Questions about the book: how a cost comes about, and what ends when.

use chrono::NaiveDate;

use crate::control::call::{Answer, Context, finish};
use crate::control::convert::{self, parse_key};
use crate::engine::{Engine, Working};
use crate::model::{
    ClientRef, Code, Contract, Currency, Failure, Field, SourceItem, Value, WorkingLine, rfc3339,
};
use crate::policy::terms::{Ending, Wanted};
use crate::policy::timeline::{Span, Term};
use crate::protocol::contracts;

/// How far ahead renewals are looked for unless the caller says otherwise, in days.
const DEFAULT_WITHIN: i64 = 90;

pub(super) async fn cost(call: &contracts::Cost, context: &Context<'_>) -> Answer {
    let Working { item, contract, as_of } =
        context.engine.review.working(parse_key(&call.key)?).await?;
    let text = |field| text(&item, field);
    let currency =
        text(Field::Currency).map_or_else(Currency::unknown, |code| Currency::new(&code));
    let amount = match item.fields.get(&Field::BillingCost) {
        Some(Value::Number(amount)) => *amount,
        _ => rust_decimal::Decimal::ZERO,
    };
    finish(contracts::CostReply {
        key: item.key.to_string(),
        name: text(Field::Name).unwrap_or_default(),
        r#type: text(Field::Type).unwrap_or_default(),
        as_of: rfc3339(as_of),
        billing_cost: convert::amount(&currency, amount),
        stored_cost: contract.map(|contract| {
            let cost = contract.billing_cost();
            convert::amount(&cost.currency, cost.amount)
        }),
        units: text(Field::Units),
        unit_price: text(Field::UnitPrice),
        period_amount: text(Field::PeriodAmount),
        period_start: text(Field::PeriodStart),
        period_end: text(Field::PeriodEnd),
        billing: text(Field::Billing),
        billing_since: text(Field::BillingSince),
        next_change: convert::next_change(&item.fields),
        left: text(Field::Left),
        billed: convert::flag(&item.fields, Field::Billed),
        setup_fee: text(Field::SetupFee),
        billed_to: text(Field::BilledTo),
        remarks: convert::words(&item.fields, Field::Remarks),
        currency: currency.code().to_owned(),
        currency_basis: text(Field::CurrencyBasis),
        billing_cycle: text(Field::BillingCycle).unwrap_or_else(|| "none".to_owned()),
        basis: text(Field::Basis),
        lines: item.working.lines.iter().map(line).collect(),
        notes: item.working.notes.clone(),
    })
}

fn text(item: &SourceItem, field: Field) -> Option<String> {
    item.fields.get(&field).map(Value::to_string)
}

fn line(line: &WorkingLine) -> contracts::CostLine {
    contracts::CostLine {
        from: line.from.clone(),
        start: line.start.map(|day| day.to_string()),
        end: line.end.map(|day| day.to_string()),
        units: line.units.map(|units| units.to_string()),
        unit_price: line.unit_price.map(|price| price.to_string()),
        amount: line.amount.to_string(),
        days: line.days.map(|(days, _)| days),
        of_days: line.days.map(|(_, whole)| whole),
        rate: line.rate.map(|rate| rate.to_string()),
        period_amount: line.period_amount.map(|amount| amount.to_string()),
        left_out: line.left_out.clone(),
    }
}

pub(super) async fn renewals(call: contracts::Renewals, context: &Context<'_>) -> Answer {
    let client = context.client(call.client.as_deref()).await?;
    let wanted = match (call.lapsed.unwrap_or(false), call.within_days.unwrap_or(DEFAULT_WITHIN)) {
        (true, _) => Wanted::Lapsed,
        (false, days) => Wanted::Within(u32::try_from(days).map_err(|_| {
            Failure::new(Code::InvalidArgument, format!("{days} is not a number of days"))
        })?),
    };
    let today = context.engine.today();
    let endings = move |engine: &Engine| {
        let endings = engine.book.endings(client.as_ref(), wanted, today)?;
        let named =
            |ending: &Ending| Ok(renewal(ending, engine.book.named(ending.contract.client)?));
        endings.iter().map(named).collect()
    };
    let contracts = context.ask(endings).await?;
    finish(contracts::RenewalList { today: Some(today.to_string()), contracts })
}

fn renewal(ending: &Ending, client: ClientRef) -> contracts::Renewal {
    let contract = &ending.contract;
    let cost = contract.billing_cost();
    contracts::Renewal {
        key: contract.key.to_string(),
        client_id: client.id.0,
        client: client.name,
        name: contract.text(Field::Name),
        status: contract.text(Field::Status),
        end_date: ending.end.to_string(),
        days_left: ending.days_left,
        notice_date: ending.notice.map(|day| day.to_string()),
        auto_renew: auto_renew(contract),
        billing_cost: convert::amount(&cost.currency, cost.amount),
        currency: cost.currency.code().to_owned(),
        billing_cycle: contract.billing_cycle().to_string(),
        billing: contract.billing().to_string(),
        billing_since: contract.value(Field::BillingSince).map(|day| day.to_string()),
        remarks: contract.remarks(),
        renewed_by: ending.renewed_by.map(|key| key.to_string()),
    }
}

pub(super) async fn timeline(call: contracts::Timeline, context: &Context<'_>) -> Answer {
    let client = context.client(call.client.as_deref()).await?;
    let day = |text: &Option<String>| text.as_deref().map(parse_day).transpose();
    // What is no number of months at all is too many of them.
    let months = call.months.map(|months| u32::try_from(months).unwrap_or(u32::MAX));
    let today = context.engine.today();
    let span = Span::asked(day(&call.from)?, day(&call.to)?, months, today)
        .map_err(|error| Failure::new(Code::InvalidArgument, error.to_string()))?;
    let terms = move |engine: &Engine| {
        let found = engine.book.terms(client.as_ref(), span, today)?;
        found
            .iter()
            .map(|term| Ok(wire_term(term, engine.book.named(term.contract.client)?)))
            .collect()
    };
    let mut terms: Vec<contracts::Term> = context.ask(terms).await?;
    // The order by first day stays within each client.
    terms.sort_by_cached_key(|term| (term.client.to_lowercase(), term.client_id));
    finish(contracts::TimelineReply {
        from: span.from.to_string(),
        to: span.to.to_string(),
        today: today.to_string(),
        terms,
    })
}

fn parse_day(text: &str) -> Result<NaiveDate, Failure> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| {
        let message = format!("`{text}` is not a day, such as 2026-12-31");
        Failure::new(Code::InvalidArgument, message)
    })
}

fn wire_term(term: &Term, client: ClientRef) -> contracts::Term {
    let contract = &term.contract;
    let cost = contract.billing_cost();
    contracts::Term {
        key: contract.key.to_string(),
        client_id: client.id.0,
        client: client.name,
        name: contract.text(Field::Name),
        status: contract.text(Field::Status),
        start_date: term.start.map(|day| day.to_string()),
        end_date: term.end.map(|day| day.to_string()),
        notice_date: term.notice.map(|day| day.to_string()),
        auto_renew: auto_renew(contract),
        billing_cost: convert::amount(&cost.currency, cost.amount),
        currency: cost.currency.code().to_owned(),
        billing_cycle: contract.billing_cycle().to_string(),
        billing: contract.billing().to_string(),
        billing_since: contract.value(Field::BillingSince).map(|day| day.to_string()),
        remarks: contract.remarks(),
        renews: term.renews.map(|key| key.to_string()),
        renewed_by: term.renewed_by.map(|key| key.to_string()),
    }
}

fn auto_renew(contract: &Contract) -> Option<bool> {
    match contract.value(Field::AutoRenew) {
        Some(Value::Flag(flag)) => Some(flag),
        _ => None,
    }
}
