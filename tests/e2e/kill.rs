//! `kill -9` at any point of a run: what was acknowledged is there, and nothing is there by half.
//!
//! Each round changes units in Autotask, starts a sync, and kills the daemon when the fake tenant
//! has seen a certain number of requests, a later one each round, or, after the last request,
//! when the ledger grows or the sync is acknowledged. An agreement's cost is the sum of its
//! additions' and is written in the same commit, so that half a commit shows as a wrong sum.

use std::process::Stdio;

use crate::support::{ACME, ACME_AGREEMENT, ACME_LINE, Told, Watch, World};
use rust_decimal::Decimal;
use serde_json::Value;

const ROUNDS: u32 = 36;

fn cost(contracts: &[Value], key: &str) -> Decimal {
    let contract = contracts.iter().find(|contract| contract["key"] == key).expect("the contract");
    contract["billing_cost"].as_str().expect("text").parse().expect("a number")
}

/// The sum of the costs of what stands below an agreement.
fn sum(contracts: &[Value], agreement: &str) -> Decimal {
    let below = contracts.iter().filter(|contract| contract["parent"] == agreement);
    below.map(|contract| cost(contracts, contract["key"].as_str().expect("a key"))).sum()
}

/// Starts a daemon and a sync, and kills the daemon at the point of this round. Gives what the sync
/// told.
fn sync_and_kill(world: &World, round: u32, requests_of_a_sync: u64) -> Told {
    let daemon = world.start();
    let before = world.tenant.counters().total;
    let ledger = world.path("store/ledger/000000000001.jsonl");
    let length = || std::fs::metadata(&ledger).map_or(0, |meta| meta.len());
    let long = length();
    let mut sync = world
        .ctl_command(&["sync", ACME, "--all", "--json", "--yes"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("lmsyncctl starts");
    let after = u64::from(round) % (requests_of_a_sync + 3);
    let watch = Watch::start();
    loop {
        let seen = world.tenant.counters().total - before;
        let ended = sync.try_wait().expect("a status").is_some();
        let grown = after == requests_of_a_sync + 1 && length() > long;
        if ended || grown || (after <= requests_of_a_sync && seen >= after) {
            break;
        }
        assert!(!watch.is_over(), "round {round}: {seen} requests of {after}");
        std::thread::yield_now();
    }
    daemon.kill();
    Told::of(&["sync"], sync.wait_with_output().expect("it ends"))
}

#[test]
fn what_was_acknowledged_is_there_and_nothing_by_half() {
    let world = World::stories();
    world.configure("");
    let daemon = world.start();
    world.json(&["sync", ACME, "--all", "--yes"]);
    world.ctl(&["contract", "set", ACME_LINE, "notes=the only copy"]).expect(0, &[]);
    let keys: Vec<Value> = world.contracts().iter().map(|c| c["key"].clone()).collect();
    let requests_of_a_sync = {
        let before = world.tenant.counters().total;
        world.json(&["sync", ACME, "--all", "--yes"]);
        world.tenant.counters().total - before
    };
    daemon.kill();

    let mut stored = 11;
    let (mut acknowledged, mut applied) = (0, 0);
    for round in 0..ROUNDS {
        let wanted = 12 + round;
        world.tenant.change_units(55102, wanted.into()).expect("changed");
        let told = sync_and_kill(&world, round, requests_of_a_sync);

        let daemon = world.start();
        let contracts = world.contracts();
        let now: Vec<Value> = contracts.iter().map(|contract| contract["key"].clone()).collect();
        assert_eq!(now, keys, "round {round}: nothing lost, nothing twice");
        let price = Decimal::new(2310, 2);
        let line = cost(&contracts, ACME_LINE);
        if told.exit == 0 {
            acknowledged += 1;
            assert_eq!(
                line,
                price * Decimal::from(wanted),
                "round {round}: acknowledged, so there"
            );
        } else {
            let whole = [stored, wanted].map(|units| price * Decimal::from(units));
            assert!(whole.contains(&line), "round {round}: {line} is neither of {whole:?}");
        }
        if line == price * Decimal::from(wanted) {
            stored = wanted;
            applied += 1;
        }
        let agreement = cost(&contracts, ACME_AGREEMENT);
        assert_eq!(agreement, sum(&contracts, ACME_AGREEMENT), "round {round}: by half");
        let shown = world.json(&["contract", "show", ACME_LINE]);
        let notes =
            shown["fields"].as_array().expect("fields").iter().find(|f| f["field"] == "notes");
        assert_eq!(notes.expect("notes")["value"], "the only copy");
        daemon.kill();
    }
    assert!(acknowledged > 0, "some rounds are acknowledged before the kill");
    assert!(applied < ROUNDS, "some rounds are killed before the commit");
    assert_eq!(world.tenant.counters().write_attempts, 0);
}
