//! The heartbeat: a GET after each good cycle, so that whoever expects it notices its absence.
//!
//! The URL is a secret of its own kind (who knows it can fake a heartbeat), and is never logged.

use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::sync::watch;

use crate::config::{Settings, ca_bundle};
use crate::engine::Engine;
use crate::model::{Outlet, error_chain};

/// How long a heartbeat may take, answer included. Nothing waits for it.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Sends heartbeats until the engine stops.
pub(super) async fn serve(engine: &Arc<Engine>, mut cycles: watch::Receiver<u64>) {
    loop {
        tokio::select! {
            Ok(()) = cycles.changed() => {}
            () = engine.stopped() => return,
        }
        let settings = engine.settings();
        let Some(url) = &settings.notify.heartbeat_url else { continue };
        let beat = beat(&settings, url.expose_secret());
        tokio::select! {
            result = beat => engine.observe.used_outlet(Outlet::Heartbeat, result),
            () = engine.stopped() => return,
        }
    }
}

/// Sends one, with a connection of its own: there is one in hours.
async fn beat(settings: &Settings, url: &str) -> Result<(), String> {
    // An error means that a provider is installed already, which is just as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("lmsyncd/", env!("CARGO_PKG_VERSION")))
        .timeout(TIMEOUT)
        .no_proxy();
    if let Some(proxy) = &settings.autotask.proxy {
        builder = builder.proxy(reqwest::Proxy::all(proxy).map_err(explain)?);
    }
    if let Some(path) = &settings.autotask.ca_file {
        let pem = ca_bundle(path).map_err(|error| error.to_string())?;
        let trusted = reqwest::Certificate::from_pem_bundle(&pem).map_err(explain)?;
        builder = builder.tls_certs_merge(trusted);
    }
    let client = builder.build().map_err(explain)?;
    let response = client.get(url).send().await.map_err(explain)?;
    response.error_for_status().map(drop).map_err(explain)
}

/// Why it failed, without the URL.
fn explain(error: reqwest::Error) -> String {
    error_chain(&error.without_url())
}
