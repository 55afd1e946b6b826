//! Snapshots of what is held.

use super::*;
use crate::ctl::commands::book::run::sample_run;
use crate::ctl::output::assert_columns;
use crate::ctl::output::screen::sample;
use crate::protocol::sync::Effect;

fn held(run: i64, client: &str, rejected: bool) -> HeldRun {
    let mut items = items::samples();
    for item in &mut items {
        item.state = "vanished".to_owned();
        item.reason = Some("6 of 9 contracts are missing at once (limit 20 %)".to_owned());
    }
    items.truncate(2);
    HeldRun {
        run,
        client_id: 174,
        client: client.to_owned(),
        since: "2026-11-24T11:00:00Z".to_owned(),
        message: items[0].reason.clone(),
        items,
        effects: vec![Effect {
            currency: "USD".to_owned(),
            per_month: "-482.60".to_owned(),
            per_year: "-5791.20".to_owned(),
            ..Effect::default()
        }],
        rejected_by: rejected.then(|| "dana".to_owned()),
        rejected_at: rejected.then(|| "2026-11-24T12:00:00Z".to_owned()),
        rejected_reason: rejected.then(|| "the vendor is fixing it".to_owned()),
    }
}

fn reply() -> HeldList {
    let long = "株式会社ノーザンライツ・テクノロジー・ソリューションズ・インターナショナル";
    HeldList { held: vec![held(12, "Acme Dental", false), held(7, long, true)] }
}

#[test]
fn a_line_a_run() {
    insta::assert_snapshot!("list_120", list(&reply(), &sample(120)));
    insta::assert_snapshot!("list_80", list(&reply(), &sample(80)));
    insta::assert_snapshot!("list_empty", list(&HeldList { held: Vec::new() }, &sample(80)));
}

#[test]
fn a_run_with_its_items() {
    insta::assert_snapshot!("one", one(&held(12, "Acme Dental", false), &sample(100)));
    insta::assert_snapshot!("one_rejected", one(&held(12, "Acme Dental", true), &sample(100)));
}

#[test]
fn decisions_are_confirmed() {
    let mut run = sample_run();
    (run.created, run.updated, run.vanished) = (0, 0, 2);
    let reply = AcceptReply { run, items: held(12, "x", false).items };
    insta::assert_snapshot!("accepted", accepted(&reply, &sample(80)));
    let mut reply = RejectReply { held: held(12, "Acme Dental", true), changed: true };
    insta::assert_snapshot!("rejected", rejected(&reply, &sample(80)));
    reply.changed = false;
    insta::assert_snapshot!("rejected_before", rejected(&reply, &sample(80)));
}

#[test]
fn csv_has_every_key() {
    assert_columns(CSV, &held(12, "Acme Dental", true));
}
