//! How everything stands: the board, alerts, metrics, the outlets, the line for systemd.

mod alerts;
mod board;
mod metrics;
mod status_line;
mod trial;

pub use board::{Board, ClientRow};
pub use metrics::MetricsFormat;
pub use status_line::StatusLine;
pub use trial::{Trial, Tried};

use trial::Trials;

use super::book::Book;
use super::context::Context;
use super::review::Review;
use super::schedule::Schedule;
use super::sync::Syncs;
use crate::model::Outlet;

/// How everything stands.
#[derive(Clone)]
pub struct Observe {
    context: Context,
    book: Book,
    syncs: Syncs,
    review: Review,
    schedule: Schedule,
    trials: Trials,
}

impl Observe {
    pub(super) fn new(
        context: Context,
        (book, syncs, review): (Book, Syncs, Review),
        schedule: Schedule,
    ) -> Observe {
        let trials = Trials::default();
        Observe { context, book, syncs, review, schedule, trials }
    }

    /// Notes how an outlet just went: that it worked, or what went wrong.
    pub fn used_outlet(&self, outlet: Outlet, result: Result<(), String>) {
        let by = (&self.context.store, self.context.now());
        if self.context.outlets.used(outlet, result, by) {
            self.context.events.mark_changed();
        }
    }
}
