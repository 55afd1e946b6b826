//! Limits, as the fake tenant counts them: how many requests it has at a time, how long it is left
//! alone, and who may go on how far into the hour.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::test_daemon::{TestDaemon, busily, clients, generated, noon};
use chrono::TimeDelta;
use futures_util::future::join_all;
use lmsyncd::autotask::{Phase, Progress, Report};
use lmsyncd::demo::tenant::{Entity, Fault, FaultRule, Tenant};
use lmsyncd::model::{ClientRef, Code};
use tempfile::TempDir;
use tokio::time::{Instant, advance, sleep};

/// A daemon whose clock jumps by itself: only the looks of the test make it.
fn quiet(tenant: &Tenant, folder: &TempDir) -> TestDaemon {
    let daemon = TestDaemon::start(folder.path(), tenant, noon());
    daemon.supervisor.abort();
    daemon.teller.abort();
    daemon
}

/// Looks at so many clients at once.
async fn look(daemon: &TestDaemon, clients: &[ClientRef]) {
    for looked in join_all(clients.iter().map(|c| daemon.preview(c))).await {
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
    let (daemon, clients) = (quiet(&tenant, &folder), clients(&tenant));
    look(&daemon, &clients[1..2]).await;
    tenant.faults().set(Fault::Slow.amount(500));
    tenant.reset_counters();
    let reloaded = async {
        for round in 0..3 {
            sleep(Duration::from_millis(700)).await;
            daemon.reload(&format!("request-timeout = \"{}s\"", 60 + round)).await;
            look(&daemon, &clients[9..12]).await;
        }
    };
    // So many that they queue at each endpoint when the others come.
    tokio::join!(look(&daemon, &clients[1..9]), reloaded);
    assert_eq!(most_at_a_time(&tenant), 2, "{:?}", tenant.counters());
    // A smaller number counts for what begins after it.
    daemon.reload("concurrency-per-endpoint = 1").await;
    tenant.reset_counters();
    look(&daemon, &clients[1..7]).await;
    assert_eq!(most_at_a_time(&tenant), 1, "{:?}", tenant.counters());
}

#[tokio::test(start_paused = true)]
async fn a_429_leaves_one_request_at_a_time_for_a_while_also_across_a_reload() {
    let (folder, tenant) = (TempDir::new().expect("a folder"), generated(12, 3));
    let (daemon, clients) = (quiet(&tenant, &folder), clients(&tenant));
    tenant.faults().set(Fault::RateLimited.on(Entity::Contracts).times(1));
    look(&daemon, &clients[1..2]).await;
    assert_eq!(tenant.counters().rate_limited, 1);
    tenant.faults().set(Fault::Slow.amount(500));
    let highest = async || {
        tenant.reset_counters();
        look(&daemon, &clients[1..7]).await;
        let highest = tenant.counters().highest_concurrency;
        (highest["Contracts"], highest["ContractServices"])
    };
    assert_eq!(highest().await, (1, 2), "only the endpoint that complained");
    daemon.reload("request-timeout = \"60s\"").await;
    assert_eq!(highest().await, (1, 2), "a reload does not forget it");
    advance(Duration::from_secs(300)).await;
    assert_eq!(highest().await.0, 2, "it was content for a while");
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_honoured_and_nobody_waits_for_long() {
    for (asked, least, most) in [(0, 1, 10), (30, 30, 40), (60, 60, 70)] {
        let (folder, tenant) = (TempDir::new().expect("a folder"), generated(12, 3));
        let (daemon, clients) = (quiet(&tenant, &folder), clients(&tenant));
        let told = Fault::RateLimited.amount(asked).times(1);
        tenant.faults().set(FaultRule { entity: Some(Entity::Contracts), ..told });
        let began = Instant::now();
        look(&daemon, &clients[1..2]).await;
        let took = began.elapsed().as_secs();
        assert!((least..most).contains(&took), "asked for {asked} seconds, waited {took}");
        assert_eq!(tenant.counters().rate_limited, 1, "nobody asked again before");
    }
    let (folder, tenant) = (TempDir::new().expect("a folder"), generated(12, 3));
    let daemon = TestDaemon::start(folder.path(), &tenant, noon());
    let clients = clients(&tenant);
    tenant.faults().set(Fault::RateLimited.amount(3600).times(1));
    for _ in 0..2 {
        let began = Instant::now();
        let failed = daemon.preview(&clients[1]).await.expect_err("it would take an hour");
        assert_eq!((failed.code, began.elapsed()), (Code::RateLimited, Duration::ZERO));
    }
    assert_eq!(tenant.counters().rate_limited, 1);
    let asked = tenant.counters().total;
    // Auto-sync waits for it, says so, and goes on when it is over; nothing has failed.
    daemon.switch_on(&clients, None).await;
    daemon.pass(50).await;
    let waiting = daemon.engine.observe.board(None).expect("a board").waiting.expect("it waits");
    assert!(waiting.contains("takes no requests before"), "{waiting}");
    assert_eq!((tenant.counters().total, daemon.runs().len()), (asked, 0));
    daemon.pass(15).await;
    daemon.until_synced(clients.len()).await;
    assert!(daemon.runs().iter().all(|run| run.error.is_none()));
}

#[tokio::test(start_paused = true)]
async fn auto_sync_stops_in_the_middle_of_a_reading_and_a_person_goes_on() {
    let (folder, tenant) = (TempDir::new().expect("a folder"), generated(50, 7));
    let clients = clients(&tenant);
    // It yields so late that only the stop at 75 percent is left.
    let daemon =
        TestDaemon::start_with(folder.path(), &tenant, noon(), "yield-above-percent = 100");
    tenant.limits().set_threshold(1000);
    tenant.limits().set_used(740);
    daemon.switch_on(&clients, None).await;
    daemon.pass(1).await;
    let asked = tenant.counters();
    assert!(asked.requests("Contracts/query") > 0, "it had begun: {asked:?}");
    assert!(tenant.limits().used() <= 750, "{}", tenant.limits().used());
    assert_eq!(daemon.count_synced(), 0);
    let board = daemon.engine.observe.board(None).expect("a board");
    let waiting = board.waiting.expect("it waits");
    assert!(waiting.contains("the tenant has used 75 % of its requests of this hour"), "{waiting}");
    let why = board.clients[0].next_why.as_ref().map(|why| why.text.as_str());
    assert!(
        why.is_some_and(|why| why.starts_with("waiting for budget: the tenant has used 75 %")),
        "{why:?}"
    );

    busily(daemon.preview(&clients[1])).await.expect("a person may go on to 90 %");
    tenant.limits().set_used(897);
    busily(daemon.engine.admin.checkup()).await;
    let used = tenant.limits().used();
    let failed = busily(daemon.preview(&clients[1])).await.expect_err("and no further");
    assert_eq!(failed.code, Code::RateLimited);
    assert!(failed.message.contains("this work stops at 90 %"), "{failed}");
    assert_eq!(tenant.limits().used(), used, "it was not even asked");

    // Nothing was lost, and no failure is on record: it goes on where it was late.
    assert_eq!(daemon.runs(), []);
    tenant.limits().set_used(0);
    daemon.pass(7).await;
    daemon.until_synced(clients.len()).await;
    assert!(daemon.engine.observe.board(None).expect("a board").waiting.is_none());
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_person_who_sees_it_waits_a_little_for_budget_and_nobody_waits_long_or_unseen() {
    const CAP: u64 = 40;
    let (folder, tenant) = (TempDir::new().expect("a folder"), generated(12, 3));
    let (daemon, clients) = (quiet(&tenant, &folder), clients(&tenant));
    daemon.reload(&format!("max-requests-per-hour = {CAP}")).await;
    while daemon.preview(&clients[1]).await.is_ok() {}
    assert_eq!(tenant.counters().total, CAP);
    let told = Arc::new(Mutex::new(BTreeSet::new()));
    let seen = || {
        let told = Arc::clone(&told);
        let listener = move |report: &Report| {
            if let Phase::ForBudget(until) = report.phase {
                told.lock().expect("the phases").insert(until);
            }
        };
        Progress::telling(listener).seen(true)
    };
    let look = async |progress: Progress| {
        let began = Instant::now();
        let looked = daemon.engine.syncs.preview(&clients[1], &progress).await;
        (looked.map_err(|failure| failure.code), began.elapsed())
    };
    let refused = (Err(Code::RateLimited), Duration::ZERO);
    // The whole hour is ahead: it would take too long.
    let failure = daemon.engine.syncs.preview(&clients[1], &seen()).await.expect_err("too long");
    assert_eq!((failure.code, failure.code.exit_status()), (Code::RateLimited, 7));
    assert!(failure.message.contains("the next is free at"), "{failure}");
    assert!(failure.advice.is_some());
    assert_eq!(look(seen()).await, refused);
    assert!(told.lock().expect("the phases").is_empty());

    advance(Duration::from_secs(56 * 60)).await;
    let free = daemon.engine.now() + TimeDelta::minutes(4);
    assert_eq!(look(Progress::new()).await, refused, "nobody would see it wait");
    let (looked, took) = look(seen()).await;
    assert!(looked.is_ok(), "{looked:?}");
    assert!(took.as_secs().abs_diff(4 * 60) <= 1, "it took {took:?}");
    let until = told.lock().expect("the phases").iter().next().copied().expect("it was told");
    assert!((until - free).abs() <= TimeDelta::seconds(1), "until {until}, not {free}");
}
