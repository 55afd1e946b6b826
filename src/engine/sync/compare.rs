//! A reading held against the store: what is pending, what is held, and why.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::Syncs;
use super::read::Reading;
use crate::clock::day_in;
use crate::engine::context::Live;
use crate::model::{
    ClientSnapshot, Contract, Failure, HeldChanges, ItemKey, Origin, PendingItem, RunId, SourceItem,
};
use crate::policy::diff::{self, DiffInput, Stored};
use crate::policy::flags::FlagsByKey;
use crate::policy::guard::{self, GuardInput, Limits};
use crate::policy::succession;
use crate::policy::{holds, renewal, unread};

/// A reading held against the store as it is now.
pub(in crate::engine) struct Comparison {
    /// The snapshot, with the renewals written into it.
    pub(in crate::engine) snapshot: ClientSnapshot,
    pub(in crate::engine) stored: Stored,
    pub(in crate::engine) flags: FlagsByKey,
    pub(in crate::engine) items: Vec<PendingItem>,
    /// What is held of the client.
    pub(in crate::engine) holds: Vec<HeldChanges>,
    /// The items that are held because a person rejected them, each with its run.
    pub(in crate::engine) rejected: BTreeSet<(RunId, ItemKey)>,
    /// The moment of the comparison, at which its items would be applied.
    pub(in crate::engine) now: DateTime<Utc>,
}

impl Syncs {
    /// Holds a reading against the store as it is, which is at the moment `now`. An item that is `named`
    /// is not held because its run was reverted: naming it is how a person lets it go.
    pub(in crate::engine) fn compare(
        &self,
        live: &Live,
        reading: &Reading,
        named: &BTreeSet<ItemKey>,
        now: DateTime<Utc>,
    ) -> Result<Comparison, Failure> {
        let mut snapshot = reading.snapshot.clone();
        let stored = self.stored(&snapshot)?;
        let renewals = renewal::write_into(&mut snapshot, &stored);
        let state = self.context.store.client(snapshot.client.id)?;
        let read = state.and_then(|state| state.last_full);
        diff::carry_over(&mut snapshot, &stored, read.map(|read| day_in(&live.zone(), read)));
        unread::keep_stored(&mut snapshot, &stored);
        let flags = self.flags_of(&snapshot, &stored)?;
        let successions = succession::find(&snapshot, &stored, &reading.gone, &flags);
        let mut heeded = flags.clone();
        for flags in heeded.values_mut().filter(|flags| named.contains(&flags.key)) {
            flags.hold = None;
        }
        let moved = self.with_origin(&snapshot, &stored, &reading.moved)?;
        let input = DiffInput {
            gone: &reading.gone,
            flags: &heeded,
            renewals: &renewals,
            successions: &successions,
            moved: &moved,
            now,
            today: day_in(&live.zone(), now),
        };
        let mut items = diff::pending(&snapshot, &stored, input);
        let held = self.book.held_changes(snapshot.client.id)?;
        let rejected = holds::apply_rejections(&mut items, &stored, &held, live.zone());
        let imported = stored
            .values()
            .filter(|contract| contract.client == reading.snapshot.client.id)
            .filter(|contract| contract.origin == Origin::Autotask && contract.vanished.is_none());
        let folded: BTreeSet<ItemKey> = snapshot.folded.keys().copied().collect();
        let input = GuardInput {
            live: imported.count(),
            empty_answer: reading.snapshot.items.is_empty() && reading.snapshot.rejects.is_empty(),
            restricted: reading.restricted,
            folded: &folded,
        };
        guard::hold(&mut items, input, limits(live));
        let is_moved = |key: &ItemKey| reading.moved.iter().any(|(item, _)| item.key == *key);
        let forgotten = diff::missing(&snapshot, &stored).into_iter();
        let forgotten: Vec<&Contract> = forgotten
            .filter(|key| !reading.gone.contains(key) && !is_moved(key))
            .filter_map(|key| stored.get(&key))
            .collect();
        guard::hold_above(&mut items, &forgotten);
        Ok(Comparison { snapshot, stored, flags, items, holds: held, rejected, now })
    }

    /// The flags beside the client's items, also beside those that the store holds for another.
    fn flags_of(&self, snapshot: &ClientSnapshot, stored: &Stored) -> Result<FlagsByKey, Failure> {
        let of_client = self.context.store.flags_of(snapshot.client.id)?;
        let mut flags: FlagsByKey = of_client.into_iter().map(|flags| (flags.key, flags)).collect();
        let others = stored.values().filter(|contract| contract.client != snapshot.client.id);
        for contract in others {
            flags.extend(
                self.context.store.item_flags(contract.key)?.map(|flags| (flags.key, flags)),
            );
        }
        Ok(flags)
    }

    /// `moved`, without what is not stored for this client any more: the other client may have been
    /// synced since.
    fn with_origin(
        &self,
        snapshot: &ClientSnapshot,
        stored: &Stored,
        moved: &[(SourceItem, String)],
    ) -> Result<Vec<(SourceItem, String)>, Failure> {
        let is_here = |key: &ItemKey| {
            stored.get(key).is_some_and(|contract| contract.client == snapshot.client.id)
        };
        let mut ours = Vec::new();
        for (item, told) in moved {
            let is_new_below = || {
                item.parent.is_some_and(|parent| is_here(&parent))
                    && !stored.contains_key(&item.key)
            };
            if is_here(&item.key)
                || (is_new_below() && self.context.store.contract(item.key)?.is_none())
            {
                ours.push((item.clone(), told.clone()));
            }
        }
        Ok(ours)
    }

    pub(super) fn stored(&self, snapshot: &ClientSnapshot) -> Result<Stored, Failure> {
        let contracts = self.context.store.contracts(snapshot.client.id)?;
        let mut stored: Stored = contracts.into_iter().map(|c| (c.key, c)).collect();
        for item in &snapshot.items {
            if !stored.contains_key(&item.key)
                && let Some(contract) = self.context.store.contract(item.key)?
            {
                stored.insert(item.key, contract);
            }
        }
        Ok(stored)
    }
}

fn limits(live: &Live) -> Limits {
    let guard = &live.settings.guard;
    Limits {
        max_vanished_percent: guard.max_vanished_percent,
        hold_price_change_percent: guard.hold_price_change_percent,
        hold_status_flips: guard.hold_status_flips,
    }
}
