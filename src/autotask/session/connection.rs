//! One request from end to end: the zone, the headers, the limits, the meaning of the answer, and
//! trying again.
//!
//! ```text
//! ask    patience ─► credentials on trial? ─► zone ─► the tenant's use ─► send ─► moved? once more
//! send   place ─► breaker ─► budget ─► HTTP ─► what the answer means
//! ```
//!
//! Knows nothing of entities' fields. Two things keep the API user from being locked (section 1.3
//! of the Autotask facts): a 401 is never repeated unless the tenant really has moved to another
//! zone, and as long as a reading has not seen them accepted, its requests go one at a time.

mod ask;
mod send;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::budget::Budget;
use super::tenant_use::TenantUse;
use super::usage::{Auth, Threshold, Usage};
use super::work::Work;
use super::zone::{TrustedHosts, Zone, ZoneMemory};
use crate::autotask::http::concurrency::Limits;
use crate::autotask::http::error::{AutotaskError, MOST_CLOCK_HOURS};
use crate::autotask::http::options::Options;
use crate::autotask::http::request::{ApiUser, Credentials};
use crate::autotask::http::transport::Transport;
use crate::autotask::session::login_breaker::LoginBreaker;
use crate::autotask::session::pause::Pause;
use crate::autotask::session::persisted_usage::{Remembering, UseMemory};
use crate::clock::{Clock, Tz};

/// The way to one tenant.
pub(in crate::autotask) struct Connection {
    credentials: Credentials,
    discovery_url: String,
    timeout: Duration,
    /// In which people are told of moments.
    time_zone: Tz,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    zone: Zone,
    limits: Limits,
    budget: Budget,
    tenant: TenantUse,
    breaker: LoginBreaker,
    pause: Pause,
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

#[derive(Clone, Copy, Default)]
struct Known {
    auth: Auth,
    /// How many logins were seen to work, and how many were refused.
    worked: u64,
    refused: u64,
    /// How many had been refused when one last worked.
    proof: Option<u64>,
    /// Whether they were accepted before the start.
    was_accepted: bool,
    remote_date: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// When the zone was last asked for.
    discovered: Option<DateTime<Utc>>,
}

impl Known {
    /// Whether the credentials were accepted when they were last tried.
    fn is_sure(&self) -> bool {
        match self.auth {
            Auth::Accepted(_) => true,
            Auth::Untried => self.was_accepted,
            Auth::Refused(_) => false,
        }
    }
}

impl Connection {
    pub fn new(
        options: Options,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        memory: ZoneMemory,
    ) -> Connection {
        Connection {
            zone: Zone::new(
                &options.username,
                options.zone_url,
                memory,
                TrustedHosts::new(&options.discovery_url, options.zone_hosts),
            ),
            credentials: Credentials {
                username: options.username,
                secret: options.secret,
                source_of_secret: options.source_of_secret,
                integration_code: options.integration_code,
            },
            discovery_url: options.discovery_url,
            timeout: options.request_timeout,
            time_zone: options.time_zone,
            transport,
            clock,
            limits: Limits::new(options.concurrency_per_endpoint),
            budget: Budget::new(options.max_requests_per_hour, options.time_zone),
            tenant: TenantUse::default(),
            breaker: LoginBreaker::default(),
            pause: Pause::default(),
            memory: UseMemory::none(),
            requests: AtomicU64::new(0),
            known: Mutex::default(),
            released: Notify::new(),
            trial: tokio::sync::Mutex::default(),
            discovery: tokio::sync::Mutex::default(),
            watching: tokio::sync::Mutex::default(),
        }
    }

    /// As whom is asked.
    pub fn user(&self) -> ApiUser<'_> {
        self.credentials.user()
    }

    /// Goes on from what `memory` holds, and writes there.
    pub fn remember_in(&mut self, memory: UseMemory) {
        let accepted = memory.restore(self.remembering(), self.clock.moment());
        self.know(|known, _| known.was_accepted = accepted);
        self.memory = memory;
    }

    /// Writes down what a restart must not forget.
    pub fn keep(&self) {
        self.memory.keep_now(self.remembering(), self.clock.moment());
    }

    fn remembering(&self) -> Remembering<'_> {
        Remembering {
            budget: &self.budget,
            breaker: &self.breaker,
            pause: &self.pause,
            credentials: self.credentials.trace(),
            accepted: self.known().is_sure(),
        }
    }

    /// Goes on where `old` stood: its requests count toward this one's budget and take its places,
    /// and, if the credentials are the same, what became of them is known already.
    pub fn inherit_from(&self, old: &Connection) {
        self.budget.inherit_from(&old.budget);
        self.tenant.inherit_from(&old.tenant);
        self.limits.inherit_from(&old.limits);
        self.pause.inherit_from(&old.pause);
        let known = old.known();
        let same = self.credentials.same_as(&old.credentials);
        if same {
            self.breaker.inherit_from(&old.breaker);
        }
        self.know(|mine, _| {
            *mine = if same {
                known
            } else {
                Known { auth: Auth::Untried, proof: None, was_accepted: false, ..known }
            };
        });
        self.keep();
    }

    /// Counts the refusals of `tried`, which were given for other credentials of the same user: too
    /// many tries lock the account, whatever was tried.
    pub fn count_refusals_of(&self, tried: &Connection) {
        if self.credentials.username == tried.credentials.username {
            self.breaker.count(&tried.breaker, self.clock.moment());
        }
        self.budget.inherit_from(&tried.budget);
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

    /// The address of the tenant's web interface, with a slash at its end, as far as it is known.
    pub fn web_url(&self) -> Option<String> {
        self.zone.web_url()
    }

    /// Ends when credentials that were refused are accepted again, whoever tried them.
    pub fn released(&self) -> Notified<'_> {
        self.released.notified()
    }

    /// Keeps a reading of the tenant's use.
    pub fn know_threshold(&self, threshold: Threshold) {
        self.tenant.know(threshold);
    }

    /// The date in Autotask's last answer, and what time it was here then.
    pub fn remote_date(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        self.known().remote_date
    }

    /// Refuses to go on where the clocks differed by hours at the last answer.
    ///
    /// # Errors
    ///
    /// [`AutotaskError::ClocksDiffer`].
    pub fn clocks_agree(&self) -> Result<(), AutotaskError> {
        let Some((theirs, ours)) = self.remote_date() else { return Ok(()) };
        if (ours - theirs).abs() <= TimeDelta::hours(MOST_CLOCK_HOURS) {
            return Ok(());
        }
        let [ours, theirs] = [ours, theirs].map(|at| at.with_timezone(&self.time_zone));
        Err(AutotaskError::ClocksDiffer { ours, theirs })
    }

    /// How many requests were sent since the start.
    pub fn requests_total(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// What is known of the use.
    pub fn usage(&self) -> Usage {
        let (now, cap) = (self.clock.moment(), self.budget.cap());
        let known = self.known();
        Usage {
            requests_last_hour: self.budget.used(now),
            max_requests_per_hour: cap,
            background_share: Work::Background.share_of(cap),
            threshold: self.tenant.reading(),
            blocked: self.breaker.standing(Work::Background, now),
            paused_until: self.pause.left().map(|left| now.wall + left),
            zone_url: self.zone.current().ok().flatten(),
            auth: known.auth,
        }
    }

    fn known(&self) -> Known {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn know(&self, change: impl FnOnce(&mut Known, DateTime<Utc>)) {
        let now = self.clock.now();
        change(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner), now);
    }
}

#[cfg(test)]
mod tests;
