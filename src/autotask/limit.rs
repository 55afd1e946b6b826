//! How many requests may be under way at a time, per endpoint.
//!
//! Autotask allows three (section 3 of the Autotask facts) and frees a place a little after the
//! answer; so fewer are used. An endpoint that said it was too much gets one at a time, until it
//! has been content for a while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::entity::Endpoint;

/// How long after the last complaint an endpoint gets one request at a time.
const CAREFUL: Duration = Duration::from_secs(300);

/// The places of every endpoint.
pub(super) struct Limits {
    places: usize,
    endpoints: Mutex<HashMap<Endpoint, Places>>,
}

#[derive(Clone)]
struct Places {
    all: Arc<Semaphore>,
    /// The one place that is taken besides while there is reason to be careful.
    single: Arc<Semaphore>,
    careful_until: Option<Instant>,
}

/// A place; free again when it is dropped.
pub(super) struct Place {
    _one_of_all: OwnedSemaphorePermit,
    _single: Option<OwnedSemaphorePermit>,
}

impl Limits {
    /// `places` requests at a time for each endpoint, at least one.
    pub fn new(places: usize) -> Limits {
        Limits { places: places.max(1), endpoints: Mutex::default() }
    }

    /// Waits for a place at `endpoint`. None is only returned by a semaphore that was closed, which
    /// these never are.
    pub async fn enter(&self, endpoint: Endpoint) -> Option<Place> {
        let all = self.at(endpoint, |places| Arc::clone(&places.all));
        let one_of_all = all.acquire_owned().await.ok()?;
        // Only now, because a complaint may have come while this waited.
        let single = self.at(endpoint, |places| {
            let careful = places.careful_until.is_some_and(|until| Instant::now() < until);
            careful.then(|| Arc::clone(&places.single))
        });
        let single = match single {
            Some(single) => Some(single.acquire_owned().await.ok()?),
            None => None,
        };
        Some(Place { _one_of_all: one_of_all, _single: single })
    }

    /// The endpoint had too much to do.
    pub fn complained(&self, endpoint: Endpoint) {
        self.at(endpoint, |places| places.careful_until = Some(Instant::now() + CAREFUL));
    }

    fn at<T>(&self, endpoint: Endpoint, act: impl FnOnce(&mut Places) -> T) -> T {
        let mut endpoints = self.endpoints.lock().unwrap_or_else(PoisonError::into_inner);
        act(endpoints.entry(endpoint).or_insert_with(|| Places {
            all: Arc::new(Semaphore::new(self.places)),
            single: Arc::new(Semaphore::new(1)),
            careful_until: None,
        }))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::autotask::entity::Entity;

    const CONTRACTS: Endpoint = Endpoint::Entity(Entity::Contracts);

    #[tokio::test]
    async fn a_third_request_waits_but_not_at_another_endpoint() {
        let limits = Limits::new(2);
        let first = limits.enter(CONTRACTS).await;
        let _second = limits.enter(CONTRACTS).await;
        assert!(limits.enter(CONTRACTS).now_or_never().is_none());
        assert!(limits.enter(Endpoint::Entity(Entity::Companies)).now_or_never().is_some());
        drop(first);
        assert!(limits.enter(CONTRACTS).now_or_never().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_complaint_leaves_one_place_until_it_was_quiet_for_a_while() {
        let limits = Limits::new(2);
        limits.complained(CONTRACTS);
        let first = limits.enter(CONTRACTS).await;
        assert!(limits.enter(CONTRACTS).now_or_never().is_none());
        assert!(limits.enter(Endpoint::Version).now_or_never().is_some());
        drop(first);
        let first = limits.enter(CONTRACTS).now_or_never().expect("a place");
        tokio::time::advance(CAREFUL).await;
        assert!(limits.enter(CONTRACTS).now_or_never().is_some());
        drop(first);
    }
}
