//! Snapshots of clients: the reading, and turning rows into source items.

pub(super) mod addition;
pub(super) mod agreements;
pub(super) mod apart;
pub(super) mod assemble;
pub(super) mod billed;
pub(super) mod children;
pub(super) mod context;
pub(super) mod convert;
pub(super) mod hidden;
pub(super) mod pairing;
mod put;
pub(super) mod read;
pub(super) mod read_cache;
pub(super) mod reading;

#[cfg(test)]
mod read_tests;
