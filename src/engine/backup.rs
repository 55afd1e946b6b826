//! Backups, out and back.

use std::sync::Arc;

use super::Engine;
use crate::model::{Code, Failure};
use crate::store::{Backup, Restored};

impl Engine {
    /// Begins a backup of everything that is stored now; see [`Engine::piece`].
    pub async fn backup(self: &Arc<Engine>) -> Result<Backup, Failure> {
        self.ask(|engine| Ok(engine.store.backup(engine.now())?)).await
    }

    /// The next piece of a backup; none after the last.
    pub async fn piece(mut backup: Backup) -> Result<(Backup, Option<String>), Failure> {
        let read = tokio::task::spawn_blocking(move || {
            let piece = backup.piece()?;
            Ok((backup, piece))
        });
        read.await.unwrap_or_else(|error| {
            Err(Failure::new(Code::Internal, format!("reading a backup ended badly: {error}")))
        })
    }

    /// Takes a piece of a backup that is to be restored; see `Store::receive`.
    pub async fn receive(self: &Arc<Engine>, offset: u64, text: String) -> Result<u64, Failure> {
        self.ask(move |engine| Ok(engine.store.receive(offset, &text)?)).await
    }

    /// Checks what was received. If it holds, the daemon ends and opens it instead of the store.
    pub async fn restore(self: &Arc<Engine>) -> Result<Restored, Failure> {
        let restored = self.ask(|engine| Ok(engine.store.restore(engine.now())?)).await?;
        self.opening_anew.cancel();
        Ok(restored)
    }

    /// Ends when the daemon is to open everything anew, as after a restore.
    pub async fn must_open_anew(&self) {
        self.opening_anew.cancelled().await;
    }
}
