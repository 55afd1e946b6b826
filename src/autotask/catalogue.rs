//! What hardly changes and is therefore kept: the tenant's picklists, its currencies, and the
//! names of services and bundles.
//!
//! Picklists are kept until a reading meets a value that they do not explain; the rest for an
//! hour, and less where an id is asked for that is not there.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::connection::Connection;
use super::entity::Entity;
use super::error::AutotaskError;
use super::fields::EntityFields;
use super::filter::Query;
use super::progress::Progress;
use super::request::Request;
use super::retry::{FOR_A_RUN, Patience};
use super::rows::{CatalogueRow, LineKind};
use super::walk::walk;
use crate::model::Currency;

/// How long a name or a currency is believed.
const FRESH: TimeDelta = TimeDelta::hours(1);

/// What is kept.
#[derive(Default)]
pub(super) struct Catalogue {
    fields: tokio::sync::Mutex<HashMap<Entity, Arc<EntityFields>>>,
    currencies: tokio::sync::Mutex<Option<(DateTime<Utc>, Arc<Currencies>)>>,
    entries: Mutex<KnownEntries>,
}

/// Entries with the moment at which each was read.
type KnownEntries = HashMap<(LineKind, i64), (DateTime<Utc>, CatalogueRow)>;

/// Entries of the catalogue by id.
pub(super) type Entries = BTreeMap<i64, CatalogueRow>;

impl Catalogue {
    /// The fields of an entity, and whether they were read just now.
    pub async fn fields(
        &self,
        connection: &Connection,
        entity: Entity,
        progress: &Progress,
    ) -> Result<(Arc<EntityFields>, bool), AutotaskError> {
        let mut known = self.fields.lock().await;
        if let Some(fields) = known.get(&entity) {
            return Ok((Arc::clone(fields), false));
        }
        let fields = Arc::new(read_fields(connection, entity, FOR_A_RUN, progress).await?);
        known.insert(entity, Arc::clone(&fields));
        Ok((fields, true))
    }

    /// The fields of an entity, read again.
    pub async fn fresh_fields(
        &self,
        connection: &Connection,
        entity: Entity,
        progress: &Progress,
    ) -> Result<Arc<EntityFields>, AutotaskError> {
        let mut known = self.fields.lock().await;
        let fields = Arc::new(read_fields(connection, entity, FOR_A_RUN, progress).await?);
        known.insert(entity, Arc::clone(&fields));
        Ok(fields)
    }

    /// The currencies, among them those with the ids in `wanted`, as far as they exist.
    pub async fn currencies(
        &self,
        connection: &Connection,
        wanted: &BTreeSet<i64>,
        progress: &Progress,
    ) -> Result<Arc<Currencies>, AutotaskError> {
        let now = connection.clock().now();
        let mut known = self.currencies.lock().await;
        if let Some((at, currencies)) = &*known
            && is_fresh(*at, now)
            && wanted.iter().all(|id| currencies.by_id.contains_key(id))
        {
            return Ok(Arc::clone(currencies));
        }
        let rows = walk(connection, &Query::all(Entity::Currencies), FOR_A_RUN, progress).await?;
        let mut currencies = Currencies::default();
        for (id, row) in rows {
            let name = row.line("name").ok().flatten();
            let currency = name.filter(|name| is_iso_code(name)).map(|name| Currency::new(&name));
            let currency = currency.unwrap_or_else(Currency::unknown);
            if row.flag("isInternalCurrency").ok().flatten() == Some(true) {
                currencies.internal = Some(currency.clone());
            }
            currencies.by_id.insert(id, currency);
        }
        let currencies = Arc::new(currencies);
        *known = Some((now, Arc::clone(&currencies)));
        Ok(currencies)
    }

    /// The entries with these ids, as far as they exist.
    pub async fn entries(
        &self,
        connection: &Connection,
        kind: LineKind,
        ids: &BTreeSet<i64>,
        progress: &Progress,
    ) -> Result<Entries, AutotaskError> {
        let now = connection.clock().now();
        let mut found = Entries::new();
        {
            let known = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
            for id in ids {
                if let Some((_, entry)) =
                    known.get(&(kind, *id)).filter(|(at, _)| is_fresh(*at, now))
                {
                    found.insert(*id, entry.clone());
                }
            }
        }
        let missing: Vec<i64> = ids.iter().copied().filter(|id| !found.contains_key(id)).collect();
        if missing.is_empty() {
            return Ok(found);
        }
        let query = Query::all(kind.catalogue()).within("id", missing).fields(CatalogueRow::FIELDS);
        let rows = walk(connection, &query, FOR_A_RUN, progress).await?;
        let mut known = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        for row in &rows {
            let entry = CatalogueRow::read(row);
            known.insert((kind, row.0), (now, entry.clone()));
            found.insert(row.0, entry);
        }
        Ok(found)
    }
}

/// Reads the fields of an entity without keeping them.
pub(super) async fn read_fields(
    connection: &Connection,
    entity: Entity,
    patience: Patience,
    progress: &Progress,
) -> Result<EntityFields, AutotaskError> {
    let request = Request::fields(entity);
    let answer = connection.ask(&request, patience, progress).await?;
    EntityFields::from_answer(&request, answer)
}

/// The tenant's currencies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Currencies {
    by_id: BTreeMap<i64, Currency>,
    internal: Option<Currency>,
}

impl Currencies {
    /// The currency of a company: its own, or the tenant's where it names none. One that it names
    /// but that cannot be found is unknown, never guessed.
    pub fn of(&self, id: Option<i64>) -> Currency {
        let currency = match id {
            Some(id) => self.by_id.get(&id),
            None => self.internal.as_ref(),
        };
        currency.cloned().unwrap_or_else(Currency::unknown)
    }
}

/// Whether what was read at `at` is still believed; the clock may have stepped back since.
fn is_fresh(at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    (now - at).abs() < FRESH
}

fn is_iso_code(name: &str) -> bool {
    name.len() == 3 && name.bytes().all(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::autotask::script::Script;

    #[tokio::test]
    async fn names_are_asked_for_once_and_an_unknown_one_again() {
        let script = Script::new();
        script.rows("Services", vec![json!({"id": 1, "name": "Backup", "periodType": 2})]);
        let (connection, catalogue) = (script.connection(), Catalogue::default());
        let progress = Progress::new();
        for (ids, requests) in [([1, 1], 1), ([1, 1], 1), ([1, 2], 2), ([1, 2], 3)] {
            let ids = BTreeSet::from(ids);
            let entries = catalogue.entries(&connection, LineKind::Service, &ids, &progress).await;
            let entries = entries.expect("entries");
            assert_eq!(entries[&1].name.as_deref(), Some("Backup"));
            assert_eq!(entries.len(), 1);
            assert_eq!(script.asked("Services/query"), requests);
        }
    }

    #[tokio::test]
    async fn a_company_without_a_currency_has_the_internal_one() {
        let script = Script::new();
        script.rows(
            "Currencies",
            vec![
                json!({"id": 1, "name": "USD", "isInternalCurrency": true}),
                json!({"id": 2, "name": "eur", "isInternalCurrency": false}),
                json!({"id": 3, "name": "Taler"}),
            ],
        );
        let (connection, catalogue) = (script.connection(), Catalogue::default());
        let wanted = BTreeSet::from([2]);
        let progress = Progress::new();
        let read = catalogue.currencies(&connection, &wanted, &progress);
        let currencies = read.await.expect("currencies");
        assert_eq!(currencies.of(None), Currency::new("USD"));
        assert_eq!(currencies.of(Some(2)), Currency::new("EUR"));
        assert_eq!(currencies.of(Some(3)), Currency::unknown());
        assert_eq!(currencies.of(Some(9)), Currency::unknown());
        let again = catalogue.currencies(&connection, &wanted, &progress).await;
        assert_eq!(again, Ok(currencies));
        assert_eq!(script.asked("Currencies/query"), 1);
    }
}
