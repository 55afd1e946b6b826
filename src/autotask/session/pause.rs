//! The pause that Autotask asked for, with `Retry-After`: until it is over nothing is sent, by
//! whatever work (section 3 of the Autotask facts). It outlives a reload and a restart.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;

use crate::clock::Moment;

/// At which uptime it is over.
type End = Arc<Mutex<Option<TimeDelta>>>;

/// The pause, where there is one.
#[derive(Default)]
pub(in crate::autotask) struct Pause(Mutex<End>);

impl Pause {
    /// Autotask asked for a pause of so long; one that ends later stays.
    pub fn begin(&self, wait: Duration, now: Moment) {
        let wait = TimeDelta::from_std(wait).unwrap_or(TimeDelta::days(1));
        let end = self.end();
        let mut end = end.lock().unwrap_or_else(PoisonError::into_inner);
        *end = (*end).max(Some(now.uptime + wait));
    }

    /// How long it still lasts; none where there is none.
    pub fn left(&self, now: Moment) -> Option<TimeDelta> {
        let end = *self.end().lock().unwrap_or_else(PoisonError::into_inner);
        end.map(|end| end - now.uptime).filter(|left| *left > TimeDelta::zero())
    }

    /// Shares the pause with `other` from now on.
    pub fn inherit_from(&self, other: &Pause) {
        let end = other.end();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = end;
    }

    fn end(&self) -> End {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_counts_and_ends_by_itself_whoever_sets_the_clock() {
        let pause = Pause::default();
        let at = Moment::at_minute;
        assert_eq!(pause.left(at(0)), None);
        pause.begin(Duration::from_secs(3600), at(0));
        pause.begin(Duration::from_secs(60), at(1));
        assert_eq!(pause.left(at(20).set_by(12)), Some(TimeDelta::minutes(40)));
        let after = Pause::default();
        after.inherit_from(&pause);
        assert_eq!(after.left(at(59)), Some(TimeDelta::minutes(1)));
        assert_eq!(after.left(at(60)), None);
    }
}
