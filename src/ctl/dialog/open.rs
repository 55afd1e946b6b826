//! The way into the dialog, and what is said on the way out: what `sync` says, in a line.

use super::calls::Caller;
use super::shell;
use super::state::Ending;
use crate::ctl::app::error::CtlError;
use crate::ctl::app::exit;
use crate::ctl::commands::sync::auto_sync;
use crate::ctl::commands::sync::sync::{self, Args};
use crate::ctl::commands::{self, Ctl, ask};
use crate::ctl::output;

/// Whether the terminal can show more than one line after the other.
fn can_open() -> bool {
    std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Runs `sync`: in the dialog where a person at a terminal has not said what to sync, and without one
/// elsewhere.
pub fn sync(ctl: &Ctl, args: Args) -> Result<u8, CtlError> {
    let is_open = args.keys.is_empty() && !args.all && !args.edit && !args.dry_run;
    match is_open && ask::is_conversation(ctl) && can_open() {
        true => open(ctl, args),
        false => commands::sync::run(ctl, args),
    }
}

/// Opens the dialog of the client and returns the exit status of what was done in it.
fn open(ctl: &Ctl, args: Args) -> Result<u8, CtlError> {
    let caller = Caller {
        // A spinner would draw over the dialog.
        daemon: ctl.client.clone().telling(false),
        client: args.client,
        wait: args.wait,
    };
    let ending = shell::run(&caller, ctl.output.screen.clone())?;
    told(ctl, ending, &caller.client)
}

/// Says what was done. Leaving without a sync says nothing.
fn told(ctl: &Ctl, ending: Ending, client: &str) -> Result<u8, CtlError> {
    let screen = &ctl.output.screen;
    let mut status = 0;
    for run in &ending.runs {
        status = exit::of_run(run);
        if status != 0 || !ctl.output.quiet {
            ctl.output.print(&format!("{}\n", sync::summary(run, screen)))?;
        }
        if let Some((message, hint)) = sync::complaint(run, &screen.address.program) {
            output::complain(&message, Some(&hint));
        }
    }
    if let Some(switch) = ending.switch.filter(|_| !ctl.output.quiet) {
        ctl.output.print(&auto_sync::line(&switch, None, screen))?;
    }
    if ending.under_way {
        let hint = format!("`{} run list {client}` shows its result", screen.address.program);
        output::complain("the run continues in the daemon", Some(&hint));
        return Ok(exit::of_unfinished_run());
    }
    match ending.failed {
        Some(error) => Err(error),
        None => Ok(status),
    }
}
