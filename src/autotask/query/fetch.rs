//! The rows that belong to some clients or agreements, by the cheapest plan, and what is known of
//! how many there are.
//!
//! `plan` decides; here its decision is carried out. Packed lists are cut one at a time, because
//! each answer tells more about those that follow.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use super::filter::{PAGE_ROWS, Query, Within};
use super::plan::{Cardinality, Plan, RowStats};
use crate::autotask::fields::row::KeyedRow;
use crate::autotask::http::entity::Entity;
use crate::autotask::http::error::AutotaskError;
use crate::autotask::query::paginate::Pagination;
use crate::autotask::session::connection::Connection;
use crate::autotask::session::progress::Progress;
use crate::autotask::session::retry::FOR_A_RUN;

/// How many rows there were of each entity. Only estimates come of it: whatever is wrong in here
/// costs requests, never rows.
#[derive(Default)]
pub(in crate::autotask) struct RowCounts(Mutex<BTreeMap<Entity, RowStats>>);

impl RowCounts {
    /// Asks, or changes, what is known of `entity`.
    pub fn of<T>(&self, entity: Entity, act: impl FnOnce(&mut RowStats) -> T) -> T {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        act(known.entry(entity).or_default())
    }

    /// All that is known.
    pub fn all(&self) -> BTreeMap<Entity, RowStats> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl From<BTreeMap<Entity, RowStats>> for RowCounts {
    fn from(known: BTreeMap<Entity, RowStats>) -> RowCounts {
        RowCounts(Mutex::new(known))
    }
}

/// The ways that one reading took, in words.
#[derive(Default)]
pub(in crate::autotask) struct QueryTrace(Mutex<BTreeMap<Entity, String>>);

impl QueryTrace {
    /// The rows of `entity` were got in this way.
    pub fn note(&self, entity: Entity, way: &str) {
        let mut ways = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = ways.entry(entity).or_default();
        let join = if text.is_empty() { "" } else { " + " };
        let _ = write!(text, "{join}{way}");
    }

    /// All of them in one line: `Contracts by 3 lists, ContractCharges by a walk`.
    pub fn in_words(&self) -> String {
        let ways = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let words: Vec<String> =
            ways.iter().map(|(entity, way)| format!("{entity} by {way}")).collect();
        words.join(", ")
    }
}

/// What getting rows needs.
#[derive(Clone, Copy)]
pub(in crate::autotask) struct Fetcher<'a> {
    pub connection: &'a Connection,
    pub counts: &'a RowCounts,
    pub ways: &'a QueryTrace,
    pub progress: &'a Progress,
}

impl Fetcher<'_> {
    /// All rows of `query`, by id, each as `read` reads it.
    pub async fn rows<T>(
        &self,
        query: &Query,
        read: impl Fn(KeyedRow) -> T,
    ) -> Result<Vec<T>, AutotaskError> {
        let Fetcher { connection, counts, ways, progress } = *self;
        let entity = query.entity;
        let walk = Pagination { connection, query, patience: FOR_A_RUN, progress };
        let learn_total = |total| counts.of(entity, |known| known.learn_total(total));
        let Some(within) = &query.within else {
            let rows = walk.all(None, &read).await?;
            learn_total(rows.len());
            ways.note(entity, "a walk over everything");
            return Ok(rows);
        };
        let Within { field, ids } = within;
        let owned = |(id, row): KeyedRow| Owned {
            id,
            owner: row.integer(field).map_err(drop),
            row: read((id, row)),
        };
        let spread = Cardinality::of(entity, field);
        let choose = || counts.of(entity, |known| known.choose(ids, spread).0);
        let (mut plan, mut counted) = (choose(), None);
        if plan == Plan::Count {
            let total = walk.count(None).await?;
            learn_total(total);
            ways.note(entity, "a count");
            if total == 0 {
                self.remember::<T>(query, within, ids, &[]);
                return Ok(Vec::new());
            }
            counted = Some(total);
            plan = choose();
        }
        if plan == Plan::Pagination {
            let rows = self.walked(walk, within, counted, owned).await?;
            self.remember(query, within, ids, &rows);
            return Ok(rows.into_iter().map(|row| row.row).collect());
        }
        let is_packed = plan == Plan::Packed && spread != Cardinality::One;
        let mut packed = is_packed.then(|| counts.of(entity, |known| known.unasked(ids)));
        let mut longest = ids.chunks(PAGE_ROWS);
        let mut next_list = || match &mut packed {
            Some(rest) => counts.of(entity, |known| known.next_list(rest, spread)),
            None => longest.next().map(<[i64]>::to_vec),
        };
        let (mut rows, mut lists) = (Vec::new(), 0);
        while let Some(list) = next_list() {
            let piece = walk.piece(&Within { field, ids: list.clone() }, &owned).await?;
            self.remember(query, within, &list, &piece);
            rows.extend(piece);
            lists += 1;
        }
        let long = if plan == Plan::Whole { " long" } else { "" };
        ways.note(entity, &format!("{lists}{long} list{}", if lists == 1 { "" } else { "s" }));
        rows.sort_by_key(|row| row.id);
        Ok(rows.into_iter().map(|row| row.row).collect())
    }

    /// The rows of a walk over everything that belong to an id of `within`.
    async fn walked<T>(
        &self,
        walk: Pagination<'_>,
        within: &Within,
        counted: Option<usize>,
        owned: impl Fn(KeyedRow) -> Owned<T>,
    ) -> Result<Vec<Owned<T>>, AutotaskError> {
        let wanted: BTreeSet<i64> = within.ids.iter().copied().collect();
        // As for a list, a row whose owner cannot be read stays, and is rejected where it is read.
        let is_wanted = |row: &Owned<T>| match row.owner {
            Ok(owner) => owner.is_some_and(|owner| wanted.contains(&owner)),
            Err(()) => true,
        };
        // The others are not kept, but they count.
        let kept = |row: KeyedRow| Some(owned(row)).filter(is_wanted).map(Box::new);
        let rows = walk.all(counted, &kept).await?;
        let entity = walk.query.entity;
        self.counts.of(entity, |known| known.learn_total(rows.len()));
        self.ways.note(entity, "a walk");
        Ok(rows.into_iter().flatten().map(|row| *row).collect())
    }

    /// Learns how many rows each of `ids` has.
    fn remember<T>(&self, query: &Query, within: &Within, ids: &[i64], rows: &[Owned<T>]) {
        if Cardinality::of(query.entity, within.field) == Cardinality::One {
            return;
        }
        let mut found: HashMap<i64, usize> = ids.iter().map(|id| (*id, 0)).collect();
        for id in rows.iter().filter_map(|row| row.owner.ok().flatten()) {
            *found.entry(id).or_default() += 1;
        }
        self.counts.of(query.entity, |known| known.record(found));
    }
}

/// A row with whose it is.
struct Owned<T> {
    id: i64,
    /// The value of the field that was asked by; an error where it cannot be read.
    owner: Result<Option<i64>, ()>,
    row: T,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::autotask::script::Script;

    /// Rules of agreement 1, with `rows` of them, and one below agreement 9000.
    fn script(rows: i64) -> Script {
        let script = Script::new();
        let row = |id, contract| json!({"id": id, "contractID": contract});
        let mut all: Vec<Value> = (1..=rows).map(|id| row(id, 1)).collect();
        all.push(row(rows + 1, 9000));
        script.rows("ContractBillingRules", all);
        script
    }

    async fn rules(script: &Script, counts: &RowCounts, below: i64) -> usize {
        let query = Query::all(Entity::ContractBillingRules).within("contractID", 1..=below);
        let (connection, progress, ways) =
            (script.connection(), Progress::new(), QueryTrace::default());
        let gathering =
            Fetcher { connection: &connection, counts, ways: &ways, progress: &progress };
        gathering.rows(&query, |_| ()).await.expect("rows").len()
    }

    #[tokio::test]
    async fn few_rows_below_many_agreements_are_counted_and_walked() {
        let (script, counts) = (script(3), RowCounts::default());
        assert_eq!(rules(&script, &counts, 4000).await, 3, "and not the one of another");
        assert_eq!(script.asked("ContractBillingRules/query/count"), 1);
        assert_eq!(script.asked("ContractBillingRules/query"), 1);
        assert_eq!(rules(&script, &counts, 4000).await, 3);
        assert_eq!(script.asked("ContractBillingRules/query/count"), 1, "it is known now");
        assert_eq!(script.asked("ContractBillingRules/query"), 2);
    }

    #[tokio::test]
    async fn a_walk_that_was_counted_before_is_not_counted_again() {
        let (script, counts) = (script(700), RowCounts::default());
        assert_eq!(rules(&script, &counts, 4000).await, 700);
        assert_eq!(script.asked("ContractBillingRules/query/count"), 1);
        assert_eq!(script.asked("ContractBillingRules/query"), 2);
    }

    #[tokio::test]
    async fn a_row_that_was_added_after_the_count_is_no_reason_to_read_again() {
        let (script, counts) = (script(700), RowCounts::default());
        script.once("ContractBillingRules/query/count", 200, r#"{"queryCount":700}"#);
        assert_eq!(rules(&script, &counts, 4000).await, 700);
        assert_eq!(script.asked("ContractBillingRules/query/count"), 2);
        assert_eq!(script.asked("ContractBillingRules/query"), 2);
    }

    #[tokio::test]
    async fn where_the_tenant_has_none_nothing_is_walked() {
        let (script, counts) = (Script::new(), RowCounts::default());
        assert_eq!(rules(&script, &counts, 4000).await, 0);
        assert_eq!(script.asked("ContractBillingRules/query/count"), 1);
        assert_eq!(script.asked("ContractBillingRules/query"), 0);
    }

    #[tokio::test]
    async fn few_agreements_are_asked_for_by_list() {
        let (script, counts) = (script(3), RowCounts::default());
        assert_eq!(rules(&script, &counts, 20).await, 3);
        assert_eq!(script.total(), 2, "the zone and one list");
        assert_eq!(script.bodies("ContractBillingRules/query")[0]["filter"][1]["op"], "in");
    }
}
