//! Auto-sync on a clock that the test moves: days pass in no time.

use std::sync::Arc;
use std::time::Duration;

use crate::support::test_daemon::{TestDaemon, busily, hours, noon, stories};
use chrono::{DateTime, Datelike, Months, NaiveTime, TimeDelta, Utc};
use lmsyncd::autotask::Progress;
use lmsyncd::clock::Tz;
use lmsyncd::config::Effect;
use lmsyncd::demo::tenant::{Entity, Fault, FaultRule, Tenant};
use lmsyncd::engine::{SyncRequest, WaitPolicy};
use lmsyncd::model::{Actor, ClientId, ClientRef, Code, RunResult, Trigger};
use lmsyncd::policy::health::Health;
use lmsyncd::policy::select::Choice;
use tempfile::TempDir;
use tokio::time::{Instant, advance};

const ACME: ClientId = ClientId(174);

fn acme() -> ClientRef {
    ClientRef { id: ACME, name: "Acme Dental".to_owned() }
}

/// A daemon in which Acme was switched on at noon and has had its first run.
async fn synced_once(folder: &TempDir, tenant: &Tenant) -> TestDaemon {
    let daemon = TestDaemon::start(folder.path(), tenant, noon());
    daemon.switch_on(&[acme()], None).await;
    daemon.until_runs(1).await;
    daemon
}

#[tokio::test(start_paused = true)]
async fn it_runs_at_once_and_then_every_24_hours() {
    let folder = TempDir::new().expect("a folder");
    let tenant = stories();
    let daemon = synced_once(&folder, &tenant).await;
    advance(hours(23)).await;
    daemon.no_more_than(1).await;
    advance(hours(1) + Duration::from_secs(1)).await;
    daemon.until_runs(2).await;
    for days in 3..10 {
        advance(hours(24) + Duration::from_secs(1)).await;
        daemon.until_runs(days).await;
    }
    assert!(daemon.runs().iter().all(|run| run.trigger == Trigger::Auto));
    assert!(daemon.runs().iter().all(|run| run.result == RunResult::Ok));
    let created: Vec<u32> = daemon.runs().iter().rev().map(|run| run.counts.created).collect();
    assert_eq!(created, [5, 0, 0, 0, 0, 0, 0, 0, 0]);
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_missed_is_caught_up_once() {
    let folder = TempDir::new().expect("a folder");
    let tenant = stories();
    let daemon = synced_once(&folder, &tenant).await;
    daemon.stop().await;

    let daemon = TestDaemon::start(folder.path(), &tenant, noon() + TimeDelta::days(5));
    daemon.until_runs(2).await;
    daemon.no_more_than(2).await;
    advance(hours(23)).await;
    daemon.no_more_than(2).await;
    daemon.stop().await;

    // A restart by itself is no reason to run.
    let daemon = TestDaemon::start(folder.path(), &tenant, noon() + TimeDelta::days(5));
    daemon.no_more_than(2).await;
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_tried_again_soon_and_success_returns_to_the_day() {
    let folder = TempDir::new().expect("a folder");
    let tenant = stories();
    let daemon = TestDaemon::start(folder.path(), &tenant, noon());
    tenant.faults().set(Fault::WrongAuth);
    daemon.switch_on(&[acme()], None).await;
    daemon.until_runs(1).await;
    assert_eq!(daemon.runs()[0].result, RunResult::Failed);
    // Credentials do not mend themselves, and trying again and again locks the account.
    advance(hours(23)).await;
    daemon.no_more_than(1).await;
    tenant.faults().clear();
    advance(hours(2)).await;
    daemon.until_runs(2).await;
    assert_eq!(daemon.runs()[0].result, RunResult::Ok);
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_time_of_day_is_kept() {
    let folder = TempDir::new().expect("a folder");
    let tenant = stories();
    let daemon = TestDaemon::start(folder.path(), &tenant, noon());
    daemon.switch_on(&[acme()], NaiveTime::from_hms_opt(2, 30, 0)).await;
    daemon.until_runs(1).await;
    for days in 2..5 {
        advance(hours(24)).await;
        daemon.until_runs(days).await;
    }
    let state = daemon.engine.book.client_state(ACME).expect("a state").expect("one");
    let next = state.next_run.expect("a next run");
    assert_eq!(next.format("%H:%M").to_string(), "02:30");
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn another_zone_plans_times_of_day_anew_at_once() {
    let folder = TempDir::new().expect("a folder");
    let tenant = stories();
    let zone = |name: &str| format!("time-zone = \"{name}\"");
    let daemon = TestDaemon::start_with(folder.path(), &tenant, noon(), &zone("Australia/Sydney"));
    let other = ClientRef { id: ClientId(178), name: "Summit Veterinary".to_owned() };
    daemon.switch_on(&[acme()], NaiveTime::from_hms_opt(2, 30, 0)).await;
    daemon.switch_on(std::slice::from_ref(&other), None).await;
    daemon.until_runs(2).await;
    let next = |client: &ClientRef| {
        let state = daemon.engine.book.client_state(client.id).expect("a state").expect("one");
        state.next_run.expect("a next run")
    };
    let (sydney, by_interval) = (next(&acme()), next(&other));
    let shown = |at: DateTime<Utc>, zone: Tz| at.with_timezone(&zone).format("%H:%M").to_string();
    assert_eq!(shown(sydney, Tz::Australia__Sydney), "02:30");
    let changes = daemon.reload(&zone("America/Los_Angeles")).await;
    let told: Vec<_> = changes.iter().map(|c| (&*c.key, &*c.old, &*c.new, c.effect)).collect();
    let key = "autotask.time-zone";
    assert_eq!(told, [(key, "Australia/Sydney", "America/Los_Angeles", Effect::Applied)]);
    let angeles = next(&acme());
    assert_eq!(shown(angeles, Tz::America__Los_Angeles), "02:30");
    assert!(angeles != sydney && angeles > noon() && angeles - noon() <= TimeDelta::days(1));
    assert_eq!(next(&other), by_interval, "one without a time of day stays where it is");
    assert_eq!(daemon.engine.zone(), Tz::America__Los_Angeles);
    // It runs then, and keeps the hour of the new zone.
    daemon.no_more_than(2).await;
    advance((angeles - noon()).to_std().expect("ahead") - Duration::from_secs(60)).await;
    daemon.no_more_than(2).await;
    daemon.pass(2).await;
    daemon.until_runs(3).await;
    assert_eq!(shown(next(&acme()), Tz::America__Los_Angeles), "02:30");
    let now = daemon.engine.now();
    daemon.stop().await;

    // Nor does it matter that the daemon was down meanwhile.
    let daemon = TestDaemon::start_with(folder.path(), &tenant, now, &zone("Asia/Tokyo"));
    let in_tokyo = || {
        let state = daemon.engine.book.client_state(ACME).expect("a state").expect("one");
        shown(state.next_run.expect("a next run"), Tz::Asia__Tokyo)
    };
    let patience = std::time::Instant::now() + Duration::from_secs(30);
    while in_tokyo() != "02:30" && std::time::Instant::now() < patience {
        tokio::task::yield_now().await;
    }
    assert_eq!(in_tokyo(), "02:30");
    daemon.no_more_than(3).await;
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_changes_during_a_run_is_that_of_the_next_one() {
    let folder = TempDir::new().expect("a folder");
    let tenant = stories();
    let zone = |name: &str| format!("time-zone = \"{name}\"");
    let daemon = TestDaemon::start_with(folder.path(), &tenant, noon(), &zone("Australia/Sydney"));
    daemon.switch_on(&[acme()], NaiveTime::from_hms_opt(2, 30, 0)).await;
    daemon.until_runs(1).await;
    let next = || {
        let state = daemon.engine.book.client_state(ACME).expect("a state").expect("one");
        state.next_run.expect("a next run")
    };
    let slow = Fault::Slow.on(Entity::ContractServices);
    tenant.faults().set(FaultRule { amount: Some(30_000), ..slow });
    advance((next() - daemon.engine.now()).to_std().expect("ahead")).await;
    let patience = std::time::Instant::now() + Duration::from_secs(30);
    while daemon.engine.syncs.running().is_empty() {
        assert!(std::time::Instant::now() < patience, "it never began");
        tokio::task::yield_now().await;
    }
    // As far as it comes without an answer.
    daemon.no_more_than(1).await;
    daemon.reload(&zone("America/Los_Angeles")).await;
    assert_eq!(
        (daemon.engine.syncs.running().len(), daemon.runs().len()),
        (1, 1),
        "it is under way"
    );
    tenant.faults().clear();
    advance(Duration::from_secs(31)).await;
    daemon.until_runs(2).await;
    assert_eq!(daemon.runs()[0].result, RunResult::Ok);
    let next = next().with_timezone(&Tz::America__Los_Angeles);
    assert_eq!(next.format("%H:%M").to_string(), "02:30");
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn on_the_first_day_of_a_period_nothing_differs_before_the_next_run() {
    let folder = TempDir::new().expect("a folder");
    let tenant = stories();
    let daemon = synced_once(&folder, &tenant).await;
    // Two units more in the middle of the month: this period bills a part of them.
    tenant.change_units(55_102, 14).expect("changed");
    daemon.preview(&acme()).await.expect("a look");
    let compare = async || {
        let (client, progress) = (acme(), Progress::new());
        busily(daemon.engine.review.reconcile(&client, &progress)).await.expect("compared")
    };
    assert!(!compare().await.differing.is_empty(), "the rate is another");
    advance(hours(24)).await;
    daemon.until_runs(2).await;
    let same = compare().await;
    assert_eq!((same.differing.len(), same.rate_only), (0, 0));

    let today = daemon.engine.today();
    let first = today.with_day(1).and_then(|day| day.checked_add_months(Months::new(1)));
    let first = first.expect("a day");
    let behind = first.signed_duration_since(today);
    daemon.clock.step(behind);
    tenant.advance(first);
    assert_eq!(daemon.engine.today(), first);
    let turned = compare().await;
    assert!(turned.differing.is_empty(), "{:#?}", turned.differing);
    assert!(turned.rate_only > 0, "the stored periods are over");
    tenant.change_units(55_102, 20).expect("changed");
    assert!(!compare().await.differing.is_empty(), "the rate still tells");
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn days_are_those_of_the_zone() {
    let folder = TempDir::new().expect("a folder");
    let tenant = stories();
    let zone = |name: &str| format!("time-zone = \"{name}\"");
    // At noon in UTC it is the next day already on Kiritimati.
    let daemon =
        TestDaemon::start_with(folder.path(), &tenant, noon(), &zone("Pacific/Kiritimati"));
    let day = noon().date_naive();
    assert_eq!(daemon.engine.today(), day.succ_opt().expect("a day"));
    let key = "A29683353".parse().expect("a key");
    daemon.preview(&acme()).await.expect("a look");
    let ignore =
        async || busily(daemon.engine.review.ignore(key, Some(day), None, &Actor::daemon())).await;
    let past = ignore().await;
    assert_eq!(past.map_err(|failure| failure.code), Err(Code::InvalidArgument));
    let end = daemon.engine.book.moment(&day.to_string()).expect("a moment");
    assert_eq!(end.to_rfc3339(), format!("{day}T09:59:59.999+00:00"));
    let findings = busily(daemon.engine.admin.checkup()).await;
    let told = findings.iter().find(|finding| finding.check == "time-zone").expect("a finding");
    assert!(told.detail.contains("in Pacific/Kiritimati"), "{told:?}");
    assert!(told.detail.contains(&daemon.engine.today().to_string()), "{told:?}");
    daemon.reload(&zone("UTC")).await;
    assert_eq!(daemon.engine.today(), day);
    let (flags, _) = ignore().await.expect("today");
    assert!(flags.is_ignored(daemon.engine.today()));
    daemon.reload(&zone("Pacific/Kiritimati")).await;
    assert!(!flags.is_ignored(daemon.engine.today()), "that day is over there");
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_interval_made_shorter_counts_from_the_last_run() {
    let folder = TempDir::new().expect("a folder");
    let tenant = stories();
    let daemon = synced_once(&folder, &tenant).await;
    advance(hours(4)).await;
    daemon.reload("[sync]\ninterval = \"48h\"").await;
    daemon.no_more_than(1).await;
    let next =
        || daemon.engine.observe.board(Some(&acme())).expect("a board").clients[0].state.next_run;
    let minutes =
        |next: Option<chrono::DateTime<chrono::Utc>>| (next.expect("one") - noon()).num_minutes();
    assert_eq!(minutes(next()), 24 * 60, "a longer one lets the planned run stand");
    daemon.reload("[sync]\ninterval = \"6h\"").await;
    assert_eq!(minutes(next()), 6 * 60);
    daemon.reload("[sync]\ninterval = \"24h\"").await;
    assert_eq!(minutes(next()), 6 * 60, "this one too");
    daemon.reload("[sync]\ninterval = \"6h\"").await;
    advance(hours(2)).await;
    daemon.until_runs(2).await;
    assert_eq!(minutes(next()), 12 * 60);
    // Shorter than the time that has passed since: now, and once.
    advance(hours(3)).await;
    daemon.reload("[sync]\ninterval = \"2h\"").await;
    daemon.until_runs(3).await;
    daemon.no_more_than(3).await;
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn wherever_the_next_run_is_named_it_is_the_one_that_comes() {
    let folder = TempDir::new().expect("a folder");
    let tenant = stories();
    let daemon = synced_once(&folder, &tenant).await;
    for (interval, hours) in [("48h", 24), ("6h", 6)] {
        daemon.reload(&format!("[sync]\ninterval = \"{interval}\"")).await;
        let comes = Some(noon() + TimeDelta::hours(hours));
        let board = daemon.engine.observe.board(None).expect("a board");
        assert_eq!(board.clients[0].state.next_run, comes, "status");
        assert_eq!(
            daemon.engine.observe.status_line().expect("an outline").next_run,
            comes,
            "the unit"
        );
        let (acme, actor) = ([acme()], Actor::daemon());
        let switched = busily(daemon.engine.schedule.switch(&acme, true, None, &actor)).await;
        let switched = switched.expect("it is on already");
        assert_eq!((switched[0].changed, switched[0].next_run), (false, comes), "auto-sync on");
    }
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_late_by_a_shorter_interval_is_overdue() {
    let folder = TempDir::new().expect("a folder");
    let tenant = stories();
    tenant.limits().set_threshold(1000);
    let daemon = synced_once(&folder, &tenant).await;
    daemon.reload("[sync]\ninterval = \"2h\"").await;
    let health = || daemon.engine.observe.board(None).expect("a board").clients[0].health;
    for minute in [50, 100, 150, 200] {
        tenant.limits().set_used(800);
        daemon.pass(50).await;
        let late = if minute > 3 * 60 { Health::Overdue } else { Health::Ok };
        assert_eq!(health(), late, "{minute} minutes after the run");
    }
    daemon.no_more_than(1).await;
    tenant.limits().set_used(0);
    daemon.pass(6).await;
    daemon.until_runs(2).await;
    assert_eq!(health(), Health::Ok);
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_agreement_that_went_to_another_client_is_settled_in_one_night() {
    const OTHER: ClientId = ClientId(178);
    let folder = TempDir::new().expect("a folder");
    let tenant = stories();
    let daemon = TestDaemon::start(folder.path(), &tenant, noon());
    let other = ClientRef { id: OTHER, name: "Summit Veterinary".to_owned() };
    daemon.switch_on(&[acme(), other], None).await;
    daemon.until_runs(2).await;
    let owners = || -> Vec<ClientId> {
        let keys = ["A29683353", "S55102", "S55103", "S55104"];
        let owner = |key: &str| {
            daemon.engine.book.contract(key.parse().expect("a key")).expect("one").client
        };
        keys.into_iter().map(owner).collect()
    };
    assert_eq!(owners(), [ACME; 4]);
    for (night, owner) in [(2, OTHER), (3, ACME)] {
        tenant.set(Entity::Contracts, 29_683_353, "companyID", owner.0).expect("moved");
        advance(hours(25)).await;
        daemon.until_runs(night * 2).await;
        assert_eq!(owners(), [owner; 4]);
    }
    assert!(
        daemon.runs().iter().all(|run| run.result == RunResult::Ok && run.counts.vanished == 0)
    );
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn background_work_stands_back_while_others_need_the_hour() {
    let folder = TempDir::new().expect("a folder");
    let tenant = stories();
    let daemon = synced_once(&folder, &tenant).await;
    tenant.limits().set_used(6000);
    advance(hours(25)).await;
    daemon.no_more_than(1).await;
    tenant.limits().set_used(0);
    advance(Duration::from_secs(600)).await;
    daemon.until_runs(2).await;
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_store_that_failed_costs_no_requests_and_is_told_of() {
    let folder = TempDir::new().expect("a folder");
    let tenant = stories();
    let daemon = synced_once(&folder, &tenant).await;
    // To whoever commits, a store that was closed is like one whose disk is full.
    daemon.store.clone().close().await.expect("it closes");
    tenant.reset_counters();
    for _ in 0..5 {
        advance(hours(24)).await;
        daemon.no_more_than(1).await;
    }
    assert_eq!(tenant.counters().total, 0, "nothing that was read could be stored");
    let board = daemon.engine.observe.board(None).expect("a board");
    assert!(board.remarks.iter().any(|remark| remark.contains("read-only")), "{board:?}");
    let findings = daemon.engine.admin.checkup().await;
    assert_eq!(findings.last().and_then(|finding| finding.code), Some(Code::StoreFailed));
    tenant.reset_counters();
    daemon
        .engine
        .schedule
        .switch(&[acme()], false, None, &Actor::daemon())
        .await
        .expect_err("not stored");
    let order = SyncRequest {
        client: ClientRef { id: ClientId(175), name: String::new() },
        choice: Choice::All,
        dry: false,
        trigger: Trigger::Manual,
        actor: Actor::daemon(),
    };
    let refused = daemon.engine.syncs.sync(order, WaitPolicy::None, Progress::new()).await;
    assert_eq!(refused.map_err(|failure| failure.code), Err(Code::StoreFailed));
    assert_eq!(tenant.counters().total, 0);
    daemon.engine.stop();
    daemon.supervisor.await.expect("it ends");
}

#[tokio::test(start_paused = true)]
async fn the_switch_does_not_wait_for_an_answer_that_does_not_come() {
    let folder = TempDir::new().expect("a folder");
    let tenant = stories();
    let daemon = TestDaemon::start(folder.path(), &tenant, noon());
    // Without them, no timer but that of the look can make the paused clock jump.
    daemon.supervisor.abort();
    daemon.teller.abort();
    tenant.faults().set(Fault::HourlyLimit);
    let began = Instant::now();
    let switched = daemon.engine.schedule.switch(&[acme()], true, None, &Actor::daemon()).await;
    switched.expect("switched");
    assert!(began.elapsed() < Duration::from_secs(30), "it took {:?}", began.elapsed());
    let state = daemon.engine.book.client_state(ACME).expect("a state").expect("one");
    assert!(state.auto_sync);
}

#[tokio::test(start_paused = true)]
async fn a_part_of_a_name_is_not_settled_by_what_was_known_long_ago() {
    let folder = TempDir::new().expect("a folder");
    let tenant = stories();
    let daemon = TestDaemon::start(folder.path(), &tenant, noon());
    let found = daemon.engine.clients.resolve("acme").await.expect("one");
    assert_eq!(found.id, ACME);
    let row = serde_json::json!({"id": 900, "companyName": "Acme"});
    tenant.insert(Entity::Companies, &row).expect("inserted");
    tenant.reset_counters();
    assert_eq!(daemon.engine.clients.resolve("acme").await.expect("one").id, ACME);
    assert_eq!(tenant.counters().total, 0);
    advance(hours(1)).await;
    assert_eq!(daemon.engine.clients.resolve("acme").await.expect("the new one").id, ClientId(900));
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_long_question_keeps_nobody_waiting_but_the_next_long_ones() {
    let folder = TempDir::new().expect("a folder");
    let daemon = TestDaemon::start(folder.path(), &stories(), noon());
    let (answer, wait) = std::sync::mpsc::channel::<()>();
    let wait = Arc::new(std::sync::Mutex::new(wait));
    let question = || {
        let wait = Arc::clone(&wait);
        let asked = daemon.engine.ask(move |_| Ok(wait.lock().expect("a turn").recv().is_ok()));
        Box::pin(asked)
    };
    let questions = futures_util::future::join_all([question(), question(), question()]);
    // All of this runs on one thread, which the questions must not hold.
    let (answers, ()) = tokio::join!(questions, async {
        for _ in 0..3 {
            answer.send(()).expect("somebody waits");
        }
    });
    assert_eq!(answers, [Ok(true), Ok(true), Ok(true)]);
    daemon.stop().await;
}
