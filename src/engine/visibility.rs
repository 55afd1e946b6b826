//! What the API user may see, asked rarely and kept: it decides whether anything may be called
//! whole.
//!
//! Asking takes a request for each entity. So it is asked when nothing is known, as in a fresh store
//! and for another user; once a week while everything is visible, since what vanishes makes a run ask
//! in any case and add what it learns; and once an hour while something is hidden. Meanwhile the first
//! that is hidden is asked for again on each occasion, so that a mended permission is noticed.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::autotask::{Access, Autotask, Entity, Progress};
use crate::model::Visibility;
use crate::store::Store;

/// The name of the last answer in the cache.
const VISIBILITY: &str = "visibility";

/// How long the answer serves that everything is visible.
const WHOLE: TimeDelta = TimeDelta::days(7);

/// How long the answer serves that something is hidden.
const LIMITED: TimeDelta = TimeDelta::hours(1);

/// Stored state: the last answer, as the cache keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Stored {
    user: String,
    as_of: DateTime<Utc>,
    some: Vec<String>,
    none: Vec<String>,
}

/// The last answer.
#[derive(Clone)]
pub(super) struct Seen {
    stored: Arc<Mutex<Option<Stored>>>,
    /// Held by whoever asks, so that a crowd asks once.
    asking: Arc<tokio::sync::Mutex<()>>,
}

impl Seen {
    /// That of an earlier daemon.
    pub(super) fn of(store: &Store) -> Seen {
        let bytes = store.cache_get(VISIBILITY);
        let stored = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Seen { stored: Arc::new(Mutex::new(stored)), asking: Arc::default() }
    }

    /// What is known for a user.
    pub(super) fn known(&self, user: &str) -> Option<Visibility> {
        let stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Stored { as_of, some, none, .. } = stored.filter(|stored| stored.user == user)?;
        Some(Visibility { as_of, some, none })
    }

    /// What is known for a user, asked again where that is due. What cannot be asked stays as it is
    /// known: whoever needs the answer to decide asks for itself.
    pub(super) async fn fresh(
        &self,
        user: &str,
        autotask: &Autotask,
        (store, now): (&Store, DateTime<Utc>),
        progress: &Progress,
    ) -> Option<Visibility> {
        let serves = |known: &Visibility| {
            let long = if known.limits().is_none() { WHOLE } else { LIMITED };
            (now - known.as_of).abs() < long
        };
        let is_whole = |known: &Visibility| serves(known) && known.limits().is_none();
        if let Some(known) = self.known(user).filter(is_whole) {
            return Some(known);
        }
        let _asking = self.asking.lock().await;
        let known = self.known(user);
        if let Some(known) = known.as_ref().filter(|known| serves(known)) {
            return Some(self.mended(user, known.clone(), autotask, (store, now), progress).await);
        }
        let asked = autotask.accesses(progress).await;
        // It was spent, and a restart must know.
        autotask.keep();
        match asked {
            Ok(accesses) => {
                self.note(user, &accesses, (store, now));
                self.known(user)
            }
            Err(error) => {
                tracing::debug!("what the API user may see cannot be asked: {error}");
                known
            }
        }
    }

    /// What is known, without what is hidden no more. One after the other is asked for until one is
    /// still hidden: that costs one request as long as nothing changes.
    async fn mended(
        &self,
        user: &str,
        known: Visibility,
        autotask: &Autotask,
        (store, now): (&Store, DateTime<Utc>),
        progress: &Progress,
    ) -> Visibility {
        let hidden = known.some.iter().chain(&known.none);
        let hidden: Vec<Entity> = hidden.filter_map(|name| Entity::named(name)).collect();
        let mut mended = Vec::new();
        for entity in hidden {
            match autotask.accesses_of(&[entity], progress).await {
                Ok(accesses) if accesses.iter().all(|(_, access)| *access == Access::All) => {
                    mended.extend(accesses);
                }
                Ok(_) | Err(_) => break,
            }
        }
        autotask.keep();
        if mended.is_empty() {
            return known;
        }
        self.add(user, &mended, (store, now));
        self.known(user).unwrap_or(known)
    }

    /// Keeps what was found out of some, beside what is known of the others; where nothing is known
    /// of those, everything is to be asked for.
    pub(super) fn add(
        &self,
        user: &str,
        accesses: &[(Entity, Access)],
        (store, now): (&Store, DateTime<Utc>),
    ) {
        let Some(known) = self.known(user) else { return };
        let all = [(&known.some, Access::Restricted), (&known.none, Access::None)];
        let others = all.iter().flat_map(|(names, access)| {
            let entities = names.iter().filter_map(|name| Entity::named(name));
            entities.map(|entity| (entity, *access))
        });
        let is_new = |entity: &Entity| accesses.iter().any(|(new, _)| new == entity);
        let merged: Vec<(Entity, Access)> =
            others.filter(|(entity, _)| !is_new(entity)).chain(accesses.iter().copied()).collect();
        let learned = merged.iter().any(|(_, access)| *access != Access::All);
        // Only some of it was asked for: what else is due stays due.
        self.note(user, &merged, (store, if learned { now } else { known.as_of }));
    }

    /// Keeps what was found out.
    pub(super) fn note(
        &self,
        user: &str,
        accesses: &[(Entity, Access)],
        (store, now): (&Store, DateTime<Utc>),
    ) {
        let with = |wanted: &[Access]| -> Vec<String> {
            let found = accesses.iter().filter(|(_, access)| wanted.contains(access));
            found.map(|(entity, _)| entity.name().to_owned()).collect()
        };
        let stored = Stored {
            user: user.to_owned(),
            as_of: now,
            some: with(&[Access::Restricted]),
            none: with(&[Access::None]),
        };
        if let Ok(bytes) = serde_json::to_vec(&stored) {
            store.cache_put(VISIBILITY, &bytes);
        }
        *self.stored.lock().unwrap_or_else(PoisonError::into_inner) = Some(stored);
    }
}
