//! Requests at a time and requests per hour.

use std::time::Duration;

use lmsyncd::demo::tenant::Fault;
use serde_json::json;

use super::support::{Api, everything};

/// How many requests on Contracts ran at the same time so far.
fn highest(api: &Api) -> usize {
    api.tenant.counters().highest_concurrency.get("Contracts").copied().unwrap_or(0)
}

#[tokio::test]
async fn the_fourth_request_at_a_time_is_refused() {
    let api = Api::stories().await;
    // Three answers take longer than any test: they keep their places until the client leaves.
    api.tenant.faults().set(Fault::Slow.amount(3_600_000).times(3));
    let ask = || api.query("Contracts", everything());
    let refused = async {
        while highest(&api) < 3 {
            tokio::task::yield_now().await;
        }
        assert_eq!(api.get("V1.0/Services/301").await.status, 200);
        ask().await
    };
    let refused = tokio::select! {
        refused = refused => refused,
        _ = async { tokio::join!(ask(), ask(), ask()) } => panic!("the three never end"),
    };
    assert_eq!(refused.status, 429);
    assert_eq!(
        refused.error(),
        "The Autotask API thread threshold of 3 threads has been exceeded."
    );
    assert!(!refused.headers.contains_key("retry-after"));
    assert_eq!(highest(&api), 3);
    assert_eq!(api.tenant.counters().rate_limited, 1);
}

#[tokio::test]
async fn a_request_that_the_client_gives_up_frees_its_place() {
    let api = Api::stories().await;
    api.tenant.faults().set(Fault::Slow.amount(60_000));
    for _ in 0..4 {
        let url = format!("{}V1.0/Version", api.serving.url());
        let credentials = api.tenant.credentials();
        let request = api
            .http
            .get(url)
            .header("username", credentials.username)
            .header("secret", credentials.secret)
            .header("apiintegrationcode", credentials.integration_code)
            .timeout(Duration::from_millis(50));
        assert!(request.send().await.expect_err("no answer in time").is_timeout());
    }
    api.tenant.faults().clear();
    // The server notices that the client is gone a moment later: ask until it has.
    let answered = tokio::time::timeout(Duration::from_secs(10), async {
        while api.get("V1.0/Version").await.status != 200 {
            tokio::task::yield_now().await;
        }
    });
    answered.await.expect("the places come back");
}

#[tokio::test]
async fn the_hour_slows_down_and_then_refuses() {
    let api = Api::stories().await;
    let limits = api.tenant.limits();
    limits.set_threshold(100);
    limits.set_latency_step(Duration::from_millis(40));
    let timed = async |used| {
        limits.set_used(used);
        let started = tokio::time::Instant::now();
        let reply = api.get("V1.0/ThresholdInformation").await;
        (reply, started.elapsed())
    };
    let (reply, _) = timed(49).await;
    assert_eq!(reply.json()["currentTimeframeRequestCount"], 50);
    let (reply, took) = timed(50).await;
    assert_eq!(reply.status, 200);
    assert!(took >= Duration::from_millis(40), "{took:?}");
    let (_, took) = timed(75).await;
    assert!(took >= Duration::from_millis(80), "{took:?}");
    let (reply, _) = timed(100).await;
    assert_eq!(reply.status, 429);
    assert!(reply.error().contains("request threshold of 100 requests"));
    assert_eq!(limits.used(), 100);
}

#[tokio::test]
async fn the_hour_can_be_used_up_or_busy_by_fault() {
    let api = Api::stories().await;
    api.tenant.limits().set_latency_step(Duration::ZERO);
    api.tenant.faults().set(Fault::BusyHour);
    let usage = api.get("V1.0/ThresholdInformation").await.json();
    assert_eq!(usage["currentTimeframeRequestCount"], 8000);
    api.tenant.faults().set(Fault::HourlyLimit);
    assert_eq!(api.query("Contracts", everything()).await.status, 429);
}

#[tokio::test]
async fn rate_limits_pass_and_say_when() {
    let api = Api::stories().await;
    api.tenant
        .faults()
        .set("rate-limited@7:2".parse::<lmsyncd::demo::tenant::FaultRule>().unwrap());
    for _ in 0..2 {
        let reply = api.query("Contracts", everything()).await;
        assert_eq!(
            (reply.status.as_u16(), &reply.headers["retry-after"]),
            (429, &"7".parse().unwrap())
        );
    }
    assert_eq!(api.query("Contracts", everything()).await.status, 200);

    api.tenant.faults().set(Fault::HourlyLimit);
    api.tenant.faults().set(Fault::RetryAfter);
    let reply = api.post("V1.0/Contracts/query/count", &json!({"filter": everything()})).await;
    assert_eq!(
        (reply.status.as_u16(), &reply.headers["retry-after"]),
        (429, &"180".parse().unwrap())
    );
}
