//! How items that a sync would apply, or did apply, look in a table: shared by `pending`, `sync`
//! and `diff`.

use super::billing::{self, Billing};
use super::tree::{self, Line};
use super::{labels, money};
use crate::ctl::output::screen::{NONE, Screen, Tone};
use crate::ctl::output::table::{Cell, Column, Table, toned};
use crate::model::Field;
use crate::protocol::sync::{FieldChange, Item, Reject};

impl tree::Entry for Item {
    fn key(&self) -> &str {
        &self.key
    }

    fn parent(&self) -> Option<&str> {
        self.parent.as_deref()
    }
}

/// A state as it is shown: a mark, and a colour. The word stands beside it.
pub fn mark(state: &str) -> (char, Tone) {
    match state {
        "new" => ('+', Tone::Good),
        "changed" => ('~', Tone::Warning),
        "vanished" => ('-', Tone::Bad),
        "returned" => ('*', Tone::Good),
        "held" => ('!', Tone::Bad),
        "ignored" => ('.', Tone::Dim),
        "unsupported" => ('x', Tone::Dim),
        _ => ('?', Tone::Plain),
    }
}

/// How wide a state is where its renewal is named: it is cut only on a very narrow screen.
const STATE: u16 = 24;

/// The items as a tree; `word` says what is told of an item in a state.
pub fn table(items: &[Item], word: impl Fn(&str) -> String, screen: &Screen) -> String {
    let mut table = Table::new([
        Column::text("STATE").cut(STATE),
        Column::text("KEY"),
        Column::text("NAME").cut(16),
        Column::text("TYPE").cut(8).leave_out_last(1),
        Column::number("RATE"),
        Column::text("CYCLE").leave_out_last(2),
        Column::text("START").leave_out(1),
        Column::text("END").leave_out(2),
    ])
    .notes_below(2);
    for line in tree::lines(items) {
        match line {
            Line::Context(key) => table.row(context(key)),
            Line::Entry(item, branch) => {
                let (mark, tone) = mark(&item.state);
                table.row([
                    toned(tone, format!("{mark} {}{}", word(&item.state), renews(item))),
                    format!("{}{}", branch.mark(), item.key).into(),
                    item.name.as_str().into(),
                    item.r#type.as_str().into(),
                    money::cost(item.billing_cost.as_deref(), item.currency.as_deref()).into(),
                    item.billing_cycle.as_deref().unwrap_or(NONE).into(),
                    item.start_date.as_deref().unwrap_or(NONE).into(),
                    item.end_date.as_deref().unwrap_or(NONE).into(),
                ]);
                for note in notes(item, items, screen) {
                    table.note(note);
                }
            }
        }
    }
    table.render(screen)
}

fn context(key: &str) -> [Cell; 3] {
    [toned(Tone::Dim, ""), toned(Tone::Dim, key), toned(Tone::Dim, "(not pending)")]
}

/// Fields whose change is told in the words of how the item is billed, where those are there.
fn is_told(field: &str, billing: &Billing<'_>) -> bool {
    match Field::from_name(field) {
        Some(Field::BillingSince) => billing.stands().is_some(),
        Some(Field::NextChangeDate | Field::NextChangeCost) => billing.ahead().is_some(),
        // The effects tell it.
        Some(Field::LaterChanges) => true,
        Some(Field::Remarks) => !billing.remarks.is_empty(),
        _ => false,
    }
}

/// What is told of an item below its row: how it is billed, what changes, and why it is not simply
/// applied.
fn notes(item: &Item, all: &[Item], screen: &Screen) -> Vec<Cell> {
    let billing = Billing::from(item);
    let reason = reason(item).into_iter().map(|reason| toned(Tone::Dim, reason));
    let changes = match item.state.as_str() {
        // Every field of a new item is a change: the row says enough.
        "new" | "unsupported" | "ignored" => &[][..],
        _ => item.changes.as_slice(),
    };
    let told = |c: &FieldChange| format!("{} {}", labels::label(&c.field), arrow(c, screen));
    let changes = changes.iter().filter(|change| !is_told(&change.field, &billing));
    let changes = changes.map(|change| toned(Tone::Warning, told(change)));
    let of_which = billing::of_which(&billing, below(item, all));
    reason.chain(billing.notes(of_which.as_deref())).chain(changes).collect()
}

/// How what stands below an item in a list is billed.
fn below<'a>(item: &Item, all: &'a [Item]) -> impl Iterator<Item = Billing<'a>> {
    let key = item.key.clone();
    all.iter().filter(move |other| other.parent.as_ref() == Some(&key)).map(Billing::from)
}

/// What stands behind the state of an item that renews another.
pub fn renews(item: &Item) -> String {
    item.renews.as_ref().map(|key| format!(" (renews {key})")).unwrap_or_default()
}

/// Why an item is as it is: what it renews and by which rule, or why it is held or left out.
pub fn reason(item: &Item) -> Option<String> {
    match (&item.renews, &item.reason) {
        (Some(key), Some(rule)) if item.state == "new" => Some(format!("renews {key}: {rule}")),
        (_, Some(reason)) => Some(format!("reason: {reason}")),
        (Some(key), None) => Some(format!("renews {key}")),
        (None, None) => None,
    }
}

/// A change as `old → new`; a dash where there is no value.
pub fn arrow(change: &FieldChange, screen: &Screen) -> String {
    arrow_in(&change.field, change.from.as_deref(), change.to.as_deref(), screen)
}

/// The same of a field and its two values.
pub fn arrow_in(field: &str, from: Option<&str>, to: Option<&str>, screen: &Screen) -> String {
    let [from, to] = [from, to].map(|value| labels::value(field, value, screen));
    arrow_of(Some(&from), Some(&to))
}

/// Two values as `old → new`, as they stand.
pub fn arrow_of(from: Option<&str>, to: Option<&str>) -> String {
    format!("{} → {}", from.unwrap_or(NONE), to.unwrap_or(NONE))
}

/// Rows that could not be converted, each with its field and the reason.
pub fn rejects(rejects: &[Reject], screen: &Screen) -> String {
    if rejects.is_empty() {
        return String::new();
    }
    let mut table = Table::new([
        Column::text("REJECTED"),
        Column::text("FIELD"),
        Column::text("REASON").cut(20),
    ]);
    for reject in rejects {
        table.row([
            toned(Tone::Bad, format!("x {}", reject.key)),
            reject.field.as_str().into(),
            reject.reason.as_str().into(),
        ]);
    }
    table.render(screen)
}

#[cfg(test)]
#[path = "items_samples.rs"]
mod sample;
#[cfg(test)]
pub use sample::{billed_effects, billed_samples, effect, samples};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::output::screen::sample;

    #[test]
    fn a_moment_is_told_by_the_local_clock() {
        let moment = Some("2026-11-24T11:00:00Z");
        let gone = arrow_in("vanished", None, moment, &sample(80));
        assert!(gone.starts_with("- → today "), "{gone}");
        assert_eq!(arrow_in("notes", moment, None, &sample(80)), "2026-11-24T11:00:00Z → -");
    }

    #[test]
    fn a_rule_is_told_of_what_is_new_and_a_reason_of_what_is_not_applied() {
        let mut item = samples().into_iter().find(|item| item.renews.is_some()).expect("one");
        item.reason = Some("the name".to_owned());
        assert_eq!(reason(&item).as_deref(), Some("renews A29683000: the name"));
        item.state = "ignored".to_owned();
        assert_eq!(reason(&item).as_deref(), Some("reason: the name"));
    }
}
