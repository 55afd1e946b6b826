//! The list that is edited: written from what is pending, and read back as what is wanted.
//!
//! ```text
//! pick    A29683353  changed  Managed Workplace, 482.60 USD monthly
//! ignore    S55102   new      Endpoint detection, 12.00 USD monthly
//! ```

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use strum::VariantArray;

use crate::ctl::output::screen::count;
use crate::ctl::text::items::arrow_of;
use crate::ctl::text::tree::{self, Branch, Line};
use crate::ctl::text::{billing, labels, money};
use crate::model::{ItemKey, PendingState};
use crate::protocol::sync::{Client, Item};

/// What is to become of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum Verb {
    /// It is synced.
    Pick,
    /// It is ignored from now on.
    Ignore,
    /// Nothing, this time.
    Leave,
}

impl Verb {
    /// The word, whose first letter will do too.
    pub fn word(self) -> &'static str {
        self.into_str()
    }

    fn of(word: &str) -> Option<Verb> {
        let mut verbs = Verb::VARIANTS.iter().copied();
        verbs.find(|verb| verb.word() == word || &verb.word()[..1] == word)
    }
}

/// What the list came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// The items to sync, in the order of the list.
    pub pick: Vec<ItemKey>,
    /// The items to ignore.
    pub ignore: Vec<ItemKey>,
}

/// A line that means nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {wrong}")]
pub struct BadLine {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub wrong: String,
}

/// The items that have a line: what a sync can apply, and what is held, which is left unless a
/// person picks it.
fn verb(item: &Item) -> Option<Verb> {
    match item.state.parse::<PendingState>() {
        Ok(state) if state.can_apply() => Some(Verb::Pick),
        Ok(PendingState::Held) => Some(Verb::Leave),
        _ => None,
    }
}

/// The keys that may be chosen.
pub fn keys(items: &[Item]) -> Vec<ItemKey> {
    let offered = items.iter().filter(|item| verb(item).is_some());
    offered.filter_map(|item| item.key.parse().ok()).collect()
}

/// The text to edit; `program` is how lmsyncctl is called.
pub fn write(client: &Client, items: &[Item], program: &str) -> String {
    let offered: Vec<Item> = items.iter().filter(|item| verb(item).is_some()).cloned().collect();
    let wide = |item: &Item| item.key.len() + if item.parent.is_some() { 2 } else { 0 };
    let column = offered.iter().map(wide).max().unwrap_or(0);
    let mut text = String::new();
    for line in tree::lines(&offered) {
        match line {
            Line::Context(key) => text.push_str(&format!("# {key} is not pending; below it:\n")),
            Line::Entry(item, branch) => {
                let indent = if branch == Branch::Root { "" } else { "  " };
                text.push_str(&format!(
                    "{:<7} {:<column$}  {:<8}  {}\n",
                    verb(item).unwrap_or(Verb::Leave).word(),
                    format!("{indent}{}", item.key),
                    item.state,
                    told(item),
                ));
                text.extend(notes(item).map(|note| format!("#         {note}\n")));
            }
        }
    }
    text.push_str(&help(client, offered.len(), items.len() - offered.len(), program));
    text
}

fn told(item: &Item) -> String {
    let cost = money::cost(item.billing_cost.as_deref(), item.currency.as_deref());
    let cycle = item.billing_cycle.as_deref().unwrap_or_default();
    match item.billing_cost {
        Some(_) => format!("{}, {}", item.name, format!("{cost} {cycle}").trim()),
        None => item.name.clone(),
    }
}

/// What changes on an item, and why it is held.
fn notes(item: &Item) -> impl Iterator<Item = String> {
    let (findings, rest) = billing::words(item, &[]);
    let reason = item.reason.iter().cloned().chain(findings).chain(rest);
    let effects: Vec<String> = item.effects.iter().filter_map(money::told_effect).collect();
    // Every field of a new item is a change: its line says enough.
    let changes = if item.state == "new" { &[][..] } else { &item.changes };
    let told = changes.iter().map(|change| {
        let label = labels::label(&change.field);
        format!("{label} {}", arrow_of(change.from.as_deref(), change.to.as_deref()))
    });
    reason.chain(told).chain(effects)
}

fn help(client: &Client, offered: usize, left_out: usize, program: &str) -> String {
    let left_out = match left_out {
        0 => String::new(),
        more => format!(
            "# {more} more cannot be synced or are ignored: {program} pending {} --all\n#\n",
            client.id
        ),
    };
    format!(
        "\n\
         # {} of {} ({}). What should happen to each?\n\
         #\n\
         # p, pick KEY    sync it\n\
         # i, ignore KEY  ignore it from now on, as `lmsyncctl ignore` does\n\
         # l, leave KEY   nothing this time; the same as deleting its line\n\
         #\n\
         {left_out}\
         # The text after a key is for information, and the order does not matter. Save and\n\
         # quit the editor to begin; delete every line to do nothing.\n",
        count(offered as i64, "item"),
        client.name,
        client.id
    )
}

/// Reads the text back. A key that is not among `offered`, a word that is none, or a key that
/// stands there twice is an error that names the line.
pub fn read(text: &str, offered: &[ItemKey]) -> Result<Selection, BadLine> {
    let mut selection = Selection::default();
    let mut seen: BTreeMap<ItemKey, usize> = BTreeMap::new();
    for (at, line) in text.lines().enumerate() {
        let bad = |wrong: String| BadLine { line: at + 1, wrong };
        let mut words = line.split_whitespace();
        let Some(word) = words.next().filter(|word| !word.starts_with('#')) else { continue };
        let verb = Verb::of(word)
            .ok_or_else(|| bad(format!("`{word}` is not one of pick, ignore and leave")))?;
        let typed = words.next().ok_or_else(|| bad(format!("`{word}` has no key after it")))?;
        let key: ItemKey = typed
            .parse()
            .map_err(|_| bad(format!("`{typed}` is not an item key, such as A29683353")))?;
        if !offered.contains(&key) {
            return Err(bad(format!("{key} was not in the list")));
        }
        match seen.entry(key) {
            Entry::Occupied(first) => {
                return Err(bad(format!("{key} is already in line {}", first.get())));
            }
            Entry::Vacant(place) => place.insert(at + 1),
        };
        match verb {
            Verb::Pick => selection.pick.push(key),
            Verb::Ignore => selection.ignore.push(key),
            Verb::Leave => {}
        }
    }
    Ok(selection)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::text::items::samples;
    use proptest::prelude::*;

    fn client() -> Client {
        Client { id: 174, name: "Acme Dental".to_owned() }
    }

    fn key(text: &str) -> ItemKey {
        text.parse().expect("a key")
    }

    #[test]
    fn the_list_as_it_is_edited() {
        let mut items = samples();
        items[2].state = "held".to_owned();
        items[2].reason =
            Some("the rate changes from 254.10 to 323.40, by more than 20 %".to_owned());
        insta::assert_snapshot!("list", write(&client(), &items, "lmsyncctl"));
    }

    #[test]
    fn what_is_written_reads_back_as_everything_that_can_be_applied() {
        let items = samples();
        let read = read(&write(&client(), &items, "lmsyncctl"), &keys(&items)).expect("reads");
        let applied = items.iter().filter(|item| verb(item) == Some(Verb::Pick));
        assert_eq!(read.pick, applied.map(|item| key(&item.key)).collect::<Vec<_>>());
        assert!(read.ignore.is_empty());
    }

    #[test]
    fn words_may_be_short_and_lines_may_go() {
        let offered = ["A1", "S2", "S3"].map(key);
        let read = |text: &str| read(text, &offered);
        let chosen = read("p a1 changed Name\n i   S2\n\nl S3\n").expect("reads");
        assert_eq!((chosen.pick, chosen.ignore), (vec![key("A1")], vec![key("S2")]));
        for nothing in ["", "\n \n", "# pick A1\n", "leave A1"] {
            assert_eq!(read(nothing), Ok(Selection::default()), "{nothing:?}");
        }
    }

    #[test]
    fn a_bad_line_is_named() {
        let offered = ["A1", "S2"].map(key);
        for (text, says) in [
            ("pick A1\n\nsquash S2", "line 3: `squash` is not one of pick, ignore and leave"),
            ("pick", "line 1: `pick` has no key after it"),
            ("# x\npick Managed", "line 2: `Managed` is not an item key, such as A29683353"),
            ("pick A7", "line 1: A7 was not in the list"),
            ("pick A1\nleave a1", "line 2: A1 is already in line 1"),
        ] {
            assert_eq!(read(text, &offered).expect_err("bad").to_string(), says);
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_typed_breaks_it(text in "([pilx#] ?[AS]?[0-9]{0,2}[ \t]*[^\n]{0,9}\n){0,9}") {
            let offered = ["A1", "S2", "S33"].map(key);
            let lines = text.lines().count();
            match read(&text, &offered) {
                Ok(chosen) => {
                    let all: Vec<_> = chosen.pick.iter().chain(&chosen.ignore).collect();
                    prop_assert!(all.iter().all(|key| offered.contains(key)));
                    prop_assert!(all.len() <= offered.len());
                }
                Err(bad) => prop_assert!((1..=lines).contains(&bad.line)),
            }
        }

        #[test]
        fn each_verb_counts_for_its_key(verbs in proptest::collection::vec(0usize..3, 5)) {
            let items = samples();
            let offered = keys(&items);
            let lines = offered.iter().zip(&verbs).map(|(key, verb)| {
                format!("{} {key} whatever # else\n", Verb::VARIANTS[*verb].word())
            });
            let chosen = read(&lines.collect::<String>(), &offered).expect("reads");
            let of = |wanted: usize| -> Vec<ItemKey> {
                let keys = offered.iter().zip(&verbs);
                keys.filter(|(_, verb)| **verb == wanted).map(|(key, _)| *key).collect()
            };
            prop_assert_eq!(chosen.pick, of(0));
            prop_assert_eq!(chosen.ignore, of(1));
        }
    }
}
