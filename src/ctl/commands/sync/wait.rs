//! The options of whoever syncs while another run of the client may be under way.

use crate::protocol::sync::Sync;

/// Whether to wait for the other run, and how long.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::Args)]
pub struct Wait {
    /// Wait while another run of the client is under way
    #[arg(long)]
    pub wait: bool,
    /// How many seconds to wait at most
    #[arg(
        long,
        value_name = "SECONDS",
        requires = "wait",
        value_parser = clap::value_parser!(i64).range(1..=86_400)
    )]
    pub timeout: Option<i64>,
}

impl Wait {
    /// The request with these options.
    pub fn on(self, request: Sync) -> Sync {
        Sync { wait: self.wait.then_some(true), timeout: self.timeout, ..request }
    }
}
