//! `lmsyncd setup`: files with their modes, one login before them, nothing half-done. What needs root
//! and a systemd is tried by tests/package/run.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use pty_process::blocking::{Command as PtyCommand, open};

use crate::support::{ACME, Told, World, write_private};

const PROGRAM: &str = env!("CARGO_BIN_EXE_lmsyncd");

/// A world with a folder in the place of /etc/lmsyncd.
struct Place {
    world: World,
    etc: PathBuf,
}

impl Place {
    fn new() -> Place {
        let world = World::stories();
        let etc = world.path("etc");
        fs::create_dir(&etc).expect("made");
        Place { world, etc }
    }

    fn args(&self, more: &[&str]) -> Vec<String> {
        let fixed = ["setup", "--discovery-url", &self.world.url, "--config-dir"];
        let etc = self.etc.display().to_string();
        let all = fixed.into_iter().chain([etc.as_str()]).chain(more.iter().copied());
        all.map(str::to_owned).collect()
    }

    /// Runs it off a terminal, with this on its standard input.
    fn run(&self, input: &str, more: &[&str]) -> Told {
        let mut child = Command::new(PROGRAM)
            .args(self.args(more))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        // One that reads nothing may have ended already.
        let _ = child.stdin.take().expect("its input").write_all(input.as_bytes());
        Told::of(more, child.wait_with_output().expect("it ends"))
    }

    /// The same with everything that the tenant wants.
    fn run_right(&self, more: &[&str]) -> Told {
        let right = self.world.tenant.credentials();
        let fixed = ["--username", &right.username, "--integration-code", &right.integration_code];
        let all: Vec<&str> =
            fixed.iter().copied().chain(["--secret-stdin"]).chain(more.iter().copied()).collect();
        self.run(&format!("{}\n", right.secret), &all)
    }

    /// Every file with its mode, by name.
    fn files(&self) -> Vec<String> {
        let (mut found, mut folders) = (Vec::new(), vec![self.etc.clone()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("lists") {
                let path = entry.expect("an entry").path();
                let mode = fs::metadata(&path).expect("there").permissions().mode() & 0o777;
                let name = path.strip_prefix(&self.etc).expect("inside").display().to_string();
                found.push(format!("{name} {mode:o}"));
                folders.extend(path.is_dir().then_some(path));
            }
        }
        found.sort();
        found
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.etc.join(name)).expect("a file")
    }
}

const WRITTEN: [&str; 3] =
    ["credentials 700", "credentials/autotask-secret 600", "lmsyncd.toml 640"];

#[test]
fn off_a_terminal_it_writes_what_a_daemon_runs_with() {
    let place = Place::new();
    // Settings that somebody wrote, and a comment, stay.
    let more = format!(
        "# ours\nversion = 1\n[autotask]\nusername = \"abcdef123@MSP.EXAMPLE\"\n[store]\npath = \
         {:?}\n[control]\nsocket = {:?}\n",
        place.world.path("store"),
        place.world.socket()
    );
    write_private(&place.etc.join("lmsyncd.toml"), &more);
    let told = place.run_right(&[]).expect(
        0,
        &["Autotask accepts", "agreements are visible", "systemctl enable --now lmsyncd"],
    );
    let right = place.world.tenant.credentials();
    assert!(!told.out.contains(&right.secret) && !told.err.contains(&right.secret), "{told:?}");
    assert_eq!(place.files(), WRITTEN);
    assert!(place.read("lmsyncd.toml").starts_with("# ours\nversion = 1\n[autotask]\n"));
    assert!(!place.read("lmsyncd.toml").contains(&right.secret));
    assert_eq!(place.world.tenant.counters().authentication_failures, 0);

    let mut daemon = crate::support::lmsyncd(&place.etc.join("lmsyncd.toml"));
    daemon.env("CREDENTIALS_DIRECTORY", place.etc.join("credentials"));
    let _daemon = place.world.start_as(&mut daemon);
    place.world.json(&["sync", ACME, "--all", "--yes"]);
}

#[test]
fn a_login_that_fails_leaves_nothing_behind_and_costs_one() {
    let place = Place::new();
    let right = place.world.tenant.credentials();
    let args = ["--username", &right.username, "--integration-code", &right.integration_code];
    let args: Vec<&str> = args.into_iter().chain(["--secret-stdin"]).collect();
    let told = place.run("mistyped\n", &args);
    told.expect(77, &["nothing was written: Autotask refused", "`lmsyncd setup` again"]);
    assert_eq!(place.files(), [""; 0]);
    assert_eq!(place.world.tenant.counters().authentication_failures, 1);
    // What is there already stays as it is.
    place.run_right(&[]).expect(0, &[]);
    let before = (place.files(), place.read("lmsyncd.toml"));
    let args: Vec<&str> = args.into_iter().chain(["--yes"]).collect();
    place.run("mistyped\n", &args).expect(77, &[]);
    assert_eq!((place.files(), place.read("lmsyncd.toml")), before);
    assert_eq!(place.read("credentials/autotask-secret"), right.secret);
}

#[test]
fn nothing_is_replaced_unasked_and_a_copy_is_kept() {
    let place = Place::new();
    place.run_right(&[]).expect(0, &["wrote"]);
    // The same again is no change.
    let told = place.run_right(&[]).expect(0, &[]);
    assert!(!told.out.contains("wrote"), "{told:?}");
    assert_eq!(place.files(), WRITTEN);
    let change = ["--username", "other@MSP.EXAMPLE", "--secret-stdin", "--no-login"];
    let words = ["`username` in ", "autotask-secret would be replaced", "--yes"];
    place.run("another\n", &change).expect(64, &words);
    assert_eq!(place.files(), WRITTEN);
    let change: Vec<&str> = change.into_iter().chain(["--yes"]).collect();
    place.run("another\n", &change).expect(0, &["no login was tried", "kept the old one as"]);
    assert_eq!(place.read("credentials/autotask-secret"), "another");
    assert!(place.read("lmsyncd.toml").contains("username = \"other@MSP.EXAMPLE\""));
    let files = place.files();
    let kept = |name: &str, mode: &str| {
        files.iter().any(|file| file.starts_with(&format!("{name}.old-")) && file.ends_with(mode))
    };
    assert!(kept("credentials/autotask-secret", "600") && kept("lmsyncd.toml", "640"), "{files:?}");
}

/// A file that setup would not write is refused, and an instance is checked by its name.
#[test]
fn the_configuration_is_named_by_the_instance() {
    let run = |args: &[&str]| {
        let output = Command::new(PROGRAM).args(args).stdin(Stdio::null()).output();
        Told::of(args, output.expect("it runs"))
    };
    run(&["--config", "x.toml", "setup"]).expect(64, &["`--config` does not apply", "setup NAME"]);
    run(&["setup", "--config", "x.toml"]).expect(64, &["unexpected argument '--config'"]);
    run(&["--config", "x.toml", "check-config", "north"]).expect(64, &["a file or the name"]);
    let missing = ["/etc/lmsyncd/nobody-has-this.toml does not exist"];
    run(&["check-config", "nobody-has-this"]).expect(78, &missing);
}

#[test]
fn what_is_missing_or_wrong_is_told_at_once() {
    let place = Place::new();
    let words = ["the user name, the integration code and the secret are missing", "--secret-file"];
    place.run("", &[]).expect(64, &words);
    place.run("", &["--username", "x"]).expect(64, &["the integration code and the secret are"]);
    place.run("", &["--username", "a b\n"]).expect(64, &["--username has more than one line"]);
    place
        .run("a\nb\n", &["--username", "x", "--integration-code", "y", "--secret-stdin"])
        .expect(64, &["the secret in standard input has more than one line"]);
    for bad in ["../x", "lmsyncd", "index", "-x/"] {
        let told = place.run("", &["--", bad]);
        told.expect(64, &[&format!("the instance name \"{bad}\"")]);
    }
    let secret = place.world.path("secret");
    write_private(&secret, "x");
    let closed = ["--username", "x", "--integration-code", "y", "--secret-file"];
    let args: Vec<&str> = closed.into_iter().chain([secret.to_str().expect("text")]).collect();
    let args: Vec<&str> =
        args.into_iter().chain(["--discovery-url", "http://127.0.0.1:1/"]).collect();
    let told = Told::of(&[], {
        let mut command = Command::new(PROGRAM);
        command.args(["setup", "--config-dir", place.etc.to_str().expect("text")]).args(&args);
        command.stdin(Stdio::null()).output().expect("it runs")
    });
    told.expect(75, &["nothing was written: cannot reach", "--no-login"]);
    assert_eq!(place.files(), [""; 0]);
}

#[test]
fn an_instance_has_files_of_its_own() {
    let place = Place::new();
    place.run_right(&["north"]).expect(0, &["enable --now lmsyncd@north", "--instance north"]);
    let files = [
        "credentials 700",
        "credentials/north 700",
        "credentials/north/autotask-secret 600",
        "north.toml 640",
    ];
    assert_eq!(place.files(), files);
}

#[test]
fn on_a_terminal_it_asks_and_shows_no_secret() {
    let place = Place::new();
    let right = place.world.tenant.credentials();
    let (mut pty, pts) = open().expect("a pseudo-terminal");
    let mut child = PtyCommand::new(PROGRAM).args(place.args(&[])).spawn(pts).expect("it starts");
    let mut answers = [
        ("Username (Key): ", right.username.as_str()),
        ("Integration code (tracking identifier): ", right.integration_code.as_str()),
        ("Password (Secret) (not shown): ", "wrong\u{15}"),
        // The first was cleared with Ctrl-U, and Enter alone is no secret.
        ("it is empty", right.secret.as_str()),
    ]
    .into_iter()
    .peekable();
    let (mut shown, mut chunk, mut since) = (String::new(), [0; 4096], 0);
    while let Ok(count @ 1..) = pty.read(&mut chunk) {
        shown.push_str(&String::from_utf8_lossy(&chunk[..count]));
        let asked = answers.next_if(|(question, _)| shown[since..].contains(question));
        if let Some((question, answer)) = asked {
            since = shown.len();
            assert!(!question.is_empty());
            pty.write_all(format!("{answer}\r").as_bytes()).expect("typed");
        }
    }
    assert_eq!(child.wait().expect("it ends").code(), Some(0), "{shown}");
    assert!(shown.contains("agreements are visible"), "{shown}");
    assert!(!shown.contains(&right.secret) && !shown.contains("wrong"), "{shown}");
    assert_eq!(place.files(), WRITTEN);
    assert_eq!(place.read("credentials/autotask-secret"), right.secret);
}
