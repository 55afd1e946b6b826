//! What a contract must say, worked out from the account of the tenant by the written rules of
//! cost, and nothing of the program.

use chrono::NaiveDate;
use lmsyncd::model::{Contract, Field, ItemKey, Letter, Value};
use rust_decimal::{Decimal, RoundingStrategy};

use super::upstream::{Addition, Billed, FIXED_PRICE, Period, RECURRING, Upstream};

/// What a contract must say on one day.
#[derive(Debug, PartialEq, Eq)]
pub struct Wanted {
    client: i64,
    parent: Option<ItemKey>,
    name: Option<String>,
    status: Option<&'static str>,
    start: Option<NaiveDate>,
    end: Option<NaiveDate>,
    cost: Decimal,
    units: Option<Decimal>,
    price: Option<Decimal>,
}

/// What the contract of an item must say on `today`; none where there is no such item.
pub fn wanted(upstream: &Upstream, key: ItemKey, today: NaiveDate) -> Option<Wanted> {
    if key.letter == Letter::Agreement {
        let agreement = upstream.agreements.get(&key.id)?;
        return Some(Wanted {
            client: agreement.company,
            parent: None,
            name: Some(agreement.name.clone()),
            status: Some(word(agreement.active)),
            start: Some(agreement.start),
            end: Some(agreement.end),
            cost: total(upstream, key.id, today),
            units: None,
            price: None,
        });
    }
    let addition = upstream.additions.get(&key)?;
    let agreement = upstream.agreements.get(&addition.agreement)?;
    let (status, units, price) = match &addition.billed {
        Billed::Periods(periods) => {
            let read = read(periods, today);
            let units: Decimal = read.iter().map(|period| period.units).sum();
            let cost: Decimal = read.iter().map(|period| period.price).sum();
            // Without units the price is that of the line itself, which the account leaves out.
            let price = (!units.is_zero()).then(|| round(cost / units, 4));
            (Some(word(agreement.active)), Some(units), price)
        }
        Billed::Once(..) => (None, None, None),
    };
    Some(Wanted {
        client: agreement.company,
        parent: Some(ItemKey::agreement(addition.agreement)),
        name: addition.name.clone(),
        status,
        start: None,
        end: None,
        cost: cost(addition, today),
        units,
        price,
    })
}

/// What differs between a contract and what it must say; none if nothing does.
pub fn differs(contract: &Contract, wanted: &Wanted) -> Option<String> {
    let text = |field| contract.source.get(&field).map(Value::to_string);
    let number = |field| match contract.source.get(&field) {
        Some(Value::Number(number)) => Some(*number),
        _ => None,
    };
    let say = |what: &str, is: String, must: String| Some(format!("{what} is {is}, not {must}"));
    let Wanted { client, parent, name, status, start, end, cost, units, price } = wanted;
    if contract.vanished.is_some() {
        return Some("it is a tombstone".to_owned());
    }
    if contract.client.0 != *client {
        return say("client", contract.client.to_string(), client.to_string());
    }
    if contract.parent != *parent {
        return say("parent", format!("{:?}", contract.parent), format!("{parent:?}"));
    }
    if name.is_some() && text(Field::Name) != *name {
        return say("name", format!("{:?}", text(Field::Name)), format!("{name:?}"));
    }
    if status.is_some_and(|status| text(Field::Status).as_deref() != Some(status)) {
        return say("status", format!("{:?}", text(Field::Status)), format!("{status:?}"));
    }
    for (field, day) in [(Field::StartDate, start), (Field::EndDate, end)] {
        if let Some(day) = day
            && text(field) != Some(day.to_string())
        {
            return say(field.name(), format!("{:?}", text(field)), day.to_string());
        }
    }
    for (field, must) in
        [(Field::BillingCost, &Some(*cost)), (Field::Units, units), (Field::UnitPrice, price)]
    {
        if must.is_some() && number(field) != *must {
            return say(field.name(), format!("{:?}", number(field)), format!("{must:?}"));
        }
    }
    None
}

/// The cost of an agreement.
fn total(upstream: &Upstream, agreement: i64, today: NaiveDate) -> Decimal {
    let Some(kind) = upstream.agreements.get(&agreement).map(|one| one.kind) else {
        return Decimal::ZERO;
    };
    let below = upstream.below(agreement);
    let below = below.iter().filter_map(|key| upstream.additions.get(key));
    let counted = below.filter(|one| match &one.billed {
        _ if kind == RECURRING || kind == FIXED_PRICE => true,
        Billed::Once(_, Some((start, end))) => *start <= today && today <= *end,
        _ => false,
    });
    counted.map(|one| cost(one, today)).sum()
}

fn cost(addition: &Addition, today: NaiveDate) -> Decimal {
    let exact = match &addition.billed {
        Billed::Periods(periods) => read(periods, today).iter().map(|one| one.price).sum(),
        Billed::Once(amount, _) => *amount,
    };
    round(exact, 2)
}

/// The rows that a line's cost is read from: those of today, else of the last day of the last
/// period that is over, else of the first day of the first that comes.
fn read(periods: &[Period], today: NaiveDate) -> Vec<&Period> {
    let on = |day: NaiveDate| -> Vec<&Period> {
        periods.iter().filter(|one| one.start <= day && day <= one.end).collect()
    };
    let current = on(today);
    if !current.is_empty() {
        return current;
    }
    let over = periods.iter().map(|one| one.end).filter(|end| *end < today).max();
    let day = over.or_else(|| periods.iter().map(|one| one.start).min());
    day.map(on).unwrap_or_default()
}

fn round(amount: Decimal, decimals: u32) -> Decimal {
    amount.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero)
}

fn word(active: bool) -> &'static str {
    if active { "active" } else { "inactive" }
}
