//! A cap that is too small for all clients at once: the batch is done in pieces, nobody is lost,
//! and the cap is kept.

#![cfg(feature = "demo")]

mod in_process;

use std::collections::{BTreeMap, VecDeque};

use in_process::house::{House, clients, generated, noon};
use lmsyncd::model::{ClientId, RunResult};
use tempfile::TempDir;

/// Too few requests for all clients at once, and enough for one.
const CAP: u64 = 24;

/// Minutes until everybody must have been synced: halving costs an hour each time, and then each
/// hour serves at least as many as fitted.
const LONGEST: u32 = 8 * 60;

/// Counts the tenant's requests minute by minute.
#[derive(Default)]
struct RollingHour(VecDeque<u64>);

impl RollingHour {
    fn minute(&mut self, requests: u64) {
        self.0.push_back(requests);
        if self.0.len() > 60 {
            self.0.pop_front();
        }
        let sum: u64 = self.0.iter().sum();
        assert!(sum <= CAP, "{sum} requests in an hour: {:?}", self.0);
    }
}

#[tokio::test(start_paused = true)]
async fn three_hundred_clients_are_synced_in_pieces_within_the_cap() {
    let folder = TempDir::new().expect("a folder");
    let tenant = generated(300, 11);
    let clients = clients(&tenant);
    let config = format!("max-requests-per-hour = {CAP}");
    let house = House::start_with(folder.path(), &tenant, noon(), &config);
    house.switch_on(&clients, None).await;
    let (mut hour, mut seen) = (RollingHour::default(), 0);
    for minute in 1..=LONGEST {
        house.pass(1).await;
        let total = tenant.counters().total;
        hour.minute(total - seen);
        seen = total;
        if house.count_synced() == clients.len() {
            break;
        }
        if minute % 30 == 0 {
            let waiting = house.engine.board(None).expect("a board").waiting;
            let told = waiting.is_some_and(|why| why.contains("clients at a time"));
            assert!(told, "what is late says so: {} synced", house.count_synced());
        }
    }
    assert_eq!(house.count_synced(), clients.len());
    assert!(seen > CAP, "the cap was too small for all at once");
    let mut runs: BTreeMap<ClientId, usize> = BTreeMap::new();
    for run in house.runs() {
        assert_eq!(run.result, RunResult::Ok, "{run:?}");
        *runs.entry(run.client.id).or_default() += 1;
    }
    assert!(runs.values().all(|count| *count == 1), "nobody is synced twice: {runs:?}");
    house.stop().await;
}
