//! Lines that bill by period: their units, prices and days.

use chrono::{Days, NaiveDate};
use fastrand::Rng;
use lmsyncd::model::{ItemKey, ItemKind};
use rust_decimal::Decimal;

use super::one_of;
use crate::history::{History, period};
use crate::upstream::{RECURRING, Upstream, entity_of, kind_of};

/// By so many cents, and one more, prices change at the least. What is less may not be told apart
/// from how a prorated price was rounded, and then nobody can tell it.
const LEAST_CHANGE: i64 = 500;

/// Services that are sold: id and price in cents.
const SOLD: [(i64, i64); 6] =
    [(301, 2310), (302, 8975), (303, 350), (304, 1200), (305, 2200), (309, 1995)];

/// Bundles that are sold: id and price in cents.
const BUNDLES: [(i64, i64); 2] = [(401, 6200), (402, 11_000)];

/// A line that is billed today, at which something may be changed.
fn a_line(upstream: &Upstream, rng: &mut Rng, today: NaiveDate) -> Option<ItemKey> {
    let lines = upstream.additions.iter().filter(|(_, addition)| {
        let (Some(line), agreement) = (addition.line(), &upstream.agreements[&addition.agreement])
        else {
            return false;
        };
        let history = &line.history;
        let lasts = history.first <= today && history.last.is_none_or(|last| today <= last);
        lasts && agreement.covers(today) && line.rows.iter().any(|row| row.covers(today))
    });
    one_of(rng, lines.map(|(key, _)| *key))
}

/// A day of the running period of a line, or of the next one, on which it may be changed.
fn a_day(upstream: &Upstream, rng: &mut Rng, key: ItemKey, today: NaiveDate) -> NaiveDate {
    let (first, last) = running(upstream, key, today);
    let day = match rng.u8(..4) {
        // Nobody knew until now.
        0 => today - Days::new(rng.u64(..12)),
        1 => last + Days::new(1),
        _ => today + Days::new(rng.u64(..12)),
    };
    let (from, until) = lifetime(upstream, key);
    day.max(first).max(from).min(until)
}

/// The running period of a line.
fn running(upstream: &Upstream, key: ItemKey, today: NaiveDate) -> (NaiveDate, NaiveDate) {
    let addition = &upstream.additions[&key];
    let months = addition.line().expect("a line").history.months;
    period(upstream.agreements[&addition.agreement].anchor, months, today)
}

/// The first and the last day of a line.
fn lifetime(upstream: &Upstream, key: ItemKey) -> (NaiveDate, NaiveDate) {
    let addition = &upstream.additions[&key];
    let agreement = &upstream.agreements[&addition.agreement];
    let history = &addition.line().expect("a line").history;
    let last = history.last.unwrap_or(agreement.end).min(agreement.end);
    (history.first.max(agreement.start), last)
}

/// Joins and leaves: other units from a day on.
pub(super) fn units(upstream: &mut Upstream, rng: &mut Rng, today: NaiveDate) -> Option<String> {
    let key = a_line(upstream, rng, today)?;
    let day = a_day(upstream, rng, key, today);
    let units = some_units(upstream, rng, key, day);
    upstream.tenant.change_units_on(kind_of(key.kind), key.id, day, units).expect("changed");
    upstream.line_mut(key).history.count(day, units.into());
    reread(upstream, key);
    Some(format!("{key} has {units} units from {day}"))
}

/// Other units, as if it had been so since the running period began.
pub(super) fn units_anew(
    upstream: &mut Upstream,
    rng: &mut Rng,
    today: NaiveDate,
) -> Option<String> {
    let key = a_line(upstream, rng, today).filter(|key| key.kind == ItemKind::Service)?;
    let (first, _) = running(upstream, key, today);
    let units = some_units(upstream, rng, key, today);
    // That is the price on the line, which its own history may still have to come to.
    let price = price_on_line(upstream, key);
    upstream.tenant.change_units(key.id, units).expect("changed");
    upstream.line_mut(key).history.anew(first, units.into(), price);
    reread(upstream, key);
    Some(format!("{key} has {units} units"))
}

fn price_on_line(upstream: &Upstream, key: ItemKey) -> Decimal {
    upstream.row(entity_of(key.kind), key.id)["unitPrice"].to_string().parse().expect("a price")
}

/// Some number of units: of a credit that is in units, less than nothing too; now and then none.
fn some_units(upstream: &Upstream, rng: &mut Rng, key: ItemKey, day: NaiveDate) -> i64 {
    let history = &upstream.additions[&key].line().expect("a line").history;
    let before = history.on(day).units;
    let before = i64::try_from(before).expect("whole units");
    let after = match rng.u8(..10) {
        0 => 0,
        1..6 => before.abs() + rng.i64(1..4),
        6..9 => (before.abs() - rng.i64(1..4)).max(1),
        _ => rng.i64(1..80),
    };
    if before < 0 { -after } else { after }
}

/// Another price of one unit, from the next period on, which is announced ahead, or at once.
pub(super) fn price(upstream: &mut Upstream, rng: &mut Rng, today: NaiveDate) -> Option<String> {
    let key = a_line(upstream, rng, today)?;
    let (first, last) = running(upstream, key, today);
    let next = last + Days::new(1);
    let (from, until) = lifetime(upstream, key);
    let ahead = next <= until && rng.u8(..3) > 0;
    let day = if ahead { next } else { a_day(upstream, rng, key, today) };
    let day = day.max(first).max(from);
    let before = upstream.additions[&key].line()?.history.on(day).price;
    let by = Decimal::new(rng.i64(LEAST_CHANGE..6000), 2);
    // A price that would come near to nothing rises.
    let falls = rng.bool() && before.abs() > by + by;
    let more = if before.is_sign_negative() == falls { by } else { -by };
    let price = before + more;
    upstream.tenant.change_price_on(kind_of(key.kind), key.id, day, price).expect("changed");
    upstream.line_mut(key).history.cost(day, price);
    reread(upstream, key);
    Some(format!("one unit of {key} costs {price} from {day}"))
}

/// A line ends within its agreement, or goes on after all.
pub(super) fn end_line(upstream: &mut Upstream, rng: &mut Rng, today: NaiveDate) -> Option<String> {
    let over = upstream.additions.iter().filter(|(_, addition)| {
        let agreement = &upstream.agreements[&addition.agreement];
        let last = addition.line().and_then(|line| line.history.last);
        last.is_some_and(|last| last < agreement.end) && agreement.covers(today)
    });
    let over: Vec<ItemKey> = over.map(|(key, _)| *key).collect();
    let goes_on = rng.u8(..3) == 0;
    let key = if goes_on { one_of(rng, over)? } else { a_line(upstream, rng, today)? };
    let agreement = &upstream.agreements[&upstream.additions[&key].agreement];
    let history = &upstream.additions[&key].line()?.history;
    let (_, until) = running(upstream, key, today);
    let day = match rng.u8(..3) {
        _ if goes_on => today + Days::new(rng.u64(5..120)),
        0 => until,
        1 => today - Days::new(rng.u64(..8)),
        _ => today + Days::new(rng.u64(..40)),
    };
    let day = day.max(history.first.max(agreement.start) + Days::new(1)).min(agreement.end);
    upstream.tenant.end_line(kind_of(key.kind), key.id, day).expect("ended");
    upstream.line_mut(key).history.last = Some(day);
    reread(upstream, key);
    Some(format!("{key} ends on {day}"))
}

/// Reads the rows of a line anew: any edit may have added some, or taken some out.
pub(super) fn reread(upstream: &mut Upstream, key: ItemKey) {
    upstream.read_rows(key);
    let agreement = upstream.additions[&key].agreement;
    upstream.touch_agreement(agreement);
}

/// A line begins on some day: it did, or it will.
pub(super) fn new_line(upstream: &mut Upstream, rng: &mut Rng, today: NaiveDate) -> Option<String> {
    let recurring = upstream
        .agreements
        .iter()
        .filter(|(_, one)| one.kind == RECURRING && one.covers(today) && one.months.is_some());
    let id = one_of(rng, recurring.map(|(id, _)| *id).collect::<Vec<_>>())?;
    let agreement = &upstream.agreements[&id];
    let day = match rng.u8(..4) {
        0 => period(agreement.anchor, agreement.months?, today).0,
        1 => today - Days::new(rng.u64(..25)),
        _ => today + Days::new(rng.u64(..40)),
    };
    let day = day.max(agreement.start).min(agreement.end);
    let key = add_line(upstream, rng, id, day);
    Some(format!("{key} is new below A{id} from {day}"))
}

pub(super) fn add_line(
    upstream: &mut Upstream,
    rng: &mut Rng,
    agreement: i64,
    day: NaiveDate,
) -> ItemKey {
    let (letter, (item, price)) = match rng.u8(..6) {
        0 => (ItemKind::Bundle, BUNDLES[rng.usize(..BUNDLES.len())]),
        _ => (ItemKind::Service, SOLD[rng.usize(..SOLD.len())]),
    };
    let (units, price) = (rng.i64(1..60), Decimal::new(price, 2));
    let added = upstream.tenant.add_line_from(kind_of(letter), agreement, item, units, price, day);
    let key = ItemKey::new(letter, added.expect("added"));
    upstream.read_addition(key);
    let months = upstream.agreements[&agreement].months.expect("it recurs");
    upstream.line_mut(key).history = History::new(day, units.into(), price, months);
    reread(upstream, key);
    // Where it is the only one, nothing tells any more that the agreement opened with a stub.
    upstream.find_anchor(agreement);
    key
}
