//! Callers that are many, silent, gone, or want no answer.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Child, ChildStdin, Stdio};

use crate::support::{ACME, PATIENCE, World, is_root, today, write_private};
use lmsyncd::demo::tenant::{Fault, Tenant};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

/// More than the daemon serves at a time.
const CROWD: usize = 100;

fn connect(world: &World) -> UnixStream {
    let stream = UnixStream::connect(world.socket()).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
    stream
}

fn send(stream: &mut UnixStream, call: &Value) {
    stream.write_all(format!("{call}\0").as_bytes()).expect("sent");
}

fn receive(stream: &UnixStream) -> Value {
    let mut frame = Vec::new();
    BufReader::new(stream).read_until(0, &mut frame).expect("a reply");
    assert_eq!(frame.pop(), Some(0), "a whole reply");
    serde_json::from_slice(&frame).expect("JSON")
}

#[test]
fn callers_that_are_silent_keep_nobody_out() {
    let (world, _daemon) = World::ready("");
    let silent: Vec<UnixStream> = (0..64).map(|_| connect(&world)).collect();
    world.ctl(&["version"]).expect(0, &[]);
    drop(silent);
}

#[test]
fn a_crowd_is_served_to_the_last() {
    let (world, _daemon) = World::ready("");
    world.json(&["client", "list"]);
    world.tenant.faults().set(Fault::Slow.amount(20));
    let children: Vec<_> = (0..CROWD)
        .map(|_| {
            let mut command = world.ctl_command(&["pending", ACME, "--json"]);
            command.stdout(std::process::Stdio::null()).spawn().expect("lmsyncctl starts")
        })
        .collect();
    let failed = children
        .into_iter()
        .map(|mut child| child.wait().expect("it ends"))
        .filter(|status| !status.success())
        .count();
    assert_eq!(failed, 0);
}

#[test]
fn those_who_ask_for_the_same_at_once_share_the_answer() {
    let (world, _daemon) = World::ready("");
    world.tenant.faults().set(Fault::Slow.amount(300));
    world.tenant.reset_counters();
    let children: Vec<_> = (0..20)
        .map(|_| {
            let mut command = world.ctl_command(&["client", "list", "--json"]);
            command.stdout(std::process::Stdio::null()).spawn().expect("lmsyncctl starts")
        })
        .collect();
    for mut child in children {
        assert!(child.wait().expect("it ends").success());
    }
    let asked = world.tenant.counters().total;
    // One list costs two, and that it is whole is asked once, of each of 16 entities.
    assert!(asked <= 6 + 16, "{asked} requests of 20 who came at once");
}

#[test]
fn a_call_that_wants_no_reply_gets_none() {
    let (world, _daemon) = World::ready("");
    let mut stream = connect(&world);
    let sync = json!({"client": ACME, "all": true, "dry_run": true});
    let call = |method: &str| json!({"method": method, "parameters": sync, "more": true});
    let mut oneway = call("org.lmsyncd.Sync.Sync");
    oneway["oneway"] = json!(true);
    send(&mut stream, &oneway);
    send(&mut stream, &json!({"method": "org.lmsyncd.Daemon.Version"}));
    let reply = receive(&stream);
    assert_eq!(reply["parameters"]["version"], env!("CARGO_PKG_VERSION"), "{reply}");
}

#[test]
fn one_who_waited_for_a_turn_and_left_has_none() {
    let (world, daemon) = World::ready("");
    world.tenant.faults().set(Fault::Slow.amount(300));
    let mut first = world.ctl_command(&["sync", ACME, "--all", "--json", "--yes"]);
    let mut first = first.stdout(std::process::Stdio::null()).spawn().expect("lmsyncctl starts");
    world.wait_for("the first run", || {
        // On the board of all, though it was never synced before.
        world.json(&["status"])["clients"][0]["running"].is_string().then_some(())
    });
    let mut waiting = connect(&world);
    let parameters = json!({"client": ACME, "all": true, "wait": true});
    send(&mut waiting, &json!({"method": "org.lmsyncd.Sync.Sync", "parameters": parameters}));
    drop(waiting);
    assert!(first.wait().expect("it ends").success());
    world.tenant.faults().clear();
    // Had the second begun, the daemon would wait for its end before it stops.
    assert_eq!(daemon.stop(), 0);
    let _daemon = world.start();
    let runs = world.json(&["run", "list"]);
    assert_eq!(runs["runs"].as_array().map(Vec::len), Some(1), "{runs:#}");
}

#[test]
fn the_second_is_told_of_the_first_or_waits_and_progress_is_streamed() {
    let (world, _daemon) = World::ready("");
    world.json(&["client", "list"]);
    world.tenant.faults().set(Fault::Slow.amount(800));
    // The first asks for progress, as lmsyncctl does, and gets it before the run.
    let mut first = BufReader::new(connect(&world));
    let call = json!({"method": "org.lmsyncd.Sync.Sync", "more": true,
        "parameters": {"client": ACME, "all": true}});
    send(first.get_mut(), &call);
    let mut next = || -> Value {
        let mut frame = Vec::new();
        first.read_until(0, &mut frame).expect("a reply");
        serde_json::from_slice(&frame[..frame.len() - 1]).expect("JSON")
    };
    let progress = next();
    assert_eq!(progress["continues"], true);
    assert!(progress["parameters"]["progress"]["doing"].is_string(), "{progress}");

    world
        .ctl(&["sync", ACME, "--all", "--yes"])
        .expect(9, &["has been syncing Acme Dental (174) since", "--wait"]);
    let impatient = world.ctl(&["sync", ACME, "--all", "--wait", "--timeout", "1", "--yes"]);
    impatient.expect(9, &["gave up waiting"]);
    let waited = world.json(&["sync", ACME, "--all", "--wait", "--yes"]);
    assert_eq!((&waited["run"]["id"], &waited["run"]["created"]), (&json!(2), &json!(0)));

    let run = std::iter::repeat_with(next).find(|reply| reply["continues"] != true);
    let run = run.expect("a last reply")["parameters"]["run"].clone();
    assert_eq!((&run["id"], &run["result"]), (&json!(1), &json!("ok")));
    assert!(run["created"].as_i64() > Some(1));
}

/// The numbers of nobody, of root's group, to whose members the socket of a test belongs, and of the
/// group mail.
const NOBODY: u32 = 65534;
const ROOTS_GROUP: u32 = 0;
const MAIL: u32 = 8;

/// Connections that another user holds, until this is dropped.
struct Held {
    child: Child,
    _input: ChildStdin,
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Has nobody, in this group, open so many connections and send this call on each. That takes
/// another process, since the kernel tells the daemon who connected: this program itself, of which
/// only [`holding_connections`] runs there.
fn hold(world: &World, gid: u32, count: usize, call: &Value) -> Held {
    let mut child = world
        .test_as(NOBODY, gid, "crowd::holding_connections")
        .env("HELD_COUNT", count.to_string())
        .env("HELD_CALL", call.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let input = child.stdin.take().expect("its input");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    assert!(lines.any(|line| line.is_ok_and(|line| line.contains("all are open"))));
    Held { child, _input: input }
}

#[test]
#[ignore = "runs as another user, for the tests beside it"]
fn holding_connections() {
    let given = |name: &str| std::env::var(name).expect("what it is called with");
    let count: usize = given("HELD_COUNT").parse().expect("a number");
    let call: Value = serde_json::from_str(&given("HELD_CALL")).expect("a call");
    let held: Vec<UnixStream> = (0..count)
        .map(|_| {
            let mut stream = UnixStream::connect(given("OTHERS_SOCKET")).expect("a connection");
            if !call.is_null() {
                // The daemon may have closed it already.
                let _ = stream.write_all(format!("{call}\0").as_bytes());
            }
            stream
        })
        .collect();
    writeln!(std::io::stdout(), "all are open").expect("it is told");
    let _ = std::io::stdin().read(&mut [0]);
    drop(held);
}

/// More connections than the daemon has for everybody.
const MANY: usize = 400;

#[test]
fn who_may_only_look_keeps_no_operator_out() {
    if !is_root() {
        return;
    }
    let world = World::stories();
    world.configure("operators = [\"root\"]\nobservers = [\"@mail\"]");
    let _daemon = world.start();
    let watch = json!({"method": "org.lmsyncd.Daemon.Watch", "more": true});
    let export = json!({"method": "org.lmsyncd.Contracts.Export"});
    let half = json!("no NUL byte follows");
    for call in [Value::Null, watch, export, half] {
        let _held = hold(&world, MAIL, MANY, &call);
        // An operator and another observer are answered at once, and may watch too.
        world.ctl(&["check", "--timeout", "10s"]).expect(0, &["LMSYNCD OK"]);
        let mut watching = connect(&world);
        send(&mut watching, &json!({"method": "org.lmsyncd.Daemon.Watch", "more": true}));
        assert_eq!(receive(&watching)["continues"], true);
        world.ctl_as(1, MAIL, &["version"]).expect(0, &[]);
    }
}

#[test]
fn who_is_too_many_is_told_so() {
    if !is_root() {
        return;
    }
    let (world, _daemon) = World::ready("operators = [\"root\"]");
    world.tenant.faults().set(Fault::Slow.amount(600_000));
    // Calls that wait for Autotask until the test is over, as many as one user may have connections.
    let pending = json!({"method": "org.lmsyncd.Sync.Pending", "parameters": {"client": ACME}});
    let mut held = vec![hold(&world, ROOTS_GROUP, 64, &pending)];
    let told = world.wait_for("one connection too many", || {
        let told = world.ctl_as(NOBODY, ROOTS_GROUP, &["version"]);
        if told.exit != 9 {
            // A call that was not read yet made room.
            held.push(hold(&world, ROOTS_GROUP, 1, &pending));
        }
        (told.exit == 9).then_some(told)
    });
    told.expect(9, &["too many connections"]);
    world.ctl(&["version"]).expect(0, &[]);
}

#[test]
fn what_was_given_up_while_the_daemon_hung_is_not_done_later() {
    let (world, daemon) = World::ready("");
    let switch = json!({"method": "org.lmsyncd.Sync.SetAutoSync",
        "parameters": {"clients": [ACME], "on": true}});
    daemon.signal(Signal::SIGSTOP);
    let mut given_up = connect(&world);
    send(&mut given_up, &switch);
    drop(given_up);
    // One that only sends no more waits for its reply.
    let mut waits = connect(&world);
    send(&mut waits, &json!({"method": "org.lmsyncd.Daemon.Version"}));
    waits.shutdown(std::net::Shutdown::Write).expect("it is shut");
    daemon.signal(Signal::SIGCONT);
    assert!(receive(&waits)["parameters"]["version"].is_string());
    world.wait_for("the end of the first connection", || {
        let log = std::fs::read_to_string(world.path("daemon.log")).expect("a log");
        log.contains("has gone: its call of org.lmsyncd.Sync.SetAutoSync").then_some(())
    });
    let clients = world.json(&["status"])["clients"].clone();
    assert!(!clients.to_string().contains("\"auto_sync\":true"), "{clients}");
}

#[test]
fn who_may_not_change_anything_leaves_the_hour_to_others() {
    if !is_root() {
        return;
    }
    let world = World::with(Tenant::stories(today()));
    world.configure("operators = [\"root\"]");
    let text = std::fs::read_to_string(world.config()).expect("it");
    let few = text.replace("[store]", "max-requests-per-hour = 100\n[store]");
    write_private(&world.config(), &few);
    let _daemon = world.start();
    let reader = |args: &[&str]| world.ctl_as(NOBODY, ROOTS_GROUP, args);
    let asked = || world.tenant.counters().total;
    let first = reader(&["pending", ACME, "--json"]).expect(0, &[]);
    let mut before = asked();
    world.wait_for("a quarter of the hour to be used up", || {
        reader(&["doctor"]);
        let now = asked();
        (std::mem::replace(&mut before, now) == now).then_some(())
    });
    assert!((25..60).contains(&before), "{before} requests");
    // What was found last serves, and what nobody found is refused.
    let again = reader(&["pending", ACME, "--json"]).expect(0, &[]);
    assert_eq!(first.out, again.out);
    reader(&["diff", ACME]).expect(0, &[]);
    for args in [&["doctor"][..], &["sync", ACME, "--all", "--dry-run"], &["status", "zzz"]] {
        let told = reader(args);
        assert!(told.exit == 7 || told.exit == 5, "{told:?}");
    }
    assert_eq!(asked(), before, "none of it asked Autotask");
    world.ctl(&["pending", ACME]).expect(0, &[]);
    assert!(asked() > before, "an operator still asks");
}
