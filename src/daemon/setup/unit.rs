//! The unit of a daemon that was set up: enabled and started, or the command for that.

use std::path::Path;
use std::process::Command;

use super::Out;
use super::error::SetupError;
use super::files::Places;
use super::terminal::Terminal;

/// A folder that is there where systemd runs (sd_booted(3)).
const BOOTED: &str = "/run/systemd/system";

/// Enables the unit and starts it, or starts it again with the new secret, if that is `wanted`, or a
/// person says so; else says how.
pub(super) fn enable(
    places: &Places,
    wanted: bool,
    terminal: Option<&Terminal>,
    out: &mut Out,
) -> Result<(), SetupError> {
    let address = places.address();
    let (unit, ctl) = (address.unit.clone().unwrap_or_default(), &address.program);
    let can = places.is_of_the_system() && Path::new(BOOTED).exists();
    if wanted && places.is_of_the_system() && !can {
        return Err(SetupError::NotBooted { unit });
    }
    let is_wanted = match terminal {
        _ if !can || wanted => can && wanted,
        Some(terminal) => terminal.confirm(&format!("Enable and start {unit} now?"), true)?,
        None => false,
    };
    if is_wanted {
        for verb in ["enable", "restart"] {
            let ended = Command::new("systemctl").args([verb, &unit]).status()?;
            if !ended.success() {
                let address = Box::new(address);
                return Err(SetupError::Unit {
                    command: format!("systemctl {verb} {unit}"),
                    address,
                });
            }
        }
        out.say(format!("{unit} runs, and starts with the server"));
    } else {
        out.say(format!("to start it now and at every boot: systemctl enable --now {unit}"));
    }
    out.say("to let alice use it, from her next login on: usermod -aG lmsyncd alice");
    out.say(format!("then, as alice: {ctl} client list"));
    Ok(())
}
