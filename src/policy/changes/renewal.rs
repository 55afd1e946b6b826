//! Which agreement renews which, and the line of succession.
//!
//! Autotask makes a new contract when one is renewed. Two things tell:
//!
//! 1. `renewedContractID` names the other agreement. Which of the two carries it is not known (the
//!    Autotask facts, section 4.4), so the later of the two is taken to renew the earlier.
//! 2. The name is "Renewal of" the old one's, and it starts the day after the old one ends.
//!
//! Only agreements of one client renew each other, the new one always starts later (or, on the same
//! day, has the higher id), an agreement renews at most one other, and is renewed at most once: the
//! first rule goes before the second, then the earlier start, then the lower id. So no chain loops.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::stored::Stored;
use crate::model::{ClientSnapshot, Contract, Field, Fields, ItemKey, Value};

/// What told that an agreement renews another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// `renewedContractID` of one of the two names the other.
    Id,
    /// The name and the dates.
    Name,
}

impl Rule {
    /// The rule for a person.
    pub fn text(self) -> &'static str {
        match self {
            Rule::Id => "renewedContractID names it",
            Rule::Name => "\"Renewal of\" it, from the day after its end",
        }
    }
}

/// One agreement renews another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewal {
    /// The new one.
    pub new: ItemKey,
    /// The old one.
    pub old: ItemKey,
    /// What told.
    pub rule: Rule,
}

/// What a renewal is told by.
struct Agreement {
    key: ItemKey,
    name: String,
    start: Option<NaiveDate>,
    end: Option<NaiveDate>,
    renewed: Option<i64>,
}

impl Agreement {
    fn new(key: ItemKey, fields: &Fields, renewed: Option<i64>) -> Agreement {
        let date = |field| match fields.get(&field) {
            Some(Value::Date(date)) => Some(*date),
            _ => None,
        };
        let name = fields.get(&Field::Name).map(ToString::to_string).unwrap_or_default();
        Agreement {
            key,
            name: name.trim().to_lowercase(),
            start: date(Field::StartDate),
            end: date(Field::EndDate),
            renewed,
        }
    }

    /// Whether this one can have come after `other`.
    fn is_later_than(&self, other: &Agreement) -> bool {
        (self.start, self.key.id) > (other.start, other.key.id)
    }

    fn rule(&self, old: &Agreement) -> Option<Rule> {
        if !self.is_later_than(old) {
            return None;
        }
        if self.renewed == Some(old.key.id) || old.renewed == Some(self.key.id) {
            return Some(Rule::Id);
        }
        let follows = old.end.and_then(|end| end.succ_opt()) == self.start && self.start.is_some();
        let named = self.name.strip_prefix("renewal of").is_some_and(|of| of.trim() == old.name);
        (follows && named && !old.name.is_empty()).then_some(Rule::Name)
    }
}

/// The renewals among the agreements of a snapshot and those that the store still knows.
pub fn find(snapshot: &ClientSnapshot, stored: &Stored) -> Vec<Renewal> {
    let mut agreements: BTreeMap<ItemKey, Agreement> = stored
        .values()
        .filter(|contract| contract.key.is_agreement() && contract.client == snapshot.client.id)
        .map(|contract| (contract.key, Agreement::new(contract.key, &contract.source, None)))
        .collect();
    for item in snapshot.items.iter().filter(|item| item.key.is_agreement()) {
        agreements.insert(item.key, Agreement::new(item.key, &item.fields, item.renewed));
    }
    let mut claims = claims(&agreements);
    claims.sort_by_key(|claim| (claim.rule, agreements[&claim.new].start, claim.new, claim.old));
    let (mut renewing, mut renewed) = (BTreeSet::new(), BTreeSet::new());
    claims.retain(|claim| {
        let free = !renewing.contains(&claim.new) && !renewed.contains(&claim.old);
        free && renewing.insert(claim.new) && renewed.insert(claim.old)
    });
    claims
}

/// Every pair that a rule holds for. The pairs are looked up by id and by name, so that a client
/// with thousands of agreements costs thousands of steps, not millions.
fn claims(agreements: &BTreeMap<ItemKey, Agreement>) -> Vec<Renewal> {
    let mut by_name: BTreeMap<&str, Vec<&Agreement>> = BTreeMap::new();
    for agreement in agreements.values() {
        by_name.entry(&agreement.name).or_default().push(agreement);
    }
    let mut pairs = BTreeSet::new();
    for agreement in agreements.values() {
        if let Some(other) = agreement.renewed.map(ItemKey::agreement)
            && agreements.contains_key(&other)
        {
            pairs.insert((agreement.key, other));
            pairs.insert((other, agreement.key));
        }
        let of = agreement.name.strip_prefix("renewal of").map(str::trim);
        for old in of.and_then(|name| by_name.get(name)).into_iter().flatten() {
            pairs.insert((agreement.key, old.key));
        }
    }
    let claim = |(new, old): (ItemKey, ItemKey)| {
        let rule = agreements[&new].rule(&agreements[&old])?;
        Some(Renewal { new, old, rule })
    };
    pairs.into_iter().filter_map(claim).collect()
}

/// Writes into each agreement of the snapshot which one it renews. What was once stored stays, even
/// where the old agreement can no longer be seen. Gives the renewals that were found.
pub fn write_into(snapshot: &mut ClientSnapshot, stored: &Stored) -> Vec<Renewal> {
    let found = find(snapshot, stored);
    let by_new: BTreeMap<ItemKey, ItemKey> = found.iter().map(|r| (r.new, r.old)).collect();
    for item in snapshot.items.iter_mut().filter(|item| item.key.is_agreement()) {
        let known = stored.get(&item.key).and_then(|c| c.source.get(&Field::Renews)).cloned();
        let renews = by_new.get(&item.key).map(|old| Value::Text(old.to_string())).or(known);
        if let Some(renews) = renews {
            item.fields.insert(Field::Renews, renews);
        }
    }
    found
}

/// The agreement that a contract renews.
pub fn renews(fields: &Fields) -> Option<ItemKey> {
    fields.get(&Field::Renews)?.to_string().parse().ok()
}

/// What a new contract takes over from the one that it renews: local fields and overrides, but not
/// an overridden date, which belonged to the old term.
pub fn inherit(new: &mut Contract, old: &Contract) {
    for (field, value) in &old.local {
        new.local.entry(*field).or_insert_with(|| value.clone());
    }
    let lasting = |field: &Field| !matches!(field, Field::StartDate | Field::EndDate);
    for (field, value) in old.overrides.iter().filter(|(field, _)| lasting(field)) {
        new.overrides.entry(*field).or_insert_with(|| value.clone());
    }
}

/// The chain of renewals of a contract, oldest first. Ends where a contract comes
/// up a second time, whatever the records say.
pub fn chain(key: ItemKey, contracts: &BTreeMap<ItemKey, Contract>) -> Vec<ItemKey> {
    let older = |key: &ItemKey| contracts.get(key).and_then(|contract| renews(&contract.source));
    let mut line = vec![key];
    let mut seen = BTreeSet::from([key]);
    while let Some(old) =
        older(&line[0]).filter(|old| contracts.contains_key(old) && seen.insert(*old))
    {
        line.insert(0, old);
    }
    let newer: BTreeMap<ItemKey, ItemKey> =
        contracts.keys().filter_map(|key| Some((older(key)?, *key))).collect();
    while let Some(new) =
        line.last().and_then(|last| newer.get(last)).filter(|new| seen.insert(**new))
    {
        line.push(*new);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SourceItem;
    use crate::policy::changes::fixture::{item, snapshot, stored};
    use proptest::prelude::*;

    fn agreement(id: i64, name: &str, start: i32, end: i32, renewed: Option<i64>) -> SourceItem {
        let day = |day| {
            Value::Date(NaiveDate::from_num_days_from_ce_opt(700_000 + day).expect("in range"))
        };
        let mut item = item(&format!("A{id}"), name, "1");
        item.fields.insert(Field::StartDate, day(start));
        item.fields.insert(Field::EndDate, day(end));
        item.renewed = renewed;
        item
    }

    fn found(items: &[SourceItem]) -> Vec<(i64, i64, Rule)> {
        let found = find(&snapshot(items), &Stored::new());
        found.iter().map(|r| (r.new.id, r.old.id, r.rule)).collect()
    }

    #[test]
    fn the_id_tells_in_either_direction() {
        let old = |renewed| agreement(1, "Care", 0, 9, renewed);
        let new = |renewed| agreement(2, "Care 2", 10, 19, renewed);
        assert_eq!(found(&[old(None), new(Some(1))]), [(2, 1, Rule::Id)]);
        assert_eq!(found(&[old(Some(2)), new(None)]), [(2, 1, Rule::Id)]);
        assert_eq!(found(&[old(Some(2)), new(Some(1))]), [(2, 1, Rule::Id)]);
        assert_eq!(found(&[old(Some(1)), new(Some(99))]), []);
    }

    #[test]
    fn the_name_tells_only_together_with_the_next_day() {
        let old = agreement(1, "Care", 0, 9, None);
        let named = |start| agreement(2, "Renewal of care ", start, 30, None);
        assert_eq!(found(&[old.clone(), named(10)]), [(2, 1, Rule::Name)]);
        assert_eq!(found(&[old.clone(), named(11)]), []);
        assert_eq!(found(&[old, agreement(2, "Renewal of something", 10, 30, None)]), []);
    }

    #[test]
    fn of_two_that_claim_the_same_renewal_one_is_taken() {
        let old = agreement(1, "Care", 0, 9, None);
        let by_name = agreement(2, "Renewal of Care", 10, 30, None);
        let by_id = agreement(3, "Other", 12, 30, Some(1));
        assert_eq!(found(&[old.clone(), by_name.clone(), by_id]), [(3, 1, Rule::Id)]);
        let twin = agreement(4, "Renewal of Care", 10, 30, None);
        assert_eq!(found(&[old, twin, by_name]), [(2, 1, Rule::Name)]);
    }

    #[test]
    fn what_is_the_msps_own_goes_over_but_not_the_old_term() {
        let text = |text: &str| Value::Text(text.to_owned());
        let book = stored(&[agreement(1, "Care", 0, 9, None), agreement(2, "Care", 10, 19, None)]);
        let (mut old, mut new) =
            (book[&ItemKey::agreement(1)].clone(), book[&ItemKey::agreement(2)].clone());
        old.local.insert(Field::Notes, text("call first"));
        old.overrides.insert(Field::Name, text("Ours"));
        old.overrides.insert(Field::EndDate, text("then"));
        new.local.insert(Field::Owner, text("Dana"));
        inherit(&mut new, &old);
        assert_eq!(new.text(Field::Notes), "call first");
        assert_eq!(new.text(Field::Owner), "Dana");
        assert_eq!(new.text(Field::Name), "Ours");
        assert!(!new.overrides.contains_key(&Field::EndDate));
    }

    proptest! {
        #[test]
        fn chains_never_loop_and_hold_each_once(
            rows in proptest::collection::vec((0i32..6, proptest::option::of(1i64..8)), 1..8),
        ) {
            let items: Vec<SourceItem> = rows
                .iter()
                .zip(1..)
                .map(|((start, renewed), id)| agreement(id, "Care", *start, start + 1, *renewed))
                .collect();
            let mut seen = snapshot(&items);
            let renewals = write_into(&mut seen, &Stored::new());
            for renewal in &renewals {
                prop_assert_eq!(renewals.iter().filter(|r| r.new == renewal.new).count(), 1);
                prop_assert_eq!(renewals.iter().filter(|r| r.old == renewal.old).count(), 1);
            }
            let contracts = stored(&seen.items);
            for key in contracts.keys() {
                let line = chain(*key, &contracts);
                let once: BTreeSet<_> = line.iter().collect();
                prop_assert_eq!(once.len(), line.len());
                prop_assert!(line.contains(key));
            }
        }

        #[test]
        fn a_chain_ends_even_where_records_point_in_a_circle(
            renews in proptest::collection::vec(1i64..6, 5),
        ) {
            let items: Vec<SourceItem> = renews
                .iter()
                .zip(1..)
                .map(|(old, id)| {
                    let mut item = agreement(id, "Care", 0, 1, None);
                    item.fields.insert(Field::Renews, Value::Text(format!("A{old}")));
                    item
                })
                .collect();
            let contracts = stored(&items);
            for key in contracts.keys() {
                prop_assert!(chain(*key, &contracts).len() <= contracts.len());
            }
        }
    }
}
