//! Snapshots of the status screens.

use super::*;
use crate::ctl::output::assert_columns;
use crate::ctl::output::screen::sample;
use crate::model::{Advice, SecretSource};

fn client(id: i64, name: &str, health: &str) -> ClientStatus {
    ClientStatus {
        id,
        name: name.to_owned(),
        auto_sync: true,
        at: None,
        last_tried: Some("2026-11-24T01:00:00Z".to_owned()),
        last_synced: Some("2026-11-24T01:00:00Z".to_owned()),
        last_changed: Some("2026-11-20T01:00:00Z".to_owned()),
        next_run: Some("2026-11-25T01:00:00Z".to_owned()),
        pending: Some(3),
        moved: Vec::new(),
        health: health.to_owned(),
        running: None,
        contracts: 12,
        error: None,
        message: None,
        paused_by: None,
        paused_until: None,
        next_why: Some("every 24h".to_owned()),
        next_advice: None,
    }
}

fn failing() -> ClientStatus {
    let mut failing = client(
        29_683_353,
        "Zahnärztliche Gemeinschaftspraxis Dr. Müller-Lüdenscheidt und Partner mbB",
        "failing",
    );
    failing.error = Some("AuthFailed".to_owned());
    failing.message = Some("Autotask refused the credentials".to_owned());
    failing.next_why = Some("credentials refused".to_owned());
    failing.next_advice = Some(Advice::TakeNewCredentials { source: SecretSource::File });
    failing
}

fn runs() -> Vec<RunMark> {
    let run = |(id, (result, changed)): (i64, (&str, i64))| RunMark {
        id,
        client_id: 174,
        ended: "2026-11-24T01:00:00Z".to_owned(),
        result: result.to_owned(),
        changed,
        requests: 9,
    };
    let quiet = std::iter::repeat_n(("ok", 0), 20);
    let lively = [("ok", 64), ("failed", 0), ("ok", 3), ("held", 0), ("partial", 2), ("ok", 1)];
    (1..).zip(lively.into_iter().chain(quiet).chain([("ok", 8)])).map(run).collect()
}

fn reply() -> StatusReply {
    let mut never = client(0, "The MSP itself", "never_synced");
    (never.auto_sync, never.last_synced, never.last_changed) = (false, None, None);
    (never.next_run, never.next_why, never.pending, never.contracts) = (None, None, None, 0);
    let mut running = client(175, "株式会社日本", "ok");
    running.running = Some("pat, since 2026-11-24T13:04:00Z".to_owned());
    StatusReply {
        clients: vec![client(174, "Acme Dental", "ok"), never, failing(), running],
        api: Api {
            zone_url: Some("https://webservices5.autotask.net/ATServicesRest/".to_owned()),
            auth: "ok".to_owned(),
            auth_blocked_since: None,
            auth_blocked_until: None,
            auth_locked: false,
            limited_until: None,
            waiting: None,
            requests_last_hour: 120,
            max_requests_per_hour: 2000,
            tenant_requests: Some(4100),
            tenant_limit: Some(10_000),
            tenant_as_of: Some("2026-11-24T13:00:00Z".to_owned()),
            visibility: None,
        },
        daemon: DaemonInfo {
            version: "0.1.0".to_owned(),
            tenant: None,
            store_id: None,
            pid: 4711,
            started: "2026-11-24T08:12:00Z".to_owned(),
            store_sequence: 1041,
            contracts: 12,
            store_remarks: vec!["the index was rebuilt from the ledger".to_owned()],
            store_failed: None,
            paused_by: None,
            paused_until: None,
            outlets: Vec::new(),
        },
        runs: Some(runs()),
        new_clients: None,
    }
}

#[test]
fn the_board_on_both_screens() {
    insta::assert_snapshot!("board_120", board(&reply(), &sample(120)));
    insta::assert_snapshot!("board_80", board(&reply(), &sample(80)));
}

#[test]
fn the_board_in_colour_and_in_ascii() {
    let coloured = Screen { colour: true, ..sample(80) };
    insta::assert_snapshot!("board_colour", board(&reply(), &coloured));
    let plain = board(&reply(), &Screen { unicode: false, ..sample(80) });
    let pictures: Vec<&str> = plain.lines().filter(|line| line.contains('#')).collect();
    assert_eq!(pictures.len(), 3, "{plain}");
    assert!(plain.contains("last runs #x:!~.____________________=  27: 24 ok"), "{plain}");
}

#[test]
fn long_words_do_not_break_the_board() {
    let mut long = reply();
    for client in &mut long.clients {
        client.last_synced = Some("2026-11-23T01:00:00Z".to_owned());
        client.next_run = Some("2026-11-25T12:00:00Z".to_owned());
    }
    insta::assert_snapshot!("board_long", board(&long, &sample(80)));
}

#[test]
fn the_board_before_anything_happened() {
    let mut empty = reply();
    empty.clients.clear();
    empty.daemon.store_remarks.clear();
    empty.runs = None;
    (empty.api.zone_url, empty.api.tenant_requests) = (None, None);
    empty.api.auth = "unknown".to_owned();
    insta::assert_snapshot!("board_empty", board(&empty, &sample(80)));
}

#[test]
fn the_board_while_credentials_are_refused() {
    let mut blocked = reply();
    blocked.clients = vec![failing()];
    blocked.clients[0].health = "blocked".to_owned();
    blocked.api.auth = "blocked".to_owned();
    blocked.api.auth_blocked_since = Some("2026-11-24T11:00:00Z".to_owned());
    blocked.api.auth_blocked_until = Some("2026-11-24T13:30:00Z".to_owned());
    blocked.api.waiting = Some("Autotask refused the credentials".to_owned());
    insta::assert_snapshot!("board_blocked", board(&blocked, &sample(80)));
}

#[test]
fn one_client_in_full() {
    let of = |runs: Vec<RunMark>| StatusReply { runs: Some(runs), ..reply() };
    insta::assert_snapshot!("one_failing", one(&failing(), &of(runs()), &sample(80)));
    insta::assert_snapshot!("one_never", one(&reply().clients[1], &of(vec![]), &sample(80)));
}

#[test]
fn a_pause_is_seen_on_the_board_and_on_one_client() {
    let mut paused = reply();
    paused.daemon.paused_by = Some("dana".to_owned());
    paused.daemon.paused_until = Some("2026-11-25T06:00:00Z".to_owned());
    paused.clients.truncate(1);
    let client = &mut paused.clients[0];
    client.health = "paused".to_owned();
    (client.paused_by, client.paused_until) = (Some("dana".to_owned()), None);
    insta::assert_snapshot!("board_paused", board(&paused, &sample(80)));
    paused.runs = None;
    let alone = StatusReply { daemon: reply().daemon, ..paused.clone() };
    insta::assert_snapshot!("one_paused", one(&paused.clients[0], &alone, &sample(80)));
    // So is a pause of all clients.
    let client = &mut paused.clients[0];
    (client.paused_by, client.auto_sync) = (None, true);
    client.next_run = Some("2026-11-24T13:00:00Z".to_owned());
    let told = one(&paused.clients[0], &paused, &sample(80));
    assert!(told.contains("after the pause") && told.contains("by dana until"), "{told}");
}

#[test]
fn csv_has_every_key() {
    assert_columns(CSV, &failing());
}

#[test]
fn what_is_wrong_comes_first() {
    let mut reply = reply();
    reply.clients =
        ["ok", "paused", "never_synced", "failing", "overdue", "held", "blocked", "new"]
            .into_iter()
            .zip(1..)
            .map(|(health, id)| client(id, &format!("Client {id}"), health))
            .collect();
    let text = board(&reply, &sample(120));
    let order: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("Client "))
        .map(|line| line.split_whitespace().next().expect("a number"))
        .collect();
    assert_eq!(order, ["8", "7", "4", "6", "5", "3", "2", "1"]);
    assert!(text.contains(LEGEND), "{text}");
}

#[test]
fn the_table_of_the_board_fits_fifty_columns() {
    let text = board(&reply(), &sample(50));
    let table = text.split_once("\n\n").expect("a table").1;
    crate::ctl::output::table::assert_fits(table, 50);
    assert!(table.contains("HEALTH"), "{table}");
}
