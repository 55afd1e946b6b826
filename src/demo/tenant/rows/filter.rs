//! The filter of a query: from JSON to a tree that is matched against rows (the Autotask facts,
//! section 2.2), with the refusals of the real service. It knows schemas and rows, not HTTP.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::lens::Lens;
use super::row::Row;
use crate::demo::tenant::schema::definition::{Kind, Schema};
use crate::demo::tenant::schema::value::Value;

/// "OR" conditions that a query may hold; values of an `in` list count too.
const MOST_OR_CONDITIONS: usize = 500;

/// A filter, or a part of one.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Test(Target, Test),
}

/// What a condition looks at, by its place in the schema.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    Field(usize),
    Udf(usize),
}

/// A condition on one value. Text is folded, so that case does not matter.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    Is(&'static [Ordering], Value),
    Exists(bool),
    /// One of the values, or (`false`) none of them.
    In(BTreeSet<Value>, bool),
    Text(TextTest, String),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum TextTest {
    BeginsWith,
    EndsWith,
    Contains,
}

/// What a top-level condition says about where matches can be.
pub(crate) enum Narrowing {
    IdAbove(i64),
    /// The field at this place has one of these values; place 0 is the id.
    OneOf(usize, Vec<i64>),
}

/// A value of a JSON object by its key in any case.
pub(crate) fn get<'a>(object: &'a Map<String, Json>, key: &str) -> Option<&'a Json> {
    object.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value)
}

impl Node {
    /// Reads the `filter` list of a query; the error is the text that the server answers.
    pub(crate) fn read(filter: &Json, schema: &Schema, lens: &Lens) -> Result<Node, String> {
        let mut reader = Reader { schema, lens, or_conditions: 0 };
        let node = Node::All(reader.list(filter)?);
        if reader.or_conditions > MOST_OR_CONDITIONS {
            return Err(format!(
                "Invalid query syntax. Queries are limited to {MOST_OR_CONDITIONS} or fewer 'OR' \
                 conditions."
            ));
        }
        Ok(node)
    }

    /// Every row.
    pub(crate) fn everything() -> Node {
        Node::All(Vec::new())
    }

    /// Whether the row passes.
    pub(crate) fn matches(&self, row: &Row) -> bool {
        match self {
            Node::All(nodes) => nodes.iter().all(|node| node.matches(row)),
            Node::Any(nodes) => nodes.iter().any(|node| node.matches(row)),
            Node::Test(Target::Field(at), test) => test.passes(&row.values[*at]),
            Node::Test(Target::Udf(at), test) => {
                test.passes(&Value::from(row.udfs[*at].as_deref()))
            }
        }
    }

    /// Whether the row passes, where it is known to pass a condition that every match must meet.
    pub(crate) fn matches_beside(&self, row: &Row, met: Option<&Node>) -> bool {
        match self {
            _ if met.is_some_and(|met| std::ptr::eq(met, self)) => true,
            Node::All(nodes) => nodes.iter().all(|node| node.matches_beside(row, met)),
            _ => self.matches(row),
        }
    }

    /// What the conditions that every match must meet say about where to look, each with its
    /// condition where all that is found there meets it.
    pub(crate) fn narrowings(&self) -> Vec<(Option<&Node>, Narrowing)> {
        let Node::All(nodes) = self else { return Vec::new() };
        let mut found = Vec::new();
        for node in nodes {
            match node {
                Node::All(_) => found.extend(node.narrowings()),
                Node::Test(Target::Field(0), Test::Is([Ordering::Greater], Value::Int(id))) => {
                    found.push((Some(node), Narrowing::IdAbove(*id)));
                }
                Node::Test(
                    Target::Field(0),
                    Test::Is([Ordering::Greater, Ordering::Equal], Value::Int(id)),
                ) => found.push((Some(node), Narrowing::IdAbove(id.saturating_sub(1)))),
                Node::Test(Target::Field(at), Test::Is([Ordering::Equal], Value::Int(id))) => {
                    found.push((Some(node), Narrowing::OneOf(*at, vec![*id])));
                }
                Node::Test(Target::Field(at), Test::In(values, true)) => {
                    let ids: Option<Vec<i64>> = values.iter().map(Value::as_int).collect();
                    found.extend(ids.map(|ids| (Some(node), Narrowing::OneOf(*at, ids))));
                }
                Node::Any(nodes) => {
                    found.extend(one_of_any(nodes).map(|narrowing| (None, narrowing)));
                }
                Node::Test(..) => {}
            }
        }
        found
    }
}

/// Where all that meets one of several groups of conditions can be: a field that each of them has a list
/// for.
fn one_of_any(groups: &[Node]) -> Option<Narrowing> {
    let mut lists = groups.iter().map(|group| {
        let narrowings = match group {
            Node::All(_) => group.narrowings(),
            _ => Vec::new(),
        };
        narrowings.into_iter().find_map(|(_, narrowing)| match narrowing {
            Narrowing::OneOf(at, ids) => Some((at, ids)),
            Narrowing::IdAbove(_) => None,
        })
    });
    let (at, mut all) = lists.next()??;
    for list in lists {
        let (other, ids) = list?;
        if other != at {
            return None;
        }
        all.extend(ids);
    }
    Some(Narrowing::OneOf(at, all))
}

impl Test {
    fn passes(&self, value: &Value) -> bool {
        match self {
            Test::Is(wanted, operand) => {
                value.compare(operand).is_some_and(|order| wanted.contains(&order))
            }
            Test::Exists(wanted) => value.is_empty() != *wanted,
            Test::In(..) if *value == Value::Null => false,
            Test::In(values, wanted) => match value {
                Value::Text(_) => values.contains(&value.clone().folded()) == *wanted,
                _ => values.contains(value) == *wanted,
            },
            Test::Text(test, operand) => match value {
                Value::Text(text) => test.passes(&text.to_lowercase(), operand),
                Value::Int(number) => test.passes(&number.to_string(), operand),
                _ => false,
            },
        }
    }
}

impl TextTest {
    fn passes(self, text: &str, operand: &str) -> bool {
        match self {
            TextTest::BeginsWith => text.starts_with(operand),
            TextTest::EndsWith => text.ends_with(operand),
            TextTest::Contains => text.contains(operand),
        }
    }
}

struct Reader<'a> {
    schema: &'a Schema,
    lens: &'a Lens,
    or_conditions: usize,
}

impl Reader<'_> {
    fn list(&mut self, json: &Json) -> Result<Vec<Node>, String> {
        let Json::Array(items) = json else {
            return Err("The filter of the query is not a list.".to_owned());
        };
        let mut nodes = Vec::new();
        for item in items {
            nodes.extend(self.node(item)?);
        }
        Ok(nodes)
    }

    /// One condition or group; `None` where the service silently drops it.
    fn node(&mut self, json: &Json) -> Result<Option<Node>, String> {
        let Json::Object(object) = json else {
            return Err("A condition of the filter is not an object.".to_owned());
        };
        let op = get(object, "op").and_then(Json::as_str).unwrap_or_default().to_ascii_lowercase();
        let items = get(object, "items");
        match op.as_str() {
            "and" => Ok(items.map(|items| self.list(items)).transpose()?.map(Node::All)),
            "or" => {
                let Some(items) = items else { return Ok(None) };
                self.or_conditions += items.as_array().map_or(0, Vec::len);
                let nodes = self.list(items)?;
                // A group of which everything was dropped narrows nothing.
                Ok((!nodes.is_empty()).then_some(Node::Any(nodes)))
            }
            _ => self.condition(&op, object),
        }
    }

    fn condition(&mut self, op: &str, object: &Map<String, Json>) -> Result<Option<Node>, String> {
        let (target, kind) = self.target(object)?;
        let value = get(object, "value").unwrap_or(&Json::Null);
        let is = |orders| Ok(Test::Is(orders, Value::read(kind, value)?.folded()));
        let text = |test| Ok(Test::Text(test, as_text(value).to_lowercase()));
        let test: Result<Test, String> = match op {
            "eq" => is(&[Ordering::Equal]),
            "noteq" => is(&[Ordering::Less, Ordering::Greater]),
            "gt" => is(&[Ordering::Greater]),
            "gte" => is(&[Ordering::Greater, Ordering::Equal]),
            "lt" => is(&[Ordering::Less]),
            "lte" => is(&[Ordering::Less, Ordering::Equal]),
            "beginswith" => text(TextTest::BeginsWith),
            "endswith" => text(TextTest::EndsWith),
            "contains" => text(TextTest::Contains),
            "exist" => Ok(Test::Exists(true)),
            "notexist" => Ok(Test::Exists(false)),
            "in" => self.one_of(kind, value, true),
            "notin" => self.one_of(kind, value, false),
            // As measured: an unknown operator is no error, it is no condition.
            _ => return Ok(None),
        };
        Ok(Some(Node::Test(target, test?)))
    }

    fn one_of(&mut self, kind: Kind, value: &Json, wanted: bool) -> Result<Test, String> {
        let single = std::slice::from_ref(value);
        let values = value.as_array().map_or(single, Vec::as_slice);
        self.or_conditions += values.len();
        let read = values.iter().map(|value| Ok(Value::read(kind, value)?.folded()));
        Ok(Test::In(read.collect::<Result<_, String>>()?, wanted))
    }

    fn target(&self, object: &Map<String, Json>) -> Result<(Target, Kind), String> {
        let name = get(object, "field").and_then(Json::as_str).unwrap_or_default();
        if get(object, "udf").and_then(Json::as_bool) == Some(true) {
            let at = self.schema.find_udf(name).ok_or_else(|| no_such_field(name, self.schema))?;
            return Ok((Target::Udf(at), Kind::Text));
        }
        let at = find_field(name, self.schema, self.lens)?;
        let field = &self.schema.fields[at];
        if !field.filterable {
            // The real text was not recorded.
            return Err(format!(
                "The field {} of the {} Entity cannot be queried.",
                field.name, self.schema.singular
            ));
        }
        Ok((Target::Field(at), field.kind))
    }
}

/// The place of a field that exists in this tenant, or the text of the refusal.
pub(crate) fn find_field(name: &str, schema: &Schema, lens: &Lens) -> Result<usize, String> {
    schema
        .find(name)
        .filter(|at| !lens.lacks(&schema.fields[*at]))
        .ok_or_else(|| no_such_field(name, schema))
}

fn no_such_field(name: &str, schema: &Schema) -> String {
    format!("Unable to find {name} in the {} Entity.", schema.singular)
}

fn as_text(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::demo::tenant::schema::entity::Entity;

    fn row() -> Row {
        Row::new(Entity::Contracts.schema(), 7)
            .with("companyID", 174)
            .with("contractName", "Managed Services")
            .with("startDate", chrono::NaiveDate::from_ymd_opt(2026, 9, 8))
            .with("isCompliant", true)
            .with("description", "")
            .with_udf("Bonus", "Yes")
    }

    fn read(filter: Json) -> Result<Node, String> {
        Node::read(&filter, Entity::Contracts.schema(), &Lens::default())
    }

    fn passes(filter: Json) -> bool {
        read(json!([filter])).expect("a filter").matches(&row())
    }

    #[test]
    fn every_operator_tells_a_match_from_a_miss() {
        for (op, field, hit, miss) in [
            ("eq", "companyID", json!(174), json!(175)),
            ("noteq", "companyID", json!(175), json!(174)),
            ("gt", "id", json!(6), json!(7)),
            ("gte", "id", json!(7), json!(8)),
            ("lt", "id", json!(8), json!(7)),
            ("lte", "id", json!(7), json!(6)),
            ("beginsWith", "contractName", json!("managed"), json!("services")),
            ("endsWith", "contractName", json!("SERVICES"), json!("managed")),
            ("contains", "contractName", json!("d S"), json!("xyz")),
            ("in", "companyID", json!([1, 174]), json!([1, 2])),
            ("notIn", "companyID", json!([1, 2]), json!([1, 174])),
            ("eq", "isCompliant", json!(true), json!(false)),
            ("eq", "contractname", json!("managed services"), json!("other")),
        ] {
            assert!(passes(json!({"op": op, "field": field, "value": hit})), "{op} {field}");
            assert!(!passes(json!({"op": op, "field": field, "value": miss})), "{op} {field}");
        }
        assert!(passes(json!({"op": "exist", "field": "contractName"})));
        assert!(!passes(json!({"op": "exist", "field": "purchaseOrderNumber"})));
        assert!(passes(json!({"op": "notExist", "field": "description"})));
    }

    #[test]
    fn dates_compare_in_every_form() {
        for same in ["2026-09-08", "2026-09-08T00:00:00", "2026-09-08T00:00:00Z"] {
            assert!(passes(json!({"op": "eq", "field": "startDate", "value": same})), "{same}");
        }
        assert!(passes(json!({"op": "lte", "field": "startDate", "value": "2026-09-08T23:59:59"})));
        assert!(!passes(json!({"op": "gt", "field": "startDate", "value": "2026-09-08"})));
    }

    #[test]
    fn groups_nest_and_keys_have_no_case() {
        assert!(passes(json!({"Op": "OR", "Items": [
            {"op": "eq", "field": "ID", "value": 1},
            {"op": "and", "items": [
                {"OP": "EQ", "Field": "companyid", "VALUE": 174},
                {"op": "eq", "field": "bonus", "value": "yes", "UDF": true},
            ]},
        ]})));
    }

    #[test]
    fn null_is_neither_equal_nor_unequal() {
        assert!(!passes(json!({"op": "eq", "field": "contactID", "value": 1})));
        assert!(!passes(json!({"op": "noteq", "field": "contactID", "value": 1})));
        assert!(!passes(json!({"op": "notIn", "field": "contactID", "value": [1]})));
    }

    #[test]
    fn an_unknown_operator_is_dropped() {
        assert!(passes(json!({"op": "like", "field": "id", "value": 999})));
        assert!(passes(json!({"op": "or", "items": [{"op": "like", "field": "id", "value": 9}]})));
    }

    #[test]
    fn refusals_carry_the_texts_of_the_service() {
        let unknown = read(json!([{"op": "eq", "field": "projectID", "value": 1}]));
        assert_eq!(unknown.unwrap_err(), "Unable to find projectID in the Contract Entity.");
        let wrong = read(json!([{"op": "eq", "field": "companyID", "value": "x"}]));
        assert!(wrong.unwrap_err().starts_with("Conversion failed when converting varchar 'x'"));
        assert!(read(json!({})).is_err());
    }

    #[test]
    fn more_than_500_alternatives_are_refused() {
        let list = |count: i64| (0..count).collect::<Vec<_>>();
        assert!(read(json!([{"op": "in", "field": "id", "value": list(500)}])).is_ok());
        let refused = read(json!([{"op": "in", "field": "id", "value": list(501)}]));
        assert!(refused.unwrap_err().contains("500 or fewer 'OR' conditions"));
        let items: Vec<Json> =
            list(501).iter().map(|id| json!({"op": "eq", "field": "id", "value": id})).collect();
        assert!(read(json!([{"op": "or", "items": items}])).is_err());
    }

    #[test]
    fn a_field_that_this_tenant_lacks_is_unknown() {
        let lens = Lens { no_last_modified: true, ..Lens::default() };
        let filter = json!([{"op": "gt", "field": "lastModifiedDateTime", "value": "2026-01-01"}]);
        assert!(Node::read(&filter, Entity::Contracts.schema(), &Lens::default()).is_ok());
        assert_eq!(
            Node::read(&filter, Entity::Contracts.schema(), &lens).unwrap_err(),
            "Unable to find lastModifiedDateTime in the Contract Entity."
        );
    }
}
