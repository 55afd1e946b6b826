//! A sync of one client: what was read (`source`, `snapshot`), what differs (`pending`), what is
//! noted beside it (`flags`, `memo`), and the run that applies it.

pub(super) mod flags;
pub(super) mod memo;
pub(super) mod pending;
pub(super) mod run;
pub(super) mod snapshot;
pub(super) mod source;
