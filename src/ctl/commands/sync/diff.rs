//! `diff`: what would change, field by field and in money.

use crate::ctl::app::error::CtlError;
use crate::ctl::commands::Ctl;
use crate::ctl::output::screen::{Screen, Tone};
use crate::ctl::output::table;
use crate::ctl::text::items::{arrow, mark, reason, renews};
use crate::ctl::text::{billing, keys, labels, money, visibility};
use crate::model::text;
use crate::protocol::sync::{Diff, DiffReply, FieldChange, Item};

/// Show what would change, field by field and in money
///
/// Asks Autotask now and compares with the store. Nothing is imported.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl diff acme
  lmsyncctl diff 174 A29683353 S55102")]
pub struct Args {
    /// The client
    pub client: String,
    /// Only these items
    #[arg(value_name = "KEY")]
    pub keys: Vec<String>,
}

/// Runs the command.
pub fn run(ctl: &Ctl, args: Args) -> Result<u8, CtlError> {
    let keys = keys::keys(&args.keys)?;
    let keys = (!keys.is_empty()).then_some(keys);
    let answer = ctl.client.call(&Diff { client: args.client, keys })?;
    ctl.output.show(&answer, render)?;
    Ok(0)
}

/// The screen.
fn render(reply: &DiffReply, screen: &Screen) -> String {
    let who = text::client(&reply.client.name, reply.client.id);
    let who = screen.paint(Tone::Strong, who);
    let hidden = visibility::limited(reply.visibility.as_ref(), screen);
    if reply.items.is_empty() {
        let what = match visibility::is_limited(reply.visibility.as_ref()) {
            true => "nothing of what is visible differs",
            false => "nothing differs",
        };
        return format!("{hidden}{who}: {what}\n");
    }
    let mut text = format!("{hidden}{who}, as of {}\n", screen.short(Some(&reply.as_of)));
    for item in &reply.items {
        text.push('\n');
        text.push_str(&one(item, &reply.items, screen));
    }
    if !screen.quiet {
        text.push_str(&format!("\n{}", sum(reply, screen)));
    }
    text
}

fn sum(reply: &DiffReply, screen: &Screen) -> String {
    money::effects_of(&reply.items, &reply.effects, reply.held_effects.as_deref(), screen)
}

fn one(item: &Item, all: &[Item], screen: &Screen) -> String {
    let (mark, tone) = mark(&item.state);
    let below = item.parent.as_ref().map(|key| format!(", below {key}")).unwrap_or_default();
    let head = screen.paint(tone, format!("{mark} {}{} {}", item.state, renews(item), item.key));
    let mut text = format!("{head}  {} ({}{below})\n", item.name, item.r#type);
    if let Some(reason) = reason(item) {
        text.push_str(&format!("  {reason}\n"));
    }
    let (findings, rest) = billing::words(item, all);
    for finding in findings {
        text.push_str(&format!("  {}\n", screen.paint(Tone::Warning, finding)));
    }
    if !rest.is_empty() {
        text.push_str(&format!("  {}\n", rest.join(" · ")));
    }
    let new = item.state == "new";
    let label = |change: &FieldChange| labels::label(&change.field);
    let labels: Vec<String> = item.changes.iter().map(label).collect();
    let lines = item.changes.iter().zip(&labels).map(|(change, label)| {
        let value = match new {
            true => labels::value(&change.field, change.to.as_deref(), screen),
            false => arrow(change, screen),
        };
        (label.as_str(), value)
    });
    let sign = if new { "  + " } else { "    " };
    for line in table::pairs(lines, screen).lines() {
        text.push_str(&format!("{sign}{line}\n"));
    }
    let effects = item.effects.iter().filter_map(money::told_effect);
    for effect in effects {
        text.push_str(&format!("    {}\n", screen.paint(Tone::Dim, effect)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::output::screen::sample;
    use crate::ctl::text::items::{billed_effects, billed_samples, samples};
    use crate::protocol::sync::{Client, Effect};

    fn reply(items: Vec<Item>) -> DiffReply {
        let effect = |currency: &str, month: &str, year: &str| Effect {
            currency: currency.to_owned(),
            per_month: month.to_owned(),
            per_year: year.to_owned(),
            ..Effect::default()
        };
        DiffReply {
            client: Client { id: 174, name: "Acme Dental".to_owned() },
            as_of: "2026-11-24T13:00:00Z".to_owned(),
            items,
            effects: vec![effect("USD", "490.00", "5880.00"), effect("JPY", "-120000", "-1440000")],
            held_effects: None,
            visibility: None,
            progress: None,
        }
    }

    #[test]
    fn every_item_has_its_fields_and_every_currency_its_effect() {
        insta::assert_snapshot!("full", render(&reply(samples()), &sample(80)));
    }

    #[test]
    fn what_is_billed_otherwise_says_from_which_day() {
        let reply = DiffReply { effects: billed_effects(), ..reply(billed_samples()) };
        insta::assert_snapshot!("billing", render(&reply, &sample(80)));
    }

    #[test]
    fn nothing_differs() {
        insta::assert_snapshot!("empty", render(&reply(Vec::new()), &sample(80)));
    }
}
