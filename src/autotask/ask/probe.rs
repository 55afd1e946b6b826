//! The checks of `lmsyncctl doctor` that need Autotask: one finding each, in the order in which
//! things go wrong.
//!
//! Each asks once, because a person waits, and because repeated failed logins lock the account. A
//! check speaks of its own subject: where the way to Autotask, its limits or the credentials keep it
//! from being made, that is told once, and the others are not tried.

use std::convert::identity;

use super::access::{Access, access};
use crate::autotask::fields::row::Row;
use crate::autotask::http::entity::Entity;
use crate::autotask::http::error::AutotaskError;
use crate::autotask::http::request::Request;
use crate::autotask::meta::catalogue::read_fields;
use crate::autotask::meta::currency::Currencies;
use crate::autotask::meta::entity_fields::EntityFields;
use crate::autotask::query::filter::{BEFORE_ALL, Query};
use crate::autotask::query::paginate::paginate;
use crate::autotask::session::connection::Connection;
use crate::autotask::session::progress::Progress;
use crate::autotask::session::retry::FOR_A_PERSON;
use crate::autotask::session::usage::Threshold;
use crate::autotask::session::zone;
use crate::model::text::thousands;
use crate::model::{Advice, Code, Currency};

/// How far this server's clock may be off before dates may be read on the wrong day.
const CLOCK_MINUTES: i64 = 5;

/// From this use on Autotask delays every call (section 3 of the Autotask facts).
const SLOW_PERCENT: u32 = 50;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was checked.
    pub check: &'static str,
    /// How it is.
    pub outcome: Outcome,
    /// What was seen.
    pub detail: String,
    /// What a person can do about it.
    pub advice: Option<Advice>,
    /// The code of the failure behind it, where a request failed.
    pub code: Option<Code>,
    /// What may be read of an entity, where that was asked.
    pub access: Option<(Entity, Access)>,
}

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// As it should be.
    Good,
    /// It works, but somebody should look.
    Warning,
    /// It does not work.
    Bad,
    /// It could not be checked.
    Skipped,
}

impl Finding {
    fn new(check: &'static str, outcome: Outcome, detail: impl Into<String>) -> Finding {
        Finding { check, outcome, detail: detail.into(), advice: None, code: None, access: None }
    }

    fn advise(mut self, advice: Advice) -> Finding {
        self.advice = Some(advice);
        self
    }

    fn failed(check: &'static str, error: &AutotaskError) -> Finding {
        let failure = error.failure();
        Finding {
            check,
            outcome: Outcome::Bad,
            detail: failure.message,
            advice: failure.advice,
            code: Some(failure.code),
            access: None,
        }
    }
}

const CHECKS: [&str; 9] = [
    "zone",
    "connection",
    "credentials",
    "clock",
    "permission",
    "agreements",
    "use",
    "currency",
    "fields",
];

/// Makes all checks: that everything `needed` may be read is one of them, and that amounts have a
/// currency, be it the `configured` one, another.
pub(in crate::autotask) async fn probe(
    connection: &Connection,
    needed: &[Entity],
    configured: Option<&Currency>,
    progress: &Progress,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Err(error) = checks(connection, needed, configured, progress, &mut findings).await {
        stop(&mut findings, &error);
    }
    findings
}

/// Makes the checks until nothing more can be found out.
async fn checks(
    connection: &Connection,
    needed: &[Entity],
    configured: Option<&Currency>,
    progress: &Progress,
    findings: &mut Vec<Finding>,
) -> Result<(), AutotaskError> {
    progress.doing("asking for the zone");
    let url = connection.zone_url(progress).await?;
    findings.push(Finding::new("zone", Outcome::Good, format!("the zone is {url}")));
    progress.doing("trying the credentials");
    connection.ask(&Request::version(), FOR_A_PERSON, progress).await?;
    findings.push(answers(&url));
    findings.push(Finding::new(
        "credentials",
        Outcome::Good,
        "Autotask accepts the user name, the secret and the integration code",
    ));
    findings.push(clock(connection));
    progress.doing("asking what may be read");
    for entity in needed {
        findings.push(permission(connection, *entity, progress).await?);
    }
    for entity in Entity::WANTED {
        findings.push(wanted(connection, entity, progress).await?);
    }
    findings.push(agreements(connection, progress).await?);
    findings.push(tenant_use(connection, progress).await?);
    findings.push(currency(connection, configured, progress).await?);
    let fields = read_fields(connection, Entity::Contracts, FOR_A_PERSON, progress).await;
    findings.push(own("fields", fields)?.map_or_else(|bad| bad, |fields| optional_fields(&fields)));
    Ok(())
}

fn answers(url: &str) -> Finding {
    Finding::new("connection", Outcome::Good, format!("{} answers", zone::host(url)))
}

/// The check whose subject a failure is, where it is not that of the check that met it: the way to
/// Autotask, what it serves at all, or who asks.
fn subject(error: &AutotaskError) -> Option<&'static str> {
    if error.is_of_the_way() {
        return Some("connection");
    }
    match error {
        AutotaskError::RateLimited(_) => Some("use"),
        AutotaskError::Blocked(..) => Some("credentials"),
        error if error.refuses_the_credentials() => Some("credentials"),
        _ => None,
    }
}

/// What a check found, or what went wrong with it as its own finding. A failure that is the subject
/// of another check ends them all.
fn own<T>(
    check: &'static str,
    outcome: Result<T, AutotaskError>,
) -> Result<Result<T, Finding>, AutotaskError> {
    match outcome {
        Ok(found) => Ok(Ok(found)),
        Err(error) if subject(&error).is_some_and(|subject| subject != check) => Err(error),
        Err(error) => Ok(Err(Finding::failed(check, &error))),
    }
}

/// Ends with the check whose subject the failure is; all that were not made are not tried.
fn stop(findings: &mut Vec<Finding>, error: &AutotaskError) {
    let is_made = |findings: &[Finding], check| findings.iter().any(|one| one.check == check);
    // What no other check is about, and keeps the first two from being made, is about them.
    let first = if is_made(findings, "zone") { "connection" } else { "zone" };
    let failed = match subject(error) {
        // Who is not known has no zone.
        Some("credentials") if !is_made(findings, "zone") => "zone",
        Some(subject) => subject,
        None => first,
    };
    let has_answered = error.refuses_the_credentials() || is_made(findings, "connection");
    if failed == "credentials" && has_answered && !is_made(findings, "connection") {
        findings.push(Finding::new("connection", Outcome::Good, "Autotask answers"));
    }
    // A check that was good before may be the one that failed now.
    findings.retain(|finding| finding.check != failed);
    let because = format!("not tried, because the check of the {failed} failed");
    for check in CHECKS {
        if check == failed {
            findings.push(Finding::failed(check, error));
        } else if !is_made(findings, check) {
            findings.push(Finding::new(check, Outcome::Skipped, because.clone()));
        }
    }
    let place = |check: &str| CHECKS.iter().position(|known| *known == check);
    findings.sort_by_key(|finding| place(finding.check));
}

fn clock(connection: &Connection) -> Finding {
    let Some((remote, local)) = connection.remote_date() else {
        return Finding::new("clock", Outcome::Skipped, "Autotask's answers carry no date");
    };
    let seconds = (local - remote).num_seconds();
    if seconds.abs() < CLOCK_MINUTES * 60 {
        return Finding::new("clock", Outcome::Good, "the clock agrees with Autotask's");
    }
    let direction = if seconds > 0 { "ahead of" } else { "behind" };
    let detail = format!("the clock is {}s {direction} Autotask's", thousands(seconds.abs()));
    // Beyond that, no run goes on.
    let outcome = match connection.clocks_agree() {
        Ok(()) => Outcome::Warning,
        Err(_) => Outcome::Bad,
    };
    Finding::new("clock", outcome, detail).advise(Advice::SyncClock)
}

async fn permission(
    connection: &Connection,
    entity: Entity,
    progress: &Progress,
) -> Result<Finding, AutotaskError> {
    let found = access(connection, entity, FOR_A_PERSON, progress).await;
    Ok(own("permission", found)?.map_or_else(|bad| bad, |found| allowed(entity, found)))
}

fn allowed(entity: Entity, (access, what): (Access, Option<String>)) -> Finding {
    let found = match access {
        Access::All => {
            Finding::new("permission", Outcome::Good, format!("all {entity} may be read"))
        }
        Access::Restricted => {
            let detail = format!("only some {entity} may be read; the others look deleted");
            Finding::new("permission", Outcome::Bad, detail).advise(Advice::GrantPermission)
        }
        Access::Unknown => {
            let what = what.unwrap_or_default();
            let detail = format!("whether all {entity} may be read is not understood: {what}");
            Finding::new("permission", Outcome::Warning, detail).advise(Advice::Upgrade)
        }
        Access::None => {
            let detail = format!("{entity} may not be read");
            Finding::new("permission", Outcome::Bad, detail).advise(Advice::GrantPermission)
        }
    };
    Finding { access: Some((entity, access)), ..found }
}

/// The same of what an import goes on without: nothing fails, and what is told is not the whole
/// truth.
async fn wanted(
    connection: &Connection,
    entity: Entity,
    progress: &Progress,
) -> Result<Finding, AutotaskError> {
    let unread = |what: &str, access: Option<Access>| {
        let detail = format!(
            "{entity} {what}, so fixed price agreements that are billed by rules show one-time \
             charges, and no cost per month"
        );
        let found = Finding::new("permission", Outcome::Warning, detail);
        let access = access.map(|access| (entity, access));
        Finding { access, ..found.advise(Advice::GrantPermission) }
    };
    Ok(match access(connection, entity, FOR_A_PERSON, progress).await {
        Ok((Access::None, _)) => unread("may not be read", Some(Access::None)),
        Ok((Access::Restricted, _)) => unread("may be read only in part", Some(Access::Restricted)),
        Err(error) if error.is_about_the_entity() => unread("are not shown by this zone", None),
        found => own("permission", found)?.map_or_else(|bad| bad, |found| allowed(entity, found)),
    })
}

/// Whether there is anything to see: no permission may also look like an empty list.
async fn agreements(
    connection: &Connection,
    progress: &Progress,
) -> Result<Finding, AutotaskError> {
    let body = Query::all(Entity::Contracts).body(None, BEFORE_ALL);
    let request = Request::count(Entity::Contracts, body);
    let answer = connection.ask(&request, FOR_A_PERSON, progress).await;
    let answer = match own("agreements", answer)? {
        Ok(answer) => answer,
        Err(bad) => return Ok(bad),
    };
    let count = Row::new(answer).and_then(|answer| answer.integer("queryCount").ok().flatten());
    Ok(match count {
        Some(0) => Finding::new("agreements", Outcome::Warning, "no agreements are visible")
            .advise(Advice::CheckVisibility),
        Some(count) => Finding::new(
            "agreements",
            Outcome::Good,
            format!("{} agreements are visible", thousands(count)),
        ),
        None => Finding::new("agreements", Outcome::Warning, "Autotask does not count agreements"),
    })
}

/// Whether an amount without a currency of its own has one.
async fn currency(
    connection: &Connection,
    configured: Option<&Currency>,
    progress: &Progress,
) -> Result<Finding, AutotaskError> {
    let query = Query::all(Entity::Currencies);
    let internal = match paginate(connection, &query, FOR_A_PERSON, progress, identity).await {
        Ok(rows) => Currencies::read(&rows).internal().cloned(),
        Err(error) if error.hides_the_entity() && configured.is_some() => None,
        Err(error) if subject(&error).is_some() => return Err(error),
        Err(error) => return Ok(Finding::failed("currency", &error)),
    };
    Ok(match (internal, configured) {
        (Some(internal), _) => {
            let detail = format!("the tenant's own currency is {internal}");
            Finding::new("currency", Outcome::Good, detail)
        }
        (None, Some(configured)) => {
            let detail = format!(
                "Autotask names no currency of the tenant's own, so amounts are in {configured}, \
                 as configured"
            );
            Finding::new("currency", Outcome::Good, detail)
        }
        (None, None) => {
            let detail = "Autotask names no currency of the tenant's own, so amounts of clients \
                          without one are in XXX";
            Finding::new("currency", Outcome::Warning, detail).advise(Advice::NameTenantCurrency)
        }
    })
}

async fn tenant_use(
    connection: &Connection,
    progress: &Progress,
) -> Result<Finding, AutotaskError> {
    Ok(match own("use", threshold(connection, progress).await)? {
        Ok(reading) => {
            let Threshold { used, limit, minutes, .. } = reading;
            let percent = reading.percent();
            let detail = format!(
                "all integrations together made {} of {} requests in {minutes}m ({percent} %)",
                thousands(used),
                thousands(limit)
            );
            if percent < SLOW_PERCENT {
                return Ok(Finding::new("use", Outcome::Good, detail));
            }
            Finding::new("use", Outcome::Warning, detail).advise(Advice::FindHeavyIntegration)
        }
        Err(bad) => bad,
    })
}

fn optional_fields(fields: &EntityFields) -> Finding {
    if !fields.has("contractType") {
        let detail = "Contracts has no field contractType that could be read";
        return Finding::new("fields", Outcome::Warning, detail).advise(Advice::Upgrade);
    }
    let dated = if fields.has("lastModifiedDateTime") { "has" } else { "does not have" };
    let detail = format!("this zone {dated} lastModifiedDateTime, and nothing depends on it");
    Finding::new("fields", Outcome::Good, detail)
}

/// The tenant's use, asked once and kept.
pub(in crate::autotask) async fn threshold(
    connection: &Connection,
    progress: &Progress,
) -> Result<Threshold, AutotaskError> {
    let request = Request::threshold();
    let answer = connection.ask(&request, FOR_A_PERSON, progress).await?;
    let reading = Threshold::from_answer(&answer, connection.clock().now());
    let reading = reading.ok_or_else(|| AutotaskError::Garbled {
        request: request.to_string(),
        reason: "it holds no counts".to_owned(),
    })?;
    connection.know_threshold(reading);
    Ok(reading)
}

#[cfg(test)]
mod tests;
