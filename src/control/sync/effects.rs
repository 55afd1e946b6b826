//! What pending items come to in money, a month and a year.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::control::convert;
use crate::model::{
    BillingCycle, Currency, Field, Fields, ItemKey, PendingItem, PendingState, Value,
};
use crate::varlink::sync;

/// What the items come to in money: the sum over the agreements among them, and over additions
/// whose agreement is not among them, so that nothing counts twice.
pub(super) fn effects(items: &[&PendingItem]) -> Vec<sync::Effect> {
    let listed: BTreeSet<ItemKey> = items.iter().map(|item| item.key).collect();
    let mut per_year: BTreeMap<Currency, Decimal> = BTreeMap::new();
    for item in items {
        if item.parent.is_some_and(|parent| listed.contains(&parent)) || !item.state.can_apply() {
            continue;
        }
        // What moves from one currency to another goes in the one and comes in the other.
        for (fields, sign) in [(after(item), Decimal::ONE), (before(item), Decimal::NEGATIVE_ONE)] {
            let Some(Value::Text(code)) = fields.get(&Field::Currency) else { continue };
            *per_year.entry(Currency::new(code)).or_default() += sign * yearly(&fields);
        }
    }
    let effect = |(currency, year): (Currency, Decimal)| sync::Effect {
        per_month: convert::amount(&currency, year / Decimal::from(12)),
        per_year: convert::amount(&currency, year),
        currency: currency.code().to_owned(),
    };
    per_year.into_iter().filter(|(_, year)| !year.is_zero()).map(effect).collect()
}

fn before(item: &PendingItem) -> Fields {
    let mut fields = item.fields.clone();
    for change in &item.changes {
        match &change.from {
            Some(value) => fields.insert(change.field, value.clone()),
            None => fields.remove(&change.field),
        };
    }
    fields
}

fn after(item: &PendingItem) -> Fields {
    if item.state == PendingState::Vanished { Fields::new() } else { item.fields.clone() }
}

fn yearly(fields: &Fields) -> Decimal {
    let cycle = match fields.get(&Field::BillingCycle) {
        Some(Value::Cycle(cycle)) => *cycle,
        _ => BillingCycle::None,
    };
    match fields.get(&Field::BillingCost) {
        Some(Value::Number(cost)) => cycle.per_year(*cost).unwrap_or_default(),
        _ => Decimal::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FieldChange;

    fn monthly(cost: i64, currency: &str) -> Fields {
        Fields::from([
            (Field::BillingCost, Value::Number(cost.into())),
            (Field::BillingCycle, Value::Cycle(BillingCycle::Monthly)),
            (Field::Currency, Value::Text(currency.to_owned())),
        ])
    }

    fn changed(from: &Fields, to: &Fields) -> PendingItem {
        let change = |(field, to): (&Field, &Value)| {
            let from = from.get(field).cloned();
            (from.as_ref() != Some(to)).then(|| FieldChange {
                field: *field,
                from,
                to: Some(to.clone()),
            })
        };
        PendingItem {
            key: ItemKey::agreement(1),
            parent: None,
            state: PendingState::Changed,
            fields: to.clone(),
            changes: to.iter().filter_map(change).collect(),
            reason: None,
        }
    }

    fn told(item: &PendingItem) -> Vec<(String, String)> {
        effects(&[item]).into_iter().map(|effect| (effect.currency, effect.per_year)).collect()
    }

    #[test]
    fn what_moves_to_another_currency_goes_in_one_and_comes_in_the_other() {
        let item = changed(&monthly(100, "USD"), &monthly(90, "EUR"));
        let expected = [("EUR", "1080.00"), ("USD", "-1200.00")];
        assert_eq!(told(&item), expected.map(|(c, amount)| (c.to_owned(), amount.to_owned())));
        let same = changed(&monthly(100, "USD"), &monthly(90, "USD"));
        assert_eq!(told(&same), [("USD".to_owned(), "-120.00".to_owned())]);
    }

    #[test]
    fn what_vanishes_goes_and_what_is_new_comes() {
        let vanished = PendingItem {
            state: PendingState::Vanished,
            changes: Vec::new(),
            ..changed(&Fields::new(), &monthly(5, "USD"))
        };
        assert_eq!(told(&vanished), [("USD".to_owned(), "-60.00".to_owned())]);
        let new =
            PendingItem { state: PendingState::New, ..changed(&Fields::new(), &monthly(5, "USD")) };
        assert_eq!(told(&new), [("USD".to_owned(), "60.00".to_owned())]);
    }
}
