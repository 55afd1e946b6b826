//! Why a command of lmsyncctl ends badly: the message, the hint, and the exit status.
//!
//! The daemon's own failures come over the wire as [`Failure`] and keep their code; everything
//! else that can go wrong on this side of the socket is named here.

use std::io;
use std::path::{Path, PathBuf};

use crate::config;
use crate::model::Failure;

/// Why a command ends badly.
#[derive(Debug, thiserror::Error)]
pub enum CtlError {
    /// The command line makes no sense in a way that clap cannot see.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What would be right.
        hint: String,
    },
    /// Nobody listens on the socket.
    #[error("lmsyncd cannot be reached on {}: {source}", path.display())]
    Unreachable {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The socket may not be opened by this user.
    #[error("not permitted to open {}{}", path.display(), belongs_to(group.as_deref()))]
    Forbidden {
        /// The socket.
        path: PathBuf,
        /// The group that may open it, where that can be told.
        group: Option<String>,
    },
    /// The daemon went away before it answered.
    #[error("lmsyncd closed the connection before it answered")]
    Closed,
    /// The daemon stopped while it was watched.
    #[error("lmsyncd stopped")]
    Stopped,
    /// What came is not an answer.
    #[error("lmsyncd gave an answer that makes no sense: {0}")]
    Nonsense(String),
    /// The daemon answered with an error.
    #[error("{0}")]
    Failed(Failure),
    /// The socket failed while it was open.
    #[error("the connection to lmsyncd failed: {0}")]
    Socket(#[source] io::Error),
    /// The answer to a question cannot be read.
    #[error("cannot read the answer: {0}")]
    Input(#[source] io::Error),
    /// The editor could not be used.
    #[error("the editor could not be used: {0}")]
    Editor(String),
    /// A file cannot be read or written.
    #[error("cannot use the file {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Standard output cannot be written, for another reason than that nobody reads it.
    #[error("cannot write to standard output: {0}")]
    Output(#[source] io::Error),
}

fn belongs_to(group: Option<&str>) -> String {
    group.map(|group| format!(": it belongs to the group {group}")).unwrap_or_default()
}

/// The unit whose daemon listens on this socket.
fn unit(socket: &Path) -> String {
    let folder = socket.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    match folder {
        Some(name) if socket == config::instance_socket(name) => format!("lmsyncd@{name}"),
        _ => "lmsyncd".to_owned(),
    }
}

impl CtlError {
    /// A usage error.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> CtlError {
        CtlError::Usage { message: message.into(), hint: hint.into() }
    }

    /// The exit status, by the table of the README.
    pub fn status(&self) -> u8 {
        match self {
            CtlError::Usage { .. } => 2,
            CtlError::Unreachable { .. } | CtlError::Closed | CtlError::Stopped => 3,
            CtlError::Forbidden { .. } => 4,
            CtlError::Failed(failure) => failure.code.exit_status(),
            CtlError::Nonsense(_)
            | CtlError::Socket(_)
            | CtlError::Input(_)
            | CtlError::Editor(_)
            | CtlError::File { .. }
            | CtlError::Output(_) => 1,
        }
    }

    /// The next command to type.
    pub fn hint(&self) -> Option<String> {
        match self {
            CtlError::Usage { hint, .. } => Some(hint.clone()),
            CtlError::Unreachable { path, .. } => Some(format!(
                "start it with `systemctl start {}`, or name another socket with --socket or \
                 --instance",
                unit(path)
            )),
            CtlError::Forbidden { group: Some(group), .. } => {
                Some(format!("`sudo usermod -aG {group} $USER`, then log in again"))
            }
            CtlError::Forbidden { group: None, .. } => {
                Some("ask for access to the folder of the socket, or use sudo".to_owned())
            }
            CtlError::Closed | CtlError::Stopped => Some(
                "`journalctl -u 'lmsyncd*' -e` says what happened to it"
                    .to_owned(),
            ),
            CtlError::Nonsense(_) => Some(
                "lmsyncctl and lmsyncd may be of different versions: `lmsyncctl version` shows both"
                    .to_owned(),
            ),
            CtlError::Editor(_) => {
                Some("name one in the variable VISUAL or EDITOR; nothing was done".to_owned())
            }
            CtlError::Failed(failure) => failure.hint.clone(),
            CtlError::Socket(_)
            | CtlError::Input(_)
            | CtlError::File { .. }
            | CtlError::Output(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Code;

    #[test]
    fn the_group_of_a_closed_door_is_named() {
        let forbidden =
            CtlError::Forbidden { path: "/run/x".into(), group: Some("lmsyncd".to_owned()) };
        assert_eq!(
            forbidden.to_string(),
            "not permitted to open /run/x: it belongs to the group lmsyncd"
        );
        assert_eq!(
            forbidden.hint().as_deref(),
            Some("`sudo usermod -aG lmsyncd $USER`, then log in again")
        );
        assert_eq!(forbidden.status(), 4);
    }

    #[test]
    fn the_unit_to_start_is_that_of_the_socket() {
        assert_eq!(unit(Path::new(config::DEFAULT_SOCKET)), "lmsyncd");
        assert_eq!(unit(&config::instance_socket("north")), "lmsyncd@north");
        assert_eq!(unit(Path::new("x.sock")), "lmsyncd");
    }

    #[test]
    fn a_failure_keeps_its_code() {
        let error = CtlError::Failed(Failure::new(Code::Busy, "busy"));
        assert_eq!(error.status(), 9);
    }
}
