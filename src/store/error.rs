//! What can go wrong in the store. Messages are fragments that fit after "failed to open the
//! store:" and the like; causes are chained, not pasted in.

use std::io;
use std::path::{Path, PathBuf};

use crate::model::rfc3339;
use chrono::{DateTime, Utc};

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another daemon holds the lock on the store.
    #[error("{} is in use by another lmsyncd{}", dir.display(), holder(*pid))]
    InUse {
        /// The store's folder.
        dir: PathBuf,
        /// The other daemon's process id, where it could be read.
        pid: Option<u32>,
    },
    /// A precondition of the commit does not hold; nothing was written.
    #[error("{0} changed in the meantime")]
    Conflict(String),
    /// The commit holds something that would not read back as it is; nothing was written.
    #[error("{0}")]
    Unstorable(String),
    /// The store was written by a newer program.
    #[error("the store has format {format}, which this program is too old to read")]
    Newer {
        /// The format that the store states.
        format: u64,
    },
    /// What was to be restored is no whole backup; nothing was changed.
    #[error("not a complete backup: {0}")]
    NoBackup(String),
    /// A file of the store is damaged, and nothing else holds what it held.
    #[error("{}{}: {why}", file.display(), spot(*line))]
    Damaged {
        /// The file.
        file: PathBuf,
        /// The line, counted from 1; 0 where the file as a whole is meant.
        line: u64,
        /// What is wrong, and the way out.
        why: String,
    },
    /// The store was made before, and nothing is left of its ledger: to begin an empty one in its place is
    /// for a person to decide, and no repair can.
    #[error(
        "{}: the ledger is empty, although the store was created before: restore the newest backup, or \
         move the folder away to start over",
        ledger.display()
    )]
    Emptied {
        /// The folder of the ledger.
        ledger: PathBuf,
    },
    /// A file of the open store is not the one any more that its path leads to: another daemon could
    /// open the store there, so nothing is acknowledged here.
    #[error("{} was removed or replaced while the store was open", path.display())]
    Replaced {
        /// The file or folder.
        path: PathBuf,
    },
    /// The operating system refused something.
    #[error("{what} {}", path.display())]
    Io {
        /// What was tried, as a verb.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// A restore, a backup or a pruning failed when it was nearly done, and so did taking it back.
    #[error("{what} failed and could not be taken back, so the next start may find it done")]
    NotTakenBack {
        /// What failed.
        what: &'static str,
        /// Why.
        source: Box<StoreError>,
    },
    /// The index failed.
    #[error("index: {what}")]
    Index {
        /// What was tried, or what is wrong.
        what: String,
        /// Why, where something else is to blame.
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// The past is not known that far back: the ledger was pruned, or repaired from its index.
    #[error("history is kept only from {} on", rfc3339(*since))]
    BeforeHistory {
        /// From which moment on it is.
        since: DateTime<Utc>,
    },
    /// What is asked for lies behind commits that cannot be read; the words name them.
    #[error("what it was is not known: {0}")]
    Gap(String),
    /// More changed while a snapshot was read than it could keep, so it has no more to tell.
    #[error("too much changed while it was read")]
    Overtaken,
    /// The store is read-only: it was closed, or storage failed earlier.
    #[error("the store is read-only, because it was closed or its disk failed")]
    Stopped,
}

/// Where in a file something is.
fn spot(line: u64) -> String {
    match line {
        0 => String::new(),
        line => format!(", line {line}"),
    }
}

fn holder(pid: Option<u32>) -> String {
    pid.map(|pid| format!(" (process {pid})")).unwrap_or_default()
}

impl StoreError {
    /// A failure of the index that has no deeper cause.
    pub(super) fn index(what: impl Into<String>) -> StoreError {
        StoreError::Index { what: what.into(), source: None }
    }

    /// The failure of something that was taken back, so that it is not carried out later: if that
    /// succeeded, it is the same.
    pub(super) fn taken_back(
        self,
        what: &'static str,
        taken_back: Result<(), StoreError>,
    ) -> StoreError {
        match taken_back {
            Ok(()) => self,
            Err(_) => StoreError::NotTakenBack { what, source: Box::new(self) },
        }
    }

    /// The same error once more, for the next of several commits that one failure met.
    pub(super) fn again(&self) -> StoreError {
        match self {
            StoreError::Io { what, path, source } => {
                let source = match source.raw_os_error() {
                    Some(code) => io::Error::from_raw_os_error(code),
                    None => io::Error::new(source.kind(), source.to_string()),
                };
                StoreError::Io { what, path: path.clone(), source }
            }
            StoreError::Index { what, .. } => StoreError::index(what.clone()),
            _ => StoreError::Stopped,
        }
    }
}

/// Names what was tried, and on which file, when it fails.
pub(super) trait Doing<T> {
    fn doing(self, what: &'static str, path: &Path) -> Result<T, StoreError>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, what: &'static str, path: &Path) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::Io { what, path: path.to_owned(), source })
    }
}
