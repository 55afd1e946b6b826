//! Which rows are shown, which are ticked, and which one the keyboard is on.
//!
//! A key ticks only what is shown: nobody imports what the filter hides. Unticking everything
//! unticks everything.

use super::rows::{Body, REJECTED, Row};
use super::widths::{self, Widths};
use crate::model::PendingState;

/// Which rows are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum View {
    /// Agreements and additions.
    #[default]
    Both,
    /// Only agreements.
    Agreements,
    /// Only additions.
    Additions,
}

/// What a checkbox shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tick {
    /// There is nothing to tick.
    None,
    /// Nothing is ticked.
    Off,
    /// Everything is ticked.
    On,
    /// Some of the agreement and its additions are ticked.
    Part,
}

impl Tick {
    /// The checkbox, three columns wide.
    pub fn mark(self) -> &'static str {
        match self {
            Tick::None => " · ",
            Tick::Off => "[ ]",
            Tick::On => "[x]",
            Tick::Part => "[~]",
        }
    }
}

/// The list.
#[derive(Debug, Clone)]
pub struct List {
    rows: Vec<Row>,
    ticked: Vec<bool>,
    shown: Vec<usize>,
    /// Place in `shown`.
    cursor: usize,
    /// Place in `shown` of the first row on the screen.
    top: usize,
    view: View,
    filter: String,
    with_ignored: bool,
    /// How wide each column would like to be.
    pub natural: Widths,
    /// How many rows are in each state that there is.
    pub counts: Vec<(usize, &'static str)>,
    /// When Autotask was asked.
    pub as_of: Option<String>,
}

impl List {
    /// A list of these rows, nothing ticked.
    pub fn new(rows: Vec<Row>, as_of: Option<String>) -> List {
        let mut list = List {
            ticked: vec![false; rows.len()],
            shown: Vec::new(),
            cursor: 0,
            top: 0,
            view: View::default(),
            filter: String::new(),
            with_ignored: false,
            natural: widths::natural(&rows),
            counts: counts(&rows),
            as_of,
            rows,
        };
        list.show();
        list
    }

    /// The same with what was chosen in the list before: view, filter, ticks and place.
    pub fn after(mut self, before: &List) -> List {
        self.view = before.view;
        self.filter.clone_from(&before.filter);
        self.with_ignored = before.with_ignored;
        let kept: std::collections::BTreeSet<&str> = before.ticked_keys().collect();
        for (row, ticked) in self.rows.iter().zip(&mut self.ticked) {
            *ticked = row.tickable && kept.contains(row.key());
        }
        self.show();
        let key = before.current().map(Row::key);
        let same = |place: &usize| Some(self.rows[self.shown[*place]].key()) == key;
        self.cursor = (0..self.shown.len()).find(same).unwrap_or(before.cursor);
        self.top = before.top;
        self.go(self.cursor, usize::MAX);
        self
    }

    /// Every row, shown or not.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The places in [`List::rows`] of those that are shown.
    pub fn shown(&self) -> &[usize] {
        &self.shown
    }

    /// Those of the shown rows that a screen of this height has room for.
    pub fn visible(&self, height: usize) -> &[usize] {
        let top = self.top.min(self.shown.len());
        let end = top.saturating_add(height).min(self.shown.len());
        &self.shown[top..end]
    }

    /// The place in [`List::rows`] of the row that the keyboard is on.
    pub fn place(&self) -> Option<usize> {
        self.shown.get(self.cursor).copied()
    }

    /// The row that the keyboard is on.
    pub fn current(&self) -> Option<&Row> {
        self.place().map(|place| &self.rows[place])
    }

    /// The first row on the screen and the one the keyboard is on, as places among those shown.
    pub fn position(&self) -> (usize, usize) {
        (self.top, self.cursor)
    }

    /// Which rows are shown.
    pub fn view(&self) -> View {
        self.view
    }

    /// The text that rows must hold to be shown.
    pub fn filter(&self) -> &str {
        &self.filter
    }

    /// Whether what is ignored is shown.
    pub fn with_ignored(&self) -> bool {
        self.with_ignored
    }

    /// How many rows are ignored.
    pub fn ignored(&self) -> usize {
        let ignored = self.counts.iter().find(|(_, state)| *state == PendingState::Ignored.name());
        ignored.map_or(0, |(number, _)| *number)
    }

    /// Shows these rows only.
    pub fn set_view(&mut self, view: View) {
        self.view = view;
        self.show();
    }

    /// Shows only rows that hold this text, with the agreements that they stand below.
    pub fn set_filter(&mut self, filter: String) {
        self.filter = filter;
        self.show();
    }

    /// Shows what is ignored, or hides it.
    pub fn flip_ignored(&mut self) {
        self.with_ignored = !self.with_ignored;
        self.show();
    }

    /// Finds the rows to show, and keeps the keyboard on its row where that is among them.
    fn show(&mut self) {
        let place = self.place();
        let filter = self.filter.to_lowercase();
        let mut shown = Vec::with_capacity(self.rows.len());
        let mut root = 0;
        while let Some(row) = self.rows.get(root) {
            let family = row.below.clone();
            let all = row.holds(&filter);
            let seen = |row: &Row| self.with_ignored || !row.is_ignored();
            let additions: Vec<usize> = family
                .clone()
                .filter(|_| self.view != View::Agreements)
                .filter(|place| seen(&self.rows[*place]))
                .filter(|place| all || self.rows[*place].holds(&filter))
                .collect();
            let itself = match self.view {
                View::Both => !additions.is_empty() || (all && seen(row) && !is_above(row)),
                View::Agreements => all && seen(row) && !row.is_addition() && !is_above(row),
                View::Additions => all && seen(row) && row.is_addition(),
            };
            shown.extend(itself.then_some(root));
            shown.extend(additions);
            root = family.end.max(root + 1);
        }
        self.shown = shown;
        let kept = place.and_then(|place| self.shown.binary_search(&place).ok());
        self.cursor = kept.unwrap_or(self.cursor).min(self.shown.len().saturating_sub(1));
        self.top = self.top.min(self.cursor);
    }

    /// Moves the keyboard by so many rows, on a screen that has room for `height`.
    pub fn step(&mut self, by: isize, height: usize) {
        self.go(self.cursor.saturating_add_signed(by), height);
    }

    /// Puts the keyboard on a place among the shown rows, or on the last.
    pub fn go(&mut self, place: usize, height: usize) {
        let last = self.shown.len().saturating_sub(1);
        self.cursor = place.min(last);
        let lowest = self.cursor.saturating_sub(height.saturating_sub(1));
        let highest = self.shown.len().saturating_sub(height);
        self.top = self.top.clamp(lowest, self.cursor.max(lowest)).min(highest.max(lowest));
    }

    /// The checkbox of a row: that of an agreement stands for its additions too.
    pub fn tick(&self, place: usize) -> Tick {
        let row = &self.rows[place];
        let all = std::iter::once(place).chain(row.below.clone());
        let boxes = all.filter(|place| self.rows[*place].tickable);
        let (mut number, mut ticked) = (0, 0);
        for place in boxes {
            number += 1;
            ticked += usize::from(self.ticked[place]);
        }
        match (number, ticked) {
            (0, _) => Tick::None,
            (_, 0) => Tick::Off,
            (number, ticked) if number == ticked => Tick::On,
            _ => Tick::Part,
        }
    }

    /// Whether the row itself is ticked.
    pub fn is_ticked(&self, place: usize) -> bool {
        self.ticked[place]
    }

    /// Ticks the row that the keyboard is on, an agreement with its additions as far as they are
    /// shown; or unticks them if all are ticked. Says whether there was something to tick.
    pub fn toggle(&mut self) -> bool {
        let Some(place) = self.place() else { return false };
        let below = self.rows[place].below.clone();
        let shown = |place: &usize| self.shown.binary_search(place).is_ok();
        let family = std::iter::once(place).chain(below.filter(shown));
        let family: Vec<usize> = family.filter(|place| self.rows[*place].tickable).collect();
        let on = !family.iter().all(|place| self.ticked[*place]);
        for place in &family {
            self.ticked[*place] = on;
        }
        !family.is_empty()
    }

    /// Ticks or unticks the row that the keyboard is on, and no other.
    pub fn toggle_alone(&mut self) -> bool {
        let Some(place) = self.place().filter(|place| self.rows[*place].tickable) else {
            return false;
        };
        self.ticked[place] = !self.ticked[place];
        true
    }

    /// Ticks every row that is shown.
    pub fn tick_shown(&mut self) {
        for place in &self.shown {
            self.ticked[*place] = self.rows[*place].tickable;
        }
    }

    /// Unticks every row.
    pub fn untick_all(&mut self) {
        self.ticked.fill(false);
    }

    /// How many rows are ticked.
    pub fn count(&self) -> usize {
        self.ticked.iter().filter(|ticked| **ticked).count()
    }

    /// How many of the ticked rows are not shown.
    pub fn count_hidden(&self) -> usize {
        let seen = self.shown.iter().filter(|place| self.ticked[**place]).count();
        self.count() - seen
    }

    /// The keys of the ticked rows, in the order of the list.
    pub fn ticked_keys(&self) -> impl Iterator<Item = &str> {
        let rows = self.rows.iter().zip(&self.ticked);
        rows.filter(|(_, ticked)| **ticked).map(|(row, _)| row.key())
    }
}

/// Whether a row only names the agreement of those below it.
fn is_above(row: &Row) -> bool {
    matches!(row.body, Body::Above { .. })
}

/// How many rows are in each state that there is, in the order of the states.
fn counts(rows: &[Row]) -> Vec<(usize, &'static str)> {
    let states = PendingState::ALL.map(PendingState::name).into_iter().chain([REJECTED]);
    let of = |state| (rows.iter().filter(|row| row.state() == state).count(), state);
    states.map(of).filter(|(number, _)| *number > 0).collect()
}

#[cfg(test)]
mod tests;
