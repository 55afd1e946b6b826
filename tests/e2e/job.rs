//! The main job through the real binaries, on the fake tenant.

use crate::support::{ACME, ACME_AGREEMENT, ACME_LINE, World};
use lmsyncd::demo::tenant::{Entity, Fault};
use serde_json::{Value, json};

fn run_of(reply: &Value) -> (i64, i64, i64, &str) {
    let run = &reply["run"];
    let number = |name: &str| run[name].as_i64().expect("a number");
    (
        number("created"),
        number("updated"),
        number("vanished"),
        run["result"].as_str().expect("text"),
    )
}

#[test]
fn the_whole_job_once() {
    let (world, _daemon) = World::ready("");
    world.ctl(&["doctor"]).expect(0, &["Contracts"]);
    world.ctl(&["client", "list"]).expect(0, &["Acme Dental", "174"]);

    let pending = world.json(&["pending", ACME]);
    assert_eq!(pending["client"], json!({"id": 174, "name": "Acme Dental"}));
    let items = pending["items"].as_array().expect("items");
    let line = items.iter().find(|item| item["key"] == ACME_LINE).expect("the line");
    assert_eq!(line["parent"], ACME_AGREEMENT);
    assert_eq!(line["state"], "new");

    let synced = world.json(&["sync", ACME, ACME_AGREEMENT, ACME_LINE]);
    assert_eq!(run_of(&synced), (2, 0, 0, "ok"));
    assert_eq!(synced["run"]["dry_run"], false);

    let contracts = world.contracts();
    let line = contracts.iter().find(|c| c["key"] == ACME_LINE).expect("the line");
    assert_eq!(line["billing_cost"], "254.10");
    assert_eq!(line["currency"], "USD");
    assert_eq!(line["billing_cycle"], "monthly");
    assert_eq!(line["status"], "active");
    assert_eq!(line["source"], "autotask");
    assert_eq!(contracts.len(), 2);
    assert_eq!(world.tenant.counters().write_attempts, 0);
}

#[test]
fn a_second_sync_of_the_same_data_writes_nothing() {
    let (world, _daemon) = World::ready("");
    let first = world.json(&["sync", ACME, "--all", "--yes"]);
    let (created, ..) = run_of(&first);
    assert!(created > 1);
    let before = (world.contracts(), history(&world));
    let second = world.json(&["sync", ACME, "--all", "--yes"]);
    assert_eq!(run_of(&second), (0, 0, 0, "ok"));
    assert_eq!(second["run"]["unchanged"].as_i64(), Some(created));
    let after = (world.contracts(), history(&world));
    assert_eq!(without_synced(before.0), without_synced(after.0));
    assert_eq!(before.1, after.1, "no line of the ledger holds a change but the first run's");
    let left = world.json(&["pending", ACME])["items"].as_array().expect("items").clone();
    assert!(left.iter().all(|item| item["state"] == "unsupported"), "{left:?}");
}

/// Every change and contract that the ledger's lines hold, in order.
fn history(world: &World) -> Vec<String> {
    let ledger =
        std::fs::read_to_string(world.path("store/ledger/000000000001.jsonl")).expect("it");
    let lines = ledger.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    lines
        .filter(|line| line["changes"].as_array().is_some_and(|changes| !changes.is_empty()))
        .map(|line| line["changes"].to_string() + &line["contracts"].to_string())
        .collect()
}

fn without_synced(mut contracts: Vec<Value>) -> Vec<Value> {
    contracts.iter_mut().for_each(|contract| contract["last_synced"] = Value::Null);
    contracts
}

#[test]
fn a_dry_run_says_what_it_would_do_and_does_nothing() {
    let (world, _daemon) = World::ready("");
    let dry = world.json(&["sync", ACME, "--all", "--dry-run"]);
    assert_eq!(dry["run"]["dry_run"], true);
    assert!(dry["run"]["created"].as_i64() > Some(1));
    assert!(world.contracts().is_empty());
    assert_eq!(world.json(&["run", "list"])["runs"], json!([]));
}

#[test]
fn a_change_in_autotask_is_seen_and_brought_and_what_is_ours_stays() {
    let (world, _daemon) = World::ready("");
    world.json(&["sync", ACME, "--all", "--yes"]);
    world.ctl(&["contract", "set", ACME_LINE, "name=Our name", "notes=call first"]).expect(0, &[]);
    world.tenant.change_units(55102, 14).expect("changed");

    let diff = world.json(&["diff", ACME]);
    let line = diff["items"].as_array().expect("items").iter().find(|i| i["key"] == ACME_LINE);
    let changes = line.expect("the line")["changes"].as_array().expect("changes").clone();
    let cost = changes.iter().find(|c| c["field"] == "billing_cost").expect("its cost");
    assert_eq!((&cost["from"], &cost["to"]), (&json!("254.10"), &json!("323.40")));
    assert_eq!(
        diff["effects"],
        json!([{
            "currency": "USD", "from": null, "per_month": "69.30", "per_year": "831.60",
            "once": "0.00",
        }])
    );

    assert_eq!(run_of(&world.json(&["sync", ACME, "--all", "--yes"])), (0, 2, 0, "ok"));
    let shown = world.json(&["contract", "show", ACME_LINE]);
    assert_eq!(shown["contract"]["billing_cost"], "323.40");
    assert_eq!(shown["contract"]["name"], "Our name");
    let field = |name: &str| {
        shown["fields"].as_array().expect("fields").iter().find(|f| f["field"] == name).cloned()
    };
    assert_eq!(field("notes").expect("notes")["value"], "call first");
    assert_eq!(field("name").expect("name")["overridden"], true);
    assert!(field("name").expect("name")["autotask_value"].is_string());
    world.ctl(&["contract", "unset", ACME_LINE, "name"]).expect(0, &[]);
    assert_ne!(world.json(&["contract", "show", ACME_LINE])["contract"]["name"], "Our name");
}

#[test]
fn auto_sync_runs_at_once_and_refuses_a_sync_by_hand() {
    let (world, _daemon) = World::ready("");
    world.ctl(&["auto-sync", "on", "Acme Dental"]).expect(0, &["Acme Dental"]);
    world.wait_for("the first run", || {
        let status = world.json(&["status", ACME]);
        status["clients"][0]["last_synced"].is_string().then_some(())
    });
    let runs = world.json(&["run", "list", ACME]);
    assert_eq!(runs["runs"][0]["trigger"], "auto");
    assert!(!world.contracts().is_empty());

    let refused = world
        .ctl(&["sync", ACME, "--all", "--yes"])
        .expect(6, &["auto-sync is on", "auto-sync off"]);
    assert!(refused.err.contains("hint:"));
    world.ctl(&["sync", ACME, "--all", "--dry-run"]).expect(0, &[]);
    world.ctl(&["pending", ACME]).expect(0, &[]);
    world.ctl(&["auto-sync", "off", ACME]).expect(0, &[]);
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
}

#[test]
fn a_client_that_is_switched_off_during_its_run_is_left_as_it_is() {
    let (world, _daemon) = World::ready("");
    world.json(&["pending", ACME]);
    world.tenant.faults().set(Fault::Slow.amount(200));
    world.ctl(&["auto-sync", "on", ACME]).expect(0, &[]);
    let running = || world.json(&["status", ACME])["clients"][0]["running"].is_string();
    world.wait_for("the run", || running().then_some(()));
    world.ctl(&["auto-sync", "off", ACME]).expect(0, &[]);
    world.wait_for("its end", || (!running()).then_some(()));
    assert_eq!(world.json(&["run", "list"])["runs"], json!([]));
    assert!(world.contracts().is_empty());
}

#[test]
fn what_was_looked_at_is_remembered_before_anything_is_synced() {
    let (world, _daemon) = World::ready("");
    let fresh = world.json(&["pending"]);
    assert!(fresh["clients"].as_array().is_some_and(|clients| clients.len() > 5));
    assert_eq!(world.json(&["pending", "--cached"]), fresh);
}

#[test]
fn what_is_stored_outlives_the_daemon() {
    let (world, daemon) = World::ready("");
    world.json(&["sync", ACME, "--all", "--yes"]);
    world.json(&["pending"]);
    let before = world.contracts();
    assert_eq!(daemon.stop(), 0);
    assert!(!world.socket().exists());
    let _daemon = world.start();
    assert_eq!(world.contracts(), before);
    let cached = world.json(&["pending", "0", "--cached"]);
    assert!(cached["as_of"].is_string());
    // Also of a client that was only looked at.
    let all = world.json(&["pending", "--cached"]);
    let clients = all["clients"].as_array().expect("clients");
    assert!(clients.iter().any(|client| client["id"] == 0), "{all}");
    assert_eq!(world.json(&["status"])["daemon"]["store_remarks"], json!([]));
}

#[test]
fn a_vanished_line_is_a_tombstone_and_returns_by_itself() {
    let (world, _daemon) = World::ready("");
    world.json(&["sync", ACME, "--all", "--yes"]);
    world.ctl(&["contract", "set", ACME_LINE, "notes=keep me"]).expect(0, &[]);
    let row = world.tenant.get(Entity::ContractServices, 55102).expect("the row");
    world.tenant.remove(Entity::ContractServices, 55102).expect("removed");
    assert_eq!(run_of(&world.json(&["sync", ACME, "--all", "--yes"])).2, 1);
    let shown = world.json(&["contract", "show", ACME_LINE]);
    assert!(shown["contract"]["vanished"].is_string());
    world.tenant.insert(Entity::ContractServices, &row).expect("put back");
    let pending = world.json(&["pending", ACME]);
    let states: Vec<&Value> =
        pending["items"].as_array().expect("items").iter().map(|item| &item["state"]).collect();
    assert!(states.contains(&&json!("returned")), "{states:?}");
    world.json(&["sync", ACME, "--all", "--yes"]);
    let shown = world.json(&["contract", "show", ACME_LINE]);
    assert!(shown["contract"]["vanished"].is_null());
    let notes = shown["fields"].as_array().expect("fields").iter().find(|f| f["field"] == "notes");
    assert_eq!(notes.expect("notes")["value"], "keep me");
}

#[test]
fn reload_says_what_is_different_and_a_bad_file_changes_nothing() {
    let (world, daemon) = World::ready("");
    world.json(&["sync", ACME, "--all", "--yes"]);
    let spent = world.json(&["status"])["api"]["requests_last_hour"].clone();
    world.configure("[sync]\ninterval = \"12h\"");
    world.ctl(&["reload"]).expect(0, &["sync.interval"]);
    let api = world.json(&["status"])["api"].clone();
    assert_eq!((&api["requests_last_hour"], &api["auth"]), (&spent, &json!("ok")));
    world.configure("[sync]\nintervall = \"12h\"");
    world.ctl(&["reload"]).expect(1, &["intervall", "interval"]);
    daemon.signal(nix::sys::signal::Signal::SIGHUP);
    world.ctl(&["version"]).expect(0, &[env!("CARGO_PKG_VERSION")]);
}
