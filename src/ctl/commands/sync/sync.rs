//! `sync`: imports what was chosen, and tells how far it is and what became of it.

use super::pending;
use super::wait::Wait;
use crate::ctl::app::error::CtlError;
use crate::ctl::app::exit;
use crate::ctl::commands::ask::Dry;
use crate::ctl::commands::{Ctl, ask};
use crate::ctl::output;
use crate::ctl::output::screen::{Screen, Tone, count, thousands};
use crate::ctl::text::{items, keys, money};
use crate::protocol::sync::{Pending, Run, Sync, SyncReply};

/// The other name of the command.
pub const OTHER_NAME: &str = "import";

/// Import what is pending
///
/// Imports the chosen agreements and additions of a client into the store, or everything that is
/// pending with --all. On a terminal without KEY and --all, a dialog shows what is pending, to tick
/// and sync; `?` shows its keys. Contracts that were imported before and changed are updated. While
/// auto-sync is on for the client, a manual sync is refused; a dry run is not. Items that a guard
/// holds are not imported. With --all, asks first on a terminal; elsewhere, it needs --yes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl sync acme                         choose in a dialog, on a terminal
  lmsyncctl import acme                       the same
  lmsyncctl sync acme A29683353 S55102        these two
  lmsyncctl sync acme --edit                  choose in a list, in your editor
  lmsyncctl sync 174 --all --dry-run          what would be imported?
  lmsyncctl sync 174 --all --yes --wait --timeout 300")]
pub struct Args {
    /// The client
    pub client: String,
    /// Import only these items
    #[arg(value_name = "KEY", conflicts_with = "all")]
    pub keys: Vec<String>,
    /// Everything that is pending
    #[arg(long)]
    pub all: bool,
    /// Choose in an editor: pick, ignore or leave each item
    #[arg(long, conflicts_with_all = ["keys", "all", "dry_run"])]
    pub edit: bool,
    /// Only show what would be done; nothing is written
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask for confirmation
    #[arg(long, short)]
    pub yes: bool,
    /// What to do while another run of the client is under way.
    #[command(flatten)]
    pub wait: Wait,
}

/// Runs the command.
pub fn run(ctl: &Ctl, args: Args) -> Result<u8, CtlError> {
    let keys = keys::keys(&args.keys)?;
    if keys.is_empty() && !args.all {
        return Err(CtlError::usage(
            "sync needs the keys of the items to import, or --all",
            format!(
                "`lmsyncctl pending {client}` lists the items; then `lmsyncctl sync {client} KEY…` \
                 or `--all`",
                client = args.client,
            ),
        ));
    }
    let command = format!("sync {} --all", args.client);
    if args.all
        && ask::first(ctl, args.yes || args.dry_run, &command, Dry::Possible)?
        && !agreed(ctl, &args)?
    {
        return Ok(0);
    }
    let request = Sync {
        client: args.client,
        keys: (!keys.is_empty()).then_some(keys),
        all: args.all.then_some(true),
        dry_run: args.dry_run.then_some(true),
        ..Sync::default()
    };
    perform(ctl, &args.wait.on(request))
}

/// Has the daemon sync, tells how far it is, and then what became of it.
pub fn perform(ctl: &Ctl, request: &Sync) -> Result<u8, CtlError> {
    let wait = Wait { wait: request.wait == Some(true), timeout: request.timeout };
    let answer = wait.client(&ctl.client).call(request)?;
    let run = run_of(&answer.reply)?;
    let status = exit::of_run(run);
    match status {
        0 => ctl.output.confirm(&answer, render)?,
        _ => ctl.output.tell(&answer, render)?,
    }
    if let Some((message, hint)) = complaint(run, &ctl.output.screen.address.program) {
        output::complain(&message, Some(&hint));
    }
    Ok(status)
}

/// The run of a last reply.
pub fn run_of(reply: &SyncReply) -> Result<&Run, CtlError> {
    let none = || CtlError::Nonsense("the last reply of a sync has no run".to_owned());
    reply.run.as_ref().ok_or_else(none)
}

/// Shows what is pending and asks whether to import all of it.
fn agreed(ctl: &Ctl, args: &Args) -> Result<bool, CtlError> {
    let asked = Pending { client: Some(args.client.clone()), ..Pending::default() };
    let answer = ctl.client.call(&asked)?;
    let screen = Screen { quiet: true, ..ctl.output.screen.clone() };
    ctl.output.print(&pending::render(&answer.reply, &pending::Filter::default(), &screen))?;
    let items = answer.reply.items.as_deref().unwrap_or_default();
    let effects = answer.reply.effects.as_deref().unwrap_or_default();
    let held = answer.reply.held_effects.as_deref();
    ctl.output.print(&format!("\n{}", money::effects_of(items, effects, held, &screen)))?;
    let number = pending::applicable(items);
    if number == 0 {
        // Whatever is said here was said above; the run is still worth recording.
        return Ok(true);
    }
    let yes = ask::agreed(ctl, &question(number))?;
    if !yes {
        ctl.output.print("nothing was imported\n")?;
    }
    Ok(yes)
}

fn question(number: usize) -> String {
    format!("Sync {}?", count(number as i64, "selected contract"))
}

/// What goes to standard error about a run that did not go well.
pub fn complaint(run: &Run, program: &str) -> Option<(String, String)> {
    let why = run.message.as_deref().unwrap_or("no reason was given");
    let name = name(run);
    match run.result.as_str() {
        "ok" => None,
        "partial" if run.message.is_some() => Some((
            format!("{name} is incomplete: {why}"),
            format!("`{program} doctor` says what the API user may read, and what to do"),
        )),
        "partial" => Some((
            format!("{name} is incomplete: {} rejected", count(run.rejected, "row")),
            "the rejected contracts keep their old values; correct them in Autotask and sync again"
                .to_owned(),
        )),
        "held" => Some((
            format!("{name} was held: {why}"),
            match run.id {
                Some(_) => {
                    format!("`{program} held {}` shows it; then accept or reject it", run.client_id)
                }
                None => format!("`{program} diff {}` shows what it would change", run.client_id),
            },
        )),
        _ => Some((
            format!("{name} failed: {why}"),
            format!("`{program} doctor` checks the connection to Autotask"),
        )),
    }
}

fn name(run: &Run) -> String {
    run.id.map(|id| format!("run {id}")).unwrap_or_else(|| "the dry run".to_owned())
}

/// The screen.
fn render(reply: &SyncReply, screen: &Screen) -> String {
    let Some(run) = &reply.run else { return String::new() };
    let items = reply.items.as_deref().unwrap_or_default();
    let rejects = reply.rejects.as_deref().unwrap_or_default();
    let mut text = String::new();
    if !items.is_empty() {
        text.push_str(&items::table(items, |state| done(state, run.dry_run), screen));
        text.push('\n');
        if let Some(effects) = &reply.effects {
            let held = reply.held_effects.as_deref();
            text.push_str(&format!("{}\n", money::effects_of(items, effects, held, screen)));
        }
    }
    if !rejects.is_empty() {
        text.push_str(&format!("{}\n", items::rejects(rejects, screen)));
    }
    let idle = run.created + run.updated + run.vanished + run.rejected == 0;
    if run.result == "ok" && idle {
        text.push_str("nothing to do: all chosen items are already current\n");
    }
    text.push_str(&format!("{}\n", summary(run, screen)));
    if run.dry_run {
        text.push_str("this was a dry run: nothing was written\n");
    }
    text
}

/// What was done, or would be done, with an item that was in this state.
pub fn done(state: &str, dry: bool) -> String {
    let verb = match state {
        "new" => "create",
        "changed" => "update",
        other => return other.to_owned(),
    };
    if dry { format!("would {verb}") } else { format!("{verb}d") }
}

/// `run 12: ok · 2 created, 0 updated, 5 unchanged · 9 requests`
pub fn summary(run: &Run, screen: &Screen) -> String {
    let tone = result_tone(&run.result);
    let name = run.id.map(|id| format!("run {id}")).unwrap_or_else(|| "dry run".to_owned());
    format!(
        "{name}: {} · {} · {}",
        screen.paint(tone, &run.result),
        counts(run),
        count(run.requests, "request"),
    )
}

/// What a run did, in numbers.
fn counts(run: &Run) -> String {
    let would = if run.dry_run { "would be " } else { "" };
    let mut text = format!(
        "{} {would}created, {} {would}updated, {} unchanged",
        thousands(run.created),
        thousands(run.updated),
        thousands(run.unchanged)
    );
    for (number, word) in [(run.vanished, "vanished"), (run.rejected, "rejected")] {
        if number > 0 {
            text.push_str(&format!(", {} {word}", thousands(number)));
        }
    }
    text
}

/// The tone of a run's result.
pub fn result_tone(result: &str) -> Tone {
    match result {
        "ok" => Tone::Good,
        "partial" | "held" => Tone::Warning,
        _ => Tone::Bad,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::commands::book::run::sample_run;
    use crate::ctl::output::screen::sample;
    use crate::protocol::sync::Reject;

    #[test]
    fn what_was_done_and_what_was_not() {
        let mut run = sample_run();
        (run.result, run.rejected) = ("partial".to_owned(), 1);
        let reject = Reject {
            key: "S7".to_owned(),
            field: "unitPrice".to_owned(),
            reason: "unitPrice is \"12,50\", which is not a number in row 7 of ContractServices"
                .to_owned(),
        };
        let reply = SyncReply {
            run: Some(run),
            items: Some(items::samples()),
            rejects: Some(vec![reject]),
            ..SyncReply::default()
        };
        insta::assert_snapshot!("partial_120", render(&reply, &sample(120)));
        insta::assert_snapshot!("partial_80", render(&reply, &sample(80)));
    }

    #[test]
    fn a_dry_run_says_that_nothing_was_written() {
        let mut run = sample_run();
        (run.id, run.dry_run) = (None, true);
        let items = Some(items::samples()[..2].to_vec());
        let effects = Some(items::billed_effects());
        let reply = SyncReply { run: Some(run), items, effects, ..SyncReply::default() };
        insta::assert_snapshot!("dry", render(&reply, &sample(100)));
    }

    #[test]
    fn a_second_sync_has_nothing_to_do() {
        let mut run = sample_run();
        (run.created, run.updated) = (0, 0);
        let reply = SyncReply { run: Some(run), ..SyncReply::default() };
        insta::assert_snapshot!("idle", render(&reply, &sample(80)));
    }

    #[test]
    fn a_result_is_an_exit_status() {
        let mut run = sample_run();
        assert_eq!((exit::of_run(&run), complaint(&run, "lmsyncctl")), (0, None));
        for (result, error, expected) in [
            ("partial", None, 8),
            ("held", Some("Held"), 6),
            ("failed", Some("AuthFailed"), 7),
            ("failed", Some("StoreFailed"), 1),
            ("failed", Some("SomethingNew"), 1),
            ("failed", None, 1),
        ] {
            (run.result, run.error) = (result.to_owned(), error.map(str::to_owned));
            assert_eq!(exit::of_run(&run), expected, "{result} {error:?}");
            assert!(complaint(&run, "lmsyncctl").is_some());
        }
    }

    #[test]
    fn the_question_counts() {
        assert_eq!(question(12), "Sync 12 selected contracts?");
        assert_eq!(question(1), "Sync 1 selected contract?");
    }
}
