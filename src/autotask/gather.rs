//! The rows that belong to some clients or agreements, by the cheapest plan, and what a process
//! remembers of how many there were.
//!
//! `plan` decides; here its decision is carried out. Packed lists are cut one at a time, because
//! each answer tells more about those that follow.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use super::connection::Connection;
use super::entity::Entity;
use super::error::AutotaskError;
use super::filter::{PAGE_ROWS, Query, Within};
use super::plan::{Knowledge, Plan, Spread};
use super::progress::Progress;
use super::retry::FOR_A_RUN;
use super::walk::{Identified, Walk};

/// How many rows there were of each entity. Only estimates come of it: whatever is wrong in here
/// costs requests, never rows.
#[derive(Default)]
pub(super) struct RowCounts(Mutex<HashMap<Entity, Knowledge>>);

impl RowCounts {
    /// Uses, or changes, what is known of `entity`.
    pub fn of<T>(&self, entity: Entity, act: impl FnOnce(&mut Knowledge) -> T) -> T {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        act(known.entry(entity).or_default())
    }
}

/// All rows of `query`, by id.
pub(super) async fn gather(
    connection: &Connection,
    counts: &RowCounts,
    query: &Query,
    progress: &Progress,
) -> Result<Vec<Identified>, AutotaskError> {
    let walk = Walk { connection, query, patience: FOR_A_RUN, progress };
    let Some(within) = &query.within else {
        let rows = walk.all(None).await?;
        counts.of(query.entity, |known| known.learn_total(rows.len()));
        return Ok(rows);
    };
    let spread = Spread::of(query.entity, within.field);
    let choose = || counts.of(query.entity, |known| known.choose(&within.ids, spread));
    let (mut plan, mut counted) = (choose(), None);
    if plan == Plan::Count {
        let total = walk.count(None).await?;
        counts.of(query.entity, |known| known.learn_total(total));
        counted = Some(total);
        plan = choose();
    }
    tracing::debug!(entity = %query.entity, ids = within.ids.len(), ?plan, "the cheapest way");
    let mut rows = Vec::new();
    if plan == Plan::Walk {
        rows = walk.all(counted).await?;
        counts.of(query.entity, |known| known.learn_total(rows.len()));
        let wanted: BTreeSet<i64> = within.ids.iter().copied().collect();
        // As for a list, a row whose owner cannot be read stays, and is rejected where it is read.
        rows.retain(|(_, row)| match row.integer(within.field) {
            Ok(value) => value.is_some_and(|value| wanted.contains(&value)),
            Err(_) => true,
        });
        remember(counts, query.entity, within.field, &within.ids, &rows);
        return Ok(rows);
    }
    let mut rest = within.ids.as_slice();
    while !rest.is_empty() {
        let length = match plan {
            Plan::Packed => counts.of(query.entity, |known| known.fitting(rest, spread)),
            Plan::Whole | Plan::Walk | Plan::Count => rest.len().min(PAGE_ROWS),
        };
        let (ids, others) = rest.split_at(length);
        let piece = walk.piece(&Within { field: within.field, ids: ids.to_vec() }).await?;
        remember(counts, query.entity, within.field, ids, &piece);
        rows.extend(piece);
        rest = others;
    }
    rows.sort_by_key(|(id, _)| *id);
    Ok(rows)
}

fn remember(
    counts: &RowCounts,
    entity: Entity,
    field: &'static str,
    ids: &[i64],
    rows: &[Identified],
) {
    let mut found: HashMap<i64, usize> = ids.iter().map(|id| (*id, 0)).collect();
    for (_, row) in rows {
        if let Ok(Some(id)) = row.integer(field) {
            *found.entry(id).or_default() += 1;
        }
    }
    counts.of(entity, |known| known.learn(found));
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::autotask::script::Script;

    /// Charges of agreement 1, with `rows` of them, and one below agreement 9000.
    fn script(rows: i64) -> Script {
        let script = Script::new();
        let row = |id, contract| json!({"id": id, "contractID": contract});
        let mut all: Vec<Value> = (1..=rows).map(|id| row(id, 1)).collect();
        all.push(row(rows + 1, 9000));
        script.rows("ContractCharges", all);
        script
    }

    async fn charges(script: &Script, counts: &RowCounts, below: i64) -> usize {
        let query = Query::all(Entity::ContractCharges).within("contractID", 1..=below);
        let (connection, progress) = (script.connection(), Progress::new());
        gather(&connection, counts, &query, &progress).await.expect("rows").len()
    }

    #[tokio::test]
    async fn few_rows_below_many_agreements_are_counted_and_walked() {
        let (script, counts) = (script(3), RowCounts::default());
        assert_eq!(charges(&script, &counts, 4000).await, 3, "and not the one of another");
        assert_eq!(script.asked("ContractCharges/query/count"), 1);
        assert_eq!(script.asked("ContractCharges/query"), 1);
        assert_eq!(charges(&script, &counts, 4000).await, 3);
        assert_eq!(script.asked("ContractCharges/query/count"), 1, "it is known now");
        assert_eq!(script.asked("ContractCharges/query"), 2);
    }

    #[tokio::test]
    async fn a_walk_that_was_counted_before_is_not_counted_again() {
        let (script, counts) = (script(700), RowCounts::default());
        assert_eq!(charges(&script, &counts, 4000).await, 700);
        assert_eq!(script.asked("ContractCharges/query/count"), 1);
        assert_eq!(script.asked("ContractCharges/query"), 2);
    }

    #[tokio::test]
    async fn few_agreements_are_asked_for_by_list() {
        let (script, counts) = (script(3), RowCounts::default());
        assert_eq!(charges(&script, &counts, 20).await, 3);
        assert_eq!(script.total(), 2, "the zone and one list");
        assert_eq!(script.bodies("ContractCharges/query")[0]["filter"][1]["op"], "in");
    }
}
