//! One life of a daemon, from its start to its end: a runtime whose clock stands still unless the
//! year moves it, the engine and the store on their folder.
//!
//! Nothing depends on how fast the machine is. The runtime is never idle, so its clock never jumps;
//! and before time passes, every task has come to rest and the store's thread has nothing left to
//! write. A life ends as a service's does: drained, or all at once.

use std::fmt::Debug;
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use lmsyncd::autotask::{Autotask, Options, ReadMemory, UseMemory, ZoneMemory};
use lmsyncd::clock::{Clock, Tz};
use lmsyncd::config::{self, Settings};
use lmsyncd::demo::tenant::Credentials;
use lmsyncd::engine::{Engine, HeldRun, Parts, Paused};
use lmsyncd::model::{Actor, RunId, SecretSource};
use lmsyncd::store::{Commit, Opening, Store};
use secrecy::SecretString;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use super::clock::ServerClock;
use super::wire::Wire;
use super::world::Ground;

/// How often every task gets its turn before it is looked whether anything happens.
const TURNS: usize = 16;

/// How often nothing must have happened in a row before all is at rest.
const QUIET: usize = 2;

/// How often it is looked, awake, whether another thread has answered.
const AWAKE: u32 = 20_000;

/// How long a service that stops waits for runs that are under way.
const DRAIN: Duration = Duration::from_secs(20);

/// A daemon that runs.
pub struct Life {
    runtime: Runtime,
    pub engine: Arc<Engine>,
    pub store: Store,
    supervisor: JoinHandle<()>,
    clock: Arc<ServerClock>,
    wire: Wire,
}

/// The outcome of something that was asked of a daemon; none if it was killed meanwhile.
pub type Answer<T> = Option<T>;

impl Life {
    /// Starts a daemon on `ground`. Gives what it noticed when it opened the store.
    pub fn begin(ground: &Ground) -> (Life, Opening) {
        let runtime = Builder::new_current_thread()
            .enable_time()
            .max_blocking_threads(1)
            .start_paused(true)
            .build();
        let runtime = runtime.expect("a runtime");
        let clock = Arc::clone(&ground.clock);
        let opened = Store::open(&ground.folder.path().join("store"), clock.wall());
        let (store, opening) = opened.expect("the store opens");
        let wire = ground.wire.clone();
        let read = {
            let settings = Arc::clone(&ground.settings);
            move || parse(&settings.lock().unwrap_or_else(PoisonError::into_inner))
        };
        let parts = Parts {
            tenant: "year".to_owned(),
            store: store.clone(),
            opening: opening.clone(),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            settings: read(),
            load: Box::new(move || Ok(read())),
            connect: {
                let (wire, clock, store) = (wire.clone(), Arc::clone(&clock), store.clone());
                let credentials = ground.upstream.tenant.credentials();
                Box::new(move |settings: &Settings| {
                    let clock = Arc::clone(&clock) as Arc<dyn Clock>;
                    Ok(connected(settings, &credentials, wire.clone(), clock, &store))
                })
            },
        };
        let engine = Engine::new(parts).expect("an engine");
        let supervisor = runtime.spawn(engine.schedule.clone().supervise());
        (Life { runtime, engine, store, supervisor, clock, wire }, opening)
    }

    /// Lets everything happen that happens without time passing. Says whether the daemon was
    /// killed meanwhile.
    pub fn settle(&self) -> bool {
        let mut quiet = 0;
        let mut before = self.pulse();
        while quiet < QUIET && !self.clock.has_killed() {
            self.turns(TURNS);
            self.written();
            let now = self.pulse();
            quiet = if now == before { quiet + 1 } else { 0 };
            before = now;
        }
        self.clock.has_killed()
    }

    /// Lets time pass, in one step: what was due within it happens at its end.
    pub fn pass(&self, time: Duration) {
        self.clock.pass(time);
        self.runtime.block_on(tokio::time::advance(time));
    }

    /// What is paused, as the daemon says.
    pub fn paused(&self) -> Vec<Paused> {
        self.clock.aside(|| self.engine.schedule.paused()).expect("pauses")
    }

    /// What a run held, as the daemon says.
    pub fn held_by(&self, run: RunId) -> Option<HeldRun> {
        self.clock.aside(|| self.engine.review.held_by(run)).ok()
    }

    /// Whether a run is under way, which then waits for time to pass.
    pub fn is_running(&self) -> bool {
        !self.engine.syncs.running().is_empty()
    }

    /// Asks the daemon something and lets it come to rest, with as much time as that takes.
    pub fn ask<T: Send + 'static>(
        &self,
        question: impl Future<Output = T> + Send + 'static,
    ) -> Answer<T> {
        let mut asked = self.runtime.spawn(question);
        let mut steps = 0;
        while !self.settle() && !asked.is_finished() {
            self.pass(pause(steps));
            steps += 1;
        }
        if !asked.is_finished() {
            return None;
        }
        self.runtime.block_on(&mut asked).ok()
    }

    /// Stops as a service does. Says whether it was killed instead.
    pub fn end(self) -> bool {
        let engine = Arc::clone(&self.engine);
        engine.stop();
        let drained = self.runtime.spawn(async move { engine.drained().await });
        let mut waited = Duration::ZERO;
        while !self.settle() && !drained.is_finished() && waited < DRAIN {
            self.pass(Duration::from_secs(1));
            waited += Duration::from_secs(1);
        }
        if self.clock.has_killed() {
            self.kill();
            return true;
        }
        // What is dropped may look at the clock, and is no task any more that could be killed.
        let clock = Arc::clone(&self.clock);
        clock.aside(move || {
            block_on(self.store.clone().close()).expect("it closes");
            drop((self.supervisor, self.runtime));
        });
        false
    }

    /// Lets the daemon go on without auto-sync, for a test of who notices.
    pub fn fall_asleep(&self) {
        self.supervisor.abort();
    }

    /// Ends at once, wherever every task is.
    pub fn kill(self) {
        self.wire.forget();
        let Life { runtime, engine, store, supervisor, .. } = self;
        drop(runtime);
        drop((supervisor, engine, store));
    }

    /// Gives every task that can go on so many turns.
    fn turns(&self, turns: usize) {
        self.runtime.block_on(async {
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
        });
    }

    /// Waits until the store has written all that it was given, and until all long questions are
    /// answered. It writes in order, and what changes nothing leaves no trace.
    fn written(&self) {
        let nothing = Commit::of(self.clock.wall(), &Actor::daemon());
        let _guard = self.runtime.enter();
        // There is one thread for long questions, which answers them in order.
        let answered = self.runtime.spawn_blocking(|| ());
        block_on(self.store.commit(nothing)).expect("the store takes commits");
        block_on(answered).expect("it answers");
    }

    /// What moves while anything happens.
    fn pulse(&self) -> impl PartialEq + Debug + use<> {
        (self.wire.traffic().total, self.store.head().seq, self.engine.syncs.running().len())
    }
}

/// How long to wait at the `step`th time in a row for something that takes time: short at first,
/// because most waits are, and at most half a minute.
pub fn pause(step: u32) -> Duration {
    Duration::from_secs((1 << (step / 4).min(5)).min(30))
}

fn parse(text: &str) -> Settings {
    config::parse(text, Path::new("/etc/lmsyncd/lmsyncd.toml")).expect("settings")
}

/// Waits for a future that another thread completes. What takes as little as a commit is waited for
/// awake: being woken would take longer.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Woken(Thread, AtomicBool);
    impl Wake for Woken {
        fn wake(self: Arc<Woken>) {
            self.1.store(true, Ordering::Release);
            self.0.unpark();
        }
    }
    let woken = Arc::new(Woken(thread::current(), AtomicBool::new(false)));
    let waker = Waker::from(Arc::clone(&woken));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        let mut turns = 0;
        while !woken.1.swap(false, Ordering::Acquire) {
            turns += 1;
            if turns < AWAKE { std::hint::spin_loop() } else { thread::park() }
        }
    }
}

/// A connection to the tenant, which keeps what it must remember in the store.
fn connected(
    settings: &Settings,
    credentials: &Credentials,
    wire: Wire,
    clock: Arc<dyn Clock>,
    store: &Store,
) -> Arc<Autotask> {
    let options = Options {
        username: credentials.username.clone(),
        secret: SecretString::from(credentials.secret.clone()),
        source_of_secret: SecretSource::File,
        integration_code: SecretString::from(credentials.integration_code.clone()),
        zone_url: None,
        zone_hosts: Vec::new(),
        discovery_url: "http://127.0.0.1:1/ATServicesRest/".to_owned(),
        max_requests_per_hour: settings.autotask.max_requests_per_hour,
        concurrency_per_endpoint: settings.autotask.concurrency_per_endpoint as usize,
        request_timeout: settings.autotask.request_timeout,
        proxy: None,
        ca_file: None,
        user_defined: Vec::new(),
        time_zone: settings.autotask.time_zone.unwrap_or(Tz::UTC),
        currency: settings.autotask.currency.clone(),
    };
    let (load, keep) = (store.clone(), store.clone());
    let used =
        UseMemory::new(move || load.cache_get("use"), move |bytes| keep.cache_put("use", bytes));
    let (load, keep) = (store.clone(), store.clone());
    let zone = ZoneMemory::new(
        move |_| String::from_utf8(load.cache_get("zone")?).ok(),
        move |_, text| keep.cache_put("zone", text.as_bytes()),
    );
    let (load, keep) = (store.clone(), store.clone());
    let read = ReadMemory::new(
        move || load.cache_get("readings"),
        move |bytes| keep.cache_put("readings", bytes),
    );
    let autotask = Autotask::new(options, Arc::new(wire), clock, zone);
    Arc::new(autotask.with_usage(used).with_read_cache(read))
}
