//! What lines bill: which rows of it are asked for, and which of them count. Pure.
//!
//! Autotask keeps a row for each billing period, so that a line of many years has many, of which a
//! cost needs those of the running and of the next period (`policy::cost`). Which are asked for
//! depends on the agreement:
//!
//! ```text
//! agreement    rows that are asked for                       where there is none
//! goes on      those that end today or later and begin by    all of the line
//!              the end of the next period
//! begins later those of its first period                     all of the line
//! has ended    those that end about when it did, or later    all of the line
//! ```
//!
//! Where a change cut the running period into rows of which the first are over, these are asked for
//! too. Wherever a row that is over is found, the last one that is over is among them: later rows
//! are asked for too. So what is asked for first is never wrong, only sometimes too little to tell.

use std::collections::{BTreeMap, HashMap};

use chrono::{Months, NaiveDate, TimeDelta};

use super::lines::{UnitPeriod, UnitRow};
use crate::autotask::fields::row::BadField;
use crate::autotask::http::entity::Entity;
use crate::autotask::http::error::AutotaskError;
use crate::autotask::query::filter::{Group, PAGE_ROWS};
use crate::autotask::query::pack::FULL;

/// How long before the end of its agreement the last period of a line may end and still be found
/// at once: dates of both are at times a day apart, where time zones differ.
const SLACK: TimeDelta = TimeDelta::days(3);

/// Agreements that end so many days apart share a group: less the slack, no month is as short, so
/// that a line which is billed monthly still has one row in it.
const SPAN: TimeDelta = TimeDelta::days(24);

/// The earliest day that is asked for. A slip of somebody's keyboard may be a year that Autotask
/// cannot compare with, and would have the whole list refused; what ended earlier is found by the
/// other way.
const EARLIEST: NaiveDate = NaiveDate::from_ymd_opt(2000, 1, 1).expect("a date");

/// Rows that a line which goes on is expected to have: one for the running period, one for the next.
pub(in crate::autotask) const AHEAD: usize = 2;

/// So many lines that go on are asked for by their ids, in the same list as those of ended
/// agreements: they fit a page. For more, there may be a cheaper plan.
pub(in crate::autotask) const TOGETHER: usize = FULL / AHEAD;

/// A line that goes on, and by when the next period of such lines has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::autotask) struct Open {
    /// The last day on which the next period can begin.
    pub until: NaiveDate,
    /// The day from which on rows count: today, or when its agreement begins.
    pub since: NaiveDate,
    pub line: i64,
}

impl Open {
    /// A line that is billed every so many months, of an agreement that begins on `start`.
    pub fn new(line: i64, months: u32, start: Option<NaiveDate>, today: NaiveDate) -> Open {
        let since = start.map_or(today, |start| start.max(today));
        Open { until: horizon(since, months), since, line }
    }
}

/// By when the period after the one that holds `day` has begun, where one lasts so many months.
pub(in crate::autotask) fn horizon(day: NaiveDate, months: u32) -> NaiveDate {
    day.checked_add_months(Months::new(months)).unwrap_or(NaiveDate::MAX)
}

/// What lines bill, by line and by row, so that a row which was asked for twice counts once.
#[derive(Debug, Default)]
pub(in crate::autotask) struct Units {
    rows: HashMap<i64, BTreeMap<i64, UnitRow>>,
    /// Lines that are over and were billed in the running period, each with its first day.
    since: HashMap<i64, NaiveDate>,
    /// Why none could be read.
    unread: Option<BadField>,
}

impl Units {
    /// None could be read, so that nothing can be told of any line.
    pub fn unread(entity: Entity, error: &AutotaskError) -> Units {
        let unread = Some(BadField { field: entity.name(), reason: error.to_string() });
        Units { unread, ..Units::default() }
    }

    /// Adds rows. One that names no line cannot be placed; as the list of lines or agreements was
    /// checked page by page, that only happens where all rows were asked for.
    pub fn add(&mut self, rows: impl IntoIterator<Item = UnitRow>) {
        for row in rows {
            match row.line {
                Some(line) => drop(self.rows.entry(line).or_default().insert(row.id, row)),
                None => tracing::warn!("Autotask gave a unit row without a line"),
            }
        }
    }

    /// Of these lines rows were asked for since a day, and those count although they are over.
    pub fn count_since(&mut self, cut: &[(NaiveDate, i64)]) {
        self.since.extend(cut.iter().map(|(since, line)| (*line, *since)));
    }

    fn rows(&self, line: i64) -> impl Iterator<Item = &UnitRow> {
        self.rows.get(&line).into_iter().flat_map(BTreeMap::values)
    }

    /// Whether it can be told what `line` costs: a row covers the day, is over by then, or is known
    /// to come; or it cannot be read when it is.
    pub fn is_settled(&self, line: i64) -> bool {
        self.rows(line).next().is_some()
    }

    /// The rows of `line`, or the first bad field among them. Of what is over, where nothing covers
    /// the day and nothing is to come, only what is as late as the last: the rest says nothing,
    /// however much of it was read; and what was billed of the running period.
    pub fn periods(&self, line: i64, today: NaiveDate) -> Result<Vec<&UnitPeriod>, &BadField> {
        if let Some(unread) = &self.unread {
            return Err(unread);
        }
        let dates = || self.rows(line).filter_map(|row| row.dates);
        let from = match dates().any(|(_, end)| end >= today) {
            true => None,
            false => {
                let last = dates().map(|(_, end)| end).max();
                self.since.get(&line).copied().filter(|since| Some(*since) < last).or(last)
            }
        };
        let counts = |row: &&UnitRow| row.dates.is_none_or(|(_, end)| Some(end) >= from);
        self.rows(line).filter(counts).map(|row| row.period.as_ref()).collect()
    }
}

/// The lists in which lines are asked for: those whose agreements have ended, each with that day,
/// and those that go on. As few as can be, for one page each.
pub(in crate::autotask) fn lists(
    ended: impl IntoIterator<Item = (NaiveDate, i64)>,
    open: &[Open],
) -> Vec<Vec<Group>> {
    let mut ended: Vec<(NaiveDate, i64)> = ended.into_iter().collect();
    ended.sort_unstable();
    let mut groups: Vec<Group> = Vec::new();
    let mut first = None;
    for (end, line) in ended {
        match (first, groups.last_mut()) {
            (Some(first), Some(group)) if end - first <= SPAN => group.ids.push(line),
            _ => {
                first = Some(end);
                let since = end.checked_sub_signed(SLACK).map_or(EARLIEST, |day| day.max(EARLIEST));
                groups.push(Group { since, until: None, ids: vec![line] });
            }
        }
    }
    let mut open = open.to_vec();
    open.sort_unstable();
    for Open { until, since, line } in open {
        match groups.last_mut() {
            Some(group) if (group.since, group.until) == (since, Some(until)) => {
                group.ids.push(line);
            }
            _ => groups.push(Group { since, until: Some(until), ids: vec![line] }),
        }
    }
    let (mut lists, mut list) = (Vec::new(), Vec::new());
    for Group { since, until, ids } in groups {
        let mut rest = ids.as_slice();
        while !rest.is_empty() {
            let room = room(&list, until);
            if room == 0 {
                lists.push(std::mem::take(&mut list));
                continue;
            }
            let (now, later) = rest.split_at(rest.len().min(room));
            list.push(Group { since, until, ids: now.to_vec() });
            rest = later;
        }
    }
    lists.extend((!list.is_empty()).then_some(list));
    lists
}

/// The lists in which lines are asked for of which rows are missing: those of which nothing was
/// found, for all that was before and for what is to come in a year, and those whose running period
/// was cut, each with the day on which that began.
pub(in crate::autotask) fn missing(
    silent: &[i64],
    cut: impl IntoIterator<Item = (NaiveDate, i64)>,
    today: NaiveDate,
) -> Vec<Vec<Group>> {
    let (before, a_year) = (today.pred_opt().unwrap_or(today), horizon(today, 12));
    let open = |line: &i64| Open { until: a_year, since: EARLIEST, line: *line };
    let cut = cut.into_iter().map(|(since, line)| Open { until: before, since, line });
    lists([], &silent.iter().map(open).chain(cut).collect::<Vec<_>>())
}

/// How many rows each line of a group is expected to have, in hundredths: of those that go on, a few
/// have no next period.
fn rows_of(until: Option<NaiveDate>) -> usize {
    if until.is_some() { 200 } else { 100 }
}

/// How many lines one more group of a list can have: their rows fit its page, and each line and group
/// is a condition, of which Autotask takes as many as a page has rows.
fn room(list: &[Group], until: Option<NaiveDate>) -> usize {
    let rows: usize = list.iter().map(|group| group.ids.len() * rows_of(group.until)).sum();
    let conditions: usize = list.iter().map(|group| group.ids.len() + 1).sum();
    let fitting = (FULL * 100).saturating_sub(rows) / rows_of(until);
    fitting.min(PAGE_ROWS.saturating_sub(conditions + 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::autotask::fields::row::Row;
    use crate::autotask::rows::lines::LineKind;

    const LINE: i64 = 700;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 10, 15).expect("a date")
    }

    /// A row of the line that begins and ends so many days after today.
    fn row(id: i64, start: i64, end: i64) -> UnitRow {
        let day = |days| format!("{}T00:00:00Z", today() + TimeDelta::days(days));
        let fields = json!({"id": id, "contractServiceID": LINE, "units": 1, "price": 10,
            "startDate": day(start), "endDate": day(end)});
        UnitRow::read(LineKind::Service, &(id, Row::new(fields).expect("an object")))
    }

    fn bad(row: UnitRow) -> UnitRow {
        let reason = "price is missing".to_owned();
        UnitRow { period: Err(BadField { field: "price", reason }), ..row }
    }

    fn units(rows: &[UnitRow]) -> Units {
        let mut units = Units::default();
        units.add(rows.iter().cloned());
        units
    }

    #[test]
    fn what_was_billed_of_the_running_period_counts_when_it_is_over() {
        let mut units = units(&[row(1, -90, -61), row(2, -14, -9), row(3, -9, -3)]);
        let of = |units: &Units| -> Vec<i64> {
            let periods = units.periods(LINE, today()).expect("good rows");
            periods.iter().map(|period| period.row).collect()
        };
        assert_eq!(of(&units), [3]);
        let since = today() - TimeDelta::days(14);
        units.count_since(&[(since, LINE)]);
        assert_eq!(of(&units), [2, 3]);
    }

    fn counting(rows: &[UnitRow]) -> Result<Vec<i64>, BadField> {
        let units = units(rows);
        let periods = units.periods(LINE, today()).map_err(BadField::clone)?;
        Ok(periods.iter().map(|period| period.row).collect())
    }

    #[test]
    fn of_what_is_over_only_the_last_counts_and_only_where_nothing_covers_today() {
        let over = [row(1, -90, -60), row(2, -59, -30), row(3, -45, -30), row(3, -45, -30)];
        assert_eq!(counting(&over), Ok(vec![2, 3]), "one that was read twice counts once");
        let current = [&over[..], &[row(4, -29, 0)]].concat();
        assert_eq!(counting(&current), Ok(vec![1, 2, 3, 4]), "a change may have cut the period");
        let to_come = [row(5, 1, 30), row(6, 31, 60)];
        assert_eq!(counting(&to_come), Ok(vec![5, 6]));
        assert_eq!(counting(&[]), Ok(vec![]));
    }

    #[test]
    fn a_bad_row_matters_where_it_would_count_or_nobody_knows() {
        let (old, last) = (row(1, -90, -60), row(2, -59, -30));
        assert_eq!(counting(&[bad(old.clone()), last.clone()]), Ok(vec![2]));
        assert!(counting(&[old.clone(), bad(last)]).is_err());
        let undated = UnitRow { dates: None, ..bad(row(3, 0, 0)) };
        assert!(counting(&[old, undated.clone()]).is_err());
        assert!(units(&[undated]).is_settled(LINE));
    }

    #[test]
    fn a_line_is_settled_by_any_row() {
        assert!(units(&[row(1, -90, -60)]).is_settled(LINE));
        assert!(units(&[row(1, 1, 30)]).is_settled(LINE));
        assert!(!units(&[]).is_settled(LINE));
    }

    fn open(line: i64, months: u32) -> Open {
        Open::new(line, months, None, today())
    }

    #[test]
    fn lines_that_go_on_fill_the_last_list() {
        let end = today() - TimeDelta::days(40);
        let open = [open(1000, 1), open(1002, 3), open(1001, 1)];
        let lists = lists((0..700).map(|id| (end, id)), &open);
        assert_eq!(lists.len(), 2);
        let group = |months, ids: &[i64]| {
            let until = Some(horizon(today(), months));
            Group { since: today(), until, ids: ids.to_vec() }
        };
        assert_eq!(lists[1][1..], [group(1, &[1000, 1001]), group(3, &[1002])]);
    }

    #[test]
    fn a_line_of_an_agreement_to_come_is_asked_for_its_first_period() {
        let start = NaiveDate::from_ymd_opt(2027, 1, 1);
        let line = Open::new(7, 1, start, today());
        assert_eq!(
            (Some(line.since), Some(line.until)),
            (start, NaiveDate::from_ymd_opt(2027, 2, 1))
        );
    }

    #[test]
    fn an_impossible_year_spoils_no_list() {
        let list = lists([(today(), 2), (NaiveDate::MIN, 1)], &[]);
        let days: Vec<NaiveDate> = list[0].iter().map(|group| group.since).collect();
        assert_eq!(days, [EARLIEST, today() - SLACK]);
    }

    proptest! {
        /// Whatever is left out of what ended early: a line that is settled costs the same.
        #[test]
        fn what_ended_before_a_day_is_never_missed(
            spans in proptest::collection::vec((-400i64..60, 0i64..90), 0..12), since in -400i64..0,
        ) {
            let spans = (1..).zip(spans);
            let all: Vec<UnitRow> =
                spans.map(|(id, (start, days))| row(id, start, start + days)).collect();
            let late = |row: &&UnitRow| {
                row.dates.is_some_and(|(_, end)| end >= today() + TimeDelta::days(since))
            };
            let read: Vec<UnitRow> = all.iter().filter(late).cloned().collect();
            // Where nothing covers the day and nothing is to come, only the last counts.
            let is_over = all.iter().all(|row| row.dates.is_some_and(|(_, end)| end < today()));
            if units(&read).is_settled(LINE) && is_over {
                prop_assert_eq!(counting(&read), counting(&all));
            }
        }

        /// Each line is in one list, with its own day, and lists are full but fit.
        #[test]
        fn lists_hold_every_line_once_and_fit_a_page(
            ends in proptest::collection::vec(0i64..400, 0..3000), open in 0usize..3000,
        ) {
            let end = |days: i64| today() - TimeDelta::days(days);
            let ended: Vec<(NaiveDate, i64)> = ends.iter().map(|days| end(*days)).zip(0..).collect();
            let open: Vec<i64> = (10_000..).take(open).collect();
            let going_on: Vec<Open> = open.iter().map(|id| Open::new(*id, 1, None, today())).collect();
            let lists = lists(ended.clone(), &going_on);
            let groups = || lists.iter().flatten();
            let of = |goes_on: bool| groups().filter(move |group| group.until.is_some() == goes_on);
            let mut over: Vec<i64> = of(false).flat_map(|group| group.ids.clone()).collect();
            over.sort_unstable();
            prop_assert!(over.into_iter().eq(ended.iter().map(|(_, id)| *id)));
            prop_assert_eq!(of(true).flat_map(|group| group.ids.clone()).collect::<Vec<_>>(), open);
            for group in of(false) {
                for (end, id) in group.ids.iter().map(|id| ended[*id as usize]) {
                    prop_assert!(group.since <= end - SLACK, "{id} may have ended before");
                    prop_assert!(end - TimeDelta::days(28) < group.since, "{id} has two rows");
                }
            }
            let lines = |list: &[Group]| list.iter().map(|group| group.ids.len()).sum::<usize>();
            let rows = |list: &[Group]| -> usize {
                list.iter().map(|group| group.ids.len() * rows_of(group.until)).sum()
            };
            prop_assert!(lists.iter().all(|list| rows(list) <= FULL * 100));
            prop_assert!(lists.iter().all(|list| lines(list) + list.len() <= PAGE_ROWS));
            prop_assert!(groups().all(|group| !group.ids.is_empty()));
            let full = lists.len().saturating_sub(1);
            let is_full = |list: &Vec<Group>| {
                rows(list) + 200 > FULL * 100 || lines(list) + list.len() >= PAGE_ROWS - 1
            };
            prop_assert!(lists[..full].iter().all(is_full));
        }
    }
}
