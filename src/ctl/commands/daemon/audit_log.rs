//! `audit-log`: who had the daemon do what.

use crate::ctl::app::error::CtlError;
use crate::ctl::commands::Ctl;
use crate::ctl::output::Csv;
use crate::ctl::output::screen::{Screen, Tone, count};
use crate::ctl::output::table::{Column, Table, toned};
use crate::ctl::text::dates;
use crate::protocol::daemon::{Act, AuditLog, AuditLogReply};

/// List who had the daemon do what, newest first
///
/// Lists every call that changes something, or may: edits, syncs, switches, pauses, what is ignored,
/// reload, backup, restore and the pruning of history, with user and process. Each is noted before it
/// begins, in a file of its own, which no restore and no pruning touches. The journal has the same.
/// `lmsyncd restore` and `lmsyncd store check --repair` are in it, too.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl audit-log
  lmsyncctl audit-log --since 2026-11-24 --limit 1000 --csv
  lmsyncctl audit-log --json | jq '.acts[] | select(.user == \"alice\")'")]
pub struct Args {
    /// Only what was asked for on this day or later: YYYY-MM-DD, or a moment
    #[arg(long, value_name = "DATE", value_parser = dates::day_or_moment, allow_hyphen_values = true)]
    pub since: Option<String>,
    /// Show at most this many
    #[arg(
        long,
        value_name = "N",
        default_value_t = 50,
        value_parser = clap::value_parser!(i64).range(1..=100_000)
    )]
    pub limit: i64,
}

/// The list, for scripts.
pub const CSV: Csv =
    Csv::new("acts", &["number", "at", "user", "uid", "pid", "method", "what", "result"]);

/// Runs the command.
pub fn run(ctl: &Ctl, args: Args) -> Result<u8, CtlError> {
    let call = AuditLog { since: args.since, limit: Some(args.limit) };
    let answer = ctl.client.call(&call)?;
    ctl.output.list(&answer, CSV, render)?;
    Ok(0)
}

/// The screen.
fn render(reply: &AuditLogReply, screen: &Screen) -> String {
    let mut text = match reply.acts.is_empty() {
        true => "nobody has had the daemon do anything\n".to_owned(),
        false => table(&reply.acts, screen),
    };
    if reply.unreadable > 0 {
        let lines = count(reply.unreadable, "line");
        text.push_str(&screen.sentence(Tone::Warning, &format!("{lines} cannot be read")));
    }
    text
}

fn table(acts: &[Act], screen: &Screen) -> String {
    let mut table = Table::new([
        Column::text("AT"),
        Column::text("USER"),
        Column::text("PID"),
        Column::text("CALL"),
        Column::text("OF").cut(20),
        Column::text("RESULT"),
    ]);
    for act in acts {
        let pid = act.pid.map(|pid| pid.to_string()).unwrap_or_default();
        let (tone, result) = match act.result.as_deref() {
            Some("ok") => (Tone::Plain, "ok"),
            Some(code) => (Tone::Warning, code),
            None => (Tone::Warning, "not ended"),
        };
        table.row([
            screen.minute(&act.at).into(),
            act.user.as_str().into(),
            pid.as_str().into(),
            act.method.as_str().into(),
            act.what.as_str().into(),
            toned(tone, result),
        ]);
    }
    table.render(screen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::output::screen::sample;

    #[test]
    fn who_did_what_and_how_it_ended() {
        let act = |method: &str, result: Option<&str>| Act {
            number: 7,
            at: "2026-11-20T13:05:00Z".to_owned(),
            user: "alice".to_owned(),
            uid: Some(1000),
            pid: Some(4711),
            method: method.to_owned(),
            what: "key=S55102 fields=notes".to_owned(),
            result: result.map(str::to_owned),
        };
        let acts = vec![
            act("Contracts.Set", Some("ok")),
            act("Daemon.Reload", Some("BadConfiguration")),
            act("Daemon.Restore", None),
        ];
        insta::assert_snapshot!(render(&AuditLogReply { acts, unreadable: 1 }, &sample(100)));
        let none = AuditLogReply { acts: Vec::new(), unreadable: 0 };
        assert_eq!(render(&none, &sample(80)), "nobody has had the daemon do anything\n");
    }
}
