//! From the command line to an exit status: the shell around the commands, and the only place
//! that looks at the terminal, the environment and the clock.

mod usage;

use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::Local;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{CommandFactory, FromArgMatches};
use terminal_size::{Height, Width};

use super::args::{Cli, Command, Global};
use super::commands::Ctl;
use super::output::{self, Format, Output};
use super::{completions, dialog, help};
use crate::advice::Address;
use crate::clock::{Clock, SystemClock};
use crate::config::{self, DEFAULT_SOCKET};
use crate::ctl::app::error::CtlError;
use crate::ctl::app::exit;
use crate::ctl::commands::book::{contract, export, renewals, run, timeline};
use crate::ctl::commands::daemon::{
    audit_log, backup, check, doctor, history, metrics, notify, reload, restore, status, version,
    watch,
};
use crate::ctl::commands::sync::{
    auto_sync, client, diff, explain, flags, held, pause, pending, plan, quarantine, reconcile,
};
use crate::ctl::connection::Client;
use crate::ctl::output::list::Formulas;
use crate::ctl::output::pager::Pager;
use crate::ctl::output::screen::Screen;
use crate::ctl::output::signs;

/// Runs lmsyncctl with these arguments, the program's name first.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    if !speaks_utf8(LOCALE.map(variable)) {
        signs::use_ascii();
    }
    let parsed = Cli::command()
        .try_get_matches_from(&args)
        .and_then(|matches| Cli::from_arg_matches(&matches).map(|cli| (cli, matches)));
    let (cli, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return no_command(&error, &args),
    };
    let address = address(&cli.global, matches.value_source("socket"));
    let named = match &address {
        Ok((_, address)) => address.clone(),
        Err(_) => Address::of_instance(None),
    };
    let json = cli.global.json;
    let is_check = matches!(cli.command, Command::Check(_));
    let done = address
        .and_then(|(path, address)| prepare(&cli, path, address))
        .and_then(|ctl| dispatch(&ctl, cli.command));
    match done {
        Ok(status) => ExitCode::from(status),
        // A monitor reads one line of standard output and the statuses of a plugin.
        Err(error) if is_check => plugin(check::failed(&error), &error),
        Err(error) => {
            told(&error, json, &named);
            ExitCode::from(exit::of_error(&error))
        }
    }
}

/// The status of a check that failed; where that cannot be told on standard output, the status of the
/// failure.
fn plugin(told: Result<u8, CtlError>, error: &CtlError) -> ExitCode {
    ExitCode::from(told.unwrap_or_else(|_| exit::of_error(error)))
}

/// Help and the version go to standard output, what clap does not understand to standard error, in
/// the form that every error has; a reader that went away is no failure. `check` says on standard
/// output that it was misused. Where no command was named, help says which there are.
fn no_command(error: &clap::Error, args: &[OsString]) -> ExitCode {
    let status = u8::try_from(error.exit_code()).unwrap_or(2);
    if !error.use_stderr() {
        let told = output::print(&signs::shown(&error.render().to_string()));
        return ExitCode::from(if told.is_ok() { status } else { 1 });
    }
    let failure = usage::of(error, args);
    let command = usage::command(args);
    if command.first().is_some_and(|name| name == "check")
        && let Ok(status) = check::misused(&failure)
    {
        return ExitCode::from(status);
    }
    match error.kind() {
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            output::help(&help::of_command(&command, &Cli::command()));
        }
        _ => told(&failure, args.iter().any(|arg| arg == "--json"), &Address::of_instance(None)),
    }
    ExitCode::from(status)
}

/// Tells on standard error what went wrong.
fn told(error: &CtlError, json: bool, named: &Address) {
    match json {
        true => output::complain_as_json(&error.as_json(named)),
        false => output::complain(&error.to_string(), error.hint(named).as_deref()),
    }
}

fn prepare(cli: &Cli, path: PathBuf, address: Address) -> Result<Ctl, CtlError> {
    let global = &cli.global;
    let format = format(global);
    let is_csv =
        format == Format::Csv || matches!(cli.command, Command::Export(export::Command::Csv(_)));
    if global.raw && !is_csv {
        return Err(CtlError::usage("--raw is for CSV only", "use it with --csv or `export csv`"));
    }
    if format.is_rows() {
        let Some(columns) = cli.command.columns() else {
            return Err(no_list(global, &cli.command));
        };
        if let Format::Template(template) = &format {
            template.check(&columns)?;
        }
    }
    let stdout = io::stdout();
    let terminal = stdout.is_terminal();
    // A terminal that does not know its size is one where nothing is cut and nothing paged.
    let size = terminal_size::terminal_size_of(stdout.as_fd()).filter(|_| terminal);
    let dumb = variable("TERM").is_some_and(|name| name == "dumb");
    let screen = Screen {
        width: size.map(|(Width(width), _)| width),
        colour: terminal && !dumb && variable("NO_COLOR").is_none() && !global.no_color,
        unicode: speaks_utf8(LOCALE.map(variable)),
        quiet: global.quiet,
        now: SystemClock.now(),
        local: |at| at.with_timezone(&Local).fixed_offset(),
        address,
    };
    let path_of_programs = variable("PATH");
    let pager = size.filter(|_| !global.no_pager && !dumb).and_then(|(_, Height(rows))| {
        Pager::chosen(std::env::var_os("PAGER"), path_of_programs.as_deref(), rows)
    });
    if let Some(zone) = variable("TZ").filter(|zone| !global.quiet && is_unreadable_zone(zone)) {
        let zone = zone.to_string_lossy();
        output::remark(&format!(
            "TZ is `{zone}`, a time zone that cannot be read: see the offsets"
        ));
    }
    let client = Client::new(path).telling(!global.quiet && io::stderr().is_terminal());
    let formulas = if global.raw { Formulas::Raw } else { Formulas::Defused };
    let output = Output { format, formulas, quiet: global.quiet, screen, pager };
    Ok(Ctl { client, output })
}

/// The form that was asked for; the command line lets one through at most.
fn format(global: &Global) -> Format {
    match global {
        Global { json: true, .. } => Format::Json,
        Global { csv: true, .. } => Format::Csv,
        Global { plain: true, .. } => Format::Plain,
        Global { format: Some(template), .. } => Format::Template(template.clone()),
        _ => Format::Text,
    }
}

/// Why a form of lists is refused.
fn no_list(global: &Global, command: &Command) -> CtlError {
    let form = match global {
        Global { csv: true, .. } => "--csv",
        Global { plain: true, .. } => "--plain",
        _ => "--format",
    };
    match command {
        Command::Export(_) => CtlError::usage(
            format!("an export has its own format, so {form} does not apply"),
            "`lmsyncctl export csv` is the CSV of everything",
        ),
        _ => CtlError::usage(
            format!(
                "{form} is for lists: status, client list, pending, held, contract list, contract cost, \
                 contract history, contract chain, run list, renewals, timeline, reconcile, \
                 quarantine list, audit-log"
            ),
            "use --json here",
        ),
    }
}

/// Where the files of time zones are, unless TZ has a whole path.
const ZONES: &str = "/usr/share/zoneinfo";

/// The variables that name the locale; the first that is set counts.
const LOCALE: [&str; 3] = ["LC_ALL", "LC_CTYPE", "LANG"];

/// A variable of the environment; one that is empty is none.
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Whether the variable TZ names a file of a time zone that cannot be read, so that moments are shown in
/// another zone than the person means. Rules (`CET-1CEST`) name no file.
fn is_unreadable_zone(zone: &OsStr) -> bool {
    let text = zone.to_string_lossy();
    let name = text.strip_prefix(':').unwrap_or(&text);
    let names_a_file = name.len() < text.len() || name.contains('/');
    names_a_file && std::fs::read(Path::new(ZONES).join(name)).is_err()
}

/// Whether pictures may use signs that are not ASCII: by the first of the locale's variables that
/// is set.
fn speaks_utf8(locale: [Option<OsString>; 3]) -> bool {
    let name = locale.into_iter().flatten().next().unwrap_or_default();
    let name = name.to_string_lossy().to_ascii_lowercase();
    name.contains("utf-8") || name.contains("utf8")
}

/// The socket to speak to, and how the same daemon is addressed in a command to type.
///
/// What is on the command line counts before what is in the environment.
fn address(
    global: &Global,
    socket_from: Option<ValueSource>,
) -> Result<(PathBuf, Address), CtlError> {
    let typed = socket_from == Some(ValueSource::CommandLine);
    match (&global.socket, &global.instance) {
        (Some(_), Some(_)) if typed => Err(CtlError::usage(
            "--socket and --instance exclude each other",
            "use only one of them",
        )),
        (_, Some(name)) => Ok((instance_socket(name)?, Address::of_instance(Some(name)))),
        (Some(path), None) if typed => {
            Ok((path.clone(), Address::of_socket(path, Address::program_for(path))))
        }
        // From the environment, where the next command finds it too.
        (Some(path), None) => Ok((path.clone(), Address::of_socket(path, "lmsyncctl".to_owned()))),
        (None, None) => Ok((PathBuf::from(DEFAULT_SOCKET), Address::of_instance(None))),
    }
}

fn instance_socket(name: &str) -> Result<PathBuf, CtlError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
        return Err(CtlError::usage(
            format!("`{name}` is not an instance name"),
            "the name is the part after the @ in `systemctl list-units 'lmsyncd@*'`",
        ));
    }
    Ok(config::instance_socket(name))
}

fn dispatch(ctl: &Ctl, command: Command) -> Result<u8, CtlError> {
    match command {
        Command::Status(args) => status::run(ctl, args),
        Command::Client(command) => client::run(ctl, command),
        Command::Pending(args) => pending::run(ctl, args),
        Command::Diff(args) => diff::run(ctl, args),
        Command::Sync(args) => dialog::sync(ctl, args),
        Command::Plan(args) => plan::plan(ctl, args),
        Command::Apply(args) => plan::apply(ctl, &args),
        Command::AutoSync(args) => auto_sync::run(ctl, args),
        Command::Pause(args) => pause::pause(ctl, args),
        Command::Resume(args) => pause::resume(ctl, args),
        Command::Held(args) => held::run(ctl, args),
        Command::Ignore(args) => flags::ignore(ctl, args),
        Command::Unignore(args) => flags::unignore(ctl, args),
        Command::Explain(args) => explain::run(ctl, args),
        Command::Reconcile(args) => reconcile::run(ctl, args),
        Command::Quarantine(command) => quarantine::run(ctl, command),
        Command::Contract(command) => contract::run(ctl, command),
        Command::Run(command) => run::run(ctl, command),
        Command::Renewals(args) => renewals::run(ctl, args),
        Command::Timeline(args) => timeline::run(ctl, args),
        Command::Export(command) => export::run(ctl, command),
        Command::History(command) => history::run(ctl, command),
        Command::AuditLog(args) => audit_log::run(ctl, args),
        Command::Backup(args) => backup::run(ctl, args),
        Command::Restore(args) => restore::run(ctl, args),
        Command::Watch(args) => watch::run(ctl, args),
        Command::Check(args) => check::run(ctl, args),
        Command::Metrics(args) => metrics::run(ctl, args),
        Command::Notify(command) => notify::run(ctl, command),
        Command::Doctor(args) => doctor::run(ctl, args),
        Command::Reload(args) => reload::run(ctl, args),
        Command::Version(args) => version::run(ctl, args),
        Command::Completions(args) => completions::run(ctl, &args),
        Command::Complete(args) => completions::complete(ctl, args, &Cli::command()),
        Command::Help(args) => help::run(ctl, &args, &Cli::command()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address_of(args: &[&str]) -> Result<(PathBuf, Address), CtlError> {
        let args = ["lmsyncctl", "doctor"].iter().chain(args);
        let matches = Cli::command().try_get_matches_from(args).expect("parses");
        let cli = Cli::from_arg_matches(&matches).expect("parses");
        address(&cli.global, matches.value_source("socket"))
    }

    #[test]
    fn an_instance_has_a_socket_of_its_own_and_hints_name_it() {
        let (path, address) = address_of(&["--instance", "north"]).expect("an address");
        assert_eq!(path, config::instance_socket("north"));
        assert_eq!(address, Address::of_instance(Some("north")));
        assert_eq!(exit::of_error(&address_of(&["--instance", "../x"]).expect_err("no name")), 2);
    }

    #[test]
    fn the_first_variable_that_is_set_says_what_signs_there_are() {
        let of = |all: [&str; 3]| {
            speaks_utf8(all.map(|name| (!name.is_empty()).then(|| OsString::from(name))))
        };
        assert!(of(["", "", "en_US.UTF-8"]));
        assert!(of(["de_DE.utf8", "C", "C"]));
        assert!(!of(["C", "", "en_US.UTF-8"]), "LC_ALL counts first");
        assert!(!of(["", "", ""]) && !of(["", "POSIX", ""]));
    }

    #[test]
    fn a_zone_that_cannot_be_read_is_noticed() {
        let unreadable = |zone: &str| is_unreadable_zone(OsStr::new(zone));
        assert!(unreadable("Mars/Olympus") && unreadable(":/nowhere/zone") && unreadable(":x"));
        assert!(!unreadable("CET-1CEST") && !unreadable("UTC"));
        let file = tempfile::NamedTempFile::new().expect("a file");
        assert!(!unreadable(file.path().to_str().expect("text")));
    }

    #[test]
    fn two_addresses_are_one_too_many() {
        let error = address_of(&["--instance", "north", "--socket", "/x"]).expect_err("both");
        assert_eq!(exit::of_error(&error), 2);
        assert_eq!(address_of(&["--socket", "/x"]).expect("one").0, PathBuf::from("/x"));
    }
}
