//! `held`: what a guard wants a person to look at, accepting and rejecting.

use super::pending;
use crate::ctl::app::error::CtlError;
use crate::ctl::app::exit;
use crate::ctl::commands::ask::Dry;
use crate::ctl::commands::{Ctl, ask};
use crate::ctl::output::Csv;
use crate::ctl::output::list::joined;
use crate::ctl::output::screen::{Screen, Tone, count, thousands};
use crate::ctl::output::table::{Column, Table, toned};
use crate::ctl::text::{items, keys, money};
use crate::model::text;
use crate::protocol::sync::{
    AcceptHeld, AcceptReply, HeldList, HeldRun, ListHeld, RejectHeld, RejectReply,
};

/// List changes that a guard holds for a decision
///
/// A guard holds changes that look more like a fault than like business: many contracts gone at
/// once, an empty answer, a price that jumps. Held changes are not applied, and the old values
/// stay, until somebody accepts them. Rejected changes stay held without further alerts, until
/// Autotask shows different values. Observers may list them; only operators decide.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  lmsyncctl held
  lmsyncctl held acme
  lmsyncctl held show 12          what did run 12 hold?
  lmsyncctl held accept 12        apply it, if Autotask still shows the same
  lmsyncctl held reject 12 --reason 'the vendor is fixing it'"
)]
pub struct Args {
    /// Only changes of this client
    pub client: Option<String>,
    /// What to do about a run that held something
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What can be done about what is held; what each is for is said where its arguments are.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Show(ShowArgs),
    Accept(AcceptArgs),
    Reject(RejectArgs),
}

/// Show what a run held, item by item
///
/// Shows for each item what would change and why it is held, and the total cost impact.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl held show 12
  lmsyncctl held show 12 --json")]
pub struct ShowArgs {
    /// The run's number
    #[arg(value_parser = keys::run)]
    pub run: i64,
}

/// Apply what a run held
///
/// Reads Autotask again, and applies exactly what the run held, if nothing of it has changed since.
/// Otherwise the items that changed are named, and nothing is applied. Works while auto-sync is on,
/// and also for rejected items. Asks first on a terminal; elsewhere, it needs --yes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl held accept 12 --dry-run      could it still be applied?
  lmsyncctl held accept 12
  lmsyncctl held accept 12 --yes --json")]
pub struct AcceptArgs {
    /// The number of the run that held it
    #[arg(value_parser = keys::run)]
    pub run: i64,
    /// Only check what would be applied; nothing is written
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}

/// Reject what a run held
///
/// The items stay held, with the name of the person who rejected them, and no longer make a run
/// held. If Autotask shows different values for one of them, the guard checks the item again. Asks
/// first on a terminal; elsewhere, it needs --yes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl held reject 12
  lmsyncctl held reject 12 --yes --reason 'the vendor is fixing it'")]
pub struct RejectArgs {
    /// The number of the run that held it
    #[arg(value_parser = keys::run)]
    pub run: i64,
    /// The reason, shown with the item
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}

/// What each run says, and then each of its items.
const COLUMNS: [&str; 36] = joined(
    &[
        "run",
        "client_id",
        "client",
        "since",
        "message",
        "rejected_by",
        "rejected_at",
        "rejected_reason",
        "effects",
    ],
    &pending::COLUMNS,
);

/// The list, in the forms for scripts: a line an item.
pub const CSV: Csv = Csv { each: Some("items"), ..Csv::new("held", &COLUMNS) };

/// Runs the command.
pub fn run(ctl: &Ctl, args: Args) -> Result<u8, CtlError> {
    match args.command {
        None => {
            let answer = ctl.client.call(&ListHeld { client: args.client, run: None })?;
            ctl.output.list(&answer, CSV, list)?;
        }
        Some(Command::Show(args)) => {
            let answer = ctl.client.call(&of_run(args.run))?;
            ctl.output.list(&answer, CSV, each)?;
        }
        Some(Command::Accept(args)) => return accept(ctl, &args),
        Some(Command::Reject(args)) => reject(ctl, args)?,
    }
    Ok(0)
}

fn of_run(run: i64) -> ListHeld {
    ListHeld { client: None, run: Some(run) }
}

fn accept(ctl: &Ctl, args: &AcceptArgs) -> Result<u8, CtlError> {
    let (run, question) = (args.run, "Apply these changes?");
    let command = format!("held accept {run}");
    if ask::first(ctl, args.yes || args.dry_run, &command, Dry::Possible)?
        && !agreed(ctl, run, question)?
    {
        return Ok(0);
    }
    let dry_run = args.dry_run.then_some(true);
    let answer = ctl.client.call(&AcceptHeld { run, dry_run })?;
    let status = exit::of_run(&answer.reply.run);
    match status {
        0 => ctl.output.confirm(&answer, accepted)?,
        _ => ctl.output.tell(&answer, accepted)?,
    }
    Ok(status)
}

fn reject(ctl: &Ctl, args: RejectArgs) -> Result<(), CtlError> {
    let question = "Reject these changes, and hold them without further alerts?";
    let command = format!("held reject {}", args.run);
    if ask::first(ctl, args.yes, &command, Dry::Impossible)? && !agreed(ctl, args.run, question)? {
        return Ok(());
    }
    let answer = ctl.client.call(&RejectHeld { run: args.run, reason: args.reason })?;
    ctl.output.confirm(&answer, rejected)
}

fn agreed(ctl: &Ctl, run: i64, question: &str) -> Result<bool, CtlError> {
    let shown = ctl.client.call(&of_run(run))?;
    let screen = Screen { quiet: true, ..ctl.output.screen.clone() };
    ctl.output.print(&each(&shown.reply, &screen))?;
    let yes = ask::agreed(ctl, question)?;
    if !yes {
        ctl.output.print("nothing was changed\n")?;
    }
    Ok(yes)
}

/// The screen of everything that is held, a line a run.
fn list(reply: &HeldList, screen: &Screen) -> String {
    if reply.held.is_empty() {
        return "nothing is held\n".to_owned();
    }
    let mut table = Table::new([
        Column::number("RUN"),
        Column::text("CLIENT").cut(14),
        Column::text("SINCE").leave_out(1),
        Column::number("ITEMS"),
        Column::text("DECIDED"),
    ])
    .notes_below(1);
    for held in &reply.held {
        let (decided, tone) = match &held.rejected_by {
            Some(by) => (format!("rejected by {by}"), Tone::Dim),
            None => ("not yet".to_owned(), Tone::Warning),
        };
        table.row([
            toned(tone, held.run.to_string()),
            text::client(&held.client, held.client_id).into(),
            screen.short(Some(&held.since)).into(),
            held.items.len().to_string().into(),
            toned(tone, decided),
        ]);
        let why = held.rejected_reason.as_ref().or(held.message.as_ref());
        if let Some(why) = why {
            table.note(toned(Tone::Dim, why.as_str()));
        }
        if let Some(effect) = money::brief(&held.effects) {
            table.note(toned(Tone::Plain, format!("effect  {effect}")));
        }
    }
    let mut text = table.render(screen);
    if !screen.quiet {
        let open = reply.held.iter().filter(|held| held.rejected_by.is_none()).count();
        let line = format!(
            "{} to decide · details: {} held show RUN",
            count(open as i64, "run"),
            screen.address.program
        );
        text.push_str(&format!("\n{}\n", screen.paint(Tone::Dim, line)));
    }
    text
}

/// The screen of runs with their items.
fn each(reply: &HeldList, screen: &Screen) -> String {
    reply.held.iter().map(|held| one(held, screen)).collect::<Vec<_>>().join("\n")
}

fn one(held: &HeldRun, screen: &Screen) -> String {
    let who = screen.paint(Tone::Strong, text::client(&held.client, held.client_id));
    let mut text =
        format!("{who}: held by run {}, {}\n", held.run, screen.exact(Some(&held.since)));
    if let Some(line) = rejection(held, screen) {
        text.push_str(&format!("{}\n", screen.paint(Tone::Warning, line)));
    }
    text.push_str(&items::table(&held.items, str::to_owned, screen));
    text.push_str(&format!("\n{}", money::effects(&held.effects, screen)));
    if !screen.quiet {
        let (program, run) = (&screen.address.program, held.run);
        let line = match held.rejected_by {
            None => {
                format!("decide with: {program} held accept {run}, or {program} held reject {run}")
            }
            Some(_) => format!("to apply it after all: {program} held accept {run}"),
        };
        text.push_str(&format!("\n{}\n", screen.paint(Tone::Dim, line)));
    }
    text
}

fn rejection(held: &HeldRun, screen: &Screen) -> Option<String> {
    let by = held.rejected_by.as_ref()?;
    let why = held.rejected_reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    Some(format!("rejected by {by}, {}{why}", screen.short(held.rejected_at.as_deref())))
}

fn accepted(reply: &AcceptReply, screen: &Screen) -> String {
    let run = &reply.run;
    let who = screen.paint(Tone::Strong, text::client(&run.client, run.client_id));
    let id = run.id.map(|id| format!(" in run {id}")).unwrap_or_default();
    let done = if run.dry_run { "would be applied" } else { "applied" };
    let mut text = format!(
        "{who}: {} {done}{id}: {} created, {} updated, {} vanished\n",
        count(reply.items.len() as i64, "item"),
        thousands(run.created),
        thousands(run.updated),
        thousands(run.vanished)
    );
    if run.dry_run {
        text.push_str("this was a dry run: nothing was written\n");
    }
    if let (Some(id), false) = (run.id, screen.quiet) {
        let line = format!("revert with: {} run revert {id}", screen.address.program);
        text.push_str(&format!("{}\n", screen.paint(Tone::Dim, line)));
    }
    text
}

fn rejected(reply: &RejectReply, screen: &Screen) -> String {
    let held = &reply.held;
    let who = screen.paint(Tone::Strong, text::client(&held.client, held.client_id));
    let number = count(held.items.len() as i64, "item");
    if !reply.changed {
        let line = rejection(held, screen).unwrap_or_default();
        let were = if held.items.len() == 1 { "was" } else { "were" };
        return format!("{who}: {number} {were} already {line}\n");
    }
    format!(
        "{who}: {number} rejected: the stored values stay, and the items are held until Autotask \
         changes again\n"
    )
}

#[cfg(test)]
mod tests;
