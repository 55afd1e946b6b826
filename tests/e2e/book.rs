//! The whole book through the real binaries: ownership, item flags, renewals, the past and the
//! answers.

use crate::support::{ACME, ACME_AGREEMENT, ACME_LINE, World, item};
use lmsyncd::demo::tenant::Entity;
use serde_json::{Value, json};

/// The client with a renewal, the agreement that ended, and the one that renews it.
const SUMMIT: &str = "178";
const OLD: &str = "A29683601";
const NEW: &str = "A29683602";
const NEW_ID: i64 = 29_683_602;

#[test]
fn a_renewal_keeps_what_is_ours() {
    let (world, _daemon) = World::ready("");
    world.tenant.hide_contract(NEW_ID);
    world.ctl(&["sync", SUMMIT, "--all", "--yes"]).expect(0, &[]);
    world.ctl(&["contract", "set", OLD, "notes=call Pat first", "name=Summit care"]).expect(0, &[]);
    world.tenant.show_contract(NEW_ID);

    let pending = world.json(&["pending", SUMMIT]);
    let new = item(&pending, NEW);
    assert_eq!((&new["state"], &new["renews"]), (&json!("new"), &json!(OLD)));
    world.ctl(&["pending", SUMMIT]).expect(0, &["renews A29683601"]);
    world.ctl(&["sync", SUMMIT, "--all", "--yes"]).expect(0, &[]);
    assert_eq!(world.field(NEW, "notes")["value"], "call Pat first");
    let name = world.field(NEW, "name");
    assert_eq!((&name["value"], &name["overridden"]), (&json!("Summit care"), &json!(true)));
    let chain = world.json(&["contract", "chain", OLD]);
    let keys: Vec<&Value> =
        chain["contracts"].as_array().expect("a line").iter().map(|c| &c["key"]).collect();
    assert_eq!(keys, [OLD, NEW]);
    let again = world.json(&["sync", SUMMIT, "--all", "--yes"]);
    assert_eq!((&again["run"]["created"], &again["run"]["updated"]), (&json!(0), &json!(0)));
}

#[test]
fn what_is_ignored_stays_out_until_it_is_not() {
    let (world, _daemon) = World::ready("");
    world.ctl(&["ignore", ACME_LINE, "--reason", "billed elsewhere"]).expect(0, &[]);
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    assert!(world.contracts().iter().all(|contract| contract["key"] != ACME_LINE));
    assert_eq!(item(&world.json(&["pending", ACME]), ACME_LINE), Value::Null);
    let ignored = world.json(&["pending", ACME, "--state", "ignored"]);
    assert!(
        item(&ignored, ACME_LINE)["reason"].as_str().expect("why").contains("billed elsewhere")
    );
    world.ctl(&["sync", ACME, ACME_LINE]).expect(6, &["ignored", "unignore"]);
    world.ctl(&["explain", ACME_LINE]).expect(0, &["ignored", "unignore"]);
    world.ctl(&["unignore", ACME_LINE]).expect(0, &[]);
    world.ctl(&["sync", ACME, ACME_LINE]).expect(0, &["1 created"]);
}

#[test]
fn a_contract_made_by_hand_can_follow_an_agreement_later() {
    let (world, _daemon) = World::ready("");
    let made = world.json(&[
        "contract",
        "add",
        ACME,
        "Fibre line",
        "billing_cost=99.00",
        "currency=USD",
        "billing_cycle=monthly",
        "notes=circuit 4711",
        "end_date=2027-06-30",
    ]);
    let key = made["contract"]["key"].as_str().expect("a key").to_owned();
    assert_eq!((key.as_str(), &made["contract"]["source"]), ("L1", &json!("local")));
    world.ctl(&["contract", "set", &key, "status=inactive"]).expect(0, &[]);
    world.ctl(&["contract", "add", ACME, "Bad", "end_date=2026-02-30"]).expect(2, &["2026-02-30"]);

    world.ctl(&["contract", "adopt", &key, ACME_AGREEMENT]).expect(0, &[]);
    assert_eq!(world.field(ACME_AGREEMENT, "notes")["value"], "circuit 4711");
    world.ctl(&["contract", "show", &key]).expect(5, &[]);
    world.ctl(&["contract", "history", &key]).expect(0, &["circuit 4711"]);
    let next = world.json(&["contract", "add", ACME, "Another"]);
    assert_eq!(next["contract"]["key"], "L2", "a number is never given twice");
    world.ctl(&["contract", "remove", "L2"]).expect(0, &[]);
    world.ctl(&["contract", "remove", ACME_AGREEMENT]).expect(6, &["ignore"]);
}

#[test]
fn a_frozen_contract_stays_as_it_is_until_it_is_relinked() {
    let (world, _daemon) = World::ready("");
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    world.ctl(&["contract", "unlink", ACME_LINE]).expect(0, &[]);
    world.tenant.change_units(55102, 14).expect("changed");
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    let shown = world.json(&["contract", "show", ACME_LINE]);
    assert_eq!(shown["contract"]["billing_cost"], "254.10");
    assert_eq!(shown["contract"]["source"], "unlinked");
    let diff = world.json(&["contract", "relink", ACME_LINE, "--dry-run"]);
    assert_eq!(diff["applied"], false);
    assert_eq!(diff["changes"][0]["to"], "323.40");
    assert_eq!(world.json(&["contract", "show", ACME_LINE])["contract"]["source"], "unlinked");
    world.ctl(&["contract", "relink", ACME_LINE, "--yes"]).expect(0, &[]);
    let shown = world.json(&["contract", "show", ACME_LINE]);
    assert_eq!(shown["contract"]["billing_cost"], "323.40");
}

#[test]
fn a_frozen_contract_that_adopts_one_made_by_hand_follows_again() {
    let (world, _daemon) = World::ready("");
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    world.ctl(&["contract", "unlink", ACME_LINE]).expect(0, &[]);
    world.ctl(&["contract", "add", ACME, "Care", "notes=by hand"]).expect(0, &["L1"]);
    world.ctl(&["contract", "adopt", "L1", ACME_LINE]).expect(0, &[]);
    assert_eq!(world.json(&["contract", "show", ACME_LINE])["contract"]["source"], "autotask");
    world.tenant.change_units(55102, 14).expect("changed");
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    let shown = world.json(&["contract", "show", ACME_LINE]);
    assert_eq!(shown["contract"]["billing_cost"], "323.40");
}

#[test]
fn a_row_that_cannot_be_converted_waits_in_quarantine() {
    let (world, _daemon) = World::ready("");
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    let before = world.contracts().len();
    let good = world.tenant.get(Entity::Contracts, 29_683_353).expect("it")["endDate"].clone();
    world.tenant.set(Entity::Contracts, 29_683_353, "endDate", "2001-01-01").expect("set");
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(8, &["endDate"]);
    assert_eq!(world.contracts().len(), before, "the old values stay");
    let list = world.json(&["quarantine", "list"]);
    let items = list["items"].as_array().expect("items");
    assert!(items.iter().any(|item| item["key"] == ACME_AGREEMENT && item["field"] == "endDate"));
    world.ctl(&["explain", ACME_AGREEMENT]).expect(0, &["endDate"]);
    world.tenant.set(Entity::Contracts, 29_683_353, "endDate", good).expect("set");
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    assert_eq!(world.json(&["quarantine", "list"])["items"], json!([]));
}

#[test]
fn a_run_that_is_reverted_does_not_come_back_silently() {
    let (world, _daemon) = World::ready("");
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    world.tenant.change_units(55102, 14).expect("changed");
    let run = world.json(&["sync", ACME, "--all", "--yes"])["run"]["id"].to_string();
    let reverted = world.json(&["run", "revert", &run, "--yes"]);
    let keys = reverted["reverted"].as_array().expect("keys");
    assert!(keys.contains(&json!(ACME_LINE)) && keys.contains(&json!(ACME_AGREEMENT)));
    let cost = || world.json(&["contract", "show", ACME_LINE])["contract"]["billing_cost"].clone();
    assert_eq!(cost(), "254.10");
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(6, &["reverted run"]);
    assert_eq!(cost(), "254.10");
    world.ctl(&["sync", ACME, ACME_LINE, ACME_AGREEMENT]).expect(0, &["2 updated"]);
    assert_eq!(cost(), "323.40");
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
}

#[test]
fn the_book_of_a_past_moment_can_be_read() {
    let (world, _daemon) = World::ready("");
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    let history = world.json(&["contract", "history", ACME_LINE]);
    let then = history["entries"][0]["at"].as_str().expect("a moment").to_owned();
    let later = world.wait_for("the next second", || {
        world.ctl(&["contract", "set", ACME_LINE, "notes=now"]);
        world.ctl(&["contract", "unset", ACME_LINE, "notes"]);
        let history = world.json(&["contract", "history", ACME_LINE]);
        let last = history["entries"].as_array()?.last()?["at"].as_str()?.to_owned();
        (last != then).then_some(last)
    });
    world.ctl(&["contract", "set", ACME_LINE, "name=Renamed"]).expect(0, &[]);
    let past = world.json(&["contract", "list", ACME, "--as-of", &later]);
    let line = past["contracts"].as_array().expect("a list").iter().find(|c| c["key"] == ACME_LINE);
    assert_ne!(line.expect("it was there")["name"], "Renamed");
    let shown = world.json(&["contract", "show", ACME_LINE, "--as-of", &later]);
    assert_ne!(shown["contract"]["name"], "Renamed");
    // What is done today is not in the past, nor is the moment of a sync.
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    assert_eq!(world.json(&["contract", "list", ACME, "--as-of", &later]), past);
    assert_eq!(
        world.json(&["contract", "show", ACME_LINE, "--as-of", &later])["contract"],
        shown["contract"]
    );
    world.ctl(&["contract", "list", "--as-of", "2001-01-01"]).expect(0, &["no contracts"]);
    world.ctl(&["contract", "list", "--as-of", "yesterday"]).expect(2, &["yesterday"]);
}

#[test]
fn the_answers_add_up() {
    let (world, _daemon) = World::ready("");
    for client in [ACME, "175", "177", SUMMIT, "180"] {
        world.ctl(&["sync", client, "--all", "--yes"]).expect(0, &[]);
        world.ctl(&["reconcile", client]).expect(0, &[]);
    }
    let working = world.json(&["contract", "cost", ACME_LINE]);
    assert_eq!(
        (&working["billing_cost"], &working["stored_cost"]),
        (&json!("254.10"), &json!("254.10"))
    );
    assert!(!working["lines"].as_array().expect("lines").is_empty());
    world.tenant.change_units(55102, 14).expect("changed");
    world.ctl(&["reconcile", ACME]).expect(8, &[ACME_LINE, "254.10", "323.40"]);

    let export = world.ctl(&["export", "json"]).expect(0, &[]).out;
    assert_eq!(world.ctl(&["export", "json"]).expect(0, &[]).out, export, "a stable order");
    let all: Value = serde_json::from_str(&export).expect("JSON");
    assert_eq!(all["contracts"].as_array().expect("contracts").len(), world.contracts().len());
    world.ctl(&["export", "ics"]).expect(0, &["BEGIN:VCALENDAR", "END:VCALENDAR"]);
    world.ctl(&["renewals", "--within", "3650d"]).expect(0, &[ACME_AGREEMENT]);
    world.ctl(&["renewals", "--lapsed"]).expect(0, &[]);
    let yearly = ["renewals", "--within", "3650d", "--normalize", "year"];
    world.ctl(&yearly).expect(0, &["PER YEAR", "5,791.20 USD"]);
    world.ctl(&["renewals", "--normalize", "year", "--csv"]).expect(0, &["per_year"]);
    world.ctl(&["renewals", "--normalize", "year", "--json"]).expect(2, &["--csv"]);
}

#[test]
fn a_name_that_is_an_attack_on_the_terminal_is_only_a_name() {
    let (world, _daemon) = World::ready("");
    world.tenant.rename_contract(29_683_353, "\u{1b}]0;owned\u{7}\u{1b}[31mCare").expect("renamed");
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    for args in [
        &["pending", ACME][..],
        &["contract", "list"],
        &["contract", "show", ACME_AGREEMENT],
        &["export", "ics"],
        &["run", "show", "1"],
    ] {
        let told = world.ctl(args).expect(0, &[]);
        assert!(!told.out.contains(['\u{1b}', '\u{7}']), "{told:?}");
    }
}
