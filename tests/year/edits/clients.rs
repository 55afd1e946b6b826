//! Clients: their names and currencies, and two that become one.

use fastrand::Rng;
use lmsyncd::demo::tenant::Entity;

use super::{NAMES, one_of};
use crate::upstream::Upstream;

/// Two clients become one: the agreements of the one move to the other.
pub(super) fn merge(upstream: &mut Upstream, rng: &mut Rng) -> Option<String> {
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

pub(super) fn rename_client(upstream: &mut Upstream, rng: &mut Rng) -> Option<String> {
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
pub(super) fn currency(upstream: &mut Upstream, rng: &mut Rng) -> Option<String> {
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
