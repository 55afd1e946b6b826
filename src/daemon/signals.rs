//! TERM and INT stop the daemon, a second one at once; HUP has the configuration read again.

use std::io;
use std::sync::Arc;

use futures_util::StreamExt;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook_tokio::Signals;
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::model::Actor;

/// Starts to listen. From here on the process does not die of these signals.
pub(super) fn listen() -> io::Result<Signals> {
    Signals::new([SIGTERM, SIGINT, SIGHUP])
}

/// Obeys the signals: the first that stops cancels `stopping`, the next one `force_stop`.
pub(super) async fn handle_signals(
    mut signals: Signals,
    engine: Arc<Engine>,
    stopping: CancellationToken,
    force_stop: CancellationToken,
) {
    while let Some(signal) = signals.next().await {
        match signal {
            SIGHUP if stopping.is_cancelled() => {
                tracing::info!("stopping: the configuration is not reloaded")
            }
            SIGHUP => {
                // Who sent it is not told.
                let asked = ("Daemon.Reload".to_owned(), "signal=HUP".to_owned());
                let begun = engine.admin.begin_act(Actor::daemon(), asked).await;
                let reloaded = engine.admin.reload().await;
                let result = reloaded.as_ref().map_or_else(|failure| failure.code.name(), |_| "ok");
                engine.admin.end_act(begun, result).await;
                if let Err(failure) = reloaded {
                    tracing::error!("the configuration is unchanged: {failure}");
                }
            }
            _ if stopping.is_cancelled() => return force_stop.cancel(),
            _ => {
                tracing::info!("stopping: waiting for runs to end, a second signal cuts them off");
                stopping.cancel();
            }
        }
    }
}

/// Stops on TERM or INT: all that the demo needs to know of signals.
pub fn stop_on_signal(stopping: CancellationToken) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    tokio::spawn(async move {
        if signals.next().await.is_some() {
            stopping.cancel();
        }
    });
    Ok(())
}
