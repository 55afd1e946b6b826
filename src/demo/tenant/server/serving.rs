//! A running server on loopback. It knows nothing of what is served.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A server that runs until it is stopped or dropped.
#[derive(Debug)]
pub struct Serving {
    address: SocketAddr,
    /// Dropped to end the server: it then takes no connection, closes idle ones and finishes
    /// answers under way.
    stop: oneshot::Sender<()>,
    task: JoinHandle<io::Result<()>>,
}

impl Serving {
    pub(in crate::demo::tenant) async fn start(router: Router, port: u16) -> io::Result<Serving> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let serve = axum::serve(listener, router).with_graceful_shutdown(async {
            // An error means that the sender is gone, which is the signal too.
            let _ = stopped.await;
        });
        let task = tokio::spawn(async { serve.await });
        Ok(Serving { address, stop, task })
    }

    /// The base URL, such as `http://127.0.0.1:8123/ATServicesRest/`.
    pub fn url(&self) -> String {
        format!("http://{}/ATServicesRest/", self.address)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Ends the server and waits until answers under way are finished.
    pub async fn stop(self) -> io::Result<()> {
        drop(self.stop);
        self.task.await.map_err(io::Error::other)?
    }
}
