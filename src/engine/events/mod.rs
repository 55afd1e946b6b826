//! Events: each is emitted once, and goes to the journal, to whoever is subscribed, and into the
//! counts.
//!
//! ```text
//!   run, switch, reload ──► emit ──► journal
//!   alerts (a look at the board) ┘ ├─► counts (metrics)
//!                                  └─► subscribers: those who watch, the notify command
//! ```
//!
//! Emitting never waits. A subscriber that is slow misses the oldest events and is told how many.

mod journal;
mod of;
mod sample;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, broadcast, watch};

pub(in crate::engine) use journal::enter_act;
pub use journal::message_id;
pub(super) use of::{of_held, of_newcomer, of_run, of_switch, of_transition};
pub(super) use sample::sample;

use crate::model::text::visible;
use crate::model::{Event, EventName, RunResult};

/// How many events a subscriber may be behind: a batch of 2,000 clients, about 1 KiB each.
const BEHIND_AT_MOST: usize = 2048;

/// How many may subscribe: those who watch, whose places `control` shares out, and the daemon's own
/// parts.
const SUBSCRIBERS_AT_MOST: usize = 32;

/// Events on their way to a subscriber.
pub type Subscription = broadcast::Receiver<Arc<Event>>;

/// What was counted since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Events by name.
    pub(super) events: BTreeMap<EventName, u64>,
    /// Runs by result.
    pub(super) runs: BTreeMap<&'static str, u64>,
    /// Events that subscribers were too slow for.
    pub(super) missed: u64,
}

/// Where events come together.
pub(super) struct Events {
    sender: broadcast::Sender<Arc<Event>>,
    counts: Mutex<Counts>,
    /// How many good cycles there were.
    good: watch::Sender<u64>,
    /// Told when the board may have changed, so that somebody looks at it.
    changed: Notify,
}

impl Events {
    pub(super) fn new() -> Events {
        let runs = [RunResult::Ok, RunResult::Partial, RunResult::Held, RunResult::Failed];
        let counts = Counts {
            events: EventName::ALL.map(|name| (name, 0)).into(),
            runs: runs.map(|result| (result.name(), 0)).into(),
            missed: 0,
        };
        Events {
            sender: broadcast::Sender::new(BEHIND_AT_MOST),
            counts: Mutex::new(counts),
            good: watch::Sender::new(0),
            changed: Notify::new(),
        }
    }

    /// Tells everybody. Nothing of a name in it drives a terminal, a mail or a log.
    pub(super) fn emit(&self, event: Event) {
        let event = made_visible(event);
        if !event.repeats_runs() {
            journal::enter(&event);
        }
        {
            let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
            if !event.repeats_runs() {
                *counts.events.entry(event.name).or_default() += 1;
            }
            if let Some(run) = &event.run {
                *counts.runs.entry(run.result.name()).or_default() += 1;
            }
        }
        // Nobody may be listening, which is no error.
        let _ = self.sender.send(Arc::new(event));
    }

    /// The events from now on; none if too many listen already.
    pub(super) fn subscribe(&self) -> Option<Subscription> {
        (self.sender.receiver_count() < SUBSCRIBERS_AT_MOST).then(|| self.sender.subscribe())
    }

    /// Notes that a subscriber was too slow for so many events.
    pub(super) fn missed(&self, events: u64) {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).missed += events;
    }

    /// What was counted since the start.
    pub(super) fn counts(&self) -> Counts {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes that a batch ended in which every client did.
    pub(super) fn good_cycle(&self) {
        self.good.send_modify(|cycles| *cycles += 1);
    }

    /// Sees each good cycle from now on; of several that follow quickly, the last.
    pub(super) fn good_cycles(&self) -> watch::Receiver<u64> {
        self.good.subscribe()
    }

    /// Has the board looked at soon.
    pub(super) fn mark_changed(&self) {
        self.changed.notify_one();
    }

    /// Ends when the board may have changed.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }
}

/// The event with control characters, and those that turn the direction of writing, as blanks.
fn made_visible(mut event: Event) -> Event {
    event.message = visible(&event.message);
    if let Some(client) = &mut event.client {
        client.name = visible(&client.name);
    }
    for item in &mut event.items {
        item.name = visible(&item.name);
        item.reason = item.reason.as_deref().map(visible);
    }
    event
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ClientId, ClientRef};
    use chrono::DateTime;
    use tokio::sync::broadcast::error::RecvError;

    fn event(name: EventName) -> Event {
        Event::new(name, DateTime::UNIX_EPOCH, "x")
    }

    #[tokio::test]
    async fn a_slow_subscriber_is_told_how_many_it_missed() {
        let events = Events::new();
        let mut slow = events.subscribe().expect("a place");
        for _ in 0..BEHIND_AT_MOST + 3 {
            events.emit(event(EventName::Reloaded));
        }
        assert_eq!(slow.recv().await, Err(RecvError::Lagged(3)));
        assert!(slow.recv().await.is_ok());
        assert_eq!(events.counts().events[&EventName::Reloaded], 2051);
    }

    #[tokio::test]
    async fn a_name_drives_nothing_of_who_is_told() {
        let events = Events::new();
        let mut told = events.subscribe().expect("a place");
        let name = "Acme\u{1b}[2J \u{202e}Dental\n".to_owned();
        let mut wild =
            Event::new(EventName::ClientNew, DateTime::UNIX_EPOCH, format!("new: {name}"));
        wild.client = Some(ClientRef { id: ClientId(174), name });
        events.emit(wild);
        let told = told.recv().await.expect("an event");
        assert_eq!(told.message, "new: Acme [2J  Dental ");
        assert_eq!(told.client.as_ref().map(|c| c.name.as_str()), Some("Acme [2J  Dental "));
    }

    #[test]
    fn only_so_many_listen() {
        let events = Events::new();
        let all: Vec<_> = std::iter::from_fn(|| events.subscribe()).collect();
        assert_eq!(all.len(), SUBSCRIBERS_AT_MOST);
    }
}
