//! Backups, out and back, and the end of history.

pub(super) mod backup;
pub(super) mod prune;
pub(super) mod restore;
