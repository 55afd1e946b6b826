//! What differs between Autotask and the store, item by item.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};

use super::apply;
use super::flags::FlagsByKey;
use super::renewal::Renewal;
pub use super::stored::Stored;
use super::succession::{self, Predecessor, Successions};
use crate::model::{
    BillingState, ClientSnapshot, Contract, Field, Fields, ItemKey, Origin, PendingItem,
    PendingState, SourceItem, Value, differences,
};

/// The keys of `client`'s live contracts that the snapshot does not explain: neither an item nor a
/// reject. Whether they are gone must be asked by id; absence from an answer alone proves nothing.
/// What cannot be read is not missing either.
pub fn missing(snapshot: &ClientSnapshot, stored: &Stored) -> Vec<ItemKey> {
    let seen: BTreeSet<ItemKey> = snapshot
        .items
        .iter()
        .map(|item| item.key)
        .chain(snapshot.rejects.iter().map(|reject| reject.key))
        .chain(snapshot.folded.keys().copied())
        .collect();
    let is_unread =
        |key: &ItemKey| snapshot.unread.iter().any(|unread| unread.kind == Some(key.kind));
    stored
        .values()
        .filter(|contract| contract.client == snapshot.client.id)
        .filter(|contract| contract.origin == Origin::Autotask && contract.vanished.is_none())
        .map(|contract| contract.key)
        .filter(|key| !seen.contains(key) && !is_unread(key))
        .collect()
}

/// What a diff takes into account besides the two sides.
#[derive(Debug, Clone, Copy)]
pub struct DiffInput<'a> {
    /// The keys that were asked for by id and do not exist any more.
    pub gone: &'a BTreeSet<ItemKey>,
    /// What is noted beside the client's items.
    pub flags: &'a FlagsByKey,
    /// Which agreement of the snapshot renews which.
    pub renewals: &'a [Renewal],
    /// Which new line stands in the place of which.
    pub successions: &'a Successions,
    /// What belongs to the client by the store, and to another one by Autotask: each item with what
    /// a person is told of it.
    pub moved: &'a [(SourceItem, String)],
    /// The moment of the diff.
    pub now: DateTime<Utc>,
    /// The MSP's calendar day at that moment.
    pub today: NaiveDate,
}

/// What a sync would apply, each agreement directly before its additions.
///
/// A rejected row keeps its contract as it is and is no pending item; nor is one whose contract a
/// person froze. [`write_into`](super::renewal::write_into) must have been at the snapshot before.
pub fn pending(
    snapshot: &ClientSnapshot,
    stored: &Stored,
    input: DiffInput<'_>,
) -> Vec<PendingItem> {
    let of_snapshot = snapshot.items.iter().filter_map(|item| pending_item(item, stored, input));
    let mut items: Vec<PendingItem> = of_snapshot.collect();
    for (item, told) in input.moved {
        items.extend(pending_item(item, stored, input).map(|item| told_of(item, told)));
    }
    // Another run may have made a tombstone of it since it was asked for.
    let live = || stored.values().filter(|contract| contract.vanished.is_none());
    let vanished = live().filter(|contract| input.gone.contains(&contract.key));
    items.extend(vanished.map(|contract| vanished_item(contract, input)));
    let folded = live().filter(|contract| contract.origin == Origin::Autotask);
    items.extend(folded.filter_map(|contract| {
        let purchase = snapshot.folded.get(&contract.key)?;
        Some(told_of(vanished_item(contract, input), &format!("the billing item of {purchase}")))
    }));
    for item in &mut items {
        apply_flags(item, input);
    }
    items.sort_by_key(|item| item.key.in_tree(item.parent));
    items
}

fn pending_item(item: &SourceItem, stored: &Stored, input: DiffInput<'_>) -> Option<PendingItem> {
    let before = stored.get(&item.key);
    let old = succession::predecessor(item.key, &item.fields, input.successions);
    let old = old.and_then(|old| stored.get(&old));
    let after = apply::following(item, before.cloned(), old, input.now);
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
        reason: item
            .unsupported
            .clone()
            .or_else(|| renewal_rule(item.key, state, input))
            .or_else(|| input.successions.get(&item.key).map(succession::told))
            .or_else(|| before.is_some_and(|before| is_recounted(before, item)).then(recounted)),
        after: Some(Box::new(after)),
    })
}

fn told_of(item: PendingItem, told: &str) -> PendingItem {
    let reason = Some(item.reason.filter(|_| !item.state.can_apply()).unwrap_or(told.to_owned()));
    PendingItem { reason, ..item }
}

/// Whether the cost of a contract was stored before it was known how it is billed, so that it is
/// counted in a new way now.
pub fn is_recounted(before: &Contract, item: &SourceItem) -> bool {
    !before.source.contains_key(&Field::Billing) && item.fields.contains_key(&Field::Billing)
}

fn recounted() -> String {
    "the cost is calculated in a new way".to_owned()
}

/// The contracts whose running period went on to the next: nothing else of them is different, and
/// that is no change.
pub fn gone_on(snapshot: &ClientSnapshot, stored: &Stored, now: DateTime<Utc>) -> Vec<Contract> {
    let goes_on = |item: &SourceItem| {
        let before = stored.get(&item.key)?;
        let follows = before.origin == Origin::Autotask && before.vanished.is_none();
        if !follows || item.unsupported.is_some() || before.source == item.fields {
            return None;
        }
        let after = apply::following(item, Some(before.clone()), None, now);
        let is_change = !differences(Some(before), Some(&after)).is_empty();
        (!is_change).then_some(Contract { changed: before.changed, ..after })
    };
    snapshot.items.iter().filter_map(goes_on).collect()
}

/// Which rule found what a new agreement renews.
fn renewal_rule(key: ItemKey, state: PendingState, input: DiffInput<'_>) -> Option<String> {
    let renewal = input.renewals.iter().find(|renewal| renewal.new == key)?;
    (state == PendingState::New).then(|| renewal.rule.text().to_owned())
}

/// Turns an item that is ignored, or held since its run was reverted, into one that no run takes.
/// A new one is ignored if the one that it takes over from is.
fn apply_flags(item: &mut PendingItem, input: DiffInput<'_>) {
    if !item.state.can_apply() {
        return;
    }
    let flags = |key: ItemKey| input.flags.get(&key);
    let ignored = |key: ItemKey| flags(key).filter(|flags| flags.is_ignored(input.today));
    let renewed = || match item.state {
        PendingState::New => {
            succession::predecessor(item.key, &item.fields, input.successions).and_then(ignored)
        }
        _ => None,
    };
    if let Some(ignored) = ignored(item.key).or_else(renewed).and_then(|m| m.ignored.as_ref()) {
        let until = ignored.until.map(|until| format!(" until {until}")).unwrap_or_default();
        let why = ignored.reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        item.reason = Some(format!("ignored by {}{until}{why}", ignored.by));
        item.state = PendingState::Ignored;
    } else if let Some(hold) = flags(item.key).and_then(|flags| flags.hold.as_ref()) {
        item.reason =
            Some(format!("{} reverted run {}; name the item to sync it again", hold.by, hold.run));
        item.state = PendingState::Held;
    }
}

fn vanished_item(contract: &Contract, input: DiffInput<'_>) -> PendingItem {
    let is_passed_on = input.successions.values().any(|old| *old == Predecessor::One(contract.key));
    let is_written_on = !contract.local.is_empty() || !contract.overrides.is_empty();
    let stays = is_written_on && !is_passed_on && contract.parent.is_some();
    let after = apply::tombstone(contract.clone(), input.now);
    PendingItem {
        key: contract.key,
        parent: contract.parent,
        state: PendingState::Vanished,
        fields: contract.source.clone(),
        changes: differences(Some(contract), Some(&after)),
        reason: stays.then(|| {
            let key = contract.key;
            format!("local fields stay on this contract; `contract adopt {key} KEY` passes them on")
        }),
        after: Some(Box::new(after)),
    }
}

/// Lets an item that is over, where it cannot be told since when, keep the day that is stored: rows
/// without units say nothing of the last that had some. Only where that day lies before those rows,
/// and the client was `read_on` a day that leaves no gap: else units may have come back in it.
pub fn carry_over(snapshot: &mut ClientSnapshot, stored: &Stored, read_on: Option<NaiveDate>) {
    let ended = Value::Text(BillingState::Ended.to_string());
    let next_day = read_on.and_then(|day| day.succ_opt());
    for item in &mut snapshot.items {
        let is_ended = |fields: &Fields| fields.get(&Field::Billing) == Some(&ended);
        let first = item.working.lines.iter().filter_map(|line| line.start).min();
        let before = stored.get(&item.key).filter(|before| is_ended(&before.source));
        let since = before.and_then(|before| before.source.get(&Field::BillingSince));
        if let Some(Value::Date(since)) = since
            && is_ended(&item.fields)
            && !item.fields.contains_key(&Field::BillingSince)
            && first.is_none_or(|first| *since < first && Some(first) <= next_day)
        {
            item.fields.insert(Field::BillingSince, Value::Date(*since));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::WorkingLine;
    use crate::policy::changes::fixture::{diff, item, snapshot, stored, stored_at};

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
    fn the_day_that_something_ended_is_kept_where_nothing_can_have_come_between() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a date");
        let mut over = item("S5", "Mail", "0");
        over.fields.insert(Field::Billing, Value::Text("ended".to_owned()));
        let mut before = over.clone();
        before.fields.insert(Field::BillingSince, Value::Date(day("2026-03-24")));
        over.working
            .lines
            .push(WorkingLine { start: Some(day("2026-04-25")), ..Default::default() });
        let since = |read_on| {
            let mut now = snapshot(&[over.clone()]);
            carry_over(&mut now, &stored(&[before.clone()]), read_on);
            now.items[0].fields.get(&Field::BillingSince).map(Value::to_string)
        };
        assert_eq!(since(Some(day("2026-04-24"))).as_deref(), Some("2026-03-24"));
        assert_eq!(since(Some(day("2026-04-23"))), None, "units may have come back on the 24th");
        assert_eq!(since(None), None);
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
    fn a_period_that_goes_on_is_no_change_and_is_kept() {
        let with = |item: &SourceItem, amount: i64| {
            let mut item = item.clone();
            item.fields.insert(Field::PeriodAmount, crate::model::Value::Number(amount.into()));
            item
        };
        let old = item("S5", "Mail", "4");
        let book = stored(&[with(&old, 9)]);
        let seen = snapshot(&[with(&old, 4)]);
        assert!(diff(&seen, &book, &BTreeSet::new()).is_empty());
        let kept = gone_on(&seen, &book, NOW);
        assert_eq!(kept[0].text(Field::PeriodAmount), "4");
        assert!(gone_on(&snapshot(&[with(&old, 9)]), &book, NOW).is_empty());
        assert!(gone_on(&snapshot(&[item("S5", "Mail", "5")]), &book, NOW).is_empty());
    }

    #[test]
    fn a_user_defined_value_that_was_stored_as_autotask_writes_it_is_replaced_in_silence() {
        let until = Field::Udf(crate::model::UdfName::new("until").expect("a name"));
        let with = |text: &str| {
            let mut item = item("A1", "Care", "10");
            item.fields.insert(until, Value::Text(text.to_owned()));
            item
        };
        let book = stored(&[with("2027-09-27T00:00:00.0000000")]);
        let seen = snapshot(&[with("2027-09-27")]);
        assert!(diff(&seen, &book, &BTreeSet::new()).is_empty());
        let kept = gone_on(&seen, &book, NOW + chrono::TimeDelta::days(1));
        assert_eq!(kept[0].text(until), "2027-09-27");
        assert_eq!(kept[0].changed, NOW, "nothing changed");
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
