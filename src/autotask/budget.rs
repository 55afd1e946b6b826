//! How many requests the daemon itself has made in the last hour, and whether one more is allowed.
//!
//! The tenant's 10,000 an hour belong to all of the MSP's integrations (section 3 of the Autotask
//! facts); this is the share that the daemon takes. It lives in memory: a restart forgets it.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::error::RateLimit;

/// The window that Autotask counts in.
const WINDOW: TimeDelta = TimeDelta::minutes(60);

/// The requests of the last hour.
pub(super) struct Budget {
    cap: u32,
    sent: Mutex<VecDeque<DateTime<Utc>>>,
}

impl Budget {
    /// A budget of `cap` requests in a rolling hour.
    pub fn new(cap: u32) -> Budget {
        Budget { cap, sent: Mutex::default() }
    }

    /// How many are allowed.
    pub fn cap(&self) -> u32 {
        self.cap
    }

    /// Takes one request out of the budget.
    pub fn take(&self, now: DateTime<Utc>) -> Result<(), RateLimit> {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        forget(&mut sent, now);
        if sent.len() >= usize::try_from(self.cap).unwrap_or(usize::MAX) {
            return Err(RateLimit::Own { cap: self.cap });
        }
        sent.push_back(now);
        Ok(())
    }

    /// Counts the requests of `other` as made from this budget.
    pub fn take_over(&self, other: &Budget) {
        let made = other.sent.lock().unwrap_or_else(PoisonError::into_inner).clone();
        *self.sent.lock().unwrap_or_else(PoisonError::into_inner) = made;
    }

    /// How many were made in the hour before `now`.
    pub fn used(&self, now: DateTime<Utc>) -> u32 {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        forget(&mut sent, now);
        u32::try_from(sent.len()).unwrap_or(u32::MAX)
    }
}

/// Drops what is older than the window. After the clock was stepped back, requests from what is
/// now the future count from now on, so that none is forgotten and none is kept for ever.
fn forget(sent: &mut VecDeque<DateTime<Utc>>, now: DateTime<Utc>) {
    for at in sent.iter_mut().rev().take_while(|at| **at > now) {
        *at = now;
    }
    while sent.front().is_some_and(|at| now - *at >= WINDOW) {
        sent.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::minutes(minute)
    }

    #[test]
    fn a_budget_that_is_taken_over_is_not_a_fresh_one() {
        let old = Budget::new(2);
        assert_eq!(old.take(at(0)), Ok(()));
        let new = Budget::new(2);
        new.take_over(&old);
        assert_eq!(new.used(at(1)), 1);
        assert_eq!(new.take(at(1)), Ok(()));
        assert_eq!(new.take(at(2)), Err(RateLimit::Own { cap: 2 }));
    }

    #[test]
    fn the_cap_holds_until_the_hour_has_passed() {
        let budget = Budget::new(2);
        assert_eq!(budget.take(at(0)), Ok(()));
        assert_eq!(budget.take(at(30)), Ok(()));
        assert_eq!(budget.take(at(59)), Err(RateLimit::Own { cap: 2 }));
        assert_eq!(budget.used(at(59)), 2);
        assert_eq!(budget.take(at(60)), Ok(()));
        assert_eq!(budget.used(at(60)), 2);
        assert_eq!(budget.used(at(120)), 0);
    }

    #[test]
    fn a_clock_that_steps_back_neither_frees_nor_locks_the_budget() {
        let budget = Budget::new(1);
        assert_eq!(budget.take(at(1000)), Ok(()));
        assert_eq!(budget.take(at(0)), Err(RateLimit::Own { cap: 1 }));
        assert_eq!(budget.take(at(60)), Ok(()));
    }
}
