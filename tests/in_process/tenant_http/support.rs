//! A plain client for a tenant that runs for one test.

use chrono::NaiveDate;
use lmsyncd::demo::tenant::{Serving, Tenant};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// The day on which the stories of these tests play.
pub fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 9, 8).expect("a date")
}

/// A running tenant and a client that is let in.
pub struct Api {
    pub tenant: Tenant,
    pub serving: Serving,
    pub http: reqwest::Client,
    headers: HeaderMap,
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The first text of `errors`.
    pub fn error(&self) -> String {
        self.json()["errors"][0].as_str().unwrap_or_default().to_owned()
    }

    pub fn items(&self) -> Vec<Value> {
        assert_eq!(self.status, 200, "{}", self.text);
        self.json()["items"].as_array().expect("items").clone()
    }

    pub fn ids(&self) -> Vec<i64> {
        self.items().iter().map(|item| item["id"].as_i64().expect("an id")).collect()
    }
}

impl Api {
    pub async fn stories() -> Api {
        Api::of(Tenant::stories(today())).await
    }

    pub async fn of(tenant: Tenant) -> Api {
        // A second test finds it installed, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let serving = tenant.serve(0).await.expect("the tenant serves");
        let credentials = tenant.credentials();
        let mut api = Api {
            tenant,
            serving,
            http: reqwest::Client::builder().no_proxy().build().expect("a client"),
            headers: HeaderMap::new(),
        };
        api.header("ApiIntegrationCode", &credentials.integration_code);
        api.header("UserName", &credentials.username);
        api.header("Secret", &credentials.secret);
        api
    }

    /// Sets a header of every request from now on.
    pub fn header(&mut self, name: &str, value: &str) {
        let name: HeaderName = name.parse().expect("a header name");
        self.headers.insert(name, HeaderValue::from_str(value).expect("a header value"));
    }

    /// A request to an absolute URL, or to a path below the base URL.
    pub async fn try_send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> reqwest::Result<Reply> {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{path}", self.serving.url())
        };
        let mut request = self.http.request(method, url).headers(self.headers.clone());
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Reply { status, headers, text: response.text().await? })
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.try_send(Method::GET, path, None).await.expect("an answer")
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.try_send(Method::POST, path, Some(body)).await.expect("an answer")
    }

    /// A GET query with its search.
    pub async fn search(&self, entity: &str, search: &Value) -> Reply {
        let search = percent_encoding::utf8_percent_encode(
            &search.to_string(),
            percent_encoding::NON_ALPHANUMERIC,
        )
        .to_string();
        self.get(&format!("V1.0/{entity}/query?search={search}")).await
    }

    /// A POST query with these conditions.
    pub async fn query(&self, entity: &str, filter: Value) -> Reply {
        self.post(&format!("V1.0/{entity}/query"), &json!({ "filter": filter })).await
    }
}

/// The filter that every row passes.
pub fn everything() -> Value {
    json!([{"op": "exist", "field": "id"}])
}

/// The rows of a service line that are not over before the day, as `first..last units price`.
pub async fn rows_from(api: &Api, line: i64, day: NaiveDate) -> Vec<String> {
    rows_of(api, "ContractServiceUnits", "contractServiceID", line, day).await
}

/// The same of any line.
pub async fn rows_of(
    api: &Api,
    units: &str,
    field: &str,
    line: i64,
    day: NaiveDate,
) -> Vec<String> {
    let filter = json!([
        {"op": "eq", "field": field, "value": line},
        {"op": "gte", "field": "endDate", "value": day.to_string()},
    ]);
    let mut told: Vec<String> = Vec::new();
    let mut rows = api.query(units, filter).await.items();
    rows.sort_by_key(|row| row["startDate"].as_str().map(|day| day[..10].to_owned()));
    for row in rows {
        let day = |name: &str| row[name].as_str().expect("a date")[5..10].to_owned();
        let price = row["price"].to_string();
        let price = price.strip_suffix("00").unwrap_or(&price);
        told.push(format!("{}..{} {} {price}", day("startDate"), day("endDate"), row["units"]));
    }
    told
}
