//! How the outlets last went: the notify command, the metrics file, the heartbeat. Nobody looks at
//! them while they work, so that each keeps its last result, also across a restart, and `status`,
//! `check` and `doctor` show it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::config::Settings;
use crate::model::{Outlet, OutletState};
use crate::store::Store;

/// The name of the last results in the cache.
const OUTLETS: &str = "outlets";

/// Stored state: how an outlet last went, as the cache keeps it.
#[derive(Serialize, Deserialize)]
struct StoredOutlet {
    outlet: String,
    last: DateTime<Utc>,
    failing_since: Option<DateTime<Utc>>,
    error: Option<String>,
}

/// The last result of each outlet that was used.
#[derive(Clone, Default)]
pub(super) struct Outlets(Arc<Mutex<BTreeMap<Outlet, OutletState>>>);

impl Outlets {
    /// Those that an earlier daemon left in the store's cache.
    pub(super) fn of(store: &Store) -> Outlets {
        Outlets::recalled(store.cache_get(OUTLETS).as_deref())
    }

    /// Notes how an outlet just went: that it worked, or what went wrong. Gives whether that is
    /// news.
    pub(super) fn used(
        &self,
        outlet: Outlet,
        result: Result<(), String>,
        (store, now): (&Store, DateTime<Utc>),
    ) -> bool {
        let (words, failed) = (outlet.words(), result.clone().err());
        let Some(kept) = self.note(outlet, now, result) else { return false };
        // The alert tells it; this is for whoever follows each step.
        match failed {
            Some(error) => tracing::debug!("{words} failed: {error}"),
            None => tracing::debug!("{words} works"),
        }
        store.cache_put(OUTLETS, &kept);
        true
    }

    /// Those that an earlier daemon kept; none where the cache is unreadable.
    fn recalled(bytes: Option<&[u8]>) -> Outlets {
        let stored: Vec<StoredOutlet> =
            bytes.and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default();
        let states = stored.into_iter().filter_map(|stored| {
            let StoredOutlet { outlet, last, failing_since, error } = stored;
            let outlet = Outlet::from_name(&outlet)?;
            Some((outlet, OutletState { outlet, last: Some(last), failing_since, error }))
        });
        Outlets(Arc::new(Mutex::new(states.collect())))
    }

    /// Notes how an outlet just went. Gives what is to be kept, if it went otherwise than before.
    fn note(
        &self,
        outlet: Outlet,
        now: DateTime<Utc>,
        result: Result<(), String>,
    ) -> Option<Vec<u8>> {
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = states.get(&outlet).cloned();
        let error = result.err();
        let failing_since = before.as_ref().and_then(|state| state.failing_since);
        let failing_since = error.is_some().then(|| failing_since.unwrap_or(now));
        let after = OutletState { outlet, last: Some(now), failing_since, error };
        // The moment alone is not worth a write each minute.
        let is_news = before.is_none_or(|before| before.error != after.error);
        states.insert(outlet, after);
        is_news.then(|| serde_json::to_vec(&stored(&states)).ok()).flatten()
    }

    /// How those that the settings configure last went.
    pub(super) fn states(&self, settings: &Settings) -> Vec<OutletState> {
        let states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let configured = Outlet::ALL.into_iter().filter(|outlet| is_configured(*outlet, settings));
        configured
            .map(|outlet| states.get(&outlet).cloned().unwrap_or(OutletState::unused(outlet)))
            .collect()
    }
}

fn stored(states: &BTreeMap<Outlet, OutletState>) -> Vec<StoredOutlet> {
    let used = states.values().filter_map(|state| {
        Some(StoredOutlet {
            outlet: state.outlet.name().to_owned(),
            last: state.last?,
            failing_since: state.failing_since,
            error: state.error.clone(),
        })
    });
    used.collect()
}

fn is_configured(outlet: Outlet, settings: &Settings) -> bool {
    match outlet {
        Outlet::Notify => !settings.notify.command.is_empty(),
        Outlet::Metrics => settings.metrics.textfile.is_some(),
        Outlet::Heartbeat => settings.notify.heartbeat_url.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn the_last_result_is_kept_and_a_failure_knows_since_when() {
        let (outlets, start) = (Outlets::default(), DateTime::UNIX_EPOCH);
        let minute = |number| start + TimeDelta::minutes(number);
        let fails = |why: &str| Err(why.to_owned());
        assert!(outlets.note(Outlet::Metrics, minute(0), Ok(())).is_some());
        assert!(outlets.note(Outlet::Metrics, minute(1), Ok(())).is_none(), "nothing new");
        assert!(outlets.note(Outlet::Metrics, minute(2), fails("full")).is_some());
        let kept = outlets.note(Outlet::Metrics, minute(3), fails("read-only")).expect("news");
        let recalled = Outlets::recalled(Some(&kept));
        let state = recalled.0.lock().expect("the states")[&Outlet::Metrics].clone();
        assert_eq!(state.last, Some(minute(3)));
        assert_eq!(state.failing_since, Some(minute(2)));
        assert_eq!(state.trouble().as_deref(), Some("the metrics file failed: read-only"));
        assert!(outlets.note(Outlet::Metrics, minute(4), Ok(())).is_some());
        let states = outlets.0.lock().expect("the states");
        assert_eq!(states[&Outlet::Metrics].failing_since, None);
    }

    #[test]
    fn a_cache_that_cannot_be_read_is_as_none() {
        for bytes in [None, Some(&b"{"[..]), Some(br#"[{"outlet":"x"}]"#)] {
            assert!(Outlets::recalled(bytes).0.lock().expect("the states").is_empty());
        }
    }
}
