//! The import dialog on a real terminal: the real lmsyncctl on a pseudo-terminal, the real daemon
//! behind it, and the fake tenant behind that. What is on the screen is read as a terminal would.

use std::io::{Read, Write};
use std::num::NonZero;
use std::process::Child;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};

use crate::support::{ACME, ACME_AGREEMENT, ACME_LINE, PATIENCE, Watch, World};
use lmsyncd::demo::tenant::{Fault, FaultRule};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{LocalFlags, tcgetattr};
use nix::unistd::Pid;
use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};
use serde_json::Value;

/// lmsyncctl on a terminal.
struct Screen {
    pty: Arc<Pty>,
    child: Child,
    output: Receiver<Vec<u8>>,
    parser: vt100::Parser,
}

impl Screen {
    /// Starts lmsyncctl on a terminal of 80 columns and 24 lines.
    fn start(world: &World, args: &[&str]) -> Screen {
        Screen::start_with(world, args, &[])
    }

    fn start_with(world: &World, args: &[&str], env: &[(&str, &str)]) -> Screen {
        let (pty, pts) = open().expect("a terminal");
        pty.resize(Size::new(24, 80)).expect("a size");
        let child = Command::new(env!("CARGO_BIN_EXE_lmsyncctl"))
            .args(args)
            .env("LMSYNCD_SOCKET", world.socket())
            .env("TZ", "UTC")
            .env("TERM", "xterm-256color")
            .env_remove("NO_COLOR")
            .envs(env.iter().copied())
            .spawn(pts)
            .expect("lmsyncctl starts");
        let pty = Arc::new(pty);
        let (tell, output) = mpsc::channel();
        let reader = Arc::clone(&pty);
        std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(count @ 1..) = (&*reader).read(&mut chunk) {
                if tell.send(chunk[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Screen { pty, child, output, parser: vt100::Parser::new(some(24), some(80), 0) }
    }

    fn text(&self) -> String {
        self.parser.screen().contents()
    }

    /// Waits until the screen holds what is wanted.
    #[track_caller]
    fn wait(&mut self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let watch = Watch::start();
        loop {
            let text = self.text();
            if wanted(&text) {
                return text;
            }
            assert!(!watch.is_over(), "waited in vain for {what}:\n{text}");
            match self.output.recv_timeout(PATIENCE) {
                Ok(bytes) => self.parser.process(&bytes),
                Err(RecvTimeoutError::Timeout) => panic!("waited in vain for {what}:\n{text}"),
                Err(RecvTimeoutError::Disconnected) => panic!("ended before {what}:\n{text}"),
            }
        }
    }

    #[track_caller]
    fn wait_for(&mut self, words: &str) -> String {
        self.wait(words, |text| text.contains(words))
    }

    /// Waits until the list holds these words and is drawn to its last line.
    #[track_caller]
    fn wait_for_list(&mut self, words: &str) -> String {
        self.wait(words, |text| text.contains(words) && text.contains("q leave"))
    }

    fn press(&mut self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).expect("typed");
    }

    /// The line that the keyboard is on.
    fn current(&self) -> String {
        let text = self.text();
        text.lines().find(|line| line.starts_with('>')).unwrap_or_default().to_owned()
    }

    /// Moves the keyboard down to the line that holds these words.
    #[track_caller]
    fn go_to(&mut self, words: &str) {
        for _ in 0..50 {
            let before = self.current();
            if before.contains(words) {
                return;
            }
            self.press("j");
            self.wait("the next row", |text| !text.lines().any(|line| line == before));
        }
        panic!("no row holds {words}:\n{}", self.text());
    }

    /// Waits for the end: the exit status (or the signal, negative), and what is on the screen.
    #[track_caller]
    fn end(mut self) -> (i32, String) {
        use std::os::unix::process::ExitStatusExt;
        let status = self.child.wait().expect("it ends");
        while let Ok(bytes) = self.output.recv_timeout(PATIENCE) {
            self.parser.process(&bytes);
        }
        let flags = tcgetattr(&*self.pty).expect("a terminal").local_flags;
        assert!(flags.contains(LocalFlags::ECHO | LocalFlags::ICANON), "{flags:?}");
        let screen = self.parser.screen();
        assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste());
        let code = status.code().unwrap_or_else(|| -status.signal().expect("a signal"));
        (code, screen.contents())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn some(size: u16) -> NonZero<u16> {
    NonZero::new(size).expect("a size")
}

fn keys(world: &World) -> Vec<String> {
    let contracts = world.contracts();
    contracts.iter().map(|c| c["key"].as_str().expect("a key").to_owned()).collect()
}

#[test]
fn two_rows_are_ticked_and_synced_and_nothing_else() {
    let (world, _daemon) = World::ready("");
    let mut screen = Screen::start(&world, &["sync", "acme"]);
    let text = screen.wait_for_list("Workstation Care");
    for word in ["Acme Dental (174)", "last synced never", "[ Sync 0 selected contracts ]"] {
        assert!(text.contains(word), "{word}:\n{text}");
    }
    screen.go_to("Workstation Care");
    screen.press(" ");
    let text = screen.wait_for("[ Sync 1 selected contract ]");
    assert!(text.contains("[~] + new"), "the agreement is ticked in part:\n{text}");
    screen.go_to("Email Security");
    screen.press(" ");
    screen.wait_for("[ Sync 2 selected contracts ]");
    screen.press("s");
    screen.wait("the result", |text| {
        ["Synced", "2 created, 0 updated", "Enter close", "last synced today"]
            .iter()
            .all(|words| text.contains(words))
    });
    screen.press("\r");
    let (code, told) = screen.end();
    assert_eq!(code, 0, "{told}");
    let line = told.trim();
    assert!(line.starts_with("run 1: ok · 2 created, 0 updated"), "{line}");
    assert_eq!(line.lines().count(), 1, "{line}");
    assert_eq!(keys(&world), [ACME_LINE, "S55104"]);
    assert_eq!(world.tenant.counters().write_attempts, 0);
}

#[test]
fn what_is_left_can_be_synced_in_the_same_dialog() {
    let (world, _daemon) = World::ready("");
    world.json(&["sync", ACME, ACME_AGREEMENT, ACME_LINE]);
    let mut screen = Screen::start(&world, &["import", "acme"]);
    let text = screen.wait_for_list("Server Care");
    assert!(!text.contains("Workstation Care"), "{text}");
    assert!(text.contains("Managed Services"), "the stored name of its agreement:\n{text}");
    screen.go_to("Server Care");
    screen.press("x\t");
    screen.wait_for("[ Sync 1 selected contract ]");
    screen.press("\r");
    screen.wait_for("1 created");
    screen.press("r");
    screen.wait("the list without it", |text| {
        text.contains("Email Security") && !text.contains("Server Care")
    });
    screen.press("as");
    screen.wait_for("2 created");
    screen.press("q");
    let (code, told) = screen.end();
    assert_eq!(code, 0, "{told}");
    let results = told.lines().filter(|line| line.contains(": ok · ")).count();
    assert_eq!(results, 2, "a line for each run:\n{told}");
    let pending = world.json(&["pending", ACME]);
    assert_eq!(pending["items"], Value::Array(Vec::new()));
}

#[test]
fn leaving_changes_nothing_and_gives_the_terminal_back() {
    let (world, _daemon) = World::ready("");
    for keys in ["q", "\u{3}", "\u{1b}", "a\u{3}", "aqy"] {
        let mut screen = Screen::start(&world, &["sync", "acme"]);
        screen.wait_for_list("Email Security");
        screen.press(keys);
        let (code, told) = screen.end();
        assert_eq!((code, told.trim()), (0, ""), "{keys:?}");
    }
    assert!(world.contracts().is_empty());
    assert_eq!(world.json(&["run", "list"])["runs"], Value::Array(Vec::new()));
}

#[test]
fn ctrl_c_leaves_while_autotask_is_read() {
    let (world, _daemon) = World::ready("");
    world.tenant.faults().set("slow@400".parse::<FaultRule>().expect("a rule"));
    let mut screen = Screen::start(&world, &["sync", "acme"]);
    screen.wait_for("Reading what is new or changed");
    // The daemon tells how far it is meanwhile.
    screen.wait("pages", |text| text.contains("reading ") && text.contains(" rows"));
    screen.press("\u{3}");
    assert_eq!(screen.end(), (0, String::new()));
}

#[test]
fn a_signal_ends_it_as_it_ends_any_program_and_the_terminal_is_given_back() {
    let (world, _daemon) = World::ready("");
    for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT] {
        let mut screen = Screen::start(&world, &["sync", "acme"]);
        screen.wait_for_list("Email Security");
        let pid = Pid::from_raw(screen.child.id().try_into().expect("a pid"));
        kill(pid, signal).expect("sent");
        assert_eq!(screen.end(), (-(signal as i32), String::new()), "{signal}");
    }
}

#[test]
fn another_size_draws_it_anew() {
    let (world, _daemon) = World::ready("");
    let mut screen = Screen::start(&world, &["sync", "acme"]);
    screen.wait_for_list("Email Security");
    for (lines, columns, words) in
        [(40, 120, "START"), (9, 30, "too small"), (10, 40, "[ Sync 0"), (24, 80, "? keys")]
    {
        screen.parser.screen_mut().set_size(some(lines), some(columns));
        screen.pty.resize(Size::new(lines, columns)).expect("a size");
        let text = screen.wait(words, |text| {
            let last = text.trim_end().lines().count();
            text.contains(words) && (words == "too small" || last == usize::from(lines))
        });
        assert!(text.lines().all(|line| line.chars().count() <= usize::from(columns)), "{text}");
    }
    screen.press("q");
    assert_eq!(screen.end().0, 0);
}

#[test]
fn while_auto_sync_is_on_the_list_is_read_only() {
    let (world, _daemon) = World::ready("");
    let mut screen = Screen::start(&world, &["sync", "acme"]);
    screen.wait_for_list("Email Security");
    screen.press("A");
    screen.wait("the question", |text| {
        ["Turn auto-sync on for Acme Dental (174)?", "5 pending items", "y yes"]
            .iter()
            .all(|words| text.contains(words))
    });
    screen.press("y");
    screen.wait_for("Read-only: auto-sync is on");
    screen.press("as");
    screen.wait_for("A turns it off");
    screen.press("q");
    let (code, told) = screen.end();
    assert_eq!(code, 0);
    assert!(told.contains("Acme Dental (174): on, first run now"), "{told}");

    // The first run imports everything by itself, and nothing else did.
    world.wait_for("the first run", || (world.contracts().len() == 5).then_some(()));
    let runs = world.json(&["run", "list"])["runs"].as_array().expect("runs").clone();
    assert!(runs.iter().all(|run| run["trigger"] == "auto"), "{runs:?}");

    world.tenant.change_units(55102, 14).expect("changed");
    let mut screen = Screen::start(&world, &["sync", "acme"]);
    let text = screen.wait_for_list("Workstation Care");
    assert!(text.contains("Read-only") && !text.contains("[ ]"), "{text}");
    screen.press(" as");
    screen.wait_for("read-only: auto-sync is on");
    screen.press("A");
    screen.wait_for("Turn auto-sync off");
    screen.press("y");
    screen.wait("no banner", |text| !text.contains("Read-only"));
    screen.press("as");
    screen.wait_for("2 updated");
    screen.press("q");
    assert_eq!(screen.end().0, 0);
    let last = &world.json(&["run", "list"])["runs"][0];
    assert_eq!(last["trigger"], "manual");
}

#[test]
fn the_differences_stand_side_by_side() {
    let (world, _daemon) = World::ready("");
    world.json(&["sync", ACME, "--all", "--yes"]);
    world.tenant.change_units(55102, 14).expect("changed");
    let mut screen = Screen::start(&world, &["sync", "acme"]);
    screen.wait_for_list("Workstation Care");
    screen.go_to("Workstation Care");
    screen.press("\r");
    let text = screen
        .wait("the differences", |text| text.contains("STORED HERE") && text.contains("Esc back"));
    let line = text.lines().find(|line| line.contains("rate  ")).expect("its cost");
    assert!(line.find("254.10") < line.find("323.40"), "{line}");
    assert!(text.contains("+69.30 USD per month, +831.60 per year"), "{text}");
    screen.press("\u{1b}");
    screen.wait("the list", |text| !text.contains("STORED HERE"));
    screen.press("q");
    assert_eq!(screen.end().0, 0);
}

#[test]
fn a_fault_is_shown_and_can_be_tried_again() {
    let (world, _daemon) = World::ready("");
    world.json(&["client", "list"]);
    world.tenant.faults().set(Fault::CutConnection);
    let mut screen = Screen::start(&world, &["sync", "acme"]);
    screen.wait_for("The pending items could not be read");
    screen.wait_for("r try again");
    world.tenant.faults().clear();
    screen.press("r");
    screen.wait_for_list("Email Security");
    // One that is not tried again by itself.
    world.tenant.faults().set(Fault::NoPermission);
    screen.press("as");
    screen.wait_for("The sync failed");
    screen.press("\u{1b}");
    screen.wait_for("[ Sync 5 selected contracts ]");
    screen.press("\u{3}");
    let (code, told) = screen.end();
    assert_eq!(code, 7, "as sync has it: {told}");
    assert!(told.contains("error: "), "{told}");
    assert!(world.contracts().is_empty());
}

#[test]
fn a_daemon_or_a_client_that_is_not_there_needs_no_dialog() {
    let (world, daemon) = World::ready("");
    let screen = Screen::start(&world, &["sync", "nobody at all"]);
    let (code, told) = screen.end();
    assert_eq!(code, 5, "{told}");
    assert!(told.contains("error: ") && told.contains("hint: "), "{told}");
    daemon.stop();
    let (code, told) = Screen::start(&world, &["sync", "acme"]).end();
    assert_eq!(code, 3, "{told}");
}

#[test]
fn without_a_terminal_or_for_a_machine_it_never_opens() {
    let (world, _daemon) = World::ready("");
    world.ctl(&["sync", "acme"]).expect(2, &["needs the keys", "--all"]);
    world.ctl(&["import", "acme"]).expect(2, &["needs the keys"]);
    for (args, env) in [
        (["sync", "acme", "--json"].as_slice(), [].as_slice()),
        (&["sync", "acme", "--dry-run"], &[]),
        (&["sync", "acme"], &[("TERM", "dumb")]),
    ] {
        let (code, told) = Screen::start_with(&world, args, env).end();
        assert_eq!(code, 2, "{told}");
        assert!(told.contains("needs the keys"), "{told}");
    }
}

#[test]
fn without_colours_it_is_the_same() {
    let (world, _daemon) = World::ready("");
    let coloured = |args: &[&str], env: &[(&str, &str)]| {
        let mut screen = Screen::start_with(&world, args, env);
        let text = screen.wait_for_list("Email Security");
        let drawn = screen.parser.screen();
        let cells = (0..24).flat_map(|y| (0..80).map(move |x| (y, x)));
        let colours = cells.filter_map(|(y, x)| drawn.cell(y, x));
        let colours = colours.filter(|cell| cell.fgcolor() != vt100::Color::Default).count();
        screen.press("q");
        screen.end();
        // Another minute may have begun meanwhile.
        let lines = text.lines().filter(|line| !line.contains("read today"));
        (colours > 0, lines.collect::<Vec<_>>().join("\n"))
    };
    let (colours, text) = coloured(&["sync", "acme"], &[]);
    assert!(colours);
    assert_eq!(coloured(&["sync", "acme", "--no-color"], &[]), (false, text.clone()));
    assert_eq!(coloured(&["sync", "acme"], &[("NO_COLOR", "1")]), (false, text));
}
