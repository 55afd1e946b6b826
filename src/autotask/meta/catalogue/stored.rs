//! What is kept of the catalogue across restarts, as it is stored.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Catalogue;
use crate::autotask::fields::row::KeyedRow;
use crate::autotask::http::entity::Entity;
use crate::autotask::meta::entity_fields::EntityFields;
use crate::autotask::meta::row_cache::{KeptRow, RowCache};

/// Stored state; frozen. Rows are as Autotask gave them.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::autotask) struct StoredCatalogueV1 {
    picklists: Vec<(String, DateTime<Utc>, EntityFields)>,
    currencies: Option<(DateTime<Utc>, Vec<KeyedRow>)>,
    companies: Vec<(i64, KeptRow)>,
    services: Vec<(i64, KeptRow)>,
    bundles: Vec<(i64, KeptRow)>,
    contents: Vec<(i64, DateTime<Utc>, Vec<i64>)>,
}

impl Catalogue {
    /// All of it.
    pub async fn stored(&self) -> StoredCatalogueV1 {
        let fields = self.fields.lock().await;
        let mut picklists: Vec<_> = fields
            .iter()
            .map(|(entity, (at, fields))| (entity.name().to_owned(), *at, (**fields).clone()))
            .collect();
        picklists.sort_by(|one, other| one.0.cmp(&other.0));
        drop(fields);
        let contents = {
            let known = self.contents.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            known.iter().map(|(id, (at, services))| (*id, *at, services.clone())).collect()
        };
        StoredCatalogueV1 {
            picklists,
            currencies: self.currencies.lock().await.clone(),
            companies: self.companies.stored().await,
            services: self.services.stored().await,
            bundles: self.bundles.stored().await,
            contents,
        }
    }

    /// What was kept before a restart.
    pub fn restored(stored: StoredCatalogueV1) -> Catalogue {
        let StoredCatalogueV1 { picklists, currencies, companies, services, bundles, contents } =
            stored;
        let fields = picklists
            .into_iter()
            .filter_map(|(name, at, fields)| Some((Entity::named(&name)?, (at, Arc::new(fields)))));
        let contents = contents.into_iter().map(|(id, at, services)| (id, (at, services)));
        Catalogue {
            fields: tokio::sync::Mutex::new(fields.collect()),
            currencies: tokio::sync::Mutex::new(currencies),
            companies: RowCache::restored(companies),
            services: RowCache::restored(services),
            bundles: RowCache::restored(bundles),
            contents: std::sync::Mutex::new(contents.collect()),
        }
    }
}
