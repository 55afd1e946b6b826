//! `plan` and `apply` through the real binaries, on the fake tenant.

use std::fs;

use crate::support::{ACME_AGREEMENT, ACME_LINE, Daemon, World};
use lmsyncd::demo::tenant::Entity;
use rust_decimal::Decimal;
use serde_json::Value;

const LINE_ID: i64 = 55102;
const AGREEMENT_ID: i64 = 29_683_353;

fn begin() -> (World, Daemon) {
    let world = World::stories();
    world.configure("");
    let daemon = world.start();
    (world, daemon)
}

/// Writes a plan, and gives where it lies.
fn plan(world: &World, args: &[&str]) -> String {
    let file = world.path("plan.json").to_str().expect("text").to_owned();
    let all = [&["plan", "174"], args, &["-o", &file]].concat();
    world.ctl(&all).expect(0, &["of Acme Dental (174)", "apply it with `lmsyncctl apply "]);
    file
}

fn json(file: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(file).expect("a file")).expect("JSON")
}

fn keys(plan: &Value) -> Vec<&str> {
    let items = plan["items"].as_array().expect("a list");
    items.iter().map(|item| item["key"].as_str().expect("a key")).collect()
}

fn price(world: &World, price: &str) {
    let price: Decimal = price.parse().expect("a price");
    world.tenant.change_unit_price(LINE_ID, price).expect("a price is set");
}

#[test]
fn a_plan_says_what_a_sync_would_do_and_apply_does_it() {
    let (world, daemon) = begin();
    let file = plan(&world, &["--all"]);
    let written = json(&file);
    assert_eq!(written["version"], 1);
    assert_eq!(written["client"]["id"], 174);
    assert!(keys(&written).contains(&ACME_LINE), "{written}");
    let dry = world.json(&["sync", "174", "--all", "--dry-run"]);
    let would: Vec<&str> =
        dry["items"].as_array().expect("a list").iter().filter_map(|i| i["key"].as_str()).collect();
    assert_eq!(keys(&written), would);
    assert_eq!(written["effects"], dry["effects"]);
    assert_eq!(written["items"][0]["changes"], dry["items"][0]["changes"]);
    assert!(world.contracts().is_empty(), "nothing was imported");
    // Planned twice, it says the same but for the moment.
    let mut again = json(&plan(&world, &["--all"]));
    again["as_of"] = written["as_of"].clone();
    assert_eq!(again, written);
    let count = format!("{} created", would.len());
    world.ctl(&["apply", &file, "--dry-run"]).expect(0, &["would be created", "dry run"]);
    world.ctl(&["apply", &file, "--yes"]).expect(0, &[&count]);
    assert_eq!(world.contracts().len(), would.len());
    // Done is done: it is not done again.
    world.ctl(&["apply", &file, "--yes"]).expect(6, &["the item is no longer pending"]);
    daemon.stop();
}

#[test]
fn what_moved_on_is_named_and_nothing_is_applied() {
    let (world, daemon) = begin();
    world.ctl(&["sync", "174", "--all", "--yes"]).expect(0, &[]);
    price(&world, "13.00");
    let file = plan(&world, &["--all"]);
    price(&world, "14.00");
    let before = world.contracts();
    let words = [
        "changed since the preview, so nothing was applied",
        ACME_LINE,
        "billing_cost now becomes",
        "hint: `lmsyncctl pending 174` shows the present state, `lmsyncctl plan 174 --all -o FILE` makes a new \
         plan",
    ];
    world.ctl(&["apply", &file, "--yes"]).expect(6, &words);
    world.ctl(&["apply", &file, "--dry-run"]).expect(6, &words);
    assert_eq!(world.contracts(), before);
    // Back as it was, it is as it was planned.
    price(&world, "13.00");
    world.ctl(&["apply", &file, "--yes"]).expect(0, &["2 updated"]);
    daemon.stop();
}

#[test]
fn a_plan_is_of_its_items_alone() {
    let (world, daemon) = begin();
    let file = plan(&world, &[ACME_AGREEMENT]);
    assert_eq!(keys(&json(&file)), [ACME_AGREEMENT]);
    // What else happens does not concern it.
    world.tenant.add_contract(174, "Another agreement").expect("a contract");
    world.ctl(&["apply", &file, "--yes"]).expect(0, &["1 created"]);
    assert_eq!(world.contracts().len(), 1);
    world.ctl(&["pending", "174"]).expect(0, &[ACME_LINE, "Another agreement"]);
    daemon.stop();
}

#[test]
fn texts_come_back_to_the_letter() {
    let (world, daemon) = begin();
    let set = |field: &str, text: &str| {
        world.tenant.set(Entity::Contracts, AGREEMENT_ID, field, text).expect("is set");
    };
    set("contractName", "Work\u{202e}place \"A\"");
    set("description", "first line\nsecond line\ttab");
    let file = plan(&world, &[ACME_AGREEMENT]);
    let text = fs::read_to_string(&file).expect("a file");
    assert!(!text.contains('\u{202e}') && text.contains("\\u202e"), "{text}");
    assert!(text.contains("first line\\nsecond line"), "{text}");
    world.ctl(&["apply", &file, "--yes"]).expect(0, &["1 created"]);
    daemon.stop();
}

#[test]
fn what_a_person_decided_meanwhile_counts() {
    let (world, daemon) = begin();
    let file = plan(&world, &["--all"]);
    world.ctl(&["ignore", ACME_LINE]).expect(0, &[]);
    world
        .ctl(&["apply", &file, "--yes"])
        .expect(6, &[ACME_LINE, "the item was new and is now ignored"]);
    world.ctl(&["unignore", ACME_LINE]).expect(0, &[]);
    world.ctl(&["auto-sync", "on", "174", "--at", "00:00"]).expect(0, &[]);
    world.ctl(&["apply", &file, "--yes"]).expect(6, &["auto-sync is on for Acme Dental (174)"]);
    // Looking is never refused.
    world.ctl(&["plan", "174", "--all"]).expect(0, &["\"version\": 1"]);
    daemon.stop();
}

#[test]
fn what_a_guard_holds_is_not_planned() {
    let world = World::stories();
    world.configure("[guard]\nhold-price-change-percent = 10");
    let daemon = world.start();
    world.ctl(&["sync", "174", "--all", "--yes"]).expect(0, &[]);
    price(&world, "99.00");
    let file = world.path("plan.json").to_str().expect("text").to_owned();
    let said = ["plan: 0 items", "not in the plan: 2 held items", "hint: `lmsyncctl pending 174`"];
    world.ctl(&["plan", "174", "--all", "-o", &file]).expect(6, &said);
    assert_eq!(keys(&json(&file)), Vec::<&str>::new());
    world.ctl(&["apply", &file, "--yes"]).expect(0, &["nothing to do: the plan has no items"]);
    daemon.stop();
}

#[test]
fn what_is_no_plan_is_refused_without_asking() {
    let (world, daemon) = begin();
    let file = world.path("plan.json").to_str().expect("text").to_owned();
    world.ctl(&["apply", &file, "--yes"]).expect(2, &["there is no file", "hint: "]);
    fs::write(&file, "{\"version\": 9}").expect("written");
    world.ctl(&["apply", &file, "--yes"]).expect(2, &["a plan of version 9"]);
    world.ctl(&["plan", "174"]).expect(2, &["plan needs the keys", "pending 174"]);
    world.ctl(&["plan", "174", "S1"]).expect(5, &["has no item S1"]);
    assert!(world.contracts().is_empty());
    daemon.stop();
}
