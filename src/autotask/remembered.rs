//! What a restart must not forget: the requests of the last hour, and refused credentials.
//!
//! Stored state, as one line of JSON in the store's cache. What cannot be read counts as nothing;
//! `budget` and `brake` bound what they believe of the rest.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::brake::Brake;
use super::budget::Budget;
use super::slot::Slot;

/// How often the requests are written down at most. A daemon that is killed forgets those of this
/// time, which is little against an hour's cap.
const EVERY: TimeDelta = TimeDelta::seconds(5);

/// Where the use of Autotask is remembered across restarts.
pub struct UseMemory(Slot);

/// Stored state; frozen.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct V1 {
    version: u8,
    /// Minutes since 1970, and how many requests were made in each.
    sent: Vec<(i64, u32)>,
    refused: Option<RefusedV1>,
}

/// Stored state; frozen. Moments are seconds since 1970.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RefusedV1 {
    /// Tells the refused credentials from others; see `Credentials::trace`.
    credentials: u16,
    since: i64,
    refusals: Vec<i64>,
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
    pub(super) fn restore(
        &self,
        budget: &Budget,
        brake: &Brake,
        credentials: u16,
        now: DateTime<Utc>,
    ) {
        let Some(V1 { version: 1, sent, refused }) = self.0.read() else { return };
        budget.restore(&sent, now);
        let Some(RefusedV1 { credentials: known, since, refusals }) = refused else { return };
        if let (true, Some(since)) = (known == credentials, DateTime::from_timestamp(since, 0)) {
            let moment = |seconds: &i64| DateTime::from_timestamp(*seconds, 0);
            brake.restore(since, refusals.iter().filter_map(moment).collect(), now);
        }
    }

    /// Writes everything down, if the last time is long enough ago.
    pub(super) fn keep(
        &self,
        budget: &Budget,
        brake: &Brake,
        credentials: u16,
        now: DateTime<Utc>,
    ) {
        if self.0.is_older_than(EVERY, now) {
            self.keep_now(budget, brake, credentials, now);
        }
    }

    /// Writes everything down.
    pub(super) fn keep_now(
        &self,
        budget: &Budget,
        brake: &Brake,
        credentials: u16,
        now: DateTime<Utc>,
    ) {
        let refused = brake.remembered(now).map(|(since, refusals)| RefusedV1 {
            credentials,
            since: since.timestamp(),
            refusals: refusals.iter().map(DateTime::timestamp).collect(),
        });
        let stored = V1 { version: 1, sent: budget.per_minute(now), refused };
        self.0.write(&stored, now);
    }
}
