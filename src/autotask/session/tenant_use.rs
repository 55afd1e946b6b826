//! The tenant's use: when it is asked for, and where work stops because of it.
//!
//! Asking costs a request of the very hour that is to be spared, so it is rare; in between, the
//! daemon's own requests are added to the last reading.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::usage::Threshold;
use super::work::Work;
use crate::autotask::http::limit::RateLimit;

/// How old a reading may be while requests are made.
const AGE: TimeDelta = TimeDelta::minutes(5);

/// After how many own requests it is read again, however young it is.
const OWN_REQUESTS: u32 = 200;

#[derive(Default, Clone, Copy)]
struct State {
    reading: Option<Threshold>,
    asked: Option<DateTime<Utc>>,
    own: u32,
}

/// What is known of the tenant's use.
#[derive(Default)]
pub(in crate::autotask) struct TenantUse(Mutex<State>);

impl TenantUse {
    /// Whether to read it before the next request for `work`. A person's first few requests do not
    /// need it: the answers tell when the hour is used up.
    pub fn is_due(&self, work: Work, now: DateTime<Utc>) -> bool {
        self.with(|state| match state.asked {
            None => work == Work::Background || state.own >= OWN_REQUESTS,
            Some(asked) => (now - asked).abs() >= AGE || state.own >= OWN_REQUESTS,
        })
    }

    /// It is being asked for; whatever comes of it, not again soon.
    pub fn asked(&self, now: DateTime<Utc>) {
        self.with(|state| (state.asked, state.own) = (Some(now), 0));
    }

    /// A request was sent.
    pub fn sent(&self) {
        self.with(|state| state.own = state.own.saturating_add(1));
    }

    /// Keeps a reading.
    pub fn know(&self, reading: Threshold) {
        self.with(|state| {
            *state = State { reading: Some(reading), asked: Some(reading.at), own: 0 };
        });
    }

    /// The last reading.
    pub fn reading(&self) -> Option<Threshold> {
        self.with(|state| state.reading)
    }

    /// Whether `work` may go on. An old reading stops nobody.
    pub fn check(&self, work: Work, now: DateTime<Utc>) -> Result<(), RateLimit> {
        let State { reading, own, .. } = self.with(|state| *state);
        let Some(reading) = reading.filter(|known| (now - known.at).abs() < AGE) else {
            return Ok(());
        };
        let used = Threshold { used: reading.used.saturating_add(own), ..reading };
        let (percent, limit) = (used.percent(), work.stops_at_percent());
        if percent < limit { Ok(()) } else { Err(RateLimit::Tenant { percent, limit }) }
    }

    /// Goes on where `other` stood.
    pub fn inherit_from(&self, other: &TenantUse) {
        let known = other.with(|state| *state);
        self.with(|state| *state = known);
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn read(used: u32) -> TenantUse {
        let tenant = TenantUse::default();
        tenant.know(Threshold { used, limit: 1000, minutes: 60, at: NOW });
        tenant
    }

    #[test]
    fn each_class_has_its_limit_and_own_requests_count_toward_it() {
        let tenant = read(749);
        assert_eq!(tenant.check(Work::Background, NOW), Ok(()));
        tenant.sent();
        let stopped = Err(RateLimit::Tenant { percent: 75, limit: 75 });
        assert_eq!(tenant.check(Work::Background, NOW), stopped);
        assert_eq!(tenant.check(Work::Person, NOW), Ok(()));
        assert_eq!(
            read(900).check(Work::Person, NOW),
            Err(RateLimit::Tenant { percent: 90, limit: 90 })
        );
        assert_eq!(read(999).check(Work::Person, NOW + AGE), Ok(()), "who knows by now");
    }

    #[test]
    fn it_is_read_every_five_minutes_and_every_200_requests() {
        let tenant = TenantUse::default();
        assert!(tenant.is_due(Work::Background, NOW) && !tenant.is_due(Work::Person, NOW));
        tenant.asked(NOW);
        assert!(!tenant.is_due(Work::Background, NOW));
        assert!(tenant.is_due(Work::Background, NOW + AGE));
        for _ in 0..OWN_REQUESTS {
            tenant.sent();
        }
        assert!(tenant.is_due(Work::Person, NOW));
    }
}
