//! The preview cache: what previews are remembered as in the store, so that `--cached` and the board
//! know something after a restart. It may be lost at any time; one that cannot be read is none.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Preview, Syncs};
use crate::model::{ClientId, ClientRef, Field, FieldChange, Fields, PendingItem, Reject, Value};

#[derive(Serialize, Deserialize)]
struct StoredPreview {
    id: i64,
    name: String,
    as_of: DateTime<Utc>,
    items: Vec<StoredItem>,
    rejects: Vec<StoredReject>,
}

#[derive(Serialize, Deserialize)]
struct StoredItem {
    key: String,
    parent: Option<String>,
    state: String,
    fields: Vec<(String, String)>,
    changes: Vec<(String, Option<String>, Option<String>)>,
    reason: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredReject {
    key: String,
    parent: Option<String>,
    field: String,
    reason: String,
}

impl Syncs {
    /// Remembers a preview as the last one at its client.
    pub(super) fn remember(&self, preview: &Preview) {
        if let Ok(bytes) = serde_json::to_vec(&StoredPreview::from(preview)) {
            self.context.store.cache_put(&cache_name(preview.client.id), &bytes);
        }
    }

    /// Forgets the last preview at a client, which is no longer true.
    pub(in crate::engine) fn forget(&self, client: ClientId) {
        self.context.store.cache_put(&cache_name(client), &[]);
    }

    /// The last preview at a client.
    pub(super) fn recall(&self, client: ClientId) -> Option<Preview> {
        let bytes = self.context.store.cache_get(&cache_name(client))?;
        serde_json::from_slice::<StoredPreview>(&bytes).ok()?.into_preview()
    }

    /// Remembers at which clients a preview at all of them found something.
    pub(super) fn remember_found(&self, previews: &[Preview]) {
        let found = previews.iter().filter(|preview| !preview.items.is_empty());
        let ids: Vec<i64> = found.map(|preview| preview.client.id.0).collect();
        if let Ok(bytes) = serde_json::to_vec(&ids) {
            self.context.store.cache_put(LOOKED_AT, &bytes);
        }
    }

    /// The clients at which the last preview at all of them found something.
    pub(super) fn previewed(&self) -> Vec<ClientId> {
        let bytes = self.context.store.cache_get(LOOKED_AT).unwrap_or_default();
        let ids: Vec<i64> = serde_json::from_slice(&bytes).unwrap_or_default();
        ids.into_iter().map(ClientId).collect()
    }
}

/// The name of the list of clients that a preview at all of them found something at.
const LOOKED_AT: &str = "looked-at";

fn cache_name(client: ClientId) -> String {
    format!("look/{client}")
}

impl From<&Preview> for StoredPreview {
    fn from(preview: &Preview) -> StoredPreview {
        let text = |value: &Option<Value>| value.as_ref().map(Value::to_string);
        let item = |item: &PendingItem| StoredItem {
            key: item.key.to_string(),
            parent: item.parent.map(|key| key.to_string()),
            state: item.state.name().to_owned(),
            fields: item.fields.iter().map(|(f, v)| (f.name().to_owned(), v.to_string())).collect(),
            changes: item
                .changes
                .iter()
                .map(|c| (c.field.name().to_owned(), text(&c.from), text(&c.to)))
                .collect(),
            reason: item.reason.clone(),
        };
        let reject = |reject: &Reject| StoredReject {
            key: reject.key.to_string(),
            parent: reject.parent.map(|key| key.to_string()),
            field: reject.field.clone(),
            reason: reject.reason.clone(),
        };
        StoredPreview {
            id: preview.client.id.0,
            name: preview.client.name.clone(),
            as_of: preview.as_of,
            items: preview.items.iter().map(item).collect(),
            rejects: preview.rejects.iter().map(reject).collect(),
        }
    }
}

impl StoredPreview {
    fn into_preview(self) -> Option<Preview> {
        let items = self.items.into_iter().map(StoredItem::into_item).collect::<Option<_>>()?;
        let rejects =
            self.rejects.into_iter().map(StoredReject::into_reject).collect::<Option<_>>()?;
        let client = ClientRef { id: ClientId(self.id), name: self.name };
        Some(Preview { client, as_of: self.as_of, items, rejects })
    }
}

impl StoredItem {
    fn into_item(self) -> Option<PendingItem> {
        let mut fields = Fields::new();
        for (name, text) in self.fields {
            let field: Field = name.parse().ok()?;
            fields.insert(field, field.kind().parse(&text).ok()?);
        }
        let mut changes = Vec::new();
        for (name, from, to) in self.changes {
            let field: Field = name.parse().ok()?;
            let value = |text: Option<String>| match text {
                Some(text) => field.kind().parse(&text).map(Some).ok(),
                None => Some(None),
            };
            changes.push(FieldChange { field, from: value(from)?, to: value(to)? });
        }
        Some(PendingItem {
            key: self.key.parse().ok()?,
            parent: parse_parent(self.parent)?,
            state: self.state.parse().ok()?,
            fields,
            changes,
            reason: self.reason,
            after: None,
        })
    }
}

impl StoredReject {
    fn into_reject(self) -> Option<Reject> {
        Some(Reject {
            key: self.key.parse().ok()?,
            parent: parse_parent(self.parent)?,
            field: self.field,
            reason: self.reason,
        })
    }
}

/// A parent key that may be absent; the outer none is one that cannot be read.
#[expect(clippy::option_option, reason = "absent and unreadable are different answers")]
fn parse_parent(text: Option<String>) -> Option<Option<crate::model::ItemKey>> {
    match text {
        Some(text) => text.parse().ok().map(Some),
        None => Some(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ItemKey, ItemKind, PendingState};

    #[test]
    fn a_preview_comes_back_as_it_was() {
        let number = |text: &str| Value::Number(text.parse().expect("a number"));
        let key = ItemKey::new(ItemKind::Service, 5);
        let preview = Preview {
            client: ClientRef { id: ClientId(0), name: "Our Own".to_owned() },
            as_of: DateTime::UNIX_EPOCH,
            items: vec![PendingItem {
                key,
                parent: Some(ItemKey::agreement(1)),
                state: PendingState::Changed,
                fields: [(Field::BillingCost, number("482.60"))].into(),
                changes: vec![FieldChange {
                    field: Field::BillingCost,
                    from: None,
                    to: Some(number("482.60")),
                }],
                reason: None,
                after: None,
            }],
            rejects: vec![Reject {
                key,
                parent: None,
                field: "price".to_owned(),
                reason: "it is no number".to_owned(),
            }],
        };
        let bytes = serde_json::to_vec(&StoredPreview::from(&preview)).expect("serializes");
        let back: StoredPreview = serde_json::from_slice(&bytes).expect("deserializes");
        assert_eq!(back.into_preview(), Some(preview));
    }
}
