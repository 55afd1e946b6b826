//! The budget and the lockout brake under auto-sync, on a clock that the test moves: what is asked
//! of the fake tenant is counted there.

#![cfg(feature = "demo")]

mod in_process;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use in_process::InProcess;
use lmsyncd::autotask::{Autotask, Options, UseMemory, ZoneMemory};
use lmsyncd::clock::Clock;
use lmsyncd::config::{self, Settings};
use lmsyncd::demo::tenant::{Entity, Fault, Tenant};
use lmsyncd::engine::{Engine, Parts};
use lmsyncd::model::{Actor, ClientId, ClientRef, Code, RunResult};
use lmsyncd::store::Store;
use lmsyncd::sync::standing::Health;
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::{Instant, advance};

const BASE: &str = "http://127.0.0.1:1/ATServicesRest/";

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

fn noon() -> DateTime<Utc> {
    let day = NaiveDate::from_ymd_opt(2026, 10, 15).expect("a date");
    (day.and_time(NaiveTime::MIN) + TimeDelta::hours(12)).and_utc()
}

fn tenant() -> Tenant {
    let tenant = Tenant::generated(noon().date_naive(), 50, 7);
    tenant.set_base_url("http://127.0.0.1:1");
    tenant.limits().set_latency_step(Duration::ZERO);
    tenant
}

/// A daemon without a socket.
struct House {
    engine: Arc<Engine>,
    store: Store,
    supervisor: JoinHandle<()>,
    /// The secret that the next reload finds.
    secret: Arc<Mutex<String>>,
}

impl House {
    fn start(folder: &Path, tenant: &Tenant, now: DateTime<Utc>, cap: u32) -> House {
        let clock: Arc<dyn Clock> = Arc::new(Paused { base: now, start: Instant::now() });
        let (store, opening) = Store::open(&folder.join("store"), now).expect("the store opens");
        let secret = Arc::new(Mutex::new(tenant.credentials().secret));
        let connect = {
            let (tenant, clock) = (tenant.clone(), Arc::clone(&clock));
            let (store, secret) = (store.clone(), Arc::clone(&secret));
            move |_: &Settings| {
                let (load, keep) = (store.clone(), store.clone());
                let memory = UseMemory::new(
                    move || String::from_utf8(load.cache_get("use")?).ok(),
                    move |text| keep.cache_put("use", text.as_bytes()),
                );
                let transport = Arc::new(InProcess(tenant.clone()));
                let secret = secret.lock().expect("the secret").clone();
                let options = options(&tenant, secret, cap);
                let clock = Arc::clone(&clock);
                let autotask = Autotask::new(options, transport, clock, ZoneMemory::none());
                Ok(Arc::new(autotask.remembering(memory)))
            }
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
        House { engine, store, supervisor, secret }
    }

    async fn stop(self) {
        self.engine.stop();
        self.engine.drained().await;
        self.supervisor.await.expect("it ends");
        drop(self.engine);
        self.store.close().await.expect("it closes");
    }

    /// Switches auto-sync on, and never waits idly meanwhile: the paused clock would jump.
    async fn switch_on(&self, clients: &[ClientRef]) {
        let yielding = async {
            loop {
                tokio::task::yield_now().await;
            }
        };
        let actor = Actor::daemon();
        tokio::select! {
            on = self.engine.switch(clients, true, None, &actor) => {
                on.expect("on");
            }
            () = yielding => {}
        }
    }

    /// Gives the engine every chance to do what is due.
    async fn settle(&self) {
        for _ in 0..2000 {
            tokio::task::yield_now().await;
        }
        // The store's thread writes on a clock of its own.
        while !self.engine.running().is_empty() {
            tokio::task::yield_now().await;
        }
    }

    /// Lets time pass, minute by minute.
    async fn pass(&self, minutes: u32) {
        for _ in 0..minutes {
            advance(Duration::from_secs(60)).await;
            self.settle().await;
        }
    }

    async fn synced(&self, count: usize) {
        let patience = std::time::Instant::now() + Duration::from_secs(60);
        while self.count_synced() < count {
            assert!(std::time::Instant::now() < patience, "only {}", self.count_synced());
            tokio::task::yield_now().await;
        }
    }

    fn count_synced(&self) -> usize {
        let states = self.engine.client_states().expect("states");
        states.iter().filter(|state| state.last_synced.is_some()).count()
    }
}

fn clients(tenant: &Tenant) -> Vec<ClientRef> {
    let ids = tenant.ids(Entity::Companies);
    ids.into_iter().map(|id| ClientRef { id: ClientId(id), name: format!("client {id}") }).collect()
}

fn options(tenant: &Tenant, secret: String, cap: u32) -> Options {
    let credentials = tenant.credentials();
    Options {
        username: credentials.username,
        secret: SecretString::from(secret),
        integration_code: SecretString::from(credentials.integration_code),
        zone_url: None,
        discovery_url: BASE.to_owned(),
        max_requests_per_hour: cap,
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

#[tokio::test(start_paused = true)]
async fn refused_credentials_are_tried_twice_an_hour_at_most_also_across_restarts() {
    let folder = TempDir::new().expect("a folder");
    let tenant = tenant();
    let clients = clients(&tenant);
    tenant.faults().set(Fault::WrongAuth);
    let house = House::start(folder.path(), &tenant, noon(), 2000);
    house.switch_on(&clients).await;
    house.settle().await;
    for hour in 1..=4_u32 {
        for client in &clients {
            let looked = house.engine.look(client, &lmsyncd::autotask::Progress::new()).await;
            assert_eq!(looked.map_err(|failure| failure.code), Err(Code::AuthFailed));
        }
        house.engine.checkup().await;
        house.engine.checkup().await;
        let failures = tenant.counters().authentication_failures;
        assert!(failures <= u64::from(2 * hour), "{failures} in {hour} hours");
        house.pass(59).await;
    }
    let board = house.engine.board(None).expect("a board");
    assert!(board.api.blocked.is_some() && board.waiting.is_some(), "{:?}", board.api);
    assert!(board.clients.iter().all(|client| client.health == Health::Blocked));
    house.engine.checkup().await;
    house.engine.checkup().await;
    tenant.reset_counters();
    house.stop().await;

    let house = House::start(folder.path(), &tenant, noon() + TimeDelta::minutes(236), 2000);
    house.settle().await;
    house.engine.checkup().await;
    assert_eq!(tenant.counters().total, 0, "a restart is no new try");
    // The same credentials are no reason to try again; others are, and all that is due is synced.
    house.engine.reload().await.expect("reloaded");
    house.settle().await;
    assert_eq!(tenant.counters().total, 0);
    tenant.faults().clear();
    house.secret.lock().expect("the secret").push('x');
    house.engine.reload().await.expect("reloaded");
    house.settle().await;
    assert!(tenant.counters().total > 0, "other credentials are tried");
    house.secret.lock().expect("the secret").pop();
    house.engine.reload().await.expect("reloaded");
    house.pass(2).await;
    house.synced(clients.len()).await;
    assert!(house.engine.board(None).expect("a board").api.blocked.is_none());
    house.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_hour_that_is_used_up_makes_clients_late_and_none_is_lost() {
    let folder = TempDir::new().expect("a folder");
    let tenant = tenant();
    let clients = clients(&tenant);
    tenant.limits().set_used(8000);
    let house = House::start(folder.path(), &tenant, noon(), 2000);
    house.switch_on(&clients).await;
    house.pass(33).await;
    assert_eq!(house.count_synced(), 0, "auto-sync stops at 75 %");
    assert!(tenant.counters().total < 20, "{:?}", tenant.counters());
    let mut told = false;
    for _ in 0..6 {
        house.pass(1).await;
        let waiting = house.engine.board(None).expect("a board").waiting;
        told |= waiting.is_some_and(|why| why.contains("% of the tenant's hour"));
    }
    assert!(
        told,
        "{:?}",
        house.engine.board(None).map(|board| (board.api, board.clients[0].state.clone()))
    );
    let looked = house.engine.look(&clients[1], &lmsyncd::autotask::Progress::new()).await;
    assert!(looked.is_ok(), "a person may go on to 90 %: {looked:?}");
    tenant.limits().set_used(0);
    house.pass(20).await;
    house.synced(clients.len()).await;
    house.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_restart_does_not_forget_what_was_spent() {
    let folder = TempDir::new().expect("a folder");
    let tenant = tenant();
    let clients = clients(&tenant);
    let cap = 40;
    let house = House::start(folder.path(), &tenant, noon(), cap);
    while house.engine.look(&clients[1], &lmsyncd::autotask::Progress::new()).await.is_ok() {}
    let spent = tenant.counters().total;
    assert!(spent <= u64::from(cap));
    house.stop().await;
    let house = House::start(folder.path(), &tenant, noon() + TimeDelta::minutes(1), cap);
    house.switch_on(&clients).await;
    house.pass(30).await;
    assert_eq!(tenant.counters().total, spent);
    let board = house.engine.board(None).expect("a board");
    assert!(board.waiting.is_some_and(|why| why.contains("36 of the 40")));
    house.pass(150).await;
    house.synced(clients.len()).await;
    let runs = house.engine.runs(None, 1000).expect("runs");
    assert!(runs.iter().any(|run| run.result == RunResult::Ok));
    house.stop().await;
}
