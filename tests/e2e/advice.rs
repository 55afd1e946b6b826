//! What a person is told to do names the daemon that was asked, through the real binaries: by the
//! way in which lmsyncctl was called, by the instance, and by where the secret comes from.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::support::{ACME, ACME_LINE, World};
use serde_json::{Value, json};

/// Asks with these arguments of a daemon that nothing but `--socket` names.
fn by_socket(world: &World, args: &[&str]) -> crate::support::Told {
    let socket = world.socket().display().to_string();
    let args = [&["--socket", &socket], args].concat();
    let mut command = world.ctl_command(&args);
    let output = command.env_remove("LMSYNCD_SOCKET").output().expect("lmsyncctl runs");
    crate::support::Told::of(&args, output)
}

#[test]
fn a_hint_is_typed_as_the_command_was() {
    let (world, _daemon) = World::ready("");
    world.ctl(&["auto-sync", "on", ACME]).expect(0, &[]);
    let told = world.ctl(&["sync", ACME, "--all", "--yes"]).expect(6, &[]);
    assert!(told.err.ends_with(": lmsyncctl auto-sync off 174\n"), "{told:#?}");
    let socket = world.socket().display().to_string();
    let told = by_socket(&world, &["sync", ACME, "--all", "--yes"]).expect(6, &[]);
    let hint = format!("lmsyncctl --socket {socket} auto-sync off 174\n");
    assert!(told.err.ends_with(&hint), "{told:#?}");

    let program = format!("lmsyncctl --socket {socket}");
    by_socket(&world, &["contract", "show", "S1"])
        .expect(5, &[&format!("{program} contract list")]);
    by_socket(&world, &["held", "show", "99"]).expect(5, &[&format!("hint: {program} ")]);
    by_socket(&world, &["pause"]).expect(0, &[]);
    by_socket(&world, &["doctor"]).expect(0, &[&format!("fix: {program} resume")]);
    by_socket(&world, &["ignore", ACME_LINE]).expect(0, &[]);
    by_socket(&world, &["explain", ACME_LINE]).expect(0, &[&format!("{program} unignore S55102")]);
}

/// What the command line itself lacks is hinted at like everything else, with the daemon named
/// once.
#[test]
fn a_usage_hint_names_the_daemon_once() {
    let world = World::stories();
    fs::write(world.path("backup"), "").expect("written");
    let backup = world.path("backup").display().to_string();
    for args in [
        &["sync", ACME][..],
        &["plan", ACME],
        &["export", "csv", "--json"],
        &["restore", &backup],
        &["contract", "set", "S55102", "notes"],
    ] {
        let args = [&["--instance", "north"], args].concat();
        let told = world.ctl(&args).expect(2, &["lmsyncctl --instance north "]);
        for command in told.err.split('`').skip(1).step_by(2).filter(|c| c.starts_with("lmsyncctl"))
        {
            assert_eq!(command.matches("--instance north").count(), 1, "{told:#?}");
        }
    }
}

#[test]
fn as_json_an_error_is_an_object_with_advice() {
    let (world, _daemon) = World::ready("");
    world.ctl(&["auto-sync", "on", ACME]).expect(0, &[]);
    let told = world.ctl(&["--json", "sync", ACME, "--all", "--yes"]).expect(6, &[]);
    assert_eq!(told.out, "");
    let error: Value = serde_json::from_str(&told.err).expect("one object");
    assert_eq!(error["code"], "AutoSyncEnabled");
    assert_eq!(error["advice"], json!({ "code": "auto_sync_off", "client_id": 174 }));
    assert!(error["message"].as_str().is_some_and(|text| !text.contains("lmsyncctl")), "{error}");
    let usage = world.ctl(&["--json", "contract", "set", "S55102", "notes"]).expect(2, &[]);
    let error: Value = serde_json::from_str(&usage.err).expect("one object");
    assert_eq!((&error["code"], &error["advice"]), (&json!("Usage"), &Value::Null), "{error}");
}

/// A secret in a file is taken over by a reload, a credential of systemd by a restart only.
#[test]
fn refused_credentials_are_replaced_where_they_come_from() {
    let (world, daemon) = World::ready("");
    world.ctl(&["auto-sync", "on", ACME]).expect(0, &[]);
    drop(daemon);
    let good = world.tenant.credentials();
    world.configure_as(&good.username, "wrong", &good.integration_code, "");
    let first = |world: &World| world.ctl(&["pending", ACME]).expect(7, &[]).err;
    {
        let _daemon = world.start();
        let told = first(&world);
        assert!(
            told.contains("put the secret into the secret-file, then lmsyncctl reload"),
            "{told}"
        );
        let why = "credentials refused: lmsyncctl reload when they are fixed";
        world.ctl(&["status", ACME]).expect(0, &[why]);
    }
    let credentials = world.path("credentials");
    fs::create_dir(&credentials).expect("a folder");
    let secret = credentials.join("autotask-secret");
    fs::write(&secret, "wrong again").expect("written");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).expect("for its owner");
    let mut command: Command = crate::support::lmsyncd(&world.config());
    command.env("TZ", "UTC").env("CREDENTIALS_DIRECTORY", &credentials);
    let _daemon = world.start_as(&mut command);
    let told = first(&world);
    assert!(
        told.contains("the systemd credential autotask-secret, then restart the daemon"),
        "{told}"
    );
    let why = "credentials refused: restart the daemon when they are fixed";
    world.ctl(&["status", ACME]).expect(0, &[why]);
}

#[test]
fn a_configuration_is_named_by_its_path() {
    let world = World::stories();
    world.configure("");
    let _daemon = world.start();
    fs::write(world.config(), "version = 1\n[autotask]\n").expect("written");
    let told = world.ctl(&["reload"]).expect(1, &[]);
    assert!(told.err.contains("Username (Key)"), "{told:#?}");
    let missing = world.path("nowhere.toml");
    let output = crate::support::lmsyncd(&missing).arg("check-config").output().expect("it runs");
    let told = String::from_utf8(output.stderr).expect("text");
    assert!(told.contains(&format!("to {} and fill in", missing.display())), "{told}");
}
