//! What readings leave for later ones across restarts: how many rows there were, and the catalogue.
//!
//! Stored state, as one line of JSON in the store's cache, where it may be lost at any time. What
//! cannot be read counts as nothing: then a batch costs a few requests more.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::autotask::http::entity::Entity;
use crate::autotask::meta::catalogue::{Catalogue, StoredCatalogueV1};
use crate::autotask::query::fetch::RowCounts;
use crate::autotask::query::plan::RowStats;
use crate::autotask::session::slot::Slot;

/// How often the reading of a single client is a reason to write at most. It changes little, and
/// what is written is about 100 bytes for each agreement and company of the tenant.
const EVERY: TimeDelta = TimeDelta::minutes(10);

/// Where what readings leave is remembered across restarts.
pub struct ReadMemory(Slot);

/// Stored state; frozen.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct V1 {
    version: u8,
    counts: Vec<CountsV1>,
    catalogue: StoredCatalogueV1,
}

/// Stored state; frozen.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CountsV1 {
    entity: String,
    total: Option<usize>,
    /// How many rows belong to each id.
    rows: Vec<(i64, usize)>,
}

impl ReadMemory {
    /// A memory: `load` returns the bytes that `store` was last given.
    pub fn new(
        load: impl Fn() -> Option<Vec<u8>> + Send + Sync + 'static,
        store: impl Fn(&[u8]) + Send + Sync + 'static,
    ) -> ReadMemory {
        ReadMemory(Slot::new(load, store))
    }

    /// A memory that keeps nothing.
    pub fn none() -> ReadMemory {
        ReadMemory(Slot::none())
    }

    /// What is remembered; nothing where nothing is, or where it cannot be read.
    pub(in crate::autotask) fn restore(&self) -> (RowCounts, Catalogue) {
        let Some(V1 { version: 1, counts, catalogue }) = self.0.read() else {
            return (RowCounts::default(), Catalogue::default());
        };
        let known = counts.into_iter().filter_map(|CountsV1 { entity, total, rows }| {
            Some((Entity::named(&entity)?, RowStats::of(total, rows)))
        });
        (RowCounts::from(known.collect::<BTreeMap<_, _>>()), Catalogue::restored(catalogue))
    }

    /// Writes everything down after a reading of so many clients.
    pub(in crate::autotask) async fn keep(
        &self,
        counts: &RowCounts,
        catalogue: &Catalogue,
        clients: usize,
        now: DateTime<Utc>,
    ) {
        if clients <= 1 && !self.0.is_older_than(EVERY, now) {
            return;
        }
        let counts = counts.all().into_iter().map(|(entity, known)| CountsV1 {
            entity: entity.name().to_owned(),
            total: known.total(),
            rows: known.by_id(),
        });
        let stored =
            V1 { version: 1, counts: counts.collect(), catalogue: catalogue.stored().await };
        self.0.write(&stored, now);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::json;

    use super::*;
    use crate::autotask::api::Autotask;
    use crate::autotask::import::read::Scope;
    use crate::autotask::script::Script;
    use crate::autotask::session::progress::Progress;
    use crate::model::ClientId;

    #[derive(Clone, Default)]
    struct Cell(Arc<Mutex<Option<Vec<u8>>>>);

    impl Cell {
        fn memory(&self) -> ReadMemory {
            let (from, to) = (self.clone(), self.clone());
            ReadMemory::new(
                move || from.0.lock().expect("the cell").clone(),
                move |bytes| *to.0.lock().expect("the cell") = Some(bytes.to_vec()),
            )
        }
    }

    fn tenant() -> Script {
        let script = Script::new();
        let types = json!([{"value": "7", "label": "Recurring Service"}]);
        script.fields("Contracts", json!([{"name": "contractType", "picklistValues": types}]));
        script.rows("Companies", vec![json!({"id": 7, "companyName": "Acme", "currencyID": 1})]);
        script.rows("Currencies", vec![json!({"id": 1, "name": "USD"})]);
        script.rows(
            "Contracts",
            vec![json!({"id": 1, "companyID": 7, "contractType": 7, "contractName": "Care"})],
        );
        script.rows(
            "ContractServices",
            vec![json!({"id": 5, "contractID": 1, "serviceID": 3, "unitPrice": 1})],
        );
        script.rows("Services", vec![json!({"id": 3, "name": "Backup", "periodType": 2})]);
        script
    }

    async fn read(script: &Script, cell: &Cell) -> Autotask {
        let autotask = script.autotask().with_read_cache(cell.memory());
        let scope = Scope::Clients(vec![ClientId(7)]);
        autotask.read(&scope, &Progress::new()).await.expect("snapshots");
        autotask
    }

    #[tokio::test]
    async fn a_restart_asks_for_no_picklists_and_no_names_and_knows_how_many_rows_there_were() {
        let (script, cell) = (tenant(), Cell::default());
        read(&script, &cell).await;
        assert_eq!(script.asked("Contracts/entityInformation/fields"), 1);
        let again = read(&script, &cell).await;
        assert_eq!(script.asked("Contracts/entityInformation/fields"), 1);
        assert_eq!(script.asked("/Services/query"), 1);
        assert_eq!(script.asked("Currencies/query"), 1);
        assert_eq!(script.asked("Companies/query"), 2, "their names are asked for each time");
        assert_eq!(again.known_rows(Entity::ContractServices), [(1, 1)]);
    }

    #[tokio::test]
    async fn what_cannot_be_read_of_it_is_nothing() {
        let (script, cell) = (tenant(), Cell::default());
        read(&script, &cell).await;
        let text = String::from_utf8(cell.0.lock().expect("the cell").clone().expect("bytes"));
        let text = text.expect("text");
        for bad in ["", "{", &text.replace("\"version\":1", "\"version\":2"), &text[..40]] {
            *cell.0.lock().expect("the cell") = Some(bad.as_bytes().to_vec());
            let autotask = script.autotask().with_read_cache(cell.memory());
            assert_eq!(autotask.known_rows(Entity::ContractServices), []);
        }
    }
}
