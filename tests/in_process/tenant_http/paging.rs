//! Pages: how their URLs are followed after a GET and after a POST.

use reqwest::Method;
use serde_json::{Value, json};

use super::support::{Api, Reply, everything};

fn next(reply: &Reply) -> Option<String> {
    reply.json()["pageDetails"]["nextPageUrl"].as_str().map(str::to_owned)
}

async fn all_ids(api: &Api) -> Vec<i64> {
    api.query("Contracts", everything()).await.ids()
}

#[tokio::test]
async fn pages_of_a_get_are_followed_with_get() {
    let api = Api::stories().await;
    let mut reply =
        api.search("Contracts", &json!({"maxRecords": 4, "filter": everything()})).await;
    let mut ids = reply.ids();
    assert_eq!(reply.json()["pageDetails"]["prevPageUrl"], Value::Null);
    while let Some(url) = next(&reply) {
        assert!(url.contains("/query/next?paging=") && url.contains("&search="), "{url}");
        assert!(url.starts_with(&api.serving.url()));
        reply = api.get(&url).await;
        assert!(reply.json()["pageDetails"]["prevPageUrl"].is_string());
        ids.extend(reply.ids());
    }
    assert_eq!(ids, all_ids(&api).await);
    assert_eq!(reply.json()["pageDetails"]["requestCount"], 4);
    assert_eq!(reply.json()["pageDetails"]["count"], reply.ids().len());
}

#[tokio::test]
async fn pages_of_a_post_are_posted_with_the_same_body() {
    let api = Api::stories().await;
    let body = json!({"maxRecords": 5, "filter": everything()});
    let mut reply = api.post("V1.0/Contracts/query", &body).await;
    let mut ids = reply.ids();
    while let Some(url) = next(&reply) {
        assert!(!url.contains("search="), "{url}");
        let got = api.get(&url).await;
        assert_eq!(got.status, 405);
        assert_eq!(
            got.json(),
            json!({"Message": "The requested resource does not support http method 'GET'."})
        );
        let empty = api.try_send(Method::POST, &url, None).await.expect("an answer");
        assert_eq!(empty.status, 500);
        reply = api.post(&url, &body).await;
        ids.extend(reply.ids());
    }
    assert_eq!(ids, all_ids(&api).await);
    assert_eq!(api.tenant.counters().write_attempts, 0);
}

#[tokio::test]
async fn company_zero_is_on_the_first_page() {
    let api = Api::stories().await;
    let body = json!({"maxRecords": 1, "filter": everything()});
    let reply = api.post("V1.0/Companies/query", &body).await;
    assert_eq!(reply.ids(), [0]);
    let second = api.post(&next(&reply).expect("a next page"), &body).await;
    assert_eq!(second.ids(), [174]);
}

#[tokio::test]
async fn an_exact_last_page_has_no_next() {
    let api = Api::stories().await;
    let body = json!({"maxRecords": 3, "filter": everything()});
    let reply = api.post("V1.0/Currencies/query", &body).await;
    assert_eq!((reply.items().len(), next(&reply)), (3, None));
}

#[tokio::test]
async fn a_get_with_a_long_query_never_arrives() {
    let api = Api::stories().await;
    let ids: Vec<i64> = (29_600_000..29_600_300).collect();
    let filter = json!([{"op": "in", "field": "id", "value": ids}]);
    let reply = api.search("Contracts", &json!({ "filter": filter })).await;
    assert_eq!(reply.status, 404);
    assert!(reply.text.contains("<html"));
    assert_eq!(api.query("Contracts", filter).await.ids(), [29_600_001]);
}
