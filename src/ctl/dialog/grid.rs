//! The columns of the list: how wide they are on this screen, and the lines that are on it. Only
//! the rows that the screen has room for are ever made into lines.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::list::{List, Tick};
use super::rows::Row;
use super::text;
use super::theme::Theme;
use crate::ctl::output::screen::Tone;
use crate::ctl::text::tree::Branch;

/// The heads of the columns.
const HEADS: [&str; 7] = ["STATE", "NAME", "TYPE", "RATE", "CYCLE", "START", "END"];
const STATE: usize = 0;
const NAME: usize = 1;
const TYPE: usize = 2;
const COST: usize = 3;
const CYCLE: usize = 4;
const START: usize = 5;
const END: usize = 6;

/// What is left out on a narrow screen, in this order. Of a state, its mark stays.
const GIVES_WAY: [usize; 6] = [START, END, TYPE, CYCLE, STATE, COST];

/// How far names and types may be cut before a column is left out, in columns of the screen.
const LEAST_NAME: usize = 20;
const LEAST_TYPE: usize = 9;

/// The marker of the keyboard's row, the checkbox, and a blank.
const FRONT: usize = 5;

/// From this width on there are two blanks between columns instead of one.
const ROOMY: usize = 100;

/// A width for each column.
pub type Widths = [usize; 7];

/// How wide each column would like to be.
pub fn natural(rows: &[Row]) -> Widths {
    let mut widths = HEADS.map(text::width);
    for row in rows {
        let branch = if row.item().is_some_and(|item| item.parent.is_some()) { 3 } else { 0 };
        let state = row.marked_state().0;
        let cost = row.cost();
        let texts = [&state, row.name(), row.kind(), &cost, row.cycle(), row.start(), row.end()];
        for (column, (width, text)) in widths.iter_mut().zip(texts).enumerate() {
            let more = if column == NAME { branch } else { 0 };
            *width = (*width).max(text::width(text) + more);
        }
    }
    widths
}

/// How wide each column is on a screen of this width; none for one that is left out.
fn fit(natural: &Widths, width: usize) -> [Option<usize>; 7] {
    let room = width.saturating_sub(FRONT);
    let mut widths = natural.map(Some);
    for column in GIVES_WAY {
        let mut least = widths;
        least[NAME] = least[NAME].map(|width| width.min(LEAST_NAME));
        least[TYPE] = least[TYPE].map(|width| width.min(LEAST_TYPE));
        if total(&least, width) <= room {
            break;
        }
        widths[column] = if column == STATE { Some(1) } else { None };
    }
    let over = |widths: &[Option<usize>; 7]| total(widths, width).saturating_sub(room);
    let least = |column| if column == NAME { LEAST_NAME } else { LEAST_TYPE };
    while over(&widths) > 0 {
        // The one that is most above what it needs gives a column of the screen away.
        let spare =
            |column: &usize| widths[*column].map_or(0, |w| w.saturating_sub(least(*column)));
        let Some(column) = [NAME, TYPE].into_iter().filter(|c| spare(c) > 0).max_by_key(spare)
        else {
            break;
        };
        widths[column] = widths[column].map(|width| width - 1);
    }
    let over = over(&widths);
    widths[NAME] = widths[NAME].map(|width| width.saturating_sub(over).max(1));
    widths
}

fn gap(width: usize) -> usize {
    if width >= ROOMY { 2 } else { 1 }
}

fn total(widths: &[Option<usize>; 7], width: usize) -> usize {
    let each = widths.iter().flatten().map(|column| column + gap(width));
    each.sum::<usize>().saturating_sub(gap(width))
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_give_way_in_their_order() {
        let natural = [13, 60, 20, 12, 9, 10, 10];
        let kept = |width| {
            let widths = fit(&natural, width);
            assert!(total(&widths, width) + FRONT <= width, "{widths:?} on {width}");
            widths.map(|width| width.is_some())
        };
        assert_eq!(kept(160), [true; 7]);
        assert_eq!(kept(100), [true; 7]);
        assert_eq!(kept(83), [true, true, true, true, true, false, true]);
        assert_eq!(kept(72), [true, true, true, true, true, false, false]);
        assert_eq!(kept(40), [true, true, false, true, false, false, false]);
        assert_eq!(fit(&natural, 40)[STATE], Some(1));
        for width in 40..200 {
            kept(width);
        }
    }

    #[test]
    fn a_wide_screen_cuts_nothing() {
        let natural = [13, 30, 20, 12, 9, 10, 10];
        assert_eq!(fit(&natural, 160), natural.map(Some));
    }
}
