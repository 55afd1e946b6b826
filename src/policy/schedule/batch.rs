//! How many clients a batch takes, and when none is begun, where an hour is too small for all that
//! is due.
//!
//! ```text
//!            stopped by the daemon's own cap: half as many, in an hour
//!          ┌────────────────────────────────────────────────────────────┐
//!          ▼                                                            │
//!   (all that is due) ◄── succeeded with all that was due ── (at most n at a time)
//!                                                                ▲      │
//!                                                                └──────┘ succeeded: twice as many
//! ```
//!
//! A batch is read as a whole, and one that is stopped has changed nothing. So it is the next that
//! must be smaller: nothing is dropped, it is late. What is kept here may be lost at a restart; it
//! is found out again.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use crate::clock::Moment;
use crate::model::{ClientId, ClientState};

/// How long a batch waits that the daemon's own cap stopped: until none of what it has spent counts
/// any more.
const OWN_HOUR: TimeDelta = TimeDelta::hours(1);

/// How long it waits where the tenant's use stopped it: until that is read again.
const READING: TimeDelta = TimeDelta::minutes(5);

/// What stopped a batch before it had read everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The daemon's own requests of the hour are used up.
    OwnCap,
    /// Too much of the tenant's hour is used; fewer clients would not have helped.
    Tenant,
}

/// How long nothing is begun, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rest {
    /// Until what uptime of the machine: an hour must really pass, whoever sets the clock.
    pub until: TimeDelta,
    /// What stopped the last batch.
    pub why: String,
}

/// What the batches before have taught.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batches {
    /// The most clients that the next one takes; none for all that are due.
    pub at_most: Option<usize>,
    /// Set while none is begun.
    pub rest: Option<Rest>,
}

impl Batches {
    /// The clients of the next batch, of those that are due: the ones that are due longest.
    pub fn take(&self, clients: &[ClientState], due: &BTreeSet<ClientId>) -> Vec<ClientId> {
        let mut waiting: Vec<&ClientState> =
            clients.iter().filter(|state| due.contains(&state.client.id)).collect();
        waiting.sort_by_key(|state| (state.next_run, state.client.id));
        let many = self.at_most.unwrap_or(waiting.len());
        waiting.into_iter().take(many).map(|state| state.client.id).collect()
    }

    /// Why no batch is begun at `now`.
    pub fn resting(&self, now: Moment) -> Option<&Rest> {
        self.rest.as_ref().filter(|rest| now.uptime < rest.until)
    }

    /// A batch of so many clients was stopped.
    pub fn stopped(&mut self, stop: Stop, taken: usize, why: String, now: Moment) {
        let wait = match stop {
            Stop::OwnCap => {
                // One that began with an hour of its own was too large as it was. Of one that came
                // after another, only the growth is taken back.
                let had_an_hour = self.rest.is_some();
                let many = self.at_most.filter(|_| !had_an_hour).unwrap_or(taken);
                self.at_most = Some((many / 2).max(1));
                OWN_HOUR
            }
            Stop::Tenant => READING,
        };
        self.rest = Some(Rest { until: now.uptime + wait, why });
    }

    /// A batch read all of its clients; `all` says whether nobody else was due.
    pub fn succeeded(&mut self, all: bool) {
        self.rest = None;
        self.at_most = self.at_most.filter(|_| !all).map(|many| many.saturating_mul(2));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::ClientRef;

    fn at(minute: i64) -> Moment {
        Moment::at_minute(minute)
    }

    fn due_since(id: i64, minutes: i64) -> ClientState {
        let client = ClientRef { id: ClientId(id), name: String::new() };
        let next_run = Some(at(-minutes).wall);
        ClientState { auto_sync: true, next_run, ..ClientState::new(client) }
    }

    #[test]
    fn the_longest_due_come_first_and_no_more_than_fit() {
        let clients = [due_since(1, 5), due_since(2, 60), due_since(3, 30), due_since(4, 90)];
        let due = BTreeSet::from([1, 2, 3].map(ClientId));
        let mut batches = Batches::default();
        assert_eq!(batches.take(&clients, &due), [2, 3, 1].map(ClientId));
        batches.stopped(Stop::OwnCap, 3, "used up".to_owned(), at(0));
        assert_eq!(batches.take(&clients, &due), [ClientId(2)]);
    }

    #[test]
    fn a_stop_halves_and_rests_and_success_doubles_until_all_fit() {
        let mut batches = Batches::default();
        batches.stopped(Stop::OwnCap, 300, "used up".to_owned(), at(0));
        assert_eq!(batches.at_most, Some(150));
        assert_eq!(batches.resting(at(59)).map(|r| &*r.why), Some("used up"));
        assert_eq!(batches.resting(at(60).set_by(-20)), None);
        assert!(batches.resting(at(59).set_by(20)).is_some(), "a clock that was set frees nothing");
        batches.succeeded(false);
        assert_eq!((batches.at_most, &batches.rest), (Some(300), &None));
        batches.stopped(Stop::OwnCap, 2, "used up".to_owned(), at(0));
        assert_eq!(batches.at_most, Some(150), "the hour was no more than a rest");
        batches.stopped(Stop::OwnCap, 2, "used up".to_owned(), at(0));
        assert_eq!(batches.at_most, Some(1), "two are too many for a whole hour");
        batches.succeeded(true);
        assert_eq!(batches, Batches::default());
    }

    #[test]
    fn the_tenants_use_makes_late_but_not_smaller() {
        let mut batches = Batches::default();
        batches.stopped(Stop::Tenant, 300, "75 %".to_owned(), at(0));
        assert_eq!(batches.at_most, None);
        assert!(batches.resting(at(4)).is_some());
        assert!(batches.resting(at(5)).is_none());
    }

    proptest! {
        /// As long as an hour is enough for one client, everybody has their turn.
        #[test]
        fn everybody_has_their_turn(clients in 1usize..400, fits in 1usize..50) {
            let mut waiting: Vec<ClientState> = (0..clients)
                .map(|n| due_since(i64::try_from(n).unwrap_or(0), 1)).collect();
            let mut batches = Batches::default();
            let (mut hours, mut room) = (0, fits);
            while !waiting.is_empty() {
                let due: BTreeSet<ClientId> = waiting.iter().map(|state| state.client.id).collect();
                let taken = batches.take(&waiting, &due);
                prop_assert!(!taken.is_empty());
                if taken.len() <= room {
                    room -= taken.len();
                    waiting.retain(|state| !taken.contains(&state.client.id));
                    batches.succeeded(waiting.is_empty());
                } else {
                    batches.stopped(Stop::OwnCap, taken.len(), String::new(), at(0));
                    (hours, room) = (hours + 1, fits);
                }
                prop_assert!(hours <= 12 + 2 * clients.div_ceil(fits), "{hours} hours");
            }
        }
    }
}
