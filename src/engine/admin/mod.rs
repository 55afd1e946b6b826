//! What a sysadmin has the daemon do: read its configuration again, check itself, back up and restore;
//! and looking after the store.

mod archive;
mod audit;
mod doctor;
mod reload;
mod set_id;
mod upkeep;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::book::Book;
use super::clients::Clients;
use super::context::Context;
use super::schedule::Schedule;
use super::{Connect, Load};
use crate::autotask::Autotask;

/// What a sysadmin has the daemon do.
#[derive(Clone)]
pub struct Admin {
    context: Context,
    book: Book,
    clients: Clients,
    schedule: Schedule,
    load: Arc<Load>,
    connect: Arc<Connect>,
    /// Held by the one reload that is under way: the last that Autotask refused to serve.
    refused: Arc<tokio::sync::Mutex<Option<Arc<Autotask>>>>,
    /// Whose restore is under way.
    turn: Arc<archive::Turn>,
    /// Cancelled when the daemon is to restart on another store.
    restarting: CancellationToken,
}

impl Admin {
    pub(super) fn new(
        context: Context,
        (book, clients, schedule): (Book, Clients, Schedule),
        (load, connect): (Load, Connect),
    ) -> Admin {
        let (load, connect) = (Arc::new(load), Arc::new(connect));
        let (refused, restarting) = (Arc::default(), CancellationToken::new());
        let turn = Arc::default();
        Admin { context, book, clients, schedule, load, connect, refused, turn, restarting }
    }
}
