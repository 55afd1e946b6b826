//! `backup`: everything that is stored, into one file; and whether such a file is whole.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::ctl::app::error::CtlError;
use crate::ctl::commands::{Ctl, ask};
use crate::ctl::output::answer::Answer;
use crate::ctl::output::file;
use crate::ctl::output::screen::{Screen, count};
use crate::protocol::daemon::{Backup, BackupReply, Version};

/// Back up the store to a file
///
/// The backup has contracts, clients, their settings, and the history, as they were stored when the
/// backup began. The daemon keeps running. The file is readable by you alone, has one JSON object
/// per line, and appears complete and verified, or not at all. Copy it to another machine: a disk
/// that fails takes its backups with it. A file that is no backup of this store is replaced only with
/// --yes, or if you say so on a terminal.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = "\
Examples:
  lmsyncctl backup /root/lmsyncd-2026-11-24.jsonl
  lmsyncctl backup verify /root/lmsyncd-2026-11-24.jsonl
  lmsyncctl restore /root/lmsyncd-2026-11-24.jsonl")]
pub struct Args {
    /// The file; an earlier backup of the same store is replaced
    #[arg(value_name = "FILE", required = true)]
    pub file: Option<PathBuf>,
    /// Replace any file
    #[arg(long, short)]
    pub yes: bool,
    /// What to do instead of writing one
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do with a backup.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Tell whether a backup is whole
    ///
    /// Reads the file to its end and compares its checksum, without asking the daemon: a backup that
    /// was cut off or altered since it was written is refused (exit 1). Restoring checks more.
    #[command(after_help = "\
Examples:
  lmsyncctl backup verify /root/lmsyncd-2026-11-24.jsonl")]
    Verify {
        /// The backup
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// How long the first line of a backup may be, in bytes.
const LONGEST_HEAD: u64 = 64 << 10;

/// What goes wrong while the file is written.
struct Wrong(CtlError);

impl From<io::Error> for Wrong {
    fn from(source: io::Error) -> Wrong {
        Wrong(CtlError::File { path: PathBuf::new(), source })
    }
}

/// Runs the command.
pub fn run(ctl: &Ctl, args: Args) -> Result<u8, CtlError> {
    let path = match (args.command, args.file) {
        (Some(Command::Verify { file }), _) => return verify(ctl, &file),
        (None, file) => file.unwrap_or_default(),
    };
    let in_the_way = in_the_way(ctl, &path)?.filter(|_| !args.yes);
    if let Some(what) = in_the_way
        && !replaces(ctl, &path, what)?
    {
        ctl.output.print("nothing was written\n")?;
        return Ok(0);
    }
    let mut last = None;
    let written = file::replace_bit_by_bit(&path, |file| {
        last = Some(receive(ctl, file)?);
        // Before the file has its name: what is found under it was read back well.
        file.rewind()?;
        Ok(check(file)?)
    });
    let named = |source| CtlError::File { path: path.clone(), source };
    written.map_err(|Wrong(error)| match error {
        CtlError::File { source, .. } => named(source),
        other => other,
    })?;
    if let Some(answer) = last {
        ctl.output.confirm(&answer, |reply, screen| render(reply, &path, screen))?;
    }
    Ok(0)
}

/// What a backup says of itself in its first line; null where the file begins otherwise. The file is at
/// its beginning afterwards.
pub(super) fn head_of(file: &mut File) -> io::Result<Value> {
    let mut first = Vec::new();
    BufReader::new(&mut *file).take(LONGEST_HEAD).read_until(b'\n', &mut first)?;
    file.rewind()?;
    let head: Value = serde_json::from_slice(&first).unwrap_or_default();
    Ok(head["backup"].clone())
}

/// What is under that name and no backup of the daemon's store.
fn in_the_way(ctl: &Ctl, path: &Path) -> Result<Option<&'static str>, CtlError> {
    let failed = |source| CtlError::File { path: path.to_owned(), source };
    match std::fs::metadata(path) {
        // A pipe or a device would be gone, and programs that use it would meet a file.
        Ok(there) if !there.is_file() => {
            return Err(CtlError::usage(
                format!("{} is no file, so no backup is written there", path.display()),
                "name a file: a backup is read back before it has its name",
            ));
        }
        // What is empty holds nothing.
        Ok(there) if there.len() > 0 => {}
        _ => return Ok(None),
    }
    let backup = File::open(path).and_then(|mut file| head_of(&mut file)).map_err(failed)?;
    let Some(store) = backup["store"]["id"].as_str() else {
        return Ok(Some("is not a backup"));
    };
    // A daemon of an earlier release does not tell which store it has.
    let own = ctl.client.call(&Version {})?.reply.store_id;
    Ok(own.filter(|own| own != store).map(|_| "is a backup of another store"))
}

/// Whether that file is to be replaced all the same.
fn replaces(ctl: &Ctl, path: &Path, what: &str) -> Result<bool, CtlError> {
    let path = path.display();
    if ask::is_conversation(ctl) {
        return ask::agreed(ctl, &format!("{path} {what}. Replace it?"));
    }
    Err(CtlError::usage(
        format!("{path} {what}, so it is not replaced"),
        format!("choose another name; `lmsyncctl backup {path} --yes` replaces it"),
    ))
}

/// Tells whether a backup is whole, and of what it is.
fn verify(ctl: &Ctl, path: &Path) -> Result<u8, CtlError> {
    let failed = |source| CtlError::File { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(failed)?;
    let backup = head_of(&mut file).map_err(failed)?;
    let (Some(at), Some(commits)) = (backup["at"].as_str(), backup["commits"].as_i64()) else {
        let why = io::Error::new(io::ErrorKind::InvalidData, "not a backup");
        return Err(failed(why));
    };
    check(&file).map_err(failed)?;
    let (commits, at) = (count(commits, "commit"), ctl.output.screen.minute(at));
    ctl.output.print(&format!("{}: {commits} as of {at}, whole\n", path.display()))?;
    Ok(0)
}

fn receive(ctl: &Ctl, file: &mut File) -> Result<Answer<BackupReply>, Wrong> {
    let mut last = None;
    let mut failed = None;
    let sent = ctl.client.follow(&Backup {}, |answer: &Answer<BackupReply>| {
        // As it came: what is made safe for a terminal is not what was sent.
        match answer.raw.get("text").and_then(Value::as_str) {
            Some(text) => failed = file.write_all(text.as_bytes()).err(),
            None => last = Some(Answer { raw: answer.raw.clone(), reply: answer.reply.clone() }),
        }
        Ok(failed.is_none())
    });
    if let Some(error) = failed {
        return Err(error.into());
    }
    sent.map_err(Wrong)?;
    last.ok_or(Wrong(CtlError::Closed))
}

/// Reads the file back: it ends with the checksum of all that stands before.
fn check(file: &File) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let (mut hash, mut line) = (Sha256::new(), Vec::new());
    loop {
        let mut next = Vec::new();
        if reader.read_until(b'\n', &mut next)? == 0 {
            break;
        }
        hash.update(&line);
        line = next;
    }
    let sum: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let end: Value = serde_json::from_slice(&line)?;
    // Not even the last line break may be missing: restoring asks for it, too.
    match end["end"]["sha256"] == sum.as_str() && line.ends_with(b"\n") {
        true => Ok(()),
        false => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the checksum at its end is not that of what stands before: it was cut off or altered",
        )),
    }
}

/// The screen.
fn render(reply: &BackupReply, path: &Path, screen: &Screen) -> String {
    let number = |value: Option<i64>, what| count(value.unwrap_or_default(), what);
    format!(
        "{}: {} and {} as of {}, {}, verified\n",
        path.display(),
        number(reply.contracts, "contract"),
        number(reply.commits, "commit"),
        screen.minute(reply.at.as_deref().unwrap_or_default()),
        number(reply.bytes, "byte"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_is_whole_to_its_last_line_break() {
        let first = "{\"backup\":{}}\n";
        let sum: String = Sha256::digest(first).iter().map(|byte| format!("{byte:02x}")).collect();
        let whole = format!("{first}{{\"end\":{{\"sha256\":\"{sum}\"}}}}\n");
        let is_whole = |text: &str| {
            let mut file = tempfile::tempfile().expect("a file");
            file.write_all(text.as_bytes()).and_then(|()| file.rewind()).expect("written");
            check(&file).is_ok()
        };
        assert!(is_whole(&whole));
        for other in [&whole[..whole.len() - 1], &format!("{whole}x"), &format!("{whole}\n"), first]
        {
            assert!(!is_whole(other), "{other:?}");
        }
    }
}
