//! `contract relink`: has a frozen contract follow Autotask again, once it was seen what changes.

use super::edit;
use crate::ctl::app::error::CtlError;
use crate::ctl::commands::ask::Dry;
use crate::ctl::commands::{Ctl, ask};
use crate::ctl::output::screen::{Screen, Tone};
use crate::ctl::text::keys;
use crate::protocol::contracts::{Relink, RelinkReply};

/// Make a frozen contract follow Autotask again
///
/// Shows first what would change, field by field, and asks for confirmation on a terminal; elsewhere,
/// it needs --yes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl contract relink A29683353 --dry-run    what would change?
  lmsyncctl contract relink A29683353 --yes        do it")]
pub struct Args {
    /// The contract's key
    #[arg(value_name = "KEY")]
    pub key: String,
    /// Only show what would change; nothing is written
    #[arg(long)]
    pub dry_run: bool,
    /// Do it without asking
    #[arg(long, short)]
    pub yes: bool,
}

/// Runs the command.
pub fn run(ctl: &Ctl, args: Args) -> Result<(), CtlError> {
    let key = keys::key(&args.key)?;
    let done = |key: String| {
        let answer = ctl.client.call(&Relink { key, apply: Some(true) })?;
        ctl.output.confirm(&answer, render)
    };
    let command = format!("contract relink {key}");
    let asks = !args.dry_run && ask::first(ctl, args.yes, &command, Dry::Possible)?;
    if !asks && !args.dry_run {
        return done(key);
    }
    let answer = ctl.client.call(&Relink { key: key.clone(), apply: None })?;
    if args.dry_run {
        return ctl.output.show(&answer, render);
    }
    ctl.output.print(&preview(&answer.reply, &ctl.output.screen))?;
    match ask::agreed(ctl, &format!("Make {key} follow Autotask again?"))? {
        true => done(key),
        false => ctl.output.print("nothing was changed\n"),
    }
}

/// What would change, or has.
fn preview(reply: &RelinkReply, screen: &Screen) -> String {
    let who = format!("{} {}", reply.contract.key, reply.contract.name);
    let what = match (reply.applied, reply.changes.is_empty()) {
        (true, _) => "follows Autotask again",
        (false, true) => "nothing would change: Autotask has the same values",
        (false, false) => "this would change",
    };
    let changes = edit::changed(&reply.changes, screen);
    format!("{}: {what}\n{changes}", screen.paint(Tone::Strong, who))
}

/// The screen.
fn render(reply: &RelinkReply, screen: &Screen) -> String {
    let mut text = preview(reply, screen);
    if !reply.applied && !screen.quiet {
        let verb = if reply.changes.is_empty() { "relink anyway" } else { "apply" };
        text.push_str(&format!(
            "\nnothing was changed; {verb} with: {} contract relink {} --yes\n",
            screen.address.program, reply.contract.key
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::samples::{change, contract};
    use super::*;
    use crate::ctl::output::screen::sample;

    #[test]
    fn what_would_change_is_shown_first() {
        let mut reply = RelinkReply {
            contract: contract("A1", None, "東京支社 Workplace", "482.60", "USD"),
            changes: vec![
                change("billing_cost", Some("482.60"), Some("490.00")),
                change("end_date", Some("2026-12-31"), None),
            ],
            applied: false,
        };
        insta::assert_snapshot!("shown", render(&reply, &sample(80)));
        reply.applied = true;
        insta::assert_snapshot!("applied", render(&reply, &sample(80)));
        (reply.applied, reply.changes) = (false, Vec::new());
        insta::assert_snapshot!("same", render(&reply, &sample(80)));
    }
}
