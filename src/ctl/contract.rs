//! `contract`: the contracts in the store. How they are edited is in [`super::edit`].

use std::collections::HashSet;

use super::error::CtlError;
use super::money::{PerMonth, cost};
use super::output::Csv;
use super::screen::{NONE, Screen, Tone, count};
use super::start::Ctl;
use super::table::{Column, Table, toned};
use super::tree::{self, Line};
use super::{edit, keys};
use crate::varlink::contracts::{Contract, ContractList, ContractReply, FieldView, List, Show};

/// Examples of the noun.
pub const EXAMPLES: &str = "\
Examples:
  lmsyncctl contract list acme
  lmsyncctl contract show S55102
  lmsyncctl contract set S55102 notes='renew with the firewall'";

/// What can be asked of contracts; what each is for is said where its arguments are.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    List(ListArgs),
    Show(ShowArgs),
    Set(edit::SetArgs),
    Unset(edit::UnsetArgs),
}

/// List contracts
///
/// Shows what the store holds, each agreement directly before its additions.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl contract list
  lmsyncctl contract list acme
  lmsyncctl contract list --csv > contracts.csv")]
pub struct ListArgs {
    /// Only those of this client
    pub client: Option<String>,
}

/// Show a contract, field by field
///
/// Fields stand by whose they are: those of Autotask are locked; those that Autotask seeds may be
/// overridden, and a * marks where they are; the rest is the MSP's own.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl contract show A29683353
  lmsyncctl contract show s55102 --json")]
pub struct ShowArgs {
    /// The contract's key
    #[arg(value_name = "KEY")]
    pub key: String,
}

const CSV: Csv = Csv {
    list: "contracts",
    columns: &[
        "key",
        "parent",
        "client_id",
        "name",
        "type",
        "status",
        "billing_cost",
        "currency",
        "billing_cycle",
        "start_date",
        "end_date",
        "source",
        "last_synced",
        "vanished",
    ],
};

impl tree::Entry for Contract {
    fn key(&self) -> &str {
        &self.key
    }

    fn parent(&self) -> Option<&str> {
        self.parent.as_deref()
    }
}

/// Runs the command.
pub fn run(ctl: &Ctl, command: Command) -> Result<u8, CtlError> {
    match command {
        Command::List(args) => {
            let everyone = args.client.is_none();
            let answer = ctl.client.call(&List { client: args.client, as_of: None })?;
            ctl.output.list(&answer, CSV, |reply, screen| render(reply, everyone, screen))?;
        }
        Command::Show(args) => {
            let answer = ctl.client.call(&Show { key: keys::key(&args.key)?, as_of: None })?;
            ctl.output.show(&answer, one)?;
        }
        Command::Set(args) => edit::set(ctl, args)?,
        Command::Unset(args) => edit::unset(ctl, args)?,
    }
    Ok(0)
}

/// The screen of a list; `everyone` if it is not of one client.
fn render(reply: &ContractList, everyone: bool, screen: &Screen) -> String {
    if reply.contracts.is_empty() {
        return format!(
            "no contracts yet; {} pending shows what can be imported\n",
            screen.program
        );
    }
    let mut columns = vec![
        Column::text("KEY"),
        Column::text("NAME").cut(16),
        Column::text("TYPE").cut(8),
        Column::text("STATUS"),
        Column::number("COST"),
        Column::text("CYCLE"),
        Column::text("START").leave_out(1),
        Column::text("END").leave_out(2),
    ];
    if everyone {
        columns.push(Column::number("CLIENT"));
    }
    let mut table = Table::new(columns);
    for line in tree::lines(&reply.contracts) {
        match line {
            Line::Context(key) => {
                table.row([toned(Tone::Dim, key), toned(Tone::Dim, "(not imported)")]);
            }
            Line::Entry(contract, branch) => {
                let (status, tone) = status(contract);
                let mut cells = vec![
                    format!("{}{}", branch.mark(), contract.key).into(),
                    contract.name.as_str().into(),
                    contract.r#type.as_str().into(),
                    toned(tone, status),
                    cost(Some(&contract.billing_cost), Some(&contract.currency)).into(),
                    contract.billing_cycle.as_str().into(),
                    contract.start_date.as_deref().unwrap_or(NONE).into(),
                    contract.end_date.as_deref().unwrap_or(NONE).into(),
                ];
                if everyone {
                    cells.push(contract.client_id.to_string().into());
                }
                table.row(cells);
            }
        }
    }
    let mut text = table.render(screen);
    if !screen.quiet {
        let line = footer(&reply.contracts);
        text.push_str(&format!("\n{}\n", screen.paint(Tone::Dim, line)));
    }
    text
}

/// A contract that is missing in Autotask shows that before its status.
fn status(contract: &Contract) -> (&str, Tone) {
    match (&contract.vanished, contract.status.as_str()) {
        (Some(_), _) => ("vanished", Tone::Bad),
        (None, "active") => ("active", Tone::Good),
        (None, status) => (status, Tone::Plain),
    }
}

fn footer(contracts: &[Contract]) -> String {
    let number = |of: fn(&Contract) -> bool| contracts.iter().filter(|c| of(c)).count() as i64;
    let by_hand = number(|contract| contract.source == "local");
    let mut text = format!(
        "{} ({}, {}{})",
        count(contracts.len() as i64, "contract"),
        count(number(|c| c.source != "local" && c.parent.is_none()), "agreement"),
        count(number(|c| c.source != "local" && c.parent.is_some()), "addition"),
        if by_hand > 0 { format!(", {by_hand} made by hand") } else { String::new() },
    );
    // An agreement's cost holds that of its additions, so only those without an agreement in the
    // list are added to it.
    let keys: HashSet<&str> = contracts.iter().map(|contract| contract.key.as_str()).collect();
    let mut sums = PerMonth::default();
    for contract in contracts {
        let counted = contract.parent.as_deref().is_some_and(|key| keys.contains(key));
        if !counted && contract.vanished.is_none() && contract.status == "active" {
            sums.add(&contract.billing_cost, &contract.currency, &contract.billing_cycle);
        }
    }
    if let Some(sums) = sums.text() {
        text.push_str(&format!(" · active: {sums} per month"));
    }
    text
}

/// The screen of one contract.
fn one(reply: &ContractReply, screen: &Screen) -> String {
    let contract = &reply.contract;
    let title = format!("{}  {}", contract.key, contract.name);
    let mut text = format!("{}\n", screen.paint(Tone::Strong, title));
    let below = contract.parent.as_ref().map(|key| format!(" · below {key}")).unwrap_or_default();
    text.push_str(&format!(
        "{} ({}) · {}{below}\n",
        reply.client.name, reply.client.id, contract.r#type
    ));
    let synced = match contract.source.as_str() {
        "local" => "made by hand".to_owned(),
        source => {
            format!("from {source}, last synced {}", screen.exact(contract.last_synced.as_deref()))
        }
    };
    text.push_str(&format!("{synced}\n"));
    if let Some(since) = &contract.vanished {
        let line = format!("vanished: missing in Autotask since {}", screen.exact(Some(since)));
        text.push_str(&format!("{}\n", screen.paint(Tone::Bad, line)));
    }
    for (owner, title) in [
        ("autotask", "Autotask's (locked)"),
        ("seeded", "from Autotask, may be overridden (* is)"),
        ("local", "the MSP's own"),
    ] {
        let fields: Vec<&FieldView> = reply.fields.iter().filter(|f| f.owner == owner).collect();
        if !fields.is_empty() {
            text.push_str(&format!("\n{}\n", screen.paint(Tone::Strong, title)));
            text.push_str(&group(&fields, screen));
        }
    }
    text
}

fn group(fields: &[&FieldView], screen: &Screen) -> String {
    let mut table = Table::new([
        Column::text(" FIELD"),
        Column::text("VALUE").cut(20),
        Column::text("CHANGED"),
    ])
    .notes_below(1);
    for view in fields {
        let mark = if view.overridden { '*' } else { ' ' };
        let value = match &view.value {
            Some(value) => value.as_str().into(),
            None => toned(Tone::Dim, NONE),
        };
        let changed = view.changed.as_deref();
        table.row([
            format!("{mark}{}", view.field).into(),
            value,
            changed.map(|at| screen.short(Some(at))).unwrap_or_default().into(),
        ]);
        if view.overridden {
            let theirs = view.autotask_value.as_deref().unwrap_or(NONE);
            table.note(toned(Tone::Dim, format!("Autotask has: {theirs}")));
        }
    }
    table.render(screen)
}

#[cfg(test)]
#[path = "contract_tests.rs"]
mod tests;
