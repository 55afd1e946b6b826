//! The body of a query: page size, fields asked for, filter (the Autotask facts, section 2.2). It
//! ends where rows begin; the error of each function is the text that the server answers.

use serde_json::Value as Json;

use crate::demo::tenant::rows::filter::{self, Node};
use crate::demo::tenant::rows::lens::Lens;
use crate::demo::tenant::schema::definition::Schema;

/// Rows of a page: the most, and what is given unless asked otherwise.
pub(crate) const MOST_RECORDS: i64 = 500;

/// A query as read.
#[derive(Debug)]
pub(crate) struct Query {
    /// Rows asked for on a page, 1 to 500.
    pub(crate) max_records: i64,
    /// Places of the fields asked for; `None` is all.
    pub(crate) include: Option<Vec<usize>>,
    pub(crate) filter: Node,
}

impl Query {
    /// Reads the text of a body or of `search`.
    pub(crate) fn read(text: &str, schema: &Schema, lens: &Lens) -> Result<Query, String> {
        // Not JSON and no object come to the same: the service then finds no query.
        let json = serde_json::from_str(text).unwrap_or(Json::Null);
        let part = |key| json.as_object().and_then(|object| filter::get(object, key));
        let max_records = match part("maxRecords") {
            None | Some(Json::Null) => MOST_RECORDS,
            Some(number) => number
                .as_i64()
                .filter(|number| (1..=MOST_RECORDS).contains(number))
                .ok_or("maxCountOfRecordsToReturn must be between 1 and 500")?,
        };
        let include = match part("includeFields") {
            Some(Json::Array(names)) if !names.is_empty() => {
                let names = names.iter().map(|name| name.as_str().unwrap_or_default());
                // What the service does with an unknown name was not recorded; a refusal shows a
                // client's mistake soonest.
                Some(
                    names
                        .map(|name| filter::find_field(name, schema, lens))
                        .collect::<Result<_, _>>()?,
                )
            }
            _ => None,
        };
        let filter = match part("filter") {
            // The real text was not recorded.
            None | Some(Json::Null) => return Err("The query has no filter.".to_owned()),
            Some(json) => Node::read(json, schema, lens)?,
        };
        let filter = if lens.ignore_filter { Node::everything() } else { filter };
        Ok(Query { max_records, include, filter })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::tenant::schema::entity::Entity;

    fn read(text: &str) -> Result<Query, String> {
        Query::read(text, Entity::Contracts.schema(), &Lens::default())
    }

    #[test]
    fn the_page_size_is_1_to_500_and_500_by_default() {
        let with = |size: &str| {
            read(&format!(r#"{{"MaxRecords":{size},"Filter":[{{"op":"exist","field":"id"}}]}}"#))
                .map(|query| query.max_records)
        };
        assert_eq!(with("1"), Ok(1));
        assert_eq!(with("500"), Ok(500));
        assert_eq!(with("null"), Ok(500));
        for wrong in ["0", "501", "-1", "\"x\""] {
            assert_eq!(
                with(wrong).unwrap_err(),
                "maxCountOfRecordsToReturn must be between 1 and 500"
            );
        }
    }

    #[test]
    fn a_filter_is_mandatory() {
        for text in ["", "{}", "[]", r#"{"filter":null}"#, "not json"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
