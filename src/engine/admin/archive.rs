//! Backups, out and back.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::Admin;
use crate::model::{Actor, Code, Failure};
use crate::store::{Backup, Restored};

/// Whose restore is under way: one at a time, as all send to the same place.
#[derive(Debug, Default)]
pub(super) struct Turn(Mutex<Option<u32>>);

impl Turn {
    /// Takes the turn for a process, or keeps it. It comes back when the restore ends, or the process.
    ///
    /// # Errors
    ///
    /// [`Code::Busy`] while another process that lives has it.
    fn take(&self, process: Option<u32>) -> Result<(), Failure> {
        let mut turn = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lives = |pid: &u32| Path::new("/proc").join(pid.to_string()).exists();
        match turn.filter(|other| Some(*other) != process && lives(other)) {
            Some(other) => {
                let message = format!("process {other} is restoring a backup");
                Err(Failure::new(Code::Busy, message))
            }
            None => {
                *turn = process;
                Ok(())
            }
        }
    }

    fn give_back(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

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
    ///
    /// # Errors
    ///
    /// [`Code::Busy`] while another process sends one, and those of the store.
    pub async fn receive(&self, offset: u64, text: String, by: &Actor) -> Result<u64, Failure> {
        self.turn.take(by.pid)?;
        let store = self.context.store.clone();
        let received = self.context.ask(move || Ok(store.receive(offset, &text)?)).await;
        received.inspect_err(|_| self.turn.give_back())
    }

    /// Checks what was received. If it holds, the daemon ends and opens it instead of the store.
    pub async fn restore(&self) -> Result<Restored, Failure> {
        let context = self.context.clone();
        let restored = self.context.ask(move || Ok(context.store.restore(context.now())?)).await;
        self.turn.give_back();
        let restored = restored?;
        self.restarting.cancel();
        Ok(restored)
    }

    /// Ends when the daemon is to restart on another store, as after a restore.
    pub async fn restart_requested(&self) {
        self.restarting.cancelled().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_at_a_time_restores_a_backup() {
        let turn = Turn::default();
        let own = Some(std::process::id());
        // No process has so high a number.
        turn.take(Some(u32::MAX)).expect("nobody has it");
        turn.take(own).expect("the one that had it is gone");
        turn.take(own).expect("the next piece");
        // Init lives as long as anybody.
        let busy = turn.take(Some(1)).expect_err("another one has it");
        assert_eq!(busy.code, Code::Busy);
        turn.give_back();
        turn.take(Some(1)).expect("it is free");
        assert!(turn.take(own).is_err());
    }
}
