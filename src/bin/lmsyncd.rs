//! lmsyncd: see the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(feature = "demo")]
    if let Some(status) = lmsyncd::demo::called_as_lmsyncctl() {
        return status;
    }
    let cli = match lmsyncd::daemon::args::parse() {
        Ok(cli) => cli,
        Err(status) => return status,
    };
    #[cfg(feature = "demo")]
    if let Some(lmsyncd::daemon::args::Command::Demo(args)) = &cli.command {
        return lmsyncd::demo::main(args);
    }
    lmsyncd::daemon::main(&cli)
}
