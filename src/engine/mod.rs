//! The tasks: looking, syncing, editing, keeping the schedule.
//!
//! The engine carries out what `policy` decides, with what `autotask` reads, in what `store` keeps.
//! It knows nothing of sockets or terminals: `control` calls it with values of the model and gets
//! values of the model back.
//!
//! The services inside, each using only those below it:
//!
//! ```text
//! 5  observe   board, alerts, metrics          | admin     reload, doctor, archive
//! 4  review    held, ignored, explained        | schedule  what is due, the switch, pauses
//! 3  sync      previews, and the runs that apply them
//! 2  book      contracts, edits, history       | clients   who is who
//! 1  context   store, clock, settings, Autotask
//! 0  events    what happened, for journal and watchers     | failures, outlets, panics, visibility
//! ```

mod admin;
mod book;
mod clients;
mod context;
mod events;
mod failures;
mod observe;
mod outlets;
mod panics;
mod review;
mod schedule;
mod sync;
mod visibility;

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};

pub use admin::Admin;
pub use book::{Book, Edit, LastFull, RunFilter, RunRow};
pub use clients::{Clients, KnownClient};
pub use events::{Subscription, message_id};
pub use observe::{Board, ClientRow, MetricsFormat, Observe, StatusLine, Trial, Tried};
pub use panics::contained;
pub use review::{
    Days, Discrepancy, Explanation, HeldRun, Reconciliation, Reverted, Review, Waiting, Working,
    days,
};
pub use schedule::{Newcomer, Paused, Schedule, Switched};
pub use sync::{Preview, Running, SyncReport, SyncRequest, Syncs, WaitPolicy};

use crate::autotask::Autotask;
use crate::clock::{Clock, Tz};
use crate::config::Settings;
use crate::model::{Failure, PendingItem, Visibility};
use crate::policy::effects::Basis;
use crate::store::{Opening, Store};
use context::{Context, Live};

/// Reads the configuration again.
pub type Load = Box<dyn Fn() -> Result<Settings, Failure> + Send + Sync>;

/// Makes the Autotask client that the settings and the credentials beside them ask for.
pub type Connect = Box<dyn Fn(&Settings) -> Result<Arc<Autotask>, Failure> + Send + Sync>;

/// What an engine is made of.
pub struct Parts {
    /// The name of the tenant, as machines read it.
    pub tenant: String,
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

/// Whose contracts these are, for programs that merge what several daemons say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The name of the tenant on this server.
    pub tenant: String,
    /// The id of the store, which no other store has.
    pub store_id: String,
}

/// The services. One for a daemon; shared by every connection and by the supervisor.
pub struct Engine {
    context: Context,
    /// Contracts, clients and runs as the store has them.
    pub book: Book,
    /// Which clients there are.
    pub clients: Clients,
    /// What is pending, and the runs that apply it.
    pub syncs: Syncs,
    /// What a person decides about single items, and asks of them.
    pub review: Review,
    /// When auto-sync runs.
    pub schedule: Schedule,
    /// How everything stands.
    pub observe: Observe,
    /// What a sysadmin has the daemon do.
    pub admin: Admin,
}

impl Engine {
    /// The services on an open store. They do nothing by themselves until [`Schedule::supervise`]
    /// runs.
    ///
    /// # Errors
    ///
    /// Where the settings and the credentials beside them ask for an Autotask client that cannot be
    /// made.
    pub fn new(parts: Parts) -> Result<Arc<Engine>, Failure> {
        let Parts { tenant, store, opening, clock, settings, load, connect } = parts;
        let live = Live { autotask: connect(&settings)?, settings: Arc::new(settings) };
        let context = Context::new(tenant, store, opening, clock, live);
        let book = Book::new(context.clone());
        let clients = Clients::new(context.clone());
        let syncs = Syncs::new(context.clone(), book.clone());
        let review = Review::new(context.clone(), book.clone(), clients.clone(), syncs.clone());
        let schedule = Schedule::new(context.clone(), book.clone(), clients.clone(), syncs.clone());
        let below = (book.clone(), syncs.clone(), review.clone());
        let observe = Observe::new(context.clone(), below, schedule.clone());
        let services = (book.clone(), clients.clone(), schedule.clone());
        let admin = Admin::new(context.clone(), services, (load, connect));
        Ok(Arc::new(Engine { context, book, clients, syncs, review, schedule, observe, admin }))
    }

    /// The settings as they are now.
    pub fn settings(&self) -> Arc<Settings> {
        self.context.settings()
    }

    /// Whose contracts these are.
    pub fn origin(&self) -> Origin {
        let tenant = self.context.tenant.to_string();
        Origin { tenant, store_id: self.context.store.id().to_owned() }
    }

    /// What time it is.
    pub fn now(&self) -> DateTime<Utc> {
        self.context.now()
    }

    /// The zone of the MSP's calendar day.
    pub fn zone(&self) -> Tz {
        self.context.zone()
    }

    /// The MSP's calendar day: the day of every cost, state, term, renewal and notice.
    pub fn today(&self) -> NaiveDate {
        self.context.today()
    }

    /// What the effects of items are reckoned on.
    pub fn basis(&self, items: &[PendingItem]) -> Basis {
        self.context.basis(items)
    }

    /// What the API user may see, as far as it is known.
    pub fn visibility(&self) -> Option<Visibility> {
        self.context.visibility()
    }

    /// How many requests the daemon has made in the last hour, and how many it may make.
    pub fn requests_of_the_hour(&self) -> (u32, u32) {
        let usage = self.context.live().autotask.usage();
        (usage.requests_last_hour, usage.max_requests_per_hour)
    }

    /// Asks something that reads much of the store: on a thread of its own and in turn.
    ///
    /// # Errors
    ///
    /// Those of the question.
    pub async fn ask<T: Send + 'static>(
        self: &Arc<Engine>,
        question: impl FnOnce(&Engine) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let engine = Arc::clone(self);
        self.context.ask(move || question(&engine)).await
    }

    /// Asks something that reads little of the store, such as a contract or a client: on a thread of
    /// its own, and not in turn.
    ///
    /// # Errors
    ///
    /// Those of the question.
    pub async fn ask_shortly<T: Send + 'static>(
        self: &Arc<Engine>,
        question: impl FnOnce(&Engine) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let engine = Arc::clone(self);
        context::aside(move || question(&engine)).await
    }

    /// Lets nothing new begin.
    pub fn stop(&self) {
        self.context.stopping.cancel();
        self.context.tasks.close();
    }

    /// Ends when the engine stops.
    pub async fn stopped(&self) {
        self.context.stopping.cancelled().await;
    }

    /// Waits until every run that is under way has ended. Call [`Engine::stop`] first.
    pub async fn drained(&self) {
        self.context.tasks.wait().await;
        self.context.live().autotask.keep();
    }
}
