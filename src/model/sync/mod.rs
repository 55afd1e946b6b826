//! A sync of one client: what was read (`source`, `snapshot`), what differs (`pending`), what is
//! noted beside it (`flags`), what a guard holds of it (`held`), when it is paused (`pause`), and
//! the run that applies it.

pub(super) mod flags;
pub(super) mod held;
pub(super) mod pause;
pub(super) mod pending;
pub(super) mod run;
pub(super) mod snapshot;
pub(super) mod source;
pub(super) mod unread;
pub(super) mod visibility;
