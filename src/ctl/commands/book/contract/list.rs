//! `contract list`: the book, today or on another day.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use crate::ctl::app::error::CtlError;
use crate::ctl::commands::{Ctl, normalize};
use crate::ctl::connection::pieces::elements;
use crate::ctl::output::document::Document;
use crate::ctl::output::list::Rows;
use crate::ctl::output::screen::{BETWEEN, NONE, Screen, Tone, count};
use crate::ctl::output::table::{Cell, Column, Table, toned};
use crate::ctl::output::{Csv, Format, write_part};
use crate::ctl::text::billing::{self, Billing};
use crate::ctl::text::dates;
use crate::ctl::text::money::{Span, cost, doubt};
use crate::ctl::text::sums::{Totals, Why};
use crate::ctl::text::tree::{self, Branch, Line};
use crate::model::{BillingCycle, BillingState, Remark};
use crate::protocol::contracts::{Contract, ContractList, List};

/// The columns of every list of contracts, by the names that JSON has for them.
pub const COLUMNS: [&str; 32] = [
    "key",
    "parent",
    "client_id",
    "name",
    "type",
    "status",
    "billing_cost",
    "currency",
    "billing_cycle",
    "billing",
    "billing_since",
    "units",
    "unit_price",
    "period_amount",
    "period_start",
    "period_end",
    "next_change_date",
    "next_change_cost",
    "left",
    "billed",
    "setup_fee",
    "billed_to",
    "remarks",
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
/// Shows what the store holds, each agreement directly before its additions, with its rate: what one
/// whole billing cycle costs at the units and prices in force. Totals count what Autotask bills,
/// whatever the status; what they leave out is listed below. --as-of shows the contracts of another
/// day: what did we bill against in June? --normalize makes rates of different cycles comparable. A
/// * marks a currency that is not known to be the client's.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl contract list
  lmsyncctl contract list acme --normalize month
  lmsyncctl contract list --as-of 2026-06-30
  lmsyncctl contract list --csv > contracts.csv")]
pub struct Args {
    /// Only this client
    pub client: Option<String>,
    /// Show the state at the end of this day, or at this moment (RFC 3339)
    #[arg(long, value_name = "DATE", value_parser = dates::day_or_moment, allow_hyphen_values = true)]
    pub as_of: Option<String>,
    /// Show rates per month or per year, of what is billed
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
    /// What rates are made.
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
    let wanted = List { client: args.client, as_of: args.as_of };
    if ctl.output.format == Format::Json {
        return ctl.output.write_with(|to| {
            let mut document = Document::new(to, CSV.list, false);
            ctl.client.stream(&wanted, &mut |piece| document.add(&piece.fields, piece.is_last))
        });
    }
    if ctl.output.format.is_rows() && args.normalize.is_none() {
        return rows(ctl, &wanted);
    }
    let answer = ctl.client.gather(&wanted, CSV.list)?;
    match args.normalize.filter(|_| ctl.output.format.is_rows()) {
        Some(span) => {
            let amounts = answer.reply.contracts.iter().map(|contract| amount(contract, span));
            normalize::print_rows(ctl, answer.raw, CSV, span, amounts)
        }
        None => ctl.output.list(&answer, CSV, |reply, screen| render(reply, &view, screen)),
    }
}

/// Writes rows for scripts as they come.
fn rows(ctl: &Ctl, wanted: &List) -> Result<(), CtlError> {
    ctl.output.write_with(|to| {
        let mut first = true;
        ctl.client.stream(wanted, &mut |piece| {
            let contracts: Vec<Value> = elements(piece.fields.get(CSV.list).unwrap_or(&"[]"))?;
            let reply = json!({ CSV.list: contracts });
            let text = ctl.output.rows_text(Rows::new(&reply, CSV, CSV.columns), first)?;
            first = false;
            write_part(to, &text)
        })
    })
}

/// The rate in the span; none for what is not billed now, as in the sums.
fn amount(contract: &Contract, span: Span) -> Option<String> {
    let billing = Billing::from(contract).billing();
    let over = matches!(billing, Some(BillingState::Upcoming | BillingState::Ended));
    if over || contract.vanished.is_some() || is_set_aside(contract) {
        return None;
    }
    span.amount(&contract.billing_cost, &contract.currency, &contract.billing_cycle)
}

/// The screen.
fn render(reply: &ContractList, view: &View, screen: &Screen) -> String {
    if reply.contracts.is_empty() {
        return match &view.as_of {
            Some(day) => format!("no contracts as of {}\n", screen.minute(day)),
            None => {
                format!(
                    "no contracts yet; {} pending shows what can be imported\n",
                    screen.address.program
                )
            }
        };
    }
    let mut columns = vec![
        Column::text("KEY"),
        Column::text("NAME").cut(16),
        Column::text("TYPE").cut(8).leave_out_last(2),
        Column::text("STATUS").leave_out_last(4),
        Column::number(normalize::heading(view.normalize)),
        Column::text("CYCLE").leave_out_last(3),
        Column::text("START").leave_out(1),
        Column::text("END").leave_out(2),
    ];
    if view.everyone {
        columns.push(Column::number("CLIENT").leave_out_last(1));
    }
    let mut table = Table::new(columns).notes_below(1);
    for line in tree::lines(&reply.contracts) {
        match line {
            Line::Context(key) => {
                table.row([toned(Tone::Dim, key), toned(Tone::Dim, "(not imported)")]);
            }
            Line::Entry(contract, branch) => {
                table.row(row(contract, branch, view));
                let billing = Billing::from(contract);
                let of_which = billing::of_which(&billing, below(contract, &reply.contracts));
                for note in billing.notes(of_which.as_deref()) {
                    table.note(note);
                }
            }
        }
    }
    let mut text = match &view.as_of {
        Some(day) if !screen.quiet => {
            format!(
                "{}\n\n",
                screen.paint(Tone::Strong, format!("contracts as of {}", screen.minute(day)))
            )
        }
        _ => String::new(),
    };
    text.push_str(&table.render(screen));
    if !screen.quiet {
        text.push_str(&format!("\n{}", footer(&reply.contracts, view, screen)));
    }
    text
}

/// Whether it was made by hand and is not active: nobody but its status says whether it is billed.
fn is_set_aside(contract: &Contract) -> bool {
    contract.source == "local" && contract.status != "active"
}

/// How what stands below an agreement in the list is billed.
fn below<'a>(of: &Contract, all: &'a [Contract]) -> impl Iterator<Item = Billing<'a>> {
    let key = of.key.clone();
    all.iter().filter(move |other| other.parent.as_ref() == Some(&key)).map(Billing::from)
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
        first.push(format!("billed: {sums} per {}", span.name()));
    }
    let mut text = screen.wrapped(first, BETWEEN);
    if let Some(left_out) = totals.left_out(span) {
        text.push_str(&screen.sentence(Tone::Dim, &format!("left out: {left_out}")));
    }
    text.push_str(&billing::findings(contracts.iter().map(Billing::from), screen));
    let mut lines = Vec::new();
    let doubts: HashSet<&str> =
        contracts.iter().filter_map(|c| doubt(c.currency_basis.as_deref())).collect();
    let mut doubts: Vec<&str> = doubts.into_iter().collect();
    doubts.sort_unstable();
    lines.extend(doubts.into_iter().map(|doubt| format!("{DOUBTED} {doubt}")));
    let lines = lines.iter().map(|line| format!("{}\n", screen.paint(Tone::Dim, line)));
    text + &lines.collect::<String>()
}

/// What Autotask bills, and what is in no sum.
///
/// The rate of an agreement holds those of its additions that are billed, so only those without an
/// agreement in the list are added to it, and those that are not billed now are named. A charge is
/// no part of its agreement's rate and counts by itself, unless a rule made it.
fn totals(contracts: &[Contract]) -> Totals {
    let by_key: HashMap<&str, &Contract> =
        contracts.iter().map(|contract| (contract.key.as_str(), contract)).collect();
    let mut totals = Totals::default();
    for contract in contracts {
        let billing = Billing::from(contract);
        let above = contract.parent.as_deref().and_then(|key| by_key.get(key));
        if contract.vanished.is_some() {
            totals.leave(Why::Vanished, &billing);
            continue;
        }
        if is_set_aside(contract) {
            totals.leave(Why::ByHand, &billing);
            continue;
        }
        match above.map(|agreement| Billing::from(*agreement)) {
            None => totals.add(&billing),
            Some(_) if contract.key.starts_with('C') && !billing.has(Remark::ByRule) => {
                totals.add(&billing);
            }
            Some(agreement) if agreement.cycle() == Some(BillingCycle::OneTime) => {
                totals.not_billed(&billing);
            }
            Some(agreement) if agreement.billing() == Some(BillingState::Billed) => {
                match billing.billing() {
                    Some(BillingState::Upcoming) => totals.leave(Why::Upcoming, &billing),
                    Some(BillingState::Ended) => totals.leave(Why::Ended, &billing),
                    // It is in the rate of its agreement.
                    _ => {}
                }
            }
            // The rate of what is to come is that of its first day.
            Some(agreement)
                if billing.billing() == Some(BillingState::Upcoming)
                    && agreement.billing() == Some(BillingState::Upcoming)
                    && billing.since != agreement.since =>
            {
                totals.leave(Why::Upcoming, &billing);
            }
            // Its agreement stands for it.
            Some(_) => {}
        }
    }
    totals
}

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;
