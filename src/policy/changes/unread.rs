//! What could not be read changes nothing: values that hang on it stay as they are stored.
//!
//! A rate that is made without the lines that cannot be read would be too low, and a name that
//! cannot be read would become a number. So such values are taken from the store, and all else of
//! the item goes on. What cannot be told of an item that is not stored yet keeps it from being
//! imported.

use std::collections::{BTreeMap, BTreeSet};

use super::stored::Stored;
use crate::model::{
    ClientSnapshot, Contract, Currency, Field, Fields, ItemKey, ItemKind, Origin, Reject,
    SourceItem,
};

/// The fields that say what an item costs.
pub const MONEY: [Field; 16] = [
    Field::BillingCost,
    Field::BillingCycle,
    Field::Basis,
    Field::Currency,
    Field::CurrencyBasis,
    Field::Units,
    Field::UnitPrice,
    Field::Billing,
    Field::BillingSince,
    Field::PeriodAmount,
    Field::PeriodStart,
    Field::PeriodEnd,
    Field::NextChangeDate,
    Field::NextChangeCost,
    Field::LaterChanges,
    Field::Remarks,
];

/// Those of them that are known ahead.
const AHEAD: [Field; 3] = [Field::NextChangeDate, Field::NextChangeCost, Field::LaterChanges];

/// Takes from the store what hangs on rows that could not be read.
pub fn keep_stored(snapshot: &mut ClientSnapshot, stored: &Stored) {
    if snapshot.unread.is_empty() {
        return;
    }
    let mut kept: BTreeMap<ItemKey, BTreeSet<Field>> = BTreeMap::new();
    for unread in &snapshot.unread {
        for (key, fields) in &unread.fields {
            kept.entry(*key).or_default().extend(fields);
        }
    }
    // What is stored of them below an agreement is part of its rate, and tells of the lines beside it
    // how they go on.
    let gaps = with_gaps(snapshot, stored);
    for agreement in &gaps {
        kept.entry(*agreement).or_default().extend(MONEY);
    }
    let beside =
        snapshot.items.iter().filter(|item| item.parent.is_some_and(|it| gaps.contains(&it)));
    for item in beside {
        kept.entry(item.key).or_default().extend(AHEAD);
    }
    keep_cycles(snapshot, stored, &mut kept);
    let mut rejects = Vec::new();
    let ClientSnapshot { items, unread, .. } = snapshot;
    items.retain_mut(|item| {
        if let Some(before) = stored.get(&item.key) {
            if let Some(fields) = kept.get(&item.key) {
                keep(&mut item.fields, &before.source, fields);
            }
            return true;
        }
        let needed = unread.iter().find(|unread| unread.needed_by.contains(&item.key));
        let needed = needed.filter(|_| item.unsupported.is_none());
        rejects.extend(needed.map(|unread| Reject {
            key: item.key,
            parent: item.parent,
            field: unread.entity.to_owned(),
            reason: match item.key.kind {
                ItemKind::Charge => format!("what it bills is not known: {}", unread.reason),
                _ => format!("the cost is not known: {}", unread.reason),
            },
        }));
        needed.is_none()
    });
    snapshot.rejects.extend(rejects);
}

/// The agreements of whose parts some could not be read. A charge is no part.
fn with_gaps(snapshot: &ClientSnapshot, stored: &Stored) -> BTreeSet<ItemKey> {
    let kinds = snapshot.unread.iter().filter_map(|unread| unread.kind);
    let kinds: Vec<ItemKind> = kinds.filter(|kind| *kind != ItemKind::Charge).collect();
    let parts = stored.values().filter(|one| is_live(one) && kinds.contains(&one.key.kind));
    let is_unread =
        |reject: &&Reject| snapshot.unread.iter().any(|unread| unread.entity == reject.field);
    let rejects = snapshot.rejects.iter().filter(is_unread).filter_map(|reject| reject.parent);
    parts.filter_map(|contract| contract.parent).chain(rejects).collect()
}

fn is_live(contract: &Contract) -> bool {
    contract.origin == Origin::Autotask && contract.vanished.is_none()
}

/// Where the name of a line could not be read, its billing period could not either: if that tells in
/// its cycle, it costs what is stored, and so does its agreement.
fn keep_cycles(
    snapshot: &ClientSnapshot,
    stored: &Stored,
    kept: &mut BTreeMap<ItemKey, BTreeSet<Field>>,
) {
    let has_other_cycle = |item: &&SourceItem| {
        let nameless = kept.get(&item.key).is_some_and(|fields| fields.contains(&Field::Name));
        let before = stored.get(&item.key).filter(|_| nameless);
        let cycle = Field::BillingCycle;
        before.is_some_and(|before| before.source.get(&cycle) != item.fields.get(&cycle))
    };
    let lines: Vec<_> = snapshot.items.iter().filter(has_other_cycle).collect();
    for key in lines.into_iter().flat_map(|line| [Some(line.key), line.parent]).flatten() {
        kept.entry(key).or_default().extend(MONEY);
    }
}

/// Takes `wanted` from what is stored. An amount in no currency that could be told says nothing that
/// would be worth keeping.
fn keep(fields: &mut Fields, stored: &Fields, wanted: &BTreeSet<Field>) {
    let currency = stored.get(&Field::Currency).map(ToString::to_string);
    let is_known = currency.is_some_and(|code| code != Currency::unknown().code());
    for field in wanted {
        if MONEY.contains(field) && !is_known {
            continue;
        }
        match stored.get(field) {
            Some(value) => drop(fields.insert(*field, value.clone())),
            None => drop(fields.remove(field)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Unread, Value};
    use crate::policy::changes::diff::missing;
    use crate::policy::changes::fixture::{diff, item, snapshot, stored};

    fn unread(kind: ItemKind) -> Unread {
        Unread::new("Rows", "they may not be read".to_owned(), Some(kind))
    }

    #[test]
    fn what_is_stored_of_it_stays_and_so_does_the_rate_above_it() {
        let book =
            stored(&[item("A1", "Care", "12"), item("S5", "Mail", "10"), item("B6", "x", "2")]);
        let mut seen = snapshot(&[item("A1", "Care+", "10"), item("S5", "Mail", "11")]);
        seen.unread.push(unread(ItemKind::Bundle));
        assert!(missing(&seen, &book).is_empty(), "nothing of it is even asked for");
        keep_stored(&mut seen, &book);
        let found = diff(&seen, &book, &BTreeSet::new());
        let changes: Vec<_> = found
            .iter()
            .flat_map(|item| item.changes.iter().map(|change| (item.key.to_string(), change.field)))
            .collect();
        let expected = [("A1", Field::Name), ("S5", Field::BillingCost)];
        assert_eq!(changes, expected.map(|(key, field)| (key.to_owned(), field)));
    }

    #[test]
    fn an_agreement_that_has_none_of_it_goes_on() {
        let book = stored(&[item("A1", "Care", "12"), item("S5", "Mail", "12")]);
        let mut seen = snapshot(&[item("A1", "Care", "13"), item("S5", "Mail", "13")]);
        seen.unread.push(unread(ItemKind::Bundle));
        keep_stored(&mut seen, &book);
        assert_eq!(diff(&seen, &book, &BTreeSet::new()).len(), 2);
    }

    #[test]
    fn what_needs_it_is_not_imported_without() {
        let old = item("A1", "Flat", "12");
        let book = stored(std::slice::from_ref(&old));
        let mut seen = snapshot(&[item("A1", "Flat", "0"), item("A2", "New", "0")]);
        let mut hidden = unread(ItemKind::Milestone);
        for item in &seen.items {
            hidden.depends(item.key, MONEY);
            hidden.needed_by.insert(item.key);
        }
        seen.unread.push(hidden);
        keep_stored(&mut seen, &book);
        assert_eq!(seen.items, [old]);
        let told = (seen.rejects[0].key.to_string(), seen.rejects[0].reason.as_str());
        assert_eq!(told, ("A2".to_owned(), "the cost is not known: they may not be read"));
    }

    #[test]
    fn a_name_that_could_not_be_read_stays_and_a_cycle_that_it_hides_too() {
        let book = stored(&[item("A1", "Care", "12"), item("S5", "Mail", "12")]);
        let mut line = item("S5", "service 31", "13");
        let named = |line: &SourceItem| {
            let mut seen = snapshot(&[item("A1", "Care", "13"), line.clone()]);
            let mut hidden = Unread::new("Services", "no".to_owned(), None);
            hidden.depends(line.key, [Field::Name]);
            seen.unread.push(hidden);
            keep_stored(&mut seen, &book);
            diff(&seen, &book, &BTreeSet::new())
        };
        let found = named(&line);
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|item| item.changes[0].field == Field::BillingCost));
        let yearly = Value::Cycle(crate::model::BillingCycle::Yearly);
        line.fields.insert(Field::BillingCycle, yearly);
        assert!(named(&line).is_empty());
    }
}
