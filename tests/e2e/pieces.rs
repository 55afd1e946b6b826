//! Answers that grow with the book: in pieces for who asks for `more`, in one reply up to a limit.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use lmsyncd::demo::tenant::Tenant;
use serde_json::{Value, json};

use crate::support::scripted::{error, reply, serve};
use crate::support::{ACME, ACME_LINE, World, today};

/// What one reply may have at most, in bytes: what varlinkctl reads.
const LIMIT: usize = 16 << 20;

/// How many clients have an export that is longer.
const CLIENTS: usize = 400;

/// Every reply to a call, as text.
fn call(world: &World, method: &str, more: bool) -> Vec<String> {
    let mut stream = UnixStream::connect(world.socket()).expect("connects");
    let call = json!({ "method": format!("org.lmsyncd.Contracts.{method}"), "more": more });
    stream.write_all(format!("{call}\0").as_bytes()).expect("writes");
    let mut reader = BufReader::new(stream);
    let mut replies = Vec::new();
    loop {
        let mut reply = Vec::new();
        reader.read_until(0, &mut reply).expect("reads");
        assert_eq!(reply.pop(), Some(0), "a whole message");
        let reply = String::from_utf8(reply).expect("text");
        let follows = parsed(&reply)["continues"] == true;
        replies.push(reply);
        if !follows {
            return replies;
        }
    }
}

fn parsed(reply: &str) -> Value {
    serde_json::from_str(reply).expect("JSON")
}

fn contracts(reply: &Value) -> &[Value] {
    reply["contracts"].as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn a_book_that_is_too_long_for_one_reply_comes_in_pieces() {
    let world = World::with(Tenant::generated(today(), CLIENTS, 1));
    world.configure("");
    let _daemon = world.start();
    world.ctl(&["auto-sync", "on", "--all"]).expect(0, &[]);
    world.wait_for("every client", || {
        let status = world.json(&["status"]);
        let clients = status["clients"].as_array()?;
        let all = clients.len() == CLIENTS && clients.iter().all(|c| c["last_synced"].is_string());
        all.then_some(())
    });

    let pieces: Vec<String> = call(&world, "Export", true);
    assert!(pieces.iter().all(|piece| piece.len() < LIMIT / 8), "each is short");
    let pieces: Vec<Value> =
        pieces.iter().map(|piece| parsed(piece)["parameters"].take()).collect();
    let (last, pieces) = pieces.split_last().expect("one at least");
    assert_eq!(last.get("contracts"), None, "nobody takes the last piece for everything: {last}");
    assert!(pieces.iter().all(|piece| (1..=500).contains(&contracts(piece).len())));
    assert!(pieces[0]["progress"]["doing"].as_str().is_some_and(|text| text.contains(" of ")));
    let exported: Vec<&Value> = pieces.iter().flat_map(contracts).collect();
    assert!(exported.iter().map(|one| one.to_string().len()).sum::<usize>() > LIMIT);

    // Without `more` it is refused in a way that says what to do.
    let refused = parsed(&call(&world, "Export", false).remove(0));
    assert_eq!(refused["error"], "org.lmsyncd.Contracts.InvalidArgument", "{refused}");
    let message = refused["parameters"]["message"].as_str().expect("a message");
    assert!(message.contains("longer than 16 MiB") && message.contains("`more`"), "{message}");

    let listed: Vec<Value> = call(&world, "List", true).iter().map(|reply| parsed(reply)).collect();
    assert!(listed.len() > 2, "the list comes in pieces too");
    let listed: Vec<&Value> =
        listed.iter().flat_map(|reply| contracts(&reply["parameters"])).collect();
    let whole = parsed(&call(&world, "List", false).remove(0));
    assert_eq!(listed, contracts(&whole["parameters"]).iter().collect::<Vec<_>>());
    assert_eq!(listed.len(), exported.len());

    // lmsyncctl puts the pieces together: as if it were one answer.
    let told = world.json(&["export", "json"]);
    assert_eq!(told.get("progress"), None);
    assert!(told["store_id"].is_string());
    assert_eq!(contracts(&told).iter().collect::<Vec<_>>(), exported);
    let told = world.json(&["contract", "list"]);
    assert_eq!(contracts(&told).iter().collect::<Vec<_>>(), listed);
    let csv = world.ctl(&["export", "csv"]).expect(0, &[]).out;
    assert!(csv.lines().count() > exported.len());
}

#[test]
fn a_small_book_is_one_reply_for_everybody() {
    let (world, _daemon) = World::ready("");
    for method in ["Export", "List"] {
        let one = call(&world, method, false);
        let more = call(&world, method, true);
        assert_eq!((one.len(), &one), (1, &more), "{method}");
        assert!(parsed(&one[0])["parameters"]["contracts"].is_array());
    }
}

/// Each contract's values by field, where one has no key of its own.
fn other_values(exported: &Value) -> Vec<Vec<(String, String)>> {
    let others = |one: &Value| {
        let fields = one["fields"].as_array().expect("fields").clone();
        let others = fields.into_iter().filter_map(|view| {
            let name = view["field"].as_str()?;
            let value = view["value"].as_str()?;
            one["contract"].get(name).is_none().then(|| (name.to_owned(), value.to_owned()))
        });
        others.collect()
    };
    contracts(exported).iter().map(others).collect()
}

#[test]
fn a_brief_export_has_every_value_and_a_table_is_the_same_from_either() {
    let (world, _daemon) = World::ready("");
    world.json(&["sync", ACME, "--all", "--yes"]);
    world.ctl(&["contract", "set", ACME_LINE, "notes=call first", "name=Ours"]).expect(0, &[]);
    let mut stream = UnixStream::connect(world.socket()).expect("connects");
    let mut ask = |parameters: Value| {
        let method = "org.lmsyncd.Contracts.Export";
        let call = json!({ "method": method, "parameters": parameters });
        stream.write_all(format!("{call}\0").as_bytes()).expect("writes");
        let mut reply = Vec::new();
        BufReader::new(&stream).read_until(0, &mut reply).expect("reads");
        reply.pop();
        parsed(std::str::from_utf8(&reply).expect("text"))["parameters"].take()
    };
    let (whole, brief) = (ask(json!({})), ask(json!({ "brief": true })));
    assert_eq!(other_values(&whole), other_values(&brief));
    let fields = |one: &Value| one["fields"].as_array().map_or(0, Vec::len);
    assert!(contracts(&brief).iter().all(|one| fields(one) < 12), "{brief}");
    assert!(contracts(&whole).iter().all(|one| fields(one) > 30));
    assert_eq!(contracts(&brief)[0]["fields"][0]["changed"], Value::Null);
    assert_ne!(contracts(&whole)[0]["fields"][0]["changed"], Value::Null);

    // A daemon of an earlier release does not know the brief form.
    let csv = world.ctl(&["export", "csv"]).expect(0, &["call first"]).out;
    let unknown = error("org.varlink.service.InvalidParameter", json!({ "parameter": "brief" }));
    let earlier = serve(vec![unknown, reply(&whole)]);
    let mut command = world.ctl_command(&["export", "csv"]);
    let told = command.env("LMSYNCD_SOCKET", &earlier.socket).output().expect("it runs");
    assert_eq!(String::from_utf8_lossy(&told.stdout), csv);
    let asked: Vec<Value> =
        earlier.calls.try_iter().map(|call| call["parameters"].clone()).collect();
    assert_eq!(asked, [json!({ "brief": true }), json!({})]);
}
