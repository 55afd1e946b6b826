//! `quarantine`: items that wait because their rows cannot be converted.

use crate::ctl::app::error::CtlError;
use crate::ctl::commands::Ctl;
use crate::ctl::output::Csv;
use crate::ctl::output::screen::{Screen, Tone, count};
use crate::ctl::output::table::{Column, Table, toned};
use crate::model::text;
use crate::protocol::sync::{ListQuarantine, Quarantine};

/// Examples of the noun.
pub const EXAMPLES: &str = "\
Examples:
  lmsyncctl quarantine list
  lmsyncctl quarantine list acme";

/// What can be asked of the quarantine; what each is for is said where its arguments are.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    List(ListArgs),
}

/// List items whose rows cannot be converted
///
/// Shows the field of each row and what is wrong with its value. A contract that is stored for such
/// an item keeps its old values. An item leaves the quarantine once its row in Autotask is
/// corrected and the client is synced.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl quarantine list
  lmsyncctl quarantine list acme --csv")]
pub struct ListArgs {
    /// Only this client
    pub client: Option<String>,
}

/// The list, for scripts.
pub const CSV: Csv =
    Csv::new("items", &["key", "client_id", "client", "field", "reason", "since", "imported"]);

/// Runs the command.
pub fn run(ctl: &Ctl, command: Command) -> Result<u8, CtlError> {
    let Command::List(args) = command;
    let answer = ctl.client.call(&ListQuarantine { client: args.client })?;
    ctl.output.list(&answer, CSV, render)?;
    Ok(0)
}

/// The screen.
fn render(reply: &Quarantine, screen: &Screen) -> String {
    if reply.items.is_empty() {
        return "nothing is in quarantine: every row could be converted\n".to_owned();
    }
    let mut table = Table::new([
        Column::text("KEY"),
        Column::text("CLIENT").cut(12),
        Column::text("FIELD"),
        Column::text("REASON").cut(20),
        Column::text("SINCE").leave_out(2),
        Column::text("STORED").leave_out(1),
    ]);
    for item in &reply.items {
        table.row([
            toned(Tone::Bad, item.key.as_str()),
            text::client(&item.client, item.client_id).into(),
            item.field.as_str().into(),
            item.reason.as_str().into(),
            screen.short(Some(&item.since)).into(),
            if item.imported { "old values" } else { "nothing" }.into(),
        ]);
    }
    let mut text = table.render(screen);
    if !screen.quiet {
        let line = format!(
            "{} in quarantine; correct the rows in Autotask and sync again",
            count(reply.items.len() as i64, "item")
        );
        text.push_str(&format!("\n{}\n", screen.paint(Tone::Dim, line)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::output::assert_columns;
    use crate::ctl::output::screen::{coloured, sample};
    use crate::protocol::sync::Quarantined;

    fn reply() -> Quarantine {
        let item = |key: &str, client: &str, field: &str, reason: &str, imported| Quarantined {
            key: key.to_owned(),
            client_id: 174,
            client: client.to_owned(),
            field: field.to_owned(),
            reason: reason.to_owned(),
            since: "2026-11-20T13:00:00Z".to_owned(),
            imported,
        };
        Quarantine {
            items: vec![
                item(
                    "S55102",
                    "Acme Dental",
                    "unitPrice",
                    "unitPrice is \"12,50\", which is not a number in row 7 of ContractServices",
                    true,
                ),
                item(
                    "A29683353",
                    "株式会社ノーザンライツ・テクノロジー・ソリューションズ",
                    "endDate",
                    "it ends on 2026-01-01, before it starts on 2026-06-01",
                    false,
                ),
            ],
        }
    }

    #[test]
    fn items_on_both_screens() {
        insta::assert_snapshot!("80", render(&reply(), &sample(80)));
        insta::assert_snapshot!("colour", render(&reply(), &coloured()));
        insta::assert_snapshot!("120", render(&reply(), &sample(120)));
        insta::assert_snapshot!("empty", render(&Quarantine { items: Vec::new() }, &sample(80)));
    }

    #[test]
    fn csv_has_every_key() {
        assert_columns(CSV, &reply().items[0]);
    }
}
