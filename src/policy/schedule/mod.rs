//! When auto-sync runs: the next run of a client (`plan`), how many are taken at once (`batch`),
//! pauses, how a client stands after its runs (`health`), the reason for the next run (`why`), and
//! since when one could begin (`awake`).

mod awake;
pub mod batch;
pub mod health;
pub mod pauses;
mod plan;
pub mod why;

pub use awake::Awake;
pub use plan::{
    Ending, clamp_next_run, due, end_of_day, moved, next_run, replanned, start_of_day, wake,
};
