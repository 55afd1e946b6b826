//! Which of the pending items a run takes.

use std::collections::BTreeSet;

use super::holds::Expected;
use crate::model::{ItemKey, PendingItem, PendingState};
use crate::policy::changes::diff::Stored;
use crate::policy::changes::{apply, renewal};

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// Everything that is pending.
    All,
    /// Exactly these items.
    Keys(BTreeSet<ItemKey>),
    /// Exactly these items, if each is still as it was seen: a person looked at them, so no guard
    /// holds them.
    Exactly(Vec<Expected>),
    /// What auto-sync takes: changes of what is imported, new additions of imported agreements,
    /// and, if so configured, agreements never seen before with all that is on them.
    Auto {
        /// Whether agreements never seen before are imported.
        new_agreements: bool,
    },
}

impl Choice {
    /// Whether the choice looks after every imported contract of the client.
    pub fn is_full(&self) -> bool {
        !matches!(self, Choice::Keys(_) | Choice::Exactly(_))
    }

    /// Whether the choice takes this item, whatever state it is in.
    pub fn takes(&self, key: ItemKey) -> bool {
        match self {
            Choice::All | Choice::Auto { .. } => true,
            Choice::Keys(keys) => keys.contains(&key),
            Choice::Exactly(expected) => expected.iter().any(|item| item.key == key),
        }
    }

    /// The pending items that a run with this choice has to do with: those it applies, and those
    /// that a guard holds back from it.
    pub fn select<'a>(&self, items: &'a [PendingItem], stored: &Stored) -> Vec<&'a PendingItem> {
        // What was chosen stays chosen when it is renewed.
        let successors: BTreeSet<ItemKey> = items
            .iter()
            .filter(|item| {
                renewal::renews(&item.fields).is_some_and(|old| stored.contains_key(&old))
            })
            .map(|item| item.key)
            .collect();
        let in_hand =
            |item: &&PendingItem| item.state.can_apply() || item.state == PendingState::Held;
        let live = |key| stored.get(&key).is_some_and(|contract| contract.vanished.is_none());
        // What moves to another client moves whole, whichever part of it was named.
        let top = |item: &PendingItem| item.parent.unwrap_or(item.key);
        let moving: BTreeSet<ItemKey> = items
            .iter()
            .filter(|item| self.takes(item.key) && apply::is_moving(item))
            .map(top)
            .collect();
        let wanted = |item: &&PendingItem| match self {
            Choice::All => true,
            Choice::Keys(_) => self.takes(item.key) || moving.contains(&top(item)),
            Choice::Exactly(_) => self.takes(item.key),
            Choice::Auto { new_agreements } => {
                item.state != PendingState::New
                    || *new_agreements
                    || successors.contains(&item.parent.unwrap_or(item.key))
                    || item.parent.is_some_and(live)
            }
        };
        items.iter().filter(in_hand).filter(wanted).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::changes::fixture::{self, item, snapshot, stored};

    fn taken(choice: &Choice) -> Vec<String> {
        let book = stored(&[item("A1", "Care", "1"), item("S1", "a", "1")]);
        let mut other = item("S3", "of the new agreement", "1");
        other.parent = Some(ItemKey::agreement(2));
        let mut strange = item("A3", "block hours", "1");
        strange.unsupported = Some("not yet".to_owned());
        let seen = snapshot(&[
            item("A1", "Care", "2"),
            item("S1", "a", "1"),
            item("S2", "new addition", "1"),
            item("A2", "new agreement", "1"),
            other,
            strange,
        ]);
        let found = fixture::diff(&seen, &book, &BTreeSet::new());
        choice.select(&found, &book).iter().map(|item| item.key.to_string()).collect()
    }

    #[test]
    fn auto_sync_takes_new_agreements_only_where_it_may() {
        assert_eq!(taken(&Choice::Auto { new_agreements: true }), ["A1", "S2", "A2", "S3"]);
        assert_eq!(taken(&Choice::Auto { new_agreements: false }), ["A1", "S2"]);
    }

    #[test]
    fn a_person_gets_what_was_named_and_all_is_all_that_can_be() {
        assert_eq!(taken(&Choice::All), ["A1", "S2", "A2", "S3"]);
        let keys = ["S2", "S1"].map(|key| key.parse().expect("a key"));
        assert_eq!(taken(&Choice::Keys(keys.into())), ["S2"]);
        let expected =
            keys.map(|key| Expected { key, state: PendingState::New, changes: Vec::new() });
        let exactly = Choice::Exactly(expected.into());
        assert_eq!(taken(&exactly), ["S2"]);
        assert!(!exactly.is_full() && exactly.takes(keys[1]));
    }
}
