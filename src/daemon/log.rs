//! Where log entries go: the journal where systemd runs the daemon, standard error elsewhere.
//!
//! In the journal an entry's facts are fields of their own (systemd.journal-fields(7)). On standard
//! error only the text is shown: the fields are for machines, and a person reads the text.

use std::io::{self, IsTerminal};

use tracing_journald::{Priority, PriorityMappings};
use tracing_subscriber::fmt::format::debug_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

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

/// Starts the log, once for a process. `LMSYNCD_LOG` says what is logged.
pub fn start_log(destination: Destination) {
    let filter = EnvFilter::builder()
        .with_default_directive(tracing::Level::INFO.into())
        .with_env_var("LMSYNCD_LOG")
        .from_env_lossy();
    let journal = match destination {
        Destination::Journal => journal().ok(),
        Destination::Stderr => None,
    };
    let layer = match journal {
        Some(layer) => layer.boxed(),
        None => tracing_subscriber::fmt::layer()
            .with_writer(io::stderr)
            .with_ansi(io::stderr().is_terminal())
            .with_target(false)
            .fmt_fields(debug_fn(|writer, field, value| match field.name() {
                "message" => write!(writer, "{value:?}"),
                _ => Ok(()),
            }))
            .boxed(),
    };
    // A second start would be a mistake in this program; the first log stays, which is harmless.
    let _ = tracing_subscriber::registry().with(layer.with_filter(filter)).try_init();
}

fn journal() -> io::Result<tracing_journald::Layer> {
    let mappings = PriorityMappings {
        error: Priority::Error,
        warn: Priority::Warning,
        info: Priority::Informational,
        debug: Priority::Debug,
        trace: Priority::Debug,
    };
    // Without a prefix: MESSAGE_ID and LMSYNC_* must stand as they are.
    Ok(tracing_journald::layer()?.with_field_prefix(None).with_priority_mappings(mappings))
}
