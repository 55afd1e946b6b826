//! What keys and replies do, and what they ask of the daemon.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyEventState, KeyModifiers};

use super::super::samples::*;
use super::super::state::Ending;
use super::keys::READ_ONLY;
use super::*;
use crate::ctl::commands::book::run::sample_run;
use crate::ctl::dialog::list::View;
use crate::model::{Advice, Code, Failure};
use crate::protocol::sync::Switch;

const SIZE: (u16, u16) = (80, 24);

fn list() -> State {
    listed(SIZE, pending(), false)
}

fn keys(keys: &[&str]) -> Effect {
    Effect::Sync(keys.iter().map(|key| (*key).to_owned()).collect())
}

fn failure(code: Code) -> CtlError {
    CtlError::Failed(Failure::new(code, "why").advise(Advice::Retry))
}

fn note(state: &State) -> &str {
    state.note.as_deref().unwrap_or_default()
}

#[test]
fn what_is_ticked_is_synced_and_nothing_else() {
    let mut state = list();
    assert_eq!(press(&mut state, "<Down> <Down> s"), [keys(&["S55102", "B771"])]);
    let Face::Syncing(2, _) = state.face else { panic!("{:?}", state.face) };
    assert_eq!(press(&mut state, "sq<Esc><Enter>"), [], "a run is not begun twice");
}

#[test]
fn the_button_syncs_too() {
    let mut state = list();
    assert_eq!(press(&mut state, " <Tab><Enter>"), [keys(&["A29683353", "S55102", "B771"])]);
    let mut state = list();
    assert_eq!(press(&mut state, "<Tab><Esc><Tab><Up><Tab><Tab>"), []);
    assert!(matches!(state.face, Face::List));
}

#[test]
fn nothing_ticked_is_nothing_synced() {
    let mut state = list();
    assert_eq!(press(&mut state, "s"), []);
    assert!(note(&state).starts_with("nothing is ticked"));
    press(&mut state, "<Down>");
    assert_eq!(state.note, None, "a word about a key lasts until the next one");
}

#[test]
fn what_cannot_be_applied_cannot_be_ticked_and_says_why() {
    let mut state = list();
    press(&mut state, "<Down><Down><Down> ");
    assert!(note(&state).contains("dana reverted run 12"), "{}", note(&state));
    press(&mut state, "<End>x");
    assert!(
        note(&state).contains("unitPrice is \"12,50\", which is not a number"),
        "{}",
        note(&state)
    );
    press(&mut state, "a");
    assert_eq!(press(&mut state, "s").len(), 1);
}

#[test]
fn leaving_changes_nothing_and_asks_only_where_ticks_would_be_lost() {
    for way in ["q", "<Esc>", "<C-c>"] {
        assert_eq!(press(&mut list(), way), [Effect::Leave], "{way}");
    }
    let mut state = list();
    assert_eq!(press(&mut state, " q"), []);
    assert_eq!(press(&mut state, "n"), []);
    assert_eq!(press(&mut state, "<Esc>y"), [Effect::Leave]);
    let mut state = list();
    assert_eq!(press(&mut state, " <C-c>"), [Effect::Leave]);
    let Ending { runs, switch: None, failed: None, under_way: false } = state.ending else {
        panic!("{:?}", state.ending)
    };
    assert!(runs.is_empty());
}

#[test]
fn reading_can_be_left_and_a_run_goes_on_without_the_dialog() {
    assert_eq!(press(&mut fresh(SIZE), "xq"), [Effect::Leave]);
    let mut state = list();
    press(&mut state, " s");
    assert_eq!(press(&mut state, "<C-c>"), [Effect::Leave]);
    assert!(state.ending.under_way);
}

#[test]
fn while_auto_sync_is_on_nothing_is_ticked_and_nothing_synced() {
    let mut state = listed(SIZE, pending(), true);
    for key in [" ", "a", "x", "s", "<Enter> <Esc>", "<Tab><Enter><Esc>"] {
        assert_eq!(press(&mut state, key), [], "{key}");
        assert_eq!(state.list.as_ref().expect("a list").count(), 0, "{key}");
    }
    press(&mut state, "s");
    assert_eq!(note(&state), READ_ONLY);
    assert_eq!(press(&mut state, "q"), [Effect::Leave], "nothing is lost");
}

fn switch(on: bool) -> Switch {
    Switch {
        id: 174,
        name: "Acme Dental".to_owned(),
        auto_sync: on,
        changed: true,
        next_run: on.then(|| "2026-11-24T13:05:00Z".to_owned()),
        brings: on.then_some(5),
        last_synced: None,
        paused_by: None,
        paused_until: None,
    }
}

#[test]
fn the_switch_is_turned_after_a_yes_only() {
    let mut state = list();
    assert_eq!(press(&mut state, "aAn"), []);
    assert_eq!(press(&mut state, "A<Enter> <Esc>"), [], "only y is a yes");
    assert_eq!(press(&mut state, "Ay"), [Effect::Switch(true)]);
    reply(&mut state, Reply::Switched(Ok(switch(true))));
    assert!(state.read_only());
    assert_eq!(state.list.as_ref().expect("a list").count(), 0, "ticks are of no use now");
    assert!(note(&state).contains("imports 5 pending items"), "{}", note(&state));
    assert_eq!(press(&mut state, "Ay"), [Effect::Switch(false)]);
    reply(&mut state, Reply::Switched(Ok(switch(false))));
    assert!(!state.read_only());
    assert_eq!(state.ending.switch.map(|switch| switch.auto_sync), Some(false));
}

#[test]
fn a_failure_says_why_and_the_same_can_be_tried_again() {
    let mut state = list();
    press(&mut state, " s");
    reply(&mut state, Reply::Synced(Err(failure(Code::Busy))));
    assert_eq!(state.ending.failed.as_ref().map(exit::of_error), Some(9));
    let again = press(&mut state, "r");
    assert_eq!(again, [keys(&["A29683353", "S55102", "B771"])]);
    assert!(state.ending.failed.is_none(), "a new try has not failed yet");
    reply(&mut state, Reply::Synced(Err(failure(Code::Unreachable))));
    assert_eq!(press(&mut state, "<Esc>"), []);
    assert_eq!(state.list.as_ref().expect("a list").count(), 3, "the ticks are still there");
    press(&mut state, "n");
    assert_eq!(press(&mut state, "q"), [Effect::Leave]);
    assert_eq!(state.ending.failed.as_ref().map(exit::of_error), Some(7), "as sync has it");

    let mut state = list();
    press(&mut state, "Ay");
    reply(&mut state, Reply::Switched(Err(failure(Code::NotPermitted))));
    assert_eq!(press(&mut state, "r"), [Effect::Switch(true)]);
}

#[test]
fn a_reading_that_fails_can_be_tried_again_or_left_with_its_status() {
    let mut state = fresh(SIZE);
    reply(&mut state, Reply::Preview(Err(failure(Code::Unreachable))));
    assert_eq!(press(&mut state, "r"), [Effect::Preview]);
    reply(&mut state, Reply::Preview(Err(failure(Code::Unreachable))));
    assert_eq!(press(&mut state, "<Esc>"), [Effect::Leave]);
    assert_eq!(state.ending.failed.as_ref().map(exit::of_error), Some(7));
}

#[test]
fn a_client_that_is_not_there_needs_no_dialog() {
    for code in [Code::NoSuchClient, Code::AmbiguousClient, Code::NotPermitted] {
        let mut state = fresh(SIZE);
        let effects = on_reply(&mut state, Reply::Preview(Err(failure(code))));
        assert_eq!(effects, [Effect::Leave], "{code:?}");
        assert!(state.ending.failed.is_some());
    }
    let mut state = list();
    press(&mut state, "r");
    reply(&mut state, Reply::Preview(Err(failure(Code::NotPermitted))));
    assert!(matches!(state.face, Face::Failed(Effect::Preview)), "later it is shown");
}

#[test]
fn auto_sync_that_somebody_else_turned_on_is_seen() {
    let mut state = list();
    press(&mut state, " s");
    reply(&mut state, Reply::Synced(Err(failure(Code::AutoSyncEnabled))));
    assert_eq!(press(&mut state, "<Esc>"), [Effect::Preview]);
    reply(&mut state, Reply::Status(Box::new(status(true))));
    reply(&mut state, Reply::Preview(Ok(Box::new(pending()))));
    assert!(state.read_only());
    assert_eq!(state.list.as_ref().expect("a list").count(), 0);
    assert_eq!(state.ending.failed.as_ref().map(exit::of_error), Some(6));
}

#[test]
fn a_result_stays_until_it_is_dismissed() {
    let synced = || SyncReply { run: Some(sample_run()), ..SyncReply::default() };
    let mut state = list();
    press(&mut state, " s");
    reply(&mut state, Reply::Synced(Ok(Box::new(synced()))));
    assert_eq!(press(&mut state, "<Down><PgDn>x "), []);
    assert!(matches!(state.face, Face::Result(_)));
    assert_eq!(press(&mut state, "r"), [Effect::Preview], "what is left");
    reply(&mut state, Reply::Preview(Ok(Box::new(pending()))));
    assert_eq!(state.list.as_ref().expect("a list").count(), 0, "what was synced is not ticked");
    press(&mut state, " s");
    reply(&mut state, Reply::Synced(Ok(Box::new(synced()))));
    assert_eq!(press(&mut state, "<Enter>"), [Effect::Leave]);
    assert_eq!(state.ending.runs.len(), 2);
}

#[test]
fn a_filter_is_typed_kept_and_cleared() {
    let mut state = list();
    press(&mut state, "/qa");
    let filter = |state: &State| state.list.as_ref().expect("a list").filter().to_owned();
    assert_eq!(filter(&state), "qa", "letters are text here");
    press(&mut state, "<Backspace><Backspace>bundle<Enter>");
    assert_eq!(filter(&state), "bundle");
    assert!(matches!(state.face, Face::List));
    assert_eq!(press(&mut state, "<Esc>"), [], "Esc clears the filter first");
    assert_eq!(filter(&state), "");
    press(&mut state, "/x<Esc>/<Backspace>");
    assert!(matches!(state.face, Face::List));
}

#[test]
fn what_is_pasted_is_text_in_the_filter_and_nothing_elsewhere() {
    let mut state = list();
    on_paste(&mut state, "a s q");
    assert_eq!(state.list.as_ref().expect("a list").count(), 0);
    press(&mut state, "/");
    on_paste(&mut state, "bun\u{1b}[2Jdle\n");
    assert_eq!(state.list.as_ref().expect("a list").filter(), "bun [2Jdle ");
    on_paste(&mut state, &"x".repeat(10_000));
    assert_eq!(state.list.as_ref().expect("a list").filter().chars().count(), LONGEST_FILTER);
}

#[test]
fn a_second_2_shows_both_again() {
    let mut state = list();
    let view = |state: &State| state.list.as_ref().expect("a list").view();
    press(&mut state, "2");
    assert_eq!(view(&state), View::Agreements);
    press(&mut state, "2");
    assert_eq!(view(&state), View::Both);
    press(&mut state, "3");
    assert_eq!(view(&state), View::Additions);
    press(&mut state, "1");
    assert_eq!(view(&state), View::Both);
}

#[test]
fn differences_go_from_row_to_row_over_those_that_have_none() {
    let mut state = list();
    press(&mut state, "<End><Enter>");
    assert!(matches!(state.face, Face::List), "a rejected row has no differences");
    press(&mut state, "<Up><Enter>");
    let key =
        |state: &State| state.list.as_ref().and_then(List::current).map(|row| row.key().to_owned());
    assert_eq!(key(&state).as_deref(), Some("S61"));
    press(&mut state, "<Right>");
    assert_eq!(key(&state).as_deref(), Some("S61"), "there is none after it");
    press(&mut state, "<Left>");
    assert_eq!(key(&state).as_deref(), Some("T9"), "over the agreement that is not pending");
    press(&mut state, "<Left> <Enter>");
    assert!(matches!(state.face, Face::List));
    assert_eq!(press(&mut state, "s"), [keys(&["A29683360"])]);
}

#[test]
fn a_screen_that_is_too_small_does_nothing_but_leave() {
    let mut state = list();
    on_resize(&mut state, (30, 8));
    assert_eq!(press(&mut state, "as Ay"), []);
    assert_eq!(state.list.as_ref().expect("a list").count(), 0);
    assert_eq!(press(&mut state, "q"), [Effect::Leave]);
    on_resize(&mut state, SIZE);
    assert_eq!(press(&mut state, "as").len(), 1);
}

#[test]
fn the_row_stays_on_the_screen_whatever_size_it_gets() {
    let mut state = listed(SIZE, many(100), false);
    press(&mut state, "<End><Up>");
    for size in [(80, 12), (80, 60), (120, 10), (40, 24)] {
        on_resize(&mut state, size);
        let height = screen::list_height(&state);
        let (top, cursor) = state.list.as_ref().expect("a list").position();
        assert_eq!(cursor, 498);
        assert!(top <= cursor && cursor < top + height, "{top} {cursor} {height}");
        assert!(top + height <= 500, "no line is wasted");
    }
}

#[test]
fn a_key_counts_when_it_goes_down() {
    let mut state = list();
    let mut up = KeyEvent::from(KeyCode::Char('q'));
    (up.kind, up.state) = (KeyEventKind::Release, KeyEventState::NONE);
    assert_eq!(on_key(&mut state, up), []);
    let control = KeyEvent::new(KeyCode::Char('a'), KeyModifiers::CONTROL);
    assert_eq!(on_key(&mut state, control), []);
    assert_eq!(state.list.as_ref().expect("a list").count(), 0);
}
