//! What hardly changes and is therefore kept: the tenant's picklists, its currencies, the names of
//! services and bundles, and what a bundle holds.
//!
//! Picklists are kept until a reading meets a value that they do not explain; the rest for an
//! hour, and less where an id is asked for that is not there.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::connection::Connection;
use super::currency::Currencies;
use super::entity::Entity;
use super::error::AutotaskError;
use super::fields::EntityFields;
use super::filter::Query;
use super::lines::{CatalogueRow, LineKind};
use super::progress::Progress;
use super::request::Request;
use super::retry::{FOR_A_RUN, Patience};
use super::walk::walk;

/// How long a name or a currency is believed.
const FRESH: TimeDelta = TimeDelta::hours(1);

/// What is kept.
#[derive(Default)]
pub(super) struct Catalogue {
    fields: tokio::sync::Mutex<HashMap<Entity, Arc<EntityFields>>>,
    currencies: tokio::sync::Mutex<Option<(DateTime<Utc>, Arc<Currencies>)>>,
    entries: Mutex<KnownEntries>,
    contents: Mutex<KnownContents>,
}

/// The fields of an entity, and whether they were read just now.
pub(super) type Fields = (Arc<EntityFields>, bool);

/// Entries with the moment at which each was read.
type KnownEntries = HashMap<(LineKind, i64), (DateTime<Utc>, CatalogueRow)>;

/// The services in each bundle, with the moment at which that was read.
type KnownContents = HashMap<i64, (DateTime<Utc>, Vec<i64>)>;

/// Entries of the catalogue by id.
pub(super) type Entries = BTreeMap<i64, CatalogueRow>;

impl Catalogue {
    /// The fields of an entity, and whether they were read just now.
    pub async fn fields(
        &self,
        connection: &Connection,
        entity: Entity,
        progress: &Progress,
    ) -> Result<Fields, AutotaskError> {
        let mut known = self.fields.lock().await;
        if let Some(fields) = known.get(&entity) {
            return Ok((Arc::clone(fields), false));
        }
        let fields = Arc::new(read_fields(connection, entity, FOR_A_RUN, progress).await?);
        known.insert(entity, Arc::clone(&fields));
        Ok((fields, true))
    }

    /// `fields`, read again if they are not of this reading and do not explain one of `values`,
    /// each with the name of its field: somebody may have added it since.
    pub async fn explaining(
        &self,
        connection: &Connection,
        entity: Entity,
        (fields, fresh): Fields,
        values: impl IntoIterator<Item = (&'static str, Option<i64>)>,
        progress: &Progress,
    ) -> Result<Arc<EntityFields>, AutotaskError> {
        let is_explained = |(field, number): (&'static str, Option<i64>)| {
            number.is_none_or(|number| fields.label(field, number).is_some())
        };
        if fresh || values.into_iter().all(is_explained) {
            return Ok(fields);
        }
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
            && wanted.iter().all(|id| currencies.has(*id))
        {
            return Ok(Arc::clone(currencies));
        }
        let rows = walk(connection, &Query::all(Entity::Currencies), FOR_A_RUN, progress).await?;
        let currencies = Arc::new(Currencies::read(&rows));
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

    /// The services in each of these bundles, by the id of the bundle.
    pub async fn contents(
        &self,
        connection: &Connection,
        bundles: &BTreeSet<i64>,
        progress: &Progress,
    ) -> Result<BTreeMap<i64, Vec<i64>>, AutotaskError> {
        let now = connection.clock().now();
        let mut found = BTreeMap::new();
        {
            let known = self.contents.lock().unwrap_or_else(PoisonError::into_inner);
            for id in bundles {
                if let Some((_, services)) = known.get(id).filter(|(at, _)| is_fresh(*at, now)) {
                    found.insert(*id, services.clone());
                }
            }
        }
        let missing: Vec<i64> =
            bundles.iter().copied().filter(|id| !found.contains_key(id)).collect();
        if missing.is_empty() {
            return Ok(found);
        }
        let query = Query::all(Entity::ServiceBundleServices)
            .within("serviceBundleID", missing.iter().copied())
            .fields(&["id", "serviceBundleID", "serviceID"]);
        let rows = walk(connection, &query, FOR_A_RUN, progress).await?;
        let mut read: BTreeMap<i64, Vec<i64>> =
            missing.iter().map(|id| (*id, Vec::new())).collect();
        for (id, row) in &rows {
            let whole = |field| row.integer(field).ok().flatten();
            match (whole("serviceBundleID"), whole("serviceID")) {
                (Some(bundle), Some(service)) => read.entry(bundle).or_default().push(service),
                _ => {
                    tracing::warn!(row = id, "autotask gave a service of a bundle without its ids")
                }
            }
        }
        let mut known = self.contents.lock().unwrap_or_else(PoisonError::into_inner);
        known.extend(read.iter().map(|(id, services)| (*id, (now, services.clone()))));
        found.extend(read);
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

/// Whether what was read at `at` is still believed; the clock may have stepped back since.
fn is_fresh(at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    (now - at).abs() < FRESH
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
    async fn currencies_are_asked_for_once_and_again_for_one_that_is_not_there() {
        let script = Script::new();
        script.rows("Currencies", vec![json!({"id": 2, "name": "EUR"})]);
        let (connection, catalogue) = (script.connection(), Catalogue::default());
        let progress = Progress::new();
        for (wanted, requests) in [(2, 1), (2, 1), (9, 2)] {
            let wanted = BTreeSet::from([wanted]);
            let read = catalogue.currencies(&connection, &wanted, &progress).await;
            assert!(read.expect("currencies").has(2));
            assert_eq!(script.asked("Currencies/query"), requests);
        }
    }

    #[tokio::test]
    async fn what_a_bundle_holds_is_asked_for_once_even_if_it_is_nothing() {
        let script = Script::new();
        let held = |id, service| json!({"id": id, "serviceBundleID": 4, "serviceID": service});
        script.rows("ServiceBundleServices", vec![held(1, 31), held(2, 30)]);
        let (connection, catalogue) = (script.connection(), Catalogue::default());
        let progress = Progress::new();
        let bundles = BTreeSet::from([4, 5]);
        for _ in 0..2 {
            let contents = catalogue.contents(&connection, &bundles, &progress).await;
            assert_eq!(contents, Ok(BTreeMap::from([(4, vec![31, 30]), (5, Vec::new())])));
            assert_eq!(script.asked("ServiceBundleServices/query"), 1);
        }
    }
}
