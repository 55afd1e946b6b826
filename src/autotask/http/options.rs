//! What speaking to Autotask needs to be told. The configuration file is not known here.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::clock::Tz;
use crate::model::{Currency, SecretSource, UdfName};

/// How to reach Autotask, as whom, and how much may be asked of it. It has no `Debug`, because it
/// holds secrets.
#[derive(Clone)]
pub struct Options {
    /// The API user's "Username (Key)".
    pub username: String,
    /// Its secret.
    pub secret: SecretString,
    /// Where the secret comes from, for whoever has to replace it.
    pub source_of_secret: SecretSource,
    /// The API tracking identifier.
    pub integration_code: SecretString,
    /// The zone's URL, where it is not to be discovered.
    pub zone_url: Option<String>,
    /// Hosts that a zone may be on besides those below the domain of the discovery.
    pub zone_hosts: Vec<String>,
    /// Where zones are discovered.
    pub discovery_url: String,
    /// The most requests in a rolling hour.
    pub max_requests_per_hour: u32,
    /// The most requests at a time for one entity.
    pub concurrency_per_endpoint: usize,
    /// How long one request may take.
    pub request_timeout: Duration,
    /// The URL of a proxy.
    pub proxy: Option<String>,
    /// A file with the certificates of a private CA, in PEM.
    pub ca_file: Option<PathBuf>,
    /// The user-defined fields of agreements that are read: the name in Autotask, and ours.
    pub user_defined: Vec<(String, UdfName)>,
    /// The zone of the calendar day against which terms and costs are read, and of the moments that
    /// errors tell.
    pub time_zone: Tz,
    /// The currency of a tenant that names none.
    pub currency: Option<Currency>,
}

impl Options {
    /// What a user with this name, secret and tracking identifier is reached with, whose zone is
    /// discovered at `discovery_url`; everything else is as the configuration has it by default, with
    /// days in UTC.
    pub fn of_user(
        (username, secret, integration_code): (String, String, String),
        discovery_url: &str,
    ) -> Options {
        Options {
            username,
            secret: SecretString::from(secret),
            source_of_secret: SecretSource::File,
            integration_code: SecretString::from(integration_code),
            zone_url: None,
            zone_hosts: Vec::new(),
            discovery_url: discovery_url.to_owned(),
            max_requests_per_hour: 2000,
            concurrency_per_endpoint: 2,
            request_timeout: Duration::from_secs(120),
            proxy: None,
            ca_file: None,
            user_defined: Vec::new(),
            time_zone: Tz::UTC,
            currency: None,
        }
    }

    /// Options that find everything at `base`.
    #[cfg(test)]
    pub(in crate::autotask) fn for_tests(base: &str) -> Options {
        let [username, secret, code] = ["api@MSP.EXAMPLE", "s3cret", "c0de"].map(str::to_owned);
        Options::of_user((username, secret, code), base)
    }
}
