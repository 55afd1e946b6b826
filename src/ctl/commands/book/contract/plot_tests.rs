//! Snapshots of a cost over time.

use super::super::samples::change;
use super::*;
use crate::ctl::output::screen::sample;
use crate::protocol::contracts::HistoryEntry;
use crate::protocol::sync::FieldChange;

fn entry(at: &str, changes: Vec<FieldChange>) -> HistoryEntry {
    HistoryEntry {
        sequence: 1,
        at: format!("{at}T09:00:00Z"),
        actor: "lmsyncd".to_owned(),
        run: Some(1),
        changes,
    }
}

fn cost(at: &str, from: Option<&str>, to: Option<&str>) -> HistoryEntry {
    entry(at, vec![change("billing_cost", from, to)])
}

fn reply() -> HistoryReply {
    HistoryReply {
        key: "S55102".to_owned(),
        gaps: None,
        entries: vec![
            entry(
                "2025-11-02",
                vec![
                    change("name", None, Some("Backup")),
                    change("billing_cost", None, Some("254.10")),
                    change("currency", None, Some("USD")),
                    change("billing_cycle", None, Some("monthly")),
                ],
            ),
            cost("2026-03-01", Some("254.10"), Some("323.40")),
            entry("2026-04-01", vec![change("notes", None, Some("said so"))]),
            cost("2026-06-15", Some("323.40"), Some("290.00")),
            cost("2026-06-16", Some("290.00"), Some("310.25")),
        ],
    }
}

#[test]
fn steps_on_both_screens() {
    insta::assert_snapshot!("80", render(&reply(), &sample(80)));
    insta::assert_snapshot!("120", render(&reply(), &sample(120)));
}

#[test]
fn in_ascii_and_in_colour() {
    let plain = render(&reply(), &Screen { unicode: false, ..sample(80) });
    assert!(plain.is_ascii(), "{plain}");
    insta::assert_snapshot!("ascii", plain);
    insta::assert_snapshot!("colour", render(&reply(), &Screen { colour: true, ..sample(80) }));
}

#[test]
fn one_cost_is_a_line_and_a_contract_that_is_gone_has_none() {
    let mut one = reply();
    one.entries.truncate(1);
    insta::assert_snapshot!("one", render(&one, &sample(60)));
    one.entries
        .push(entry("2026-06-01", vec![change("vanished", None, Some("2026-06-01T09:00:00Z"))]));
    insta::assert_snapshot!("gone", render(&one, &sample(60)));
}

#[test]
fn two_currencies_are_never_on_one_axis() {
    let mut reply = reply();
    reply.entries.push(entry(
        "2026-08-01",
        vec![
            change("currency", Some("USD"), Some("EUR")),
            change("billing_cost", Some("310.25"), Some("280.00")),
        ],
    ));
    let text = render(&reply, &sample(80));
    assert!(text.contains("rate in EUR") && !text.contains("323.40"), "{text}");
    assert!(text.contains("1 step; 4 in another currency not drawn"), "{text}");
}

#[test]
fn no_line_is_wider_than_the_screen_and_nothing_breaks_on_a_single_day() {
    for width in [60, 80, 81, 120, 200] {
        for line in render(&reply(), &sample(width)).lines() {
            assert!(line.width() <= usize::from(width), "{width}: {line}");
        }
    }
    let mut day = reply();
    for entry in &mut day.entries {
        entry.at = "2026-11-24T13:05:00Z".to_owned();
    }
    assert!(render(&day, &sample(80)).contains("4 steps, +56.15 USD"));
}

#[test]
fn without_a_cost_there_is_nothing_to_draw() {
    let none = HistoryReply { key: "S1".to_owned(), entries: Vec::new(), gaps: None };
    assert_eq!(render(&none, &sample(80)), "S1: the history has no rate\n");
}

#[test]
fn what_is_not_billed_is_drawn_as_nothing_and_a_word_says_why() {
    let billing =
        |at: &str, from: Option<&str>, to: &str| entry(at, vec![change("billing", from, Some(to))]);
    let mut line = reply();
    line.entries[0].changes.push(change("billing", None, Some("upcoming")));
    line.entries.insert(1, billing("2026-01-01", Some("upcoming"), "billed"));
    line.entries.push(billing("2026-08-01", Some("billed"), "ended"));
    let told: Vec<(String, Option<Decimal>)> =
        steps(&line).into_iter().map(|step| (step.told, step.amount)).collect();
    let amount = |text: &str| text.parse().ok();
    let expected = [
        ("upcoming", amount("0")),
        ("254.10", amount("254.10")),
        ("323.40", amount("323.40")),
        ("290.00", amount("290.00")),
        ("310.25", amount("310.25")),
        ("ended", amount("0")),
    ];
    assert_eq!(told, expected.map(|(word, amount)| (word.to_owned(), amount)));
    insta::assert_snapshot!("unbilled", render(&line, &sample(80)));
    // That it is known how it is billed is no step.
    let mut known = reply();
    known.entries.push(billing("2026-08-01", None, "billed"));
    assert_eq!(steps(&known), steps(&reply()));
}
