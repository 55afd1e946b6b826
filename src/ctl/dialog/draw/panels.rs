//! What lies over the list: progress, questions, results, errors and the keys.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Block, Clear, Padding};

use crate::ctl::app::error::CtlError;
use crate::ctl::commands::sync::{auto_sync, pause, pending, sync};
use crate::ctl::dialog::state::{Busy, Effect, Face, Outcome, Question, State};
use crate::ctl::dialog::text;
use crate::ctl::dialog::theme::Theme;
use crate::ctl::output::progress::doing as doing_of;
use crate::ctl::output::screen::{Screen, Tone, count};
use crate::ctl::text::items;
use crate::model::{Advice, Failure};
use crate::protocol::sync::Switch;

/// How long a turn of the spinner is, in milliseconds.
pub const TICK: u64 = 120;

/// How wide a box is at most; longer lines are hard to read.
const WIDEST: u16 = 76;

/// From this width on a box leaves a part of the list on either side of it.
const ROOMY: u16 = 60;

/// The columns of a panel that are not its text: border and blank on either side.
const SIDES: u16 = 4;

/// The lines of a panel that are not its text: its border, and the keys.
const EDGES: u16 = 3;

/// The spinner.
const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// The keys, and what they do.
const KEYS: [(&str, &str); 17] = [
    ("↑ ↓ k j", "move by a row"),
    ("PgUp PgDn", "move by a screen; g/Home first row, G/End last row"),
    ("space", "tick or untick; an agreement with its shown additions"),
    ("x", "tick or untick only this row"),
    ("a", "tick all shown rows"),
    ("n", "untick all rows"),
    ("Enter", "what changes, old and new side by side"),
    ("/", "show only rows that contain a text (name, key, type, state)"),
    ("1 2 3", "both, agreements only, additions only"),
    ("i", "show or hide ignored items"),
    ("s", "sync the ticked items; or Tab to the button, and Enter"),
    ("A", "turn auto-sync for this client on or off"),
    ("r", "read from Autotask again"),
    ("q Esc", "leave; Ctrl-C leaves at once"),
    ("", ""),
    ("[x] [ ] [~]", "ticked, not ticked, some of it and its additions"),
    (" · ", "cannot be ticked; the row says why"),
];

/// Draws what lies over the list.
pub fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, theme: Theme) {
    match &state.face {
        Face::Reading(busy) => {
            let what = format!("Reading what is new or changed for {}", state.who());
            waiting(frame, area, &what, busy, "q leaves", theme);
        }
        Face::Syncing(number, busy) => {
            let what = format!("Syncing {}", count(*number as i64, "selected contract"));
            let keys = "Ctrl-C closes the dialog; the run continues in the daemon";
            waiting(frame, area, &what, busy, keys, theme);
        }
        Face::Switching(on, busy) => {
            let what = format!("Turning auto-sync {}", if *on { "on" } else { "off" });
            waiting(frame, area, &what, busy, "", theme);
        }
        Face::Asking(question) => {
            let (title, lines) = asked(state, *question);
            boxed(frame, area, &title, &lines, "y yes   n no", theme.tone(Tone::Plain), theme);
        }
        Face::Failed(effect) => failed(frame, area, state, effect, theme),
        Face::Help(top) => {
            let lines = help_lines(panel_width(area.width));
            let shown: Vec<String> = lines.into_iter().skip(*top).collect();
            let style = theme.tone(Tone::Plain);
            boxed(frame, area, "Keys", &shown, "Esc back   ↑ ↓ scroll", style, theme);
        }
        Face::Result(outcome) => result(frame, area, outcome, theme),
        Face::List | Face::Button | Face::Filter | Face::Diff(_) => {}
    }
}

/// How wide a box is on a screen of this width.
fn box_width(width: u16) -> u16 {
    if width < ROOMY { width } else { (width - 8).min(WIDEST) }
}

/// How wide the text in it is.
fn panel_width(width: u16) -> usize {
    usize::from(box_width(width).saturating_sub(SIDES))
}

/// The place of a panel that covers the list: all but the first and the last line.
pub fn whole(area: Rect) -> Rect {
    Rect { y: area.y + 1, height: area.height.saturating_sub(2), ..area }
}

/// How wide its text is on a screen of this size.
pub fn whole_width(size: (u16, u16)) -> usize {
    usize::from(size.0.saturating_sub(SIDES))
}

/// How many lines of text it has room for.
pub fn whole_height(size: (u16, u16)) -> usize {
    usize::from(size.1.saturating_sub(2 + EDGES))
}

/// A panel in the middle with these lines and, below them, the keys that count now.
fn boxed(
    frame: &mut Frame<'_>,
    area: Rect,
    title: &str,
    lines: &[String],
    keys: &str,
    style: ratatui::style::Style,
    theme: Theme,
) {
    let width = box_width(area.width);
    let wanted = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(4);
    let height = wanted.min(area.height);
    let panel = Rect {
        x: area.x + (area.width.saturating_sub(width)) / 2,
        y: area.y + (area.height.saturating_sub(height)) / 2,
        width,
        height,
    };
    filled(frame, panel, title, lines, keys, style, theme);
}

/// A panel at this place.
pub fn filled(
    frame: &mut Frame<'_>,
    panel: Rect,
    title: &str,
    lines: &[String],
    keys: &str,
    style: ratatui::style::Style,
    theme: Theme,
) {
    let title = text::cut(title, usize::from(panel.width.saturating_sub(6)));
    let block = Block::bordered()
        .border_style(style)
        .title(Line::styled(format!(" {title} "), style.patch(theme.strong())))
        .padding(Padding::horizontal(1));
    let inner = block.inner(panel);
    frame.render_widget(Clear, panel);
    frame.render_widget(block, panel);
    let body = Rect { height: inner.height.saturating_sub(1), ..inner };
    for (y, line) in (body.y..body.bottom()).zip(lines) {
        frame.render_widget(Line::raw(line.as_str()), Rect { y, height: 1, ..inner });
    }
    let last = Rect { y: inner.bottom().saturating_sub(1), height: 1, ..inner };
    frame.render_widget(Line::styled(keys.to_owned(), theme.strong()), last);
}

fn waiting(frame: &mut Frame<'_>, area: Rect, what: &str, busy: &Busy, keys: &str, theme: Theme) {
    let turn = usize::try_from(busy.ticks).unwrap_or(0) % SPINNER.len();
    let elapsed = Duration::from_millis(busy.ticks * TICK);
    let doing = busy.progress.as_ref();
    let doing =
        doing.map_or_else(|| "asking the daemon".to_owned(), |told| doing_of(told, elapsed));
    let seconds = elapsed.as_secs();
    let told = format!("{} {doing} · {seconds} s", SPINNER[turn]);
    let lines = text::wrap(&told, panel_width(area.width));
    boxed(frame, area, what, &lines, keys, theme.tone(Tone::Plain), theme);
}

fn asked(state: &State, question: Question) -> (String, Vec<String>) {
    let width = panel_width(state.size.0);
    let wrap = |texts: &[&str]| texts.iter().flat_map(|t| text::wrap(t, width)).collect();
    let list = state.list.as_ref();
    match question {
        Question::Leave => {
            let number = list.map_or(0, crate::ctl::dialog::list::List::count);
            let title = "Leave without syncing?".to_owned();
            let ticked = count(number as i64, "selected contract");
            (title, wrap(&[&format!("{ticked} will not be imported.")]))
        }
        Question::Switch(true) => {
            let title = format!("Turn auto-sync on for {}?", state.who());
            let items: Vec<_> =
                list.iter().flat_map(|list| list.rows()).filter_map(|row| row.item()).collect();
            let number = items.iter().filter(|item| pending::applies(item)).count();
            let paused = state.status.as_ref().filter(|status| status.paused_by.is_some());
            let starts = match paused.map(|status| status.paused_until.as_deref()) {
                None => "at once".to_owned(),
                Some(end) => format!("when its pause ends ({})", pause::until(end, &state.screen)),
            };
            let brings = match number {
                0 => format!("The first run starts {starts}. Nothing is pending now."),
                number => format!(
                    "The first run starts {starts}. It imports up to {}, whatever is ticked \
                     here{}.",
                    count(number as i64, "pending item"),
                    new_agreements(&items),
                ),
            };
            let then = "Then the daemon syncs the client every 24h. While auto-sync is on, a \
                        manual sync is refused and this list is read-only.";
            (title, wrap(&[&brings, "", then]))
        }
        Question::Switch(false) => {
            let title = format!("Turn auto-sync off for {}?", state.who());
            let next = state.status.as_ref().and_then(|status| status.next_run.as_deref());
            let next = state.screen.planned(next);
            let told = format!(
                "The next run ({next}) will not happen. Nothing is imported until somebody syncs \
                 or turns auto-sync on again; imported contracts stay."
            );
            (title, wrap(&[&told]))
        }
    }
}

/// Agreements never seen before come only where the daemon is set so, which only it knows.
fn new_agreements(items: &[&crate::protocol::sync::Item]) -> &'static str {
    let new = items.iter().any(|item| item.state == "new" && item.parent.is_none());
    if new { " (new agreements as `[sync] new-agreements` says)" } else { "" }
}

/// What to do next: in the dialog, waiting for another run takes a key and no option.
fn hint_of(error: &CtlError, state: &State) -> Option<String> {
    match error {
        CtlError::Failed(Failure { advice: Some(Advice::WaitForRun), .. }) => {
            Some("press r when that run has ended".to_owned())
        }
        _ => error.hint(&state.screen.address),
    }
}

fn failed(frame: &mut Frame<'_>, area: Rect, state: &State, effect: &Effect, theme: Theme) {
    let Some(error) = &state.ending.failed else { return };
    let width = panel_width(area.width);
    let mut lines = text::wrap(&error.to_string(), width);
    if let Some(hint) = hint_of(error, state) {
        lines.push(String::new());
        lines.extend(text::wrap(&format!("hint: {hint}"), width));
    }
    let title = match effect {
        Effect::Preview => "The pending items could not be read",
        Effect::Sync(_) => "The sync failed",
        Effect::Switch(_) => "Auto-sync was not changed",
        Effect::Leave => "",
    };
    let keys = match state.list {
        Some(_) => "r try again   Esc back to the list   q leave",
        None => "r try again   q leave",
    };
    boxed(frame, area, title, &lines, keys, theme.tone(Tone::Bad), theme);
}

/// A line about a switch that was turned.
pub fn switched(switch: &Switch, screen: &Screen) -> String {
    let plain = Screen { colour: false, ..screen.clone() };
    auto_sync::line(switch, None, &plain).trim_end().to_owned()
}

fn help_lines(width: usize) -> Vec<String> {
    const KEY: usize = 13;
    let mut lines = Vec::new();
    for (key, does) in KEYS {
        for (number, part) in text::wrap(does, width.saturating_sub(KEY)).iter().enumerate() {
            let key = if number == 0 { key } else { "" };
            lines.push(format!("{}{part}", text::left(key, KEY)));
        }
    }
    lines
}

/// The line of the keys with which their last screen begins.
pub fn help_height(state: &State) -> usize {
    let lines = help_lines(panel_width(state.size.0)).len();
    lines.saturating_sub(usize::from(state.size.1.saturating_sub(EDGES)))
}

/// What a run did, as lines: the sum, what is to be done about what went wrong, the rejected rows,
/// and every item.
pub fn result_lines(outcome: &Outcome, screen: &Screen, width: usize) -> Vec<String> {
    let columns = u16::try_from(width).unwrap_or(u16::MAX);
    let plain = Screen { colour: false, width: Some(columns), ..screen.clone() };
    let run = &outcome.run;
    let mut lines = text::wrap(&sync::summary(run, &plain), width);
    if let Some((message, hint)) = sync::complaint(run, &screen.address.program) {
        lines.extend(text::wrap(&message, width));
        lines.extend(text::wrap(&format!("hint: {hint}"), width));
    }
    for reject in &outcome.rejects {
        // Wrapped rather than cut: the reason is what must be read.
        let told = format!("x {}  {}: {}", reject.key, reject.field, reject.reason);
        lines.push(String::new());
        lines.extend(text::wrap(&told, width));
    }
    lines.push(String::new());
    if outcome.items.is_empty() {
        lines.push("nothing was changed".to_owned());
    } else {
        let told = items::table(&outcome.items, |state| sync::done(state, run.dry_run), &plain);
        lines.extend(told.lines().map(str::to_owned));
    }
    lines
}

fn result(frame: &mut Frame<'_>, area: Rect, outcome: &Outcome, theme: Theme) {
    let style = theme.tone(sync::result_tone(&outcome.run.result));
    let title = match outcome.run.result.as_str() {
        "ok" => "Synced",
        "partial" => "Partly synced",
        "held" => "Held: nothing was imported",
        _ => "Failed",
    };
    let lines: Vec<String> = outcome.lines.iter().skip(outcome.top).cloned().collect();
    let more = outcome.lines.len() > whole_height((area.width, area.height));
    let keys = if more {
        "Enter close   r back to the list   ↑ ↓ scroll"
    } else {
        "Enter close   r back to the list"
    };
    filled(frame, whole(area), title, &lines, keys, style, theme);
}
