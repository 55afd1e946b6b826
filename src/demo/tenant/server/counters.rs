//! What the tenant counted: evidence for tests of how a client behaves. It decides nothing.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A snapshot of the counters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Requests of every kind, refused ones too.
    pub total: u64,
    /// Requests by endpoint, such as `Contracts/query`, `Contracts/query/next`,
    /// `Contracts/query/count`, `Contracts/{id}`, `Contracts/entityInformation/fields`,
    /// `ZoneInformation`.
    pub by_endpoint: BTreeMap<String, u64>,
    /// The most requests at the same time by object: `Contracts`, `ThresholdInformation`.
    pub highest_concurrency: BTreeMap<String, usize>,
    /// Requests answered 401, or 500 for a wrong user or integration code.
    pub authentication_failures: u64,
    /// Requests that could have changed something; all were refused.
    pub write_attempts: u64,
    /// Requests answered 429.
    pub rate_limited: u64,
}

impl Counters {
    /// Requests to one endpoint; see [`Counters::by_endpoint`] for the names.
    pub fn requests(&self, endpoint: &str) -> u64 {
        self.by_endpoint.get(endpoint).copied().unwrap_or(0)
    }
}

/// The running counters; concurrency is kept where places are given out, in `limits`.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<Counters>);

impl Tally {
    fn counters(&self) -> MutexGuard<'_, Counters> {
        // Only counts: a panic elsewhere leaves them whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn request(&self, endpoint: &str) {
        let mut counters = self.counters();
        counters.total += 1;
        *counters.by_endpoint.entry(endpoint.to_owned()).or_default() += 1;
    }

    pub(crate) fn authentication_failure(&self) {
        self.counters().authentication_failures += 1;
    }

    pub(crate) fn write_attempt(&self) {
        self.counters().write_attempts += 1;
    }

    pub(crate) fn rate_limited(&self) {
        self.counters().rate_limited += 1;
    }

    pub(crate) fn snapshot(&self) -> Counters {
        self.counters().clone()
    }

    pub(crate) fn reset(&self) {
        *self.counters() = Counters::default();
    }
}
