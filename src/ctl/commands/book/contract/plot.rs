//! `contract history KEY --plot`: the rate over time, as steps. While it is upcoming, and after it
//! ended, nothing is billed: the line lies at nothing, and a word says why.
//!
//! The picture is a function of the history and the screen. Two currencies are never drawn on one
//! axis: only the steps in the last one are, and how many came before is said.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use unicode_width::UnicodeWidthStr;

use crate::ctl::output::screen::{NONE, Screen, Tone, count};
use crate::ctl::output::table::{Column, Table, toned};
use crate::ctl::text::money::signed;
use crate::model::{BillingState, Field};
use crate::protocol::contracts::HistoryReply;

/// How many lines the steps have.
const HEIGHT: usize = 9;

/// How many columns the picture has where the output has no width of its own.
const WIDE: usize = 80;

/// The fewest columns for the steps, however narrow the screen.
const NARROW: usize = 20;

/// What the cost was from a moment on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    at: DateTime<Utc>,
    /// Nothing while it was not billed; none where the contract was gone or had no cost.
    amount: Option<Decimal>,
    /// The amount as it was told, or the word for why there is none.
    told: String,
    currency: String,
    cycle: String,
    actor: String,
}

/// The screen.
pub fn render(reply: &HistoryReply, screen: &Screen) -> String {
    let all = steps(reply);
    let Some(last) = all.iter().rfind(|step| step.amount.is_some()) else {
        return format!("{}: the history has no rate\n", reply.key);
    };
    let currency = last.currency.clone();
    let drawn: Vec<&Step> = all
        .iter()
        .skip_while(|step| step.currency != currency)
        .filter(|step| step.currency == currency)
        .collect();
    let of = if currency.is_empty() { String::new() } else { format!(" in {currency}") };
    let title = format!("{}  rate{of}", reply.key);
    let mut text = format!("{}\n\n", screen.paint(Tone::Strong, title));
    text.push_str(&Canvas::of(&drawn, screen).text(screen));
    text.push('\n');
    text.push_str(&list(&drawn, screen));
    if !screen.quiet {
        let mut line = count(drawn.len() as i64, "step");
        if let Some(moved) = moved(&drawn) {
            line.push_str(&format!(", {} from the first to the last", money(&moved, &currency)));
        }
        if let others @ 1.. = all.len() - drawn.len() {
            line.push_str(&format!("; {others} in another currency not drawn"));
        }
        text.push_str(&format!("\n{}\n", screen.paint(Tone::Dim, line)));
    }
    text
}

/// An amount with its currency, where that is known.
fn money(amount: &str, currency: &str) -> String {
    format!("{amount} {currency}").trim_end().to_owned()
}

/// The word for a state in which nothing is billed, whatever the rate says.
fn unbilled(billing: Option<&str>) -> Option<&'static str> {
    match billing?.parse().ok()? {
        BillingState::Upcoming => Some("upcoming"),
        BillingState::Ended => Some("ended"),
        BillingState::None | BillingState::Billed | BillingState::OneTime => None,
    }
}

/// The steps of a history: each moment at which the cost, its currency or its cycle changed, or at
/// which it began or ceased to be billed.
fn steps(reply: &HistoryReply) -> Vec<Step> {
    let (cost, currency) = (Field::BillingCost.name(), Field::Currency.name());
    let (cycle, vanished) = (Field::BillingCycle.name(), Field::Vanished.name());
    let state = Field::Billing.name();
    let mut now = Step {
        at: DateTime::UNIX_EPOCH,
        amount: None,
        told: NONE.to_owned(),
        currency: String::new(),
        cycle: NONE.to_owned(),
        actor: String::new(),
    };
    let (mut amount, mut billing, mut gone) = (None::<String>, None::<String>, false);
    let mut steps: Vec<Step> = Vec::new();
    for entry in &reply.entries {
        let Ok(at) = DateTime::parse_from_rfc3339(&entry.at) else { continue };
        let (mut touched, told) = (false, now.told.clone());
        for change in &entry.changes {
            let to = change.to.clone();
            match change.field.as_str() {
                field if field == cost => amount = to,
                field if field == currency => now.currency = to.unwrap_or_default(),
                field if field == cycle => now.cycle = to.unwrap_or_else(|| NONE.to_owned()),
                field if field == vanished => gone = to.is_some(),
                // It is only a step where something else is told of it.
                field if field == state => {
                    billing = to;
                    continue;
                }
                _ => continue,
            }
            touched = true;
        }
        let unbilled = unbilled(billing.as_deref());
        now.told = match (&amount, unbilled) {
            _ if gone => "gone".to_owned(),
            (Some(_), Some(word)) => word.to_owned(),
            (Some(amount), None) => amount.clone(),
            (None, _) => NONE.to_owned(),
        };
        if !touched && now.told == told {
            continue;
        }
        (now.at, now.actor) = (at.to_utc(), entry.actor.clone());
        let number = amount.as_deref().filter(|_| !gone).and_then(|text| text.parse().ok());
        now.amount = number.map(|rate| if unbilled.is_some() { Decimal::ZERO } else { rate });
        steps.push(now.clone());
    }
    steps
}

/// What the last rate has more, or less, than the first; a word in place of a rate is none.
fn moved(steps: &[&Step]) -> Option<String> {
    let mut amounts = steps.iter().filter_map(|step| step.told.parse::<Decimal>().ok());
    let first = amounts.next()?;
    let last = amounts.next_back()?;
    Some(signed(&last.checked_sub(first)?.to_string()))
}

fn list(steps: &[&Step], screen: &Screen) -> String {
    let mut table = Table::new([
        Column::text("SINCE"),
        Column::number("RATE"),
        Column::number("CHANGE"),
        Column::text("CYCLE").leave_out(1),
        Column::text("BY").cut(8),
    ]);
    let mut before: Option<Decimal> = None;
    for step in steps {
        let more = before.zip(step.amount).and_then(|(before, now)| now.checked_sub(before));
        table.row([
            screen.minute(&step.at.to_rfc3339()).into(),
            step.told.as_str().into(),
            match more {
                Some(more) if more > Decimal::ZERO => {
                    toned(Tone::Warning, signed(&more.to_string()))
                }
                Some(more) if more < Decimal::ZERO => toned(Tone::Good, more.to_string()),
                _ => toned(Tone::Dim, NONE),
            },
            step.cycle.as_str().into(),
            step.actor.as_str().into(),
        ]);
        before = step.amount.or(before);
    }
    table.render(screen)
}

/// The signs that steps are drawn with.
struct Signs {
    flat: char,
    upright: char,
    /// A step up: where it leaves, and where it arrives.
    up: [char; 2],
    /// A step down.
    down: [char; 2],
    /// Where a step arrives on the way of another.
    tee: char,
    axis: char,
    corner: char,
    tick: char,
}

const UNICODE: Signs = Signs {
    flat: '─',
    upright: '│',
    up: ['┘', '┌'],
    down: ['┐', '└'],
    tee: '├',
    axis: '─',
    corner: '└',
    tick: '┴',
};

const ASCII: Signs = Signs {
    flat: '-',
    upright: '|',
    up: ['+', '+'],
    down: ['+', '+'],
    tee: '+',
    axis: '-',
    corner: '+',
    tick: '+',
};

/// The picture: lines of cells, each with the amount that stands beside it, above an axis of days.
struct Canvas {
    lines: Vec<Vec<char>>,
    /// The amount beside each line, where one of the steps lies on it.
    labels: Vec<String>,
    axis: Vec<char>,
    days: String,
}

impl Canvas {
    fn of(steps: &[&Step], screen: &Screen) -> Canvas {
        let signs = if screen.unicode { &UNICODE } else { &ASCII };
        let amounts: Vec<Decimal> = steps.iter().filter_map(|step| step.amount).collect();
        let most = amounts.iter().copied().max().unwrap_or_default();
        let least = amounts.iter().copied().min().unwrap_or_default();
        let height = if most == least { 1 } else { HEIGHT };
        let mut labels = vec![String::new(); height];
        for step in steps {
            if let Some(label) = step.amount.and_then(|a| labels.get_mut(row(a, least, most))) {
                label.clone_from(&step.told);
            }
        }
        // The most and the least have the last word on the lines that they share with others.
        for edge in [most, least] {
            if let Some(step) = steps.iter().rfind(|step| step.amount == Some(edge)) {
                labels[row(edge, least, most)].clone_from(&step.told);
            }
        }
        let beside = labels.iter().map(|label| label.width()).max().unwrap_or(0) + 2;
        let whole = screen.width.map_or(WIDE, usize::from);
        let width = whole.saturating_sub(beside).max(NARROW);
        let mut canvas = Canvas {
            lines: vec![vec![' '; width]; height],
            labels,
            axis: vec![signs.axis; width],
            days: String::new(),
        };
        let begin = steps.first().map_or(screen.now, |step| step.at);
        let end = screen.now.max(begin);
        let column = |at: DateTime<Utc>| column(at, begin, end, width);
        let mut before: Option<usize> = None;
        for (index, step) in steps.iter().enumerate() {
            let from = column(step.at);
            let to = steps.get(index + 1).map_or(width - 1, |next| column(next.at));
            let line = step.amount.map(|amount| row(amount, least, most));
            canvas.step(before, line, from, to, signs);
            canvas.axis[from] = signs.tick;
            before = line;
        }
        canvas.axis[0] = signs.corner;
        let day = |at: DateTime<Utc>| (screen.local)(at).date_naive();
        let days = steps.iter().map(|step| (column(step.at), day(step.at)));
        canvas.days = days_below(days.collect(), day(end), width);
        canvas
    }

    /// Draws what lies between two columns, and the way there from the line before.
    fn step(
        &mut self,
        before: Option<usize>,
        line: Option<usize>,
        from: usize,
        to: usize,
        signs: &Signs,
    ) {
        let crosses = line.is_some_and(|line| self.lines[line][from] == signs.upright);
        if let Some(line) = line {
            self.lines[line][from..=to].fill(signs.flat);
        }
        let (Some(before), Some(line)) = (before, line) else { return };
        let [leaves, mut arrives] = match line.cmp(&before) {
            std::cmp::Ordering::Less => signs.up,
            std::cmp::Ordering::Greater => signs.down,
            std::cmp::Ordering::Equal => return,
        };
        // Two steps within one column: the second comes to rest on the way of the first.
        if crosses {
            arrives = signs.tee;
        }
        for between in before.min(line)..=before.max(line) {
            self.lines[between][from] = signs.upright;
        }
        self.lines[before][from] = leaves;
        self.lines[line][from] = arrives;
    }

    fn text(&self, screen: &Screen) -> String {
        let width = self.labels.iter().map(|label| label.width()).max().unwrap_or(0);
        let mut text = String::new();
        for (label, cells) in self.labels.iter().zip(&self.lines) {
            let drawn: String = cells.iter().collect();
            let drawn = screen.paint(Tone::Good, drawn.trim_end());
            text.push_str(format!("{label:>width$}  {drawn}").trim_end());
            text.push('\n');
        }
        let blanks = " ".repeat(width);
        let axis: String = self.axis.iter().collect();
        text.push_str(&format!("{blanks}  {}\n", screen.paint(Tone::Dim, axis)));
        text.push_str(&format!("{blanks}  {}\n", self.days.trim_end()));
        text
    }
}

/// The line of an amount, the most on the first.
fn row(amount: Decimal, least: Decimal, most: Decimal) -> usize {
    let part = most.checked_sub(amount).zip(most.checked_sub(least));
    let part = part.and_then(|(above, whole)| above.checked_div(whole));
    let lines = part.and_then(|part| part.checked_mul(Decimal::from(HEIGHT - 1)));
    lines.and_then(|line| line.round().to_usize()).unwrap_or(0).min(HEIGHT - 1)
}

/// The column of a moment between two others.
fn column(at: DateTime<Utc>, begin: DateTime<Utc>, end: DateTime<Utc>, width: usize) -> usize {
    let whole = (end - begin).num_seconds().max(1);
    let part = (at - begin).num_seconds().clamp(0, whole);
    let last = i64::try_from(width.saturating_sub(1)).unwrap_or(0);
    usize::try_from(part.saturating_mul(last) / whole).unwrap_or(0)
}

/// The days below the axis: the first and the last, and between them those that fit.
fn days_below(days: Vec<(usize, NaiveDate)>, today: NaiveDate, width: usize) -> String {
    let mut line = vec![' '; width];
    let mut write = |at: usize, day: NaiveDate| {
        let label = day.to_string();
        let at = at.min(width.saturating_sub(label.len()));
        let around = at.saturating_sub(1)..(at + label.len() + 1).min(width);
        if line.get(around).is_some_and(|cells| cells.iter().all(|cell| *cell == ' ')) {
            for (cell, sign) in line[at..].iter_mut().zip(label.chars()) {
                *cell = sign;
            }
        }
    };
    if let Some((at, day)) = days.first() {
        write(*at, *day);
    }
    write(width, today);
    for (at, day) in days.into_iter().skip(1) {
        write(at, day);
    }
    line.into_iter().collect()
}

#[cfg(test)]
#[path = "plot_tests.rs"]
mod tests;
