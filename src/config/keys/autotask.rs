//! The keys of `[autotask]`: how Autotask is reached, and how much of it is used.

use super::{
    Effect, Key, PATH, Section, Shown, URL, WHOLE, Written, duration, list, optional, path, text,
};
use crate::config::example::{INTEGRATION_CODE_PLACEHOLDER, USERNAME_PLACEHOLDER};
use crate::config::read::header_safe;
use crate::config::settings::{
    CONCURRENCY_PER_ENDPOINT, MAX_REQUESTS_PER_HOUR, REQUEST_TIMEOUT, YIELD_ABOVE_PERCENT,
};
use crate::config::values;
use crate::model::Currency;

const TEXT: &str = "expected a text in quotes";

/// The text for a zone that is not there.
const SERVERS: &str = "(the server's)";

/// The section `[autotask]`.
pub(super) const AUTOTASK: Section = Section {
    name: "autotask",
    keys: &[
        Key {
            name: "username",
            text: "The API user's \"Username (Key)\", from Admin, Resources, the tab Security of \
                   the API user. It is not an e-mail address, though it looks like one. No \
                   default.",
            value: "\"abcdef123@MSP.EXAMPLE\"",
            written: Written::Placeholder,
            expects: TEXT,
            effect: Effect::Applied,
            is_secret: false,
            read: |entry, s| {
                entry.text(&mut s.autotask.username, |text| {
                    filled_in(text, USERNAME_PLACEHOLDER).map(|()| text.to_owned())
                })
            },
            show: |s| text(&s.autotask.username),
        },
        Key {
            name: "integration-code",
            text: "The tracking identifier of the API user's integration. systemd may pass it as \
                   the credential autotask-integration-code instead, which takes precedence; then \
                   remove this line. No default.",
            value: "\"YOUR-INTEGRATION-CODE\"",
            written: Written::Placeholder,
            expects: TEXT,
            effect: Effect::Applied,
            is_secret: true,
            read: |entry, s| {
                entry.text(&mut s.autotask.integration_code, |text| {
                    filled_in(text, INTEGRATION_CODE_PLACEHOLDER).map(|()| Some(text.into()))
                })
            },
            show: |s| Shown::Secret(s.autotask.integration_code.clone()),
        },
        Key {
            name: "secret-file",
            text: "The secret is never in this file. For a service it is in \
                   /etc/lmsyncd/credentials/autotask-secret (root, mode 0600), and systemd passes \
                   it as the credential autotask-secret, which takes precedence. Without systemd, \
                   name a file of mode 0600 that holds it. Absolute path. No default.",
            value: "\"/path/to/autotask-secret\"",
            written: Written::Example,
            expects: PATH,
            effect: Effect::Applied,
            is_secret: false,
            read: |entry, s| {
                entry.text(&mut s.autotask.secret_file, |text| values::path(text).map(Some))
            },
            show: |s| path(s.autotask.secret_file.as_deref()),
        },
        Key {
            name: "zone-url",
            text: "The REST address of your zone. Set it where the zone discovery cannot be \
                   reached; a fixed address becomes wrong when Autotask moves your tenant. https, \
                   plain http only toward this machine. No default: discovered.",
            value: "\"https://webservices5.autotask.net/ATServicesRest/\"",
            written: Written::Example,
            expects: URL,
            effect: Effect::Applied,
            is_secret: false,
            read: |entry, s| {
                entry.text(&mut s.autotask.zone_url, |text| values::base_url(text).map(Some))
            },
            show: |s| optional(s.autotask.zone_url.as_deref()),
        },
        Key {
            name: "zone-hosts",
            text: "Hosts that a discovered zone may be on besides those below the domain of \
                   discovery-url (autotask.net). The credentials are sent to the zone, so that \
                   any other is refused. No default: none.",
            value: "[\"zone.msp.example\"]",
            written: Written::Example,
            expects: "expected a list of host names in quotes, such as [\"zone.msp.example\"]",
            effect: Effect::Applied,
            is_secret: false,
            read: |entry, s| entry.list(&mut s.autotask.zone_hosts, |text, _| values::host(text)),
            show: |s| list(&s.autotask.zone_hosts, "(none)"),
        },
        Key {
            name: "discovery-url",
            text: "The address of the zone discovery. Change it for a test tenant or the demo. \
                   The zone is cached in the store, for this address and user name.",
            value: "\"https://webservices.autotask.net/ATServicesRest/\"",
            written: Written::BuiltIn,
            expects: URL,
            effect: Effect::Applied,
            is_secret: false,
            read: |entry, s| entry.text(&mut s.autotask.discovery_url, values::base_url),
            show: |s| text(&s.autotask.discovery_url),
        },
        Key {
            name: "max-requests-per-hour",
            text: "The daemon's own budget, in requests per hour, 1 to 10000. Autotask allows \
                   10000 per hour for all of your integrations together. Lower it where others \
                   need them, raise it for very many clients. Auto-sync leaves the last tenth to \
                   manual requests; if that is too little for all clients that are due, they are \
                   synced in batches, an hour apart. The count survives a restart.",
            value: "2000",
            written: Written::Default,
            expects: WHOLE,
            effect: Effect::Applied,
            is_secret: false,
            read: |entry, s| {
                entry.number(&mut s.autotask.max_requests_per_hour, MAX_REQUESTS_PER_HOUR)
            },
            show: |s| text(s.autotask.max_requests_per_hour),
        },
        Key {
            name: "yield-above-percent",
            text: "Auto-sync waits while the whole tenant has used this percentage of its hourly \
                   requests or more, 1 to 100, and stops at 75 in any case; manual requests stop \
                   at 90. Autotask slows down all integrations from 50 on.",
            value: "50",
            written: Written::Default,
            expects: WHOLE,
            effect: Effect::Applied,
            is_secret: false,
            read: |entry, s| entry.number(&mut s.autotask.yield_above_percent, YIELD_ABOVE_PERCENT),
            show: |s| text(s.autotask.yield_above_percent),
        },
        Key {
            name: "concurrency-per-endpoint",
            text: "Concurrent requests to one endpoint, 1 or 2. Set 1 where other integrations \
                   read a lot.",
            value: "2",
            written: Written::Default,
            expects: WHOLE,
            effect: Effect::Applied,
            is_secret: false,
            read: |entry, s| {
                entry.number(&mut s.autotask.concurrency_per_endpoint, CONCURRENCY_PER_ENDPOINT)
            },
            show: |s| text(s.autotask.concurrency_per_endpoint),
        },
        Key {
            name: "request-timeout",
            text: "The timeout of one request, \"1s\" to \"10m\". Raise it on a slow connection, \
                   or for a large tenant.",
            value: "\"120s\"",
            written: Written::Default,
            expects: "expected a duration in quotes, such as \"120s\"",
            effect: Effect::Applied,
            is_secret: false,
            read: |entry, s| {
                entry.duration(&mut s.autotask.request_timeout, REQUEST_TIMEOUT, "120s")
            },
            show: |s| duration(s.autotask.request_timeout),
        },
        Key {
            name: "proxy",
            text: "The proxy for every request; http or https, without user name and password. No \
                   default: direct.",
            value: "\"http://proxy.example:3128\"",
            written: Written::Example,
            expects: URL,
            effect: Effect::Applied,
            is_secret: false,
            read: |entry, s| {
                entry.text(&mut s.autotask.proxy, |text| values::proxy(text).map(Some))
            },
            show: |s| optional(s.autotask.proxy.as_deref()),
        },
        Key {
            name: "ca-file",
            text: "A PEM file with certificate authorities to trust besides the system's, as for \
                   a proxy that inspects TLS. Absolute path. No default.",
            value: "\"/etc/ssl/certs/msp-proxy.pem\"",
            written: Written::Example,
            expects: PATH,
            effect: Effect::Applied,
            is_secret: false,
            read: |entry, s| {
                entry.text(&mut s.autotask.ca_file, |text| values::path(text).map(Some))
            },
            show: |s| path(s.autotask.ca_file.as_deref()),
        },
        Key {
            name: "time-zone",
            text: "The time zone of the MSP's calendar day, which decides costs, terms, renewals, \
                   notice periods, ignore and pause dates, --at and --as-of. A name of the IANA \
                   database. Set it where the server is in another zone, or in UTC as most \
                   servers are. A reload applies it and reschedules every client that runs --at a \
                   time of day. No default: the server's own zone.",
            value: "\"Europe/Berlin\"",
            written: Written::Example,
            expects: "expected the name of a time zone in quotes, such as \"Europe/Berlin\"",
            effect: Effect::Applied,
            is_secret: false,
            read: |entry, s| {
                entry.text(&mut s.autotask.time_zone, |text| values::time_zone(text).map(Some))
            },
            show: |s| text(s.autotask.time_zone.map_or(SERVERS, |zone| zone.name())),
        },
        Key {
            name: "currency",
            text: "The currency of a tenant without multi-currency, for which Autotask names \
                   none: a code of ISO 4217. A currency that Autotask names takes precedence. \
                   Without this key such amounts are in XXX, and `lmsyncctl doctor` asks for it. \
                   No default.",
            value: "\"AUD\"",
            written: Written::Example,
            expects: "expected the code of a currency in quotes, such as \"AUD\"",
            effect: Effect::Applied,
            is_secret: false,
            read: |entry, s| {
                entry.text(&mut s.autotask.currency, |text| values::currency(text).map(Some))
            },
            show: |s| optional(s.autotask.currency.as_ref().map(Currency::code)),
        },
    ],
};

/// A credential that a header can carry, and that is not the example file's any more.
fn filled_in(text: &str, placeholder: &str) -> Result<(), String> {
    if text == placeholder {
        return Err("still the placeholder of the example file".to_owned());
    }
    header_safe(text).map_err(|fault| format!("the value {fault}"))
}
