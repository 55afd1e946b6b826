//! Callers that are many, silent, gone, or want no answer.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use crate::support::{ACME, PATIENCE, World};
use lmsyncd::demo::tenant::Fault;
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
    let mut first = world.ctl_command(&["sync", ACME, "--all", "--json"]);
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
        .ctl(&["sync", ACME, "--all"])
        .expect(9, &["has been syncing Acme Dental (174) since", "--wait"]);
    let impatient = world.ctl(&["sync", ACME, "--all", "--wait", "--timeout", "1"]);
    impatient.expect(9, &["gave up waiting"]);
    let waited = world.json(&["sync", ACME, "--all", "--wait"]);
    assert_eq!((&waited["run"]["id"], &waited["run"]["created"]), (&json!(2), &json!(0)));

    let run = std::iter::repeat_with(next).find(|reply| reply["continues"] != true);
    let run = run.expect("a last reply")["parameters"]["run"].clone();
    assert_eq!((&run["id"], &run["result"]), (&json!(1), &json!("ok")));
    assert!(run["created"].as_i64() > Some(1));
}
