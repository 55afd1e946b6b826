//! The lines of the list that are on the screen, in columns. Only
//! the rows that the screen has room for are ever made into lines.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::rows::Row;
use super::state::{List, Tick};
use super::widths::{COST, END, FRONT, HEADS, NAME, STATE, fit, gap};
use crate::ctl::dialog::text;
use crate::ctl::dialog::theme::Theme;
use crate::ctl::output::screen::Tone;
use crate::ctl::text::tree::Branch;

/// The line with the heads of the columns.
pub fn heads(list: &List, width: usize, theme: Theme) -> Line<'static> {
    let widths = fit(&list.natural, width);
    let heads = widths.iter().enumerate().filter_map(|(column, size)| {
        let head = if column == STATE && *size == Some(1) { "" } else { HEADS[column] };
        size.map(|size| aligned(column, head, size))
    });
    let heads = heads.collect::<Vec<_>>().join(&" ".repeat(gap(width)));
    Line::styled(text::left(&format!("{}{heads}", " ".repeat(FRONT)), width), theme.head())
}

/// A text as wide as its column.
fn aligned(column: usize, text: &str, size: usize) -> String {
    if column == COST { text::right(text, size) } else { text::left(text, size) }
}

/// The lines of the rows that a screen of this size has room for. Where nothing can be ticked, no
/// checkbox is shown; `focus` says whether the keyboard is on the list.
pub fn lines(
    list: &List,
    (width, height): (usize, usize),
    read_only: bool,
    focus: bool,
    theme: Theme,
) -> Vec<Line<'static>> {
    let widths = fit(&list.natural, width);
    let (top, cursor) = list.position();
    let visible = list.visible(height);
    let line = |(offset, place): (usize, &usize)| {
        let next = list.shown().get(top + offset + 1);
        let branch = branch(list, *place, next.copied());
        let tick = if read_only { Tick::None } else { list.tick(*place) };
        let chosen = top + offset == cursor;
        let row = Drawn { row: &list.rows()[*place], branch, tick, chosen };
        row.line(&widths, width, focus, theme)
    };
    visible.iter().enumerate().map(line).collect()
}

/// How a shown row hangs in the tree. Without its agreement above it, it does not.
fn branch(list: &List, place: usize, next: Option<usize>) -> Branch {
    let root = |place: usize| list.rows()[place].root;
    if root(place) == place || list.shown().binary_search(&root(place)).is_err() {
        return Branch::Root;
    }
    match next {
        Some(next) if root(next) == root(place) => Branch::Middle,
        _ => Branch::Last,
    }
}

/// A row as it is drawn.
struct Drawn<'a> {
    row: &'a Row,
    branch: Branch,
    tick: Tick,
    chosen: bool,
}

impl Drawn<'_> {
    fn line(
        &self,
        widths: &[Option<usize>; 7],
        width: usize,
        focus: bool,
        theme: Theme,
    ) -> Line<'static> {
        let row = self.row;
        let (mut state, tone) = row.marked_state();
        if widths[STATE] == Some(1) {
            state.truncate(1);
        }
        let left_out = row.item().is_some() && !row.tickable;
        let ordinary = if left_out { theme.tone(Tone::Dim) } else { Style::new() };
        let ticked = matches!(self.tick, Tick::On | Tick::Part);
        let mut spans = vec![
            Span::styled(if self.chosen { ">" } else { " " }, theme.strong()),
            Span::styled(self.tick.mark(), if ticked { theme.strong() } else { ordinary }),
            Span::raw(" "),
        ];
        let gap = " ".repeat(gap(width));
        let name = format!("{}{}", self.branch.mark(), row.name());
        let cost = row.cost();
        let cells = [
            (state.as_str(), theme.tone(tone)),
            (name.as_str(), ordinary),
            (row.kind(), ordinary),
            (cost.as_str(), ordinary),
            (row.cycle(), ordinary),
            (row.start(), ordinary),
            (row.end(), ordinary),
        ];
        let why = row.why_not();
        let ends = if why.is_some() { NAME } else { END };
        let mut used = FRONT;
        for (column, (text, style)) in cells.into_iter().enumerate().take(ends + 1) {
            let Some(size) = widths[column] else { continue };
            if used > FRONT {
                spans.push(Span::raw(gap.clone()));
                used += gap.len();
            }
            spans.push(Span::styled(aligned(column, text, size), style));
            used += size;
        }
        if let Some(why) = why {
            // Why it cannot be chosen stands where its cost would.
            let why = text::cut(&format!("{gap}{why}"), width.saturating_sub(used));
            spans.push(Span::styled(why, theme.tone(Tone::Dim)));
        }
        if self.chosen && focus {
            // One colour for the whole line: what a state means stands in its mark and word.
            let text: String = spans.iter().map(|span| span.content.as_ref()).collect();
            return Line::styled(text::left(&text, width), theme.chosen());
        }
        Line::from(spans)
    }
}
