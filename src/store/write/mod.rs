//! Commits: checked, written to the ledger, applied to the index, acknowledged.

pub(super) mod draft;
pub(super) mod writer;
