//! Where log entries go: the journal where systemd runs the daemon, standard error elsewhere.
//!
//! In the journal an entry's facts are fields of their own (systemd.journal-fields(7)). On standard
//! error only the text is shown: the fields are for machines, and a person reads the text.
//!
//! What is logged is in the variable `LMSYNCD_LOG`: a level, or `TARGET=LEVEL` for a part of the
//! program or of a library, or several of them with commas between.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use tracing::level_filters::LevelFilter;
use tracing_journald::{Priority, PriorityMappings};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::debug_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::advice::Address;
use crate::config::{CREDENTIAL_SECRET, tenant_name};
use crate::model::text::visible;

/// Where log entries go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// The journal, if it is there; else standard error.
    Journal,
    /// Standard error.
    Stderr,
}

impl Destination {
    /// The journal if systemd connected this process to it (`JOURNAL_STREAM`, systemd.exec(5)).
    pub fn from_environment() -> Destination {
        match std::env::var_os("JOURNAL_STREAM") {
            Some(_) => Destination::Journal,
            None => Destination::Stderr,
        }
    }
}

/// The environment variable that says what is logged.
const VARIABLE: &str = "LMSYNCD_LOG";

/// `LMSYNCD_LOG` has a part that says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{part}` in LMSYNCD_LOG is neither a level (off, error, warn, info, debug, trace) nor \
     TARGET=LEVEL, such as lmsyncd=trace"
)]
pub struct LogError {
    part: String,
}

/// The fields of every entry of the journal that say whose it is, for the daemon with this
/// configuration: the catalogue's texts name its commands and files with them.
pub fn origin(config: &Path, address: &Address) -> Vec<(&'static str, String)> {
    let path = |path: &Option<PathBuf>, without: &str| {
        path.as_ref().map_or_else(|| without.to_owned(), |path| path.display().to_string())
    };
    let secret = address.credentials.as_ref().map(|folder| folder.join(CREDENTIAL_SECRET));
    vec![
        ("LMSYNC_INSTANCE", tenant_name(config)),
        ("LMSYNC_COMMAND", address.program.clone()),
        ("LMSYNC_CONFIG", path(&address.config, "the configuration")),
        ("LMSYNC_SECRET_FILE", path(&secret, "the secret-file")),
    ]
}

/// Starts the log, once for a process, with what `LMSYNCD_LOG` asks for. Every entry of the journal
/// has the fields of `origin`.
///
/// # Errors
///
/// Where `LMSYNCD_LOG` cannot be understood. No log is started then.
pub fn start_log(destination: Destination, origin: &[(&str, String)]) -> Result<(), LogError> {
    let asked = std::env::var_os(VARIABLE).unwrap_or_default();
    let filter = filter(&asked.to_string_lossy())?;
    let journal = match destination {
        Destination::Journal => journal(origin).ok(),
        Destination::Stderr => None,
    };
    let layer = match journal {
        Some(layer) => layer.boxed(),
        None => tracing_subscriber::fmt::layer()
            .with_writer(io::stderr)
            .with_ansi(io::stderr().is_terminal())
            .with_target(false)
            .fmt_fields(debug_fn(|writer, field, value| match field.name() {
                // A name in it ends no line and drives no terminal.
                "message" => write!(writer, "{}", visible(&format!("{value:?}"))),
                _ => Ok(()),
            }))
            .boxed(),
    };
    // A second start would be a mistake in this program; the first log stays, which is harmless.
    let _ = tracing_subscriber::registry().with(layer.with_filter(filter)).try_init();
    Ok(())
}

/// What is logged, as `LMSYNCD_LOG` has it: the last level counts for every target that is not named,
/// which is logged nowhere if there is no level. Without anything, everything is logged from info up.
fn filter(asked: &str) -> Result<Targets, LogError> {
    let mut filter = Targets::new();
    let mut parts = asked.split(',').map(str::trim).filter(|part| !part.is_empty()).peekable();
    if parts.peek().is_none() {
        return Ok(filter.with_default(LevelFilter::INFO));
    }
    for part in parts {
        let wrong = || LogError { part: part.to_owned() };
        filter = match part.split_once('=') {
            None => filter.with_default(part.parse::<LevelFilter>().map_err(|_| wrong())?),
            Some((target, level)) if is_path(target) => {
                filter.with_target(target, level.parse::<LevelFilter>().map_err(|_| wrong())?)
            }
            Some(_) => return Err(wrong()),
        };
    }
    Ok(filter)
}

/// Whether this is the path of a module, such as `lmsyncd::store`.
fn is_path(target: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    target.split("::").all(is_name)
}

fn journal(origin: &[(&str, String)]) -> io::Result<tracing_journald::Layer> {
    let mappings = PriorityMappings {
        error: Priority::Error,
        warn: Priority::Warning,
        info: Priority::Informational,
        debug: Priority::Debug,
        trace: Priority::Debug,
    };
    // Without a prefix: MESSAGE_ID and LMSYNC_* must stand as they are.
    let layer = tracing_journald::layer()?.with_field_prefix(None).with_priority_mappings(mappings);
    Ok(layer.with_custom_fields(origin.iter().map(|(name, value)| (*name, value))))
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn a_level_counts_for_all_and_a_target_for_what_is_below_it() {
        let logs = |asked: &str, target: &str, level: Level| {
            filter(asked).expect("understood").would_enable(target, &level)
        };
        for asked in ["", " , ", "info", "INFO", "lmsyncd=trace,info"] {
            assert!(logs(asked, "hyper", Level::INFO), "{asked}");
            assert!(!logs(asked, "hyper", Level::DEBUG), "{asked}");
        }
        assert!(logs("debug", "lmsyncd::store", Level::DEBUG));
        assert!(logs("lmsyncd=trace", "lmsyncd::store", Level::TRACE));
        assert!(!logs("lmsyncd=trace", "hyper", Level::ERROR));
        assert!(!logs("debug, lmsyncd::store=off", "lmsyncd::store", Level::ERROR));
        assert!(!logs("off", "lmsyncd", Level::ERROR));
    }

    #[test]
    fn entries_say_whose_they_are_and_how_it_is_called() {
        let of = |path: &str| {
            let config = Path::new(path);
            origin(config, &Address::of_config(config, Some(Path::new("/srv/x.sock"))))
        };
        let values = |fields: Vec<(&str, String)>| {
            fields.into_iter().map(|(_, value)| value).collect::<Vec<_>>()
        };
        assert_eq!(
            values(of("/etc/lmsyncd/north.toml")),
            [
                "north",
                "lmsyncctl --instance north",
                "/etc/lmsyncd/north.toml",
                "/etc/lmsyncd/credentials/north/autotask-secret",
            ]
        );
        let plain = values(of("/etc/lmsyncd/lmsyncd.toml"));
        assert_eq!(plain[..2], ["default", "lmsyncctl"]);
        let elsewhere = values(of("/srv/south.toml"));
        assert_eq!(elsewhere[..2], ["south", "lmsyncctl --socket /srv/x.sock"]);
        assert_eq!(elsewhere[3], "the secret-file");
    }

    #[test]
    fn the_catalogue_refers_to_fields_that_every_entry_has_or_that_journald_adds() {
        let catalogue = include_str!("../../systemd/lmsyncd.catalog");
        let config = Path::new("/etc/lmsyncd/lmsyncd.toml");
        let names: Vec<&str> =
            origin(config, &Address::of_config(config, None)).into_iter().map(|f| f.0).collect();
        for name in ["LMSYNC_INSTANCE", "LMSYNC_COMMAND", "LMSYNC_CONFIG", "LMSYNC_SECRET_FILE"] {
            assert!(names.contains(&name) && catalogue.contains(&format!("@{name}@")), "{name}");
        }
        // A command without the instance would be answered by another tenant's daemon.
        for line in catalogue.lines() {
            assert!(!line.contains("lmsyncctl"), "{line}");
            assert!(!line.contains("systemctl") || line.contains("@_SYSTEMD_UNIT@"), "{line}");
        }
    }

    #[test]
    fn what_says_nothing_is_named() {
        for (asked, part) in [
            ("debgu", "debgu"),
            ("info,lmsyncd=loud", "lmsyncd=loud"),
            ("lmsyncd[run]=debug", "lmsyncd[run]=debug"),
            ("debug/Acme", "debug/Acme"),
            ("=debug", "=debug"),
            ("lmsyncd::=debug", "lmsyncd::=debug"),
        ] {
            let error = filter(asked).expect_err("not understood");
            assert_eq!(error, LogError { part: part.to_owned() });
            assert!(error.to_string().contains("off, error, warn, info, debug, trace"));
        }
    }
}
