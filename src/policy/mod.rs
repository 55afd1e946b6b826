//! The decisions: what differs, what may be applied, what is chosen, what comes next, what it
//! costs.
//!
//! Pure functions of data and `now`. Nothing here waits, reads or writes; the engine carries the
//! decisions out.

pub mod alert;
pub mod apply;
pub mod batch;
pub mod cost;
pub mod diff;
pub mod effects;
pub mod explain;
#[cfg(test)]
mod fixture;
pub mod guard;
pub mod holding;
pub mod marking;
pub mod pausing;
#[cfg(test)]
mod properties;
pub mod renewal;
pub mod schedule;
pub mod select;
pub mod standing;
pub mod succession;
pub mod terms;
pub mod timeline;
pub mod why;
