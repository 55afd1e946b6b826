//! How the dialog looks: a pure function of its state.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{panels, side};
use crate::ctl::commands::sync::pause;
use crate::ctl::dialog::list::rows::Row;
use crate::ctl::dialog::list::{List, Tick, View, grid, sum};
use crate::ctl::dialog::state::{Face, LEAST_SIZE, State};
use crate::ctl::dialog::text;
use crate::ctl::dialog::theme::Theme;
use crate::ctl::output::screen::{Tone, count, thousands};
use crate::ctl::text::billing::Billing;
use crate::ctl::text::{items, labels};
use crate::model::PendingState;

/// From this many lines on there is a line with keys, and there are two about the current row.
const TALL: u16 = 16;

/// From this many lines on there are three about the current row.
const TALLER: u16 = 20;

/// Where everything stands: lines of the screen.
struct Lines {
    banner: Option<u16>,
    heads: u16,
    list: u16,
    list_height: u16,
    rule: u16,
    about: u16,
    about_height: u16,
    button: u16,
    sum: Option<u16>,
    keys: Option<u16>,
    status: u16,
}

impl Lines {
    fn of(height: u16, read_only: bool) -> Lines {
        let about_height = match height {
            TALLER.. => 3,
            TALL.. => 2,
            _ => 1,
        };
        let status = height.saturating_sub(1);
        let keys = (height >= TALL).then(|| status.saturating_sub(1));
        let sum = (height >= TALLER).then(|| keys.unwrap_or(status).saturating_sub(1));
        let button = sum.or(keys).unwrap_or(status).saturating_sub(1);
        let about = button.saturating_sub(about_height);
        let rule = about.saturating_sub(1);
        let banner = read_only.then_some(2);
        let heads = if read_only { 3 } else { 2 };
        let list = heads + 1;
        let list_height = rule.saturating_sub(list);
        Lines {
            banner,
            heads,
            list,
            list_height,
            rule,
            about,
            about_height,
            button,
            sum,
            keys,
            status,
        }
    }
}

/// How many rows of the list the screen has room for.
pub fn list_height(state: &State) -> usize {
    usize::from(Lines::of(state.size.1, state.read_only()).list_height)
}

/// Draws the dialog.
pub fn draw(frame: &mut Frame<'_>, state: &State) {
    let area = frame.area();
    let theme = Theme { colour: state.screen.colour };
    if area.width < LEAST_SIZE.0 || area.height < LEAST_SIZE.1 {
        return too_small(frame, area);
    }
    let lines = Lines::of(area.height, state.read_only());
    let mut put = |y: u16, line: Line<'_>| {
        frame.render_widget(line, Rect { y, height: 1, ..area });
    };
    let width = usize::from(area.width);
    put(0, Line::styled(title(state, width), theme.strong()));
    if let Some(list) = &state.list {
        put(1, tabs(state, list, width, theme));
        if let Some(y) = lines.banner {
            put(y, Line::styled(banner(state, width), theme.tone(Tone::Warning)));
        }
        put(lines.heads, grid::heads(list, width, theme));
        let on_list = !matches!(state.face, Face::Button);
        let size = (width, usize::from(lines.list_height));
        let rows = grid::lines(list, size, state.read_only(), on_list, theme);
        if rows.is_empty() {
            put(lines.list, Line::styled(format!(" {}", nothing(list)), theme.tone(Tone::Dim)));
        }
        for (y, row) in (lines.list..).zip(rows) {
            put(y, row);
        }
        put(lines.rule, Line::styled(rule(state, list, width, size.1), theme.tone(Tone::Dim)));
        for (y, line) in (lines.about..lines.about + lines.about_height).zip(about(state, list)) {
            put(y, Line::styled(text::cut(&format!(" {line}"), width), theme.tone(Tone::Plain)));
        }
        put(lines.button, button(state, list, width, lines.sum.is_none(), theme));
        if let Some(y) = lines.sum {
            put(y, sum_below(list, width, theme));
        }
        if let Some(y) = lines.keys {
            put(y, keys(state, width, theme));
        }
    }
    put(lines.status, Line::styled(status(state, width), theme.tone(Tone::Dim)));
    over(frame, area, state, theme);
}

/// What lies over the list.
fn over(frame: &mut Frame<'_>, area: Rect, state: &State, theme: Theme) {
    match &state.face {
        Face::List | Face::Button => {}
        Face::Filter => {
            let Some(list) = &state.list else { return };
            let width = usize::from(area.width);
            let x = filter_at(width) + text::width(&filter(list, width));
            let x = u16::try_from(x).unwrap_or(u16::MAX).min(area.right().saturating_sub(1));
            frame.set_cursor_position((x, 1));
        }
        Face::Diff(top) => side::draw(frame, area, state, *top, theme),
        _ => panels::draw(frame, area, state, theme),
    }
}

fn too_small(frame: &mut Frame<'_>, area: Rect) {
    let (columns, lines) = LEAST_SIZE;
    let told = format!(
        "too small: {} x {}, the dialog needs {columns} x {lines}; q leaves",
        area.width, area.height
    );
    for (y, line) in (area.y..area.bottom()).zip(text::wrap(&told, area.width.into())) {
        frame.render_widget(Line::raw(line), Rect { y, height: 1, ..area });
    }
}

fn title(state: &State, width: usize) -> String {
    let who = text::cut(&format!(" Import for {}", state.who()), width);
    let counted = state.list.as_ref().map(counts).unwrap_or_default();
    // The name stays whole; the numbers have what is left.
    let room = width.saturating_sub(text::width(&who) + 3);
    format!("{who}  {}", text::right(&counted, room))
}

/// How many rows are in each state.
fn counts(list: &List) -> String {
    let told = |(number, state): &(usize, &str)| format!("{} {state}", thousands(*number));
    list.counts.iter().map(told).collect::<Vec<_>>().join(", ")
}

const TABS: [(View, &str); 3] = [
    (View::Both, " 1 both "),
    (View::Agreements, " 2 agreements only "),
    (View::Additions, " 3 additions only "),
];

/// Where the filter stands on its line, behind the tabs; a narrow screen has the one or the other.
const FILTER_AT: usize = 52;

/// From this width on there is room for both.
const BOTH: usize = FILTER_AT + 10;

fn tabs(state: &State, list: &List, width: usize, theme: Theme) -> Line<'static> {
    let filtering = matches!(state.face, Face::Filter) || !list.filter().is_empty();
    let filter = match filtering {
        true => Span::styled(filter(list, width), theme.strong()),
        false => Span::styled("/ filter", theme.tone(Tone::Dim)),
    };
    if width < BOTH && filtering {
        return Line::from(vec![Span::raw(" "), filter]);
    }
    let mut spans = vec![Span::raw(" ")];
    let mut used = 1;
    for (view, word) in TABS {
        let chosen = view == list.view();
        // Told apart without colours and reversed letters too.
        let word = if chosen { format!("[{}]", word.trim()) } else { word.to_owned() };
        used += text::width(&word);
        let style = if chosen { theme.chosen() } else { theme.tone(Tone::Plain) };
        spans.push(Span::styled(word, style));
    }
    if width >= BOTH {
        spans.extend([Span::raw(" ".repeat(FILTER_AT.saturating_sub(used))), filter]);
    }
    Line::from(spans)
}

/// Where the filter begins on a screen of this width.
fn filter_at(width: usize) -> usize {
    if width < BOTH { 1 } else { FILTER_AT }
}

/// The filter as far as there is room: its end, where one types.
fn filter(list: &List, width: usize) -> String {
    let room = width.saturating_sub(filter_at(width) + 2);
    let mut shown = list.filter();
    while text::width(shown) > room {
        let mut letters = shown.chars();
        letters.next();
        shown = letters.as_str();
    }
    format!("/{shown}")
}

/// Why the list is read-only.
fn banner(state: &State, width: usize) -> String {
    let Some(status) = &state.status else { return String::new() };
    let told = match &status.paused_by {
        Some(by) => {
            let end = pause::until(status.paused_until.as_deref(), &state.screen);
            format!(" Read-only: auto-sync on, paused by {by} {end}; A: off")
        }
        None => {
            let next = state.screen.planned(status.next_run.as_deref());
            format!(" Read-only: auto-sync is on, next run {next}; A turns it off")
        }
    };
    text::cut(&told, width)
}

/// What is said where no row is shown.
fn nothing(list: &List) -> String {
    match list {
        list if list.rows().is_empty() => {
            "nothing is pending: the store matches Autotask".to_owned()
        }
        list if !list.filter().is_empty() => {
            format!("no row contains “{}”; Esc clears the filter", list.filter())
        }
        list if list.rows().iter().all(Row::is_ignored) => {
            "all pending items are ignored; i shows them".to_owned()
        }
        _ => "nothing of this kind is pending; 1 shows both".to_owned(),
    }
}

/// The line between the list and what is below it: which rows are on the screen.
fn rule(state: &State, list: &List, width: usize, height: usize) -> String {
    let shown = list.shown().len();
    let (top, _) = list.position();
    let mut told = vec![format!("read {}", state.screen.short(list.as_of.as_deref()))];
    if shown > height {
        let last = (top + height).min(shown);
        let [top, last, all] = [top + 1, last, shown].map(thousands);
        told.push(format!("{top} to {last} of {all}"));
    }
    let ignored = list.ignored();
    if ignored > 0 {
        let verb = if list.with_ignored() { "shown, i hides" } else { "hidden, i shows" };
        told.push(format!("{} ignored {verb} them", thousands(ignored)));
    }
    let told = format!(" {} ", told.join(" · "));
    let line = width.saturating_sub(text::width(&told) + 2);
    text::cut(&format!("{}{told}──", "─".repeat(line)), width)
}

/// What is to be said of the row that the keyboard is on.
fn about(state: &State, list: &List) -> Vec<String> {
    let Some((place, row)) = list.place().zip(list.current()) else { return Vec::new() };
    let mut lines = vec![match row.name() == row.key() {
        true => row.key().to_owned(),
        false => format!("{} · {}", row.key(), row.name()),
    }];
    let mut more = Vec::new();
    if !row.below.is_empty() && !state.read_only() && list.tick(place) != Tick::None {
        let boxes = row.below.clone().filter(|place| list.rows()[*place].tickable);
        let ticked = boxes.clone().filter(|place| list.is_ticked(*place)).count();
        let itself = match (row.tickable, list.is_ticked(place)) {
            (false, _) => "no change of its own",
            (true, true) => "agreement ticked",
            (true, false) => "agreement not ticked",
        };
        let boxes = boxes.count();
        if boxes > 0 {
            let additions = count(boxes as i64, "addition");
            more.push(format!("{itself}, {ticked} of {additions} ticked"));
        }
    }
    if let Some(item) = row.item() {
        let dates = match (&item.start_date, &item.end_date) {
            (None, None) => None,
            _ => Some(format!("{} to {}", row.start(), row.end())),
        };
        let cost = format!("{} {}", row.cost(), row.cycle());
        let facts = [Some(item.r#type.clone()), item.status.clone(), Some(cost), dates];
        lines.push(facts.into_iter().flatten().collect::<Vec<_>>().join(" · "));
        let billing = Billing::from(item);
        more.extend(billing.findings());
        more.extend(billing.stands().into_iter().chain(billing.ahead()));
        more.extend(billing.facts());
        more.extend(items::reason(item));
        if item.state != PendingState::New.name() && row.tickable {
            let told = |change| {
                let arrow = items::arrow(change, &state.screen);
                format!("{} {arrow}", labels::label(&change.field))
            };
            more.push(item.changes.iter().map(told).collect::<Vec<_>>().join(", "));
        }
    } else if let Some(why) = row.why_not() {
        lines.push(why);
    }
    let more = more.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ");
    if !row.tickable || usize::from(state.size.1) < usize::from(TALL) {
        // Where there is little room, why something is as it is comes first.
        lines.insert(usize::from(state.size.1 >= TALL), more);
    } else {
        lines.push(more);
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// The effect in money of what is ticked, below the button.
fn sum_below(list: &List, width: usize, theme: Theme) -> Line<'static> {
    let told = sum::told(list, width.saturating_sub(2));
    let blank = width.saturating_sub(text::width(&told)) / 2;
    Line::styled(format!("{}{told}", " ".repeat(blank)), theme.strong())
}

/// The button; on a low screen the effect of what is ticked stands beside it.
fn button(state: &State, list: &List, width: usize, with_sum: bool, theme: Theme) -> Line<'static> {
    if let Some(note) = &state.note {
        let note = text::cut(&format!(" {note}"), width);
        return Line::styled(note, theme.tone(Tone::Warning));
    }
    let number = list.count();
    let style = match (&state.face, number) {
        (Face::Button, _) => theme.chosen().patch(theme.strong()),
        (_, 0) => theme.tone(Tone::Dim),
        _ => theme.strong(),
    };
    let label = match state.read_only() {
        true => "[ nothing to choose while auto-sync is on ]".to_owned(),
        false => format!("[ Sync {} ]", count(number as i64, "selected contract")),
    };
    let hidden = list.count_hidden();
    let beside = match hidden {
        0 => String::new(),
        hidden => format!(" {} of them not shown", thousands(hidden)),
    };
    let room = width.saturating_sub(text::width(&label) + text::width(&beside) + 2);
    let (blank, beside) = match with_sum && number > 0 {
        true => (0, format!(" {}{beside}", sum::told(list, room))),
        false => (width.saturating_sub(text::width(&label)) / 2, beside),
    };
    let beside = text::cut(&beside, width.saturating_sub(blank + text::width(&label)));
    Line::from(vec![
        Span::raw(" ".repeat(blank)),
        Span::styled(label, style),
        Span::styled(beside, theme.tone(Tone::Dim)),
    ])
}

/// The keys that are of use now, as far as there is room.
fn keys(state: &State, width: usize, theme: Theme) -> Line<'static> {
    let choosing = [
        ("space", "tick"),
        ("a", "all"),
        ("n", "none"),
        ("Enter", "diff"),
        ("/", "filter"),
        ("s", "sync"),
        ("A", "auto-sync"),
        ("r", "read again"),
        ("x", "tick alone"),
    ];
    let looking = [("Enter", "diff"), ("/", "filter"), ("A", "auto-sync off"), ("r", "read again")];
    let filtering = [("Enter", "keep the filter"), ("Esc", "clear it"), ("↑ ↓", "move")];
    let keys: &[(&str, &str)] = match &state.face {
        Face::Filter => &filtering,
        Face::List | Face::Button if state.read_only() => &looking,
        Face::List | Face::Button => &choosing,
        // What lies over the list has its own.
        _ => &[],
    };
    let mut spans = vec![Span::raw(" ")];
    let mut used = 1;
    for (key, does) in keys {
        used += text::width(key) + text::width(does) + 3;
        if used > width {
            break;
        }
        spans.push(Span::styled((*key).to_owned(), theme.strong()));
        spans.push(Span::raw(format!(" {does}  ")));
    }
    Line::from(spans)
}

/// The last line: when the client was last synced, how its switch stands, and the way out.
fn status(state: &State, width: usize) -> String {
    let way_out = match &state.face {
        Face::List | Face::Button => "? keys  q leave ",
        _ => "",
    };
    let Some(status) = &state.status else { return way_out.to_owned() };
    let synced = state.screen.short(status.last_synced.as_deref());
    let switch = match (status.auto_sync, &status.at) {
        (false, _) => "off".to_owned(),
        (true, None) => "on".to_owned(),
        (true, Some(at)) => format!("on, at {at}"),
    };
    let start = format!(" last synced {synced} · auto-sync {switch}");
    text::ends(&start, way_out, width)
}
