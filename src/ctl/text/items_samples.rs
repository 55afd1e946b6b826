//! Items for the tests of whatever lists them.

use crate::protocol::sync::{Effect, FieldChange, Item, NextChange};

/// Items for snapshots: two agreements, wide letters, two currencies, a renewal, every kind of
/// note.
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
    odd.reason = Some("of its agreement A29683360, unknown contract type `unknown (9)`".to_owned());
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
pub fn billed_samples() -> Vec<Item> {
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
pub fn billed_effects() -> Vec<Effect> {
    let mut effects = billed_samples().remove(0).effects;
    effects[0].once = "5600.00".to_owned();
    effects.extend(billed_samples().remove(2).effects);
    effects
}

/// An effect in dollars.
pub fn effect(from: Option<&str>, month: &str, year: &str, once: &str) -> Effect {
    Effect {
        currency: "USD".to_owned(),
        from: from.map(str::to_owned),
        per_month: month.to_owned(),
        per_year: year.to_owned(),
        once: once.to_owned(),
    }
}
