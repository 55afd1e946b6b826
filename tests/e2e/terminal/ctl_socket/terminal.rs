//! What only happens on a terminal, in a pseudo-terminal: the pager, progress, colours, columns.

use std::io::Read;
use std::path::PathBuf;

use pty_process::Size;
use pty_process::blocking::{Command, open};
use serde_json::{Value, json};

use super::{LMSYNCCTL, replies};
use crate::support::scripted::{Answer, Server, message, reply, serve};
use crate::support::write_script;

/// A list of so many clients, longer than any terminal here.
fn clients(number: i64) -> Value {
    let mut list = replies::clients();
    let one = list["clients"][0].clone();
    let named = |id| {
        let mut client = one.clone();
        (client["id"], client["name"]) = (json!(id), json!(format!("Client number {id}")));
        client
    };
    list["clients"] = (1..=number).map(named).collect();
    list
}

/// What a terminal showed, and how the command ended.
struct Shown {
    text: String,
    status: Option<i32>,
}

/// Runs lmsyncctl in a terminal of 24 lines and 80 columns.
fn run(server: &Server, args: &[&str], env: &[(&str, &str)]) -> Shown {
    run_until(server, args, env, None)
}

/// The same; once the terminal shows `sight`, the daemon's gate is opened.
fn run_until(
    server: &Server,
    args: &[&str],
    env: &[(&str, &str)],
    mut sight: Option<&str>,
) -> Shown {
    let (mut pty, pts) = open().expect("a pseudo-terminal");
    pty.resize(Size::new(24, 80)).expect("resizes");
    let mut command = Command::new(LMSYNCCTL).args(args).env_clear().env("TZ", "UTC");
    command = command.env("LMSYNCD_SOCKET", &server.socket).env("TERM", "xterm");
    command = command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    for (name, value) in env {
        command = command.env(name, value);
    }
    let mut child = command.spawn(pts).expect("starts");
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    // A terminal that nobody writes to any more reads as an error.
    while let Ok(count @ 1..) = pty.read(&mut chunk) {
        bytes.extend_from_slice(&chunk[..count]);
        if sight.is_some_and(|sight| String::from_utf8_lossy(&bytes).contains(sight)) {
            sight = None;
            server.gate.send(()).expect("the server waits");
        }
    }
    let status = child.wait().expect("ends").code();
    Shown { text: String::from_utf8_lossy(&bytes).into_owned(), status }
}

/// A pager that says what it was given, in the folder of the server.
fn pager(server: &Server, script: &str) -> PathBuf {
    let path = server.folder.path().join("pager");
    write_script(&path, script);
    path
}

const COUNT: &str = "echo \"PAGED $(wc -l) lines, LESS=$LESS\"";

#[test]
fn what_is_longer_than_the_terminal_goes_through_the_pager() {
    let server = serve(vec![reply(&clients(60))]);
    let pager = pager(&server, COUNT);
    let shown = run(&server, &["client", "list"], &[("PAGER", pager.to_str().expect("text"))]);
    assert_eq!(shown.status, Some(0));
    assert_eq!(shown.text, "PAGED 63 lines, LESS=FRX\r\n");
}

#[test]
fn an_error_is_broken_between_words() {
    let server = serve(Vec::new());
    let shown = run(&server, &["--socket", "/nonexistent/socket", "client", "list"], &[]);
    assert_eq!(shown.status, Some(3), "{}", shown.text);
    let lines: Vec<&str> = shown.text.lines().collect();
    assert!(lines.iter().all(|line| line.chars().count() <= 80), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("hint: start it with")), "{lines:?}");
    assert_eq!(lines.last(), Some(&"--socket or --instance"), "{lines:?}");
}

#[test]
fn what_fits_is_not_paged_nor_is_anything_that_is_not_for_people() {
    for (number, args, env) in [
        (5, &["client", "list"][..], None),
        (60, &["client", "list", "--no-pager"], None),
        (60, &["client", "list", "--plain"], None),
        (60, &["client", "list", "--json"], None),
        (60, &["client", "list"], Some("")),
        (60, &["client", "list"], Some("cat")),
    ] {
        let server = serve(vec![reply(&clients(number))]);
        let own = pager(&server, COUNT);
        let chosen = env.unwrap_or(own.to_str().expect("text"));
        let shown = run(&server, args, &[("PAGER", chosen)]);
        assert_eq!(shown.status, Some(0), "{args:?}");
        assert!(!shown.text.contains("PAGED"), "{args:?}: {}", shown.text);
        assert!(shown.text.contains(&format!("Client number {number}")), "{}", shown.text);
    }
}

#[test]
fn a_pager_with_arguments_runs_through_the_shell_and_keeps_what_less_is_told() {
    let server = serve(vec![reply(&clients(60))]);
    let script = pager(&server, &format!("{COUNT}\necho \"with $1\""));
    let chosen = format!("{} 'two words' | tr a-z A-Z", script.display());
    let shown = run(&server, &["client", "list"], &[("PAGER", &chosen), ("LESS", "-S")]);
    assert_eq!(shown.status, Some(0));
    assert_eq!(shown.text, "PAGED 63 LINES, LESS=-S\r\nWITH TWO WORDS\r\n");
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let server = serve(vec![reply(&clients(20_000))]);
    let pager = pager(&server, "read -r line; echo \"SAW $line\"; exit 3");
    let env = [("PAGER", pager.to_str().expect("text")), ("NO_COLOR", "1")];
    let shown = run(&server, &["client", "list", "--quiet"], &env);
    assert_eq!(shown.status, Some(0), "{}", shown.text);
    assert!(shown.text.starts_with("SAW NAME"), "{}", shown.text);
    assert_eq!(shown.text.lines().count(), 1, "nothing else is said: {}", shown.text);
}

#[test]
fn a_pager_that_is_not_there_is_told_and_the_text_is_shown() {
    for missing in ["/nowhere/pager", "/nowhere/pager -S"] {
        let server = serve(vec![reply(&clients(60))]);
        let shown = run(&server, &["client", "list"], &[("PAGER", missing)]);
        assert_eq!(shown.status, Some(0), "{}", shown.text);
        let says = format!("the pager `{missing}` cannot be started");
        assert!(shown.text.contains(&says), "{}", shown.text);
        assert!(shown.text.contains("Client number 60"), "{}", shown.text);
    }
}

#[test]
fn a_terminal_has_colours_and_columns() {
    let run = |env: &[(&str, &str)], more: &[&str]| {
        let server = serve(vec![reply(&replies::pending())]);
        run(&server, &[&["pending", "acme"], more].concat(), env).text
    };
    let coloured = run(&[], &[]);
    assert!(coloured.contains("\u{1b}["), "{coloured:?}");
    for plain in
        [run(&[("NO_COLOR", "1")], &[]), run(&[("TERM", "dumb")], &[]), run(&[], &["--no-color"])]
    {
        assert!(!plain.contains('\u{1b}'), "{plain:?}");
        assert!(plain.contains("+ new"), "{plain}");
    }
}

fn progress(doing: &str, pages: i64) -> Value {
    json!({ "doing": doing, "pages": pages, "rows": 500 * pages, "compared": 40 })
}

/// A daemon that tells how far it is, and answers when the test has seen that.
fn slow() -> Server {
    let told = message(&json!({
        "parameters": { "progress": progress("reading Contracts", 3) }, "continues": true,
    }));
    let answer = message(&json!({ "parameters": replies::pending() }));
    serve(vec![Answer::Slow(told, answer)])
}

#[test]
fn who_waits_sees_what_is_being_done() {
    let server = slow();
    let says = "reading Contracts: 3 pages, 1,500 rows";
    let shown = run_until(&server, &["pending", "acme"], &[], Some(says));
    assert_eq!(shown.status, Some(0), "{}", shown.text);
    let call = server.calls.try_recv().expect("a call");
    assert_eq!(call["more"], true);
    assert!(shown.text.contains("40 items compared"), "{:?}", shown.text);
    let (before, after) = shown.text.split_once("Acme Dental (174)").expect("the answer");
    assert!(before.contains("\u{1b}[2K") || before.contains('\r'), "it is cleared away");
    assert!(!after.contains("reading"), "{after:?}");
}

#[test]
fn quiet_is_quiet() {
    let server = slow();
    // Nothing is drawn, so nothing opens the gate but this.
    server.gate.send(()).expect("the server waits");
    let shown = run(&server, &["pending", "acme", "--quiet"], &[]);
    assert_eq!(shown.status, Some(0), "{}", shown.text);
    assert!(!shown.text.contains("reading"), "{:?}", shown.text);
    assert_eq!(server.calls.try_recv().expect("a call")["more"], Value::Null);
}
