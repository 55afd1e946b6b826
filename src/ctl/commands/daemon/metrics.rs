//! `metrics`: the numbers of the daemon, for a machine.

use std::time::Duration;

use crate::ctl::app::error::CtlError;
use crate::ctl::commands::Ctl;
use crate::protocol::daemon::Metrics;

/// How long the daemon may take: no answer needs Autotask, but others may be asking too.
const LIMIT: Duration = Duration::from_secs(30);

/// Print the metrics as OpenMetrics text
///
/// The samples are those of the file that `textfile` in [metrics] names. That file has them in the
/// older text format of Prometheus, which node_exporter and promtool read: --prometheus.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl metrics
  lmsyncctl metrics | grep lmsyncd_clients
  lmsyncctl metrics --prometheus | promtool check metrics")]
pub struct Args {
    /// Print the older text format of Prometheus
    #[arg(long)]
    pub prometheus: bool,
}

/// Runs the command.
pub fn run(ctl: &Ctl, args: Args) -> Result<u8, CtlError> {
    let format = args.prometheus.then(|| "prometheus".to_owned());
    let answer = ctl.client.within(LIMIT).call(&Metrics { format })?;
    // The text has lines, which a screen's texts have not.
    let text = answer.with_lines()?.text;
    ctl.output.show(&answer, |_, _| text)?;
    Ok(0)
}
