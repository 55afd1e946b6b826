//! Why nothing was set up, and what to do.

use std::io;
use std::path::PathBuf;

use super::login::Failed;
use crate::advice::Address;
use crate::config::ConfigError;
use crate::daemon::exit::StartError;
use crate::model::Failure;

/// Why nothing, or not everything, was set up. Unless it says otherwise, nothing was written.
#[derive(Debug)]
pub(super) enum SetupError {
    /// Somebody else than root.
    NotRoot(Box<Address>),
    /// The name of the instance is no good; why not, as a phrase that follows it.
    Name { name: String, why: String },
    /// What was given is no good.
    BadValue { what: String, why: String },
    /// What was neither given nor is there.
    Missing { what: Vec<&'static str>, address: Box<Address> },
    /// What would be replaced, where nobody can be asked.
    NeedsYes(Vec<String>),
    /// A person said no.
    Declined,
    /// The unit takes its secret from an encrypted file.
    Encrypted { file: PathBuf, address: Box<Address> },
    /// The configuration that is there, or that would be, is no good.
    Config(ConfigError),
    /// The login failed.
    Login { failed: Failed, address: Box<Address> },
    /// The group that the daemon runs in does not exist.
    NoGroup(&'static str),
    /// A file could not be read or written.
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    /// The files are written, and there is no systemd that could start the unit.
    NotBooted { unit: String },
    /// The files are written, and the unit does not start.
    Unit { command: String, address: Box<Address> },
    /// The system refused.
    System(io::Error),
}

impl SetupError {
    /// The exit status, after sysexits.h.
    pub(super) fn exit_status(&self) -> u8 {
        const USAGE: u8 = 64;
        const UNAVAILABLE: u8 = 69;
        const OS_ERROR: u8 = 71;
        const TRY_AGAIN: u8 = 75;
        const NO_PERMISSION: u8 = 77;
        match self {
            SetupError::Name { .. }
            | SetupError::BadValue { .. }
            | SetupError::Missing { .. }
            | SetupError::NeedsYes(_)
            | SetupError::Declined => USAGE,
            SetupError::NotRoot(_) => NO_PERMISSION,
            SetupError::Login { failed, .. } if failed.refuses => NO_PERMISSION,
            SetupError::Login { .. } => TRY_AGAIN,
            SetupError::Config(_) | SetupError::Encrypted { .. } => {
                StartError::Setup(Failure::new(crate::model::Code::BadConfiguration, ""))
                    .exit_status()
            }
            SetupError::NotBooted { .. } | SetupError::Unit { .. } => UNAVAILABLE,
            SetupError::NoGroup(_) | SetupError::Io { .. } | SetupError::System(_) => OS_ERROR,
        }
    }

    /// What a person is told, line by line.
    #[expect(clippy::too_many_lines, reason = "one table of what may go wrong")]
    pub(super) fn lines(&self) -> Vec<String> {
        let told = |what: String, hint: &str| {
            let mut lines = vec![format!("lmsyncd: {what}")];
            lines.extend((!hint.is_empty()).then(|| format!("hint: {hint}")));
            lines
        };
        match self {
            SetupError::NotRoot(address) => told(
                "setup writes files that only root may write".to_owned(),
                &format!("run it as root: sudo {}", address.setup()),
            ),
            SetupError::Name { name, why } => {
                told(format!("the instance name \"{name}\" {why}"), "such as: lmsyncd setup north")
            }
            SetupError::BadValue { what, why } => told(format!("{what} {why}"), ""),
            SetupError::Missing { what, address } => told(
                format!("nobody can be asked here, and {} missing", is_are(what)),
                &format!(
                    "{} --username USER --integration-code CODE, with --secret-file FILE or \
                     --secret-stdin",
                    address.setup()
                ),
            ),
            SetupError::NeedsYes(what) => told(
                format!("nobody can be asked here, and {} would be replaced", what.join(" and ")),
                "--yes replaces them and keeps a copy of each file next to it",
            ),
            SetupError::Declined => told("nothing was written".to_owned(), ""),
            SetupError::Encrypted { file, address } => {
                let unit = address.unit.clone().unwrap_or_default();
                told(
                    format!(
                        "a drop-in of {unit}.service takes the secret from {}, which is encrypted",
                        file.display()
                    ),
                    &format!(
                        "for a new secret: systemd-creds encrypt --name=autotask-secret - {}, then \
                         systemctl restart {unit}; to have setup write it, remove the drop-in's \
                         line first",
                        file.display()
                    ),
                )
            }
            SetupError::Config(error) => config_lines(error),
            SetupError::Login { failed, address } => {
                told(format!("nothing was written: {}", failed.message), &failed.hint(address))
            }
            SetupError::NoGroup(name) => told(
                format!("the group {name} does not exist, and the daemon could not read its files"),
                "the package makes it; by hand: systemd-sysusers lmsyncd.conf",
            ),
            SetupError::Io { doing, path, source } => {
                told(format!("cannot {doing} {}: {source}", path.display()), "")
            }
            SetupError::NotBooted { unit } => told(
                "everything is written, but systemd does not run here: nothing was started"
                    .to_owned(),
                &format!("where it runs: systemctl enable --now {unit}"),
            ),
            SetupError::Unit { command, address } => told(
                format!("everything is written, but `{command}` failed"),
                &address.journal("-eu"),
            ),
            SetupError::System(error) => told(format!("the system refused: {error}"), ""),
        }
    }
}

fn config_lines(error: &ConfigError) -> Vec<String> {
    let mut lines =
        vec!["lmsyncd: nothing was written, because the configuration is invalid".to_owned()];
    if error.problems().is_empty() {
        lines.push(format!("lmsyncd: {}", crate::model::error_chain(error)));
    }
    let path = error.path().map(|path| path.display().to_string()).unwrap_or_default();
    lines.extend(error.problems().iter().map(|one| format!("lmsyncd: {path}: {}", one.message)));
    lines
}

fn is_are(what: &[&'static str]) -> String {
    match what {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last} are", rest.join(", ")),
        _ => format!("{} is", what.join("")),
    }
}

impl From<io::Error> for SetupError {
    fn from(error: io::Error) -> SetupError {
        match error.kind() {
            // Ctrl-C and Ctrl-D at a question.
            io::ErrorKind::Interrupted | io::ErrorKind::UnexpectedEof => SetupError::Declined,
            _ => SetupError::System(error),
        }
    }
}
