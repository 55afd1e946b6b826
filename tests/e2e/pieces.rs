//! Answers that grow with the book: in pieces for who asks for `more`, in one reply up to a limit.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use lmsyncd::demo::tenant::Tenant;
use serde_json::{Value, json};

use crate::support::{World, today};

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
