//! An API user that may see only a part gets fewer rows and no error: nothing that lacks them is said
//! to be well.

use std::fs;

use crate::support::{ACME, World, write_script};
use lmsyncd::demo::tenant::{Entity, Fault};
use serde_json::{Value, json};

const LIMITS: &str = "the API user may see only some Contracts";

/// What `status` knows of what the API user may see.
fn known(world: &World) -> Value {
    world.json(&["status"])["api"]["visibility"].clone()
}

/// Where what an import needs most may not be read at all, nobody asks again to know it.
#[test]
fn what_may_not_be_read_at_all_is_told_after_the_first_question() {
    for question in [&["pending", ACME][..], &["client", "list"]] {
        let world = World::stories();
        world.configure("");
        world.tenant.faults().set(Fault::NoPermission.on(Entity::Contracts));
        let _daemon = world.start();
        world.ctl(question).expect(7, &["no permission to read Contracts"]);
        world.ctl(&["check"]).expect(1, &["LMSYNCD WARNING", "the API user may see no Contracts"]);
    }
}

/// What a run learns when agreements vanish is known to everybody, and so is its end.
#[test]
fn what_a_run_finds_hidden_is_told_by_everybody_until_a_run_finds_it_mended() {
    let (world, _daemon) = World::ready("");
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    world.ctl(&["check"]).expect(0, &["LMSYNCD OK"]);
    world.tenant.faults().set(Fault::Restricted.on(Entity::Contracts));
    world.tenant.faults().set(Fault::NoRows.on(Entity::Contracts));
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(6, &["held"]);
    world.ctl(&["check"]).expect(1, &["LMSYNCD WARNING", LIMITS]);
    world.ctl(&["status"]).expect(0, &[LIMITS]);
    let pending = world.ctl(&["pending", "harbor"]).expect(0, &[LIMITS]);
    assert!(!pending.out.contains("the store matches Autotask"), "{}", pending.out);
    world.ctl(&["diff", "harbor"]).expect(0, &[LIMITS]);
    world.ctl(&["plan", "harbor", "--all"]).expect(8, &["only some Contracts may be read"]);

    world.tenant.faults().clear();
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    world.ctl(&["check"]).expect(0, &["LMSYNCD OK"]);
    assert_eq!(known(&world)["some"], json!([]));
}

#[test]
fn on_a_fresh_store_nothing_is_called_whole_that_is_not() {
    let world = World::stories();
    let (script, told) = (world.path("tell.sh"), world.path("told.jsonl"));
    write_script(&script, &format!("cat >>{}", told.display()));
    world.configure(&format!("[notify]\ncommand = [{script:?}]\n"));
    world.tenant.faults().set(Fault::Restricted.on(Entity::Contracts));
    let _daemon = world.start();
    assert_eq!(known(&world), Value::Null, "nobody asked yet");

    world.ctl(&["client", "list"]).expect(0, &[LIMITS, "hint:", "doctor"]);
    assert_eq!(known(&world)["some"], json!(["Contracts"]));
    let pending = world.ctl(&["pending", ACME]).expect(0, &[LIMITS]);
    assert!(!pending.out.contains("the store matches Autotask"), "{}", pending.out);
    world.ctl(&["pending"]).expect(0, &[LIMITS]);
    world
        .ctl(&["sync", ACME, "--all", "--yes"])
        .expect(8, &["partial", "only some Contracts may be read"]);
    let nothing =
        world.ctl(&["pending", ACME]).expect(0, &["nothing of what is visible is pending"]);
    assert!(!nothing.out.contains("matches"), "{}", nothing.out);
    world.ctl(&["status"]).expect(0, &[LIMITS]);
    world.ctl(&["check"]).expect(1, &["LMSYNCD WARNING", LIMITS]);
    world.ctl(&["doctor"]).expect(8, &["only some Contracts may be read"]);
    let run = &world.json(&["run", "list", ACME, "--failed"])["runs"][0];
    assert_eq!((&run["result"], &run["error"]), (&json!("partial"), &json!("NoPermission")));
    let events = || fs::read_to_string(&told).unwrap_or_default();
    world.wait_for("the alert", || {
        (events().matches("\"name\":\"access_limited\"").count() == 1).then_some(())
    });

    // The check-up notices at once that it was mended, and everybody knows.
    world.tenant.faults().clear();
    world.ctl(&["doctor"]).expect(0, &[]);
    assert_eq!(known(&world)["some"], json!([]));
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    world.ctl(&["pending", ACME]).expect(0, &["the store matches Autotask"]);
    world.ctl(&["check"]).expect(0, &["LMSYNCD OK"]);
    world.wait_for("the end of the alert", || {
        events().lines().any(|event| event.contains("\"recovered\"")).then_some(())
    });
}

#[test]
fn what_may_be_seen_is_asked_once_and_outlives_a_restart() {
    let world = World::stories();
    world.configure("");
    let daemon = world.start();
    world.json(&["pending", ACME]);
    let asked = || world.tenant.counters().requests("Contracts/entityInformation");
    assert_eq!(asked(), 1);
    let as_of = known(&world)["as_of"].clone();
    world.json(&["sync", ACME, "--all", "--yes"]);
    assert_eq!(daemon.stop(), 0);
    let _daemon = world.start();
    world.json(&["pending", ACME]);
    assert_eq!((asked(), known(&world)["as_of"].clone()), (1, as_of));
}
