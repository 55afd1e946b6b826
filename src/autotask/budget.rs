//! How many requests the daemon itself has made in the last hour, and whether one more is allowed.
//!
//! The tenant's 10,000 an hour belong to all of the MSP's integrations (section 3 of the Autotask
//! facts); this is the share that the daemon takes. What a restart must not forget is given to
//! `remembered` as a count per minute.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::error::RateLimit;
use super::work::Work;

/// The window that Autotask counts in.
pub(super) const WINDOW: TimeDelta = TimeDelta::minutes(60);

/// The most requests that are believed to have been made before a restart: more than the largest
/// cap that the configuration allows, and little enough to keep.
const MOST_RESTORED: usize = 20_000;

type Sent = Arc<Mutex<VecDeque<DateTime<Utc>>>>;

/// The requests of the last hour.
pub(super) struct Budget {
    cap: u32,
    /// Shared with the budget that was taken over: its last requests may still be under way.
    sent: Mutex<Sent>,
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

    /// Takes one request for `work` out of the budget.
    pub fn take(&self, work: Work, now: DateTime<Utc>) -> Result<(), RateLimit> {
        let (cap, share) = (self.cap, work.share_of(self.cap));
        self.with(now, |sent| {
            if let Some(over) = sent.len().checked_sub(share as usize) {
                // With a share of nothing there is no request whose end would help.
                let next = sent.get(over).map_or(now, |oldest| *oldest) + WINDOW;
                return Err(match share < cap {
                    true => RateLimit::Share { share, cap },
                    false => RateLimit::Own { cap, next },
                });
            }
            sent.push_back(now);
            Ok(())
        })
    }

    /// Counts with `other` from now on: what either has spent, both have.
    pub fn take_over(&self, other: &Budget) {
        let sent = other.sent();
        *self.sent.lock().unwrap_or_else(PoisonError::into_inner) = sent;
    }

    /// How many were made in the hour before `now`.
    pub fn used(&self, now: DateTime<Utc>) -> u32 {
        self.with(now, |sent| u32::try_from(sent.len()).unwrap_or(u32::MAX))
    }

    /// The requests of the last hour: minutes since 1970, and how many in each.
    pub fn per_minute(&self, now: DateTime<Utc>) -> Vec<(i64, u32)> {
        self.with(now, |sent| {
            let mut minutes: Vec<(i64, u32)> = Vec::new();
            for at in sent.iter() {
                let minute = at.timestamp().div_euclid(60);
                match minutes.last_mut() {
                    Some((last, count)) if *last == minute => *count += 1,
                    _ => minutes.push((minute, 1)),
                }
            }
            minutes
        })
    }

    /// Counts what was made before a restart. All requests of a minute count as made at its end,
    /// and those of a minute that lies ahead as made now: rather too long than too short.
    pub fn restore(&self, minutes: &[(i64, u32)], now: DateTime<Utc>) {
        let ends = minutes.iter().filter_map(|(minute, count)| {
            let end = DateTime::from_timestamp(minute.checked_mul(60)?.checked_add(60)?, 0)?;
            Some((end.min(now), usize::try_from(*count).unwrap_or(MOST_RESTORED)))
        });
        let mut made: Vec<DateTime<Utc>> = ends
            .filter(|(end, _)| now - *end < WINDOW)
            .flat_map(|(end, count)| std::iter::repeat_n(end, count.min(MOST_RESTORED)))
            .take(MOST_RESTORED)
            .collect();
        made.sort_unstable();
        self.with(now, |sent| *sent = made.into());
    }

    fn sent(&self) -> Sent {
        Arc::clone(&self.sent.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn with<T>(
        &self,
        now: DateTime<Utc>,
        act: impl FnOnce(&mut VecDeque<DateTime<Utc>>) -> T,
    ) -> T {
        let sent = self.sent();
        let mut sent = sent.lock().unwrap_or_else(PoisonError::into_inner);
        forget(&mut sent, now);
        act(&mut sent)
    }
}

/// Drops what is older than the window. After the clock was stepped back, requests from what is
/// now the future count from now on, so that none is forgotten and none is kept for ever.
pub(super) fn forget(sent: &mut VecDeque<DateTime<Utc>>, now: DateTime<Utc>) {
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
        assert_eq!(old.take(Work::Person, at(0)), Ok(()));
        let new = Budget::new(2);
        new.take_over(&old);
        assert_eq!(new.used(at(1)), 1);
        assert_eq!(new.take(Work::Person, at(1)), Ok(()));
        assert_eq!(new.take(Work::Person, at(2)), Err(RateLimit::Own { cap: 2, next: at(60) }));
    }

    #[test]
    fn the_cap_holds_until_the_hour_has_passed() {
        let budget = Budget::new(2);
        assert_eq!(budget.take(Work::Person, at(0)), Ok(()));
        assert_eq!(budget.take(Work::Person, at(30)), Ok(()));
        assert_eq!(budget.take(Work::Person, at(59)), Err(RateLimit::Own { cap: 2, next: at(60) }));
        assert_eq!(budget.used(at(59)), 2);
        assert_eq!(budget.take(Work::Person, at(60)), Ok(()));
        assert_eq!(budget.used(at(60)), 2);
        assert_eq!(budget.used(at(120)), 0);
    }

    #[test]
    fn a_clock_that_steps_back_neither_frees_nor_locks_the_budget() {
        let budget = Budget::new(1);
        assert_eq!(budget.take(Work::Person, at(1000)), Ok(()));
        assert_eq!(budget.take(Work::Person, at(0)), Err(RateLimit::Own { cap: 1, next: at(60) }));
        assert_eq!(budget.take(Work::Person, at(60)), Ok(()));
    }

    #[test]
    fn the_last_tenth_is_kept_for_persons() {
        let budget = Budget::new(10);
        for _ in 0..9 {
            assert_eq!(budget.take(Work::Background, at(0)), Ok(()));
        }
        let stopped = Err(RateLimit::Share { share: 9, cap: 10 });
        assert_eq!(budget.take(Work::Background, at(1)), stopped);
        assert_eq!(budget.take(Work::Person, at(1)), Ok(()));
        assert_eq!(budget.take(Work::Person, at(1)), Err(RateLimit::Own { cap: 10, next: at(60) }));
    }

    #[test]
    fn what_was_made_before_a_restart_counts_and_runs_out() {
        let before = Budget::new(5);
        for minute in [0, 0, 30] {
            assert_eq!(before.take(Work::Person, at(minute)), Ok(()));
        }
        let minutes = before.per_minute(at(30));
        assert_eq!(minutes.iter().map(|(_, count)| *count).collect::<Vec<_>>(), [2, 1]);
        let after = |now| {
            let budget = Budget::new(5);
            budget.restore(&minutes, now);
            (budget.used(now), budget)
        };
        assert_eq!(after(at(40)).0, 3);
        assert_eq!(after(at(61)).0, 1);
        assert_eq!(after(at(100)).0, 0);
        // A clock that was stepped back between: they count for an hour, not for ever.
        let (used, budget) = after(at(-5000));
        assert_eq!((used, budget.used(at(-5000 + 60))), (3, 0));
    }

    #[test]
    fn nonsense_that_was_remembered_is_bounded() {
        let budget = Budget::new(5);
        budget
            .restore(&[(i64::MAX, 1), (i64::MIN, 1), (1, u32::MAX), (40_000_000, u32::MAX)], at(0));
        assert_eq!(budget.used(at(0)), 20_000);
        assert_eq!(budget.used(at(60)), 0);
    }
}
