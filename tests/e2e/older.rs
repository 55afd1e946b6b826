//! What an older version says is understood, and what it hears from this one too.
//!
//! A package upgrade replaces lmsyncctl at once and lmsyncd at its restart, and who has scripts may
//! keep an older lmsyncctl for long. `older/` holds what the two programs of an older version said
//! to each other, one command a line, and the store that came of it; `older/record` wrote both, and
//! says how to do so for another.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use serde::Deserialize;
use serde_json::Value;

use crate::support::scripted::{Answer, message, serve};
use crate::support::{Told, World, write_private};

/// Before the rooms had rooms of their own.
const BEFORE_ROOMS: &str = include_str!("older/before_rooms.jsonl");

/// The files of the store that it left.
const BEFORE_ROOMS_STORE: [(&str, &str); 2] = [
    ("store.json", include_str!("older/before_rooms.store/store.json")),
    (
        "ledger/000000000001.jsonl",
        include_str!("older/before_rooms.store/ledger/000000000001.jsonl"),
    ),
];

/// One command of lmsyncctl, and what passed over the socket.
#[derive(Deserialize)]
struct Recorded {
    args: Vec<String>,
    exit: i32,
    calls: Vec<Exchange>,
}

/// One call, and its replies.
#[derive(Deserialize)]
struct Exchange {
    call: Value,
    replies: Vec<Value>,
}

fn recorded() -> Vec<Recorded> {
    BEFORE_ROOMS.lines().map(|line| serde_json::from_str(line).expect("a recording")).collect()
}

#[test]
fn an_older_lmsyncd_is_understood() {
    for command in recorded() {
        for form in [None, Some("--json")] {
            let answers = command
                .calls
                .iter()
                .map(|exchange| Answer::Bytes(exchange.replies.iter().flat_map(message).collect()));
            let server = serve(answers.collect());
            // What asks on a terminal had not to be told so elsewhere.
            let yes = asks(&command.args).then_some("--yes");
            let args = command.args.iter().map(String::as_str).chain(form).chain(yes);
            let args: Vec<&str> = args.collect();
            let mut lmsyncctl = std::process::Command::new(env!("CARGO_BIN_EXE_lmsyncctl"));
            lmsyncctl.args(&args).env("LMSYNCD_SOCKET", &server.socket).env("TZ", "UTC");
            let told = Told::of(&args, lmsyncctl.output().expect("lmsyncctl runs"));
            assert_eq!(told.exit, command.exit, "{told:?}");
            let asked: Vec<Value> =
                server.calls.try_iter().map(|call| call["method"].clone()).collect();
            let wanted = command.calls.iter().map(|exchange| exchange.call["method"].clone());
            assert_eq!(asked, wanted.collect::<Vec<_>>(), "{told:?}");
            if form.is_some() && told.exit == 0 {
                let said = command.calls.last().and_then(|exchange| exchange.replies.last());
                let said = said.map(|reply| &reply["parameters"]);
                let printed: Value = serde_json::from_str(&told.out).expect("JSON");
                assert_eq!(Some(&printed), said, "{args:?}");
            }
        }
    }
}

/// Whether this version asks before it does this.
fn asks(args: &[String]) -> bool {
    let has = |word: &str| args.iter().any(|arg| arg == word);
    let verbs: [&[&str]; 6] = [
        &["sync", "--all"],
        &["apply"],
        &["held", "accept"],
        &["held", "reject"],
        &["run", "revert"],
        &["contract", "relink"],
    ];
    let asks = verbs.iter().any(|words| words.iter().all(|word| has(word)));
    asks && !has("--dry-run") && !has("--yes")
}

#[test]
fn an_older_lmsyncctl_is_answered() {
    let (world, _daemon) = World::ready("");
    for command in recorded() {
        for Exchange { call, replies } in command.calls {
            let answers = answers(&world, &call);
            let (Some(then), Some(now)) = (replies.last(), answers.last()) else {
                panic!("{call}: no reply");
            };
            // An older lmsyncctl finds the code of an error behind the last dot, whichever
            // interface the name begins with.
            let code = |reply: &Value| {
                reply["error"].as_str().and_then(|name| name.rsplit('.').next()).map(str::to_owned)
            };
            assert_eq!(code(now), code(then), "{call}: {now}");
            let mut missing = BTreeSet::new();
            compare(&then["parameters"], &now["parameters"], "", &mut missing);
            // What to type next came as a text; it comes as `advice` since, and an older lmsyncctl
            // then shows the message alone.
            missing.remove(".hint");
            assert!(missing.is_empty(), "{call}: {missing:?} in {now}");
        }
    }
}

#[test]
fn an_older_store_opens_and_says_the_same() {
    let world = World::stories();
    world.configure("");
    let store = world.path("store");
    fs::create_dir_all(store.join("ledger")).expect("a folder");
    for (name, text) in BEFORE_ROOMS_STORE {
        write_private(&store.join(name), text);
    }
    let _daemon = world.start();
    let exported = recorded().into_iter().find(|command| command.args == ["export", "json"]);
    let exported = exported.expect("it was recorded").calls.remove(0).replies.remove(0);
    let now = world.json(&["export", "json"]);
    let contracts = |reply: &Value| -> Vec<Value> {
        let mut contracts = reply["contracts"].as_array().expect("contracts").clone();
        // The way to Autotask's own page is known once a zone was asked for; a ledger has none.
        contracts.iter_mut().for_each(|contract| contract["contract"]["link"] = Value::Null);
        contracts
    };
    let (then, now) = (contracts(&exported["parameters"]), contracts(&now));
    assert!(then.len() > 5 && then.len() == now.len(), "{} and {}", then.len(), now.len());
    for (then, now) in then.iter().zip(&now) {
        assert_eq!(then, now);
    }
}

/// The answers of the daemon to one call.
fn answers(world: &World, call: &Value) -> Vec<Value> {
    let mut stream = UnixStream::connect(world.socket()).expect("it listens");
    stream.write_all(&message(call)).expect("it reads");
    let mut reader = BufReader::new(stream);
    let mut answers = Vec::new();
    loop {
        let mut frame = Vec::new();
        reader.read_until(0, &mut frame).expect("it answers");
        assert_eq!(frame.pop(), Some(0), "{call}: an answer ends with a NUL byte");
        let answer: Value = serde_json::from_slice(&frame).expect("JSON");
        let is_last = answer["continues"] != true;
        answers.push(answer);
        if is_last {
            return answers;
        }
    }
}

/// Notes where something stood `then` and nothing of its kind stands `now`. Of a list the first
/// element speaks for all; a list that is empty now says nothing.
fn compare(then: &Value, now: &Value, path: &str, missing: &mut BTreeSet<String>) {
    match (then, now) {
        (Value::Null, _) => {}
        (Value::Object(then), Value::Object(now)) => {
            for (key, value) in then {
                let now = now.get(key).unwrap_or(&Value::Null);
                compare(value, now, &format!("{path}.{key}"), missing);
            }
        }
        (Value::Array(then), Value::Array(now)) => {
            if let (Some(then), Some(now)) = (then.first(), now.first()) {
                compare(then, now, &format!("{path}[]"), missing);
            }
        }
        (Value::String(_), Value::String(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::Bool(_), Value::Bool(_)) => {}
        _ => {
            missing.insert(path.to_owned());
        }
    }
}

#[test]
fn what_is_missing_is_noticed() {
    let missing = |then: &str, now: &str| {
        let value = |text| serde_json::from_str(text).expect("JSON");
        let mut missing = BTreeSet::new();
        compare(&value(then), &value(now), "", &mut missing);
        missing.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(missing(r#"{"a": 1, "b": [{"c": "x"}]}"#, r#"{"b": [{}]}"#), [".a", ".b[].c"]);
    assert_eq!(missing(r#"{"a": 1}"#, r#"{"a": "1"}"#), [".a"]);
    assert!(missing(r#"{"a": null, "b": []}"#, r#"{"b": [], "c": 1}"#).is_empty());
}
