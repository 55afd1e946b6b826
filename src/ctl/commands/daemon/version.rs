//! `version`: of both programs.

use std::time::Duration;

use crate::ctl::app::error::CtlError;
use crate::ctl::commands::Ctl;
use crate::ctl::output::Format;
use crate::protocol::daemon::Version;

/// The version of lmsyncctl.
const OWN: &str = env!("CARGO_PKG_VERSION");

/// How long the daemon may take: it knows the answer.
const LIMIT: Duration = Duration::from_secs(10);

/// Print the versions of lmsyncctl and lmsyncd
///
/// Prints its own version even if the daemon cannot be reached.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  lmsyncctl version")]
pub struct Args {}

/// Runs the command.
pub fn run(ctl: &Ctl, Args {}: Args) -> Result<u8, CtlError> {
    match ctl.client.within(LIMIT).call(&Version {}) {
        Ok(answer) => {
            ctl.output.show(&answer, |reply, _| both(&reply.version))?;
            Ok(0)
        }
        Err(error) => {
            if ctl.output.format == Format::Text {
                ctl.output.print(&both(without(&error)))?;
            }
            Err(error)
        }
    }
}

/// What is told in place of a version.
fn without(error: &CtlError) -> &'static str {
    match error {
        CtlError::Unreachable { .. } => "not reachable",
        CtlError::Silent { .. } => "does not answer",
        _ => "not known",
    }
}

fn both(daemon: &str) -> String {
    format!("lmsyncctl {OWN}\nlmsyncd   {daemon}\n")
}
