//! The schedule of auto-sync: what is due and when, the batches that run it, the switch, pauses,
//! and the watchdog that sees that the supervisor still runs.

mod newcomers;
mod pause;
mod supervisor;
mod switch;
mod watchdog;
mod yielding;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

pub use newcomers::Newcomer;
pub use pause::Paused;
pub use switch::Switched;

use super::book::Book;
use super::clients::Clients;
use super::context::Context;
use super::sync::Syncs;
use crate::policy::batch::Batches;
use watchdog::Watchdog;

/// How many clients are on their way to the store at a time: as many as it writes together.
const AT_ONCE: usize = 64;

/// The schedule of auto-sync.
#[derive(Clone)]
pub struct Schedule {
    context: Context,
    book: Book,
    clients: Clients,
    syncs: Syncs,
    /// Told when the schedule may have changed.
    wake: Arc<Notify>,
    /// How many clients the next batch takes.
    batches: Arc<Mutex<Batches>>,
    /// Answered by the supervisor.
    watchdog: Arc<Watchdog>,
}

impl Schedule {
    pub(super) fn new(context: Context, book: Book, clients: Clients, syncs: Syncs) -> Schedule {
        let (wake, batches) = (Arc::default(), Arc::default());
        let watchdog = Arc::new(Watchdog::new());
        Schedule { context, book, clients, syncs, wake, batches, watchdog }
    }

    /// Has the supervisor look at the schedule again.
    pub(super) fn wake(&self) {
        self.wake.notify_waiters();
    }

    /// Forgets what earlier batches told of the hour: it may be larger now, or the tenant another.
    pub(super) fn forget_batches(&self) {
        *self.batches() = Batches::default();
    }

    fn batches(&self) -> MutexGuard<'_, Batches> {
        // Changed in one step each: a panic elsewhere leaves it whole.
        self.batches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
