//! `restore`: a backup takes the place of what is stored.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::backup::head_of;
use crate::ctl::app::error::CtlError;
use crate::ctl::commands::ask::Dry;
use crate::ctl::commands::{Ctl, ask};
use crate::ctl::output::answer::Answer;
use crate::ctl::output::screen::{Screen, count};
use crate::protocol::daemon::{Restore, RestoreReply, Version};

/// How many bytes are sent at a time; as JSON they stay below the limit of a request.
const PIECE: u64 = 128 << 10;

/// Replace the store with a backup
///
/// The daemon checks the backup first; an incomplete backup changes nothing. Then the daemon opens
/// the restored store. The present store is kept beside it, in a folder that the journal names:
/// nothing is lost. Runs in progress end first. Then all auto-sync is paused, until `resume`: the
/// schedule of the backup is of another day. Asks first on a terminal; elsewhere, it needs --yes. A
/// backup of another store asks once more, or needs --other-store. Where the daemon does not start,
/// `lmsyncd restore` does the same.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl restore /root/lmsyncd-2026-11-24.jsonl
  lmsyncctl restore /root/lmsyncd-2026-11-24.jsonl --yes")]
pub struct Args {
    /// The file that `lmsyncctl backup` wrote
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// Restore a backup of another store
    #[arg(long)]
    pub other_store: bool,
}

/// Runs the command.
pub fn run(ctl: &Ctl, args: Args) -> Result<u8, CtlError> {
    let path = args.file;
    let failed = |source| CtlError::File { path: path.clone(), source };
    let mut file = File::open(&path).map_err(failed)?;
    let command = format!("restore {}", path.display());
    if is_of_another_store(ctl, &mut file).map_err(failed)? && !args.other_store {
        let what = format!("{} is a backup of another store", path.display());
        if !ask::is_conversation(ctl) {
            let hint =
                format!("`lmsyncctl {command} --other-store --yes` restores it all the same");
            return Err(CtlError::usage(what, hint));
        }
        if !ask::agreed(ctl, &format!("{what}. Restore it all the same?"))? {
            ctl.output.print("nothing was changed\n")?;
            return Ok(0);
        }
    }
    if ask::first(ctl, args.yes, &command, Dry::Impossible)? {
        let question = format!("Replace the whole store with {}?", path.display());
        if !ask::agreed(ctl, &question)? {
            ctl.output.print("nothing was changed\n")?;
            return Ok(0);
        }
    }
    let answer = send(ctl, &mut file, failed)?;
    ctl.output.confirm(&answer, |reply, screen| render(reply, &path, screen))?;
    Ok(0)
}

/// Whether a file says that it is a backup of another store than the daemon's. What is no backup is
/// refused by the daemon. The file is at its beginning afterwards.
fn is_of_another_store(ctl: &Ctl, file: &mut File) -> io::Result<bool> {
    let backup = head_of(file)?;
    let Some(store) = backup["store"]["id"].as_str() else { return Ok(false) };
    // A daemon that cannot be asked refuses what follows; an earlier one does not tell its store.
    let own = ctl.client.call(&Version {}).ok().and_then(|answer| answer.reply.store_id);
    Ok(own.is_some_and(|own| own != store))
}

fn send(
    ctl: &Ctl,
    file: &mut File,
    failed: impl Fn(io::Error) -> CtlError,
) -> Result<Answer<RestoreReply>, CtlError> {
    let (mut offset, mut bytes) = (0, Vec::new());
    loop {
        let wanted = PIECE - bytes.len() as u64;
        let read = file.by_ref().take(wanted).read_to_end(&mut bytes).map_err(&failed)?;
        let last = (read as u64) < wanted;
        // A character may be cut: its beginning waits for the next piece.
        let whole = match std::str::from_utf8(&bytes) {
            Ok(text) => text.len(),
            Err(error) if error.error_len().is_none() && !last => error.valid_up_to(),
            Err(_) => {
                let why = "not a text file, so not a backup";
                return Err(failed(io::Error::new(io::ErrorKind::InvalidData, why)));
            }
        };
        let rest = bytes.split_off(whole);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let answer = ctl.client.call(&Restore { offset, text, last: last.then_some(true) })?;
        if last {
            return Ok(answer);
        }
        offset += whole as i64;
        bytes = rest;
    }
}

/// The screen.
fn render(reply: &RestoreReply, path: &Path, screen: &Screen) -> String {
    format!(
        "{}: {} as of {} restored; lmsyncd now opens the restored store, and the previous store is \
         kept; auto-sync is paused until `resume`\n",
        path.display(),
        count(reply.contracts.unwrap_or_default(), "contract"),
        screen.minute(reply.at.as_deref().unwrap_or_default()),
    )
}
