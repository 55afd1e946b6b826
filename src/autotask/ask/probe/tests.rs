//! Tests of the checks, on a scripted tenant.

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
    assert_eq!(found.iter().filter(|found| found.ends_with("Good")).count(), 23, "{found:?}");
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
            "connection Good",
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

/// The checks that are not good, with what they are, while Version is answered so.
async fn not_good(status: u16, body: &str) -> Vec<String> {
    let script = script();
    script.always("Version", status, body);
    let found = probed(&script).await;
    found.into_iter().filter(|found| !found.ends_with("Good")).collect()
}

#[tokio::test]
async fn each_check_speaks_of_its_own_subject() {
    let not_tried = |checks: &[&str]| -> Vec<String> {
        checks.iter().map(|check| format!("{check} Skipped")).collect()
    };
    let rest = ["clock", "permission", "agreements", "use", "currency", "fields"];
    let down = |bad: &str| {
        let mut all = vec![format!("{bad} Bad"), "credentials Skipped".to_owned()];
        all.extend(not_tried(&rest));
        all
    };
    let html = "<html><title>Blocked</title></html>";
    for (status, body) in [(503, "down"), (500, "{}"), (403, html), (302, ""), (200, html)] {
        assert_eq!(not_good(status, body).await, down("connection"), "{status} {body}");
    }
    let busy = not_good(429, "").await;
    assert!(busy.contains(&"use Bad".to_owned()), "{busy:?}");
    assert!(busy.contains(&"credentials Skipped".to_owned()), "{busy:?}");
    let locked = r#"{"errors":["Your user account has been locked. See your administrator."]}"#;
    let told = not_good(500, locked).await;
    assert_eq!(told[0], "credentials Bad");
    assert_eq!(told[1..], not_tried(&rest));
    // What breaks off in the middle takes nothing back that was found out.
    let script = script();
    script.always("Contracts/query/count", 403, html);
    let found = probed(&script).await;
    assert!(found.contains(&"connection Bad".to_owned()), "{found:?}");
    assert!(found.contains(&"credentials Good".to_owned()), "{found:?}");
    assert!(found.contains(&"agreements Skipped".to_owned()), "{found:?}");
}

#[tokio::test]
async fn an_access_that_is_not_understood_is_told_and_the_others_go_on() {
    let script = script();
    let full = r#"{"info":{"canQuery":true,"userAccessForQuery":"Full"}}"#;
    script.always("/Services/entityInformation", 200, full);
    let findings = found(&script, None).await;
    let not_good: Vec<_> = findings
        .iter()
        .filter(|f| !matches!(f.outcome, Outcome::Good | Outcome::Skipped))
        .collect();
    assert_eq!(not_good.len(), 1, "{not_good:?}");
    assert_eq!(not_good[0].outcome, Outcome::Warning);
    assert_eq!(
        not_good[0].detail,
        "whether all Services may be read is not understood: userAccessForQuery is \"Full\", \
         which is not None, Restricted or All"
    );
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
