//! The budget and the login breaker under auto-sync, on a clock that the test moves: what is asked
//! of the fake tenant is counted there.

use crate::support::test_daemon::{TestDaemon, busily, clients, generated, noon};
use chrono::TimeDelta;
use lmsyncd::demo::tenant::{Fault, Tenant};
use lmsyncd::model::{ClientRef, Code, RunResult};
use lmsyncd::policy::health::Health;
use tempfile::TempDir;

/// A folder for the store, and a tenant of fifty clients.
fn fifty() -> (TempDir, Tenant, Vec<ClientRef>) {
    let tenant = generated(50, 7);
    let clients = clients(&tenant);
    (TempDir::new().expect("a folder"), tenant, clients)
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_are_tried_twice_an_hour_at_most_also_across_restarts() {
    let (folder, tenant, clients) = fifty();
    tenant.faults().set(Fault::WrongAuth);
    let daemon = TestDaemon::start(folder.path(), &tenant, noon());
    daemon.switch_on(&clients, None).await;
    daemon.settle().await;
    for hour in 1..=4_u32 {
        for client in &clients {
            let looked =
                daemon.engine.syncs.preview(client, &lmsyncd::autotask::Progress::new()).await;
            assert_eq!(looked.map_err(|failure| failure.code), Err(Code::AuthFailed));
        }
        daemon.engine.admin.checkup().await;
        daemon.engine.admin.checkup().await;
        let failures = tenant.counters().authentication_failures;
        assert!(failures <= u64::from(2 * hour), "{failures} in {hour} hours");
        daemon.pass(59).await;
    }
    let board = daemon.engine.observe.board(None).expect("a board");
    assert!(board.api.blocked.is_some() && board.waiting.is_some(), "{:?}", board.api);
    assert!(board.clients.iter().all(|client| client.health == Health::Blocked));
    daemon.engine.admin.checkup().await;
    daemon.engine.admin.checkup().await;
    tenant.reset_counters();
    daemon.stop().await;

    let daemon = TestDaemon::start(folder.path(), &tenant, noon() + TimeDelta::minutes(236));
    daemon.settle().await;
    daemon.engine.admin.checkup().await;
    assert_eq!(tenant.counters().total, 0, "a restart is no new try");
    // The same credentials are no reason to try again; others are, and all that is due is synced.
    daemon.engine.admin.reload().await.expect("reloaded");
    daemon.settle().await;
    assert_eq!(tenant.counters().total, 0);
    tenant.faults().clear();
    daemon.secret.lock().expect("the secret").push('x');
    let refused = daemon.engine.admin.reload().await.expect_err("they are tried at once");
    assert_eq!(refused.code, Code::AuthFailed);
    assert_eq!(tenant.counters().authentication_failures, 1);
    daemon.secret.lock().expect("the secret").pop();
    daemon.engine.admin.reload().await.expect("reloaded");
    daemon.pass(62).await;
    daemon.until_synced(clients.len()).await;
    assert!(daemon.engine.observe.board(None).expect("a board").api.blocked.is_none());
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn who_proves_that_credentials_are_mended_wakes_auto_sync() {
    let (folder, tenant, clients) = fifty();
    tenant.faults().set(Fault::WrongAuth);
    let daemon = TestDaemon::start(folder.path(), &tenant, noon());
    daemon.switch_on(&clients, None).await;
    daemon.pass(5).await;
    assert_eq!(daemon.count_synced(), 0);
    // The account was unlocked in Autotask: nothing here has changed, and no time passes.
    tenant.faults().clear();
    daemon.settle().await;
    assert_eq!(daemon.count_synced(), 0);
    busily(daemon.engine.admin.checkup()).await;
    daemon.until_synced(clients.len()).await;
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_hour_that_is_used_up_makes_clients_late_and_none_is_lost() {
    let (folder, tenant, clients) = fifty();
    tenant.limits().set_used(8000);
    let daemon = TestDaemon::start(folder.path(), &tenant, noon());
    daemon.switch_on(&clients, None).await;
    daemon.pass(33).await;
    assert_eq!(daemon.count_synced(), 0, "auto-sync stops at 75 %");
    assert!(tenant.counters().total < 20, "{:?}", tenant.counters());
    let mut told = false;
    for _ in 0..6 {
        daemon.pass(1).await;
        let waiting = daemon.engine.observe.board(None).expect("a board").waiting;
        told |= waiting.is_some_and(|why| why.contains("% of its requests of the hour"));
    }
    assert!(
        told,
        "{:?}",
        daemon.engine.observe.board(None).map(|board| (board.api, board.clients[0].state.clone()))
    );
    let looked =
        daemon.engine.syncs.preview(&clients[1], &lmsyncd::autotask::Progress::new()).await;
    assert!(looked.is_ok(), "a person may go on to 90 %: {looked:?}");
    tenant.limits().set_used(0);
    daemon.pass(20).await;
    daemon.until_synced(clients.len()).await;
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_restart_does_not_forget_what_was_spent() {
    let (folder, tenant, clients) = fifty();
    let cap = 40_u64;
    let config = format!("max-requests-per-hour = {cap}");
    let daemon = TestDaemon::start_with(folder.path(), &tenant, noon(), &config);
    while daemon
        .engine
        .syncs
        .preview(&clients[1], &lmsyncd::autotask::Progress::new())
        .await
        .is_ok()
    {}
    let spent = tenant.counters().total;
    assert!(spent <= cap);
    daemon.stop().await;
    let daemon =
        TestDaemon::start_with(folder.path(), &tenant, noon() + TimeDelta::minutes(1), &config);
    daemon.switch_on(&clients, None).await;
    daemon.pass(30).await;
    assert_eq!(tenant.counters().total, spent);
    let board = daemon.engine.observe.board(None).expect("a board");
    assert!(board.waiting.is_some_and(|why| why.contains("36 of the 40")));
    daemon.pass(150).await;
    daemon.until_synced(clients.len()).await;
    let runs = daemon.engine.book.runs(None, 1000).expect("runs");
    assert!(runs.iter().any(|run| run.result == RunResult::Ok));
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_forward_frees_neither_the_budget_nor_the_brake() {
    for (config, fault) in [("max-requests-per-hour = 40", None), ("", Some(Fault::WrongAuth))] {
        let (folder, tenant, clients) = fifty();
        fault.into_iter().for_each(|fault| tenant.faults().set(fault));
        let mut daemon = TestDaemon::start_with(folder.path(), &tenant, noon(), config);
        let stopped = async |daemon: &TestDaemon| {
            while daemon
                .engine
                .syncs
                .preview(&clients[1], &lmsyncd::autotask::Progress::new())
                .await
                .is_ok()
            {}
            for _ in 0..3 {
                daemon.engine.admin.checkup().await;
            }
        };
        stopped(&daemon).await;
        let spent = tenant.counters().total;
        assert!(spent > 0, "{fault:?}");
        daemon.clock.step(TimeDelta::hours(3));
        stopped(&daemon).await;
        assert_eq!(tenant.counters().total, spent, "{fault:?}");
        daemon.stop().await;

        // What is remembered across a restart ages by what really passes too.
        daemon =
            TestDaemon::start_with(folder.path(), &tenant, noon() + TimeDelta::minutes(1), config);
        daemon.clock.step(TimeDelta::hours(6));
        stopped(&daemon).await;
        assert_eq!(tenant.counters().total, spent, "{fault:?}");
        daemon.pass(61).await;
        stopped(&daemon).await;
        assert!(tenant.counters().total > spent, "{fault:?}");
        daemon.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_reading_has_cost_is_written_down_at_its_end() {
    let (folder, tenant, clients) = fifty();
    let daemon = TestDaemon::start(folder.path(), &tenant, noon());
    for client in &clients[1..4] {
        daemon.preview(client).await.expect("a look");
        let bytes = daemon.store.cache_get("use").expect("something is remembered");
        let text = String::from_utf8(bytes).expect("text");
        let spent = tenant.counters().total;
        assert!(text.contains(&format!("\"sent\":[[0,{spent}]]")), "{spent}: {text}");
    }
    daemon.stop().await;
}
