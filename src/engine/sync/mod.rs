//! Syncs: what is pending for a client, and the runs that apply it, one at a time for each client.

mod compare;
mod decide;
mod holds;
mod locks;
mod preview;
mod preview_cache;
mod read;
mod record;
mod request;
mod run;

use std::sync::Arc;

pub use locks::Running;
pub(super) use locks::{Claim, Locks};
pub use preview::Preview;
pub(super) use read::{BatchReading, Reading, together};
pub use request::{SyncReport, SyncRequest, WaitPolicy};
pub(super) use run::{Moments, interval, spent};

use super::book::Book;
use super::context::Context;

/// What is pending, and the runs that apply it.
#[derive(Clone)]
pub struct Syncs {
    context: Context,
    book: Book,
    pub(super) locks: Arc<Locks>,
}

impl Syncs {
    pub(super) fn new(context: Context, book: Book) -> Syncs {
        Syncs { context, book, locks: Arc::default() }
    }

    /// The runs that are under way.
    pub fn running(&self) -> Vec<Running> {
        self.locks.all()
    }
}
