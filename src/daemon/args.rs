//! The command line of lmsyncd.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::config::{DEFAULT_PATH, instance_config};
use crate::model::text::visible;

/// Imports an MSP's contracts from Autotask PSA, one way, and keeps them current.
///
/// Without a command, runs the daemon in the foreground until it is told to stop (SIGTERM or
/// Ctrl-C); SIGHUP reads the configuration again. It is driven with lmsyncctl.
#[derive(Debug, Parser)]
#[command(name = "lmsyncd", version, after_help = after_help())]
pub struct Cli {
    /// The configuration file. The default is /etc/lmsyncd/lmsyncd.toml.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do instead of running the daemon.
    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Cli {
    /// The configuration that is run or checked.
    pub fn config(&self) -> PathBuf {
        let checked = match &self.command {
            Some(Command::CheckConfig(args)) => args.config(),
            Some(Command::Restore(args)) => args.config.clone(),
            Some(Command::Store(StoreArgs { command: StoreCommand::Check(args) })) => {
                args.config.clone()
            }
            _ => None,
        };
        checked.or_else(|| self.config.clone()).unwrap_or_else(|| PathBuf::from(DEFAULT_PATH))
    }

    /// Refuses a file for a command that has none, instead of leaving it out of account.
    fn judged(self) -> Result<Cli, clap::Error> {
        let reason = match &self.command {
            Some(Command::Setup(_)) => {
                "setup writes /etc/lmsyncd/lmsyncd.toml, or that of the instance that is named: \
                 lmsyncd setup NAME"
            }
            Some(Command::CheckConfig(CheckArgs { name: Some(_), .. })) => {
                "check-config takes a file or the name of an instance"
            }
            Some(Command::Demo { .. }) => "the demo has a configuration of its own",
            _ => return Ok(self),
        };
        match self.config {
            None => Ok(self),
            Some(_) => {
                let message = format!("`--config` does not apply: {reason}");
                Err(Cli::command().error(ErrorKind::ArgumentConflict, message))
            }
        }
    }
}

/// Reads the command line; a wrong one, a call for help, or one for a demo that is not in this build,
/// is answered here, with the exit status to end with.
pub fn parse() -> Result<Cli, ExitCode> {
    /// The exit status of a wrong command line (sysexits.h).
    const USAGE: u8 = 64;
    let cli = Cli::try_parse().and_then(Cli::judged).map_err(|error| {
        // A closed pipe is no reason to fail.
        let _ = match error.use_stderr() {
            // What was typed stands in it.
            true => {
                let text = error.render().to_string();
                let lines = text.lines().map(|line| format!("{}\n", visible(line)));
                std::io::stderr().write_all(lines.collect::<String>().as_bytes())
            }
            false => error.print(),
        };
        if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS }
    })?;
    #[cfg(not(feature = "demo"))]
    if let Some(Command::Demo { .. }) = cli.command {
        let _ = writeln!(std::io::stderr(), "lmsyncd: {NO_DEMO}");
        return Err(ExitCode::from(USAGE));
    }
    Ok(cli)
}

/// What a person is told who asks a packaged program for the demo.
#[cfg(not(feature = "demo"))]
const NO_DEMO: &str = "this package was built without the demo; in a folder with the source of \
                       lmsyncd, `cargo run --release -- demo` builds and runs it";

fn after_help() -> String {
    format!("{EXAMPLES}{DEMO_EXAMPLE}{AFTER_EXAMPLES}")
}

const EXAMPLES: &str = "\
Examples:
  lmsyncd --config ./lmsyncd.toml           run in the foreground
  lmsyncd check-config                      is the configuration usable?
  lmsyncd setup                             asks for the credentials, as root
  lmsyncd store check                       is the store sound? Changes nothing
";

#[cfg(feature = "demo")]
const DEMO_EXAMPLE: &str = "  \
  lmsyncd demo                              see the whole job (in a build from source)
";
#[cfg(not(feature = "demo"))]
const DEMO_EXAMPLE: &str = "";

const AFTER_EXAMPLES: &str = "
Environment:
  LMSYNCD_LOG             what is logged, such as debug or lmsyncd=trace [default: info]
  CREDENTIALS_DIRECTORY   where systemd puts the credentials autotask-secret and
                          autotask-integration-code

Exit status (sysexits.h): 0 stopped as asked, 64 usage, 65 the store is damaged, 69 socket
or store in use, 71 the system refused, 74 the store's disk failed, 75 Autotask was not reached,
77 permission, 78 configuration.";

/// What to do instead of running the daemon.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check the configuration and the credentials, without speaking to Autotask.
    ///
    /// Says everything that is wrong, with file, line and key, or that the configuration can be used.
    /// Root also checks the credentials that the unit takes, and whether the daemon's user can use
    /// the files that the keys name. Nothing is started or changed.
    #[command(after_help = CHECK_HELP)]
    CheckConfig(CheckArgs),
    /// Put a backup in the place of the store, while no daemon runs.
    ///
    /// For a store that the daemon refuses to open, and for a new server. The backup is checked first:
    /// what is no complete backup changes nothing. The store that was there is kept beside it. All
    /// auto-sync is paused until `lmsyncctl resume`. While the daemon runs, use `lmsyncctl restore`.
    #[command(after_help = RESTORE_HELP)]
    Restore(RestoreArgs),
    /// Look at the store, while no daemon runs.
    #[command(after_help = STORE_HELP)]
    Store(StoreArgs),
    /// Ask for the credentials, try them, write the files, and start the service.
    ///
    /// As root. Asks for user name, integration code and secret, tries one login, says what the API
    /// user may see, and writes /etc/lmsyncd/lmsyncd.toml and the secret with the right owners and
    /// modes. Off a terminal the options take the place of the questions. After a failed login
    /// nothing is written. Values that are in the files already are kept unless new ones are given.
    #[command(after_help = SETUP_HELP)]
    Setup(SetupArgs),
    /// Walk through the whole job on a fake Autotask tenant; needs no configuration.
    ///
    /// The real daemon and the real lmsyncctl, on a fake tenant on the loopback interface: each
    /// command and its answer is shown. On a terminal the daemon then stays up until Ctrl-C. It is in
    /// builds from source, not in packages.
    #[cfg(feature = "demo")]
    Demo(DemoArgs),
    /// The demo, which this program was built without; a build from source has it.
    #[cfg(not(feature = "demo"))]
    #[command(hide = true, disable_help_flag = true)]
    Demo {
        /// Whatever the demo would have been given.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, num_args = 0..)]
        args: Vec<std::ffi::OsString>,
    },
}

/// The options of `lmsyncd check-config`.
#[derive(Debug, Clone, Args)]
pub struct CheckArgs {
    /// The instance, where this server has several tenants: /etc/lmsyncd/NAME.toml.
    #[arg(conflicts_with = "config")]
    pub name: Option<String>,
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

impl CheckArgs {
    fn config(&self) -> Option<PathBuf> {
        self.config.clone().or_else(|| self.name.as_deref().map(instance_config))
    }
}

/// The options of `lmsyncd restore`.
#[derive(Debug, Clone, Args)]
pub struct RestoreArgs {
    /// The file that `lmsyncctl backup` wrote, or one of the daily backups.
    pub file: PathBuf,
    /// The configuration file, which names the store.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Restore a backup of another store than the one that is there.
    #[arg(long)]
    pub other_store: bool,
}

/// The options of `lmsyncd store`.
#[derive(Debug, Clone, Args)]
pub struct StoreArgs {
    /// What to do with the store.
    #[command(subcommand)]
    pub command: StoreCommand,
}

/// What to do with the store.
#[derive(Debug, Clone, Subcommand)]
pub enum StoreCommand {
    /// Tell whether the store is sound, and what the next start would do.
    ///
    /// Changes nothing; it needs room for a copy of the store. Ends with 65 where the store is damaged.
    /// With --repair a store that the daemon refuses is opened with everything that can still be read;
    /// what nothing holds any more is lost, and named. Restore a backup instead where there is one that
    /// is new enough.
    #[command(after_help = STORE_HELP)]
    Check(StoreCheckArgs),
}

/// The options of `lmsyncd store check`.
#[derive(Debug, Clone, Args)]
pub struct StoreCheckArgs {
    /// Continue without what is lost.
    #[arg(long)]
    pub repair: bool,
    /// The configuration file, which names the store.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// The options of `lmsyncd setup`.
#[derive(Debug, Clone, Args)]
pub struct SetupArgs {
    /// The instance, where this server has several tenants: /etc/lmsyncd/NAME.toml, lmsyncd@NAME.
    pub name: Option<String>,
    /// The API user's "Username (Key)".
    #[arg(long, value_name = "USER")]
    pub username: Option<String>,
    /// The tracking identifier of the API user's integration.
    #[arg(long, value_name = "CODE")]
    pub integration_code: Option<String>,
    /// A file with the API user's "Password (Secret)" as its only line.
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// Read the secret from standard input; nothing is asked then.
    #[arg(long, conflicts_with = "secret_file")]
    pub secret_stdin: bool,
    /// Where the zone is discovered, for a test tenant.
    #[arg(long, value_name = "URL")]
    pub discovery_url: Option<String>,
    /// Write the files without trying a login.
    #[arg(long)]
    pub no_login: bool,
    /// Enable and start the service without asking.
    #[arg(long)]
    pub enable: bool,
    /// Replace values in the files without asking; a copy of each file is kept next to it.
    #[arg(long, alias = "force")]
    pub yes: bool,
    /// The folder to write in the place of /etc/lmsyncd, for tests.
    #[arg(long, value_name = "DIR", hide = true)]
    pub config_dir: Option<PathBuf>,
}

/// The options of `lmsyncd demo`.
#[derive(Debug, Clone, Args)]
#[command(after_help = DEMO_HELP)]
pub struct DemoArgs {
    /// Exit after the tour, also on a terminal.
    #[arg(long, conflicts_with = "serve")]
    pub tour: bool,
    /// Only serve the fake tenant, until stopped.
    #[arg(long)]
    pub serve: bool,
    /// The port of the fake tenant on 127.0.0.1; 0 takes any.
    #[arg(long, value_name = "N", default_value_t = 0, requires = "serve")]
    pub port: u16,
    /// Serve a generated tenant with so many clients, instead of the hand-written one.
    #[arg(long, value_name = "N", requires = "serve")]
    pub clients: Option<usize>,
    /// What the generated tenant is grown from: the same seed gives the same tenant.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "serve")]
    pub seed: u64,
    /// Switch a fault of the fake tenant on; may be given several times. A wrong name lists them all.
    #[arg(long = "fault", value_name = "NAME[=Entity][@AMOUNT][:COUNT]", requires = "serve")]
    pub faults: Vec<String>,
}

const CHECK_HELP: &str = "\
Examples:
  lmsyncd check-config
  lmsyncd check-config north                that of the instance north
  lmsyncd check-config --config ./lmsyncd.toml";

const RESTORE_HELP: &str = "\
Examples:
  systemctl stop lmsyncd.socket lmsyncd
  lmsyncd restore /var/lib/lmsyncd/backups/daily-2026-11-24.jsonl
  systemctl start lmsyncd
  lmsyncd restore /root/north.jsonl --config /etc/lmsyncd/north.toml";

const STORE_HELP: &str = "\
Examples:
  lmsyncd store check
  lmsyncd store check --config /etc/lmsyncd/north.toml
  lmsyncd store check --repair";

const SETUP_HELP: &str = "\
Examples:
  lmsyncd setup                             asks for everything
  lmsyncd setup north                       the same for the instance north
  lmsyncd setup --username USER --integration-code CODE --secret-file /root/secret --enable
                                            asks for nothing
  pass show autotask | lmsyncd setup --username USER --integration-code CODE --secret-stdin";

const DEMO_HELP: &str = "\
Examples:
  lmsyncd demo                              the tour; on a terminal it then stays up
  lmsyncd demo --tour                       the tour, then exit: 0 if every step did its job
  lmsyncd demo --serve --port 8080          only the fake tenant
  lmsyncd demo --serve --fault slow@250     the fake tenant, each answer 250 ms late
  lmsyncd demo --serve --fault no-permission=Services --fault cut-connection:3

The fake tenant answers on the loopback interface only. Its first line says where, and with which
credentials. The daemon remembers the zone of its tenant: give a port to find it there again.";
