//! Asking with credentials and a zone that may not be good any more.

use serde_json::Value;

use super::{Connection, refuses};
use crate::autotask::http::entity::Endpoint;
use crate::autotask::http::error::AutotaskError;
use crate::autotask::http::request::Request;
use crate::autotask::http::transport_error::ErrorKind;
use crate::autotask::session::progress::Progress;
use crate::autotask::session::retry::{RetryPolicy, retry};
use crate::autotask::session::usage::{Auth, Threshold};
use crate::autotask::session::work::Work;
use crate::autotask::session::zone;

impl Connection {
    /// Asks `request` as patiently as told.
    pub async fn ask(
        &self,
        request: &Request,
        patience: RetryPolicy,
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

    /// Reads the tenant's use if that is due. Whatever goes wrong, the request itself will find
    /// out.
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
        if self.breaker.close() {
            tracing::info!("Autotask accepts the credentials again");
            self.keep();
            self.released.notify_waiters();
        }
    }

    /// The credentials were refused, and looking for another zone did not help.
    fn refused(&self) {
        self.know(|known, now| known.auth = Auth::Refused(now));
        if self.breaker.open(self.clock.moment()) {
            tracing::warn!(
                "Autotask refused the credentials of {}: they are tried less often from now on, \
                 because too many attempts lock the account",
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
}

/// Whether a zone that a request failed at may not be the tenant's any more: it refuses credentials
/// that are good elsewhere, or it is not there at all.
fn may_have_moved(error: &AutotaskError) -> bool {
    match error {
        AutotaskError::AuthFailed { .. } => true,
        AutotaskError::Unreachable { kind, .. } => {
            matches!(kind, ErrorKind::Name | ErrorKind::Refused | ErrorKind::Tls)
        }
        _ => false,
    }
}
