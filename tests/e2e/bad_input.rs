//! Bad input gets a clear error, and nothing is lost.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::process::Command;

use crate::support::{ACME, ACME_AGREEMENT, ACME_LINE, Told, World, lmsyncd};
use lmsyncd::demo::tenant::{Entity, Fault};
use serde_json::{Value, json};

fn refused_to_start(world: &World) -> Told {
    Told::of(&["lmsyncd"], lmsyncd(&world.config()).output().expect("lmsyncd runs"))
}

#[test]
fn a_mistyped_key_is_named_with_its_line_and_the_right_one() {
    let world = World::stories();
    world.configure("[sync]\nintervall = \"24h\"");
    refused_to_start(&world).expect(78, &["lmsyncd.toml", "intervall", "line 13", "interval"]);
    let mut check = lmsyncd(&world.config());
    let told = Told::of(&["check-config"], check.arg("check-config").output().expect("it runs"));
    told.expect(78, &["intervall"]);
    world.configure("");
    let mut check = lmsyncd(&world.config());
    let told = Told::of(&["check-config"], check.arg("check-config").output().expect("it runs"));
    told.expect(0, &["is usable"]);
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let world = World::stories();
    world.configure(
        "[sync]\nintervall = \"24h\"\nbatch-window = 5\n[metrics]\ntextfile = \
         \"/nonexistent/x.prom\"\n[notify]\ncommand = [\"/nonexistent/mail\"]",
    );
    std::fs::remove_file(world.path("secret")).expect("removed");
    let text = std::fs::read_to_string(world.config()).expect("a file");
    let ca = world.path("ca.pem");
    std::fs::write(&ca, "").expect("written");
    let text = text.replace("[store]", &format!("ca-file = {ca:?}\n[store]"));
    crate::support::write_private(&world.config(), &text);
    let mut check = lmsyncd(&world.config());
    let told = Told::of(&["check-config"], check.arg("check-config").output().expect("it runs"));
    let told = told.expect(78, &[]);
    let lines: Vec<&str> = told.err.lines().filter(|line| line.starts_with("lmsyncd: ")).collect();
    let words = [
        ["lmsyncd.toml", "intervall", "at line 14"],
        ["lmsyncd.toml", "batch-window", "at line 15"],
        ["the secret in", "secret", "cannot be read"],
        ["`ca-file` in [autotask]", "ca.pem", "is empty; it must hold certificates in PEM form"],
        ["`command` in [notify]", "/nonexistent/mail", "does not exist"],
        ["`textfile` in [metrics]", "/nonexistent", "does not exist"],
    ];
    assert_eq!(lines.len(), words.len(), "{told:#?}");
    for (line, words) in lines.iter().zip(words) {
        assert!(words.iter().all(|word| line.contains(word)), "{words:?}: {line}");
    }
    // A daemon that does not start names all that is in the file, too.
    refused_to_start(&world).expect(78, &["intervall", "batch-window"]);
}

#[test]
fn what_cannot_work_as_configured_is_refused_by_a_reload_and_told_by_doctor() {
    let (world, daemon) = World::ready("");
    for (more, words) in [
        ("[notify]\ncommand = [\"/nonexistent/mail\"]", "`command` in [notify]"),
        ("[metrics]\ntextfile = \"/nonexistent/x.prom\"", "`textfile` in [metrics]"),
    ] {
        world.configure(more);
        world.ctl(&["reload"]).expect(1, &[words, "does not exist"]);
    }
    // Who does not reload is told all the same, before the next start fails.
    for broken in ["[sync]\ninterval = \"1s\"", "nonsense", "[bogus]\nx = 1"] {
        world.configure(broken);
        world.ctl(&["doctor"]).expect(0, &["configuration: the next start would fail"]);
    }
    world.configure("");
    let told = world.ctl(&["doctor"]).expect(0, &[]);
    assert!(!told.out.contains("next start"), "{told:#?}");
    world.configure("[metrics]\ntextfile = \"/nonexistent/x.prom\"");
    assert_eq!(daemon.stop(), 0);
    // Contracts are imported all the same.
    let _daemon = world.start();
    let told = world.ctl(&["doctor"]);
    assert!(
        told.out.contains("`textfile` in [metrics]: the folder /nonexistent does"),
        "{told:#?}"
    );
}

#[test]
fn a_mistyped_level_of_the_log_is_named() {
    let world = World::stories();
    world.configure("");
    for wrong in ["debgu", "lmsyncd[run]=debug"] {
        let mut command = lmsyncd(&world.config());
        let output = command.env("LMSYNCD_LOG", wrong).output().expect("lmsyncd runs");
        let words = [&format!("`{wrong}` in LMSYNCD_LOG"), "error, warn, info, debug, trace"];
        Told::of(&["lmsyncd"], output).expect(78, &words);
    }
}

#[test]
fn a_secret_that_others_can_read_is_refused() {
    let world = World::stories();
    world.configure("");
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(world.path("secret"), open).expect("chmod");
    refused_to_start(&world).expect(78, &["secret", "chmod 600"]);
}

#[test]
fn a_second_daemon_on_the_same_store_is_refused() {
    let (world, _daemon) = World::ready("");
    refused_to_start(&world).expect(69, &["store", "hint:"]);
    world.ctl(&["version"]).expect(0, &[]);
}

#[test]
fn a_wrong_command_line_of_the_daemon_is_usage() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lmsyncd"));
    Told::of(&[], command.arg("--colour").output().expect("it runs")).expect(64, &["--colour"]);
}

#[test]
fn clients_that_are_not_there_or_not_clear() {
    let (world, _daemon) = World::ready("");
    world.ctl(&["pending", "Nobody Inc"]).expect(5, &["no client matches `Nobody Inc`", "hint:"]);
    world.ctl(&["pending", "Northwind"]).expect(5, &["Northwind Traders", "Northwind Logistics"]);
    world.ctl(&["status", "99999"]).expect(5, &[]);
}

#[test]
fn keys_that_are_not_there_or_another_clients() {
    let (world, _daemon) = World::ready("");
    world.ctl(&["sync", ACME, "S999999999"]).expect(5, &["S999999999", "hint:"]);
    world.ctl(&["sync", ACME, "55102"]).expect(2, &["55102", "A29683353"]);
    let other = world.json(&["pending", "Northwind Traders"]);
    let key = other["items"][0]["key"].as_str().expect("an item").to_owned();
    let told = world.ctl(&["sync", ACME, ACME_AGREEMENT, &key]).expect(5, &[&key, "belongs to"]);
    assert!(told.err.contains("hint: lmsyncctl sync"));
    world.ctl(&["contract", "show", "A1"]).expect(5, &["A1"]);
    world.ctl(&["run", "show", "77"]).expect(5, &["77"]);
    assert!(world.contracts().is_empty(), "a refused sync writes nothing");
}

#[test]
fn nothing_chosen_off_a_terminal_is_usage() {
    let (world, _daemon) = World::ready("");
    world.ctl(&["sync", ACME]).expect(2, &["--all", "hint:"]);
    world.ctl(&["sync", ACME, ACME_LINE, "--all", "--yes"]).expect(2, &[]);
}

#[test]
fn what_autotask_owns_is_not_edited_here() {
    let (world, _daemon) = World::ready("");
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    let before = world.contracts();
    let told = world.ctl(&["contract", "set", ACME_AGREEMENT, "status=inactive", "notes=x"]);
    told.expect(6, &["status", "Autotask", "29683353", "hint:"]);
    world.ctl(&["contract", "set", ACME_LINE, "colour=red"]).expect(2, &["colour"]);
    world.ctl(&["contract", "set", ACME_LINE, "impact=huge"]).expect(2, &["impact", "high"]);
    world.ctl(&["contract", "set", ACME_LINE, "notes"]).expect(2, &["FIELD=VALUE"]);
    assert_eq!(world.contracts(), before, "all of an edit or nothing");
}

#[test]
fn a_kind_that_cannot_be_imported_says_why() {
    let (world, _daemon) = World::ready("");
    world.tenant.set(Entity::Contracts, 29_683_353, "contractType", 99).expect("set");
    let pending = world.json(&["pending"]);
    let clients = pending["clients"].as_array().expect("clients");
    let acme = clients.iter().find(|client| client["id"] == 174).expect("it");
    assert_eq!(acme["unsupported"], 1);
    let items = world.json(&["pending", ACME, "--state", "unsupported"]);
    assert!(items["items"][0]["reason"].as_str().expect("why").contains("99"));
    world.ctl(&["sync", ACME, ACME_AGREEMENT]).expect(6, &["cannot be imported"]);
}

#[test]
fn a_daemon_that_does_not_run_is_said_to() {
    let world = World::stories();
    world.ctl(&["status"]).expect(3, &["hint:"]);
}

#[test]
fn nothing_that_is_typed_drives_the_terminal_of_who_reads_the_error() {
    let (world, _daemon) = World::ready("");
    let wild = "x\u{1b}[2J\u{202e}y\u{9b}\nz";
    for args in [
        &["status", wild][..],
        &["contract", "show", wild],
        &["contract", "set", ACME_LINE, &format!("{wild}=1")],
        &["run", "list", "--since", wild],
        &["--instance", wild, "status"],
        &["export", "json", "-o", wild, wild],
        &[wild],
    ] {
        for form in [&[][..], &["--json"]] {
            let told = world.ctl(&[args, form].concat());
            assert_ne!(told.exit, 0, "{told:?}");
            let text = format!("{}{}", told.out, told.err);
            let drives =
                |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
            assert!(!text.contains(drives), "{told:?}");
        }
    }
    for args in [&["--config", wild][..], &["check-config", wild], &["--nonsense", wild], &[wild]] {
        let output = Command::new(env!("CARGO_BIN_EXE_lmsyncd")).args(args).output();
        let told = Told::of(args, output.expect("lmsyncd runs"));
        assert!(told.exit != 0 && !told.err.contains(['\u{1b}', '\u{202e}', '\u{9b}']), "{told:?}");
    }
}

/// The numbers of nobody and of its group, of the group root, and of the group mail.
const NOBODY: u32 = 65534;
const ROOTS_GROUP: u32 = 0;
const MAIL: u32 = 8;

#[test]
fn each_role_may_do_what_is_its_own() {
    if !nix::unistd::Uid::effective().is_root() {
        return;
    }
    let world = World::stories();
    // No group is named, so that the socket belongs to the daemon's own.
    world.configure("operators = [\"root\"]\nobservers = [\"@mail\"]");
    let _daemon = world.start();
    world.json(&["sync", ACME, "--all", "--yes"]);
    let requests = || world.tenant.counters().total;

    let stranger = |args: &[&str]| world.ctl_as(NOBODY, NOBODY, args);
    let words = ["nobody may not use lmsyncd", "root, the group mail", "usermod -aG mail nobody"];
    for args in [&["status"][..], &["version"], &["contract", "list"]] {
        stranger(args).expect(4, &words);
    }
    stranger(&["check"]).expect(3, &["LMSYNCD UNKNOWN - nobody may not use lmsyncd"]);
    stranger(&["sync", ACME, "--all", "--dry-run"]).expect(4, &["may not use lmsyncd"]);

    let observer = |args: &[&str]| world.ctl_as(NOBODY, MAIL, args);
    let before = requests();
    for args in [
        &["status"][..],
        &["status", "acme"],
        &["check"],
        &["metrics"],
        &["version"],
        &["pending", ACME, "--cached"],
        &["contract", "show", ACME_AGREEMENT],
        &["run", "list", "acme"],
        &["held"],
        &["export", "json"],
    ] {
        observer(args).expect(0, &[]);
    }
    // Whom nobody knows is not looked up.
    observer(&["status", "zzz"]).expect(5, &["no client matches `zzz`"]);
    for args in [&["pending", ACME][..], &["doctor"], &["client", "list"], &["explain", ACME_LINE]]
    {
        observer(args).expect(4, &["may only look at what costs no request", "the group root"]);
    }
    observer(&["sync", ACME, "--all", "--yes"]).expect(4, &["may read but not change"]);
    observer(&["auto-sync", "on", ACME]).expect(4, &[]);
    assert_eq!(requests(), before, "none of it asked Autotask");

    let reader = |args: &[&str]| world.ctl_as(NOBODY, ROOTS_GROUP, args);
    reader(&["status"]).expect(0, &[]);
    reader(&["pending", ACME]).expect(0, &[]);
    assert!(requests() > before);
    let changes = ["may read but not change anything; changes need root", "hint: ask an operator"];
    reader(&["sync", ACME, "--all", "--yes"]).expect(4, &changes);
    reader(&["auto-sync", "on", ACME]).expect(4, &[]);
    reader(&["reload"]).expect(4, &[]);
    let file = std::env::temp_dir().join(format!("lmsyncd-stranger-{}", std::process::id()));
    reader(&["backup", file.to_str().expect("text")]).expect(4, &[]);
    assert!(!file.exists(), "no half of a backup");
    reader(&["restore", "/etc/passwd", "--yes"]).expect(4, &[]);
    assert_eq!(world.json(&["run", "list"])["runs"].as_array().map(Vec::len), Some(1));

    // Who is removed from the list is refused at the next call.
    world.configure("operators = [\"root\"]\nobservers = []");
    world.ctl(&["reload"]).expect(0, &["control.observers"]);
    observer(&["status"]).expect(4, &["may not use lmsyncd"]);
}

/// Starts a daemon with these credentials and tells what a sync says.
fn sync_as(world: &World, username: &str, secret: &str, code: &str) -> Told {
    world.configure_as(username, secret, code, "");
    let _daemon = world.start();
    world.ctl(&["sync", ACME, "--all", "--yes"])
}

#[test]
fn each_way_in_which_autotask_refuses_has_its_own_message() {
    let world = World::stories();
    let good = world.tenant.credentials();
    let mut messages = Vec::new();
    let mut note = |told: Told| {
        let told = told.expect(7, &["hint:"]);
        messages.push(told.err.lines().next().unwrap_or_default().to_owned());
    };
    note(sync_as(&world, &good.username, "wrong", &good.integration_code));
    note(sync_as(&world, "nobody@MSP.EXAMPLE", &good.secret, &good.integration_code));
    world.tenant.faults().set(Fault::WrongCode500);
    note(sync_as(&world, &good.username, &good.secret, "WRONG"));
    world.tenant.faults().clear();
    world.tenant.faults().set(Fault::NoPermission);
    note(sync_as(&world, &good.username, &good.secret, &good.integration_code));
    world.tenant.faults().clear();
    world.configure("");
    let config = std::fs::read_to_string(world.config()).expect("it");
    std::fs::write(
        world.config(),
        config.replace(&world.url, "http://127.0.0.1:9/ATServicesRest/"),
    )
    .expect("written");
    {
        std::fs::remove_dir_all(world.path("store")).expect("the zone is forgotten");
        let _daemon = world.start();
        note(world.ctl(&["sync", ACME, "--all", "--yes"]));
    }
    let count = messages.len();
    messages.sort();
    messages.dedup();
    assert_eq!(messages.len(), count, "each its own: {messages:#?}");
}

/// Sends bytes on a new connection and gives what comes back until the daemon closes it or sends
/// a reply.
fn exchange(world: &World, bytes: &[u8]) -> Vec<u8> {
    let mut stream = UnixStream::connect(world.socket()).expect("connects");
    stream.set_read_timeout(Some(crate::support::PATIENCE)).expect("a limit");
    // The daemon may close the connection before all of it is sent.
    let _ = stream.write_all(bytes);
    let mut reply = Vec::new();
    let mut byte = [0];
    while matches!(stream.read(&mut byte), Ok(1)) && byte[0] != 0 {
        reply.push(byte[0]);
    }
    reply
}

fn call(world: &World, call: &Value) -> Value {
    let mut bytes = call.to_string().into_bytes();
    bytes.push(0);
    serde_json::from_slice(&exchange(world, &bytes)).expect("a reply")
}

#[test]
fn a_peer_that_talks_nonsense_does_not_disturb_the_daemon() {
    let (world, _daemon) = World::ready("");
    for no_call in [&b"not json\0"[..], b"{\"method\":5}\0", b"\0", &vec![b'x'; 3 << 20]] {
        let told: Value = serde_json::from_slice(&exchange(&world, no_call)).expect("a reply");
        assert_eq!(told["error"], "org.lmsyncd.Daemon.InvalidArgument", "{told}");
        let message = told["parameters"]["message"].as_str().expect("a message");
        assert!(message.starts_with("what was sent is not a call: "), "{message}");
    }
    let method = call(&world, &json!({"method": "org.lmsyncd.Sync.Fly"}));
    assert_eq!(method["error"], "org.varlink.service.MethodNotFound");
    assert_eq!(method["parameters"], json!({"method": "org.lmsyncd.Sync.Fly"}));
    let interface = call(&world, &json!({"method": "com.example.Fly"}));
    assert_eq!(interface["error"], "org.varlink.service.InterfaceNotFound");
    let parameter =
        call(&world, &json!({"method": "org.lmsyncd.Sync.Pending", "parameters": {"clint": "0"}}));
    assert_eq!(parameter["error"], "org.varlink.service.InvalidParameter");
    assert_eq!(parameter["parameters"], json!({"parameter": "clint"}));
    let more = call(&world, &json!({"method": "org.lmsyncd.Daemon.Watch"}));
    assert_eq!(more, json!({"error": "org.varlink.service.ExpectedMore"}));
    let info = call(&world, &json!({"method": "org.varlink.service.GetInfo"}));
    assert_eq!(info["parameters"]["product"], "lmsyncd");
    for interface in info["parameters"]["interfaces"].as_array().expect("names") {
        let described = call(
            &world,
            &json!({"method": "org.varlink.service.GetInterfaceDescription",
                "parameters": {"interface": interface}}),
        );
        let text = described["parameters"]["description"].as_str().expect("a description");
        assert!(text.contains(&format!("interface {}", interface.as_str().expect("text"))));
    }
    for (interface, method) in [("Sync", "Pending"), ("Contracts", "List"), ("Daemon", "Status")] {
        let method = format!("org.lmsyncd.{interface}.{method}");
        let refused = call(&world, &json!({"method": method, "parameters": {"client": "x"}}));
        assert_eq!(refused["error"], format!("org.lmsyncd.{interface}.NoSuchClient"));
    }
    world.ctl(&["version"]).expect(0, &[]);
}

#[test]
fn a_text_that_is_too_long_is_refused_with_what_it_is() {
    let (world, _daemon) = World::ready("");
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    let long = "x".repeat(9_000);
    let told = |args: &[&str], what: &str| {
        let told = world.ctl(args);
        told.expect(2, &[what, "takes at most 8,192 bytes, and this has 9,000"]);
    };
    told(&["contract", "set", ACME_AGREEMENT, &format!("notes={long}")], "`notes`");
    told(&["contract", "add", ACME, &long], "the name of a contract");
    told(&["ignore", ACME_LINE, "--reason", &long], "a reason");
}
