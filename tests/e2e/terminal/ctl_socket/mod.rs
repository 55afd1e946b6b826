//! The real lmsyncctl against a scripted daemon: what it asks, what it prints, how it exits.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use assert_cmd::Command;
use serde_json::{Value, json};

mod book;
mod book_cases;
mod book_tests;
mod cases;
mod every_command;
mod held_cases;
mod replies;

mod terminal;

use crate::support::scripted::{Answer, Server, error, message, reply, serve};
use cases::cases;

const LMSYNCCTL: &str = env!("CARGO_BIN_EXE_lmsyncctl");

/// What came of a command.
struct Outcome {
    status: i32,
    stdout: String,
    stderr: String,
}

fn command(server: &Server) -> Command {
    let mut command = Command::new(LMSYNCCTL);
    for name in ["NO_COLOR", "LC_ALL", "LC_CTYPE", "LANG"] {
        command.env_remove(name);
    }
    command.env("LC_ALL", "C.UTF-8");
    command.env("TZ", "UTC").env("LMSYNCD_SOCKET", &server.socket);
    command
}

fn outcome(command: &mut Command) -> Outcome {
    let output = command.output().expect("runs");
    Outcome {
        status: output.status.code().expect("ends by itself"),
        stdout: String::from_utf8(output.stdout).expect("text"),
        stderr: String::from_utf8(output.stderr).expect("text"),
    }
}

/// Runs lmsyncctl against a daemon that gives one answer.
fn ask(answer: Answer, args: &[&str]) -> (Outcome, Value) {
    let server = serve(vec![answer]);
    let outcome = outcome(command(&server).args(args));
    (outcome, server.calls.try_recv().unwrap_or(Value::Null))
}

/// Runs lmsyncctl where it should not ask anything.
fn refuse(args: &[&str]) -> Outcome {
    let server = serve(Vec::new());
    let outcome = outcome(command(&server).args(args));
    assert_eq!(outcome.stdout, "", "{args:?}");
    outcome
}

/// What a command says of a failure of this name with a message and a hint of an earlier daemon.
fn went_wrong(name: &str, json: bool) -> String {
    if !json {
        return "error: it went wrong\nhint: try that\n".to_owned();
    }
    let code = name.rsplit('.').next().unwrap_or_default();
    let (text, message) = ("try that", "it went wrong");
    let advice = json!({ "code": "said", "text": text });
    format!("{}\n", json!({ "code": code, "message": message, "hint": text, "advice": advice }))
}

#[test]
fn every_command_asks_and_tells() {
    for case in cases() {
        let (outcome, call) = ask(reply(&case.reply), case.args);
        assert_eq!(outcome.stderr, "", "{:?}", case.args);
        assert_eq!(outcome.status, 0, "{:?}", case.args);
        assert_eq!(call["method"], format!("org.lmsyncd.{}", case.method), "{:?}", case.args);
        assert_eq!(call["parameters"], case.parameters, "{:?}", case.args);
        // Nobody sees progress; these come in pieces.
        let in_pieces = ["Contracts.List", "Contracts.Export"].contains(&case.method);
        assert_eq!(call["more"] == true, in_pieces, "{:?}", case.args);
        for words in case.says {
            assert!(outcome.stdout.contains(words), "{:?}: {words}\n{}", case.args, outcome.stdout);
        }
        let tame = |c: char| c == '\n' || !c.is_control();
        assert!(outcome.stdout.chars().all(tame), "no colours in a pipe: {:?}", outcome.stdout);
    }
}

#[test]
fn pieces_are_put_together_and_so_is_what_comes_at_once() {
    let whole = book::exported();
    let all = whole["contracts"].as_array().expect("a list");
    let progress = json!({ "doing": "exporting", "pages": 0, "rows": 0, "compared": null });
    let piece = |one: &Value| {
        let parameters = json!({ "contracts": [one], "progress": progress });
        message(&json!({ "parameters": parameters, "continues": true }))
    };
    let in_pieces = [piece(&all[0]), piece(&all[1]), message(&json!({ "parameters": {} }))];
    // A daemon of an earlier release tells how far it is, and then everything.
    let progress = json!({ "contracts": [], "progress": progress });
    let at_once = [
        message(&json!({ "parameters": progress, "continues": true })),
        message(&json!({ "parameters": whole })),
    ];
    for bytes in [in_pieces.concat(), at_once.concat()] {
        let (outcome, _) = ask(Answer::Bytes(bytes), &["export", "json", "--json"]);
        assert_eq!((outcome.status, outcome.stderr.as_str()), (0, ""));
        assert_eq!(serde_json::from_str::<Value>(&outcome.stdout).expect("JSON"), whole);
    }
}

#[test]
fn without_utf8_nothing_that_the_program_draws_is_beyond_ascii() {
    let ascii = |answer: Answer, args: &[&str]| {
        let server = serve(vec![answer]);
        outcome(command(&server).env("LC_ALL", "C").args(args))
    };
    for case in cases() {
        // Names stay as they are, whatever is in them.
        let from_outside: String = case.reply.to_string();
        let outcome = ascii(reply(&case.reply), case.args);
        let drawn = |c: &char| !c.is_ascii() && !from_outside.contains(*c);
        let drawn: String = outcome.stdout.chars().filter(drawn).collect();
        assert_eq!(drawn, "", "{:?}\n{}", case.args, outcome.stdout);
    }
    let mut clients = replies::clients();
    let name = "Köln → Rom · Zürich … ├─";
    clients["clients"][0]["name"] = name.into();
    for args in
        [&["client", "list"][..], &["client", "list", "--plain"], &["client", "list", "--csv"]]
    {
        let outcome = ascii(reply(&clients), args);
        assert!(outcome.stdout.contains(name), "{args:?}: {}", outcome.stdout);
    }
    for args in [&["help", "scripting"][..], &["--help"], &["sync", "--help"], &["help", "billing"]]
    {
        let outcome = ascii(reply(&json!({})), args);
        assert!(outcome.stdout.is_ascii(), "{args:?}: {}", outcome.stdout);
    }
}

#[test]
fn without_a_command_the_help_says_which_there_are() {
    for (args, names) in [
        (&[][..], &["Usage: lmsyncctl [OPTIONS] <COMMAND>", "sync ", "Exit status"][..]),
        (&["contract"], &["Usage: lmsyncctl contract", "relink"]),
    ] {
        let outcome = refuse(args);
        assert_eq!(outcome.status, 2);
        for name in names {
            assert!(outcome.stderr.contains(name), "{args:?}: {}", outcome.stderr);
        }
        assert!(!outcome.stderr.contains("complete "), "{}", outcome.stderr);
    }
}

#[test]
fn an_error_of_the_command_line_has_the_form_of_every_error() {
    let outcome = refuse(&["contract", "show", "A1", "--bad"]);
    assert_eq!(
        outcome.stderr,
        "error: unexpected argument `--bad` found\n\
         hint: `lmsyncctl help contract show` shows how it is used\n"
    );
    let outcome = refuse(&["run", "show", "abc", "--json"]);
    let error: Value = serde_json::from_str(&outcome.stderr).expect("one object");
    assert_eq!((outcome.status, &error["code"]), (2, &json!("Usage")));
}

#[test]
fn what_asks_on_a_terminal_needs_a_yes_elsewhere() {
    for (args, dry) in [
        (&["held", "accept", "12"] as &[&str], true),
        (&["held", "reject", "12"], false),
        (&["run", "revert", "12"], true),
        (&["contract", "relink", "S2"], true),
        (&["sync", "acme", "--all"], true),
        (&["apply", "tests/e2e/terminal/ctl_socket/plan.json"], true),
        (&["restore", "Cargo.toml"], false),
    ] {
        let outcome = refuse(args);
        assert_eq!(outcome.status, 2, "{args:?}: {}", outcome.stderr);
        let typed = args.join(" ");
        let says = format!("`lmsyncctl {typed} --yes` does it");
        assert!(outcome.stderr.contains(&says), "{args:?}: {}", outcome.stderr);
        let shows = format!("`lmsyncctl {typed} --dry-run` shows");
        assert_eq!(outcome.stderr.contains(&shows), dry, "{args:?}: {}", outcome.stderr);
        let json: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        let outcome = refuse(&json);
        assert_eq!(outcome.status, 2, "{json:?}: {}", outcome.stderr);
        let error: Value = serde_json::from_str(&outcome.stderr).expect("one object");
        assert!(error["hint"].as_str().is_some_and(|hint| hint.contains("--yes")), "{error}");
    }
}

#[test]
fn json_is_exactly_what_the_daemon_said() {
    for case in cases() {
        let args: Vec<&str> = case.args.iter().copied().chain(["--json"]).collect();
        let (outcome, _) = ask(reply(&case.reply), &args);
        assert_eq!(outcome.status, 0, "{args:?}");
        let line = outcome.stdout.strip_suffix('\n').expect("a line");
        assert!(!line.contains('\n'), "one object on one line");
        assert_eq!(serde_json::from_str::<Value>(line).expect("JSON"), case.reply, "{args:?}");
    }
}

#[test]
fn csv_is_for_lists_and_for_nothing_else() {
    for case in cases() {
        let args: Vec<&str> = case.args.iter().copied().chain(["--csv"]).collect();
        let (outcome, call) = ask(reply(&case.reply), &args);
        let list = matches!(
            case.args,
            ["status" | "pending" | "renewals" | "timeline" | "audit-log", ..]
                | [_, "list", ..]
                | ["held", "acme" | "show", ..]
                | ["contract", "cost" | "history" | "chain", ..]
        );
        if list {
            assert_eq!(outcome.status, 0, "{args:?} {}", outcome.stderr);
            assert!(outcome.stdout.lines().count() >= 2, "{}", outcome.stdout);
            assert!(outcome.stdout.lines().next().expect("a header").contains(','));
        } else if case.args[0] == "check" {
            // In the way of a plugin, as everything that is wrong with its command line.
            assert_eq!((outcome.status, call), (3, Value::Null), "{args:?}");
            assert!(outcome.stdout.starts_with("LMSYNCD UNKNOWN - --csv"), "{}", outcome.stdout);
        } else {
            assert_eq!((outcome.status, call), (2, Value::Null), "{args:?}");
            let says = match case.args {
                ["export", ..] => "hint: `lmsyncctl export csv`",
                _ => "hint: use --json",
            };
            assert!(outcome.stderr.contains(says), "{}", outcome.stderr);
        }
    }
    let (outcome, _) = ask(reply(&replies::clients()), &["client", "list", "--csv"]);
    assert_eq!(
        outcome.stdout,
        "id,name,active,agreements,contracts,auto_sync,last_synced\n\
         174,\"Acme, \"\"Dental\"\"\",true,4,12,false,\n"
    );
}

#[test]
fn quiet_confirms_nothing_but_still_lists() {
    let (outcome, _) = ask(reply(&replies::sync()), &["sync", "acme", "S2", "--quiet"]);
    assert_eq!((outcome.status, outcome.stdout.as_str()), (0, ""));
    let (outcome, _) = ask(reply(&replies::pending()), &["pending", "acme", "-q"]);
    assert!(outcome.stdout.contains("Workplace") && !outcome.stdout.contains("sync with"));
}

#[test]
fn the_daemons_errors_keep_their_exit_status() {
    for (name, status) in [
        ("org.lmsyncd.Daemon.Internal", 1),
        ("org.lmsyncd.Daemon.InvalidArgument", 2),
        ("org.lmsyncd.Daemon.NotPermitted", 4),
        ("org.lmsyncd.Sync.NoSuchClient", 5),
        ("org.lmsyncd.Sync.AutoSyncEnabled", 6),
        ("org.lmsyncd.Contracts.FieldNotEditable", 6),
        ("org.lmsyncd.Sync.AuthFailed", 7),
        ("org.lmsyncd.Sync.Busy", 9),
    ] {
        for json in [&[][..], &["--json"]] {
            let details = json!({ "message": "it went wrong", "hint": "try that" });
            let (outcome, _) = ask(error(name, details), &[&["doctor"], json].concat());
            assert_eq!(outcome.status, status, "{name}");
            assert_eq!(outcome.stdout, "", "{name}");
            assert_eq!(outcome.stderr, went_wrong(name, !json.is_empty()));
        }
    }
    let (outcome, _) =
        ask(error("org.varlink.service.MethodNotFound", json!({ "method": "x" })), &["doctor"]);
    assert_eq!(outcome.status, 1);
    assert!(outcome.stderr.contains("lmsyncctl version"), "{}", outcome.stderr);
}

#[test]
fn a_run_that_did_not_go_well_is_told_on_both_channels() {
    for (result, code, status, complaint) in [
        ("partial", None, 8, "run 12 is incomplete"),
        ("held", Some("Held"), 6, "run 12 was held: Autotask said no"),
        ("failed", Some("RateLimited"), 7, "run 12 failed: Autotask said no"),
        ("failed", Some("StoreFailed"), 1, "run 12 failed: Autotask said no"),
    ] {
        let parameters =
            json!({ "run": replies::run(result, code), "rejects": replies::rejected() });
        let (outcome, _) = ask(reply(&parameters), &["sync", "acme", "S2", "--quiet"]);
        assert_eq!(outcome.status, status, "{result}");
        assert!(outcome.stdout.contains(&format!("run 12: {result}")), "{}", outcome.stdout);
        assert!(outcome.stdout.contains("x S7      unitPrice"), "{}", outcome.stdout);
        assert!(outcome.stderr.contains(complaint), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("\nhint: "), "{}", outcome.stderr);
        let (outcome, _) = ask(reply(&parameters), &["sync", "acme", "S2", "--json"]);
        assert_eq!(outcome.status, status, "{result}");
        assert_eq!(serde_json::from_str::<Value>(&outcome.stdout).expect("JSON"), parameters);
    }
}

#[test]
fn progress_is_not_part_of_the_answer() {
    let mut bytes = Vec::new();
    for pages in 1..4 {
        let progress = json!({ "doing": "reading Contracts", "pages": pages, "rows": 500 });
        bytes.extend(message(&json!({
            "parameters": { "progress": progress }, "continues": true,
        })));
    }
    bytes.extend(message(&json!({ "parameters": replies::sync() })));
    let (outcome, _) = ask(Answer::Bytes(bytes), &["sync", "acme", "S2", "--json"]);
    assert_eq!((outcome.status, outcome.stderr.as_str()), (0, ""));
    assert_eq!(
        serde_json::from_str::<Value>(&outcome.stdout).expect("one object"),
        replies::sync()
    );
}

#[test]
fn what_doctor_found_is_its_exit_status() {
    for (outcome, code, status) in [
        ("good", None, 0),
        ("bad", None, 8),
        ("bad", Some("NoPermission"), 7),
        ("bad", Some("StoreFailed"), 1),
    ] {
        let (outcome, _) = ask(reply(&replies::findings(outcome, code)), &["doctor"]);
        assert_eq!((outcome.status, outcome.stderr.as_str()), (status, ""));
    }
}

#[test]
fn a_daemon_that_is_not_there_is_told_with_what_to_do() {
    let server = serve(Vec::new());
    let nowhere = server.folder.path().join("nowhere.sock");
    for json in [&[][..], &["--json"]] {
        let outcome =
            outcome(command(&server).arg("--socket").arg(&nowhere).arg("doctor").args(json));
        assert_eq!((outcome.status, outcome.stdout.as_str()), (3, ""));
        assert!(outcome.stderr.contains("lmsyncd cannot be reached on /"), "{}", outcome.stderr);
        let hint = "start it with `systemctl start lmsyncd`";
        assert!(outcome.stderr.contains(hint), "{}", outcome.stderr);
    }
    let outcome = outcome(command(&server).arg("--socket").arg(&nowhere).arg("version"));
    assert_eq!(outcome.status, 3);
    assert!(outcome.stdout.contains("lmsyncd   not reachable"), "{}", outcome.stdout);
}

#[test]
fn answers_that_are_none_are_told_apart() {
    for (bytes, status, says) in [
        (&b""[..], 3, "closed the connection before it answered"),
        (b"{\"parameters\":", 1, "ended in the middle of a message"),
        (b"hello\0", 1, "sent an invalid answer"),
        (b"{\"parameters\":{\"findings\":7}}\0", 1, "sent an invalid answer"),
    ] {
        let (outcome, _) = ask(Answer::Bytes(bytes.to_vec()), &["doctor"]);
        assert_eq!((outcome.status, outcome.stdout.as_str()), (status, ""));
        assert!(outcome.stderr.contains(says), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("\nhint: "), "{}", outcome.stderr);
    }
}

#[test]
fn a_socket_that_may_not_be_opened_names_its_group() {
    let server = serve(Vec::new());
    let closed = std::fs::Permissions::from_mode(0o000);
    std::fs::set_permissions(&server.socket, closed).expect("chmod");
    let mut command = std::process::Command::new(LMSYNCCTL);
    let mut gid = nix::unistd::getegid();
    if nix::unistd::geteuid().is_root() {
        // The group of root is suggested to nobody.
        gid = nix::unistd::Gid::from_raw(1);
        nix::unistd::chown(&server.socket, None, Some(gid)).expect("chgrp");
        // Root may open everything, so somebody else has to try, from where they can read.
        use std::os::unix::process::CommandExt;
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(server.folder.path(), open).expect("chmod");
        let copy = server.folder.path().join("lmsyncctl");
        // By another process: a file that this one had open to write could not be run while a
        // test beside this one starts a program.
        let copied = std::process::Command::new("cp").arg(LMSYNCCTL).arg(&copy).status();
        assert!(copied.expect("cp runs").success(), "copies");
        command = std::process::Command::new(copy);
        command.uid(65534).gid(65534);
    }
    command.arg("--socket").arg(&server.socket).arg("doctor");
    let outcome = outcome(&mut Command::from_std(command));
    assert_eq!(outcome.status, 4, "{}", outcome.stderr);
    let group = nix::unistd::Group::from_gid(gid).expect("groups").expect("one");
    let says =
        format!("it belongs to the group {0}\nhint: `sudo usermod -aG {0} $USER`", group.name);
    assert!(outcome.stderr.contains(&says), "{}", outcome.stderr);
}

#[test]
fn usage_errors_say_what_would_be_right() {
    for (args, says) in [
        (&["sync", "acme"][..], "hint: `lmsyncctl pending acme` lists the items"),
        (&["sync", "acme", "S2", "--all"], "cannot be used with"),
        (&["sync", "acme", "--all", "--timeout", "3", "--yes"], "--wait"),
        (&["sync", "acme", "55"], "`55` is not an item key"),
        (
            &["contract", "set", "S2", "notes"],
            "hint: such as `lmsyncctl contract set S55102 notes=",
        ),
        (&["contract", "set", "S2", "ntoes=x"], "hint: did you mean `notes`?"),
        (&["contract", "unset", "S2", "ntoes"], "hint: did you mean `notes`?"),
        (&["auto-sync", "on"], "required"),
        (&["auto-sync", "off", "acme", "--at", "02:00"], "leave --at out"),
        (&["auto-sync", "on", "acme", "--at", "noon"], "such as 02:30"),
        (&["pending", "acme", "--state", "newish"], "possible values"),
        (&["staus"], "`status`"),
        (&["run", "show", "abc"], "`abc` is not the number of a run"),
        (&["pause", "acme", "--until", "-2h"], "-2h"),
        (&["contract", "list", "--as-of", "2026-02-30"], "no such day in the calendar"),
        (&["timeline", "--from", "2026-13"], "no such month in the calendar"),
        (&["status", "--json", "--csv"], "cannot be used with"),
        (&[], "Usage"),
    ] {
        let outcome = refuse(args);
        assert_eq!(outcome.status, 2, "{args:?}");
        assert!(outcome.stderr.contains(says), "{args:?}: {}", outcome.stderr);
    }
}

#[test]
fn off_a_terminal_nothing_is_asked() {
    let (outcome, call) = ask(reply(&replies::sync()), &["sync", "acme", "--all", "--yes"]);
    assert_eq!(outcome.status, 0);
    assert_eq!(call["method"], "org.lmsyncd.Sync.Sync");
}

#[test]
fn a_reader_that_went_away_is_a_quiet_end() {
    let bytes = message(&json!({ "parameters": replies::pending() }));
    for args in [&["pending", "acme"][..], &["pending", "acme", "--json"]] {
        let server = serve(vec![Answer::Gated(bytes.clone())]);
        let mut child = std::process::Command::new(LMSYNCCTL)
            .env("LMSYNCD_SOCKET", &server.socket)
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("runs");
        drop(child.stdout.take());
        server.gate.send(()).expect("the server waits");
        let mut stderr = String::new();
        child.stderr.take().expect("piped").read_to_string(&mut stderr).expect("reads");
        assert_eq!(child.wait().expect("ends").code(), Some(0));
        assert_eq!(stderr, "");
    }
}

#[test]
fn help_lists_commands_and_exit_statuses() {
    let outcome = outcome(Command::new(LMSYNCCTL).arg("--help"));
    assert_eq!((outcome.status, outcome.stderr.as_str()), (0, ""));
    insta::assert_snapshot!("ctl_help", outcome.stdout);
}
