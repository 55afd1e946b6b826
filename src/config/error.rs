//! What can be wrong with the configuration, told for the person who has to put it right: which
//! file, which line, which key, what is wrong, and what to type next.
//!
//! Messages are lower-case fragments that fit after "failed to read the configuration: ". Nothing
//! here ever holds a secret.

use std::io;
use std::path::{Path, PathBuf};

use crate::model::Advice;

/// One thing that is wrong inside a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, counted from 1; None for something that is missing.
    pub line: Option<usize>,
    /// The column in characters, counted from 1.
    pub column: Option<usize>,
    /// The key with its section, `sync.interval`, or only the section, or `version`.
    pub key: Option<String>,
    /// What is wrong, in one line, with key and line in it but without the file.
    pub message: String,
    /// What a person can do about it, where the message alone does not say.
    pub advice: Option<Advice>,
}

/// Why there are no settings, or no credentials.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// There is no such file.
    #[error("{} does not exist", path.display())]
    Missing {
        /// The file that was asked for.
        path: PathBuf,
    },
    /// The file is there and cannot be read; the source says why.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// The file that was asked for.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The configuration can be changed by users other than its owner, who could send the secret
    /// anywhere.
    #[error("{} can be changed by users other than its owner (mode {mode:04o})", path.display())]
    Writable {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file with the secret can be read by users other than its owner.
    #[error(
        "the secret in {} can be read by users other than its owner (mode {mode:04o})",
        path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file was read, and there is something wrong with what it says.
    #[error("{}: {}", path.display(), summary(problems))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Everything that is wrong, in the order of the file; never empty.
        problems: Vec<Problem>,
    },
    /// A credential is in none of the places where it may be.
    #[error(
        "no {what} is configured: there is neither a systemd credential `{credential}` nor `{key}` in [autotask]"
    )]
    NoCredential {
        /// `secret` or `integration code`.
        what: &'static str,
        /// The name of the systemd credential.
        credential: &'static str,
        /// The key in `[autotask]` that would serve instead.
        key: &'static str,
    },
    /// The file that should hold a credential cannot be read; the source says why.
    #[error("the {what} in {} cannot be read", path.display())]
    CredentialUnreadable {
        /// `secret` or `integration code`.
        what: &'static str,
        /// The file that should hold it.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// What a key names cannot be used as it is.
    #[error("{message}")]
    Unusable {
        /// The key with its section.
        key: &'static str,
        /// What is wrong, in one line, with the key in it.
        message: String,
        /// What a person can do about it, where the message alone does not say.
        advice: Option<Advice>,
    },
    /// A credential was found and cannot be right.
    #[error("the {what} in {} {fault}", path.display())]
    BadCredential {
        /// `secret` or `integration code`.
        what: &'static str,
        /// The file that holds it.
        path: PathBuf,
        /// What is wrong with it, as a phrase that follows its name.
        fault: &'static str,
    },
}

impl ConfigError {
    /// A stable name of the kind of error, the same in JSON, Varlink and journal.
    pub fn code(&self) -> &'static str {
        match self {
            ConfigError::Missing { .. } => "config_missing",
            ConfigError::Unreadable { .. } => "config_unreadable",
            ConfigError::Writable { .. } => "config_writable",
            ConfigError::Exposed { .. } => "secret_exposed",
            ConfigError::Invalid { .. } => "config_invalid",
            ConfigError::Unusable { .. } => "config_unusable",
            ConfigError::NoCredential { .. } => "credential_missing",
            ConfigError::CredentialUnreadable { .. } => "credential_unreadable",
            ConfigError::BadCredential { .. } => "credential_invalid",
        }
    }

    /// The file that the error is about.
    pub fn path(&self) -> Option<&Path> {
        match self {
            ConfigError::Missing { path }
            | ConfigError::Unreadable { path, .. }
            | ConfigError::Writable { path, .. }
            | ConfigError::Exposed { path, .. }
            | ConfigError::Invalid { path, .. }
            | ConfigError::CredentialUnreadable { path, .. }
            | ConfigError::BadCredential { path, .. } => Some(path),
            ConfigError::NoCredential { .. } | ConfigError::Unusable { .. } => None,
        }
    }

    /// Everything that is wrong inside the file, in its order; empty for the other errors.
    pub fn problems(&self) -> &[Problem] {
        match self {
            ConfigError::Invalid { problems, .. } => problems,
            _ => &[],
        }
    }

    /// The line of the first problem, counted from 1.
    pub fn line(&self) -> Option<usize> {
        self.problems().first()?.line
    }

    /// The column of the first problem, in characters, counted from 1.
    pub fn column(&self) -> Option<usize> {
        self.problems().first()?.column
    }

    /// The key of the first problem, with its section: `sync.interval`.
    pub fn key(&self) -> Option<&str> {
        match self {
            ConfigError::NoCredential { key, .. } | ConfigError::Unusable { key, .. } => Some(key),
            _ => self.problems().first()?.key.as_deref(),
        }
    }

    /// The error in one line, without its source: the same as `to_string`.
    pub fn message(&self) -> String {
        self.to_string()
    }

    /// What a person can do next.
    pub fn advice(&self) -> Option<Advice> {
        let text = |path: &Path| path.display().to_string();
        match self {
            ConfigError::Missing { path } => Some(Advice::WriteConfig { path: text(path) }),
            ConfigError::Unreadable { path, source } => (source.kind()
                == io::ErrorKind::PermissionDenied)
                .then(|| Advice::AllowReading { path: text(path) }),
            ConfigError::Writable { path, .. } => Some(Advice::ForbidWriting { path: text(path) }),
            ConfigError::Exposed { path, .. } => Some(Advice::ForbidReading { path: text(path) }),
            ConfigError::Invalid { problems, .. } => problems.first()?.advice.clone(),
            ConfigError::Unusable { advice, .. } => advice.clone(),
            ConfigError::NoCredential { credential, .. } => {
                Some(Advice::WriteCredential { name: (*credential).to_owned() })
            }
            ConfigError::CredentialUnreadable { path, source, .. } => match source.kind() {
                io::ErrorKind::NotFound => Some(Advice::WriteSecretFile { path: text(path) }),
                io::ErrorKind::PermissionDenied => Some(Advice::OwnFile { path: text(path) }),
                _ => None,
            },
            ConfigError::BadCredential { .. } => Some(Advice::RewriteCredential),
        }
    }
}

/// The first problem, and how many more there are.
fn summary(problems: &[Problem]) -> String {
    match problems {
        [] => "unknown problem".to_owned(),
        [only] => only.message.clone(),
        [first, _] => format!("{} (and 1 more problem)", first.message),
        [first, rest @ ..] => format!("{} (and {} more problems)", first.message, rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_says_what_to_do() {
        let path = || PathBuf::from("/etc/lmsyncd/lmsyncd.toml");
        let missing = ConfigError::Missing { path: path() };
        assert_eq!(missing.message(), "/etc/lmsyncd/lmsyncd.toml does not exist");
        assert_eq!(
            missing.advice(),
            Some(Advice::WriteConfig { path: "/etc/lmsyncd/lmsyncd.toml".to_owned() })
        );
        let writable = ConfigError::Writable { path: path(), mode: 0o666 };
        assert_eq!(
            writable.message(),
            "/etc/lmsyncd/lmsyncd.toml can be changed by users other than its owner (mode 0666)"
        );
        let path = "/etc/lmsyncd/lmsyncd.toml".to_owned();
        assert_eq!(writable.advice(), Some(Advice::ForbidWriting { path }));
        let exposed = ConfigError::Exposed { path: PathBuf::from("/s"), mode: 0o644 };
        assert_eq!(
            exposed.message(),
            "the secret in /s can be read by users other than its owner (mode 0644)"
        );
        assert_eq!(exposed.advice(), Some(Advice::ForbidReading { path: "/s".to_owned() }));
    }

    #[test]
    fn the_system_s_reason_is_the_source_and_not_in_the_text() {
        let denied = ConfigError::Unreadable {
            path: PathBuf::from("/x.toml"),
            source: io::Error::from(io::ErrorKind::PermissionDenied),
        };
        assert_eq!(denied.message(), "/x.toml cannot be read");
        assert!(std::error::Error::source(&denied).is_some());
        assert_eq!(denied.advice(), Some(Advice::AllowReading { path: "/x.toml".to_owned() }));
    }

    #[test]
    fn more_problems_are_counted() {
        let problem = Problem {
            line: None,
            column: None,
            key: None,
            message: "one".to_owned(),
            advice: None,
        };
        assert_eq!(summary(std::slice::from_ref(&problem)), "one");
        assert_eq!(summary(&vec![problem.clone(); 2]), "one (and 1 more problem)");
        assert_eq!(summary(&vec![problem; 3]), "one (and 2 more problems)");
    }
}
