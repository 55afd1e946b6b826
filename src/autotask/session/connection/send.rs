//! Sending one request, within all limits, and what its answer means.

use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::DateTime;
use serde_json::Value;

use super::{Connection, refuses};
use crate::autotask::http::classify::classify;
use crate::autotask::http::concurrency::Place;
use crate::autotask::http::entity::Endpoint;
use crate::autotask::http::error::AutotaskError;
use crate::autotask::http::limit::RateLimit;
use crate::autotask::http::request::Request;
use crate::autotask::http::transport_error::{ErrorKind, TransportError};
use crate::autotask::session::progress::Progress;
use crate::autotask::session::work::Work;
use crate::autotask::session::zone;
use crate::model::duration_text;

/// The shortest wait for budget: a clock that stands still must not make it spin.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

impl Connection {
    /// Sends `request` once, within all limits; within those of the breaker, as `work`.
    pub(super) async fn send(
        &self,
        request: &Request,
        base: &str,
        progress: &Progress,
        work: Work,
    ) -> Result<Value, AutotaskError> {
        let _place = self.begin(request.endpoint(), progress, work).await?;
        let now = self.clock.moment();
        self.tenant.sent();
        self.memory.keep(&self.budget, &self.breaker, self.credentials.trace(), now);
        self.requests.fetch_add(1, Ordering::Relaxed);
        progress.sent();
        let http = request.to_http(base, &self.credentials);
        let sent = tokio::time::timeout(self.timeout, self.transport.send(http)).await;
        let response = sent.unwrap_or_else(|_| Err(too_slow(self.timeout))).map_err(|error| {
            AutotaskError::Unreachable {
                host: zone::host(base),
                kind: error.kind,
                cause: error.cause,
            }
        });
        let now = self.clock.moment();
        let outcome = response.and_then(|response| {
            let date = response.header("Date").and_then(|d| DateTime::parse_from_rfc2822(d).ok());
            if let Some(date) = date {
                self.know(|known, now| known.remote_date = Some((date.to_utc(), now)));
            }
            classify(request, self.credentials.user(), &response, now.wall)
        });
        match &outcome {
            Err(error) if refuses(error) => self.breaker.refused(now),
            Err(AutotaskError::RateLimited(RateLimit::Threads { .. } | RateLimit::Hour { .. })) => {
                self.limits.complained(request.endpoint());
            }
            _ => {}
        }
        match &outcome {
            Ok(_) => tracing::debug!(%request, "Autotask answered"),
            Err(error) => tracing::debug!(%request, %error, "Autotask did not serve the request"),
        }
        outcome
    }

    /// Waits for a place, and takes one request out of the budget; where that is used up, for the
    /// next, if somebody sees it wait and it does not take too long.
    async fn begin(
        &self,
        endpoint: Endpoint,
        progress: &Progress,
        work: Work,
    ) -> Result<Option<Place>, AutotaskError> {
        loop {
            let place = self.limits.enter(endpoint).await;
            let now = self.clock.moment();
            if let Some(blocked) = self.breaker.blocked(work, now) {
                return Err(AutotaskError::Blocked(
                    blocked,
                    self.time_zone,
                    self.credentials.source_of_secret,
                ));
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

fn too_slow(timeout: Duration) -> TransportError {
    let cause = format!("no answer within {}", duration_text(timeout));
    TransportError { kind: ErrorKind::Timeout, cause }
}
