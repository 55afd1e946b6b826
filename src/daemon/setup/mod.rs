//! `lmsyncd setup [NAME]`: asks for the credentials, tries them with one login, writes the files with
//! their owners and modes, and starts the service.
//!
//! ```text
//! answers ─► draft ─► may it replace what is there? ─► one login ─► secret, configuration ─► unit
//!                          │ no                          │ no
//!                          └────────► nothing is written ◄┘
//! ```

mod answers;
mod error;
mod files;
mod login;
mod terminal;
mod unit;

use std::io::Write;
use std::process::ExitCode;

use nix::unistd::Uid;
use secrecy::SecretString;

use self::answers::Answers;
use self::error::SetupError;
use self::files::Places;
use self::terminal::Terminal;
use super::args::SetupArgs;
use super::credential_files::encrypted_secret;
use crate::clock::{Clock, SystemClock};
use crate::config::{Draft, Settings};

/// Runs the command, says what was done or what went wrong, and gives the exit status.
pub(super) fn main(args: &SetupArgs) -> ExitCode {
    let mut out = Out;
    match setup(args, &mut out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut told = std::io::stderr().lock();
            for line in error.lines() {
                let _ = writeln!(told, "{line}");
            }
            ExitCode::from(error.exit_status())
        }
    }
}

/// Where a person reads what is done. Who closed it does not want the rest.
struct Out;

impl Out {
    fn say(&mut self, line: impl AsRef<str>) {
        let _ = writeln!(std::io::stdout().lock(), "{}", line.as_ref());
    }
}

fn setup(args: &SetupArgs, out: &mut Out) -> Result<(), SetupError> {
    let places = Places::of(args.name.as_deref(), args.config_dir.as_deref())?;
    if places.is_of_the_system() {
        if !Uid::effective().is_root() {
            return Err(SetupError::NotRoot(Box::new(places.address())));
        }
        // What is sure to fail is not asked for, and costs no login.
        places.group()?;
        if let Some(file) = encrypted_secret(&places.config) {
            return Err(SetupError::Encrypted { file, address: Box::new(places.address()) });
        }
    }
    let terminal = Terminal::of_input(args.secret_stdin);
    let mut draft = Draft::of(&places.config).map_err(SetupError::Config)?;
    let before = draft.clone();
    let answers = Answers::gather(args, &draft, &places, terminal.as_ref())?;
    answers.fill_in(&mut draft);
    let settings = draft.settings().map_err(SetupError::Config)?;

    let replaced = places.replaced(&before, &draft, answers.secret.as_ref());
    if !replaced.is_empty() && !args.yes {
        match &terminal {
            None => return Err(SetupError::NeedsYes(replaced)),
            Some(terminal) => {
                let question = format!("Replace {}? A copy is kept beside", replaced.join(" and "));
                if !terminal.confirm(&question, false)? {
                    return Err(SetupError::Declined);
                }
            }
        }
    }
    if args.no_login {
        out.say("no login was tried");
    } else {
        try_login(&settings, &answers, &places, out)?;
    }
    for line in places.write(&before, &draft, answers.secret.as_ref(), SystemClock.now())? {
        out.say(line);
    }
    remark_on_day(&settings, &places, out);
    unit::enable(&places, args.enable, terminal.as_ref(), out)
}

/// Tries one login with what is to be written, and says what the API user may see.
fn try_login(
    settings: &Settings,
    answers: &Answers,
    places: &Places,
    out: &mut Out,
) -> Result<(), SetupError> {
    let secret: SecretString = match &answers.secret {
        Some(secret) => secret.clone(),
        None => places.secret_there()?.ok_or_else(|| places.missing(vec!["the secret"]))?,
    };
    out.say(format!("trying one login as {} …", answers.username));
    let seen = login::try_once(settings, &answers.username, secret, &answers.integration_code)
        .map_err(|failed| SetupError::Login { failed, address: Box::new(places.address()) })?;
    for line in seen {
        out.say(line);
    }
    Ok(())
}

/// Whose day it is decides what is due and what a contract costs.
fn remark_on_day(settings: &Settings, places: &Places, out: &mut Out) {
    if settings.autotask.time_zone.is_none() {
        out.say(format!(
            "calendar days follow this server's time zone ({}); to use another, set `time-zone` in {}",
            SystemClock.server_zone().zone,
            places.config.display()
        ));
    }
}
