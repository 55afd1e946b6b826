//! What a query asks for: an entity, conditions on its rows, and the body that says so.
//!
//! Only operators that were seen to work are here, because Autotask drops one that it does not
//! know and answers with everything (section 1.3 of the Autotask facts). Groups of conditions are
//! documented (section 2.2), but nobody says to have seen them work: who asks in groups must be
//! able to do without. Knows nothing of sending or paging.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};

use crate::autotask::http::entity::Entity;
use crate::model::rfc3339;

/// The most rows on a page, and the most values in one `in` list (section 2.2 of the Autotask
/// facts: more is an error).
pub(in crate::autotask) const PAGE_ROWS: usize = 500;

/// Below every id, and not zero: company 0 is valid.
pub(in crate::autotask) const BEFORE_ALL: i64 = -1;

/// A condition besides the cursor and the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::autotask) enum Condition {
    /// The date lies on this day or before it.
    OnOrBefore(&'static str, NaiveDate),
    /// The date lies on this day or after it.
    OnOrAfter(&'static str, NaiveDate),
    /// The moment is this one or after it.
    Since(&'static str, DateTime<Utc>),
}

/// A list of ids, one of which a field must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::autotask) struct Within {
    /// The field.
    pub field: &'static str,
    /// The ids, in order, none twice.
    pub ids: Vec<i64>,
}

impl Within {
    /// The field must have one of `ids`.
    pub fn new(field: &'static str, ids: impl IntoIterator<Item = i64>) -> Within {
        let mut ids: Vec<i64> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        Within { field, ids }
    }

    /// The same list in pieces that Autotask takes.
    pub fn pieces(&self) -> impl Iterator<Item = Within> + '_ {
        self.ids.chunks(PAGE_ROWS).map(|ids| Within { field: self.field, ids: ids.to_vec() })
    }
}

/// Ids of a list whose rows are only wanted from a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::autotask) struct Group {
    /// Rows that end on this day or after it.
    pub since: NaiveDate,
    /// And that begin on this day or before it, where one is given.
    pub until: Option<NaiveDate>,
    /// The ids.
    pub ids: Vec<i64>,
}

/// What is wanted of an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::autotask) struct Query {
    /// The entity.
    pub entity: Entity,
    /// The list that one field must be in; none for all rows.
    pub within: Option<Within>,
    /// The same list in groups, where it has any: then it is no longer than Autotask takes.
    pub groups: Vec<Group>,
    /// More conditions, all of which must hold.
    pub conditions: Vec<Condition>,
    /// The fields that are wanted; empty for all. Names only what every zone is known to have,
    /// because it is not known what becomes of an unknown one.
    pub fields: &'static [&'static str],
    /// Only rows whose id is above this one.
    pub above: i64,
}

impl Query {
    /// All rows of an entity, all fields.
    pub fn all(entity: Entity) -> Query {
        Query {
            entity,
            within: None,
            groups: Vec::new(),
            conditions: Vec::new(),
            fields: &[],
            above: BEFORE_ALL,
        }
    }

    /// Only rows in which `field` has one of `ids`.
    pub fn within(mut self, field: &'static str, ids: impl IntoIterator<Item = i64>) -> Query {
        self.within = Some(Within::new(field, ids));
        self
    }

    /// Only rows in which `field` has one of the ids of `groups`, and which are of the time that its
    /// group names. Ids and groups together are at most [`PAGE_ROWS`]: each counts as a condition.
    pub fn within_groups(self, field: &'static str, groups: Vec<Group>) -> Query {
        let ids: Vec<i64> = groups.iter().flat_map(|group| group.ids.iter().copied()).collect();
        Query { groups, ..self.within(field, ids) }
    }

    /// Only rows whose id is above `id`.
    pub fn above(mut self, id: i64) -> Query {
        self.above = id;
        self
    }

    /// Only these fields.
    pub fn fields(mut self, fields: &'static [&'static str]) -> Query {
        self.fields = fields;
        self
    }

    /// Only rows that end on `since` or later and begin on `until` or earlier.
    pub fn between(mut self, since: NaiveDate, until: NaiveDate) -> Query {
        self.conditions.push(Condition::OnOrBefore("startDate", until));
        self.conditions.push(Condition::OnOrAfter("endDate", since));
        self
    }

    /// Only rows that end on `since` or later, and on `until` or earlier.
    pub fn ends_between(mut self, since: NaiveDate, until: NaiveDate) -> Query {
        self.conditions.push(Condition::OnOrAfter("endDate", since));
        self.conditions.push(Condition::OnOrBefore("endDate", until));
        self
    }

    /// Only rows whose moment of change, in `field`, is not before `since`.
    pub fn changed_since(mut self, field: &'static str, since: DateTime<Utc>) -> Query {
        self.conditions.push(Condition::Since(field, since));
        self
    }

    /// The body that asks for the next page after the row `after`.
    pub fn body(&self, piece: Option<&Within>, after: i64) -> String {
        let mut filter = vec![json!({"op": "gt", "field": "id", "value": after.max(self.above)})];
        match piece {
            Some(within) if self.groups.is_empty() => filter.push(is_in(within.field, &within.ids)),
            Some(within) => {
                let groups = self.groups.iter().map(|group| group.to_json(within.field));
                filter.push(json!({"op": "or", "items": groups.collect::<Vec<Value>>()}));
            }
            None => {}
        }
        filter.extend(self.conditions.iter().map(Condition::to_json));
        let mut body = json!({"maxRecords": PAGE_ROWS, "filter": filter});
        if !self.fields.is_empty() {
            body["includeFields"] = json!(self.fields);
        }
        body.to_string()
    }
}

fn is_in(field: &str, ids: &[i64]) -> Value {
    json!({"op": "in", "field": field, "value": ids})
}

impl Group {
    fn to_json(&self, field: &str) -> Value {
        let mut items = vec![is_in(field, &self.ids)];
        items.push(Condition::OnOrAfter("endDate", self.since).to_json());
        items.extend(self.until.map(|day| Condition::OnOrBefore("startDate", day).to_json()));
        json!({"op": "and", "items": items})
    }
}

impl Condition {
    fn to_json(&self) -> Value {
        match self {
            Condition::OnOrBefore(field, day) => {
                json!({"op": "lte", "field": field, "value": format!("{day}T23:59:59")})
            }
            Condition::OnOrAfter(field, day) => {
                json!({"op": "gte", "field": field, "value": format!("{day}T00:00:00")})
            }
            Condition::Since(field, moment) => {
                let value = rfc3339(*moment);
                json!({"op": "gte", "field": field, "value": value})
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_holds_the_cursor_the_list_and_the_dates() {
        let day = NaiveDate::from_ymd_opt(2026, 10, 5).expect("a date");
        let query = Query::all(Entity::ContractServiceUnits)
            .within("contractID", [7, 3, 7])
            .between(day, day)
            .fields(&["id", "price"]);
        let body: Value =
            serde_json::from_str(&query.body(query.within.as_ref(), 41)).expect("JSON");
        assert_eq!(
            body,
            json!({
                "maxRecords": 500,
                "includeFields": ["id", "price"],
                "filter": [
                    {"op": "gt", "field": "id", "value": 41},
                    {"op": "in", "field": "contractID", "value": [3, 7]},
                    {"op": "lte", "field": "startDate", "value": "2026-10-05T23:59:59"},
                    {"op": "gte", "field": "endDate", "value": "2026-10-05T00:00:00"},
                ],
            })
        );
    }

    #[test]
    fn a_long_list_is_cut_into_pieces_that_lose_nothing() {
        let list = Within::new("id", (0..1201).rev());
        let sizes: Vec<usize> = list.pieces().map(|piece| piece.ids.len()).collect();
        assert_eq!(sizes, [500, 500, 201]);
        let all: Vec<i64> = list.pieces().flat_map(|piece| piece.ids).collect();
        assert_eq!(all, (0..1201).collect::<Vec<_>>());
    }
}
