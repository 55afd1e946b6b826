//! The options of whoever syncs while another run of the client may be in progress.

use crate::ctl::connection::Client;
use crate::ctl::text::dates;
use crate::protocol::sync::Sync;

/// Whether to wait for the other run, and how long.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::Args)]
pub struct Wait {
    /// Wait for a run of the client that is in progress to end
    #[arg(long)]
    pub wait: bool,
    /// Give up after this time, such as 90s or 5m; a plain number is seconds
    #[arg(long, value_name = "DURATION", requires = "wait", value_parser = dates::timeout, allow_hyphen_values = true)]
    pub timeout: Option<i64>,
}

impl Wait {
    /// The client for that: one that waits for another run waits for as long as it takes.
    pub fn client(self, client: &Client) -> Client {
        if self.wait { client.patient() } else { client.clone() }
    }

    /// The request with these options.
    pub fn on(self, request: Sync) -> Sync {
        Sync { wait: self.wait.then_some(true), timeout: self.timeout, ..request }
    }
}
