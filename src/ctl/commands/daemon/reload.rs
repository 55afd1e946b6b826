//! `reload`: has the daemon read its configuration again.

use crate::advice::Address;
use crate::ctl::app::error::CtlError;
use crate::ctl::commands::Ctl;
use crate::ctl::output::screen::{Screen, Tone};
use crate::ctl::output::table::{Column, Table, toned};
use crate::ctl::text::items::arrow_of;
use crate::protocol::daemon::{Reload, ReloadReply};

/// Reload the configuration of the daemon
///
/// Shows which keys changed and whether they take effect immediately or only after a restart. An
/// invalid configuration is refused, and the old one stays in use.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  lmsyncctl reload")]
pub struct Args {}

/// Runs the command.
pub fn run(ctl: &Ctl, Args {}: Args) -> Result<u8, CtlError> {
    let answer = ctl.client.call(&Reload {})?;
    ctl.output.confirm(&answer, render)?;
    Ok(0)
}

/// What is said where no key is different. The daemon has the copy of a secret that systemd made when
/// it started it, and cannot look whether there is a new one.
fn nothing(address: &Address) -> String {
    let nothing = "reloaded: nothing changed in the configuration";
    match &address.unit {
        Some(unit) => format!(
            "{nothing}. A new secret that systemd hands over takes effect after a restart: \
             systemctl restart {unit}"
        ),
        None => nothing.to_owned(),
    }
}

/// The screen.
fn render(reply: &ReloadReply, screen: &Screen) -> String {
    if reply.changes.is_empty() {
        return screen.sentence(Tone::Plain, &nothing(&screen.address));
    }
    let mut table = Table::new([
        Column::text("KEY"),
        Column::text("CHANGE").cut(20),
        Column::text("EFFECTIVE"),
    ]);
    for change in &reply.changes {
        table.row([
            change.key.as_str().into(),
            arrow_of(Some(&change.from), Some(&change.to)).into(),
            match change.applied {
                true => toned(Tone::Good, "immediately"),
                false => toned(Tone::Warning, "after restart"),
            },
        ]);
    }
    table.render(screen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::output::screen::sample;
    use crate::protocol::daemon::ReloadChange;

    #[test]
    fn each_change_says_when_it_counts() {
        let change = |key: &str, applied| ReloadChange {
            key: key.to_owned(),
            from: "24h".to_owned(),
            to: "12h".to_owned(),
            applied,
        };
        let mut reply = ReloadReply {
            changes: vec![change("sync.interval", true), change("store.path", false)],
        };
        insta::assert_snapshot!("full", render(&reply, &sample(80)));
        reply.changes.clear();
        let said = render(&reply, &sample(200));
        assert!(said.starts_with("reloaded: nothing changed in the configuration. "), "{said}");
        assert!(said.ends_with("after a restart: systemctl restart lmsyncd\n"), "{said}");
    }
}
