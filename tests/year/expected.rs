//! What a contract must say, worked out from the account of the tenant by the written model of
//! costs alone: slowly, and with nothing of the program. `money` has what it must say of money.

use chrono::{Datelike, NaiveDate};
use lmsyncd::model::{Contract, Field, ItemKey, ItemKind, Value};
use rust_decimal::Decimal;

use super::money::{Money, of_agreement, of_line, of_once};
use super::upstream::{Billed, PREPAID, Upstream};

/// From this year on a last day means that there is none.
const FOR_EVER: i32 = 9999;

/// What a contract must say on one day.
#[derive(Debug, PartialEq, Eq)]
pub struct Wanted {
    client: i64,
    parent: Option<ItemKey>,
    name: Option<String>,
    status: Option<&'static str>,
    start: Option<NaiveDate>,
    end: Option<NaiveDate>,
    setup_fee: Option<Decimal>,
    billed_to: Option<String>,
    billed: Option<bool>,
    pub money: Money,
}

/// What the contract of an item must say on `today`; none where there is no such item.
pub fn wanted(upstream: &Upstream, key: ItemKey, today: NaiveDate) -> Option<Wanted> {
    if key.kind == ItemKind::Agreement {
        let agreement = upstream.agreements.get(&key.id)?;
        let billed_to = agreement.billed_to.filter(|id| *id != agreement.company);
        return Some(Wanted {
            client: agreement.company,
            parent: None,
            name: Some(agreement.name.clone()),
            status: Some(word(agreement.active)),
            start: Some(agreement.start),
            end: Some(agreement.end).filter(|end| end.year() < FOR_EVER),
            setup_fee: (!agreement.setup_fee.is_zero()).then_some(agreement.setup_fee),
            billed_to: billed_to.and_then(|id| upstream.clients.get(&id).cloned()),
            billed: None,
            money: of_agreement(upstream, key.id, today),
        });
    }
    let addition = upstream.additions.get(&key)?;
    let agreement = upstream.agreements.get(&addition.agreement)?;
    let (status, billed, money) = match &addition.billed {
        Billed::ByPeriod(line) => {
            (Some(word(agreement.active)), None, of_line(line, agreement, today).0)
        }
        Billed::Once(once) if key.kind == ItemKind::Charge => {
            (None, Some(once.is_billed), of_once(upstream, key, once, addition.agreement))
        }
        Billed::Once(once) => {
            let charge = upstream.charge_of(key).and_then(|charge| upstream.additions.get(&charge));
            let billed = charge.and_then(|charge| charge.once()).map(|charge| charge.is_billed);
            (None, billed, of_once(upstream, key, once, addition.agreement))
        }
    };
    let is_purchase = PREPAID.contains(&agreement.kind);
    assert!(!is_purchase || addition.line().is_none(), "{key} is bought in advance");
    Some(Wanted {
        client: agreement.company,
        parent: Some(ItemKey::agreement(addition.agreement)),
        name: addition.name.clone(),
        status,
        start: None,
        end: None,
        setup_fee: None,
        billed_to: None,
        billed,
        money,
    })
}

/// What differs between a contract and what it must say; none if nothing does.
pub fn differs(contract: &Contract, wanted: &Wanted) -> Option<String> {
    let text = |field| contract.source.get(&field).map(Value::to_string);
    let say = |what: &str, is: String, must: String| Some(format!("{what} is {is}, not {must}"));
    let Wanted { client, parent, name, status, start, end, setup_fee, billed_to, billed, money } =
        wanted;
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
    if let Some(billed) = billed {
        let must = if *billed { "yes" } else { "no" };
        if text(Field::Billed).as_deref() != Some(must) {
            return say("billed", format!("{:?}", text(Field::Billed)), must.to_owned());
        }
    }
    if parent.is_none() {
        for (field, day) in [(Field::StartDate, start), (Field::EndDate, end)] {
            if text(field) != day.map(|day| day.to_string()) {
                return say(field.name(), format!("{:?}", text(field)), format!("{day:?}"));
            }
        }
        let fee = match contract.source.get(&Field::SetupFee) {
            Some(Value::Number(fee)) => Some(*fee),
            _ => None,
        };
        if fee.unwrap_or_default() != setup_fee.unwrap_or_default() {
            return say("setup_fee", format!("{fee:?}"), format!("{setup_fee:?}"));
        }
        if text(Field::BilledTo) != *billed_to {
            return say(
                "billed_to",
                format!("{:?}", text(Field::BilledTo)),
                format!("{billed_to:?}"),
            );
        }
    }
    money.differs(contract)
}

fn word(active: bool) -> &'static str {
    if active { "active" } else { "inactive" }
}
