//! What happens to contracts, through the real binaries: moved, ended, renamed, renewed, and what a
//! change comes to in money.

use crate::support::{ACME, ACME_AGREEMENT, ACME_LINE, World, today};
use chrono::Days;
use lmsyncd::demo::tenant::Entity;
use serde_json::{Value, json};

/// The plain client's agreement, by its id in Autotask.
const ACME_ID: i64 = 29_683_353;

/// The client with a renewal, the agreement that ended, and the one that renews it.
const SUMMIT: &str = "178";
const OLD: &str = "A29683601";
const NEW: &str = "A29683602";
const NEW_ID: i64 = 29_683_602;

/// Another client.
const NORTHWIND: &str = "175";

fn shown(world: &World, key: &str) -> Value {
    world.json(&["contract", "show", key])["contract"].clone()
}

fn keys(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().filter_map(|item| item["key"].as_str()).collect()
}

#[test]
fn dates_do_not_move_with_the_zone_of_the_machine() {
    // Written as POSIX has it, with the sign turned round: 14 hours ahead, 11 behind.
    for zone in ["AHEAD-14", "BEHIND+11"] {
        let world = World::stories();
        world.configure("");
        let _daemon = world.start_in(zone);
        world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
        let agreement = shown(&world, ACME_AGREEMENT);
        let raw = world.tenant.get(Entity::Contracts, ACME_ID).expect("the row");
        for (field, row) in [("start_date", "startDate"), ("end_date", "endDate")] {
            let day = raw[row].as_str().expect("a date");
            assert_eq!(agreement[field], day[..10], "{zone} {field}");
        }
        assert_eq!(agreement["billing_cost"], "482.60", "{zone}");
        let mut ctl = world.ctl_command(&["contract", "show", ACME_AGREEMENT]);
        let output = ctl.env("TZ", zone).output().expect("it runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains(agreement["start_date"].as_str().expect("a date")), "{text}");
    }
}

#[test]
fn a_contract_may_move_end_come_back_and_be_renamed() {
    let (world, _daemon) = World::ready("");
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    world.ctl(&["contract", "set", ACME_AGREEMENT, "notes=call first"]).expect(0, &[]);
    let end = world.tenant.get(Entity::Contracts, ACME_ID).expect("it")["endDate"].clone();

    world.tenant.end_contract(ACME_ID, today()).expect("ended");
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    let ended = shown(&world, ACME_AGREEMENT);
    assert_eq!((&ended["status"], &ended["end_date"]), (&json!("inactive"), &json!(today())));

    world.tenant.set(Entity::Contracts, ACME_ID, "status", 1).expect("set");
    world.tenant.set(Entity::Contracts, ACME_ID, "endDate", end).expect("set");
    world.tenant.rename_contract(ACME_ID, "Managed Everything").expect("renamed");
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    let back = shown(&world, ACME_AGREEMENT);
    assert_eq!((&back["status"], &back["name"]), (&json!("active"), &json!("Managed Everything")));

    world.tenant.set(Entity::Contracts, ACME_ID, "companyID", 175).expect("moved");
    world.ctl(&["sync", NORTHWIND, "--all", "--yes"]).expect(0, &[]);
    assert_eq!(shown(&world, ACME_AGREEMENT)["client_id"], 175);
    assert_eq!(shown(&world, ACME_LINE)["client_id"], 175, "what is on it moves along");
    let pending = world.json(&["pending", ACME]);
    assert!(!keys(&pending["items"]).contains(&ACME_AGREEMENT), "moved is not vanished: {pending}");
    world
        .ctl(&["contract", "history", ACME_AGREEMENT])
        .expect(0, &["active → inactive", "inactive → active", "Managed Everything", "174 → 175"]);
    let fields = world.json(&["contract", "show", ACME_AGREEMENT])["fields"].clone();
    let field = |name| fields.as_array().expect("fields").iter().find(|f| f["field"] == name);
    let notes = field("notes").expect("notes");
    assert_eq!((&notes["value"], &notes["owner"]), (&json!("call first"), &json!("local")));
    assert_eq!(field("name").expect("a name")["owner"], "seeded");
    assert_eq!(field("status").expect("a status")["owner"], "autotask");
    for name in ["notes", "name", "status"] {
        assert!(field(name).expect("the field")["changed"].is_string(), "{name}");
    }
}

#[test]
fn a_renewal_of_what_is_ignored_is_ignored() {
    let (world, _daemon) = World::ready("");
    world.tenant.hide_contract(NEW_ID);
    world.ctl(&["sync", SUMMIT, "--all", "--yes"]).expect(0, &[]);
    world.ctl(&["ignore", OLD, "--reason", "billed by hand"]).expect(0, &[]);
    world.tenant.show_contract(NEW_ID);
    let ignored = world.json(&["pending", SUMMIT, "--state", "ignored"]);
    assert!(keys(&ignored["items"]).contains(&NEW), "{ignored}");
    world.ctl(&["sync", SUMMIT, "--all", "--yes"]).expect(0, &[]);
    world.ctl(&["contract", "show", NEW]).expect(5, &[]);
}

#[test]
fn auto_sync_takes_a_renewal_of_what_was_chosen_and_no_stranger() {
    let (world, _daemon) = World::ready("[sync]\nnew-agreements = \"pending\"");
    world.tenant.hide_contract(NEW_ID);
    world.ctl(&["sync", SUMMIT, "--all", "--yes"]).expect(0, &[]);
    world.tenant.show_contract(NEW_ID);
    let stranger = world.tenant.add_contract(178, "Brand new").expect("added");
    world.ctl(&["auto-sync", "on", SUMMIT]).expect(0, &[]);
    world.wait_for("the renewal", || {
        (world.ctl(&["contract", "show", NEW]).exit == 0).then_some(())
    });
    world.ctl(&["contract", "show", &format!("A{stranger}")]).expect(5, &[]);
}

#[test]
fn a_change_says_what_it_comes_to_a_month_and_a_year() {
    let (world, _daemon) = World::ready("");
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    world.tenant.change_units(55102, 14).expect("changed");
    let effects = json!([{
        "currency": "USD", "from": null, "per_month": "69.30", "per_year": "831.60", "once": "0.00"
    }]);
    for command in ["pending", "diff"] {
        assert_eq!(world.json(&[command, ACME])["effects"], effects, "{command}");
        world.ctl(&[command, ACME]).expect(0, &["+69.30 USD per month, +831.60 per year"]);
    }
}

#[test]
fn what_ends_is_told_in_time_and_what_has_lapsed_apart() {
    let (world, _daemon) = World::ready("");
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    world.ctl(&["contract", "set", ACME_AGREEMENT, "notice_days=30"]).expect(0, &[]);
    let end = today() + Days::new(90);
    let ends = |day: chrono::NaiveDate| {
        let day = day.to_string();
        world.tenant.set(Entity::Contracts, ACME_ID, "endDate", day).expect("set");
        world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    };
    ends(end);
    let soon = world.json(&["renewals", "--within", "91d"]);
    assert_eq!(keys(&soon["contracts"]), [ACME_AGREEMENT]);
    assert_eq!(soon["contracts"][0]["notice_date"], json!(end - Days::new(30)));
    assert_eq!(world.json(&["renewals", "--within", "80d"])["contracts"], json!([]));
    ends(today() - Days::new(2));
    let lapsed = world.json(&["renewals", "--lapsed"]);
    assert_eq!(keys(&lapsed["contracts"]), [ACME_AGREEMENT]);
    assert_eq!(world.json(&["renewals", "--within", "91d"])["contracts"], json!([]));
}

#[test]
fn what_may_be_forgotten_is_told_before_it_is() {
    let (world, _daemon) = World::ready("");
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    let before = world.json(&["contract", "history", ACME_AGREEMENT]);
    let dry = world.json(&["history", "prune", "--dry-run"]);
    assert_eq!((&dry["dry_run"], &dry["commits"]), (&json!(true), &json!(0)));
    world.ctl(&["history", "prune"]).expect(2, &["needs --yes"]);
    world.ctl(&["history", "prune", "--yes"]).expect(0, &["nothing is older"]);
    assert_eq!(world.json(&["contract", "history", ACME_AGREEMENT]), before);
}

/// Everything that may be wrong with rows, at once, in a book that was imported before.
#[test]
fn bad_rows_stop_no_run_and_cost_no_contract() {
    let (world, _daemon) = World::ready("");
    let clients = [ACME, NORTHWIND, "177", SUMMIT, "179", "180"];
    for client in clients {
        world.ctl(&["sync", client, "--all", "--yes"]);
    }
    let before = world.contracts();
    let set = |entity, id, field: &str, value: Value| {
        world.tenant.set(entity, id, field, value).expect("set");
    };
    for id in world.tenant.ids(Entity::ContractServiceUnits) {
        let row = world.tenant.get(Entity::ContractServiceUnits, id).expect("a row");
        if row["contractServiceID"] == 55_103 {
            set(Entity::ContractServiceUnits, id, "startDate", json!("0001-01-01"));
        }
    }
    set(Entity::Contracts, 29_683_354, "contractName", json!("x".repeat(2000)));
    set(Entity::Contracts, 29_683_502, "contractName", json!(""));
    set(Entity::Contracts, 29_683_501, "status", json!(77));
    set(Entity::Contracts, 29_683_505, "endDate", json!("2001-01-01"));
    set(Entity::Companies, 180, "currencyID", json!(99));
    let twin = json!({"companyID": 178, "contractType": 7, "contractName": "Another renewal",
        "contractPeriodType": 2, "renewedContractID": 29_683_601, "status": 1,
        "startDate": "2026-08-01", "endDate": "2027-07-31"});
    world.tenant.insert(Entity::Contracts, &twin).expect("an agreement");
    world.tenant.remove(Entity::Services, 301).expect("a service");
    world.tenant.hide_contract(29_683_503);

    for client in clients {
        let told = world.ctl(&["sync", client, "--all", "--yes"]);
        assert!([0, 6, 8].contains(&told.exit), "{told:?}");
        let run = world.json(&["run", "list", client, "--limit", "1"])["runs"][0].clone();
        assert_ne!(run["result"], "failed", "{run}");
    }
    let after = world.contracts();
    for contract in &before {
        assert!(after.iter().any(|other| other["key"] == contract["key"]), "{contract} is lost");
    }
    let quarantine = world.json(&["quarantine", "list"]);
    let waiting = keys(&quarantine["items"]);
    for key in ["S55103", ACME_AGREEMENT, "A29683502", "A29683505"] {
        assert!(waiting.contains(&key), "{quarantine}");
    }
    assert_eq!(shown(&world, "A29683501")["status"], "unknown (77)");
    assert_eq!(shown(&world, "A29683354")["name"].as_str().map(str::len), Some(2000));
    assert_eq!(shown(&world, "A29683801")["currency"], "CAD", "held, not taken for another");
    world.ctl(&["contract", "list"]).expect(0, &[]);
}
