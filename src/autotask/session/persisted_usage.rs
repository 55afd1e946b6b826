//! What a restart must not forget: the requests of the last hour, refused credentials, and a pause
//! that Autotask asked for.
//!
//! Stored state, as one line of JSON in the store's cache. What cannot be read counts as nothing;
//! `budget` and `login_breaker` bound what they believe of the rest.

use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use serde::{Deserialize, Serialize};

use super::budget::Budget;
use super::pause::Pause;
use super::slot::Slot;
use crate::autotask::session::login_breaker::{Age, LoginBreaker, Remembered};
use crate::clock::Moment;

/// How often the requests are written down at most. A daemon that is killed forgets those of this
/// time, which is little against an hour's cap.
const EVERY: TimeDelta = TimeDelta::seconds(5);

/// The longest pause that is believed, whatever is stored.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 3600);

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
    /// Tells the credentials that were last accepted from others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    accepted: Option<u16>,
    /// Logins without an answer, of credentials that are not refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tried: Option<TriedV2>,
    /// How many milliseconds the pause still lasted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pause: Option<i64>,
}

/// Stored state.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TriedV2 {
    credentials: u16,
    /// How many seconds before it was written, and whether it was that of a check-up.
    logins: Vec<(i64, bool)>,
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
    /// Those of them that were of a check-up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    checkups: Vec<i64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    locked: bool,
}

/// What is remembered of.
#[derive(Clone, Copy)]
pub(in crate::autotask) struct Remembering<'a> {
    pub budget: &'a Budget,
    pub breaker: &'a LoginBreaker,
    pub pause: &'a Pause,
    /// Tells the credentials from others; see `Credentials::trace`.
    pub credentials: u16,
    /// Whether they were accepted when they were last tried.
    pub accepted: bool,
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

    /// Restores what is remembered; a block only for the credentials that were refused. Says whether
    /// they were accepted: then a login without an answer is no reason to doubt them.
    pub(in crate::autotask) fn restore(&self, of: Remembering<'_>, now: Moment) -> bool {
        let Some(known) = self.0.read::<V2>().filter(|known| known.version == 2) else {
            return false;
        };
        let ago = known.ago(now);
        of.budget.restore(&known.sent, ago, now);
        let left = known.pause.and_then(TimeDelta::try_milliseconds);
        if let Some(Ok(left)) = left.and_then(|left| left.checked_sub(&ago)).map(|it| it.to_std()) {
            of.pause.begin(left.min(LONGEST_PAUSE));
        }
        let age = |(seconds, checkup): (i64, bool)| -> Option<Age> {
            Some((TimeDelta::try_seconds(seconds)?.checked_add(&ago)?, checkup))
        };
        let mut logins = Remembered::default();
        if let Some(refused) = known.refused.filter(|it| it.credentials == of.credentials) {
            logins.since = DateTime::from_timestamp(refused.since, 0);
            logins.locked = refused.locked;
            let others = refused.refusals.iter().map(|seconds| (*seconds, false));
            let all = others.chain(refused.checkups.iter().map(|seconds| (*seconds, true)));
            logins.refused = all.filter_map(age).collect();
        }
        if let Some(tried) = known.tried.filter(|it| it.credentials == of.credentials) {
            logins.unanswered = tried.logins.into_iter().filter_map(age).collect();
        }
        if logins.since.is_some() || !logins.unanswered.is_empty() {
            of.breaker.restore(&logins, now);
        }
        known.accepted == Some(of.credentials)
    }

    /// Writes everything down, if the last time is long enough ago.
    pub(in crate::autotask) fn keep(&self, of: Remembering<'_>, now: Moment) {
        if self.0.is_older_than(EVERY, now.wall) {
            self.keep_now(of, now);
        }
    }

    /// Writes everything down.
    pub(in crate::autotask) fn keep_now(&self, of: Remembering<'_>, now: Moment) {
        let Remembering { budget, breaker, pause, credentials, accepted } = of;
        let logins = breaker.remembered(now).unwrap_or_default();
        let seconds = |ages: &[Age], of_checkup: bool| -> Vec<i64> {
            let wanted = ages.iter().filter(|(_, checkup)| *checkup == of_checkup);
            wanted.map(|(age, _)| age.num_seconds()).collect()
        };
        let refused = logins.since.map(|since| RefusedV2 {
            credentials,
            since: since.timestamp(),
            refusals: seconds(&logins.refused, false),
            checkups: seconds(&logins.refused, true),
            locked: logins.locked,
        });
        let tried = logins.unanswered.iter().map(|(age, checkup)| (age.num_seconds(), *checkup));
        let tried: Vec<(i64, bool)> = tried.collect();
        let stored = V2 {
            version: 2,
            at: now.wall.timestamp_millis(),
            uptime: now.uptime.num_milliseconds(),
            sent: budget.per_minute(now),
            refused,
            accepted: accepted.then_some(credentials),
            tried: (!tried.is_empty() && !accepted)
                .then_some(TriedV2 { credentials, logins: tried }),
            pause: pause.left().and_then(|left| i64::try_from(left.as_millis()).ok()),
        };
        self.0.write(&stored, now.wall);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::autotask::session::work::Work;
    use crate::clock::Tz;

    #[test]
    fn how_long_ago_it_was_is_rather_too_short_than_too_long() {
        let written = V2 {
            version: 2,
            at: 1_000_000,
            uptime: 500,
            sent: vec![],
            refused: None,
            accepted: None,
            tried: None,
            pause: None,
        };
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

    #[tokio::test(start_paused = true)]
    async fn what_is_remembered_comes_back_and_what_an_older_version_wrote_too() {
        let stored = Arc::new(Mutex::new(Vec::new()));
        let memory = |stored: &Arc<Mutex<Vec<u8>>>| {
            let (to, from) = (Arc::clone(stored), Arc::clone(stored));
            let load = move || Some(from.lock().expect("the memory").clone());
            UseMemory::new(load, move |bytes| *to.lock().expect("it") = bytes.to_vec())
        };
        let at = Moment::at_minute;
        let (budget, breaker, pause) =
            (Budget::new(9, Tz::UTC), LoginBreaker::default(), Pause::default());
        breaker.refused(Work::Person, at(0));
        breaker.refused(Work::Checkup, at(1));
        breaker.open(true, at(1));
        breaker.begin(Work::Person, at(2));
        pause.begin(Duration::from_secs(3600));
        let of = Remembering {
            budget: &budget,
            breaker: &breaker,
            pause: &pause,
            credentials: 7,
            accepted: false,
        };
        memory(&stored).keep_now(of, at(2));
        let (other, rest) = (LoginBreaker::default(), Pause::default());
        let into = Remembering { breaker: &other, pause: &rest, ..of };
        assert!(!memory(&stored).restore(into, at(12)));
        assert_eq!(other.remembered(at(12)), breaker.remembered(at(12)));
        assert_eq!(rest.left(), Some(Duration::from_secs(50 * 60)));

        let older = br#"{"version":2,"at":0,"uptime":0,"sent":[],
            "refused":{"credentials":7,"since":5,"refusals":[60]}}"#;
        *stored.lock().expect("it") = older.to_vec();
        let other = LoginBreaker::default();
        assert!(!memory(&stored).restore(Remembering { breaker: &other, ..into }, at(0)));
        assert!(other.standing(Work::Person, at(0)).is_some_and(|blocked| !blocked.locked));

        // Whoever is killed again and again with good credentials is not kept out.
        let good = LoginBreaker::default();
        good.begin(Work::Person, at(1));
        good.begin(Work::Person, at(2));
        memory(&stored).keep_now(Remembering { breaker: &good, accepted: true, ..of }, at(2));
        let other = LoginBreaker::default();
        assert!(memory(&stored).restore(Remembering { breaker: &other, ..into }, at(3)));
        assert!(other.blocked(Work::Person, at(3)).is_none());
    }
}
