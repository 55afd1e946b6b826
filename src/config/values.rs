//! From the text of one value to its type, with the range. Pure functions; an error is the
//! fragment that follows "`key` = value at line N: ".

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use reqwest::Url;
use strum::VariantNames;

use super::nearest::nearest;
use super::settings::Operator;
use crate::clock::Tz;
use crate::model::{Currency, EventName, UdfName, duration_text, parse_duration};

/// Bytes of a socket's path: `sockaddr_un` has 108, and the last is a zero.
const SOCKET_PATH_BYTES: usize = 107;

/// A duration with its unit; `example` shows one for this key.
pub(super) fn duration(
    text: &str,
    range: RangeInclusive<Duration>,
    example: &str,
) -> Result<Duration, String> {
    let found = parse_duration(text, &format!("\"{example}\""))?;
    if range.contains(&found) {
        Ok(found)
    } else {
        let (least, most) = (duration_text(*range.start()), duration_text(*range.end()));
        Err(format!("must be from {least} to {most}"))
    }
}

/// A whole number within a range.
pub(super) fn number(value: i64, range: RangeInclusive<u32>) -> Result<u32, String> {
    u32::try_from(value)
        .ok()
        .filter(|value| range.contains(value))
        .ok_or_else(|| format!("must be from {} to {}", range.start(), range.end()))
}

/// A path that does not depend on where the daemon was started.
pub(super) fn path(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if text.contains('\0') {
        Err("a path has no zero character".to_owned())
    } else if path.is_absolute() {
        Ok(path)
    } else {
        Err("a path begins with \"/\"; the daemon is not started in your folder".to_owned())
    }
}

/// A path that also fits into a socket address.
pub(super) fn socket(text: &str) -> Result<PathBuf, String> {
    let socket = path(text)?;
    if text.len() > SOCKET_PATH_BYTES {
        return Err(format!(
            "a socket's path has at most {SOCKET_PATH_BYTES} bytes, this one has {}",
            text.len()
        ));
    }
    Ok(socket)
}

/// The base of REST addresses: https, http only toward this machine, and ending in `/`.
///
/// Judged with the same parser that the HTTP client uses, so that both see the same host.
pub(super) fn base_url(text: &str) -> Result<String, String> {
    let mut url = Url::parse(text).map_err(not_a_url)?;
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => {
            return Err("must be https; plain http would show the secret to everyone on the way, \
                        and is allowed only toward this machine"
                .to_owned());
        }
        other => return Err(format!("must be https, not {other}")),
    }
    plain(&url)?;
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url.into())
}

/// What is said of what is no host.
const NO_HOST: &str = "must be the name of a host alone, such as zone.msp.example";

/// The name or address of a host, without a port.
pub(super) fn host(text: &str) -> Result<String, String> {
    let url = Url::parse(&format!("https://{text}/")).map_err(|_| NO_HOST.to_owned())?;
    let is_host = url.host_str().is_some_and(|host| host.eq_ignore_ascii_case(text));
    // The rules of URLs let through what no host is called, such as a pattern.
    let is_name =
        text.bytes().all(|sign| sign.is_ascii_alphanumeric() || b"-._:[]".contains(&sign));
    if is_host && is_name { Ok(text.to_ascii_lowercase()) } else { Err(NO_HOST.to_owned()) }
}

/// The address of a proxy. Plain http is usual toward one: what passes through is encrypted still.
pub(super) fn proxy(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(not_a_url)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("must be an http or https proxy, not {}", url.scheme()));
    }
    plain(&url)?;
    if url.path() != "/" {
        return Err("a proxy has no path, only a host and a port".to_owned());
    }
    Ok(url.into())
}

fn not_a_url(error: impl std::error::Error) -> String {
    format!("not a URL ({error})")
}

/// Nothing but scheme, host, port and path.
fn plain(url: &Url) -> Result<(), String> {
    if !url.username().is_empty() || url.password().is_some() {
        Err("must have no user name and no password in it".to_owned())
    } else if url.query().is_some() || url.fragment().is_some() {
        Err("must have no \"?\" and no \"#\" in it".to_owned())
    } else {
        Ok(())
    }
}

fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let v6 = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    host == "localhost"
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || v6.and_then(|host| host.parse::<Ipv6Addr>().ok()).is_some_and(|v6| v6.is_loopback())
}

/// A time zone by its name in the IANA database.
pub(super) fn time_zone(text: &str) -> Result<Tz, String> {
    if text.trim().is_empty() {
        return Err(
            "a zone has a name, such as \"Europe/Berlin\"; leave the key out for the zone \
                    of this server"
                .to_owned(),
        );
    }
    text.parse().map_err(|_| match nearest_zone(text) {
        Some(name) => format!("no time zone has this name; did you mean \"{name}\"?"),
        None => "no time zone has this name; expected one of the IANA database, such as \
                 \"Europe/Berlin\""
            .to_owned(),
    })
}

/// The zone that was probably meant: by its whole name or by that of its city alone, whatever the
/// case, and with a fifth of its letters wrong.
fn nearest_zone(text: &str) -> Option<&'static str> {
    let plain = |name: &str| name.trim().to_lowercase().replace([' ', '-'], "_");
    let wanted = plain(text);
    let far = |name: &str| strsim::damerau_levenshtein(&wanted, &plain(name));
    let names = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
    names
        .flat_map(|name| [Some((name, name)), name.rsplit_once('/').map(|(_, city)| (city, name))])
        .flatten()
        .map(|(known, name)| (far(known), known, name))
        .filter(|(wrong, known, _)| *wrong <= known.len() / 5)
        // Of those that are as near, the one of which all was compared, and the shorter name.
        .min_by_key(|(wrong, known, name)| (*wrong, *known != *name, name.len(), *name))
        .map(|(.., name)| name)
}

/// A currency by its code of ISO 4217.
pub(super) fn currency(text: &str) -> Result<Currency, String> {
    Currency::known(text).ok_or_else(|| {
        "no currency has this code; expected one of ISO 4217, such as \"AUD\"".to_owned()
    })
}

/// One of a few words, each the name of a variant.
pub(super) fn choice<T: FromStr + VariantNames>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| match nearest(text, T::VARIANTS.iter().copied()) {
        Some(name) => format!("did you mean \"{name}\"?"),
        None => {
            let names = T::VARIANTS.join("\", \"");
            let listed = names.rsplit_once(", ").map(|(names, last)| format!("{names} or {last}"));
            format!("must be \"{}\"", listed.unwrap_or(names))
        }
    })
}

/// A word of a command line; the first names the program, without a search path and a shell.
pub(super) fn command_word(text: &str, first: bool) -> Result<String, String> {
    if text.contains('\0') {
        return Err("a command has no zero character".to_owned());
    }
    if first && !text.starts_with('/') {
        return Err(
            "the command begins with \"/\", and each argument is a separate text; no shell reads \
             it"
            .to_owned(),
        );
    }
    Ok(text.to_owned())
}

/// The name of an event.
pub(super) fn event(text: &str) -> Result<EventName, String> {
    let names = EventName::ALL.map(EventName::name);
    EventName::from_name(text).ok_or_else(|| {
        let near = names.into_iter().find(|name| strsim::damerau_levenshtein(text, name) <= 3);
        match near {
            Some(name) => format!("did you mean \"{name}\"?"),
            None => format!("no event has this name; there are {}", names.join(", ")),
        }
    })
}

/// An address that is called and needs no credentials but itself: plain http is usual inside a
/// network, and a query is how some services are told that all is well.
pub(super) fn heartbeat_url(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(not_a_url)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("must be http or https, not {}", url.scheme()));
    }
    Ok(url.into())
}

/// A file that node_exporter reads, which it does by the end of its name.
pub(super) fn textfile(text: &str) -> Result<PathBuf, String> {
    let path = path(text)?;
    match path.extension() {
        Some(extension) if extension == "prom" => Ok(path),
        _ => Err("node_exporter reads only files that end in \".prom\"".to_owned()),
    }
}

/// A user, or a group behind `@`. Whether it exists is for the daemon to find out.
pub(super) fn operator(text: &str) -> Result<Operator, String> {
    let (group, name) = match text.strip_prefix('@') {
        Some(name) => (true, name),
        None => (false, text),
    };
    let strange = |c: char| c.is_whitespace() || c.is_control() || matches!(c, ':' | '/' | ',');
    if name.is_empty() {
        return Err("expected the name of a user, or of a group behind \"@\"".to_owned());
    }
    if name.starts_with(['@', '-']) || name.contains(strange) {
        return Err("no user or group has such a name".to_owned());
    }
    let name = name.to_owned();
    Ok(if group { Operator::Group(name) } else { Operator::User(name) })
}

/// The name of a user-defined field in Autotask, which is not among those `taken` before. Autotask
/// does not tell names apart by case.
pub(super) fn autotask_name(name: &str, taken: &[(String, UdfName)]) -> Result<(), String> {
    if name.trim().is_empty() {
        return Err("a field of Autotask has a name".to_owned());
    }
    let same = |(other, _): &&(String, UdfName)| other.eq_ignore_ascii_case(name.trim());
    match taken.iter().find(same) {
        Some((other, _)) => Err(format!("this field of Autotask is there twice: \"{other}\"")),
        None => Ok(()),
    }
}

/// Our name for a user-defined field, which is not among those `taken` before.
pub(super) fn local_name(text: &str, taken: &[(String, UdfName)]) -> Result<UdfName, String> {
    let name = UdfName::new(text).ok_or_else(|| {
        format!(
            "a local name has 1 to {} lower-case letters, digits and underscores, such as \
             \"account_manager\"",
            UdfName::LONGEST
        )
    })?;
    match taken.iter().find(|(_, other)| *other == name) {
        Some((field, _)) => Err(format!("this name is taken by \"{field}\"")),
        None => Ok(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_lies_in_its_range() {
        let range = Duration::ZERO..=Duration::from_secs(1000 * 24 * 60 * 60);
        let read = |text| duration(text, range.clone(), "24h").map(|found| found.as_secs());
        assert_eq!(read("24h"), Ok(24 * 60 * 60));
        assert_eq!(read("24"), Err("a duration needs a unit, such as \"24h\"".to_owned()));
        assert_eq!(read("2000d"), Err("must be from 0s to 1000d".to_owned()));
    }

    #[test]
    fn a_command_is_a_path_and_its_arguments_are_anything() {
        assert_eq!(command_word("/bin/x", true), Ok("/bin/x".to_owned()));
        assert!(command_word("x", true).is_err_and(|why| why.contains("no shell")));
        assert_eq!(command_word("-v", false), Ok("-v".to_owned()));
        assert_eq!(event("run_failed"), Ok(EventName::RunFailed));
        assert_eq!(event("run-failed"), Err("did you mean \"run_failed\"?".to_owned()));
        assert!(event("everything").is_err_and(|why| why.contains("auth_blocked")));
        assert!(heartbeat_url("http://kuma.lan/api/push/x?status=up").is_ok());
        assert!(heartbeat_url("ftp://x/").is_err());
        assert!(textfile("/var/lib/x.prom").is_ok() && textfile("/var/lib/x.txt").is_err());
    }

    #[test]
    fn http_goes_to_this_machine_only() {
        for good in ["http://127.0.0.1:8080/", "http://[::1]/x/", "http://localhost/"] {
            assert_eq!(base_url(good), Ok(good.to_owned()));
        }
        for bad in [
            "http://example.com/",
            "http://127.0.0.1.example.com/",
            "http://localhost.example.com/",
            "http://0.0.0.0/",
            "http://[::ffff:10.0.0.1]/",
        ] {
            assert!(base_url(bad).is_err_and(|what| what.starts_with("must be https")), "{bad}");
        }
        assert!(base_url("http://127.0.0.1@example.com/").is_err());
        assert!(
            base_url("http://localhost\\@example.com/")
                .is_ok_and(|url| { url == "http://localhost/@example.com/" })
        );
    }

    #[test]
    fn base_urls_are_plain_and_end_in_a_slash() {
        assert_eq!(
            base_url("https://webservices5.autotask.net/ATServicesRest").as_deref(),
            Ok("https://webservices5.autotask.net/ATServicesRest/")
        );
        for bad in ["webservices5.autotask.net", "ftp://x/", "https://x/?a", "https://x/#a", ""] {
            assert!(base_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn hosts_are_names_or_addresses_and_nothing_more() {
        assert_eq!(host("Zone.MSP.example").as_deref(), Ok("zone.msp.example"));
        assert_eq!(host("10.1.2.3").as_deref(), Ok("10.1.2.3"));
        assert_eq!(host("[2001:db8::1]").as_deref(), Ok("[2001:db8::1]"));
        for bad in ["", "https://zone.example/", "zone.example:443", "zone.example/x", "a b"] {
            assert!(host(bad).is_err(), "{bad}");
        }
        for bad in ["*.x", "zone.*", "{a,b}.example", "zone!.example", "$zone"] {
            assert!(host(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn proxies_have_no_password() {
        assert_eq!(proxy("http://proxy:3128").as_deref(), Ok("http://proxy:3128/"));
        assert!(proxy("http://me:hunter2@proxy:3128").is_err());
        assert!(proxy("socks5://proxy").is_err());
        assert!(proxy("http://proxy/x").is_err());
    }

    #[test]
    fn operators_are_users_and_groups() {
        assert_eq!(operator("root"), Ok(Operator::User("root".to_owned())));
        assert_eq!(operator("@lmsyncd"), Ok(Operator::Group("lmsyncd".to_owned())));
        assert_eq!(operator("jane@ad.example"), Ok(Operator::User("jane@ad.example".to_owned())));
        for bad in ["", "@", "a b", "@@x", "a:b"] {
            assert!(operator(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_zone_is_a_name_of_the_database_and_a_wrong_one_is_told_the_nearest() {
        assert_eq!(time_zone("Europe/Berlin"), Ok(Tz::Europe__Berlin));
        assert_eq!(time_zone("UTC"), Ok(Tz::UTC));
        assert_eq!(time_zone("US/Pacific"), Ok(Tz::US__Pacific));
        for (wrong, meant) in [
            ("Europe/Berln", "Europe/Berlin"),
            ("europe/berlin", "Europe/Berlin"),
            ("Berlin", "Europe/Berlin"),
            ("Los Angeles", "America/Los_Angeles"),
            ("America/New York", "America/New_York"),
            ("Australia/Sidney", "Australia/Sydney"),
        ] {
            let told = time_zone(wrong).expect_err(wrong);
            assert!(told.ends_with(&format!("did you mean \"{meant}\"?")), "{wrong}: {told}");
        }
        assert!(time_zone("Mars/Olympus").is_err_and(|told| told.contains("IANA")));
        for empty in ["", "  "] {
            assert!(time_zone(empty).is_err_and(|told| told.contains("leave the key out")));
        }
    }

    #[test]
    fn a_currency_is_a_code_of_the_standard() {
        assert_eq!(currency("AUD"), Ok(Currency::new("AUD")));
        for bad in ["", "XXX", "Dollar", "A$", "AUX"] {
            assert!(currency(bad).is_err_and(|told| told.contains("ISO 4217")), "{bad}");
        }
    }

    #[test]
    fn paths_are_absolute_and_sockets_short() {
        assert_eq!(path("/var/lib/x"), Ok(PathBuf::from("/var/lib/x")));
        assert!(path("store").is_err());
        assert!(path("").is_err());
        assert!(socket(&format!("/{}", "x".repeat(106))).is_ok());
        assert!(socket(&format!("/{}", "x".repeat(107))).is_err());
    }
}
