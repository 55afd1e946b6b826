//! Which zone the tenant lives in: the URL in use, what is remembered of it, and which URLs may be
//! spoken to at all.
//!
//! Tenants move zones, so a zone is discovered and remembered, never built in (section 1.1 of the
//! Autotask facts). Sending the discovery is the work of `connection`.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use reqwest::Url;
use serde_json::{Value, json};

use crate::autotask::http::error::AutotaskError;

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

impl Address {
    /// An address in what was remembered: two URLs as JSON, or, as it once was, the first alone.
    fn remembered(text: &str) -> Option<Address> {
        let stored = serde_json::from_str::<Value>(text).ok();
        let part = |name| stored.as_ref().and_then(|stored| stored.get(name)?.as_str());
        let url = usable("zone-url", part("url").unwrap_or(text)).ok()?;
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
    current: Mutex<Option<Address>>,
}

impl Zone {
    /// The zone of `username`: `fixed` where it is configured, else what `memory` knows, if that
    /// is still usable.
    pub fn new(username: &str, fixed: Option<String>, memory: ZoneMemory) -> Zone {
        let known = if fixed.is_some() { None } else { (memory.load)(username) };
        let current = known.and_then(|text| Address::remembered(&text));
        Zone { username: username.to_owned(), fixed, memory, current: Mutex::new(current) }
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
pub(in crate::autotask) fn discovered(answer: &Value) -> Result<Address, AutotaskError> {
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
    let refused =
        |reason: &str| AutotaskError::BadConfiguration { key, reason: format!("`{url}` {reason}") };
    let parsed = Url::parse(url).map_err(|_| refused("is not a URL"))?;
    match parsed.scheme() {
        "https" => {}
        "http" if is_loopback(&parsed) => {}
        "http" => return Err(refused("is not https, which only loopback need not be")),
        _ => return Err(refused("is not an https URL")),
    }
    if parsed.query().is_some() || parsed.fragment().is_some() {
        return Err(refused("holds more than a path"));
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

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
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
        let (url, web) = ("https://webservices5.example/Rest/", "https://ww5.example/");
        let answer = json!({"url": url, "webUrl": "https://ww5.example"});
        let found = discovered(&answer).expect("an address");
        assert_eq!(found, Address { url: url.to_owned(), web: Some(web.to_owned()) });
        assert_eq!(Address::remembered(&found.to_text()), Some(found));
        let alone = Address { url: url.to_owned(), web: None };
        assert_eq!(Address::remembered(url), Some(alone.clone()));
        assert_eq!(Address::remembered(&alone.to_text()), Some(alone.clone()));
        // What a browser must not be sent to is no address.
        let odd = json!({"url": url, "webUrl": "javascript:alert(1)"});
        assert_eq!(discovered(&odd), Ok(alone));
        assert_eq!(Address::remembered("{}"), None);
    }

    #[test]
    fn what_is_configured_goes_before_what_is_remembered() {
        let memory = || ZoneMemory::new(|_| Some("https://old.example".to_owned()), |_, _| {});
        let zone = Zone::new("api", None, memory());
        assert_eq!(zone.current(), Ok(Some("https://old.example/".to_owned())));
        let zone = Zone::new("api", Some("https://fixed.example/".to_owned()), memory());
        assert_eq!(zone.current(), Ok(Some("https://fixed.example/".to_owned())));
    }
}
