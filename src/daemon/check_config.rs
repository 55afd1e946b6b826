//! `lmsyncd check-config`: is the configuration usable? Nothing is asked of Autotask.

use std::path::Path;

use nix::unistd::{Group, User};

use super::exit::StartError;
use crate::clock::{Clock, ServerZone, SystemClock};
use crate::config::{self, Operator};

/// Checks the configuration and the credentials, and gives what a person is told: one line each.
pub(super) fn check(path: &Path, credentials: Option<&Path>) -> Result<Vec<String>, StartError> {
    let settings = config::load(path).map_err(StartError::Config)?;
    let credentials = settings.credentials(credentials).map_err(StartError::Config)?;
    let mut lines = vec![format!(
        "{} is usable: API user {}, store {}, socket {}",
        path.display(),
        credentials.username,
        settings.store.path.display(),
        settings.control.socket.display()
    )];
    let control = &settings.control;
    lines.extend(control.operators.iter().filter_map(|one| missing("operators", one)));
    lines.extend(control.observers.iter().filter_map(|one| missing("observers", one)));
    if settings.autotask.time_zone.is_none() {
        lines.extend(doubtful(SystemClock.server_zone()));
    }
    Ok(lines)
}

/// What a person should know about the zone that counts where the configuration names none.
fn doubtful(ServerZone { zone, doubt }: ServerZone) -> Option<String> {
    let doubt = doubt?;
    Some(format!(
        "warning: the time zone of this server cannot be determined, so days are those of {zone}: \
         {doubt}; name yours as `time-zone` in [autotask]"
    ))
}

fn missing(key: &str, operator: &Operator) -> Option<String> {
    let (exists, what, name) = match operator {
        Operator::User(name) => (matches!(User::from_name(name), Ok(Some(_))), "user", name),
        Operator::Group(name) => (matches!(Group::from_name(name), Ok(Some(_))), "group", name),
    };
    (!exists).then(|| format!("warning: `{key}` names the {what} {name}, which does not exist"))
}
