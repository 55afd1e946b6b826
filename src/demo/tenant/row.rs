//! One row of an entity and how it is written as JSON. It knows its schema, but no other row.

use std::str::FromStr;

use serde::ser::{Error as _, SerializeMap};
use serde::{Serialize, Serializer};
use serde_json::Number;

use super::lens::Lens;
use super::schema::Schema;
use super::value::{Value, write_moment};

/// A row: one value for each field of its schema, and one text for each user-defined field.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) schema: &'static Schema,
    pub(crate) values: Vec<Value>,
    pub(crate) udfs: Vec<Option<String>>,
}

impl Row {
    /// An empty row with its id.
    pub(crate) fn new(schema: &'static Schema, id: i64) -> Row {
        let mut values = vec![Value::Null; schema.fields.len()];
        values[0] = Value::Int(id);
        Row { schema, values, udfs: vec![None; schema.udfs().len()] }
    }

    /// The row with one more value.
    ///
    /// # Panics
    /// If the schema has no such field: a mistake in the tenant's own data, which a test would hit
    /// at once.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Row {
        self.put(name, value);
        self
    }

    /// Sets one value; panics as [`Row::with`] does.
    pub(crate) fn put(&mut self, name: &str, value: impl Into<Value>) {
        let at = self.place(name);
        self.values[at] = value.into();
    }

    /// The row with one user-defined field set; panics as [`Row::with`] does.
    pub(crate) fn with_udf(mut self, name: &str, value: &str) -> Row {
        let at = self.schema.find_udf(name).expect("the tenant's data name only known fields");
        self.udfs[at] = Some(value.to_owned());
        self
    }

    /// One value; panics as [`Row::with`] does.
    pub(crate) fn get(&self, name: &str) -> &Value {
        &self.values[self.place(name)]
    }

    /// One value, if the schema has the field.
    pub(crate) fn try_get(&self, name: &str) -> Option<&Value> {
        self.schema.find(name).map(|at| &self.values[at])
    }

    /// The id, which every row has.
    pub(crate) fn id(&self) -> i64 {
        self.values[0].as_int().expect("a row is made with its id")
    }

    fn place(&self, name: &str) -> usize {
        // The exact name first: rows are made by the hundred thousand.
        self.schema
            .fields
            .iter()
            .position(|field| field.name == name)
            .expect("the tenant's data name only known fields")
    }
}

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
