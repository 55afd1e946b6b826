//! The way in: read the file, take its values over the defaults.

use std::path::Path;

use super::error::ConfigError;
use super::report::Report;
use super::settings::Settings;
use super::{read, shape};

/// Reads and validates the configuration at `path`.
///
/// A file that others than its owner may change is refused: whoever can write it decides where the
/// secret is sent.
pub fn load(path: &Path) -> Result<Settings, ConfigError> {
    parse(&read::configuration(path)?, path)
}

/// Validates a configuration that was read from `path`, without touching the disk.
///
/// `path` stands in the errors and decides the instance, see [`super::instance_config`].
pub fn parse(text: &str, path: &Path) -> Result<Settings, ConfigError> {
    let Judged { settings, problems, .. } = judged(text, path);
    problems.map(|()| settings)
}

struct Judged {
    /// The settings as far as they can be read.
    settings: Settings,
    /// Whether the keys were read at all: where they were not, nothing can be missing.
    is_read: bool,
    /// What is wrong with them.
    problems: Result<(), ConfigError>,
}

fn judged(text: &str, path: &Path) -> Judged {
    let mut report = Report::new(text);
    let mut settings = Settings::defaults(path);
    let is_read = shape::read(text, &mut settings, &mut report);
    Judged { settings, is_read, problems: report.finish(path, ()) }
}

/// What a configuration and the credentials look like before anything is done with them.
#[derive(Debug)]
pub struct Survey {
    /// The settings, with the default in the place of each that cannot be read.
    pub settings: Settings,
    /// Everything that is wrong with the file, and then with the credentials.
    pub errors: Vec<ConfigError>,
}

/// Looks at the configuration at `path` and at the credentials, of which systemd's are in
/// `credentials_directory`, and does not stop at the first thing that is wrong. What else its keys
/// name is for [`Settings::obstacles`].
pub fn survey(path: &Path, credentials_directory: Option<&Path>) -> Survey {
    let Judged { settings, is_read, problems } = match read::configuration(path) {
        Ok(text) => judged(&text, path),
        Err(error) => {
            Judged { settings: Settings::defaults(path), is_read: false, problems: Err(error) }
        }
    };
    let mut errors: Vec<ConfigError> = problems.err().into_iter().collect();
    if !is_read {
        return Survey { settings, errors };
    }
    let known: Vec<String> =
        errors.iter().flat_map(|error| error.problems()).filter_map(|p| p.key.clone()).collect();
    let is_judged = |error: &ConfigError| match error {
        ConfigError::NoCredential { key, .. } => known.contains(&format!("autotask.{key}")),
        _ => false,
    };
    let missing = settings.credential_errors(credentials_directory).into_iter();
    errors.extend(missing.filter(|error| !is_judged(error)));
    Survey { settings, errors }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::{DEFAULT_SOCKET, DEFAULT_STORE, instance_config, instance_socket};
    use crate::config::{instance_store, settings};

    const LEAST: &str = "version = 1\n[autotask]\nusername = \"user\"\n";

    #[test]
    fn an_instance_has_its_own_store_and_socket() {
        let one = parse(LEAST, Path::new("/tmp/lmsyncd.toml")).expect("valid");
        assert_eq!(one.store.path, Path::new(DEFAULT_STORE));
        assert_eq!(one.control.socket, Path::new(DEFAULT_SOCKET));
        let acme = parse(LEAST, &instance_config("acme")).expect("valid");
        assert_eq!(acme.store.path, instance_store("acme"));
        assert_eq!(acme.control.socket, instance_socket("acme"));
    }

    #[test]
    fn the_default_window_follows_a_short_interval() {
        let text = format!("{LEAST}[sync]\ninterval = \"5m\"\n");
        let settings = parse(&text, Path::new("x.toml")).expect("valid");
        assert_eq!(settings.sync.batch_window, Duration::from_secs(300));
    }

    #[test]
    fn windows_line_ends_and_a_byte_order_mark_are_no_problem() {
        let text = format!("\u{feff}{}", LEAST.replace('\n', "\r\n"));
        assert_eq!(parse(&text, Path::new("x.toml")).expect("valid").autotask.username, "user");
    }

    #[test]
    fn the_defaults_are_within_their_ranges() {
        let it = Settings::defaults(Path::new("x.toml"));
        assert!(settings::MAX_REQUESTS_PER_HOUR.contains(&it.autotask.max_requests_per_hour));
        assert!(settings::YIELD_ABOVE_PERCENT.contains(&it.autotask.yield_above_percent));
        assert!(settings::CONCURRENCY_PER_ENDPOINT.contains(&it.autotask.concurrency_per_endpoint));
        assert!(settings::REQUEST_TIMEOUT.contains(&it.autotask.request_timeout));
        assert!(settings::INTERVAL.contains(&it.sync.interval));
        assert!(settings::BATCH_WINDOW.contains(&it.sync.batch_window));
        assert!(settings::MAX_VANISHED_PERCENT.contains(&it.guard.max_vanished_percent));
        let hold = it.guard.hold_price_change_percent;
        assert!(settings::HOLD_PRICE_CHANGE_PERCENT.contains(&hold));
        assert!(settings::HISTORY.contains(&it.store.history));
    }
}
