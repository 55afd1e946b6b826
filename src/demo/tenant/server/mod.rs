//! The service: who is let in, what it costs, what endpoints answer, and how that travels.

pub(super) mod answer;
pub(super) mod auth;
pub(super) mod call;
pub(super) mod counters;
pub(super) mod http;
pub(super) mod limits;
pub(super) mod metadata;
pub(super) mod page;
pub(super) mod query;
pub(super) mod route;
pub(super) mod service;
pub(super) mod serving;
