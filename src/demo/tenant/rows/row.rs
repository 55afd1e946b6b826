//! One row of an entity and how it is written as JSON. It knows its schema, but no other row.

use crate::demo::tenant::schema::definition::Schema;
use crate::demo::tenant::schema::value::Value;

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
