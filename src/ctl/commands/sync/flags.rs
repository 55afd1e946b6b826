//! `ignore` and `unignore`: leaving an item out, and taking that back.

use crate::ctl::app::error::CtlError;
use crate::ctl::commands::Ctl;
use crate::ctl::output::screen::Screen;
use crate::ctl::text::{dates, keys};
use crate::model::text;
use crate::protocol::sync::{Ignore, IgnoreReply, Unignore};

/// Exclude an item from auto-sync and from the default list
///
/// `pending --all` still shows the item, with the day and the reason. A contract that is already
/// imported keeps its values while its item is ignored.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl ignore S55102
  lmsyncctl ignore A29683353 --until 2026-12-31 --reason 'billed by the parent company'")]
pub struct IgnoreArgs {
    /// The item's key
    #[arg(value_name = "KEY")]
    pub key: String,
    /// The last day on which the item is ignored [default: no end]
    #[arg(long, value_name = "DATE", value_parser = dates::day, allow_hyphen_values = true)]
    pub until: Option<String>,
    /// The reason, shown with the item
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// Stop ignoring an item
///
/// The item is in the default list again, and auto-sync imports it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  lmsyncctl unignore S55102")]
pub struct UnignoreArgs {
    /// The item's key
    #[arg(value_name = "KEY")]
    pub key: String,
}

/// Runs `ignore`.
pub fn ignore(ctl: &Ctl, args: IgnoreArgs) -> Result<u8, CtlError> {
    let key = keys::key(&args.key)?;
    let answer = ctl.client.call(&Ignore { key, until: args.until, reason: args.reason })?;
    ctl.output.confirm(&answer, render)?;
    Ok(0)
}

/// Runs `unignore`.
pub fn unignore(ctl: &Ctl, args: UnignoreArgs) -> Result<u8, CtlError> {
    let answer = ctl.client.call(&Unignore { key: keys::key(&args.key)? })?;
    ctl.output.confirm(&answer, render)?;
    Ok(0)
}

/// The screen.
pub fn render(reply: &IgnoreReply, _: &Screen) -> String {
    let what = match (reply.ignored, reply.changed) {
        (true, _) => {
            let until = reply.until.as_ref().map(|day| format!(" until {day}")).unwrap_or_default();
            let reason = reply.reason.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
            let before = if reply.changed { "" } else { ", unchanged" };
            format!("ignored{until}{before}{reason}")
        }
        (false, true) => "no longer ignored".to_owned(),
        (false, false) => "not ignored, unchanged".to_owned(),
    };
    format!("{} of {}: {what}\n", reply.key, text::client(&reply.client.name, reply.client.id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::output::screen::sample;
    use crate::protocol::sync::Client;

    #[test]
    fn what_is_noted_now_is_told_in_one_line() {
        let mut reply = IgnoreReply {
            key: "A1".to_owned(),
            client: Client { id: 174, name: "Acme Dental".to_owned() },
            ignored: true,
            until: Some("2026-12-31".to_owned()),
            reason: Some("billed elsewhere".to_owned()),
            changed: true,
        };
        let told = |reply: &IgnoreReply| render(reply, &sample(80));
        assert_eq!(
            told(&reply),
            "A1 of Acme Dental (174): ignored until 2026-12-31: billed elsewhere\n"
        );
        (reply.until, reply.reason, reply.changed) = (None, None, false);
        assert_eq!(told(&reply), "A1 of Acme Dental (174): ignored, unchanged\n");
        reply.ignored = false;
        assert_eq!(told(&reply), "A1 of Acme Dental (174): not ignored, unchanged\n");
        reply.changed = true;
        assert_eq!(told(&reply), "A1 of Acme Dental (174): no longer ignored\n");
    }
}
