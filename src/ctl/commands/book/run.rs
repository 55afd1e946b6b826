//! `run`: what was synced when, and what it changed. Taking it back is in [`revert`].

mod revert;

use std::collections::HashSet;

use chrono::DateTime;

use crate::ctl::app::error::CtlError;
use crate::ctl::commands::Ctl;
use crate::ctl::commands::sync::sync::result_tone;
use crate::ctl::output::answer::Answer;
use crate::ctl::output::screen::{BETWEEN, NONE, Screen, Tone, count, thousands};
use crate::ctl::output::table::{Cell, Column, Table, pairs, toned};
use crate::ctl::output::{Csv, Format, times};
use crate::ctl::text::dates;
use crate::ctl::text::items::{self, arrow_in};
use crate::ctl::text::{keys, labels};
use crate::model::text;
use crate::model::{Code, Field, Trigger};
use crate::protocol::sync::{FoldedRuns, ListRuns, Run, RunChange, RunList, RunReply, ShowRun};

/// Examples of the noun.
pub const EXAMPLES: &str = "\
Examples:
  lmsyncctl run list acme
  lmsyncctl run show 12
  lmsyncctl run revert 12";

/// What can be asked of runs; what each is for is said where its arguments are.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    List(ListArgs),
    Show(ShowArgs),
    Revert(revert::Args),
}

/// List runs, newest first
///
/// Lists manual and automatic runs, with what each changed. Dry runs are not recorded. Automatic runs
/// of one batch in which nothing changed are one row; --json, --csv and --plain list each.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl run list
  lmsyncctl run list acme --limit 5
  lmsyncctl run list --changed --failed --since 2026-11-24")]
pub struct ListArgs {
    /// Only this client
    pub client: Option<String>,
    /// Show at most this many runs
    #[arg(
        long,
        value_name = "N",
        default_value_t = 20,
        value_parser = clap::value_parser!(i64).range(1..=100_000)
    )]
    pub limit: i64,
    /// Only runs that changed a contract
    #[arg(long)]
    pub changed: bool,
    /// Only runs that failed, were held, or met rows that cannot be converted
    #[arg(long)]
    pub failed: bool,
    /// Only runs that began on this day or later: YYYY-MM-DD, or a moment
    #[arg(long, value_name = "DATE", value_parser = dates::day_or_moment, allow_hyphen_values = true)]
    pub since: Option<String>,
}

/// Show a run and what it changed
///
/// Shows field by field what the run changed, and the rows that could not be converted.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  lmsyncctl run show 12")]
pub struct ShowArgs {
    /// The run's number
    #[arg(value_parser = keys::run)]
    pub id: i64,
}

/// The list, for scripts.
pub const CSV: Csv = Csv::new(
    "runs",
    &[
        "id",
        "client_id",
        "client",
        "trigger",
        "actor",
        "started",
        "ended",
        "result",
        "created",
        "updated",
        "unchanged",
        "vanished",
        "rejected",
        "requests",
        "dry_run",
        "error",
        "message",
    ],
);

/// Runs the command.
pub fn run(ctl: &Ctl, command: Command) -> Result<u8, CtlError> {
    match command {
        Command::List(args) => {
            let filtered =
                args.changed || args.failed || args.since.is_some() || args.client.is_some();
            let answer = list(ctl, args)?;
            ctl.output.list(&answer, CSV, |reply, screen| render(reply, filtered, screen))?;
        }
        Command::Show(args) => {
            let answer = ctl.client.call(&ShowRun { id: args.id })?;
            ctl.output.show(&answer, one)?;
        }
        Command::Revert(args) => revert::run(ctl, args)?,
    }
    Ok(0)
}

/// Asks for the runs. Only people want a batch in one row; a daemon of an earlier version knows no
/// rows of that kind, and is asked once more for all of them.
fn list(ctl: &Ctl, args: ListArgs) -> Result<Answer<RunList>, CtlError> {
    let folds = matches!(ctl.output.format, Format::Text);
    let call = ListRuns {
        client: args.client,
        limit: Some(args.limit),
        changed: args.changed.then_some(true),
        failed: args.failed.then_some(true),
        since: args.since,
        fold: folds.then_some(true),
    };
    match ctl.client.call(&call) {
        Err(CtlError::Failed(failure)) if folds && failure.code == Code::InvalidArgument => {
            ctl.client.call(&ListRuns { fold: None, ..call })
        }
        answer => answer,
    }
}

/// The screen of a list.
fn render(reply: &RunList, filtered: bool, screen: &Screen) -> String {
    let folded = reply.folded.as_deref().unwrap_or_default();
    if reply.runs.is_empty() && folded.is_empty() {
        return if filtered { "no run matches\n" } else { "no runs yet\n" }.to_owned();
    }
    let mut table = Table::new([
        Column::number("RUN"),
        Column::text("CLIENT").cut(12),
        Column::text("STARTED"),
        Column::text("RESULT"),
        Column::number("CREATED"),
        Column::number("UPDATED"),
        Column::number("UNCHANGED").leave_out(2),
        Column::number("VANISHED").leave_out(5),
        Column::number("REJECTED").leave_out(6),
        Column::number("REQUESTS").leave_out(1),
        Column::text("TRIGGER").leave_out(4),
        Column::text("BY").leave_out(3),
    ]);
    let mut folded = folded.iter().peekable();
    for run in &reply.runs {
        while let Some(batch) = folded.next_if(|batch| run.id.is_some_and(|id| batch.last > id)) {
            table.row(folded_row(batch, screen));
        }
        table.row([
            run.id.map(|id| id.to_string()).unwrap_or_else(|| NONE.to_owned()).into(),
            run.client.as_str().into(),
            screen.short(Some(&run.started)).into(),
            toned(result_tone(&run.result), run.result.as_str()),
            run.created.to_string().into(),
            run.updated.to_string().into(),
            run.unchanged.to_string().into(),
            run.vanished.to_string().into(),
            run.rejected.to_string().into(),
            run.requests.to_string().into(),
            run.trigger.as_str().into(),
            run.actor.as_str().into(),
        ]);
    }
    for batch in folded {
        table.row(folded_row(batch, screen));
    }
    let mut text = table.render(screen);
    if !screen.quiet {
        text.push('\n');
        text.push_str(&screen.wrapped(footer(reply), BETWEEN));
    }
    text
}

/// The row of a batch in which nothing happened.
fn folded_row(batch: &FoldedRuns, screen: &Screen) -> [Cell; 12] {
    let none = || "0".into();
    [
        format!("{}-{}", batch.first, batch.last).into(),
        count(batch.runs, "client").into(),
        screen.short(Some(&batch.started)).into(),
        toned(result_tone("ok"), "ok"),
        none(),
        none(),
        batch.unchanged.to_string().into(),
        none(),
        none(),
        batch.requests.to_string().into(),
        Trigger::Auto.name().into(),
        NONE.into(),
    ]
}

fn footer(reply: &RunList) -> Vec<String> {
    let runs = &reply.runs;
    let folded = reply.folded.as_deref().unwrap_or_default();
    let failed = runs.iter().filter(|run| run.result == "failed").count();
    let sum = |of: fn(&Run) -> i64| thousands(runs.iter().map(of).sum::<i64>());
    let all = runs.len() as i64 + folded.iter().map(|batch| batch.runs).sum::<i64>();
    let requests = runs.iter().map(|run| run.requests);
    vec![
        format!("{}, {failed} failed", count(all, "run")),
        format!(
            "{} created, {} updated, {} vanished, {} rejected",
            sum(|run| run.created),
            sum(|run| run.updated),
            sum(|run| run.vanished),
            sum(|run| run.rejected)
        ),
        count(requests.chain(folded.iter().map(|batch| batch.requests)).sum(), "request"),
    ]
}

/// The screen of one run.
fn one(reply: &RunReply, screen: &Screen) -> String {
    let run = &reply.run;
    let id = run.id.map(|id| id.to_string()).unwrap_or_else(|| NONE.to_owned());
    let title = format!("run {id} of {}", text::client(&run.client, run.client_id));
    let mut lines = vec![
        ("result", screen.paint(result_tone(&run.result), &run.result)),
        ("started", screen.exact(Some(&run.started))),
        ("took", took(run)),
        ("started by", format!("{} ({})", run.actor, run.trigger)),
        ("created", run.created.to_string()),
        ("updated", run.updated.to_string()),
        ("unchanged", run.unchanged.to_string()),
        ("vanished", run.vanished.to_string()),
        ("rejected", run.rejected.to_string()),
        ("requests", run.requests.to_string()),
    ];
    if let Some(message) = &run.message {
        let code = run.error.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
        lines.push(("message", screen.paint(Tone::Bad, format!("{message}{code}"))));
    }
    let mut text = format!("{}\n{}", screen.paint(Tone::Strong, title), pairs(lines, screen));
    if counts_anew(&reply.changes) {
        let line = "costs are calculated in a new way since this run (rate and period amount)";
        text.push_str(&format!("\n{}\n", screen.paint(Tone::Warning, line)));
    }
    if !reply.changes.is_empty() {
        text.push_str(&format!("\n{}", changes(&reply.changes, screen)));
    }
    if !reply.rejects.is_empty() {
        text.push_str(&format!("\n{}", items::rejects(&reply.rejects, screen)));
    }
    text
}

/// Whether contracts that were there before got what says how they are billed: it is the first run
/// that counts by rate and period amount.
fn counts_anew(changes: &[RunChange]) -> bool {
    let is_first = |change: &RunChange, field: Field| {
        change.field == field.name() && change.from.is_none() && change.to.is_some()
    };
    let made: HashSet<&str> = changes
        .iter()
        .filter(|change| is_first(change, Field::Type))
        .map(|change| change.key.as_str())
        .collect();
    let told = changes.iter().filter(|change| is_first(change, Field::Billing));
    told.into_iter().any(|change| !made.contains(change.key.as_str()))
}

fn took(run: &Run) -> String {
    let moment = |text: &str| DateTime::parse_from_rfc3339(text).ok();
    match (moment(&run.started), moment(&run.ended)) {
        (Some(started), Some(ended)) => times::took(ended - started),
        _ => NONE.to_owned(),
    }
}

fn changes(changes: &[RunChange], screen: &Screen) -> String {
    let mut table =
        Table::new([Column::text("KEY"), Column::text("FIELD"), Column::text("CHANGE").cut(20)]);
    let mut last = "";
    for change in changes {
        let key = if change.key == last { "" } else { change.key.as_str() };
        last = &change.key;
        table.row([
            key.into(),
            labels::label(&change.field).into(),
            arrow_in(&change.field, change.from.as_deref(), change.to.as_deref(), screen).into(),
        ]);
    }
    table.render(screen)
}

/// A run for snapshots.
#[cfg(test)]
pub fn sample_run() -> Run {
    Run {
        id: Some(12),
        client_id: 174,
        client: "Acme Dental".to_owned(),
        trigger: "manual".to_owned(),
        actor: "pat".to_owned(),
        started: "2026-11-24T13:00:00Z".to_owned(),
        ended: "2026-11-24T13:00:02.400Z".to_owned(),
        result: "ok".to_owned(),
        created: 2,
        updated: 1,
        unchanged: 5,
        vanished: 0,
        rejected: 0,
        requests: 9,
        dry_run: false,
        error: None,
        message: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::output::assert_columns;
    use crate::ctl::output::screen::{coloured, sample};
    use crate::protocol::sync::Reject;

    fn failed() -> Run {
        Run {
            id: Some(11),
            client: "株式会社ノーザンライツ・テクノロジー・ソリューションズ".to_owned(),
            trigger: "auto".to_owned(),
            actor: "lmsyncd".to_owned(),
            started: "2026-11-23T01:00:00Z".to_owned(),
            ended: "2026-11-23T01:03:05Z".to_owned(),
            result: "failed".to_owned(),
            error: Some("AuthFailed".to_owned()),
            message: Some("Autotask refused the credentials".to_owned()),
            ..sample_run()
        }
    }

    #[test]
    fn a_batch_in_which_nothing_happened_is_one_row_in_its_place() {
        let batch = |first, last| FoldedRuns {
            first,
            last,
            runs: last - first + 1,
            started: "2026-11-24T01:00:00Z".to_owned(),
            unchanged: 26_000,
            requests: 163,
        };
        let folded = Some(vec![batch(100, 2099), batch(1, 10)]);
        let runs = RunList { runs: vec![sample_run(), failed()], folded };
        insta::assert_snapshot!("list_folded", render(&runs, false, &sample(120)));
    }

    #[test]
    fn runs_on_both_screens() {
        let runs = RunList { runs: vec![sample_run(), failed()], folded: None };
        insta::assert_snapshot!("list_120", render(&runs, false, &sample(120)));
        insta::assert_snapshot!("list_80", render(&runs, false, &sample(80)));
        insta::assert_snapshot!("list_colour", render(&runs, false, &coloured()));
        insta::assert_snapshot!(
            "list_empty",
            render(&RunList { runs: Vec::new(), folded: None }, false, &sample(80))
        );
    }

    #[test]
    fn a_run_with_everything() {
        let change = |key: &str, field: &str, from: Option<&str>, to: Option<&str>| RunChange {
            key: key.to_owned(),
            field: field.to_owned(),
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
        };
        let reply = RunReply {
            run: failed(),
            changes: vec![
                change("A1", "name", None, Some("Managed Workplace")),
                change("A1", "billing_cost", Some("482.60"), Some("490.00")),
                change("S2", "end_date", Some("2026-12-31"), None),
            ],
            rejects: vec![Reject {
                key: "S7".to_owned(),
                field: "unitPrice".to_owned(),
                reason:
                    "unitPrice is \"12,50\", which is not a number in row 7 of ContractServices"
                        .to_owned(),
            }],
        };
        insta::assert_snapshot!("show", one(&reply, &sample(80)));
    }

    #[test]
    fn the_first_run_that_counts_by_rate_says_so_and_a_later_one_does_not() {
        let change = |key: &str, field: &str, from: Option<&str>, to: &str| RunChange {
            key: key.to_owned(),
            field: field.to_owned(),
            from: from.map(str::to_owned),
            to: Some(to.to_owned()),
        };
        let told = |changes| {
            let reply = RunReply { run: sample_run(), changes, rejects: Vec::new() };
            one(&reply, &sample(80)).matches("calculated in a new way").count()
        };
        let before =
            ["S1", "S2"].map(|key| change(key, "billing", None, "billed")).into_iter().collect();
        assert_eq!(told(before), 1);
        let made = [change("S1", "type", None, "service"), change("S1", "billing", None, "billed")];
        assert_eq!(told(made.into()), 0);
        assert_eq!(told(vec![change("S1", "billing", Some("upcoming"), "billed")]), 0);
    }

    #[test]
    fn csv_has_every_key() {
        assert_columns(CSV, &sample_run());
    }
}
