//! Asking with credentials and a zone that may not be good any more.

use chrono::TimeDelta;
use serde_json::Value;

use tokio::sync::MutexGuard;

use super::Connection;
use crate::autotask::http::answer::Answer;
use crate::autotask::http::entity::Endpoint;
use crate::autotask::http::error::AutotaskError;
use crate::autotask::http::request::Request;
use crate::autotask::http::transport_error::ErrorKind;
use crate::autotask::session::progress::Progress;
use crate::autotask::session::retry::{RetryPolicy, retry};
use crate::autotask::session::usage::{Auth, Threshold};
use crate::autotask::session::zone;

/// For how long a zone that was just discovered is not doubted for a page that is not there.
const DOUBT_AFTER: TimeDelta = TimeDelta::hours(1);

impl Connection {
    /// Asks `request` as patiently as told.
    pub async fn ask(
        &self,
        request: &Request,
        patience: RetryPolicy,
        progress: &Progress,
    ) -> Result<Value, AutotaskError> {
        retry(patience, progress, || async {
            self.ask_once(request, progress).await?.value(request)
        })
        .await
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

    /// Asks `request` once. Only a tenant that has moved makes it send a second one.
    pub async fn ask_once(
        &self,
        request: &Request,
        progress: &Progress,
    ) -> Result<Answer, AutotaskError> {
        let mut trial = self.trial(progress).await;
        let is_trial = trial.is_some();
        let zone = self.zone_url(progress).await?;
        if request.endpoint() != Endpoint::Threshold {
            if !is_trial {
                self.watch_tenant(&zone, progress).await;
            }
            let allowed = self.tenant.check(progress.work(), self.clock.now());
            allowed.inspect_err(|limit| progress.stop(*limit))?;
        }
        let mut outcome = self.send(request, &zone, progress, is_trial).await;
        if let Err(error) = &outcome
            && self.may_have_moved(error)
        {
            // Others wait until it is known whether the refusal stands.
            if trial.is_none() && error.refuses_the_credentials() {
                trial = Some(self.trial.lock().await);
            }
            if let Some(moved) = self.moved(&zone, progress).await? {
                tracing::debug!(from = %zone, to = %moved, "the tenant has moved to another zone");
                if error.refuses_the_credentials() {
                    self.breaker.withdraw(self.clock.moment());
                }
                outcome = self.send(request, &moved, progress, true).await;
            }
        }
        match &outcome {
            Ok(_) => self.accepted(progress),
            Err(error) if error.refuses_the_credentials() => self.refused(error),
            Err(_) => {}
        }
        drop(trial);
        outcome
    }

    /// Waits for the right to try the credentials, as long as this work has not seen a login work,
    /// or one was refused since; none where it needs no try of its own.
    async fn trial(&self, progress: &Progress) -> Option<MutexGuard<'_, ()>> {
        let before = self.known();
        if progress.proof() == Some(before.refused) {
            return None;
        }
        let trial = self.trial.lock().await;
        // Another request may have proved the credentials in the meantime.
        let known = self.known();
        if known.worked > before.worked && known.proof == Some(known.refused) {
            progress.prove(known.refused);
            return None;
        }
        Some(trial)
    }

    /// Reads the tenant's use if that is due. Whatever goes wrong, the request itself will find
    /// out.
    async fn watch_tenant(&self, zone: &str, progress: &Progress) {
        if !self.tenant.is_due(progress.work(), self.clock.now()) {
            return;
        }
        let Ok(_watching) = self.watching.try_lock() else { return };
        self.tenant.asked(self.clock.now());
        let request = Request::threshold();
        let answer = self.send(&request, zone, progress, false).await;
        if let Ok(answer) = answer.and_then(|answer| answer.value(&request))
            && let Some(reading) = Threshold::from_answer(&answer, self.clock.now())
        {
            self.tenant.know(reading);
        }
    }

    fn accepted(&self, progress: &Progress) {
        let mut is_first = false;
        self.know(|known, now| {
            is_first = !known.is_sure();
            (known.auth, known.worked) = (Auth::Accepted(now), known.worked + 1);
            known.proof = Some(known.refused);
            progress.prove(known.refused);
        });
        if self.breaker.close() {
            tracing::info!("Autotask accepts the credentials again");
            self.keep();
            self.released.notify_waiters();
        } else if is_first {
            // The try does not count any more.
            self.keep();
        }
    }

    /// The credentials were refused, and looking for another zone did not help.
    fn refused(&self, error: &AutotaskError) {
        self.know(|known, now| known.auth = Auth::Refused(now));
        let locked = matches!(error, AutotaskError::Locked { .. });
        if self.breaker.open(locked, self.clock.moment()) {
            tracing::warn!(
                "{error}: the credentials are tried less often from now on, because too many \
                 attempts lock the account"
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
        self.know(|known, now| known.discovered = Some(now));
        let request = Request::zone_information(&self.credentials.username);
        let answer = self.send(&request, &base, progress, false).await;
        if let Err(error) = answer.as_ref()
            && error.refuses_the_credentials()
        {
            self.refused(error);
        }
        let address = self.zone.address_in(&answer?.value(&request)?)?;
        let url = address.url.clone();
        self.zone.remember(address);
        Ok(url)
    }

    /// Whether the zone that a request failed at may not be the tenant's any more: it refuses
    /// credentials that are good elsewhere, or sends them there, or it is not there at all. One that
    /// has nothing at an address, or answers with a web page, may be a wrong one from the beginning;
    /// but that has many reasons, so it is not asked for again and again.
    fn may_have_moved(&self, error: &AutotaskError) -> bool {
        match error {
            AutotaskError::AuthFailed { .. } | AutotaskError::Redirected { .. } => true,
            AutotaskError::Unreachable { kind, .. } => {
                matches!(kind, ErrorKind::Name | ErrorKind::Refused | ErrorKind::Tls)
            }
            AutotaskError::NotFound { .. } | AutotaskError::WebPage { .. } => {
                let now = self.clock.now();
                self.known().discovered.is_none_or(|at| (now - at).abs() >= DOUBT_AFTER)
            }
            _ => false,
        }
    }
}
