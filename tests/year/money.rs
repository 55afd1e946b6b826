//! What contracts must say of money on a day, by the written model: the rate out of what a line is
//! on that day, the period amount out of the rows that are there. Everything is looked at day by
//! day and row by row.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Days, NaiveDate};
use lmsyncd::model::{Contract, Field, ItemKey, ItemKind, Value};
use rust_decimal::Decimal;

use super::history::{Row, Span, cents, days, eve, months_after, period};
use super::upstream::{Agreement, FIXED_PRICE, Line, Once, RECURRING, Upstream};

/// How something stands toward its billing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Billed,
    /// From this day on.
    Upcoming(NaiveDate),
    /// Since this day. Where rows went on with no units, that may be told, or when they ended, or
    /// nothing while they go on, or an earlier day on which that was seen before it was corrected.
    Ended(NaiveDate, Option<NaiveDate>),
    None,
    OneTime,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            State::Billed => "billed",
            State::Upcoming(_) => "upcoming",
            State::Ended(..) => "ended",
            State::None => "none",
            State::OneTime => "one-time",
        }
    }
}

/// What a contract must say of money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    pub state: State,
    /// What one whole cycle costs; none where nobody can tell it to the cent.
    pub rate: Option<Decimal>,
    /// Whether nobody can tell since when it has ended, and what it cost then: of a line without
    /// units.
    pub loose: bool,
    /// By how much that may be another where it could only be scaled; zero where it need not be.
    pub slack: Decimal,
    /// The months of the cycle; none where it is billed once.
    pub months: Option<u32>,
    pub units: Option<Decimal>,
    pub price: Option<Decimal>,
    /// The running period, and what is billed for it; none where nothing is said of it.
    pub period: Option<(Span, Decimal)>,
    /// The remarks that there must be, of those that are looked at.
    pub remarks: BTreeSet<&'static str>,
}

/// The remarks that are looked at.
const REMARKS: [&str; 6] = [
    "inactive_but_billed",
    "ended_but_active",
    "mixed_cycles",
    "by_rule",
    "possible_duplicate",
    "not_billable",
];

/// What it comes to in a year, of the months of a cycle.
pub fn yearly(rate: Decimal, months: u32) -> Decimal {
    rate * Decimal::from(12 / months)
}

impl Money {
    /// What differs between this and a contract.
    #[expect(clippy::too_many_lines, reason = "one field after the other")]
    pub fn differs(&self, contract: &Contract) -> Option<String> {
        let text = |field| contract.source.get(&field).map(Value::to_string);
        let number = |field| match contract.source.get(&field) {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        };
        let say = |field: Field, is: Option<String>, must: String| {
            Some(format!("{} is {is:?}, not {must}; must be {self:?}", field.name()))
        };
        if text(Field::Billing).as_deref() != Some(self.state.name()) {
            return say(Field::Billing, text(Field::Billing), self.state.name().to_owned());
        }
        let since = text(Field::BillingSince);
        let right = match self.state {
            State::Upcoming(day) => since == Some(day.to_string()),
            State::Ended(day, rows) => {
                since == Some(day.to_string())
                    || rows.is_some_and(|rows| {
                        since.as_ref().is_none_or(|text| *text <= rows.to_string())
                    })
            }
            _ => since.is_none(),
        };
        if !right && !self.loose {
            return say(Field::BillingSince, since, format!("{:?}", self.state));
        }
        let remarks: BTreeSet<String> = match contract.source.get(&Field::Remarks) {
            Some(Value::Tags(codes)) => codes.iter().cloned().collect(),
            _ => BTreeSet::new(),
        };
        let is_scaled = remarks.contains("scaled");
        if let (true, Some(rate), Some(is)) = (is_scaled, self.rate, number(Field::BillingCost))
            && (rate - is).abs() > self.slack
        {
            return say(Field::BillingCost, text(Field::BillingCost), format!("scaled {rate}"));
        }
        for (field, must) in [
            (Field::BillingCost, self.rate.filter(|_| !is_scaled)),
            (Field::Units, self.units),
            (Field::UnitPrice, self.price.filter(|_| !is_scaled)),
        ] {
            if must.is_some() && number(field) != must {
                return say(field, text(field), format!("{must:?}"));
            }
        }
        let cycle = match self.months {
            Some(1) => "monthly",
            Some(3) => "quarterly",
            Some(6) => "semi-annual",
            Some(12) => "yearly",
            Some(_) => "unknown",
            None => "one-time",
        };
        if text(Field::BillingCycle).as_deref() != Some(cycle) {
            return say(Field::BillingCycle, text(Field::BillingCycle), cycle.to_owned());
        }
        let is = [Field::PeriodStart, Field::PeriodEnd, Field::PeriodAmount].map(text);
        let must = match self.period {
            Some(((start, end), amount)) => {
                [Some(start.to_string()), Some(end.to_string()), Some(format!("{amount:.2}"))]
            }
            None => [None, None, None],
        };
        if is != must {
            return say(Field::PeriodAmount, Some(format!("{is:?}")), format!("{must:?}"));
        }
        let seen = REMARKS.into_iter().filter(|code| remarks.contains(*code)).collect();
        if self.remarks != seen && !self.loose {
            return say(Field::Remarks, text(Field::Remarks), format!("{:?}", self.remarks));
        }
        None
    }
}

/// The day that the periods of a line are counted from. One that is billed less often than its
/// agreement, and has no whole row, goes by the agreement's start.
fn anchor(line: &Line, agreement: &Agreement) -> NaiveDate {
    let months = line.history.months;
    let whole = |row: &Row| period(agreement.anchor, months, row.start) == (row.start, row.end);
    let across = |row: &Row| row.end > period(agreement.start, months, row.start).1;
    let by_start =
        Some(months) != agreement.months && !line.rows.iter().any(|row| whole(row) || across(row));
    if by_start { agreement.start } else { agreement.anchor }
}

/// The running period of something that is counted from the agreement's anchor.
fn running(agreement: &Agreement, from: NaiveDate, months: u32, today: NaiveDate) -> Option<Span> {
    let (first, last) = period(from, months, today);
    agreement.covers(today).then(|| (first.max(agreement.start), last.min(agreement.end)))
}

/// What the rows that begin within a period come to, each rounded by itself.
fn billed_within(line: &Line, (first, last): Span) -> Decimal {
    let begins = line.rows.iter().filter(|row| first <= row.start && row.start <= last);
    begins.map(|row| cents(row.price)).sum()
}

/// Whether a line is billed on a day.
fn in_force(line: &Line, agreement: &Agreement, day: NaiveDate) -> bool {
    let history = &line.history;
    let lasts = history.first <= day && history.last.is_none_or(|last| day <= last);
    lasts && agreement.covers(day) && !history.on(day).units.is_zero()
}

/// By how much the rate of a line may be another where it could only be scaled: not at all where a
/// whole row of the running or of the next period tells the price of one unit.
fn slack(
    line: &Line,
    agreement: &Agreement,
    state: State,
    price: Decimal,
    day: NaiveDate,
) -> Decimal {
    let months = line.history.months;
    let (first, last) = period(agreement.anchor, months, day);
    let next = period(agreement.anchor, months, last + Days::new(1)).1;
    let tells = |row: &&Row| {
        let whole = period(agreement.anchor, months, row.start) == (row.start, row.end);
        let alone = line.rows.iter().filter(|other| other.covers(row.start)).count() == 1
            && line.rows.iter().filter(|other| other.covers(row.end)).count() == 1;
        let is_near = first <= row.start && row.end <= next && !row.units.is_zero();
        whole && alone && is_near && row.price == price * row.units
    };
    match state {
        // What is over may have nothing but its last, cut row to tell what it cost.
        State::Ended(..) => Decimal::MAX,
        _ if line.rows.iter().any(|row| tells(&row)) => Decimal::ZERO,
        // Each row that runs is right to half a cent, of its days.
        _ => {
            let running = line.rows.iter().filter(|row| first <= row.start && row.start <= next);
            // A day that it shares with the next one is not its own.
            let own = |row: &Row| {
                let shares = line.rows.iter().any(|one| one.start == row.end && one.id != row.id);
                let last = if shares && row.start < row.end { eve(row.end) } else { row.end };
                days((row.start, last))
            };
            let off = running.map(|row| Decimal::new(6, 3) * days((first, last)) / own(row));
            off.sum::<Decimal>() + Decimal::new(1, 2)
        }
    }
}

/// What a line must say; and whether the price could be read to the cent.
pub fn of_line(line: &Line, agreement: &Agreement, today: NaiveDate) -> (Money, Decimal) {
    let history = &line.history;
    let is_covered = line.rows.iter().any(|row| row.covers(today)) && agreement.covers(today);
    // What comes after the next period need not be known; of what is yet to begin, its first is.
    let (_, end) = period(agreement.anchor, history.months, today);
    let (_, end) = period(agreement.anchor, history.months, end + Days::new(1));
    let known = |day: &NaiveDate| {
        line.rows.iter().any(|row| row.covers(*day)) && (!is_covered || *day <= end)
    };
    let begins = history.days().chain([agreement.start]);
    let next =
        begins.filter(|day| *day > today && in_force(line, agreement, *day) && known(day)).min();
    let (state, day) = if line.rows.is_empty() {
        (State::None, today)
    } else if today < history.first.max(agreement.start) {
        // Also where it has no units yet.
        let first = history.first.max(agreement.start);
        (State::Upcoming(first), first)
    } else if in_force(line, agreement, today) {
        (State::Billed, today)
    } else if let Some(day) = next {
        // A row without units costs nothing, and is a row.
        if is_covered { (State::Billed, today) } else { (State::Upcoming(day), day) }
    } else {
        let last = history.last.unwrap_or(agreement.end).min(agreement.end).min(today);
        let mut day = last;
        while !in_force(line, agreement, day) && day > history.first {
            day = eve(day);
        }
        let has_none = history.on(last).units.is_zero();
        (State::Ended(day, has_none.then_some(last)), last)
    };
    let step = history.on(day);
    let rate = cents(step.units * step.price);
    // A stub at its beginning or its end is a short period.
    let cut = |(first, last): Span| {
        (first.max(history.first), history.last.map_or(last, |own| own.min(last)))
    };
    let period = running(agreement, anchor(line, agreement), history.months, today)
        .filter(|_| state == State::Billed)
        .map(|period| (cut(period), billed_within(line, period)));
    let money = Money {
        state,
        loose: false,
        slack: slack(line, agreement, state, step.price, today),
        rate: (!step.rough || step.units.is_zero()).then_some(rate),
        months: Some(history.months),
        units: Some(step.units),
        price: (!step.rough && !step.units.is_zero()).then_some(step.price),
        period,
        remarks: BTreeSet::new(),
    };
    (money, rate)
}

/// What something that is bought once must say.
pub fn of_once(upstream: &Upstream, key: ItemKey, once: &Once, agreement: i64) -> Money {
    let mut remarks = BTreeSet::new();
    if key.kind == ItemKind::Charge && upstream.is_by_rule(once, agreement) {
        remarks.insert("by_rule");
    }
    if upstream.is_doubtful(key) {
        remarks.insert("possible_duplicate");
    }
    if !once.billable {
        remarks.insert("not_billable");
    }
    Money {
        state: State::OneTime,
        rate: Some(cents(once.amount)),
        slack: Decimal::ZERO,
        loose: false,
        months: None,
        units: None,
        price: None,
        period: None,
        remarks,
    }
}

/// How something stands of which only its own first and last day tell.
fn by_its_days(agreement: &Agreement, today: NaiveDate, within: State) -> State {
    if today < agreement.start {
        State::Upcoming(agreement.start)
    } else if agreement.end < today {
        State::Ended(agreement.end, None)
    } else {
        within
    }
}

/// What an agreement must say.
pub fn of_agreement(upstream: &Upstream, id: i64, today: NaiveDate) -> Money {
    let agreement = &upstream.agreements[&id];
    let mut money = match agreement.kind {
        RECURRING => of_lines(upstream, id, agreement, today),
        FIXED_PRICE if is_by_rule(upstream, id) => by_rule(upstream, id, agreement, today),
        _ => of_what_is_bought(upstream, id, agreement, today),
    };
    let is_billed = money.state == State::Billed;
    // What is bought is paid for; only what is billed by period goes on.
    if is_billed && money.months.is_some() && !agreement.active {
        money.remarks.insert("inactive_but_billed");
    }
    if !is_billed && agreement.active && agreement.end < today {
        money.remarks.insert("ended_but_active");
    }
    money
}

/// How lines are billed together, by the first that begins and the last that ends; none where none
/// of them tells.
fn of_states(states: &[State]) -> Option<State> {
    let first = states.iter().filter_map(|state| match state {
        State::Upcoming(day) => Some(*day),
        _ => None,
    });
    let last = states.iter().filter_map(|state| match state {
        State::Ended(day, rows) => Some((*day, *rows)),
        _ => None,
    });
    let billed = states.contains(&State::Billed).then_some(State::Billed);
    let ended = last.max().map(|(day, rows)| State::Ended(day, rows));
    billed.or(first.min().map(State::Upcoming)).or(ended)
}

fn of_lines(upstream: &Upstream, id: i64, agreement: &Agreement, today: NaiveDate) -> Money {
    let below = upstream.below(id);
    let lines: Vec<(&Line, Money, Decimal)> = below
        .iter()
        .filter_map(|key| upstream.additions[key].line())
        .map(|line| {
            let (money, rate) = of_line(line, agreement, today);
            (line, money, rate)
        })
        .collect();
    let states: Vec<State> = lines.iter().map(|(_, money, _)| money.state).collect();
    let state = of_states(&states).unwrap_or_else(|| by_its_days(agreement, today, State::None));
    let counts = |money: &Money| match (state, money.state) {
        (State::Upcoming(day), State::Upcoming(other)) => day == other,
        (State::Ended(day, _), State::Ended(other, _)) => day == other,
        (state, other) => state == other,
    };
    let months = agreement.months.expect("it recurs");
    let shown: Vec<&(&Line, Money, Decimal)> =
        lines.iter().filter(|(_, money, _)| counts(money)).collect();
    // Every cycle is a part or a multiple of a year.
    let a_year: Decimal =
        shown.iter().map(|(line, _, rate)| yearly(*rate, line.history.months)).sum();
    let exact = shown.iter().all(|(_, money, _)| money.rate.is_some());
    let is_mixed = shown.iter().any(|(line, ..)| line.history.months != months);
    let period =
        running(agreement, agreement.anchor, months, today).filter(|_| state == State::Billed);
    let billed = |period| lines.iter().map(|(line, ..)| billed_within(line, period)).sum();
    let slack = if matches!(state, State::Ended(..)) {
        Decimal::MAX
    } else {
        let slack = shown.iter().map(|(line, money, _)| yearly(money.slack, line.history.months));
        slack.sum()
    };
    let is_over = matches!(state, State::Ended(..));
    let loose = is_over && states.iter().any(|one| matches!(one, State::Ended(_, Some(_))));
    Money {
        state,
        slack,
        loose,
        rate: (exact && !loose).then(|| cents(a_year * Decimal::from(months) / Decimal::from(12))),
        months: Some(months),
        units: None,
        price: None,
        period: period.map(|period| (period, billed(period))),
        remarks: (is_mixed && !loose).then_some("mixed_cycles").into_iter().collect(),
    }
}

/// Whether a fixed price is billed by rules: it has some, and no milestone.
fn is_by_rule(upstream: &Upstream, id: i64) -> bool {
    let has_milestones = upstream.below(id).iter().any(|key| key.kind == ItemKind::Milestone);
    upstream.rules.contains_key(&id) && !has_milestones
}

/// What the rules of an agreement charged in each month.
fn charged(upstream: &Upstream, id: i64) -> BTreeMap<(i32, u32), Decimal> {
    let mut months = BTreeMap::new();
    for key in upstream.below(id) {
        let Some(charge) = upstream.additions[&key].once() else { continue };
        if let (Some(day), true) = (charge.bought, upstream.is_by_rule(charge, id)) {
            *months.entry((day.year(), day.month())).or_default() += charge.amount;
        }
    }
    months
}

fn by_rule(upstream: &Upstream, id: i64, agreement: &Agreement, today: NaiveDate) -> Money {
    let charged = charged(upstream, id);
    let last = months_after(today, -1);
    let of = |day: NaiveDate| charged.get(&(day.year(), day.month())).copied();
    let rate = cents(of(last).or(of(today)).unwrap_or_default());
    let month = period(today.with_day(1).expect("a day"), 1, today);
    let month = (month.0.max(agreement.start), month.1.min(agreement.end));
    let this = (month, cents(of(today).unwrap_or_default()));
    Money {
        state: by_its_days(agreement, today, State::Billed),
        rate: Some(rate),
        slack: Decimal::ZERO,
        loose: false,
        months: Some(1),
        units: None,
        price: None,
        period: agreement.covers(today).then_some(this),
        remarks: BTreeSet::from(["by_rule"]),
    }
}

/// An agreement that adds up its milestones, or the purchases that can be used today.
fn of_what_is_bought(
    upstream: &Upstream,
    id: i64,
    agreement: &Agreement,
    today: NaiveDate,
) -> Money {
    let bought: Vec<(&Once, Span)> = upstream
        .below(id)
        .iter()
        .filter_map(|key| upstream.additions[key].once())
        .filter_map(|once| Some((once, once.span?)))
        .collect();
    let milestones = upstream.below(id).into_iter().filter(|key| key.kind == ItemKind::Milestone);
    let milestones: Vec<Decimal> = milestones
        .filter(|_| agreement.kind == FIXED_PRICE)
        .filter_map(|key| Some(upstream.additions[&key].once()?.amount))
        .collect();
    let now =
        |(once, (start, end)): &&(&Once, Span)| once.active && *start <= today && today <= *end;
    let begins =
        |(once, (start, _)): &(&Once, Span)| (once.active && today < *start).then_some(*start);
    let over = |(_, (_, end)): &(&Once, Span)| (*end < today).then_some(*end);
    let (first, last) =
        (bought.iter().filter_map(begins).min(), bought.iter().filter_map(over).max());
    let running: Vec<Decimal> =
        bought.iter().filter(now).map(|(once, _)| cents(once.amount)).collect();
    let (within, amount) = if !milestones.is_empty() {
        (State::Billed, milestones.into_iter().map(cents).sum())
    } else if !running.is_empty() {
        (State::Billed, running.into_iter().sum())
    } else if let Some(first) = first {
        (State::Upcoming(first), Decimal::ZERO)
    } else if let Some(last) = last {
        (State::Ended(last, None), Decimal::ZERO)
    } else {
        (State::None, Decimal::ZERO)
    };
    Money {
        state: by_its_days(agreement, today, within),
        rate: Some(amount),
        slack: Decimal::ZERO,
        loose: false,
        months: None,
        units: None,
        price: None,
        period: None,
        remarks: BTreeSet::new(),
    }
}
