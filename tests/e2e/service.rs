//! lmsyncd as a service: reload, stop, the socket that systemd passes, and what is never logged.
//! The rest of it needs a systemd: `tests/package/run`.

use std::fs;
use std::os::unix::net::UnixListener;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::{ACME, Daemon, Told, World, lmsyncd, write_private};
use lmsyncd::demo::tenant::{Fault, FaultRule};
use nix::sys::signal::Signal;

fn log(world: &World) -> String {
    fs::read_to_string(world.path("daemon.log")).expect("a log")
}

/// Starts a sync that takes some seconds, and waits until it is under way.
fn slow_sync(world: &World, fault: &str) -> Child {
    world.tenant.faults().set(fault.parse::<FaultRule>().expect("a fault"));
    let sync = world
        .ctl_command(&["sync", ACME, "--all", "--yes"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("lmsyncctl starts");
    world.wait_for("the run", || {
        let running = world.json(&["status"])["clients"][0]["running"].is_string();
        running.then_some(())
    });
    sync
}

fn stops(world: &World, daemon: &Daemon) {
    daemon.signal(Signal::SIGTERM);
    world.wait_for("the daemon to stop", || {
        let told = world.ctl(&["status"]);
        (told.exit == 9 && told.err.contains("lmsyncd is stopping")).then_some(())
    });
}

#[test]
fn term_lets_runs_end_and_the_socket_says_that_it_stops() {
    let world = World::stories();
    world.configure("");
    let daemon = world.start();
    let sync = slow_sync(&world, "slow@300");
    stops(&world, &daemon);
    world.ctl(&["auto-sync", "on", ACME]).expect(9, &["lmsyncd is stopping"]);
    let sync = Told::of(&["sync"], sync.wait_with_output().expect("it ends"));
    sync.expect(0, &[]);
    assert_eq!(daemon.end(), 0);
    world.tenant.faults().clear();
    let _daemon = world.start();
    assert!(!world.contracts().is_empty(), "what was acknowledged is there");
}

#[test]
fn a_second_signal_cuts_off_what_is_under_way_and_names_it() {
    let world = World::stories();
    world.configure("");
    let daemon = world.start();
    let sync = slow_sync(&world, "slow=ContractServices@4500");
    stops(&world, &daemon);
    daemon.signal(Signal::SIGINT);
    assert_eq!(daemon.end(), 0);
    let sync = Told::of(&["sync"], sync.wait_with_output().expect("it ends"));
    assert_ne!(sync.exit, 0, "{sync:?}");
    let log = log(&world);
    assert!(log.contains("nothing was stored: the run of Acme Dental (174) for "), "{log}");
    world.tenant.faults().clear();
    let _daemon = world.start();
    assert!(world.contracts().is_empty(), "nothing of it was stored");
}

#[test]
fn credentials_that_are_refused_do_not_replace_those_that_work() {
    let world = World::stories();
    world.configure("");
    let daemon = world.start();
    world.json(&["sync", ACME, "--all", "--yes"]);
    let refusals = || world.tenant.counters().authentication_failures;
    assert_eq!(refusals(), 0);

    write_private(&world.path("secret"), "mistyped");
    let words = ["nothing was changed", "Autotask", "hint:"];
    world.ctl(&["reload"]).expect(7, &words);
    assert_eq!(refusals(), 1);
    assert_eq!(world.json(&["status"])["api"]["auth"], "ok");
    world.json(&["sync", ACME, "--all", "--yes"]);
    // However often it is tried, the account is not locked by it.
    for _ in 0..4 {
        world.ctl(&["reload"]).expect(7, &words);
    }
    daemon.signal(Signal::SIGHUP);
    world.wait_for("the answer in the log", || {
        log(&world).contains("the configuration is unchanged: nothing was changed").then_some(())
    });
    assert_eq!(refusals(), 1);
    world.json(&["sync", ACME, "--all", "--yes"]);

    world.configure("[sync]\ninterval = \"12h\"");
    let told = world.ctl(&["reload"]).expect(0, &["sync.interval"]);
    assert!(!told.out.contains("autotask"), "{told:?}");
    world.json(&["sync", ACME, "--all", "--yes"]);
    assert_eq!(refusals(), 1);
}

#[test]
fn a_way_that_leads_nowhere_is_not_taken_and_a_good_one_is() {
    let world = World::stories();
    world.configure("");
    let _daemon = world.start();
    world.json(&["sync", ACME, "--all", "--yes"]);
    let with_url = |url: &str| {
        let text = fs::read_to_string(world.config()).expect("a file");
        let line = text.lines().find(|line| line.starts_with("discovery-url")).expect("a line");
        write_private(&world.config(), &text.replace(line, &format!("discovery-url = {url:?}")));
    };
    // Nothing listens there.
    with_url("http://127.0.0.1:1/ATServicesRest/");
    world.ctl(&["reload"]).expect(7, &["nothing was changed"]);
    world.json(&["sync", ACME, "--all", "--yes"]);
    with_url(&world.url.replace("127.0.0.1", "localhost"));
    world.ctl(&["reload"]).expect(0, &["autotask.discovery-url", "immediately"]);
    world.json(&["sync", ACME, "--all", "--yes"]);
}

#[test]
fn credentials_that_do_not_work_are_replaced_and_the_secret_is_named_not_shown() {
    let world = World::stories();
    let right = world.tenant.credentials();
    world.configure_as(&right.username, "mistyped", &right.integration_code, "");
    let _daemon = world.start();
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(7, &[]);
    world.configure("");
    let told = world.ctl(&["reload"]).expect(0, &["autotask-secret", "(set)", "(changed)"]);
    assert!(!told.out.contains(&right.secret), "{told:?}");
    world.json(&["sync", ACME, "--all", "--yes"]);
}

#[test]
fn a_passed_socket_is_served_and_left_and_who_connects_in_between_waits() {
    let world = World::stories();
    world.configure("");
    // As systemd does it: the listening socket stays with whoever passes it.
    let socket = UnixListener::bind(world.socket()).expect("bound");
    let start = || {
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", "LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" --config \"$1\" 3<&0 </dev/null"])
            .args([lmsyncd(&world.config()).get_program().to_owned(), world.config().into()])
            .env_remove("JOURNAL_STREAM")
            .stdin(std::os::fd::OwnedFd::from(socket.try_clone().expect("another")));
        world.start_as(&mut shell)
    };
    let daemon = start();
    world.ctl(&["version"]).expect(0, &[]);
    assert_eq!(daemon.stop(), 0);
    assert!(world.socket().exists());
    let waiting = world
        .ctl_command(&["version"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("lmsyncctl starts");
    let daemon = start();
    let told = Told::of(&["version"], waiting.wait_with_output().expect("it ends"));
    told.expect(0, &[]);
    // Whatever the moment in which one connects: nobody is refused by a restart.
    let answered = AtomicUsize::new(0);
    let daemon = std::thread::scope(|scope| {
        let calling = scope.spawn(|| {
            for _ in 0..20 {
                world.ctl(&["version"]).expect(0, &[]);
                answered.fetch_add(1, Ordering::Relaxed);
            }
        });
        let mut daemon = daemon;
        while !calling.is_finished() {
            let before = answered.load(Ordering::Relaxed);
            assert_eq!(daemon.stop(), 0);
            daemon = start();
            world.wait_for("an answer", || {
                let more = answered.load(Ordering::Relaxed) > before;
                (more || calling.is_finished()).then_some(())
            });
        }
        calling.join().expect("each was answered");
        daemon
    });
    daemon.kill();
    assert!(world.socket().exists());
}

#[test]
fn a_daemon_that_cannot_start_answers_who_waits_and_ends() {
    let world = World::stories();
    world.configure("[sync]\nintervall = \"1h\"");
    let socket = UnixListener::bind(world.socket()).expect("bound");
    let waiting: Vec<Child> = [&["check"][..], &["status"], &["version"], &["--json", "status"]]
        .iter()
        .map(|args| {
            let mut command = world.ctl_command(args);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts")
        })
        .collect();
    // As systemd starts it for each connection that waits.
    let mut statuses = Vec::new();
    let mut start = || {
        let mut shell = Command::new("/bin/sh");
        let passed = shell
            .args(["-c", "LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" --config \"$1\" 3<&0 </dev/null"])
            .args([lmsyncd(&world.config()).get_program().to_owned(), world.config().into()])
            .env_remove("JOURNAL_STREAM")
            .stdin(std::os::fd::OwnedFd::from(socket.try_clone().expect("another")));
        let ended = passed.output().expect("it runs");
        statuses.push(ended.status.code());
    };
    // One that comes late starts it again.
    let mut waiting = waiting;
    while waiting.iter_mut().any(|child| child.try_wait().expect("a status").is_none()) {
        start();
    }
    assert!(statuses.iter().all(|status| *status == Some(78)), "{statuses:?}");
    let told: Vec<Told> = waiting
        .into_iter()
        .map(|child| Told::of(&[], child.wait_with_output().expect("it ended")))
        .collect();
    let words = "lmsyncd does not start: the configuration cannot be used: ";
    for (told, exit) in told.into_iter().zip([2, 1, 1, 1]) {
        told.expect(exit, &[words, "intervall", "at line 13"]);
    }
    // The socket stays with whoever passed it, and a configuration that is right is served on it.
    assert!(world.socket().exists());
}

#[test]
fn no_secret_is_logged_at_the_most_talkative_level() {
    let world = World::stories();
    let right = world.tenant.credentials();
    let mistyped = "mistyped-0123456789";
    world.configure_as(&right.username, mistyped, &right.integration_code, "");
    let daemon = world.start_as(lmsyncd(&world.config()).env("LMSYNCD_LOG", "trace"));
    world.ctl(&["doctor"]);
    world.configure("");
    world.ctl(&["reload"]).expect(0, &[]);
    world.json(&["sync", ACME, "--all", "--yes"]);
    world.tenant.faults().set(Fault::WrongAuth);
    world.ctl(&["pending", ACME]).expect(7, &[]);
    world.tenant.faults().clear();
    assert_eq!(daemon.stop(), 0);
    let log = log(&world);
    assert!(log.contains("TRACE") && log.contains("Autotask answered"), "{log}");
    for secret in [mistyped, &right.secret, &right.integration_code] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

#[test]
fn a_socket_whose_file_or_folder_is_deleted_is_served_again() {
    let world = World::stories();
    world.configure("");
    let text = fs::read_to_string(world.config()).expect("it");
    let (folder, socket) = (world.path("run"), world.path("run/control.sock"));
    let old = format!("{:?}", world.socket());
    write_private(&world.config(), &text.replace(&old, &format!("{socket:?}")));
    let daemon = world.start();
    let ctl = |args: &[&str]| {
        let mut command = world.ctl_command(args);
        Told::of(args, command.env("LMSYNCD_SOCKET", &socket).output().expect("it runs"))
    };
    ctl(&["version"]).expect(0, &[]);
    fs::remove_file(&socket).expect("removed");
    ctl(&["version"]).expect(3, &[]);
    let again = || (ctl(&["version"]).exit == 0).then_some(());
    world.wait_for("the socket", again);
    fs::remove_dir_all(&folder).expect("removed");
    world.wait_for("the folder and the socket", again);
    assert_eq!(log(&world).matches("was gone, and is served again").count(), 2);
    assert_eq!(daemon.stop(), 0);
    assert!(!socket.exists(), "it goes away with the daemon");
}

#[test]
fn too_many_open_files_are_told_once_and_an_operator_is_served() {
    let world = World::stories();
    world.configure("");
    let mut command = std::process::Command::new("sh");
    let daemon = env!("CARGO_BIN_EXE_lmsyncd");
    command.args(["-c", "ulimit -n 80 && exec \"$0\" --config \"$1\"", daemon]);
    command.arg(world.config()).env_remove("JOURNAL_STREAM").env("TZ", "UTC");
    let _daemon = world.start_as(&mut command);
    let connect = || std::os::unix::net::UnixStream::connect(world.socket()).expect("connects");
    let silent: Vec<_> = (0..300).map(|_| connect()).collect();
    world.ctl(&["check", "--timeout", "10s"]).expect(0, &["LMSYNCD OK"]);
    world.json(&["sync", ACME, "--all", "--yes"]);
    assert!(log(&world).matches("no connection can be accepted").count() <= 1);
    drop(silent);
    world.ctl(&["version"]).expect(0, &[]);
}

#[test]
fn files_that_others_can_change_are_told_of() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::stories();
    world.configure("");
    fs::set_permissions(world.folder.path(), fs::Permissions::from_mode(0o777)).expect("chmod");
    let _daemon = world.start();
    let log = log(&world);
    assert!(log.contains("the folder of the configuration, "), "{log}");
    let words = "can be changed by its group or by others; chmod go-w fixes that";
    assert!(log.contains(words));
    let mut check = lmsyncd(&world.config());
    let told = Told::of(&["check-config"], check.arg("check-config").output().expect("it runs"));
    told.expect(0, &["is usable", "the folder of the configuration, ", words]);
}
