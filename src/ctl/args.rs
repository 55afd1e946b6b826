//! The command line of lmsyncctl: what holds for every command, and the list of commands. The
//! arguments of each are in the file of its noun.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use super::{completions, help};
use crate::ctl::commands::book::{contract, export, renewals, run, timeline};
use crate::ctl::commands::daemon::{
    audit_log, backup, check, doctor, history, metrics, notify, reload, restore, status, version,
    watch,
};
use crate::ctl::commands::normalize;
use crate::ctl::commands::sync::{
    auto_sync, client, diff, explain, flags, held, pause, pending, plan, quarantine, reconcile,
    sync,
};
use crate::ctl::output::template::Template;

/// Drives lmsyncd: see what is new in Autotask, import it, keep clients current
///
/// Contracts come one way, from Autotask into the store of lmsyncd; nothing is ever written back.
#[derive(Debug, Parser)]
#[command(name = "lmsyncctl", version, after_help = help::ending(), max_term_width = 100)]
#[command(disable_help_subcommand = true)]
pub struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// What holds for every command.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Global {
    /// The daemon's socket (or the variable LMSYNCD_SOCKET) [default: /run/lmsyncd/control.sock]
    #[arg(long, global = true, value_name = "PATH", env = "LMSYNCD_SOCKET", hide_env = true)]
    pub socket: Option<PathBuf>,
    /// The daemon of lmsyncd@NAME.service, for one of several tenants
    #[arg(long, global = true, value_name = "NAME")]
    pub instance: Option<String>,
    /// Print the daemon's answer as one JSON object
    #[arg(long, global = true)]
    pub json: bool,
    /// Print a list as comma-separated values
    #[arg(long, global = true, conflicts_with = "json")]
    pub csv: bool,
    /// Leave texts in CSV as they are, also where a spreadsheet would compute them (for programs)
    #[arg(long, global = true)]
    pub raw: bool,
    /// Print a list as tab-separated values; with --quiet without the header
    #[arg(long, global = true, conflicts_with_all = ["json", "csv"])]
    pub plain: bool,
    /// Print one line per row, such as '{key:12} {billing_cost:>10} {name}'
    #[arg(
        long,
        global = true,
        value_name = "TEMPLATE",
        value_parser = Template::parse,
        conflicts_with_all = ["json", "csv", "plain"]
    )]
    pub format: Option<Template>,
    /// Do not use a pager (the same as an empty variable PAGER)
    #[arg(long, global = true)]
    pub no_pager: bool,
    /// Print without colours (the same as the variable NO_COLOR)
    #[arg(long, global = true)]
    pub no_color: bool,
    /// Print no progress, no confirmations and no footers
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

/// A command. What it is for is said where its arguments are: a comment here would hide that.
#[derive(Debug, Subcommand)]
pub enum Command {
    Status(status::Args),
    /// List clients
    #[command(subcommand, after_help = client::EXAMPLES)]
    Client(client::Command),
    Pending(pending::Args),
    Diff(diff::Args),
    #[command(visible_alias = sync::OTHER_NAME)]
    Sync(sync::Args),
    Plan(plan::PlanArgs),
    Apply(plan::ApplyArgs),
    AutoSync(auto_sync::Args),
    Pause(pause::PauseArgs),
    Resume(pause::ResumeArgs),
    Held(held::Args),
    Ignore(flags::IgnoreArgs),
    Unignore(flags::UnignoreArgs),
    Explain(explain::Args),
    Reconcile(reconcile::Args),
    /// List items whose rows cannot be converted
    #[command(subcommand, after_help = quarantine::EXAMPLES)]
    Quarantine(quarantine::Command),
    /// List, show and edit contracts in the store
    #[command(subcommand, after_help = contract::EXAMPLES)]
    Contract(contract::Command),
    /// List runs, show what they changed, revert them
    #[command(subcommand, after_help = run::EXAMPLES)]
    Run(run::Command),
    Renewals(renewals::Args),
    Timeline(timeline::Args),
    /// Export the store: JSON, CSV, a calendar, a folder of text files
    #[command(subcommand, after_help = export::EXAMPLES)]
    Export(export::Command),
    /// Manage the stored history
    #[command(subcommand, after_help = history::EXAMPLES)]
    History(history::Command),
    AuditLog(audit_log::Args),
    Backup(backup::Args),
    Restore(restore::Args),
    Watch(watch::Args),
    Check(check::Args),
    Metrics(metrics::Args),
    /// Try the notify command
    #[command(subcommand, after_help = notify::EXAMPLES)]
    Notify(notify::Command),
    Doctor(doctor::Args),
    Reload(reload::Args),
    Version(version::Args),
    Completions(completions::Args),
    Complete(completions::CompleteArgs),
    Help(help::Args),
}

/// The command line as it is defined, for manual pages and for tests.
pub fn command() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

impl Command {
    /// The columns of the list that is the answer; none where it is no list.
    pub fn columns(&self) -> Option<Vec<&'static str>> {
        let list = match self {
            Command::Contract(command) => return command.columns(),
            Command::Renewals(args) => {
                return Some(normalize::columns(renewals::CSV, args.normalize));
            }
            Command::Status(_) => status::CSV,
            Command::Pending(args) => pending::csv(args),
            Command::Client(client::Command::List(_)) => client::CSV,
            Command::Quarantine(quarantine::Command::List(_)) => quarantine::CSV,
            Command::Reconcile(_) => reconcile::CSV,
            Command::Held(held::Args { command: None | Some(held::Command::Show(_)), .. }) => {
                held::CSV
            }
            Command::Run(run::Command::List(_)) => run::CSV,
            Command::Timeline(_) => timeline::CSV,
            Command::AuditLog(_) => audit_log::CSV,
            Command::Diff(_)
            | Command::Sync(_)
            | Command::Plan(_)
            | Command::Apply(_)
            | Command::AutoSync(_)
            | Command::Pause(_)
            | Command::Resume(_)
            | Command::Held(_)
            | Command::Ignore(_)
            | Command::Unignore(_)
            | Command::Explain(_)
            | Command::Run(_)
            | Command::Export(_)
            | Command::History(_)
            | Command::Backup(_)
            | Command::Restore(_)
            | Command::Watch(_)
            | Command::Check(_)
            | Command::Metrics(_)
            | Command::Notify(_)
            | Command::Doctor(_)
            | Command::Reload(_)
            | Command::Version(_)
            | Command::Completions(_)
            | Command::Complete(_)
            | Command::Help(_) => return None,
        };
        Some(list.columns.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
