//! Backups, out and back.

pub(super) mod backup;
pub(super) mod restore;
