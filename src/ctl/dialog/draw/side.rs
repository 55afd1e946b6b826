//! What changes on one item, old and new side by side.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::panels;
use crate::ctl::dialog::state::State;
use crate::ctl::dialog::text;
use crate::ctl::dialog::theme::Theme;
use crate::ctl::output::screen::Tone;
use crate::ctl::text::billing::{self, Billing};
use crate::ctl::text::{items, labels, money};

/// How wide the names of fields may be.
const WIDEST_FIELD: usize = 20;

/// The line with which the last screen of the text begins.
pub fn height(state: &State) -> usize {
    let lines = lines(state, panels::whole_width(state.size)).len();
    lines.saturating_sub(panels::whole_height(state.size))
}

/// Draws the differences of the row that the list is on.
pub fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, top: usize, theme: Theme) {
    let Some(list) = &state.list else { return };
    let Some((place, row)) = list.place().zip(list.current()) else { return };
    let (panel, size) = (panels::whole(area), (area.width, area.height));
    let (state_word, tone) = row.marked_state();
    let tick = match (row.tickable && !state.read_only(), list.is_ticked(place)) {
        (false, _) => "",
        (true, true) => "[x] ",
        (true, false) => "[ ] ",
    };
    let title = format!("{tick}{state_word} · {}", row.name());
    let keys = match &state.note {
        Some(note) => text::cut(note, panels::whole_width(size)),
        None if tick.is_empty() => "Esc back   ← → other rows   ↑ ↓ scroll".to_owned(),
        None => "Esc back   space tick   ← → other rows   ↑ ↓ scroll".to_owned(),
    };
    panels::filled(frame, panel, &title, &[], &keys, theme.tone(tone), theme);
    let (x, first) = (panel.x + 2, panel.y + 1);
    let width = panel.width.saturating_sub(4);
    let lines = lines(state, panels::whole_width(size)).into_iter().skip(top);
    for (y, line) in (first..).zip(lines.take(panels::whole_height(size))) {
        frame.render_widget(styled(line, theme), Rect { x, y, width, height: 1 });
    }
}

/// A line of the text.
enum Told {
    Text(String),
    Heads(String),
    /// The name of a field, and whether both values follow.
    Values(String, String, String),
}

fn styled(line: Told, theme: Theme) -> Line<'static> {
    match line {
        Told::Text(text) => Line::raw(text),
        Told::Heads(text) => Line::styled(text, theme.head()),
        Told::Values(field, old, new) => Line::from(vec![
            Span::styled(field, theme.tone(Tone::Dim)),
            Span::raw(old),
            Span::styled(new, theme.strong()),
        ]),
    }
}

fn lines(state: &State, width: usize) -> Vec<Told> {
    let row = state.list.as_ref().and_then(|list| list.current());
    let Some(item) = row.and_then(|row| row.item()) else { return Vec::new() };
    let mut lines = Vec::new();
    let mut tell = |told: &str| lines.extend(text::wrap(told, width).into_iter().map(Told::Text));
    let below = item.parent.as_ref().map(|key| format!(", below {key}")).unwrap_or_default();
    tell(&format!("{} · {}{below}", item.key, item.r#type));
    if let Some(reason) = items::reason(item) {
        tell(&reason);
    }
    let (findings, rest) = billing::words(item, &[]);
    let rest = (!rest.is_empty()).then(|| rest.join(" · "));
    for told in findings.into_iter().chain(rest).chain(Billing::from(item).period()) {
        tell(&told);
    }
    for effect in item.effects.iter().filter_map(money::told_effect) {
        tell(&format!("effect  {effect}"));
    }
    lines.push(Told::Text(String::new()));
    if item.changes.is_empty() {
        lines.push(Told::Text("nothing would change".to_owned()));
        return lines;
    }
    let names = item.changes.iter().map(|change| text::width(&labels::label(&change.field)));
    let field = names.max().unwrap_or(0).clamp(5, WIDEST_FIELD);
    // Two blanks before each value.
    let half = width.saturating_sub(field + 4) / 2;
    let values = |field_text: &str, old: &str, new: &str| {
        let [old, new] = [old, new].map(|value| format!("  {}", text::left(value, half)));
        (text::left(field_text, field), old, new)
    };
    let (name, old, new) = values("FIELD", "STORED HERE", "IN AUTOTASK");
    lines.push(Told::Heads(format!("{name}{old}{new}")));
    for change in &item.changes {
        let [old, new] = [&change.from, &change.to]
            .map(|value| labels::value(&change.field, value.as_deref(), &state.screen))
            .map(|value| text::wrap(&value, half));
        let label = labels::label(&change.field);
        for number in 0..old.len().max(new.len()) {
            let part = |side: &[String]| side.get(number).cloned().unwrap_or_default();
            let name = if number == 0 { text::cut(&label, field) } else { String::new() };
            let (name, old, new) = values(&name, &part(&old), &part(&new));
            lines.push(Told::Values(name, old, new));
        }
    }
    lines
}
