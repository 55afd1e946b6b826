//! Why the daemon does not start, as a person and as systemd are told.

use crate::config::ConfigError;
use crate::control::BindError;
use crate::model::Failure;
use crate::store::StoreError;

/// Why the daemon does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration, or the credentials beside it.
    #[error("the configuration cannot be used")]
    Config(#[source] ConfigError),
    /// The store.
    #[error("the store cannot be opened")]
    Store(#[source] StoreError),
    /// The control socket.
    #[error("the control socket cannot be served")]
    Bind(#[source] BindError),
    /// What the settings ask for cannot be set up.
    #[error("the configuration cannot be used")]
    Setup(#[source] Failure),
    /// The system refused a thread, a signal handler or the like.
    #[error("the system refused")]
    System(#[source] std::io::Error),
}

impl StartError {
    /// The exit status, after sysexits.h.
    pub fn exit_status(&self) -> u8 {
        const UNAVAILABLE: u8 = 69;
        const OS_ERROR: u8 = 71;
        const IO_ERROR: u8 = 74;
        const NO_PERMISSION: u8 = 77;
        const CONFIG: u8 = 78;
        let denied = |error: &std::io::Error| error.kind() == std::io::ErrorKind::PermissionDenied;
        match self {
            StartError::Config(_) | StartError::Setup(_) => CONFIG,
            StartError::Store(StoreError::InUse { .. }) => UNAVAILABLE,
            StartError::Store(StoreError::Io { source, .. }) if denied(source) => NO_PERMISSION,
            StartError::Store(_) => IO_ERROR,
            StartError::Bind(BindError::Io { source, .. }) if denied(source) => NO_PERMISSION,
            StartError::Bind(_) => UNAVAILABLE,
            StartError::System(_) => OS_ERROR,
        }
    }

    /// What to do about it, where that is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            StartError::Config(error) => error.hint(),
            StartError::Setup(failure) => failure.hint.clone(),
            StartError::Store(StoreError::InUse { .. }) => {
                Some("one store serves one daemon: systemctl status lmsyncd".to_owned())
            }
            StartError::Store(StoreError::Io { .. }) => Some(
                "the daemon's user must own `store.path`, with free space on its disk".to_owned(),
            ),
            StartError::Bind(BindError::InUse { .. }) => {
                Some("systemctl status lmsyncd, or another `control.socket`".to_owned())
            }
            StartError::Bind(BindError::Io { .. }) => Some(
                "the daemon's user must be able to write the folder of `control.socket`".to_owned(),
            ),
            _ => None,
        }
    }

    /// The failure and its causes, in one line.
    pub fn line(&self) -> String {
        let mut line = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            line.push_str(": ");
            line.push_str(&error.to_string());
            cause = error.source();
        }
        line
    }
}
