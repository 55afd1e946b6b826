//! What differs between Autotask and the store, item by item.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};

use super::apply;
use super::marking::Marks;
use super::renewal::{self, Renewal};
use crate::model::{
    ClientSnapshot, Contract, ItemKey, Origin, PendingItem, PendingState, SourceItem, differences,
};

/// The contracts that a diff is made against, by key: all those of the client, and those of other
/// clients whose items are now this client's.
pub type Stored = BTreeMap<ItemKey, Contract>;

/// The keys of `client`'s live contracts that the snapshot does not explain: neither an item nor a
/// reject. Whether they are gone must be asked by id; absence from an answer alone proves nothing.
pub fn missing(snapshot: &ClientSnapshot, stored: &Stored) -> Vec<ItemKey> {
    let seen: BTreeSet<ItemKey> = snapshot
        .items
        .iter()
        .map(|item| item.key)
        .chain(snapshot.rejects.iter().map(|reject| reject.key))
        .collect();
    stored
        .values()
        .filter(|contract| contract.client == snapshot.client.id)
        .filter(|contract| contract.origin == Origin::Autotask && contract.vanished.is_none())
        .map(|contract| contract.key)
        .filter(|key| !seen.contains(key))
        .collect()
}

/// What a diff takes into account besides the two sides.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// The keys that were asked for by id and do not exist any more.
    pub gone: &'a BTreeSet<ItemKey>,
    /// What is noted beside the client's items.
    pub marks: &'a Marks,
    /// Which agreement of the snapshot renews which.
    pub renewals: &'a [Renewal],
    /// The moment of the diff.
    pub now: DateTime<Utc>,
    /// The MSP's calendar day at that moment.
    pub today: NaiveDate,
}

/// What a sync would apply, each agreement directly before its additions.
///
/// A rejected row keeps its contract as it is and is no pending item; nor is one whose contract a
/// person froze. [`renewal::write_into`] must have been at the snapshot before.
pub fn pending(snapshot: &ClientSnapshot, stored: &Stored, around: Around<'_>) -> Vec<PendingItem> {
    let mut items: Vec<PendingItem> =
        snapshot.items.iter().filter_map(|item| pending_item(item, stored, around)).collect();
    // Another run may have made a tombstone of it since it was asked for.
    let live = stored.values().filter(|contract| contract.vanished.is_none());
    let vanished = live.filter(|contract| around.gone.contains(&contract.key));
    items.extend(vanished.map(|contract| vanished_item(contract, around.now)));
    for item in &mut items {
        heed_mark(item, around);
    }
    // The agreement's own key sorts before its additions', whatever their letters.
    items.sort_by_key(|item| (item.parent.unwrap_or(item.key), item.parent.is_some(), item.key));
    items
}

fn pending_item(item: &SourceItem, stored: &Stored, around: Around<'_>) -> Option<PendingItem> {
    let before = stored.get(&item.key);
    let old = renewal::renews(&item.fields).and_then(|old| stored.get(&old));
    let after = apply::following(item, before.cloned(), old, around.now);
    let changes = differences(before, Some(&after));
    let state = match before {
        Some(contract) if contract.origin == Origin::Unlinked => return None,
        _ if item.unsupported.is_some() => PendingState::Unsupported,
        None => PendingState::New,
        Some(contract) if contract.vanished.is_some() => PendingState::Returned,
        Some(_) if changes.is_empty() => return None,
        Some(_) => PendingState::Changed,
    };
    Some(PendingItem {
        key: item.key,
        parent: item.parent,
        state,
        fields: item.fields.clone(),
        changes,
        reason: item.unsupported.clone().or_else(|| renewal_rule(item.key, state, around)),
    })
}

/// Which rule found what a new agreement renews.
fn renewal_rule(key: ItemKey, state: PendingState, around: Around<'_>) -> Option<String> {
    let renewal = around.renewals.iter().find(|renewal| renewal.new == key)?;
    (state == PendingState::New).then(|| renewal.rule.text().to_owned())
}

/// Turns an item that is ignored, or held since its run was reverted, into one that no run takes.
/// A new agreement is ignored if the one that it renews is.
fn heed_mark(item: &mut PendingItem, around: Around<'_>) {
    if !item.state.can_apply() {
        return;
    }
    let mark = |key: ItemKey| around.marks.get(&key);
    let ignored = |key: ItemKey| mark(key).filter(|mark| mark.is_ignored(around.today));
    let renewed = || match item.state {
        PendingState::New => renewal::renews(&item.fields).and_then(ignored),
        _ => None,
    };
    if let Some(ignored) = ignored(item.key).or_else(renewed).and_then(|m| m.ignored.as_ref()) {
        let until = ignored.until.map(|until| format!(" until {until}")).unwrap_or_default();
        let why = ignored.reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        item.reason = Some(format!("ignored by {}{until}{why}", ignored.by));
        item.state = PendingState::Ignored;
    } else if let Some(hold) = mark(item.key).and_then(|mark| mark.hold.as_ref()) {
        item.reason =
            Some(format!("{} reverted run {}; name the item to sync it again", hold.by, hold.run));
        item.state = PendingState::Held;
    }
}

fn vanished_item(contract: &Contract, now: DateTime<Utc>) -> PendingItem {
    PendingItem {
        key: contract.key,
        parent: contract.parent,
        state: PendingState::Vanished,
        fields: contract.source.clone(),
        changes: differences(Some(contract), Some(&apply::tombstone(contract.clone(), now))),
        reason: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{diff, item, snapshot, stored, stored_at};
    use super::*;
    use crate::model::Field;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn states(items: &[PendingItem]) -> Vec<(String, PendingState)> {
        items.iter().map(|item| (item.key.to_string(), item.state)).collect()
    }

    #[test]
    fn what_is_new_changed_or_the_same_is_told_apart() {
        let old = [item("A1", "Care", "10"), item("S5", "Mail", "4"), item("S6", "Disk", "6")];
        let now = [item("A1", "Care", "12"), item("S5", "Mail", "4"), item("S7", "Fax", "8")];
        let found = diff(&snapshot(&now), &stored(&old), &BTreeSet::new());
        let expected = [("A1", PendingState::Changed), ("S7", PendingState::New)];
        assert_eq!(states(&found), expected.map(|(key, state)| (key.to_owned(), state)));
        assert_eq!(found[0].changes.len(), 1);
        assert_eq!(found[0].changes[0].field, Field::BillingCost);
    }

    #[test]
    fn absence_is_missing_and_only_a_confirmed_one_is_vanished() {
        let old = [item("A1", "Care", "10"), item("S5", "Mail", "4")];
        let seen = snapshot(&old[..1]);
        assert_eq!(missing(&seen, &stored(&old)), ["S5".parse().expect("a key")]);
        assert!(diff(&seen, &stored(&old), &BTreeSet::new()).is_empty());
        let gone = missing(&seen, &stored(&old)).into_iter().collect();
        let found = diff(&seen, &stored(&old), &gone);
        assert_eq!(states(&found), [("S5".to_owned(), PendingState::Vanished)]);
    }

    #[test]
    fn a_tombstone_is_not_missing_again_and_returns_by_itself() {
        let items = [item("A1", "Care", "10")];
        let mut book = stored(&items);
        for contract in book.values_mut() {
            contract.vanished = Some(NOW);
        }
        assert!(missing(&snapshot(&[]), &book).is_empty());
        let gone = items.iter().map(|item| item.key).collect();
        assert!(diff(&snapshot(&[]), &book, &gone).is_empty(), "nor does it vanish again");
        let found = diff(&snapshot(&items), &book, &BTreeSet::new());
        assert_eq!(states(&found), [("A1".to_owned(), PendingState::Returned)]);
    }

    #[test]
    fn an_item_that_moved_here_from_another_client_is_changed_not_new() {
        let items = [item("A1", "Care", "10")];
        let found = diff(&snapshot(&items), &stored_at(99, &items), &BTreeSet::new());
        assert_eq!(found[0].state, PendingState::Changed);
        assert_eq!(found[0].changes[0].field, Field::Client);
    }

    #[test]
    fn a_rejected_row_is_neither_missing_nor_pending() {
        let items = [item("A1", "Care", "10")];
        let mut seen = snapshot(&[]);
        seen.rejects.push(crate::model::Reject {
            key: items[0].key,
            parent: None,
            field: "startDate".to_owned(),
            reason: "it is no date".to_owned(),
        });
        assert!(missing(&seen, &stored(&items)).is_empty());
        assert!(diff(&seen, &stored(&items), &BTreeSet::new()).is_empty());
    }
}
