//! A fake tenant, a real lmsyncd on a folder of its own, and a real lmsyncctl: what the tests of
//! behaviour stand on.

pub mod scripted;

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use lmsyncd::demo::tenant::{Serving, Tenant};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// How long a test waits for something before it says that it will not come.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The plain client of the stories, its agreement, and the line whose cost is 254.10.
pub const ACME: &str = "174";
pub const ACME_AGREEMENT: &str = "A29683353";
pub const ACME_LINE: &str = "S55102";

/// A fake tenant that serves on loopback for as long as the test runs.
pub struct World {
    pub tenant: Tenant,
    pub url: String,
    pub folder: TempDir,
    _serving: Serving,
    _runtime: Runtime,
}

impl World {
    /// The hand-written tenant.
    pub fn stories() -> World {
        World::with(Tenant::stories(today()))
    }

    /// A tenant of the test's choice.
    pub fn with(tenant: Tenant) -> World {
        let runtime = Runtime::new().expect("a runtime");
        let serving = runtime.block_on(tenant.serve(0)).expect("the tenant serves");
        let folder = tempfile::tempdir().expect("a folder");
        // Another user must be able to come as far as the socket.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("chmod");
        let url = serving.url();
        World { tenant, url, folder, _serving: serving, _runtime: runtime }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn config(&self) -> PathBuf {
        self.path("lmsyncd.toml")
    }

    pub fn socket(&self) -> PathBuf {
        self.path("control.sock")
    }

    /// The hand-written tenant, and a daemon that runs with `more` in its config.
    pub fn ready(more: &str) -> (World, Daemon) {
        let world = World::stories();
        world.configure(more);
        let daemon = world.start();
        (world, daemon)
    }

    /// What `contract show` says of one field of a contract.
    pub fn field(&self, key: &str, name: &str) -> Value {
        let shown = self.json(&["contract", "show", key]);
        let fields = shown["fields"].as_array().expect("fields");
        fields.iter().find(|field| field["field"] == name).expect("the field").clone()
    }

    /// Writes the configuration and the secret that fit the tenant; `more` is added at the end.
    pub fn configure(&self, more: &str) {
        let credentials = self.tenant.credentials();
        self.configure_as(
            &credentials.username,
            &credentials.secret,
            &credentials.integration_code,
            more,
        );
    }

    /// The same with credentials of the test's choice.
    pub fn configure_as(&self, username: &str, secret: &str, code: &str, more: &str) {
        write_private(&self.path("secret"), secret);
        let text = format!(
            "version = 1\n[autotask]\nusername = {username:?}\nintegration-code = {code:?}\n\
             secret-file = {:?}\ndiscovery-url = {:?}\nrequest-timeout = \"5s\"\n\
             [store]\npath = {:?}\n[control]\nsocket = {:?}\n{more}\n",
            self.path("secret"),
            self.url,
            self.path("store"),
            self.socket(),
        );
        write_private(&self.config(), &text);
    }

    /// Starts lmsyncd with the configuration as it is, and waits until it says that it is ready.
    pub fn start(&self) -> Daemon {
        self.start_in("UTC")
    }

    /// The same on a machine in another time zone, as the variable TZ has it.
    pub fn start_in(&self, zone: &str) -> Daemon {
        Daemon::start(self, lmsyncd(&self.config()).env("TZ", zone).env("LMSYNCD_LOG", "debug"))
    }

    /// The same with a command of the test's choice.
    pub fn start_as(&self, command: &mut Command) -> Daemon {
        Daemon::start(self, command)
    }

    /// Runs lmsyncctl without a terminal.
    pub fn ctl(&self, args: &[&str]) -> Told {
        let output = self.ctl_command(args).output().expect("lmsyncctl runs");
        Told::of(args, output)
    }

    pub fn ctl_command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lmsyncctl"));
        command
            .args(args)
            .env("LMSYNCD_SOCKET", self.socket())
            .env("TZ", "UTC")
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null());
        command
    }

    /// lmsyncctl as another user runs it, who needs to be root to have others do so.
    ///
    /// The binary itself may lie where nobody else can go. Another process copies it: a file that
    /// this one has open for writing while another test forks cannot be run (ETXTBSY, execve(2)).
    pub fn ctl_as(&self, uid: u32, gid: u32, args: &[&str]) -> Told {
        let program = self.copy_of(Path::new(env!("CARGO_BIN_EXE_lmsyncctl")), "lmsyncctl");
        let mut command = Command::new(&program);
        command.args(args).env("LMSYNCD_SOCKET", self.socket()).uid(uid).gid(gid);
        Told::of(args, command.stdin(Stdio::null()).output().expect("it runs"))
    }

    /// One test of this program, as another user runs it, who needs to be root to have others do so.
    /// The test is ignored otherwise.
    pub fn test_as(&self, uid: u32, gid: u32, test: &str) -> Command {
        let program = self.copy_of(&std::env::current_exe().expect("this program"), "tests");
        let mut command = Command::new(program);
        command.args(["--exact", test, "--ignored", "--nocapture"]).uid(uid).gid(gid);
        command.env("OTHERS_SOCKET", self.socket());
        command
    }

    /// A copy of a program, which everybody may run.
    pub fn copy_of(&self, program: &Path, name: &str) -> PathBuf {
        let copy = self.path(name);
        if !copy.exists() {
            // Another process copies it: see `ctl_as`.
            let copied = Command::new("cp").arg(program).arg(&copy).status();
            assert!(copied.expect("cp runs").success());
        }
        copy
    }

    /// Runs lmsyncctl with `--json`, expects it to succeed, and gives what it printed.
    pub fn json(&self, args: &[&str]) -> Value {
        let mut all = args.to_vec();
        all.push("--json");
        let told = self.ctl(&all);
        assert_eq!(told.exit, 0, "{told:?}");
        serde_json::from_str(&told.out).expect("one JSON object")
    }

    /// The contracts of the store, as `contract list --json` shows them.
    pub fn contracts(&self) -> Vec<Value> {
        self.json(&["contract", "list"])["contracts"].as_array().expect("a list").clone()
    }

    /// Repeats a look until it finds what it wants.
    pub fn wait_for<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let watch = Watch::start();
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(!watch.is_over(), "waited in vain for {what}");
            std::thread::yield_now();
        }
    }
}

/// Tells when a test's patience is over.
pub struct Watch(std::time::Instant);

impl Watch {
    pub fn start() -> Watch {
        Watch(std::time::Instant::now())
    }

    pub fn is_over(&self) -> bool {
        self.0.elapsed() > PATIENCE
    }
}

/// What lmsyncctl, or lmsyncd, said.
#[derive(Debug)]
pub struct Told {
    #[expect(dead_code, reason = "for whoever reads a failure")]
    pub args: Vec<String>,
    pub exit: i32,
    pub out: String,
    pub err: String,
}

impl Told {
    pub fn of(args: &[&str], output: Output) -> Told {
        Told {
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            exit: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).expect("text"),
            err: String::from_utf8(output.stderr).expect("text"),
        }
    }

    /// Expects an exit status, and words in what it said.
    #[track_caller]
    pub fn expect(self, exit: i32, words: &[&str]) -> Told {
        let all = format!("{}{}", self.out, self.err);
        assert_eq!(self.exit, exit, "{self:#?}");
        for word in words {
            assert!(all.contains(word), "`{word}` is not in {self:#?}");
        }
        self
    }
}

/// Whether this is root, who alone can connect as another user; tells who looks that it is not.
pub fn is_root() -> bool {
    let root = nix::unistd::Uid::effective().is_root();
    if !root {
        let _ = writeln!(std::io::stderr(), "left out: only root can connect as another user");
    }
    root
}

/// A running lmsyncd; killed when it is dropped.
pub struct Daemon {
    child: Child,
}

impl Daemon {
    fn start(world: &World, command: &mut Command) -> Daemon {
        let notify = world.path("notify.sock");
        let _ = fs::remove_file(&notify);
        let socket = UnixDatagram::bind(&notify).expect("a socket for readiness");
        socket.set_read_timeout(Some(PATIENCE)).expect("a limit");
        // The daemon may run as another user.
        fs::set_permissions(&notify, fs::Permissions::from_mode(0o777)).expect("chmod");
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(world.path("daemon.log"))
            .expect("a log");
        let mut child =
            command.env("NOTIFY_SOCKET", &notify).stderr(log).spawn().expect("lmsyncd starts");
        let mut message = [0; 256];
        // A daemon that ends instead of becoming ready would leave the socket silent.
        loop {
            socket.set_read_timeout(Some(Duration::from_millis(200))).expect("a limit");
            match socket.recv(&mut message) {
                Ok(length) if message[..length].starts_with(b"READY=1") => break,
                Ok(_) => {}
                Err(_) => {
                    let ended = child.try_wait().expect("a status");
                    let log = fs::read_to_string(world.path("daemon.log")).unwrap_or_default();
                    assert!(ended.is_none(), "lmsyncd ended with {ended:?}:\n{log}");
                }
            }
        }
        Daemon { child }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: nothing is tidied.
    pub fn kill(mut self) {
        self.child.kill().expect("it is killed");
        self.child.wait().expect("it ends");
    }

    /// SIGTERM, and waits for the end.
    pub fn stop(self) -> i32 {
        self.signal(nix::sys::signal::Signal::SIGTERM);
        self.end()
    }

    /// Waits for the end.
    pub fn end(mut self) -> i32 {
        self.child.wait().expect("it ends").code().unwrap_or(-1)
    }

    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = nix::unistd::Pid::from_raw(self.child.id().try_into().expect("a pid"));
        nix::sys::signal::kill(pid, signal).expect("the signal is sent");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// lmsyncd with a configuration, not yet started.
pub fn lmsyncd(config: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lmsyncd"));
    command
        .arg("--config")
        .arg(config)
        .env_remove("CREDENTIALS_DIRECTORY")
        .env_remove("JOURNAL_STREAM");
    command.env("TZ", "UTC").stdin(Stdio::null());
    command
}

pub fn write_private(path: &Path, text: &str) {
    let mut file = fs::File::create(path).expect("a file");
    file.set_permissions(fs::Permissions::from_mode(0o600)).expect("chmod");
    file.write_all(text.as_bytes()).expect("written");
}

/// Writes a program for the shell that everybody may run.
///
/// Another process writes it: a file that is open for writing here is open too in whatever process
/// another test starts just then, and the system runs no program that may still be written to.
pub fn write_script(path: &Path, text: &str) {
    let mut shell = Command::new("sh")
        .args(["-c", "cat >\"$0\" && chmod 755 \"$0\""])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
        .expect("sh starts");
    let mut input = shell.stdin.take().expect("its input");
    input.write_all(format!("#!/bin/sh\n{text}\n").as_bytes()).expect("written");
    drop(input);
    assert!(shell.wait().expect("it ends").success(), "a script");
}

/// Today, as the daemon of a test sees it, whose server is at UTC.
pub fn today() -> chrono::NaiveDate {
    use lmsyncd::clock::{Clock, SystemClock, Tz, day_in};
    day_in(&Tz::UTC, SystemClock.now())
}

/// The item of a key in what `pending` answers; null where it is not pending.
pub fn item(pending: &Value, key: &str) -> Value {
    let items = pending["items"].as_array().expect("items");
    items.iter().find(|item| item["key"] == key).cloned().unwrap_or_default()
}
