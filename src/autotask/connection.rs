//! One request from end to end: the zone, the headers, the limits, the meaning of the answer, and
//! trying again.
//!
//! Knows nothing of entities' fields. Two things keep the API user from being locked (section 1.3
//! of the Autotask facts): a 401 is never repeated unless the tenant really has moved to another
//! zone, and as long as the credentials have not been accepted, one request goes at a time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::budget::Budget;
use super::classify::classify;
use super::error::AutotaskError;
use super::limit::Limits;
use super::options::Options;
use super::progress::Progress;
use super::request::{Credentials, Request};
use super::retry::{Patience, retry};
use super::transport::{Transport, TransportError, Trouble};
use super::usage::{Auth, Threshold, Usage};
use super::zone::{self, Zone, ZoneMemory};
use crate::clock::Clock;

/// The way to one tenant.
pub(super) struct Connection {
    credentials: Credentials,
    discovery_url: String,
    timeout: std::time::Duration,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    zone: Zone,
    limits: Limits,
    budget: Budget,
    requests: AtomicU64,
    known: Mutex<Known>,
    /// Held by the one request that tries the credentials.
    trial: tokio::sync::Mutex<()>,
    /// Held by the one request that discovers the zone.
    discovery: tokio::sync::Mutex<()>,
}

#[derive(Clone, Copy)]
struct Known {
    auth: Auth,
    threshold: Option<Threshold>,
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
            requests: AtomicU64::new(0),
            known: Mutex::new(Known { auth: Auth::Untried, threshold: None, remote_date: None }),
            trial: tokio::sync::Mutex::default(),
            discovery: tokio::sync::Mutex::default(),
        }
    }

    /// Goes on where `old` stood: its requests count toward this one's budget, and, if the
    /// credentials are the same, what became of them is known already.
    pub fn take_over(&self, old: &Connection) {
        self.budget.take_over(&old.budget);
        let known = *old.known.lock().unwrap_or_else(PoisonError::into_inner);
        self.know(|mine, _| {
            *mine = if self.credentials.same_as(&old.credentials) {
                known
            } else {
                Known { auth: Auth::Untried, ..known }
            };
        });
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
        let mut outcome = self.send(request, &zone, progress).await;
        if let Err(error) = &outcome
            && may_have_moved(error)
            && let Some(moved) = self.moved(&zone, progress).await?
        {
            tracing::debug!(from = %zone, to = %moved, "the tenant has moved to another zone");
            outcome = self.send(request, &moved, progress).await;
        }
        match &outcome {
            Ok(_) => self.know(|known, now| known.auth = Auth::Accepted(now)),
            Err(
                AutotaskError::AuthFailed { .. }
                | AutotaskError::UnknownUser { .. }
                | AutotaskError::BadIntegrationCode,
            ) => self.know(|known, now| known.auth = Auth::Refused(now)),
            Err(_) => {}
        }
        outcome
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
        let answer = self.send(&request, &base, progress).await;
        if let Err(AutotaskError::UnknownUser { .. }) = answer {
            self.know(|known, now| known.auth = Auth::Refused(now));
        }
        let address = zone::discovered(&answer?)?;
        let url = address.url.clone();
        self.zone.remember(address);
        Ok(url)
    }

    /// Sends `request` once, within all limits.
    async fn send(
        &self,
        request: &Request,
        base: &str,
        progress: &Progress,
    ) -> Result<Value, AutotaskError> {
        let _place = self.limits.enter(request.endpoint()).await;
        self.budget.take(self.clock.now())?;
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
        let now = self.clock.now();
        let outcome = response.and_then(|response| {
            let date = response.header("Date").and_then(|d| DateTime::parse_from_rfc2822(d).ok());
            if let Some(date) = date {
                self.know(|known, now| known.remote_date = Some((date.to_utc(), now)));
            }
            classify(request, &self.credentials.username, &response, now)
        });
        match &outcome {
            Ok(_) => tracing::debug!(%request, "autotask answered"),
            Err(error) => tracing::debug!(%request, %error, "autotask did not serve the request"),
        }
        outcome
    }

    /// Keeps a reading of the tenant's use.
    pub fn know_threshold(&self, threshold: Threshold) {
        self.know(|known, _| known.threshold = Some(threshold));
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
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Usage {
            requests_last_hour: self.budget.used(self.clock.now()),
            max_requests_per_hour: self.budget.cap(),
            threshold: known.threshold,
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

fn too_slow(timeout: std::time::Duration) -> TransportError {
    let cause = format!("no answer within {} seconds", timeout.as_secs());
    TransportError { trouble: Trouble::Timeout, cause }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::autotask::entity::Entity;
    use crate::autotask::error::RateLimit;
    use crate::autotask::retry::FOR_A_RUN;
    use crate::autotask::script::{Script, ZONE, now};
    use crate::clock::ManualClock;

    async fn ask(connection: &Connection) -> Result<Value, AutotaskError> {
        connection.ask(&Request::version(), FOR_A_RUN, &Progress::new()).await
    }

    fn refused(outcome: Result<Value, AutotaskError>) -> bool {
        matches!(outcome, Err(AutotaskError::AuthFailed { .. }))
    }

    #[tokio::test]
    async fn a_401_stands_when_the_tenant_has_not_moved() {
        let script = Script::new();
        script.always("Version", 401, "");
        let connection = script.connection();
        assert!(refused(ask(&connection).await));
        assert_eq!(script.asked("Version"), 1);
        assert_eq!(script.total(), 3, "the zone before and after, and the one try");
        assert_eq!(connection.usage().auth, Auth::Refused(now()));
    }

    #[tokio::test]
    async fn a_401_is_tried_once_more_where_the_tenant_has_moved_to() {
        let script = Script::new();
        let connection = script.connection();
        assert!(ask(&connection).await.is_ok());
        script.move_to("http://127.0.0.1:1/zone2/");
        assert!(ask(&connection).await.is_ok());
        assert_eq!(script.asked("zone2/V1.0/Version"), 1);
        let moved = connection.usage().zone_url;
        assert_eq!(moved.as_deref(), Some("http://127.0.0.1:1/zone2/"));
        script.always("Version", 401, "");
        script.move_to("http://127.0.0.1:1/zone3/");
        assert!(refused(ask(&connection).await));
        assert_eq!(script.asked("Version"), 5);
    }

    #[tokio::test]
    async fn a_zone_from_the_configuration_is_not_discovered() {
        let script = Script::new();
        script.move_to("http://127.0.0.1:1/zone2/");
        let mut options = Options::for_tests("http://127.0.0.1:1/discovery/");
        options.zone_url = Some(ZONE.to_owned());
        let clock = Arc::new(ManualClock::at(now()));
        let memory = ZoneMemory::none();
        let connection = Connection::new(options, Arc::new(script.clone()), clock, memory);
        assert!(refused(ask(&connection).await));
        assert_eq!(script.total(), 1);
    }

    #[tokio::test]
    async fn the_zone_is_remembered_under_the_user() {
        let script = Script::new();
        let stored = Arc::new(Mutex::new(Vec::new()));
        let memory = Arc::clone(&stored);
        let memory = ZoneMemory::new(
            |_| None,
            move |user, url| {
                memory.lock().expect("the memory").push((user.to_owned(), url.to_owned()));
            },
        );
        let options = Options::for_tests("http://127.0.0.1:1/discovery/");
        let clock = Arc::new(ManualClock::at(now()));
        let connection = Connection::new(options, Arc::new(script.clone()), clock, memory);
        assert!(ask(&connection).await.is_ok());
        assert!(ask(&connection).await.is_ok());
        let remembered = format!("{{\"url\":\"{ZONE}\",\"web\":\"https://ww1.example/\"}}");
        let expected = [("api@MSP.EXAMPLE".to_owned(), remembered)];
        assert_eq!(*stored.lock().expect("the memory"), expected);
        assert_eq!(script.total(), 3);
    }

    #[tokio::test]
    async fn only_one_request_tries_credentials_that_are_not_proved() {
        let script = Script::new();
        for entity in Entity::NEEDED {
            script.always(&format!("/{entity}/entityInformation"), 401, "");
        }
        let connection = script.connection();
        let progress = Progress::new();
        let asked = Entity::NEEDED.map(Request::entity_information);
        let asked = asked.each_ref().map(|request| connection.ask(request, FOR_A_RUN, &progress));
        let outcome = futures_util::future::try_join_all(asked).await;
        assert!(matches!(outcome, Err(AutotaskError::AuthFailed { .. })));
        assert_eq!(script.asked("/entityInformation"), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_cut_off_and_tried_again() {
        let script = Script::new();
        let connection = script.connection();
        assert!(ask(&connection).await.is_ok());
        script.fall_silent();
        let began = tokio::time::Instant::now();
        let error = ask(&connection).await.expect_err("no answer");
        let text = error.to_string();
        assert_eq!(text, "cannot reach 127.0.0.1: no answer within 120 seconds");
        assert_eq!(script.asked("Version"), 5);
        assert!(began.elapsed() >= Duration::from_secs(480));
    }

    #[tokio::test]
    async fn the_budget_stops_requests_before_they_are_sent() {
        let script = Script::new();
        let mut options = Options::for_tests("http://127.0.0.1:1/discovery/");
        options.max_requests_per_hour = 2;
        let clock = Arc::new(ManualClock::at(now()));
        let memory = ZoneMemory::none();
        let transport = Arc::new(script.clone());
        let connection = Connection::new(options, transport, Arc::clone(&clock) as _, memory);
        assert!(ask(&connection).await.is_ok());
        assert_eq!(ask(&connection).await, Err(RateLimit::Own { cap: 2 }.into()));
        assert_eq!((script.total(), connection.requests_total()), (2, 2));
        assert_eq!(connection.usage().requests_last_hour, 2);
        clock.advance(chrono::TimeDelta::minutes(60));
        assert!(ask(&connection).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_of_seconds_is_lived_through() {
        let script = Script::new();
        script.once("Version", 503, "<html>");
        script.once("Version", 429, "");
        let progress = Progress::new();
        let outcome = script.connection().ask(&Request::version(), FOR_A_RUN, &progress).await;
        assert!(outcome.is_ok());
        assert_eq!(progress.requests(), 4, "the zone and three tries");
    }
}
