//! From the command line to an exit status.

use std::io::Write;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::app::{self, Exit};
use super::args::{Cli, Command, StoreArgs, StoreCommand};
use super::exit::StartError;
use super::log::{self, Destination};
use super::{check_config, setup, signals, store_commands, systemd};
use crate::advice::Address;
use crate::model::text::visible;
use crate::{config, control};

/// Runs lmsyncd as it was called. The demo is not of this floor and must be served before.
pub fn main(cli: &Cli) -> ExitCode {
    // The secret is in the memory: no core dump holds it, and no process of the same user reads it. It
    // may be refused where the kernel is not Linux, which is no reason not to run.
    let _ = nix::sys::prctl::set_dumpable(false);
    if let Some(Command::Setup(args)) = &cli.command {
        return setup::main(args);
    }
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    let config = cli.config();
    let one = |error: StartError| vec![error];
    let result = match &cli.command {
        Some(Command::Restore(args)) => {
            store_commands::restore(&config, args).map_err(one).map(print)
        }
        Some(Command::Store(StoreArgs { command: StoreCommand::Check(args) })) => {
            store_commands::check(&config, args).map_err(one).map(print)
        }
        Some(Command::CheckConfig(_)) => {
            let checked = check_config::check(&config, credentials.as_deref());
            checked
                .map_err(|errors| errors.into_iter().map(StartError::Config).collect())
                .map(print)
        }
        _ => run(&config, credentials).map_err(one),
    };
    let errors: Vec<StartError> = match result {
        Ok(()) => return ExitCode::SUCCESS,
        Err(errors) => errors,
    };
    let address = Address::of_config(&config, None);
    let mut out = std::io::stderr().lock();
    for (line, hint) in errors.iter().flat_map(|error| error.remarks(&address)) {
        // What was typed stands in it, and what a file said.
        let _ = writeln!(out, "lmsyncd: {}", visible(&line));
        if let Some(hint) = hint {
            let _ = writeln!(out, "hint: {}", visible(&hint));
        }
    }
    errors.first().map_or(ExitCode::FAILURE, |error| ExitCode::from(error.exit_status()))
}

fn print(lines: Vec<String>) {
    let mut out = std::io::stdout().lock();
    for line in lines {
        // Who closed the pipe does not want the rest.
        let _ = writeln!(out, "{line}");
    }
}

fn run(path: &Path, credentials: Option<PathBuf>) -> Result<(), StartError> {
    // A configuration that cannot be used is refused below, with what is wrong with it.
    let known = config::load(path).ok();
    let socket = known.as_ref().map(|settings| settings.control.socket.as_path());
    let origin = log::origin(path, &Address::of_config(path, socket));
    let logged = log::start_log(Destination::from_environment(), &origin).map_err(StartError::Log);
    let socket = systemd::passed_socket();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(StartError::System)?;
    let ended = logged.and_then(|()| serve_all(&runtime, path, credentials, socket.as_ref()));
    if let (Err(error), Some(socket)) = (&ended, socket)
        && !matches!(error, StartError::Close(_))
    {
        systemd::notify_status(&error.line());
        let control = known.unwrap_or_else(|| config::survey(path, None).settings);
        let address = Address::of_config(path, Some(&control.control.socket));
        let failure = error.failure(&address);
        let answered = control::answer_waiting(socket, failure, control.control, address);
        if let Err(error) = runtime.block_on(answered) {
            tracing::warn!("who waits in the socket cannot be told: {error}");
        }
    }
    ended
}

/// The lives of the daemon, one after the other.
fn serve_all(
    runtime: &tokio::runtime::Runtime,
    path: &Path,
    credentials: Option<PathBuf>,
    socket: Option<&UnixListener>,
) -> Result<(), StartError> {
    runtime.block_on(async {
        let mut used = None;
        while let Exit::Restart(now) = serve(path, credentials.clone(), socket, used).await? {
            tracing::info!("restarting: the store is opened again");
            systemd::reopening();
            used = now;
        }
        Ok(())
    })
}

/// One life of the daemon, from opening to closing.
async fn serve(
    config: &Path,
    credentials: Option<PathBuf>,
    socket: Option<&UnixListener>,
    used: Option<Vec<u8>>,
) -> Result<Exit, StartError> {
    let signals = signals::listen().map_err(StartError::System)?;
    systemd::notify_status("opening the store");
    // Another life needs it again.
    let socket = socket.map(UnixListener::try_clone).transpose().map_err(StartError::System)?;
    let app = app::open(config, credentials, socket, used)?;
    let (engine, stopping) = (app.engine(), CancellationToken::new());
    let told =
        signals::handle_signals(signals, Arc::clone(&engine), stopping.clone(), app.force_stop());
    // Whoever knows the engine keeps its store open: they end with this life.
    let told = AbortOnDropHandle::new(tokio::spawn(told));
    let shown =
        AbortOnDropHandle::new(tokio::spawn(systemd::feed_watchdog(engine, stopping.clone())));
    systemd::ready();
    tracing::info!("lmsyncd {} is ready", env!("CARGO_PKG_VERSION"));
    let next = app.serve(stopping).await.map_err(StartError::Close)?;
    for task in [told, shown] {
        task.abort();
        let _ = task.await;
    }
    Ok(next)
}
