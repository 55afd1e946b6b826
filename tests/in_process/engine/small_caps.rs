//! A cap that is too small for all clients at once: the batch is done in pieces, nobody is lost,
//! and the cap is kept.

use std::collections::{BTreeMap, VecDeque};

use crate::support::test_daemon::{TestDaemon, busily, clients, generated, noon};
use lmsyncd::demo::tenant::Tenant;
use lmsyncd::model::{ClientId, RunResult};
use tempfile::TempDir;

/// Minutes until everybody must have been synced: halving costs an hour each time, and then each
/// hour serves at least as many as fitted.
const LONGEST: u32 = 8 * 60;

/// Counts the tenant's requests minute by minute.
struct RollingHour {
    cap: u64,
    minutes: VecDeque<u64>,
}

impl RollingHour {
    fn minute(&mut self, requests: u64) {
        self.minutes.push_back(requests);
        if self.minutes.len() > 60 {
            self.minutes.pop_front();
        }
        let sum: u64 = self.minutes.iter().sum();
        assert!(sum <= self.cap, "{sum} requests in an hour: {:?}", self.minutes);
    }
}

/// What a first batch of so many clients costs where nothing limits it.
async fn cost(count: usize) -> u64 {
    let (folder, tenant) = (TempDir::new().expect("a folder"), generated(300, 11));
    let daemon = TestDaemon::start(folder.path(), &tenant, noon());
    // It has looked for what is due, and looks again once all of them are switched on.
    daemon.settle().await;
    let before = asked_once(&daemon, &tenant).await;
    daemon.switch_on(&clients(&tenant)[..count], None).await;
    daemon.pass(1).await;
    assert_eq!(daemon.count_synced(), count);
    daemon.stop().await;
    tenant.counters().total - before
}

/// Has the daemon ask what it asks once, and says how many requests that took.
async fn asked_once(daemon: &TestDaemon, tenant: &Tenant) -> u64 {
    busily(daemon.preview(&clients(tenant)[0])).await.expect("a preview");
    tenant.counters().total
}

#[tokio::test(start_paused = true)]
async fn three_hundred_clients_are_synced_in_pieces_within_the_cap() {
    let folder = TempDir::new().expect("a folder");
    let tenant = generated(300, 11);
    let clients = clients(&tenant);
    // Too few requests for all clients at once, and enough for a good part of them.
    let (all, some) = (cost(clients.len()).await, cost(clients.len() / 8).await);
    let cap = (some + (all - some) / 3) * 10 / 9 + 1;
    let config = format!("max-requests-per-hour = {cap}");
    let daemon = TestDaemon::start_with(folder.path(), &tenant, noon(), &config);
    daemon.settle().await;
    asked_once(&daemon, &tenant).await;
    // An hour later they count no more.
    daemon.pass(61).await;
    daemon.switch_on(&clients, None).await;
    let seen = tenant.counters().total;
    let (mut hour, mut seen) = (RollingHour { cap, minutes: VecDeque::new() }, seen);
    let mut told = false;
    for minute in 1..=LONGEST {
        daemon.pass(1).await;
        let total = tenant.counters().total;
        hour.minute(total - seen);
        seen = total;
        if daemon.count_synced() == clients.len() {
            break;
        }
        if minute % 30 == 0 {
            let waiting = daemon.engine.observe.board(None).expect("a board").waiting;
            assert!(waiting.is_some(), "what is late says so: {} synced", daemon.count_synced());
            told |= waiting.is_some_and(|why| why.contains("clients at a time"));
        }
    }
    assert_eq!(daemon.count_synced(), clients.len());
    assert!(told, "and how it goes on");
    assert!(cap < all && seen > cap, "{seen} requests with {cap} an hour, {all} at once");
    let mut runs: BTreeMap<ClientId, usize> = BTreeMap::new();
    for run in daemon.runs() {
        assert_eq!(run.result, RunResult::Ok, "{run:?}");
        *runs.entry(run.client.id).or_default() += 1;
    }
    assert!(runs.values().all(|count| *count == 1), "nobody is synced twice: {runs:?}");
    daemon.stop().await;
}
