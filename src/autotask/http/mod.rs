//! HTTP: the only requests there are, how they travel, and what an answer means.

pub(super) mod answer;
pub(super) mod classify;
pub(super) mod concurrency;
pub(super) mod entity;
pub(super) mod error;
pub(super) mod error_texts;
pub(super) mod limit;
pub(super) mod options;
pub(super) mod request;
pub(super) mod transport;
pub(super) mod transport_error;
