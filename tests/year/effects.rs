//! What a run told of its money, held against what it changed: the effects of all that it wrote come
//! to the difference of what counts before and after it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::NaiveDate;
use lmsyncd::model::{Contract, Field, FieldChange, PendingItem, PendingState, Value};
use lmsyncd::policy::effects::{Basis, effects};
use lmsyncd::store::{Store, Touched};
use rust_decimal::Decimal;

use super::invariants::{Broken, EFFECTS, broken};
use super::money::yearly;

type Sums = BTreeMap<String, Decimal>;

/// What the effects of what a run wrote are reckoned on.
pub fn basis(store: &Store, touched: &[Touched], today: NaiveDate) -> Basis {
    let above = touched.iter().filter_map(|one| one.after.as_ref().or(one.before.as_ref())?.parent);
    let stored = above.filter(|key| store.contract(*key).expect("read").is_some());
    Basis { today, stored: stored.collect() }
}

/// Judges what a run wrote.
pub fn judge(touched: &[Touched], basis: &Basis) -> Result<(), Broken> {
    let (told, is) = (told(touched, basis), difference(touched));
    if told != is {
        let changes = touched.iter().filter_map(item).fold(String::new(), |mut all, item| {
            let (key, parent) = (item.key, item.parent);
            let _ = writeln!(all, "  {key} below {parent:?}: {:?}", item.changes);
            all
        });
        return broken(EFFECTS, format!("{told:?} is told, and {is:?} is so\n{changes}"));
    }
    Ok(())
}

/// What the effects of the items come to in a year, by currency.
fn told(touched: &[Touched], basis: &Basis) -> Sums {
    let items: Vec<PendingItem> = touched.iter().filter_map(item).collect();
    let items: Vec<&PendingItem> = items.iter().collect();
    let mut sums = Sums::new();
    for effect in effects(&items, basis).into_iter().filter(|effect| effect.from.is_none()) {
        *sums.entry(effect.currency.to_string()).or_default() += effect.per_year;
    }
    sums.retain(|_, sum| !sum.is_zero());
    sums
}

fn item(one: &Touched) -> Option<PendingItem> {
    let (before, after) = (live(one.before.as_ref()), live(one.after.as_ref()));
    let state = match (before, after) {
        (None, None) => return None,
        (None, Some(_)) => PendingState::New,
        (Some(_), None) => PendingState::Vanished,
        (Some(_), Some(_)) => PendingState::Changed,
    };
    let contract = after.or(before)?;
    let from = |field| before.and_then(|before| before.source.get(&field)).cloned();
    let to = |field| after.and_then(|after| after.source.get(&field)).cloned();
    let change = |field: Field| FieldChange { field, from: from(field), to: to(field) };
    let changes = Field::ALL.into_iter().map(change).filter(|change| change.from != change.to);
    let changes: Vec<FieldChange> =
        if state == PendingState::Vanished { Vec::new() } else { changes.collect() };
    Some(PendingItem {
        key: one.key,
        parent: contract.parent,
        state,
        fields: contract.source.clone(),
        changes,
        reason: None,
        after: None,
    })
}

fn live(contract: Option<&Contract>) -> Option<&Contract> {
    contract.filter(|contract| contract.vanished.is_none())
}

/// By how much more counts in a year, by currency: what is billed of agreements.
fn difference(touched: &[Touched]) -> Sums {
    let mut sums = Sums::new();
    for one in touched.iter().filter(|one| one.key.is_agreement()) {
        for (contract, sign) in [(&one.after, Decimal::ONE), (&one.before, Decimal::NEGATIVE_ONE)] {
            let Some(contract) = live(contract.as_ref()) else { continue };
            let (currency, counted) = counted(contract);
            *sums.entry(currency).or_default() += sign * counted;
        }
    }
    sums.retain(|_, sum| !sum.is_zero());
    sums
}

fn counted(contract: &Contract) -> (String, Decimal) {
    let text = |field| contract.source.get(&field).map(Value::to_string).unwrap_or_default();
    let months = match text(Field::BillingCycle).as_str() {
        "monthly" => 1,
        "quarterly" => 3,
        "semi-annual" => 6,
        "yearly" => 12,
        _ => return (text(Field::Currency), Decimal::ZERO),
    };
    let is_billed = text(Field::Billing) == "billed";
    let rate: Decimal = text(Field::BillingCost).parse().expect("an amount");
    (text(Field::Currency), if is_billed { yearly(rate, months) } else { Decimal::ZERO })
}
