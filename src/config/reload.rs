//! What a reload changed: each setting that differs, as it was and as it is, and whether the
//! running daemon can take it. Pure.

use super::credentials::same;
use super::keys::{self, Effect, Shown};
use super::settings::Settings;

/// The text for a secret that is not there.
const UNSET: &str = "(not set)";

/// One setting that differs between two configurations. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The key with its section: `sync.interval`.
    pub key: String,
    /// The value before, as it would stand in the file, without quotes; `(not set)` for none.
    pub old: String,
    /// The value now, likewise.
    pub new: String,
    /// Whether the running daemon takes it.
    pub effect: Effect,
}

/// Every setting that differs, in the order of the example file.
///
/// A secret that was exchanged in its file is not among them: compare
/// [`super::Credentials::same_as`].
pub fn changes(old: &Settings, new: &Settings) -> Vec<Change> {
    let changed = keys::all().filter_map(|(section, key)| {
        let (old, new) = match ((key.show)(old), (key.show)(new)) {
            (Shown::Text(old), Shown::Text(new)) => (old != new).then_some((old, new))?,
            (Shown::Secret(old), Shown::Secret(new)) => {
                // That a secret came, went or changed, and nothing else about it.
                let (old, new) = match (&old, &new) {
                    (None, None) => return None,
                    (Some(old), Some(new)) if same(old, new) => return None,
                    (Some(_), Some(_)) => ("(set)", "(changed)"),
                    (Some(_), None) => ("(set)", UNSET),
                    (None, Some(_)) => (UNSET, "(set)"),
                };
                (old.to_owned(), new.to_owned())
            }
            (Shown::Text(_), Shown::Secret(_)) | (Shown::Secret(_), Shown::Text(_)) => return None,
        };
        Some(Change { key: key.in_section(section), old, new, effect: key.effect })
    });
    changed.collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::parse;

    fn settings(text: &str) -> Settings {
        let text = format!("version = 1\n{text}");
        parse(&text, Path::new("/tmp/lmsyncd.toml")).expect("a valid configuration")
    }

    /// Every key with a value that is not its default.
    const OTHER: &str = r#"
[autotask]
username = "other"
integration-code = "hunter2"
secret-file = "/s"
zone-url = "https://z/"
zone-hosts = ["z.example"]
discovery-url = "https://d/"
max-requests-per-hour = 1
yield-above-percent = 1
concurrency-per-endpoint = 1
request-timeout = "1s"
proxy = "http://p:1"
ca-file = "/ca.pem"
time-zone = "Australia/Sydney"
currency = "AUD"
[sync]
interval = "12h"
batch-window = "0s"
new-agreements = "pending"
new-clients = "auto"
[fields]
user-defined = { "Account Manager" = "account_manager" }
[guard]
max-vanished-percent = 1
hold-price-change-percent = 1
hold-status-flips = true
[store]
path = "/store"
history = "90d"
[control]
socket = "/socket"
operators = ["jane", "@msp"]
observers = ["kim"]
[notify]
command = ["/bin/tell", "hunter2"]
timeout = "5s"
events = ["run_failed"]
heartbeat-url = "https://hc/hunter2"
[metrics]
textfile = "/m.prom"
"#;

    const PLAIN: &str = "[autotask]\nusername = \"user\"\n";

    #[test]
    fn nothing_changed_is_no_change() {
        assert_eq!(changes(&settings(OTHER), &settings(OTHER)), []);
    }

    #[test]
    fn every_key_is_told_in_the_order_of_the_file() {
        let expected: Vec<_> = keys::all().map(|(section, key)| key.in_section(section)).collect();
        let found = changes(&settings(PLAIN), &settings(OTHER));
        assert_eq!(found.iter().map(|change| change.key.clone()).collect::<Vec<_>>(), expected);
        let restart = found.iter().filter(|change| change.effect == Effect::NeedsRestart);
        let restart: Vec<_> = restart.map(|change| change.key.as_str()).collect();
        assert_eq!(restart, ["store.path", "control.socket"]);
    }

    #[test]
    fn values_are_told_as_written_and_secrets_are_not() {
        let found = changes(&settings(PLAIN), &settings(OTHER));
        let told = |key: &str| {
            let change = found.iter().find(|change| change.key == key).expect(key);
            format!("{} -> {}", change.old, change.new)
        };
        assert_eq!(told("sync.interval"), "24h -> 12h");
        let manager = "(not set) -> { \"Account Manager\" = \"account_manager\" }";
        assert_eq!(told("fields.user-defined"), manager);
        assert_eq!(told("store.history"), "400d -> 90d");
        assert_eq!(told("autotask.zone-url"), "(not set) -> https://z/");
        assert_eq!(told("autotask.integration-code"), "(not set) -> (set)");
        assert_eq!(told("autotask.time-zone"), "(the server's) -> Australia/Sydney");
        assert_eq!(told("autotask.currency"), "(not set) -> AUD");
        assert_eq!(told("control.operators"), "root, @lmsyncd -> jane, @msp");
        assert!(!format!("{found:?}").contains("hunter2"));

        let exchanged = OTHER.replacen("hunter2", "hunter3", 1);
        let found = changes(&settings(OTHER), &settings(&exchanged));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].old.as_str(), found[0].new.as_str()), ("(set)", "(changed)"));
    }
}
