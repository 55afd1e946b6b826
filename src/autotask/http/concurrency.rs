//! How many requests may be under way at a time, per endpoint.
//!
//! Autotask allows three (section 3 of the Autotask facts) and frees a place a little after the
//! answer; so fewer are used. An endpoint that said it was too much gets one at a time, until it
//! has been content for a while. All of this outlives a reload, because requests that began before
//! it may still be under way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::entity::Endpoint;

/// The most requests at a time at one endpoint, whatever is asked for: one fewer than Autotask
/// allows.
const MOST: usize = 2;

/// How long after the last complaint an endpoint gets one request at a time.
const CAREFUL: Duration = Duration::from_secs(300);

type Endpoints = Arc<Mutex<HashMap<Endpoint, Places>>>;

/// The places of every endpoint.
pub(in crate::autotask) struct Limits {
    /// Whether one request at a time is all that is asked for.
    one_at_a_time: bool,
    /// Shared with the limits that were taken over.
    endpoints: Mutex<Endpoints>,
}

#[derive(Clone)]
struct Places {
    all: Arc<Semaphore>,
    /// The one place that is taken besides while there is reason to be careful.
    single: Arc<Semaphore>,
    careful_until: Option<Instant>,
}

/// A place; free again when it is dropped.
pub(in crate::autotask) struct Place {
    _one_of_all: OwnedSemaphorePermit,
    _single: Option<OwnedSemaphorePermit>,
}

impl Limits {
    /// `places` requests at a time for each endpoint: one, or [`MOST`].
    pub fn new(places: usize) -> Limits {
        Limits { one_at_a_time: places < MOST, endpoints: Mutex::default() }
    }

    /// Shares the places with `other` from now on, and its complaints.
    pub fn inherit_from(&self, other: &Limits) {
        let endpoints = other.endpoints();
        *self.endpoints.lock().unwrap_or_else(PoisonError::into_inner) = endpoints;
    }

    /// Waits for a place at `endpoint`. None is only returned by a semaphore that was closed, which
    /// these never are.
    pub async fn enter(&self, endpoint: Endpoint) -> Option<Place> {
        let all = self.at(endpoint, |places| Arc::clone(&places.all));
        let one_of_all = all.acquire_owned().await.ok()?;
        // Only now, because a complaint may have come while this waited.
        let single = self.at(endpoint, |places| {
            let careful = places.careful_until.is_some_and(|until| Instant::now() < until);
            (careful || self.one_at_a_time).then(|| Arc::clone(&places.single))
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

    fn endpoints(&self) -> Endpoints {
        Arc::clone(&self.endpoints.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn at<T>(&self, endpoint: Endpoint, act: impl FnOnce(&mut Places) -> T) -> T {
        let endpoints = self.endpoints();
        let mut endpoints = endpoints.lock().unwrap_or_else(PoisonError::into_inner);
        act(endpoints.entry(endpoint).or_insert_with(|| Places {
            all: Arc::new(Semaphore::new(MOST)),
            single: Arc::new(Semaphore::new(1)),
            careful_until: None,
        }))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::autotask::http::entity::Entity;

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
    async fn limits_that_are_taken_over_share_places_and_complaints() {
        let old = Limits::new(2);
        let under_way = old.enter(CONTRACTS).await;
        let new = Limits::new(2);
        new.inherit_from(&old);
        let second = new.enter(CONTRACTS).now_or_never().expect("the other place");
        assert!(new.enter(CONTRACTS).now_or_never().is_none());
        drop(second);
        // One at a time from now on, beside what is still under way.
        let fewer = Limits::new(1);
        fewer.inherit_from(&new);
        let second = fewer.enter(CONTRACTS).now_or_never().expect("a place");
        assert!(fewer.enter(CONTRACTS).now_or_never().is_none());
        drop(second);
        old.complained(CONTRACTS);
        let _second = new.enter(CONTRACTS).now_or_never().expect("a place");
        drop(under_way);
        assert!(new.enter(CONTRACTS).now_or_never().is_none(), "the complaint was taken over");
    }

    #[tokio::test]
    async fn one_at_a_time_is_one_at_a_time() {
        let limits = Limits::new(1);
        let first = limits.enter(CONTRACTS).await;
        assert!(limits.enter(CONTRACTS).now_or_never().is_none());
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
