//! Small items and contracts for the tests of this floor.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::apply::following;
use super::diff::{DiffInput, Stored, pending};
use super::flags::FlagsByKey;
use super::succession::Successions;
use crate::clock::day_in;
use crate::model::{
    BillingCycle, ClientId, ClientRef, ClientSnapshot, Field, Fields, ItemKey, PendingItem,
    SourceItem, Value, Working,
};

/// The client that items belong to unless a test says otherwise.
pub const CLIENT: ClientId = ClientId(7);

/// An item; an addition stands below agreement A1.
pub fn item(key: &str, name: &str, cost: &str) -> SourceItem {
    let key: ItemKey = key.parse().expect("a key");
    let mut fields = Fields::new();
    fields.insert(Field::Name, Value::Text(name.to_owned()));
    fields.insert(Field::Currency, Value::Text("USD".to_owned()));
    fields.insert(Field::BillingCycle, Value::Cycle(BillingCycle::Monthly));
    fields.insert(Field::BillingCost, Value::Number(cost.parse().expect("a number")));
    let parent = (!key.is_agreement()).then(|| ItemKey::agreement(1));
    SourceItem {
        key,
        client: CLIENT,
        parent,
        fields,
        unsupported: None,
        renewed: None,
        working: Working::default(),
    }
}

/// A snapshot that holds just these items.
pub fn snapshot(items: &[SourceItem]) -> ClientSnapshot {
    ClientSnapshot {
        client: ClientRef { id: CLIENT, name: "Acme".to_owned() },
        as_of: DateTime::UNIX_EPOCH,
        items: items.to_vec(),
        rejects: Vec::new(),
        folded: Default::default(),
        unread: Vec::new(),
    }
}

/// The contracts that followed these items.
pub fn stored(items: &[SourceItem]) -> Stored {
    items.iter().map(|i| (i.key, following(i, None, None, DateTime::UNIX_EPOCH))).collect()
}

/// The same, as another client's.
pub fn stored_at(client: i64, items: &[SourceItem]) -> Stored {
    let mut book = stored(items);
    book.values_mut().for_each(|contract| contract.client = ClientId(client));
    book
}

/// The diff where nothing is noted beside the items and nothing is renewed.
pub fn diff(
    snapshot: &ClientSnapshot,
    stored: &Stored,
    gone: &BTreeSet<ItemKey>,
) -> Vec<PendingItem> {
    let now = DateTime::UNIX_EPOCH;
    let (flags, successions) = (&FlagsByKey::new(), &Successions::new());
    let today = day_in(&Utc, now);
    let input = DiffInput { gone, flags, renewals: &[], successions, moved: &[], now, today };
    pending(snapshot, stored, input)
}
