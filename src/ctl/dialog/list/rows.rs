//! The rows of the list: agreements with their additions, and what cannot be chosen.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::ctl::commands::sync::pending;
use crate::ctl::output::screen::{NONE, Tone};
use crate::ctl::text::tree::{self, Line};
use crate::ctl::text::{items, money};
use crate::model::PendingState;
use crate::protocol::sync::{Item, Reject};

/// The state of a row of Autotask's that could not be converted.
pub const REJECTED: &str = "rejected";

/// What a row tells of.
#[derive(Debug, Clone)]
pub enum Body {
    /// Something that is pending.
    Item(Box<Item>),
    /// An agreement that has no change of its own, above additions that are.
    Above {
        /// Its key.
        key: String,
        /// Its name in the store, where it is known.
        name: Option<String>,
    },
    /// A row of Autotask's that could not be converted.
    Reject(Reject),
}

/// A row.
#[derive(Debug, Clone)]
pub struct Row {
    /// What it tells of.
    pub body: Body,
    /// The row of its agreement; its own place for what stands below nothing.
    pub root: usize,
    /// The rows of its additions.
    pub below: Range<usize>,
    /// Whether a sync can apply it.
    pub tickable: bool,
    /// Everything that the filter looks at, in lower case.
    searched: String,
}

impl Row {
    fn new(body: Body, root: usize, place: usize) -> Row {
        let tickable = match &body {
            Body::Item(item) => pending::applies(item),
            Body::Above { .. } | Body::Reject(_) => false,
        };
        let mut row =
            Row { body, root, below: place + 1..place + 1, tickable, searched: String::new() };
        let texts = [row.key(), row.name(), row.kind(), row.state()];
        row.searched = texts.join("\n").to_lowercase();
        row
    }

    /// The item's key.
    pub fn key(&self) -> &str {
        match &self.body {
            Body::Item(item) => &item.key,
            Body::Above { key, .. } => key,
            Body::Reject(reject) => &reject.key,
        }
    }

    /// Its name, or its key where it has none.
    pub fn name(&self) -> &str {
        match &self.body {
            Body::Item(item) => &item.name,
            Body::Above { key, name } => name.as_deref().unwrap_or(key),
            Body::Reject(reject) => &reject.key,
        }
    }

    /// What kind of agreement or addition it is.
    pub fn kind(&self) -> &str {
        self.item().map_or("", |item| &item.r#type)
    }

    /// Its state, in a word.
    pub fn state(&self) -> &str {
        match &self.body {
            Body::Item(item) => &item.state,
            Body::Above { .. } => "",
            Body::Reject(_) => REJECTED,
        }
    }

    /// The state behind its mark, which is one letter of ASCII, and what it means.
    pub fn marked_state(&self) -> (String, Tone) {
        match &self.body {
            Body::Item(item) => {
                let (mark, tone) = items::mark(&item.state);
                (format!("{mark} {}", item.state), tone)
            }
            Body::Above { .. } => (String::new(), Tone::Dim),
            Body::Reject(_) => (format!("x {REJECTED}"), Tone::Bad),
        }
    }

    /// What one billing cycle costs.
    pub fn cost(&self) -> String {
        let cost =
            |item: &Item| money::cost(item.billing_cost.as_deref(), item.currency.as_deref());
        self.item().map(cost).unwrap_or_default()
    }

    /// How often it is billed.
    pub fn cycle(&self) -> &str {
        self.item().map_or("", |item| item.billing_cycle.as_deref().unwrap_or(NONE))
    }

    /// Its first day.
    pub fn start(&self) -> &str {
        self.item().map_or("", |item| item.start_date.as_deref().unwrap_or(NONE))
    }

    /// Its last day.
    pub fn end(&self) -> &str {
        self.item().map_or("", |item| item.end_date.as_deref().unwrap_or(NONE))
    }

    /// The pending item that it tells of.
    pub fn item(&self) -> Option<&Item> {
        match &self.body {
            Body::Item(item) => Some(item),
            Body::Above { .. } | Body::Reject(_) => None,
        }
    }

    /// Why it cannot be chosen; none where it can.
    pub fn why_not(&self) -> Option<String> {
        match &self.body {
            _ if self.tickable => None,
            Body::Item(item) => Some(match &item.reason {
                Some(reason) => reason.clone(),
                None => format!("it is {}", item.state),
            }),
            Body::Above { key, .. } => Some(format!("{key} has no change of its own")),
            Body::Reject(reject) => Some(format!("{}: {}", reject.field, reject.reason)),
        }
    }

    /// Whether it is an addition, whether or not its agreement is in the list.
    pub fn is_addition(&self) -> bool {
        match &self.body {
            Body::Item(item) => item.parent.is_some(),
            Body::Above { .. } => false,
            Body::Reject(reject) => !reject.key.starts_with('A'),
        }
    }

    /// Whether a person left it out.
    pub fn is_ignored(&self) -> bool {
        self.state() == PendingState::Ignored.name()
    }

    /// Whether it holds a text, which is in lower case.
    pub fn holds(&self, text: &str) -> bool {
        self.searched.contains(text)
    }
}

/// The rows of what is pending, and of what could not be converted; `names` are those of
/// agreements that are not pending themselves.
pub fn build(items: &[Item], rejects: &[Reject], names: &BTreeMap<String, String>) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::with_capacity(items.len() + rejects.len());
    let mut root = 0;
    for line in tree::lines(items) {
        let place = rows.len();
        let body = match line {
            Line::Context(key) => {
                Body::Above { key: key.to_owned(), name: names.get(key).cloned() }
            }
            Line::Entry(item, _) => Body::Item(Box::new(item.clone())),
        };
        let below = matches!(&body, Body::Item(item) if item.parent.is_some());
        if !below {
            root = place;
        }
        rows.push(Row::new(body, root, place));
        if below && let Some(above) = rows.get_mut(root) {
            above.below.end = place + 1;
        }
    }
    for reject in rejects {
        let place = rows.len();
        rows.push(Row::new(Body::Reject(reject.clone()), place, place));
    }
    rows
}

/// The keys of agreements that are not pending, though additions of theirs are.
pub fn unnamed(items: &[Item]) -> Vec<String> {
    let lines = tree::lines(items).into_iter();
    let above = lines.filter_map(|line| match line {
        Line::Context(key) => Some(key.to_owned()),
        Line::Entry(..) => None,
    });
    above.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn additions_know_their_agreement_and_agreements_their_additions() {
        let names = BTreeMap::from([("A29683399".to_owned(), "Old agreement".to_owned())]);
        let reject = Reject {
            key: "S7".to_owned(),
            field: "unitPrice".to_owned(),
            reason: "unitPrice is \"12,50\", which is not a number in row 7 of ContractServices"
                .to_owned(),
        };
        let rows = build(&items::samples(), &[reject], &names);
        let told: Vec<_> =
            rows.iter().map(|row| (row.key(), row.root, row.below.len(), row.tickable)).collect();
        assert_eq!(
            told,
            [
                ("A29683353", 0, 2, true),
                ("S55102", 0, 0, true),
                ("B771", 0, 0, true),
                ("A29683360", 3, 1, true),
                ("T9", 3, 0, false),
                ("A29683399", 5, 1, false),
                ("S61", 5, 0, true),
                ("S7", 7, 0, false),
            ]
        );
        assert_eq!(rows[5].name(), "Old agreement");
        assert_eq!(unnamed(&items::samples()), ["A29683399"]);
        assert!(rows[7].why_not().expect("a reason").starts_with("unitPrice: "));
    }
}
