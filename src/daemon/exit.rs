//! Why the daemon does not start, as a person and as systemd are told.

use super::log::LogError;
use crate::advice::Address;
use crate::config::ConfigError;
use crate::control::BindError;
use crate::model::{Advice, Code, Failure, error_chain};
use crate::store::StoreError;

/// Why the daemon does not start, or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration, or the credentials beside it.
    #[error("the configuration cannot be used")]
    Config(#[source] ConfigError),
    /// The store.
    #[error("the store cannot be opened")]
    Store(#[source] StoreError),
    /// The store, at the end: the daemon ran, and not everything may be on the disk.
    #[error("the store could not be closed")]
    Close(#[source] StoreError),
    /// The control socket.
    #[error("the control socket cannot be served")]
    Bind(#[source] BindError),
    /// What the settings ask for cannot be set up.
    #[error("the configuration cannot be used")]
    Setup(#[source] Failure),
    /// What is to be logged.
    #[error("the log cannot be started")]
    Log(#[source] LogError),
    /// The system refused a thread, a signal handler or the like.
    #[error("the system refused")]
    System(#[source] std::io::Error),
}

/// Every exit status of lmsyncd, after sysexits.h, and what it means.
pub const EXITS: [(u8, &str); 8] = [
    (0, "stopped as asked"),
    (64, "usage"),
    (69, "socket or store in use"),
    (71, "the system refused"),
    (74, "the store's disk failed"),
    (75, "Autotask was not reached (setup)"),
    (77, "permission"),
    (78, "configuration"),
];

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
            StartError::Config(_) | StartError::Setup(_) | StartError::Log(_) => CONFIG,
            StartError::Store(StoreError::InUse { .. }) => UNAVAILABLE,
            // Trying again does not mend it, as with the configuration.
            StartError::Store(StoreError::Newer { .. }) => CONFIG,
            StartError::Store(StoreError::Io { source, .. }) if denied(source) => NO_PERMISSION,
            StartError::Store(_) | StartError::Close(_) => IO_ERROR,
            StartError::Bind(BindError::Io { source, .. }) if denied(source) => NO_PERMISSION,
            StartError::Bind(_) => UNAVAILABLE,
            StartError::System(_) => OS_ERROR,
        }
    }

    /// What a person can do about it, in words for the daemon at `address`; none where that is not
    /// known.
    pub fn hint(&self, address: &Address) -> Option<String> {
        match self {
            StartError::Config(error) => address.words(&error.advice()?),
            StartError::Setup(failure) => address.words(failure.advice.as_ref()?),
            StartError::Store(StoreError::InUse { .. })
            | StartError::Bind(BindError::InUse { .. }) => address.words(&Advice::FindOtherDaemon),
            StartError::Store(StoreError::Newer { .. }) => Some(
                "install the newer lmsyncd again; or go back with the newest copy in `backups` of \
                 the store, made before the newer one opened it: docs/operating.md, Going back"
                    .to_owned(),
            ),
            StartError::Store(StoreError::Io { .. }) => Some(
                "the daemon's user must own `store.path`, with free space on its disk".to_owned(),
            ),
            StartError::Close(_) => Some(
                "no acknowledged change is lost: the next start checks and repairs the store"
                    .to_owned(),
            ),
            StartError::Bind(BindError::Io { .. }) => Some(
                "the daemon's user must be able to write the folder of `control.socket`".to_owned(),
            ),
            _ => None,
        }
    }

    /// The failure and its causes, in one line.
    pub fn line(&self) -> String {
        error_chain(self)
    }

    /// What is answered to whoever waits for the daemon at `address`, which does not start.
    pub fn failure(&self, address: &Address) -> Failure {
        let code = match self {
            StartError::Config(_) | StartError::Setup(_) | StartError::Log(_) => {
                Code::BadConfiguration
            }
            StartError::Store(_) | StartError::Close(_) => Code::StoreFailed,
            StartError::Bind(_) | StartError::System(_) => Code::Internal,
        };
        let failure = Failure::new(code, format!("lmsyncd does not start: {}", self.line()));
        match self.hint(address) {
            Some(hint) => failure.advise(Advice::said(hint)),
            None => failure.advise(Advice::ReadJournal),
        }
    }

    /// Everything that is wrong, one line each, with what a person can do about it.
    pub fn remarks(&self, address: &Address) -> Vec<(String, Option<String>)> {
        match self {
            StartError::Config(ConfigError::Invalid { path, problems }) => problems
                .iter()
                .map(|problem| {
                    let line = format!("{self}: {}: {}", path.display(), problem.message);
                    (line, problem.advice.as_ref().and_then(|advice| address.words(advice)))
                })
                .collect(),
            _ => vec![(self.line(), self.hint(address))],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_in_the_table() {
        let io = |kind| std::io::Error::from(kind);
        let errors = [
            StartError::Close(StoreError::Stopped),
            StartError::System(io(std::io::ErrorKind::Other)),
            StartError::Setup(Failure::new(crate::model::Code::BadConfiguration, "x")),
            StartError::Bind(BindError::InUse { path: "/x".into() }),
            StartError::Bind(BindError::Io {
                path: "/x".into(),
                source: io(std::io::ErrorKind::PermissionDenied),
            }),
        ];
        for error in errors {
            let status = error.exit_status();
            assert!(EXITS.iter().any(|(known, _)| *known == status), "{status}: {error}");
        }
    }

    #[test]
    fn a_store_that_does_not_close_is_not_called_one_that_does_not_open() {
        let error = StartError::Close(StoreError::Stopped);
        assert!(error.line().starts_with("the store could not be closed: "), "{}", error.line());
        assert_eq!(error.exit_status(), 74);
    }
}
