//! What a contract was: its history, and the line of succession that it stands in.

use super::plot;
use crate::ctl::app::error::CtlError;
use crate::ctl::commands::Ctl;
use crate::ctl::output::Csv;
use crate::ctl::output::screen::{NONE, Screen, Tone, count};
use crate::ctl::output::table::{Column, Table, toned};
use crate::ctl::text::items::arrow;
use crate::ctl::text::{keys, labels};
use crate::protocol::contracts::{Chain, ChainReply, History, HistoryReply};

/// Show all changes of a contract
///
/// Oldest first: when, who or which run, and each field's old and new value. Removed contracts have
/// a history too. With --csv, one line per changed field. With --plot, the rate (billing_cost) is
/// drawn over time instead; --json has the data of both.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl contract history A29683353
  lmsyncctl contract history A29683353 --plot
  lmsyncctl contract history S55102 --csv")]
pub struct HistoryArgs {
    /// The contract's key
    #[arg(value_name = "KEY")]
    pub key: String,
    /// Draw the rate over time
    #[arg(long)]
    pub plot: bool,
}

/// Show the chain of renewals of a contract
///
/// Lists which agreement renewed which, oldest first.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  lmsyncctl contract chain A29683353")]
pub struct ChainArgs {
    /// The key of any contract of the chain
    #[arg(value_name = "KEY")]
    pub key: String,
}

/// The list, for scripts.
pub const HISTORY: Csv = Csv {
    each: Some("changes"),
    ..Csv::new("entries", &["sequence", "at", "actor", "run", "field", "from", "to"])
};

/// The list, for scripts.
pub const CHAIN: Csv =
    Csv::new("contracts", &["key", "name", "status", "start_date", "end_date", "renews"]);

/// Runs `contract history`.
pub fn history(ctl: &Ctl, args: HistoryArgs) -> Result<(), CtlError> {
    let answer = ctl.client.call(&History { key: keys::key(&args.key)? })?;
    ctl.output.list(&answer, HISTORY, if args.plot { plot::render } else { steps })
}

/// Runs `contract chain`.
pub fn chain(ctl: &Ctl, args: ChainArgs) -> Result<(), CtlError> {
    let key = keys::key(&args.key)?;
    let answer = ctl.client.call(&Chain { key: key.clone() })?;
    ctl.output.list(&answer, CHAIN, |reply, screen| line(reply, &key, screen))
}

/// The screen of a history.
fn steps(reply: &HistoryReply, screen: &Screen) -> String {
    let gaps: String = reply.gaps.iter().flatten().map(|gap| format!("gap: {gap}\n")).collect();
    if reply.entries.is_empty() {
        return format!("{}: no history is kept\n{gaps}", reply.key);
    }
    let mut table = Table::new([
        Column::text("WHEN"),
        Column::text("BY"),
        Column::number("RUN"),
        Column::number("COMMIT"),
    ])
    .notes_below(1);
    for entry in &reply.entries {
        table.row([
            screen.minute(&entry.at).into(),
            entry.actor.as_str().into(),
            entry.run.map_or_else(|| NONE.to_owned(), |run| run.to_string()).into(),
            entry.sequence.to_string().into(),
        ]);
        for change in &entry.changes {
            let label = labels::label(&change.field);
            table.note(toned(Tone::Plain, format!("{label} {}", arrow(change, screen))));
        }
    }
    let mut text = format!("{}\n", screen.paint(Tone::Strong, &reply.key));
    text.push_str(&table.render(screen));
    if !screen.quiet {
        let fields = reply.entries.iter().map(|entry| entry.changes.len()).sum::<usize>();
        let steps = count(reply.entries.len() as i64, "step");
        let fields = count(fields as i64, "changed field");
        let line = screen.paint(Tone::Dim, format!("{steps}, {fields}"));
        text.push_str(&format!("\n{line}\n"));
    }
    text + &gaps
}

/// The screen of a line of succession; `asked` is the contract that was asked for.
fn line(reply: &ChainReply, asked: &str, screen: &Screen) -> String {
    if reply.contracts.is_empty() {
        return format!("{asked} is in no chain of renewals\n");
    }
    let mut table = Table::new([
        Column::text("  KEY"),
        Column::text("NAME").cut(16),
        Column::text("STATUS"),
        Column::text("START"),
        Column::text("END"),
        Column::text("RENEWS"),
    ]);
    for contract in &reply.contracts {
        let here = contract.key == asked;
        let tone = if here { Tone::Strong } else { Tone::Plain };
        table.row([
            toned(tone, format!("{} {}", if here { '>' } else { ' ' }, contract.key)),
            contract.name.as_str().into(),
            contract.status.as_str().into(),
            contract.start_date.as_deref().unwrap_or(NONE).into(),
            contract.end_date.as_deref().unwrap_or(NONE).into(),
            contract.renews.as_deref().unwrap_or(NONE).into(),
        ]);
    }
    let mut text = table.render(screen);
    if !screen.quiet {
        let line = match reply.contracts.len() {
            1 => "the contract renews nothing, and nothing renews it".to_owned(),
            number => format!("{} in the chain", count(number as i64, "agreement")),
        };
        text.push_str(&format!("\n{}\n", screen.paint(Tone::Dim, line)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::samples::change;
    use super::*;
    use crate::ctl::output::assert_columns;
    use crate::ctl::output::screen::{coloured, sample};
    use crate::protocol::contracts::{ChainLink, HistoryEntry};

    fn reply() -> HistoryReply {
        let entry = |sequence, at: &str, actor: &str, run, changes| HistoryEntry {
            sequence,
            at: at.to_owned(),
            actor: actor.to_owned(),
            run,
            changes,
        };
        HistoryReply {
            key: "S55102".to_owned(),
            gaps: None,
            entries: vec![
                entry(
                    3,
                    "2026-01-02T01:00:00Z",
                    "lmsyncd",
                    Some(1),
                    vec![
                        change("name", None, Some("東京支社 マネージドサービス契約")),
                        change("billing_cost", None, Some("482.60")),
                    ],
                ),
                entry(
                    1_200,
                    "2026-11-20T13:00:00Z",
                    "pat",
                    None,
                    vec![change(
                        "notes",
                        None,
                        Some("a note that goes on and on, and does not fit into eighty columns"),
                    )],
                ),
            ],
        }
    }

    #[test]
    fn a_history_on_both_screens() {
        insta::assert_snapshot!("history_80", steps(&reply(), &sample(80)));
        insta::assert_snapshot!("history_colour", steps(&reply(), &coloured()));
        insta::assert_snapshot!("history_120", steps(&reply(), &sample(120)));
        let none = HistoryReply { key: "S1".to_owned(), entries: Vec::new(), gaps: None };
        assert_eq!(steps(&none, &sample(80)), "S1: no history is kept\n");
        let gap = "commit 4 cannot be read, which stood in x.jsonl".to_owned();
        let with_gap = HistoryReply { gaps: Some(vec![gap]), ..reply() };
        assert!(
            steps(&with_gap, &sample(80))
                .ends_with("\ngap: commit 4 cannot be read, which stood in x.jsonl\n")
        );
    }

    fn links() -> ChainReply {
        let link = |key: &str, year: &str, status: &str, renews: Option<&str>| ChainLink {
            key: key.to_owned(),
            name: "東京支社 マネージドサービス契約 with a long name indeed".to_owned(),
            status: status.to_owned(),
            start_date: Some(format!("{year}-01-01")),
            end_date: Some(format!("{year}-12-31")),
            renews: renews.map(str::to_owned),
        };
        ChainReply {
            contracts: vec![
                link("A29680000", "2025", "inactive", None),
                link("A29683353", "2026", "active", Some("A29680000")),
                link("A29690000", "2027", "active", Some("A29683353")),
            ],
        }
    }

    #[test]
    fn a_line_of_succession() {
        insta::assert_snapshot!("chain_80", line(&links(), "A29683353", &sample(80)));
        insta::assert_snapshot!("chain_colour", line(&links(), "A29683353", &coloured()));
        insta::assert_snapshot!("chain_120", line(&links(), "A29683353", &sample(120)));
        let alone = ChainReply { contracts: links().contracts[..1].to_vec() };
        insta::assert_snapshot!("chain_alone", line(&alone, "A29680000", &sample(80)));
    }

    #[test]
    fn csv_has_every_key() {
        assert_columns(HISTORY, &reply().entries[0]);
        assert_columns(CHAIN, &links().contracts[0]);
    }
}
