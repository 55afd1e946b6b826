//! A client and what the daemon knows of keeping it current.

use std::fmt;

use chrono::{DateTime, NaiveTime, Utc};

use super::{Advice, ClientId, Code, Failure, text};

/// A client by id and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientRef {
    /// The company id.
    pub id: ClientId,
    /// The company's name.
    pub name: String,
}

impl ClientRef {
    /// The refusal of a manual sync while auto-sync is on; `paused` says by whom and until when it
    /// is, where it is.
    pub fn auto_sync_is_on(&self, paused: Option<(&str, Option<&str>)>) -> Failure {
        let paused = paused.map_or_else(String::new, |(by, until)| {
            let until = until.map(|until| format!(" until {until}")).unwrap_or_default();
            format!(", paused by {by}{until}")
        });
        let message = format!("auto-sync is on for {self}{paused}, so a manual sync is refused");
        let advice = Advice::AutoSyncOff { client_id: self.id };
        Failure::new(Code::AutoSyncEnabled, message).advise(advice)
    }
}

/// The form in which people see a client: `Acme Dental (174)`. A name drives no terminal.
impl fmt::Display for ClientRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::client(&text::visible(&self.name), self.id))
    }
}

/// Why the last run of a client failed or was held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastError {
    /// The code.
    pub code: Code,
    /// The message, for a person.
    pub message: String,
}

/// The state of one client: its switch, its schedule, and when what last happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientState {
    /// The client.
    pub client: ClientRef,
    /// Whether it is kept current by itself.
    pub auto_sync: bool,
    /// The local time of day that auto-sync runs at, where one was asked for.
    pub at: Option<NaiveTime>,
    /// When a run last began, whatever became of it.
    pub last_tried: Option<DateTime<Utc>>,
    /// When a run last succeeded, at least in part.
    pub last_synced: Option<DateTime<Utc>>,
    /// When a run last succeeded that looked after every imported contract, not only chosen ones.
    pub last_full: Option<DateTime<Utc>>,
    /// When a run last changed a contract.
    pub last_changed: Option<DateTime<Utc>>,
    /// When auto-sync runs next; none while it is off.
    pub next_run: Option<DateTime<Utc>>,
    /// How many runs failed one after the other, up to now.
    pub failures: u32,
    /// Why the last run failed or was held; none after one that succeeded.
    pub last_error: Option<LastError>,
}

impl ClientState {
    /// A client that nothing has happened to yet.
    pub fn new(client: ClientRef) -> ClientState {
        ClientState {
            client,
            auto_sync: false,
            at: None,
            last_tried: None,
            last_synced: None,
            last_full: None,
            last_changed: None,
            next_run: None,
            failures: 0,
            last_error: None,
        }
    }
}
