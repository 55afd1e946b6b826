//! Being told, through the real binaries: `watch`, the notify command, the heartbeat, `check` and
//! the metrics.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::sync::mpsc;

use crate::support::{ACME, PATIENCE, World, write_script};
use lmsyncd::demo::tenant::Fault;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// Acme's line of mail: 14 units at 3.50.
const MAIL: i64 = 55_104;

/// `lmsyncctl watch`, and the lines that it prints.
struct Watching {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Watching {
    /// Begins to watch, and waits until it has begun: in text, that is said.
    fn start(world: &World, args: &[&str]) -> Watching {
        let mut command = world.ctl_command(&[&["watch"], args].concat());
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let (tell, lines) = mpsc::channel();
        let out = BufReader::new(child.stdout.take().expect("its output"));
        let (err, said) = (BufReader::new(child.stderr.take().expect("its remarks")), tell.clone());
        std::thread::spawn(move || {
            err.lines().map_while(Result::ok).for_each(|line| {
                let _ = said.send(line);
            })
        });
        std::thread::spawn(move || {
            out.lines().map_while(Result::ok).for_each(|line| {
                let _ = tell.send(line);
            })
        });
        Watching { child, lines }
    }

    /// The next line that has these words in it.
    #[track_caller]
    fn until(&self, words: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE).expect("a line");
            if line.contains(words) {
                return line;
            }
        }
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().try_into().expect("a pid"));
        kill(pid, signal).expect("it is sent");
    }

    fn end(mut self) -> i32 {
        self.child.wait().expect("it ends").code().unwrap_or(-1)
    }
}

#[test]
fn watch_sees_a_run_and_ends_quietly() {
    let world = World::stories();
    world.configure("");
    let daemon = world.start();
    let all = Watching::start(&world, &[]);
    all.until("watching; press Ctrl-C to stop");
    world.json(&["sync", ACME, "--all", "--yes"]);
    let line = all.until("run_changed");
    assert!(line.contains("Acme Dental (174): ") && line.contains("created"), "{line}");
    all.signal(Signal::SIGINT);
    assert_eq!(all.end(), 0);

    // Only what concerns this client; a second sync has nothing to change.
    let one = Watching::start(&world, &[ACME]);
    one.until("watching; press Ctrl-C to stop");
    world.json(&["sync", "175", "--all", "--yes"]);
    world.json(&["sync", ACME, "--all", "--yes"]);
    world.ctl(&["reload"]).expect(0, &[]);
    let line = one.lines.recv_timeout(PATIENCE).expect("a line");
    assert!(line.contains("run_finished") && line.contains("Acme Dental"), "{line}");
    one.until("reloaded");
    assert_eq!(daemon.stop(), 0);
    one.until("lmsyncd stopped");
    assert_eq!(one.end(), 3);
}

#[test]
fn a_run_tells_what_it_changed_and_what_is_held_of_it_in_money() {
    let world = World::stories();
    world.configure("[guard]\nhold-price-change-percent = 50");
    let _daemon = world.start();
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    let watching = Watching::start(&world, &[ACME]);
    watching.until("watching; press Ctrl-C to stop");
    let as_json = Watching::start(&world, &["--json", ACME]);
    world.wait_for("an event", || {
        world.ctl(&["reload"]).expect(0, &[]);
        as_json.lines.try_recv().ok()
    });
    let effect = |per_month: &str, per_year: &str| {
        json!([{ "currency": "USD", "from": null, "per_month": per_month, "per_year": per_year,
            "once": "0.00" }])
    };
    let run = |changed: &dyn Fn(), name: &str, says: &str| -> Value {
        changed();
        world.ctl(&["sync", ACME, "--all", "--yes"]);
        let line = watching.until(name);
        assert!(line.ends_with(says), "{line}");
        serde_json::from_str(&as_json.until(&format!("\"{name}\""))).expect("an event")
    };

    let more = || world.tenant.change_units(MAIL, 16).expect("changed");
    let event = run(&more, "run_changed", ", 0 rejected; +7.00 USD per month");
    assert_eq!(event["effects"], effect("7.00", "84.00"), "{event}");
    assert_eq!(event["held_effects"], json!([]), "{event}");

    let dearer = || world.tenant.change_unit_price(MAIL, Decimal::from(7)).expect("changed");
    let event = run(&dearer, "run_held", "; held: +56.00 USD per month");
    assert_eq!(event["effects"], json!([]), "{event}");
    assert_eq!(event["held_effects"], effect("56.00", "672.00"), "{event}");
}

#[test]
fn watch_as_json_is_one_object_a_line() {
    let world = World::stories();
    world.configure("");
    let _daemon = world.start();
    let watching = Watching::start(&world, &["--json"]);
    // Nothing says that it has begun, so what it shall see is done until it is seen.
    let line = world.wait_for("an event", || {
        world.ctl(&["reload"]).expect(0, &[]);
        watching.lines.try_recv().ok()
    });
    let event: Value = serde_json::from_str(&line).expect("one object");
    assert_eq!((&event["name"], &event["alert"]), (&"reloaded".into(), &false.into()));
    assert_eq!(event["instance"], "default");
    watching.signal(Signal::SIGINT);
    assert_eq!(watching.end(), 0);
}

/// A notify command that appends what it gets to a file.
fn command(world: &World) -> String {
    let script = world.path("tell.sh");
    let told = world.path("told.jsonl");
    write_script(&script, &format!("cat >>{}", told.display()));
    format!("[notify]\ncommand = [{script:?}]\n")
}

fn told(world: &World) -> Vec<Value> {
    let text = fs::read_to_string(world.path("told.jsonl")).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn names(told: &[Value]) -> Vec<&str> {
    told.iter().map(|event| event["name"].as_str().expect("a name")).collect()
}

fn until_told(world: &World, count: usize) -> Vec<Value> {
    world.wait_for("the notify command", || {
        let told = told(world);
        (names(&told).len() >= count).then_some(told)
    })
}

#[test]
fn the_command_is_told_once_for_a_cause_and_when_it_is_over() {
    let world = World::stories();
    world.configure(&command(&world));
    let daemon = world.start();
    // The client is known by now, so that the switch needs no answer.
    world.json(&["sync", ACME, "--all", "--yes"]);
    assert_eq!(daemon.stop(), 0);
    let secret = world.path("secret");
    let good = fs::read_to_string(&secret).expect("the secret");
    fs::write(&secret, "mistyped").expect("another secret");
    let daemon = world.start();
    world.ctl(&["auto-sync", "on", ACME]).expect(0, &[]);
    let first = until_told(&world, 1);
    assert_eq!(names(&first), ["auth_blocked"]);
    let alert = first.iter().find(|event| event["name"] == "auth_blocked").expect("it");
    assert_eq!(alert["alert"], true);
    assert_eq!(alert["client_id"], 174);
    world.ctl(&["check"]).expect(2, &["LMSYNCD CRITICAL - ", "1 blocked: Acme Dental (174)"]);

    // A restart is no news.
    assert_eq!(daemon.stop(), 0);
    let daemon = world.start();
    world.ctl(&["check"]).expect(2, &["1 blocked"]);
    fs::write(&secret, good).expect("the secret again");
    world.ctl(&["reload"]).expect(0, &[]);
    world.ctl(&["doctor"]).expect(0, &[]);
    // A reload has the board looked at before its minute is over.
    world.ctl(&["reload"]).expect(0, &[]);
    assert_eq!(names(&until_told(&world, 2)), ["auth_blocked", "recovered"]);
    assert_eq!(daemon.stop(), 0);
    assert_eq!(names(&told(&world)), ["auth_blocked", "recovered"]);
}

#[test]
fn a_command_that_hangs_holds_up_nothing() {
    let world = World::stories();
    world.configure(
        "[notify]\ncommand = [\"/bin/sh\", \"-c\", \"sleep 600\"]\ntimeout = \"1s\"\n\
         events = [\"run_changed\"]\n",
    );
    let daemon = world.start();
    world.json(&["sync", ACME, "--all", "--yes"]);
    world.json(&["status"]);
    assert_eq!(daemon.stop(), 0);
    let log = fs::read_to_string(world.path("daemon.log")).expect("a log");
    assert!(log.contains("/bin/sh was killed after 1s"), "{log}");
}

#[test]
fn a_good_cycle_has_its_heartbeat_and_its_metrics() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let (tell, beats) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut request = [0; 4096];
            let length = stream.read(&mut request).expect("a request");
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").expect("answered");
            let _ = tell.send(String::from_utf8_lossy(&request[..length]).into_owned());
        }
    });
    let world = World::stories();
    let file = world.path("lmsyncd.prom");
    world.configure(&format!(
        "[notify]\nheartbeat-url = \"http://{address}/ping?up\"\n[metrics]\ntextfile = {file:?}\n"
    ));
    let _daemon = world.start();
    world.ctl(&["check"]).expect(0, &["LMSYNCD OK - no client is on auto-sync | clients=0"]);
    // By hand is no cycle.
    world.json(&["sync", ACME, "--all", "--yes"]);
    world.tenant.faults().set(Fault::NoPermission);
    world.ctl(&["auto-sync", "on", "175"]).expect(0, &[]);
    world.wait_for("a failed run", || {
        (world.json(&["status", "175"])["clients"][0]["health"] == "blocked").then_some(())
    });
    world.tenant.faults().clear();
    assert!(beats.try_recv().is_err(), "no heartbeat without a good cycle");
    world.ctl(&["auto-sync", "on", ACME]).expect(0, &[]);
    let request = beats.recv_timeout(PATIENCE).expect("a heartbeat");
    assert!(request.starts_with("GET /ping?up HTTP/1.1\r\n"), "{request}");
    assert!(!request.to_lowercase().contains("apiintegrationcode"), "{request}");

    let text = world.ctl(&["metrics"]).expect(0, &["# EOF"]).out;
    let value = |name: &str| -> Option<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line?.parse().ok()
    };
    assert_eq!(value("lmsyncd_clients{tenant=\"default\",health=\"ok\"}"), Some(1));
    assert_eq!(value("lmsyncd_clients_auto_sync{tenant=\"default\"}"), Some(2));
    assert_eq!(value("lmsyncd_runs_total{tenant=\"default\",result=\"failed\"}"), Some(1));
    assert!(value("lmsyncd_store_contracts{tenant=\"default\"}") > Some(1));
    let synced = "lmsyncd_client_last_synced_timestamp_seconds{tenant=\"default\",\
                  client_id=\"174\",client=\"Acme Dental\"}";
    assert!(value(synced) > Some(0));
    world.wait_for("the file", || {
        let text = fs::read_to_string(&file).unwrap_or_default();
        text.contains("health=\"ok\"} 1\n").then_some(text)
    });
    // The file is in the older format, which node_exporter reads.
    let text = fs::read_to_string(&file).expect("the file");
    assert!(text.contains("# TYPE lmsyncd_runs_total counter\n"), "{text}");
    assert!(!text.contains("# EOF") && !text.contains("# UNIT"), "{text}");
    let types = |text: &str| {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(|line| line.split(' ').next().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    let printed = world.ctl(&["metrics", "--prometheus"]).expect(0, &[]).out;
    assert_eq!(types(&printed), types(&world.ctl(&["metrics"]).expect(0, &[]).out));
    assert_eq!(
        world.json(&["metrics"])["text"].as_str().map(|t| t.ends_with("# EOF\n")),
        Some(true)
    );
}

#[test]
fn a_daemon_that_hangs_is_critical_and_ends_no_call_late() {
    let (world, daemon) = World::ready("");
    world.ctl(&["check"]).expect(0, &["LMSYNCD OK"]);
    daemon.signal(Signal::SIGSTOP);
    let told = world.ctl(&["check", "--timeout", "1s"]);
    let told =
        told.expect(2, &["LMSYNCD CRITICAL - lmsyncd on ", "does not answer: nothing for 1s"]);
    assert_eq!((told.out.lines().count(), told.err.as_str()), (1, ""), "{told:?}");
    world
        .ctl(&["version"])
        .expect(3, &["lmsyncd   does not answer", "does not answer: nothing for 10s"]);
    daemon.signal(Signal::SIGCONT);
    world.ctl(&["check"]).expect(0, &["LMSYNCD OK"]);
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn a_command_that_fails_is_run_again_by_the_next_daemon_too() {
    let world = World::stories();
    let (script, down, file) =
        (world.path("tell.sh"), world.path("down"), world.path("told.jsonl"));
    let tells = format!("test ! -e {} && cat >>{}", down.display(), file.display());
    write_script(&script, &tells);
    world.configure(&format!("[notify]\ncommand = [{script:?}]\nevents = [\"run_changed\"]\n"));
    fs::write(&down, "").expect("written");
    let daemon = world.start();
    world.json(&["sync", ACME, "--all", "--yes"]);
    world.json(&["sync", "175", "--all", "--yes"]);
    world.wait_for("the failures", || {
        let log = fs::read_to_string(world.path("daemon.log")).unwrap_or_default();
        let says = "tell.sh: exit status: 1; next try in 1m";
        (log.matches(says).count() == 2).then_some(())
    });
    daemon.kill();
    assert!(told(&world).is_empty());
    fs::remove_file(&down).expect("removed");
    let daemon = world.start();
    let events = until_told(&world, 2);
    assert_eq!(names(&events), ["run_changed", "run_changed"]);
    let clients: Vec<&Value> = events.iter().map(|event| &event["client_id"]).collect();
    assert_eq!(clients, [&json!(174), &json!(175)], "in order");
    assert_eq!(daemon.stop(), 0);
    // What was told is not told again.
    let daemon = world.start();
    assert_eq!(daemon.stop(), 0);
    assert_eq!(told(&world).len(), 2);
}

#[test]
fn a_daemon_that_is_not_there_is_critical_to_a_monitor() {
    let world = World::stories();
    let check = |args: &[&str]| world.ctl(&[&["check"], args].concat());
    for form in [&[][..], &["--json"], &["--quiet"]] {
        let told = check(form).expect(2, &["LMSYNCD CRITICAL - lmsyncd cannot be reached"]);
        assert_eq!((told.out.lines().count(), told.err.as_str()), (1, ""), "{told:?}");
    }
    // A socket that nobody listens on any more.
    drop(std::os::unix::net::UnixListener::bind(world.socket()).expect("binds"));
    check(&[]).expect(2, &["LMSYNCD CRITICAL - lmsyncd cannot be reached"]);
    fs::remove_file(world.socket()).expect("removed");
    for (args, says) in [
        (&["--max-age", "soon"][..], "invalid value `soon` for `--max-age <DURATION>`"),
        (&["--x"], "unexpected argument `--x` found"),
        (&["acme"], "unexpected argument `acme` found"),
        (&["--csv"], "--csv is for lists"),
        (&["--instance", "../x"], "`../x` is not an instance name"),
    ] {
        let told = check(args).expect(3, &["LMSYNCD UNKNOWN - ", says]);
        assert_eq!((told.out.lines().count(), told.err.as_str()), (1, ""), "{told:?}");
    }
    check(&["--help"]).expect(0, &["Usage: lmsyncctl check"]);
    world.ctl(&["watch"]).expect(3, &["lmsyncd cannot be reached", "hint:"]);
}
