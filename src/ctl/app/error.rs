//! Why a command of lmsyncctl ends badly: the message, the hint, and the exit status.
//!
//! The daemon's own failures come over the wire as [`Failure`] and keep their code; everything
//! else that can go wrong on this side of the socket is named here.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::advice::Address;
use crate::model::{Advice, Failure, duration_text};

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
    /// The daemon does not answer, though its socket can be opened.
    #[error("lmsyncd on {} does not answer: nothing for {}", path.display(), duration_text(*after))]
    Silent {
        /// The socket.
        path: PathBuf,
        /// How long was waited.
        after: Duration,
    },
    /// The daemon stopped while it was watched.
    #[error("lmsyncd stopped")]
    Stopped,
    /// What came is not an answer.
    #[error("lmsyncd sent an invalid answer: {0}")]
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

impl CtlError {
    /// A usage error.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> CtlError {
        CtlError::Usage { message: message.into(), hint: hint.into() }
    }

    /// What a person can do next, in words for the daemon at `address`.
    pub fn hint(&self, address: &Address) -> Option<String> {
        match self {
            // Written without an address, for where nobody has one.
            CtlError::Usage { hint, .. } => {
                Some(hint.replace("`lmsyncctl ", &format!("`{} ", address.program)))
            }
            CtlError::Unreachable { .. } => Some(format!(
                "start it with `systemctl start {}`, or name another socket with --socket or \
                 --instance",
                address.unit.as_deref().unwrap_or("lmsyncd")
            )),
            CtlError::Forbidden { group: Some(group), .. } if group != "root" => {
                Some(format!("`sudo usermod -aG {group} $USER`, then log in again"))
            }
            CtlError::Forbidden { .. } => {
                Some("ask for access to the folder of the socket, or use sudo".to_owned())
            }
            CtlError::Silent { .. } => Some(match &address.unit {
                Some(unit) => format!(
                    "systemd restarts a daemon that hangs within a minute; `systemctl restart \
                     {unit}` does at once"
                ),
                None => "restart the daemon if it hangs".to_owned(),
            }),
            CtlError::Closed | CtlError::Stopped => {
                Some(format!("`{} -e` shows what happened", address.journal("-u")))
            }
            CtlError::Nonsense(_) => address.words(&Advice::CompareVersions),
            CtlError::Editor(_) => Some("set VISUAL or EDITOR; nothing was done".to_owned()),
            CtlError::Failed(failure) => address.words(failure.advice.as_ref()?),
            CtlError::Socket(_)
            | CtlError::Input(_)
            | CtlError::File { .. }
            | CtlError::Output(_) => None,
        }
    }

    /// The code, the message and what a person can do next, as `--json` shows them: the code of the
    /// daemon, or one of the client's own.
    pub fn as_json(&self, address: &Address) -> serde_json::Value {
        let (code, advice) = match self {
            CtlError::Failed(failure) => (failure.code.name(), failure.advice.as_ref()),
            CtlError::Usage { .. } => ("Usage", None),
            CtlError::Unreachable { .. }
            | CtlError::Silent { .. }
            | CtlError::Closed
            | CtlError::Stopped => ("DaemonNotReachable", None),
            CtlError::Forbidden { .. } => ("SocketNotPermitted", None),
            CtlError::Nonsense(_) | CtlError::Socket(_) => ("ConnectionFailed", None),
            CtlError::Input(_)
            | CtlError::Editor(_)
            | CtlError::File { .. }
            | CtlError::Output(_) => ("LocalFailure", None),
        };
        let (message, hint) = (self.to_string(), self.hint(address));
        serde_json::json!({ "code": code, "message": message, "advice": advice, "hint": hint })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::app::exit;
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
            forbidden.hint(&Address::of_instance(None)).as_deref(),
            Some("`sudo usermod -aG lmsyncd $USER`, then log in again")
        );
        assert_eq!(exit::of_error(&forbidden), 4);
    }

    #[test]
    fn what_to_type_names_the_daemon_that_was_meant() {
        let north = Address::of_instance(Some("north"));
        let source = || io::ErrorKind::NotFound.into();
        let unreachable = CtlError::Unreachable { path: "/x".into(), source: source() };
        let hint = unreachable.hint(&north).expect("a hint");
        assert!(hint.starts_with("start it with `systemctl start lmsyncd@north`"), "{hint}");
        let usage = CtlError::usage("no", "`lmsyncctl pending CLIENT` shows the keys");
        let hint = usage.hint(&north).expect("a hint");
        assert_eq!(hint, "`lmsyncctl --instance north pending CLIENT` shows the keys");
    }

    #[test]
    fn as_json_an_error_has_code_message_and_advice() {
        let client_id = crate::model::ClientId(174);
        let failure =
            Failure::new(Code::AutoSyncEnabled, "no").advise(Advice::AutoSyncOff { client_id });
        let json = CtlError::Failed(failure).as_json(&Address::of_instance(None));
        assert_eq!(
            json,
            serde_json::json!({
                "code": "AutoSyncEnabled", "message": "no",
                "hint": "lmsyncctl pending 174 shows what the next run will import; \
                         to sync manually: lmsyncctl auto-sync off 174",
                "advice": { "code": "auto_sync_off", "client_id": 174 },
            })
        );
    }

    #[test]
    fn a_failure_keeps_its_code() {
        let error = CtlError::Failed(Failure::new(Code::Busy, "busy"));
        assert_eq!(exit::of_error(&error), 9);
    }
}
