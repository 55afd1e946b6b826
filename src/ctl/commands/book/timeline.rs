//! `timeline`: the terms of agreements as bars over months.
//!
//! The picture is a function of the reply (which has the span and today in it) and the screen. It
//! is a table whose widest column is drawn: [`Scale`] says in which cell of it a day lies.

use chrono::{Datelike, NaiveDate};
use unicode_width::UnicodeWidthStr;

use crate::ctl::app::error::CtlError;
use crate::ctl::commands::Ctl;
use crate::ctl::output::Csv;
use crate::ctl::output::screen::{BETWEEN, NONE, Screen, Tone, count};
use crate::ctl::output::table::{Column, Table, toned};
use crate::ctl::text::billing::{self, Billing};
use crate::ctl::text::dates;
use crate::ctl::text::money::Span;
use crate::ctl::text::sums::Totals;
use crate::protocol::contracts::{Term, Timeline, TimelineReply};

/// How soon an end is worth a look, in days.
const SOON: i64 = 90;

/// How many columns the picture has where the output has no width of its own.
const WIDE: usize = 60;

/// The fewest columns that the picture has, however narrow the screen.
const NARROW: usize = 24;

/// How many columns a label of a month needs, with a blank behind it.
const LABEL: usize = 4;

/// Draw the terms of agreements over time
///
/// A bar for each agreement, from its first to its last day, with today, the last day and the last
/// day for notice marked. Without --from, it begins three months ago; without --to and --months, it
/// shows 15 months. --json gives the dates.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl timeline
  lmsyncctl timeline acme --months 24
  lmsyncctl timeline --from 2026-01 --to 2026-12-31
  lmsyncctl timeline --plain | cut -f1,7")]
pub struct Args {
    /// Only agreements of this client
    pub client: Option<String>,
    /// The first day, or its month
    #[arg(long, value_name = "DATE", value_parser = dates::first_day, allow_hyphen_values = true)]
    pub from: Option<String>,
    /// The last day, or its month
    #[arg(long, value_name = "DATE", value_parser = dates::last_day, allow_hyphen_values = true)]
    pub to: Option<String>,
    /// How many months to show
    #[arg(
        long,
        value_name = "N",
        conflicts_with = "to",
        value_parser = clap::value_parser!(i64).range(1..=1200)
    )]
    pub months: Option<i64>,
}

/// The list, for scripts.
pub const CSV: Csv = Csv::new(
    "terms",
    &[
        "key",
        "client_id",
        "client",
        "name",
        "status",
        "start_date",
        "end_date",
        "notice_date",
        "auto_renew",
        "billing_cost",
        "currency",
        "billing_cycle",
        "billing",
        "billing_since",
        "remarks",
        "renews",
        "renewed_by",
    ],
);

/// Runs the command.
pub fn run(ctl: &Ctl, args: Args) -> Result<u8, CtlError> {
    let Args { client, from, to, months } = args;
    let answer = ctl.client.call(&Timeline { client, from, to, months })?;
    ctl.output.list(&answer, CSV, render)?;
    Ok(0)
}

/// The signs that a picture is drawn with.
struct Signs {
    /// A day of an active agreement, its first and its last.
    active: [char; 3],
    /// The same of one that is not active.
    other: [char; 3],
    /// A day after the end of one that is still active.
    lapsed: char,
    notice: char,
    /// Today, beside a bar and on it.
    today: [char; 2],
}

const UNICODE: Signs = Signs {
    active: ['━', '┣', '┫'],
    other: ['─', '├', '┤'],
    lapsed: '·',
    notice: '◆',
    today: ['│', '┿'],
};

const ASCII: Signs = Signs {
    active: ['=', '[', ']'],
    other: ['-', '[', ']'],
    lapsed: '.',
    notice: '!',
    today: ['|', '+'],
};

/// Which day lies in which cell of a line.
struct Scale {
    from: NaiveDate,
    to: NaiveDate,
    cells: usize,
}

impl Scale {
    /// The cell of a day; none outside the span.
    fn cell(&self, day: NaiveDate) -> Option<usize> {
        let days = (self.to - self.from).num_days() + 1;
        let at = (day - self.from).num_days();
        let cells = i64::try_from(self.cells).unwrap_or(i64::MAX);
        (0..days).contains(&at).then(|| usize::try_from(at * cells / days).ok()).flatten()
    }

    /// The years and the names of months above the cells where they begin, as far apart as they
    /// need.
    fn axis(&self) -> [String; 2] {
        let steps = [1, 3, 6].into_iter();
        let fitting = steps.map(|step| (step, self.labels(step))).find(|(_, labels)| fit(labels));
        let (step, labels) = fitting.unwrap_or_else(|| (12, self.labels(12)));
        let (mut years, mut names) = (vec![' '; self.cells], vec![' '; self.cells]);
        let mut year = None;
        for (day, cell) in labels {
            // A year that has no room here may have it above the next label.
            if year != Some(day.year()) && write(&mut years, cell, &day.format("%Y").to_string()) {
                year = Some(day.year());
            }
            if step < 12 {
                write(&mut names, cell, &day.format("%b").to_string());
            }
        }
        [years, names].map(|cells| cells.into_iter().collect())
    }

    /// The days that have a label where each `step`-th month has one, with their cells: the first of
    /// all too, unless it would take the place of the next.
    fn labels(&self, step: u32) -> Vec<(NaiveDate, usize)> {
        let months = std::iter::successors(Some(self.from), |day| next_month(*day));
        let days = months.take_while(|day| *day <= self.to).enumerate();
        let labelled = days.filter(|(at, day)| *at == 0 || day.month0().is_multiple_of(step));
        let mut labels: Vec<(NaiveDate, usize)> =
            labelled.filter_map(|(_, day)| Some((day, self.cell(day)?))).collect();
        if labels.len() > 1 && !fit(&labels[..2]) {
            labels.remove(0);
        }
        labels
    }

    fn bar(&self, term: &Row<'_>, today: NaiveDate, signs: &Signs) -> String {
        let mut cells = vec![' '; self.cells];
        let [body, first, last] = if term.active { signs.active } else { signs.other };
        let begins = term.start.unwrap_or(self.from).max(self.from);
        let ends = term.end.unwrap_or(self.to).min(self.to);
        let mut fill = |from: NaiveDate, to: NaiveDate, sign: char| {
            if let (Some(from), Some(to)) = (self.cell(from), self.cell(to)) {
                cells[from..=to].fill(sign);
            }
        };
        if term.lapsed() && today >= self.from {
            fill(ends.max(self.from), today.min(self.to), signs.lapsed);
        }
        if begins <= ends {
            fill(begins, ends, body);
        }
        let mut mark = |day: Option<NaiveDate>, sign: char| {
            if let Some(cell) = day.and_then(|day| self.cell(day)) {
                cells[cell] = sign;
            }
        };
        mark(term.start, first);
        mark(term.end, last);
        mark(term.notice, signs.notice);
        // What goes on beyond the edges says so.
        if term.start.is_none_or(|start| start < self.from) && cells[0] == body {
            cells[0] = '<';
        }
        if term.end.is_none_or(|end| end > self.to)
            && let Some(cell) = cells.last_mut().filter(|cell| **cell == body)
        {
            *cell = '>';
        }
        if let Some(cell) = self.cell(today) {
            cells[cell] = match cells[cell] {
                ' ' => signs.today[0],
                sign if sign == body || sign == signs.lapsed => signs.today[1],
                sign => sign,
            };
        }
        cells.into_iter().collect()
    }
}

/// Whether each label has room before the next. Months are not equally long, so all are looked at.
fn fit(labels: &[(NaiveDate, usize)]) -> bool {
    labels.windows(2).all(|two| two[1].1 - two[0].1 >= LABEL)
}

/// Writes a label where it fits, a blank away from what stands there already, and says whether.
fn write(cells: &mut [char], at: usize, label: &str) -> bool {
    let end = at + label.len();
    let before = at.saturating_sub(1);
    let free = cells.get(before..end).is_some_and(|cells| cells.iter().all(|c| *c == ' '));
    if free {
        for (cell, sign) in cells[at..end].iter_mut().zip(label.chars()) {
            *cell = sign;
        }
    }
    free
}

fn next_month(day: NaiveDate) -> Option<NaiveDate> {
    day.with_day(1)?.checked_add_months(chrono::Months::new(1))
}

/// A term with its dates read.
struct Row<'a> {
    term: &'a Term,
    active: bool,
    start: Option<NaiveDate>,
    end: Option<NaiveDate>,
    notice: Option<NaiveDate>,
    today: NaiveDate,
}

impl Row<'_> {
    fn of(term: &Term, today: NaiveDate) -> Row<'_> {
        let day = |text: &Option<String>| text.as_deref().and_then(|text| text.parse().ok());
        Row {
            active: term.status == "active",
            start: day(&term.start_date),
            end: day(&term.end_date),
            notice: day(&term.notice_date),
            today,
            term,
        }
    }

    /// Whether it has ended and is still active, and nothing renews it.
    fn lapsed(&self) -> bool {
        self.waits() && self.end.is_some_and(|end| end < self.today)
    }

    /// Whether it ends soon, and nothing renews it.
    fn ends_soon(&self) -> bool {
        let left = self.end.map(|end| (end - self.today).num_days());
        self.waits() && left.is_some_and(|left| (0..=SOON).contains(&left))
    }

    fn waits(&self) -> bool {
        self.active && self.term.renewed_by.is_none()
    }

    fn tone(&self) -> Tone {
        match self {
            row if !row.active => Tone::Dim,
            row if row.lapsed() => Tone::Bad,
            row if row.ends_soon() => Tone::Warning,
            _ => Tone::Good,
        }
    }
}

/// The screen.
fn render(reply: &TimelineReply, screen: &Screen) -> String {
    let span = format!("{} to {}", reply.from, reply.to);
    if reply.terms.is_empty() {
        return format!("no agreement has a day from {span}\n");
    }
    let day = |text: &str| text.parse::<NaiveDate>().ok();
    let (Some(from), Some(to), Some(today)) = (day(&reply.from), day(&reply.to), day(&reply.today))
    else {
        return format!("the range {span} is empty\n");
    };
    let rows: Vec<Row<'_>> = reply.terms.iter().map(|term| Row::of(term, today)).collect();
    let signs = if screen.unicode { &UNICODE } else { &ASCII };
    let scale = Scale { from, to: to.max(from), cells: cells(reply, screen) };
    let [years, months] = scale.axis();
    let mut table = Table::new([
        Column::text("KEY"),
        Column::text("NAME").cut(6),
        Column::text(years),
        Column::text("END"),
    ]);
    table.row(["".into(), "".into(), toned(Tone::Dim, months), "".into()]);
    let mut client = None;
    for row in &rows {
        let Term { client_id, client: name, .. } = row.term;
        if client.replace(*client_id) != Some(*client_id) {
            // A line of its own, which no column is made wider for.
            table.note(toned(Tone::Strong, format!("{name} ({client_id})")));
        }
        table.row([
            row.term.key.as_str().into(),
            row.term.name.as_str().into(),
            toned(row.tone(), scale.bar(row, today, signs)),
            toned(row.tone(), row.term.end_date.as_deref().unwrap_or(NONE)),
        ]);
        let billing = Billing::from(row.term);
        for found in billing.doubt(&row.term.status).into_iter().chain(billing.findings()) {
            table.note(toned(Tone::Warning, format!("  {found}")));
        }
    }
    let mut text = table.render(screen);
    if !screen.quiet {
        text.push('\n');
        text.push_str(&screen.wrapped(legend(&rows, today, signs), "   "));
        let totals = totals(&rows);
        text.push_str(&screen.wrapped(footer(&rows, &totals), BETWEEN));
        if let Some(left_out) = totals.left_out(Span::Month) {
            text.push_str(&screen.sentence(Tone::Dim, &format!("left out: {left_out}")));
        }
        text.push_str(&billing::findings(reply.terms.iter().map(Billing::from), screen));
    }
    text
}

/// How many cells the picture has beside the other columns.
fn cells(reply: &TimelineReply, screen: &Screen) -> usize {
    let Some(width) = screen.width else { return WIDE };
    let widest = |of: fn(&Term) -> &str| reply.terms.iter().map(|t| of(t).width()).max();
    let key = widest(|term| &term.key).unwrap_or(0).max(3);
    let name = widest(|term| &term.name).unwrap_or(0).max(4).min(usize::from(width) / 4);
    // Three gaps of two, and a date at the end.
    usize::from(width).saturating_sub(key + name + 3 * 2 + 10).max(NARROW)
}

fn legend(rows: &[Row<'_>], today: NaiveDate, signs: &Signs) -> Vec<String> {
    let mut parts = vec![format!("{} today, {today}", signs.today[0])];
    parts.push(format!("{} last day", signs.active[2]));
    if rows.iter().any(|row| row.notice.is_some()) {
        parts.push(format!("{} last day for notice", signs.notice));
    }
    if rows.iter().any(|row| !row.active) {
        parts.push(format!("{} not active", signs.other[0]));
    }
    if rows.iter().any(Row::lapsed) {
        parts.push(format!("{} ended, still active", signs.lapsed));
    }
    parts
}

/// The totals of those that are billed, whatever their status says.
fn totals(rows: &[Row<'_>]) -> Totals {
    let mut totals = Totals::default();
    for row in rows {
        totals.add(&Billing::from(row.term));
    }
    totals
}

fn footer(rows: &[Row<'_>], totals: &Totals) -> Vec<String> {
    let number = |of: fn(&Row<'_>) -> bool| rows.iter().filter(|row| of(row)).count();
    let mut text = count(rows.len() as i64, "agreement");
    text.push_str(&format!(", {} within {SOON}d", ending(number(|row| row.ends_soon()))));
    if let lapsed @ 1.. = number(|row| row.lapsed()) {
        text.push_str(&format!(", {lapsed} ended and still active"));
    }
    let mut parts = vec![text];
    if let Some(sums) = totals.text(Span::Month) {
        parts.push(format!("billed: {sums} per month"));
    }
    parts
}

fn ending(number: usize) -> String {
    format!("{number} {}", if number == 1 { "ends" } else { "end" })
}

#[cfg(test)]
#[path = "timeline_tests.rs"]
mod tests;
