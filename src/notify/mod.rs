//! Tells outsiders: a command for each alert, and a heartbeat after each good cycle.
//!
//! It is one more listener of the engine's events, so that nothing here can hold up a run. It knows
//! the engine, the configuration and the wire's form of an event, and neither Autotask nor the
//! store.
//!
//! ```text
//!   events ──► picked by `notify.events` ──► queue (bounded) ──► one command at a time
//!   good cycles ────────────────────────────────────────────────► GET heartbeat-url
//! ```

mod command;
mod heartbeat;

use std::sync::Arc;

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;

use crate::engine::{Engine, Subscription};
use crate::model::{Event, Outlet};

use command::Job;

/// How many events wait for the command. A day's alerts of a large installation are fewer; more
/// would be hours old before they are told.
const QUEUE: usize = 256;

/// Listens from this call on, also before what it gives is first polled, until the engine stops;
/// then tells what still waits.
pub fn serve(engine: Arc<Engine>) -> impl Future<Output = ()> + Send {
    let (events, cycles) = (engine.observe.subscribe(), engine.observe.good_cycles());
    let (queue, jobs) = mpsc::channel(QUEUE);
    async move {
        let listening = async {
            match events {
                Ok(events) => listen(&engine, events, queue).await,
                Err(failure) => tracing::error!("notifications are off: {failure}"),
            }
        };
        let told = |result| engine.observe.used_outlet(Outlet::Notify, result);
        tokio::join!(listening, command::serve(jobs, told), heartbeat::serve(&engine, cycles));
    }
}

/// Picks the events that are told. Never waits for the command.
async fn listen(engine: &Arc<Engine>, mut events: Subscription, queue: mpsc::Sender<Job>) {
    let Some(mut trials) = engine.observe.trials() else { return };
    loop {
        let event = tokio::select! {
            biased;
            event = events.recv() => event,
            Some(trial) = trials.recv() => {
                let job = command::trial(&engine.settings().notify, trial);
                // Without a place in the queue, who asked is told that nobody will answer.
                job.map(|job| queue.try_send(job));
                continue;
            }
            () = engine.stopped() => return,
        };
        match event {
            Ok(event) => tell(engine, &event, &queue),
            Err(RecvError::Lagged(missed)) => {
                engine.observe.missed(missed);
                tracing::warn!(
                    "{missed} events came too fast for the notify command and were missed"
                );
            }
            Err(RecvError::Closed) => return,
        }
    }
}

fn tell(engine: &Engine, event: &Event, queue: &mpsc::Sender<Job>) {
    let settings = engine.settings();
    let Some(job) = command::job(&settings.notify, event) else { return };
    if queue.try_send(job).is_err() {
        engine.observe.missed(1);
        tracing::warn!(
            "notification failed: too many events are waiting for the notify command: {}",
            event.message
        );
    }
}
