//! A store that is damaged, or whose disk takes nothing: what is told, and the ways out.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::support::{ACME, ACME_LINE, Told, World, lmsyncd};

/// Runs lmsyncd with a command, which ends by itself.
fn offline(world: &World, args: &[&str]) -> Told {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lmsyncd"));
    command.args(args).arg("--config").arg(world.config());
    Told::of(args, command.output().expect("it runs"))
}

/// Two bytes are other ones in the line that first says this, and the index that held what it said is
/// gone.
fn spoil(world: &World, says: &str) {
    let ledger = world.path("store/ledger/000000000001.jsonl");
    let text = fs::read_to_string(&ledger).expect("text");
    let line = text.lines().find(|line| line.contains(says)).expect("the line");
    fs::write(&ledger, text.replace(line, &line.replace("\"actor\"", "\"##tor\"")))
        .expect("written");
    fs::remove_dir_all(world.path("store/index")).expect("removed");
}

#[test]
fn a_refused_store_names_commands_that_lead_out() {
    let (world, daemon) = World::ready("");
    world.json(&["sync", ACME, "--all", "--yes"]);
    let file = world.path("backup.jsonl").to_str().expect("text").to_owned();
    world.ctl(&["backup", &file]).expect(0, &["verified"]);
    world.ctl(&["contract", "set", ACME_LINE, "notes=since"]).expect(0, &[]);
    offline(&world, &["store", "check"]).expect(69, &["in use"]);
    assert_eq!(daemon.stop(), 0);
    offline(&world, &["store", "check"]).expect(0, &["is sound"]);

    spoil(&world, "since");
    let config = world.config();
    let config = config.to_str().expect("text");
    let restore = format!("`lmsyncd restore --config {config} FILE`");
    let repair = format!("`lmsyncd store check --repair --config {config}`");
    let refused = lmsyncd(&world.config()).output().expect("it runs");
    Told::of(&["lmsyncd"], refused).expect(65, &["000000000001.jsonl, line", &restore, &repair]);
    offline(&world, &["store", "check"]).expect(65, &["000000000001.jsonl, line", &restore]);

    // What is no backup changes nothing, and a backup leads out.
    offline(&world, &["restore", config]).expect(65, &["not a complete backup"]);
    offline(&world, &["restore", &file]).expect(0, &["restored", "auto-sync is paused"]);
    let daemon = world.start();
    assert_ne!(world.field(ACME_LINE, "notes")["value"], "since");
    assert_eq!(world.json(&["status"])["daemon"]["paused_by"], "restore");
    world.ctl(&["resume"]).expect(0, &[]);
    for notes in ["notes=the first", "notes=the second"] {
        world.ctl(&["contract", "set", ACME_LINE, notes]).expect(0, &[]);
    }
    assert_eq!(daemon.stop(), 0);

    // So does going on without what is lost, and what is lost is named.
    spoil(&world, "the first");
    offline(&world, &["store", "check", "--repair"]).expect(0, &["cannot be read", "opens again"]);
    let _daemon = world.start();
    assert_eq!(world.field(ACME_LINE, "notes")["value"], "the second");
    world.ctl(&["contract", "history", ACME_LINE]).expect(0, &["gap: commit", "cannot be read"]);
    // Who did that stands where it stands of every other act.
    let acts = world.json(&["audit-log"])["acts"].as_array().expect("a list").clone();
    let result_of = |what: &str| {
        let of = |act: &&Value| act["method"] == what && act["uid"].is_i64();
        acts.iter().find(of).map(|act| act["result"].as_str().expect("text").to_owned())
    };
    assert_eq!(result_of("lmsyncd restore").as_deref(), Some("ok"));
    assert_eq!(result_of("lmsyncd store check --repair").as_deref(), Some("ok"));
}

#[test]
fn a_backup_of_another_store_is_not_restored_without_a_word() {
    let (world, daemon) = World::ready("");
    let (other, _others) = World::ready("");
    other.json(&["sync", ACME, "--all", "--yes"]);
    let file = other.path("backup.jsonl").to_str().expect("text").to_owned();
    other.ctl(&["backup", &file]).expect(0, &["verified"]);
    let words = ["a backup of another store", "--other-store"];
    world.ctl(&["restore", &file, "--yes"]).expect(2, &words);
    assert_eq!(daemon.stop(), 0);
    offline(&world, &["restore", &file]).expect(64, &words);
    offline(&world, &["restore", &file, "--other-store"]).expect(0, &["restored"]);
    let _daemon = world.start();
    assert_eq!(world.contracts().len(), other.contracts().len());
}

/// A limit on the size of files is what a full disk looks like from inside, and needs no rights.
#[test]
fn a_disk_that_was_full_for_a_moment_is_told_and_gone_on_with() {
    let world = World::stories();
    world.configure("");
    let mut shell = Command::new("sh");
    shell.arg("-c").arg("trap '' XFSZ; exec \"$0\" --config \"$1\"");
    shell.arg(env!("CARGO_BIN_EXE_lmsyncd")).arg(world.config()).env("TZ", "UTC");
    let daemon = world.start_as(&mut shell);
    world.json(&["sync", ACME, "--all", "--yes"]);
    let limit = |limit: &str| {
        let mut prlimit = Command::new("prlimit");
        prlimit.arg("--pid").arg(daemon.pid().to_string()).arg(format!("--fsize={limit}:"));
        assert!(prlimit.status().expect("prlimit runs").success());
    };
    limit("512");
    let failed = world.ctl(&["contract", "set", ACME_LINE, "notes=no room"]);
    assert_eq!(failed.exit, 1, "{failed:?}");
    let told = world.json(&["status"])["daemon"]["store_failed"].to_string();
    assert!(told.contains("is read-only until its disk can be written again"), "{told}");
    world.ctl(&["check"]).expect(2, &["CRITICAL", "is read-only"]);

    limit("unlimited");
    world.wait_for("the store to take changes again", || {
        let set = world.ctl(&["contract", "set", ACME_LINE, "notes=room again"]);
        (set.exit == 0).then_some(())
    });
    let status = world.json(&["status"]);
    assert_eq!(status["daemon"]["pid"], daemon.pid(), "the same process goes on");
    assert!(status["daemon"]["store_failed"].is_null());
    assert_eq!(world.field(ACME_LINE, "notes")["value"], "room again");
}
