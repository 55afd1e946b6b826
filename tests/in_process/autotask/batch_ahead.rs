//! A book in which rows of units lie ten years ahead costs at most one request more to read than the
//! same book without them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::support::reading::{options, today};
use crate::support::transport::InProcess;
use chrono::{NaiveTime, TimeDelta};
use lmsyncd::autotask::{Autotask, Progress, Scope, ZoneMemory};
use lmsyncd::clock::ManualClock;
use lmsyncd::demo::tenant::{Entity, Options, Tenant};
use lmsyncd::model::ClientId;

/// Clients of the tenants.
const CLIENTS: usize = 120;

/// Periods with rows after the running one: ten years of months.
const AHEAD: i32 = 120;

fn tenant(ahead: i32) -> Tenant {
    let made = Options { clients: CLIENTS, seed: 2, ahead, ..Options::default() };
    let tenant = Tenant::generated_with(today(), &made);
    tenant.set_base_url("http://127.0.0.1:1");
    tenant
}

/// The requests of two nights, one after the other, for so many clients.
async fn nights(tenant: &Tenant, size: usize) -> [u64; 2] {
    let morning = today().and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(6);
    let clock = Arc::new(ManualClock::at(morning));
    let mut options = options(tenant, "http://127.0.0.1:1/ATServicesRest/");
    options.max_requests_per_hour = 100_000;
    let transport = Arc::new(InProcess(tenant.clone()));
    let autotask = Autotask::new(options, transport, clock.clone(), ZoneMemory::none());
    let batch: BTreeSet<ClientId> = (1000..).take(size).map(ClientId).collect();
    let mut requests = [0; 2];
    for night in &mut requests {
        tenant.reset_counters();
        tenant.limits().set_used(0);
        let scope = Scope::Clients(batch.iter().copied().collect());
        let snapshots = autotask.read(&scope, &Progress::new()).await.expect("snapshots");
        assert_eq!(snapshots.len(), size);
        *night = tenant.counters().total;
        clock.advance(TimeDelta::days(1));
    }
    requests
}

#[tokio::test]
async fn rows_ten_years_ahead_cost_one_request_more_at_most() {
    let (plain, far) = (tenant(1), tenant(AHEAD));
    let rows = |tenant: &Tenant| tenant.count(Entity::ContractServiceUnits);
    assert!(rows(&far) > 10 * rows(&plain), "{} and {}", rows(&far), rows(&plain));
    for size in [1, 7, 40, CLIENTS] {
        let (without, with) = (nights(&plain, size).await, nights(&far, size).await);
        for (night, (without, with)) in without.into_iter().zip(with).enumerate() {
            assert!(with <= without + 1, "{size} clients, night {night}: {without}, then {with}");
        }
    }
}
