//! lmsyncctl: all of it is in `lmsyncd::ctl`.

use std::process::ExitCode;

fn main() -> ExitCode {
    lmsyncd::ctl::main(std::env::args_os())
}
