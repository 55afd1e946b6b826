//! The fields of an entity as the tenant describes them: which there are, and what their
//! picklists' numbers mean.
//!
//! Picklists are the tenant's own, their values are texts even where rows carry numbers, and
//! inactive ones still appear on rows (sections 4.3 and 5 of the Autotask facts).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::autotask::fields::row::Row;
use crate::autotask::http::error::AutotaskError;
use crate::autotask::http::request::Request;

/// The fields of one entity.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(in crate::autotask) struct EntityFields {
    /// By name in lower case: the labels of its picklist by value, empty where it has none.
    fields: BTreeMap<String, BTreeMap<String, String>>,
}

impl EntityFields {
    /// Reads an answer to `entityInformation/fields`.
    pub fn from_answer(request: &Request, answer: Value) -> Result<EntityFields, AutotaskError> {
        let answer = Row::new(answer);
        let fields = answer.as_ref().and_then(|answer| answer.value("fields"));
        let Some(fields) = fields.and_then(Value::as_array) else {
            let reason = "it holds no fields".to_owned();
            return Err(AutotaskError::Garbled { request: request.to_string(), reason });
        };
        let rows = fields.iter().cloned().filter_map(Row::new);
        let fields = rows.filter_map(|field| {
            let name = field.value("name")?.as_str()?.to_ascii_lowercase();
            Some((name, picklist(&field)))
        });
        Ok(EntityFields { fields: fields.collect() })
    }

    /// Whether there is such a field.
    pub fn has(&self, field: &str) -> bool {
        self.fields.contains_key(&field.to_ascii_lowercase())
    }

    /// What the tenant calls this value of a picklist.
    pub fn label(&self, field: &str, value: i64) -> Option<&str> {
        let labels = self.fields.get(&field.to_ascii_lowercase())?;
        labels.get(&value.to_string()).map(String::as_str)
    }
}

fn picklist(field: &Row) -> BTreeMap<String, String> {
    let values = field.value("picklistValues").and_then(Value::as_array);
    let rows = values.into_iter().flatten().cloned().filter_map(Row::new);
    rows.filter_map(|entry| {
        let value = match entry.value("value")? {
            Value::String(text) => text.trim().to_owned(),
            other => other.to_string(),
        };
        let label = entry.value("label")?.as_str()?.trim().to_owned();
        Some((value, label)).filter(|(_, label)| !label.is_empty())
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::autotask::http::entity::Entity;

    fn read(answer: Value) -> Result<EntityFields, AutotaskError> {
        EntityFields::from_answer(&Request::fields(Entity::Contracts), answer)
    }

    #[test]
    fn labels_are_found_by_number_whatever_the_case_and_the_state() {
        let fields = read(json!({"fields": [
            {"name": "ContractPeriodType", "isPickList": true, "picklistValues": [
                {"value": "2", "label": "Monthly", "isActive": true},
                {"value": 3, "label": " Quarterly ", "isActive": false},
                {"value": "4", "label": null},
            ]},
            {"name": "lastModifiedDateTime", "picklistValues": null},
        ]}))
        .expect("fields");
        assert_eq!(fields.label("contractPeriodType", 2), Some("Monthly"));
        assert_eq!(fields.label("contractPeriodType", 3), Some("Quarterly"));
        assert_eq!(fields.label("contractPeriodType", 4), None);
        assert_eq!(fields.label("status", 1), None);
        assert!(fields.has("LASTMODIFIEDDATETIME") && !fields.has("status"));
    }

    #[test]
    fn an_answer_without_fields_is_garbled() {
        for answer in [json!({}), json!({"fields": null}), json!([])] {
            assert!(matches!(read(answer), Err(AutotaskError::Garbled { .. })));
        }
    }
}
