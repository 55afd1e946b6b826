//! The fake Autotask tenant, and the guided tour that runs on it.
//!
//! The only part that serves HTTP, and the only one that may use both `daemon` and `ctl`. Behind
//! the cargo feature `demo`.

mod serve;
mod stage;
pub mod tenant;
mod tour;

use std::ffi::OsStr;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use tokio_util::sync::CancellationToken;

use crate::daemon::args::DemoArgs;
use crate::daemon::stop_on_signal;

/// Runs as lmsyncctl if that is the name under which the program was called: the demo links its own
/// binary by that name, so that the tour runs the real lmsyncctl wherever it is started from.
pub fn called_as_lmsyncctl() -> Option<ExitCode> {
    let name = std::env::args_os().next()?;
    let name = Path::new(&name).file_name()?;
    (name == OsStr::new("lmsyncctl")).then(|| crate::ctl::main(std::env::args_os()))
}

/// Runs `lmsyncd demo`.
pub fn main(args: &DemoArgs) -> ExitCode {
    let result = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .and_then(|runtime| runtime.block_on(run(args)));
    match result {
        Ok(status) => status,
        // Who closed the pipe has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "lmsyncd: the demo cannot go on: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &DemoArgs) -> io::Result<ExitCode> {
    let stopping = CancellationToken::new();
    stop_on_signal(stopping.clone())?;
    if args.serve {
        return serve::serve(args, stopping).await;
    }
    let stay = io::stdout().is_terminal() && !args.tour;
    let stage = stage::Stage::set(stopping.clone()).await?;
    let done = tokio::select! {
        done = tour::walk(&stage) => done?,
        () = stopping.cancelled() => false,
    };
    if done && stay {
        stage.stay(&stopping).await?;
    }
    stage.clear().await;
    Ok(if done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
