//! `auto-sync`: the switch of each client.

use chrono::NaiveTime;

use super::pause;
use crate::ctl::app::error::CtlError;
use crate::ctl::commands::Ctl;
use crate::ctl::output::screen::{Screen, Tone, count};
use crate::model::text::{self, thousands};
use crate::protocol::sync::{SetAutoSync, SetAutoSyncReply, Switch};

/// Turn automatic sync on or off for clients
///
/// While auto-sync is on, the daemon syncs the client every 24h (`interval` in [sync]) and refuses
/// a manual sync; pending, diff and a dry run still work. The first run starts immediately. While
/// auto-sync is off, nothing is imported until somebody syncs.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl auto-sync on acme
  lmsyncctl auto-sync on --all --at 02:30
  lmsyncctl auto-sync off 174 175")]
pub struct Args {
    /// Turn auto-sync on or off
    #[arg(value_name = "on|off", hide_possible_values = true)]
    pub to: Position,
    /// The clients
    #[arg(value_name = "CLIENT", required_unless_present = "all", conflicts_with = "all")]
    pub clients: Vec<String>,
    /// Every client with agreements; with off, every client that is on
    #[arg(long)]
    pub all: bool,
    /// The time of day to run at after the first run, in the daemon's `time-zone`; kept until
    /// auto-sync is switched off
    #[arg(long, value_name = "HH:MM", value_parser = time_of_day)]
    pub at: Option<String>,
}

/// A position of the switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Position {
    /// The daemon syncs the client
    On,
    /// The client is synced manually
    Off,
}

fn time_of_day(text: &str) -> Result<String, String> {
    match NaiveTime::parse_from_str(text, "%H:%M") {
        Ok(time) => Ok(time.format("%H:%M").to_string()),
        Err(_) => Err("a time of day is hours and minutes, such as 02:30".to_owned()),
    }
}

/// Runs the command.
pub fn run(ctl: &Ctl, args: Args) -> Result<u8, CtlError> {
    let on = args.to == Position::On;
    if args.at.is_some() && !on {
        return Err(CtlError::usage(
            "--at sets the time of auto-sync runs, and does not apply to off",
            "leave --at out",
        ));
    }
    let answer = ctl.client.call(&SetAutoSync {
        on,
        clients: (!args.all).then_some(args.clients),
        all: args.all.then_some(true),
        at: args.at.clone(),
    })?;
    ctl.output.confirm(&answer, |reply, screen| render(reply, on, args.at.as_deref(), screen))?;
    Ok(0)
}

/// The screen; `at` is the time of day that was asked for.
fn render(reply: &SetAutoSyncReply, on: bool, at: Option<&str>, screen: &Screen) -> String {
    let mut text: String = reply.clients.iter().map(|client| line(client, at, screen)).collect();
    match reply.clients.len() {
        0 if on => text.push_str("no client has agreements: nothing was changed\n"),
        0 => text.push_str("auto-sync is on for no client: nothing was changed\n"),
        1 => {}
        number => {
            let changed = reply.clients.iter().filter(|client| client.changed).count();
            let changed = thousands(changed);
            let line = format!("{}, {changed} switched", count(number as i64, "client"));
            text.push_str(&format!("{}\n", screen.paint(Tone::Dim, line)));
        }
    }
    text
}

/// How a switch stands, in a line; `at` is the time of day that it was given with it, if any.
pub fn line(client: &Switch, at: Option<&str>, screen: &Screen) -> String {
    let who = text::client(&client.name, client.id);
    if !client.auto_sync {
        let off = if client.changed { "off" } else { "off, unchanged" };
        let synced = screen.short(client.last_synced.as_deref());
        return format!("{who}: {off}; last synced {synced}; manual syncs are possible again\n");
    }
    let as_it_was = at.map_or("on, unchanged".to_owned(), |at| format!("on already, now at {at}"));
    if let Some(by) = &client.paused_by {
        let end = pause::until(client.paused_until.as_deref(), screen);
        let on = if client.changed { "on" } else { as_it_was.as_str() };
        return format!("{who}: {on}, and paused by {by} {end}\n");
    }
    let (on, which) = match client.changed {
        true => (screen.paint(Tone::Good, "on"), "first run"),
        false => (as_it_was, "next run"),
    };
    let brings = match client.brings {
        None => "imports the items pending then (not checked yet)".to_owned(),
        Some(0) => "nothing is pending now".to_owned(),
        Some(number) => format!("imports {}", count(number, "pending item")),
    };
    format!("{who}: {on}, {which} {}, {brings}\n", screen.planned(client.next_run.as_deref()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::output::screen::sample;

    #[test]
    fn the_switch_tells_what_comes() {
        let switch = |id, name: &str, auto_sync, changed, next: Option<&str>, brings| Switch {
            id,
            name: name.to_owned(),
            auto_sync,
            changed,
            next_run: next.map(str::to_owned),
            brings,
            last_synced: Some("2026-11-24T01:00:00Z".to_owned()),
            paused_by: None,
            paused_until: None,
        };
        let mut paused = switch(177, "Coda", true, true, Some("2026-11-24T13:05:00Z"), None);
        paused.paused_by = Some("dana".to_owned());
        let reply = SetAutoSyncReply {
            clients: vec![
                paused,
                switch(174, "Acme Dental", true, true, Some("2026-11-24T13:05:00Z"), Some(3)),
                switch(175, "株式会社日本", true, false, Some("2026-11-25T12:00:00Z"), Some(0)),
                switch(176, "Bolt", true, true, Some("2026-11-24T18:00:00Z"), None),
                switch(0, "The MSP", false, true, None, None),
            ],
            progress: None,
        };
        insta::assert_snapshot!("full", render(&reply, true, None, &sample(120)));
        let none = SetAutoSyncReply { clients: Vec::new(), progress: None };
        insta::assert_snapshot!("empty", render(&none, true, None, &sample(120)));
        let off = render(&none, false, None, &sample(120));
        assert_eq!(off, "auto-sync is on for no client: nothing was changed\n");
        let again = switch(174, "Acme Dental", true, false, Some("2026-11-25T03:15:00Z"), Some(0));
        let told = line(&again, Some("03:15"), &sample(120));
        assert!(told.contains("on already, now at 03:15, next run"), "{told}");
    }

    #[test]
    fn a_time_of_day_has_hours_and_minutes() {
        assert_eq!(time_of_day("2:30").as_deref(), Ok("02:30"));
        assert!(time_of_day("25:00").is_err());
        assert!(time_of_day("noon").is_err());
    }
}
