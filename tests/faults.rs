//! Every fault of the fake tenant in turn: no contract is lost, none is there twice or by half,
//! and no write verb is ever sent.

mod support;

use std::collections::BTreeMap;

use lmsyncd::demo::tenant::{Fault, FaultRule};
use serde_json::Value;
use support::{ACME, World};

/// What must never change under a fault: every contract but the moment it was synced, by key.
fn book(world: &World) -> BTreeMap<String, Value> {
    let contracts = world.contracts();
    let count = contracts.len();
    let book: BTreeMap<String, Value> = contracts
        .into_iter()
        .map(|mut contract| {
            contract["last_synced"] = Value::Null;
            (contract["key"].as_str().expect("a key").to_owned(), contract)
        })
        .collect();
    assert_eq!(book.len(), count, "no contract is there twice");
    book
}

#[test]
fn no_fault_costs_a_contract() {
    let world = World::stories();
    world.configure("");
    let _daemon = world.start();
    let clients: Vec<String> = world.json(&["client", "list"])["clients"]
        .as_array()
        .expect("clients")
        .iter()
        .map(|client| client["id"].to_string())
        .collect();
    assert!(clients.contains(&"0".to_owned()), "the MSP itself is a client");
    for client in &clients {
        world.ctl(&["sync", client, "--all"]);
    }
    let before = book(&world);
    assert!(before.len() > 20);

    for fault in Fault::ALL {
        let rule = match fault {
            // Shorter than the real thing, so that the test is over before long.
            Fault::RateLimited | Fault::RetryAfter => fault.amount(1),
            Fault::Slow => fault.amount(50),
            _ => FaultRule::from(*fault),
        };
        world.tenant.faults().set(rule);
        let told = world.ctl(&["sync", ACME, "--all"]);
        let allowed = [0, 6, 7, 8];
        assert!(allowed.contains(&told.exit), "{}: {told:#?}", fault.name());
        if ![0, 8].contains(&told.exit) {
            assert!(told.err.contains(':'), "{}: {told:#?}", fault.name());
        }
        if *fault != Fault::NoCosts {
            assert_eq!(book(&world), before, "{}: {told:#?}", fault.name());
        }
        world.tenant.faults().clear();
        world.ctl(&["sync", ACME, "--all"]).expect(0, &[]);
        assert_eq!(book(&world), before, "after {}", fault.name());
    }
    let counters = world.tenant.counters();
    assert_eq!(counters.write_attempts, 0);
    let highest = counters.highest_concurrency.values().max();
    assert!(highest.is_some_and(|highest| *highest <= 2), "{:?}", counters.highest_concurrency);
}

#[test]
fn a_fault_in_the_middle_of_a_run_is_survived() {
    let world = World::stories();
    world.configure("");
    let _daemon = world.start();
    for fault in
        [Fault::CutConnection, Fault::CutAnswer, Fault::TruncatedJson, Fault::TransientError]
    {
        world.tenant.faults().set(fault.times(1));
        world.ctl(&["sync", ACME, "--all"]).expect(0, &[]);
    }
    assert!(!book(&world).is_empty());
}
