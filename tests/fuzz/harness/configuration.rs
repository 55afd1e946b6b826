//! A configuration file: it is read, or refused with the reasons, each of which has words.

use std::path::Path;

use lmsyncd::config::{self, ConfigError, Settings};

/// Reads the input as a configuration.
pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let read = |text: &str| config::parse(text, Path::new("/etc/lmsyncd/lmsyncd.toml"));
    match read(text) {
        Ok(settings) => usable(text, &settings),
        Err(error) => refused(&error),
    }
}

/// What was read is in its ranges, is read the same with the line ends of another system, and
/// needs no reload against itself.
fn usable(text: &str, settings: &Settings) {
    let again = config::parse(text, Path::new("/etc/lmsyncd/lmsyncd.toml")).expect("it was read");
    assert!(config::changes(settings, &again).is_empty(), "the same file differs from itself");
    assert!(settings.autotask.max_requests_per_hour > 0);
    assert!(settings.autotask.concurrency_per_endpoint > 0);
    assert!(!settings.sync.interval.is_zero());
    assert!(
        settings.autotask.username.is_empty()
            || config::header_safe(&settings.autotask.username).is_ok()
    );
}

/// A person is told something, and no control character reaches a terminal by it.
fn refused(error: &ConfigError) {
    let told = error.to_string();
    assert!(!told.is_empty());
    for problem in error.problems() {
        assert!(!problem.message.is_empty());
    }
}
