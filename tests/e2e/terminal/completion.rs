//! Completion as the shells do it: their scripts, with the real lmsyncctl and a real daemon.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{ACME_AGREEMENT, ACME_LINE, World};
use lmsyncd::demo::tenant::{Entity, Fault};

/// The folder of the programs under test, in front of where commands are looked for.
fn path() -> String {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_lmsyncctl"));
    let folder = program.parent().expect("a folder").display();
    format!("{folder}:{}", std::env::var("PATH").unwrap_or_default())
}

/// Whether a shell is there; if not, its test says so and has nothing to do.
fn is_there(shell: &str) -> bool {
    let found = Command::new(shell)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !found {
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), "skipped: {shell} is not installed");
    }
    found
}

/// What a shell prints, in lines.
fn lines(world: &World, shell: &str, args: &[&str]) -> Vec<String> {
    let output = Command::new(shell)
        .args(args)
        .env("PATH", path())
        .env("HOME", world.folder.path())
        .env("LMSYNCD_SOCKET", world.socket())
        .stdin(Stdio::null())
        .output()
        .expect("the shell runs");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().map(str::to_owned).collect()
}

/// What bash offers for a line that ends at the cursor. `replaced` is the part of the last word
/// that readline puts the offer in the place of.
fn bash(world: &World, line: &str, replaced: &str) -> Vec<String> {
    let script = "source <(lmsyncctl completions bash) || exit
        COMP_LINE=$1 COMP_POINT=${#1}
        complete -p lmsyncctl > /dev/null || exit
        _lmsyncctl lmsyncctl \"$2\" x
        (( ${#COMPREPLY[@]} )) && printf '%s\\n' \"${COMPREPLY[@]}\"";
    lines(world, "bash", &["--norc", "-c", script, "bash", line, replaced])
}

/// What fish offers for a line, without what it says about each.
fn fish(world: &World, line: &str) -> Vec<String> {
    let script = format!(
        "lmsyncctl completions fish | source; complete --do-complete '{}'",
        line.replace('\\', "\\\\").replace('\'', "\\'")
    );
    let lines = lines(world, "fish", &["--no-config", "-c", &script]);
    lines.iter().map(|line| line.split('\t').next().expect("a value").to_owned()).collect()
}

/// What zsh would add for these words, the last of which is being typed.
fn zsh(world: &World, words: &[&str]) -> Vec<String> {
    // Outside its line editor zsh has no compadd: this one prints the array that it is given.
    let script = "compdef() { : }
        compadd() { print -rl -- \"${(@P)@[-1]}\" }
        _files() { print files \"$@\" }
        source <(lmsyncctl completions zsh)
        words=(\"$@\") CURRENT=$# PREFIX=${@[-1]}
        _lmsyncctl";
    lines(world, "zsh", &[&["-f", "-c", script, "zsh"], words].concat())
}

/// A world in which Acme was looked at and one of its lines imported, and a daemon that knows it.
fn looked_at() -> (World, crate::support::Daemon) {
    look_at(World::stories())
}

fn look_at(world: World) -> (World, crate::support::Daemon) {
    world.configure("");
    let daemon = world.start();
    world.ctl(&["client", "list", "--all"]).expect(0, &["Harbor Legal"]);
    world.ctl(&["sync", "174", ACME_AGREEMENT]).expect(0, &[]);
    world.ctl(&["pending", "174"]).expect(0, &[ACME_LINE]);
    (world, daemon)
}

#[test]
fn bash_completes_what_the_daemon_knows() {
    let (world, daemon) = looked_at();
    let offers = |line: &str, replaced: &str| bash(&world, line, replaced);
    assert_eq!(offers("lmsyncctl pen", "pen"), ["pending"]);
    // Names in any case, with what a shell would take apart quoted.
    assert_eq!(offers("lmsyncctl pending acme", "acme"), ["Acme\\ Dental"]);
    assert_eq!(offers("lmsyncctl pending \"acme d", "acme d"), ["Acme Dental"]);
    assert_eq!(offers("lmsyncctl pending 17", "17").first().map(String::as_str), Some("174"));
    assert!(offers("lmsyncctl auto-sync on ", "").len() > 3);
    // Keys of the client that the line names: pending ones and stored ones.
    let keys = offers("lmsyncctl diff Acme\\ Dental ", "");
    assert!(keys.contains(&ACME_LINE.to_owned()), "{keys:?}");
    assert_eq!(offers("lmsyncctl contract show a29683353", "a29683353"), [ACME_AGREEMENT]);
    let unnamed = offers("lmsyncctl ignore S551", "S551");
    assert!(unnamed.contains(&ACME_LINE.to_owned()), "{unnamed:?}");
    // Fields, and their values behind the sign at which readline begins a new word.
    let set = format!("lmsyncctl contract set {ACME_AGREEMENT} ");
    assert_eq!(offers(&format!("{set}no"), "no"), ["notes=", "notice_days="]);
    assert_eq!(offers(&format!("{set}impact=h"), "h"), ["high"]);
    world.ctl(&["contract", "set", ACME_AGREEMENT, "owner=pat"]).expect(0, &[]);
    assert_eq!(offers(&format!("lmsyncctl contract unset {ACME_AGREEMENT} "), ""), ["owner"]);
    // Runs, states, topics.
    assert_eq!(offers("lmsyncctl run show ", ""), ["1"]);
    assert_eq!(offers("lmsyncctl pending acme --state v", "v"), ["vanished"]);
    assert_eq!(offers("lmsyncctl help exit", "exit"), ["exit-codes"]);
    assert_eq!(offers("lmsyncctl status --health fai", "fai"), ["failing"]);
    daemon.stop();
}

/// A run that holds nothing is none to decide about.
#[test]
fn only_runs_that_hold_something_are_offered_to_decide_about() {
    let (world, daemon) = looked_at();
    world.tenant.faults().set(Fault::NoRows.on(Entity::Contracts));
    world.ctl(&["sync", "174", "--all", "--yes"]).expect(6, &["held"]);
    let offers = |line: &str| bash(&world, line, "");
    assert_eq!(offers("lmsyncctl run show "), ["2", "1"]);
    for line in ["lmsyncctl held accept ", "lmsyncctl held reject ", "lmsyncctl held show "] {
        assert_eq!(offers(line), ["2"], "{line}");
    }
    daemon.stop();
}

#[test]
fn completing_never_asks_autotask() {
    let (world, daemon) = looked_at();
    let asked = world.tenant.counters().total;
    for line in
        ["lmsyncctl pending ", "lmsyncctl diff 174 ", "lmsyncctl ignore ", "lmsyncctl run show "]
    {
        assert!(!bash(&world, line, "").is_empty(), "{line}");
    }
    assert_eq!(world.tenant.counters().total, asked);
    daemon.stop();
}

#[test]
fn names_that_could_do_harm_are_offered_so_that_they_cannot() {
    let world = World::stories();
    let name = "Zed $(touch pwned) `id` & \"Sons\"; 'x'";
    for (id, name) in [(174, name), (175, "Wild\u{202e}Name")] {
        world.tenant.set(Entity::Companies, id, "companyName", name).expect("renamed");
    }
    let (world, daemon) = look_at(world);
    let offered = bash(&world, "lmsyncctl pending zed", "zed");
    assert_eq!(offered.len(), 1, "{offered:?}");
    // The shell reads it back as the one word that it is, and does nothing else.
    let read = lines(&world, "bash", &["--norc", "-c", &format!("printf %s {}", offered[0])]);
    assert_eq!(read, [name]);
    assert!(!world.path("pwned").exists());
    // What cannot be typed is offered by its number.
    assert_eq!(bash(&world, "lmsyncctl pending wild", "wild"), ["175"]);
    daemon.stop();
}

#[test]
fn without_a_daemon_there_is_silence_and_soon() {
    let world = World::stories();
    assert_eq!(bash(&world, "lmsyncctl pending ac", "ac"), Vec::<String>::new());
    assert_eq!(bash(&world, "lmsyncctl sta", "sta"), ["status"]);
    // A daemon that listens and never answers.
    let _mute = std::os::unix::net::UnixListener::bind(world.socket()).expect("binds");
    let begun = Instant::now();
    let output = world
        .ctl_command(&["complete", "bash", "--", "lmsyncctl pending ac", "ac"])
        .output()
        .expect("runs");
    let took = begun.elapsed();
    assert_eq!((output.status.code(), output.stdout.len(), output.stderr.len()), (Some(0), 0, 0));
    assert!(took < Duration::from_secs(5), "it gives up by itself: {took:?}");
}

#[test]
fn names_and_keys_that_are_almost_right_are_answered_with_the_right_ones() {
    let (world, daemon) = looked_at();
    world.ctl(&["pending", "acme dentla"]).expect(5, &["hint: did you mean `Acme Dental` (174)?"]);
    let wrong = ACME_AGREEMENT.replace('A', "S");
    let right = format!("hint: did you mean {ACME_AGREEMENT}?");
    world.ctl(&["contract", "show", &wrong]).expect(5, &[&right]);
    world.ctl(&["contract", "show", "S1"]).expect(5, &["hint: lmsyncctl contract list"]);
    daemon.stop();
}

#[test]
fn fish_completes_what_the_daemon_knows() {
    if !is_there("fish") {
        return;
    }
    let (world, daemon) = looked_at();
    assert_eq!(fish(&world, "lmsyncctl pen"), ["pending"]);
    assert_eq!(fish(&world, "lmsyncctl pending acme"), ["Acme Dental"]);
    assert_eq!(fish(&world, "lmsyncctl contract show A29683353"), [ACME_AGREEMENT]);
    assert!(fish(&world, "lmsyncctl diff 'Acme Dental' ").contains(&ACME_LINE.to_owned()));
    assert_eq!(fish(&world, "lmsyncctl contract set S1 impact=h"), ["impact=high"]);
    assert_eq!(fish(&world, "lmsyncctl run show "), ["1"]);
    std::fs::write(world.path("book.csv"), "").expect("written");
    let files =
        fish(&world, &format!("lmsyncctl export csv -o {}/book", world.folder.path().display()));
    assert!(files.iter().any(|file| file.ends_with("book.csv")), "{files:?}");
    daemon.stop();
}

#[test]
fn zsh_completes_what_the_daemon_knows() {
    if !is_there("zsh") {
        return;
    }
    let (world, daemon) = looked_at();
    assert_eq!(zsh(&world, &["lmsyncctl", "pen"]), ["pending"]);
    assert_eq!(zsh(&world, &["lmsyncctl", "pending", "acme"]), ["Acme Dental"]);
    let keys = zsh(&world, &["lmsyncctl", "diff", "Acme\\ Dental", ""]);
    assert!(keys.contains(&ACME_LINE.to_owned()), "{keys:?}");
    assert_eq!(
        zsh(&world, &["lmsyncctl", "contract", "set", "S1", "no"]),
        ["notes=", "notice_days="]
    );
    assert_eq!(zsh(&world, &["lmsyncctl", "export", "tree", ""]), ["files -/"]);
    daemon.stop();
}

#[test]
fn every_script_is_well_formed() {
    let world = World::stories();
    for shell in ["bash", "zsh", "fish"] {
        let told = world.ctl(&["completions", shell]).expect(0, &["lmsyncctl complete"]);
        let file = world.path(shell);
        std::fs::write(&file, told.out).expect("written");
        let file = file.to_str().expect("text");
        let args = if shell == "fish" { ["--no-execute", file] } else { ["-n", file] };
        if is_there(shell) {
            assert_eq!(lines(&world, shell, &args), Vec::<String>::new());
        }
    }
}
