//! What is held stays the same while Autotask says the same, and no longer.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::super::guard::{self, GuardInput, Limits};
use super::*;
use crate::clock::Tz;
use crate::model::{Rejection, SourceItem};
use crate::policy::changes::fixture::{self, CLIENT, item, snapshot, stored};

const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;
const AROUND: GuardInput<'static> =
    GuardInput { live: 5, empty_answer: false, restricted: false, folded: &BTreeSet::new() };
const LIMITS: Limits =
    Limits { max_vanished_percent: 20, hold_price_change_percent: 10, hold_status_flips: false };

/// The imported items: an agreement and five services.
fn imported() -> Vec<SourceItem> {
    let services = (1..6).map(|n| item(&format!("S{n}"), "x", "100"));
    [item("A1", "Care", "500")].into_iter().chain(services).collect()
}

/// What is pending when Autotask shows these, with what was rejected heeded before the guard.
fn pending(
    seen: &[SourceItem],
    held: &[HeldChanges],
) -> (Vec<PendingItem>, BTreeSet<(RunId, ItemKey)>) {
    let book = stored(&imported());
    let shown = snapshot(seen);
    let gone = crate::policy::changes::diff::missing(&shown, &book).into_iter().collect();
    let mut items = fixture::diff(&shown, &book, &gone);
    let heeded = apply_rejections(&mut items, &book, held, Tz::UTC);
    guard::hold(&mut items, AROUND, LIMITS);
    (items, heeded)
}

fn without(lost: &[&str]) -> Vec<SourceItem> {
    let mut items = imported();
    items.retain(|item| !lost.contains(&item.key.to_string().as_str()));
    items
}

fn held(items: &[PendingItem], rejected: &BTreeSet<(RunId, ItemKey)>) -> Vec<HeldChange> {
    let book = stored(&imported());
    let is_rejected = |key| rejected.iter().any(|(_, rejected)| *rejected == key);
    items
        .iter()
        .filter(|item| item.state == PendingState::Held && !is_rejected(item.key))
        .map(|item| kept(item, &book))
        .collect()
}

/// A full run over what Autotask shows, numbered like this; gives what is held after it and how
/// many items it held.
fn run(before: &[HeldChanges], seen: &[SourceItem], number: u64) -> (Vec<HeldChanges>, usize) {
    let (items, rejected) = pending(seen, before);
    let held = held(&items, &rejected);
    let count = held.len();
    let found = Found { full: true, held, rejected, applied: BTreeSet::new() };
    (taken(before, &after_run(before, CLIENT, &found, NOW), number), count)
}

/// What is held once the steps were taken, as the store takes them.
fn taken(held: &[HeldChanges], steps: &[Step], number: u64) -> Vec<HeldChanges> {
    let mut after = held.to_vec();
    for (was, is) in steps {
        if let Some(was) = was {
            let length = after.len();
            after.retain(|of_run| of_run != was);
            assert_eq!(after.len(), length - 1, "a step begins at what is there");
        }
        after.extend(is.clone().map(|mut is| {
            if is.run == HeldChanges::OF_THIS_RUN {
                is.run = RunId(number);
            }
            is
        }));
    }
    assert_eq!(
        undecided_after(held, steps).map(|open| open.items),
        undecided(&after).map(|open| open.items.clone())
    );
    after
}

fn rejected(mut held: Vec<HeldChanges>) -> Vec<HeldChanges> {
    for of_run in &mut held {
        of_run.rejected = Some(Rejection {
            by: "dana".to_owned(),
            at: NOW,
            reason: Some("they moved".to_owned()),
        });
    }
    held
}

#[test]
fn what_is_held_keeps_the_number_of_the_run_that_held_it_first() {
    let lost = without(&["S1", "S2", "S3"]);
    let (first, count) = run(&[], &lost, 7);
    assert_eq!((count, first.len(), first[0].run, first[0].items.len()), (3, 1, RunId(7), 3));
    assert!(first[0].items.iter().all(|item| item.state == PendingState::Vanished));
    let (second, count) = run(&first, &lost, 8);
    assert_eq!((count, &second), (3, &first));
    // Another item is held anew.
    let (third, count) = run(&second, &without(&["S1", "S2", "S3", "S4"]), 9);
    assert_eq!((count, third.len(), third[0].run), (4, 1, RunId(9)));
    // Nothing is held any more.
    assert_eq!(run(&third, &imported(), 10), (Vec::new(), 0));
}

#[test]
fn what_was_rejected_is_held_in_silence_until_autotask_says_something_else() {
    let lost = without(&["S1", "S2", "S3"]);
    let no = rejected(run(&[], &lost, 7).0);
    let (items, heeded) = pending(&lost, &no);
    assert_eq!(heeded.len(), 3);
    assert_eq!(items[0].state, PendingState::Held);
    let why = "rejected by dana on 1970-01-01: they moved";
    assert_eq!(items[0].reason.as_deref(), Some(why));
    assert_eq!(run(&no, &lost, 8), (no.clone(), 0));
    // They do not count toward too many: two more may go.
    let (items, _) = pending(&without(&["S1", "S2", "S3", "S4", "S5"]), &no);
    let vanished = items.iter().filter(|item| item.state == PendingState::Vanished);
    assert_eq!(vanished.count(), 2);
    // One is back: its rejection is forgotten, and when it goes again, it is a new matter.
    let (less, count) = run(&no, &without(&["S1", "S2"]), 9);
    assert_eq!((count, less[0].items.len()), (0, 2));
    let (items, _) = pending(&lost, &less);
    assert_eq!(items.iter().filter(|i| i.state == PendingState::Vanished).count(), 1);
    assert_eq!(run(&less, &imported(), 10), (Vec::new(), 0));
}

#[test]
fn another_price_than_the_rejected_one_is_looked_at_afresh() {
    let dearer = |cost: &str| {
        let mut items = imported();
        items[1] = item("S1", "x", cost);
        items
    };
    let no = rejected(run(&[], &dearer("200"), 7).0);
    assert_eq!(run(&no, &dearer("200"), 8), (no.clone(), 0));
    let (after, count) = run(&no, &dearer("300"), 9);
    assert_eq!(count, 1);
    // The old decision is about what Autotask says no more.
    assert_eq!((after.len(), after[0].run, after[0].rejected.clone()), (1, RunId(9), None));
}

#[test]
fn exactly_what_was_seen_is_let_go_and_what_moved_on_is_named() {
    let lost = without(&["S1", "S2", "S3"]);
    let expected: Vec<Expected> = run(&[], &lost, 7).0[0].items.iter().map(Into::into).collect();
    let book = stored(&imported());
    let (mut items, _) = pending(&lost, &[]);
    release(&mut items, &book, &[], &expected).expect("as it was");
    assert!(items.iter().all(|item| item.state == PendingState::Vanished));
    // What was rejected can be accepted after all.
    let (mut items, _) = pending(&lost, &rejected(run(&[], &lost, 7).0));
    release(&mut items, &book, &[], &expected).expect("as it was");
    assert!(items.iter().all(|item| item.state == PendingState::Vanished));

    let mut seen = without(&["S3"]);
    seen[2] = item("S2", "x", "130");
    let (mut items, _) = pending(&seen, &[]);
    let before = items.clone();
    let moved = release(&mut items, &book, &[], &expected).expect_err("moved on");
    let told: Vec<String> = moved.iter().map(|m| format!("{}: {}", m.key, m.why)).collect();
    assert_eq!(
        told,
        ["S1: the item is in Autotask again", "S2: the item was vanished and is now changed"]
    );
    assert_eq!(items, before, "all or nothing");
}

#[test]
fn a_changed_item_must_change_to_the_same() {
    let book = stored(&imported());
    let now = |cost: &str| {
        let mut items = imported();
        items[1] = item("S1", "x", cost);
        pending(&items, &[]).0
    };
    let expected = [Expected::from(&kept(&now("200")[0], &book))];
    let refused = |items: &mut [PendingItem], rejects: &[Reject]| {
        release(items, &book, rejects, &expected).expect_err("moved on").remove(0).why
    };
    release(&mut now("200"), &book, &[], &expected).expect("the same");
    assert_eq!(refused(&mut now("210"), &[]), "billing_cost now becomes 210");
    assert_eq!(refused(&mut now("100"), &[]), "the item is no longer pending");
    let reject = Reject {
        key: expected[0].key,
        parent: None,
        field: "unitPrice".to_owned(),
        reason: "it is no number".to_owned(),
    };
    let why = "the row cannot be converted: unitPrice: it is no number";
    assert_eq!(refused(&mut now("100"), &[reject]), why);
    let mut ignored = now("200");
    ignored[0].state = PendingState::Ignored;
    assert_eq!(refused(&mut ignored, &[]), "the item was changed and is now ignored");
}

#[test]
fn a_run_of_a_few_items_says_nothing_of_the_others() {
    let open = run(&[], &without(&["S1", "S2", "S3"]), 7).0;
    let key = |text: &str| text.parse::<ItemKey>().expect("a key");
    let after = |found: Found| taken(&open, &after_run(&open, CLIENT, &found, NOW), 8);
    assert_eq!(after(Found::default()), open);
    let applied = after(Found { applied: [key("S1")].into(), ..Found::default() });
    assert_eq!((applied[0].run, applied[0].items.len()), (RunId(7), 2));
    let all = ["S1", "S2", "S3"].map(key).into();
    assert_eq!(after(Found { applied: all, ..Found::default() }), []);
    let again = after(Found { held: vec![open[0].items[1].clone()], ..Found::default() });
    assert_eq!(again[0].run, RunId(7), "it is what was held before");
}

#[test]
fn when_it_was_found_to_have_vanished_is_no_change() {
    let at = |seconds| {
        let at = (NOW + TimeDelta::seconds(seconds)).to_rfc3339();
        vec![FieldChange { field: Field::Vanished, from: None, to: Some(Value::Text(at)) }]
    };
    assert!(same_changes(&at(0), &at(1)));
    assert!(!same_changes(&at(0), &[]));
    let back = vec![FieldChange { field: Field::Vanished, from: at(0)[0].to.clone(), to: None }];
    assert!(!same_changes(&at(0), &back));
}

proptest! {
    /// Whatever Autotask shows in whatever order, and whatever is decided: at most one run's is
    /// undecided, none is empty, and a second run of the same changes nothing.
    #[test]
    fn a_second_run_of_the_same_changes_nothing(
        life in proptest::collection::vec((0u8..32, any::<bool>()), 1..12),
    ) {
        let mut before = Vec::new();
        for (number, (lost, reject)) in life.into_iter().enumerate() {
            let names: Vec<String> =
                (0..5).filter(|n| lost & (1 << n) != 0).map(|n| format!("S{}", n + 1)).collect();
            let seen = without(&names.iter().map(String::as_str).collect::<Vec<_>>());
            let number = number as u64 * 2 + 1;
            let (after, held) = run(&before, &seen, number);
            prop_assert!(after.iter().all(|of_run| !of_run.items.is_empty()));
            prop_assert!(after.iter().filter(|h| h.rejected.is_none()).count() <= 1);
            prop_assert_eq!(held > 0, undecided(&after).is_some());
            prop_assert_eq!(run(&after, &seen, number + 1), (after.clone(), held));
            before = if reject { rejected(after) } else { after };
        }
    }
}
