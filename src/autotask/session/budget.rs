//! How many requests the daemon itself has made in the last hour, and whether one more is allowed.
//!
//! The tenant's 10,000 an hour belong to all of the MSP's integrations (section 3 of the Autotask
//! facts); this is the share that the daemon takes. The hour is one that really passes, whoever
//! sets the clock meanwhile. What a restart must not forget is given to `remembered` as a count per
//! minute.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;

use super::work::Work;
use crate::autotask::http::limit::RateLimit;
use crate::clock::{Moment, Tz};

/// The window that Autotask counts in.
pub(in crate::autotask) const WINDOW: TimeDelta = TimeDelta::minutes(60);

/// The most requests that are believed to have been made before a restart: more than the largest
/// cap that the configuration allows, and little enough to keep.
const MOST_RESTORED: usize = 20_000;

/// At which uptime each was sent, in order.
type Sent = Arc<Mutex<VecDeque<TimeDelta>>>;

/// The requests of the last hour.
pub(in crate::autotask) struct Budget {
    cap: u32,
    /// In which people are told when the next request is free.
    zone: Tz,
    /// Shared with the budget that was taken over: its last requests may still be under way.
    sent: Mutex<Sent>,
}

impl Budget {
    /// A budget of `cap` requests in a rolling hour, for people in `zone`.
    pub fn new(cap: u32, zone: Tz) -> Budget {
        Budget { cap, zone, sent: Mutex::default() }
    }

    /// How many are allowed.
    pub fn cap(&self) -> u32 {
        self.cap
    }

    /// Takes one request for `work` out of the budget.
    pub fn take(&self, work: Work, now: Moment) -> Result<(), RateLimit> {
        let (cap, share) = (self.cap, work.share_of(self.cap));
        self.with(now, |sent| {
            if let Some(over) = sent.len().checked_sub(share as usize) {
                // With a share of nothing there is no request whose end would help.
                let oldest = sent.get(over).copied().unwrap_or(now.uptime);
                let next = now.wall_at(oldest + WINDOW).with_timezone(&self.zone);
                return Err(match share < cap {
                    true => RateLimit::Share { share, cap },
                    false => RateLimit::Own { cap, next },
                });
            }
            sent.push_back(now.uptime);
            Ok(())
        })
    }

    /// Counts with `other` from now on: what either has spent, both have.
    pub fn inherit_from(&self, other: &Budget) {
        let sent = other.sent();
        *self.sent.lock().unwrap_or_else(PoisonError::into_inner) = sent;
    }

    /// How many were made in the hour before `now`.
    pub fn used(&self, now: Moment) -> u32 {
        self.with(now, |sent| u32::try_from(sent.len()).unwrap_or(u32::MAX))
    }

    /// The requests of the last hour, the oldest first: how many whole minutes ago, and how many.
    pub fn per_minute(&self, now: Moment) -> Vec<(i64, u32)> {
        self.with(now, |sent| {
            let mut minutes: Vec<(i64, u32)> = Vec::new();
            for at in sent.iter() {
                let minute = (now.uptime - *at).num_minutes();
                match minutes.last_mut() {
                    Some((last, count)) if *last == minute => *count += 1,
                    _ => minutes.push((minute, 1)),
                }
            }
            minutes
        })
    }

    /// Counts what was made before a restart, as `per_minute` told so long ago. All requests of a
    /// minute count as made at its end: rather too long than too short.
    pub fn restore(&self, minutes: &[(i64, u32)], ago: TimeDelta, now: Moment) {
        let ends = minutes.iter().filter_map(|(minute, count)| {
            let age = TimeDelta::try_minutes(*minute)?.checked_add(&ago)?.max(TimeDelta::zero());
            let count = usize::try_from(*count).unwrap_or(MOST_RESTORED);
            (age < WINDOW).then(|| (now.uptime - age, count))
        });
        let mut made: Vec<TimeDelta> = ends
            .flat_map(|(end, count)| std::iter::repeat_n(end, count.min(MOST_RESTORED)))
            .take(MOST_RESTORED)
            .collect();
        made.sort_unstable();
        self.with(now, |sent| *sent = made.into());
    }

    fn sent(&self) -> Sent {
        Arc::clone(&self.sent.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn with<T>(&self, now: Moment, act: impl FnOnce(&mut VecDeque<TimeDelta>) -> T) -> T {
        let sent = self.sent();
        let mut sent = sent.lock().unwrap_or_else(PoisonError::into_inner);
        forget(&mut sent, now.uptime);
        act(&mut sent)
    }
}

/// Drops what is older than the window.
pub(in crate::autotask) fn forget(sent: &mut VecDeque<TimeDelta>, uptime: TimeDelta) {
    while sent.front().is_some_and(|at| uptime - *at >= WINDOW) {
        sent.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Moment {
        Moment::at_minute(minute)
    }

    fn used_up(cap: u32, next: Moment) -> Result<(), RateLimit> {
        Err(RateLimit::Own { cap, next: next.wall.with_timezone(&Tz::UTC) })
    }

    #[test]
    fn a_budget_that_is_taken_over_is_not_a_fresh_one() {
        let old = Budget::new(2, Tz::UTC);
        assert_eq!(old.take(Work::Person, at(0)), Ok(()));
        let new = Budget::new(2, Tz::UTC);
        new.inherit_from(&old);
        assert_eq!(new.used(at(1)), 1);
        assert_eq!(new.take(Work::Person, at(1)), Ok(()));
        assert_eq!(new.take(Work::Person, at(2)), used_up(2, at(60)));
    }

    #[test]
    fn the_cap_holds_until_the_hour_has_passed() {
        let budget = Budget::new(2, Tz::UTC);
        assert_eq!(budget.take(Work::Person, at(0)), Ok(()));
        assert_eq!(budget.take(Work::Person, at(30)), Ok(()));
        assert_eq!(budget.take(Work::Person, at(59)), used_up(2, at(60)));
        assert_eq!(budget.used(at(59)), 2);
        assert_eq!(budget.take(Work::Person, at(60)), Ok(()));
        assert_eq!(budget.used(at(60)), 2);
        assert_eq!(budget.used(at(120)), 0);
    }

    #[test]
    fn a_clock_that_is_set_neither_frees_nor_locks_the_budget() {
        for hours in [-24, -1, 1, 24] {
            let later = |minute| at(minute).set_by(hours);
            let budget = Budget::new(1, Tz::UTC);
            assert_eq!(budget.take(Work::Person, at(0)), Ok(()));
            assert_eq!(budget.take(Work::Person, later(59)), used_up(1, later(60)));
            assert_eq!(budget.take(Work::Person, later(60)), Ok(()));
        }
    }

    #[test]
    fn the_last_tenth_is_kept_for_persons() {
        let budget = Budget::new(10, Tz::UTC);
        for _ in 0..9 {
            assert_eq!(budget.take(Work::Background, at(0)), Ok(()));
        }
        let stopped = Err(RateLimit::Share { share: 9, cap: 10 });
        assert_eq!(budget.take(Work::Background, at(1)), stopped);
        assert_eq!(budget.take(Work::Person, at(1)), Ok(()));
        assert_eq!(budget.take(Work::Person, at(1)), used_up(10, at(60)));
    }

    #[test]
    fn what_was_made_before_a_restart_counts_and_runs_out() {
        let before = Budget::new(5, Tz::UTC);
        for minute in [0, 0, 30] {
            assert_eq!(before.take(Work::Person, at(minute)), Ok(()));
        }
        let minutes = before.per_minute(at(40));
        assert_eq!(minutes, [(40, 2), (10, 1)]);
        // The machine may have been started anew too.
        for start in [-90, 50] {
            let after = |ago: i64| {
                let budget = Budget::new(5, Tz::UTC);
                budget.restore(&minutes, TimeDelta::minutes(ago), at(start));
                [0, 19, 20, 50].map(|later| budget.used(at(start + later)))
            };
            assert_eq!(after(0), [3, 3, 1, 0]);
            assert_eq!(after(20), [1, 1, 1, 0]);
            assert_eq!(after(50), [0; 4]);
        }
    }

    #[test]
    fn nonsense_that_was_remembered_is_bounded() {
        let budget = Budget::new(5, Tz::UTC);
        let minutes = [(i64::MAX, 1), (i64::MIN, 1), (-1, u32::MAX), (5, u32::MAX)];
        budget.restore(&minutes, TimeDelta::zero(), at(0));
        assert_eq!(budget.used(at(0)), 20_000);
        assert_eq!(budget.used(at(60)), 0);
        budget.restore(&minutes, TimeDelta::MAX, at(0));
        assert_eq!(budget.used(at(0)), 0);
    }
}
