//! Auto-sync on a clock that the test moves: the engine and a real store, the fake tenant called in
//! process, and days that pass in no time.
//!
//! The runtime's clock is paused. It would jump by itself whenever every task waits, also while the
//! store's own thread writes; so the test never waits idly: it yields until what it wants is there.

#![cfg(feature = "demo")]

mod in_process;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use in_process::InProcess;
use lmsyncd::autotask::{Autotask, Options, Progress, ZoneMemory};
use lmsyncd::clock::Clock;
use lmsyncd::config::{self, Settings};
use lmsyncd::demo::tenant::{Entity, Fault, Tenant};
use lmsyncd::engine::{Engine, Order, Parts, Patience};
use lmsyncd::model::{Actor, ClientId, ClientRef, Code, Run, RunResult, Trigger};
use lmsyncd::store::Store;
use lmsyncd::sync::select::Choice;
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::{Instant, advance};

const BASE: &str = "http://127.0.0.1:1/ATServicesRest/";
const ACME: ClientId = ClientId(174);

/// The runtime's paused clock, as a clock of the program.
struct Paused {
    base: DateTime<Utc>,
    start: Instant,
}

impl Clock for Paused {
    fn now(&self) -> DateTime<Utc> {
        self.base + TimeDelta::from_std(self.start.elapsed()).expect("in range")
    }
}

fn acme() -> ClientRef {
    ClientRef { id: ACME, name: "Acme Dental".to_owned() }
}

fn noon() -> DateTime<Utc> {
    let day = NaiveDate::from_ymd_opt(2026, 10, 15).expect("a date");
    (day.and_time(NaiveTime::MIN) + TimeDelta::hours(12)).and_utc()
}

fn tenant() -> Tenant {
    let tenant = Tenant::stories(noon().date_naive());
    tenant.set_base_url("http://127.0.0.1:1");
    tenant
}

/// A daemon without a socket.
struct House {
    engine: Arc<Engine>,
    store: Store,
    supervisor: JoinHandle<()>,
}

impl House {
    /// Starts one on a folder, at a moment.
    fn start(folder: &Path, tenant: &Tenant, now: DateTime<Utc>) -> House {
        let clock: Arc<dyn Clock> = Arc::new(Paused { base: now, start: Instant::now() });
        let (store, opening) = Store::open(&folder.join("store"), now).expect("the store opens");
        let (tenant, seen) = (tenant.clone(), Arc::clone(&clock));
        let connect = move |_: &Settings| {
            let transport = Arc::new(InProcess(tenant.clone()));
            Ok(Arc::new(Autotask::new(
                options(&tenant),
                transport,
                Arc::clone(&seen),
                ZoneMemory::none(),
            )))
        };
        let engine = Engine::new(Parts {
            store: store.clone(),
            opening,
            clock,
            settings: settings(),
            load: Box::new(|| Ok(settings())),
            connect: Box::new(connect),
        })
        .expect("an engine");
        let supervisor = tokio::spawn(Arc::clone(&engine).supervise());
        House { engine, store, supervisor }
    }

    async fn stop(self) {
        self.engine.stop();
        self.engine.drained().await;
        self.supervisor.await.expect("it ends");
        drop(self.engine);
        self.store.close().await.expect("it closes");
    }

    async fn switch_on(&self, at: Option<NaiveTime>) {
        self.engine.switch(&[acme()], true, at, &Actor::daemon()).await.expect("switched");
    }

    fn runs(&self) -> Vec<Run> {
        self.engine.runs(None, 1000).expect("runs")
    }

    /// Yields until so many runs are recorded.
    async fn until_runs(&self, count: usize) {
        let patience = std::time::Instant::now() + Duration::from_secs(60);
        while self.runs().len() < count || !self.engine.running().is_empty() {
            assert!(std::time::Instant::now() < patience, "only {:#?}", self.runs());
            tokio::task::yield_now().await;
        }
        assert_eq!(self.runs().len(), count);
    }

    /// Gives the engine every chance to do something it should not do.
    async fn no_more_than(&self, count: usize) {
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        assert_eq!(self.runs().len(), count, "{:#?}", self.runs());
    }
}

fn options(tenant: &Tenant) -> Options {
    let credentials = tenant.credentials();
    Options {
        username: credentials.username,
        secret: SecretString::from(credentials.secret),
        integration_code: SecretString::from(credentials.integration_code),
        zone_url: None,
        discovery_url: BASE.to_owned(),
        max_requests_per_hour: 2000,
        concurrency_per_endpoint: 2,
        request_timeout: Duration::from_secs(120),
        proxy: None,
        ca_file: None,
        user_defined: Vec::new(),
    }
}

fn settings() -> Settings {
    let text =
        "version = 1\n[autotask]\nusername = \"api@MSP.EXAMPLE\"\nintegration-code = \"x\"\n";
    config::parse(text, Path::new("/etc/lmsyncd/lmsyncd.toml")).expect("settings")
}

fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours * 3600)
}

#[tokio::test(start_paused = true)]
async fn it_runs_at_once_and_then_every_24_hours() {
    let folder = TempDir::new().expect("a folder");
    let tenant = tenant();
    let house = House::start(folder.path(), &tenant, noon());
    house.switch_on(None).await;
    house.until_runs(1).await;
    advance(hours(23)).await;
    house.no_more_than(1).await;
    advance(hours(1) + Duration::from_secs(1)).await;
    house.until_runs(2).await;
    for days in 3..10 {
        advance(hours(24) + Duration::from_secs(1)).await;
        house.until_runs(days).await;
    }
    assert!(house.runs().iter().all(|run| run.trigger == Trigger::Auto));
    assert!(house.runs().iter().all(|run| run.result == RunResult::Ok));
    let created: Vec<u32> = house.runs().iter().rev().map(|run| run.counts.created).collect();
    assert_eq!(created, [5, 0, 0, 0, 0, 0, 0, 0, 0]);
    house.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_missed_is_caught_up_once() {
    let folder = TempDir::new().expect("a folder");
    let tenant = tenant();
    let house = House::start(folder.path(), &tenant, noon());
    house.switch_on(None).await;
    house.until_runs(1).await;
    house.stop().await;

    let house = House::start(folder.path(), &tenant, noon() + TimeDelta::days(5));
    house.until_runs(2).await;
    house.no_more_than(2).await;
    advance(hours(23)).await;
    house.no_more_than(2).await;
    house.stop().await;

    // A restart by itself is no reason to run.
    let house = House::start(folder.path(), &tenant, noon() + TimeDelta::days(5));
    house.no_more_than(2).await;
    house.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_tried_again_soon_and_success_returns_to_the_day() {
    let folder = TempDir::new().expect("a folder");
    let tenant = tenant();
    let house = House::start(folder.path(), &tenant, noon());
    tenant.faults().set(Fault::WrongAuth);
    house.switch_on(None).await;
    house.until_runs(1).await;
    assert_eq!(house.runs()[0].result, RunResult::Failed);
    // Credentials do not mend themselves, and trying again and again locks the account.
    advance(hours(23)).await;
    house.no_more_than(1).await;
    tenant.faults().clear();
    advance(hours(2)).await;
    house.until_runs(2).await;
    assert_eq!(house.runs()[0].result, RunResult::Ok);
    house.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_time_of_day_is_kept() {
    let folder = TempDir::new().expect("a folder");
    let tenant = tenant();
    let house = House::start(folder.path(), &tenant, noon());
    house.switch_on(NaiveTime::from_hms_opt(2, 30, 0)).await;
    house.until_runs(1).await;
    for days in 2..5 {
        advance(hours(24)).await;
        house.until_runs(days).await;
    }
    let state = house.engine.client_state(ACME).expect("a state").expect("one");
    let next = state.next_run.expect("a next run").with_timezone(&chrono::Local);
    assert_eq!(next.format("%H:%M").to_string(), "02:30");
    house.stop().await;
}

#[tokio::test(start_paused = true)]
async fn background_work_stands_back_while_others_need_the_hour() {
    let folder = TempDir::new().expect("a folder");
    let tenant = tenant();
    let house = House::start(folder.path(), &tenant, noon());
    house.switch_on(None).await;
    house.until_runs(1).await;
    tenant.limits().set_used(6000);
    advance(hours(25)).await;
    house.no_more_than(1).await;
    tenant.limits().set_used(0);
    advance(Duration::from_secs(600)).await;
    house.until_runs(2).await;
    house.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_store_that_failed_costs_no_requests_and_is_told_of() {
    let folder = TempDir::new().expect("a folder");
    let tenant = tenant();
    let house = House::start(folder.path(), &tenant, noon());
    house.switch_on(None).await;
    house.until_runs(1).await;
    // To whoever commits, a store that was closed is like one whose disk is full.
    house.store.clone().close().await.expect("it closes");
    tenant.reset_counters();
    for _ in 0..5 {
        advance(hours(24)).await;
        house.no_more_than(1).await;
    }
    assert_eq!(tenant.counters().total, 0, "nothing that was read could be stored");
    let board = house.engine.board(None).expect("a board");
    assert!(board.remarks.iter().any(|remark| remark.contains("no more changes")), "{board:?}");
    let findings = house.engine.checkup().await;
    assert_eq!(findings.last().and_then(|finding| finding.code), Some(Code::StoreFailed));
    tenant.reset_counters();
    house.engine.switch(&[acme()], false, None, &Actor::daemon()).await.expect_err("not stored");
    let order = Order {
        client: ClientRef { id: ClientId(175), name: String::new() },
        choice: Choice::All,
        dry: false,
        trigger: Trigger::Manual,
        actor: Actor::daemon(),
    };
    let refused = house.engine.sync(order, Patience::None, Progress::new()).await;
    assert_eq!(refused.map_err(|failure| failure.code), Err(Code::StoreFailed));
    assert_eq!(tenant.counters().total, 0);
    house.engine.stop();
    house.supervisor.await.expect("it ends");
}

#[tokio::test(start_paused = true)]
async fn the_switch_does_not_wait_for_an_answer_that_does_not_come() {
    let folder = TempDir::new().expect("a folder");
    let tenant = tenant();
    let house = House::start(folder.path(), &tenant, noon());
    // Without it, no timer but that of the look can make the paused clock jump.
    house.supervisor.abort();
    tenant.faults().set(Fault::HourlyLimit);
    let began = Instant::now();
    house.switch_on(None).await;
    assert!(began.elapsed() < Duration::from_secs(30), "it took {:?}", began.elapsed());
    let state = house.engine.client_state(ACME).expect("a state").expect("one");
    assert!(state.auto_sync);
}

#[tokio::test(start_paused = true)]
async fn a_part_of_a_name_is_not_settled_by_what_was_known_long_ago() {
    let folder = TempDir::new().expect("a folder");
    let tenant = tenant();
    let house = House::start(folder.path(), &tenant, noon());
    let found = house.engine.resolve("acme").await.expect("one");
    assert_eq!(found.id, ACME);
    let row = serde_json::json!({"id": 900, "companyName": "Acme"});
    tenant.insert(Entity::Companies, &row).expect("inserted");
    tenant.reset_counters();
    assert_eq!(house.engine.resolve("acme").await.expect("one").id, ACME);
    assert_eq!(tenant.counters().total, 0);
    advance(hours(1)).await;
    assert_eq!(house.engine.resolve("acme").await.expect("the new one").id, ClientId(900));
    house.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_long_question_keeps_nobody_waiting_but_the_next_long_ones() {
    let folder = TempDir::new().expect("a folder");
    let house = House::start(folder.path(), &tenant(), noon());
    let (answer, wait) = std::sync::mpsc::channel::<()>();
    let wait = Arc::new(std::sync::Mutex::new(wait));
    let question = || {
        let wait = Arc::clone(&wait);
        let asked = house.engine.ask(move |_| Ok(wait.lock().expect("a turn").recv().is_ok()));
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
    house.stop().await;
}
