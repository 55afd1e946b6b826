//! What hardly changes and is therefore kept: the tenant's picklists, its companies and currencies,
//! the names of services and bundles, and what a bundle holds.
//!
//! | what | believed for | then |
//! |---|---|---|
//! | companies | the reading | by id, or by what changed: see `kept` |
//! | services, bundles | an hour | the same |
//! | contents of bundles | an hour | read anew: there is no cursor |
//! | currencies | an hour | read anew: they fill less than a page |
//! | picklists | a week | read anew: there is no cursor |
//!
//! What is asked for and not there, and a value that a picklist does not explain, is asked for at
//! once. All of it outlives a restart in the store's cache, and may be lost there at any time.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::convert::identity;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::currency::Currencies;
use crate::autotask::fields::row::KeyedRow;
use crate::autotask::http::entity::Entity;
use crate::autotask::http::error::AutotaskError;
use crate::autotask::http::request::Request;
use crate::autotask::meta::entity_fields::EntityFields;
use crate::autotask::meta::row_cache::{Asking, RowCache, Source};
use crate::autotask::query::filter::Query;
use crate::autotask::query::paginate::paginate;
use crate::autotask::rows::companies::CompanyRow;
use crate::autotask::rows::lines::{CatalogueRow, LineKind};
use crate::autotask::session::connection::Connection;
use crate::autotask::session::progress::Progress;
use crate::autotask::session::retry::{FOR_A_RUN, RetryPolicy};

mod stored;

pub(in crate::autotask) use stored::StoredCatalogueV1;

/// How long a name or a currency is believed.
const FRESH: TimeDelta = TimeDelta::hours(1);

/// How long a picklist is believed that explains everything.
const PICKLISTS: TimeDelta = TimeDelta::days(7);

/// Companies: their names and currencies are asked for in each reading.
const COMPANIES: Source = Source {
    entity: Entity::Companies,
    fields: CompanyRow::FIELDS,
    cursor: "lastTrackedModifiedDateTime",
    fresh: TimeDelta::zero(),
};

/// What is kept.
#[derive(Default)]
pub(in crate::autotask) struct Catalogue {
    fields: tokio::sync::Mutex<KnownFields>,
    currencies: tokio::sync::Mutex<Option<(DateTime<Utc>, Vec<KeyedRow>)>>,
    companies: RowCache,
    services: RowCache,
    bundles: RowCache,
    contents: Mutex<KnownContents>,
}

/// The fields of an entity, and whether they were read just now.
pub(in crate::autotask) type Fields = (Arc<EntityFields>, bool);

/// The fields of entities, with the moment at which each was read.
type KnownFields = HashMap<Entity, (DateTime<Utc>, Arc<EntityFields>)>;

/// The services in each bundle, with the moment at which that was read.
type KnownContents = HashMap<i64, (DateTime<Utc>, Vec<i64>)>;

/// Entries of the catalogue by id.
pub(in crate::autotask) type Entries = BTreeMap<i64, CatalogueRow>;

impl Catalogue {
    /// The fields of an entity, and whether they were read just now.
    pub async fn fields(
        &self,
        entity: Entity,
        asking: Asking<'_>,
    ) -> Result<Fields, AutotaskError> {
        let now = asking.connection.clock().now();
        let mut known = self.fields.lock().await;
        if let Some((at, fields)) = known.get(&entity)
            && is_younger(*at, now, PICKLISTS)
        {
            return Ok((Arc::clone(fields), false));
        }
        let read = read_fields(asking.connection, entity, FOR_A_RUN, asking.progress).await?;
        let fields = Arc::new(read);
        known.insert(entity, (now, Arc::clone(&fields)));
        Ok((fields, true))
    }

    /// `fields`, read again if they are not of this reading and do not explain one of `values`,
    /// each with the name of its field: somebody may have added it since.
    pub async fn explaining(
        &self,
        entity: Entity,
        (fields, fresh): Fields,
        values: impl IntoIterator<Item = (&'static str, Option<i64>)>,
        asking: Asking<'_>,
    ) -> Result<Arc<EntityFields>, AutotaskError> {
        let is_explained = |(field, number): (&'static str, Option<i64>)| {
            number.is_none_or(|number| fields.label(field, number).is_some())
        };
        if fresh || values.into_iter().all(is_explained) {
            return Ok(fields);
        }
        let now = asking.connection.clock().now();
        let mut known = self.fields.lock().await;
        let read = read_fields(asking.connection, entity, FOR_A_RUN, asking.progress).await?;
        let fields = Arc::new(read);
        known.insert(entity, (now, Arc::clone(&fields)));
        Ok(fields)
    }

    /// The currencies, among them those with the ids in `wanted`, as far as they exist.
    pub async fn currencies(
        &self,
        wanted: &BTreeSet<i64>,
        asking: Asking<'_>,
    ) -> Result<Currencies, AutotaskError> {
        let now = asking.connection.clock().now();
        let mut known = self.currencies.lock().await;
        if let Some((at, rows)) = &*known
            && is_younger(*at, now, FRESH)
        {
            let currencies = Currencies::read(rows);
            if wanted.iter().all(|id| currencies.has(*id)) {
                return Ok(currencies);
            }
        }
        let query = Query::all(Entity::Currencies);
        let (connection, progress) = (asking.connection, asking.progress);
        let rows = paginate(connection, &query, FOR_A_RUN, progress, identity).await?;
        asking.ways.note(Entity::Currencies, "a walk");
        let currencies = Currencies::read(&rows);
        *known = Some((now, rows));
        Ok(currencies)
    }

    /// The currencies as they were last read, however long ago; none where they never were.
    pub async fn known_currencies(&self) -> Currencies {
        let known = self.currencies.lock().await;
        known.as_ref().map(|(_, rows)| Currencies::read(rows)).unwrap_or_default()
    }

    /// The companies with these ids, as far as they exist.
    pub async fn companies(
        &self,
        ids: &BTreeSet<i64>,
        asking: Asking<'_>,
    ) -> Result<Vec<KeyedRow>, AutotaskError> {
        self.companies.rows(&COMPANIES, ids, asking).await
    }

    /// The entries with these ids, as far as they exist.
    pub async fn entries(
        &self,
        kind: LineKind,
        ids: &BTreeSet<i64>,
        asking: Asking<'_>,
    ) -> Result<Entries, AutotaskError> {
        let source = Source {
            entity: kind.catalogue(),
            fields: CatalogueRow::FIELDS,
            cursor: "lastModifiedDate",
            fresh: FRESH,
        };
        let rows = self.kept(kind).rows(&source, ids, asking).await?;
        Ok(rows.iter().map(|row| (row.0, CatalogueRow::read(row))).collect())
    }

    /// The entries with these ids as they were last read, however long ago.
    pub async fn known_entries(&self, kind: LineKind, ids: &BTreeSet<i64>) -> Entries {
        let rows = self.kept(kind).known(ids).await;
        rows.iter().map(|row| (row.0, CatalogueRow::read(row))).collect()
    }

    fn kept(&self, kind: LineKind) -> &RowCache {
        match kind {
            LineKind::Service => &self.services,
            LineKind::Bundle => &self.bundles,
        }
    }

    /// The services in each of these bundles, by the id of the bundle.
    pub async fn contents(
        &self,
        bundles: &BTreeSet<i64>,
        asking: Asking<'_>,
    ) -> Result<BTreeMap<i64, Vec<i64>>, AutotaskError> {
        let now = asking.connection.clock().now();
        let mut found = BTreeMap::new();
        {
            let known = self.contents.lock().unwrap_or_else(PoisonError::into_inner);
            for id in bundles {
                if let Some((_, services)) =
                    known.get(id).filter(|(at, _)| is_younger(*at, now, FRESH))
                {
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
        let held = |(id, row): KeyedRow| {
            let whole = |field| row.integer(field).ok().flatten();
            (id, whole("serviceBundleID"), whole("serviceID"))
        };
        let rows = paginate(asking.connection, &query, FOR_A_RUN, asking.progress, held).await?;
        asking.ways.note(Entity::ServiceBundleServices, "list");
        let mut read: BTreeMap<i64, Vec<i64>> =
            missing.iter().map(|id| (*id, Vec::new())).collect();
        for (id, bundle, service) in rows {
            match (bundle, service) {
                (Some(bundle), Some(service)) => read.entry(bundle).or_default().push(service),
                _ => {
                    tracing::warn!(row = id, "Autotask gave a service of a bundle without its ids")
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
pub(in crate::autotask) async fn read_fields(
    connection: &Connection,
    entity: Entity,
    patience: RetryPolicy,
    progress: &Progress,
) -> Result<EntityFields, AutotaskError> {
    let request = Request::fields(entity);
    let answer = connection.ask(&request, patience, progress).await?;
    EntityFields::from_answer(&request, answer)
}

/// Whether what was read at `at` is younger than this; the clock may have stepped back since.
fn is_younger(at: DateTime<Utc>, now: DateTime<Utc>, age: TimeDelta) -> bool {
    (now - at).abs() < age
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::autotask::query::fetch::QueryTrace;
    use crate::autotask::script::Script;

    #[tokio::test]
    async fn names_are_asked_for_once_and_an_unknown_one_again() {
        let script = Script::new();
        script.rows("Services", vec![json!({"id": 1, "name": "Backup", "periodType": 2})]);
        let (connection, catalogue) = (script.connection(), Catalogue::default());
        let (progress, ways) = (Progress::new(), QueryTrace::default());
        let asking = Asking { connection: &connection, progress: &progress, ways: &ways };
        for (ids, requests) in [([1, 1], 1), ([1, 1], 1), ([1, 2], 2), ([1, 2], 3)] {
            let ids = BTreeSet::from(ids);
            let entries = catalogue.entries(LineKind::Service, &ids, asking).await;
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
        let (progress, ways) = (Progress::new(), QueryTrace::default());
        let asking = Asking { connection: &connection, progress: &progress, ways: &ways };
        for (wanted, requests) in [(2, 1), (2, 1), (9, 2)] {
            let wanted = BTreeSet::from([wanted]);
            let read = catalogue.currencies(&wanted, asking).await;
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
        let (progress, ways) = (Progress::new(), QueryTrace::default());
        let asking = Asking { connection: &connection, progress: &progress, ways: &ways };
        let bundles = BTreeSet::from([4, 5]);
        for _ in 0..2 {
            let contents = catalogue.contents(&bundles, asking).await;
            assert_eq!(contents, Ok(BTreeMap::from([(4, vec![31, 30]), (5, Vec::new())])));
            assert_eq!(script.asked("ServiceBundleServices/query"), 1);
        }
    }
}
