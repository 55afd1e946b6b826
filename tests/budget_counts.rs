//! Limits, as the fake tenant counts them: how many requests it has at a time, how long it is left
//! alone, and who may go on how far into the hour.

#![cfg(feature = "demo")]

mod in_process;

use std::time::Duration;

use futures_util::future::join_all;
use in_process::house::{House, busily, clients, generated, noon};
use lmsyncd::autotask::Progress;
use lmsyncd::demo::tenant::{Entity, Fault, Tenant};
use lmsyncd::model::{ClientRef, Code};
use tempfile::TempDir;
use tokio::time::{Instant, advance, sleep};

/// A house whose clock jumps by itself: only the looks of the test make it.
fn quiet(tenant: &Tenant, folder: &TempDir) -> House {
    let house = House::start(folder.path(), tenant, noon());
    house.supervisor.abort();
    house.teller.abort();
    house
}

/// Looks at so many clients at once.
async fn look(house: &House, clients: &[ClientRef]) {
    for looked in join_all(clients.iter().map(|c| house.look(c))).await {
        looked.expect("a look");
    }
}

fn most_at_a_time(tenant: &Tenant) -> usize {
    let highest = tenant.counters().highest_concurrency;
    highest.values().copied().max().unwrap_or(0)
}

#[tokio::test(start_paused = true)]
async fn a_reload_allows_no_more_requests_at_a_time_while_old_ones_run() {
    let (folder, tenant) = (TempDir::new().expect("a folder"), generated(12, 3));
    let (house, clients) = (quiet(&tenant, &folder), clients(&tenant));
    look(&house, &clients[1..2]).await;
    tenant.faults().set(Fault::Slow.amount(500));
    tenant.reset_counters();
    let reloaded = async {
        for round in 0..3 {
            sleep(Duration::from_millis(700)).await;
            house.reload(&format!("request-timeout = \"{}s\"", 60 + round));
            look(&house, &clients[9..12]).await;
        }
    };
    // So many that they queue at each endpoint when the others come.
    tokio::join!(look(&house, &clients[1..9]), reloaded);
    assert_eq!(most_at_a_time(&tenant), 2, "{:?}", tenant.counters());
    // A smaller number counts for what begins after it.
    house.reload("concurrency-per-endpoint = 1");
    tenant.reset_counters();
    look(&house, &clients[1..7]).await;
    assert_eq!(most_at_a_time(&tenant), 1, "{:?}", tenant.counters());
}

#[tokio::test(start_paused = true)]
async fn a_429_leaves_one_request_at_a_time_for_a_while_also_across_a_reload() {
    let (folder, tenant) = (TempDir::new().expect("a folder"), generated(12, 3));
    let (house, clients) = (quiet(&tenant, &folder), clients(&tenant));
    tenant.faults().set(Fault::RateLimited.on(Entity::Contracts).times(1));
    look(&house, &clients[1..2]).await;
    assert_eq!(tenant.counters().rate_limited, 1);
    tenant.faults().set(Fault::Slow.amount(500));
    let highest = async || {
        tenant.reset_counters();
        look(&house, &clients[1..7]).await;
        let highest = tenant.counters().highest_concurrency;
        (highest["Contracts"], highest["Companies"])
    };
    assert_eq!(highest().await, (1, 2), "only the endpoint that complained");
    house.reload("request-timeout = \"60s\"");
    assert_eq!(highest().await, (1, 2), "a reload does not forget it");
    advance(Duration::from_secs(300)).await;
    assert_eq!(highest().await, (2, 2), "it was content for a while");
}
