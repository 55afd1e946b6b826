//! What is deleted, and what of it comes back.

use chrono::NaiveDate;
use fastrand::Rng;
use lmsyncd::demo::tenant::Entity;
use lmsyncd::model::{ItemKey, ItemKind};
use serde_json::Value as Json;

use super::agreements::an_agreement;
use super::one_of;
use crate::upstream::{Buried, Upstream, entity_of, kind_of, units_of};

/// So many of what was deleted may come back.
const MOST_BURIED: usize = 20;

pub(super) fn delete_addition(upstream: &mut Upstream, rng: &mut Rng) -> Option<String> {
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

pub(super) fn delete_agreement(upstream: &mut Upstream, rng: &mut Rng) -> Option<String> {
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

pub(super) fn bring_back(
    upstream: &mut Upstream,
    rng: &mut Rng,
    today: NaiveDate,
) -> Option<String> {
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
