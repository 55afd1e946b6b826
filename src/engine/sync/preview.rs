//! The preview: what a sync would apply, without applying it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::Syncs;
use super::compare::Examined;
use crate::autotask::{Progress, Scope};
use crate::engine::context::Live;
use crate::model::{ClientId, ClientRef, ClientSnapshot, Code, Failure, PendingItem, Reject};

/// What one look at Autotask found for a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
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
    pub async fn look(&self, client: &ClientRef, progress: &Progress) -> Result<Look, Failure> {
        let live = self.context.live();
        let mut looks = self.look_at(&live, &Scope::Clients(vec![client.id]), progress).await?;
        looks.pop().ok_or_else(|| Failure::new(Code::Internal, "Autotask was not asked"))
    }

    /// Asks Autotask what is pending for every client, and remembers the answers.
    pub async fn look_at_all(&self, progress: &Progress) -> Result<Vec<Look>, Failure> {
        let looks = self.look_at(&self.context.live(), &Scope::All, progress).await?;
        self.remember_whom(&looks);
        Ok(looks)
    }

    /// What the last look at each client found, where it is still remembered.
    pub fn last_looks(&self) -> Result<Vec<Look>, Failure> {
        let mut clients: BTreeSet<ClientId> =
            self.context.store.clients()?.into_iter().map(|state| state.client.id).collect();
        clients.extend(self.looked_at());
        Ok(clients.into_iter().filter_map(|client| self.last_look(client)).collect())
    }

    /// What the last look at a client found, if it is still remembered.
    pub fn last_look(&self, client: ClientId) -> Option<Look> {
        self.recall(client)
    }

    async fn look_at(
        &self,
        live: &Live,
        scope: &Scope,
        progress: &Progress,
    ) -> Result<Vec<Look>, Failure> {
        let mut looks = Vec::new();
        for reading in self.read(live, scope, progress).await? {
            let Examined { items, .. } = self.examine(live, &reading, &BTreeSet::new())?;
            progress.compared(reading.snapshot.items.len());
            // For thousands of clients this is a while: others get their turn, and it can be told.
            tokio::task::yield_now().await;
            let ClientSnapshot { client, as_of, rejects, .. } = reading.snapshot;
            let look = Look { client, as_of, items, rejects };
            self.remember(&look);
            looks.push(look);
        }
        Ok(looks)
    }
}
