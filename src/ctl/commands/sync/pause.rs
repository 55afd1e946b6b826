//! `pause` and `resume`: auto-sync is suspended for a while.

use crate::ctl::app::error::CtlError;
use crate::ctl::commands::Ctl;
use crate::ctl::output::screen::{Screen, Tone};
use crate::ctl::text::dates;
use crate::model::text;
use crate::protocol::sync::{Pause, PauseReply, Paused, Resume};

/// Pause auto-sync
///
/// Pauses the given clients, or all. Runs that come due meanwhile are caught up once when the pause
/// ends: at --until, or with `resume`. The switches stay as they are, so a manual sync is still
/// refused; pending and diff are not. A run that is in progress continues to its end.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl pause                       all clients, until `lmsyncctl resume`
  lmsyncctl pause --until 4h
  lmsyncctl pause acme 175 --until 2026-12-31
  lmsyncctl pause --until 06:00")]
pub struct PauseArgs {
    /// The clients [default: all]
    #[arg(value_name = "CLIENT")]
    pub clients: Vec<String>,
    /// When the pause ends: a day (the last of the pause), a moment with its zone, a time of day,
    /// or a duration (4h, 2d); days and times of day are those of the daemon's `time-zone`
    /// [default: at `resume`]
    #[arg(long, value_name = "WHEN", value_parser = dates::end, allow_hyphen_values = true)]
    pub until: Option<String>,
}

/// Resume auto-sync after a pause
///
/// Resumes the given clients; without a client, ends the pause of all. Runs that came due meanwhile
/// start immediately, once.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl resume
  lmsyncctl resume acme")]
pub struct ResumeArgs {
    /// The clients [default: end the pause of all]
    #[arg(value_name = "CLIENT")]
    pub clients: Vec<String>,
}

/// Runs `pause`.
pub fn pause(ctl: &Ctl, args: PauseArgs) -> Result<u8, CtlError> {
    let answer = ctl.client.call(&Pause { clients: named(args.clients), until: args.until })?;
    ctl.output.confirm(&answer, paused)?;
    Ok(0)
}

/// Runs `resume`.
pub fn resume(ctl: &Ctl, args: ResumeArgs) -> Result<u8, CtlError> {
    let answer = ctl.client.call(&Resume { clients: named(args.clients) })?;
    ctl.output.confirm(&answer, resumed)?;
    Ok(0)
}

fn named(clients: Vec<String>) -> Option<Vec<String>> {
    (!clients.is_empty()).then_some(clients)
}

fn who(pause: &Paused) -> String {
    match &pause.client {
        Some(client) => text::client(&client.name, client.id),
        None => "all auto-sync".to_owned(),
    }
}

/// Until when, in words.
pub fn until(until: Option<&str>, screen: &Screen) -> String {
    match until {
        Some(until) => format!("until {}", screen.minute(until)),
        None => "until it is resumed".to_owned(),
    }
}

fn paused(reply: &PauseReply, screen: &Screen) -> String {
    let line = |pause: &Paused| {
        let paused = screen.paint(Tone::Warning, "paused");
        format!("{}: {paused} {}\n", who(pause), until(pause.until.as_deref(), screen))
    };
    let mut text: String = reply.changed.iter().map(line).collect();
    if !screen.quiet {
        let ids = reply.changed.iter().filter_map(|pause| pause.client.as_ref());
        let ids: String = ids.map(|client| format!(" {}", client.id)).collect();
        let line = format!("resume with: {} resume{ids}", screen.address.program);
        text.push_str(&format!("{}\n", screen.paint(Tone::Dim, line)));
    }
    text
}

fn resumed(reply: &PauseReply, screen: &Screen) -> String {
    let mut text = String::new();
    if reply.changed.is_empty() {
        text.push_str("nothing was paused\n");
    }
    for pause in &reply.changed {
        let good = screen.paint(Tone::Good, "resumed");
        // What is paused with all others does not go on with its own pause alone.
        let still = reply.pauses.iter().any(|other| other.client.is_none());
        let more = if still { "" } else { "; runs that came due meanwhile start now, once" };
        text.push_str(&format!("{}: {good}{more}\n", who(pause)));
    }
    for pause in &reply.pauses {
        let end = until(pause.until.as_deref(), screen);
        let line = format!("{}: still paused by {} {end}", who(pause), pause.by);
        text.push_str(&format!("{}\n", screen.paint(Tone::Warning, line)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::output::screen::sample;
    use crate::protocol::sync::Client;

    fn pause(client: Option<&str>, until: Option<&str>) -> Paused {
        Paused {
            client: client.map(|name| Client { id: 174, name: name.to_owned() }),
            until: until.map(str::to_owned),
            by: "dana".to_owned(),
            since: "2026-11-24T12:00:00Z".to_owned(),
        }
    }

    #[test]
    fn a_pause_says_who_and_until_when() {
        let changed =
            vec![pause(None, Some("2026-11-24T18:00:00Z")), pause(Some("Acme Dental"), None)];
        let reply = PauseReply { changed, pauses: Vec::new() };
        insta::assert_snapshot!("paused", paused(&reply, &sample(80)));
    }

    #[test]
    fn going_on_says_what_is_still_paused() {
        let mut reply = PauseReply {
            changed: vec![pause(Some("Acme Dental"), None)],
            pauses: vec![pause(None, Some("2026-11-24T18:00:00Z"))],
        };
        insta::assert_snapshot!("resumed", resumed(&reply, &sample(80)));
        reply.pauses.clear();
        insta::assert_snapshot!("resumed_alone", resumed(&reply, &sample(80)));
        reply.changed.clear();
        insta::assert_snapshot!("nothing", resumed(&reply, &sample(80)));
    }
}
