//! What a key, a reply or a tick does to the dialog. Nothing here waits: what the daemon is to be
//! asked goes back as effects.
//!
//! ```text
//!            Preview             Enter
//! Reading ───────────► List ◄───────────► Diff      List ◄─ / ─► Filter    List ◄─ ? ─► Help
//!    ▲                 │  ▲
//!    │ r               │s │ Esc                     List ── A, q ─► Asking ── y ─► Switching
//!    │                 ▼  │
//! Result ◄── Synced ── Syncing ── an error ──► Failed ── r ─► the same again
//! ```

mod keys;

pub use keys::on_key;

use super::draw::{panels, screen, side};
use super::list::rows;
use super::list::state::List;
use super::state::{Busy, Effect, Face, Outcome, Preview, Reply, State};
use crate::ctl::app::error::CtlError;
use crate::ctl::app::exit;
use crate::ctl::output::sanitize;
use crate::protocol::sync::SyncReply;

/// How long a filter may be, in letters.
const LONGEST_FILTER: usize = 200;

/// Text was pasted: it counts in the filter only.
pub fn on_paste(state: &mut State, text: &str) {
    if let (Face::Filter, Some(list)) = (&state.face, &mut state.list) {
        let text: String = list.filter().chars().chain(sanitize::line(text).chars()).collect();
        list.set_filter(text.chars().take(LONGEST_FILTER).collect());
    }
}

/// The terminal has another size.
pub fn on_resize(state: &mut State, size: (u16, u16)) {
    state.size = size;
    let height = screen::list_height(state);
    if let Some(list) = &mut state.list {
        list.step(0, height);
    }
    let width = panels::whole_width(size);
    if let Face::Result(outcome) = &mut state.face {
        outcome.lines = panels::result_lines(outcome, &state.screen, width);
        let last = outcome.lines.len().saturating_sub(panels::whole_height(size));
        outcome.top = outcome.top.min(last);
    }
    let end = side::height(state);
    if let Face::Diff(top) = &mut state.face {
        *top = (*top).min(end);
    }
}

/// The spinner turns.
pub fn on_tick(state: &mut State) {
    if let Some(busy) = state.busy_mut() {
        busy.ticks += 1;
    }
}

/// The daemon said something.
pub fn on_reply(state: &mut State, reply: Reply) -> Vec<Effect> {
    match reply {
        Reply::Status(status) => {
            state.status = Some(*status);
            if state.read_only()
                && let Some(list) = &mut state.list
            {
                list.untick_all();
            }
            Vec::new()
        }
        Reply::Progress(progress) => {
            if let Some(busy) = state.busy_mut() {
                busy.progress = Some(progress);
            }
            Vec::new()
        }
        Reply::Preview(Ok(preview)) => {
            on_preview(state, *preview);
            Vec::new()
        }
        // Who mistyped a name, or may not ask at all, wants the line that every command prints.
        Reply::Preview(Err(error))
            if state.list.is_none() && matches!(exit::of_error(&error), 2..=5) =>
        {
            state.ending.failed = Some(error);
            leave(state)
        }
        Reply::Preview(Err(error)) => failed(state, Effect::Preview, error),
        Reply::Synced(Ok(reply)) => on_synced(state, *reply),
        Reply::Synced(Err(error)) => {
            let keys = state.list.iter().flat_map(List::ticked_keys).map(str::to_owned).collect();
            failed(state, Effect::Sync(keys), error)
        }
        Reply::Switched(Ok(switch)) => {
            if let Some(status) = &mut state.status {
                status.auto_sync = switch.auto_sync;
                status.next_run.clone_from(&switch.next_run);
                status.last_synced.clone_from(&switch.last_synced);
                status.paused_by.clone_from(&switch.paused_by);
                status.paused_until.clone_from(&switch.paused_until);
            }
            state.note = Some(panels::switched(&switch, &state.screen));
            if let Some(list) = state.list.as_mut().filter(|_| switch.auto_sync) {
                list.untick_all();
            }
            state.ending.switch = Some(switch);
            face(state, Face::List)
        }
        Reply::Switched(Err(error)) => {
            let on = !state.read_only();
            failed(state, Effect::Switch(on), error)
        }
    }
}

fn on_preview(state: &mut State, preview: Preview) {
    let items = preview.pending.items.unwrap_or_default();
    let rejects = preview.pending.rejects.unwrap_or_default();
    let rows = rows::build(&items, &rejects, &preview.names);
    let list = List::new(rows, preview.pending.as_of);
    let mut list = match &state.list {
        Some(before) => list.after(before),
        None => list,
    };
    if state.read_only() {
        list.untick_all();
    }
    state.list = Some(list);
    state.face = Face::List;
    let height = screen::list_height(state);
    if let Some(list) = &mut state.list {
        list.step(0, height);
    }
}

fn on_synced(state: &mut State, reply: SyncReply) -> Vec<Effect> {
    let Some(run) = reply.run else {
        let error = CtlError::Nonsense("the last reply of a sync has no run".to_owned());
        return failed(state, Effect::Preview, error);
    };
    state.ending.runs.push(run.clone());
    let (items, rejects) = (reply.items.unwrap_or_default(), reply.rejects.unwrap_or_default());
    let mut outcome = Outcome { run, items, rejects, lines: Vec::new(), top: 0 };
    let width = panels::whole_width(state.size);
    outcome.lines = panels::result_lines(&outcome, &state.screen, width);
    if let Some(list) = &mut state.list {
        // What was ticked is done with; another look tells what is left.
        list.untick_all();
    }
    face(state, Face::Result(Box::new(outcome)))
}

fn failed(state: &mut State, effect: Effect, error: CtlError) -> Vec<Effect> {
    state.ending.failed = Some(error);
    face(state, Face::Failed(effect))
}

/// Leaves the dialog. A run that is under way goes on in the daemon.
fn leave(state: &mut State) -> Vec<Effect> {
    state.ending.under_way = matches!(state.face, Face::Syncing(..));
    vec![Effect::Leave]
}

fn face(state: &mut State, face: Face) -> Vec<Effect> {
    state.face = face;
    Vec::new()
}

/// Asks the daemon and waits for it with a spinner.
fn ask(state: &mut State, effect: Effect) -> Vec<Effect> {
    state.ending.failed = None;
    state.face = match &effect {
        Effect::Preview => Face::Reading(Busy::default()),
        Effect::Sync(keys) => Face::Syncing(keys.len(), Busy::default()),
        Effect::Switch(on) => Face::Switching(*on, Busy::default()),
        Effect::Leave => return leave(state),
    };
    vec![effect]
}

#[cfg(test)]
mod tests;
