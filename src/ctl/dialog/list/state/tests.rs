//! Properties of ticking, and examples of what is shown.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::rows;
use super::*;
use crate::ctl::dialog::samples::{many, pending};
use crate::ctl::text::items;
use crate::protocol::sync::Item;

fn list(preview: crate::ctl::dialog::state::Preview) -> List {
    let (items, rejects) = (preview.pending.items, preview.pending.rejects);
    let rows =
        rows::build(&items.unwrap_or_default(), &rejects.unwrap_or_default(), &preview.names);
    List::new(rows, None)
}

fn keys(list: &List) -> Vec<&str> {
    list.shown().iter().map(|place| list.rows()[*place].key()).collect()
}

fn ticked(list: &List) -> Vec<&str> {
    list.ticked_keys().collect()
}

#[test]
fn both_are_shown_and_what_is_ignored_is_not() {
    let mut list = list(pending());
    let all = ["A29683353", "S55102", "B771", "B772"];
    let more = ["A29683360", "T9", "A29683399", "S61", "S7"];
    assert_eq!(keys(&list), [all.as_slice(), &more].concat());
    list.flip_ignored();
    assert_eq!(keys(&list), [all.as_slice(), &["S55109"], &more].concat());
}

#[test]
fn agreements_only_and_additions_only() {
    let mut list = list(pending());
    list.set_view(View::Agreements);
    assert_eq!(keys(&list), ["A29683353", "A29683360"]);
    list.set_view(View::Additions);
    assert_eq!(keys(&list), ["S55102", "B771", "B772", "T9", "S61", "S7"]);
}

#[test]
fn a_filter_keeps_the_agreement_of_what_it_finds_and_the_additions_of_an_agreement() {
    let mut list = list(pending());
    list.set_filter("ENDPOINT".to_owned());
    assert_eq!(keys(&list), ["A29683353", "S55102"]);
    list.set_filter("managed workplace".to_owned());
    assert_eq!(keys(&list), ["A29683353", "S55102", "B771", "B772"]);
    list.set_filter("backup".to_owned());
    assert_eq!(keys(&list), ["A29683399", "S61"]);
    list.set_filter("マネージド".to_owned());
    assert_eq!(keys(&list), ["A29683360", "T9"]);
    list.set_filter("s7".to_owned());
    assert_eq!(keys(&list), ["S7"]);
    list.set_filter("xyzzy".to_owned());
    assert_eq!((keys(&list).len(), list.current().is_none()), (0, true));
    assert!(!list.toggle() && !list.toggle_alone());
}

#[test]
fn an_agreement_ticks_its_additions_and_shows_partial_ticks() {
    let mut list = list(pending());
    assert!(list.toggle());
    assert_eq!(ticked(&list), ["A29683353", "S55102", "B771"]);
    assert_eq!(list.tick(0), Tick::On);
    list.step(1, 10);
    list.toggle();
    assert_eq!(list.tick(0), Tick::Part);
    assert_eq!((list.tick(1), list.tick(2)), (Tick::Off, Tick::On));
    list.go(0, 10);
    list.toggle();
    assert_eq!(list.tick(0), Tick::On, "a partial tick is made whole first");
    list.toggle();
    assert_eq!((list.tick(0), list.count()), (Tick::Off, 0));
    list.toggle_alone();
    assert_eq!((list.tick(0), ticked(&list)), (Tick::Part, vec!["A29683353"]));
}

#[test]
fn an_agreement_that_is_not_pending_stands_for_its_additions() {
    let mut list = list(pending());
    list.set_filter("backup".to_owned());
    assert!(list.toggle());
    assert_eq!(ticked(&list), ["S61"]);
    assert!(!list.toggle_alone());
}

#[test]
fn what_is_hidden_is_not_ticked_and_what_is_ticked_may_be_hidden() {
    let mut list = list(pending());
    list.set_view(View::Agreements);
    list.toggle();
    assert_eq!(ticked(&list), ["A29683353"]);
    list.tick_shown();
    assert_eq!(ticked(&list), ["A29683353", "A29683360"]);
    list.set_view(View::Additions);
    assert_eq!((list.count(), list.count_hidden()), (2, 2));
    list.untick_all();
    assert_eq!(list.count(), 0);
}

#[test]
fn another_look_keeps_ticks_filter_and_place() {
    let mut before = list(pending());
    before.set_filter("bundle".to_owned());
    before.go(1, 10);
    before.toggle();
    let mut preview = pending();
    let items = preview.pending.items.as_mut().expect("items");
    items.remove(1);
    let after = list(preview).after(&before);
    assert_eq!(after.filter(), "bundle");
    assert_eq!(ticked(&after), ["B771"]);
    assert_eq!(after.current().map(Row::key), Some("B771"));
    let empty = List::new(Vec::new(), None).after(&before);
    assert_eq!((empty.count(), empty.current().is_none()), (0, true));
}

#[test]
fn only_what_the_screen_has_room_for_is_made_into_lines() {
    let mut list = list(many(1000));
    assert_eq!(list.rows().len(), 5000);
    for place in [0, 7, 2500, 4999, usize::MAX] {
        list.go(place, 14);
        let theme = crate::ctl::dialog::theme::Theme { colour: true };
        assert_eq!(
            crate::ctl::dialog::list::grid::lines(&list, (80, 14), false, true, theme).len(),
            14
        );
    }
    assert_eq!(list.current().map(Row::key), Some("S3999"));
}

/// A key that ticks or moves.
#[derive(Debug, Clone)]
enum Key {
    Toggle,
    Alone,
    All,
    None,
    Step(isize),
    Go(usize),
    View(u8),
    Filter(&'static str),
    Ignored,
}

fn key() -> impl Strategy<Value = Key> {
    prop_oneof![
        4 => Just(Key::Toggle),
        2 => Just(Key::Alone),
        1 => Just(Key::All),
        1 => Just(Key::None),
        3 => (-3isize..4).prop_map(Key::Step),
        2 => (0usize..40).prop_map(Key::Go),
        1 => (0u8..3).prop_map(Key::View),
        1 => prop::sample::select(vec!["", "1", "2", "new", "held", "zzz"]).prop_map(Key::Filter),
        1 => Just(Key::Ignored),
    ]
}

/// Items of agreements, each with some additions; now and then the agreement itself is missing.
fn tree() -> impl Strategy<Value = Vec<Item>> {
    let state = || {
        let states = vec!["new", "changed", "vanished", "held", "ignored", "unsupported"];
        prop::sample::select(states)
    };
    let agreement = (any::<bool>(), state(), prop::collection::vec(state(), 0..4));
    prop::collection::vec(agreement, 0..6).prop_map(|agreements| {
        let sample = items::samples().remove(0);
        let mut items = Vec::new();
        let mut number = 0;
        let mut item = |parent: Option<String>, state: &str| {
            number += 1;
            let kind = if parent.is_some() { 'S' } else { 'A' };
            Item { key: format!("{kind}{number}"), parent, state: state.into(), ..sample.clone() }
        };
        for (place, (there, state, additions)) in agreements.into_iter().enumerate() {
            let mut parent = format!("A9{place}");
            if there {
                items.push(item(None, state));
                parent.clone_from(&items.last().expect("just pushed").key);
            }
            items.extend(additions.iter().map(|state| item(Some(parent.clone()), state)));
        }
        items
    })
}

/// The keys of what is ticked, of everything that is shown, or could be ticked.
fn set(list: &List, of: impl Fn(usize) -> bool) -> BTreeSet<&str> {
    (0..list.rows().len()).filter(|p| of(*p)).map(|p| list.rows()[p].key()).collect()
}

proptest! {
    #[test]
    fn ticks_hold_whatever_is_pressed(tree in tree(), keys in prop::collection::vec(key(), 0..40)) {
        const HEIGHT: usize = 4;
        let mut list = List::new(rows::build(&tree, &[], &Default::default()), None);
        for key in keys {
            let before = list.clone();
            let changed = match &key {
                Key::Toggle => list.toggle(),
                Key::Alone => list.toggle_alone(),
                Key::All => { list.tick_shown(); true }
                Key::None => { list.untick_all(); true }
                Key::Step(by) => { list.step(*by, HEIGHT); false }
                Key::Go(to) => { list.go(*to, HEIGHT); false }
                Key::View(0) => { list.set_view(View::Both); false }
                Key::View(1) => { list.set_view(View::Agreements); false }
                Key::View(_) => { list.set_view(View::Additions); false }
                Key::Filter(text) => { list.set_filter((*text).to_owned()); false }
                Key::Ignored => { list.flip_ignored(); false }
            };
            list.step(0, HEIGHT);
            let now = set(&list, |place| list.is_ticked(place));
            let then = set(&before, |place| before.is_ticked(place));
            let can = set(&list, |place| list.rows()[place].tickable);
            let shown = set(&list, |place| list.shown().contains(&place));

            // Only what can be applied is ever ticked, and the count on the button is that.
            prop_assert!(now.is_subset(&can));
            prop_assert_eq!(list.count(), now.len());
            prop_assert_eq!(list.ticked_keys().collect::<BTreeSet<_>>(), now.clone());
            prop_assert_eq!(list.count_hidden(), now.difference(&shown).count());

            // Looking around ticks nothing, and nothing hidden is ever ticked.
            if !changed {
                prop_assert_eq!(&now, &then);
            }
            prop_assert!(now.difference(&then).all(|key| shown.contains(key)));
            match key {
                Key::None => prop_assert!(now.is_empty()),
                Key::All => {
                    let all = shown.intersection(&can).copied().collect::<BTreeSet<_>>();
                    prop_assert!(all.is_subset(&now) && then.is_subset(&now));
                }
                Key::Alone if changed => {
                    let differ = now.symmetric_difference(&then).collect::<Vec<_>>();
                    prop_assert_eq!(differ, [&before.current().expect("a row").key()]);
                }
                Key::Toggle if changed => {
                    // All of the family that is shown is alike, and the rest as it was.
                    let place = before.place().expect("a row");
                    let below = &list.rows()[place].below;
                    let family = set(&list, |p| {
                        (p == place || below.contains(&p)) && list.shown().contains(&p)
                            && list.rows()[p].tickable
                    });
                    let on = family.iter().filter(|key| now.contains(*key)).count();
                    prop_assert!(on == 0 || on == family.len());
                    let rest = |of: &BTreeSet<&str>| {
                        of.difference(&family).map(|key| (*key).to_owned()).collect::<Vec<_>>()
                    };
                    prop_assert_eq!(rest(&now), rest(&then));
                    // A second time takes it back where everything was alike before.
                    let mut again = list.clone();
                    again.toggle();
                    let uniform = family.is_subset(&then) || family.is_disjoint(&then);
                    let back = set(&again, |place| again.is_ticked(place));
                    prop_assert!(!uniform || back == then);
                }
                _ => {}
            }

            // A checkbox says what is true of the agreement with its additions.
            for (place, row) in list.rows().iter().enumerate() {
                let all = set(&list, |p| {
                    (p == place || row.below.contains(&p)) && list.rows()[p].tickable
                });
                let on = all.intersection(&now).count();
                let told = match (all.len(), on) {
                    (0, _) => Tick::None,
                    (_, 0) => Tick::Off,
                    (all, on) if all == on => Tick::On,
                    _ => Tick::Part,
                };
                prop_assert_eq!(list.tick(place), told);
            }

            // The row that the keyboard is on is on the screen, and no line is wasted.
            let (top, cursor) = list.position();
            prop_assert!(top <= cursor && cursor < top + HEIGHT);
            prop_assert!(top == 0 || top + HEIGHT <= list.shown().len());
        }
    }
}
