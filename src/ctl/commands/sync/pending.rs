//! `pending`: what a sync would apply to one client, or a summary of all clients.

use crate::ctl::app::error::CtlError;
use crate::ctl::commands::Ctl;
use crate::ctl::output::Csv;
use crate::ctl::output::screen::{BETWEEN, Screen, Tone, count};
use crate::ctl::output::table::{Cell, Column, Table, toned};
use crate::ctl::text::billing::{self, Billing};
use crate::ctl::text::visibility;
use crate::ctl::text::{items, money};
use crate::model::PendingState;
use crate::model::text;
use crate::protocol::sync::{Client, Item, Pending, PendingReply, PendingSummary};

/// Show what a sync would apply
///
/// Lists the agreements and additions of a client that are new or changed in Autotask since the
/// last sync. Nothing is imported. Without CLIENT, shows how much is pending for each client.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl pending acme                 ask Autotask now
  lmsyncctl pending 174 --state changed  only what changed
  lmsyncctl pending 174 --all            include ignored items, and until when
  lmsyncctl pending --cached             every client with a cached result")]
pub struct Args {
    /// The client; without it, a summary of every client
    pub client: Option<String>,
    /// Show the cached result instead of asking Autotask
    #[arg(long)]
    pub cached: bool,
    /// Only items in this state
    #[arg(long, value_name = "STATE", value_parser = PendingState::ALL.map(PendingState::name))]
    pub state: Option<String>,
    /// Include ignored items
    #[arg(long)]
    pub all: bool,
}

/// The columns of an item, by the names that JSON has for them.
pub const COLUMNS: [&str; 27] = [
    "key",
    "parent",
    "state",
    "type",
    "name",
    "status",
    "billing_cost",
    "currency",
    "billing_cycle",
    "billing",
    "billing_since",
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
    "reason",
    "renews",
    "effects",
    "changes",
];

const ITEMS: Csv = Csv::new("items", &COLUMNS);

const CLIENTS: Csv = Csv::new(
    "clients",
    &["id", "name", "as_of", "new", "changed", "vanished", "held", "unsupported"],
);

/// The list that is the answer: items of a client, or clients.
pub fn csv(args: &Args) -> Csv {
    if args.client.is_some() { ITEMS } else { CLIENTS }
}

/// Runs the command.
pub fn run(ctl: &Ctl, args: Args) -> Result<u8, CtlError> {
    let csv = csv(&args);
    let answer = ctl.client.call(&Pending {
        client: args.client,
        cached: args.cached.then_some(true),
        state: args.state.clone(),
        // Who asks for the ignored ones by name means to see them.
        all: (args.all || args.state.as_deref() == Some(PendingState::Ignored.name()))
            .then_some(true),
    })?;
    ctl.output.list(&answer, csv, |reply, screen| {
        render(reply, &Filter { cached: args.cached, state: args.state }, screen)
    })?;
    Ok(0)
}

/// What was asked for, which the reply does not repeat.
#[derive(Debug, Default)]
pub struct Filter {
    /// Whether the last look was enough.
    pub cached: bool,
    /// The one state that was asked for.
    pub state: Option<String>,
}

/// The screen.
pub fn render(reply: &PendingReply, filter: &Filter, screen: &Screen) -> String {
    let text = match (&reply.client, &reply.items) {
        (Some(client), Some(items)) => one(client, items, reply, filter, screen),
        _ => summary(reply.clients.as_deref().unwrap_or_default(), filter, screen),
    };
    format!("{}{text}", visibility::limited(reply.visibility.as_ref(), screen))
}

fn one(
    client: &Client,
    items: &[Item],
    reply: &PendingReply,
    filter: &Filter,
    screen: &Screen,
) -> String {
    let who = screen.paint(Tone::Strong, text::client(&client.name, client.id));
    let age = match (&reply.as_of, filter.cached) {
        (None, _) => ", not checked yet".to_owned(),
        (as_of, true) => format!(", as of {}", screen.age(as_of.as_deref())),
        (_, false) => String::new(),
    };
    let rejects = reply.rejects.as_deref().unwrap_or_default();
    let mut text = String::new();
    if items.is_empty() {
        let what = match (&filter.state, &reply.as_of) {
            (Some(state), _) => format!("nothing is pending in the state {state}"),
            (None, None) => {
                format!("check with: {} pending {}", screen.address.program, client.id)
            }
            (None, _) if !rejects.is_empty() => "nothing else is pending".to_owned(),
            (None, _) if visibility::is_limited(reply.visibility.as_ref()) => {
                "nothing of what is visible is pending".to_owned()
            }
            (None, _) => "nothing is pending; the store matches Autotask".to_owned(),
        };
        let between = if reply.as_of.is_none() { ";" } else { ":" };
        text.push_str(&format!("{who}{age}{between} {what}\n"));
    } else {
        text.push_str(&format!("{who}{age}\n"));
        text.push_str(&items::table(items, str::to_owned, screen));
    }
    if !rejects.is_empty() {
        text.push_str(&format!("\n{}", items::rejects(rejects, screen)));
    }
    if !items.is_empty() && !screen.quiet {
        if let Some(effects) = &reply.effects {
            let held = reply.held_effects.as_deref();
            text.push_str(&format!("\n{}", money::effects_of(items, effects, held, screen)));
        }
        text.push_str(&billing::findings(items.iter().map(Billing::from), screen));
        text.push('\n');
        text.push_str(&screen.wrapped(footer(client, items, screen), BETWEEN));
    }
    text
}

/// How many items a sync of everything would apply.
pub fn applicable(items: &[Item]) -> usize {
    items.iter().filter(|item| applies(item)).count()
}

/// Whether a sync can apply an item.
pub fn applies(item: &Item) -> bool {
    item.state.parse::<PendingState>().is_ok_and(PendingState::can_apply)
}

fn footer(client: &Client, items: &[Item], screen: &Screen) -> Vec<String> {
    let counts = PendingState::ALL.into_iter().filter_map(|state| {
        let number = items.iter().filter(|item| item.state == state.name()).count();
        (number > 0).then(|| format!("{number} {state}"))
    });
    let counts = counts.collect::<Vec<_>>().join(", ");
    if applicable(items) == 0 {
        return vec![counts];
    }
    vec![counts, format!("sync with: {} sync {} --all", screen.address.program, client.id)]
}

fn summary(clients: &[PendingSummary], filter: &Filter, screen: &Screen) -> String {
    if clients.is_empty() {
        let hint = format!("{} client list shows the clients", screen.address.program);
        return format!("nothing is pending for any client; {hint}\n");
    }
    let mut table = Table::new([
        Column::text("CLIENT").cut(14),
        Column::number("ID"),
        Column::number("NEW"),
        Column::number("CHANGED"),
        Column::number("VANISHED"),
        Column::number("HELD"),
        Column::number("UNSUPPORTED").leave_out(2),
        Column::text("AS OF").leave_out(1),
    ]);
    let number = |tone: Tone, count: i64| -> Cell {
        toned(if count > 0 { tone } else { Tone::Dim }, count.to_string())
    };
    for client in clients {
        table.row([
            client.name.as_str().into(),
            client.id.to_string().into(),
            number(Tone::Good, client.new),
            number(Tone::Warning, client.changed),
            number(Tone::Bad, client.vanished),
            number(Tone::Bad, client.held),
            number(Tone::Plain, client.unsupported),
            screen.age(client.as_of.as_deref()).into(),
        ]);
    }
    let mut text = table.render(screen);
    if !screen.quiet {
        let total = |of: fn(&PendingSummary) -> i64| clients.iter().map(of).sum::<i64>();
        let counts = format!(
            "{}: {} new, {} changed, {} vanished{}",
            count(clients.len() as i64, "client"),
            total(|c| c.new),
            total(|c| c.changed),
            total(|c| c.vanished),
            if filter.cached { ", cached" } else { "" },
        );
        let hint = format!("details: {} pending CLIENT", screen.address.program);
        text.push('\n');
        text.push_str(&screen.wrapped(vec![counts, hint], BETWEEN));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::output::assert_columns;
    use crate::ctl::output::screen::{coloured, sample};
    use crate::protocol::sync::{Effect, Reject};

    fn reply(items: Vec<Item>) -> PendingReply {
        PendingReply {
            client: Some(Client { id: 174, name: "Acme Dental".to_owned() }),
            as_of: Some("2026-11-24T11:00:00Z".to_owned()),
            items: Some(items),
            rejects: Some(Vec::new()),
            effects: Some(vec![Effect {
                currency: "USD".to_owned(),
                per_month: "7.40".to_owned(),
                per_year: "88.80".to_owned(),
                ..Effect::default()
            }]),
            ..PendingReply::default()
        }
    }

    #[test]
    fn a_tree_on_a_wide_and_on_a_narrow_screen() {
        let reply = reply(items::samples());
        insta::assert_snapshot!("120", render(&reply, &Filter::default(), &sample(120)));
        insta::assert_snapshot!("80", render(&reply, &Filter::default(), &sample(80)));
        insta::assert_snapshot!("colour", render(&reply, &Filter::default(), &coloured()));
    }

    #[test]
    fn what_is_billed_otherwise_says_from_which_day() {
        let mut reply = reply(items::billed_samples());
        reply.effects = Some(items::billed_effects());
        insta::assert_snapshot!("billing_120", render(&reply, &Filter::default(), &sample(120)));
        insta::assert_snapshot!("billing_80", render(&reply, &Filter::default(), &sample(80)));
    }

    #[test]
    fn an_ignored_item_says_until_when_and_why() {
        let mut item = items::samples().remove(0);
        item.state = "ignored".to_owned();
        item.reason = Some("until 2026-12-31: billed elsewhere".to_owned());
        let filter = Filter { cached: false, state: Some("ignored".to_owned()) };
        let mut reply = reply(vec![item]);
        reply.effects = Some(Vec::new());
        insta::assert_snapshot!("ignored", render(&reply, &filter, &sample(80)));
    }

    #[test]
    fn nothing_pending_is_good_news() {
        let filter = Filter { cached: true, state: None };
        insta::assert_snapshot!("empty", render(&reply(Vec::new()), &filter, &sample(80)));
        let mut never = reply(Vec::new());
        never.as_of = None;
        insta::assert_snapshot!("never", render(&never, &filter, &sample(80)));
    }

    #[test]
    fn rejects_stand_below() {
        let mut reply = reply(Vec::new());
        reply.rejects = Some(vec![Reject {
            key: "S7".to_owned(),
            field: "unitPrice".to_owned(),
            reason: "unitPrice is \"12,50\", which is not a number in row 7 of ContractServices"
                .to_owned(),
        }]);
        insta::assert_snapshot!("rejects", render(&reply, &Filter::default(), &sample(80)));
    }

    fn clients() -> Vec<PendingSummary> {
        let client = |id, name: &str, new, changed| PendingSummary {
            id,
            name: name.to_owned(),
            as_of: Some("2026-11-24T11:00:00Z".to_owned()),
            new,
            changed,
            vanished: 0,
            held: 0,
            unsupported: 1,
        };
        let long = "株式会社ノーザンライツ・テクノロジー・ソリューションズ・インターナショナル";
        vec![
            client(0, "The MSP itself", 1, 0),
            client(174, "Acme Dental", 3, 1),
            client(175, long, 0, 2),
        ]
    }

    #[test]
    fn a_summary_of_every_client() {
        let reply = PendingReply { clients: Some(clients()), ..PendingReply::default() };
        insta::assert_snapshot!("summary_120", render(&reply, &Filter::default(), &sample(120)));
        insta::assert_snapshot!("summary_80", render(&reply, &Filter::default(), &sample(80)));
        insta::assert_snapshot!("summary_colour", render(&reply, &Filter::default(), &coloured()));
        let none = PendingReply { clients: Some(Vec::new()), ..PendingReply::default() };
        insta::assert_snapshot!("summary_empty", render(&none, &Filter::default(), &sample(80)));
    }

    #[test]
    fn csv_has_every_key() {
        assert_columns(ITEMS, &items::samples()[0]);
        assert_columns(CLIENTS, &clients()[0]);
    }
}
