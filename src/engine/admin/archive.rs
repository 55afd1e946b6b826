//! Backups, out and back.

use super::Admin;
use crate::model::{Code, Failure};
use crate::store::{Backup, Restored};

impl Admin {
    /// Begins a backup of everything that is stored now; see [`Admin::piece`].
    pub async fn backup(&self) -> Result<Backup, Failure> {
        let context = self.context.clone();
        self.context.ask(move || Ok(context.store.backup(context.now())?)).await
    }

    /// The next piece of a backup; none after the last.
    pub async fn piece(mut backup: Backup) -> Result<(Backup, Option<String>), Failure> {
        let read = tokio::task::spawn_blocking(move || {
            let piece = backup.piece()?;
            Ok((backup, piece))
        });
        read.await.unwrap_or_else(|error| {
            Err(Failure::new(Code::Internal, format!("reading the backup failed: {error}")))
        })
    }

    /// Takes a piece of a backup that is to be restored; see `Store::receive`.
    pub async fn receive(&self, offset: u64, text: String) -> Result<u64, Failure> {
        let store = self.context.store.clone();
        self.context.ask(move || Ok(store.receive(offset, &text)?)).await
    }

    /// Checks what was received. If it holds, the daemon ends and opens it instead of the store.
    pub async fn restore(&self) -> Result<Restored, Failure> {
        let context = self.context.clone();
        let restored = self.context.ask(move || Ok(context.store.restore(context.now())?)).await?;
        self.restarting.cancel();
        Ok(restored)
    }

    /// Ends when the daemon is to restart on another store, as after a restore.
    pub async fn restart_requested(&self) {
        self.restarting.cancelled().await;
    }
}
