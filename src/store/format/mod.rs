//! The form of what is stored: structs, keys, lines and their checksums.

pub(super) mod chain;
pub(super) mod codec;
pub(super) mod convert;
pub(super) mod identity;
pub(super) mod keys;
pub(super) mod line;
pub(super) mod quiet;
pub(super) mod v1;
pub(super) mod view;
