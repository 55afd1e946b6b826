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
//! How a commit goes: `draft` checks its preconditions and makes a `line`, `ledger` appends it and
//! syncs, `records` and `index` apply it, and only then is it acknowledged; `writer` is the thread
//! that does so. How a store opens: `survey` reads, `plan` decides, `open` does. How the past is
//! asked: `past` reads the ledger into a `memory`. How it goes out and comes back: `backup`, `restore`. How history ends: `prune` puts a base in the place
//! of old lines.
//!
//! The store knows `model` and nothing above it. No type of sled or bincode leaves it; what must be
//! true for a commit travels in the commit.

mod backup;
mod base;
mod check;
mod codec;
mod commit;
mod convert;
mod digest;
mod draft;
mod error;
mod files;
mod guard;
mod handle;
mod identity;
mod index;
mod keep;
mod keys;
mod ledger;
mod leftovers;
mod line;
mod lock;
mod memory;
mod open;
mod opening;
mod past;
mod pieces;
mod plan;
mod prune;
mod read;
mod records;
mod replay;
mod restore;
mod segment;
mod sum;
mod survey;
#[cfg(test)]
mod testing;
mod tidy;
mod v1;
mod writer;

pub use backup::Backup;
pub use check::CheckReport;
pub use commit::{Commit, Committed, Write};
pub use error::StoreError;
pub use handle::Store;
pub use opening::{Finding, Opening};
pub use past::{Book, Touched};
pub use prune::Pruned;
pub use read::{Head, HistoryEntry, RunRecord};
pub use restore::Restored;
