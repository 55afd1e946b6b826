//! Looking after the store while the daemon runs: how far it is, what became of its disk, and a backup
//! a day.
//!
//! ```text
//!             every minute: note the head, back up once a day
//!   (works) ◄──────────────────────────────────────────────── (looked after)
//!      │ storage fails: told at once, the store is read-only
//!      ▼
//!   (failed) ──► is there room again? asked every ten seconds ──► restart on the same store
//! ```
//!
//! After an error of the disk nobody knows what is on it, so the store is not written again as it is
//! open: it is opened once more, which looks at everything. That is worth trying when a file can be
//! written and synced beside it.

use std::time::Duration;

use super::Admin;
use crate::model::{Actor, error_chain};

/// How often somebody looks.
const EVERY: Duration = Duration::from_secs(60);

/// How many looks pass between two notes of how far the store is.
const NOTE_AFTER: u32 = 5;

/// How many looks pass before a daily backup that failed is tried again: an hour.
const RETRY_AFTER: u32 = 60;

/// How often a disk that failed is tried. It is also the least time between two openings of a store
/// that fails again and again.
const TRY_EVERY: Duration = Duration::from_secs(10);

/// Who pauses auto-sync after a restore.
const RESTORE: &str = "restore";

impl Admin {
    /// Pauses all of auto-sync where a backup was just restored: what it has of the schedule is of
    /// another day, and Autotask may have moved on. Until somebody resumes it, nothing is synced by
    /// itself. Call it before the schedule is supervised.
    pub async fn pause_after_restore(&self) {
        if !self.context.store.is_to_pause() {
            return;
        }
        let actor = Actor { name: RESTORE.to_owned(), ..Actor::daemon() };
        let paused = self.schedule.pause(&[], None, &actor).await;
        let noted = paused.and_then(|_| Ok(self.context.store.noted_pause()?));
        if let Err(failure) = noted {
            // The next start tries again; what is due meanwhile runs against a store that is sound.
            tracing::error!("auto-sync could not be paused after the restore: {failure}");
        }
    }

    /// Looks after the store until the engine stops.
    pub async fn look_after_store(self) {
        let stopping = self.context.stopping.clone();
        tokio::select! {
            () = stopping.cancelled() => {}
            () = self.keep_store() => {}
        }
    }

    async fn keep_store(&self) {
        let mut backed_up_from = 0;
        for look in 0u32.. {
            tokio::select! {
                why = self.context.store.failed() => return self.recover(&why).await,
                () = tokio::time::sleep(EVERY) => {}
            }
            if look % NOTE_AFTER == 0
                && let Err(error) = self.context.store.note_head().await
            {
                tracing::warn!("how far the store is cannot be noted: {}", error_chain(&error));
            }
            if look >= backed_up_from && !self.back_up_daily().await {
                backed_up_from = look.saturating_add(RETRY_AFTER);
            }
        }
    }

    /// Tells that the store failed, and has it opened again when its disk can be written.
    async fn recover(&self, why: &str) {
        tracing::error!(
            "the store takes no more changes: {why}; it is opened again when its disk can be written"
        );
        self.context.events.mark_changed();
        loop {
            tokio::time::sleep(TRY_EVERY).await;
            let store = self.context.store.clone();
            let tried = tokio::task::spawn_blocking(move || store.try_disk()).await;
            match tried {
                Ok(Ok(())) => break,
                Ok(Err(error)) => tracing::debug!("not yet: {}", error_chain(&error)),
                Err(error) => tracing::debug!("not yet: {error}"),
            }
        }
        tracing::info!("the store's disk can be written again: the store is opened again");
        self.restarting.cancel();
    }

    /// Writes the backup of this day, if there is none yet and anything changed since the last; says
    /// whether nothing went wrong.
    async fn back_up_daily(&self) -> bool {
        let (day, now) = (self.context.today(), self.context.now());
        let store = self.context.store.clone();
        let written = self.context.ask(move || Ok(store.back_up_daily(day, now)?)).await;
        match &written {
            Ok(Some(path)) => tracing::info!("backed up the store to {}", path.display()),
            Ok(None) => {}
            Err(failure) => tracing::warn!("the daily backup failed: {failure}"),
        }
        written.is_ok()
    }
}
