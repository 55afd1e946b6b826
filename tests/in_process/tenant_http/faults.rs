//! Each fault, as a client meets it.

use lmsyncd::demo::tenant::{Entity, Fault};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::support::{Api, everything};

const PERMISSION: &str =
    "The logged in Resource does not have the adequate permissions to query this entity type.";

async fn contracts(api: &Api) -> reqwest::Result<super::support::Reply> {
    let body = json!({"filter": everything()});
    api.try_send(Method::POST, "V1.0/Contracts/query", Some(&body)).await
}

async fn access(api: &Api, entity: &str) -> Value {
    let info = api.get(&format!("V1.0/{entity}/entityInformation")).await.json();
    assert_eq!(info["info"]["canQuery"], true);
    info["info"]["userAccessForQuery"].clone()
}

#[tokio::test]
async fn wrong_auth_refuses_everyone() {
    let api = Api::stories().await;
    api.tenant.faults().set(Fault::WrongAuth);
    let reply = api.get("V1.0/Version").await;
    assert_eq!((reply.status, reply.text.as_str()), (StatusCode::UNAUTHORIZED, ""));
    api.tenant.faults().clear_one(Fault::WrongAuth);
    assert_eq!(api.get("V1.0/Version").await.status, 200);
}

#[tokio::test]
async fn a_missing_permission_is_a_500_on_its_entity() {
    let api = Api::stories().await;
    api.tenant.faults().set(Fault::NoPermission);
    for path in ["V1.0/Contracts/query", "V1.0/Contracts/query/count"] {
        let reply = api.post(path, &json!({"filter": everything()})).await;
        assert_eq!((reply.status.as_u16(), reply.error().as_str()), (500, PERMISSION));
    }
    assert_eq!(api.get("V1.0/Contracts/29683353").await.status, 500);
    assert_eq!(access(&api, "Contracts").await, "None");
    assert_eq!(access(&api, "Services").await, "All");
    assert_eq!(api.query("Services", everything()).await.status, 200);

    api.tenant.faults().clear();
    api.tenant.faults().set(Fault::NoPermission.on(Entity::Services));
    assert_eq!(api.query("Services", everything()).await.status, 500);
    assert_eq!(api.query("Contracts", everything()).await.status, 200);

    api.tenant.faults().set(Fault::Forbidden.on(Entity::Contracts));
    assert_eq!(api.query("Contracts", everything()).await.status, 403);
}

#[tokio::test]
async fn what_stands_on_the_way_answers_in_its_own_manner() {
    let api = Api::stories().await;
    api.tenant.faults().set(Fault::WebPage);
    let reply = api.get("V1.0/Version").await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    assert!(reply.text.starts_with("<!DOCTYPE html>"), "{}", reply.text);
    api.tenant.faults().clear();
    api.tenant.faults().set(Fault::LockedAccount);
    let reply = api.get("V1.0/Version").await;
    assert_eq!(reply.status.as_u16(), 500);
    assert!(reply.error().contains("account has been locked"), "{}", reply.error());
    api.tenant.faults().clear();
    api.tenant.faults().set(Fault::NoModule);
    assert_eq!(api.query("ContractServiceBundles", everything()).await.status.as_u16(), 500);
    assert_eq!(api.query("Contracts", everything()).await.status, 200);
    assert_eq!(access(&api, "ContractServiceBundles").await, "None");
    api.tenant.faults().set(Fault::UnclearAccess);
    assert_eq!(access(&api, "Contracts").await, "Full");
}

#[tokio::test]
async fn a_row_may_come_twice_and_be_another_the_second_time() {
    let api = Api::stories().await;
    for (fault, is_same) in [(Fault::RepeatedRow, true), (Fault::ConflictingRow, false)] {
        api.tenant.faults().clear();
        api.tenant.faults().set(fault);
        let rows = api.query("Contracts", everything()).await.items().to_vec();
        let (first, last) = (rows.first().expect("a row"), rows.last().expect("another"));
        assert_eq!(first["id"], last["id"]);
        assert_eq!(first == last, is_same, "{fault}");
    }
}

#[tokio::test]
async fn restricted_visibility_is_silent() {
    let api = Api::stories().await;
    let all = api.query("Contracts", everything()).await.ids();
    let lines = api.query("ContractServices", everything()).await.items().len();
    api.tenant.faults().set(Fault::Restricted);
    let seen = api.query("Contracts", everything()).await.ids();
    let even: Vec<i64> = all.iter().copied().filter(|id| id % 2 == 0).collect();
    assert_eq!(seen, even);
    let count = api.post("V1.0/Contracts/query/count", &json!({"filter": everything()})).await;
    assert_eq!(count.json()["queryCount"], seen.len());
    assert_eq!(api.get("V1.0/Contracts/29683353").await.status, 404);
    assert!(api.query("ContractServices", everything()).await.items().len() < lines);
    assert_eq!(access(&api, "Contracts").await, "Restricted");

    api.tenant.faults().set(Fault::NoRows);
    assert!(api.query("Contracts", everything()).await.ids().is_empty());
    assert!(api.query("ContractServices", everything()).await.ids().is_empty());
    assert!(!api.query("Companies", everything()).await.ids().is_empty());
    assert_eq!(access(&api, "Contracts").await, "Restricted");
}

#[tokio::test]
async fn access_may_be_numbers() {
    let api = Api::stories().await;
    api.tenant.faults().set(Fault::NumericAccess);
    assert_eq!(access(&api, "Contracts").await, 1);
    api.tenant.faults().set(Fault::NoPermission);
    assert_eq!(access(&api, "Contracts").await, 0);
}

#[tokio::test]
async fn html_comes_in_place_of_json() {
    let api = Api::stories().await;
    api.tenant.faults().set(Fault::HtmlNotFound.times(1));
    let reply = api.query("Contracts", everything()).await;
    assert_eq!(reply.status, 404);
    assert!(reply.headers["content-type"].to_str().unwrap().starts_with("text/html"));
    assert_eq!(api.query("Contracts", everything()).await.status, 200);
}

#[tokio::test]
async fn connections_are_cut_before_the_answer() {
    let api = Api::stories().await;
    api.tenant.faults().set(Fault::CutConnection.times(2));
    for _ in 0..2 {
        assert!(contracts(&api).await.expect_err("no answer").status().is_none());
    }
    assert_eq!(contracts(&api).await.expect("an answer").status, 200);
}

#[tokio::test]
async fn a_cut_connection_sends_no_byte() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let api = Api::stories().await;
    api.tenant.faults().set(Fault::CutConnection);
    let address = ("127.0.0.1", api.serving.port());
    let mut connection = tokio::net::TcpStream::connect(address).await.expect("a connection");
    let request = b"GET /ATServicesRest/V1.0/Version HTTP/1.1\r\nHost: x\r\n\r\n";
    connection.write_all(request).await.expect("the request is sent");
    let mut answer = Vec::new();
    // An end or a reset, but no byte.
    let _ = connection.read_to_end(&mut answer).await;
    assert_eq!(answer, b"");
}

#[tokio::test]
async fn connections_are_cut_in_the_answer() {
    let api = Api::stories().await;
    api.tenant.faults().set(Fault::CutAnswer.on(Entity::Contracts).times(1));
    assert_eq!(api.query("Services", everything()).await.status, 200);
    let response = api
        .http
        .post(format!("{}V1.0/Contracts/query", api.serving.url()))
        .header("username", api.tenant.credentials().username)
        .header("secret", api.tenant.credentials().secret)
        .header("apiintegrationcode", api.tenant.credentials().integration_code)
        .body(json!({"filter": everything()}).to_string())
        .send()
        .await
        .expect("the answer begins");
    assert_eq!(response.status(), 200);
    assert!(response.bytes().await.is_err(), "the answer does not end");
    assert_eq!(contracts(&api).await.expect("an answer").status, 200);
}

#[tokio::test]
async fn json_ends_half_way() {
    let api = Api::stories().await;
    api.tenant.faults().set(Fault::TruncatedJson.times(1));
    let reply = contracts(&api).await.expect("whole HTTP");
    assert_eq!(reply.status, 200);
    assert!(serde_json::from_str::<Value>(&reply.text).is_err());
}

#[tokio::test]
async fn transient_errors_and_errors_in_200_have_texts() {
    let api = Api::stories().await;
    api.tenant.faults().set(Fault::TransientError.times(1));
    let reply = api.query("Contracts", everything()).await;
    assert_eq!(reply.status, 500);
    assert!(reply.error().starts_with("Execution Timeout Expired."));
    api.tenant.faults().set(Fault::ErrorsIn200.times(1));
    let reply = api.query("Contracts", everything()).await;
    assert_eq!(reply.status, 200);
    assert!(!reply.error().is_empty());
}

#[tokio::test]
async fn an_ignored_filter_returns_everything() {
    let api = Api::stories().await;
    let all = api.query("Contracts", everything()).await.ids();
    api.tenant.faults().set(Fault::IgnoredFilter);
    let walk = json!([{"op": "gt", "field": "id", "value": 29_683_602}]);
    assert_eq!(api.query("Contracts", walk).await.ids(), all);
}

#[tokio::test]
async fn a_moved_tenant_is_found_again_through_its_zone() {
    let api = Api::stories().await;
    let user = api.tenant.credentials().username;
    api.tenant.faults().set(Fault::ZoneMoved);
    let reply = api.query("Contracts", everything()).await;
    assert_eq!((reply.status, reply.text.as_str()), (StatusCode::UNAUTHORIZED, ""));
    let zone = api.get(&format!("V1.0/ZoneInformation?user={user}")).await.json();
    let url = zone["url"].as_str().expect("a URL");
    assert!(url.ends_with("/zone2/ATServicesRest/"), "{url}");
    let body = json!({"maxRecords": 5, "filter": everything()});
    let moved = api.post(&format!("{url}V1.0/Contracts/query"), &body).await;
    assert_eq!(moved.items().len(), 5);
    let next = moved.json()["pageDetails"]["nextPageUrl"].as_str().expect("a page").to_owned();
    assert!(next.starts_with(url));
    assert_eq!(api.post(&next, &body).await.status, 200);

    api.tenant.faults().clear();
    assert_eq!(api.get(&format!("{url}V1.0/Version")).await.status, 401);
}

#[tokio::test]
async fn the_modification_date_may_not_exist() {
    let api = Api::stories().await;
    api.tenant.faults().set(Fault::NoLastModified);
    let rows = api.query("Contracts", everything()).await.items();
    assert!(rows.iter().all(|row| row.get("lastModifiedDateTime").is_none()));
    let fields = api.get("V1.0/Contracts/entityInformation/fields").await;
    assert!(!fields.text.contains("lastModifiedDateTime"));
    let filter = json!([{"op": "gt", "field": "lastModifiedDateTime", "value": "2026-01-01"}]);
    assert_eq!(
        api.query("Contracts", filter).await.error(),
        "Unable to find lastModifiedDateTime in the Contract Entity."
    );
    let currencies = api.query("Currencies", everything()).await.items();
    assert!(currencies[0].get("lastModifiedDateTime").is_some());
}

#[tokio::test]
async fn costs_may_be_hidden() {
    let api = Api::stories().await;
    api.tenant.faults().set(Fault::NoCosts);
    let line = api.get("V1.0/ContractServices/55102").await.json();
    assert_eq!(line["item"]["unitCost"], Value::Null);
    assert!(line["item"]["unitPrice"].is_number());
}
