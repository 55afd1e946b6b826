//! A daemon without a socket: the engine and a real store, the fake tenant called in process, and
//! days that pass in no time.
//!
//! The runtime's clock is paused. It would jump by itself whenever every task waits, also while the
//! store's own thread writes; so a test never waits idly: it yields until what it wants is there.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use lmsyncd::autotask::{Autotask, Options, Progress, Transport, UseMemory, ZoneMemory};
use lmsyncd::clock::{Clock, Tz};
use lmsyncd::config::{self, Change, Settings};
use lmsyncd::demo::tenant::{Entity, Tenant};
use lmsyncd::engine::{Engine, Parts, Preview};
use lmsyncd::model::{Actor, ClientId, ClientRef, Failure, Run, SecretSource};
use lmsyncd::store::Store;
use secrecy::SecretString;
use tokio::task::JoinHandle;
use tokio::time::{Instant, advance};

use super::transport::InProcess;

/// How long, in real time, a test yields for something before it says that it will not come.
const PATIENCE: Duration = Duration::from_secs(60);

/// The runtime's paused clock, as a clock of the program that can be set wrong.
pub struct Paused {
    base: DateTime<Utc>,
    start: Instant,
    wrong: Mutex<TimeDelta>,
}

impl Paused {
    fn at(now: DateTime<Utc>) -> Paused {
        Paused { base: now, start: Instant::now(), wrong: Mutex::default() }
    }

    /// Steps the clock, back if `by` is negative; timers do not notice.
    pub fn step(&self, by: TimeDelta) {
        *self.wrong.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

impl Clock for Paused {
    fn now(&self) -> DateTime<Utc> {
        let wrong = *self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        DateTime::UNIX_EPOCH + self.uptime() + wrong
    }

    /// As if the machine had been started in 1970: so it goes on where another daemon is started.
    fn uptime(&self) -> TimeDelta {
        let passed = TimeDelta::from_std(self.start.elapsed()).expect("in range");
        self.base - DateTime::UNIX_EPOCH + passed
    }

    fn awake(&self) -> TimeDelta {
        self.uptime()
    }
}

/// A daemon without a socket.
pub struct TestDaemon {
    pub engine: Arc<Engine>,
    pub store: Store,
    pub supervisor: JoinHandle<()>,
    /// Tells of alerts.
    pub teller: JoinHandle<()>,
    pub clock: Arc<Paused>,
    /// The secret that the next reload finds.
    pub secret: Arc<Mutex<String>>,
    /// What the next reload finds in the file, from the middle of the section `[autotask]` on.
    pub config: Arc<Mutex<String>>,
}

impl TestDaemon {
    /// Starts one on a folder, at a moment.
    pub fn start(folder: &Path, tenant: &Tenant, now: DateTime<Utc>) -> TestDaemon {
        TestDaemon::start_with(folder, tenant, now, "")
    }

    /// The same with more in the configuration: first keys of the section `[autotask]`, then
    /// further sections.
    pub fn start_with(
        folder: &Path,
        tenant: &Tenant,
        now: DateTime<Utc>,
        config: &str,
    ) -> TestDaemon {
        TestDaemon::build(folder, tenant, Arc::new(InProcess(tenant.clone())), now, config)
    }

    /// The same, reaching the tenant over a transport of the test's own.
    pub fn start_over(
        folder: &Path,
        tenant: &Tenant,
        transport: Arc<dyn Transport>,
        now: DateTime<Utc>,
    ) -> TestDaemon {
        TestDaemon::build(folder, tenant, transport, now, "")
    }

    fn build(
        folder: &Path,
        tenant: &Tenant,
        transport: Arc<dyn Transport>,
        now: DateTime<Utc>,
        config: &str,
    ) -> TestDaemon {
        let clock = Arc::new(Paused::at(now));
        let (store, opening) = Store::open(&folder.join("store"), now).expect("the store opens");
        let secret = Arc::new(Mutex::new(tenant.credentials().secret));
        let config = Arc::new(Mutex::new(config.to_owned()));
        let connect = {
            let (tenant, clock) = (tenant.clone(), Arc::clone(&clock));
            let (store, secret) = (store.clone(), Arc::clone(&secret));
            move |settings: &Settings| {
                let secret = secret.lock().expect("the secret").clone();
                let autotask = Autotask::new(
                    options(&tenant, settings, secret),
                    Arc::clone(&transport),
                    Arc::clone(&clock) as Arc<dyn Clock>,
                    ZoneMemory::none(),
                );
                Ok(Arc::new(autotask.with_usage(memory(&store))))
            }
        };
        let load = {
            let config = Arc::clone(&config);
            move || Ok(settings(&config.lock().expect("the text")))
        };
        let engine = Engine::new(Parts {
            tenant: "test".to_owned(),
            store: store.clone(),
            opening,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            settings: load().expect("settings"),
            load: Box::new(load),
            connect: Box::new(connect),
        })
        .expect("an engine");
        let supervisor = tokio::spawn(engine.schedule.clone().supervise());
        let teller = tokio::spawn(engine.observe.clone().tell());
        TestDaemon { engine, store, supervisor, teller, clock, secret, config }
    }

    /// Ends it as TERM does.
    pub async fn stop(self) {
        self.engine.stop();
        self.engine.drained().await;
        self.supervisor.await.expect("it ends");
        self.teller.await.expect("it ends");
        drop(self.engine);
        self.store.close().await.expect("it closes");
    }

    /// Reloads with another configuration; see [`TestDaemon::start_with`].
    pub async fn reload(&self, config: &str) -> Vec<Change> {
        config.clone_into(&mut self.config.lock().expect("the text"));
        busily(self.engine.admin.reload()).await.expect("reloaded")
    }

    /// Switches auto-sync on.
    pub async fn switch_on(&self, clients: &[ClientRef], at: Option<NaiveTime>) {
        let actor = Actor::daemon();
        busily(self.engine.schedule.switch(clients, true, at, &actor)).await.expect("switched");
    }

    /// Looks at a client as `pending` does.
    pub async fn preview(&self, client: &ClientRef) -> Result<Preview, Failure> {
        self.engine.syncs.preview(client, &Progress::new()).await
    }

    /// The last runs, the newest first.
    pub fn runs(&self) -> Vec<Run> {
        self.engine.book.runs(None, 1000).expect("runs")
    }

    /// Yields until so many runs are recorded.
    pub async fn until_runs(&self, count: usize) {
        let patience = std::time::Instant::now() + PATIENCE;
        while self.runs().len() < count || !self.engine.syncs.running().is_empty() {
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

    /// Gives the engine every chance to do what is due.
    pub async fn settle(&self) {
        let mut quiet = 0;
        // The store's thread writes on a clock of its own, and one batch may follow another.
        while quiet < 2000 {
            tokio::task::yield_now().await;
            quiet = if self.engine.syncs.running().is_empty() { quiet + 1 } else { 0 };
        }
    }

    /// Lets time pass, minute by minute.
    pub async fn pass(&self, minutes: u32) {
        for _ in 0..minutes {
            advance(Duration::from_secs(60)).await;
            self.settle().await;
        }
    }

    /// Yields until so many clients were synced at least once.
    pub async fn until_synced(&self, count: usize) {
        let patience = std::time::Instant::now() + PATIENCE;
        while self.count_synced() < count {
            assert!(std::time::Instant::now() < patience, "only {}", self.count_synced());
            tokio::task::yield_now().await;
        }
    }

    /// How many clients were synced at least once.
    pub fn count_synced(&self) -> usize {
        let states = self.engine.book.client_states().expect("states");
        states.iter().filter(|state| state.last_synced.is_some()).count()
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

/// The moment at which most tests begin: noon UTC of a day in October.
pub fn noon() -> DateTime<Utc> {
    let day = NaiveDate::from_ymd_opt(2026, 10, 15).expect("a date");
    (day.and_time(NaiveTime::MIN) + TimeDelta::hours(12)).and_utc()
}

pub fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours * 3600)
}

/// The hand-written tenant, to be called in process.
pub fn stories() -> Tenant {
    in_process(Tenant::stories(noon().date_naive()))
}

/// A generated tenant of so many clients, to be called in process.
pub fn generated(clients: usize, seed: u64) -> Tenant {
    in_process(Tenant::generated(noon().date_naive(), clients, seed))
}

fn in_process(tenant: Tenant) -> Tenant {
    tenant.set_base_url("http://127.0.0.1:1");
    // Nothing moves the clock while a test yields, so that a delay would never end.
    tenant.limits().set_latency_step(Duration::ZERO);
    tenant
}

/// Every company of a tenant.
pub fn clients(tenant: &Tenant) -> Vec<ClientRef> {
    let ids = tenant.ids(Entity::Companies);
    ids.into_iter().map(|id| ClientRef { id: ClientId(id), name: format!("client {id}") }).collect()
}

fn settings(more: &str) -> Settings {
    let text = format!(
        "version = 1\n[autotask]\nusername = \"api@MSP.EXAMPLE\"\nintegration-code = \"x\"\n{more}"
    );
    config::parse(&text, Path::new("/etc/lmsyncd/lmsyncd.toml")).expect("settings")
}

fn options(tenant: &Tenant, settings: &Settings, secret: String) -> Options {
    let credentials = tenant.credentials();
    let autotask = &settings.autotask;
    Options {
        username: credentials.username,
        secret: SecretString::from(secret),
        source_of_secret: SecretSource::File,
        integration_code: SecretString::from(credentials.integration_code),
        zone_url: None,
        zone_hosts: Vec::new(),
        discovery_url: "http://127.0.0.1:1/ATServicesRest/".to_owned(),
        max_requests_per_hour: autotask.max_requests_per_hour,
        concurrency_per_endpoint: autotask.concurrency_per_endpoint as usize,
        request_timeout: autotask.request_timeout,
        proxy: None,
        ca_file: None,
        user_defined: settings.fields.user_defined.clone(),
        time_zone: autotask.time_zone.unwrap_or(Tz::UTC),
        currency: autotask.currency.clone(),
    }
}

/// The use of Autotask, kept in the store's cache as the daemon keeps it.
fn memory(store: &Store) -> UseMemory {
    let (load, keep) = (store.clone(), store.clone());
    UseMemory::new(move || load.cache_get("use"), move |bytes| keep.cache_put("use", bytes))
}
