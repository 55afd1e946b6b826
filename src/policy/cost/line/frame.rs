//! The whole billing period that a day lies in, told by the whole rows beside it or by calendar.

use chrono::NaiveDate;

use super::lengths::Lengths;
use crate::policy::cost::calendar::{Span, begins, by_calendar, none_lies_across};
use crate::policy::cost::cycle::{earlier, later};
use crate::policy::cost::row::Row;

/// The whole period of a line that holds `day` (rule 4), as its rows and the `anchor` of its agreement
/// tell it, else counted from the first that fits of the day that its siblings let `suppose` and those
/// on which its own rows begin; none where nobody can tell.
pub(in crate::policy::cost) fn frame(
    rows: &[Row],
    lengths: &Lengths,
    (anchor, suppose): (Option<NaiveDate>, Option<NaiveDate>),
    day: NaiveDate,
) -> Option<Span> {
    let supposed = || {
        let months = lengths.months?;
        let begins = begins(rows);
        let candidates = || anchor.into_iter().chain(suppose).chain(begins.iter().copied());
        let fits = |from: &NaiveDate| none_lies_across(rows, *from, months);
        let from = candidates().find(fits).or(candidates().next())?;
        by_calendar(from, months, day)
    };
    told(rows, lengths, anchor, day).or_else(supposed)
}

/// The same, but none where it could only be supposed: an earlier row of it may be unknown.
pub(in crate::policy::cost) fn told(
    rows: &[Row],
    lengths: &Lengths,
    anchor: Option<NaiveDate>,
    day: NaiveDate,
) -> Option<Span> {
    let whole = || rows.iter().zip(&lengths.is_whole).filter(|(_, whole)| **whole).map(|(r, _)| r);
    // The latest that covers the day: a shared day belongs to the later one.
    let covering = whole().filter(|row| row.start <= day && day <= row.end);
    if let Some(row) = covering.max_by_key(|row| (row.start, row.end)) {
        return Some((row.start, row.end));
    }
    let months = lengths.months?;
    let next = whole().map(|row| row.start).filter(|start| *start > day).min();
    let last = whole().map(|row| row.end).filter(|end| *end < day).max();
    // Where one whole row is a period as it is counted from the start of the agreement, all are.
    let counted = |day| anchor.and_then(|anchor| by_calendar(anchor, months, day));
    if whole().any(|row| counted(row.start) == Some((row.start, row.end))) {
        return counted(day);
    }
    if let Some(start) = next
        && let (Some(first), Some(end)) = (earlier(start, months), start.pred_opt())
        && first <= day
    {
        let first = last.and_then(|last| last.succ_opt()).map_or(first, |after| after.max(first));
        return Some((first, end));
    }
    if let Some(first) = last.and_then(|last| last.succ_opt())
        && let Some(end) = later(first, months).and_then(|next| next.pred_opt())
        && day <= end
    {
        return Some((first, end));
    }
    anchor.filter(|anchor| none_lies_across(rows, *anchor, months)).and(counted(day))
}
