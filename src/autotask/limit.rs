//! How many requests may be under way at a time, per endpoint.
//!
//! Autotask allows three (section 3 of the Autotask facts) and frees a place a little after the
//! answer; so fewer are used.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::entity::Endpoint;

/// The places of every endpoint.
pub(super) struct Limits {
    places: usize,
    endpoints: Mutex<HashMap<Endpoint, Arc<Semaphore>>>,
}

impl Limits {
    /// `places` requests at a time for each endpoint, at least one.
    pub fn new(places: usize) -> Limits {
        Limits { places: places.max(1), endpoints: Mutex::default() }
    }

    /// Waits for a place at `endpoint`, and holds it until the permit is dropped. None is only
    /// returned by a semaphore that was closed, which these never are.
    pub async fn enter(&self, endpoint: Endpoint) -> Option<OwnedSemaphorePermit> {
        let semaphore = {
            let mut endpoints = self.endpoints.lock().unwrap_or_else(PoisonError::into_inner);
            let fresh = || Arc::new(Semaphore::new(self.places));
            Arc::clone(endpoints.entry(endpoint).or_insert_with(fresh))
        };
        semaphore.acquire_owned().await.ok()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::autotask::entity::Entity;

    #[tokio::test]
    async fn a_third_request_waits_but_not_at_another_endpoint() {
        let limits = Limits::new(2);
        let contracts = Endpoint::Entity(Entity::Contracts);
        let first = limits.enter(contracts).await;
        let _second = limits.enter(contracts).await;
        assert!(limits.enter(contracts).now_or_never().is_none());
        assert!(limits.enter(Endpoint::Entity(Entity::Companies)).now_or_never().is_some());
        drop(first);
        assert!(limits.enter(contracts).now_or_never().is_some());
    }
}
