//! One request from end to end: the zone, the headers, the limits, the meaning of the answer, and
//! trying again.
//!
//! Knows nothing of entities' fields. Two things keep the API user from being locked (section 1.3
//! of the Autotask facts): a 401 is never repeated unless the tenant really has moved to another
//! zone, and as long as the credentials have not been accepted, one request goes at a time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::brake::Brake;
use super::budget::Budget;
use super::classify::classify;
use super::entity::Endpoint;
use super::error::{AutotaskError, RateLimit};
use super::limit::{Limits, Place};
use super::options::Options;
use super::progress::Progress;
use super::remembered::UseMemory;
use super::request::{Credentials, Request};
use super::retry::{Patience, retry};
use super::tenant_use::TenantUse;
use super::transport::{Transport, TransportError, Trouble};
use super::usage::{Auth, Threshold, Usage};
use super::work::Work;
use super::zone::{self, Zone, ZoneMemory};
use crate::clock::Clock;

/// The shortest wait for budget: a clock that stands still must not make it spin.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// The way to one tenant.
pub(super) struct Connection {
    credentials: Credentials,
    discovery_url: String,
    timeout: Duration,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    zone: Zone,
    limits: Limits,
    budget: Budget,
    tenant: TenantUse,
    brake: Brake,
    memory: UseMemory,
    requests: AtomicU64,
    known: Mutex<Known>,
    /// Told when refused credentials are accepted again.
    released: Notify,
    /// Held by the one request that tries the credentials.
    trial: tokio::sync::Mutex<()>,
    /// Held by the one request that discovers the zone.
    discovery: tokio::sync::Mutex<()>,
    /// Held by the one request that asks for the tenant's use.
    watching: tokio::sync::Mutex<()>,
}

#[derive(Clone, Copy)]
struct Known {
    auth: Auth,
    remote_date: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

impl Connection {
    pub fn new(
        options: Options,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        memory: ZoneMemory,
    ) -> Connection {
        Connection {
            zone: Zone::new(&options.username, options.zone_url, memory),
            credentials: Credentials {
                username: options.username,
                secret: options.secret,
                integration_code: options.integration_code,
            },
            discovery_url: options.discovery_url,
            timeout: options.request_timeout,
            transport,
            clock,
            limits: Limits::new(options.concurrency_per_endpoint),
            budget: Budget::new(options.max_requests_per_hour),
            tenant: TenantUse::default(),
            brake: Brake::default(),
            memory: UseMemory::none(),
            requests: AtomicU64::new(0),
            known: Mutex::new(Known { auth: Auth::Untried, remote_date: None }),
            released: Notify::new(),
            trial: tokio::sync::Mutex::default(),
            discovery: tokio::sync::Mutex::default(),
            watching: tokio::sync::Mutex::default(),
        }
    }

    /// Goes on from what `memory` holds, and writes there.
    pub fn remember_in(&mut self, memory: UseMemory) {
        let now = self.clock.moment();
        memory.restore(&self.budget, &self.brake, self.credentials.trace(), now);
        self.memory = memory;
    }

    /// Writes down what a restart must not forget.
    pub fn keep(&self) {
        let now = self.clock.moment();
        self.memory.keep_now(&self.budget, &self.brake, self.credentials.trace(), now);
    }

    /// Goes on where `old` stood: its requests count toward this one's budget and take its places,
    /// and, if the credentials are the same, what became of them is known already.
    pub fn take_over(&self, old: &Connection) {
        self.budget.take_over(&old.budget);
        self.tenant.take_over(&old.tenant);
        self.limits.take_over(&old.limits);
        let known = *old.known.lock().unwrap_or_else(PoisonError::into_inner);
        let same = self.credentials.same_as(&old.credentials);
        if same {
            self.brake.take_over(&old.brake);
        }
        self.know(|mine, _| {
            *mine = if same { known } else { Known { auth: Auth::Untried, ..known } };
        });
        self.keep();
    }

    /// Counts the refusals of `tried`, which were given for other credentials of the same user: too
    /// many tries lock the account, whatever was tried.
    pub fn count_refusals_of(&self, tried: &Connection) {
        if self.credentials.username == tried.credentials.username {
            self.brake.count(&tried.brake, self.clock.moment());
        }
        self.budget.take_over(&tried.budget);
        self.keep();
    }

    /// Whether the API user's secret is the same, and whether the integration code is.
    pub fn same_secrets(&self, other: &Connection) -> (bool, bool) {
        self.credentials.same_secrets(&other.credentials)
    }

    /// Whether all that Autotask is shown is the same.
    pub fn same_credentials(&self, other: &Connection) -> bool {
        self.credentials.same_as(&other.credentials)
    }

    /// What time it is here.
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Asks `request` as patiently as told.
    pub async fn ask(
        &self,
        request: &Request,
        patience: Patience,
        progress: &Progress,
    ) -> Result<Value, AutotaskError> {
        retry(patience, progress, || self.ask_once(request, progress)).await
    }

    /// The zone's URL, discovered if it is not known.
    pub async fn zone_url(&self, progress: &Progress) -> Result<String, AutotaskError> {
        if let Some(url) = self.zone.current()? {
            return Ok(url);
        }
        let _discovering = self.discovery.lock().await;
        match self.zone.current()? {
            Some(url) => Ok(url),
            None => self.discover(progress).await,
        }
    }

    /// The address of the tenant's web interface, with a slash at its end, as far as it is known.
    pub fn web_url(&self) -> Option<String> {
        self.zone.web_url()
    }

    /// Asks `request` once. Only a tenant that has moved makes it send a second one.
    pub async fn ask_once(
        &self,
        request: &Request,
        progress: &Progress,
    ) -> Result<Value, AutotaskError> {
        let trial = if self.is_accepted() { None } else { Some(self.trial.lock().await) };
        // Another request may have proved the credentials in the meantime.
        let _trial = trial.filter(|_| !self.is_accepted());
        let zone = self.zone_url(progress).await?;
        if request.endpoint() != Endpoint::Threshold {
            self.watch_tenant(&zone, progress).await;
            let allowed = self.tenant.check(progress.work(), self.clock.now());
            allowed.inspect_err(|limit| progress.stop(*limit))?;
        }
        let mut outcome = self.send(request, &zone, progress, progress.work()).await;
        if let Err(error) = &outcome
            && may_have_moved(error)
            && let Some(moved) = self.moved(&zone, progress).await?
        {
            tracing::debug!(from = %zone, to = %moved, "the tenant has moved to another zone");
            // The zone is new, not the credentials: only the bound of the hour keeps it back.
            outcome = self.send(request, &moved, progress, Work::Checkup).await;
        }
        match &outcome {
            Ok(_) => self.accepted(),
            Err(error) if refuses(error) => self.refused(),
            Err(_) => {}
        }
        outcome
    }

    /// Reads the tenant's use if that is due. Whatever goes wrong, the request itself will find out.
    async fn watch_tenant(&self, zone: &str, progress: &Progress) {
        let work = progress.work();
        if !self.is_accepted() || !self.tenant.is_due(work, self.clock.now()) {
            return;
        }
        let Ok(_watching) = self.watching.try_lock() else { return };
        self.tenant.asked(self.clock.now());
        let answer = self.send(&Request::threshold(), zone, progress, work).await;
        if let Ok(answer) = answer
            && let Some(reading) = Threshold::from_answer(&answer, self.clock.now())
        {
            self.tenant.know(reading);
        }
    }

    fn accepted(&self) {
        self.know(|known, now| known.auth = Auth::Accepted(now));
        if self.brake.release() {
            tracing::info!("autotask accepts the credentials again");
            self.keep();
            self.released.notify_waiters();
        }
    }

    /// Ends when credentials that were refused are accepted again, whoever tried them.
    pub fn released(&self) -> Notified<'_> {
        self.released.notified()
    }

    /// The credentials were refused, and looking for another zone did not help.
    fn refused(&self) {
        self.know(|known, now| known.auth = Auth::Refused(now));
        if self.brake.engage(self.clock.moment()) {
            tracing::warn!(
                "autotask refused the credentials of {}: they are hardly tried any more, because too \
                 many tries lock the account",
                self.credentials.username
            );
        }
        self.keep();
    }

    /// The zone that the tenant has moved to since `used` was in use; none where it has not, or
    /// where that cannot be told.
    async fn moved(
        &self,
        used: &str,
        progress: &Progress,
    ) -> Result<Option<String>, AutotaskError> {
        if self.zone.is_fixed() {
            return Ok(None);
        }
        let _discovering = self.discovery.lock().await;
        if let Some(current) = self.zone.current()?.filter(|current| current != used) {
            return Ok(Some(current));
        }
        match self.discover(progress).await {
            Ok(url) => Ok(Some(url).filter(|url| url != used)),
            Err(error @ AutotaskError::UnknownUser { .. }) => Err(error),
            Err(error) => {
                tracing::debug!(%error, "the zone could not be discovered again");
                Ok(None)
            }
        }
    }

    async fn discover(&self, progress: &Progress) -> Result<String, AutotaskError> {
        let base = zone::usable("discovery-url", &self.discovery_url)?;
        let request = Request::zone_information(&self.credentials.username);
        let answer = self.send(&request, &base, progress, progress.work()).await;
        if answer.as_ref().is_err_and(refuses) {
            self.refused();
        }
        let address = zone::discovered(&answer?)?;
        let url = address.url.clone();
        self.zone.remember(address);
        Ok(url)
    }

    /// Sends `request` once, within all limits; within those of the brake, as `work`.
    async fn send(
        &self,
        request: &Request,
        base: &str,
        progress: &Progress,
        work: Work,
    ) -> Result<Value, AutotaskError> {
        let _place = self.begin(request.endpoint(), progress, work).await?;
        let now = self.clock.moment();
        self.tenant.sent();
        self.memory.keep(&self.budget, &self.brake, self.credentials.trace(), now);
        self.requests.fetch_add(1, Ordering::Relaxed);
        progress.sent();
        let http = request.to_http(base, &self.credentials);
        let sent = tokio::time::timeout(self.timeout, self.transport.send(http)).await;
        let response = sent.unwrap_or_else(|_| Err(too_slow(self.timeout))).map_err(|error| {
            AutotaskError::Unreachable {
                host: zone::host(base),
                trouble: error.trouble,
                cause: error.cause,
            }
        });
        let now = self.clock.moment();
        let outcome = response.and_then(|response| {
            let date = response.header("Date").and_then(|d| DateTime::parse_from_rfc2822(d).ok());
            if let Some(date) = date {
                self.know(|known, now| known.remote_date = Some((date.to_utc(), now)));
            }
            classify(request, &self.credentials.username, &response, now.wall)
        });
        match &outcome {
            Err(error) if refuses(error) => self.brake.refused(now),
            Err(AutotaskError::RateLimited(RateLimit::Threads { .. } | RateLimit::Hour { .. })) => {
                self.limits.complained(request.endpoint());
            }
            _ => {}
        }
        match &outcome {
            Ok(_) => tracing::debug!(%request, "autotask answered"),
            Err(error) => tracing::debug!(%request, %error, "autotask did not serve the request"),
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
            if let Some(blocked) = self.brake.blocked(work, now) {
                return Err(AutotaskError::Blocked(blocked));
            }
            match self.budget.take(progress.work(), now) {
                Ok(()) => {
                    progress.waited();
                    return Ok(place);
                }
                Err(RateLimit::Own { next, .. }) if progress.may_wait(next, now.wall) => {
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

    /// Keeps a reading of the tenant's use.
    pub fn know_threshold(&self, threshold: Threshold) {
        self.tenant.know(threshold);
    }

    /// The date in Autotask's last answer, and what time it was here then.
    pub fn remote_date(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remote_date
    }

    /// How many requests were sent since the start.
    pub fn requests_total(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// What is known of the use.
    pub fn usage(&self) -> Usage {
        let (now, cap) = (self.clock.moment(), self.budget.cap());
        let known = *self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Usage {
            requests_last_hour: self.budget.used(now),
            max_requests_per_hour: cap,
            background_share: Work::Background.share_of(cap),
            threshold: self.tenant.reading(),
            blocked: self.brake.standing(Work::Background, now),
            zone_url: self.zone.current().ok().flatten(),
            auth: known.auth,
        }
    }

    fn is_accepted(&self) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(known.auth, Auth::Accepted(_))
    }

    fn know(&self, change: impl FnOnce(&mut Known, DateTime<Utc>)) {
        let now = self.clock.now();
        change(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner), now);
    }
}

/// Whether the answer was that the credentials are not good.
fn refuses(error: &AutotaskError) -> bool {
    matches!(
        error,
        AutotaskError::AuthFailed { .. }
            | AutotaskError::UnknownUser { .. }
            | AutotaskError::BadIntegrationCode
    )
}

/// Whether a zone that a request failed at may not be the tenant's any more: it refuses credentials
/// that are good elsewhere, or it is not there at all.
fn may_have_moved(error: &AutotaskError) -> bool {
    match error {
        AutotaskError::AuthFailed { .. } => true,
        AutotaskError::Unreachable { trouble, .. } => {
            matches!(trouble, Trouble::Name | Trouble::Refused | Trouble::Tls)
        }
        _ => false,
    }
}

fn too_slow(timeout: Duration) -> TransportError {
    let cause = format!("no answer within {} seconds", timeout.as_secs());
    TransportError { trouble: Trouble::Timeout, cause }
}

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
