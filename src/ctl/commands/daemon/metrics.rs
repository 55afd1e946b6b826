//! `metrics`: the numbers of the daemon, for a machine.

use crate::ctl::app::error::CtlError;
use crate::ctl::commands::Ctl;
use crate::protocol::daemon::Metrics;

/// Print the metrics as OpenMetrics text
///
/// The same as in the file that `textfile` in [metrics] names, for the textfile collector of
/// node_exporter.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl metrics
  lmsyncctl metrics | grep lmsyncd_clients")]
pub struct Args {}

/// Runs the command.
pub fn run(ctl: &Ctl, Args {}: Args) -> Result<u8, CtlError> {
    let answer = ctl.client.call(&Metrics {})?;
    // The text has lines, which a screen's texts have not.
    let text = answer.with_lines()?.text;
    ctl.output.show(&answer, |_, _| text)?;
    Ok(0)
}
