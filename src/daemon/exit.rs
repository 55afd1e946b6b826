//! Why the daemon does not start, as a person and as systemd are told.

use std::path::{Path, PathBuf};

use super::log::LogError;
use crate::advice::Address;
use crate::config::{ConfigError, DEFAULT_PATH};
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
    /// The store is damaged, and would not be opened; why.
    #[error("the store cannot be opened: {0}")]
    Refused(String),
    /// Nothing is left of the ledger, so the store would not be opened, and cannot be repaired; why.
    #[error("the store cannot be opened: {0}")]
    Emptied(String),
    /// The store is damaged, and the next start repairs what was found.
    #[error("the store is damaged; its next start would say: {}", .0.join("; "))]
    Mendable(Vec<String>),
    /// A backup is of another store than the one that it would replace.
    #[error("{} is a backup of another store, {of}, and not of {known}", file.display())]
    OtherStore {
        /// The file.
        file: PathBuf,
        /// The store that it is of.
        of: String,
        /// The store that is there.
        known: String,
    },
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
pub const EXITS: [(u8, &str); 9] = [
    (0, "stopped as asked"),
    (64, "usage"),
    (65, "the store is damaged, or a file is no backup"),
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
        const USAGE: u8 = 64;
        const DATA_ERROR: u8 = 65;
        const UNAVAILABLE: u8 = 69;
        const OS_ERROR: u8 = 71;
        const IO_ERROR: u8 = 74;
        const NO_PERMISSION: u8 = 77;
        const CONFIG: u8 = 78;
        let denied = |error: &std::io::Error| error.kind() == std::io::ErrorKind::PermissionDenied;
        match self {
            StartError::Config(_) | StartError::Setup(_) | StartError::Log(_) => CONFIG,
            StartError::OtherStore { .. } => USAGE,
            // Trying again does not mend it: a person has to decide.
            StartError::Refused(_) | StartError::Emptied(_) | StartError::Mendable(_) => DATA_ERROR,
            StartError::Store(
                StoreError::Damaged { .. } | StoreError::Emptied { .. } | StoreError::NoBackup(_),
            ) => DATA_ERROR,
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
            StartError::Refused(_) | StartError::Store(StoreError::Damaged { .. }) => {
                Some(ways_out(address))
            }
            StartError::Emptied(_) | StartError::Store(StoreError::Emptied { .. }) => {
                Some(way_back(address))
            }
            StartError::Mendable(_) => {
                Some("let it start, then check the disk and make a backup".to_owned())
            }
            StartError::OtherStore { .. } => {
                Some("nothing was changed; --other-store restores it all the same".to_owned())
            }
            StartError::Store(StoreError::NoBackup(_)) => address.words(&Advice::TakeOtherBackup),
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
                "what could not be stored was not acknowledged; the next start checks the store"
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
            StartError::Store(_)
            | StartError::Close(_)
            | StartError::Refused(_)
            | StartError::Emptied(_)
            | StartError::Mendable(_)
            | StartError::OtherStore { .. } => Code::StoreFailed,
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

/// The commands that lead out of a damaged store, for the daemon at `address`.
fn ways_out(address: &Address) -> String {
    let (config, start) = (config_of(address), start_of(address));
    format!(
        "`lmsyncd restore{config} FILE` puts a backup in its place (the daily ones are in `backups` of \
         the store); `lmsyncd store check{config}` tells what there is, and `lmsyncd store check \
         --repair{config}` continues without what is lost{start}"
    )
}

/// What can be done about a store of which nothing is left, as commands to type.
fn way_back(address: &Address) -> String {
    let (config, start) = (config_of(address), start_of(address));
    format!(
        "`lmsyncd restore{config} FILE` puts a backup in its place (the daily ones are in `backups` of \
         the store); no repair can bring back what is gone{start}"
    )
}

/// How commands are told of the configuration.
fn config_of(address: &Address) -> String {
    match &address.config {
        Some(path) if path != Path::new(DEFAULT_PATH) => format!(" --config {}", path.display()),
        _ => String::new(),
    }
}

/// How the daemon is started then.
fn start_of(address: &Address) -> String {
    match &address.unit {
        Some(unit) => format!("; then `systemctl start {unit}`"),
        None => String::new(),
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
        let damaged =
            StoreError::Damaged { file: "/x".into(), line: 4, why: "it is cut off".to_owned() };
        assert_eq!(StartError::Store(damaged).exit_status(), 65);
        for error in errors {
            let status = error.exit_status();
            assert!(EXITS.iter().any(|(known, _)| *known == status), "{status}: {error}");
        }
    }

    #[test]
    fn damage_names_the_ways_out_with_the_instance() {
        let refused = StartError::Refused("x".to_owned());
        let hint = refused.hint(&Address::of_instance(Some("north"))).expect("a hint");
        for command in [
            "`lmsyncd restore --config /etc/lmsyncd/north.toml FILE`",
            "`lmsyncd store check --config /etc/lmsyncd/north.toml`",
            "`lmsyncd store check --repair --config /etc/lmsyncd/north.toml`",
            "`systemctl start lmsyncd@north`",
        ] {
            assert!(hint.contains(command), "{hint}");
        }
        let hint = refused.hint(&Address::of_instance(None)).expect("a hint");
        assert!(hint.contains("`lmsyncd restore FILE`"), "{hint}");
        // A repair is no way out where nothing is left to go on from.
        let emptied = StartError::Store(StoreError::Emptied { ledger: "/x".into() });
        assert_eq!(emptied.exit_status(), 65);
        let hint = emptied.hint(&Address::of_instance(None)).expect("a hint");
        assert!(hint.contains("`lmsyncd restore FILE`") && !hint.contains("--repair"), "{hint}");
    }

    #[test]
    fn a_store_that_does_not_close_is_not_called_one_that_does_not_open() {
        let error = StartError::Close(StoreError::Stopped);
        assert!(error.line().starts_with("the store could not be closed: "), "{}", error.line());
        assert_eq!(error.exit_status(), 74);
    }
}
