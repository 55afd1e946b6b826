//! The decisions: what differs, what may be applied, what is chosen, what comes next, what it
//! costs.
//!
//! Pure functions of data and `now`. Nothing here waits, reads or writes; the engine carries the
//! decisions out. The rooms inside, each using only those below it:
//!
//! ```text
//! 2  review    what a guard holds, what is chosen, what it comes to, why an item is as it is
//!    terms     what ends when, and every day on which a cost moves
//!    alert     what a person must be told of
//! 1  changes   what differs between Autotask and the store, and what applying it makes
//!    schedule  when a client is due, pauses, batches, health
//! 0  cost      what a contract costs
//! ```

pub mod alert;
mod changes;
pub mod cost;
mod review;
pub mod schedule;
pub mod terms;

pub use changes::{apply, diff, flags, renewal, succession, unread};
pub use review::{effects, explain, guard, holds, select};
pub use schedule::{batch, health, pauses, why};
pub use terms::timeline;
