//! Of `org.lmsyncd.Daemon`: backups, out and back.

use serde::{Deserialize, Serialize};

use super::Method;

/// Asks for a backup; call it with `more`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {}

/// A piece of a backup, or, in the last reply, what it is of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupReply {
    /// The next piece of the file; null in the last reply.
    pub text: Option<String>,
    /// When it was begun; null before the last reply, as is what follows.
    pub at: Option<String>,
    /// The number of the last commit in it.
    pub commits: Option<i64>,
    /// How many contract records it holds.
    pub contracts: Option<i64>,
    /// How many bytes the file has.
    pub bytes: Option<i64>,
}

impl Method for Backup {
    const NAME: &'static str = "org.lmsyncd.Daemon.Backup";
    type Reply = BackupReply;
}

/// Hands over a piece of a backup that is to be restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restore {
    /// Where the piece begins, in bytes; 0 begins anew.
    pub offset: i64,
    /// The piece.
    pub text: String,
    /// Whether it is the last one: then it is checked and takes the store's place.
    pub last: Option<bool>,
}

/// What was received, or, after the last piece, restored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreReply {
    /// How many bytes there are.
    pub received: i64,
    /// When the backup was made; null before the last piece, as is what follows.
    pub at: Option<String>,
    /// The number of its last commit.
    pub commits: Option<i64>,
    /// How many contract records it holds.
    pub contracts: Option<i64>,
}

impl Method for Restore {
    const NAME: &'static str = "org.lmsyncd.Daemon.Restore";
    type Reply = RestoreReply;
}
