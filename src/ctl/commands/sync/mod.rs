//! Commands about what a sync would bring, brings, holds or leaves out.

pub mod auto_sync;
pub mod client;
pub mod diff;
pub mod explain;
pub mod flags;
pub mod held;
pub mod pause;
pub mod pending;
pub mod plan;
pub mod quarantine;
pub mod reconcile;
pub mod selection;
#[expect(clippy::module_inception, reason = "the command is called as its room is")]
pub mod sync;
pub mod wait;

use super::Ctl;
use crate::ctl::app::error::CtlError;

/// Runs `sync`, with the list in an editor where that is asked for.
pub fn run(ctl: &Ctl, args: sync::Args) -> Result<u8, CtlError> {
    if args.edit { selection::run(ctl, args) } else { sync::run(ctl, args) }
}
