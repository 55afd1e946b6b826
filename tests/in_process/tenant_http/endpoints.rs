//! Zone, version, threshold, modules, ids, counts, metadata, children, credentials, methods.

use lmsyncd::demo::tenant::{Entity, Fault};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::support::{Api, everything};

#[tokio::test]
async fn the_zone_is_told_without_credentials() {
    let api = Api::stories().await;
    let url = format!(
        "{}v1.0/zoneInformation?user={}",
        api.serving.url(),
        api.tenant.credentials().username.replace('@', "%40")
    );
    let response = api.http.get(&url).send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    let zone: Value = serde_json::from_str(&response.text().await.expect("a body")).expect("JSON");
    assert_eq!(zone["url"], Value::from(api.serving.url()));
    assert_eq!(zone.as_object().expect("an object").len(), 4);

    let unknown = api.get("V1.0/ZoneInformation?user=nobody").await;
    assert_eq!(unknown.status, 500);
    assert_eq!(unknown.text, r#"{"errors":["Zone information could not be determined"]}"#);
    assert_eq!(api.tenant.limits().used(), 0);
}

#[tokio::test]
async fn small_endpoints_answer() {
    let api = Api::stories().await;
    assert_eq!(api.get("versioninformation").await.json(), json!({"apiVersions": ["1.0"]}));
    assert!(api.get("V1.0/Version").await.json()["majorVersion"].is_string());
    assert!(api.get("V1.0/Modules").await.json()["modules"][0]["key"].is_number());
    let threshold = api.get("V1.0/ThresholdInformation").await.json();
    // Version, Modules and this call itself; the first two are not all: versioninformation is free.
    assert_eq!(threshold["currentTimeframeRequestCount"], 3);
    assert_eq!(threshold["externalRequestThreshold"], 10_000);
    assert_eq!(threshold["requestThresholdTimeframe"], 60);
}

#[tokio::test]
async fn every_entity_is_queried_counted_read_and_described() {
    let api = Api::stories().await;
    for entity in Entity::ALL {
        let rows = api.query(entity.path(), everything()).await;
        let ids = rows.ids();
        assert!(!ids.is_empty(), "{entity} has rows");
        assert!(ids.is_sorted());
        let found = api.search(entity.path(), &json!({"filter": everything()})).await;
        assert_eq!(found.ids(), ids);

        let count = format!("V1.0/{entity}/query/count");
        let posted = api.post(&count, &json!({"filter": everything()})).await;
        assert_eq!(posted.json(), json!({"queryCount": ids.len()}));
        let search = "%7B%22filter%22:%5B%7B%22op%22:%22exist%22,%22field%22:%22id%22%7D%5D%7D";
        let got = api.get(&format!("{count}?search={search}")).await;
        assert_eq!(got.json(), posted.json());

        let item = api.get(&format!("V1.0/{entity}/{}", ids[0])).await.json();
        assert_eq!(item["item"], rows.items()[0]);

        let info = api.get(&format!("V1.0/{entity}/entityInformation")).await.json();
        assert_eq!(info["info"]["userAccessForQuery"], "All");
        let fields = api.get(&format!("V1.0/{entity}/entityInformation/fields")).await.json();
        for field in fields["fields"].as_array().expect("fields") {
            let name = field["name"].as_str().expect("a name");
            assert!(rows.items()[0].get(name).is_some(), "{entity}.{name} is on the row");
        }
        let udfs = format!("V1.0/{entity}/entityInformation/userDefinedFields");
        assert!(api.get(&udfs).await.json()["fields"].is_array());
    }
}

#[tokio::test]
async fn picklist_values_are_texts() {
    let api = Api::stories().await;
    let fields = api.get("V1.0/Contracts/entityInformation/fields").await.json();
    let fields = fields["fields"].as_array().expect("fields").clone();
    let field = |name| fields.iter().find(|field| field["name"] == name).expect("the field");
    let monthly = &field("contractPeriodType")["picklistValues"][0];
    assert_eq!((&monthly["value"], &monthly["label"]), (&json!("2"), &json!("Monthly")));
    assert_eq!(field("contractName")["picklistValues"], Value::Null);
    let category = field("contractCategory")["picklistValues"].as_array().expect("values").clone();
    assert!(category.iter().any(|value| value["isActive"] == false));
    let udfs = api.get("V1.0/Contracts/entityInformation/userDefinedFields").await.json();
    assert_eq!(udfs["fields"][0]["type"], "string");
}

#[tokio::test]
async fn paths_have_no_case() {
    let api = Api::stories().await;
    let url = api.serving.url().replace("ATServicesRest", "atservicesrest");
    assert_eq!(api.get(&format!("{url}v1.0/contracts/29683353")).await.status, 200);
}

#[tokio::test]
async fn children_are_found_below_their_contract() {
    let api = Api::stories().await;
    let lines = api.get("V1.0/Contracts/29683353/Services").await;
    assert_eq!(lines.ids(), [55_102, 55_103, 55_104]);
    assert_eq!(lines.json()["pageDetails"]["nextPageUrl"], Value::Null);
    assert_eq!(api.get("V1.0/ServiceBundles/401/Services").await.items().len(), 3);
}

#[tokio::test]
async fn a_missing_id_is_a_404_or_a_null() {
    let api = Api::stories().await;
    assert_eq!(api.get("V1.0/Contracts/1").await.status, 404);
    api.tenant.faults().set(Fault::NullItem);
    let missing = api.get("V1.0/Contracts/1").await;
    assert_eq!((missing.status, missing.json()), (StatusCode::OK, json!({"item": null})));
}

#[tokio::test]
async fn wrong_credentials_are_a_401_with_an_empty_body() {
    for (name, value) in [("secret", "x"), ("USERNAME", "x"), ("apiintegrationcode", "x")] {
        let mut api = Api::stories().await;
        api.header(name, value);
        let reply = api.get("V1.0/Contracts/29683353").await;
        assert_eq!((reply.status, reply.text.as_str()), (StatusCode::UNAUTHORIZED, ""), "{name}");
        assert_eq!(api.tenant.counters().authentication_failures, 1);
        assert_eq!(api.tenant.limits().used(), 0);
    }
}

#[tokio::test]
async fn a_wrong_user_or_code_is_a_500_where_switched() {
    for (name, fault, text) in [
        ("username", Fault::UnknownUser500, "Zone information could not be determined"),
        ("apiintegrationcode", Fault::WrongCode500, "IntegrationCode is invalid"),
    ] {
        let mut api = Api::stories().await;
        api.tenant.faults().set(fault);
        api.header(name, "x");
        let reply = api.get("V1.0/Contracts/29683353").await;
        assert_eq!((reply.status.as_u16(), reply.error().as_str()), (500, text));
    }
}

#[tokio::test]
async fn impersonation_meets_the_permission_error() {
    let mut api = Api::stories().await;
    api.header("ImpersonationResourceId", "5");
    let reply = api.query("Contracts", everything()).await;
    assert_eq!(reply.status, 500);
    assert!(reply.error().contains("adequate permissions"));
}

#[tokio::test]
async fn every_write_is_refused_and_counted() {
    let api = Api::stories().await;
    let before = api.tenant.get(Entity::Contracts, 29_683_353);
    let body = json!({"id": 29_683_353, "contractName": "Changed"});
    for (method, path) in [
        (Method::PUT, "V1.0/Contracts"),
        (Method::PATCH, "V1.0/Contracts"),
        (Method::POST, "V1.0/Contracts"),
        (Method::DELETE, "V1.0/Contracts/29683353"),
        (Method::POST, "V1.0/Contracts/29683353/Services"),
        (Method::POST, "V1.0/Tickets"),
    ] {
        let text = format!("The requested resource does not support http method '{method}'.");
        let reply = api.try_send(method, path, Some(&body)).await.expect("an answer");
        assert_eq!(reply.status, 405, "{path}");
        assert_eq!(reply.json(), json!({ "Message": text }));
    }
    assert_eq!(api.tenant.counters().write_attempts, 6);
    assert_eq!(api.tenant.get(Entity::Contracts, 29_683_353), before);
}

#[tokio::test]
async fn unknown_paths_are_404() {
    let api = Api::stories().await;
    assert!(api.get("V1.0/Tickets/query").await.json()["Message"].is_string());
    let outside = api.get(&api.serving.url().replace("ATServicesRest/", "elsewhere")).await;
    assert_eq!(outside.status, 404);
    assert!(outside.text.starts_with("<!DOCTYPE html"));
}

#[tokio::test]
async fn requests_are_counted_by_endpoint() {
    let api = Api::stories().await;
    api.query("Contracts", everything()).await;
    api.query("Contracts", everything()).await;
    api.get("V1.0/Contracts/29683353").await;
    let counters = api.tenant.counters();
    assert_eq!(counters.total, 3);
    assert_eq!(counters.requests("Contracts/query"), 2);
    assert_eq!(counters.requests("Contracts/{id}"), 1);
    assert_eq!(counters.highest_concurrency["Contracts"], 1);
    api.tenant.reset_counters();
    assert_eq!(api.tenant.counters().total, 0);
}

#[tokio::test]
async fn a_stopped_server_is_gone() {
    let api = Api::stories().await;
    let url = format!("{}V1.0/Version", api.serving.url());
    api.get("V1.0/Version").await;
    api.serving.stop().await.expect("the server ends");
    assert!(api.http.get(url).send().await.is_err());
}

#[tokio::test]
async fn the_router_answers_in_process() {
    use tower::ServiceExt;

    let tenant = lmsyncd::demo::tenant::Tenant::stories(super::support::today());
    tenant.set_base_url("http://tenant.test/");
    let user = tenant.credentials().username;
    let request = axum::http::Request::get(format!(
        "http://tenant.test/ATServicesRest/V1.0/ZoneInformation?user={user}"
    ))
    .body(axum::body::Body::empty())
    .expect("a request");
    let response = tenant.router().oneshot(request).await.expect("an answer");
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("a body");
    let zone: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(zone["url"], "http://tenant.test/ATServicesRest/");
}
