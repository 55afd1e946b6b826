//! Sending one request, within all limits, and what its answer means.

use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, TimeDelta};

use super::Connection;
use crate::autotask::http::answer::Answer;
use crate::autotask::http::classify::classify;
use crate::autotask::http::concurrency::Place;
use crate::autotask::http::entity::Endpoint;
use crate::autotask::http::error::AutotaskError;
use crate::autotask::http::limit::RateLimit;
use crate::autotask::http::request::Request;
use crate::autotask::http::transport::HttpResponse;
use crate::autotask::http::transport_error::{ErrorKind, TransportError};
use crate::autotask::session::progress::Progress;
use crate::autotask::session::work::Work;
use crate::autotask::session::zone;
use crate::clock::Moment;
use crate::model::duration_text;

/// The shortest wait for budget: a clock that stands still must not make it spin.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

impl Connection {
    /// Sends `request` once, within all limits. `is_trial` says that the credentials may be refused:
    /// then it counts as such from before it is sent.
    pub(super) async fn send(
        &self,
        request: &Request,
        base: &str,
        progress: &Progress,
        is_trial: bool,
    ) -> Result<Answer, AutotaskError> {
        let _place = self.begin(request.endpoint(), progress).await?;
        let work = progress.work();
        let login = is_trial.then(|| self.breaker.begin(work, self.clock.moment()));
        let mut answer = self.exchange(request, base, progress, Way::Kept).await;
        let broke = |answer: &Result<_, TransportError>| {
            answer.as_ref().is_err_and(|error| error.kind == ErrorKind::Broken)
        };
        // A check-up asks about Autotask, not about a connection of an hour ago.
        if work == Work::Checkup
            && broke(&answer)
            && self.budget.take(work, self.clock.moment()).is_ok()
        {
            tracing::debug!(%request, "the connection broke off, trying a new one");
            answer = self.exchange(request, base, progress, Way::Anew).await;
        }
        let response = answer.map_err(|TransportError { kind, cause }| match kind {
            ErrorKind::TooLong => {
                AutotaskError::Garbled { request: request.to_string(), reason: cause }
            }
            _ => AutotaskError::Unreachable { host: zone::host(base), kind, cause },
        });
        let now = self.clock.moment();
        let outcome = response.and_then(|response| {
            let date = response.header("Date").and_then(|d| DateTime::parse_from_rfc2822(d).ok());
            if let Some(date) = date {
                self.know(|known, now| known.remote_date = Some((date.to_utc(), now)));
            }
            classify(request, self.credentials.user(), response, now.wall)
        });
        if let Some(login) = login {
            self.breaker.answered(login, now);
        }
        let outcome = outcome.map_err(|error| self.learn_from(error, request, work));
        match &outcome {
            Ok(_) => tracing::debug!(%request, "Autotask answered"),
            Err(error) => tracing::debug!(%request, %error, "Autotask did not serve the request"),
        }
        outcome
    }

    /// Sends it over a connection, and counts it.
    async fn exchange(
        &self,
        request: &Request,
        base: &str,
        progress: &Progress,
        way: Way,
    ) -> Result<HttpResponse, TransportError> {
        self.tenant.sent();
        match self.known().is_sure() {
            true => self.memory.keep(self.remembering(), self.clock.moment()),
            // A login of which nobody knows what becomes of it must be remembered.
            false => self.keep(),
        }
        self.requests.fetch_add(1, Ordering::Relaxed);
        progress.sent();
        let http = request.to_http(base, &self.credentials);
        let sending = match way {
            Way::Kept => self.transport.send(http),
            Way::Anew => self.transport.send_anew(http),
        };
        let sent = tokio::time::timeout(self.timeout, sending).await;
        sent.unwrap_or_else(|_| Err(too_slow(self.timeout)))
    }

    /// What a failure means for the requests that follow; the failure as it is told.
    fn learn_from(&self, error: AutotaskError, request: &Request, work: Work) -> AutotaskError {
        let now = self.clock.moment();
        if error.refuses_the_credentials() {
            self.breaker.refused(work, now);
            self.know(|known, _| known.refused += 1);
        }
        if let AutotaskError::RateLimited(RateLimit::Threads { .. } | RateLimit::Hour { .. }) =
            error
        {
            self.limits.complained(request.endpoint());
        }
        let Some(wait) = error.wait() else { return error };
        self.pause.begin(wait);
        self.keep();
        match error {
            AutotaskError::RateLimited(RateLimit::Hour { .. }) => self.paused(wait, now).into(),
            error => error,
        }
    }

    fn paused(&self, wait: Duration, now: Moment) -> RateLimit {
        let left = TimeDelta::from_std(wait).unwrap_or_default();
        RateLimit::Paused { until: (now.wall + left).with_timezone(&self.time_zone), wait }
    }

    /// Waits for a place, and takes one request out of the budget; where that is used up, for the
    /// next, if somebody sees it wait and it does not take too long.
    async fn begin(
        &self,
        endpoint: Endpoint,
        progress: &Progress,
    ) -> Result<Option<Place>, AutotaskError> {
        loop {
            let place = self.limits.enter(endpoint).await;
            let now = self.clock.moment();
            if let Some(blocked) = self.breaker.blocked(progress.work(), now) {
                return Err(AutotaskError::Blocked(
                    blocked,
                    self.time_zone,
                    self.credentials.source_of_secret,
                ));
            }
            if let Some(left) = self.pause.left() {
                return Err(self.paused(left, now).into());
            }
            match self.budget.take(progress.work(), now) {
                Ok(()) => {
                    progress.waited();
                    return Ok(place);
                }
                Err(RateLimit::Own { next, .. }) if progress.may_wait(next.to_utc(), now.wall) => {
                    let next = next.to_utc();
                    drop(place);
                    progress.waiting_for_budget(next);
                    let wait = (next - now.wall).to_std().unwrap_or_default();
                    tokio::time::sleep(wait.max(SHORTEST_WAIT)).await;
                }
                Err(limit) => {
                    progress.stop(limit);
                    return Err(limit.into());
                }
            }
        }
    }
}

/// Which connection a request takes.
#[derive(Clone, Copy)]
enum Way {
    /// One that was kept open, where there is one.
    Kept,
    /// A new one.
    Anew,
}

fn too_slow(timeout: Duration) -> TransportError {
    let cause = format!("no answer within {}", duration_text(timeout));
    TransportError { kind: ErrorKind::Timeout, cause }
}
