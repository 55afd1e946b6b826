//! What differs between Autotask and the store, and what a contract becomes when that is applied.
//!
//! ```text
//! renewal, succession   which agreement and which line stands in the place of which
//! apply                 what a contract becomes
//! unread                what stays as it is stored, because it could not be read
//! diff                  what is pending: new, changed, vanished, returned
//! ```
//!
//! `stored` is the side of the store in all of them, `flags` is what people and runs noted beside
//! the items.

pub mod apply;
pub mod diff;
pub mod flags;
pub mod renewal;
mod stored;
pub mod succession;
pub mod unread;

#[cfg(test)]
pub(super) mod fixture;
#[cfg(test)]
mod properties;
