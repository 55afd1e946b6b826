//! The checks of `lmsyncctl doctor` that need Autotask: one finding each, in the order in which
//! things go wrong.
//!
//! A check that cannot be made because an earlier one failed is skipped. Each asks once, because
//! a person waits, and because repeated failed logins lock the account.

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
        Finding { check, outcome, detail: detail.into(), advice: None, code: None }
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
        }
    }
}

const CHECKS: [&str; 8] =
    ["zone", "credentials", "clock", "permission", "agreements", "use", "currency", "fields"];

/// Makes all checks: that everything `needed` may be read is one of them, and that amounts have a
/// currency, be it the `configured` one, another.
pub(in crate::autotask) async fn probe(
    connection: &Connection,
    needed: &[Entity],
    configured: Option<&Currency>,
    progress: &Progress,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    progress.doing("asking for the zone");
    match connection.zone_url(progress).await {
        Ok(url) => findings.push(Finding::new("zone", Outcome::Good, format!("the zone is {url}"))),
        Err(error) => return skip_rest(findings, Finding::failed("zone", &error)),
    }
    progress.doing("trying the credentials");
    match connection.ask(&Request::version(), FOR_A_PERSON, progress).await {
        Ok(_) => findings.push(Finding::new(
            "credentials",
            Outcome::Good,
            "Autotask accepts the user name, the secret and the integration code",
        )),
        Err(error) => return skip_rest(findings, Finding::failed("credentials", &error)),
    }
    findings.push(clock(connection));
    progress.doing("asking what may be read");
    for entity in needed {
        findings.push(permission(connection, *entity, progress).await);
    }
    for entity in Entity::WANTED {
        findings.push(wanted(connection, entity, progress).await);
    }
    findings.push(agreements(connection, progress).await);
    findings.push(tenant_use(connection, progress).await);
    findings.push(currency(connection, configured, progress).await);
    findings.push(match read_fields(connection, Entity::Contracts, FOR_A_PERSON, progress).await {
        Ok(fields) => optional_fields(&fields),
        Err(error) => Finding::failed("fields", &error),
    });
    findings
}

/// Ends with `failed`; the checks after it are skipped.
fn skip_rest(mut findings: Vec<Finding>, failed: Finding) -> Vec<Finding> {
    let first = failed.check;
    let after = CHECKS.iter().skip_while(|check| **check != first).skip(1);
    let because = format!("not checked, because the check of the {first} failed");
    findings.push(failed);
    findings.extend(after.map(|check| Finding::new(check, Outcome::Skipped, because.clone())));
    findings
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
    Finding::new("clock", Outcome::Warning, detail).advise(Advice::SyncClock)
}

async fn permission(connection: &Connection, entity: Entity, progress: &Progress) -> Finding {
    match access(connection, entity, FOR_A_PERSON, progress).await {
        Ok(Access::All) => {
            Finding::new("permission", Outcome::Good, format!("all {entity} may be read"))
        }
        Ok(Access::Restricted) => {
            let detail = format!("only some {entity} may be read; the others look deleted");
            Finding::new("permission", Outcome::Warning, detail).advise(Advice::GrantPermission)
        }
        Ok(Access::None) => {
            let detail = format!("{entity} may not be read");
            Finding::new("permission", Outcome::Bad, detail).advise(Advice::GrantPermission)
        }
        Err(error) => Finding::failed("permission", &error),
    }
}

/// The same of what an import goes on without: nothing fails, and what is told is not the whole
/// truth.
async fn wanted(connection: &Connection, entity: Entity, progress: &Progress) -> Finding {
    let unread = |what: &str| {
        let detail = format!(
            "{entity} {what}, so fixed price agreements that are billed by rules show one-time \
             charges, and no cost per month"
        );
        Finding::new("permission", Outcome::Warning, detail).advise(Advice::GrantPermission)
    };
    match access(connection, entity, FOR_A_PERSON, progress).await {
        Ok(Access::None) => unread("may not be read"),
        Ok(Access::Restricted) => unread("may be read only in part"),
        Err(error) if error.is_about_the_entity() => unread("are not shown by this zone"),
        Ok(Access::All) | Err(_) => permission(connection, entity, progress).await,
    }
}

/// Whether there is anything to see: no permission may also look like an empty list.
async fn agreements(connection: &Connection, progress: &Progress) -> Finding {
    let body = Query::all(Entity::Contracts).body(None, BEFORE_ALL);
    let request = Request::count(Entity::Contracts, body);
    let answer = match connection.ask(&request, FOR_A_PERSON, progress).await {
        Ok(answer) => answer,
        Err(error) => return Finding::failed("agreements", &error),
    };
    let count = Row::new(answer).and_then(|answer| answer.integer("queryCount").ok().flatten());
    match count {
        Some(0) => Finding::new("agreements", Outcome::Warning, "no agreements are visible")
            .advise(Advice::CheckVisibility),
        Some(count) => Finding::new(
            "agreements",
            Outcome::Good,
            format!("{} agreements are visible", thousands(count)),
        ),
        None => Finding::new("agreements", Outcome::Warning, "Autotask does not count agreements"),
    }
}

/// Whether an amount without a currency of its own has one.
async fn currency(
    connection: &Connection,
    configured: Option<&Currency>,
    progress: &Progress,
) -> Finding {
    let query = Query::all(Entity::Currencies);
    let internal = match paginate(connection, &query, FOR_A_PERSON, progress).await {
        Ok(rows) => Currencies::read(&rows).internal().cloned(),
        Err(AutotaskError::NoPermission { .. }) if configured.is_some() => None,
        Err(error) => return Finding::failed("currency", &error),
    };
    match (internal, configured) {
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
    }
}

async fn tenant_use(connection: &Connection, progress: &Progress) -> Finding {
    match threshold(connection, progress).await {
        Ok(reading) => {
            let Threshold { used, limit, minutes, .. } = reading;
            let percent = reading.percent();
            let detail = format!(
                "all integrations together made {} of {} requests in {minutes}m ({percent} %)",
                thousands(i64::from(used)),
                thousands(i64::from(limit))
            );
            if percent < SLOW_PERCENT {
                return Finding::new("use", Outcome::Good, detail);
            }
            Finding::new("use", Outcome::Warning, detail).advise(Advice::FindHeavyIntegration)
        }
        Err(error) => Finding::failed("use", &error),
    }
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
mod tests {
    use serde_json::json;

    use super::*;
    use crate::autotask::script::{Script, contracts};

    async fn found(script: &Script, currency: Option<&Currency>) -> Vec<Finding> {
        let needed: Vec<Entity> = Entity::NEEDED.into();
        probe(&script.connection(), &needed, currency, &Progress::new()).await
    }

    async fn probed(script: &Script) -> Vec<String> {
        let findings = found(script, None).await;
        for finding in &findings {
            let mendable = matches!(finding.outcome, Outcome::Bad | Outcome::Warning);
            assert_eq!(finding.advice.is_some(), mendable, "{finding:?}");
        }
        findings.iter().map(|finding| format!("{} {:?}", finding.check, finding.outcome)).collect()
    }

    fn script() -> Script {
        let script = Script::new();
        script.rows("Contracts", contracts(1..=3));
        let own = json!({"id": 1, "name": "USD", "isInternalCurrency": true});
        script.rows("Currencies", vec![own]);
        script.fields("Contracts", json!([{"name": "contractType", "picklistValues": []}]));
        script
    }

    #[tokio::test]
    async fn a_tenant_in_order_gives_good_findings_only() {
        let found = probed(&script()).await;
        assert_eq!(found.iter().filter(|found| found.ends_with("Good")).count(), 22, "{found:?}");
        assert_eq!(found.last().map(String::as_str), Some("fields Good"));
        assert!(found.contains(&"clock Skipped".to_owned()));
    }

    #[tokio::test]
    async fn refused_credentials_skip_the_rest_and_are_tried_once() {
        let script = script();
        script.move_to("http://127.0.0.1:1/zone1/");
        script.always("Version", 401, "");
        let found = probed(&script).await;
        assert_eq!(
            found,
            [
                "zone Good",
                "credentials Bad",
                "clock Skipped",
                "permission Skipped",
                "agreements Skipped",
                "use Skipped",
                "currency Skipped",
                "fields Skipped",
            ]
        );
        assert_eq!(script.asked("Version"), 1);
    }

    #[tokio::test]
    async fn an_unknown_user_is_found_at_the_zone() {
        let script = script();
        let body = r#"{"errors":["Zone information could not be determined"]}"#;
        script.always("user=api%40MSP%2EEXAMPLE", 500, body);
        let findings = found(&script, None).await;
        assert_eq!(findings[0].outcome, Outcome::Bad);
        assert!(findings[0].detail.contains("knows no API user named api@MSP.EXAMPLE"));
    }

    #[tokio::test]
    async fn a_tenant_that_names_no_currency_is_asked_for_one() {
        let script = script();
        script.rows("Currencies", Vec::new());
        let finding = async |configured: Option<&Currency>| {
            let found = found(&script, configured).await;
            found.into_iter().find(|finding| finding.check == "currency").expect("it is checked")
        };
        let asks = finding(None).await;
        assert_eq!(asks.outcome, Outcome::Warning);
        assert!(asks.advice == Some(Advice::NameTenantCurrency));
        let aud = Currency::new("AUD");
        let told = finding(Some(&aud)).await;
        assert_eq!(told.outcome, Outcome::Good, "{told:?}");
        assert!(told.detail.contains("AUD"), "{told:?}");
        script.always("Currencies/query", 403, "");
        assert_eq!(finding(Some(&aud)).await.outcome, Outcome::Good);
        assert_eq!(finding(None).await.outcome, Outcome::Bad);
    }

    #[tokio::test]
    async fn billing_rules_that_may_not_be_read_are_warned_of_with_what_comes_of_it() {
        let path = "ContractBillingRules/entityInformation";
        let part = r#"{"info":{"canQuery":true,"userAccessForQuery":2}}"#;
        for (status, body) in [(403, ""), (404, ""), (200, part)] {
            let script = script();
            script.always(path, status, body);
            let found = found(&script, None).await;
            let about = |finding: &&Finding| finding.detail.contains("ContractBillingRules");
            let told = found.iter().find(about).expect("it is checked");
            assert_eq!(told.outcome, Outcome::Warning, "{told:?}");
            assert!(told.detail.contains("show one-time charges"), "{told:?}");
            assert!(told.advice.is_some() && found.iter().all(|f| f.outcome != Outcome::Bad));
        }
    }

    #[tokio::test]
    async fn a_missing_permission_and_an_empty_list_are_told_apart() {
        let script = script();
        script.rows("Contracts", Vec::new());
        let none = r#"{"info":{"canQuery":true,"userAccessForQuery":0}}"#;
        script.always("ContractServices/entityInformation", 200, none);
        let found = probed(&script).await;
        assert!(found.contains(&"permission Bad".to_owned()), "{found:?}");
        assert!(found.contains(&"agreements Warning".to_owned()), "{found:?}");
    }
}
