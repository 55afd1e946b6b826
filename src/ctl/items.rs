//! How items that a sync would apply, or did apply, look in a table: shared by `pending`, `sync`
//! and `diff`.

use super::billing::{self, Billing};
use super::labels;
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
        Column::number("RATE"),
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
        billing: Some("billed".to_owned()),
        start_date: Some("2026-01-01".to_owned()),
        end_date: Some("2026-12-31".to_owned()),
        ..Item::default()
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

/// Items for snapshots that are billed in other ways: a line that ended, one to come, a price that
/// rises, what is bought once, and an agreement that contradicts itself.
#[cfg(test)]
pub fn billed_samples() -> Vec<Item> {
    use crate::varlink::sync::{Effect, NextChange};

    let some = |text: &str| Some(text.to_owned());
    let sample = samples().remove(2);
    let item = |key: &str, name: &str, cost: &str| Item {
        key: key.to_owned(),
        name: name.to_owned(),
        billing_cost: some(cost),
        r#type: "service".to_owned(),
        changes: Vec::new(),
        ..sample.clone()
    };
    let effect = |from: Option<&str>, month: &str, year: &str, once: &str| Effect {
        currency: "USD".to_owned(),
        from: from.map(str::to_owned),
        per_month: month.to_owned(),
        per_year: year.to_owned(),
        once: once.to_owned(),
    };
    let change = |field: &str, from: Option<&str>, to: Option<&str>| FieldChange {
        field: field.to_owned(),
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
    };
    let day = "2026-12-01";
    let mut agreement = item("A29683353", "Managed Workplace", "1415.00");
    (agreement.parent, agreement.status) = (None, some("inactive"));
    agreement.remarks = vec!["inactive_but_billed".to_owned(), "mixed_cycles".to_owned()];
    agreement.changes = vec![change("billing_cost", Some("1395.00"), Some("1415.00"))];
    agreement.effects = vec![effect(None, "20.00", "240.00", "0.00")];
    let mut ended = item("S1", "Old backup", "70.00");
    (ended.billing, ended.billing_since) = (some("ended"), some("2026-10-31"));
    ended.changes = vec![
        change("billing", Some("billed"), Some("ended")),
        change("billing_since", None, Some("2026-10-31")),
    ];
    ended.effects = vec![effect(None, "-70.00", "-840.00", "0.00")];
    let mut upcoming = item("S2", "Server care", "1800.00");
    (upcoming.billing, upcoming.billing_since) = (some("upcoming"), some(day));
    upcoming.state = "new".to_owned();
    upcoming.effects = vec![effect(Some(day), "1800.00", "21600.00", "0.00")];
    let mut rises = item("S3", "Endpoint detection", "1215.00");
    rises.next_change =
        Some(NextChange { date: day.to_owned(), billing_cost: "1293.00".to_owned() });
    rises.changes = vec![
        change("billing_cost", Some("1125.00"), Some("1215.00")),
        change("next_change_date", None, Some(day)),
        change("next_change_cost", None, Some("1293.00")),
    ];
    rises.effects = vec![
        effect(None, "90.00", "1080.00", "0.00"),
        effect(Some(day), "78.00", "936.00", "0.00"),
    ];
    let mut yearly = item("S4", "Domain names", "2400.00");
    yearly.billing_cycle = some("yearly");
    yearly.state = "new".to_owned();
    yearly.effects = vec![effect(None, "200.00", "2400.00", "0.00")];
    let mut charge = item("C5", "Firewall", "3100.00");
    (charge.billing, charge.billing_cycle) = (some("one-time"), some("one-time"));
    (charge.state, charge.r#type) = ("new".to_owned(), "charge".to_owned());
    charge.billed = Some(false);
    charge.effects = vec![effect(None, "0.00", "0.00", "3100.00")];
    let mut hours = item("H6", "Block of 20 hours", "2500.00");
    (hours.billing, hours.billing_cycle) = (some("one-time"), some("one-time"));
    (hours.left, hours.billed) = (some("7.5 hours"), Some(true));
    (hours.parent, hours.state) = (some("A29683399"), "new".to_owned());
    hours.effects = vec![effect(None, "0.00", "0.00", "2500.00")];
    vec![agreement, ended, upcoming, rises, yearly, charge, hours]
}

/// Their effects together.
#[cfg(test)]
pub fn billed_effects() -> Vec<crate::varlink::sync::Effect> {
    let mut effects = billed_samples().remove(0).effects;
    effects[0].once = "5600.00".to_owned();
    effects.extend(billed_samples().remove(2).effects);
    effects
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
