//! `contract list`: the book, today or on another day.

use std::collections::HashSet;

use super::super::dates;
use super::super::error::CtlError;
use super::super::money::{Span, Totals, cost, doubt};
use super::super::normalize;
use super::super::output::Csv;
use super::super::screen::{BETWEEN, NONE, Screen, Tone, count};
use super::super::start::Ctl;
use super::super::table::{Cell, Column, Table, toned};
use super::super::tree::{self, Branch, Line};
use crate::varlink::contracts::{Contract, ContractList, List};

/// The columns of every list of contracts, by the names that JSON has for them.
pub const COLUMNS: [&str; 18] = [
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
    "basis",
    "currency_basis",
    "renews",
    "link",
];

/// The list, for scripts.
pub const CSV: Csv = Csv::new("contracts", &COLUMNS);

/// Stands behind an amount whose currency is not known to be the client's.
const DOUBTED: char = '*';

/// List contracts
///
/// Shows what the store holds, each agreement directly before its additions. With --as-of it is
/// the book of another day: what did we bill against in June? With --normalize costs of different
/// cycles become comparable; what is not billed by time is left out and counted below. A * marks
/// a currency that is not known to be the client's.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl contract list
  lmsyncctl contract list acme --normalize month
  lmsyncctl contract list --as-of 2026-06-30
  lmsyncctl contract list --csv > contracts.csv")]
pub struct Args {
    /// Only those of this client
    pub client: Option<String>,
    /// As it was at the end of this day, or at this moment (RFC 3339)
    #[arg(long, value_name = "DATE", value_parser = dates::day_or_moment)]
    pub as_of: Option<String>,
    /// Show costs a month or a year
    #[arg(long, value_name = "month|year", hide_possible_values = true)]
    pub normalize: Option<Span>,
}

/// What was asked for, which the reply does not repeat.
#[derive(Debug, Default)]
struct View {
    /// Whether the list is not of one client.
    everyone: bool,
    /// The day or moment that the list is of.
    as_of: Option<String>,
    /// What costs are made.
    normalize: Option<Span>,
}

impl tree::Entry for Contract {
    fn key(&self) -> &str {
        &self.key
    }

    fn parent(&self) -> Option<&str> {
        self.parent.as_deref()
    }
}

/// Runs the command.
pub fn run(ctl: &Ctl, args: Args) -> Result<(), CtlError> {
    normalize::refuse_json(ctl, args.normalize)?;
    let view = View {
        everyone: args.client.is_none(),
        as_of: args.as_of.clone(),
        normalize: args.normalize,
    };
    let answer = ctl.client.call(&List { client: args.client, as_of: args.as_of })?;
    match args.normalize.filter(|_| ctl.output.format.is_rows()) {
        Some(span) => {
            let amounts = answer.reply.contracts.iter().map(|contract| amount(contract, span));
            normalize::print_rows(ctl, answer.raw, CSV, span, amounts)
        }
        None => ctl.output.list(&answer, CSV, |reply, screen| render(reply, &view, screen)),
    }
}

fn amount(contract: &Contract, span: Span) -> Option<String> {
    span.amount(&contract.billing_cost, &contract.currency, &contract.billing_cycle)
}

/// The screen.
fn render(reply: &ContractList, view: &View, screen: &Screen) -> String {
    if reply.contracts.is_empty() {
        return match &view.as_of {
            Some(day) => format!("no contracts as of {day}\n"),
            None => {
                format!("no contracts yet; {} pending shows what can be imported\n", screen.program)
            }
        };
    }
    let mut columns = vec![
        Column::text("KEY"),
        Column::text("NAME").cut(16),
        Column::text("TYPE").cut(8),
        Column::text("STATUS"),
        Column::number(normalize::heading(view.normalize)),
        Column::text("CYCLE"),
        Column::text("START").leave_out(1),
        Column::text("END").leave_out(2),
    ];
    if view.everyone {
        columns.push(Column::number("CLIENT"));
    }
    let mut table = Table::new(columns);
    for line in tree::lines(&reply.contracts) {
        match line {
            Line::Context(key) => {
                table.row([toned(Tone::Dim, key), toned(Tone::Dim, "(not imported)")]);
            }
            Line::Entry(contract, branch) => table.row(row(contract, branch, view)),
        }
    }
    let mut text = match &view.as_of {
        Some(day) if !screen.quiet => {
            format!("{}\n\n", screen.paint(Tone::Strong, format!("the book as of {day}")))
        }
        _ => String::new(),
    };
    text.push_str(&table.render(screen));
    if !screen.quiet {
        text.push_str(&format!("\n{}", footer(&reply.contracts, view, screen)));
    }
    text
}

fn row(contract: &Contract, branch: Branch, view: &View) -> Vec<Cell> {
    let (status, tone) = status(contract);
    let mark = doubt(contract.currency_basis.as_deref()).map(|_| DOUBTED);
    let marked = |amount: &str| {
        let mut text = cost(Some(amount), Some(&contract.currency));
        text.extend(mark);
        Cell::from(text)
    };
    let amount = match view.normalize {
        None => marked(&contract.billing_cost),
        Some(span) => {
            amount(contract, span).map_or_else(|| toned(Tone::Dim, NONE), |text| marked(&text))
        }
    };
    let mut cells = vec![
        format!("{}{}", branch.mark(), contract.key).into(),
        contract.name.as_str().into(),
        contract.r#type.as_str().into(),
        toned(tone, status),
        amount,
        contract.billing_cycle.as_str().into(),
        contract.start_date.as_deref().unwrap_or(NONE).into(),
        contract.end_date.as_deref().unwrap_or(NONE).into(),
    ];
    if view.everyone {
        cells.push(contract.client_id.to_string().into());
    }
    cells
}

/// A contract that is missing in Autotask shows that before its status.
fn status(contract: &Contract) -> (&str, Tone) {
    match (&contract.vanished, contract.status.as_str()) {
        (Some(_), _) => ("vanished", Tone::Bad),
        (None, "active") => ("active", Tone::Good),
        (None, status) => (status, Tone::Plain),
    }
}

fn footer(contracts: &[Contract], view: &View, screen: &Screen) -> String {
    let number = |of: fn(&Contract) -> bool| contracts.iter().filter(|c| of(c)).count() as i64;
    let by_hand = number(|contract| contract.source == "local");
    let mut first = vec![format!(
        "{} ({}, {}{})",
        count(contracts.len() as i64, "contract"),
        count(number(|c| c.source != "local" && c.parent.is_none()), "agreement"),
        count(number(|c| c.source != "local" && c.parent.is_some()), "addition"),
        if by_hand > 0 { format!(", {by_hand} made by hand") } else { String::new() },
    )];
    let totals = totals(contracts);
    let span = view.normalize.unwrap_or(Span::Month);
    if let Some(sums) = totals.text(span) {
        first.push(format!("active: {sums} per {}", span.name()));
    }
    let mut lines = Vec::new();
    if let (Some(_), Some(left_out)) = (view.normalize, totals.left_out()) {
        lines.push(format!("left out of the sums, not billed by time: {left_out}"));
    }
    let doubts: HashSet<&str> =
        contracts.iter().filter_map(|c| doubt(c.currency_basis.as_deref())).collect();
    let mut doubts: Vec<&str> = doubts.into_iter().collect();
    doubts.sort_unstable();
    lines.extend(doubts.into_iter().map(|doubt| format!("{DOUBTED} {doubt}")));
    let lines = lines.iter().map(|line| format!("{}\n", screen.paint(Tone::Dim, line)));
    screen.wrapped(first, BETWEEN) + &lines.collect::<String>()
}

/// What the active contracts come to.
///
/// An agreement's cost holds that of its additions, so only those without an agreement in the list
/// are added to it; a charge is no part of its agreement's cost and counts by itself.
fn totals(contracts: &[Contract]) -> Totals {
    let keys: HashSet<&str> = contracts.iter().map(|contract| contract.key.as_str()).collect();
    let mut totals = Totals::default();
    for contract in contracts {
        let held = contract.parent.as_deref().is_some_and(|key| keys.contains(key));
        let counted = held && !contract.key.starts_with('C');
        if !counted && contract.vanished.is_none() && contract.status == "active" {
            totals.add(&contract.billing_cost, &contract.currency, &contract.billing_cycle);
        }
    }
    totals
}

#[cfg(test)]
mod tests {
    use super::super::super::output::assert_columns;
    use super::super::super::screen::{coloured, sample};
    use super::super::samples::contract;
    use super::*;

    fn contracts() -> ContractList {
        let mut gone = contract("S61", Some("A2"), "Old backup", "9.00", "USD");
        gone.vanished = Some("2026-11-20T01:00:00Z".to_owned());
        let long = "Endpoint detection and response for workstations, with a very long name indeed";
        let mut odd = contract("A3", None, "東京支社 マネージドサービス契約", "120000", "JPY");
        odd.billing_cycle = "unknown (7)".to_owned();
        ContractList {
            contracts: vec![
                contract("A1", None, "Managed Workplace", "482.60", "USD"),
                contract("S55102", Some("A1"), long, "400.00", "USD"),
                contract("S55103", Some("A1"), "Backup", "82.60", "USD"),
                gone,
                odd,
                contract("A4", None, "Wartung", "90.00", "EUR"),
            ],
        }
    }

    /// Every cycle, a charge below an agreement, and a currency that is in doubt.
    fn cycles() -> ContractList {
        let mut list = contracts();
        let of = |key: &str, parent, cost: &str, cycle: &str| {
            let mut contract = contract(key, parent, "More", cost, "USD");
            contract.billing_cycle = cycle.to_owned();
            contract
        };
        let mut internal = of("A5", None, "100.00", "yearly");
        internal.currency_basis = Some("internal".to_owned());
        list.contracts.extend([
            internal,
            of("C7", Some("A5"), "35.00", "one-time"),
            of("A6", None, "5000.00", "one-time"),
            of("M1", Some("A6"), "5000.00", "one-time"),
            of("A7", None, "0.00", "none"),
        ]);
        list
    }

    fn view(everyone: bool) -> View {
        View { everyone, ..View::default() }
    }

    #[test]
    fn contracts_on_both_screens() {
        insta::assert_snapshot!("120", render(&contracts(), &view(true), &sample(120)));
        insta::assert_snapshot!("80", render(&contracts(), &view(false), &sample(80)));
        insta::assert_snapshot!("colour", render(&contracts(), &view(false), &coloured()));
        let none = ContractList { contracts: Vec::new() };
        insta::assert_snapshot!("empty", render(&none, &view(true), &sample(80)));
    }

    #[test]
    fn the_book_of_another_day_says_so() {
        let view = View { as_of: Some("2026-06-30".to_owned()), ..View::default() };
        insta::assert_snapshot!("as_of", render(&contracts(), &view, &sample(80)));
        let none = ContractList { contracts: Vec::new() };
        assert_eq!(render(&none, &view, &sample(80)), "no contracts as of 2026-06-30\n");
    }

    #[test]
    fn costs_a_month_and_a_year_say_what_they_leave_out() {
        for (name, span) in [("month", Span::Month), ("year", Span::Year)] {
            let view = View { normalize: Some(span), ..View::default() };
            insta::assert_snapshot!(name, render(&cycles(), &view, &sample(100)));
        }
    }

    #[test]
    fn csv_has_every_key() {
        assert_columns(CSV, &contracts().contracts[0]);
    }
}
