//! `watch`: what happens, as it happens, until Ctrl-C or the end of the daemon.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::SIGINT;
use signal_hook::flag;

use crate::ctl::app::error::CtlError;
use crate::ctl::commands::Ctl;
use crate::ctl::output::answer::Answer;
use crate::ctl::output::screen::{Screen, Tone};
use crate::ctl::output::{self, Format, sanitize};
use crate::model::Code;
use crate::protocol::daemon::{Event, Watch, WatchReply};

/// Show events as they happen
///
/// Prints one line per event: runs, switches, reloads, and alerts with their end. Runs until Ctrl-C
/// (exit status 0) or until the daemon stops (exit status 3). With `--json`, each line is one event
/// as an object; `{"missed":N}` stands for N events that came too fast for the reader.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl watch
  lmsyncctl watch acme
  lmsyncctl watch --json | jq -r 'select(.name == \"run_changed\") | .client'")]
pub struct Args {
    /// Only events of this client, and of all clients
    pub client: Option<String>,
}

/// Runs the command.
pub fn run(ctl: &Ctl, args: Args) -> Result<u8, CtlError> {
    // Every line is written out at once, so that nothing is lost by ending here.
    let always = Arc::new(AtomicBool::new(true));
    flag::register_conditional_shutdown(SIGINT, 0, always).map_err(CtlError::Output)?;
    let mut begun = false;
    let watched = ctl.client.follow(&Watch { client: args.client }, |answer| {
        if !begun {
            begun = true;
            if !ctl.output.quiet && ctl.output.format == Format::Text {
                output::remark("watching; press Ctrl-C to stop");
            }
        }
        tell(ctl, answer)
    });
    match watched {
        Err(CtlError::Failed(failure)) if failure.code == Code::Stopping => Err(CtlError::Stopped),
        Err(CtlError::Closed) if begun => Err(CtlError::Stopped),
        Ok(()) => Ok(0),
        Err(error) => Err(error),
    }
}

/// Shows one reply, and says whether somebody still reads.
fn tell(ctl: &Ctl, answer: &Answer<WatchReply>) -> Result<bool, CtlError> {
    let text = match ctl.output.format {
        Format::Json => match (answer.raw.get("event"), &answer.reply) {
            (Some(event), WatchReply { event: Some(_), .. }) => sanitize::json(&event.to_string()),
            (_, WatchReply { missed: Some(missed), .. }) => format!("{{\"missed\":{missed}}}"),
            _ => return Ok(true),
        },
        _ => match render(&answer.reply, &ctl.output.screen) {
            Some(line) => line,
            None => return Ok(true),
        },
    };
    ctl.output.line(&text)
}

/// The line of a reply; none for the first, which tells of nothing.
fn render(reply: &WatchReply, screen: &Screen) -> Option<String> {
    if let Some(Event { name, at, message, .. }) = &reply.event {
        let name = screen.paint(tone(name), format!("{name:<14}"));
        return Some(format!("{}  {name}  {message}", screen.exact(Some(at))));
    }
    let missed = reply.missed?;
    Some(screen.paint(Tone::Warning, format!("{missed} events came too fast and were missed")))
}

fn tone(name: &str) -> Tone {
    match name {
        "run_failed" | "auth_blocked" => Tone::Bad,
        "run_held" | "budget_low" | "overdue" | "store_repaired" => Tone::Warning,
        "run_changed" | "recovered" => Tone::Good,
        "run_finished" => Tone::Dim,
        _ => Tone::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::output::screen::sample;
    use serde_json::json;

    #[test]
    fn an_event_is_a_line_and_the_beginning_is_none() {
        let event = json!({ "event": { "name": "run_held", "at": "2026-10-15T12:00:00Z",
            "message": "Acme: 2 held back", "alert": false } });
        let reply: WatchReply = serde_json::from_value(event).expect("a reply");
        let line = render(&reply, &sample(80)).expect("a line");
        assert!(line.ends_with("  run_held        Acme: 2 held back"), "{line}");
        assert_eq!(render(&WatchReply::default(), &sample(80)), None);
        let missed = WatchReply { event: None, missed: Some(3) };
        let says = "3 events came too fast and were missed";
        assert_eq!(render(&missed, &sample(80)).as_deref(), Some(says));
    }
}
