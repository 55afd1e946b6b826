//! `run revert`: takes back what a run changed.

use crate::ctl::app::error::CtlError;
use crate::ctl::commands::ask::Dry;
use crate::ctl::commands::{Ctl, ask};
use crate::ctl::output::screen::{NONE, Screen, Tone, count};
use crate::ctl::output::table::pairs;
use crate::ctl::text::keys;
use crate::model::text;
use crate::protocol::sync::{RevertReply, RevertRun, ShowRun};

/// Revert a run
///
/// Restores the contracts that the run changed to their state before it, and holds their items, so
/// that the next run does not apply the change again; a sync that names a held item applies it.
/// Contracts that changed again since are left alone. Asks first on a terminal; elsewhere, it needs
/// --yes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl run show 12      what did it change?
  lmsyncctl run revert 12 --dry-run
  lmsyncctl run revert 12
  lmsyncctl run revert 12 --yes --json")]
pub struct Args {
    /// The run's number
    #[arg(value_parser = keys::run)]
    pub id: i64,
    /// Only show which contracts would be restored; nothing is written
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}

/// Runs the command.
pub fn run(ctl: &Ctl, args: Args) -> Result<(), CtlError> {
    let command = format!("run revert {}", args.id);
    if ask::first(ctl, args.yes || args.dry_run, &command, Dry::Possible)? {
        let shown = ctl.client.call(&ShowRun { id: args.id })?;
        ctl.output.show(&shown, super::one)?;
        let question = format!("Revert run {}?", args.id);
        if !ask::agreed(ctl, &question)? {
            return ctl.output.print("nothing was changed\n");
        }
    }
    let dry = args.dry_run;
    let answer = ctl.client.call(&RevertRun { id: args.id, dry_run: dry.then_some(true) })?;
    let render = |reply: &RevertReply, screen: &Screen| render(reply, dry, screen);
    match answer.reply.left_alone.is_empty() && !dry {
        true => ctl.output.confirm(&answer, render),
        // What was not done must be seen, however quiet.
        false => ctl.output.tell(&answer, render),
    }
}

/// The screen.
fn render(reply: &RevertReply, dry: bool, screen: &Screen) -> String {
    let run = &reply.run;
    let id = run.id.map_or_else(|| NONE.to_owned(), |id| id.to_string());
    let who = format!("run {id} of {}", text::client(&run.client, run.client_id));
    let who = screen.paint(Tone::Strong, who);
    if reply.reverted.is_empty() && reply.left_alone.is_empty() {
        return format!("{who}: nothing to revert, the run changed no contract\n");
    }
    let number = count(reply.reverted.len() as i64, "contract");
    let would = if dry { "would be " } else { "" };
    let mut text = format!("{who}: {number} {would}restored\n");
    let mut lines = Vec::new();
    if !reply.reverted.is_empty() {
        let what = if dry { "would be held" } else { "reverted and held" };
        lines.push((what, reply.reverted.join(", ")));
    }
    if !reply.left_alone.is_empty() {
        let keys = format!("{} (changed again since)", reply.left_alone.join(", "));
        lines.push(("left alone", screen.paint(Tone::Warning, keys)));
    }
    text.extend(pairs(lines, screen).lines().map(|line| format!("  {line}\n")));
    if dry {
        text.push_str("this was a dry run: nothing was written\n");
    } else if let (Some(key), false) = (reply.reverted.first(), screen.quiet) {
        let (program, client) = (&screen.address.program, run.client_id);
        let line = format!(
            "the next run holds these items; to apply one again: {program} sync {client} {key}, or, \
             while auto-sync is on, {program} held {client} after that run, then {program} held accept"
        );
        text.push_str(&screen.sentence(Tone::Dim, &line));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::sample_run;
    use super::*;
    use crate::ctl::output::screen::sample;

    #[test]
    fn what_was_taken_back_and_what_was_left_alone() {
        let mut reply = RevertReply {
            run: sample_run(),
            reverted: vec!["A1".to_owned(), "S2".to_owned()],
            left_alone: vec!["S3".to_owned()],
        };
        insta::assert_snapshot!("part", render(&reply, false, &sample(80)));
        reply.left_alone.clear();
        reply.reverted.truncate(1);
        insta::assert_snapshot!("dry", render(&reply, true, &sample(80)));
        insta::assert_snapshot!("all", render(&reply, false, &sample(80)));
        reply.reverted.clear();
        insta::assert_snapshot!("nothing", render(&reply, false, &sample(80)));
    }
}
