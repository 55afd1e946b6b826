//! What a run leaves noted beside items: rows that cannot be converted go into quarantine and come
//! out of it by themselves, and a hold ends when a person has the item synced by name.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::model::{ClientId, ItemFlags, ItemKey, Quarantine, Reject};

/// The flags beside a client's items, by key.
pub type FlagsByKey = BTreeMap<ItemKey, ItemFlags>;

/// The flags that are different after a run, each with what it was: `rejects` are all rows of the
/// client that could not be converted, `applied` the items that the run wrote.
pub fn after_run(
    flags: &FlagsByKey,
    client: ClientId,
    rejects: &[Reject],
    applied: &BTreeSet<ItemKey>,
    now: DateTime<Utc>,
) -> Vec<(Option<ItemFlags>, Option<ItemFlags>)> {
    // A row may be bad in several fields; the first that was found is the one to mend first.
    let mut rejected: BTreeMap<ItemKey, &Reject> = BTreeMap::new();
    for reject in rejects {
        rejected.entry(reject.key).or_insert(reject);
    }
    let keys: BTreeSet<ItemKey> = flags.keys().chain(rejected.keys()).copied().collect();
    let after = |key: ItemKey| {
        let before = flags.get(&key).cloned();
        let mut flags = before.clone().unwrap_or_else(|| ItemFlags::blank(key, client));
        flags.quarantine =
            rejected.get(&key).map(|reject| quarantine(reject, before.as_ref(), now));
        if applied.contains(&key) {
            flags.hold = None;
        }
        (before, flags.kept())
    };
    keys.into_iter().map(after).filter(|(before, after)| before != after).collect()
}

/// The note of a reject; one that says the same as before is as old as before.
fn quarantine(reject: &Reject, before: Option<&ItemFlags>, now: DateTime<Utc>) -> Quarantine {
    let known = before.and_then(|flags| flags.quarantine.as_ref());
    let same = known.filter(|q| q.field == reject.field && q.reason == reject.reason);
    same.cloned().unwrap_or_else(|| Quarantine {
        field: reject.field.clone(),
        reason: reject.reason.clone(),
        since: now,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{PendingApproval, RunId};
    use chrono::TimeDelta;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;
    const CLIENT: ClientId = ClientId(7);

    fn reject(id: i64, reason: &str) -> Reject {
        let key = ItemKey::agreement(id);
        Reject { key, parent: None, field: "price".to_owned(), reason: reason.to_owned() }
    }

    fn run(
        flags: &mut FlagsByKey,
        rejects: &[Reject],
        applied: &[i64],
        now: DateTime<Utc>,
    ) -> usize {
        let applied = applied.iter().map(|id| ItemKey::agreement(*id)).collect();
        let changed = after_run(flags, CLIENT, rejects, &applied, now);
        let count = changed.len();
        for (before, after) in changed {
            match (before, after) {
                (_, Some(own)) => drop(flags.insert(own.key, own)),
                (Some(own), None) => drop(flags.remove(&own.key)),
                (None, None) => {}
            }
        }
        count
    }

    #[test]
    fn a_bad_row_waits_since_its_first_day_and_leaves_by_itself() {
        let mut flags = FlagsByKey::new();
        assert_eq!(run(&mut flags, &[reject(1, "no number")], &[], NOW), 1);
        let later = NOW + TimeDelta::days(1);
        assert_eq!(run(&mut flags, &[reject(1, "no number")], &[], later), 0);
        let since =
            |flags: &FlagsByKey| flags[&ItemKey::agreement(1)].quarantine.clone().map(|q| q.since);
        assert_eq!(since(&flags), Some(NOW));
        assert_eq!(run(&mut flags, &[reject(1, "missing")], &[], later), 1);
        assert_eq!(since(&flags), Some(later));
        assert_eq!(run(&mut flags, &[], &[], later), 1);
        assert!(flags.is_empty());
    }

    #[test]
    fn a_hold_ends_when_its_item_is_applied() {
        let mut held = ItemFlags::blank(ItemKey::agreement(1), CLIENT);
        held.hold = Some(PendingApproval { run: RunId(3), by: "dana".to_owned(), at: NOW });
        let mut flags = FlagsByKey::from([(held.key, held)]);
        assert_eq!(run(&mut flags, &[], &[2], NOW), 0);
        assert_eq!(run(&mut flags, &[], &[1], NOW), 1);
        assert!(flags.is_empty());
    }
}
