//! The composition root: every part is made here and handed to the next.
//!
//! ```text
//! settings ─► credentials ─► store ─► engine ─► listener ─► serving ─► draining ─► closed
//! ```

use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nix::unistd::Uid;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::exit::StartError;
use super::ownership;
use crate::advice::Address;
use crate::autotask::{Autotask, HttpTransport, Options, ReadMemory, UseMemory, ZoneMemory};
use crate::clock::{Clock, ServerZone, SystemClock, Tz};
use crate::config::{self, ConfigError, Credentials, Operator, Settings};
use crate::control::{BindError, Ending, Listener};
use crate::engine::{Engine, Parts};
use crate::model::{Advice, Code, Failure, duration_text, error_chain};
use crate::notify;
use crate::store::{Store, StoreError};

/// How long a daemon that stops waits for runs that are under way. A run that takes longer is cut
/// off before its commit: nothing of it is stored, and nothing is harmed.
const DRAIN: Duration = Duration::from_secs(20);

/// The name under which a user's zone is remembered in the store's cache; another place to
/// discover it at is another memory.
fn zone_key(discovery_url: &str, username: &str) -> String {
    format!("zone/{discovery_url}/{username}")
}

/// The name under which row counts and the catalogue are remembered in the store's cache: as for
/// the zone, another user may be one of another tenant.
fn reading_key(discovery_url: &str, username: &str) -> String {
    format!("readings/{discovery_url}/{username}")
}

/// The name under which the use of Autotask is remembered in the store's cache. One for all
/// settings, so that a restart with another user does not forget what was spent.
const USE_KEY: &str = "use";

/// A daemon, put together and not yet serving.
pub struct App {
    engine: Arc<Engine>,
    /// How it is named in commands to type.
    address: Address,
    listener: Listener,
    store: Store,
    force_stop: CancellationToken,
}

/// What follows when a daemon has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// Nothing: it was told to stop.
    Stop,
    /// Another one, which opens what is there now. The use of Autotask, refusals included, goes on
    /// as it was: this is what was remembered of it.
    Restart(Option<Vec<u8>>),
}

/// Puts a daemon together from the configuration at `path`; systemd's credentials are looked for
/// in `credentials`, `passed` is the socket that it passed. `used` is the use of Autotask by the
/// daemon before, if this one follows it at once. Must be called within a tokio runtime.
pub fn open(
    path: &Path,
    credentials: Option<PathBuf>,
    passed: Option<UnixListener>,
    used: Option<Vec<u8>>,
) -> Result<App, StartError> {
    let settings = config::load(path).map_err(StartError::Config)?;
    settings.credentials(credentials.as_deref()).map_err(StartError::Config)?;
    // Contracts are imported all the same. What the import itself needs is refused below.
    for error in settings.obstacles() {
        tracing::warn!("{error}");
    }
    for doubt in ownership::doubts(path, &settings, Uid::effective()) {
        tracing::warn!("{doubt}");
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let (store, opening) =
        Store::open(&settings.store.path, clock.now()).map_err(StartError::Store)?;
    if let Some(used) = used {
        store.cache_put(USE_KEY, &used);
    }
    let (socket, operators) = (settings.control.socket.clone(), settings.control.operators.clone());
    let address = Address::of_config(path, Some(&socket));
    let (tenant, path) = (config::tenant_name(path), path.to_owned());
    let engine = Engine::new(Parts {
        tenant,
        store: store.clone(),
        opening,
        clock: Arc::clone(&clock),
        settings,
        load: Box::new(move || reloaded(&path)),
        connect: Box::new({
            let store = store.clone();
            move |settings| connect(settings, credentials.as_deref(), &store, &clock)
        }),
    })
    .map_err(StartError::Setup)?;
    let listener = listener(passed, &socket, &operators).map_err(StartError::Bind)?;
    Ok(App { engine, address, listener, store, force_stop: CancellationToken::new() })
}

impl App {
    /// The engine, for whoever has signals for it.
    pub fn engine(&self) -> Arc<Engine> {
        Arc::clone(&self.engine)
    }

    /// Cancelled by whoever wants no patience with what is under way when the daemon stops.
    pub fn force_stop(&self) -> CancellationToken {
        self.force_stop.clone()
    }

    /// Serves until `stopping` is cancelled, then drains and closes.
    ///
    /// It also ends when everything is to be opened anew, as after a restore; then it says so.
    pub async fn serve(self, stopping: CancellationToken) -> Result<Exit, StoreError> {
        let App { engine, address, listener, store, force_stop } = self;
        let tasks = TaskTracker::new();
        // Whoever tells others listens before anything happens.
        tasks.spawn(notify::serve(Arc::clone(&engine)));
        engine.admin.pause_after_restore().await;
        tasks.spawn(engine.schedule.clone().supervise());
        tasks.spawn(engine.admin.clone().look_after_store());
        tasks.spawn(engine.observe.clone().tell());
        let ending = Ending { stopping: stopping.child_token(), ..Ending::default() };
        tasks.spawn(listener.serve(Arc::clone(&engine), address, tasks.clone(), ending.clone()));
        let restart = tokio::select! {
            () = stopping.cancelled() => false,
            () = engine.admin.restart_requested() => true,
        };
        ending.stopping.cancel();
        engine.stop();
        tasks.close();
        let drained = async {
            engine.drained().await;
            ending.closing.cancel();
            tasks.wait().await;
        };
        let began = Instant::now();
        let forced = force_stop.run_until_cancelled(timeout(DRAIN, drained)).await;
        if !matches!(forced, Some(Ok(()))) {
            for running in engine.syncs.running() {
                tracing::warn!(
                    "cut off after {}, nothing was stored: the run of {} for {}",
                    duration_text(Duration::from_secs(began.elapsed().as_secs())),
                    running.client,
                    running.actor.name
                );
            }
        }
        let used = store.cache_get(USE_KEY);
        store.close().await?;
        Ok(if restart { Exit::Restart(used) } else { Exit::Stop })
    }
}

/// The socket that systemd passed, or one of our own.
fn listener(
    passed: Option<UnixListener>,
    path: &Path,
    operators: &[Operator],
) -> Result<Listener, BindError> {
    let Some(socket) = passed else { return Listener::bind(path, operators) };
    let address = socket.local_addr().ok();
    let passed = address.as_ref().and_then(|address| address.as_pathname());
    if let Some(passed) = passed.filter(|passed| *passed != path) {
        tracing::warn!(
            "systemd passed the socket {}, so `control.socket` = {} is ignored",
            passed.display(),
            path.display()
        );
    }
    Listener::passed(socket).map_err(|source| BindError::Io { path: path.to_owned(), source })
}

fn connect(
    settings: &Settings,
    credentials: Option<&Path>,
    store: &Store,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<Autotask>, Failure> {
    let credentials = settings.credentials(credentials).map_err(|error| refused(&error))?;
    let autotask = &settings.autotask;
    let options = options(settings, credentials, clock.as_ref());
    let transport = HttpTransport::new(&options).map_err(Failure::from)?;
    let (from, to) = (store.clone(), store.clone());
    let (asked, asking) = (autotask.discovery_url.clone(), autotask.discovery_url.clone());
    let zone = ZoneMemory::new(
        move |username| String::from_utf8(from.cache_get(&zone_key(&asked, username))?).ok(),
        move |username, text| to.cache_put(&zone_key(&asking, username), text.as_bytes()),
    );
    let (from, to) = (store.clone(), store.clone());
    let used =
        UseMemory::new(move || from.cache_get(USE_KEY), move |bytes| to.cache_put(USE_KEY, bytes));
    let key = reading_key(&autotask.discovery_url, &options.username);
    let (from, to, keeping) = (store.clone(), store.clone(), key.clone());
    let read =
        ReadMemory::new(move || from.cache_get(&key), move |bytes| to.cache_put(&keeping, bytes));
    let autotask = Autotask::new(options, Arc::new(transport), Arc::clone(clock), zone);
    Ok(Arc::new(autotask.with_usage(used).with_read_cache(read)))
}

/// How Autotask is reached, and as whom.
pub(super) fn options(settings: &Settings, credentials: Credentials, clock: &dyn Clock) -> Options {
    let autotask = &settings.autotask;
    Options {
        username: credentials.username,
        secret: credentials.secret,
        source_of_secret: credentials.source_of_secret,
        integration_code: credentials.integration_code,
        zone_url: autotask.zone_url.clone(),
        zone_hosts: autotask.zone_hosts.clone(),
        discovery_url: autotask.discovery_url.clone(),
        max_requests_per_hour: autotask.max_requests_per_hour,
        concurrency_per_endpoint: autotask.concurrency_per_endpoint as usize,
        request_timeout: autotask.request_timeout,
        proxy: autotask.proxy.clone(),
        ca_file: autotask.ca_file.clone(),
        user_defined: settings.fields.user_defined.clone(),
        time_zone: autotask.time_zone.unwrap_or_else(|| servers_zone(clock)),
        currency: autotask.currency.clone(),
    }
}

/// The zone of this server, which counts where the configuration names none.
fn servers_zone(clock: &dyn Clock) -> Tz {
    let ServerZone { zone, doubt } = clock.server_zone();
    if let Some(doubt) = doubt {
        tracing::warn!(
            "the time zone of this server cannot be determined: {doubt}; days are those of {zone}; \
             name yours as `time-zone` in [autotask]"
        );
    }
    zone
}

/// The settings of a reload: what cannot work as configured is refused, while the old settings do.
fn reloaded(path: &Path) -> Result<Settings, Failure> {
    let settings = config::load(path).map_err(|error| refused(&error))?;
    match settings.obstacles().first() {
        Some(error) => Err(refused(error)),
        None => Ok(settings),
    }
}

fn refused(error: &ConfigError) -> Failure {
    Failure::new(Code::BadConfiguration, error_chain(error))
        .advise(error.advice().unwrap_or(Advice::CheckConfig))
}
