//! Of `org.lmsyncd.Daemon`: backups, out and back.

use serde::{Deserialize, Serialize};

/// Everything that is stored, history included, as one file of JSON lines. Call it with `more`:
/// each reply but the last has the next piece in `text`, the last one says what it is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Backup {}

/// A piece of a backup, or, in the last reply, what it is of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
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

/// Takes a backup, piece by piece: `offset` is where the piece begins, in bytes, and 0 starts over.
/// After the `last` piece, the backup is checked. A valid backup replaces the store, which is kept
/// beside it, and the daemon opens the restored store; otherwise nothing changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Restore {
    /// Where the piece begins, in bytes; 0 starts over.
    pub offset: i64,
    /// The piece.
    pub text: String,
    /// Whether this is the last piece: then the backup is checked and replaces the store.
    pub last: Option<bool>,
}

/// What was received, or, after the last piece, restored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
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
