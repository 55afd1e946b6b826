//! What a batch costs, on the fake tenant's counters: for any set of clients hardly more requests
//! than their rows fill pages, and as complete as a reading of everything.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, Mutex};

use crate::support::reading::{options, today};
use crate::support::transport::InProcess;
use chrono::{Months, NaiveDate, NaiveTime, TimeDelta};
use lmsyncd::autotask::{Autotask, Progress, ReadMemory, Scope, ZoneMemory};
use lmsyncd::clock::{Clock, ManualClock};
use lmsyncd::demo::tenant::{Counters, Entity, Fault, Tenant};
use lmsyncd::model::{ClientId, ClientSnapshot, Field, ItemKind, SourceItem, Value};

/// A tenant of 2,000 clients, some 6,000 agreements and some 24,000 additions.
const CLIENTS: usize = 2000;

/// Rows on a page.
const PAGE: usize = 500;

/// Made once for all tests, which read it in turn.
static TENANT: LazyLock<Tenant> = LazyLock::new(|| tenant(CLIENTS, 2));

/// Held by the one test that counts.
static COUNTING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

fn tenant(clients: usize, seed: u64) -> Tenant {
    let tenant = Tenant::generated(today(), clients, seed);
    tenant.set_base_url("http://127.0.0.1:1");
    tenant
}

fn clock() -> Arc<ManualClock> {
    let morning = today().and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(6);
    Arc::new(ManualClock::at(morning))
}

fn reader(tenant: &Tenant, clock: &Arc<ManualClock>) -> Autotask {
    let mut options = options(tenant, "http://127.0.0.1:1/ATServicesRest/");
    options.max_requests_per_hour = 100_000;
    let transport = Arc::new(InProcess(tenant.clone()));
    Autotask::new(options, transport, clock.clone(), ZoneMemory::none())
}

/// What would lie in the store's cache.
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

/// So many clients of the generated tenant, spread over it as a seed wills.
fn some(size: usize, seed: u64) -> BTreeSet<ClientId> {
    let mut all: Vec<i64> = (1000..).take(CLIENTS).collect();
    fastrand::Rng::with_seed(seed).shuffle(&mut all);
    all.into_iter().take(size).map(ClientId).collect()
}

/// The rows of the running and of the next period of a line, as far as there are any, and the last
/// one of a line that is over.
fn rows_needed(item: &SourceItem, today: NaiveDate) -> usize {
    let months = match item.fields.get(&Field::BillingCycle) {
        Some(Value::Cycle(cycle)) => cycle.months().unwrap_or(1),
        _ => 1,
    };
    let next = today.checked_add_months(Months::new(months)).expect("a date");
    let rows = item.working.lines.iter();
    rows.filter(|row| row.start.is_some_and(|start| start <= next)).count()
}

/// The sum over the entities read of the pages that the rows of these clients fill. What was not
/// asked for, because it is known, counts for nothing.
fn pages_needed(snapshots: &[ClientSnapshot], counters: &Counters, today: NaiveDate) -> usize {
    let items = || snapshots.iter().flat_map(|snapshot| &snapshot.items);
    let rows = |letter| items().filter(|item| item.key.kind == letter).count();
    let (services, bundles) = (rows(ItemKind::Service), rows(ItemKind::Bundle));
    let billed = |letter| -> usize {
        let lines = items().filter(|item| item.key.kind == letter);
        lines.map(|item| rows_needed(item, today)).sum()
    };
    let folded: usize = snapshots.iter().map(|snapshot| snapshot.folded.len()).sum();
    let needed = [
        (Entity::Companies, snapshots.len()),
        (Entity::Contracts, rows(ItemKind::Agreement)),
        (Entity::ContractServices, services),
        (Entity::ContractServiceUnits, billed(ItemKind::Service)),
        (Entity::ContractServiceBundles, bundles),
        (Entity::ContractServiceBundleUnits, billed(ItemKind::Bundle)),
        (Entity::ContractBlocks, rows(ItemKind::BlockHours)),
        (Entity::ContractRetainers, rows(ItemKind::Retainer)),
        (Entity::ContractTicketPurchases, rows(ItemKind::Tickets)),
        (Entity::ContractMilestones, rows(ItemKind::Milestone)),
        (Entity::ContractCharges, rows(ItemKind::Charge) + folded),
        (Entity::ContractBillingRules, 1),
        // The small tables fill a page each.
        (Entity::Services, 1),
        (Entity::ServiceBundles, 1),
        (Entity::ServiceBundleServices, 1),
        (Entity::Currencies, 1),
    ];
    let asked = |path: String| usize::try_from(counters.requests(&path)).expect("few");
    let pages = needed.map(|(entity, rows)| {
        // So do their picklists.
        let picklists = asked(format!("{entity}/entityInformation/fields"));
        rows.div_ceil(PAGE).min(asked(format!("{entity}/query"))) + picklists
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
    // An hour of its own: of one that is used up, the tenant answers ever more slowly.
    tenant.limits().set_used(0);
    let scope = Scope::Clients(batch.iter().copied().collect());
    let snapshots = autotask.read(&scope, &Progress::new()).await.expect("snapshots");
    let counters = tenant.counters();
    let requests = usize::try_from(counters.total).expect("a count");
    let pages = pages_needed(&snapshots, &counters, tenant.today());
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
    /// requests <= 1.10 x pages + 10. A reading of hundreds of clients, but not of all, of which
    /// nothing is known, packs its lists by guesses: of it, four pages in a hundred more.
    fn holds_for(&self, what: &str) {
        let is_guess = what.contains("nothing known") && self.pages > 60;
        let percent = if is_guess { 114 } else { 110 };
        let most = self.pages * percent / 100 + 10;
        assert!(self.requests <= most, "{what}: more than {most}: {self:#?}");
    }
}

/// What one reader needs for a batch that it knows nothing of, for the same a day later, and for
/// another of the same size.
async fn batches_hold(size: usize, seed: u64) {
    let clock = clock();
    let autotask = reader(&TENANT, &clock);
    let (batch, others) = (some(size, seed), some(size, seed + 1000));
    for (what, batch) in [("nothing known", &batch), ("again", &batch), ("others", &others)] {
        let (snapshots, cost) = cost(&TENANT, &autotask, batch).await;
        assert_eq!(snapshots.len(), size);
        cost.holds_for(&format!("{size} clients, {what}, seed {seed}"));
        clock.advance(TimeDelta::days(1));
    }
}

#[tokio::test]
async fn any_batch_costs_hardly_more_than_the_pages_that_it_fills() {
    let _counting = COUNTING.lock().await;
    for size in [1, 2, 7, 50, 120, 300, 500, 750, 1000, 1500, 2000] {
        batches_hold(size, 1).await;
    }
}

#[tokio::test]
#[ignore = "takes minutes; for whoever changes the plan"]
async fn any_batch_of_any_choice_of_clients() {
    let _counting = COUNTING.lock().await;
    for seed in 2..12 {
        for size in [1, 3, 20, 80, 120, 200, 300, 400, 500, 600, 750, 900, 1000, 1250, 1500, 1750] {
            batches_hold(size, seed).await;
        }
    }
}

#[tokio::test]
async fn a_night_of_all_clients_costs_200_requests_at_most() {
    let _counting = COUNTING.lock().await;
    let (all, clock, cell) = (some(CLIENTS, 1), clock(), Cell::default());
    let mut autotask = reader(&TENANT, &clock).with_read_cache(cell.memory());
    for night in ["the first", "the second", "after a restart", "the one after it"] {
        let (snapshots, cost) = cost(&TENANT, &autotask, &all).await;
        let items = || snapshots.iter().flat_map(|snapshot| &snapshot.items);
        let agreements = items().filter(|item| item.key.is_agreement()).count();
        assert_eq!(agreements, TENANT.count(Entity::Contracts));
        let additions = items().count() - agreements;
        assert!(agreements >= 6000 && additions >= 24_000, "{agreements}, {additions}");
        assert!(cost.requests <= 200, "{night} night: {cost:#?}");
        cost.holds_for(night);
        clock.advance(TimeDelta::days(1));
        if night == "the second" {
            autotask = reader(&TENANT, &clock).with_read_cache(cell.memory());
        }
    }
    assert!(TENANT.counters().highest_concurrency.values().all(|at_a_time| *at_a_time <= 2));
}

/// Whatever the plan, a client's snapshot is the same.
#[tokio::test]
async fn every_plan_reads_the_same() {
    let _counting = COUNTING.lock().await;
    let clock = clock();
    let all = reader(&TENANT, &clock).read(&Scope::All, &Progress::new()).await;
    let all = all.expect("snapshots");
    for size in [3, 300, 1100] {
        let batch = some(size, 9);
        let (snapshots, _) = cost(&TENANT, &reader(&TENANT, &clock), &batch).await;
        let of_all = all.iter().filter(|snapshot| batch.contains(&snapshot.client.id));
        for (seen, of_all) in snapshots.iter().zip(of_all) {
            for (one, other) in seen.items.iter().zip(&of_all.items) {
                assert_eq!(one, other, "{size} clients");
            }
            assert!(seen == of_all, "{size} clients");
        }
    }
}

/// Night after night, while people change this and that: a reader that goes by what it knows and by
/// cursors reads what one reads that knows nothing.
#[tokio::test]
async fn what_is_known_and_cursors_never_show_anything_but_the_truth() {
    let (tenant, clock) = (tenant(700, 3), clock());
    let batch: Vec<ClientId> = (1000..1700).map(ClientId).collect();
    let read = async |autotask: &Autotask| {
        let scope = Scope::Clients(batch.clone());
        autotask.read(&scope, &Progress::new()).await.expect("snapshots")
    };
    let autotask = reader(&tenant, &clock);
    let _ = read(&autotask).await;
    let contract = tenant.ids(Entity::Contracts);
    let set = |entity, id, field: &str, value: &str| {
        tenant.set(entity, id, field, value).expect("it is set");
    };
    for night in 0..6 {
        clock.advance(TimeDelta::days(1));
        tenant.set_today(clock.now().date_naive());
        match night {
            0 => {
                set(Entity::Contracts, contract[20], "contractName", "Renamed");
                set(Entity::Companies, 1600, "companyName", "Renamed Ltd");
                set(Entity::Services, tenant.ids(Entity::Services)[0], "name", "Renamed service");
            }
            1 => {
                tenant.remove_contract(contract[31]).expect("it is removed");
                tenant.add_contract(1005, "New").expect("it is added");
            }
            2 => tenant.hide_contract(contract[40]),
            3 => {
                tenant.show_contract(contract[40]);
                tenant.hide_contract(contract[41]);
            }
            4 => tenant.end_contract(contract[50], clock.now().date_naive()).expect("it is ended"),
            _ => tenant.faults().set(Fault::Restricted),
        }
        tenant.reset_counters();
        let seen = read(&autotask).await;
        let counts = tenant.counters().requests("Contracts/query/count");
        assert!(counts >= 2, "night {night} was not read by the cursor");
        assert!(seen == read(&reader(&tenant, &clock)).await, "night {night}");
    }
}

/// A tenant without the field costs a little more, and no query names the field.
#[tokio::test]
async fn a_tenant_without_last_modified_is_read_alike() {
    let _counting = COUNTING.lock().await;
    let (batch, clock) = (some(800, 1), clock());
    let (with, _) = cost(&TENANT, &reader(&TENANT, &clock), &batch).await;
    TENANT.faults().set(Fault::NoLastModified);
    let autotask = reader(&TENANT, &clock);
    for night in ["the first", "the second"] {
        let (without, cost) = cost(&TENANT, &autotask, &batch).await;
        assert!(with == without, "{night}");
        cost.holds_for(night);
    }
    TENANT.faults().clear();
}

/// What has ended costs what it fills, not a page for every year that it was billed.
#[tokio::test]
async fn a_past_of_many_terms_costs_hardly_more_than_the_pages_that_it_fills() {
    const SOME: usize = 150;
    let tenant = Tenant::with_history(today(), SOME, 2, 5);
    tenant.set_base_url("http://127.0.0.1:1");
    let all = reader(&tenant, &clock()).read(&Scope::All, &Progress::new()).await;
    let all = all.expect("snapshots");
    for size in [1, 3, 10, 40, 100, SOME] {
        let (clock, batch) = (clock(), (1000..).take(size).map(ClientId).collect());
        let autotask = reader(&tenant, &clock);
        for night in ["the first", "the second"] {
            let (snapshots, cost) = cost(&tenant, &autotask, &batch).await;
            cost.holds_for(&format!("{size} clients, {night} night"));
            let of_all = all.iter().filter(|snapshot| batch.contains(&snapshot.client.id));
            if night == "the first" {
                assert!(snapshots.iter().eq(of_all), "{size} clients");
            }
            let items = || snapshots.iter().flat_map(|snapshot| &snapshot.items);
            let basis = |item: &SourceItem| item.fields.get(&Field::Basis).map(Value::to_string);
            let lapsed = items().filter(|item| basis(item).is_some_and(|basis| basis == "last"));
            let lines = items().filter(|item| !item.key.is_agreement()).count();
            assert!(lapsed.count() > lines / 2, "the most is over");
            clock.advance(TimeDelta::days(1));
        }
    }
}
