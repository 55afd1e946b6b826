//! `notify test`: runs the notify command once, and says how it went.

use crate::ctl::app::error::CtlError;
use crate::ctl::app::exit;
use crate::ctl::commands::Ctl;
use crate::ctl::output::screen::{Screen, Tone};
use crate::model::{EventName, duration_text};
use crate::protocol::daemon::{TestNotify, TestNotifyReply};

/// Shown below the help.
pub const EXAMPLES: &str = "\
Examples:
  lmsyncctl notify test
  lmsyncctl notify test run_held";

/// What to do with notifications.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Test(TestArgs),
}

/// Run the notify command once, with a sample of an event
///
/// The event is marked as a test: \"test\": true. Exits with 1 if the command cannot be run, ends with
/// another status than 0, or is killed after `timeout`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl notify test
  lmsyncctl notify test run_held
  lmsyncctl notify test --json")]
pub struct TestArgs {
    /// The event to make a sample of
    #[arg(default_value = EventName::RunFailed.name(), value_parser = names())]
    pub event: String,
}

/// The names of events, for the help and for completion.
fn names() -> clap::builder::PossibleValuesParser {
    EventName::ALL.map(EventName::name).into()
}

/// Runs the command.
pub fn run(ctl: &Ctl, command: Command) -> Result<u8, CtlError> {
    let Command::Test(TestArgs { event }) = command;
    let answer = ctl.client.call(&TestNotify { event: Some(event) })?;
    ctl.output.show(&answer, render)?;
    Ok(exit::of_trial(answer.reply.error.as_deref()))
}

/// The screen.
fn render(reply: &TestNotifyReply, screen: &Screen) -> String {
    let took = u64::try_from(reply.milliseconds).unwrap_or_default();
    let took = match took {
        0..1000 => format!("{took}ms"),
        longer => duration_text(std::time::Duration::from_secs(longer / 1000)),
    };
    let command = reply.command.join(" ");
    let event = &reply.event.name;
    match &reply.error {
        None => {
            let done = screen.paint(Tone::Good, "notified");
            format!("{done}: {command} ran with the event {event}, in {took}\n")
        }
        Some(error) => {
            let failed = screen.paint(Tone::Bad, "notification failed");
            let hint = "its own messages are in the journal";
            format!("{failed} after {took}: {error}\nhint: {hint}\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::output::screen::sample;
    use crate::model::Event;
    use crate::protocol::daemon;
    use chrono::DateTime;

    #[test]
    fn success_and_failure_say_what_was_run() {
        let event = Event::new(EventName::RunHeld, DateTime::UNIX_EPOCH, "x");
        let reply = |error: Option<&str>| TestNotifyReply {
            command: vec!["/usr/local/bin/tell".to_owned(), "--now".to_owned()],
            event: daemon::Event::from(&event),
            error: error.map(str::to_owned),
            milliseconds: 1234,
        };
        let screen = sample(80);
        assert_eq!(
            render(&reply(None), &screen),
            "notified: /usr/local/bin/tell --now ran with the event run_held, in 1s\n"
        );
        let failed = render(&reply(Some("/usr/local/bin/tell: exit status: 3")), &screen);
        assert!(failed.starts_with("notification failed after 1s: /usr/local/bin/tell: exit"));
    }
}
