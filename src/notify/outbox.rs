//! The events that wait for the notify command: in order, no more than so many, and kept in the
//! store's cache, so that neither a command that fails nor a restart loses one.
//!
//! ```text
//!   push ──► waits ──is due──► the command ──succeeds──► gone
//!              ▲                    │
//!              └── fails: later ────┴── for the last time: given up
//! ```
//!
//! An event leaves the box only when the command has taken it, so that a crash in between tells it
//! twice and not never.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// How many events wait for the command. A day's alerts of a large installation are fewer; more
/// would be hours old before they are told.
const LONGEST: usize = 256;

/// How soon a command that failed is tried again for the same event; twice as long each time.
const FIRST_RETRY: Duration = Duration::from_secs(60);

/// The longest time between two tries.
const LAST_RETRY: Duration = Duration::from_secs(60 * 60);

/// How often an event is tried: for most of a day. What lasts for longer is an alert again by then.
const TRIES: u32 = 24;

/// Stored state: an event that waits, as the cache keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    /// What the command gets, without the line break.
    input: String,
    /// What happened, for the log.
    message: String,
    /// How often the command has failed for it.
    tried: u32,
}

#[derive(Debug)]
struct Waiting {
    number: u64,
    due: Instant,
    kept: Kept,
}

/// What became of an event for which the command failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failed {
    /// It is tried again after this time.
    Later(Duration),
    /// It was tried so often; this is what nobody was told.
    GivenUp(u32, String),
}

/// The events that wait.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: VecDeque<Waiting>,
    last: u64,
}

impl Outbox {
    /// What an earlier daemon left; all of it is due.
    pub(super) fn restored(bytes: &[u8], now: Instant) -> Outbox {
        let kept: Vec<Kept> = serde_json::from_slice(bytes).unwrap_or_default();
        let mut outbox = Outbox::default();
        for kept in kept {
            outbox.add(kept, now);
        }
        outbox
    }

    /// What is to be kept of it.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let kept: Vec<&Kept> = self.waiting.iter().map(|waiting| &waiting.kept).collect();
        serde_json::to_vec(&kept).unwrap_or_default()
    }

    /// Takes an event; says whether there was room for it.
    pub(super) fn push(&mut self, input: String, message: &str, now: Instant) -> bool {
        let room = self.waiting.len() < LONGEST;
        if room {
            self.add(Kept { input, message: message.to_owned(), tried: 0 }, now);
        }
        room
    }

    fn add(&mut self, kept: Kept, due: Instant) {
        self.last += 1;
        self.waiting.push_back(Waiting { number: self.last, due, kept });
    }

    /// The first event that is due, with its number; it stays until it is taken out.
    pub(super) fn due(&self, now: Instant) -> Option<(u64, &str)> {
        let waiting = self.waiting.iter().find(|waiting| waiting.due <= now)?;
        Some((waiting.number, &waiting.kept.input))
    }

    /// When the next event is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.waiting.iter().map(|waiting| waiting.due).min()
    }

    /// Takes out an event that the command has taken.
    pub(super) fn succeeded(&mut self, number: u64) {
        self.waiting.retain(|waiting| waiting.number != number);
    }

    /// Notes that the command failed for an event.
    pub(super) fn failed(&mut self, number: u64, now: Instant) -> Option<Failed> {
        let waiting = self.waiting.iter_mut().find(|waiting| waiting.number == number)?;
        waiting.kept.tried += 1;
        let tried = waiting.kept.tried;
        if tried >= TRIES {
            let message = waiting.kept.message.clone();
            self.succeeded(number);
            return Some(Failed::GivenUp(tried, message));
        }
        let delay = FIRST_RETRY.saturating_mul(1 << (tried - 1).min(16)).min(LAST_RETRY);
        waiting.due = now + delay;
        Some(Failed::Later(delay))
    }

    /// Forgets all of them: there is no command any more.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox(inputs: &[&str], now: Instant) -> Outbox {
        let mut outbox = Outbox::default();
        for input in inputs {
            assert!(outbox.push((*input).to_owned(), "it happened", now));
        }
        outbox
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_fails_waits_and_the_next_is_told_meanwhile() {
        let now = Instant::now();
        let mut outbox = outbox(&["a", "b"], now);
        assert_eq!(outbox.due(now), Some((1, "a")));
        assert_eq!(outbox.failed(1, now), Some(Failed::Later(FIRST_RETRY)));
        assert_eq!(outbox.due(now), Some((2, "b")));
        outbox.succeeded(2);
        assert_eq!(outbox.due(now), None);
        let later = now + FIRST_RETRY;
        assert_eq!((outbox.next_due(), outbox.due(later)), (Some(later), Some((1, "a"))));
        assert_eq!(outbox.failed(1, later), Some(Failed::Later(2 * FIRST_RETRY)));
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_tried_for_most_of_a_day_and_then_given_up() {
        let mut now = Instant::now();
        let mut outbox = outbox(&["a"], now);
        let began = now;
        loop {
            match outbox.failed(1, now) {
                Some(Failed::Later(delay)) => now += delay,
                Some(Failed::GivenUp(tries, message)) => {
                    assert_eq!((tries, message.as_str()), (TRIES, "it happened"));
                    break;
                }
                None => panic!("it is there"),
            }
        }
        assert!(outbox.next_due().is_none());
        assert!(now - began > Duration::from_secs(16 * 3600), "{:?}", now - began);
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_outlives_the_daemon_and_is_due_at_once() {
        let now = Instant::now();
        let mut before = outbox(&["a", "b", "c"], now);
        before.succeeded(2);
        before.failed(1, now);
        let after = Outbox::restored(&before.bytes(), now);
        assert_eq!(after.due(now), Some((1, "a")));
        assert_eq!(after.bytes(), before.bytes(), "how often it was tried too");
        assert!(Outbox::restored(b"x", now).next_due().is_none(), "no cache, nothing to tell");
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_box_takes_no_more() {
        let now = Instant::now();
        let mut outbox = outbox(&["a"; LONGEST], now);
        assert!(!outbox.push("b".to_owned(), "x", now));
        outbox.succeeded(1);
        assert!(outbox.push("b".to_owned(), "x", now));
        outbox.clear();
        assert_eq!(outbox.bytes(), b"[]");
    }
}
