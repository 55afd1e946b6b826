//! Agreements: names, states, days, renewals, and whose they are.

use chrono::{Datelike, Days, Months, NaiveDate};
use fastrand::Rng;
use lmsyncd::demo::tenant::Entity;
use lmsyncd::model::{ItemKey, ItemKind};
use rust_decimal::Decimal;

use super::lines::{add_line, reread};
use super::{NAMES, one_of};
use crate::history::months_after;
use crate::upstream::{RECURRING, Upstream, entity_of};

/// Agreements that end from this year on never end.
const FOR_EVER: i32 = 9000;

pub(super) fn an_agreement(upstream: &Upstream, rng: &mut Rng) -> Option<i64> {
    one_of(rng, upstream.agreements.keys().copied())
}

pub(super) fn rename(upstream: &mut Upstream, rng: &mut Rng) -> Option<String> {
    let id = an_agreement(upstream, rng)?;
    let name = format!("{} {}", NAMES[rng.usize(..NAMES.len())], rng.u16(..));
    upstream.tenant.rename_contract(id, &name).expect("renamed");
    upstream.read_agreement(id);
    Some(format!("A{id} is named {name}"))
}

pub(super) fn status(upstream: &mut Upstream, rng: &mut Rng) -> Option<String> {
    let id = an_agreement(upstream, rng)?;
    let status = i64::from(!upstream.agreements[&id].active);
    upstream.tenant.set(Entity::Contracts, id, "status", status).expect("set");
    upstream.read_agreement(id);
    Some(format!("A{id} has the status {status}"))
}

/// The end of an agreement is moved: later, or nearer, but not so near that a line had never been.
pub(super) fn dates(upstream: &mut Upstream, rng: &mut Rng, today: NaiveDate) -> Option<String> {
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

pub(super) fn new_agreement(
    upstream: &mut Upstream,
    rng: &mut Rng,
    today: NaiveDate,
) -> Option<String> {
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

/// A renewal is written ahead, with the lines that go on; some under another name, or later.
pub(super) fn renew(upstream: &mut Upstream, rng: &mut Rng, today: NaiveDate) -> Option<String> {
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

pub(super) fn move_away(upstream: &mut Upstream, rng: &mut Rng) -> Option<String> {
    let id = an_agreement(upstream, rng)?;
    let from = upstream.agreements[&id].company;
    let others = upstream.clients.keys().copied().filter(|other| *other != from);
    let to = one_of(rng, others.collect::<Vec<_>>())?;
    upstream.tenant.set(Entity::Contracts, id, "companyID", to).expect("set");
    upstream.read_agreement(id);
    Some(format!("A{id} moves from {from} to {to}"))
}

/// What setting an agreement up costs, or who is billed for it.
pub(super) fn terms(upstream: &mut Upstream, rng: &mut Rng) -> Option<String> {
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
