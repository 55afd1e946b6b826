//! `client list`: which clients there are.

use crate::ctl::app::error::CtlError;
use crate::ctl::commands::Ctl;
use crate::ctl::output::Csv;
use crate::ctl::output::screen::{Screen, Tone, count};
use crate::ctl::output::table::{Column, Table, toned};
use crate::ctl::text::visibility;
use crate::protocol::sync::{ClientList, ListClients};

/// Examples of the noun.
pub const EXAMPLES: &str = "\
Examples:
  lmsyncctl client list
  lmsyncctl client list --search dental";

/// What can be asked of clients; what each is for is said where its arguments are.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    List(Args),
}

/// List the clients that have agreements in Autotask
///
/// A client is an Autotask company. Company 0 is the MSP itself.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl client list
  lmsyncctl client list --search dental
  lmsyncctl client list --all            also companies without agreements
  lmsyncctl client list --cached         from the cache, without asking Autotask")]
pub struct Args {
    /// Only clients whose name contains this text, or with this id
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// Include companies without agreements
    #[arg(long)]
    pub all: bool,
    /// Show the cached list instead of asking Autotask; one of the last minute is shown in any case
    #[arg(long)]
    pub cached: bool,
}

/// The list, for scripts.
pub const CSV: Csv = Csv::new(
    "clients",
    &["id", "name", "active", "agreements", "contracts", "auto_sync", "last_synced"],
);

/// Runs the command.
pub fn run(ctl: &Ctl, command: Command) -> Result<u8, CtlError> {
    let Command::List(args) = command;
    let searched = args.search.clone();
    let all = args.all.then_some(true);
    let cached = args.cached.then_some(true);
    let answer = ctl.client.call(&ListClients { search: args.search, all, cached })?;
    ctl.output.list(&answer, CSV, |reply, screen| render(reply, searched.as_deref(), screen))?;
    Ok(0)
}

/// The screen.
fn render(reply: &ClientList, searched: Option<&str>, screen: &Screen) -> String {
    let limited = visibility::limited(reply.visibility.as_ref(), screen);
    format!("{limited}{}", list(reply, searched, screen))
}

fn list(reply: &ClientList, searched: Option<&str>, screen: &Screen) -> String {
    if reply.clients.is_empty() {
        let more = format!("{} client list --all shows every company", screen.address.program);
        return match searched {
            Some(text) => format!("no client with agreements matches `{text}`; {more}\n"),
            None => format!("no client has agreements; {more}\n"),
        };
    }
    let mut table = Table::new([
        Column::text("NAME").cut(14),
        Column::number("ID"),
        Column::number("AGREEMENTS").leave_out(2),
        Column::number("CONTRACTS").leave_out(1),
        Column::text("AUTO-SYNC"),
        Column::text("LAST SYNCED"),
    ]);
    for client in &reply.clients {
        let name = match client.active {
            true => client.name.as_str().into(),
            false => toned(Tone::Dim, format!("{} (inactive)", client.name)),
        };
        table.row([
            name,
            client.id.to_string().into(),
            client.agreements.to_string().into(),
            client.contracts.to_string().into(),
            if client.auto_sync { toned(Tone::Good, "on") } else { "off".into() },
            screen.short(client.last_synced.as_deref()).into(),
        ]);
    }
    let mut text = table.render(screen);
    if !screen.quiet {
        let auto = reply.clients.iter().filter(|client| client.auto_sync).count();
        let line = format!(
            "{}: {}, {} · {auto} on auto-sync",
            count(reply.clients.len() as i64, "client"),
            count(reply.clients.iter().map(|c| c.agreements).sum(), "agreement"),
            count(reply.clients.iter().map(|c| c.contracts).sum(), "contract"),
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
    use crate::protocol::sync::ClientSummary;

    fn reply() -> ClientList {
        let client = |id, name: &str, active, synced: Option<&str>| ClientSummary {
            id,
            name: name.to_owned(),
            active,
            agreements: 4,
            contracts: 12,
            auto_sync: synced.is_some(),
            last_synced: synced.map(str::to_owned),
        };
        ClientList {
            clients: vec![
                client(174, "Acme Dental", true, Some("2026-11-24T01:00:00Z")),
                client(
                    29_683_353,
                    "Zahnärztliche Gemeinschaftspraxis Dr. Müller-Lüdenscheidt und Partner mbB",
                    false,
                    None,
                ),
                client(175, "株式会社日本", true, Some("2026-11-20T01:00:00Z")),
            ],
            as_of: "2026-11-24T13:00:00Z".to_owned(),
            visibility: None,
            progress: None,
        }
    }

    #[test]
    fn clients_on_both_screens() {
        insta::assert_snapshot!("120", render(&reply(), None, &sample(120)));
        insta::assert_snapshot!("80", render(&reply(), None, &sample(80)));
        insta::assert_snapshot!("colour", render(&reply(), None, &coloured()));
    }

    #[test]
    fn no_client_says_how_to_see_more() {
        let none = ClientList { clients: Vec::new(), ..reply() };
        insta::assert_snapshot!("empty", render(&none, Some("acme"), &sample(80)));
    }

    #[test]
    fn csv_has_every_key() {
        assert_columns(CSV, &reply().clients[0]);
    }

    #[test]
    fn the_list_fits_fifty_columns() {
        let text = render(&reply(), None, &sample(50));
        crate::ctl::output::table::assert_fits(&text, 50);
        assert!(text.contains("29683353"), "{text}");
    }
}
