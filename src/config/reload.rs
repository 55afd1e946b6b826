//! What a reload changed: each setting that differs, as it was and as it is, and whether the
//! running daemon can take it. Pure. Every struct is destructured, so that a new setting does not
//! compile until it is told here.

use std::path::Path;
use std::time::Duration;

use secrecy::SecretString;

use super::credentials::same;
use super::settings::{
    AutotaskSettings, ControlSettings, FieldsSettings, GuardSettings, MetricsSettings,
    NotifySettings, Operator, Settings, StoreSettings, SyncSettings,
};
use super::values::duration_text;
use crate::clock::Tz;
use crate::model::{Currency, EventName, UdfName};

/// How a text stands for a value that is not there.
const UNSET: &str = "(not set)";

/// How a text stands for a zone that is not there.
const SERVERS: &str = "(the server's)";

/// One setting that differs between two configurations. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The key with its section: `sync.interval`.
    pub key: &'static str,
    /// The value before, as it would stand in the file, without quotes; `(not set)` for none.
    pub old: String,
    /// The value now, likewise.
    pub new: String,
    /// Whether the running daemon takes it.
    pub effect: Effect,
}

/// What it takes for a changed setting to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The reload applies it.
    Applied,
    /// The old value stays until the daemon is restarted.
    NeedsRestart,
}

/// Every setting that differs, in the order of the example file.
///
/// A secret that was exchanged in its file is not among them: compare
/// [`super::Credentials::same_as`].
pub fn changes(old: &Settings, new: &Settings) -> Vec<Change> {
    let Settings { autotask, sync, fields, guard, store, control, notify, metrics } = old;
    let mut found = Changes(Vec::new());
    autotask_changes(autotask, &new.autotask, &mut found);
    sync_changes(sync, &new.sync, &mut found);
    fields_changes(fields, &new.fields, &mut found);
    guard_changes(guard, &new.guard, &mut found);
    store_changes(store, &new.store, &mut found);
    control_changes(control, &new.control, &mut found);
    notify_changes(notify, &new.notify, &mut found);
    metrics_changes(metrics, &new.metrics, &mut found);
    found.0
}

fn autotask_changes(old: &AutotaskSettings, new: &AutotaskSettings, found: &mut Changes) {
    let AutotaskSettings {
        username,
        integration_code,
        secret_file,
        zone_url,
        discovery_url,
        max_requests_per_hour,
        yield_above_percent,
        concurrency_per_endpoint,
        request_timeout,
        proxy,
        ca_file,
        time_zone,
        currency,
    } = old;
    found.text("autotask.username", username, &new.username);
    found.secret(
        "autotask.integration-code",
        integration_code.as_ref(),
        new.integration_code.as_ref(),
    );
    found.text(
        "autotask.secret-file",
        path(secret_file.as_deref()),
        path(new.secret_file.as_deref()),
    );
    found.text("autotask.zone-url", text(zone_url.as_deref()), text(new.zone_url.as_deref()));
    found.text("autotask.discovery-url", discovery_url, &new.discovery_url);
    found.text("autotask.max-requests-per-hour", max_requests_per_hour, new.max_requests_per_hour);
    found.text("autotask.yield-above-percent", yield_above_percent, new.yield_above_percent);
    found.text(
        "autotask.concurrency-per-endpoint",
        concurrency_per_endpoint,
        new.concurrency_per_endpoint,
    );
    found.duration("autotask.request-timeout", *request_timeout, new.request_timeout);
    found.text("autotask.proxy", text(proxy.as_deref()), text(new.proxy.as_deref()));
    found.text("autotask.ca-file", path(ca_file.as_deref()), path(new.ca_file.as_deref()));
    let zone = |zone: Option<Tz>| zone.map_or(SERVERS, |zone| zone.name());
    found.text("autotask.time-zone", zone(*time_zone), zone(new.time_zone));
    let code = |currency: &Option<Currency>| text(currency.as_ref().map(Currency::code)).to_owned();
    found.text("autotask.currency", code(currency), code(&new.currency));
}

fn sync_changes(old: &SyncSettings, new: &SyncSettings, found: &mut Changes) {
    let SyncSettings { interval, batch_window, new_agreements } = old;
    found.duration("sync.interval", *interval, new.interval);
    found.duration("sync.batch-window", *batch_window, new.batch_window);
    found.text("sync.new-agreements", new_agreements, new.new_agreements);
}

fn fields_changes(old: &FieldsSettings, new: &FieldsSettings, found: &mut Changes) {
    let FieldsSettings { user_defined } = old;
    found.text("fields.user-defined", pairs(user_defined), pairs(&new.user_defined));
}

fn guard_changes(old: &GuardSettings, new: &GuardSettings, found: &mut Changes) {
    let GuardSettings { max_vanished_percent, hold_price_change_percent, hold_status_flips } = old;
    found.text("guard.max-vanished-percent", max_vanished_percent, new.max_vanished_percent);
    found.text(
        "guard.hold-price-change-percent",
        hold_price_change_percent,
        new.hold_price_change_percent,
    );
    found.text("guard.hold-status-flips", hold_status_flips, new.hold_status_flips);
}

fn store_changes(old: &StoreSettings, new: &StoreSettings, found: &mut Changes) {
    let StoreSettings { path: folder, history } = old;
    // The store is open and locked for as long as the daemon lives.
    found.restart("store.path", path(Some(folder)), path(Some(&new.path)));
    found.duration("store.history", *history, new.history);
}

fn control_changes(old: &ControlSettings, new: &ControlSettings, found: &mut Changes) {
    let ControlSettings { socket, operators } = old;
    // The socket is bound once, at the start, and clients are connected to it.
    found.restart("control.socket", path(Some(socket)), path(Some(&new.socket)));
    found.text("control.operators", names(operators), names(&new.operators));
}

fn notify_changes(old: &NotifySettings, new: &NotifySettings, found: &mut Changes) {
    let NotifySettings { command, timeout, events, heartbeat_url } = old;
    let whole =
        |words: &[String]| (!words.is_empty()).then(|| SecretString::from(words.join("\0")));
    // A command line may carry a password.
    found.secret("notify.command", whole(command).as_ref(), whole(&new.command).as_ref());
    found.duration("notify.timeout", *timeout, new.timeout);
    found.text("notify.events", event_names(events), event_names(&new.events));
    found.secret("notify.heartbeat-url", heartbeat_url.as_ref(), new.heartbeat_url.as_ref());
}

fn metrics_changes(old: &MetricsSettings, new: &MetricsSettings, found: &mut Changes) {
    let MetricsSettings { textfile } = old;
    found.text("metrics.textfile", path(textfile.as_deref()), path(new.textfile.as_deref()));
}

/// The changes found so far.
struct Changes(Vec<Change>);

impl Changes {
    fn text(&mut self, key: &'static str, old: impl ToString, new: impl ToString) {
        self.push(key, old.to_string(), new.to_string(), Effect::Applied);
    }

    fn restart(&mut self, key: &'static str, old: String, new: String) {
        self.push(key, old, new, Effect::NeedsRestart);
    }

    fn duration(&mut self, key: &'static str, old: Duration, new: Duration) {
        self.push(key, duration_text(old), duration_text(new), Effect::Applied);
    }

    fn push(&mut self, key: &'static str, old: String, new: String, effect: Effect) {
        if old != new {
            self.0.push(Change { key, old, new, effect });
        }
    }

    /// Tells that a secret came, went or changed, and nothing else about it.
    fn secret(
        &mut self,
        key: &'static str,
        old: Option<&SecretString>,
        new: Option<&SecretString>,
    ) {
        let (old, new) = match (old, new) {
            (None, None) => return,
            (Some(old), Some(new)) if same(old, new) => return,
            (Some(_), Some(_)) => ("(set)", "(changed)"),
            (Some(_), None) => ("(set)", UNSET),
            (None, Some(_)) => (UNSET, "(set)"),
        };
        self.text(key, old, new);
    }
}

fn text(value: Option<&str>) -> &str {
    value.unwrap_or(UNSET)
}

fn path(value: Option<&Path>) -> String {
    value.map_or_else(|| UNSET.to_owned(), |path| path.display().to_string())
}

fn names(operators: &[Operator]) -> String {
    if operators.is_empty() {
        return "(nobody)".to_owned();
    }
    operators.iter().map(Operator::to_string).collect::<Vec<_>>().join(", ")
}

fn event_names(events: &[EventName]) -> String {
    if events.is_empty() {
        return "(none)".to_owned();
    }
    events.iter().map(|event| event.name()).collect::<Vec<_>>().join(", ")
}

/// The fields as they stand in the file.
fn pairs(fields: &[(String, UdfName)]) -> String {
    if fields.is_empty() {
        return UNSET.to_owned();
    }
    let pairs = fields.iter().map(|(name, ours)| format!("{name:?} = {:?}", ours.local()));
    format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::keys::SECTIONS;
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
        let expected: Vec<_> = SECTIONS
            .iter()
            .flat_map(|s| s.keys.iter().map(move |key| format!("{}.{}", s.name, key.name)))
            .collect();
        let found = changes(&settings(PLAIN), &settings(OTHER));
        assert_eq!(found.iter().map(|change| change.key).collect::<Vec<_>>(), expected);
        let restart = found.iter().filter(|change| change.effect == Effect::NeedsRestart);
        let restart: Vec<_> = restart.map(|change| change.key).collect();
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
