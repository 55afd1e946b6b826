//! A pause through the real binaries: where it is seen, and what it refuses.

use crate::support::{ACME, World};
use serde_json::Value;

#[test]
fn a_pause_is_seen_everywhere_and_refuses_what_was_refused() {
    let world = World::stories();
    world.configure("");
    let daemon = world.start();
    let acme = |world: &World| world.json(&["status", ACME])["clients"][0].clone();
    world.ctl(&["pause", ACME]).expect(2, &["auto-sync is off for Acme Dental"]);
    world.ctl(&["auto-sync", "on", ACME]).expect(0, &[]);
    world.wait_for("the first run", || (acme(&world)["health"] == "ok").then_some(()));
    assert_eq!(acme(&world)["paused_by"], Value::Null);

    let day = (crate::support::today() + chrono::Days::new(300)).to_string();
    let told = world.json(&["pause", "acme", "--until", &format!("{day}T10:00:00+01:00")]);
    let pause = &told["changed"][0];
    assert_eq!((&pause["client"]["id"], &told["pauses"][0]), (&174.into(), pause));
    assert_eq!(pause["until"], format!("{day}T09:00:00Z"));
    world.ctl(&["pause", "--until", "soon"]).expect(2, &["`soon` is neither a day"]);
    world.ctl(&["pause", "--until", "2d"]).expect(0, &["all auto-sync: paused until "]);
    let status = acme(&world);
    // The pause that ends last is the one of the client.
    assert_eq!(
        (&status["health"], &status["paused_until"]),
        (&"paused".into(), &format!("{day}T09:00:00Z").into())
    );
    let by = status["paused_by"].as_str().expect("somebody").to_owned();
    let all = world.json(&["status"])["daemon"].clone();
    assert_eq!(all["paused_by"], by.as_str());
    assert!(all["paused_until"].as_str().is_some_and(|until| until < day.as_str()), "{all}");
    world.ctl(&["auto-sync", "on", "175"]).expect(0, &["on, and paused by ", &by, " until "]);
    world.ctl(&["auto-sync", "off", "175"]).expect(0, &[]);
    world.ctl(&["status"]).expect(0, &["! all auto-sync is paused by ", "paused"]);
    world.ctl(&["status", ACME]).expect(0, &[&format!("paused        by {by} until {day}")]);
    world.ctl(&["check"]).expect(0, &["LMSYNCD OK - 1 on auto-sync; all paused by ", &by]);
    world.ctl(&["doctor"]).expect(0, &["all auto-sync is paused by ", "fix: lmsyncctl resume"]);
    world.ctl(&["metrics"]).expect(0, &["lmsyncd_clients{tenant=\"default\",health=\"paused\"} 1"]);
    // Looking is never refused, and the switch stays on.
    world.ctl(&["pending", ACME]).expect(0, &[]);
    world.ctl(&["sync", ACME, "--all", "--dry-run"]).expect(0, &[]);
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(
        6,
        &[
            &format!(
                "auto-sync is on for Acme Dental (174), paused by {by} until {day} 09:00 \
                 +00:00, "
            ),
            "so a manual sync is refused",
        ],
    );

    daemon.kill();
    let _daemon = world.start();
    assert_eq!(acme(&world)["health"], "paused");
    world
        .ctl(&["resume"])
        .expect(0, &["all auto-sync: resumed", "Acme Dental (174): still paused"]);
    world.ctl(&["resume"]).expect(0, &["nothing was paused"]);
    world.ctl(&["resume", "acme"]).expect(0, &["Acme Dental (174): resumed; runs that came due"]);
    let status = acme(&world);
    assert_eq!((&status["health"], &status["paused_by"]), (&"ok".into(), &Value::Null));
}
