//! `check`: one line and an exit status, as monitoring plugins give them (Nagios, Icinga, Checkmk).
//!
//! | state | when |
//! |---|---|
//! | CRITICAL 2 | the daemon is not there or does not answer; credentials refused; a client overdue, blocked, older than `--max-age`, or failing and never synced; the store takes no changes |
//! | WARNING 1 | the API user may see only a part, a client held or failing, a new client on no sync, an outlet that fails, or the store has a remark |
//! | OK 0 | else |
//! | UNKNOWN 3 | this user may not ask, or the command line is wrong |
//!
//! A daemon that cannot be asked is what a monitor is there for: nothing is synced any more. What is
//! UNKNOWN is the fault of the check itself.
//!
//! Only clients on auto-sync count. A pause is somebody's decision, so it is told and is OK.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::ctl::app::error::CtlError;
use crate::ctl::commands::Ctl;
use crate::ctl::output::screen::thousands;
use crate::ctl::output::{self, Format, signs};
use crate::ctl::text::dates;
use crate::ctl::text::money::{Span, brief_effect};
use crate::model::{Code, Outlet, limits, text};
use crate::protocol::daemon::{ClientStatus, NewClient, Status, StatusReply};

/// How many clients of a kind are named; the line must fit a pager.
const NAMED: usize = 3;

/// Report the health in one line, for Nagios and compatible monitors
///
/// The exit status is that of a plugin: 0 OK, 1 WARNING, 2 CRITICAL (also where the daemon is not
/// running or does not answer), 3 UNKNOWN (not permitted, or a wrong option). Performance data
/// follow the bar. Only clients on auto-sync count.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lmsyncctl check
  lmsyncctl check --max-age 36h --timeout 5s
  lmsyncctl --instance north check")]
pub struct Args {
    /// The longest time since the last sync of a client
    #[arg(long, value_name = "DURATION", default_value = "36h", value_parser = dates::age, allow_hyphen_values = true)]
    pub max_age: Duration,
    /// The longest time that the daemon may take to answer; a plain number is seconds
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = dates::timeout, allow_hyphen_values = true)]
    pub timeout: i64,
}

/// Runs the command.
pub fn run(ctl: &Ctl, args: Args) -> Result<u8, CtlError> {
    let limit = Duration::from_secs(args.timeout.unsigned_abs());
    let answer = ctl.client.within(limit).call(&Status { client: None })?;
    let max_age = TimeDelta::from_std(args.max_age).unwrap_or(TimeDelta::MAX);
    let verdict = judge(&answer.reply, max_age, ctl.output.screen.now);
    match ctl.output.format {
        Format::Json => ctl.output.show(&answer, |_, _| String::new())?,
        _ => ctl.output.print(&format!("{}\n", verdict.line))?,
    }
    Ok(verdict.state as u8)
}

/// Says in the words of a plugin why the check could not be made, and gives the exit status.
///
/// # Errors
///
/// Where standard output cannot be written.
pub fn failed(error: &CtlError) -> Result<u8, CtlError> {
    let state = match error {
        CtlError::Unreachable { .. }
        | CtlError::Silent { .. }
        | CtlError::Closed
        | CtlError::Stopped
        | CtlError::Socket(_) => State::Critical,
        CtlError::Failed(failure) => match failure.code {
            Code::NotPermitted | Code::InvalidArgument => State::Unknown,
            // It runs, and does not work.
            _ => State::Critical,
        },
        _ => State::Unknown,
    };
    unusual(state, &error.to_string())
}

/// The same of a command line that makes no sense.
///
/// # Errors
///
/// Where standard output cannot be written.
pub fn misused(error: &CtlError) -> Result<u8, CtlError> {
    unusual(State::Unknown, &error.to_string())
}

fn unusual(state: State, says: &str) -> Result<u8, CtlError> {
    output::print(&signs::shown(&format!("LMSYNCD {} - {}\n", word(state), plain(says))))?;
    Ok(state as u8)
}

/// How a plugin says how it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Ok = 0,
    Warning = 1,
    Critical = 2,
    Unknown = 3,
}

/// What the plugin says.
#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    state: State,
    line: String,
}

fn judge(reply: &StatusReply, max_age: TimeDelta, now: DateTime<Utc>) -> Verdict {
    let clients: Vec<&ClientStatus> = reply.clients.iter().filter(|c| c.auto_sync).collect();
    let age = |client: &ClientStatus| Some(now - moment(client.last_synced.as_deref()?)?);
    let old = |client: &&&ClientStatus| {
        client.health != "paused" && age(client).is_some_and(|age| age > max_age)
    };
    let is = |health: &'static str| move |client: &&&ClientStatus| client.health == health;
    let nothing =
        |client: &&&ClientStatus| client.health == "failing" && client.last_synced.is_none();
    let names = |wanted: &dyn Fn(&&&ClientStatus) -> bool| -> Vec<String> {
        clients.iter().filter(wanted).map(|client| named(client)).collect()
    };

    let mut says: Vec<(State, String)> = Vec::new();
    if matches!(reply.api.auth.as_str(), "failed" | "blocked") {
        let why = match reply.api.auth_locked {
            true => "Autotask has locked the account of the API user",
            false => "Autotask refuses the credentials",
        };
        says.push((State::Critical, why.to_owned()));
    }
    let mut say = |state, what: &str, names: Vec<String>| {
        if !names.is_empty() {
            says.push((state, format!("{} {what}: {}", thousands(names.len()), listed(&names))));
        }
    };
    say(State::Critical, "blocked", names(&is("blocked")));
    say(State::Critical, "overdue", names(&is("overdue")));
    say(State::Critical, "not synced for too long", names(&old));
    say(State::Critical, "never synced and failing", names(&nothing));
    let failing =
        |client: &&&ClientStatus| is("failing")(client) && !old(client) && !nothing(client);
    say(State::Warning, "failing", names(&failing));
    say(State::Warning, "held", names(&is("held")));
    says.extend(beside_clients(reply));

    let state = says.iter().map(|(state, _)| *state).max().unwrap_or(State::Ok);
    let paused = paused(reply, &clients);
    let text = summary(says, clients.len(), &paused);
    let oldest = clients.iter().filter_map(|client| age(client)).max().unwrap_or_default();
    let of = |health: &'static str| names(&is(health)).len();
    let line = format!(
        "LMSYNCD {} - {} | clients={};;;0 held={};;;0 failing={};;;0 blocked={};;;0 \
         overdue={};;;0 oldest={}s;;{};0 requests={};;;0;{}",
        word(state),
        plain(&text),
        clients.len(),
        of("held"),
        of("failing"),
        of("blocked"),
        of("overdue"),
        oldest.num_seconds().max(0),
        max_age.num_seconds(),
        reply.api.requests_last_hour,
        reply.api.max_requests_per_hour,
    );
    Verdict { state, line }
}

/// What is to be looked at besides the clients on auto-sync.
fn beside_clients(reply: &StatusReply) -> Vec<(State, String)> {
    let mut says = Vec::new();
    let seen = reply.api.visibility.as_ref();
    says.extend(seen.and_then(|seen| limits(&seen.some, &seen.none)));
    let new = reply.new_clients.as_deref().unwrap_or_default();
    if !new.is_empty() {
        let names: Vec<String> = new.iter().map(new_client).collect();
        let number = thousands(names.len());
        says.push(format!("{number} new and on no sync: {}", listed(&names)));
    }
    for outlet in &reply.daemon.outlets {
        let words = Outlet::words_for(&outlet.outlet);
        says.extend(outlet.error.as_ref().map(|why| format!("{words} fails: {why}")));
    }
    // Why it takes no changes stands among its remarks too.
    let failed = reply.daemon.store_failed.as_ref();
    let remark = reply.daemon.store_remarks.iter().find(|remark| Some(*remark) != failed);
    says.extend(remark.map(|remark| format!("store: {remark}")));
    let failed = failed.map(|why| (State::Critical, why.clone()));
    failed.into_iter().chain(says.into_iter().map(|text| (State::Warning, text))).collect()
}

/// What is wrong, or how many clients there are, with the pauses.
fn summary(says: Vec<(State, String)>, clients: usize, paused: &str) -> String {
    let text = match (says.is_empty(), clients) {
        (true, 0) => "no client is on auto-sync".to_owned(),
        (true, number) if paused.is_empty() => {
            format!("{} on auto-sync, all current", thousands(number))
        }
        (true, number) => format!("{} on auto-sync", thousands(number)),
        (false, _) => says.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join("; "),
    };
    format!("{text}{paused}")
}

/// A state as a plugin says it.
fn word(state: State) -> &'static str {
    match state {
        State::Ok => "OK",
        State::Warning => "WARNING",
        State::Critical => "CRITICAL",
        State::Unknown => "UNKNOWN",
    }
}

/// What is told of pauses.
fn paused(reply: &StatusReply, clients: &[&ClientStatus]) -> String {
    let until = |until: &Option<String>| {
        let until = until.as_deref().and_then(moment);
        until.map(|until| format!(" until {}", text::moment(&until))).unwrap_or_default()
    };
    if let Some(by) = &reply.daemon.paused_by {
        return format!("; all paused by {by}{}", until(&reply.daemon.paused_until));
    }
    let paused = clients.iter().filter(|client| client.paused_by.is_some());
    let names: Vec<String> = paused.map(|client| named(client)).collect();
    match names.len() {
        0 => String::new(),
        number => format!("; {} paused: {}", thousands(number), listed(&names)),
    }
}

fn moment(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|moment| moment.to_utc())
}

fn named(client: &ClientStatus) -> String {
    text::client(&client.name, client.id)
}

/// A new client, with its money.
fn new_client(client: &NewClient) -> String {
    let named = text::client(&client.name, client.id);
    let effects: Vec<String> =
        client.effects.iter().filter_map(|effect| brief_effect(effect, Span::Month)).collect();
    if effects.is_empty() { named } else { format!("{named} {}", effects.join(" / ")) }
}

/// The first few names, and how many more there are.
fn listed(names: &[String]) -> String {
    let shown = names[..names.len().min(NAMED)].join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {} more", thousands(more)),
    }
}

/// A text without the bar, behind which a monitor expects numbers, and without line breaks.
fn plain(text: &str) -> String {
    text.replace('|', "/").replace(['\n', '\r'], " ")
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
