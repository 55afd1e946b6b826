//! What each key does, by what is shown.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::super::state::{Effect, Face, Question, State};
use super::{LONGEST_FILTER, ask, face, leave};
use crate::ctl::app::error::CtlError;
use crate::ctl::dialog::draw::{panels, screen, side};
use crate::ctl::dialog::list::{List, View};
use crate::model::Code;

/// What is said where a key would tick or sync, and auto-sync is on.
pub(super) const READ_ONLY: &str = "read-only: auto-sync is on; A turns it off";

/// A key was pressed.
#[expect(clippy::too_many_lines, reason = "one arm for each key")]
pub fn on_key(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    if key.kind == KeyEventKind::Release {
        return Vec::new();
    }
    state.note = None;
    let control = key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
    if control && key.code == KeyCode::Char('c') {
        return leave(state);
    }
    // What goes by another name on some terminals.
    let code = match key.code {
        KeyCode::Char('n') if control => KeyCode::Down,
        KeyCode::Char('p') if control => KeyCode::Up,
        KeyCode::Char('f' | 'd') if control => KeyCode::PageDown,
        KeyCode::Char('b' | 'u') if control => KeyCode::PageUp,
        KeyCode::Char('h') if control => KeyCode::Backspace,
        KeyCode::Char(_) if control => return Vec::new(),
        code => code,
    };
    if state.is_too_small() {
        return if code == KeyCode::Char('q') { leave(state) } else { Vec::new() };
    }
    match &mut state.face {
        Face::Reading(_) => match code {
            KeyCode::Char('q') | KeyCode::Esc => leave(state),
            _ => Vec::new(),
        },
        Face::Syncing(..) => {
            state.note =
                Some("Ctrl-C closes the dialog; the run continues in the daemon".to_owned());
            Vec::new()
        }
        Face::Switching(..) => Vec::new(),
        Face::List | Face::Button => on_list(state, code),
        Face::Filter => on_filter(state, code),
        Face::Diff(top) => match scrolled(code, *top, side::height(state)) {
            Some(top) => face(state, Face::Diff(top)),
            None => on_diff(state, code),
        },
        Face::Help(top) => match scrolled(code, *top, panels::help_height(state)) {
            Some(top) => face(state, Face::Help(top)),
            None => face(state, Face::List),
        },
        Face::Asking(question) => {
            let question = *question;
            on_answer(state, question, code)
        }
        Face::Result(outcome) => {
            let (lines, height) = (outcome.lines.len(), panels::whole_height(state.size));
            match scrolled(code, outcome.top, lines.saturating_sub(height)) {
                Some(top) => {
                    outcome.top = top;
                    Vec::new()
                }
                None => match code {
                    KeyCode::Enter | KeyCode::Esc | KeyCode::Char('q') => leave(state),
                    KeyCode::Char('r' | 'b') => ask(state, Effect::Preview),
                    _ => Vec::new(),
                },
            }
        }
        Face::Failed(effect) => {
            let effect = effect.clone();
            on_failed(state, effect, code)
        }
    }
}

/// Where a key scrolls to, in a text whose last screen begins at line `end`.
fn scrolled(code: KeyCode, top: usize, end: usize) -> Option<usize> {
    let page = 10;
    let to = match code {
        KeyCode::Down | KeyCode::Char('j') => top.saturating_add(1),
        KeyCode::Up | KeyCode::Char('k') => top.saturating_sub(1),
        KeyCode::PageDown => top.saturating_add(page),
        KeyCode::PageUp => top.saturating_sub(page),
        KeyCode::Home | KeyCode::Char('g') => 0,
        KeyCode::End | KeyCode::Char('G') => end,
        _ => return None,
    };
    Some(to.min(end))
}

fn on_list(state: &mut State, code: KeyCode) -> Vec<Effect> {
    let (height, read_only) = (screen::list_height(state), state.read_only());
    let on_button = matches!(state.face, Face::Button);
    let Some(list) = &mut state.list else { return Vec::new() };
    let page = isize::try_from(height.saturating_sub(1)).unwrap_or(isize::MAX).max(1);
    match code {
        KeyCode::Char('q') => return part(state),
        KeyCode::Esc if on_button => return face(state, Face::List),
        KeyCode::Esc if !list.filter().is_empty() => list.set_filter(String::new()),
        KeyCode::Esc => return part(state),
        KeyCode::Tab | KeyCode::BackTab if on_button => return face(state, Face::List),
        KeyCode::Tab | KeyCode::BackTab => return face(state, Face::Button),
        KeyCode::Enter | KeyCode::Char(' ') if on_button => return sync(state),
        KeyCode::Up | KeyCode::Char('k') if on_button => return face(state, Face::List),
        KeyCode::Down | KeyCode::Char('j') => list.step(1, height),
        KeyCode::Up | KeyCode::Char('k') => list.step(-1, height),
        KeyCode::PageDown => list.step(page, height),
        KeyCode::PageUp => list.step(-page, height),
        KeyCode::Home | KeyCode::Char('g') => list.go(0, height),
        KeyCode::End | KeyCode::Char('G') => list.go(usize::MAX, height),
        KeyCode::Char('1') => list.set_view(View::Both),
        KeyCode::Char('2') => list.set_view(other(list.view(), View::Agreements)),
        KeyCode::Char('3') => list.set_view(other(list.view(), View::Additions)),
        KeyCode::Char('i') if list.ignored() > 0 => list.flip_ignored(),
        KeyCode::Char('i') => state.note = Some("nothing is ignored".to_owned()),
        KeyCode::Char('/') => return face(state, Face::Filter),
        KeyCode::Char('?') => return face(state, Face::Help(0)),
        KeyCode::Char('r') => return ask(state, Effect::Preview),
        KeyCode::Char('A') => return face(state, Face::Asking(Question::Switch(!read_only))),
        KeyCode::Enter if list.current().is_some_and(|row| row.item().is_some()) => {
            return face(state, Face::Diff(0));
        }
        KeyCode::Char(' ' | 'a' | 'n' | 'x' | 's') if read_only => {
            state.note = Some(READ_ONLY.to_owned());
        }
        KeyCode::Char('s') => return sync(state),
        KeyCode::Char('a') => list.tick_shown(),
        KeyCode::Char('n') => list.untick_all(),
        KeyCode::Char(' ') => state.note = (!list.toggle()).then(|| why_not(list)).flatten(),
        KeyCode::Char('x') => state.note = (!list.toggle_alone()).then(|| why_not(list)).flatten(),
        _ => {}
    }
    if let Some(list) = &mut state.list {
        // Whatever was shown or hidden, the row that the keyboard is on stays on the screen.
        list.step(0, height);
    }
    Vec::new()
}

/// A view that is chosen again is left again.
fn other(now: View, chosen: View) -> View {
    if now == chosen { View::Both } else { chosen }
}

fn why_not(list: &List) -> Option<String> {
    let why = list.current()?.why_not()?;
    Some(format!("this row cannot be ticked: {why}"))
}

/// Syncs what is ticked.
fn sync(state: &mut State) -> Vec<Effect> {
    if state.read_only() {
        state.note = Some(READ_ONLY.to_owned());
        return Vec::new();
    }
    let keys: Vec<String> =
        state.list.iter().flat_map(List::ticked_keys).map(str::to_owned).collect();
    if keys.is_empty() {
        state.note = Some("nothing is ticked: space ticks a row, a ticks all".to_owned());
        return Vec::new();
    }
    ask(state, Effect::Sync(keys))
}

/// Leaves, but asks first where ticks would be lost.
fn part(state: &mut State) -> Vec<Effect> {
    let ticked = state.list.as_ref().map_or(0, List::count);
    if ticked == 0 { leave(state) } else { face(state, Face::Asking(Question::Leave)) }
}

fn on_filter(state: &mut State, code: KeyCode) -> Vec<Effect> {
    let height = screen::list_height(state);
    let Some(list) = &mut state.list else { return Vec::new() };
    let mut filter = list.filter().to_owned();
    match code {
        KeyCode::Enter | KeyCode::Tab => return face(state, Face::List),
        KeyCode::Esc => {
            list.set_filter(String::new());
            list.step(0, height);
            return face(state, Face::List);
        }
        KeyCode::Down => list.step(1, height),
        KeyCode::Up => list.step(-1, height),
        KeyCode::Backspace if filter.pop().is_none() => return face(state, Face::List),
        KeyCode::Backspace => list.set_filter(filter),
        KeyCode::Char(kind) if filter.chars().count() < LONGEST_FILTER => {
            filter.push(kind);
            list.set_filter(filter);
        }
        _ => {}
    }
    if let Some(list) = &mut state.list {
        list.step(0, height);
    }
    Vec::new()
}

fn on_diff(state: &mut State, code: KeyCode) -> Vec<Effect> {
    let (height, read_only) = (screen::list_height(state), state.read_only());
    let Some(list) = &mut state.list else { return Vec::new() };
    match code {
        KeyCode::Left | KeyCode::Char('h') => turn(list, -1, height),
        KeyCode::Right | KeyCode::Char('l') => turn(list, 1, height),
        KeyCode::Char(' ' | 'x') if read_only => {
            state.note = Some(READ_ONLY.to_owned());
            return Vec::new();
        }
        KeyCode::Char(' ' | 'x') => {
            if !list.toggle_alone() {
                state.note = why_not(list);
            }
            return Vec::new();
        }
        KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q') => return face(state, Face::List),
        _ => return Vec::new(),
    }
    face(state, Face::Diff(0))
}

/// Goes to the next row that has differences, if there is one.
fn turn(list: &mut List, by: isize, height: usize) {
    let (_, from) = list.position();
    loop {
        let (_, before) = list.position();
        list.step(by, height);
        if list.position().1 == before {
            list.go(from, height);
            return;
        }
        if list.current().is_some_and(|row| row.item().is_some()) {
            return;
        }
    }
}

fn on_answer(state: &mut State, question: Question, code: KeyCode) -> Vec<Effect> {
    match (code, question) {
        (KeyCode::Char('y' | 'Y'), Question::Leave) => leave(state),
        (KeyCode::Char('y' | 'Y'), Question::Switch(on)) => ask(state, Effect::Switch(on)),
        (KeyCode::Char('n' | 'N' | 'q') | KeyCode::Esc, _) => face(state, Face::List),
        _ => Vec::new(),
    }
}

fn on_failed(state: &mut State, effect: Effect, code: KeyCode) -> Vec<Effect> {
    match code {
        KeyCode::Char('r') => ask(state, effect),
        KeyCode::Char('q') => leave(state),
        KeyCode::Esc | KeyCode::Enter if state.list.is_none() => leave(state),
        KeyCode::Esc | KeyCode::Enter => {
            // Somebody else turned auto-sync on meanwhile: the list must know it.
            let refused = matches!(
                &state.ending.failed,
                Some(CtlError::Failed(failure)) if failure.code == Code::AutoSyncEnabled
            );
            let error = state.ending.failed.take();
            if refused {
                let effects = ask(state, Effect::Preview);
                state.ending.failed = error;
                return effects;
            }
            state.ending.failed = error.filter(|_| effect != Effect::Preview);
            face(state, Face::List)
        }
        _ => Vec::new(),
    }
}
