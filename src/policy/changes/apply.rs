//! What a contract becomes when a source item is applied to it.

use chrono::{DateTime, Utc};

use super::renewal;

use crate::model::{ClientId, Contract, Field, Fields, Origin, PendingItem, SourceItem};

/// The contract that follows `item`: the one that was there before, with Autotask's values in place
/// of the old ones. Overrides and local fields stay; a new contract takes them over from the one
/// that it renews.
pub fn following(
    item: &SourceItem,
    before: Option<Contract>,
    renewed: Option<&Contract>,
    now: DateTime<Utc>,
) -> Contract {
    let mut contract = before.unwrap_or_else(|| {
        let mut new = Contract {
            key: item.key,
            client: item.client,
            parent: item.parent,
            origin: Origin::Autotask,
            source: Fields::new(),
            overrides: Fields::new(),
            local: Fields::new(),
            created: now,
            synced: None,
            changed: now,
            vanished: None,
        };
        if let Some(old) = renewed {
            renewal::inherit(&mut new, old);
        }
        new
    });
    contract.client = item.client;
    contract.parent = item.parent;
    contract.source = item.fields.clone();
    contract.origin = Origin::Autotask;
    contract.vanished = None;
    contract.synced = Some(now);
    contract.changed = now;
    contract
}

/// The contract of an item that is gone: it keeps everything, and says since when.
pub fn tombstone(mut contract: Contract, now: DateTime<Utc>) -> Contract {
    contract.vanished = Some(now);
    contract.changed = now;
    contract
}

/// The client that a pending item moves to, or, where it is new, belongs to.
pub fn moves_to(pending: &PendingItem) -> Option<ClientId> {
    let change = pending.changes.iter().find(|change| change.field == Field::Client)?;
    change.to.as_ref()?.to_string().parse().ok().map(ClientId)
}

/// Whether a pending item moves from one client to another.
pub fn is_moving(pending: &PendingItem) -> bool {
    let mut changes = pending.changes.iter().filter(|change| change.field == Field::Client);
    changes.any(|change| change.from.is_some() && change.to.is_some())
}

/// Whether a pending item moves from this client to another.
pub fn leaves(pending: &PendingItem, client: ClientId) -> bool {
    is_moving(pending) && moves_to(pending) != Some(client)
}

/// The contract that a pending item leaves; none if it cannot be applied.
pub fn apply(pending: &PendingItem) -> Option<Contract> {
    pending.after.as_deref().filter(|_| pending.state.can_apply()).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Value;
    use crate::policy::changes::fixture::{item, stored};

    #[test]
    fn what_is_the_msps_own_survives() {
        let old = item("A1", "Care", "10");
        let mut contract = stored(std::slice::from_ref(&old)).remove(&old.key).expect("there");
        let text = |text: &str| Value::Text(text.to_owned());
        contract.overrides.insert(Field::Name, text("Ours"));
        contract.local.insert(Field::Notes, text("call first"));
        let later = DateTime::UNIX_EPOCH + chrono::TimeDelta::days(1);
        let after = following(&item("A1", "Care+", "12"), Some(contract), None, later);
        assert_eq!(after.text(Field::Name), "Ours");
        assert_eq!(after.source.get(&Field::Name), Some(&text("Care+")));
        assert_eq!(after.text(Field::Notes), "call first");
        assert_eq!(after.text(Field::BillingCost), "12");
        assert_eq!(after.created, DateTime::UNIX_EPOCH);
        assert_eq!(after.changed, later);
    }
}
