//! The whole daemon in one line.

use chrono::{DateTime, Utc};

use super::Observe;
use crate::model::{ClientRef, Failure};
use crate::policy::schedule;

/// The whole daemon in one line of status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusLine {
    /// How many clients are on auto-sync.
    pub auto_sync: usize,
    /// How many of them are paused.
    pub paused: usize,
    /// When the next of them is due.
    pub next_run: Option<DateTime<Utc>>,
    /// Who is being synced right now.
    pub running: Vec<ClientRef>,
    /// Requests in the last hour.
    pub requests_last_hour: u32,
    /// How many there may be.
    pub max_requests_per_hour: u32,
    /// Why auto-sync waits although a client is due, or the store takes no changes.
    pub trouble: Option<String>,
}

impl Observe {
    /// How everything stands, in one line. Reads the state of every client: not for a thread that
    /// serves others.
    pub fn status_line(&self) -> Result<StatusLine, Failure> {
        let (now, live) = (self.context.now(), self.context.live());
        let usage = live.autotask.usage();
        let mut clients = self.context.store.clients()?;
        clients.retain(|state| state.auto_sync);
        let auto_sync = clients.len();
        let clients = self.book.pauses()?.without(clients);
        let next_run = schedule::wake(&clients);
        let waits = || {
            let due = next_run.is_some_and(|next| next <= now);
            self.schedule
                .waits_for(&live.settings, &usage)
                .filter(|_| due || usage.blocked.is_some())
        };
        Ok(StatusLine {
            auto_sync,
            paused: auto_sync - clients.len(),
            next_run,
            running: self.syncs.running().into_iter().map(|running| running.client).collect(),
            requests_last_hour: usage.requests_last_hour,
            max_requests_per_hour: usage.max_requests_per_hour,
            trouble: self
                .context
                .ensure_writable()
                .err()
                .map(|failure| failure.message)
                .or_else(waits),
        })
    }
}
