//! What every service works with: the store, the clock, the settings that count, events, and the
//! daemon's end. Cheap to clone.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use chrono::{DateTime, NaiveDate, Utc};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::events::Events;
use super::failures;
use super::outlets::Outlets;
use super::visibility::Seen;
use crate::autotask::{Access, Autotask, Entity, Progress};
use crate::clock::{Clock, Tz, day_in};
use crate::config::Settings;
use crate::model::{Advice, Code, Failure, ItemKey, PendingItem, Visibility};
use crate::policy::effects::Basis;
use crate::policy::schedule::Awake;
use crate::store::{Commit, Committed, Opening, Store, StoreError};

/// How many questions that read much of the store are answered at a time: those of people, whose
/// turns `control` shares out, and one of the daemon itself.
const LONG_QUESTIONS: usize = 4;

/// How often a commit is tried. Edits by hand are rare and quick, and runs of one client never
/// overlap, so that a second try nearly always succeeds.
const TRIES: usize = 5;

/// What a reload replaces, both at once.
#[derive(Clone)]
pub(super) struct Live {
    pub settings: Arc<Settings>,
    pub autotask: Arc<Autotask>,
}

impl Live {
    /// The zone of the MSP's calendar day, in which the Autotask client reads too.
    pub fn zone(&self) -> Tz {
        self.autotask.time_zone()
    }
}

/// What every service works with.
#[derive(Clone)]
pub(super) struct Context {
    /// The name of the tenant, as machines read it.
    pub tenant: Arc<str>,
    pub store: Store,
    opening: Arc<Opening>,
    pub clock: Arc<dyn Clock>,
    /// Since when the daemon runs.
    pub started: DateTime<Utc>,
    awake: Arc<Mutex<Awake>>,
    live: Arc<RwLock<Live>>,
    /// Where everything that happens is told.
    pub events: Arc<Events>,
    /// How the outlets last went.
    pub outlets: Outlets,
    /// What the API user may see.
    seen: Seen,
    /// The turns of questions that read much of the store.
    turns: Arc<Semaphore>,
    /// Runs that are under way; a daemon that stops waits for them.
    pub tasks: TaskTracker,
    /// Cancelled when the daemon stops: nothing new begins.
    pub stopping: CancellationToken,
}

impl Context {
    /// A context for services on an open store.
    pub fn new(
        tenant: String,
        store: Store,
        opening: Opening,
        clock: Arc<dyn Clock>,
        live: Live,
    ) -> Context {
        Context {
            tenant: tenant.into(),
            outlets: Outlets::of(&store),
            seen: Seen::of(&store),
            store,
            opening: Arc::new(opening),
            started: clock.now(),
            awake: Arc::new(Mutex::new(Awake::starting(clock.now(), clock.awake()))),
            clock,
            live: Arc::new(RwLock::new(live)),
            events: Arc::new(Events::new()),
            turns: Arc::new(Semaphore::new(LONG_QUESTIONS)),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
        }
    }

    /// The settings and the Autotask client as they are now; they belong together.
    pub fn live(&self) -> Live {
        self.live.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts other settings and another Autotask client in the place of those that count.
    pub fn replace_live(&self, live: Live) {
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = live;
    }

    /// The settings as they are now.
    pub fn settings(&self) -> Arc<Settings> {
        self.live().settings
    }

    /// What time it is.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// What the API user may see, as far as it is known.
    pub fn visibility(&self) -> Option<Visibility> {
        self.seen.known(&self.settings().autotask.username)
    }

    /// The same, asked where that is due.
    pub async fn look_at_visibility(&self, live: &Live, progress: &Progress) -> Option<Visibility> {
        let user = &live.settings.autotask.username;
        self.seen.fresh(user, &live.autotask, (&self.store, self.now()), progress).await
    }

    /// Notes what was found out of it on another occasion.
    pub fn note_visibility(&self, live: &Live, accesses: &[(Entity, Access)]) {
        let user = &live.settings.autotask.username;
        self.seen.note(user, accesses, (&self.store, self.now()));
    }

    /// Adds what was found out of some of it to what is known of the rest.
    pub fn add_to_visibility(&self, live: &Live, accesses: &[(Entity, Access)]) {
        let user = &live.settings.autotask.username;
        self.seen.add(user, accesses, (&self.store, self.now()));
    }

    /// Since when the daemon has been able to run what is due: it started, or the machine woke.
    pub fn awake_since(&self) -> DateTime<Utc> {
        let mut awake = self.awake.lock().unwrap_or_else(PoisonError::into_inner);
        awake.look(self.clock.now(), self.clock.awake())
    }

    /// The zone of the MSP's calendar day.
    pub fn zone(&self) -> Tz {
        self.live().zone()
    }

    /// The MSP's calendar day: the day of every cost, state, term, renewal and notice.
    pub fn today(&self) -> NaiveDate {
        day_in(&self.zone(), self.now())
    }

    /// What the effects of items are reckoned on.
    pub fn basis(&self, items: &[PendingItem]) -> Basis {
        let above: BTreeSet<ItemKey> = items.iter().filter_map(|item| item.parent).collect();
        let is_stored = |key: &ItemKey| matches!(self.store.contract(*key), Ok(Some(_)));
        Basis { today: self.today(), stored: above.into_iter().filter(is_stored).collect() }
    }

    /// What was noticed and fixed when the store was opened; nothing for one that was as it had
    /// been left.
    pub fn store_remarks(&self) -> Vec<String> {
        if self.opening.is_clean() { Vec::new() } else { self.opening.remarks() }
    }

    /// Refuses what would end in a commit when the store takes none any more.
    pub fn ensure_writable(&self) -> Result<(), Failure> {
        match self.store.trouble() {
            None => Ok(()),
            Some(why) => Err(failures::read_only(&why)),
        }
    }

    /// Asks something that reads much of the store: on a thread of its own and in turn, so that a
    /// crowd of askers neither keeps others from being served nor fills the memory.
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce() -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        aside(move || {
            // Who does not wait any more does not end the question, which has its turn until it ends.
            let _turn = turn;
            question()
        })
        .await
    }

    /// Builds a commit from the store as it is now and commits it; builds it again where the store
    /// moved on in between. `build` must read what it decides on by itself, each time. Without a
    /// commit, nothing needs to be written.
    pub async fn commit_from<T>(
        &self,
        mut build: impl FnMut() -> Result<(Option<Commit>, T), Failure>,
    ) -> Result<(Option<Committed>, T), Failure> {
        for _ in 0..TRIES {
            let (commit, result) = build()?;
            let Some(commit) = commit else { return Ok((None, result)) };
            // Those of a batch decide one after the other and are then written together. So what each
            // decides does not hang on how fast the writer is.
            tokio::task::yield_now().await;
            match self.store.commit(commit).await {
                Ok(committed) => return Ok((Some(committed), result)),
                Err(StoreError::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Failure::new(
            Code::Busy,
            "gave up after repeated conflicting changes of the same contracts",
        )
        .advise(Advice::Retry))
    }
}

/// Asks something of the store on a thread of its own, since reading may wait for the disk.
pub(super) async fn aside<T: Send + 'static>(
    question: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(question).await.unwrap_or_else(|error| {
        Err(Failure::new(Code::Internal, format!("the query failed: {error}")))
    })
}
