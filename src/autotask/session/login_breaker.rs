//! The login breaker, a circuit breaker: refused credentials are not tried again and again, because
//! that locks the account of the API user (section 1.3 of the Autotask facts).
//!
//! ```text
//!              a refusal that stands                   the rest is over
//!    closed ────────────────────────────► open ──────────────────────────► one try
//!     ▲                                   ▲   │                               │
//!     │                                   │   │ other credentials             │ refused
//!     │                                   └───┼───────────────────────────────┤
//!     └───────────────────────────────────────┴───────────────────────────────┘ accepted
//! ```
//!
//! While it is open nothing is sent. However tries are spread over classes of work, restarts
//! and a tenant that moves, and whoever sets the clock, there are at most [`MOST`] refusals in any
//! hour.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::budget::{WINDOW, forget};
use super::work::Work;
use crate::autotask::http::limit::Blocked;
use crate::clock::Moment;

/// The most refusals in a rolling hour, those that led to the block among them.
const MOST: usize = 2;

#[derive(Default)]
struct State {
    since: Option<DateTime<Utc>>,
    /// At which uptime each came, in order.
    refusals: VecDeque<TimeDelta>,
}

/// The breaker of one set of credentials.
#[derive(Default)]
pub(in crate::autotask) struct LoginBreaker(Mutex<Arc<Mutex<State>>>);

impl LoginBreaker {
    /// Whether nothing may be sent for `work`.
    pub fn blocked(&self, work: Work, now: Moment) -> Option<Blocked> {
        self.standing(work, now).filter(|blocked| blocked.until > now.wall)
    }

    /// The block, also when its time is up and the next try has not been made.
    pub fn standing(&self, work: Work, now: Moment) -> Option<Blocked> {
        self.with(now, |state| {
            let last = state.refusals.back().map_or(now.uptime, |last| *last + rest(work));
            let earlier = state.refusals.iter().rev().nth(MOST - 1);
            let until = earlier.map_or(last, |earlier| last.max(*earlier + WINDOW));
            state.since.map(|since| Blocked { since, until: now.wall_at(until) })
        })
    }

    /// Autotask refused the credentials in an answer.
    pub fn refused(&self, now: Moment) {
        self.with(now, |state| state.refusals.push_back(now.uptime));
    }

    /// The refusal stands: looking for the tenant in another zone did not help. Says whether this
    /// is new.
    pub fn open(&self, now: Moment) -> bool {
        self.with(now, |state| state.since.replace(state.since.unwrap_or(now.wall)).is_none())
    }

    /// The credentials were accepted. Says whether that is a change.
    pub fn close(&self) -> bool {
        let state = self.state();
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.refusals.clear();
        state.since.take().is_some()
    }

    /// Counts the refusals of `other`, which stands for other credentials, without a block.
    pub fn count(&self, other: &LoginBreaker, now: Moment) {
        let refusals: Vec<_> = other.with(now, |state| state.refusals.iter().copied().collect());
        self.with(now, |state| {
            state.refusals.extend(refusals);
            state.refusals.make_contiguous().sort_unstable();
        });
    }

    /// Goes on as `other`, which stands for the same credentials.
    pub fn inherit_from(&self, other: &LoginBreaker) {
        let state = other.state();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// Since when it is blocked, and how long ago each refusal of the last hour was, the oldest
    /// first; none where it is open.
    pub fn remembered(&self, now: Moment) -> Option<(DateTime<Utc>, Vec<TimeDelta>)> {
        let age = |at: &TimeDelta| now.uptime - *at;
        self.with(now, |state| Some((state.since?, state.refusals.iter().map(age).collect())))
    }

    /// Goes on where it stood before a restart.
    pub fn restore(&self, since: DateTime<Utc>, ages: &[TimeDelta], now: Moment) {
        let known = ages.iter().filter(|age| **age < WINDOW);
        let mut refusals: Vec<TimeDelta> =
            known.map(|age| now.uptime - (*age).max(TimeDelta::zero())).collect();
        refusals.sort_unstable();
        self.with(now, |state| {
            state.since = Some(since.min(now.wall));
            state.refusals = refusals.into();
        });
    }

    fn state(&self) -> Arc<Mutex<State>> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn with<T>(&self, now: Moment, act: impl FnOnce(&mut State) -> T) -> T {
        let state = self.state();
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        forget(&mut state.refusals, now.uptime);
        act(&mut state)
    }
}

/// How long after a refusal the next try may be made: auto-sync once an hour, a person a little
/// earlier, and a check-up at once, for whoever has just unlocked the account.
fn rest(work: Work) -> TimeDelta {
    match work {
        Work::Background => TimeDelta::minutes(60),
        Work::Person => TimeDelta::minutes(30),
        Work::Checkup => TimeDelta::zero(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Moment {
        Moment::at_minute(minute)
    }

    fn blocked_at(minute: i64) -> LoginBreaker {
        let breaker = LoginBreaker::default();
        breaker.refused(at(minute));
        assert!(breaker.open(at(minute)));
        breaker
    }

    fn until(breaker: &LoginBreaker, work: Work, now: i64) -> Option<i64> {
        breaker.blocked(work, at(now)).map(|blocked| (blocked.until - at(0).wall).num_minutes())
    }

    #[test]
    fn each_class_of_work_rests_and_two_an_hour_are_never_passed() {
        let breaker = blocked_at(0);
        assert_eq!(until(&breaker, Work::Background, 1), Some(60));
        assert_eq!(until(&breaker, Work::Person, 1), Some(30));
        assert_eq!(until(&breaker, Work::Checkup, 1), None);
        breaker.refused(at(1));
        assert_eq!(until(&breaker, Work::Checkup, 2), Some(60));
        assert_eq!(until(&breaker, Work::Person, 31), Some(60));
        assert_eq!(until(&breaker, Work::Background, 60), Some(61));
        assert_eq!(until(&breaker, Work::Background, 61), None);
        assert!(breaker.standing(Work::Background, at(500)).is_some(), "not lifted by time");
    }

    #[test]
    fn success_lifts_it_and_a_refusal_that_does_not_stand_sets_nothing() {
        let breaker = blocked_at(0);
        assert!(breaker.close());
        assert_eq!(until(&breaker, Work::Background, 1), None);
        breaker.refused(at(2));
        assert_eq!(until(&breaker, Work::Background, 3), None);
    }

    #[test]
    fn a_restart_and_a_clock_that_is_set_do_not_free_it_for_more_than_two() {
        let before = blocked_at(0);
        before.refused(at(5));
        let (since, ages) = before.remembered(at(15)).expect("blocked");
        assert_eq!(ages, [15, 10].map(TimeDelta::minutes));
        for hours in [-24, 0, 24] {
            let breaker = LoginBreaker::default();
            let now = at(15).set_by(hours);
            breaker.restore(since, &ages, now);
            let blocked = breaker.blocked(Work::Checkup, now).expect("blocked");
            assert_eq!(blocked.until - now.wall, TimeDelta::minutes(45));
            assert!(blocked.since <= now.wall);
            let later = |minute| breaker.blocked(Work::Background, at(minute).set_by(hours));
            assert!(later(64).is_some() && later(65).is_none(), "an hour after the last");
        }
    }
}
