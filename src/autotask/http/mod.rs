//! HTTP: the only requests there are, how they travel, what an answer means, and trying again.

pub(super) mod classify;
pub(super) mod concurrency;
pub(super) mod entity;
pub(super) mod error;
pub(super) mod request;
pub(super) mod retry;
pub(super) mod transport;
