//! Pictures and progress against a real lmsyncd: what the daemon hands over for a timeline, a
//! sparkline and a cost over time, and how far it says that it is.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use crate::support::{ACME, ACME_AGREEMENT, ACME_LINE, World};
use serde_json::{Value, json};

/// Every reply to a call, the parameters of each.
fn replies(world: &World, method: &str, parameters: &Value, more: bool) -> Vec<Value> {
    let call = json!({ "method": method, "parameters": parameters, "more": more });
    let mut stream = UnixStream::connect(world.socket()).expect("connects");
    stream.write_all(format!("{call}\0").as_bytes()).expect("writes");
    let mut reader = BufReader::new(stream);
    let mut all = Vec::new();
    loop {
        let mut frame = Vec::new();
        reader.read_until(0, &mut frame).expect("reads");
        frame.pop();
        let reply: Value = serde_json::from_slice(&frame).expect("a reply");
        assert_eq!(reply.get("error"), None, "{method}: {reply}");
        all.push(reply["parameters"].clone());
        if reply["continues"] != true {
            return all;
        }
    }
}

#[test]
fn whoever_asks_for_more_is_told_how_far_it_is() {
    let (world, _daemon) = World::ready("");
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    // Whatever is read from Autotask takes a moment, so that there is something to tell.
    for (method, parameters, words) in [
        ("Sync.Pending", json!({ "client": ACME }), "reading"),
        ("Sync.Pending", json!({}), "comparing with the store"),
        ("Sync.Diff", json!({ "client": ACME }), "reading"),
        ("Sync.Reconcile", json!({ "client": ACME }), "reading"),
        ("Sync.Sync", json!({ "client": ACME, "all": true }), "reading"),
        ("Sync.SetAutoSync", json!({ "on": true, "clients": ["180"] }), "reading"),
        ("Daemon.Doctor", json!({}), "asking what may be read"),
    ] {
        let name = format!("org.lmsyncd.{method}");
        let told = replies(&world, &name, &parameters, true);
        let (last, before) = told.split_last().expect("a reply");
        assert_eq!(last.get("progress"), None, "{method}");
        let doing: Vec<&str> =
            before.iter().filter_map(|reply| reply["progress"]["doing"].as_str()).collect();
        assert_eq!(doing.len(), before.len(), "{method}: {before:?}");
        assert!(doing.iter().any(|doing| doing.contains(words)), "{method}: {doing:?}");
        let pages = |reply: &Value| reply["progress"]["pages"].as_i64();
        assert!(before.is_sorted_by_key(pages), "{method}: {before:?}");
        let alone = replies(&world, &name, &parameters, false);
        assert_eq!((alone.len(), alone[0].get("progress")), (1, None), "{method}");
    }
}

#[test]
fn the_list_of_clients_tells_how_far_the_one_question_is_to_all_who_wait() {
    let (world, _daemon) = World::ready("");
    let told = replies(&world, "org.lmsyncd.Sync.ListClients", &json!({ "all": true }), true);
    let (last, before) = told.split_last().expect("a reply");
    assert!(
        before.iter().any(|reply| reply["progress"]["doing"] == "reading Companies")
            || before.iter().any(|reply| reply["progress"]["doing"] == "reading Contracts")
    );
    assert!(last["clients"].as_array().is_some_and(|clients| !clients.is_empty()));
    // The answer is kept for a minute, and what is kept has nothing to tell of.
    let again = replies(&world, "org.lmsyncd.Sync.ListClients", &json!({ "all": true }), true);
    assert_eq!(again.len(), 1);
}

#[test]
fn a_timeline_has_the_terms_that_the_store_has() {
    let (world, _daemon) = World::ready("");
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    world.ctl(&["contract", "set", ACME_AGREEMENT, "notice_days=30"]).expect(0, &[]);
    let all = world.json(&["timeline", "acme dental", "--from", "2000-01", "--months", "1200"]);
    let terms = all["terms"].as_array().expect("terms");
    let term = terms.iter().find(|term| term["key"] == ACME_AGREEMENT).expect("the agreement");
    let stored = world.contracts();
    let contract = stored.iter().find(|contract| contract["key"] == ACME_AGREEMENT).expect("it");
    for key in ["name", "status", "start_date", "end_date", "billing_cost", "currency"] {
        assert_eq!(term[key], contract[key], "{key}");
    }
    let end: chrono::NaiveDate =
        term["end_date"].as_str().expect("an end").parse().expect("a date");
    assert_eq!(term["notice_date"], (end - chrono::TimeDelta::days(30)).to_string());
    assert!(terms.iter().all(|term| term["key"].as_str().expect("a key").starts_with('A')));
    assert_eq!(all["today"], crate::support::today().to_string());

    let told = world.ctl(&["timeline", ACME]);
    told.expect(0, &[ACME_AGREEMENT, "today, ", "last day for notice"]);
    let none = ["timeline", ACME, "--from", "1990-01", "--to", "1990-12"];
    world.ctl(&none).expect(0, &["no agreement has a day from 1990-01-01 to 1990-12-31"]);
    let backwards = ["timeline", "--from", "2027-01", "--to", "2026-01"];
    world.ctl(&backwards).expect(2, &["the last day is before the first"]);
}

#[test]
fn the_board_has_the_last_runs_and_a_plot_has_the_steps() {
    let (world, _daemon) = World::ready("");
    assert_eq!(world.json(&["status"])["runs"], json!([]));
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    world.ctl(&["sync", ACME, "--all", "--yes"]).expect(0, &[]);
    let runs = world.json(&["status"])["runs"].as_array().expect("runs").clone();
    let ids: Vec<i64> = runs.iter().filter_map(|run| run["id"].as_i64()).collect();
    assert_eq!(ids, [1, 2], "the oldest first");
    assert!(runs[0]["changed"].as_i64() > Some(0) && runs[1]["changed"] == 0);
    assert_eq!(world.json(&["status", ACME])["runs"], json!(runs));
    assert_eq!(world.json(&["status", "178"])["runs"], json!([]), "of that client alone");
    world.ctl(&["status"]).expect(0, &["last runs ", "  2: 2 ok"]);

    let history = world.json(&["contract", "history", ACME_LINE, "--plot"]);
    assert_eq!(history, world.json(&["contract", "history", ACME_LINE]));
    let plot = world.ctl(&["contract", "history", ACME_LINE, "--plot"]);
    plot.expect(0, &["rate in USD", "254.10", "1 step"]);
}
