//! What a guard holds, and what people decide about it.
//!
//! ```text
//!                  a run holds items                 accepted: exactly these are applied,
//!   (nothing) ───────────────────────► undecided ───────────────────────────► (nothing)
//!                    ▲   ▲                │  │         from a fresh reading that says the same
//!                    │   └────────────────┘  │ rejected
//!                    │  a later run holds    ▼
//!                    │  other things       rejected: stays held in silence
//!                    └───────────────────────┘
//!                     Autotask says something else of it: the guard looks afresh
//! ```
//!
//! An item counts as the same while its key, its state and its changes are. Why it is held does not
//! count, nor at which moment it was found to have vanished.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::clock::{Tz, day_in};
use crate::model::{
    ClientId, Code, Field, FieldChange, HeldChange, HeldChanges, ItemKey, LastError, PendingItem,
    PendingState, Reject, RunId, Value, grouped,
};
use crate::policy::changes::diff::Stored;

/// An item as somebody saw it and wants it applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The item.
    pub key: ItemKey,
    /// Why it is pending, leaving a guard aside: a state that a sync can apply.
    pub state: PendingState,
    /// What changes.
    pub changes: Vec<FieldChange>,
}

impl From<&HeldChange> for Expected {
    fn from(item: &HeldChange) -> Expected {
        Expected { key: item.key, state: item.state, changes: item.changes.clone() }
    }
}

/// An expected item of which Autotask says something else by now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedOn {
    /// The item.
    pub key: ItemKey,
    /// What is otherwise.
    pub why: String,
}

/// Why an item would be pending if nothing held it.
fn state_of(item: &PendingItem, stored: &Stored) -> PendingState {
    let vanishes = |change: &FieldChange| change.field == Field::Vanished && change.to.is_some();
    match stored.get(&item.key) {
        _ if item.state != PendingState::Held => item.state,
        None => PendingState::New,
        Some(contract) if contract.vanished.is_some() => PendingState::Returned,
        Some(_) if item.changes.iter().any(vanishes) => PendingState::Vanished,
        Some(_) => PendingState::Changed,
    }
}

/// A held item as it would be if it were let go, for what it would come to then: whether it is new,
/// changed or back makes no difference to that. Every other item as it is.
pub fn let_go(item: &PendingItem) -> PendingItem {
    let goes = item.changes.iter().any(|c| c.field == Field::Vanished && c.to.is_some());
    let state = match (item.state, goes) {
        (PendingState::Held, true) => PendingState::Vanished,
        (PendingState::Held, false) => PendingState::Changed,
        (state, _) => state,
    };
    PendingItem { state, ..item.clone() }
}

/// A held item as it is kept until a person decides.
pub fn kept(item: &PendingItem, stored: &Stored) -> HeldChange {
    HeldChange {
        key: item.key,
        parent: item.parent,
        state: state_of(item, stored),
        changes: item.changes.clone(),
        reason: item.reason.clone(),
    }
}

/// Whether the same would change. When an item was found to have vanished is no change of it.
fn same_changes(one: &[FieldChange], other: &[FieldChange]) -> bool {
    let is_there = |value: &Option<Value>| value.is_some();
    one.len() == other.len()
        && one.iter().zip(other).all(|(one, other)| match one.field {
            Field::Vanished => {
                other.field == Field::Vanished
                    && is_there(&one.from) == is_there(&other.from)
                    && is_there(&one.to) == is_there(&other.to)
            }
            _ => one == other,
        })
}

fn same_items(one: &[HeldChange], other: &[HeldChange]) -> bool {
    let is_in = |item: &HeldChange| {
        other.iter().any(|other| {
            (item.key, item.state) == (other.key, other.state)
                && same_changes(&item.changes, &other.changes)
        })
    };
    one.len() == other.len() && one.iter().all(is_in)
}

/// Holds the items that a person rejected and that have not changed since, before the guard counts
/// them. Gives them, each with the run of which it was rejected. Its day is told as one of `zone`.
pub fn apply_rejections(
    items: &mut [PendingItem],
    stored: &Stored,
    held: &[HeldChanges],
    zone: Tz,
) -> BTreeSet<(RunId, ItemKey)> {
    let mut heeded = BTreeSet::new();
    for item in items {
        if !item.state.can_apply() && item.state != PendingState::Held {
            continue;
        }
        let state = state_of(item, stored);
        let of = held.iter().find_map(|of_run| {
            let rejected = of_run.rejected.as_ref()?;
            let is_it = |held: &HeldChange| {
                (held.key, held.state) == (item.key, state)
                    && same_changes(&held.changes, &item.changes)
            };
            of_run.items.iter().any(is_it).then_some((of_run.run, rejected))
        });
        if let Some((run, rejected)) = of {
            heeded.insert((run, item.key));
            let why = rejected.reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            let (by, day) = (&rejected.by, day_in(&zone, rejected.at));
            item.state = PendingState::Held;
            item.reason = Some(format!("rejected by {by} on {day}{why}"));
        }
    }
    heeded
}

/// Lets the expected items go, whatever holds them, if each is still as expected; else tells of
/// every one that is not, and changes nothing.
pub fn release(
    items: &mut [PendingItem],
    stored: &Stored,
    rejects: &[Reject],
    expected: &[Expected],
) -> Result<(), Vec<MovedOn>> {
    let mut moved_on = Vec::new();
    let mut let_go = Vec::new();
    for wanted in expected {
        let at = items.iter().position(|item| item.key == wanted.key);
        match differs(at.map(|at| &items[at]), stored, rejects, wanted) {
            Some(why) => moved_on.push(MovedOn { key: wanted.key, why }),
            None => let_go.extend(at),
        }
    }
    if !moved_on.is_empty() {
        return Err(moved_on);
    }
    for at in let_go {
        items[at].state = state_of(&items[at], stored);
        items[at].reason = None;
    }
    Ok(())
}

fn differs(
    item: Option<&PendingItem>,
    stored: &Stored,
    rejects: &[Reject],
    wanted: &Expected,
) -> Option<String> {
    let Some(item) = item else {
        let reject = rejects.iter().find(|reject| reject.key == wanted.key);
        return Some(match (reject, wanted.state) {
            (Some(reject), _) => {
                format!("the row cannot be converted: {}: {}", reject.field, reject.reason)
            }
            (None, PendingState::Vanished) => "the item is in Autotask again".to_owned(),
            (None, _) => "the item is no longer pending".to_owned(),
        });
    };
    let state = state_of(item, stored);
    if state != wanted.state {
        return Some(format!("the item was {} and is now {state}", wanted.state));
    }
    if same_changes(&item.changes, &wanted.changes) {
        return None;
    }
    let other = item.changes.iter().find(|change| !wanted.changes.contains(change));
    Some(match other {
        Some(FieldChange { field, to, .. }) => {
            let to = match to {
                Some(Value::Number(number)) => grouped(&number.to_string()),
                Some(value) => value.to_string(),
                None => "none".to_owned(),
            };
            format!("{field} now becomes {to}")
        }
        None => "fewer fields change now".to_owned(),
    })
}

/// What a run found, as far as it concerns what is held.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Whether the run looked after every imported contract.
    pub full: bool,
    /// The items that it was to apply and that a guard held, without those that were rejected.
    pub held: Vec<HeldChange>,
    /// The items that it applied.
    pub applied: BTreeSet<ItemKey>,
    /// The items that are still as they were rejected, each with its run.
    pub rejected: BTreeSet<(RunId, ItemKey)>,
}

/// What is held of a client before and after a step; none where nothing is.
pub type Step = (Option<HeldChanges>, Option<HeldChanges>);

/// The held changes of a client that are different after a run. What a run holds anew bears
/// [`HeldChanges::OF_THIS_RUN`]; while it holds the same, the number of the run stays that held it
/// first, because people were told of that one.
pub fn after_run(
    before: &[HeldChanges],
    client: ClientId,
    found: &Found,
    now: DateTime<Utc>,
) -> Vec<Step> {
    let mut steps = Vec::new();
    for held in before.iter().filter(|held| held.rejected.is_some()) {
        let stays = |key: ItemKey| {
            let still = !found.full || found.rejected.contains(&(held.run, key));
            still && !found.applied.contains(&key)
        };
        steps.push((Some(held.clone()), with_items(held, |item| stays(item.key))));
    }
    let open = undecided(before);
    // A run of a few items says nothing of the others.
    let named = |key: ItemKey| found.held.iter().any(|item| item.key == key);
    let rest = open.filter(|_| !found.full).and_then(|open| {
        with_items(open, |item| !found.applied.contains(&item.key) && !named(item.key))
    });
    let mut items = rest.map(|rest| rest.items).unwrap_or_default();
    let nothing_new = found.held.is_empty();
    items.extend(found.held.iter().cloned());
    match open {
        Some(open) if same_items(&open.items, &items) => {}
        Some(open) if nothing_new => {
            let after = (!items.is_empty()).then(|| HeldChanges { items, ..open.clone() });
            steps.push((Some(open.clone()), after));
        }
        None if items.is_empty() => {}
        open => {
            let run = HeldChanges::OF_THIS_RUN;
            let new = HeldChanges { client, run, since: now, items, rejected: None };
            steps.extend(open.map(|open| (Some(open.clone()), None)));
            steps.push((None, Some(new)));
        }
    }
    steps.retain(|(before, after)| before != after);
    steps
}

fn with_items(held: &HeldChanges, stays: impl Fn(&HeldChange) -> bool) -> Option<HeldChanges> {
    let items: Vec<HeldChange> = held.items.iter().filter(|item| stays(item)).cloned().collect();
    (!items.is_empty()).then(|| HeldChanges { items, ..held.clone() })
}

/// What is held that nobody has decided yet.
pub fn undecided(held: &[HeldChanges]) -> Option<&HeldChanges> {
    held.iter().find(|held| held.rejected.is_none())
}

/// What nobody has decided yet once these steps were taken.
pub fn undecided_after(before: &[HeldChanges], steps: &[Step]) -> Option<HeldChanges> {
    let open = undecided(before);
    let mut after = open.cloned();
    for (was, is) in steps {
        if was.is_some() && was.as_ref() == open {
            after.clone_from(is);
        }
        if let (None, Some(new)) = (was, is) {
            after = Some(new.clone());
        }
    }
    after
}

/// What a client's status says of so many held items, the first of which is held for this reason.
pub fn error(held: usize, reason: Option<&str>) -> LastError {
    let reason = reason.unwrap_or("a guard holds it");
    LastError { code: Code::Held, message: format!("{held} held back: {reason}") }
}

#[cfg(test)]
mod tests;
