//! Backup and restore with the real binaries.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;

use crate::support::{ACME, ACME_LINE, Daemon, World};
use nix::sys::signal::Signal;
use serde_json::Value;

/// Contracts, what happened to one, and the runs.
fn all(world: &World) -> [Value; 3] {
    let mut contracts = world.json(&["contract", "list"]);
    for contract in contracts["contracts"].as_array_mut().expect("a list") {
        // It is made of the zone, which is known only after the next request to Autotask.
        contract["link"] = Value::Null;
    }
    [contracts, world.json(&["contract", "history", ACME_LINE]), world.json(&["run", "list"])]
}

/// Waits until the daemon has opened what was restored.
fn opened_anew(world: &World, daemon: &Daemon) {
    world.wait_for("the daemon to open everything anew", || {
        let told = world.ctl(&["status", "--json"]);
        let status: Value = serde_json::from_str(&told.out).ok()?;
        assert_eq!(status["daemon"]["pid"], daemon.pid(), "the same process goes on");
        let remarks = status["daemon"]["store_remarks"].to_string();
        remarks.contains("a backup was restored").then_some(())
    });
}

fn path_text(world: &World, name: &str) -> String {
    world.path(name).to_str().expect("text").to_owned()
}

#[test]
fn a_backup_made_while_a_sync_runs_brings_everything_back() {
    let world = World::stories();
    world.configure("");
    let daemon = world.start();
    world.json(&["sync", ACME, "--all", "--yes"]);
    world.ctl(&["contract", "set", ACME_LINE, "notes=Büro, 3. Stock \u{1f600}"]).expect(0, &[]);
    let (file, before) = (path_text(&world, "backup.jsonl"), all(&world));

    world.tenant.faults().set("slow@200".parse::<lmsyncd::demo::tenant::FaultRule>().expect("one"));
    let mut sync =
        world.ctl_command(&["sync", "175", "--all", "--quiet", "--yes"]).spawn().expect("starts");
    world.wait_for("the run", || {
        let clients = world.json(&["status"])["clients"].clone();
        let running = |client: &Value| client["running"].is_string();
        clients.as_array().expect("clients").iter().any(running).then_some(())
    });
    world.ctl(&["backup", &file]).expect(0, &["verified"]);
    assert!(sync.try_wait().expect("a status").is_none(), "the sync was under way all the time");
    assert!(sync.wait().expect("it ends").success());
    world.tenant.faults().clear();
    let mode = fs::metadata(&file).expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    for line in fs::read_to_string(&file).expect("text").lines() {
        serde_json::from_str::<Value>(line).expect("each line is JSON");
    }

    world.ctl(&["contract", "set", ACME_LINE, "notes=changed since"]).expect(0, &[]);
    let since = all(&world);
    assert_ne!(since, before);
    world.ctl(&["restore", &file]).expect(2, &["--yes"]);
    world.ctl(&["restore", &file, "--yes"]).expect(0, &["the previous store is kept"]);
    let spent = |world: &World| world.json(&["status"])["api"]["requests_last_hour"].as_i64();
    opened_anew(&world, &daemon);
    assert_eq!(all(&world), before);
    assert!(spent(&world) > Some(10), "what was spent is spent");

    // What was replaced is a store, and it goes both ways.
    assert_eq!(daemon.stop(), 0);
    let kept = fs::read_dir(world.path("store")).expect("a folder").find_map(|entry| {
        let path = entry.expect("an entry").path();
        path.to_string_lossy().contains("store.replaced-").then_some(path)
    });
    let aside = world.path("aside");
    fs::create_dir(&aside).expect("made");
    for part in ["store.json", "ledger", "index"] {
        fs::rename(world.path("store").join(part), aside.join(part)).expect("moved");
        let kept = kept.as_ref().expect("what was there before").join(part);
        fs::rename(kept, world.path("store").join(part)).expect("moved");
    }
    let _daemon = world.start();
    assert_eq!(all(&world), since);
}

#[test]
fn a_damaged_backup_and_a_kill_in_mid_restore_lose_nothing() {
    let world = World::stories();
    world.configure("");
    let daemon = world.start();
    world.json(&["sync", ACME, "--all", "--yes"]);
    let file = path_text(&world, "backup.jsonl");
    world.ctl(&["backup", &file]).expect(0, &[]);
    world.ctl(&["contract", "set", ACME_LINE, "notes=since"]).expect(0, &[]);
    let before = all(&world);

    let good = fs::read_to_string(&file).expect("text");
    let bad = path_text(&world, "bad.jsonl");
    for text in [&good[..good.len() / 2], &good.replacen("Acme", "Acne", 1), "", "{}\n"] {
        fs::write(&bad, text).expect("written");
        world
            .ctl(&["restore", &bad, "--yes"])
            .expect(2, &["not a complete backup", "nothing was changed"]);
        assert_eq!(all(&world), before);
    }
    world.ctl(&["backup", "verify", &file]).expect(0, &["commit as of", "whole"]);
    for text in [&good[..good.len() - 9], &good.replacen("Acme", "Acne", 1)] {
        fs::write(&bad, text).expect("written");
        world.ctl(&["backup", "verify", &bad]).expect(1, &["bad.jsonl"]);
    }
    world.ctl(&["backup", "verify", &path_text(&world, "secret")]).expect(1, &["not a backup"]);
    world.ctl(&["restore", &path_text(&world, "none"), "--yes"]).expect(1, &["none"]);
    world.ctl(&["backup", "/nowhere/at/all"]).expect(1, &["/nowhere/at/all"]);

    // Killed before, while, or after the restored store is put in place: it is the one or the other.
    let mut restore = world.ctl_command(&["restore", &file, "--yes"]).spawn().expect("starts");
    daemon.signal(Signal::SIGKILL);
    let _ = restore.wait();
    daemon.end();
    let _daemon = world.start();
    let after = all(&world);
    let notes = |all: &[Value; 3]| all[1]["entries"].as_array().map(Vec::len);
    assert!(after == before || notes(&after) < notes(&before), "{after:?}");
    world.ctl(&["restore", &file, "--yes"]).expect(0, &[]);
}

#[test]
fn a_file_that_is_no_backup_of_this_store_is_not_replaced_without_a_word() {
    let (world, _daemon) = World::ready("");
    let (other, _others) = World::ready("");
    let (own, notes) = (path_text(&world, "own.jsonl"), path_text(&world, "notes"));
    world.ctl(&["backup", &own]).expect(0, &["verified"]);
    world.ctl(&["backup", &own]).expect(0, &["verified"]);
    let before = fs::read(&own).expect("a file");
    other
        .ctl(&["backup", &own])
        .expect(2, &["is a backup of another store", "hint: choose another name", "--yes"]);
    assert_eq!(fs::read(&own).expect("a file"), before);
    // What programs find there stays what it is, whoever says yes.
    let pipe = path_text(&world, "pipe");
    nix::unistd::mkfifo(Path::new(&pipe), nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
    world.ctl(&["backup", &pipe, "--yes"]).expect(2, &["is no file"]);
    assert!(!fs::metadata(&pipe).expect("it is there").is_file());
    fs::write(&notes, "mine\n").expect("written");
    world.ctl(&["backup", &notes]).expect(2, &["is not a backup"]);
    assert_eq!(fs::read_to_string(&notes).expect("text"), "mine\n");
    world.ctl(&["backup", &notes, "--yes"]).expect(0, &["verified"]);
    other.ctl(&["backup", &own, "--yes"]).expect(0, &["verified"]);
    assert_ne!(fs::read(&own).expect("a file"), before);
}

/// Two that send to the same place would both fail in the end.
#[test]
fn a_second_restore_is_told_of_the_first() {
    let world = World::stories();
    world.configure("");
    let daemon = world.start();
    world.json(&["sync", ACME, "--all", "--yes"]);
    let (file, before) = (path_text(&world, "backup.jsonl"), all(&world));
    world.ctl(&["backup", &file]).expect(0, &[]);
    world.ctl(&["contract", "set", ACME_LINE, "notes=since"]).expect(0, &[]);

    let mut socket = UnixStream::connect(world.socket()).expect("connected");
    let mut send = |offset: usize, last: bool| {
        let call = serde_json::json!({
            "method": "org.lmsyncd.Daemon.Restore",
            "parameters": {"offset": offset, "text": "x", "last": last},
        });
        socket.write_all(format!("{call}\0").as_bytes()).expect("sent");
        let mut reply = Vec::new();
        BufReader::new(&socket).read_until(0, &mut reply).expect("answered");
        String::from_utf8(reply).expect("text")
    };
    assert!(send(0, false).contains("received"), "it is begun");
    let own = format!("process {} is restoring a backup", std::process::id());
    world.ctl(&["restore", &file, "--yes"]).expect(9, &[&own]);
    assert!(send(1, true).contains("error"), "no backup");
    world.ctl(&["restore", &file, "--yes"]).expect(0, &["the previous store is kept"]);
    opened_anew(&world, &daemon);
    assert_eq!(all(&world), before);
}
