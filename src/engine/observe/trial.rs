//! Trying the notify command: the engine knows no commands, so whoever runs them takes trials from
//! here.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::Observe;
use crate::engine::events;
use crate::model::{Advice, Code, Event, EventName, Failure};

/// How many trials wait at most: people make them.
const WAITING: usize = 4;

/// How a trial went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// The command, with its arguments.
    pub command: Vec<String>,
    /// How long it ran.
    pub took: Duration,
    /// What went wrong.
    pub error: Option<String>,
}

/// A trial on its way to whoever runs the command.
#[derive(Debug)]
pub struct Trial {
    /// What the command is told.
    pub event: Event,
    /// Where the outcome goes.
    pub outcome: oneshot::Sender<Tried>,
}

/// The way of trials from those who ask to the one who runs the command.
#[derive(Clone)]
pub(super) struct Trials {
    sender: mpsc::Sender<Trial>,
    receiver: Arc<Mutex<Option<mpsc::Receiver<Trial>>>>,
}

impl Default for Trials {
    fn default() -> Trials {
        let (sender, receiver) = mpsc::channel(WAITING);
        Trials { sender, receiver: Arc::new(Mutex::new(Some(receiver))) }
    }
}

impl Observe {
    /// The trials, for the one who runs the command; none if somebody has them already.
    pub fn trials(&self) -> Option<mpsc::Receiver<Trial>> {
        self.trials.receiver.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Runs the notify command once, with a sample of an event. Gives the sample, too.
    ///
    /// # Errors
    ///
    /// [`Code::BadConfiguration`] without a command, [`Code::Stopping`] while the daemon ends.
    pub async fn try_notify(&self, name: EventName) -> Result<(Event, Tried), Failure> {
        if self.context.settings().notify.command.is_empty() {
            let message = "no notify command is configured";
            return Err(
                Failure::new(Code::BadConfiguration, message).advise(Advice::ConfigureNotify)
            );
        }
        let event = events::sample(name, self.context.now());
        let (outcome, tried) = oneshot::channel();
        let trial = Trial { event: event.clone(), outcome };
        let ends = |_| Failure::new(Code::Stopping, "lmsyncd is stopping");
        self.trials.sender.send(trial).await.map_err(|_| ends(()))?;
        let tried = tried.await.map_err(|_| ends(()))?;
        Ok((event, tried))
    }
}
