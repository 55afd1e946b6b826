//! Committing what was decided from the store as it was read: if the store has moved on meanwhile,
//! it is read and decided again.

use chrono::{DateTime, Utc};

use super::Engine;
use crate::model::{Actor, Advice, Code, Failure};
use crate::store::{Commit, Committed, StoreError};

/// How often a commit is tried. Edits by hand are rare and quick, and runs of one client never
/// overlap, so that a second try nearly always succeeds.
const TRIES: usize = 5;

impl Engine {
    /// Builds a commit from the store as it is now and commits it; builds it anew where the store
    /// moved on in between. `build` must read what it decides on by itself, each time. Without a
    /// commit, nothing needs to be written.
    pub(super) async fn commit_from<T>(
        &self,
        mut build: impl FnMut() -> Result<(Option<Commit>, T), Failure>,
    ) -> Result<(Option<Committed>, T), Failure> {
        for _ in 0..TRIES {
            let (commit, result) = build()?;
            let Some(commit) = commit else { return Ok((None, result)) };
            match self.store.commit(commit).await {
                Ok(committed) => return Ok((Some(committed), result)),
                Err(StoreError::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Failure::new(Code::Busy, "the same contracts were changed again and again meanwhile")
            .advise(Advice::Retry))
    }
}

/// A commit that changes nothing yet.
pub(super) fn empty_commit(at: DateTime<Utc>, actor: &Actor) -> Commit {
    Commit {
        at,
        actor: actor.clone(),
        run: None,
        contracts: Vec::new(),
        clients: Vec::new(),
        marks: Vec::new(),
        memos: Vec::new(),
    }
}
