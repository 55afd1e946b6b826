//! `explain`: why an item is, or is not, in the store.

use crate::ctl::app::error::CtlError;
use crate::ctl::app::exit;
use crate::ctl::commands::Ctl;
use crate::ctl::output::screen::{Screen, Tone, with_advice};
use crate::ctl::text::keys;
use crate::model::text;
use crate::protocol::sync::{Check, Explain, ExplainReply};

/// Explain why an item is, or is not, in the store
///
/// Reads Autotask now and goes through the reasons one by one: is the client known, may the API
/// user read the item, is the item visible, can its type be imported, is it quarantined, ignored,
/// held or imported, and when was it last seen. Exits with 7 if Autotask could not be asked.
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
    Ok(exit::of_answer(answer.reply.error.as_deref()))
}

/// What a check found, in words: the good state, the bad one, and what it is about where that is
/// not known. By the names that JSON has for the checks.
const STATES: &[(&str, [&str; 3])] = &[
    ("client", ["client known", "client unknown", "client"]),
    ("permission", ["readable", "not readable", "permission"]),
    ("visible", ["visible in Autotask", "not visible in Autotask", "visibility"]),
    ("type", ["type supported", "type not supported", "type"]),
    ("quarantined", ["not quarantined", "quarantined", "quarantine"]),
    ("ignored", ["not ignored", "ignored", "ignored"]),
    ("held", ["not held", "held", "held"]),
    ("selected", ["synced", "not synced", "synced"]),
    ("last_seen", ["seen in Autotask", "missing in Autotask", "last seen"]),
];

/// The state of a check in words; a check of a newer daemon by its name.
fn state(check: &Check) -> String {
    let known = STATES.iter().find(|(name, _)| *name == check.check);
    match (known, check.outcome.as_str()) {
        (Some((_, [good, _, _])), "yes") => (*good).to_owned(),
        (Some((_, [_, bad, _])), "no") => (*bad).to_owned(),
        (Some((_, [_, _, unknown])), _) => format!("{unknown} unknown"),
        (None, outcome) => format!("{}: {outcome}", check.check.replace('_', " ")),
    }
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
        Some(client) => format!("{} of {}", reply.key, text::client(&client.name, client.id)),
        None => format!("{} of an unknown client", reply.key),
    };
    let mut text = format!("{}\n", screen.paint(Tone::Strong, who));
    let width = reply.checks.len().to_string().len();
    let states: Vec<String> = reply.checks.iter().map(state).collect();
    let column = states.iter().map(|state| state.chars().count()).max().unwrap_or(0);
    for (number, (check, state)) in reply.checks.iter().zip(states).enumerate() {
        let (mark, tone) = mark(&check.outcome);
        let state = screen.paint(tone, format!("{state:column$} {mark}"));
        let number = number + 1;
        let detail = with_advice(&check.detail, check.advice.as_ref(), screen);
        text.push_str(&format!("{number:>width$}. {state}  {detail}\n"));
    }
    let conclusion = with_advice(&reply.conclusion, reply.advice.as_ref(), screen);
    text.push_str(&format!("\n{}\n", screen.paint(Tone::Strong, &conclusion)));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::output::screen::sample;
    use crate::protocol::sync::Client;

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
            conclusion: "A29683353 is not stored, because it is ignored".to_owned(),
            advice: None,
            error: None,
            checks: vec![
                check("client", "yes", "174 is an active company in Autotask"),
                check("permission", "unknown", "Autotask could not be asked"),
                check("visible", "yes", "Autotask shows the item"),
                check("held", "yes", "no guard holds the item"),
                check("ignored", "no", "ignored until 2026-12-31 by pat: billed elsewhere"),
                check("last_seen", "yes", "2026-11-24T13:00:00Z"),
            ],
        };
        insta::assert_snapshot!("full", render(&reply, &sample(80)));
        (reply.client, reply.checks) = (None, Vec::new());
        insta::assert_snapshot!("unknown", render(&reply, &sample(80)));
    }
}
