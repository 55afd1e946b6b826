//! Tells outsiders: a command for each alert, and a heartbeat after each good cycle.
//!
//! It is one more listener of the engine's events, so that nothing here can hold up a run. It knows
//! the engine, the configuration and the wire's form of an event, and neither Autotask nor the
//! store.
//!
//! ```text
//!   events ──► picked by `notify.events` ──► outbox (kept) ──► one command at a time
//!   good cycles ──────────────────────────────────────────────► GET heartbeat-url
//! ```

mod command;
mod heartbeat;
mod outbox;

use std::sync::Arc;

use crate::engine::Engine;

/// Listens from this call on, also before what it gives is first polled, until the engine stops;
/// then tells what is due.
pub fn serve(engine: Arc<Engine>) -> impl Future<Output = ()> + Send {
    let (events, cycles) = (engine.observe.subscribe(), engine.observe.good_cycles());
    async move {
        let listening = async {
            match events {
                Ok(events) => command::serve(&engine, events).await,
                Err(failure) => tracing::error!("notifications are off: {failure}"),
            }
        };
        tokio::join!(listening, heartbeat::serve(&engine, cycles));
    }
}
