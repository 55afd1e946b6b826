//! An engine and a real store on the runtime's paused clock, without a socket.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use lmsyncd::autotask::{Autotask, Options, ZoneMemory};
use lmsyncd::clock::Clock;
use lmsyncd::config::{self, Settings};
use lmsyncd::demo::tenant::Tenant;
use lmsyncd::engine::{Engine, Parts};
use lmsyncd::model::Run;
use lmsyncd::store::Store;
use secrecy::SecretString;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::in_process::InProcess;

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

/// A moment to begin at.
pub fn noon() -> DateTime<Utc> {
    let day = NaiveDate::from_ymd_opt(2026, 10, 15).expect("a date");
    (day.and_time(NaiveTime::MIN) + TimeDelta::hours(12)).and_utc()
}

/// The hand-written tenant, at that moment.
pub fn tenant() -> Tenant {
    let tenant = Tenant::stories(noon().date_naive());
    tenant.set_base_url("http://127.0.0.1:1");
    tenant
}

/// A daemon without a socket.
pub struct House {
    pub engine: Arc<Engine>,
    store: Store,
    tasks: Vec<JoinHandle<()>>,
}

impl House {
    /// Starts one on a folder, at a moment.
    pub fn start(folder: &Path, tenant: &Tenant, now: DateTime<Utc>) -> House {
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
        let tasks = vec![
            tokio::spawn(Arc::clone(&engine).supervise()),
            tokio::spawn(Arc::clone(&engine).tell()),
        ];
        House { engine, store, tasks }
    }

    pub async fn stop(self) {
        self.engine.stop();
        self.engine.drained().await;
        for task in self.tasks {
            task.await.expect("it ends");
        }
        drop(self.engine);
        self.store.close().await.expect("it closes");
    }

    pub fn runs(&self) -> Vec<Run> {
        self.engine.runs(None, 1000).expect("runs")
    }

    /// Yields until so many runs are recorded.
    pub async fn until_runs(&self, count: usize) {
        let patience = std::time::Instant::now() + Duration::from_secs(60);
        while self.runs().len() < count || !self.engine.running().is_empty() {
            assert!(std::time::Instant::now() < patience, "only {:#?}", self.runs());
            tokio::task::yield_now().await;
        }
        assert_eq!(self.runs().len(), count);
    }

    /// Gives the engine every chance to do something it should not do.
    pub async fn no_more_than(&self, count: usize) {
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        assert_eq!(self.runs().len(), count, "{:#?}", self.runs());
    }
}

/// Waits for something without ever being idle: the paused clock jumps where every task waits, and
/// for the runtime a task that waits for the store's own thread is idle.
pub async fn busily<T>(what: impl Future<Output = T>) -> T {
    let mut what = std::pin::pin!(what);
    loop {
        tokio::select! {
            biased;
            result = &mut what => return result,
            () = tokio::task::yield_now() => {}
        }
    }
}

fn options(tenant: &Tenant) -> Options {
    let credentials = tenant.credentials();
    Options {
        username: credentials.username,
        secret: SecretString::from(credentials.secret),
        integration_code: SecretString::from(credentials.integration_code),
        zone_url: None,
        discovery_url: "http://127.0.0.1:1/ATServicesRest/".to_owned(),
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
