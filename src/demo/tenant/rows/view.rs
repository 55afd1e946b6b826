//! A row as one request sees it, and how it is written as JSON.

use std::str::FromStr;

use serde::ser::{Error as _, SerializeMap};
use serde::{Serialize, Serializer};
use serde_json::{Number, Value as Json};

use super::lens::Lens;
use super::row::Row;
use crate::demo::tenant::schema::value::{Value, write_moment};

/// A row as one request sees it.
pub(crate) struct RowView<'a> {
    pub(crate) row: &'a Row,
    pub(crate) lens: &'a Lens,
    /// The places of the fields asked for; `None` is all of them.
    pub(crate) include: Option<&'a [usize]>,
}

impl Serialize for RowView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let schema = self.row.schema;
        let mut map = serializer.serialize_map(None)?;
        for (at, field) in schema.fields.iter().enumerate() {
            if self.include.is_some_and(|places| !places.contains(&at)) || self.lens.lacks(field) {
                continue;
            }
            if self.lens.no_costs && field.is_cost() {
                map.serialize_entry(field.name, &())?;
                continue;
            }
            match &self.row.values[at] {
                Value::Null => map.serialize_entry(field.name, &())?,
                Value::Int(number) => map.serialize_entry(field.name, number)?,
                Value::Bool(truth) => map.serialize_entry(field.name, truth)?,
                Value::Text(text) => map.serialize_entry(field.name, text)?,
                Value::Double(number) => {
                    // The digits themselves, so that "254.1000" keeps its zeros.
                    let number = Number::from_str(&number.to_string()).map_err(S::Error::custom)?;
                    map.serialize_entry(field.name, &number)?;
                }
                Value::Moment(moment) => {
                    let seed = self.row.id().unsigned_abs().wrapping_add(at as u64);
                    map.serialize_entry(field.name, &write_moment(*moment, seed))?;
                }
            }
        }
        if schema.udfs.is_some() {
            map.serialize_entry("userDefinedFields", &self.udfs())?;
        }
        map.end()
    }
}

#[derive(Serialize)]
struct UdfView<'a> {
    name: &'static str,
    value: Option<&'a str>,
}

impl RowView<'_> {
    /// The user-defined fields: an empty list where `includeFields` was used (the Autotask facts,
    /// section 2.2).
    fn udfs(&self) -> Vec<UdfView<'_>> {
        if self.include.is_some() {
            return Vec::new();
        }
        let values = self.row.udfs.iter();
        self.row
            .schema
            .udfs()
            .iter()
            .zip(values)
            .map(|(udf, value)| UdfView { name: udf.name, value: value.as_deref() })
            .collect()
    }
}

/// A row as JSON, as a request without any fault sees it.
pub(crate) fn row_json(row: &Row) -> Json {
    let lens = Lens::default();
    serde_json::to_value(RowView { row, lens: &lens, include: None }).unwrap_or(Json::Null)
}
