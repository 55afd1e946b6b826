//! The ways out of the daemon that nobody watches: what is wrong with the notify command, the metrics
//! file and the heartbeat is in `status`, `check` and `doctor`, and a trial shows it at once.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::{ACME, World, write_script};
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// Acme's line of mail: 14 units at 3.50.
const MAIL: i64 = 55_104;

/// How an outlet last went, by `status`.
fn outlet(world: &World, name: &str) -> Value {
    let status = world.json(&["status"]);
    let outlets = status["daemon"]["outlets"].as_array().cloned().unwrap_or_default();
    outlets.into_iter().find(|outlet| outlet["outlet"] == name).unwrap_or(Value::Null)
}

fn doctor(world: &World, check: &str) -> Value {
    let findings = world.json(&["doctor"])["findings"].clone();
    let mut findings = findings.as_array().cloned().unwrap_or_default().into_iter();
    findings.find(|finding| finding["check"] == check).unwrap_or(Value::Null)
}

#[test]
fn a_trial_shows_what_is_wrong_with_the_command_and_so_does_everything_else() {
    let world = World::stories();
    let script = world.path("tell.sh");
    let told = world.path("told.json");
    write_script(&script, "exit 3");
    world.configure(&format!(
        "[notify]\ncommand = [{script:?}, \"--now\"]\nevents = [\"overdue\"]\n"
    ));
    let _daemon = world.start();
    assert_eq!(outlet(&world, "notify")["last"], Value::Null);
    assert_eq!(doctor(&world, "notify")["outcome"], "skipped");

    let failed = ["notification failed after", "tell.sh: exit status: 3", "hint:"];
    world.ctl(&["notify", "test"]).expect(1, &failed);
    assert_eq!(
        outlet(&world, "notify")["error"],
        json!(format!("{}: exit status: 3", script.display()))
    );
    world
        .ctl(&["status"])
        .expect(0, &["the notify command has been failing since", "exit status: 3"]);
    world.ctl(&["check"]).expect(1, &["LMSYNCD WARNING - the notify command fails: "]);
    let found = doctor(&world, "notify");
    assert_eq!(
        (&found["outcome"], &found["advice"]["code"]),
        (&json!("warning"), &json!("test_notify"))
    );

    write_script(&script, &format!("cat >{}", told.display()));
    world
        .ctl(&["notify", "test", "run_held"])
        .expect(0, &["notified: ", "--now ran with the event run_held"]);
    let event: Value =
        serde_json::from_str(&fs::read_to_string(&told).expect("it was told")).expect("JSON");
    assert_eq!((&event["name"], &event["test"]), (&json!("run_held"), &json!(true)));
    assert_eq!(event["items"][0]["changes"][0]["field"], "billing_cost");
    assert_eq!(outlet(&world, "notify")["error"], Value::Null);
    assert_eq!(doctor(&world, "notify")["outcome"], "good");
    world.ctl(&["check"]).expect(0, &["LMSYNCD OK"]);

    world.ctl(&["notify", "test", "no_such"]).expect(2, &["no_such"]);
}

#[test]
fn without_a_command_there_is_nothing_to_try() {
    let world = World::stories();
    world.configure("");
    let _daemon = world.start();
    world
        .ctl(&["notify", "test"])
        .expect(1, &["no notify command is configured", "hint:", "[notify]"]);
    assert_eq!(world.json(&["status"])["daemon"]["outlets"], json!([]));
}

#[test]
fn a_metrics_file_and_a_heartbeat_that_do_not_work_are_told_and_recover() {
    let world = World::stories();
    let folder = world.path("metrics");
    fs::create_dir(&folder).expect("a folder");
    let told = world.path("told.jsonl");
    let script = world.path("tell.sh");
    write_script(&script, &format!("cat >>{}", told.display()));
    // A name instead of a folder: it cannot be written, also by root.
    let textfile = folder.join("sub/lmsyncd.prom");
    // Nobody listens on this port.
    let refused = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = refused.local_addr().expect("an address");
    drop(refused);
    world.configure(&format!(
        "[notify]\ncommand = [{script:?}]\nheartbeat-url = \"http://{address}/ping/secret\"\n\
         [metrics]\ntextfile = {textfile:?}\n"
    ));
    let daemon = world.start();
    world.wait_for("the metrics file to fail", || {
        outlet(&world, "metrics")["error"].as_str().map(|why| why.contains("cannot be written"))
    });
    world.ctl(&["auto-sync", "on", ACME]).expect(0, &[]);
    let why = world.wait_for("the heartbeat to fail", || {
        outlet(&world, "heartbeat")["error"].as_str().map(str::to_owned)
    });
    assert!(!why.contains("secret"), "the address is a secret: {why}");
    let warns = world.ctl(&["check"]).expect(1, &["the metrics file fails", "the heartbeat fails"]);
    assert_eq!(warns.out.lines().count(), 1);
    for check in ["metrics", "heartbeat"] {
        assert_eq!(doctor(&world, check)["outcome"], "warning");
    }
    let events = || fs::read_to_string(&told).unwrap_or_default();
    world.wait_for("both alerts", || {
        (events().matches("\"name\":\"outlet_failed\"").count() == 2).then_some(())
    });

    // The last results outlive a restart, and a file that can be written again is told.
    assert_eq!(daemon.stop(), 0);
    fs::create_dir(folder.join("sub")).expect("the folder");
    let _daemon = world.start();
    assert!(outlet(&world, "heartbeat")["error"].is_string());
    world.wait_for("the file", || textfile.exists().then_some(()));
    world.wait_for("the end of the alert", || {
        let recovered = "\"name\":\"recovered\"";
        events().lines().any(|e| e.contains(recovered) && e.contains("metrics file")).then_some(())
    });
    let mode = fs::metadata(&textfile).expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
}

#[test]
fn an_alert_says_what_is_held_with_its_money_and_the_run_that_held_show_takes() {
    let world = World::stories();
    let (script, told) = (world.path("tell.sh"), world.path("told.jsonl"));
    write_script(&script, &format!("cat >>{}", told.display()));
    world.configure(&format!(
        "[notify]\ncommand = [{script:?}]\nevents = [\"run_held\", \"run_changed\"]\n\
         [guard]\nhold-price-change-percent = 50"
    ));
    let _daemon = world.start();
    let events = || -> Vec<Value> {
        let text = fs::read_to_string(&told).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    };
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    let first = world.wait_for("the first run", || events().pop());
    let items = first["items"].as_array().expect("items").len();
    assert_eq!((&first["created"], &first["more_items"]), (&json!(items), &json!(0)));

    world.tenant.change_unit_price(MAIL, Decimal::from(7)).expect("changed");
    world.ctl(&["auto-sync", "on", ACME]).expect(0, &[]);
    let held = world.wait_for("what is held", || {
        events().into_iter().find(|event| event["name"] == "run_held")
    });
    let run = held["run_id"].as_i64().expect("the run").to_string();
    world.ctl(&["held", "show", &run]).expect(0, &["S55104"]);
    let items = held["items"].as_array().expect("items");
    let mail = items.iter().find(|item| item["key"] == "S55104").expect("the line");
    assert_eq!(mail["state"], "held");
    let changes = mail["changes"].as_array().expect("changes");
    assert!(
        changes.contains(&json!({"field": "unit_price", "from": "3.50", "to": "7.00"}))
            || changes.iter().any(|change| change["field"] == "unit_price"),
        "{mail}"
    );
    assert_eq!(mail["effects"][0]["per_month"], "49.00");
    assert_eq!(held["held_effects"][0]["per_month"], "49.00");
    let message = held["message"].as_str().expect("a line");
    assert!(message.contains("held: +49.00 USD per month"), "{message}");
    assert_eq!(held["client_id"], 174);
}
