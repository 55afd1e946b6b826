//! The pause that Autotask asked for, with `Retry-After`: until it is over nothing is sent, by
//! whatever work (section 3 of the Autotask facts). It outlives a reload and a restart.
//!
//! Counts on tokio's time, as the waits before a retry do.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// When it is over.
type End = Arc<Mutex<Option<Instant>>>;

/// The pause, where there is one.
#[derive(Default)]
pub(in crate::autotask) struct Pause(Mutex<End>);

impl Pause {
    /// Autotask asked for a pause of so long; one that ends later stays.
    pub fn begin(&self, wait: Duration) {
        let end = self.end();
        let mut end = end.lock().unwrap_or_else(PoisonError::into_inner);
        *end = (*end).max(Some(Instant::now() + wait));
    }

    /// How long it still lasts; none where there is none.
    pub fn left(&self) -> Option<Duration> {
        let end = *self.end().lock().unwrap_or_else(PoisonError::into_inner);
        end.map(|end| end.saturating_duration_since(Instant::now())).filter(|left| !left.is_zero())
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

    #[tokio::test(start_paused = true)]
    async fn the_longest_counts_and_ends_by_itself() {
        let pause = Pause::default();
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        assert_eq!(pause.left(), None);
        pause.begin(minutes(60));
        pause.begin(minutes(1));
        tokio::time::advance(minutes(20)).await;
        assert_eq!(pause.left(), Some(minutes(40)));
        let after = Pause::default();
        after.inherit_from(&pause);
        tokio::time::advance(minutes(39)).await;
        assert_eq!(after.left(), Some(minutes(1)));
        tokio::time::advance(minutes(1)).await;
        assert_eq!(after.left(), None);
    }
}
