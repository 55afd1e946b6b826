//! `lmsyncd check-config`: is the configuration usable? Nothing is asked of Autotask, and everything
//! that is wrong is told at once.

use std::ffi::CString;
use std::io;
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Group, Uid, User, getgroups, initgroups, setegid, seteuid, setgroups};

use super::credential_files::{Beside, beside_secret};
use super::ownership;
use crate::advice::Address;
use crate::clock::{Clock, ServerZone, SystemClock};
use crate::config::{
    self, CREDENTIAL_SECRET, ConfigError, Operator, Settings, Survey, credential_store, instance_of,
};
use crate::model::Advice;

/// The user that the units run the daemon as.
const DAEMONS_USER: &str = "lmsyncd";

/// Checks the configuration, the credentials and what they name, and gives what a person is told: one
/// line each.
///
/// systemd's credentials are in `credentials`; without that root looks where the unit takes them
/// from, and judges the files of the configuration as the user of the unit.
///
/// # Errors
///
/// Everything that is wrong.
pub(super) fn check(
    path: &Path,
    credentials: Option<&Path>,
) -> Result<Vec<String>, Vec<ConfigError>> {
    let for_unit = Uid::effective().is_root() && Address::of_config(path, None).unit.is_some();
    let folder = match credentials {
        Some(folder) => Some(folder.to_owned()),
        None => for_unit.then(|| credential_store(instance_of(path))),
    };
    let Survey { settings, mut errors } = config::survey(path, folder.as_deref());
    let mut lines = Vec::new();
    if for_unit && credentials.is_none() {
        explain_secret(path, &mut errors, &mut lines);
    }
    let user = User::from_name(DAEMONS_USER).ok().flatten().filter(|_| for_unit);
    errors.extend(as_user(user.as_ref(), || needed(path, &settings)));
    if !errors.is_empty() {
        return Err(errors);
    }
    let usable = format!(
        "{} is usable: API user {}, store {}, socket {}",
        path.display(),
        settings.autotask.username,
        settings.store.path.display(),
        settings.control.socket.display()
    );
    lines.insert(0, usable);
    lines.extend(remarks(&settings));
    let daemon = user.map_or(Uid::effective(), |user| user.uid);
    lines.extend(ownership::doubts(path, &settings, daemon));
    Ok(lines)
}

/// What the daemon needs of files, tried as its user.
fn needed(path: &Path, settings: &Settings) -> Vec<ConfigError> {
    let denied = |error: &io::Error| error.kind() == io::ErrorKind::PermissionDenied;
    let opened = std::fs::File::open(path).err().filter(denied);
    let unreadable = opened.map(|source| ConfigError::Unreadable { path: path.to_owned(), source });
    unreadable.into_iter().chain(settings.obstacles()).collect()
}

/// Runs a check as another user, in whose place root looks.
fn as_user<T>(user: Option<&User>, check: impl FnOnce() -> T) -> T {
    let Some(user) = user else { return check() };
    let (Ok(before), Ok(name)) = (getgroups(), CString::new(user.name.as_str())) else {
        return check();
    };
    let become_user = || -> nix::Result<()> {
        initgroups(&name, user.gid)?;
        setegid(user.gid)?;
        seteuid(user.uid)
    };
    // Root may always; who cannot become another only sees less.
    let _ = become_user();
    let checked = check();
    let _ = seteuid(Uid::from_raw(0));
    let _ = setegid(Gid::from_raw(0));
    let _ = setgroups(&before);
    checked
}

/// Says of a secret that is missing what lies in its place; one that is encrypted is not missing.
fn explain_secret(path: &Path, errors: &mut Vec<ConfigError>, lines: &mut Vec<String>) {
    let is_missing = |error: &ConfigError| matches!(error, ConfigError::NoCredential { credential, .. } if *credential == CREDENTIAL_SECRET);
    let Some(at) = errors.iter().position(is_missing) else { return };
    match beside_secret(path) {
        None => {}
        Some(Beside::Encrypted(file)) => {
            errors.remove(at);
            lines.push(format!(
                "the secret is encrypted in {}, which only systemd decrypts: it was not checked",
                file.display()
            ));
        }
        Some(Beside::NotLoaded(file)) => errors[at] = not_loaded(path, &file),
        Some(Beside::Misnamed(file)) => errors[at] = misnamed(path, &file),
    }
}

fn expected(path: &Path) -> PathBuf {
    credential_store(instance_of(path)).join(CREDENTIAL_SECRET)
}

fn not_loaded(path: &Path, file: &Path) -> ConfigError {
    let unit = Address::of_config(path, None).unit.unwrap_or_default();
    ConfigError::Unusable {
        key: CREDENTIAL_SECRET,
        message: format!(
            "no secret is configured: {} does not exist, and no drop-in of {unit}.service loads {}",
            expected(path).display(),
            file.display()
        ),
        advice: Some(Advice::said(format!(
            "systemctl edit {unit}, with the three lines [Service], LoadCredential= and \
             LoadCredentialEncrypted={CREDENTIAL_SECRET}:{}",
            file.display()
        ))),
    }
}

fn misnamed(path: &Path, file: &Path) -> ConfigError {
    ConfigError::Unusable {
        key: CREDENTIAL_SECRET,
        message: format!(
            "no secret is configured: {} does not exist, but {} does",
            expected(path).display(),
            file.display()
        ),
        advice: Some(Advice::said(format!("mv {} {}", file.display(), expected(path).display()))),
    }
}

/// What a person should know about settings that can be used.
fn remarks(settings: &Settings) -> Vec<String> {
    let control = &settings.control;
    let mut lines: Vec<String> = Vec::new();
    lines.extend(control.operators.iter().filter_map(|one| missing("operators", one)));
    lines.extend(control.observers.iter().filter_map(|one| missing("observers", one)));
    if settings.autotask.time_zone.is_none() {
        lines.extend(doubtful(SystemClock.server_zone()));
    }
    lines
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
