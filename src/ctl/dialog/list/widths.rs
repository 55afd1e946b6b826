//! How wide the columns of the list are on a screen, and which give way on a narrow one.

use super::rows::Row;
use crate::ctl::dialog::text;

/// The heads of the columns.
pub(super) const HEADS: [&str; 7] = ["STATE", "NAME", "TYPE", "RATE", "CYCLE", "START", "END"];
pub(super) const STATE: usize = 0;
pub(super) const NAME: usize = 1;
pub(super) const TYPE: usize = 2;
pub(super) const COST: usize = 3;
const CYCLE: usize = 4;
const START: usize = 5;
pub(super) const END: usize = 6;

/// What is left out on a narrow screen, in this order. Of a state, its mark stays.
const GIVES_WAY: [usize; 6] = [START, END, TYPE, CYCLE, STATE, COST];

/// How far names and types may be cut before a column is left out, in columns of the screen.
const LEAST_NAME: usize = 20;
const LEAST_TYPE: usize = 9;

/// The marker of the keyboard's row, the checkbox, and a blank.
pub(super) const FRONT: usize = 5;

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
pub(super) fn fit(natural: &Widths, width: usize) -> [Option<usize>; 7] {
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

pub(super) fn gap(width: usize) -> usize {
    if width >= ROOMY { 2 } else { 1 }
}

pub(super) fn total(widths: &[Option<usize>; 7], width: usize) -> usize {
    let each = widths.iter().flatten().map(|column| column + gap(width));
    each.sum::<usize>().saturating_sub(gap(width))
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
