//! Which zone this server is in: what `TZ` names, else what the system is set to, else UTC.
//!
//! chrono's own zone of the server is not used. It has no name to tell a person, it gives the two
//! moments of an hour that comes twice the wrong way round on Linux, and it does not notice that the
//! server was moved.

use std::path::Path;

use super::Tz;

/// The folder of the zones' files, whose paths end in their names.
const ZONEINFO: &str = "zoneinfo/";

/// Folders within [`ZONEINFO`] that hold the same zones once more.
const VARIANTS: [&str; 2] = ["posix/", "right/"];

/// The zone of a server, and what there is to doubt about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerZone {
    /// The zone.
    pub zone: Tz,
    /// Why it may not be the one that was meant, in words; none where there is no doubt.
    pub doubt: Option<String>,
}

impl ServerZone {
    /// A zone that is known.
    pub fn sure(zone: Tz) -> ServerZone {
        ServerZone { zone, doubt: None }
    }

    /// The zone of this server, asked anew each time: a reload notices that it was changed.
    pub(super) fn ask() -> ServerZone {
        let variable = std::env::var_os("TZ");
        let variable = variable.as_ref().map(|text| text.to_string_lossy());
        let system = iana_time_zone::get_timezone().map_err(|error| error.to_string());
        told(variable.as_deref(), system)
    }
}

/// The zone by the variable `TZ`, as tzset(3) reads it, and by what the system is set to.
fn told(variable: Option<&str>, system: Result<String, String>) -> ServerZone {
    let mut doubts = Vec::new();
    match variable {
        // Set and empty it means UTC.
        Some("") => return ServerZone::sure(Tz::UTC),
        Some(text) => match named(text.strip_prefix(':').unwrap_or(text)) {
            Some(zone) => return ServerZone::sure(zone),
            None => doubts.push(format!("TZ is {text:?}, which names no zone")),
        },
        None => {}
    }
    let zone = match system {
        Ok(name) => {
            let zone = named(&name);
            if zone.is_none() {
                doubts.push(format!("the system's zone is {name:?}, which is not known"));
            }
            zone
        }
        Err(error) => {
            doubts.push(format!("the system names no zone ({error})"));
            None
        }
    };
    let doubt = (!doubts.is_empty()).then(|| doubts.join(", and "));
    ServerZone { zone: zone.unwrap_or(Tz::UTC), doubt }
}

/// The zone of a name, or of the path of its file.
fn named(text: &str) -> Option<Tz> {
    let name = match text.split_once(ZONEINFO) {
        Some((_, name)) if Path::new(text).is_absolute() => {
            VARIANTS.into_iter().find_map(|variant| name.strip_prefix(variant)).unwrap_or(name)
        }
        _ => text,
    };
    name.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system() -> Result<String, String> {
        Ok("Europe/Berlin".to_owned())
    }

    #[test]
    fn the_variable_goes_first_where_it_names_a_zone() {
        for (variable, zone) in [
            (None, Tz::Europe__Berlin),
            (Some("Asia/Tokyo"), Tz::Asia__Tokyo),
            (Some(":Asia/Tokyo"), Tz::Asia__Tokyo),
            (Some("/usr/share/zoneinfo/Asia/Tokyo"), Tz::Asia__Tokyo),
            (Some(":/usr/share/zoneinfo/posix/Asia/Tokyo"), Tz::Asia__Tokyo),
            (Some(""), Tz::UTC),
        ] {
            assert_eq!(told(variable, system()), ServerZone::sure(zone), "{variable:?}");
        }
    }

    #[test]
    fn what_cannot_be_told_is_doubted() {
        let rules = told(Some("CET-1CEST"), system());
        assert_eq!(rules.zone, Tz::Europe__Berlin);
        assert!(rules.doubt.is_some_and(|why| why.contains("CET-1CEST")));
        let nothing = told(None, Err("no such file".to_owned()));
        assert_eq!(nothing.zone, Tz::UTC);
        assert!(nothing.doubt.is_some_and(|why| why.contains("no such file")));
        let strange = told(Some("x"), Ok("Mars/Olympus".to_owned()));
        assert_eq!(strange.zone, Tz::UTC);
        assert!(strange.doubt.is_some_and(|why| why.contains("and the system's zone")));
    }

    #[test]
    fn this_server_is_somewhere() {
        let ServerZone { zone, .. } = ServerZone::ask();
        assert!(!zone.name().is_empty());
    }
}
