//! Properties of a sync as a whole, whatever Autotask shows.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use proptest::prelude::*;

use super::apply::apply;
use super::diff::{DiffInput, Stored, missing, pending};
use super::flags::FlagsByKey;
use super::renewal;
use super::succession::Successions;
use crate::clock::day_in;
use crate::model::{ClientSnapshot, Contract, Field, ItemKey, SourceItem, Value};
use crate::policy::changes::fixture::{item, snapshot};

/// Syncs everything that a snapshot shows, as a run does; gives how many contracts it wrote.
fn sync(stored: &mut Stored, mut seen: ClientSnapshot) -> usize {
    let renewals = renewal::write_into(&mut seen, stored);
    let gone: BTreeSet<ItemKey> = missing(&seen, stored).into_iter().collect();
    let now = DateTime::UNIX_EPOCH;
    let (flags, successions) = (&FlagsByKey::new(), &Successions::new());
    let (gone, renewals) = (&gone, &renewals[..]);
    let today = day_in(&Utc, now);
    let input = DiffInput { gone, flags, renewals, successions, moved: &[], now, today };
    let items = pending(&seen, stored, input);
    let written: Vec<Contract> = items.iter().filter_map(apply).collect();
    let count = written.len();
    stored.extend(written.into_iter().map(|contract| (contract.key, contract)));
    count
}

fn any_item() -> impl Strategy<Value = SourceItem> {
    let key = (prop_oneof!["A", "S", "B", "C"], 1i64..6).prop_map(|(l, id)| format!("{l}{id}"));
    let renewed = proptest::option::of(1i64..6);
    (key, "[a-c]{0,2}", 0u32..4, renewed, 0i32..4).prop_map(|(key, name, cost, renewed, start)| {
        let mut item = item(&key, &name, &cost.to_string());
        if item.key.is_agreement() {
            let day = chrono::NaiveDate::from_num_days_from_ce_opt(700_000 + start);
            item.fields.insert(Field::StartDate, Value::Date(day.expect("in range")));
            item.renewed = renewed;
        }
        item
    })
}

/// A snapshot in which no key stands twice.
fn any_snapshot() -> impl Strategy<Value = ClientSnapshot> {
    proptest::collection::vec(any_item(), 0..8).prop_map(|mut items| {
        items.sort_by_key(|item| item.key);
        items.dedup_by_key(|item| item.key);
        snapshot(&items)
    })
}

proptest! {
    #[test]
    fn applying_the_diff_of_any_two_snapshots_gives_the_second(
        first in any_snapshot(), second in any_snapshot(),
    ) {
        let mut stored = Stored::new();
        sync(&mut stored, first);
        sync(&mut stored, second.clone());
        let live: BTreeSet<ItemKey> =
            stored.values().filter(|c| c.vanished.is_none()).map(|c| c.key).collect();
        prop_assert_eq!(live, second.items.iter().map(|item| item.key).collect());
        for item in &second.items {
            let contract = &stored[&item.key];
            let mut source = contract.source.clone();
            // What an agreement renews is remembered beyond what Autotask still shows.
            source.remove(&Field::Renews);
            prop_assert_eq!(&source, &item.fields);
            prop_assert_eq!(contract.parent, item.parent);
        }
    }

    #[test]
    fn a_sync_repeated_changes_nothing(snapshots in proptest::collection::vec(any_snapshot(), 1..4)) {
        let mut stored = Stored::new();
        for seen in snapshots {
            sync(&mut stored, seen.clone());
            let before = stored.clone();
            prop_assert_eq!(sync(&mut stored, seen), 0);
            prop_assert_eq!(&stored, &before);
        }
    }

    #[test]
    fn nothing_that_was_stored_is_ever_lost(snapshots in proptest::collection::vec(any_snapshot(), 1..5)) {
        let mut stored = Stored::new();
        let mut ever = BTreeSet::new();
        for seen in snapshots {
            ever.extend(seen.items.iter().map(|item| item.key));
            sync(&mut stored, seen);
            prop_assert_eq!(stored.keys().copied().collect::<BTreeSet<_>>(), ever.clone());
        }
    }
}
