//! The way of a request: what is refused before anyone looks, who is let in, what it costs, and
//! how the answer travels. What endpoints answer is in `service`.

use std::time::Duration;

use super::call::Call;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::response::Response;

use super::answer::{self, Answer, Delivery};
use super::auth::{self, Refusal};
use super::limits::Slot;
use super::route::{Endpoint, Route};
use super::service;
use crate::demo::tenant::Tenant;
use crate::demo::tenant::fault::Fault;
use crate::demo::tenant::schema::entity::Entity;

/// The largest body that is read, in bytes: a query with 500 ids needs a few thousand.
const LARGEST_BODY: usize = 1 << 20;
/// The longest query string, in bytes; a longer one never reaches the service (section 2.3).
const LONGEST_QUERY: usize = 2048;
/// Milliseconds of the fault `slow` unless it says otherwise.
const SLOW: u64 = 1000;
/// Seconds of Retry-After unless the fault says otherwise: of `rate-limited`, of `retry-after`.
const RETRY_SOON: u64 = 60;
const RETRY_LATER: u64 = 180;

/// MiB of the fault `endless-answer` unless it says otherwise.
const ENDLESS: u64 = 32;

/// A text that goes away by itself, as a database in trouble gives it.
const TRANSIENT: &str = "Execution Timeout Expired.  The timeout period elapsed prior to \
    completion of the operation or the server is not responding.\r\nThe statement has been \
    terminated.";

/// What a locked account is told; the real words were not recorded.
const LOCKED: &str =
    "Your user account has been locked. Please see your Autotask administrator for assistance.";

/// Answers every request of the tenant, each with the time at which it does.
pub(crate) async fn handle(State(tenant): State<Tenant>, request: Request<Body>) -> Response {
    let date = tenant.clock().map(|now| now.format("%a, %d %b %Y %H:%M:%S GMT").to_string());
    let mut response = respond(tenant, request).await;
    if let Some(date) = date.and_then(|date| date.try_into().ok()) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

async fn respond(tenant: Tenant, request: Request<Body>) -> Response {
    let (head, body) = request.into_parts();
    let route = Route::read(head.uri.path());
    let entity = route.endpoint.entity();
    let faults = tenant.faults();
    tenant.tally().request(&route.endpoint.name());

    if faults.hit(Fault::CutConnection, entity).is_some() {
        return answer::cut_connection();
    }
    let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
        let text = "Maximum request length exceeded.";
        let answer = Answer::errors(StatusCode::PAYLOAD_TOO_LARGE, text);
        return answer.into_response(None, Delivery::Whole);
    };
    let second_zone = route.second_zone;
    let call = call(&tenant, &head, route, String::from_utf8_lossy(&body).into_owned());

    let (mut answer, slot) = decide(&tenant, &head, &call, second_zone).await;

    if answer.status == StatusCode::TOO_MANY_REQUESTS {
        tenant.tally().rate_limited();
        if let Some(rule) = faults.hit(Fault::RetryAfter, entity) {
            answer.retry_after = Some(rule.amount.unwrap_or(RETRY_LATER));
        }
    }
    for (fault, conflicting) in [(Fault::RepeatedRow, false), (Fault::ConflictingRow, true)] {
        if faults.hit(fault, entity).is_some() {
            answer = answer.repeated(conflicting);
        }
    }
    if faults.hit(Fault::TruncatedJson, entity).is_some() {
        answer = answer.truncated();
    }
    if let Some(rule) = faults.hit(Fault::EndlessAnswer, entity) {
        answer = answer.endless(rule.amount.unwrap_or(ENDLESS));
    }
    if let Some(rule) = faults.hit(Fault::Slow, entity) {
        // The place at the endpoint stays taken meanwhile.
        tokio::time::sleep(Duration::from_millis(rule.amount.unwrap_or(SLOW))).await;
    }
    let cut = faults.hit(Fault::CutAnswer, entity).is_some();
    answer.into_response(slot, if cut { Delivery::CutHalfWay } else { Delivery::Whole })
}

fn call(tenant: &Tenant, head: &Parts, route: Route, body: String) -> Call {
    let host = tenant.base_url().unwrap_or_else(|| {
        let named = head.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let named = named.or_else(|| head.uri.authority().map(|authority| authority.as_str()));
        format!("http://{}", named.unwrap_or("127.0.0.1"))
    });
    Call {
        base: service::base_url(&host, route.second_zone),
        endpoint: route.endpoint,
        method: head.method.clone(),
        host,
        uri: head.uri.to_string(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        body,
        impersonates: head.headers.contains_key("impersonationresourceid"),
    }
}

/// What is answered, and the place at the endpoint that the request holds.
async fn decide(
    tenant: &Tenant,
    head: &Parts,
    call: &Call,
    second_zone: bool,
) -> (Answer, Option<Slot>) {
    let faults = tenant.faults();
    let entity = call.endpoint.entity();
    let end = |answer| (answer, None);

    if faults.hit(Fault::WebPage, entity).is_some() {
        return end(Answer::filter_page());
    }
    if faults.hit(Fault::Redirect, entity).is_some() {
        return end(Answer::redirect());
    }
    let too_long = call.query.len() > LONGEST_QUERY;
    if too_long || faults.hit(Fault::HtmlNotFound, entity).is_some() {
        return end(Answer::html_not_found());
    }
    if !call.endpoint.permits(&call.method, call.parameter("search").is_some()) {
        if !matches!(call.method, Method::GET | Method::HEAD | Method::OPTIONS) {
            tenant.tally().write_attempt();
        }
        return end(Answer::method_not_allowed(call.method.as_str()));
    }
    match call.endpoint {
        Endpoint::Outside => return end(Answer::html_not_found()),
        Endpoint::Nothing => return end(Answer::no_resource(&call.uri)),
        Endpoint::ZoneInformation => return end(service::zone_information(tenant, call)),
        Endpoint::VersionInformation => return end(service::version_information()),
        _ => {}
    }
    if let Err(refusal) = let_in(tenant, head, entity, second_zone) {
        tenant.tally().authentication_failure();
        return end(refusal);
    }
    let Some(slot) = tenant.limits().enter(call.endpoint.object()) else {
        let threads = tenant.limits().threads();
        let text =
            format!("The Autotask API thread threshold of {threads} threads has been exceeded.");
        return end(Answer::errors(StatusCode::TOO_MANY_REQUESTS, &text));
    };
    if let Err(refusal) = spend(tenant, call).await {
        return (refusal, Some(slot));
    }
    (service::answer(tenant, call), Some(slot))
}

/// Zone and credentials.
fn let_in(
    tenant: &Tenant,
    head: &Parts,
    entity: Option<Entity>,
    second_zone: bool,
) -> Result<(), Answer> {
    let faults = tenant.faults();
    // A tenant is in one zone at a time; the other does not know its users.
    let elsewhere = second_zone != faults.is_set(Fault::ZoneMoved, None);
    if elsewhere || faults.hit(Fault::WrongAuth, entity).is_some() {
        return Err(Answer::unauthorized());
    }
    if faults.hit(Fault::LockedAccount, entity).is_some() {
        return Err(Answer::refused(LOCKED));
    }
    auth::check(&head.headers, &tenant.credentials(), faults).map_err(|refusal| match refusal {
        Refusal::Empty => Answer::unauthorized(),
        Refusal::Text(text) => Answer::refused(text),
    })
}

/// What the request costs, and whether it is in luck.
async fn spend(tenant: &Tenant, call: &Call) -> Result<(), Answer> {
    let faults = tenant.faults();
    let entity = call.endpoint.entity();
    let too_many = |text: &str| Answer::errors(StatusCode::TOO_MANY_REQUESTS, text);

    let used_up = faults.hit(Fault::HourlyLimit, entity).is_some();
    let busy = faults.is_set(Fault::BusyHour, entity);
    let spent = if used_up { None } else { tenant.limits().spend(busy) };
    let Some(delay) = spent else {
        let (threshold, _) = tenant.limits().usage(busy);
        // Status and text of this refusal were never recorded.
        return Err(too_many(&format!(
            "The Autotask API request threshold of {threshold} requests per 60 minutes has been \
             exceeded."
        )));
    };
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    if let Some(rule) = faults.hit(Fault::RateLimited, entity) {
        let mut answer = too_many("Too many requests. Please try again later.");
        answer.retry_after = Some(rule.amount.unwrap_or(RETRY_SOON));
        return Err(answer);
    }
    if faults.hit(Fault::TransientError, entity).is_some() {
        return Err(Answer::refused(TRANSIENT));
    }
    if faults.hit(Fault::ErrorsIn200, entity).is_some() {
        return Err(Answer::errors(StatusCode::OK, TRANSIENT));
    }
    Ok(())
}
