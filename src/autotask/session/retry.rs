//! Trying again what may pass by itself, with backoff and jitter, up to a deadline.
//!
//! Waits on tokio's time, so that a test on a paused clock does not wait.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use tokio::time::Instant;

use crate::autotask::http::error::AutotaskError;
use crate::autotask::http::limit::RateLimit;
use crate::autotask::session::progress::Progress;

/// How patiently a request is tried.
#[derive(Debug, Clone, Copy)]
pub(in crate::autotask) struct RetryPolicy {
    /// How often in all.
    pub attempts: usize,
    /// How long waiting and trying may go on. A wait that would end later is not begun.
    pub total: Duration,
}

/// For a run: a fault of some seconds, or a Retry-After of some minutes, does not end it.
pub(in crate::autotask) const FOR_A_RUN: RetryPolicy =
    RetryPolicy { attempts: 4, total: Duration::from_secs(15 * 60) };

/// For a person who waits: the first answer counts.
pub(in crate::autotask) const FOR_A_PERSON: RetryPolicy =
    RetryPolicy { attempts: 1, total: Duration::from_secs(60) };

/// For a list that a person waits for: a fault of a moment does not spoil it, and a limit is told
/// at once.
pub(in crate::autotask) const FOR_A_LIST: RetryPolicy =
    RetryPolicy { attempts: 3, total: Duration::from_secs(20) };

/// The wait before the first retry; each further one is twice as long, with jitter on top.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The wait before the first retry at a limit that does not say how long (section 3 of the
/// Autotask facts).
const LIMIT_WAIT: Duration = Duration::from_secs(60);

/// The wait before the first retry at the thread limit: a place is free within a moment.
const THREADS_WAIT: Duration = Duration::from_secs(5);

/// Runs `attempt` until it succeeds, fails for good, or patience ends.
pub(in crate::autotask) async fn retry<T, F>(
    patience: RetryPolicy,
    progress: &Progress,
    mut attempt: impl FnMut() -> F,
) -> Result<T, AutotaskError>
where
    F: Future<Output = Result<T, AutotaskError>>,
{
    let deadline = Instant::now() + patience.total;
    let backoff = ExponentialBuilder::default()
        .with_min_delay(FIRST_WAIT)
        .with_max_times(patience.attempts.saturating_sub(1))
        .with_jitter();
    let attempt = || {
        progress.waited();
        attempt()
    };
    let outcome = attempt
        .retry(backoff)
        .when(AutotaskError::is_worth_a_retry)
        .adjust(|error, wait| {
            error.wait().is_none_or(|asked| asked <= progress.longest_wait()).then_some(())?;
            let wait = wait.map(|wait| at_least(error, wait))?;
            (Instant::now() + wait < deadline).then_some(wait)
        })
        .notify(|error, wait| {
            tracing::debug!(%error, seconds = wait.as_secs_f64(), "waiting before the next try");
            progress.waiting(wait);
        })
        .await;
    if let Err(AutotaskError::RateLimited(limit @ RateLimit::Paused { .. })) = &outcome {
        progress.stop(*limit);
    }
    outcome
}

/// The wait before trying again after `error`: what Autotask asks for, else what suits the limit.
/// Backoff and jitter stay on top.
fn at_least(error: &AutotaskError, wait: Duration) -> Duration {
    let asked = match error {
        AutotaskError::RateLimited(RateLimit::Hour { wait: None }) => LIMIT_WAIT,
        AutotaskError::RateLimited(RateLimit::Threads { wait: None }) => THREADS_WAIT,
        error => error.wait().unwrap_or_default(),
    };
    asked + wait
}

#[cfg(test)]
mod tests {
    use crate::model::SecretSource;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::clock::Tz;

    /// How often `error` was tried, how long that took, and what came of it.
    async fn tried(error: AutotaskError) -> (usize, Duration, AutotaskError) {
        tried_by(error, Progress::new()).await
    }

    async fn tried_by(
        error: AutotaskError,
        progress: Progress,
    ) -> (usize, Duration, AutotaskError) {
        let count = AtomicUsize::new(0);
        let began = Instant::now();
        let outcome: Result<(), _> = retry(FOR_A_RUN, &progress, || {
            count.fetch_add(1, Ordering::Relaxed);
            let error = error.clone();
            async move { Err(error) }
        })
        .await;
        (count.into_inner(), began.elapsed(), outcome.expect_err("it never succeeds"))
    }

    fn failed() -> AutotaskError {
        let (request, text) = ("GET Version".into(), "busy".into());
        AutotaskError::Failed { request, status: 503, text, wait: None }
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_pass_is_tried_four_times_with_growing_waits() {
        let (tries, took, error) = tried(failed()).await;
        assert_eq!((tries, error), (4, failed()));
        assert!(took >= Duration::from_secs(7) && took <= Duration::from_secs(15), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_final_is_tried_once() {
        let refused = AutotaskError::AuthFailed {
            username: "api".into(),
            source_of_secret: SecretSource::File,
        };
        assert_eq!(tried(refused.clone()).await, (1, Duration::ZERO, refused));
        let own = AutotaskError::from(RateLimit::Own {
            cap: 1,
            next: chrono::DateTime::UNIX_EPOCH.with_timezone(&Tz::UTC),
        });
        assert_eq!(tried(own.clone()).await, (1, Duration::ZERO, own));
    }

    #[tokio::test(start_paused = true)]
    async fn retry_after_is_honoured_but_not_beyond_the_deadline() {
        let limited = |seconds| {
            let wait = Some(Duration::from_secs(seconds));
            AutotaskError::from(RateLimit::Hour { wait })
        };
        let (tries, took, _) = tried(limited(30)).await;
        assert_eq!(tries, 4);
        assert!(took >= Duration::from_secs(90), "{took:?}");
        // Nobody sees it wait, and nobody waits for an hour.
        for (seconds, seen) in [(61, false), (301, true), (3600, true)] {
            let (tries, took, error) = tried_by(limited(seconds), Progress::new().seen(seen)).await;
            assert_eq!((tries, took, error), (1, Duration::ZERO, limited(seconds)));
        }
        let (tries, took, _) = tried_by(limited(290), Progress::new().seen(true)).await;
        assert_eq!(tries, 4);
        assert!(took < FOR_A_RUN.total, "{took:?}");
        let (tries, ..) = tried_by(limited(300), Progress::new().seen(true)).await;
        assert_eq!(tries, 3, "a third wait would end after the deadline");
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_that_names_no_time_is_given_a_minute() {
        let (_, took, _) = tried(RateLimit::Hour { wait: None }.into()).await;
        assert!(took >= Duration::from_secs(180), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_person_gets_the_first_answer() {
        let outcome: Result<(), _> =
            retry(FOR_A_PERSON, &Progress::new(), || async { Err(failed()) }).await;
        assert_eq!(outcome, Err(failed()));
    }
}
