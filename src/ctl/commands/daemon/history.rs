//! `history`: how much of the past is kept. What it says of one contract is `contract history`.

use crate::ctl::app::error::CtlError;
use crate::ctl::commands::Ctl;
use crate::ctl::commands::ask::{self, Dry};
use crate::ctl::output::screen::{Screen, Tone, count};
use crate::protocol::daemon::{PruneHistory, PruneReply};

/// Examples of the noun.
pub const EXAMPLES: &str = "\
Examples:
  lmsyncctl history prune --dry-run
  lmsyncctl contract history A29683353    what happened to one contract";

/// What can be done with the past; what each is for is said where its arguments are.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Prune(PruneArgs),
}

/// Remove history that is older than `store.history`
///
/// Contracts are not changed; their older history is folded into a base and is lost. `--as-of` can
/// no longer show days before it. Asks first on a terminal; elsewhere, it needs --yes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl history prune --dry-run    how much would go?
  lmsyncctl history prune
  lmsyncctl history prune --yes        in a script")]
pub struct PruneArgs {
    /// Only show what would be removed; nothing is written
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}

/// Runs the command.
pub fn run(ctl: &Ctl, command: Command) -> Result<u8, CtlError> {
    let Command::Prune(args) = command;
    if ask::first(ctl, args.yes || args.dry_run, "history prune", Dry::Possible)? {
        let dry = ctl.client.call(&PruneHistory { dry_run: Some(true) })?;
        ctl.output.show(&dry, render)?;
        if dry.reply.commits > 0 && !ask::agreed(ctl, "Remove them for good?")? {
            return ctl.output.print("nothing was changed\n").map(|()| 0);
        }
    }
    let answer = ctl.client.call(&PruneHistory { dry_run: args.dry_run.then_some(true) })?;
    ctl.output.confirm(&answer, render)?;
    Ok(0)
}

/// The screen.
fn render(reply: &PruneReply, screen: &Screen) -> String {
    let before = screen.minute(&reply.before);
    let kept = count(reply.kept, "commit");
    if reply.commits == 0 {
        return format!("nothing is older than {before}; the history keeps {kept}\n");
    }
    let commits = count(reply.commits, "commit");
    let verb = if reply.dry_run { "would remove" } else { "removed" };
    let mut text = format!(
        "{verb} {commits} older than {before} ({}); the history keeps {kept}\n",
        size(reply.bytes)
    );
    if reply.dry_run {
        let line = "this was a dry run: nothing was written";
        text.push_str(&format!("{}\n", screen.paint(Tone::Dim, line)));
    }
    text
}

/// A number of bytes in its largest unit, rounded down.
fn size(bytes: i64) -> String {
    match bytes {
        ..1024 => count(bytes, "byte"),
        1024..1_048_576 => format!("{} KiB", bytes / 1024),
        _ => format!("{}.{} MiB", bytes / 1_048_576, bytes % 1_048_576 * 10 / 1_048_576),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::output::screen::sample;

    #[test]
    fn what_was_folded_and_what_would_be() {
        let mut reply = PruneReply {
            before: "2025-10-20T13:05:00Z".to_owned(),
            commits: 1200,
            bytes: 1_300_000,
            kept: 30,
            dry_run: true,
        };
        assert_eq!(
            render(&reply, &sample(80)),
            "would remove 1,200 commits older than 2025-10-20 14:05 +01:00 (1.2 MiB); the history \
             keeps 30 commits\nthis was a dry run: nothing was written\n"
        );
        (reply.dry_run, reply.bytes) = (false, 2048);
        assert_eq!(
            render(&reply, &sample(80)),
            "removed 1,200 commits older than 2025-10-20 14:05 +01:00 (2 KiB); the history keeps \
             30 commits\n"
        );
        reply.commits = 0;
        assert_eq!(
            render(&reply, &sample(80)),
            "nothing is older than 2025-10-20 14:05 +01:00; the history keeps 30 commits\n"
        );
    }
}
