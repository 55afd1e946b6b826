//! Who may call what: every method, called by everybody, against the table in docs/operating.md; and
//! what the audit trail then has.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{ACME, ACME_LINE, PATIENCE, World, is_root, lmsyncd};

/// The daemon's user and group in this test, so that root is not the daemon's own user.
const DAEMON: u32 = 2;
/// An operator, by the name of its user; an observer, by its group; a member of the socket's group; a
/// stranger.
const OPERATOR: (u32, u32) = (1, 65534);
const OBSERVER: (u32, u32) = (65534, 8);
const MEMBER: (u32, u32) = (65534, DAEMON);
const STRANGER: (u32, u32) = (65534, 65534);
const ROOT: (u32, u32) = (0, 0);

/// What some methods are called with that need less, or more, than they need without.
const VARIANTS: [(&str, &str); 7] = [
    ("Contracts.Relink", "apply"),
    ("Daemon.PruneHistory", "dry_run"),
    ("Sync.AcceptHeld", "dry_run"),
    ("Sync.ListClients", "cached"),
    ("Sync.Pending", "cached"),
    ("Sync.RevertRun", "dry_run"),
    ("Sync.Sync", "dry_run"),
];

fn exchange(stream: &mut BufReader<UnixStream>, call: &Value) -> Value {
    stream.get_mut().write_all(format!("{call}\0").as_bytes()).expect("sent");
    let mut frame = Vec::new();
    stream.read_until(0, &mut frame).expect("a reply");
    assert_eq!(frame.pop(), Some(0), "every call gets a reply: {call}");
    serde_json::from_slice(&frame).expect("JSON")
}

fn connect(socket: &Path) -> BufReader<UnixStream> {
    let stream = UnixStream::connect(socket).expect("connects");
    stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
    BufReader::new(stream)
}

#[test]
#[ignore = "runs as another user, for the test beside it"]
fn calling() {
    let given = |name: &str| std::env::var(name).expect("what it is called with");
    let calls: Vec<Value> = serde_json::from_str(&given("CALLS")).expect("calls");
    for call in calls {
        // A stranger is disconnected after each.
        let reply = exchange(&mut connect(Path::new(&given("OTHERS_SOCKET"))), &call);
        writeln!(std::io::stdout(), "reply {}", reply["error"]).expect("it is told");
    }
}

/// Whether each call is permitted, for this user and group.
fn permitted(world: &World, (uid, gid): (u32, u32), calls: &[Value]) -> Vec<bool> {
    let mut command = world.test_as(uid, gid, "access::calling");
    command.env("CALLS", Value::from(calls.to_vec()).to_string()).stdin(Stdio::null());
    let output = command.output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = text.lines().filter_map(|line| Some(line.split_once("reply ")?.1));
    let permitted: Vec<bool> = errors
        .map(|error| !error.contains("NotPermitted") && !error.contains("PermissionDenied"))
        .collect();
    assert_eq!(permitted.len(), calls.len(), "{text}");
    permitted
}

/// Every method of lmsyncd's interfaces, as the daemon describes them, and those of [`VARIANTS`].
fn methods(world: &World) -> Vec<(String, Value)> {
    let mut stream = connect(&world.socket());
    let mut methods = Vec::new();
    for interface in ["Contracts", "Daemon", "Sync"] {
        let described = exchange(
            &mut stream,
            &json!({"method": "org.varlink.service.GetInterfaceDescription",
                "parameters": {"interface": format!("org.lmsyncd.{interface}")}}),
        );
        let text = described["parameters"]["description"].as_str().expect("a text").to_owned();
        let names = text.lines().filter_map(|line| line.strip_prefix("method "));
        let mut names: Vec<String> = names
            .filter_map(|line| Some(format!("{interface}.{}", line.split('(').next()?)))
            .collect();
        names.sort();
        for name in names {
            methods.push((name.clone(), json!({})));
            let of_it = VARIANTS.iter().filter(|(method, _)| *method == name);
            methods.extend(of_it.map(|(_, with)| (name.clone(), json!({ *with: true }))));
        }
    }
    methods
}

/// A daemon that runs as a user of its own, who is not root.
fn as_its_own_user(world: &World) -> crate::support::Daemon {
    world.configure("operators = [\"daemon\"]\nobservers = [\"@mail\"]");
    for name in ["lmsyncd.toml", "secret"] {
        chown(world.path(name), Some(DAEMON), Some(DAEMON)).expect("chown");
    }
    chown(world.folder.path(), Some(DAEMON), Some(DAEMON)).expect("chown");
    let program = world.copy_of(Path::new(env!("CARGO_BIN_EXE_lmsyncd")), "lmsyncd");
    let mut command = std::process::Command::new(program);
    let mode = std::fs::Permissions::from_mode(0o777);
    let daemon = world.start_as(
        command
            .arg("--config")
            .arg(world.config())
            .env_remove("CREDENTIALS_DIRECTORY")
            .env_remove("JOURNAL_STREAM")
            .env("TZ", "UTC")
            .stdin(Stdio::null())
            .uid(DAEMON)
            .gid(DAEMON),
    );
    std::fs::set_permissions(world.folder.path(), mode).expect("chmod");
    daemon
}

#[test]
fn every_method_is_for_whom_the_page_says() {
    if !is_root() {
        return;
    }
    let world = World::stories();
    let daemon = as_its_own_user(&world);
    // No core dump holds the secret: what of a process is not dumpable belongs to root (proc(5)).
    let environment = std::fs::metadata(format!("/proc/{}/environ", daemon.pid())).expect("it");
    assert_eq!(environment.uid(), 0);
    let methods = methods(&world);
    let calls: Vec<Value> = methods
        .iter()
        .map(|(name, with)| json!({"method": format!("org.lmsyncd.{name}"), "parameters": with}))
        .collect();
    let everybody = [ROOT, OPERATOR, MEMBER, OBSERVER, STRANGER];
    let columns = everybody.map(|who| permitted(&world, who, &calls));
    let mut table = vec![
        "| method | root | operators | members | observers | strangers |".to_owned(),
        "|---|---|---|---|---|---|".to_owned(),
    ];
    for (place, (name, with)) in methods.iter().enumerate() {
        let with = with.as_object().expect("parameters").keys().next();
        let with = with.map_or_else(String::new, |with| format!(" with `{with}`"));
        let row: Vec<&str> =
            columns.iter().map(|column| if column[place] { "yes" } else { "" }).collect();
        table.push(format!("| `{name}`{with} | {} |", row.join(" | ")).replace("  ", " "));
    }
    let table = table.join("\n");
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operating.md");
    let text = std::fs::read_to_string(&page).expect("the page");
    let (before, rest) = text.split_once("| method | root |").expect("a table");
    let after = rest.split_once("\n\n").expect("its end").1;
    let right = format!("{before}{table}\n\n{after}");
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(&page, &right).expect("it is written");
    } else {
        assert_eq!(text, right, "INSTA_UPDATE=always writes the table");
    }
}

#[test]
fn each_act_is_in_the_audit_trail_and_in_the_journal() {
    let (world, daemon) = World::ready("");
    world.json(&["sync", ACME, "--all", "--yes"]);
    world.ctl(&["contract", "set", ACME_LINE, "notes=call\u{202e}first"]).expect(0, &[]);
    world.ctl(&["auto-sync", "on", ACME]).expect(0, &[]);
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(6, &[]);
    world.ctl(&["pause"]).expect(0, &[]);
    world.ctl(&["ignore", ACME_LINE]).expect(0, &[]);
    world.ctl(&["reload"]).expect(0, &[]);
    let file = world.path("backup.jsonl");
    let file = file.to_str().expect("text");
    world.ctl(&["backup", file]).expect(0, &[]);
    world.ctl(&["history", "prune", "--yes"]).expect(0, &[]);
    // What only looks is none.
    world.ctl(&["history", "prune", "--dry-run"]).expect(0, &[]);
    world.ctl(&["contract", "list"]).expect(0, &[]);
    world.ctl(&["restore", file, "--yes"]).expect(0, &[]);
    let acts = || world.json(&["audit-log"])["acts"].as_array().expect("a list").clone();
    let told = |acts: &[Value]| -> Vec<String> {
        let one = |act: &Value| format!("{} {}", act["method"], act["result"]).replace('"', "");
        acts.iter().rev().map(one).collect()
    };
    let wanted = [
        "Sync.Sync ok",
        "Contracts.Set ok",
        "Sync.SetAutoSync ok",
        "Sync.Sync AutoSyncEnabled",
        "Sync.Pause ok",
        "Sync.Ignore ok",
        "Daemon.Reload ok",
        "Daemon.Backup ok",
        "Daemon.PruneHistory ok",
        "Daemon.Restore ok",
    ];
    // It outlives the store that was there before the restore, and the daemon.
    let all = world.wait_for("the end of the restore", || {
        let told = world.ctl(&["audit-log", "--json"]);
        let reply: Value = serde_json::from_str(&told.out).ok()?;
        let acts = reply["acts"].as_array()?.clone();
        acts[0]["result"].is_string().then_some(acts)
    });
    assert_eq!(told(&all), wanted);
    let set = &all[8];
    assert_eq!(set["what"], format!("fields=notes key={ACME_LINE}"), "without the value");
    assert_eq!(set["uid"], nix::unistd::Uid::effective().as_raw());
    assert!(set["pid"].is_i64() && set["user"].is_string(), "{set}");
    daemon.signal(nix::sys::signal::Signal::SIGHUP);
    world.wait_for("the reload", || {
        told(&acts()).last().is_some_and(|last| last == "Daemon.Reload ok").then_some(())
    });
    assert_eq!(daemon.stop(), 0);
    let _daemon = world.start_as(lmsyncd(&world.config()).env("LMSYNCD_LOG", "info"));
    assert_eq!(acts().len(), wanted.len() + 1);
    let log = std::fs::read_to_string(world.path("daemon.log")).expect("a log");
    for act in wanted {
        let (method, result) = act.split_once(' ').expect("two words");
        let line = log.lines().find(|line| line.contains(&format!("called {method}")));
        assert!(line.is_some(), "{method} is not in the log");
        assert!(log.contains(&format!(": {result}")));
    }
    assert!(!log.contains('\u{202e}'), "nothing of a value drives the log");
}
