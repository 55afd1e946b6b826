//! One page of rows, read row by row as it stands in the answer: what a row holds that is not needed
//! takes no memory once the next one is read.
//!
//! Autotask drops a filter that it does not understand and answers with everything, so each page is
//! checked: every row must lie after the cursor, in order, and in the list that was asked for.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::filter::{PAGE_ROWS, Query, Within};
use crate::autotask::fields::row::{KeyedRow, Row};
use crate::autotask::http::answer::values_in;
use crate::autotask::http::error::AutotaskError;
use crate::autotask::http::request::Request;

/// The most values that a row or the details of a page may hold: ten times as many as the entity with
/// the most fields has, a hundred user-defined ones among them.
const MOST_VALUES: usize = 5_000;

/// A page, with what became of each row.
#[derive(Debug)]
pub(super) struct Page<T> {
    pub rows: Vec<T>,
    /// The id of the last row.
    pub last: Option<i64>,
    /// How many more came, each the same as one of them.
    pub twice: usize,
    pub more: bool,
}

/// Why a page cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PageError {
    Garbled(String),
    FilterIgnored(String),
}

impl PageError {
    pub fn error(self, query: &Query, request: &Request) -> AutotaskError {
        match self {
            PageError::Garbled(reason) => {
                AutotaskError::Garbled { request: request.to_string(), reason }
            }
            PageError::FilterIgnored(reason) => {
                AutotaskError::FilterIgnored { entity: query.entity, reason }
            }
        }
    }
}

impl<T> Page<T> {
    /// Reads the page in `answer`, the JSON text of it.
    pub fn read(
        query: &Query,
        piece: Option<&Within>,
        cursor: i64,
        answer: &[u8],
        read: &impl Fn(KeyedRow) -> T,
    ) -> Result<Page<T>, PageError> {
        let garbled = |reason: String| PageError::Garbled(reason);
        let answer: Text<'_> =
            serde_json::from_slice(answer).map_err(|error| garbled(error.to_string()))?;
        let items = answer.items.ok_or_else(|| garbled("it holds no items".to_owned()))?;
        let wanted: Option<BTreeSet<i64>> = piece.map(|piece| piece.ids.iter().copied().collect());
        let mut rows: Vec<T> = Vec::with_capacity(items.len());
        let mut ids: Vec<(i64, &RawValue)> = Vec::with_capacity(items.len());
        let mut twice = 0;
        for item in &items {
            let row = row(item).map_err(garbled)?;
            let id = row.needed_integer("id").map_err(|bad| garbled(bad.reason))?;
            let last = ids.last().map_or(cursor, |(id, _)| *id);
            if let Ok(at) = ids.binary_search_by_key(&id, |(id, _)| *id) {
                let other = ids[at].1;
                if other.get() != item.get() && self::row(other) != Ok(row) {
                    return Err(garbled(format!("two different rows have the id {id}")));
                }
                tracing::warn!(entity = %query.entity, id, "Autotask sent a row twice");
                twice += 1;
                continue;
            }
            if id <= last {
                return Err(PageError::FilterIgnored(format!("row {id} came after row {last}")));
            }
            if let (Some(piece), Some(wanted)) = (piece, &wanted)
                && let Ok(value) = row.integer(piece.field)
                && !value.is_some_and(|value| wanted.contains(&value))
            {
                let reason = format!("row {id} has a {} that was not asked for", piece.field);
                return Err(PageError::FilterIgnored(reason));
            }
            ids.push((id, item));
            rows.push(read((id, row)));
        }
        let details = answer.details.map(row).transpose().map_err(garbled)?;
        let more = more_follows(details.as_ref(), items.len())?;
        tracing::trace!(entity = %query.entity, rows = rows.len(), more, "read a page");
        Ok(Page { rows, last: ids.last().map(|(id, _)| *id), twice, more })
    }
}

/// The row in a JSON text.
fn row(text: &RawValue) -> Result<Row, String> {
    if values_in(text.get().as_bytes()) > MOST_VALUES {
        return Err(format!("a row holds more than {MOST_VALUES} values"));
    }
    let value: Value = serde_json::from_str(text.get()).map_err(|error| error.to_string())?;
    Row::new(value).ok_or_else(|| "an item is no row".to_owned())
}

/// Whether more rows follow. The size that the page really had decides, in case Autotask gives
/// less than was asked for.
fn more_follows(details: Option<&Row>, rows: usize) -> Result<bool, PageError> {
    let Some(details) = details else { return Ok(rows >= PAGE_ROWS) };
    let number = |name| {
        let number = details.integer(name).ok().flatten();
        number.and_then(|number| usize::try_from(number).ok())
    };
    if let Some(count) = number("count").filter(|count| *count != rows) {
        return Err(PageError::Garbled(format!("it holds {rows} rows but counts {count}")));
    }
    let size = number("requestCount").filter(|size| *size > 0).unwrap_or(PAGE_ROWS);
    Ok(rows >= size.min(PAGE_ROWS) || details.value("nextPageUrl").is_some())
}

/// The text of a page, cut into that of its rows.
#[derive(Default)]
struct Text<'a> {
    items: Option<Vec<&'a RawValue>>,
    details: Option<&'a RawValue>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Text<'a>, D::Error> {
        from.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Text<'de>, A::Error> {
        let mut text = Text::default();
        while let Some(key) = fields.next_key::<Cow<'de, str>>()? {
            if key.eq_ignore_ascii_case("items") {
                text.items = fields.next_value::<Option<Items<'de>>>()?.map(|items| items.0);
            } else if key.eq_ignore_ascii_case("pageDetails") {
                text.details = fields.next_value()?;
            } else {
                fields.next_value::<IgnoredAny>()?;
            }
        }
        Ok(text)
    }
}

/// The rows of a page, as they stand.
struct Items<'a>(Vec<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Items<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Items<'a>, D::Error> {
        from.deserialize_seq(Rows)
    }
}

struct Rows;

impl<'de> Visitor<'de> for Rows {
    type Value = Items<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Items<'de>, A::Error> {
        let mut rows = Vec::new();
        while let Some(item) = items.next_element()? {
            if rows.len() == PAGE_ROWS {
                return Err(A::Error::custom(format_args!("more than {PAGE_ROWS} rows in a page")));
            }
            rows.push(item);
        }
        Ok(Items(rows))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::autotask::http::entity::Entity;

    fn page(answer: Value, cursor: i64, within: &[i64]) -> Result<Page<i64>, PageError> {
        let query = Query::all(Entity::Contracts);
        let piece = Within::new("companyID", within.iter().copied());
        let piece = (!within.is_empty()).then_some(&piece);
        let answer = answer.to_string();
        Page::read(&query, piece, cursor, answer.as_bytes(), &|(id, _)| id)
    }

    #[test]
    fn a_page_that_ignores_the_cursor_the_order_or_the_list_is_refused() {
        let ignored = |answer, cursor, within: &[i64]| {
            assert!(matches!(page(answer, cursor, within), Err(PageError::FilterIgnored(_))));
        };
        ignored(json!({"items": [{"id": 5}]}), 5, &[]);
        ignored(json!({"items": [{"id": 7}, {"id": 6}]}), 5, &[]);
        ignored(json!({"items": [{"id": 7, "companyID": 2}]}), 5, &[1, 3]);
        ignored(json!({"items": [{"id": 7, "companyID": null}]}), 5, &[1, 3]);
    }

    #[test]
    fn a_row_that_comes_twice_counts_once_and_two_rows_of_one_id_are_named() {
        let row = |name: &str| json!({"id": 7, "contractName": name});
        let details = json!({"count": 3, "requestCount": 500});
        let same = json!({"items": [row("a"), {"id": 9}, row("a")], "pageDetails": details});
        let found = page(same, 5, &[]).expect("a page");
        assert_eq!((found.rows, found.twice, found.more), (vec![7, 9], 1, false));
        let other = page(json!({"items": [row("a"), row("b")]}), 5, &[]);
        let named = PageError::Garbled("two different rows have the id 7".to_owned());
        assert_eq!(other.expect_err("which one?"), named);
    }

    #[test]
    fn a_page_without_rows_to_speak_of_is_garbled() {
        for answer in [
            json!([]),
            json!({}),
            json!({"items": null}),
            json!({"items": [1]}),
            json!({"items": [{"name": "no id"}]}),
            json!({"items": [{"id": 1}], "pageDetails": {"count": 2}}),
        ] {
            assert!(matches!(page(answer.clone(), 0, &[]), Err(PageError::Garbled(_))), "{answer}");
        }
    }

    #[test]
    fn a_page_is_followed_when_it_is_full_for_what_autotask_gives() {
        let more = |details: Value| {
            let answer = json!({"items": [{"id": 1}, {"id": 2}], "pageDetails": details});
            page(answer, 0, &[]).expect("a page").more
        };
        assert!(!more(json!({"count": 2, "requestCount": 500, "nextPageUrl": null})));
        assert!(more(json!({"count": 2, "requestCount": 2, "nextPageUrl": null})));
        assert!(more(json!({"count": 2, "requestCount": 500, "nextPageUrl": "https://x"})));
        assert!(!more(Value::Null));
    }

    #[test]
    fn what_no_page_holds_is_refused_and_takes_no_memory() {
        let rows = |number: usize| {
            let items: Vec<Value> = (1..=number).map(|id| json!({ "id": id })).collect();
            page(json!({ "items": items }), 0, &[])
        };
        assert_eq!(rows(PAGE_ROWS).expect("a page").last, Some(500));
        let garbled = |found: Result<Page<i64>, PageError>| match found {
            Err(PageError::Garbled(reason)) => reason,
            other => panic!("{other:?}"),
        };
        assert!(garbled(rows(PAGE_ROWS + 1)).contains("more than 500 rows"));
        let wide: serde_json::Map<String, Value> =
            (0..MOST_VALUES).map(|at| (format!("f{at}"), json!(0))).collect();
        let wide = page(json!({"items": [wide]}), 0, &[]);
        assert!(garbled(wide).contains("more than 5000 values"));
    }

    #[test]
    fn names_are_found_in_whatever_case_and_texts_may_be_long() {
        let answer = json!({"Items": [{"ID": 3, "description": "x".repeat(1 << 20)}]});
        assert_eq!(page(answer, 0, &[]).expect("a page").rows, [3]);
    }
}
