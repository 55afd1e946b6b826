//! One run at a time per client, and who has it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use crate::model::{Actor, ClientId, ClientRef};

/// A run that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// The client that it syncs.
    pub client: ClientRef,
    /// Who asked for it.
    pub actor: Actor,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// The clients that are being synced.
#[derive(Debug, Default)]
pub(in crate::engine) struct Locks {
    running: Mutex<BTreeMap<ClientId, Running>>,
    released: Notify,
}

/// The right to sync a client; ends when it is dropped.
#[derive(Debug)]
pub(in crate::engine) struct Claim {
    locks: Arc<Locks>,
    client: ClientId,
}

impl Locks {
    /// Claims the client, or says who has it.
    pub(in crate::engine) fn claim(self: &Arc<Locks>, wanted: Running) -> Result<Claim, Running> {
        let client = wanted.client.id;
        let mut running = self.lock();
        if let Some(other) = running.get(&client) {
            return Err(other.clone());
        }
        running.insert(client, wanted);
        Ok(Claim { locks: Arc::clone(self), client })
    }

    /// Claims the client as soon as it is free.
    pub(in crate::engine) async fn claim_when_free(self: &Arc<Locks>, wanted: Running) -> Claim {
        loop {
            // Listen before looking, so that a release in between is not missed.
            let mut released = std::pin::pin!(self.released.notified());
            released.as_mut().enable();
            match self.claim(wanted.clone()) {
                Ok(claim) => return claim,
                Err(_) => released.await,
            }
        }
    }

    /// Who syncs the client, if anyone.
    pub(in crate::engine) fn running(&self, client: ClientId) -> Option<Running> {
        self.lock().get(&client).cloned()
    }

    /// Every run that is under way.
    pub(in crate::engine) fn all(&self) -> Vec<Running> {
        self.lock().values().cloned().collect()
    }

    /// Ends when some client is released.
    pub(in crate::engine) fn released(&self) -> Notified<'_> {
        self.released.notified()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ClientId, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.locks.lock().remove(&self.client);
        self.locks.released.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running(id: i64) -> Running {
        let client = ClientRef { id: ClientId(id), name: "Acme".to_owned() };
        Running { client, actor: Actor::daemon(), since: DateTime::UNIX_EPOCH }
    }

    #[tokio::test]
    async fn the_second_is_told_of_the_first_and_may_wait() {
        let locks = Arc::new(Locks::default());
        let claim = locks.claim(running(1)).expect("free");
        assert_eq!(locks.claim(running(1)).expect_err("taken"), running(1));
        assert!(locks.claim(running(2)).is_ok());
        let waiting = tokio::spawn({
            let locks = Arc::clone(&locks);
            async move { locks.claim_when_free(running(1)).await }
        });
        tokio::task::yield_now().await;
        drop(claim);
        let claim = waiting.await.expect("ends");
        assert!(locks.running(ClientId(1)).is_some());
        drop(claim);
        assert!(locks.all().is_empty());
    }
}
