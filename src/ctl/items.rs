//! How items that a sync would apply, or did apply, look in a table: shared by `pending`, `sync`
//! and `diff`.

use super::money;
use super::screen::{NONE, Screen, Tone};
use super::table::{Cell, Column, Table, toned};
use super::tree::{self, Line};
use crate::model::Field;
use crate::varlink::sync::{FieldChange, Item, Reject};

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

/// The items as a tree; `word` says what is told of an item in a state.
pub fn table(items: &[Item], word: impl Fn(&str) -> String, screen: &Screen) -> String {
    let mut table = Table::new([
        Column::text("STATE"),
        Column::text("KEY"),
        Column::text("NAME").cut(16),
        Column::text("TYPE").cut(8),
        Column::number("COST"),
        Column::text("CYCLE"),
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
                for note in notes(item, screen) {
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

/// What is told of an item below its row: what changes, and why it is not simply applied.
fn notes(item: &Item, screen: &Screen) -> Vec<Cell> {
    let reason = reason(item).into_iter().map(|reason| toned(Tone::Dim, reason));
    let changes = match item.state.as_str() {
        // Every field of a new item is a change: the row says enough.
        "new" | "unsupported" | "ignored" => &[][..],
        _ => item.changes.as_slice(),
    };
    let told = |c: &FieldChange| format!("{} {}", c.field, arrow(c, screen));
    let changes = changes.iter().map(|change| toned(Tone::Warning, told(change)));
    reason.chain(changes).collect()
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

/// The same of a field and its two values. The one field that is a moment is told as moments are.
pub fn arrow_in(field: &str, from: Option<&str>, to: Option<&str>, screen: &Screen) -> String {
    if field != Field::Vanished.name() {
        return arrow_of(from, to);
    }
    let [from, to] = [from, to].map(|value| value.map(|at| screen.short(Some(at))));
    arrow_of(from.as_deref(), to.as_deref())
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

/// Items for snapshots: two agreements, wide letters, two currencies, a renewal, every kind of
/// note.
#[cfg(test)]
pub fn samples() -> Vec<Item> {
    let item = |key: &str, parent: Option<&str>, state: &str, kind: &str, name: &str| Item {
        key: key.to_owned(),
        parent: parent.map(str::to_owned),
        state: state.to_owned(),
        r#type: kind.to_owned(),
        name: name.to_owned(),
        status: Some("active".to_owned()),
        billing_cost: Some("482.60".to_owned()),
        currency: Some("USD".to_owned()),
        billing_cycle: Some("monthly".to_owned()),
        start_date: Some("2026-01-01".to_owned()),
        end_date: Some("2026-12-31".to_owned()),
        reason: None,
        renews: None,
        changes: Vec::new(),
    };
    let changed = |mut item: Item, changes: &[(&str, Option<&str>, Option<&str>)]| {
        item.changes = changes
            .iter()
            .map(|(field, from, to)| FieldChange {
                field: (*field).to_owned(),
                from: from.map(str::to_owned),
                to: to.map(str::to_owned),
            })
            .collect();
        item
    };
    let fields =
        [("name", None, Some("Managed Workplace")), ("billing_cost", None, Some("482.60"))];
    let cost =
        [("billing_cost", Some("482.60"), Some("490.00")), ("end_date", Some("2026-12-31"), None)];
    let mut yen =
        item("A29683360", None, "new", "recurring service", "東京支社 マネージドサービス契約");
    (yen.renews, yen.reason) = (
        Some("A29683000".to_owned()),
        Some("Autotask names it as the renewed contract".to_owned()),
    );
    (yen.currency, yen.billing_cost) = (Some("JPY".to_owned()), Some("120000".to_owned()));
    let mut odd = item("T9", Some("A29683360"), "unsupported", "ticket purchase", "Per ticket");
    odd.reason = Some("ticket purchases have no price that is billed by time".to_owned());
    odd.billing_cost = None;
    let mut gone = item("S61", Some("A29683399"), "vanished", "service", "Old backup");
    gone.billing_cycle = None;
    vec![
        changed(item("A29683353", None, "new", "recurring service", "Managed Workplace"), &fields),
        item(
            "S55102",
            Some("A29683353"),
            "new",
            "service",
            "Endpoint detection and response for workstations, with a very long name indeed",
        ),
        changed(item("B771", Some("A29683353"), "changed", "service bundle", "Bundle"), &cost),
        yen,
        odd,
        gone,
    ]
}

#[cfg(test)]
mod tests {
    use super::super::screen::sample;
    use super::*;

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
