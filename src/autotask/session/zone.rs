//! Which zone the tenant lives in: the URL in use, what is remembered of it, and which URLs may be
//! spoken to at all.
//!
//! Tenants move zones, so a zone is discovered and remembered, never built in (section 1.1 of the
//! Autotask facts). Sending the discovery is the work of `connection`.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use reqwest::Url;
use serde_json::{Value, json};

use crate::autotask::fields::text;
use crate::autotask::http::error::AutotaskError;

/// How much of a URL or a host that came from the remote side is told, in characters.
const SHOWN: usize = 100;

type Load = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;
type Store = Box<dyn Fn(&str, &str) + Send + Sync>;

/// Where the zone of a user is remembered across restarts. Losing it costs one request.
pub struct ZoneMemory {
    load: Load,
    store: Store,
}

impl ZoneMemory {
    /// A memory: `load` takes a user name and returns the text that `store` was given with it.
    pub fn new(
        load: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
        store: impl Fn(&str, &str) + Send + Sync + 'static,
    ) -> ZoneMemory {
        ZoneMemory { load: Box::new(load), store: Box::new(store) }
    }

    /// A memory that keeps nothing.
    pub fn none() -> ZoneMemory {
        ZoneMemory::new(|_| None, |_, _| {})
    }
}

/// Where a zone is found. Both end with a slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::autotask) struct Address {
    /// By programs.
    pub url: String,
    /// By people; not known of a zone that was remembered before this was kept.
    pub web: Option<String>,
}

/// Which hosts a discovered zone may be on: the credentials are sent there, so that no answer alone
/// decides it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::autotask) struct TrustedHosts {
    /// The host that zones are discovered at.
    discovery: String,
    /// Those that the configuration names (`zone-hosts`).
    named: Vec<String>,
}

impl TrustedHosts {
    /// Those below the domain of the host of `discovery_url`, and those of `named`.
    pub fn new(discovery_url: &str, named: Vec<String>) -> TrustedHosts {
        TrustedHosts { discovery: host(discovery_url), named }
    }

    /// Whether a zone may be at `url`. Where the discovery is on this machine, zones are so too.
    fn holds(&self, url: &str) -> bool {
        let Ok(parsed) = Url::parse(url) else { return false };
        let host = parsed.host_str().unwrap_or_default();
        let is_named = self.named.iter().any(|named| named.eq_ignore_ascii_case(host));
        if is_named || is_loopback(host) {
            return is_named || is_loopback(&self.discovery);
        }
        let domain = domain_of(&self.discovery);
        host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
    }

    /// The domain whose hosts are trusted, for messages.
    fn domain(&self) -> &str {
        domain_of(&self.discovery)
    }
}

/// What stands above a host in the name system, such as `autotask.net` above
/// `webservices.autotask.net`; the host itself, if that is no name or a short one, or where what stands
/// above it may belong to many, such as `co.uk`.
fn domain_of(host: &str) -> &str {
    let above = host.split_once('.').map(|(_, above)| above);
    let is_name = bare(host).parse::<IpAddr>().is_err();
    let is_of_one = |above: &&str| above.split_once('.').is_some_and(|(own, _)| own.len() > 3);
    above.filter(|above| is_name && is_of_one(above)).unwrap_or(host)
}

impl Address {
    /// An address in what was remembered: two URLs as JSON, or, as it once was, the first alone.
    fn remembered(text: &str, trusted: &TrustedHosts) -> Option<Address> {
        let stored = serde_json::from_str::<Value>(text).ok();
        let part = |name| stored.as_ref().and_then(|stored| stored.get(name)?.as_str());
        let url = usable("zone-url", part("url").unwrap_or(text)).ok()?;
        if !trusted.holds(&url) {
            return None;
        }
        Some(Address { url, web: part("web").and_then(|web| usable("webUrl", web).ok()) })
    }

    fn to_text(&self) -> String {
        json!({"url": self.url, "web": self.web}).to_string()
    }
}

/// The zone of one user.
pub(in crate::autotask) struct Zone {
    username: String,
    /// From the configuration: never discovered, never replaced.
    fixed: Option<String>,
    memory: ZoneMemory,
    /// Where it may be.
    trusted: TrustedHosts,
    current: Mutex<Option<Address>>,
}

impl Zone {
    /// The zone of `username`: `fixed` where it is configured, else what `memory` knows, if that
    /// is still usable.
    pub fn new(
        username: &str,
        fixed: Option<String>,
        memory: ZoneMemory,
        trusted: TrustedHosts,
    ) -> Zone {
        let known = if fixed.is_some() { None } else { (memory.load)(username) };
        let current = known.and_then(|text| Address::remembered(&text, &trusted));
        Zone { username: username.to_owned(), fixed, memory, trusted, current: Mutex::new(current) }
    }

    /// The address in an answer to `zoneInformation`.
    ///
    /// # Errors
    ///
    /// [`AutotaskError::Garbled`] where it names none, or one that credentials may not be sent to.
    pub fn address_in(&self, answer: &Value) -> Result<Address, AutotaskError> {
        let address = discovered(answer)?;
        if self.trusted.holds(&address.url) {
            return Ok(address);
        }
        let (named, domain) = (host(&address.url), self.trusted.domain());
        Err(AutotaskError::Garbled {
            request: "GET zoneInformation".to_owned(),
            reason: format!(
                "its zone is at {}, which is not below {domain}, and the credentials are not sent \
                 there; if it is Autotask's, name it in `zone-hosts`",
                text::shortened(&named, SHOWN)
            ),
        })
    }

    /// The URL in use, with a slash at its end; none while it is to be discovered.
    pub fn current(&self) -> Result<Option<String>, AutotaskError> {
        match &self.fixed {
            Some(url) => usable("zone-url", url).map(Some),
            None => Ok(self.discovered().map(|address| address.url)),
        }
    }

    /// The URL of the zone's web interface, as far as it is known.
    pub fn web_url(&self) -> Option<String> {
        self.discovered()?.web
    }

    /// Whether the URL may be replaced by what is discovered.
    pub fn is_fixed(&self) -> bool {
        self.fixed.is_some()
    }

    /// Uses the zone at `address` from now on, and remembers it.
    pub fn remember(&self, address: Address) {
        let text = address.to_text();
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(address);
        (self.memory.store)(&self.username, &text);
    }

    fn discovered(&self) -> Option<Address> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The zone's addresses in an answer to `zoneInformation`. Without the one for people, programs
/// still find their way.
fn discovered(answer: &Value) -> Result<Address, AutotaskError> {
    let garbled = |reason: String| AutotaskError::Garbled {
        request: "GET zoneInformation".to_owned(),
        reason,
    };
    let text = |name: &str| {
        let mut fields = answer.as_object().into_iter().flatten();
        fields.find(|(key, _)| key.eq_ignore_ascii_case(name)).and_then(|(_, value)| value.as_str())
    };
    let url = text("url").ok_or_else(|| garbled("it holds no url".to_owned()))?;
    let url = usable("url", url).map_err(|error| garbled(error.to_string()))?;
    Ok(Address { url, web: text("webUrl").and_then(|web| usable("webUrl", web).ok()) })
}

/// `url` with a slash at its end, if credentials may be sent there: https, or plain http on this
/// machine.
pub(in crate::autotask) fn usable(key: &'static str, url: &str) -> Result<String, AutotaskError> {
    let refused = |reason: &str| AutotaskError::BadConfiguration {
        key,
        reason: format!("`{}` {reason}", text::shortened(url, SHOWN)),
    };
    let parsed = Url::parse(url).map_err(|_| refused("is not a URL"))?;
    match parsed.scheme() {
        "https" => {}
        "http" if is_loopback(parsed.host_str().unwrap_or_default()) => {}
        "http" => return Err(refused("is not https, which only loopback need not be")),
        _ => return Err(refused("is not an https URL")),
    }
    if parsed.query().is_some() || parsed.fragment().is_some() {
        return Err(refused("holds more than a path"));
    }
    // They would be sent along as one more login.
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(refused("holds a user name or a password"));
    }
    let text = parsed.to_string();
    Ok(if text.ends_with('/') { text } else { text + "/" })
}

/// The host of a URL, for messages.
pub(in crate::autotask) fn host(url: &str) -> String {
    let parsed = Url::parse(url).ok();
    let host = parsed.as_ref().and_then(Url::host_str);
    host.map_or_else(|| url.to_owned(), str::to_owned)
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || bare(host).parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A host without the brackets of an address of version 6.
fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_loopback_may_see_credentials() {
        for (url, used) in [
            ("https://webservices5.autotask.net/ATServicesRest/", None),
            ("http://127.0.0.1:8080", Some("http://127.0.0.1:8080/")),
            ("http://[::1]:8080/x/", None),
            ("http://localhost/a", Some("http://localhost/a/")),
        ] {
            assert_eq!(usable("zone-url", url).as_deref(), Ok(used.unwrap_or(url)));
        }
        for url in [
            "http://webservices5.autotask.net/",
            "http://127.0.0.1.example/",
            "http://localhost.example/",
            "ftp://127.0.0.1/",
            "https://zone.example/?x=1",
            "zone",
            "https://api:hunter2@webservices5.autotask.net/",
            "https://api@webservices5.autotask.net/",
        ] {
            assert!(usable("zone-url", url).is_err(), "{url}");
        }
    }

    #[test]
    fn an_answer_without_a_usable_url_is_garbled() {
        let zone = |answer| discovered(&answer).map(|address| address.url);
        let url = "https://webservices5.autotask.net/ATServicesRest/";
        assert_eq!(zone(json!({"zoneName": "x", "url": url})).as_deref(), Ok(url));
        assert_eq!(zone(json!({"Url": url})).as_deref(), Ok(url));
        for answer in [json!({}), json!([]), json!({"url": null}), json!({"url": "http://a.b/"})] {
            assert!(matches!(zone(answer), Err(AutotaskError::Garbled { .. })));
        }
    }

    #[test]
    fn the_web_address_is_kept_beside_the_other_and_an_old_memory_is_read() {
        let (url, web) =
            ("https://webservices5.tenant.example/Rest/", "https://ww5.tenant.example/");
        let answer = json!({"url": url, "webUrl": "https://ww5.tenant.example"});
        let found = discovered(&answer).expect("an address");
        assert_eq!(found, Address { url: url.to_owned(), web: Some(web.to_owned()) });
        let trusted = TrustedHosts::new("https://webservices.tenant.example/", Vec::new());
        let remembered = |text: &str| Address::remembered(text, &trusted);
        assert_eq!(remembered(&found.to_text()), Some(found));
        let alone = Address { url: url.to_owned(), web: None };
        assert_eq!(remembered(url), Some(alone.clone()));
        assert_eq!(remembered(&alone.to_text()), Some(alone.clone()));
        // What a browser must not be sent to is no address.
        let odd = json!({"url": url, "webUrl": "javascript:alert(1)"});
        assert_eq!(discovered(&odd), Ok(alone));
        assert_eq!(remembered("{}"), None);
    }

    #[test]
    fn what_is_configured_goes_before_what_is_remembered() {
        let memory =
            || ZoneMemory::new(|_| Some("https://old.tenant.example".to_owned()), |_, _| {});
        let trusted = |discovery| TrustedHosts::new(discovery, Vec::new());
        let zone = Zone::new("api", None, memory(), trusted("https://all.tenant.example/"));
        assert_eq!(zone.current(), Ok(Some("https://old.tenant.example/".to_owned())));
        // What was remembered of another discovery is not where the credentials go.
        let zone = Zone::new("api", None, memory(), trusted("https://webservices.autotask.net/"));
        assert_eq!(zone.current(), Ok(None));
        let fixed = Some("https://fixed.example/".to_owned());
        let zone = Zone::new("api", fixed, memory(), trusted("https://all.tenant.example/"));
        assert_eq!(zone.current(), Ok(Some("https://fixed.example/".to_owned())));
    }

    #[test]
    fn a_zone_is_below_the_domain_of_the_discovery_or_named() {
        let trusted = |discovery: &str, named: &[&str], url: &str| {
            let named = named.iter().map(|host| (*host).to_owned()).collect();
            TrustedHosts::new(discovery, named).holds(url)
        };
        let vendor = "https://webservices.autotask.net/ATServicesRest/";
        for url in ["https://webservices5.autotask.net/", "https://a.b.autotask.net:444/x/"] {
            assert!(trusted(vendor, &[], url), "{url}");
        }
        for url in [
            "https://autotask.net.evil.example/",
            "https://evilautotask.net/",
            "https://webservices5.autotask.example/",
            "https://net/",
            "http://127.0.0.1:8080/",
            "https://localhost/",
        ] {
            assert!(!trusted(vendor, &[], url), "{url}");
        }
        assert!(trusted(vendor, &["zone.msp.example"], "https://Zone.MSP.example/"));
        assert!(!trusted(vendor, &["msp.example"], "https://zone.msp.example/"));
        assert!(trusted("http://127.0.0.1:1/", &[], "http://[::1]:8080/"));
        assert!(!trusted("http://127.0.0.1:1/", &[], "https://webservices5.autotask.net/"));
        assert!(trusted("https://10.1.2.3/", &[], "https://10.1.2.3:8443/"));
        assert!(!trusted("https://10.1.2.3/", &[], "https://9.1.2.3/"));
        assert!(!trusted("https://psa.example/", &[], "https://other.example/"));
        assert!(!trusted("https://psa.co.uk/", &[], "https://other.co.uk/"));
    }

    #[test]
    fn a_zone_elsewhere_is_refused_and_the_way_out_is_named() {
        let trusted = TrustedHosts::new("https://webservices.autotask.net/", Vec::new());
        let zone = Zone::new("api", None, ZoneMemory::none(), trusted);
        let error = zone.address_in(&json!({"url": "https://evil.example/"})).expect_err("refused");
        let told = error.to_string();
        assert!(told.contains("evil.example, which is not below autotask.net"), "{told}");
        assert!(told.contains("`zone-hosts`"), "{told}");
        let long = format!("https://{}/", "a".repeat(5_000));
        let error = zone.address_in(&json!({"url": long})).expect_err("refused");
        assert!(error.to_string().len() < 500, "{error}");
    }
}
