//! Every fault of the fake tenant in turn: no contract is lost, none is there twice or by half,
//! and no write verb is ever sent.

use std::collections::BTreeMap;

use crate::support::{ACME, World};
use lmsyncd::demo::tenant::{Entity, Fault, FaultRule};
use serde_json::Value;

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

/// Syncs everything, syncs one client under each fault and again without it, and holds the book
/// against what it was.
fn survive(faults: &[Fault]) {
    let world = World::stories();
    world.configure("");
    let _daemon = world.start();
    let clients = world.json(&["client", "list"])["clients"].as_array().expect("clients").clone();
    assert!(clients.iter().any(|client| client["id"] == 0), "the MSP itself is a client");
    for client in &clients {
        world.ctl(&["sync", &client["id"].to_string(), "--all"]);
    }
    let before = book(&world);
    assert!(before.len() > 20);

    for fault in faults {
        // Shorter than the real thing, so that the test is over before long.
        if *fault == Fault::HourlyLimit {
            world.tenant.faults().set(Fault::RetryAfter.amount(1));
        }
        world.tenant.faults().set(match fault {
            Fault::RateLimited | Fault::RetryAfter => fault.amount(1),
            Fault::Slow => fault.amount(50),
            _ => FaultRule::from(*fault),
        });
        let told = world.ctl(&["sync", ACME, "--all"]);
        assert!([0, 6, 7, 8].contains(&told.exit), "{}: {told:#?}", fault.name());
        if [6, 7].contains(&told.exit) {
            assert!(told.err.contains("hint:"), "{}: {told:#?}", fault.name());
        }
        assert_eq!(book(&world), before, "{}: {told:#?}", fault.name());
        world.tenant.faults().clear();
        if *fault == Fault::WrongAuth {
            // The login breaker is open for a while, and not a request goes out meanwhile.
            let asked = world.tenant.counters().total;
            world.ctl(&["sync", ACME, "--all"]).expect(7, &["no request is sent before"]);
            assert_eq!(world.tenant.counters().total, asked);
            continue;
        }
        world.ctl(&["sync", ACME, "--all"]).expect(0, &[]);
        assert_eq!(book(&world), before, "after {}", fault.name());
    }
    let counters = world.tenant.counters();
    assert_eq!(counters.write_attempts, 0);
    let highest = counters.highest_concurrency.values().max();
    assert!(highest.is_some_and(|highest| *highest <= 2), "{:?}", counters.highest_concurrency);
}

/// Faults under which the daemon tries again for some seconds, or not again for a while; each is
/// survived on a tenant of its own, all at once.
const TAKES_LONG: [Fault; 8] = [
    Fault::WrongAuth,
    Fault::RateLimited,
    Fault::HourlyLimit,
    Fault::CutConnection,
    Fault::CutAnswer,
    Fault::TruncatedJson,
    Fault::TransientError,
    Fault::ErrorsIn200,
];

#[test]
fn no_fault_costs_a_contract() {
    let at_once: Vec<Fault> =
        Fault::ALL.iter().copied().filter(|fault| !TAKES_LONG.contains(fault)).collect();
    std::thread::scope(|scope| {
        scope.spawn(|| survive(&at_once));
        for fault in TAKES_LONG {
            scope.spawn(move || survive(&[fault]));
        }
    });
}

#[test]
fn a_fault_in_the_middle_of_a_run_is_survived() {
    let world = World::stories();
    world.configure("");
    let _daemon = world.start();
    let once =
        [Fault::CutConnection, Fault::CutAnswer, Fault::TruncatedJson, Fault::TransientError];
    for fault in once {
        world.tenant.faults().set(fault.times(1));
        world.ctl(&["sync", ACME, "--all"]).expect(0, &[]);
    }
    assert!(!book(&world).is_empty());
}

/// Faults that hide one kind of row: what hangs on those rows must not change by itself.
#[test]
fn what_hangs_on_hidden_rows_is_held() {
    let world = World::stories();
    world.configure("");
    let _daemon = world.start();
    let clients = world.json(&["client", "list"])["clients"].as_array().expect("clients").clone();
    for client in &clients {
        world.ctl(&["sync", &client["id"].to_string(), "--all"]);
    }
    let before = book(&world);
    let names = |world: &World| {
        let board = world.json(&["status"]);
        let clients = board["clients"].as_array().expect("clients").clone();
        clients.iter().map(|client| client["name"].to_string()).collect::<Vec<String>>()
    };
    let known = names(&world);
    let entities = [
        Entity::Companies,
        Entity::Currencies,
        Entity::ContractServiceUnits,
        Entity::ContractServiceBundleUnits,
        Entity::Services,
    ];
    for entity in entities {
        world.tenant.faults().set(Fault::NoRows.on(entity));
        for client in &clients {
            let told = world.ctl(&["sync", &client["id"].to_string(), "--all"]);
            assert!([0, 6, 8].contains(&told.exit), "{entity:?}: {told:#?}");
        }
        assert_eq!(book(&world), before, "{entity:?}");
        assert_eq!(names(&world), known, "{entity:?}");
        world.tenant.faults().clear();
    }
}
