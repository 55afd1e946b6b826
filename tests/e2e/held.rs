//! What a guard holds, through the real binaries: seen, accepted, rejected, and what comes of it.

use std::collections::BTreeMap;
use std::fs;

use crate::support::{ACME, ACME_AGREEMENT, ACME_LINE, Daemon, World};
use lmsyncd::demo::tenant::{Entity, Fault};
use rust_decimal::Decimal;
use serde_json::Value;

/// Acme's agreement, as Autotask numbers it.
const AGREEMENT: i64 = 29_683_353;

/// The line whose price is changed.
const LINE: i64 = 55_102;

/// A tenant of which Acme is imported and kept current by auto-sync.
fn imported() -> (World, Daemon) {
    let world = World::stories();
    world.configure("[guard]\nhold-price-change-percent = 50");
    let daemon = world.start();
    world.ctl(&["auto-sync", "on", ACME]).expect(0, &[]);
    until_run(&world, 1);
    assert_eq!(acme(&world)["health"], "ok");
    (world, daemon)
}

fn acme(world: &World) -> Value {
    world.json(&["status", ACME])["clients"][0].clone()
}

fn until_run(world: &World, wanted: i64) -> Value {
    world.wait_for("a run", || {
        let runs = world.json(&["run", "list", ACME, "--limit", "1"]);
        let run = runs["runs"][0].clone();
        (run["id"].as_i64()? >= wanted && acme(world)["running"].is_null()).then_some(run)
    })
}

/// Has auto-sync run once: a client that is switched on runs at once. Gives the run.
fn cycle(world: &World) -> Value {
    let last = world.json(&["run", "list", ACME, "--limit", "1"])["runs"][0]["id"].clone();
    world.ctl(&["auto-sync", "off", ACME]).expect(0, &[]);
    world.ctl(&["auto-sync", "on", ACME]).expect(0, &[]);
    let run = until_run(world, last.as_i64().expect("a number") + 1);
    assert_eq!(run["trigger"], "auto");
    run
}

/// Hides Acme's agreement and all that belongs to it, as a cancellation or a fault would, and has
/// auto-sync meet that. Gives the number of the run that held it.
fn held(world: &World) -> String {
    world.tenant.hide_contract(AGREEMENT);
    let run = cycle(world);
    assert_eq!((&run["result"], &run["vanished"]), (&"held".into(), &0.into()), "{run}");
    assert_eq!(acme(world)["health"], "held");
    run["id"].to_string()
}

/// Acme's contracts as they are stored, by key, without the moment they were last seen.
fn book(world: &World) -> BTreeMap<String, Value> {
    let mut contracts =
        world.json(&["contract", "list", ACME])["contracts"].as_array().expect("a list").clone();
    for contract in &mut contracts {
        contract["last_synced"] = Value::Null;
    }
    contracts.into_iter().map(|c| (c["key"].as_str().expect("a key").to_owned(), c)).collect()
}

fn live(world: &World) -> usize {
    book(world).values().filter(|contract| contract["vanished"].is_null()).count()
}

#[test]
fn too_many_that_vanished_are_held_shown_and_accepted_while_auto_sync_is_on() {
    let (world, _daemon) = imported();
    let before = book(&world);
    let run = held(&world);
    assert_eq!(book(&world), before, "the old values stay");
    world.ctl(&["held"]).expect(0, &["Acme Dental (174)", "not yet", "1 run to decide"]);
    world.ctl(&["held", "acme"]).expect(0, &["4 of 5 contracts are missing at once"]);
    world.ctl(&["held", "175"]).expect(0, &["nothing is held"]);
    world.ctl(&["held", "show", &run]).expect(
        0,
        &[
            ACME_AGREEMENT,
            ACME_LINE,
            "- vanished",
            "4 of 5 contracts are missing at once (limit 20 %)",
            &format!("lmsyncctl held accept {run}"),
            "per year",
        ],
    );
    // What is held is in no sum, and is told beside it, in one form everywhere.
    let held = world.json(&["held", "show", &run])["held"][0]["effects"].clone();
    assert!(held.as_array().is_some_and(|effects| !effects.is_empty()), "{held}");
    for told in [world.json(&["pending", ACME]), world.json(&["diff", ACME])] {
        assert_eq!((&told["effects"], &told["held_effects"]), (&Value::Array(vec![]), &held));
    }
    for looking in
        [&["pending", ACME] as &[&str], &["diff", ACME], &["sync", ACME, "--all", "--dry-run"]]
    {
        let shown = world.ctl(looking);
        assert!(shown.out.contains("left out: 4 held: -"), "{}", shown.out);
        assert!(!shown.out.contains("no cost impact"), "{}", shown.out);
    }
    world.ctl(&["held"]).expect(0, &["USD per month, -", " per year"]);
    // The switch is no way around it, nor is a sync by hand.
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(6, &["auto-sync is on"]);

    let told = world.json(&["held", "accept", &run, "--yes"]);
    let (applied, accepted) = (&told["run"], &told["run"]["id"]);
    assert_eq!((&applied["result"], &applied["vanished"]), (&"ok".into(), &4.into()), "{told}");
    assert_eq!((&applied["trigger"], &applied["dry_run"]), (&"manual".into(), &false.into()));
    assert_eq!(told["items"].as_array().map(Vec::len), Some(4));
    assert_eq!(live(&world), 1);
    let status = acme(&world);
    assert_eq!((&status["health"], &status["error"]), (&"ok".into(), &Value::Null), "{status}");
    assert_eq!(status["auto_sync"], true);
    assert_eq!(world.json(&["held"])["held"], Value::Array(Vec::new()));
    // In the history stands who decided it, not the daemon.
    let history = world.json(&["contract", "history", ACME_LINE]);
    let last = history["entries"].as_array().and_then(|entries| entries.last()).expect("one");
    assert_eq!(last["run"], *accepted);
    assert_eq!(last["actor"], applied["actor"]);
    assert_ne!(last["actor"], "lmsyncd");
    // What is decided is decided.
    world.ctl(&["held", "accept", &run, "--yes"]).expect(5, &["holds nothing", "lmsyncctl held"]);
    assert_eq!(cycle(&world)["result"], "ok");
    assert_eq!(live(&world), 1);
    // It can be taken back like any run; that is held then, because a person said so.
    world.ctl(&["run", "revert", &accepted.to_string(), "--yes"]).expect(0, &[]);
    assert_eq!(live(&world), 5);
}

#[test]
fn a_dry_run_says_what_accepting_or_reverting_would_do_and_does_nothing() {
    let (world, _daemon) = imported();
    let run = held(&world);
    let dry = world.json(&["held", "accept", &run, "--dry-run"]);
    assert_eq!(dry["run"]["dry_run"], true);
    assert_eq!(dry["items"].as_array().map(Vec::len), Some(4));
    world
        .ctl(&["held", "accept", &run, "--dry-run"])
        .expect(0, &["would be applied", "nothing was written"]);
    world.ctl(&["held", "accept", &run]).expect(2, &["--dry-run", "--yes"]);
    assert_eq!(world.json(&["held"])["held"][0]["run"].to_string(), run);
    assert_eq!(live(&world), 5);
    let told = world.json(&["held", "accept", &run, "--yes"]);
    let accepted = told["run"]["id"].to_string();
    let dry = world.json(&["run", "revert", &accepted, "--dry-run"]);
    assert_eq!(dry["reverted"].as_array().map(Vec::len), Some(4), "{dry}");
    world
        .ctl(&["run", "revert", &accepted, "--dry-run"])
        .expect(0, &["would be restored", "nothing was written"]);
    world.ctl(&["run", "revert", &accepted]).expect(2, &["--dry-run", "--yes"]);
    assert_eq!(live(&world), 1, "nothing was done");
}

#[test]
fn what_was_rejected_is_silent_until_autotask_changes_again() {
    let (world, daemon) = imported();
    let before = book(&world);
    let run = held(&world);
    let told = world.json(&["held", "reject", &run, "--reason", "the vendor mends it", "--yes"]);
    assert_eq!((&told["changed"], &told["held"]["run"].to_string()), (&true.into(), &run));
    assert_eq!(told["held"]["rejected_reason"], "the vendor mends it");
    assert_eq!(acme(&world)["health"], "ok");
    assert_eq!(world.json(&["held", "reject", &run, "--yes"])["changed"], false);
    let last = cycle(&world);
    assert_eq!((&last["result"], &last["vanished"]), (&"ok".into(), &0.into()), "{last}");
    assert_eq!((acme(&world)["health"].clone(), book(&world)), ("ok".into(), before.clone()));
    world.ctl(&["pending", ACME]).expect(0, &["! held", "rejected by ", "the vendor mends it"]);
    world.ctl(&["held"]).expect(0, &["rejected by", "0 runs to decide"]);
    // A restart forgets nothing of it.
    assert_eq!(daemon.stop(), 0);
    let _daemon = world.start();
    assert_eq!(cycle(&world)["result"], "ok");

    // All of it is back: what was rejected is forgotten, and when it goes again, it is asked about.
    world.tenant.show_contract(AGREEMENT);
    assert_eq!(cycle(&world)["result"], "ok");
    assert_eq!(world.json(&["held"])["held"], Value::Array(Vec::new()));
    assert_eq!(book(&world), before);
    let again = held(&world);
    assert_ne!(again, run);
    // Who changes his mind accepts what he rejected.
    world.json(&["held", "reject", &again, "--yes"]);
    world.ctl(&["held", "accept", &again, "--yes"]).expect(0, &["4 items applied", "4 vanished"]);
    assert_eq!(live(&world), 1);
}

#[test]
fn what_moved_on_is_named_and_nothing_is_applied() {
    let (world, _daemon) = imported();
    let before = book(&world);
    let run = held(&world);
    world.tenant.show_contract(AGREEMENT);
    let told = world.ctl(&["held", "accept", &run, "--yes"]).expect(
        6,
        &[
            "nothing was applied",
            &format!("{ACME_AGREEMENT}: the item is in Autotask again"),
            &format!("hint: lmsyncctl pending {ACME}"),
        ],
    );
    assert_eq!(told.out, "");
    assert_eq!(book(&world), before);
    let runs = world.json(&["run", "list", ACME])["runs"].clone();
    assert_eq!(runs[0]["id"].to_string(), run, "a refusal is no run");
    assert_eq!(acme(&world)["health"], "held", "and it is still to decide");
    // The next run sees that nothing is to be held any more.
    assert_eq!(cycle(&world)["result"], "ok");
    assert_eq!(world.json(&["held"])["held"], Value::Array(Vec::new()));
    assert_eq!(book(&world), before);
}

#[test]
fn a_price_is_accepted_only_as_it_was_seen_and_the_rest_is_applied_at_once() {
    let (world, _daemon) = imported();
    world.tenant.change_unit_price(LINE, Decimal::new(100_000, 2)).expect("changed");
    let sold = world.tenant.ids(Entity::Services)[0];
    let added = world.tenant.add_service(AGREEMENT, sold, 1, Decimal::ONE).expect("added");
    let run = cycle(&world);
    assert_eq!((&run["result"], &run["created"]), (&"held".into(), &1.into()), "{run}");
    assert!(book(&world).contains_key(&format!("S{added}")));
    let id = run["id"].to_string();
    let shown = world.json(&["held", "show", &id])["held"][0].clone();
    let item = |key: &str| {
        let items = shown["items"].as_array().expect("a list");
        items.iter().find(|item| item["key"] == key).cloned().expect("it is held")
    };
    assert_eq!(item(ACME_LINE)["state"], "changed");
    assert!(item(ACME_LINE)["reason"].as_str().expect("text").contains("more than 50 %"));
    // The agreement that adds it up waits for it.
    assert_eq!(item(ACME_AGREEMENT)["state"], "changed");
    let old = book(&world)[ACME_LINE]["billing_cost"].clone();
    let cost = |key: &str| {
        let changes = item(key)["changes"].as_array().expect("a list").clone();
        changes.into_iter().find(|change| change["field"] == "billing_cost").expect("the cost")
    };
    assert_eq!(cost(ACME_LINE)["from"], old);
    assert!(shown["effects"][0]["per_year"].as_str().expect("text").parse::<Decimal>().is_ok());

    // Another price than the one that was seen is not the one that is accepted.
    world.tenant.change_unit_price(LINE, Decimal::new(110_000, 2)).expect("changed");
    world.ctl(&["held", "accept", &id, "--yes"]).expect(6, &[ACME_LINE, "becomes", "now"]);
    assert_eq!(book(&world)[ACME_LINE]["billing_cost"], old);
    world.tenant.change_unit_price(LINE, Decimal::new(100_000, 2)).expect("changed");
    world.ctl(&["held", "accept", &id, "--yes"]).expect(0, &["2 items applied"]);
    assert_eq!(book(&world)[ACME_LINE]["billing_cost"], cost(ACME_LINE)["to"]);
    assert_eq!(book(&world)[ACME_AGREEMENT]["billing_cost"], cost(ACME_AGREEMENT)["to"]);
    assert_eq!(cycle(&world)["result"], "ok");

    // A rejected price is not asked about again, and another one is.
    world.tenant.change_unit_price(LINE, Decimal::new(500_000, 2)).expect("changed");
    let second = cycle(&world)["id"].to_string();
    world.json(&["held", "reject", &second, "--yes"]);
    assert_eq!(cycle(&world)["result"], "ok");
    world.tenant.change_unit_price(LINE, Decimal::new(600_000, 2)).expect("changed");
    let third = cycle(&world);
    assert_eq!(third["result"], "held");
    assert_eq!(world.json(&["held"])["held"].as_array().map(Vec::len), Some(1));
}

#[test]
fn an_old_run_is_refused_and_the_present_one_named() {
    let (world, _daemon) = imported();
    world.tenant.change_unit_price(LINE, Decimal::new(100_000, 2)).expect("changed");
    let old = cycle(&world)["id"].to_string();
    // A run that holds the same keeps the number that people were told of.
    assert_eq!(cycle(&world)["result"], "held");
    assert_eq!(world.json(&["held"])["held"][0]["run"].to_string(), old);
    let new = held(&world);
    let ways: [(&str, &[&str]); 4] =
        [("show", &[]), ("accept", &["--dry-run"]), ("accept", &["--yes"]), ("reject", &["--yes"])];
    for (verb, options) in ways {
        let decide = |run: &str| world.ctl(&[&["held", verb, run], options].concat());
        decide(&old).expect(
            6,
            &[
                &format!("run {old} no longer holds anything"),
                &format!("hint: lmsyncctl held show {new}"),
            ],
        );
        decide("9999").expect(5, &["no run has the number 9999"]);
        decide("1").expect(6, &[&format!("held show {new}")]);
        decide("x").expect(2, &[]);
    }
    assert_eq!(live(&world), 5);
    world.ctl(&["held", "accept", &new, "--yes"]).expect(0, &["4 vanished"]);
}

#[test]
fn what_is_held_survives_a_restart_and_a_kill_and_so_does_the_decision() {
    let (world, daemon) = imported();
    let run = held(&world);
    assert_eq!(daemon.stop(), 0);
    let daemon = world.start();
    world.ctl(&["held", "show", &run]).expect(0, &[ACME_LINE]);
    daemon.kill();
    // The index is gone too: the ledger knows it.
    fs::remove_dir_all(world.path("store/index")).expect("removed");
    let daemon = world.start();
    assert_eq!(acme(&world)["health"], "held");
    world.ctl(&["held", "accept", &run, "--yes"]).expect(0, &["4 vanished"]);
    daemon.kill();
    let daemon = world.start();
    assert_eq!((live(&world), acme(&world)["health"].clone()), (1, "ok".into()));
    assert_eq!(world.json(&["held"])["held"], Value::Array(Vec::new()));
    world.ctl(&["doctor"]).expect(0, &["commits are readable"]);

    // The same with a rejection.
    world.tenant.show_contract(AGREEMENT);
    assert_eq!(cycle(&world)["result"], "ok");
    let run = held(&world);
    world.ctl(&["held", "reject", &run, "--yes"]).expect(0, &["items rejected"]);
    daemon.kill();
    let _daemon = world.start();
    assert_eq!(acme(&world)["health"], "ok");
    assert_eq!(world.json(&["held"])["held"][0]["run"].to_string(), run);
    assert_eq!(cycle(&world)["result"], "ok");
    assert_eq!(live(&world), 5);
}

#[test]
fn a_fault_is_not_accepted_as_a_cancellation() {
    let (world, _daemon) = imported();
    let before = book(&world);
    let run = held(&world);
    let faults = [
        (Fault::NoPermission.on(Entity::Contracts), 7),
        (Fault::NoPermission.on(Entity::ContractServices), 7),
        (Fault::Restricted.on(Entity::Contracts), 7),
    ];
    for (fault, exit) in faults {
        world.tenant.faults().set(fault);
        let told = world.ctl(&["held", "accept", &run, "--yes"]).expect(exit, &["hint: "]);
        world.tenant.faults().clear();
        assert_eq!(book(&world), before, "{told:?}");
        let status = acme(&world);
        assert_eq!((&status["health"], &status["error"]), (&"held".into(), &"Held".into()));
    }
    world.ctl(&["held", "accept", &run, "--yes"]).expect(0, &["4 vanished"]);
}

#[test]
fn who_may_only_look_sees_it_and_decides_nothing() {
    if !nix::unistd::Uid::effective().is_root() {
        return;
    }
    let (world, _daemon) = imported();
    let run = held(&world);
    // A member of the socket's group, which is root's here, and no operator.
    let as_nobody = |args: &[&str]| world.ctl_as(65534, 0, args);
    as_nobody(&["held"]).expect(0, &["Acme Dental"]);
    as_nobody(&["held", "show", &run]).expect(0, &[ACME_LINE]);
    for args in [
        ["held", "accept", &run, "--yes"].as_slice(),
        &["held", "reject", &run, "--yes"],
        &["pause"],
        &["pause", ACME],
        &["resume"],
    ] {
        as_nobody(args).expect(4, &["may read but not change"]);
    }
    assert_eq!((live(&world), acme(&world)["health"].clone()), (5, "held".into()));
}

#[test]
fn the_shapes_that_scripts_rely_on() {
    let (world, _daemon) = imported();
    assert_eq!(world.json(&["held"]), serde_json::json!({ "held": [] }));
    let run = held(&world);
    let listed = world.json(&["held"]);
    assert_eq!(listed, world.json(&["held", "show", &run]));
    let held = &listed["held"][0];
    let keys: Vec<&String> = held.as_object().expect("an object").keys().collect();
    let wanted = [
        "client",
        "client_id",
        "effects",
        "items",
        "message",
        "rejected_at",
        "rejected_by",
        "rejected_reason",
        "run",
        "since",
    ];
    assert_eq!(keys, wanted);
    assert_eq!((&held["client"], &held["client_id"]), (&"Acme Dental".into(), &174.into()));
    let item = &held["items"][0];
    assert_eq!((&item["key"], &item["state"]), (&ACME_AGREEMENT.into(), &"vanished".into()));
    assert_eq!(
        (&item["name"], &item["changes"][0]["field"]),
        (&book(&world)[ACME_AGREEMENT]["name"], &"vanished".into())
    );
    let (effect, costs) = (&held["effects"][0], &book(&world)[ACME_AGREEMENT]["billing_cost"]);
    assert_eq!(
        effect["per_month"].as_str(),
        Some(format!("-{}", costs.as_str().expect("text")).as_str())
    );
    let csv = world.ctl(&["held", "--csv"]).expect(0, &[]).out;
    let mut lines = csv.lines();
    assert!(lines.next().expect("a head").starts_with("run,client_id,client,since,message,"));
    let starts = format!("{run},174,Acme Dental,");
    assert_eq!(lines.filter(|line| line.starts_with(&starts)).count(), 4, "{csv}");
    world.ctl(&["held", "accept", &run, "--csv"]).expect(2, &["--json"]);
}

#[test]
fn a_sync_by_hand_holds_too_and_naming_something_else_does_not_hide_it() {
    let world = World::stories();
    world.configure("[guard]\nhold-price-change-percent = 50");
    let _daemon = world.start();
    world.json(&["sync", ACME, "--all", "--yes"]);
    world.tenant.change_unit_price(LINE, Decimal::new(100_000, 2)).expect("changed");
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(6, &["held"]);
    let run = world.json(&["held"])["held"][0]["run"].to_string();
    let other = book(&world).into_keys().find(|key| key != ACME_LINE && key.starts_with('S'));
    world.ctl(&["sync", ACME, &other.expect("another line")]).expect(0, &[]);
    assert_eq!(acme(&world)["health"], "held");
    // What a guard holds is not let go by naming it, only by accepting it.
    world.ctl(&["sync", ACME, ACME_LINE]).expect(6, &["held"]);
    assert_eq!(world.json(&["held"])["held"][0]["run"].to_string(), run);
    world.ctl(&["held", "accept", &run, "--yes"]).expect(0, &["items applied"]);
    assert_eq!(acme(&world)["health"], "ok");
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
}
