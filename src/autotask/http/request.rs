//! The requests that can be made: nothing that could change anything in Autotask.
//!
//! A [`Request`] is built in three ways only: GET of a path, POST of `…/query` and POST of
//! `…/query/count`. An [`HttpRequest`], which a transport sends, is only made from one. So no
//! other part of the program can say anything else to Autotask.

use std::fmt;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::entity::{Endpoint, Entity};
use crate::model::SecretSource;

/// What is asked of Autotask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::autotask) struct Request {
    endpoint: Endpoint,
    what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    /// GET of what is below the endpoint, such as `/entityInformation`.
    Get(String),
    /// POST of `/query` with this body.
    Query(String),
    /// POST of `/query/count` with this body.
    Count(String),
}

/// As whom something was asked.
#[derive(Debug, Clone, Copy)]
pub(in crate::autotask) struct ApiUser<'a> {
    /// The API user's name.
    pub name: &'a str,
    /// Where its secret comes from.
    pub source_of_secret: SecretSource,
}

/// Who asks: the three headers of section 1.2 of the Autotask facts.
pub(in crate::autotask) struct Credentials {
    /// The API user's name.
    pub username: String,
    /// Its secret.
    pub secret: SecretString,
    /// Where the secret comes from.
    pub source_of_secret: SecretSource,
    /// The API tracking identifier.
    pub integration_code: SecretString,
}

impl Credentials {
    /// As whom is asked.
    pub fn user(&self) -> ApiUser<'_> {
        ApiUser { name: &self.username, source_of_secret: self.source_of_secret }
    }

    /// Tells these credentials from others after a restart: other ones have the same trace once in
    /// 65,536 times, and it is too short to tell anyone the secret.
    pub fn trace(&self) -> u16 {
        let mut hash = Sha256::new();
        let secrets = [self.secret.expose_secret(), self.integration_code.expose_secret()];
        for part in [self.username.as_str()].into_iter().chain(secrets) {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        let hash = hash.finalize();
        u16::from_be_bytes([hash[0], hash[1]])
    }

    /// Whether both are the same, without showing them.
    pub fn same_as(&self, other: &Credentials) -> bool {
        self.username == other.username && self.same_secrets(other) == (true, true)
    }

    /// Whether the secret is the same, and whether the integration code is, without showing them.
    pub fn same_secrets(&self, other: &Credentials) -> (bool, bool) {
        let same = |a: &SecretString, b: &SecretString| a.expose_secret() == b.expose_secret();
        (same(&self.secret, &other.secret), same(&self.integration_code, &other.integration_code))
    }
}

impl Request {
    /// The zone of a user.
    pub fn zone_information(username: &str) -> Request {
        let user = utf8_percent_encode(username, NON_ALPHANUMERIC);
        Request { endpoint: Endpoint::Zone, what: What::Get(format!("?user={user}")) }
    }

    /// The version: needs credentials, but no permission.
    pub fn version() -> Request {
        Request { endpoint: Endpoint::Version, what: What::Get(String::new()) }
    }

    /// How many requests the tenant has made in the last hour.
    pub fn threshold() -> Request {
        Request { endpoint: Endpoint::Threshold, what: What::Get(String::new()) }
    }

    /// What the user may do with an entity.
    pub fn entity_information(entity: Entity) -> Request {
        Request {
            endpoint: Endpoint::Entity(entity),
            what: What::Get("/entityInformation".to_owned()),
        }
    }

    /// The fields of an entity with their picklists.
    pub fn fields(entity: Entity) -> Request {
        Request {
            endpoint: Endpoint::Entity(entity),
            what: What::Get("/entityInformation/fields".to_owned()),
        }
    }

    /// Rows of an entity.
    pub fn query(entity: Entity, body: String) -> Request {
        Request { endpoint: Endpoint::Entity(entity), what: What::Query(body) }
    }

    /// How many rows of an entity there are.
    pub fn count(entity: Entity, body: String) -> Request {
        Request { endpoint: Endpoint::Entity(entity), what: What::Count(body) }
    }

    /// The longest answer that makes sense, in bytes. A page of 500 agreements with long descriptions
    /// has 3 MiB, the fields of an entity with long picklists some 500 kB, and all others below 10.
    fn longest_answer(&self) -> usize {
        const KIB: usize = 1024;
        match &self.what {
            What::Query(_) => 12 * KIB * KIB,
            What::Get(tail) if tail.ends_with("/fields") => 4 * KIB * KIB,
            What::Get(_) | What::Count(_) => 256 * KIB,
        }
    }

    /// What the thread limit counts it by.
    pub fn endpoint(&self) -> Endpoint {
        self.endpoint
    }

    /// The request against the zone, or the discovery address, whose URL is `base` and ends with a
    /// slash. Zone discovery works without credentials, so it is sent without any.
    pub fn to_http(&self, base: &str, credentials: &Credentials) -> HttpRequest {
        let (method, tail, body) = match &self.what {
            What::Get(tail) => (Method::Get, tail.as_str(), None),
            What::Query(body) => (Method::Post, "/query", Some(body.clone())),
            What::Count(body) => (Method::Post, "/query/count", Some(body.clone())),
        };
        let headers = match self.endpoint {
            Endpoint::Zone => Vec::new(),
            _ => vec![
                ("ApiIntegrationCode", credentials.integration_code.clone()),
                ("UserName", SecretString::from(credentials.username.clone())),
                ("Secret", credentials.secret.clone()),
                ("Content-Type", SecretString::from("application/json")),
            ],
        };
        let url = format!("{base}V1.0/{}{tail}", self.endpoint);
        HttpRequest { method, url, headers, body, longest_answer: self.longest_answer() }
    }
}

/// Safe for a log: without credentials and without the user's name.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Get(_) if self.endpoint == Endpoint::Zone => write!(f, "GET {}", self.endpoint),
            What::Get(tail) => write!(f, "GET {}{tail}", self.endpoint),
            What::Query(_) => write!(f, "POST {}/query", self.endpoint),
            What::Count(_) => write!(f, "POST {}/query/count", self.endpoint),
        }
    }
}

/// The two methods that reading needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// POST, of a query only.
    Post,
}

impl Method {
    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
        }
    }
}

/// A request as a [`Transport`](crate::autotask::Transport) sends it. It can only be made inside
/// `src/autotask`.
pub struct HttpRequest {
    method: Method,
    url: String,
    headers: Vec<(&'static str, SecretString)>,
    body: Option<String>,
    longest_answer: usize,
}

impl HttpRequest {
    /// The longest answer that makes sense, in bytes.
    pub fn longest_answer(&self) -> usize {
        self.longest_answer
    }

    /// The method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The whole URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The headers with their values. Among them are secrets: only to be sent.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.headers.iter().map(|(name, value)| (*name, value.expose_secret()))
    }

    /// The body of a query.
    pub fn body(&self) -> Option<&str> {
        self.body.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials() -> Credentials {
        Credentials {
            username: "abc+1@MSP.EXAMPLE".to_owned(),
            secret: SecretString::from("s3cret"),
            source_of_secret: SecretSource::File,
            integration_code: SecretString::from("c0de"),
        }
    }

    /// One of every request that can be made.
    fn every_request() -> Vec<Request> {
        let mut all = vec![
            Request::zone_information("abc+1@MSP.EXAMPLE"),
            Request::version(),
            Request::threshold(),
        ];
        for entity in Entity::NEEDED {
            all.push(Request::entity_information(entity));
            all.push(Request::fields(entity));
            all.push(Request::query(entity, "{}".to_owned()));
            all.push(Request::count(entity, "{}".to_owned()));
        }
        all
    }

    #[test]
    fn a_request_is_a_get_or_a_query_and_nothing_else() {
        for request in every_request() {
            let http = request.to_http("https://zone.example/", &credentials());
            match http.method() {
                Method::Get => assert_eq!(http.body(), None),
                Method::Post => assert!(
                    http.url().ends_with("/query") || http.url().ends_with("/query/count"),
                    "{}",
                    http.url()
                ),
            }
        }
    }

    #[test]
    fn the_user_name_is_encoded_and_the_discovery_sees_no_credentials() {
        let http =
            Request::zone_information("abc+1@MSP.EXAMPLE").to_http("https://d/", &credentials());
        assert_eq!(http.url(), "https://d/V1.0/zoneInformation?user=abc%2B1%40MSP%2EEXAMPLE");
        assert_eq!(http.headers().count(), 0);
    }

    #[test]
    fn the_headers_are_those_that_autotask_asks_for_and_never_an_impersonation() {
        let http = Request::version().to_http("https://zone.example/", &credentials());
        let headers: Vec<_> = http.headers().collect();
        assert_eq!(
            headers,
            [
                ("ApiIntegrationCode", "c0de"),
                ("UserName", "abc+1@MSP.EXAMPLE"),
                ("Secret", "s3cret"),
                ("Content-Type", "application/json"),
            ]
        );
    }

    #[test]
    fn what_is_logged_of_a_request_holds_no_secret_and_no_user() {
        for request in every_request() {
            let text = format!("{request}");
            for hidden in ["s3cret", "c0de", "MSP"] {
                assert!(!text.contains(hidden), "{text}");
            }
        }
        let fields = Request::fields(Entity::Contracts);
        assert_eq!(fields.to_string(), "GET Contracts/entityInformation/fields");
    }
}
