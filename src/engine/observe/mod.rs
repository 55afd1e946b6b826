//! How everything stands: the board, alerts, metrics, the status_line for systemd.

mod alerts;
mod board;
mod metrics;
mod status_line;

pub use board::{Board, ClientRow};
pub use metrics::MetricsFormat;
pub use status_line::StatusLine;

use super::book::Book;
use super::context::Context;
use super::schedule::Schedule;
use super::sync::Syncs;

/// How everything stands.
#[derive(Clone)]
pub struct Observe {
    context: Context,
    book: Book,
    syncs: Syncs,
    schedule: Schedule,
}

impl Observe {
    pub(super) fn new(context: Context, book: Book, syncs: Syncs, schedule: Schedule) -> Observe {
        Observe { context, book, syncs, schedule }
    }
}
