//! Reading the configuration again while everything runs.

use std::sync::{Arc, PoisonError};

use super::{Engine, Live};
use crate::config::Change;
use crate::model::{Event, EventName, Failure};
use crate::sync::batch::Batches;

impl Engine {
    /// Reads the configuration and the credentials again. What cannot be used changes nothing.
    pub fn reload(&self) -> Result<Vec<Change>, Failure> {
        let settings = (self.load)()?;
        let autotask = (self.connect)(&settings)?;
        let old = self.live();
        autotask.take_over(&old.autotask);
        let changes = crate::config::changes(&old.settings, &settings);
        let live = Live { settings: Arc::new(settings), autotask };
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = live;
        self.directory.clear();
        // The hour may be larger now, or the tenant another.
        *self.batches() = Batches::default();
        self.schedule.notify_waiters();
        let message = format!("configuration read again: {} keys are different", changes.len());
        self.events.emit(Event::new(EventName::Reloaded, self.now(), message));
        self.events.stir();
        Ok(changes)
    }
}
