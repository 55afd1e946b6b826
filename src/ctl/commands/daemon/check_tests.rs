//! What `check` makes of a board.

use super::*;
use crate::protocol::daemon::{Api, DaemonInfo};
use crate::protocol::daemon::{Effect, OutletStatus, Visibility};

/// A client on auto-sync that was synced so many hours ago.
fn client(name: &str, health: &str, hours: Option<i64>) -> ClientStatus {
    let synced = hours.map(|hours| (now() - TimeDelta::hours(hours)).to_rfc3339());
    ClientStatus {
        id: 1,
        name: name.to_owned(),
        auto_sync: true,
        at: None,
        last_tried: None,
        last_synced: synced,
        last_changed: None,
        next_run: None,
        pending: None,
        moved: Vec::new(),
        health: health.to_owned(),
        running: None,
        contracts: 0,
        error: None,
        message: None,
        paused_by: None,
        paused_until: None,
        next_why: None,
        next_advice: None,
    }
}

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(100)
}

fn board(clients: Vec<ClientStatus>) -> StatusReply {
    StatusReply {
        clients,
        api: Api {
            zone_url: None,
            auth: "ok".to_owned(),
            requests_last_hour: 12,
            max_requests_per_hour: 2000,
            tenant_requests: None,
            tenant_limit: None,
            tenant_as_of: None,
            visibility: None,
            auth_blocked_since: None,
            auth_blocked_until: None,
            auth_locked: false,
            limited_until: None,
            waiting: None,
        },
        daemon: DaemonInfo {
            version: "0.1.0".to_owned(),
            tenant: None,
            store_id: None,
            pid: 1,
            started: "2026-10-15T12:00:00Z".to_owned(),
            store_sequence: 1,
            contracts: 1,
            store_remarks: Vec::new(),
            store_failed: None,
            paused_by: None,
            paused_until: None,
            outlets: Vec::new(),
        },
        runs: None,
        new_clients: None,
    }
}

fn judged(clients: Vec<ClientStatus>) -> Verdict {
    judge(&board(clients), TimeDelta::hours(36), now())
}

#[test]
fn each_board_has_its_state() {
    let table = [
        (vec![], State::Ok, "no client is on auto-sync"),
        (vec![client("A", "ok", Some(1))], State::Ok, "1 on auto-sync, all current"),
        (vec![client("A", "never_synced", None)], State::Ok, "1 on auto-sync"),
        (vec![client("A", "held", Some(1))], State::Warning, "1 held: A (1)"),
        (vec![client("A", "failing", Some(1))], State::Warning, "1 failing: A (1)"),
        (
            vec![client("A", "failing", Some(37))],
            State::Critical,
            "1 not synced for too long: A (1)",
        ),
        (vec![client("A", "held", Some(37))], State::Critical, "1 not synced for too long: A (1)"),
        (vec![client("A", "paused", Some(99))], State::Ok, "1 on auto-sync"),
        (vec![client("A", "failing", None)], State::Critical, "1 never synced and failing: A (1)"),
        (vec![client("A", "blocked", Some(1))], State::Critical, "1 blocked: A (1)"),
        (vec![client("A", "overdue", Some(1))], State::Critical, "1 overdue: A (1)"),
        (
            vec![client("A", "held", Some(1)), client("B", "overdue", Some(1))],
            State::Critical,
            "1 overdue: B (1); 1 held: A (1)",
        ),
    ];
    for (clients, state, says) in table {
        let verdict = judged(clients.clone());
        assert_eq!(verdict.state, state, "{clients:?} {verdict:?}");
        assert!(verdict.line.contains(says), "{verdict:?}");
        assert_eq!(verdict.line.matches('|').count(), 1, "{verdict:?}");
    }
}

#[test]
fn who_syncs_by_hand_is_not_watched() {
    let by_hand = ClientStatus { auto_sync: false, ..client("A", "failing", Some(999)) };
    assert_eq!(judged(vec![by_hand]).state, State::Ok);
}

/// Nothing is synced at all then, by hand neither.
#[test]
fn credentials_that_are_not_tried_any_more_are_critical_without_any_client() {
    for (locked, says) in [(false, "refuses the credentials"), (true, "has locked the account")] {
        let mut reply = board(Vec::new());
        (reply.api.auth, reply.api.auth_locked) = ("blocked".to_owned(), locked);
        let verdict = judge(&reply, TimeDelta::hours(36), now());
        assert_eq!(verdict.state, State::Critical, "{verdict:?}");
        assert!(verdict.line.contains(says), "{verdict:?}");
    }
}

#[test]
fn what_nobody_watches_is_a_warning_with_its_money() {
    let mut reply = board(vec![client("A", "ok", Some(1))]);
    let some = vec!["Contracts".to_owned()];
    let as_of = "2026-10-15T12:00:00Z".to_owned();
    reply.api.visibility = Some(Visibility { as_of: as_of.clone(), some, none: Vec::new() });
    reply.new_clients = Some(vec![NewClient {
        id: 7,
        name: "New Ltd".to_owned(),
        since: as_of,
        agreements: vec!["A1".to_owned()],
        effects: vec![Effect {
            currency: "USD".to_owned(),
            from: None,
            per_month: "37.50".to_owned(),
            per_year: "450.00".to_owned(),
            once: "0.00".to_owned(),
        }],
    }]);
    reply.daemon.outlets.push(OutletStatus {
        outlet: "notify".to_owned(),
        last: None,
        failing_since: None,
        error: Some("exit status: 1".to_owned()),
    });
    let verdict = judge(&reply, TimeDelta::hours(36), now());
    assert_eq!(verdict.state, State::Warning);
    for says in [
        "the API user may see only some Contracts",
        "1 new and on no sync: New Ltd (7) +37.50 USD per month",
        "the notify command fails: exit status: 1",
    ] {
        assert!(verdict.line.contains(says), "{verdict:?}");
    }
}

#[test]
fn a_store_that_takes_no_changes_is_critical() {
    let mut reply = board(vec![client("A", "ok", Some(1))]);
    let why = "the store is read-only until its disk can be written again: write x: no room";
    reply.daemon.store_remarks.push(why.to_owned());
    reply.daemon.store_failed = Some(why.to_owned());
    let verdict = judge(&reply, TimeDelta::hours(36), now());
    assert_eq!(verdict.state, State::Critical);
    assert_eq!(verdict.line.matches("is read-only").count(), 1, "{verdict:?}");
}

#[test]
fn refused_credentials_and_a_repaired_store_are_told() {
    let mut reply = board(vec![client("A", "ok", Some(1))]);
    reply.daemon.store_remarks.push("it was repaired".to_owned());
    let verdict = judge(&reply, TimeDelta::hours(36), now());
    assert_eq!(verdict.state, State::Warning);
    reply.api.auth = "failed".to_owned();
    let verdict = judge(&reply, TimeDelta::hours(36), now());
    assert_eq!(verdict.state, State::Critical);
    assert!(verdict.line.contains("Autotask refuses the credentials; store: it was repaired"));
}

#[test]
fn numbers_stand_behind_one_bar_whatever_clients_are_called() {
    let many = (0..5).map(|n| client(&format!("a|{n}"), "held", Some(n))).collect();
    assert_eq!(
        judged(many).line,
        "LMSYNCD WARNING - 5 held: a/0 (1), a/1 (1), a/2 (1) and 2 more | clients=5;;;0 held=5;;;0 \
         failing=0;;;0 blocked=0;;;0 overdue=0;;;0 oldest=14400s;;129600;0 requests=12;;;0;2000"
    );
}

#[test]
fn a_pause_is_told_and_is_no_alarm() {
    let mut paused = client("Acme", "paused", Some(90));
    paused.paused_by = Some("dana".to_owned());
    let mut reply = board(vec![paused, client("Bolt", "ok", Some(2))]);
    let judged = |reply: &StatusReply| judge(reply, TimeDelta::hours(36), now());
    let verdict = judged(&reply);
    assert_eq!(verdict.state, State::Ok);
    assert!(verdict.line.contains("2 on auto-sync; 1 paused: Acme (1) |"), "{verdict:?}");
    reply.daemon.paused_by = Some("dana".to_owned());
    reply.daemon.paused_until = Some("2026-12-31T00:00:00Z".to_owned());
    let line = judged(&reply).line;
    assert!(line.contains("; all paused by dana until 2026-12-31 00:00 +00:00 |"), "{line}");
}
