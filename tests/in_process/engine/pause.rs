//! Pausing auto-sync on a clock that the test moves. Through the real binaries: `e2e/pause_seen.rs`.

use std::time::Duration;

use crate::support::test_daemon::{TestDaemon, busily, hours, noon, stories};
use chrono::TimeDelta;
use lmsyncd::engine::Subscription;
use lmsyncd::model::{Actor, ClientId, ClientRef, Code, Event, EventName, RunResult};
use lmsyncd::policy::health::Health;
use tempfile::TempDir;
use tokio::time::advance;

fn client(id: i64) -> ClientRef {
    ClientRef { id: ClientId(id), name: format!("Client {id}") }
}

fn dana() -> Actor {
    Actor { uid: Some(1000), name: "dana".to_owned(), pid: None }
}

fn health(daemon: &TestDaemon, id: i64) -> Health {
    let board = daemon.engine.observe.board(Some(&client(id))).expect("a board");
    board.clients[0].health
}

/// Two clients on auto-sync, synced for the first time.
async fn two_clients(daemon: &TestDaemon) {
    for (number, id) in [174, 175].into_iter().enumerate() {
        busily(daemon.engine.schedule.switch(&[client(id)], true, None, &dana()))
            .await
            .expect("switched");
        daemon.until_runs(number + 1).await;
    }
}

/// The names of the events that were alerts, so far.
fn alerts(events: &mut Subscription) -> Vec<EventName> {
    let mut names = Vec::new();
    while let Ok(event) = events.try_recv() {
        let event: &Event = &event;
        names.extend(event.alert.then_some(event.name));
    }
    names
}

#[tokio::test(start_paused = true)]
async fn what_came_due_in_a_pause_is_caught_up_once_when_it_is_resumed() {
    let folder = TempDir::new().expect("a folder");
    let tenant = stories();
    let daemon = TestDaemon::start(folder.path(), &tenant, noon());
    two_clients(&daemon).await;
    let mut events = daemon.engine.observe.subscribe().expect("listening");
    busily(daemon.engine.schedule.pause(&[], None, &dana())).await.expect("paused");
    tenant.reset_counters();
    for _ in 0..5 {
        advance(hours(24)).await;
        daemon.no_more_than(2).await;
    }
    assert_eq!(tenant.counters().total, 0, "a pause asks Autotask for nothing");
    assert_eq!([health(&daemon, 174), health(&daemon, 175)], [Health::Paused; 2]);
    let board = daemon.engine.observe.board(None).expect("a board");
    assert_eq!(board.paused.map(|pause| pause.by).as_deref(), Some("dana"));
    let next =
        daemon.engine.book.client_state(ClientId(174)).expect("read").expect("known").next_run;
    assert_eq!(next.map(|next| (next - noon()).num_hours()), Some(24), "the schedule stays");

    assert_eq!(
        busily(daemon.engine.schedule.resume(&[], &dana())).await.expect("resumed").len(),
        1
    );
    daemon.until_runs(4).await;
    daemon.no_more_than(4).await;
    advance(hours(23)).await;
    daemon.no_more_than(4).await;
    advance(hours(2)).await;
    daemon.until_runs(6).await;
    assert!(daemon.runs().iter().all(|run| run.result == RunResult::Ok));
    assert_eq!(alerts(&mut events), [], "nobody was told that something is late");
    assert!(
        busily(daemon.engine.schedule.resume(&[], &dana()))
            .await
            .expect("nothing to do")
            .is_empty()
    );
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_pause_of_one_client_leaves_the_others_alone_and_ends_by_itself() {
    let folder = TempDir::new().expect("a folder");
    let daemon = TestDaemon::start(folder.path(), &stories(), noon());
    two_clients(&daemon).await;
    let mut events = daemon.engine.observe.subscribe().expect("listening");
    busily(daemon.engine.schedule.pause(&[client(174)], Some("30h"), &dana()))
        .await
        .expect("paused");
    advance(hours(24) + Duration::from_secs(60)).await;
    daemon.until_runs(3).await;
    daemon.no_more_than(3).await;
    assert_eq!(daemon.runs()[0].client.id, ClientId(175));
    assert_eq!([health(&daemon, 174), health(&daemon, 175)], [Health::Paused, Health::Ok]);
    // Another pause takes the place of the one before it.
    busily(daemon.engine.schedule.pause(&[client(174)], Some("10h"), &dana()))
        .await
        .expect("paused");
    advance(hours(9)).await;
    daemon.no_more_than(3).await;
    // No one has to wake it: the end of a pause is a moment of the schedule.
    advance(hours(1) + Duration::from_secs(1)).await;
    daemon.until_runs(4).await;
    daemon.no_more_than(4).await;
    assert_eq!(daemon.runs()[0].client.id, ClientId(174));
    assert_eq!(health(&daemon, 174), Health::Ok);
    assert_eq!(alerts(&mut events), []);
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_pause_survives_a_restart_and_a_clock_that_is_set() {
    let folder = TempDir::new().expect("a folder");
    let tenant = stories();
    let daemon = TestDaemon::start(folder.path(), &tenant, noon());
    two_clients(&daemon).await;
    busily(daemon.engine.schedule.pause(&[], Some("2d"), &dana())).await.expect("paused");
    daemon.stop().await;
    let at = |hours: i64| noon() + TimeDelta::hours(hours);

    let daemon = TestDaemon::start(folder.path(), &tenant, at(30));
    daemon.no_more_than(2).await;
    assert_eq!(health(&daemon, 174), Health::Paused);
    daemon.stop().await;
    // Set back, it still counts; set forward and back again, too.
    for now in [at(-5), at(47)] {
        let daemon = TestDaemon::start(folder.path(), &tenant, now);
        daemon.no_more_than(2).await;
        assert_eq!(health(&daemon, 174), Health::Paused);
        daemon.stop().await;
    }
    let daemon = TestDaemon::start(folder.path(), &tenant, at(49));
    daemon.until_runs(4).await;
    daemon.no_more_than(4).await;
    busily(daemon.engine.schedule.pause(&[], None, &dana())).await.expect("paused");
    busily(daemon.engine.schedule.resume(&[], &dana())).await.expect("resumed");
    daemon.stop().await;
    // What somebody ended does not come back when the clock is set back.
    let daemon = TestDaemon::start(folder.path(), &tenant, at(49) - TimeDelta::hours(3));
    assert_eq!(health(&daemon, 174), Health::Ok);
    assert!(daemon.engine.schedule.paused().expect("read").is_empty());
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_paused_is_named() {
    let folder = TempDir::new().expect("a folder");
    let daemon = TestDaemon::start(folder.path(), &stories(), noon());
    let refused =
        busily(daemon.engine.schedule.pause(&[client(174)], None, &dana())).await.expect_err("off");
    assert_eq!(refused.code, Code::InvalidArgument);
    two_clients(&daemon).await;
    for until in ["yesterday", "2026-10-14", "-4h", "24:61"] {
        let refused =
            busily(daemon.engine.schedule.pause(&[], Some(until), &dana())).await.expect_err(until);
        assert_eq!(refused.code, Code::InvalidArgument, "{until}");
    }
    assert!(daemon.engine.schedule.paused().expect("read").is_empty());
    busily(daemon.engine.schedule.pause(&[client(175), client(174), client(175)], None, &dana()))
        .await
        .expect("ok");
    busily(daemon.engine.schedule.pause(&[], Some("1h"), &dana())).await.expect("ok");
    let paused = daemon.engine.schedule.paused().expect("read");
    let ids: Vec<_> = paused.iter().map(|p| p.client.as_ref().map(|c| c.id.0)).collect();
    assert_eq!(ids, [None, Some(174), Some(175)]);
    // A switch that is off has nothing to pause, and is not found paused when it is on again.
    busily(daemon.engine.schedule.switch(&[client(174)], false, None, &dana())).await.expect("off");
    assert_eq!(daemon.engine.schedule.paused().expect("read").len(), 2);
    assert_eq!(
        busily(daemon.engine.schedule.resume(&[client(174)], &dana()))
            .await
            .expect("nothing")
            .len(),
        0
    );
    // Only what was paused is told to go on.
    let mut events = daemon.engine.observe.subscribe().expect("a place");
    let both = [client(174), client(175)];
    assert_eq!(busily(daemon.engine.schedule.resume(&both, &dana())).await.expect("one").len(), 1);
    let told: Vec<_> = std::iter::from_fn(|| events.try_recv().ok()).collect();
    let told: Vec<_> = told.iter().filter_map(|event| event.client.as_ref()).collect();
    assert_eq!(told, [&client(175)]);
    daemon.stop().await;
}

/// A machine that was suspended for days has clients to catch up. Nobody needs to hear of it: the
/// daemon syncs them at once.
#[tokio::test(start_paused = true)]
async fn after_a_sleep_of_the_machine_nothing_is_overdue_before_it_could_run() {
    let folder = TempDir::new().expect("a folder");
    let tenant = stories();
    let daemon = TestDaemon::start(folder.path(), &tenant, noon());
    two_clients(&daemon).await;
    let mut events = daemon.engine.observe.subscribe().expect("a place");
    daemon.clock.step(TimeDelta::days(3));
    // The first to look is not the supervisor.
    assert_eq!((health(&daemon, 174), health(&daemon, 175)), (Health::Ok, Health::Ok));
    daemon.pass(2).await;
    daemon.until_runs(4).await;
    daemon.pass(5).await;
    assert_eq!(alerts(&mut events), []);
    daemon.stop().await;
}

/// A machine that was awake, and did nothing, is late.
#[tokio::test(start_paused = true)]
async fn after_a_sleep_a_client_is_late_by_the_time_since_then() {
    let folder = TempDir::new().expect("a folder");
    let tenant = stories();
    tenant.limits().set_threshold(1000);
    let daemon = TestDaemon::start(folder.path(), &tenant, noon());
    two_clients(&daemon).await;
    daemon.clock.step(TimeDelta::days(3));
    for minute in [30, 59, 80] {
        // Auto-sync waits, because other integrations use up the hour.
        tenant.limits().set_used(800);
        daemon.pass(if minute == 30 { 30 } else { 25 }).await;
        let late = if minute > 60 { Health::Overdue } else { Health::Ok };
        assert_eq!(health(&daemon, 174), late, "{minute} minutes after the sleep");
    }
    daemon.stop().await;
}
