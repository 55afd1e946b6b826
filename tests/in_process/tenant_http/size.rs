//! A large tenant: made and pulled without a step that grows with the square of its size.

use std::time::{Duration, Instant};

use lmsyncd::demo::tenant::{Entity, Tenant};
use serde_json::json;

use super::support::{Api, today};

/// Far above what a debug build on a busy machine needs, far below what a square would need.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn two_thousand_clients_are_pulled_by_id_walk() {
    let started = Instant::now();
    let tenant = Tenant::generated(today(), 2000, 42);
    assert!(tenant.count(Entity::Contracts) > 5000);
    assert_eq!(tenant.count(Entity::Companies), 2002);
    let api = Api::of(tenant.clone()).await;

    let contracts = tenant.ids(Entity::Contracts);
    let mut units = 0;
    for batch in contracts.chunks(500) {
        let mut after = -1;
        loop {
            let body = json!({"maxRecords": 500, "filter": [
                {"op": "gt", "field": "id", "value": after},
                {"op": "in", "field": "contractID", "value": batch},
                {"op": "lte", "field": "startDate", "value": "2026-09-08"},
                {"op": "gte", "field": "endDate", "value": "2026-09-08"},
            ]});
            let ids = api.post("V1.0/ContractServiceUnits/query", &body).await.ids();
            units += ids.len();
            match ids.last() {
                Some(last) if ids.len() == 500 => after = *last,
                _ => break,
            }
        }
    }
    // One row for most lines: some are over or to come, and of some two rows cover the day.
    let lines = tenant.count(Entity::ContractServices);
    assert!((lines * 8 / 10..lines * 12 / 10).contains(&units), "{units} of {lines}");
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
}
