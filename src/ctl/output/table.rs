//! Tables without borders: two blanks between columns, a header, and one line a row.
//!
//! On a terminal a table is made to fit: first the columns that can bear it are cut with `…`, then
//! those that have nothing to say and then the least important ones are left out. Anywhere else
//! nothing is cut.

use std::borrow::Cow;

use comfy_table::presets::NOTHING;
use comfy_table::{
    Attribute, CellAlignment, Color, ColumnConstraint, ContentArrangement, Row, Table as Grid,
    Width,
};
use unicode_width::UnicodeWidthStr;

use super::screen::{NONE, Screen, Tone};

/// The blanks between two columns.
const GAP: u16 = 2;

/// What can still be read of a text that is cut, in columns.
const READABLE: u16 = 8;

/// What stands where a text was cut, in ASCII; elsewhere it is `…`.
const CUT: &str = "~";

/// A delimiter that no text holds (control characters are made blanks on arrival): cells are cut
/// exactly where they must be, not at the word before.
const NO_DELIMITER: char = '\u{1f}';

/// A column.
#[derive(Debug, Clone)]
pub struct Column {
    head: Cow<'static, str>,
    right: bool,
    /// Where the screen is too narrow: the width that it may be cut down to.
    cut: Option<u16>,
    /// Where that is not enough: its rank among those that are left out; the lower first.
    out: Option<u8>,
    /// The same where it is only left out once the others are cut down to what can still be read.
    last: Option<u8>,
}

impl Column {
    /// A column of texts that is always whole.
    pub fn text(head: impl Into<Cow<'static, str>>) -> Column {
        Column { head: head.into(), right: false, cut: None, out: None, last: None }
    }

    /// A column of numbers, aligned right.
    pub fn number(head: impl Into<Cow<'static, str>>) -> Column {
        Column { head: head.into(), right: true, cut: None, out: None, last: None }
    }

    /// May be cut, down to `width`.
    pub fn cut(mut self, width: u16) -> Column {
        self.cut = Some(width);
        self
    }

    /// May be left out; the lower `rank` first.
    pub fn leave_out(mut self, rank: u8) -> Column {
        self.out = Some(rank);
        self
    }

    /// May be left out on a screen that is very narrow; the lower `rank` first.
    pub fn leave_out_last(mut self, rank: u8) -> Column {
        self.last = Some(rank);
        self
    }
}

/// A cell: a text and what it means.
#[derive(Debug, Clone)]
pub struct Cell {
    text: String,
    tone: Tone,
}

#[cfg(test)]
impl Cell {
    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A cell of a tone.
pub fn toned(tone: Tone, text: impl Into<String>) -> Cell {
    Cell { text: text.into(), tone }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Cell {
        toned(Tone::Plain, text)
    }
}

struct Line {
    cells: Vec<Cell>,
    notes: Vec<Cell>,
}

/// A table.
pub struct Table {
    columns: Vec<Column>,
    lines: Vec<Line>,
    notes_below: usize,
}

impl Table {
    /// A table with these columns.
    pub fn new(columns: impl Into<Vec<Column>>) -> Table {
        Table { columns: columns.into(), lines: Vec::new(), notes_below: 0 }
    }

    /// Notes on a row start below this column.
    pub fn notes_below(mut self, column: usize) -> Table {
        self.notes_below = column;
        self
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl Into<Vec<Cell>>) {
        self.lines.push(Line { cells: cells.into(), notes: Vec::new() });
    }

    /// Adds a line of text below the last row.
    pub fn note(&mut self, note: Cell) {
        if let Some(line) = self.lines.last_mut() {
            line.notes.push(note);
        }
    }

    /// The table as lines of text, each ended.
    pub fn render(&self, screen: &Screen) -> String {
        let mut grid = grid(screen);
        let heads = self.columns.iter().map(|c| paint(toned(Tone::Strong, c.head.as_ref())));
        grid.set_header(one_line(heads));
        for line in &self.lines {
            grid.add_row(one_line(line.cells.iter().cloned().map(paint)));
        }
        let widths = self.fit(grid.column_max_content_widths(), screen.width);
        for ((column, kind), width) in grid.column_iter_mut().zip(&self.columns).zip(&widths) {
            column.set_padding((0, GAP));
            column.set_delimiter(NO_DELIMITER);
            column.set_constraint(match width {
                Some(width) => ColumnConstraint::Absolute(Width::Fixed(width.saturating_add(GAP))),
                None => ColumnConstraint::Hidden,
            });
            if kind.right {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let indent = widths.iter().take(self.notes_below).flatten();
        let indent =
            indent.fold(0, |sum: u16, width| sum.saturating_add(width.saturating_add(GAP)));
        self.with_notes(&grid, indent, screen)
    }

    fn with_notes(&self, grid: &Grid, indent: u16, screen: &Screen) -> String {
        let mut text = String::new();
        // The first line is the header, which has no notes.
        let notes = std::iter::once(&[][..]).chain(self.lines.iter().map(|l| l.notes.as_slice()));
        for (line, notes) in grid.lines().zip(notes) {
            text.push_str(line.trim_end());
            text.push('\n');
            for note in notes {
                let width = screen.width.map(|width| width.saturating_sub(indent).max(GAP));
                text.push_str(&" ".repeat(indent.into()));
                text.push_str(&clip(note.clone(), width, screen));
                text.push('\n');
            }
        }
        text
    }

    /// Whether a column has no value in any row, or nothing but zeros where it may be left out.
    fn says_nothing(&self, index: usize) -> bool {
        let may_go = self.columns[index].out.is_some();
        let nothing = |cell: &Cell| cell.text == NONE || (may_go && cell.text == "0");
        let cells = || self.lines.iter().filter_map(|line| line.cells.get(index));
        cells().next().is_some() && cells().all(nothing)
    }

    /// The width of each column on a screen of `width`; none for a column that is left out.
    fn fit(&self, natural: Vec<u16>, width: Option<u16>) -> Vec<Option<u16>> {
        let mut widths: Vec<Option<u16>> = natural.into_iter().map(Some).collect();
        let Some(screen) = width else { return widths };
        let least = |index: usize| self.columns[index].cut.unwrap_or(u16::MAX);
        let last_resort = |index: usize| self.columns[index].cut.map_or(u16::MAX, |_| 1);
        for index in 0..widths.len() {
            if excess(&widths, screen) > slack(&widths, least) && self.says_nothing(index) {
                widths[index] = None;
            }
        }
        let readable = |index: usize| self.columns[index].cut.map_or(u16::MAX, |w| w.min(READABLE));
        leave_out(&mut widths, screen, least, |index| self.columns[index].out);
        leave_out(&mut widths, screen, readable, |index| self.columns[index].last);
        cut(&mut widths, screen, least);
        // A screen too narrow even for that: cut whatever can be cut, as far as it goes.
        cut(&mut widths, screen, last_resort);
        widths
    }
}

/// Leaves columns out by their ranks until the others can be cut enough, each down to its `least`.
fn leave_out(
    widths: &mut [Option<u16>],
    screen: u16,
    least: impl Fn(usize) -> u16,
    rank: impl Fn(usize) -> Option<u8>,
) {
    while excess(widths, screen) > slack(widths, &least) {
        let of = |index: &usize| widths[*index].and(rank(*index));
        let next = (0..widths.len()).filter(|index| of(index).is_some()).min_by_key(of);
        let Some(index) = next else { break };
        widths[index] = None;
    }
}

/// Cuts the widest columns until all fit, none below its `least`.
fn cut(widths: &mut [Option<u16>], screen: u16, least: impl Fn(usize) -> u16) {
    for _ in 0..excess(widths, screen) {
        let room = |index: &usize| widths[*index].filter(|width| *width > least(*index));
        let widest = (0..widths.len()).filter(|i| room(i).is_some()).max_by_key(room);
        let Some(index) = widest else { break };
        widths[index] = widths[index].map(|width| width - 1);
    }
}

/// By how much the columns are too wide for the screen.
fn excess(widths: &[Option<u16>], screen: u16) -> u32 {
    let total: u32 = widths.iter().flatten().map(|width| u32::from(*width) + u32::from(GAP)).sum();
    total.saturating_sub(GAP.into()).saturating_sub(screen.into())
}

/// By how much the columns can be cut.
fn slack(widths: &[Option<u16>], least: impl Fn(usize) -> u16) -> u32 {
    let cut = |(i, w): (usize, &Option<u16>)| w.unwrap_or(0).saturating_sub(least(i));
    let each = widths.iter().enumerate().map(|column| u32::from(cut(column)));
    each.sum()
}

fn grid(screen: &Screen) -> Grid {
    let mut grid = Grid::new();
    grid.load_style(NOTHING);
    grid.set_content_arrangement(ContentArrangement::Disabled);
    grid.style_text_only();
    if !screen.unicode {
        grid.set_truncation_indicator(CUT);
    }
    if screen.colour {
        grid.enforce_styling();
    } else {
        grid.force_no_tty();
    }
    grid
}

fn one_line(cells: impl Iterator<Item = comfy_table::Cell>) -> Row {
    let mut row = Row::new();
    for cell in cells {
        row.add_cell(cell);
    }
    row.max_height(1);
    row
}

fn paint(cell: Cell) -> comfy_table::Cell {
    let painted = comfy_table::Cell::new_owned(cell.text);
    match cell.tone {
        Tone::Plain => painted,
        Tone::Good => painted.fg(Color::DarkGreen),
        Tone::Warning => painted.fg(Color::DarkYellow),
        Tone::Bad => painted.fg(Color::DarkRed),
        Tone::Dim => painted.add_attribute(Attribute::Dim),
        Tone::Strong => painted.add_attribute(Attribute::Bold),
    }
}

/// A text cut to `width`, measured as the terminal does.
fn clip(cell: Cell, width: Option<u16>, screen: &Screen) -> String {
    let mut grid = grid(screen);
    grid.add_row(one_line(std::iter::once(paint(cell))));
    if let Some(column) = grid.column_mut(0) {
        column.set_padding((0, 0));
        column.set_delimiter(NO_DELIMITER);
        if let Some(width) = width {
            column.set_constraint(ColumnConstraint::UpperBoundary(Width::Fixed(width)));
        }
    }
    grid.to_string().trim_end().to_owned()
}

/// Names and values below each other, the values aligned.
pub fn pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>, screen: &Screen) -> String {
    let pairs: Vec<(&str, String)> = pairs.into_iter().collect();
    let width = pairs.iter().map(|(name, _)| name.width()).max().unwrap_or(0);
    let line = |(name, value): &(&str, String)| {
        let blanks = " ".repeat(width - name.width());
        format!("{}  {value}\n", screen.paint(Tone::Dim, format!("{name}{blanks}")))
    };
    pairs.iter().map(line).collect()
}

/// Fails unless each line of the table that a text begins with fits the screen.
#[cfg(test)]
pub fn assert_fits(text: &str, width: usize) {
    for line in text.lines().take_while(|line| !line.is_empty()) {
        assert!(line.width() <= width, "{} columns: {line}\n{text}", line.width());
    }
}

#[cfg(test)]
mod tests {
    use super::super::screen::sample;
    use super::*;

    fn table() -> Table {
        let mut table = Table::new([
            Column::text("NAME").cut(8),
            Column::number("COST"),
            Column::text("START").leave_out(1),
            Column::text("END").leave_out(2),
        ])
        .notes_below(1);
        table.row(["日本語の名前 株式会社".into(), "1.00".into(), "a".into(), "b".into()]);
        table.note("a note that is longer than the screen".into());
        table.row([toned(Tone::Bad, "Acme"), "482.60".into(), "c".into(), "d".into()]);
        table
    }

    #[test]
    fn a_wide_screen_shows_everything_and_wide_letters_count_twice() {
        insta::assert_snapshot!(table().render(&sample(80)), @r"
        NAME                     COST  START  END
        日本語の名前 株式会社    1.00  a      b
                               a note that is longer than the screen
        Acme                   482.60  c      d
        ");
    }

    #[test]
    fn a_narrow_screen_cuts_the_name_and_then_leaves_columns_out() {
        insta::assert_snapshot!(table().render(&sample(30)), @r"
        NAME          COST  START  END
        日本語の…     1.00  a      b
                    a note that is lo…
        Acme        482.60  c      d
        ");
        insta::assert_snapshot!(table().render(&sample(20)), @r"
        NAME            COST
        日本語の名…     1.00
                      a not…
        Acme          482.60
        ");
    }

    #[test]
    fn what_says_nothing_goes_before_what_is_less_important() {
        let mut table = Table::new([
            Column::text("NAME").cut(8),
            Column::number("GONE").leave_out(3),
            Column::number("MADE").leave_out(2),
            Column::text("RENEWED BY"),
            Column::text("LAST"),
        ]);
        table.row(["Acme Dental".into(), "0".into(), "3".into(), NONE.into(), "x".into()]);
        assert!(table.render(&sample(80)).contains("GONE"), "all is there where there is room");
        insta::assert_snapshot!(table.render(&sample(21)), @r"
        NAME       MADE  LAST
        Acme Den…     3  x
        ");
    }

    #[test]
    fn colours_do_not_shift_columns() {
        let mut screen = sample(80);
        screen.colour = true;
        let text = table().render(&screen);
        assert!(text.contains("\u{1b}["), "{text}");
        let last = text.lines().last().expect("a line");
        assert!(last.contains("                   482.60  c      d"), "{last}");
    }

    #[test]
    fn marks_that_combine_and_signs_of_several_parts_take_the_room_they_take() {
        use unicode_width::UnicodeWidthStr;
        let mut table = Table::new([Column::text("NAME").cut(6), Column::number("N")]);
        for name in ["e\u{301}cole", "👩‍💻 Dev", "👍🏽👍🏽👍🏽👍🏽👍🏽👍🏽👍🏽", "한국어 고객사 이름", "ÄÖÜ"]
        {
            table.row([name.into(), "1.00".into()]);
        }
        for width in [80, 16, 14, 12] {
            let text = table.render(&sample(width));
            let ends: Vec<usize> = text.lines().skip(1).map(UnicodeWidthStr::width).collect();
            assert!(ends.iter().all(|end| *end == ends[0]), "{width}: {ends:?}\n{text}");
            assert!(ends[0] <= usize::from(width), "{text}");
        }
    }

    #[test]
    fn without_a_terminal_nothing_is_cut() {
        let mut screen = sample(80);
        screen.width = None;
        let text = table().render(&screen);
        let note = text.lines().find(|line| line.contains("longer than the screen"));
        let starts = text.lines().next().and_then(|head| head.find("COST")).expect("a head");
        // Notes stand where they do on a terminal: below the second column, which is six wide.
        assert_eq!(note.and_then(|note| note.find("a note")), Some(starts - 2), "{text}");
    }
}
