//! Every command of the command line, through the real binary: what it prints for people and for
//! machines, and how it says that it cannot. The commands are read from their definition, so that
//! one without a case here fails the test: add its happy case to `cases`, or to [`more`] where it
//! does more than ask once and tell, and its failure to [`FAILURES`].

use std::fs;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::cases::cases;
use super::{ask, book, command, outcome, refuse, replies, went_wrong};
use crate::support::scripted::{Answer, error, message, reply, serve};

/// What a failure of a command is: what is typed, what the daemon answers, and the exit status.
type Failure = (&'static [&'static str], &'static str, i32);

/// One failure of each command, such as it happens.
const FAILURES: &[Failure] = &[
    (&["status", "nobody"], "Sync.NoSuchClient", 5),
    (&["client", "list"], "Sync.Unreachable", 7),
    (&["pending", "north"], "Sync.AmbiguousClient", 5),
    (&["diff", "acme", "S9"], "Contracts.NoSuchContract", 5),
    (&["sync", "acme", "--all", "--wait", "--timeout", "1", "--yes"], "Sync.TimedOut", 9),
    (&["plan", "nobody", "--all"], "Sync.NoSuchClient", 5),
    (&["apply", "tests/e2e/terminal/ctl_socket/plan.json", "--yes"], "Sync.Busy", 9),
    (&["auto-sync", "on", "acme"], "Daemon.NotPermitted", 4),
    (&["held", "nobody"], "Sync.NoSuchClient", 5),
    (&["held", "show", "99"], "Sync.NoSuchRun", 5),
    (&["held", "accept", "12", "--yes"], "Sync.Held", 6),
    (&["held", "reject", "12", "--yes"], "Daemon.NotPermitted", 4),
    (&["pause", "nobody"], "Sync.NoSuchClient", 5),
    (&["resume", "acme"], "Daemon.NotPermitted", 4),
    (&["ignore", "S9"], "Contracts.NoSuchContract", 5),
    (&["unignore", "S9"], "Daemon.NotPermitted", 4),
    (&["explain", "S9"], "Sync.AuthFailed", 7),
    (&["reconcile", "acme"], "Sync.RateLimited", 7),
    (&["quarantine", "list", "nobody"], "Sync.NoSuchClient", 5),
    (&["contract", "list", "--as-of", "2020-01-01"], "Daemon.InvalidArgument", 2),
    (&["contract", "show", "S9"], "Contracts.NoSuchContract", 5),
    (&["contract", "cost", "S9"], "Sync.NoPermission", 7),
    (&["contract", "history", "S9"], "Contracts.NoSuchContract", 5),
    (&["contract", "chain", "S9"], "Contracts.NoSuchContract", 5),
    (&["contract", "set", "S2", "notes=x"], "Daemon.NotPermitted", 4),
    (&["contract", "unset", "S2", "notes"], "Daemon.NotPermitted", 4),
    (&["contract", "add", "nobody", "Line"], "Sync.NoSuchClient", 5),
    (&["contract", "remove", "S2"], "Contracts.FieldNotEditable", 6),
    (&["contract", "adopt", "L1", "A9"], "Sync.OtherClient", 5),
    (&["contract", "unlink", "S9"], "Contracts.NoSuchContract", 5),
    (&["contract", "relink", "S9", "--yes"], "Contracts.NoSuchContract", 5),
    (&["run", "list", "nobody"], "Sync.NoSuchClient", 5),
    (&["run", "show", "99"], "Sync.NoSuchRun", 5),
    (&["run", "revert", "12", "--yes"], "Sync.Busy", 9),
    (&["renewals", "nobody"], "Sync.NoSuchClient", 5),
    (&["timeline", "--from", "2027-01", "--to", "2026-01"], "Daemon.InvalidArgument", 2),
    (&["export", "json", "nobody"], "Sync.NoSuchClient", 5),
    (&["export", "csv", "nobody"], "Sync.NoSuchClient", 5),
    (&["export", "ics", "nobody"], "Sync.NoSuchClient", 5),
    (&["export", "tree", "/nowhere"], "Daemon.Internal", 1),
    (&["history", "prune", "--yes"], "Daemon.NotPermitted", 4),
    (&["audit-log"], "Daemon.NotPermitted", 4),
    (&["backup", "never-made.jsonl"], "Daemon.NotPermitted", 4),
    (&["restore", "Cargo.toml", "--yes"], "Daemon.InvalidArgument", 2),
    (&["watch", "nobody"], "Sync.NoSuchClient", 5),
    (&["metrics"], "Daemon.Internal", 1),
    (&["notify", "test"], "Daemon.BadConfiguration", 1),
    (&["doctor"], "Daemon.Internal", 1),
    (&["reload"], "Daemon.NotPermitted", 4),
    (&["version"], "Daemon.Internal", 1),
];

/// The commands that say nothing where no daemon answers, or need none: see `completion`, and `backup`.
const SILENT: [&str; 3] = ["completions", "complete", "backup verify"];

/// What `--json` is of a command that is not among the plain cases.
enum Json {
    /// Exactly this line.
    Line(Value),
    /// It is refused, with these words.
    Refused(&'static str),
}

/// A command that does more than ask once and tell the answer.
struct More {
    args: Vec<String>,
    answer: Answer,
    says: &'static str,
    json: Json,
}

/// A backup in two pieces, and what is said of it at last.
fn backup() -> (Vec<u8>, Value) {
    let text = "{\"backup\":{}}\n";
    let sum: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    let end = format!("{{\"end\":{{\"sha256\":\"{sum}\"}}}}\n");
    let at = "2020-01-02T03:04:05Z";
    let told = json!({ "text": null, "at": at, "commits": 3, "contracts": 2, "bytes": 99 });
    let mut bytes = Vec::new();
    for piece in [text, &end] {
        let parameters = json!({ "text": piece });
        bytes.extend(message(&json!({ "parameters": parameters, "continues": true })));
    }
    bytes.extend(message(&json!({ "parameters": told })));
    (bytes, told)
}

/// Those commands; `folder` is one to write into.
#[expect(clippy::too_many_lines, reason = "one table")]
fn more(folder: &str) -> Vec<More> {
    let event = json!({
        "name": "run_changed", "at": "2020-01-02T03:04:05Z", "message": "Acme: 2 created",
        "alert": false,
    });
    let mut events = message(&json!({ "parameters": {}, "continues": true }));
    events.extend(message(&json!({ "parameters": { "event": event } })));
    let (backup, told) = backup();
    let restored =
        json!({ "received": 9, "at": "2020-01-02T03:04:05Z", "commits": 3, "contracts": 2 });
    let file = format!("{folder}/backup.jsonl");
    let more = |args: &[&str], answer: Answer, says, json| More {
        args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        answer,
        says,
        json,
    };
    let own_form = "`lmsyncctl export json` is the JSON of everything";
    vec![
        more(
            &["backup", &file, "--yes"],
            Answer::Bytes(backup),
            "2 contracts and 3 commits",
            Json::Line(told),
        ),
        more(
            &["restore", "Cargo.toml", "--yes"],
            reply(&restored),
            "2 contracts as of 2020-01-02",
            Json::Line(restored),
        ),
        more(
            &["plan", "acme", "--all"],
            reply(&replies::sync()),
            "\"version\": 1",
            Json::Line(planned()),
        ),
        more(&["watch"], Answer::Bytes(events), "Acme: 2 created", Json::Line(event)),
        more(
            &["export", "csv"],
            reply(&book::exported()),
            "key,parent,client_id,client_name",
            Json::Refused(own_form),
        ),
        more(
            &["export", "ics"],
            reply(&book::exported()),
            "BEGIN:VCALENDAR",
            Json::Refused(own_form),
        ),
        more(
            &["export", "tree", folder],
            reply(&book::exported()),
            "2 new, 0 changed, 0 removed",
            // The second time, for what the first wrote.
            Json::Line(json!({ "contracts": 2, "new": 0, "changed": 0, "removed": 0 })),
        ),
        more(
            &["reconcile", "acme"],
            reply(&book::reconciled(Some("480.00"))),
            "all stored rates and period amounts match Autotask",
            Json::Line(book::reconciled(Some("480.00"))),
        ),
    ]
}

/// The plan of what the scripted sync would do.
fn planned() -> Value {
    let told = replies::sync();
    let items = told["items"].as_array().expect("a list").iter().map(|item| {
        let keys = ["key", "parent", "state", "type", "name", "changes"];
        keys.into_iter().map(|key| (key.to_owned(), item[key].clone())).collect::<Value>()
    });
    json!({
        "version": 1,
        "client": { "id": told["run"]["client_id"], "name": told["run"]["client"] },
        "as_of": told["run"]["started"],
        "items": items.collect::<Vec<_>>(),
        "effects": told["effects"],
    })
}

/// The paths of all commands that can be run, such as `contract list`.
fn paths(command: &clap::Command, above: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        let path = [above, &[sub.get_name()]].concat();
        match sub.has_subcommands() {
            true => found.extend(paths(sub, &path)),
            false => found.push(path.join(" ")),
        }
    }
    found
}

/// Whether these arguments run the command of this path.
fn runs<'a>(args: impl IntoIterator<Item = &'a str>, path: &str) -> bool {
    let words: Vec<&str> = path.split(' ').collect();
    let args: Vec<&str> = args.into_iter().take(words.len()).collect();
    args == words
}

#[test]
fn no_command_is_without_a_case_and_a_failure() {
    let all = paths(&lmsyncd::ctl::command(), &[]);
    assert!(all.len() >= 38, "the commands were found: {all:?}");
    let (cases, more) = (cases(), more("/nowhere"));
    let mut missing = Vec::new();
    for path in all.iter().filter(|path| !SILENT.contains(&path.as_str())) {
        let happy = cases.iter().any(|case| runs(case.args.iter().copied(), path))
            || more.iter().any(|case| runs(case.args.iter().map(String::as_str), path));
        if !happy {
            missing.push(format!("{path}: what it prints"));
        }
        // `check` has the exit statuses and the words of a plugin: see the test of its own.
        let fails =
            path == "check" || FAILURES.iter().any(|(args, ..)| runs(args.iter().copied(), path));
        if !fails {
            missing.push(format!("{path}: how it fails"));
        }
    }
    assert!(missing.is_empty(), "add cases for:\n{}", missing.join("\n"));
}

#[test]
fn each_failure_has_its_status_its_words_and_its_hint_in_every_form() {
    for (args, name, status) in FAILURES {
        for form in [&[][..], &["--json"], &["--quiet"]] {
            let args = [*args, form].concat();
            if refuses(&args) {
                continue;
            }
            let details = json!({ "message": "it went wrong", "hint": "try that" });
            let (outcome, call) = ask(error(&format!("org.lmsyncd.{name}"), details), &args);
            assert!(call["method"].is_string(), "{args:?} asks the daemon: {}", outcome.stderr);
            assert_eq!(outcome.status, *status, "{args:?} {name}");
            assert_eq!(outcome.stderr, went_wrong(name, form == ["--json"]), "{args:?}");
            let version = args[0] == "version" && form.is_empty();
            assert_eq!(outcome.stdout.is_empty(), !version && args != ["version", "--quiet"]);
        }
    }
}

/// Whether a form is refused before anything is asked.
fn refuses(args: &[&str]) -> bool {
    args.contains(&"--json") && matches!(args, ["export", "csv" | "ics", ..])
}

#[test]
fn a_plugin_says_in_its_own_way_that_the_daemon_does_not_work() {
    let details = json!({ "message": "it went wrong" });
    let (outcome, _) = ask(error("org.lmsyncd.Daemon.Internal", details), &["check"]);
    assert_eq!((outcome.status, outcome.stderr.as_str()), (2, ""));
    assert_eq!(outcome.stdout, "LMSYNCD CRITICAL - it went wrong\n");
    let refused = error("org.lmsyncd.Daemon.NotPermitted", json!({ "message": "not you" }));
    for (answer, status, says) in [
        (Answer::Bytes(Vec::new()), 2, "CRITICAL - lmsyncd closed the connection"),
        (refused, 3, "UNKNOWN - not you"),
        (Answer::Bytes(b"hello\0".to_vec()), 3, "UNKNOWN - lmsyncd sent an invalid answer"),
    ] {
        let (outcome, _) = ask(answer, &["check"]);
        assert_eq!((outcome.status, outcome.stderr.as_str()), (status, ""), "{}", outcome.stdout);
        assert!(outcome.stdout.starts_with(&format!("LMSYNCD {says}")), "{}", outcome.stdout);
        assert_eq!(outcome.stdout.lines().count(), 1);
    }
}

#[test]
fn what_does_more_than_ask_and_tell_prints_both_forms() {
    let folder = tempfile::tempdir().expect("a folder");
    for case in more(&folder.path().display().to_string()) {
        let args: Vec<&str> = case.args.iter().map(String::as_str).collect();
        let (outcome, _) = ask(case.answer.clone(), &args);
        assert_eq!(outcome.status, 0, "{args:?} {}", outcome.stderr);
        assert!(outcome.stdout.contains(case.says), "{args:?} {}", outcome.stdout);
        let args = [args, vec!["--json"]].concat();
        match case.json {
            Json::Refused(says) => {
                let outcome = refuse(&args);
                assert_eq!(outcome.status, 2, "{args:?}");
                assert!(outcome.stderr.contains(says), "{}", outcome.stderr);
            }
            Json::Line(expected) => {
                let (outcome, _) = ask(case.answer, &args);
                assert_eq!((outcome.status, outcome.stderr.as_str()), (0, ""), "{args:?}");
                let line = outcome.stdout.strip_suffix('\n').expect("a line");
                assert_eq!(serde_json::from_str::<Value>(line).expect("JSON"), expected);
            }
        }
    }
    let written = fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(written, 2, "the folder of the one client, and the backup");
}

#[test]
fn lists_have_the_same_columns_in_every_form_for_scripts() {
    let mut lists = 0;
    for case in cases() {
        let run = |form: &[&str]| ask(reply(&case.reply), &[case.args, form].concat()).0;
        let csv = run(&["--csv"]);
        if case.args[0] == "check" {
            assert_eq!((csv.status, csv.stderr.as_str()), (3, ""));
            continue;
        }
        if csv.status != 0 {
            for form in [&["--plain"][..], &["--format", "{key}"]] {
                let outcome = run(form);
                assert_eq!((outcome.status, outcome.stdout.as_str()), (2, ""), "{:?}", case.args);
                assert!(outcome.stderr.starts_with("error: "), "{}", outcome.stderr);
                assert!(outcome.stderr.contains("\nhint: "), "{}", outcome.stderr);
            }
            continue;
        }
        lists += 1;
        let header = csv.stdout.lines().next().expect("a header");
        let columns: Vec<&str> = header.split(',').collect();
        let plain = run(&["--plain"]).stdout;
        let mut lines = plain.lines();
        assert_eq!(lines.next(), Some(columns.join("\t").as_str()), "{:?}", case.args);
        for line in lines.clone() {
            assert_eq!(line.matches('\t').count(), columns.len() - 1, "{line:?}");
        }
        let quiet = run(&["--plain", "--quiet"]).stdout;
        assert_eq!(quiet.lines().collect::<Vec<_>>(), lines.collect::<Vec<_>>());
        let template = format!("{{{}}}", columns.join("}\\t{"));
        let by = run(&["--format", &template]).stdout;
        assert_eq!(by.lines().count(), quiet.lines().count(), "{:?}", case.args);
        // A template's values are for people's lines: a line break in one is a blank.
        assert_eq!(by, quiet.replace("\\n", " "), "{:?}", case.args);
        let wrong = run(&["--format", "{no_such_column}"]);
        assert_eq!((wrong.status, wrong.stdout.as_str()), (2, ""), "{:?}", case.args);
        assert!(wrong.stderr.contains("no column `no_such_column`\nhint: "), "{}", wrong.stderr);
    }
    assert!(lists >= 12, "{lists} lists");
}

#[test]
fn a_template_is_checked_before_anything_is_asked() {
    for (template, says) in [
        ("{nmae}", "hint: did you mean `{name}`?"),
        ("{name", "no closing brace"),
        ("{name:wide}", "a width"),
    ] {
        let outcome = refuse(&["client", "list", "--format", template]);
        assert_eq!(outcome.status, 2, "{template}");
        assert!(outcome.stderr.contains(says), "{template}: {}", outcome.stderr);
    }
    for both in [["--csv", "--plain"], ["--json", "--plain"]] {
        let outcome = refuse(&[&["client", "list"], &both[..]].concat());
        assert_eq!(outcome.status, 2);
        assert!(outcome.stderr.contains("cannot be used with"), "{}", outcome.stderr);
    }
    let outcome = refuse(&["client", "list", "--json", "--format", "{id}"]);
    assert!(outcome.stderr.contains("cannot be used with"), "{}", outcome.stderr);
}

#[test]
fn templates_and_tabs_are_for_scripts() {
    let list = |args: &[&str]| ask(reply(&replies::clients()), args).0.stdout;
    let by = list(&["client", "list", "--format", r"{id:>6}|{name:16}|{auto_sync}\t{{{active}}}"]);
    assert_eq!(by, "   174|Acme, \"Dental\"  |false\t{true}\n");
    let plain = list(&["client", "list", "--plain"]);
    assert_eq!(
        plain,
        "id\tname\tactive\tagreements\tcontracts\tauto_sync\tlast_synced\n\
         174\tAcme, \"Dental\"\ttrue\t4\t12\tfalse\t\n"
    );
    let per = ask(
        reply(&replies::contracts()),
        &["contract", "list", "--normalize", "year", "--format", "{key} {per_year}"],
    );
    assert_eq!(per.0.stdout, "S2 5791.20\n");
}

#[test]
fn a_picture_off_a_terminal_is_whole_and_in_ascii_without_a_locale() {
    let ascii = |parameters: &Value, args: &[&str]| {
        let server = serve(vec![reply(parameters)]);
        outcome(command(&server).env_remove("LC_ALL").args(args))
    };
    let outcome = ascii(&book::timeline(), &["timeline"]);
    let name = "A name that is far too long for a column of any terminal of eighty columns";
    assert!(outcome.stdout.contains(name), "{}", outcome.stdout);
    let bar = outcome.stdout.lines().find(|line| line.contains(name)).expect("a bar");
    assert!(bar.is_ascii() && bar.contains('='), "{bar}");
    let outcome = ascii(&replies::status(), &["status"]);
    assert!(outcome.stdout.contains("last runs #_!x"), "{}", outcome.stdout);
}

#[test]
fn a_backup_that_does_not_read_back_has_no_name_and_replaces_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("backup.jsonl");
    fs::write(&path, "the one before").expect("writes");
    let (good, _) = backup();
    let text = String::from_utf8(good).expect("text");
    let answer =
        Answer::Bytes(text.replacen("{\\\"backup\\\":{}}", "{\\\"backup\\\":[]}", 1).into_bytes());
    let (outcome, _) = ask(answer, &["backup", &path.display().to_string(), "--yes"]);
    assert_eq!(outcome.status, 1, "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("the checksum at its end is not that of what stands before"),
        "{}",
        outcome.stderr
    );
    assert_eq!(fs::read_to_string(&path).expect("it is there"), "the one before");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing is left over");
}
