//! What the tour plays on: the fake tenant on a loopback port, the daemon on a temporary folder,
//! and an lmsyncctl beside it.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::sync::Arc;

use tempfile::TempDir;
use tokio::process::Command;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::tenant::{Credentials, Serving, Tenant};
use crate::clock::{Clock, SystemClock, day_in};
use crate::daemon;
use crate::engine::Engine;
use crate::store::StoreError;

/// A fake tenant and a daemon that imports from it.
pub(super) struct Stage {
    /// The tenant, for changes behind the daemon's back.
    pub(super) tenant: Tenant,
    /// The daemon's engine, to wait for what it does by itself.
    pub(super) engine: Arc<Engine>,
    folder: TempDir,
    daemon: JoinHandle<Result<daemon::Exit, StoreError>>,
    stopping: CancellationToken,
    _serving: Serving,
}

impl Stage {
    /// Starts both. The daemon stops with `stopping`.
    pub(super) async fn set(stopping: CancellationToken) -> io::Result<Stage> {
        let tenant = Tenant::stories(day_in(&SystemClock.server_zone().zone, SystemClock.now()));
        let serving = tenant.serve(0).await?;
        let folder = tempfile::Builder::new().prefix("lmsyncd-demo-").tempdir()?;
        let config = write_config(&folder, &tenant.credentials(), &serving.url())?;
        symlink(std::env::current_exe()?, folder.path().join("lmsyncctl"))?;
        let house = daemon::open(&config, None, None, None)
            .map_err(|error| io::Error::other(error.line()))?;
        let engine = house.engine();
        let daemon = tokio::spawn(house.serve(stopping.child_token()));
        Ok(Stage { tenant, engine, folder, daemon, stopping, _serving: serving })
    }

    /// Runs lmsyncctl as a person would, without a terminal.
    pub(super) async fn lmsyncctl(&self, args: &[&str]) -> io::Result<Output> {
        Command::new(self.program())
            .args(args)
            .env("LMSYNCD_SOCKET", self.socket())
            .env_remove("NO_COLOR")
            .stdin(Stdio::null())
            .output()
            .await
    }

    /// Stays up until the person has seen enough.
    pub(super) async fn stay(&self, stopping: &CancellationToken) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "\nThe daemon stays up. From another terminal:\n")?;
        writeln!(
            out,
            "  {} --socket {} status",
            self.program().display(),
            self.socket().display()
        )?;
        writeln!(out, "\nCtrl-C ends it and removes {}.", self.folder.path().display())?;
        drop(out);
        stopping.cancelled().await;
        Ok(())
    }

    /// Stops the daemon and removes the folder.
    pub(super) async fn clear(self) {
        self.stopping.cancel();
        // It was a demo: what the daemon says at its end is of no use to anyone.
        let _ = self.daemon.await;
    }

    fn program(&self) -> PathBuf {
        self.folder.path().join("lmsyncctl")
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("control.sock")
    }
}

fn write_config(folder: &TempDir, credentials: &Credentials, url: &str) -> io::Result<PathBuf> {
    let Credentials { username, secret, integration_code } = credentials;
    let path = |name: &str| folder.path().join(name);
    let private = |name: &str, text: &str| -> io::Result<()> {
        let mut options = fs::OpenOptions::new();
        options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path(name))?
            .write_all(text.as_bytes())
    };
    private("autotask-secret", secret)?;
    let text = format!(
        "version = 1\n\
         [autotask]\n\
         username = {username:?}\n\
         integration-code = {integration_code:?}\n\
         secret-file = {secret_file:?}\n\
         discovery-url = {url:?}\n\
         [store]\n\
         path = {store:?}\n\
         [control]\n\
         socket = {socket:?}\n",
        secret_file = path("autotask-secret"),
        store = path("store"),
        socket = path("control.sock"),
    );
    private("lmsyncd.toml", &text)?;
    Ok(path("lmsyncd.toml"))
}
