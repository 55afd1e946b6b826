//! What people wrote on a line lives on in the line that takes its place: at a renewal, and where a
//! line was deleted and made again.
//!
//! ```text
//! A1 ── S1 "Backup", with notes          A2 renews A1 ── S9 "Backup": takes over from S1
//! A1 ── S1 "Backup", gone                A1 ── S9 "Backup", new: takes over from S1
//! A1 ── S1, S2 "Backup", both gone       A1 ── S9 "Backup", new: S1 or S2, so nothing passes
//! ```
//!
//! Only the one line of the same service passes to the one line of it in the new place. Which
//! service it is, is told by the name in the catalogue. A line that moves to another client keeps
//! its id, and with it all that was written on it.

use std::collections::{BTreeMap, BTreeSet};

use super::flags::FlagsByKey;
use super::renewal;
use super::stored::Stored;
use crate::model::{ClientSnapshot, Contract, Field, Fields, ItemKey, ItemKind, Origin, Value};

/// The line, or lines, that a new line stands in the place of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Predecessor {
    /// This one.
    One(ItemKey),
    /// One of these: nobody can tell which.
    Several(Vec<ItemKey>),
}

/// What each new line stands in the place of, where something was written there.
pub type Successions = BTreeMap<ItemKey, Predecessor>;

/// A place below an agreement, and what is sold there.
type Place = (ItemKey, ItemKind, String);

/// The successions of a snapshot; `gone` are the keys that do not exist any more.
pub fn find(
    snapshot: &ClientSnapshot,
    stored: &Stored,
    gone: &BTreeSet<ItemKey>,
    flags: &FlagsByKey,
) -> Successions {
    let renews: BTreeMap<ItemKey, ItemKey> = snapshot
        .items
        .iter()
        .filter_map(|item| Some((item.key, renewal::renews(&item.fields)?)))
        .collect();
    let mut new: BTreeMap<Place, Vec<ItemKey>> = BTreeMap::new();
    for item in snapshot.items.iter().filter(|item| !stored.contains_key(&item.key)) {
        if let Some(place) = place(item.key, item.parent, &item.fields) {
            new.entry(place).or_default().push(item.key);
        }
    }
    let mut old: BTreeMap<Place, Vec<&Contract>> = BTreeMap::new();
    for contract in stored.values().filter(|contract| contract.origin == Origin::Autotask) {
        if let Some(place) = place(contract.key, contract.parent, &contract.source) {
            old.entry(place).or_default().push(contract);
        }
    }
    let is_written_on = |contract: &&Contract| {
        let is_ignored = flags.get(&contract.key).is_some_and(|flags| flags.ignored.is_some());
        !contract.local.is_empty() || !contract.overrides.is_empty() || is_ignored
    };
    let mut found = Successions::new();
    for (place, heirs) in new {
        let here = old.get(&place).map(Vec::as_slice).unwrap_or_default();
        let mut left = places_left(here, gone);
        if left.is_empty()
            && here.is_empty()
            && let Some(renewed) = renews.get(&place.0)
        {
            left = old.get(&(*renewed, place.1, place.2)).cloned().unwrap_or_default();
        }
        if !left.iter().any(is_written_on) {
            continue;
        }
        let predecessor = match (left.as_slice(), heirs.as_slice()) {
            ([one], [_]) => Predecessor::One(one.key),
            (several, _) => Predecessor::Several(several.iter().map(|one| one.key).collect()),
        };
        found.extend(heirs.into_iter().map(|heir| (heir, predecessor.clone())));
    }
    found
}

/// Of the lines of one service in one place, those that left it: the ones that are gone now; else,
/// where none is there any more, the last that went.
fn places_left<'a>(here: &[&'a Contract], gone: &BTreeSet<ItemKey>) -> Vec<&'a Contract> {
    let live = |contract: &&&Contract| contract.vanished.is_none();
    let now: Vec<&Contract> =
        here.iter().filter(live).filter(|one| gone.contains(&one.key)).copied().collect();
    if !now.is_empty() || here.iter().any(|one| one.vanished.is_none()) {
        return now;
    }
    let last = here.iter().filter_map(|one| one.vanished).max();
    here.iter().filter(|one| one.vanished == last).copied().collect()
}

fn place(key: ItemKey, parent: Option<ItemKey>, fields: &Fields) -> Option<Place> {
    let is_line = matches!(key.kind, ItemKind::Service | ItemKind::Bundle);
    let Some(Value::Text(name)) = fields.get(&Field::Name) else { return None };
    is_line.then_some((parent?, key.kind, name.clone()))
}

/// The one that a line, or an agreement, takes over from.
pub fn predecessor(key: ItemKey, fields: &Fields, successions: &Successions) -> Option<ItemKey> {
    match successions.get(&key) {
        Some(Predecessor::One(old)) => Some(*old),
        _ => renewal::renews(fields),
    }
}

/// What a person is told of a new line that stands in the place of others.
pub fn told(predecessor: &Predecessor) -> String {
    match predecessor {
        Predecessor::One(old) => format!("takes over from {old}: same service"),
        Predecessor::Several(old) => {
            let old: Vec<String> = old.iter().map(ToString::to_string).collect();
            let old = old.join(" or ");
            format!("nothing is taken over: the line may replace {old}, which are the same service")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SourceItem;
    use crate::policy::changes::fixture::{item, snapshot, stored};

    fn written_on(items: &[SourceItem], keys: &[&str]) -> Stored {
        let mut book = stored(items);
        for key in keys {
            let contract = book.get_mut(&key.parse().expect("a key")).expect("there");
            contract.local.insert(Field::Notes, Value::Text("call first".to_owned()));
        }
        book
    }

    fn found(seen: &[SourceItem], book: &Stored, gone: &[&str]) -> Vec<String> {
        let gone = gone.iter().map(|key| key.parse().expect("a key")).collect();
        let found = find(&snapshot(seen), book, &gone, &FlagsByKey::new());
        found.iter().map(|(key, old)| format!("{key} {}", told(old))).collect()
    }

    #[test]
    fn a_line_that_was_made_again_takes_over_and_where_two_could_be_meant_none_does() {
        let old = [item("S1", "Backup", "1"), item("S2", "Mail", "1"), item("S3", "Mail", "1")];
        let book = written_on(&old, &["S1", "S2"]);
        let new = [item("S8", "Backup", "1"), item("S9", "Mail", "1")];
        assert_eq!(
            found(&new, &book, &["S1", "S2", "S3"]),
            [
                "S8 takes over from S1: same service",
                "S9 nothing is taken over: the line may replace S2 or S3, which are the same \
                 service",
            ]
        );
        assert_eq!(found(&new, &book, &["S1", "S2"])[1], "S9 takes over from S2: same service");
        let twice = [item("S8", "Backup", "1"), item("S9", "Backup", "1")];
        assert!(found(&twice, &book, &["S1"]).iter().all(|one| one.contains("nothing")));
        assert_eq!(found(&new, &stored(&old), &["S1", "S2", "S3"]), [""; 0], "nothing is written");
        assert_eq!(found(&new, &book, &[]), [""; 0], "the old ones are still there");
    }

    #[test]
    fn a_line_of_a_renewal_takes_over_from_that_of_the_old_term() {
        let mut renewed = item("A2", "Care 2", "1");
        renewed.fields.insert(Field::Renews, Value::Text("A1".to_owned()));
        let mut line = item("S8", "Backup", "1");
        line.parent = Some(renewed.key);
        let old = [item("A1", "Care", "1"), item("S1", "Backup", "1")];
        let seen = [old[0].clone(), old[1].clone(), renewed, line];
        let book = written_on(&old, &["S1"]);
        assert_eq!(found(&seen, &book, &[]), ["S8 takes over from S1: same service"]);
        assert_eq!(found(&seen, &book, &["S1"]), ["S8 takes over from S1: same service"]);
    }

    #[test]
    fn one_that_went_earlier_passes_on_what_was_written_unless_another_took_its_place() {
        let old = [item("S1", "Backup", "1")];
        let mut book = written_on(&old, &["S1"]);
        for contract in book.values_mut() {
            contract.vanished = Some(chrono::DateTime::UNIX_EPOCH);
        }
        let new = [item("S8", "Backup", "1")];
        assert_eq!(found(&new, &book, &[]), ["S8 takes over from S1: same service"]);
        book.extend(stored(&new));
        assert_eq!(found(&[item("S9", "Backup", "1")], &book, &[]), [""; 0]);
    }
}
