//! `export`: every contract with every field: as JSON, as CSV, as a calendar, or
//! as a folder of text files. The order is stable, so that two exports can be compared.

mod csv;
mod ics;
mod tree;

use std::io::Write;
use std::path::PathBuf;

use serde_json::Value;

use crate::ctl::app::error::CtlError;
use crate::ctl::commands::Ctl;
use crate::ctl::output::answer::typed;
use crate::ctl::output::document::Document;
use crate::ctl::output::{Format, file, sanitize};
use crate::model::Failure;
use crate::protocol::contracts::{Export, Exported};

/// Examples of the noun.
pub const EXAMPLES: &str = "\
Examples:
  lmsyncctl export json -o contracts.json
  lmsyncctl export csv acme > acme.csv
  lmsyncctl export ics -o /srv/www/contracts.ics
  lmsyncctl export tree /srv/contracts && git -C /srv/contracts diff";

/// Everything that an export has, put together from its pieces, with the line breaks of its texts.
#[derive(Debug, Clone, serde::Deserialize)]
struct Everything {
    /// The name of the tenant, where the daemon tells it.
    #[serde(default)]
    tenant: Option<String>,
    /// The id of the store, where the daemon tells it.
    #[serde(default)]
    store_id: Option<String>,
    /// By client; each agreement directly before its additions.
    contracts: Vec<Exported>,
}

impl Everything {
    fn of(answer: Value) -> Result<Everything, CtlError> {
        typed(answer, sanitize::lines)
    }
}

/// A form of export; what each is for is said where its arguments are.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Json(JsonArgs),
    Csv(CsvArgs),
    Ics(IcsArgs),
    Tree(TreeArgs),
}

/// What the forms have in common that are one text.
#[derive(Debug, clap::Args)]
pub struct Text {
    /// Only contracts of this client
    pub client: Option<String>,
    /// Write to this file (complete, or not at all) instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Export everything as one JSON object
///
/// The daemon's answer, indented: every contract with every field, its owner, and when it last
/// changed. With --json, on one line.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl export json -o contracts.json
  lmsyncctl export json acme | jq '.contracts[].contract.name'")]
pub struct JsonArgs {
    /// What to export, and where to
    #[command(flatten)]
    pub text: Text,
}

/// Export one row per contract
///
/// All fixed columns, after them one for each user-defined field that occurs, and last the tenant
/// and the id of the store, for tables that hold several. Line breaks in descriptions and notes
/// stay, in quotes. A text that a spreadsheet would take for a formula, since it begins with =, +, -
/// or @, gets an apostrophe in front; numbers stay numbers. With --raw, texts stay as they are.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl export csv > contracts.csv
  lmsyncctl export csv acme -o acme.csv
  lmsyncctl export csv --raw | my-program")]
pub struct CsvArgs {
    /// What to export, and where to
    #[command(flatten)]
    pub text: Text,
}

/// Export end dates and notice dates as a calendar
///
/// One all-day event for the last day of each active agreement, and one for the last day on which
/// notice can be given where notice_days is set. Events keep their identity from one export to the
/// next, so a subscribed calendar is updated, not filled with duplicates; no other tenant's events
/// have the same.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl export ics -o /srv/www/contracts.ics
  lmsyncctl export ics acme > acme.ics")]
pub struct IcsArgs {
    /// What to export, and where to
    #[command(flatten)]
    pub text: Text,
}

/// Export one text file per contract, for `git diff`
///
/// DIR/<client id> <client name>/A29683353.txt, with a line `field: value` for each field, sorted.
/// Unchanged files stay untouched. Files of removed contracts are removed, but only files that an
/// export of the same store wrote; anything else in DIR is left alone. Each tenant needs a folder
/// of its own.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl export tree /srv/contracts
  cd /srv/contracts && lmsyncctl export tree . && git add -A && git commit -m 'the week'")]
pub struct TreeArgs {
    /// The folder; created if it does not exist
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

/// Runs the command.
pub fn run(ctl: &Ctl, command: Command) -> Result<u8, CtlError> {
    let json_of = matches!(command, Command::Json(_) | Command::Tree(_));
    if ctl.output.format == Format::Json && !json_of {
        return Err(CtlError::usage(
            "an export has its own format, so --json does not apply",
            "`lmsyncctl export json` is the JSON of everything",
        ));
    }
    match command {
        Command::Json(JsonArgs { text }) => {
            let everything = Export { client: text.client, brief: None };
            put_with(ctl, text.output, &mut |to| {
                let one_line = ctl.output.format == Format::Json;
                let mut document = Document::new(to, "contracts", !one_line);
                ctl.client
                    .stream(&everything, &mut |piece| document.add(&piece.fields, piece.is_last))
            })?;
        }
        Command::Csv(CsvArgs { text }) => {
            let brief = Export { client: text.client.clone(), brief: Some(true) };
            let whole = Export { client: text.client, brief: None };
            put_with(ctl, text.output, &mut |to| {
                match csv::write(&ctl.client, &brief, ctl.output.formulas, to) {
                    // A daemon of an earlier release tells all of it.
                    Err(CtlError::Failed(failure)) if knows_no_brief(&failure) => {
                        csv::write(&ctl.client, &whole, ctl.output.formulas, to)
                    }
                    written => written,
                }
            })?;
        }
        Command::Ics(IcsArgs { text }) => {
            let reply = Everything::of(ask(ctl, text.client)?)?;
            put(ctl, text.output, ics::render(&reply))?;
        }
        Command::Tree(TreeArgs { folder }) => {
            let reply = Everything::of(ask(ctl, None)?)?;
            let done = tree::write(&folder, &reply)?;
            if ctl.output.format == Format::Json {
                ctl.output.write(&format!("{}\n", tree::counted(&done)))?;
            } else if !ctl.output.quiet {
                ctl.output.print(&tree::told(&done, &folder))?;
            }
        }
    }
    Ok(0)
}

fn ask(ctl: &Ctl, client: Option<String>) -> Result<Value, CtlError> {
    ctl.client.gather_raw(&Export { client, brief: None }, "contracts")
}

/// Whether a daemon refused a call because it does not know what leaves out what no table shows.
fn knows_no_brief(failure: &Failure) -> bool {
    failure.message.contains(r#""parameter":"brief""#)
}

/// Puts a text where it was asked to go; `-` is standard output too.
fn put(ctl: &Ctl, to: Option<PathBuf>, text: String) -> Result<(), CtlError> {
    match to.filter(|path| path.as_os_str() != "-") {
        Some(path) => file::write(&path, &text),
        None => ctl.output.write(&text),
    }
}

/// The same with a text that is written bit by bit.
fn put_with(
    ctl: &Ctl,
    to: Option<PathBuf>,
    fill: &mut dyn FnMut(&mut dyn Write) -> Result<(), CtlError>,
) -> Result<(), CtlError> {
    match to.filter(|path| path.as_os_str() != "-") {
        Some(path) => file::write_with(&path, fill),
        None => ctl.output.write_with(fill),
    }
}

/// Contracts for the tests of every form: two clients, a name that would drive a terminal, lines
/// in a description, an override, a user-defined field.
#[cfg(test)]
fn sample() -> Everything {
    use super::contract::samples;
    use super::contract::samples::view;
    use crate::protocol::contracts::{Contract, ExportReply};
    use crate::protocol::sync::Client;

    let contract = |key: &str, parent: Option<&str>, client_id, name: &str| Contract {
        client_id,
        end_date: Some("2026-12-31".to_owned()),
        link: Some("https://ww5.autotask.net/contract?id=29683353".to_owned()),
        ..samples::contract(key, parent, name, "482.60", "USD")
    };
    let acme = Client { id: 174, name: "Acme, Dental / \u{1b}[2JBerlin".to_owned() };
    let wide = Client { id: 0, name: "株式会社日本".to_owned() };
    let mut by_hand = contract("L12", None, 0, "Leased; printer, lobby");
    (by_hand.source, by_hand.end_date, by_hand.link) = ("local".to_owned(), None, None);
    let all = vec![
        Exported { contract: by_hand, client: wide, fields: Vec::new() },
        Exported {
            contract: contract("A29683353", None, 174, "Our \u{1b}]0;name"),
            client: acme.clone(),
            fields: vec![
                view("name", "seeded", Some("Our \u{1b}]0;name"), Some("Managed Workplace")),
                view("description", "seeded", Some("first\r\nsecond \u{9b}2J\n\nlast"), None),
                view("udf.account_manager", "seeded", Some("Pat"), None),
                view("notes", "local", None, None),
                view("notice_days", "local", Some("30"), None),
            ],
        },
        Exported {
            contract: contract("S55102", Some("A29683353"), 174, "Backup"),
            client: acme,
            fields: Vec::new(),
        },
    ];
    // As it comes from the wire, for a file.
    let reply = ExportReply {
        tenant: Some("north".to_owned()),
        store_id: Some("4f5a".to_owned()),
        contracts: Some(all),
        progress: None,
    };
    let raw = serde_json::to_value(reply).expect("serializes");
    serde_json::from_value(sanitize::texts(raw, &sanitize::lines)).expect("reads back")
}
