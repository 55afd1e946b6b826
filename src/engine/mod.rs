//! The tasks: looking, syncing, editing, keeping the schedule.
//!
//! The engine carries out what `sync` decides, with what `autotask` reads, in what `store` keeps.
//! It knows nothing of sockets or terminals: `control` calls it with values of the model and gets
//! values of the model back.

mod answers;
mod backup;
mod busy;
mod clients;
mod commit;
mod decide;
mod doctor;
mod edit;
mod events;
mod explain;
mod held;
mod look;
mod marks;
mod memory;
mod metrics;
mod ownership;
mod past;
mod pause;
mod pulse;
mod record;
mod reload;
mod run;
mod status;
mod supervisor;
mod switch;
mod tell;
mod trouble;
mod waiting;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use chrono::{DateTime, NaiveDate, Utc};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use answers::{Comparison, Days, Discrepancy, Ending, Term, Working, days};
pub use busy::Running;
pub use clients::KnownClient;
pub use edit::Edit;
pub use events::{Subscription, message_id};
pub use explain::Explanation;
pub use held::HeldRun;
pub use look::Look;
pub use marks::Waiting;
pub use past::Reverted;
pub use pause::Paused;
pub use pulse::Outline;
pub use run::{Order, Outcome, Patience};
pub use status::{Board, Standing};
pub use switch::Switched;

use crate::autotask::Autotask;
use crate::clock::{Clock, Tz, day_in};
use crate::config::Settings;
use crate::model::{Code, Failure};
use crate::store::{Opening, Store};
use crate::sync::batch::Batches;

/// How many questions that read much of the store are answered at a time.
const LONG_QUESTIONS: usize = 2;

/// Reads the configuration anew.
pub type Load = Box<dyn Fn() -> Result<Settings, Failure> + Send + Sync>;

/// Makes the Autotask client that the settings and the credentials beside them ask for.
pub type Connect = Box<dyn Fn(&Settings) -> Result<Arc<Autotask>, Failure> + Send + Sync>;

/// What an engine is made of.
pub struct Parts {
    /// The store, open.
    pub store: Store,
    /// What was noticed when it was opened.
    pub opening: Opening,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// The settings to begin with.
    pub settings: Settings,
    /// Where a reload gets others.
    pub load: Load,
    /// How Autotask is reached.
    pub connect: Connect,
}

/// The engine. One for a daemon; shared by every connection and by the supervisor.
pub struct Engine {
    store: Store,
    opening: Opening,
    clock: Arc<dyn Clock>,
    started: DateTime<Utc>,
    live: RwLock<Live>,
    load: Load,
    connect: Connect,
    directory: clients::DirectoryCache,
    busy: Arc<busy::Busy>,
    /// Where everything that happens is told.
    events: events::Events,
    /// Told when the schedule may have changed.
    schedule: Notify,
    /// How many clients the next batch takes.
    batches: Mutex<Batches>,
    /// The turns of questions that read much of the store.
    turns: Semaphore,
    /// Runs that are under way; a daemon that stops waits for them.
    tasks: TaskTracker,
    /// Cancelled when the daemon stops: nothing new begins.
    stopping: CancellationToken,
    /// Answered by the supervisor.
    pulse: pulse::Pulse,
    /// Cancelled when the daemon is to open everything anew.
    opening_anew: CancellationToken,
    /// Held by the one reload that is under way: the last that Autotask refused to serve.
    refused: tokio::sync::Mutex<Option<Arc<Autotask>>>,
}

/// What a reload replaces, both at once.
#[derive(Clone)]
struct Live {
    settings: Arc<Settings>,
    autotask: Arc<Autotask>,
}

impl Live {
    /// The zone of the MSP's calendar day, in which the Autotask client reads too.
    fn zone(&self) -> Tz {
        self.autotask.time_zone()
    }
}

impl Engine {
    /// An engine. It does nothing by itself until [`Engine::supervise`] runs.
    pub fn new(parts: Parts) -> Result<Arc<Engine>, Failure> {
        let Parts { store, opening, clock, settings, load, connect } = parts;
        let live = Live { autotask: connect(&settings)?, settings: Arc::new(settings) };
        Ok(Arc::new(Engine {
            store,
            opening,
            started: clock.now(),
            clock,
            live: RwLock::new(live),
            load,
            connect,
            directory: clients::DirectoryCache::default(),
            busy: Arc::new(busy::Busy::default()),
            events: events::Events::new(),
            schedule: Notify::new(),
            batches: Mutex::default(),
            turns: Semaphore::new(LONG_QUESTIONS),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            pulse: pulse::Pulse::new(),
            opening_anew: CancellationToken::new(),
            refused: tokio::sync::Mutex::default(),
        }))
    }

    /// The settings and the Autotask client as they are now; they belong together.
    fn live(&self) -> Live {
        self.live.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn batches(&self) -> MutexGuard<'_, Batches> {
        // Changed in one step each: a panic elsewhere leaves it whole.
        self.batches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The settings as they are now.
    pub fn settings(&self) -> Arc<Settings> {
        self.live().settings
    }

    /// What time it is.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The zone of the MSP's calendar day.
    pub fn zone(&self) -> Tz {
        self.live().zone()
    }

    /// The MSP's calendar day: the day of every cost, state, term, renewal and notice.
    pub fn today(&self) -> NaiveDate {
        day_in(&self.zone(), self.now())
    }

    /// Asks something that reads much of the store: on a thread of its own and in turn, so that a
    /// crowd of askers neither keeps others from being served nor fills the memory.
    pub async fn ask<T: Send + 'static>(
        self: &Arc<Engine>,
        question: impl FnOnce(&Engine) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let _turn = self.turns.acquire().await;
        let engine = Arc::clone(self);
        let answer = tokio::task::spawn_blocking(move || question(&engine)).await;
        answer.unwrap_or_else(|error| {
            Err(Failure::new(Code::Internal, format!("the question ended badly: {error}")))
        })
    }

    /// What was noticed and mended when the store was opened; nothing for one that was as it had
    /// been left.
    fn store_remarks(&self) -> Vec<String> {
        if self.opening.is_clean() { Vec::new() } else { self.opening.remarks() }
    }

    /// Refuses what would end in a commit when the store takes none any more.
    fn must_store(&self) -> Result<(), Failure> {
        match self.store.trouble() {
            None => Ok(()),
            Some(why) => Err(trouble::read_only(&why)),
        }
    }

    /// Lets nothing new begin.
    pub fn stop(&self) {
        self.stopping.cancel();
        self.tasks.close();
    }

    /// Waits until every run that is under way has ended. Call [`Engine::stop`] first.
    pub async fn drained(&self) {
        self.tasks.wait().await;
        self.live().autotask.keep();
    }

    /// The runs that are under way, for whoever waits for them.
    pub fn running(&self) -> Vec<Running> {
        self.busy.all()
    }
}
