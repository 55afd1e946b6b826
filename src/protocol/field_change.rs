//! One field that changes: the same object in lists of what is pending, in history and in events.

use serde::{Deserialize, Serialize};

use crate::model::{self, Value};

/// A field that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct FieldChange {
    /// The field's name, such as billing_cost.
    pub field: String,
    /// The value before; null where there was none.
    pub from: Option<String>,
    /// The value after; null where there is none.
    pub to: Option<String>,
}

impl From<&model::FieldChange> for FieldChange {
    fn from(change: &model::FieldChange) -> FieldChange {
        FieldChange {
            field: change.field.name().to_owned(),
            from: change.from.as_ref().map(Value::to_string),
            to: change.to.as_ref().map(Value::to_string),
        }
    }
}
