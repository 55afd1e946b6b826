//! Real answers of the fake tenant against the service's own Swagger document.
//!
//! For every path and method of the document, one request goes to a running tenant, and the answer
//! is compared with the schema of the 200: no property that the schema lacks, every property that
//! it has, and a value of its type and format, or null. Where the schema says nothing (an empty
//! object), anything is accepted. One property is left out on purpose: `soapParentPropertyId` of
//! child entities is an expression of the service's own code, which no recorded row carries.
//!
//! The document is not part of this repository. It is looked for at the path in `LMSYNCD_SWAGGER`,
//! then in `shared/autotask/swagger-subset.json` beside the repository or one level above. Without
//! it, the test says so and passes.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use lmsyncd::demo::tenant::{Entity, Serving, Tenant};
use serde_json::{Value, json};

const LEFT_OUT: &str = "soapParentPropertyId";

/// What the tenant serves beyond the document: the document at hand is a part of the real one, made
/// before billing rules were read. Their fields follow the Autotask facts, section 9.8.
const NOT_IN_THE_DOCUMENT: [&str; 1] = ["ContractBillingRules"];

fn document() -> Option<Value> {
    let beside = |up: &str| {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(up).join("shared/autotask/swagger-subset.json")
    };
    let given = env::var_os("LMSYNCD_SWAGGER").map(PathBuf::from);
    let path =
        given.into_iter().chain([beside(".."), beside("../..")]).find(|path| path.exists())?;
    let text = fs::read_to_string(path).expect("the document is readable");
    Some(serde_json::from_str(&text).expect("the document is JSON"))
}

/// Compares values with schemas and gathers what differs.
struct Checker<'a> {
    definitions: &'a Value,
    differences: Vec<String>,
    compared: usize,
}

impl Checker<'_> {
    fn check(&mut self, value: &Value, schema: &Value, at: &str) {
        self.compared += 1;
        if value.is_null() {
            return;
        }
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.trim_start_matches("#/definitions/");
            let definition = &self.definitions[name];
            assert!(definition.is_object(), "{name} is defined");
            self.check_object(value, definition, at);
            return;
        }
        match schema["type"].as_str() {
            Some("array") => match value.as_array() {
                Some(items) => {
                    for item in items {
                        self.check(item, &schema["items"], at);
                    }
                }
                None => self.differs(at, "an array", value),
            },
            Some("object") => self.check_object(value, schema, at),
            Some(kind) => {
                let format = schema["format"].as_str().unwrap_or_default();
                if !is_of(value, kind, format) {
                    self.differs(at, &format!("{kind} {format}"), value);
                }
            }
            None => {}
        }
    }

    fn check_object(&mut self, value: &Value, definition: &Value, at: &str) {
        let Some(properties) = definition["properties"].as_object() else { return };
        if properties.is_empty() {
            return;
        }
        let Some(object) = value.as_object() else {
            self.differs(at, "an object", value);
            return;
        };
        for name in object.keys().filter(|name| !properties.contains_key(*name)) {
            self.differences.push(format!("{at}.{name} is not in the document"));
        }
        for (name, schema) in properties.iter().filter(|(name, _)| *name != LEFT_OUT) {
            match object.get(name) {
                Some(value) => self.check(value, schema, &format!("{at}.{name}")),
                None => self.differences.push(format!("{at}.{name} is missing")),
            }
        }
    }

    fn differs(&mut self, at: &str, wanted: &str, value: &Value) {
        self.differences.push(format!("{at} is {value}, not {wanted}"));
    }
}

fn is_of(value: &Value, kind: &str, format: &str) -> bool {
    match (kind, format) {
        ("integer", "int32") => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        ("integer", _) => value.as_i64().is_some(),
        ("number", _) => value.is_number(),
        ("boolean", _) => value.is_boolean(),
        ("string", "date-time") => value.as_str().is_some_and(is_date_time),
        ("string", _) => value.is_string(),
        _ => false,
    }
}

/// With an offset, or without as some services write it (then it is UTC).
fn is_date_time(text: &str) -> bool {
    DateTime::parse_from_rfc3339(text).is_ok()
        || NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").is_ok()
}

struct Api {
    tenant: Tenant,
    serving: Serving,
    http: reqwest::Client,
}

impl Api {
    async fn start() -> Api {
        // Another test of this process may have installed it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let today = NaiveDate::from_ymd_opt(2026, 9, 8).expect("a date");
        let tenant = Tenant::stories(today);
        let serving = tenant.serve(0).await.expect("the tenant serves");
        Api {
            tenant,
            serving,
            http: reqwest::Client::builder().no_proxy().build().expect("a client"),
        }
    }

    async fn ask(&self, method: &str, path: &str) -> Value {
        let query = json!({"filter": [{"op": "exist", "field": "id"}]}).to_string();
        let credentials = self.tenant.credentials();
        let entity = path.split('/').nth(2).and_then(|name| name.parse::<Entity>().ok());
        let id = entity.map(|entity| self.tenant.ids(entity)[0]).unwrap_or_default();
        let path = path.replace("{id}", &id.to_string());
        let url = format!("{}{}", self.serving.url().trim_end_matches('/'), path);
        let request = match method {
            "post" => self.http.post(url).body(query),
            _ => self.http.get(url).query(&[("search", &query), ("user", &credentials.username)]),
        };
        let response = request
            .header("ApiIntegrationCode", credentials.integration_code)
            .header("UserName", credentials.username)
            .header("Secret", credentials.secret)
            .send()
            .await
            .expect("an answer");
        assert_eq!(response.status(), 200, "{method} {path}");
        serde_json::from_str(&response.text().await.expect("a body")).expect("JSON")
    }
}

#[tokio::test]
async fn every_answer_is_as_the_document_says() {
    let Some(document) = document() else {
        // Not `eprintln!`, which is for tests that fail: this one has nothing to say but this.
        use std::io::Write;
        let text = "no Swagger document at hand: nothing was compared (see LMSYNCD_SWAGGER)\n";
        std::io::stderr().write_all(text.as_bytes()).expect("the note is written");
        return;
    };
    let api = Api::start().await;
    let definitions = &document["definitions"];
    let mut checker = Checker { definitions, differences: Vec::new(), compared: 0 };
    let mut calls = 0;
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, call) in methods.as_object().expect("methods") {
            let answer = api.ask(method, path).await;
            let schema = &call["responses"]["200"]["schema"];
            assert!(schema.is_object(), "{method} {path} has a schema");
            checker.check(&answer, schema, &format!("{method} {path}"));
            calls += 1;
        }
    }
    assert!(checker.differences.is_empty(), "{:#?}", checker.differences);
    assert!(calls > 100 && checker.compared > 1000, "{calls} calls, {} values", checker.compared);
}

#[tokio::test]
async fn entities_of_the_document_are_those_of_the_tenant() {
    let Some(document) = document() else { return };
    let paths = document["paths"].as_object().expect("paths");
    let mut queried: Vec<&str> = paths
        .keys()
        .filter_map(|path| path.strip_suffix("/query")?.strip_prefix("/V1.0/"))
        .collect();
    let mut served: Vec<&str> = Entity::ALL.into_iter().map(Entity::path).collect();
    queried.sort_unstable();
    served.sort_unstable();
    let absent: Vec<&str> = served.iter().copied().filter(|name| !queried.contains(name)).collect();
    assert_eq!(absent, NOT_IN_THE_DOCUMENT);
    served.retain(|name| !NOT_IN_THE_DOCUMENT.contains(name));
    assert_eq!(served, queried);
}
