//! What a restart must not forget: the requests of the last hour, and refused credentials.
//!
//! Stored state, as one line of JSON in the store's cache. What cannot be read counts as nothing;
//! `budget` and `login_breaker` bound what they believe of the rest.

use chrono::{DateTime, TimeDelta};
use serde::{Deserialize, Serialize};

use super::budget::Budget;
use super::slot::Slot;
use crate::autotask::session::login_breaker::LoginBreaker;
use crate::clock::Moment;

/// How often the requests are written down at most. A daemon that is killed forgets those of this
/// time, which is little against an hour's cap.
const EVERY: TimeDelta = TimeDelta::seconds(5);

/// Where the use of Autotask is remembered across restarts.
pub struct UseMemory(Slot);

/// Stored state.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct V2 {
    version: u8,
    /// When it was written, in milliseconds since 1970, and since the machine was started.
    at: i64,
    uptime: i64,
    /// How many minutes before, and how many requests were made then.
    sent: Vec<(i64, u32)>,
    refused: Option<RefusedV2>,
}

/// Stored state.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RefusedV2 {
    /// Tells the refused credentials from others; see `Credentials::trace`.
    credentials: u16,
    /// In seconds since 1970.
    since: i64,
    /// How many seconds before it was written.
    refusals: Vec<i64>,
}

impl V2 {
    /// How long ago it was written: the less of what the clock on the wall says, which may have been
    /// set, and of what the uptime says, which may be that of another start of the machine.
    fn ago(&self, now: Moment) -> TimeDelta {
        let by_wall = (now.wall.timestamp_millis().saturating_sub(self.at)).max(0);
        let by_uptime = now.uptime.num_milliseconds().saturating_sub(self.uptime);
        let ago = if by_uptime < 0 { by_wall } else { by_wall.min(by_uptime) };
        TimeDelta::try_milliseconds(ago).unwrap_or(TimeDelta::MAX)
    }
}

impl UseMemory {
    /// A memory: `load` returns the bytes that `store` was last given.
    pub fn new(
        load: impl Fn() -> Option<Vec<u8>> + Send + Sync + 'static,
        store: impl Fn(&[u8]) + Send + Sync + 'static,
    ) -> UseMemory {
        UseMemory(Slot::new(load, store))
    }

    /// A memory that keeps nothing.
    pub fn none() -> UseMemory {
        UseMemory(Slot::none())
    }

    /// Restores what is remembered; a block only for the credentials that were refused.
    pub(in crate::autotask) fn restore(
        &self,
        budget: &Budget,
        breaker: &LoginBreaker,
        credentials: u16,
        now: Moment,
    ) {
        let Some(known) = self.0.read::<V2>().filter(|known| known.version == 2) else { return };
        let ago = known.ago(now);
        budget.restore(&known.sent, ago, now);
        let Some(refused) = known.refused.filter(|it| it.credentials == credentials) else {
            return;
        };
        if let Some(since) = DateTime::from_timestamp(refused.since, 0) {
            let age = |seconds: &i64| TimeDelta::try_seconds(*seconds)?.checked_add(&ago);
            let ages: Vec<TimeDelta> = refused.refusals.iter().filter_map(age).collect();
            breaker.restore(since, &ages, now);
        }
    }

    /// Writes everything down, if the last time is long enough ago.
    pub(in crate::autotask) fn keep(
        &self,
        budget: &Budget,
        breaker: &LoginBreaker,
        credentials: u16,
        now: Moment,
    ) {
        if self.0.is_older_than(EVERY, now.wall) {
            self.keep_now(budget, breaker, credentials, now);
        }
    }

    /// Writes everything down.
    pub(in crate::autotask) fn keep_now(
        &self,
        budget: &Budget,
        breaker: &LoginBreaker,
        credentials: u16,
        now: Moment,
    ) {
        let refused = breaker.remembered(now).map(|(since, ages)| RefusedV2 {
            credentials,
            since: since.timestamp(),
            refusals: ages.iter().map(TimeDelta::num_seconds).collect(),
        });
        let stored = V2 {
            version: 2,
            at: now.wall.timestamp_millis(),
            uptime: now.uptime.num_milliseconds(),
            sent: budget.per_minute(now),
            refused,
        };
        self.0.write(&stored, now.wall);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_ago_it_was_is_rather_too_short_than_too_long() {
        let written = V2 { version: 2, at: 1_000_000, uptime: 500, sent: vec![], refused: None };
        let ago = |wall, uptime| {
            let wall = DateTime::from_timestamp_millis(wall).expect("in range");
            written.ago(Moment { wall, uptime: TimeDelta::milliseconds(uptime) }).num_milliseconds()
        };
        assert_eq!(ago(1_000_060, 560), 60);
        assert_eq!(ago(1_090_000, 560), 60, "the clock was set forward");
        assert_eq!(ago(900_000, 560), 0, "and back");
        assert_eq!(ago(1_000_060, 20), 60, "the machine was started anew");
        assert_eq!(ago(1_000_060, 9000), 60, "and has been up for longer since");
    }
}
