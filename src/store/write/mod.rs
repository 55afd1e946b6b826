//! Commits: checked, written to the ledger, applied to the index, acknowledged; and the end of
//! history, which waits its turn among them.

pub(super) mod commit_builder;
pub(super) mod prune;
pub(super) mod writer;
