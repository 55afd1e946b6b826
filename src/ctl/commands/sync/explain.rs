//! `explain`: why an item is, or is not, in the store.

use crate::ctl::app::error::CtlError;
use crate::ctl::commands::Ctl;
use crate::ctl::output::screen::{Screen, Tone, with_advice};
use crate::ctl::text::keys;
use crate::protocol::sync::{Explain, ExplainReply};

/// Say why an item is, or is not, in the store
///
/// Reads Autotask now and checks one thing after the other: is the client known, is the item
/// visible, can its type be imported, may the API user read it, is it selected, ignored, held or
/// quarantined, and when was it last seen.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl explain A29683353
  lmsyncctl explain s55102 --json")]
pub struct Args {
    /// The item's key
    #[arg(value_name = "KEY")]
    pub key: String,
}

/// Runs the command.
pub fn run(ctl: &Ctl, args: Args) -> Result<u8, CtlError> {
    let answer = ctl.client.call(&Explain { key: keys::key(&args.key)? })?;
    ctl.output.show(&answer, render)?;
    Ok(0)
}

fn mark(outcome: &str) -> (char, Tone) {
    match outcome {
        "yes" => ('✓', Tone::Good),
        "no" => ('✗', Tone::Bad),
        _ => ('?', Tone::Warning),
    }
}

/// The screen.
fn render(reply: &ExplainReply, screen: &Screen) -> String {
    let who = match &reply.client {
        Some(client) => format!("{} of {} ({})", reply.key, client.name, client.id),
        None => format!("{} of a client that is not known", reply.key),
    };
    let mut text = format!("{}\n", screen.paint(Tone::Strong, who));
    let width = reply.checks.len().to_string().len();
    let names = reply.checks.iter().map(|check| check.check.chars().count()).max().unwrap_or(0);
    for (number, check) in reply.checks.iter().enumerate() {
        let (mark, tone) = mark(&check.outcome);
        let outcome = screen.paint(tone, format!("{mark} {:7}", check.outcome));
        let name = check.check.replace('_', " ");
        let number = number + 1;
        let detail = with_advice(&check.detail, check.advice.as_ref(), screen);
        text.push_str(&format!("{number:>width$}. {name:names$}  {outcome}  {detail}\n"));
    }
    let conclusion = with_advice(&reply.conclusion, reply.advice.as_ref(), screen);
    text.push_str(&format!("\n{}\n", screen.paint(Tone::Strong, &conclusion)));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::output::screen::sample;
    use crate::protocol::sync::{Check, Client};

    #[test]
    fn numbered_checks_and_a_conclusion() {
        let check = |check: &str, outcome: &str, detail: &str| Check {
            check: check.to_owned(),
            outcome: outcome.to_owned(),
            detail: detail.to_owned(),
            advice: None,
        };
        let mut reply = ExplainReply {
            key: "A29683353".to_owned(),
            client: Some(Client { id: 174, name: "株式会社日本".to_owned() }),
            conclusion: "it is not imported because it is ignored until 2026-12-31".to_owned(),
            advice: None,
            checks: vec![
                check("client", "yes", "174 is an active company in Autotask"),
                check("visible", "yes", "Autotask has it"),
                check("permission", "unknown", "no call failed for want of it"),
                check("ignored", "no", "ignored until 2026-12-31 by pat: billed elsewhere"),
                check("last_seen", "yes", "2026-11-24T13:00:00Z"),
            ],
        };
        insta::assert_snapshot!("full", render(&reply, &sample(80)));
        (reply.client, reply.checks) = (None, Vec::new());
        insta::assert_snapshot!("unknown", render(&reply, &sample(80)));
    }
}
