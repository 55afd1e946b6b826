//! The three headers of a request, and what a wrong one is answered (the Autotask facts, section
//! 1.2 and 1.3). It knows no endpoint.

use axum::http::HeaderMap;

use crate::demo::tenant::fault::{Fault, Faults};

/// The texts of the services that answer 500 for a wrong user or integration code.
const UNKNOWN_USER: &str = "Zone information could not be determined";
const WRONG_CODE: &str = "IntegrationCode is invalid";

/// What a client needs to be let in. The values are made up and open no real tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The API user's "Username (Key)".
    pub username: String,
    /// The API user's secret.
    pub secret: String,
    /// The API tracking identifier.
    pub integration_code: String,
}

impl Default for Credentials {
    fn default() -> Credentials {
        Credentials {
            username: "lmsyncd7demo@BRIGHTWATER.EXAMPLE".to_owned(),
            secret: "not-a-secret".to_owned(),
            integration_code: "DEMO0TRACKING0IDENTIFIER000".to_owned(),
        }
    }
}

/// Why a request was not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// 401 with an empty body.
    Empty,
    /// 500 with this text.
    Text(&'static str),
}

/// Checks the headers; names of headers have no case.
pub(crate) fn check(
    headers: &HeaderMap,
    credentials: &Credentials,
    faults: &Faults,
) -> Result<(), Refusal> {
    let is = |name: &str, wanted: &str| {
        headers.get(name).and_then(|value| value.to_str().ok()) == Some(wanted)
    };
    if !is("username", &credentials.username) {
        return Err(match faults.hit(Fault::UnknownUser500, None) {
            Some(_) => Refusal::Text(UNKNOWN_USER),
            None => Refusal::Empty,
        });
    }
    if !is("apiintegrationcode", &credentials.integration_code) {
        return Err(match faults.hit(Fault::WrongCode500, None) {
            Some(_) => Refusal::Text(WRONG_CODE),
            None => Refusal::Empty,
        });
    }
    if is("secret", &credentials.secret) { Ok(()) } else { Err(Refusal::Empty) }
}
