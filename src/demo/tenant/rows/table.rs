//! The rows of each entity, ordered by id, with indexes for the fields that clients filter by in
//! bulk. It finds and changes rows; it does not know why.

use std::collections::BTreeMap;
use std::ops::Bound;

use chrono::NaiveDate;

use super::filter::{Narrowing, Node};
use super::lens::Lens;
use super::row::Row;
use crate::demo::tenant::billing::history::History;
use crate::demo::tenant::schema::entity::Entity;
use crate::demo::tenant::schema::line_kind::LineKind;

/// Fields with an index: a nightly pull asks for hundreds of parents at once, and a scan for each
/// page would make a large tenant quadratic.
const INDEXED: [&str; 5] =
    ["companyID", "contractID", "contractServiceID", "contractServiceBundleID", "serviceBundleID"];

/// The rows of one entity.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) entity: Entity,
    rows: BTreeMap<i64, Row>,
    /// By place of the field: ids of the rows with a value, in order.
    indexes: Vec<(usize, BTreeMap<i64, Vec<i64>>)>,
}

impl Table {
    pub(crate) fn new(entity: Entity) -> Table {
        let schema = entity.schema();
        let indexes = INDEXED
            .iter()
            .filter_map(|name| schema.find(name))
            .map(|at| (at, BTreeMap::new()))
            .collect();
        Table { entity, rows: BTreeMap::new(), indexes }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn get(&self, id: i64) -> Option<&Row> {
        self.rows.get(&id)
    }

    pub(crate) fn ids(&self) -> Vec<i64> {
        self.rows.keys().copied().collect()
    }

    /// An id that no row has had: one above the highest.
    pub(crate) fn next_id(&self) -> i64 {
        self.rows.last_key_value().map_or(1, |(id, _)| id + 1)
    }

    /// Puts a row in, in place of the one with the same id.
    pub(crate) fn insert(&mut self, row: Row) {
        let id = row.id();
        if self.rows.contains_key(&id) {
            self.remove(id);
        }
        for (at, index) in &mut self.indexes {
            if let Some(key) = row.values[*at].as_int() {
                let ids = index.entry(key).or_default();
                // Most rows are made in the order of their ids, and belong at the end.
                let is_last = ids.last().is_none_or(|last| *last < id);
                let place =
                    if is_last { ids.len() } else { ids.partition_point(|other| *other < id) };
                ids.insert(place, id);
            }
        }
        self.rows.insert(id, row);
    }

    /// Takes a row out.
    pub(crate) fn remove(&mut self, id: i64) -> Option<Row> {
        let row = self.rows.remove(&id)?;
        for (at, index) in &mut self.indexes {
            let ids = row.values[*at].as_int().and_then(|key| index.get_mut(&key));
            if let Some(ids) = ids {
                ids.retain(|other| *other != id);
            }
        }
        Some(row)
    }

    /// Changes a row; `None` if there is none.
    pub(crate) fn change(&mut self, id: i64, change: impl FnOnce(&mut Row)) -> Option<()> {
        let mut row = self.remove(id)?;
        change(&mut row);
        self.insert(row);
        Some(())
    }

    /// Rows with this value in an indexed field, ordered by id.
    pub(crate) fn children(&self, field: &str, parent: i64) -> Vec<&Row> {
        let at = self.entity.schema().find(field);
        let index = self.indexes.iter().find(|(place, _)| Some(*place) == at);
        index
            .and_then(|(_, index)| index.get(&parent))
            .map(|ids| ids.iter().filter_map(|id| self.rows.get(id)).collect())
            .unwrap_or_default()
    }

    /// Rows above the id `after` that pass the filter and that the request may see, ordered by id.
    pub(crate) fn select<'a>(
        &'a self,
        filter: &'a Node,
        lens: &'a Lens,
        after: i64,
    ) -> Box<dyn Iterator<Item = &'a Row> + 'a> {
        let (candidates, met) = self.narrow(filter);
        let candidates: Box<dyn Iterator<Item = &'a Row> + 'a> = match candidates {
            Candidates::Ids(mut ids) => {
                ids.retain(|id| *id > after);
                ids.sort_unstable();
                ids.dedup();
                Box::new(ids.into_iter().filter_map(|id| self.rows.get(&id)))
            }
            Candidates::Above(least) => {
                let from = Bound::Excluded(after.max(least));
                Box::new(self.rows.range((from, Bound::Unbounded)).map(|(_, row)| row))
            }
        };
        Box::new(candidates.filter(move |row| lens.shows(row) && filter.matches_beside(row, met)))
    }

    /// The fewest rows that are known to hold every match, and the condition that all of them meet, if
    /// there is one.
    fn narrow<'a>(&self, filter: &'a Node) -> (Candidates, Option<&'a Node>) {
        let mut least = i64::MIN;
        for (node, narrowing) in filter.narrowings() {
            match narrowing {
                Narrowing::IdAbove(id) => least = least.max(id),
                Narrowing::OneOf(0, ids) => return (Candidates::Ids(ids), node),
                Narrowing::OneOf(at, keys) => {
                    let Some((_, index)) = self.indexes.iter().find(|(place, _)| *place == at)
                    else {
                        continue;
                    };
                    let ids = keys.iter().filter_map(|key| index.get(key)).flatten().copied();
                    return (Candidates::Ids(ids.collect()), node);
                }
            }
        }
        (Candidates::Above(least), None)
    }
}

enum Candidates {
    Ids(Vec<i64>),
    Above(i64),
}

/// The rows of every entity, and what no request sees: how the lines came to be as they are.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    tables: BTreeMap<Entity, Table>,
    histories: BTreeMap<(LineKind, i64), History>,
}

impl Tables {
    pub(crate) fn new() -> Tables {
        let tables = Entity::ALL.into_iter().map(|entity| (entity, Table::new(entity))).collect();
        Tables { tables, histories: BTreeMap::new() }
    }

    pub(crate) fn of(&self, entity: Entity) -> &Table {
        &self.tables[&entity]
    }

    pub(crate) fn of_mut(&mut self, entity: Entity) -> &mut Table {
        self.tables.entry(entity).or_insert_with(|| Table::new(entity))
    }

    /// The history of a line, if one was kept.
    pub(crate) fn history(&self, kind: LineKind, line: i64) -> Option<&History> {
        self.histories.get(&(kind, line))
    }

    /// The day that the periods of an agreement are counted from, if it is not its start.
    pub(crate) fn anchor(&self, agreement: i64) -> Option<NaiveDate> {
        LineKind::ALL.into_iter().find_map(|kind| {
            let lines = self.of(kind.lines()).children("contractID", agreement);
            lines.into_iter().find_map(|line| self.history(kind, line.id())?.anchor)
        })
    }

    /// Keeps the history of a line, in place of the one before.
    pub(crate) fn remember(&mut self, kind: LineKind, line: i64, history: History) {
        self.histories.insert((kind, line), history);
    }

    /// Forgets the history that a row of this entity has, if it is a line.
    pub(crate) fn forget(&mut self, entity: Entity, id: i64) {
        for kind in LineKind::ALL.into_iter().filter(|kind| kind.lines() == entity) {
            self.histories.remove(&(kind, id));
        }
    }

    /// The histories of all lines, to be changed.
    pub(crate) fn histories_mut(&mut self) -> impl Iterator<Item = (i64, &mut History)> {
        self.histories.iter_mut().map(|((_, line), history)| (*line, history))
    }

    pub(crate) fn insert(&mut self, row: Row) {
        self.of_mut(row.schema.entity).insert(row);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::demo::tenant::generate::{self, Options};
    use crate::demo::tenant::rows::lens::Visible;

    #[test]
    fn a_narrowed_search_finds_what_a_scan_finds() {
        let today = NaiveDate::from_ymd_opt(2026, 9, 8).expect("a date");
        let options = Options { clients: 40, seed: 3, ..Options::default() };
        let tables = generate::build(today, &options).tables;
        let table = tables.of(Entity::ContractServiceUnits);
        let ids = table.ids();
        let (some, contract) = (ids[ids.len() / 2], 29_700_003);
        let groups = |other: &str| {
            let group = |field: &str, ids: [i64; 2], day: &str| {
                json!({"op": "and", "items": [{"op": "in", "field": field, "value": ids},
                                              {"op": "gte", "field": "endDate", "value": day}]})
            };
            json!([{"op": "or", "items": [group("contractID", [contract, 7], "2026-09-01"),
                                          group(other, [29_700_001, some], "2026-10-01")]}])
        };
        let filters: [Value; 8] = [
            groups("contractID"),
            groups("id"),
            json!([{"op": "gt", "field": "id", "value": some}]),
            json!([{"op": "gte", "field": "id", "value": some}]),
            json!([{"op": "in", "field": "id", "value": [some, 1, some, -5]}]),
            json!([{"op": "in", "field": "contractID", "value": [contract, 29_700_001, 5]}]),
            json!([{"op": "gt", "field": "id", "value": some},
                   {"op": "and", "items": [{"op": "eq", "field": "contractID", "value": contract}]}]),
            json!([{"op": "or", "items": [{"op": "eq", "field": "id", "value": some},
                                          {"op": "eq", "field": "contractID", "value": contract}]}]),
        ];
        for lens in [Lens::default(), Lens { rows: Visible::Even, ..Lens::default() }] {
            for filter in &filters {
                let node = Node::read(filter, table.entity.schema(), &lens).expect("a filter");
                for after in [i64::MIN, some - 1, some] {
                    let found: Vec<i64> = table.select(&node, &lens, after).map(Row::id).collect();
                    let scan = table.rows.values().filter(|row| row.id() > after);
                    let wanted: Vec<i64> = scan
                        .filter(|row| lens.shows(row) && node.matches(row))
                        .map(Row::id)
                        .collect();
                    assert_eq!(found, wanted, "{filter}");
                }
            }
        }
    }

    #[test]
    fn indexes_follow_changes() {
        let mut table = Table::new(Entity::Contracts);
        let row = |id: i64| Row::new(Entity::Contracts.schema(), id).with("companyID", 174);
        table.insert(row(2));
        table.insert(row(1));
        let ids = |table: &Table, company| -> Vec<i64> {
            table.children("companyID", company).into_iter().map(Row::id).collect()
        };
        assert_eq!(ids(&table, 174), [1, 2]);
        table.change(1, |row| row.put("companyID", 175)).expect("the row is there");
        assert_eq!((ids(&table, 174), ids(&table, 175)), (vec![2], vec![1]));
        table.remove(2);
        assert!(ids(&table, 174).is_empty());
        assert_eq!(table.next_id(), 2);
    }
}
