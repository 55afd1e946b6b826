//! What people do in Autotask: seeded changes to the tenant, each written down in the account too.

use chrono::{Datelike, Days, Months, NaiveDate};
use fastrand::Rng;
use lmsyncd::demo::tenant::Entity;
use lmsyncd::model::{ItemKey, Letter};
use rust_decimal::Decimal;
use serde_json::{Value as Json, json};

use super::upstream::{Billed, Buried, RECURRING, Upstream, entity_of, units_of};

/// Rows for the next period are made so many days before the last one ends.
const AHEAD: u64 = 20;

/// So many periods that are over are kept with a line; older ones never count.
const KEPT: usize = 3;

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

/// Does one thing in Autotask. Says what; none where nothing fitting was there.
pub fn anything(upstream: &mut Upstream, rng: &mut Rng, today: NaiveDate) -> Option<String> {
    match rng.u8(..100) {
        0..18 => units(upstream, rng),
        18..34 => price(upstream, rng),
        34..42 => rename(upstream, rng),
        42..48 => status(upstream, rng),
        48..55 => dates(upstream, rng),
        55..61 => new_agreement(upstream, rng, today),
        61..70 => new_line(upstream, rng, today),
        70..77 => delete_addition(upstream, rng),
        77..80 => delete_agreement(upstream, rng),
        80..86 => renew(upstream, rng, today),
        86..90 => move_away(upstream, rng),
        90..95 => bring_back(upstream, rng),
        95..97 => rename_client(upstream, rng),
        97 => currency(upstream, rng),
        _ => purchase(upstream, rng),
    }
}

/// Makes the rows of periods that are about to begin, and lets go of the oldest.
pub fn bill(upstream: &mut Upstream, today: NaiveDate) {
    let soon = today + Days::new(AHEAD);
    let due: Vec<(ItemKey, NaiveDate, NaiveDate)> = upstream
        .additions
        .iter()
        .filter_map(|(key, addition)| {
            let Billed::Periods(periods) = &addition.billed else { return None };
            let last = periods.iter().map(|one| one.end).max()?;
            let agreement = upstream.agreements.get(&addition.agreement)?;
            let next = last.succ_opt()?;
            let months = agreement.months.unwrap_or(1);
            let end = (next + Months::new(months)).pred_opt()?.min(agreement.end);
            (last < soon && next <= agreement.end).then_some((*key, next, end))
        })
        .collect();
    for (key, start, end) in due {
        let entity = units_of(key.letter);
        let mut rows = rows_of(upstream, key);
        let mut row = upstream.row(entity, *rows.last().expect("a period"));
        row["startDate"] = json!(start.to_string());
        row["endDate"] = json!(end.to_string());
        row["approveAndPostDate"] = Json::Null;
        row.as_object_mut().expect("a row").remove("id");
        let id = upstream.tenant.insert(entity, &row).expect("inserted");
        let over = over(upstream, key, today);
        for id in rows.drain(..over.saturating_sub(KEPT)) {
            upstream.tenant.remove(entity, id).expect("removed");
        }
        rows.push(id);
        upstream.read_periods(key, &rows);
    }
}

/// How many periods of a line are over.
fn over(upstream: &Upstream, key: ItemKey, today: NaiveDate) -> usize {
    match upstream.additions.get(&key).map(|addition| &addition.billed) {
        Some(Billed::Periods(periods)) => periods.iter().filter(|one| one.end < today).count(),
        _ => 0,
    }
}

fn one_of<T: Copy>(rng: &mut Rng, all: impl IntoIterator<Item = T>) -> Option<T> {
    let all: Vec<T> = all.into_iter().collect();
    (!all.is_empty()).then(|| all[rng.usize(..all.len())])
}

/// A line of a letter that has a period today or later.
fn a_line(upstream: &Upstream, rng: &mut Rng) -> Option<ItemKey> {
    let today = upstream.tenant.today();
    let lines = upstream.additions.iter().filter(|(_, addition)| match &addition.billed {
        Billed::Periods(periods) => periods.iter().any(|one| one.end >= today),
        Billed::Once(..) => false,
    });
    one_of(rng, lines.map(|(key, _)| *key))
}

fn an_agreement(upstream: &Upstream, rng: &mut Rng) -> Option<i64> {
    one_of(rng, upstream.agreements.keys().copied())
}

/// The rows of a line's periods, in the order of the periods.
fn rows_of(upstream: &Upstream, key: ItemKey) -> Vec<i64> {
    match upstream.additions.get(&key).map(|addition| &addition.billed) {
        Some(Billed::Periods(periods)) => periods.iter().map(|one| one.row).collect(),
        _ => Vec::new(),
    }
}

fn units(upstream: &mut Upstream, rng: &mut Rng) -> Option<String> {
    let key = a_line(upstream, rng)?;
    let units = rng.i64(0..80);
    if key.letter == Letter::Service {
        upstream.tenant.change_units(key.id, units).expect("changed");
    } else {
        let today = upstream.tenant.today();
        let entity = units_of(key.letter);
        for row in rows_of(upstream, key) {
            let before = upstream.row(entity, row);
            let over = before["endDate"].as_str().is_some_and(|end| end < &*today.to_string());
            if !over {
                let price = Decimal::new(6200, 2) * Decimal::from(units);
                upstream.tenant.set(entity, row, "units", units).expect("set");
                upstream.tenant.set(entity, row, "price", price.to_string()).expect("set");
            }
        }
    }
    let rows = rows_of(upstream, key);
    upstream.read_periods(key, &rows);
    Some(format!("{key} has {units} units"))
}

fn price(upstream: &mut Upstream, rng: &mut Rng) -> Option<String> {
    let key = a_line(upstream, rng).filter(|key| key.letter == Letter::Service)?;
    let price = Decimal::new(rng.i64(1..100_000), 2);
    upstream.tenant.change_unit_price(key.id, price).expect("changed");
    let rows = rows_of(upstream, key);
    upstream.read_periods(key, &rows);
    Some(format!("one unit of {key} costs {price}"))
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

fn dates(upstream: &mut Upstream, rng: &mut Rng) -> Option<String> {
    let id = an_agreement(upstream, rng)?;
    let end = upstream.agreements[&id].end + Months::new(rng.u32(1..13));
    upstream.tenant.set(Entity::Contracts, id, "endDate", end.to_string()).expect("set");
    upstream.read_agreement(id);
    Some(format!("A{id} ends on {end}"))
}

fn new_agreement(upstream: &mut Upstream, rng: &mut Rng, today: NaiveDate) -> Option<String> {
    let company = one_of(rng, upstream.clients.keys().copied())?;
    let name = format!("{} {}", NAMES[rng.usize(..NAMES.len())], rng.u16(..));
    let id = upstream.tenant.add_contract(company, &name).expect("added");
    upstream.read_agreement(id);
    let lines = rng.usize(0..4);
    for _ in 0..lines {
        add_line(upstream, rng, id, today);
    }
    Some(format!("A{id} is new at {company}, with {lines} additions"))
}

fn new_line(upstream: &mut Upstream, rng: &mut Rng, today: NaiveDate) -> Option<String> {
    let recurring = upstream.agreements.iter().filter(|(_, one)| {
        one.kind == RECURRING && one.start <= today && today <= one.end && one.months.is_some()
    });
    let id = one_of(rng, recurring.map(|(id, _)| *id).collect::<Vec<_>>())?;
    let key = add_line(upstream, rng, id, today);
    Some(format!("{key} is new below A{id}"))
}

fn add_line(upstream: &mut Upstream, rng: &mut Rng, agreement: i64, today: NaiveDate) -> ItemKey {
    let (service, price) = SOLD[rng.usize(..SOLD.len())];
    let (units, price) = (rng.i64(1..60), Decimal::new(price, 2));
    upstream.tenant.set_today(today);
    let before: Option<i64> = upstream.tenant.ids(Entity::ContractServiceUnits).last().copied();
    let line = upstream.tenant.add_service(agreement, service, units, price).expect("added");
    let key = ItemKey::new(Letter::Service, line);
    upstream.read_addition(key);
    let first = before.map_or(1, |last| last + 1);
    let rows: Vec<i64> = (first..)
        .take_while(|id| upstream.tenant.get(Entity::ContractServiceUnits, *id).is_some())
        .collect();
    upstream.read_periods(key, &rows);
    key
}

fn delete_addition(upstream: &mut Upstream, rng: &mut Rng) -> Option<String> {
    let key = one_of(rng, upstream.additions.keys().copied())?;
    if is_last(upstream, key) {
        return None;
    }
    let rows = take_out(upstream, key);
    let addition = upstream.strike_addition(key);
    bury(upstream, rng, Buried { rows, agreement: None, additions: vec![(key, addition)] });
    Some(format!("{key} is deleted"))
}

/// Whether the item has the highest id of its kind: the tenant would give that to the next one,
/// and Autotask never does.
fn is_last(upstream: &Upstream, key: ItemKey) -> bool {
    upstream.tenant.ids(entity_of(key.letter)).last() == Some(&key.id)
}

/// Takes the rows of an addition out of the tenant.
fn take_out(upstream: &Upstream, key: ItemKey) -> Vec<(Entity, Json)> {
    let mut rows = vec![(entity_of(key.letter), key.id)];
    rows.extend(rows_of(upstream, key).into_iter().map(|id| (units_of(key.letter), id)));
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
    let count = additions.len();
    bury(upstream, rng, Buried { rows, agreement: Some((id, agreement)), additions });
    Some(format!("A{id} of {company} is deleted with {count} additions"))
}

/// Remembers what was deleted, in case it comes back.
fn bury(upstream: &mut Upstream, rng: &mut Rng, buried: Buried) {
    if upstream.buried.len() == MOST_BURIED {
        upstream.buried.swap_remove(rng.usize(..MOST_BURIED));
    }
    upstream.buried.push(buried);
}

fn bring_back(upstream: &mut Upstream, rng: &mut Rng) -> Option<String> {
    let place = one_of(rng, 0..upstream.buried.len())?;
    let Buried { rows, agreement, additions } = upstream.buried.swap_remove(place);
    let parent = agreement.as_ref().map(|(id, _)| *id).or(additions.first().map(|a| a.1.agreement));
    let is_there =
        agreement.is_some() || parent.is_some_and(|id| upstream.agreements.contains_key(&id));
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
    let shown = keys.last().expect("something").to_string();
    let count = keys.len();
    upstream.comes_back(keys);
    Some(format!("{shown} comes back, one of {count}"))
}

fn renew(upstream: &mut Upstream, rng: &mut Rng, today: NaiveDate) -> Option<String> {
    let soon = today + Days::new(60);
    let ending = upstream.agreements.iter().filter(|(id, one)| {
        let renewed = upstream.agreements.values().any(|other| other.renews == Some(**id));
        one.kind == RECURRING && one.end < soon && !renewed
    });
    let old = one_of(rng, ending.map(|(id, _)| *id).collect::<Vec<_>>())?;
    let (company, name, end) = {
        let old = &upstream.agreements[&old];
        (old.company, old.name.clone(), old.end)
    };
    let start = end.succ_opt()?;
    let id = upstream.tenant.add_contract(company, &format!("Renewal of {name}")).expect("added");
    let set = |field: &str, value: Json| {
        upstream.tenant.set(Entity::Contracts, id, field, value).expect("set");
    };
    set("startDate", json!(start.to_string()));
    set("endDate", json!((start + Months::new(12)).pred_opt()?.to_string()));
    set("renewedContractID", json!(old));
    upstream.read_agreement(id);
    if start.with_day(1) <= today.with_day(1) {
        add_line(upstream, rng, id, today);
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

fn rename_client(upstream: &mut Upstream, rng: &mut Rng) -> Option<String> {
    let id = one_of(rng, upstream.clients.keys().copied())?;
    let name = format!("{} {id}", NAMES[rng.usize(..NAMES.len())]);
    upstream.tenant.set(Entity::Companies, id, "companyName", name.as_str()).expect("set");
    upstream.clients.insert(id, name.clone());
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

fn purchase(upstream: &mut Upstream, rng: &mut Rng) -> Option<String> {
    let retainers = upstream.additions.keys().filter(|key| key.letter == Letter::Retainer);
    let key = one_of(rng, retainers.copied().collect::<Vec<_>>())?;
    let amount = Decimal::new(rng.i64(1..1_000_000), 2);
    upstream.tenant.set(Entity::ContractRetainers, key.id, "amount", amount.to_string()).ok()?;
    upstream.read_addition(key);
    Some(format!("{key} amounts to {amount}"))
}
