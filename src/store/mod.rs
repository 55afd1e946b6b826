//! The store: an append-only ledger that is the truth, and an index that answers.
//!
//! What it promises: *when lmsyncd reports a change as stored, it is on the local disk. It survives
//! a kill, a crash of the machine and loss of power on a local file system that honours flush. What
//! one commit changes is there whole or not at all. Damage to the index is noticed at start and
//! repaired from the ledger. Not covered: loss of the disk (restore from a copied backup), drives
//! that lie about flush, network file systems.*
//!
//! ```text
//! state/
//!   ledger/000000000001.jsonl       one line = one commit; the truth, the history, the audit trail
//!   ledger/000000000004.base.jsonl  whole state, from which segment 4 goes on
//!   ledger/head.json                how far the ledger was: a witness of what it must have
//!   index/                          sled: can be built from the ledger at any time
//!   backups/                        copies from before another version opened the store
//!   audit.jsonl                     who had the daemon do what; nothing folds or replaces it
//!   pause-after-restore             until auto-sync was paused after a restore
//!   written-by                      the version that opened it last
//!   store.json                      the store's id and format
//!   lock                            one daemon a store
//! ```
//!
//! The rooms inside, each using only those below it:
//!
//! ```text
//! 10 handle    Store: what the rest of the program sees
//!  9 archive   backup and restore: out and back
//!  8 open      reads, decides (plan), repairs; makes a backup before an upgrade
//!  7 write     the writer: checks a commit (draft), writes and applies it; prunes
//!  6 read      what is held now (present, snapshot), what was (past, then, memory), whether it is
//!              sound (check)
//!  5 core      what handle, writer and questions share
//!  4 log       the ledger: segments, bases, lock, replay, survey, moments
//!  3 index     sled, behind keys and records of our own
//!    audit     the audit trail
//!  2 format    structs, keys, lines and their checksums
//!  1 files     files and folders, safely   | 0 commit, error, file_system (the seam to the disk)
//! ```
//!
//! How a commit goes: `write::draft` checks its preconditions and makes a `format::line`,
//! `log::ledger` appends it and syncs, `index` applies it, and only then is it acknowledged;
//! `write::writer` is the thread that does so. How history ends: `write::prune` puts a base in the
//! place of old lines.
//!
//! The store knows `model` and nothing above it. No type of sled or bincode leaves it; what must be
//! true for a commit travels in the commit.

mod archive;
mod audit;
mod commit;
mod core;
mod error;
mod file_system;
mod files;
mod format;
mod handle;
mod index;
mod log;
mod open;
mod read;
mod write;

#[cfg(test)]
mod testing;

pub use archive::backup::Backup;
pub use archive::examine::Examination;
pub use archive::restore::Restored;
pub use commit::{Commit, Committed, Write};
pub use error::StoreError;
pub use handle::Store;
pub use log::stretches::Gap;
pub use open::opening::{Extent, Finding, Opening};
pub use read::changed::LastChanges;
pub use read::check::CheckReport;
pub use read::past::{StateAsOf, Touched};
pub use read::present::{Head, HistoryEntry, RunRecord};
pub use read::snapshot::{ClientContracts, Snapshot};
pub use read::then::ContractsAsOf;
pub use write::prune::Pruned;
