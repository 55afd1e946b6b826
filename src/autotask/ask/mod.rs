//! The other questions: which companies there are, what became of an item, what may be read.

pub(super) mod access;
pub(super) mod directory;
pub(super) mod locate;
pub(super) mod newcomers;
pub(super) mod probe;
