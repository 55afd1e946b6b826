//! A place outside for one piece of stored state, as JSON: it may be lost at any time, and what
//! cannot be read counts as nothing.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;

type Load = Box<dyn Fn() -> Option<Vec<u8>> + Send + Sync>;
type Store = Box<dyn Fn(&[u8]) + Send + Sync>;

/// The place, and when it was last written to.
pub(in crate::autotask) struct Slot {
    load: Load,
    store: Store,
    written: Mutex<Option<DateTime<Utc>>>,
}

impl Slot {
    /// A place: `load` returns the bytes that `store` was last given.
    pub fn new(
        load: impl Fn() -> Option<Vec<u8>> + Send + Sync + 'static,
        store: impl Fn(&[u8]) + Send + Sync + 'static,
    ) -> Slot {
        Slot { load: Box::new(load), store: Box::new(store), written: Mutex::default() }
    }

    /// A place that keeps nothing.
    pub fn none() -> Slot {
        Slot::new(|| None, |_| {})
    }

    /// What lies there.
    pub fn read<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&(self.load)()?).ok()
    }

    /// Puts it there.
    pub fn write(&self, state: &impl Serialize, now: DateTime<Utc>) {
        if let Ok(bytes) = serde_json::to_vec(state) {
            (self.store)(&bytes);
        }
        *self.written.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }

    /// Whether it was last written to at least so long ago, by a clock that may have been set.
    pub fn is_older_than(&self, age: TimeDelta, now: DateTime<Utc>) -> bool {
        let last = *self.written.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_none_or(|last| (now - last).abs() >= age)
    }
}
