//! A sync of one client: what was read (`source`, `snapshot`), what differs (`pending`), what is
//! noted beside it (`mark`, `memo`), and the run that applies it.

pub(super) mod mark;
pub(super) mod memo;
pub(super) mod pending;
pub(super) mod run;
pub(super) mod snapshot;
pub(super) mod source;
