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
//!   index/                          sled: can be built from the ledger at any time
//!   backups/                        copies from before another version opened the store
//!   written-by                      the version that opened it last
//!   store.json                      the store's id and format
//!   lock                            one daemon a store
//! ```
//!
//! How a commit goes: `write::draft` checks its preconditions and makes a `format::line`,
//! `log::ledger` appends it and syncs, `index` applies it, and only then is it acknowledged;
//! `write::writer` is the thread that does so. How a store opens: `log::survey` reads, `open::plan`
//! decides, `open` does. How the past is asked: `read::past` reads the ledger into a `read::memory`.
//! How it goes out and comes back: `archive::backup` and `restore`. How history ends:
//! `archive::prune` puts a base in the place of old lines.
//!
//! The store knows `model` and nothing above it. No type of sled or bincode leaves it; what must be
//! true for a commit travels in the commit.

mod archive;
mod commit;
mod error;
mod files;
mod format;
mod handle;
mod index;
mod log;
mod open;
mod read;
#[cfg(test)]
mod testing;
mod write;

pub use archive::backup::Backup;
pub use archive::prune::Pruned;
pub use archive::restore::Restored;
pub use commit::{Commit, Committed, Write};
pub use error::StoreError;
pub use handle::Store;
pub use open::opening::{Finding, Opening};
pub use read::check::CheckReport;
pub use read::past::{Book, Touched};
pub use read::{Head, HistoryEntry, RunRecord};
