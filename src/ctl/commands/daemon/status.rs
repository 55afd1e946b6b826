//! `status`: the board of all clients, or how one of them stands, under what holds for the daemon
//! and for Autotask's API.

use std::time::Duration;

use crate::ctl::app::error::CtlError;
use crate::ctl::commands::Ctl;
use crate::ctl::commands::sync::pause;
use crate::ctl::output::screen::{NONE, Screen, Tone, count, thousands, with_advice};
use crate::ctl::output::table::{Column, Table, pairs, toned};
use crate::ctl::output::{Csv, Format};
use crate::ctl::text::money::{Span, brief_effect};
use crate::ctl::text::picture::{Mark, bar, sparkline};
use crate::model::{Outlet, limits, text};
use crate::protocol::daemon::{
    Api, ClientStatus, DaemonInfo, NewClient, RunMark, Status, StatusReply,
};

/// The values of `health`, the worst first: so the board has them.
const HEALTHS: [&str; 7] =
    ["blocked", "failing", "held", "overdue", "never_synced", "paused", "ok"];

/// How many columns the bar of a budget has.
const BAR: usize = 12;

/// How many new clients are named.
const NEW_SHOWN: usize = 5;

/// Show the status of all clients, or of one
///
/// Also shows the state of the daemon and how much of Autotask's API is used. What is wrong comes
/// first.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl status
  lmsyncctl status acme
  lmsyncctl status --health failing,blocked
  lmsyncctl status --json | jq '.clients[] | select(.health != \"ok\")'")]
pub struct Args {
    /// Show only this client, in full
    pub client: Option<String>,
    /// Show only clients of this health; several, with commas between them
    #[arg(long, value_name = "HEALTH", value_delimiter = ',', value_parser = HEALTHS, conflicts_with = "client")]
    pub health: Vec<String>,
}

/// The list, for scripts.
pub const CSV: Csv = Csv::new(
    "clients",
    &[
        "id",
        "name",
        "auto_sync",
        "at",
        "last_tried",
        "last_synced",
        "last_changed",
        "next_run",
        "pending",
        "moved",
        "health",
        "running",
        "contracts",
        "error",
        "message",
        "paused_by",
        "paused_until",
        "next_why",
    ],
);

/// How long the daemon may take for the board: no answer needs Autotask, but others may be asking
/// too.
const LIMIT: Duration = Duration::from_secs(30);

/// Runs the command.
pub fn run(ctl: &Ctl, args: Args) -> Result<u8, CtlError> {
    let alone = args.client.is_some();
    // The name of a client may have to be looked up in Autotask.
    let client = if alone { ctl.client.clone() } else { ctl.client.within(LIMIT) };
    let mut answer = client.call(&Status { client: args.client })?;
    if !args.health.is_empty() {
        let is_wanted = |health: &str| args.health.iter().any(|wanted| wanted == health);
        answer.reply.clients.retain(|client| is_wanted(&client.health));
        if let Some(clients) = answer.raw["clients"].as_array_mut() {
            clients.retain(|client| client["health"].as_str().is_some_and(is_wanted));
        }
        if answer.reply.clients.is_empty() && ctl.output.format == Format::Text {
            let health = args.health.iter().map(|health| health_words(health));
            let health: Vec<String> = health.collect();
            ctl.output.print(&format!("no client is {}\n", health.join(" or ")))?;
            return Ok(0);
        }
    }
    ctl.output.list(&answer, CSV, |reply, screen| match &reply.clients[..] {
        [client] if alone => one(client, reply, screen),
        _ => board(reply, screen),
    })?;
    Ok(0)
}

fn health_tone(health: &str) -> Tone {
    match health {
        "ok" => Tone::Good,
        "never_synced" | "paused" => Tone::Plain,
        "held" | "overdue" => Tone::Warning,
        _ => Tone::Bad,
    }
}

/// Where on the board a health stands; one that is not known is looked at first.
fn urgency(health: &str) -> Option<usize> {
    HEALTHS.iter().position(|known| *known == health)
}

/// A health in words.
fn health_words(health: &str) -> String {
    health.replace('_', " ")
}

/// The screen of all clients.
fn board(reply: &StatusReply, screen: &Screen) -> String {
    let mut text = daemon(&reply.daemon, screen);
    text.push_str(&api(&reply.api, screen));
    text.push_str(&runs(reply.runs.as_deref().unwrap_or_default(), screen));
    text.push_str(&new_clients(reply.new_clients.as_deref().unwrap_or_default(), screen));
    text.push('\n');
    if reply.clients.is_empty() {
        let hint = format!("{} client list shows the clients", screen.address.program);
        return format!("{text}no client was synced yet; {hint}\n");
    }
    let mut table = Table::new([
        Column::text("CLIENT").cut(14),
        Column::number("ID").leave_out(3),
        Column::text("AUTO"),
        Column::text("HEALTH"),
        Column::text("LAST SYNCED"),
        Column::text("LAST CHANGED").leave_out(2),
        Column::text("NEXT RUN").leave_out_last(1),
        Column::number("PENDING").leave_out_last(2),
        Column::number("CONTRACTS").leave_out(1),
    ]);
    let mut clients: Vec<&ClientStatus> = reply.clients.iter().collect();
    clients.sort_by_key(|client| urgency(&client.health));
    for client in clients {
        let next = match &client.running {
            Some(_) => toned(Tone::Strong, "running"),
            None if client.paused_by.is_some() => toned(Tone::Warning, "paused"),
            None => screen.planned(client.next_run.as_deref()).into(),
        };
        table.row([
            client.name.as_str().into(),
            client.id.to_string().into(),
            if client.auto_sync { "on".into() } else { toned(Tone::Dim, "off") },
            toned(health_tone(&client.health), health_words(&client.health)),
            screen.short(client.last_synced.as_deref()).into(),
            screen.short(client.last_changed.as_deref()).into(),
            next,
            client.pending.map(|n| n.to_string()).unwrap_or_else(|| NONE.to_owned()).into(),
            client.contracts.to_string().into(),
        ]);
        if let Some(message) = &client.message {
            table.note(toned(health_tone(&client.health), format!("  {message}")));
        }
        for moved in &client.moved {
            table.note(toned(Tone::Warning, format!("  {moved}")));
        }
    }
    text.push_str(&table.render(screen));
    if !screen.quiet {
        text.push_str(&format!("\n{}\n", screen.paint(Tone::Dim, footer(&reply.clients))));
    }
    text
}

fn footer(clients: &[ClientStatus]) -> String {
    let mut kinds: Vec<&str> = clients.iter().map(|client| client.health.as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let kinds: Vec<String> = kinds
        .into_iter()
        .map(|kind| {
            let number = clients.iter().filter(|client| client.health == kind).count();
            format!("{number} {}", health_words(kind))
        })
        .collect();
    let pending: i64 = clients.iter().filter_map(|client| client.pending).sum();
    let total = count(clients.len() as i64, "client");
    format!("{total}: {} · {} pending", kinds.join(", "), thousands(pending))
}

fn daemon(daemon: &DaemonInfo, screen: &Screen) -> String {
    let mut text = format!(
        "lmsyncd   {}, running since {} · store: {}, commit {}\n",
        daemon.version,
        screen.short(Some(&daemon.started)),
        count(daemon.contracts, "contract"),
        thousands(daemon.store_sequence),
    );
    if let Some(by) = &daemon.paused_by {
        let end = pause::until(daemon.paused_until.as_deref(), screen);
        let line = screen.paint(Tone::Warning, format!("! all auto-sync is paused by {by} {end}"));
        text.push_str(&format!("          {line}\n"));
    }
    for outlet in &daemon.outlets {
        let Some(error) = &outlet.error else { continue };
        let since = screen.short(outlet.failing_since.as_deref());
        let line = format!(
            "! {} has been failing since {since}: {error}",
            Outlet::words_for(&outlet.outlet)
        );
        text.push_str(&format!("          {}\n", screen.paint(Tone::Warning, line)));
    }
    for remark in &daemon.store_remarks {
        let remark = screen.paint(Tone::Warning, format!("! {remark}"));
        text.push_str(&format!("          {remark}\n"));
    }
    text
}

fn api(api: &Api, screen: &Screen) -> String {
    let tone = match api.auth.as_str() {
        "ok" => Tone::Good,
        "failed" | "blocked" => Tone::Bad,
        _ => Tone::Plain,
    };
    let tenant = match (api.tenant_requests, api.tenant_limit) {
        (Some(used), Some(limit)) => format!(
            "          {}  {} of {} by the whole tenant ({})\n",
            bar(used, limit, BAR, screen),
            thousands(used),
            thousands(limit),
            screen.age(api.tenant_as_of.as_deref()),
        ),
        _ => String::new(),
    };
    let blocked = match (&api.auth_blocked_since, &api.auth_blocked_until) {
        (Some(since), Some(until)) => {
            let program = &screen.address.program;
            let (what, hint) = match api.auth_locked {
                true => (
                    "account locked",
                    format!("unlock the API user in Autotask, then {program} doctor"),
                ),
                false => {
                    ("credentials refused", format!("fix the credentials, then {program} reload"))
                }
            };
            format!(
                "          {what} since {}, next try {}\n          hint: {hint}\n",
                screen.short(Some(since)),
                screen.short(Some(until)),
            )
        }
        _ => String::new(),
    };
    let limited = api.limited_until.as_ref().map_or_else(String::new, |until| {
        let line = format!("! Autotask takes no requests now; again {}", screen.short(Some(until)));
        format!("          {}\n", screen.paint(Tone::Warning, line))
    });
    let hidden = api.visibility.as_ref().and_then(|seen| limits(&seen.some, &seen.none));
    let hidden = hidden.map_or_else(String::new, |limits| {
        format!("          {}\n", screen.paint(Tone::Warning, format!("! {limits}")))
    });
    let waiting = api.waiting.as_ref().map_or_else(String::new, |why| {
        format!(
            "          {}\n",
            screen.paint(Tone::Warning, format!("auto-sync is waiting: {why}"))
        )
    });
    format!(
        "Autotask  auth {} · {}\n          {}  {} of {} requests in the last \
         hour\n{tenant}{hidden}{limited}{blocked}{waiting}",
        screen.paint(tone, &api.auth),
        api.zone_url.as_deref().unwrap_or("zone not known yet"),
        bar(api.requests_last_hour, api.max_requests_per_hour, BAR, screen),
        thousands(api.requests_last_hour),
        thousands(api.max_requests_per_hour),
    )
}

/// The clients whose first agreement appeared, and what to do about them; nothing where there are
/// none.
fn new_clients(clients: &[NewClient], screen: &Screen) -> String {
    let mut text = String::new();
    for (place, client) in clients.iter().take(NEW_SHOWN).enumerate() {
        let label = if place == 0 { "new" } else { "" };
        let named = text::client(&client.name, client.id);
        let agreements = count(client.agreements.len() as i64, "agreement");
        let effects: Vec<String> =
            client.effects.iter().filter_map(|effect| brief_effect(effect, Span::Month)).collect();
        let money =
            if effects.is_empty() { String::new() } else { format!(", {}", effects.join(" · ")) };
        let line = format!("! {named}: {agreements}{money}, on no sync");
        text.push_str(&format!("{label:<10}{}\n", screen.paint(Tone::Warning, line)));
    }
    if clients.len() > NEW_SHOWN {
        text.push_str(&format!("          and {} more\n", clients.len() - NEW_SHOWN));
    }
    if let Some(first) = clients.first().filter(|_| !screen.quiet) {
        let program = &screen.address.program;
        text.push_str(&format!("          hint: {program} pending {}\n", first.id));
    }
    text
}

/// The last runs as a sparkline, and how they ended; nothing where there are none.
fn runs(runs: &[RunMark], screen: &Screen) -> String {
    if runs.is_empty() {
        return String::new();
    }
    let line = format!("last runs {}\n", line_of(runs, screen));
    match screen.quiet {
        true => line,
        false => format!("{line}          {}\n", screen.paint(Tone::Dim, LEGEND)),
    }
}

/// What the line of runs shows.
const LEGEND: &str = "the newest last; height: contracts changed; ~ partial, ! held, x failed";

fn line_of(runs: &[RunMark], screen: &Screen) -> String {
    let marks: Vec<Mark<'_>> =
        runs.iter().map(|run| Mark { result: &run.result, changed: run.changed }).collect();
    format!("{}  {}", sparkline(&marks, screen), endings(runs))
}

/// How runs ended, such as `30: 27 ok, 1 held, 2 failed`.
fn endings(runs: &[RunMark]) -> String {
    let ended = ["ok", "partial", "held", "failed"].into_iter().filter_map(|result| {
        let number = runs.iter().filter(|run| run.result == result).count();
        (number > 0).then(|| format!("{number} {result}"))
    });
    format!("{}: {}", runs.len(), ended.collect::<Vec<_>>().join(", "))
}

/// The screen of one client.
fn one(client: &ClientStatus, reply: &StatusReply, screen: &Screen) -> String {
    let marks = reply.runs.as_deref().unwrap_or_default();
    let all = (reply.daemon.paused_by.as_ref(), reply.daemon.paused_until.as_deref());
    let (paused_by, until) = match &client.paused_by {
        Some(by) => (Some(by), client.paused_until.as_deref()),
        None => all,
    };
    let title = screen.paint(Tone::Strong, text::client(&client.name, client.id));
    let health = screen.paint(health_tone(&client.health), health_words(&client.health));
    let next = match (&client.next_run, client.auto_sync) {
        (Some(_), true) if paused_by.is_some() => "after the pause".to_owned(),
        (Some(at), _) => screen.exact(Some(at)),
        (None, true) => NONE.to_owned(),
        (None, false) => "none, auto-sync is off".to_owned(),
    };
    let pending = match client.pending {
        Some(number) => format!("{} (cached)", count(number, "item")),
        None => "not checked yet".to_owned(),
    };
    let mut lines = vec![
        ("health", health),
        ("auto-sync", switch(client)),
        ("last tried", screen.exact(client.last_tried.as_deref())),
        ("last synced", screen.exact(client.last_synced.as_deref())),
        ("last changed", screen.exact(client.last_changed.as_deref())),
        ("next run", next),
    ];
    if let Some(by) = paused_by {
        let end = pause::until(until, screen);
        lines.push(("paused", screen.paint(Tone::Warning, format!("by {by} {end}"))));
    } else {
        // Below the moment that it explains.
        let advice = client.next_advice.as_ref();
        lines.extend(client.next_why.as_ref().map(|why| ("", with_advice(why, advice, screen))));
    }
    lines.push(("pending", pending));
    // The first of them says what they are.
    let label = |place| if place == 0 { "elsewhere" } else { "" };
    let moved = client.moved.iter().enumerate();
    lines.extend(moved.map(|(place, told)| (label(place), screen.paint(Tone::Warning, told))));
    lines.push(("contracts", client.contracts.to_string()));
    if let Some(running) = &client.running {
        lines.push(("running", running.clone()));
    }
    if let Some(message) = &client.message {
        let code = client.error.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
        lines.push(("last error", screen.paint(Tone::Bad, format!("{message}{code}"))));
    }
    if !marks.is_empty() {
        lines.push(("last runs", line_of(marks, screen)));
    }
    format!("{title}\n{}", pairs(lines, screen))
}

/// The switch of auto-sync, with its hour.
fn switch(client: &ClientStatus) -> String {
    match (client.auto_sync, &client.at) {
        (false, _) => "off".to_owned(),
        (true, None) => "on".to_owned(),
        (true, Some(at)) => format!("on, at {at}"),
    }
}

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;
