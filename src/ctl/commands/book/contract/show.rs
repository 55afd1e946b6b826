//! `contract show`: one contract, field by field, and whose each field is.

use crate::ctl::app::error::CtlError;
use crate::ctl::commands::Ctl;
use crate::ctl::output::screen::{NONE, Screen, Tone};
use crate::ctl::output::table::{Column, Table, pairs, toned};
use crate::ctl::text::billing::Billing;
use crate::ctl::text::{dates, keys, money};
use crate::model::{BillingCycle, BillingState};
use crate::protocol::contracts::{Contract, ContractReply, FieldView, Show};

/// Show a contract, field by field
///
/// Fields are grouped by owner: Autotask's fields are locked; fields that Autotask seeds may be
/// overridden, and a * marks overrides; the others are the MSP's own. --as-of shows the contract as
/// it was on another day.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl contract show A29683353
  lmsyncctl contract show A29683353 --as-of 2026-06-30
  lmsyncctl contract show s55102 --json")]
pub struct Args {
    /// The contract's key
    #[arg(value_name = "KEY")]
    pub key: String,
    /// Show the state at the end of this day, or at this moment (RFC 3339)
    #[arg(long, value_name = "DATE", value_parser = dates::day_or_moment, allow_hyphen_values = true)]
    pub as_of: Option<String>,
}

/// The group of local fields: whose they are on the wire, and what stands above them.
const LOCAL: (&[&str], &str) = (&["local"], "the MSP's own");

/// Runs the command.
pub fn run(ctl: &Ctl, args: Args) -> Result<(), CtlError> {
    let request = Show { key: keys::key(&args.key)?, as_of: args.as_of.clone() };
    let answer = ctl.client.call(&request)?;
    ctl.output.show(&answer, |reply, screen| render(reply, args.as_of.as_deref(), screen))
}

/// The screen.
fn render(reply: &ContractReply, as_of: Option<&str>, screen: &Screen) -> String {
    let contract = &reply.contract;
    let title = format!("{}  {}", contract.key, contract.name);
    let mut text = format!("{}\n", screen.paint(Tone::Strong, title));
    let below = contract.parent.as_ref().map(|key| format!(" · below {key}")).unwrap_or_default();
    text.push_str(&format!(
        "{} ({}) · {}{below}\n",
        reply.client.name, reply.client.id, contract.r#type
    ));
    if let Some(day) = as_of {
        text.push_str(&format!(
            "{}\n",
            screen.paint(Tone::Warning, format!("as of {}", screen.minute(day)))
        ));
    }
    text.push_str(&format!("{}\n", origin(contract, screen)));
    if let Some(since) = &contract.vanished {
        let line = format!("vanished: missing in Autotask since {}", screen.exact(Some(since)));
        text.push_str(&format!("{}\n", screen.paint(Tone::Bad, line)));
    }
    text.push_str(&format!("\n{}", pairs(summary(contract), screen)));
    let groups: &[(&[&str], &str)] = match contract.source.as_str() {
        "local" => &[(&["autotask", "seeded"], "made by hand (no field is locked)"), LOCAL],
        _ => &[
            (&["autotask"], "Autotask's (locked)"),
            (&["seeded"], "from Autotask, may be overridden (* is)"),
            LOCAL,
        ],
    };
    for (owners, title) in groups {
        // What Autotask has no value for cannot be set here either.
        let says = |view: &FieldView| view.value.is_some() || view.owner != "autotask";
        let owned = |view: &&FieldView| owners.contains(&view.owner.as_str()) && says(view);
        let fields: Vec<&FieldView> = reply.fields.iter().filter(owned).collect();
        if !fields.is_empty() {
            text.push_str(&format!("\n{}\n", screen.paint(Tone::Strong, title)));
            text.push_str(&group(&fields, screen));
        }
    }
    text
}

fn origin(contract: &Contract, screen: &Screen) -> String {
    let synced = screen.exact(contract.last_synced.as_deref());
    match contract.source.as_str() {
        "local" => "made by hand".to_owned(),
        "unlinked" => format!(
            "frozen: no sync changes it, last synced {synced}\n{} contract relink {} shows what \
             Autotask has",
            screen.address.program, contract.key
        ),
        source => format!("from {source}, last synced {synced}"),
    }
}

/// What a person asks first: what it costs and bills, what it renews, and where it is in Autotask.
fn summary(contract: &Contract) -> Vec<(&'static str, String)> {
    let currency = money::currency(&contract.currency, contract.currency_basis.as_deref());
    let billing = Billing::from(contract);
    let mut lines = rate(&billing, &currency);
    if let (Some(units), Some(price)) = (&contract.units, &contract.unit_price) {
        lines.push(("units", format!("{units} x {}", money::grouped(price))));
    }
    lines.extend(billing.period().map(|period| ("period", period)));
    if let Some(basis) = &contract.basis {
        lines.push(("basis", money::basis(basis).to_owned()));
    }
    lines.extend(standing(&billing, None));
    if let Some(renews) = &contract.renews {
        lines.push(("renews", renews.clone()));
    }
    if let Some(link) = &contract.link {
        lines.push(("link", link.clone()));
    }
    lines
}

/// The rate by its name; what is bought once has a price.
pub fn rate(billing: &Billing<'_>, currency: &str) -> Vec<(&'static str, String)> {
    let cost = money::grouped(billing.cost.unwrap_or_default());
    match billing.cycle() {
        Some(BillingCycle::OneTime) => vec![("amount", format!("{cost} {currency}, one-time"))],
        _ => vec![("rate", format!("{cost} {currency}, {}", billing.cycle))],
    }
}

/// How it is billed, what is known ahead, what is left, and what is remarkable; `of_which` is what
/// lines of other cycles total, where it is known.
pub fn standing(billing: &Billing<'_>, of_which: Option<&str>) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    let state = match (billing.stands(), billing.billing()) {
        (Some(told), _) => Some(told),
        (None, Some(BillingState::Billed)) => Some("billed".to_owned()),
        (None, _) => None,
    };
    lines.extend(state.map(|state| ("billing", state)));
    lines.extend(billing.ahead().map(|ahead| ("ahead", ahead)));
    let facts = billing.facts();
    if !facts.is_empty() {
        lines.push(("", facts.join(" · ")));
    }
    lines.extend(billing.findings().into_iter().map(|finding| ("finding", finding)));
    lines.extend(billing.remarks(of_which).into_iter().map(|remark| ("remark", remark)));
    lines
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
mod tests {
    use super::super::samples::{client, contract, view};
    use super::*;
    use crate::ctl::output::screen::sample;
    use crate::protocol::sync::NextChange;

    fn reply() -> ContractReply {
        let long =
            "A description that goes on and on and will certainly not fit into eighty columns";
        ContractReply {
            contract: contract("S55102", Some("A1"), "Our name", "482.60", "USD"),
            client: client(),
            fields: vec![
                view("status", "autotask", Some("active"), None),
                view("billing_cost", "autotask", Some("482.60"), None),
                view("name", "seeded", Some("Our name"), Some("Managed Workplace")),
                view("description", "seeded", Some(long), None),
                view("udf.account_manager", "seeded", Some("Pat"), None),
                view("notes", "local", None, None),
                view("tags", "local", Some("backup,東京"), None),
            ],
        }
    }

    #[test]
    fn a_contract_by_whose_its_fields_are() {
        insta::assert_snapshot!("80", render(&reply(), None, &sample(80)));
        let mut full = reply();
        full.contract.currency_basis = Some("internal".to_owned());
        full.contract.basis = Some("last".to_owned());
        full.contract.renews = Some("A29682000".to_owned());
        full.contract.link = Some(
            "https://ww5.autotask.net/Autotask/AutotaskExtend/ExecuteCommand.aspx?Code=OpenContract\
             &ContractID=29683353"
                .to_owned(),
        );
        insta::assert_snapshot!("120", render(&full, Some("2026-06-30"), &sample(120)));
    }

    #[test]
    fn both_amounts_and_how_it_is_billed() {
        let mut full = reply();
        full.fields.clear();
        let contract = &mut full.contract;
        (contract.billing_cost, contract.units) = ("1215.00".to_owned(), Some("27".to_owned()));
        contract.unit_price = Some("45.00".to_owned());
        contract.period_amount = Some("1149.00".to_owned());
        contract.period_start = Some("2026-11-01".to_owned());
        contract.period_end = Some("2026-11-30".to_owned());
        contract.next_change =
            Some(NextChange { date: "2026-12-01".to_owned(), billing_cost: "1293.00".to_owned() });
        contract.remarks = vec!["scaled".to_owned(), "inactive_but_billed".to_owned()];
        insta::assert_snapshot!("billing", render(&full, None, &sample(80)));
        let contract = &mut full.contract;
        contract.billing_cycle = "one-time".to_owned();
        (contract.billing, contract.period_amount) = ("one-time".to_owned(), None);
        (contract.left, contract.billed) = (Some("7.5 hours".to_owned()), Some(false));
        (contract.remarks, contract.next_change) = (Vec::new(), None);
        insta::assert_snapshot!("purchase", render(&full, None, &sample(80)));
    }

    #[test]
    fn one_made_by_hand_and_one_that_is_frozen() {
        let mut hand = reply();
        hand.contract = contract("L12", None, "By hand", "5.00", "USD");
        hand.contract.source = "local".to_owned();
        hand.contract.basis = None;
        hand.contract.vanished = Some("2026-11-20T13:00:00Z".to_owned());
        hand.fields.drain(1..3);
        insta::assert_snapshot!("local", render(&hand, None, &sample(80)));
        let mut frozen = reply();
        frozen.contract.source = "unlinked".to_owned();
        frozen.fields.clear();
        insta::assert_snapshot!("unlinked", render(&frozen, None, &sample(80)));
    }
}
