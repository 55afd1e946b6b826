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
pub(super) struct Busy {
    running: Mutex<BTreeMap<ClientId, Running>>,
    released: Notify,
}

/// The right to sync a client; ends when it is dropped.
#[derive(Debug)]
pub(super) struct Claim {
    busy: Arc<Busy>,
    client: ClientId,
}

impl Busy {
    /// Claims the client, or says who has it.
    pub(super) fn claim(self: &Arc<Busy>, wanted: Running) -> Result<Claim, Running> {
        let client = wanted.client.id;
        let mut running = self.lock();
        if let Some(other) = running.get(&client) {
            return Err(other.clone());
        }
        running.insert(client, wanted);
        Ok(Claim { busy: Arc::clone(self), client })
    }

    /// Claims the client as soon as it is free.
    pub(super) async fn claim_when_free(self: &Arc<Busy>, wanted: Running) -> Claim {
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
    pub(super) fn running(&self, client: ClientId) -> Option<Running> {
        self.lock().get(&client).cloned()
    }

    /// Every run that is under way.
    pub(super) fn all(&self) -> Vec<Running> {
        self.lock().values().cloned().collect()
    }

    /// Ends when some client is released.
    pub(super) fn released(&self) -> Notified<'_> {
        self.released.notified()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ClientId, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.busy.lock().remove(&self.client);
        self.busy.released.notify_waiters();
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
        let busy = Arc::new(Busy::default());
        let claim = busy.claim(running(1)).expect("free");
        assert_eq!(busy.claim(running(1)).expect_err("taken"), running(1));
        assert!(busy.claim(running(2)).is_ok());
        let waiting = tokio::spawn({
            let busy = Arc::clone(&busy);
            async move { busy.claim_when_free(running(1)).await }
        });
        tokio::task::yield_now().await;
        drop(claim);
        let claim = waiting.await.expect("ends");
        assert!(busy.running(ClientId(1)).is_some());
        drop(claim);
        assert!(busy.all().is_empty());
    }
}
