//! The preview: what a sync would apply, without applying it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::Syncs;
use super::compare::Comparison;
use crate::autotask::{Progress, Scope};
use crate::engine::context::Live;
use crate::model::{ClientId, ClientRef, ClientSnapshot, Code, Failure, PendingItem, Reject};

/// What one preview at Autotask found for a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The client.
    pub client: ClientRef,
    /// When Autotask was asked.
    pub as_of: DateTime<Utc>,
    /// What a sync would apply, each agreement directly before its additions.
    pub items: Vec<PendingItem>,
    /// Rows that could not be converted.
    pub rejects: Vec<Reject>,
}

impl Syncs {
    /// Asks Autotask what is pending for a client, and remembers the answer.
    pub async fn preview(
        &self,
        client: &ClientRef,
        progress: &Progress,
    ) -> Result<Preview, Failure> {
        let live = self.context.live();
        let mut previews =
            self.preview_of(&live, &Scope::Clients(vec![client.id]), progress).await?;
        previews.pop().ok_or_else(|| Failure::new(Code::Internal, "Autotask was not asked"))
    }

    /// Asks Autotask what is pending for every client, and remembers the answers.
    pub async fn preview_all(&self, progress: &Progress) -> Result<Vec<Preview>, Failure> {
        let previews = self.preview_of(&self.context.live(), &Scope::All, progress).await?;
        self.remember_found(&previews);
        Ok(previews)
    }

    /// What the last preview at each client found, where it is still remembered.
    pub fn cached_previews(&self) -> Result<Vec<Preview>, Failure> {
        let mut clients: BTreeSet<ClientId> =
            self.context.store.clients()?.into_iter().map(|state| state.client.id).collect();
        clients.extend(self.previewed());
        Ok(clients.into_iter().filter_map(|client| self.cached_preview(client)).collect())
    }

    /// What the last preview at a client found, if it is still remembered.
    pub fn cached_preview(&self, client: ClientId) -> Option<Preview> {
        self.recall(client)
    }

    /// Asks Autotask what is pending for the clients of a scope, and remembers the answers.
    pub(in crate::engine) async fn preview_of(
        &self,
        live: &Live,
        scope: &Scope,
        progress: &Progress,
    ) -> Result<Vec<Preview>, Failure> {
        let mut previews = Vec::new();
        for reading in self.read(live, scope, progress).await? {
            let now = self.context.now();
            let Comparison { items, .. } = self.compare(live, &reading, &BTreeSet::new(), now)?;
            progress.compared(reading.snapshot.items.len());
            // For thousands of clients this is a while: others get their turn, and it can be told.
            tokio::task::yield_now().await;
            let ClientSnapshot { client, as_of, rejects, .. } = reading.snapshot;
            let preview = Preview { client, as_of, items, rejects };
            self.remember(&preview);
            previews.push(preview);
        }
        Ok(previews)
    }
}
