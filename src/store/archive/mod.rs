//! Backups, out and back, and looking at a store that nobody has open.

pub(super) mod backup;
pub(super) mod daily;
pub(super) mod examine;
pub(super) mod restore;
