//! TERM and INT stop the daemon, HUP has the configuration read again.

use std::io;
use std::sync::Arc;

use futures_util::StreamExt;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook_tokio::Signals;
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;

/// Starts to listen. From here on the process does not die of these signals.
pub(super) fn listen() -> io::Result<Signals> {
    Signals::new([SIGTERM, SIGINT, SIGHUP])
}

/// Obeys the signals until one of them stops the daemon.
pub(super) async fn obey(mut signals: Signals, engine: Arc<Engine>, stopping: CancellationToken) {
    while let Some(signal) = signals.next().await {
        if signal != SIGHUP {
            tracing::info!("stopping");
            return stopping.cancel();
        }
        if let Err(failure) = engine.reload() {
            tracing::error!("the configuration stays as it was: {failure}");
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
