//! What people do in Autotask: seeded changes to the tenant, each written down in the account too.

use chrono::{Datelike, Days, Months, NaiveDate};
use fastrand::Rng;
use lmsyncd::demo::tenant::{Bought, Entity};
use lmsyncd::model::{ItemKey, ItemKind};
use rust_decimal::Decimal;
use serde_json::Value as Json;

use super::history::{History, months_after, period};
use super::upstream::{
    Buried, FIXED_PRICE, PREPAID, RECURRING, Upstream, entity_of, kind_of, units_of,
};

/// Agreements that end from this year on never end.
const FOR_EVER: i32 = 9000;

/// By so many cents, and one more, prices change at the least. What is less may not be told apart
/// from how a prorated price was rounded, and then nobody can tell it.
const LEAST_CHANGE: i64 = 500;

/// So many of what was deleted may come back.
const MOST_BURIED: usize = 20;

/// Names that people give.
const NAMES: [&str; 6] = [
    "Managed Services",
    "Care Plus",
    "Server Care",
    "Workplace",
    "Backup and Recovery",
    "Zürich 山",
];

/// Services that are sold: id and price in cents.
const SOLD: [(i64, i64); 6] =
    [(301, 2310), (302, 8975), (303, 350), (304, 1200), (305, 2200), (309, 1995)];

/// Bundles that are sold: id and price in cents.
const BUNDLES: [(i64, i64); 2] = [(401, 6200), (402, 11_000)];

/// Does one thing in Autotask. Says what; none where nothing fitting was there.
pub fn anything(upstream: &mut Upstream, rng: &mut Rng, today: NaiveDate) -> Option<String> {
    match rng.u8(..100) {
        0..16 => units(upstream, rng, today),
        16..22 => units_anew(upstream, rng, today),
        22..30 => price(upstream, rng, today),
        30..36 => rename(upstream, rng),
        36..42 => status(upstream, rng),
        42..47 => dates(upstream, rng, today),
        47..52 => new_agreement(upstream, rng, today),
        52..60 => new_line(upstream, rng, today),
        60..66 => end_line(upstream, rng, today),
        66..71 => delete_addition(upstream, rng),
        71..73 => delete_agreement(upstream, rng),
        73..78 => renew(upstream, rng, today),
        78..81 => move_away(upstream, rng),
        81 => merge(upstream, rng),
        82..86 => bring_back(upstream, rng, today),
        86..88 => rename_client(upstream, rng),
        88 => currency(upstream, rng),
        89..92 => buy(upstream, rng, today),
        92..95 => purchase(upstream, rng),
        95..98 => charge(upstream, rng, today),
        _ => terms(upstream, rng),
    }
}

fn one_of<T: Copy>(rng: &mut Rng, all: impl IntoIterator<Item = T>) -> Option<T> {
    let all: Vec<T> = all.into_iter().collect();
    (!all.is_empty()).then(|| all[rng.usize(..all.len())])
}

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

fn an_agreement(upstream: &Upstream, rng: &mut Rng) -> Option<i64> {
    one_of(rng, upstream.agreements.keys().copied())
}

/// Joins and leaves: other units from a day on.
fn units(upstream: &mut Upstream, rng: &mut Rng, today: NaiveDate) -> Option<String> {
    let key = a_line(upstream, rng, today)?;
    let day = a_day(upstream, rng, key, today);
    let units = some_units(upstream, rng, key, day);
    upstream.tenant.change_units_on(kind_of(key.kind), key.id, day, units).expect("changed");
    upstream.line_mut(key).history.count(day, units.into());
    reread(upstream, key);
    Some(format!("{key} has {units} units from {day}"))
}

/// Other units, as if it had been so since the running period began.
fn units_anew(upstream: &mut Upstream, rng: &mut Rng, today: NaiveDate) -> Option<String> {
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
fn price(upstream: &mut Upstream, rng: &mut Rng, today: NaiveDate) -> Option<String> {
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
fn end_line(upstream: &mut Upstream, rng: &mut Rng, today: NaiveDate) -> Option<String> {
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
fn reread(upstream: &mut Upstream, key: ItemKey) {
    upstream.read_rows(key);
    let agreement = upstream.additions[&key].agreement;
    upstream.touch_agreement(agreement);
}

fn rename(upstream: &mut Upstream, rng: &mut Rng) -> Option<String> {
    let id = an_agreement(upstream, rng)?;
    let name = format!("{} {}", NAMES[rng.usize(..NAMES.len())], rng.u16(..));
    upstream.tenant.rename_contract(id, &name).expect("renamed");
    upstream.read_agreement(id);
    Some(format!("A{id} is named {name}"))
}

fn status(upstream: &mut Upstream, rng: &mut Rng) -> Option<String> {
    let id = an_agreement(upstream, rng)?;
    let status = i64::from(!upstream.agreements[&id].active);
    upstream.tenant.set(Entity::Contracts, id, "status", status).expect("set");
    upstream.read_agreement(id);
    Some(format!("A{id} has the status {status}"))
}

/// The end of an agreement is moved: later, or nearer, but not so near that a line had never been.
fn dates(upstream: &mut Upstream, rng: &mut Rng, today: NaiveDate) -> Option<String> {
    let id = an_agreement(upstream, rng)?;
    let (start, end) = (upstream.agreements[&id].start, upstream.agreements[&id].end);
    if end.year() > FOR_EVER {
        return None;
    }
    let day = match rng.u8(..4) {
        0 => today + Days::new(rng.u64(..60)),
        1 => months_after(today, 1) - Days::new(u64::from(today.day())),
        _ => end + Months::new(rng.u32(1..13)),
    };
    let lines = upstream
        .below(id)
        .into_iter()
        .filter_map(|key| Some(upstream.additions[&key].line()?.history.first));
    if lines.chain([start]).any(|first| first >= day) {
        return None;
    }
    upstream.tenant.end_on(id, day).expect("ended");
    upstream.read_agreement(id);
    for key in upstream.below(id) {
        if upstream.additions[&key].line().is_some() {
            reread(upstream, key);
        }
    }
    if day > end {
        upstream.ended_with(id, end);
    }
    // What was a stub at its end may show from which day its periods are counted.
    upstream.find_anchor(id);
    Some(format!("A{id} ends on {day}"))
}

fn new_agreement(upstream: &mut Upstream, rng: &mut Rng, today: NaiveDate) -> Option<String> {
    let company = one_of(rng, upstream.clients.keys().copied())?;
    let name = format!("{} {}", NAMES[rng.usize(..NAMES.len())], rng.u16(..));
    let id = upstream.tenant.add_contract(company, &name).expect("added");
    upstream.read_agreement(id);
    let lines = rng.usize(0..4);
    for _ in 0..lines {
        let day = upstream.agreements[&id].start;
        add_line(upstream, rng, id, day);
    }
    Some(format!("A{id} is new at {company} on {today}, with {lines} additions"))
}

/// A line begins on some day: it did, or it will.
fn new_line(upstream: &mut Upstream, rng: &mut Rng, today: NaiveDate) -> Option<String> {
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

fn add_line(upstream: &mut Upstream, rng: &mut Rng, agreement: i64, day: NaiveDate) -> ItemKey {
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

fn delete_addition(upstream: &mut Upstream, rng: &mut Rng) -> Option<String> {
    let key = one_of(rng, upstream.additions.keys().copied())?;
    if is_last(upstream, key) {
        return None;
    }
    let rows = take_out(upstream, key);
    let addition = upstream.strike_addition(key);
    let until = upstream.agreements[&addition.agreement].end;
    bury(upstream, rng, Buried { rows, agreement: None, additions: vec![(key, addition)], until });
    Some(format!("{key} is deleted"))
}

/// Whether the item has the highest id of its kind: the tenant would give that to the next one,
/// and Autotask never does.
fn is_last(upstream: &Upstream, key: ItemKey) -> bool {
    upstream.tenant.ids(entity_of(key.kind)).last() == Some(&key.id)
}

/// Takes the rows of an addition out of the tenant.
fn take_out(upstream: &Upstream, key: ItemKey) -> Vec<(Entity, Json)> {
    let mut rows = vec![(entity_of(key.kind), key.id)];
    if matches!(key.kind, ItemKind::Service | ItemKind::Bundle) {
        let units = upstream.tenant.units_of(kind_of(key.kind), key.id);
        let ids = units.iter().map(|row| row["id"].as_i64().expect("an id"));
        rows.extend(ids.map(|id| (units_of(key.kind), id)));
    }
    let take = |(entity, id)| {
        let row = upstream.row(entity, id);
        upstream.tenant.remove(entity, id).expect("removed");
        (entity, row)
    };
    rows.into_iter().map(take).collect()
}

fn delete_agreement(upstream: &mut Upstream, rng: &mut Rng) -> Option<String> {
    let id = an_agreement(upstream, rng)?;
    let company = upstream.agreements[&id].company;
    let is_last = is_last(upstream, ItemKey::agreement(id))
        || upstream.below(id).into_iter().any(|key| is_last(upstream, key));
    if is_last {
        return None;
    }
    let mut rows = vec![(Entity::Contracts, upstream.row(Entity::Contracts, id))];
    let mut additions = Vec::new();
    for key in upstream.below(id) {
        rows.extend(take_out(upstream, key));
        additions.push((key, upstream.strike_addition(key)));
    }
    upstream.tenant.remove(Entity::Contracts, id).expect("removed");
    let agreement = upstream.strike_agreement(id);
    let (count, until) = (additions.len(), agreement.end);
    bury(upstream, rng, Buried { rows, agreement: Some((id, agreement)), additions, until });
    Some(format!("A{id} of {company} is deleted with {count} additions"))
}

/// Remembers what was deleted, in case it comes back.
fn bury(upstream: &mut Upstream, rng: &mut Rng, buried: Buried) {
    if upstream.buried.len() == MOST_BURIED {
        upstream.buried.swap_remove(rng.usize(..MOST_BURIED));
    }
    upstream.buried.push(buried);
}

fn bring_back(upstream: &mut Upstream, rng: &mut Rng, today: NaiveDate) -> Option<String> {
    let place = one_of(rng, 0..upstream.buried.len())?;
    let Buried { rows, agreement, additions, until } = upstream.buried.swap_remove(place);
    let parent = agreement.as_ref().map(|(id, _)| *id).or(additions.first().map(|a| a.1.agreement));
    // Whoever moved its agreement's end meanwhile would have moved that of the line too.
    let same = |id| upstream.agreements.get(&id).is_some_and(|one| one.end == until);
    let is_there = agreement.is_some() || parent.is_some_and(same);
    // An id that was given to another row meanwhile is not given again.
    let is_free = |(entity, row): &(Entity, Json)| {
        row["id"].as_i64().is_some_and(|id| upstream.tenant.get(*entity, id).is_none())
    };
    if !is_there || !rows.iter().all(is_free) {
        return None;
    }
    for (entity, row) in &rows {
        let mut row = row.clone();
        row.as_object_mut().expect("a row").remove("userDefinedFields");
        upstream.tenant.insert(*entity, &row).expect("inserted");
    }
    let mut keys: Vec<ItemKey> = additions.iter().map(|(key, _)| *key).collect();
    if let Some((id, agreement)) = agreement {
        keys.push(ItemKey::agreement(id));
        upstream.keep_agreement(id, agreement);
    }
    for (key, addition) in additions {
        upstream.keep_addition(key, addition);
    }
    // What should have been billed meanwhile is made up for.
    upstream.catch_up(today);
    for key in &keys {
        if upstream.additions.get(key).is_some_and(|one| one.line().is_some()) {
            upstream.read_rows(*key);
        }
    }
    let shown = keys.last().expect("something").to_string();
    let count = keys.len();
    upstream.comes_back(keys);
    Some(format!("{shown} comes back, one of {count}"))
}

/// A renewal is written ahead, with the lines that go on; some under another name, or later.
fn renew(upstream: &mut Upstream, rng: &mut Rng, today: NaiveDate) -> Option<String> {
    let soon = today + Days::new(60);
    let ending = upstream.agreements.iter().filter(|(id, one)| {
        let renewed = upstream.agreements.values().any(|other| other.renews == Some(**id));
        one.kind == RECURRING && one.end < soon && !renewed
    });
    let old = one_of(rng, ending.map(|(id, _)| *id).collect::<Vec<_>>())?;
    let name = match rng.u8(..3) {
        0 => format!("{} {}", NAMES[rng.usize(..NAMES.len())], rng.u16(..)),
        _ => format!("Renewal of {}", upstream.agreements[&old].name),
    };
    let gap = if rng.u8(..3) == 0 { rng.i64(1..3) } else { 0 };
    let newest = |upstream: &Upstream, letter| {
        upstream.tenant.ids(entity_of(letter)).last().copied().unwrap_or_default()
    };
    let before = [ItemKind::Service, ItemKind::Bundle].map(|letter| newest(upstream, letter));
    let id = upstream.tenant.renew_ahead(old, &name, gap).expect("renewed");
    upstream.read_agreement(id);
    let start = upstream.agreements[&id].start;
    for (letter, before) in [ItemKind::Service, ItemKind::Bundle].into_iter().zip(before) {
        for line in before + 1..=newest(upstream, letter) {
            let key = ItemKey::new(letter, line);
            upstream.read_addition(key);
            reread(upstream, key);
            upstream.tell_history(key);
        }
    }
    Some(format!("A{id} renews A{old} from {start}"))
}

fn move_away(upstream: &mut Upstream, rng: &mut Rng) -> Option<String> {
    let id = an_agreement(upstream, rng)?;
    let from = upstream.agreements[&id].company;
    let others = upstream.clients.keys().copied().filter(|other| *other != from);
    let to = one_of(rng, others.collect::<Vec<_>>())?;
    upstream.tenant.set(Entity::Contracts, id, "companyID", to).expect("set");
    upstream.read_agreement(id);
    Some(format!("A{id} moves from {from} to {to}"))
}

/// Two clients become one: the agreements of the one move to the other.
fn merge(upstream: &mut Upstream, rng: &mut Rng) -> Option<String> {
    let owning = upstream.clients.keys().filter(|id| !upstream.agreements_of(**id).is_empty());
    let from = one_of(rng, owning.copied().collect::<Vec<_>>())?;
    let others = upstream.clients.keys().copied().filter(|other| *other != from);
    let into = one_of(rng, others.collect::<Vec<_>>())?;
    let moved = upstream.agreements_of(from);
    upstream.tenant.merge_companies(from, into).expect("merged");
    for id in &moved {
        upstream.read_agreement(*id);
    }
    Some(format!("client {from} becomes part of {into}, with {} agreements", moved.len()))
}

fn rename_client(upstream: &mut Upstream, rng: &mut Rng) -> Option<String> {
    let id = one_of(rng, upstream.clients.keys().copied())?;
    let name = format!("{} {id}", NAMES[rng.usize(..NAMES.len())]);
    upstream.tenant.set(Entity::Companies, id, "companyName", name.as_str()).expect("set");
    upstream.clients.insert(id, name.clone());
    let billed = upstream.agreements.iter().filter(|(_, one)| one.billed_to == Some(id));
    let billed: Vec<i64> = billed.map(|(agreement, _)| *agreement).collect();
    for agreement in billed {
        upstream.touch_agreement(agreement);
    }
    Some(format!("client {id} is named {name}"))
}

/// A client's currency is changed by mistake, or that is mended.
fn currency(upstream: &mut Upstream, rng: &mut Rng) -> Option<String> {
    let strange = upstream.strange_currency.first().copied();
    let id = strange.or_else(|| one_of(rng, upstream.clients.keys().copied()))?;
    let now = upstream.row(Entity::Companies, id)["currencyID"].as_i64()?;
    let other = if now == 1 { 2 } else { 1 };
    upstream.tenant.set(Entity::Companies, id, "currencyID", other).expect("set");
    if !upstream.strange_currency.remove(&id) {
        upstream.strange_currency.insert(id);
        upstream.once_strange.insert(id);
    }
    upstream.touch(id);
    Some(format!("client {id} has the currency {other}"))
}

/// Something is bought in advance, with the charge that Autotask makes for it.
fn buy(upstream: &mut Upstream, rng: &mut Rng, today: NaiveDate) -> Option<String> {
    let prepaid = upstream.agreements.iter().filter(|(_, one)| PREPAID.contains(&one.kind));
    let id = one_of(rng, prepaid.map(|(id, _)| *id).collect::<Vec<_>>())?;
    let number = Decimal::from(rng.i64(5..50));
    let (what, letter) = match upstream.agreements[&id].kind {
        4 => (Bought::Hours(number, Decimal::new(12_500, 2)), ItemKind::BlockHours),
        6 => (Bought::Retainer(Decimal::new(rng.i64(5000..500_000), 2)), ItemKind::Retainer),
        _ => (Bought::Tickets(number, Decimal::new(6500, 2)), ItemKind::Tickets),
    };
    let day = today - Days::new(rng.u64(..10));
    let months = rng.i32(1..13);
    let (bought, charge) = upstream.tenant.buy(id, what, day, months, rng.bool()).expect("bought");
    upstream.read_addition(ItemKey::new(letter, bought));
    upstream.read_addition(ItemKey::new(ItemKind::Charge, charge));
    Some(format!("{} is bought on A{id} for {months} months", ItemKey::new(letter, bought)))
}

/// Something about a purchase is changed: its amount, whether it can be used, or the day of its
/// charge.
fn purchase(upstream: &mut Upstream, rng: &mut Rng) -> Option<String> {
    let bought = upstream
        .additions
        .iter()
        .filter(|(_, one)| one.once().is_some_and(|once| once.span.is_some()));
    let key = one_of(rng, bought.map(|(key, _)| *key).collect::<Vec<_>>())?;
    let entity = entity_of(key.kind);
    let told = match rng.u8(..3) {
        0 if key.kind == ItemKind::Retainer => {
            let amount = Decimal::new(rng.i64(1..1_000_000), 2);
            let row = upstream.row(entity, key.id);
            let read = |field: &str| row[field].to_string().parse().unwrap_or(Decimal::ONE);
            let internal = amount * read("internalCurrencyAmount") / read("amount");
            let internal = internal.round_dp(4).to_string();
            upstream.tenant.set(entity, key.id, "amount", amount.to_string()).expect("set");
            upstream.tenant.set(entity, key.id, "internalCurrencyAmount", internal).expect("set");
            format!("{key} amounts to {amount}")
        }
        0 | 1 => {
            let status = i64::from(!upstream.additions[&key].once()?.active);
            upstream.tenant.set(entity, key.id, "status", status).expect("set");
            format!("{key} has the status {status}")
        }
        _ => {
            let charge = upstream.charge_of(key)?;
            let day = upstream.additions[&charge].once()?.bought? + Days::new(rng.u64(1..5));
            let charges = Entity::ContractCharges;
            upstream.tenant.set(charges, charge.id, "datePurchased", day.to_string()).expect("set");
            upstream.read_addition(charge);
            format!("{charge} of {key} is dated {day}")
        }
    };
    upstream.read_addition(key);
    Some(told)
}

/// Something is charged once, or a charge is billed.
fn charge(upstream: &mut Upstream, rng: &mut Rng, today: NaiveDate) -> Option<String> {
    if rng.bool() {
        let open = upstream.additions.iter().filter(|(key, addition)| {
            key.kind == ItemKind::Charge && addition.once().is_some_and(|once| !once.is_billed)
        });
        let key = one_of(rng, open.map(|(key, _)| *key).collect::<Vec<_>>())?;
        upstream.tenant.bill_charge(key.id).expect("billed");
        upstream.read_addition(key);
        return Some(format!("{key} is billed"));
    }
    let kinds = [RECURRING, FIXED_PRICE];
    let some = upstream.agreements.iter().filter(|(_, one)| kinds.contains(&one.kind));
    let id = one_of(rng, some.map(|(id, _)| *id).collect::<Vec<_>>())?;
    let price = Decimal::new(rng.i64(100..90_000), 2);
    let charge = upstream.tenant.add_charge(id, "Work on site", today, price).expect("charged");
    if rng.u8(..4) == 0 {
        let charges = Entity::ContractCharges;
        upstream.tenant.set(charges, charge, "isBillableToCompany", false).expect("set");
    }
    upstream.read_addition(ItemKey::new(ItemKind::Charge, charge));
    Some(format!("C{charge} of {price} is new on A{id}"))
}

/// What setting an agreement up costs, or who is billed for it.
fn terms(upstream: &mut Upstream, rng: &mut Rng) -> Option<String> {
    let id = an_agreement(upstream, rng)?;
    let told = if rng.bool() {
        let fee = Decimal::new(rng.i64(0..100) * 500, 2);
        upstream.tenant.set(Entity::Contracts, id, "setupFee", fee.to_string()).expect("set");
        format!("A{id} costs {fee} to set up")
    } else {
        let payer = one_of(rng, upstream.clients.keys().copied())?;
        upstream.tenant.set(Entity::Contracts, id, "billToCompanyID", payer).expect("set");
        format!("A{id} is billed to {payer}")
    };
    upstream.read_agreement(id);
    Some(told)
}
