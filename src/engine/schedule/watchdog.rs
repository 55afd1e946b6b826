//! Signs of life: whether the supervisor still goes round, for a watchdog that asks.
//!
//! Nothing here has a timer of its own. Whoever watches asks, the supervisor answers between two
//! waits, and one that is stuck does not: neither one that never comes back from a call, nor one
//! that waits for something that never comes.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::Schedule;

/// How long the supervisor may be in one turn without a request to Autotask before it counts as
/// stuck. The longest that a run waits between two requests is 15 minutes.
const STUCK: Duration = Duration::from_secs(30 * 60);

/// The supervisor's side and the watchdog's.
pub(super) struct Watchdog {
    asked: Notify,
    answered: Notify,
    sign: Mutex<Sign>,
}

/// The last thing that showed that the supervisor gets on.
#[derive(Clone, Copy)]
struct Sign {
    at: Instant,
    requests: u64,
}

impl Watchdog {
    pub(super) fn new() -> Watchdog {
        let sign = Mutex::new(Sign { at: Instant::now(), requests: 0 });
        Watchdog { asked: Notify::new(), answered: Notify::new(), sign }
    }

    /// The supervisor begins a turn.
    pub(super) fn turn(&self) {
        self.sign.lock().unwrap_or_else(PoisonError::into_inner).at = Instant::now();
    }

    /// Does the supervisor's work and answers meanwhile; `requests` tells how many requests were
    /// ever sent.
    pub(super) async fn during(&self, work: impl Future<Output = ()>, requests: impl Fn() -> u64) {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                () = &mut work => return,
                () = self.asked.notified() => {
                    if self.is_progressing(requests()) {
                        self.answered.notify_one();
                    }
                }
            }
        }
    }

    fn is_progressing(&self, requests: u64) -> bool {
        let mut sign = self.sign.lock().unwrap_or_else(PoisonError::into_inner);
        if sign.requests != requests {
            *sign = Sign { at: Instant::now(), requests };
        }
        sign.at.elapsed() < STUCK
    }

    /// Ends when the supervisor has answered. One asker at a time.
    async fn acknowledged(&self) {
        self.asked.notify_one();
        self.answered.notified().await;
    }
}

impl Schedule {
    /// Ends when the supervisor has shown that it goes round. One asker at a time.
    pub async fn pulse(&self) {
        self.watchdog.acknowledged().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[tokio::test(start_paused = true)]
    async fn a_supervisor_that_waits_answers_until_it_is_stuck_and_again_when_it_gets_on() {
        let (pulse, requests) = (Arc::new(Watchdog::new()), Arc::new(AtomicU64::new(0)));
        let (working, sent) = (Arc::clone(&pulse), Arc::clone(&requests));
        tokio::spawn(async move {
            working.during(pending(), || sent.load(Ordering::Relaxed)).await;
        });
        let patience = Duration::from_secs(1);
        let alive = async || tokio::time::timeout(patience, pulse.acknowledged()).await.is_ok();
        assert!(alive().await);
        tokio::time::advance(STUCK).await;
        assert!(!alive().await, "no turn and no request for too long");
        requests.fetch_add(1, Ordering::Relaxed);
        assert!(alive().await, "a request is a sign");
        tokio::time::advance(STUCK).await;
        pulse.turn();
        assert!(alive().await, "a turn is a sign");
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_gone_does_not_answer() {
        let pulse = Watchdog::new();
        pulse.during(async {}, || 0).await;
        assert!(tokio::time::timeout(STUCK, pulse.acknowledged()).await.is_err());
    }
}
