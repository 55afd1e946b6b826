//! For tests: a transport that answers from rows in memory, and with faults that a test asks for.

use std::collections::{BTreeMap, VecDeque};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::api::Autotask;
use super::http::transport_error::TransportError;
use crate::autotask::http::options::Options;
use crate::autotask::http::request::HttpRequest;
use crate::autotask::http::transport::{HttpResponse, Transport};
use crate::autotask::query::filter::PAGE_ROWS;
use crate::autotask::session::connection::Connection;
use crate::autotask::session::zone::ZoneMemory;
use crate::clock::ManualClock;

/// Where the scripted tenant lives until it moves.
pub(super) const ZONE: &str = "http://127.0.0.1:1/zone1/";

/// A scripted tenant. Everything that is asked is written down.
#[derive(Clone, Default)]
pub(super) struct Script(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    zone: String,
    rows: BTreeMap<String, Vec<Value>>,
    fields: BTreeMap<String, Value>,
    once: Vec<(String, VecDeque<Answer>)>,
    always: BTreeMap<String, Answer>,
    asked: Vec<(String, String)>,
    silent: bool,
}

#[derive(Clone)]
struct Answer {
    status: u16,
    body: String,
}

/// Rows that are contracts of company 1, as far as a walk is concerned.
pub(super) fn contracts(ids: RangeInclusive<i64>) -> Vec<Value> {
    ids.map(|id| json!({"id": id, "companyID": 1})).collect()
}

/// The moment at which a scripted tenant is read.
pub(super) fn now() -> DateTime<Utc> {
    "2026-10-15T06:30:00Z".parse().expect("a moment")
}

impl Script {
    pub fn new() -> Script {
        let script = Script::default();
        script.with(|state| state.zone = ZONE.to_owned());
        script
    }

    /// The rows of an entity, by id.
    pub fn rows(&self, entity: &str, rows: Vec<Value>) {
        self.with(|state| state.rows.insert(entity.to_owned(), rows));
    }

    /// The fields of an entity, as in an answer to `entityInformation/fields`.
    pub fn fields(&self, entity: &str, fields: Value) {
        self.with(|state| state.fields.insert(entity.to_owned(), json!({"fields": fields})));
    }

    /// Answers the next request whose URL ends with `path` like this.
    pub fn once(&self, path: &str, status: u16, body: &str) {
        let answer = Answer { status, body: body.to_owned() };
        self.with(|state| match state.once.iter_mut().find(|(known, _)| known == path) {
            Some((_, answers)) => answers.push_back(answer),
            None => state.once.push((path.to_owned(), VecDeque::from([answer]))),
        });
    }

    /// Answers every request whose URL ends with `path` like this.
    pub fn always(&self, path: &str, status: u16, body: &str) {
        let answer = Answer { status, body: body.to_owned() };
        self.with(|state| state.always.insert(path.to_owned(), answer));
    }

    /// The tenant moves: the zone that served it so far refuses the credentials.
    pub fn move_to(&self, zone: &str) {
        self.with(|state| state.zone = zone.to_owned());
    }

    /// Never answers again.
    pub fn fall_silent(&self) {
        self.with(|state| state.silent = true);
    }

    /// How many requests went to a URL that ends with `path`.
    pub fn asked(&self, path: &str) -> usize {
        self.with(|state| state.asked.iter().filter(|(url, _)| url.ends_with(path)).count())
    }

    /// The bodies of the requests to a URL that ends with `path`.
    pub fn bodies(&self, path: &str) -> Vec<Value> {
        self.with(|state| {
            let asked = state.asked.iter().filter(|(url, _)| url.ends_with(path));
            asked.map(|(_, body)| serde_json::from_str(body).expect("JSON")).collect()
        })
    }

    /// How many requests there were in all.
    pub fn total(&self) -> usize {
        self.with(|state| state.asked.len())
    }

    pub fn connection(&self) -> Connection {
        let clock = Arc::new(ManualClock::at(now()));
        let options = Options::for_tests("http://127.0.0.1:1/discovery/");
        Connection::new(options, Arc::new(self.clone()), clock, ZoneMemory::none())
    }

    pub fn autotask(&self) -> Autotask {
        self.autotask_with(now(), |_| {})
    }

    /// The same at another moment and with other options.
    pub fn autotask_with(&self, now: DateTime<Utc>, change: impl FnOnce(&mut Options)) -> Autotask {
        let mut options = Options::for_tests("http://127.0.0.1:1/discovery/");
        change(&mut options);
        let clock = Arc::new(ManualClock::at(now));
        Autotask::new(options, Arc::new(self.clone()), clock, ZoneMemory::none())
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().expect("the script"))
    }
}

impl Transport for Script {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        let body = request.body().unwrap_or_default().to_owned();
        let answer = self.with(|state| {
            state.asked.push((request.url().to_owned(), body.clone()));
            state.answer(request.url(), &body)
        });
        let silent = self.with(|state| state.silent);
        Box::pin(async move {
            if silent {
                std::future::pending::<()>().await;
            }
            let body = answer.body.into_bytes();
            Ok(HttpResponse::new(answer.status, Vec::new(), body))
        })
    }
}

impl State {
    fn answer(&mut self, url: &str, body: &str) -> Answer {
        let mut scripted = self.once.iter_mut().filter(|(path, _)| url.ends_with(path.as_str()));
        if let Some(answer) = scripted.find_map(|(_, answers)| answers.pop_front()) {
            return answer;
        }
        if let Some((_, answer)) = self.always.iter().find(|(path, _)| url.ends_with(*path)) {
            return answer.clone();
        }
        let ok = |body: Value| Answer { status: 200, body: body.to_string() };
        if url.contains("/zoneInformation?user=") {
            return ok(json!({"zoneName": "Test", "url": self.zone,
                "webUrl": "https://ww1.example/"}));
        }
        let Some(path) = url.strip_prefix(&self.zone) else {
            return Answer { status: 401, body: String::new() };
        };
        let path = path.trim_start_matches("V1.0/");
        let (entity, tail) = path.split_once('/').unwrap_or((path, ""));
        match tail {
            "query" => ok(self.page(entity, body)),
            "query/count" => ok(json!({"queryCount": self.found(entity, body).len()})),
            "entityInformation" => ok(json!({"info": {
                "name": entity, "canQuery": true, "userAccessForQuery": "All"}})),
            "entityInformation/fields" => {
                ok(self.fields.get(entity).cloned().unwrap_or(json!({"fields": []})))
            }
            "" if entity == "Version" => ok(json!({"majorVersion": "1"})),
            "" if entity == "ThresholdInformation" => ok(json!({
                "externalRequestThreshold": 10000, "requestThresholdTimeframe": 60,
                "currentTimeframeRequestCount": 124})),
            _ => Answer { status: 404, body: "<html>".to_owned() },
        }
    }

    fn found(&self, entity: &str, body: &str) -> Vec<&Value> {
        let body: Value = serde_json::from_str(body).expect("a body");
        let filter = body["filter"].as_array().expect("a filter");
        let rows = self.rows.get(entity).map(Vec::as_slice).unwrap_or_default();
        let mut found: Vec<&Value> = rows
            .iter()
            .filter(|row| filter.iter().all(|condition| holds(condition, row)))
            .collect();
        found.sort_by_key(|row| row["id"].as_i64());
        found
    }

    fn page(&self, entity: &str, body: &str) -> Value {
        let mut found = self.found(entity, body);
        found.truncate(PAGE_ROWS);
        json!({"items": found, "pageDetails": {
            "count": found.len(), "requestCount": PAGE_ROWS,
            "prevPageUrl": null, "nextPageUrl": null}})
    }
}

fn holds(condition: &Value, row: &Value) -> bool {
    if let Some(items) = condition["items"].as_array() {
        return match condition["op"].as_str() {
            Some("and") => items.iter().all(|item| holds(item, row)),
            Some("or") => items.iter().any(|item| holds(item, row)),
            other => panic!("the group {other:?} is not scripted"),
        };
    }
    let actual = &row[condition["field"].as_str().expect("a field")];
    let wanted = &condition["value"];
    let date = |value: &Value| value.as_str().map(str::to_owned);
    match condition["op"].as_str().expect("an operator") {
        "gt" => actual.as_i64() > wanted.as_i64(),
        "in" => wanted.as_array().expect("a list").contains(actual),
        "lte" => actual.is_string() && date(actual) <= date(wanted),
        "gte" => date(actual) >= date(wanted),
        "exist" => !actual.is_null(),
        other => panic!("the operator {other} is not scripted"),
    }
}
