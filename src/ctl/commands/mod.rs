//! The commands: one file for each holds its arguments, what it asks, and how the answer looks.

pub mod ask;
pub mod book;
pub mod daemon;
pub mod normalize;
pub mod sync;

use super::connection::Client;
use super::output::Output;

/// What a command works with.
pub struct Ctl {
    /// The daemon.
    pub client: Client,
    /// Where answers go.
    pub output: Output,
}
