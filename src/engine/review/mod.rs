//! Review: what a person decides about single items (held, ignored, adopted, taken back) and asks of
//! them (why, at what cost, whether it is still so).

mod adopt;
mod explain;
mod held;
mod ignore;
mod reconcile;
mod revert;

pub use explain::Explanation;
pub use held::HeldRun;
pub use ignore::Waiting;
pub use reconcile::{Days, Discrepancy, Reconciliation, Working, days};
pub use revert::Reverted;

use super::book::Book;
use super::clients::Clients;
use super::context::Context;
use super::sync::Syncs;

/// What a person decides about single items, and asks of them.
#[derive(Clone)]
pub struct Review {
    context: Context,
    book: Book,
    clients: Clients,
    syncs: Syncs,
}

impl Review {
    pub(super) fn new(context: Context, book: Book, clients: Clients, syncs: Syncs) -> Review {
        Review { context, book, clients, syncs }
    }
}
