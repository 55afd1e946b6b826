//! The settings as the rest of the program sees them: typed, complete and within range, with the
//! built-in defaults and the ranges beside each other. Nothing here knows TOML.

use std::fmt;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;

use super::paths;
use crate::clock::Tz;
use crate::model::{Currency, EventName, UdfName};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Autotask allows 10,000 requests an hour for all integrations of a tenant together.
pub(super) const MAX_REQUESTS_PER_HOUR: RangeInclusive<u32> = 1..=10_000;
/// Percent. At 0 the daemon would yield always, and never sync.
pub(super) const YIELD_ABOVE_PERCENT: RangeInclusive<u32> = 1..=100;
/// Autotask serves 3 at a time per integration and endpoint; one is left for whoever shares it.
pub(super) const CONCURRENCY_PER_ENDPOINT: RangeInclusive<u32> = 1..=2;
/// Autotask is said to give up on a request after five minutes; twice that is long enough.
pub(super) const REQUEST_TIMEOUT: RangeInclusive<Duration> = SECOND..=Duration::from_secs(10 * 60);
/// Below a minute a run would meet its predecessor; beyond a month nobody would call it current.
pub(super) const INTERVAL: RangeInclusive<Duration> = MINUTE..=Duration::from_secs(30 * 86_400);
/// Zero takes along nobody. The interval is a further limit.
pub(super) const BATCH_WINDOW: RangeInclusive<Duration> = Duration::ZERO..=DAY;
/// Percent. 0 holds a run for any vanished contract, 100 for none.
pub(super) const MAX_VANISHED_PERCENT: RangeInclusive<u32> = 0..=100;
/// Percent. A price may more than double, so the range goes beyond 100; 0 never holds.
pub(super) const HOLD_PRICE_CHANGE_PERCENT: RangeInclusive<u32> = 0..=1_000;
/// From a day to ten years.
pub(super) const HISTORY: RangeInclusive<Duration> = DAY..=Duration::from_secs(3_650 * 86_400);
/// Below a second no command gets anywhere; beyond ten minutes it delays all that come after it.
pub(super) const NOTIFY_TIMEOUT: RangeInclusive<Duration> = SECOND..=Duration::from_secs(10 * 60);

/// Where a zone is asked for when `zone-url` is not set.
const DISCOVERY_URL: &str = "https://webservices.autotask.net/ATServicesRest/";

/// All settings of one daemon, as validated. Its `Debug` holds no secret.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How Autotask is reached, and how much of it is used.
    pub autotask: AutotaskSettings,
    /// When clients are synced by themselves.
    pub sync: SyncSettings,
    /// Which fields of Autotask's are kept besides those that every tenant has.
    pub fields: FieldsSettings,
    /// What makes a run wait for a person.
    pub guard: GuardSettings,
    /// Where contracts are kept.
    pub store: StoreSettings,
    /// Who may drive the daemon, and where.
    pub control: ControlSettings,
    /// Who is told of what happens.
    pub notify: NotifySettings,
    /// Where metrics are written.
    pub metrics: MetricsSettings,
}

/// The section `[autotask]`.
#[derive(Debug, Clone)]
pub struct AutotaskSettings {
    /// The API user's "Username (Key)". Visible ASCII, never empty.
    pub username: String,
    /// The integration's tracking identifier, where it stands in the file. Take it from
    /// [`Settings::credentials`], which also knows the systemd credential.
    pub integration_code: Option<SecretString>,
    /// A file that holds the secret, for a daemon that systemd gives no credential. Absolute.
    pub secret_file: Option<PathBuf>,
    /// The tenant's REST address; discovered when None. https (http only toward loopback), and it
    /// ends in `/`.
    pub zone_url: Option<String>,
    /// Hosts that a discovered zone may be on besides those below the domain of the discovery.
    pub zone_hosts: Vec<String>,
    /// Where the zone is asked for. https (http only toward loopback), and it ends in `/`.
    pub discovery_url: String,
    /// The daemon's own budget, in requests an hour. 1 to 10,000.
    pub max_requests_per_hour: u32,
    /// The tenant's use, in percent of its hourly limit, above which the daemon stands back.
    /// 1 to 100.
    pub yield_above_percent: u32,
    /// Requests at a time to one endpoint. 1 or 2.
    pub concurrency_per_endpoint: u32,
    /// How long one request may take, answer included. 1 s to 10 min.
    pub request_timeout: Duration,
    /// The proxy for every request; http or https, without a password in it.
    pub proxy: Option<String>,
    /// A PEM file with certificate authorities to trust besides the system's. Absolute; whether it
    /// can be read is for its reader to find out.
    pub ca_file: Option<PathBuf>,
    /// The zone of the MSP's calendar day; the server's own when None.
    pub time_zone: Option<Tz>,
    /// The currency of a tenant that names none, because it has no multi-currency.
    pub currency: Option<Currency>,
}

/// The section `[sync]`.
#[derive(Debug, Clone)]
pub struct SyncSettings {
    /// From one automatic run of a client to the next. 1 min to 30 days.
    pub interval: Duration,
    /// A due client takes along those that are due within this window. Zero to 24 h, and never
    /// longer than `interval`.
    pub batch_window: Duration,
    /// What auto-sync does with an agreement that was never seen before.
    pub new_agreements: NewAgreements,
    /// What is done about a client whose first agreement appears.
    pub new_clients: NewClients,
}

/// The section `[fields]`.
#[derive(Debug, Clone, Default)]
pub struct FieldsSettings {
    /// The user-defined fields of agreements that are kept: the name in Autotask, and ours, no name
    /// twice. In the file's order.
    pub user_defined: Vec<(String, UdfName)>,
}

/// The section `[guard]`.
#[derive(Debug, Clone)]
pub struct GuardSettings {
    /// A run in which more than this percentage of a client's contracts vanished is held. 0 to 100.
    pub max_vanished_percent: u32,
    /// A price that changed by more than this percentage is held; 0 never holds. 0 to 1,000.
    pub hold_price_change_percent: u32,
    /// Whether an agreement that goes from active to inactive, or back, is held.
    pub hold_status_flips: bool,
}

/// The section `[store]`.
#[derive(Debug, Clone)]
pub struct StoreSettings {
    /// The store's folder. Absolute.
    pub path: PathBuf,
    /// How long runs and field changes are remembered. 1 day to 10 years.
    pub history: Duration,
}

/// The section `[control]`.
#[derive(Debug, Clone)]
pub struct ControlSettings {
    /// The control socket. Absolute, and short enough for a socket address (107 bytes).
    pub socket: PathBuf,
    /// Who may change things; everyone else in the socket's group may look. In the file's order.
    /// Whether such a user or group exists is not known here.
    pub operators: Vec<Operator>,
    /// Who else may look, as long as that costs no request to Autotask.
    pub observers: Vec<Operator>,
}

/// The section `[notify]`.
#[derive(Debug, Clone)]
pub struct NotifySettings {
    /// The command that is run for an event, and its arguments; empty for none. The command is an
    /// absolute path.
    pub command: Vec<String>,
    /// How long it may take. 1 s to 10 min.
    pub timeout: Duration,
    /// The events that it is run for.
    pub events: Vec<EventName>,
    /// What is called after a good cycle; http or https. Who knows it can fake a heartbeat.
    pub heartbeat_url: Option<SecretString>,
}

/// The section `[metrics]`.
#[derive(Debug, Clone, Default)]
pub struct MetricsSettings {
    /// The file that metrics are written to, for node_exporter. Absolute, and it ends in `.prom`.
    pub textfile: Option<PathBuf>,
}

/// What auto-sync does with an agreement that was never seen before; named as in the file.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, strum::Display, strum::EnumString, strum::VariantNames,
)]
#[strum(serialize_all = "kebab-case")]
pub enum NewAgreements {
    /// Import it.
    Import,
    /// Leave it pending, for a person to import.
    Pending,
}

/// What is done about a client whose first agreement appears; named as in the file.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, strum::Display, strum::EnumString, strum::VariantNames,
)]
#[strum(serialize_all = "kebab-case")]
pub enum NewClients {
    /// Tell it.
    Tell,
    /// Tell it, and switch auto-sync on.
    Auto,
    /// Nothing.
    Ignore,
}

/// One who may change things, or look, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operator {
    /// A user: `root`.
    User(String),
    /// A group, without the `@` that it has in the file: `@lmsyncd`.
    Group(String),
}

impl Settings {
    /// The built-in defaults for the file at `path`, which decides the instance. The username has
    /// no default and is left empty; validation asks for it.
    pub(super) fn defaults(path: &Path) -> Settings {
        let instance = paths::instance_of(path);
        Settings {
            autotask: AutotaskSettings {
                username: String::new(),
                integration_code: None,
                secret_file: None,
                zone_url: None,
                zone_hosts: Vec::new(),
                discovery_url: DISCOVERY_URL.to_owned(),
                max_requests_per_hour: 2_000,
                yield_above_percent: 50,
                concurrency_per_endpoint: 2,
                request_timeout: Duration::from_secs(120),
                proxy: None,
                ca_file: None,
                time_zone: None,
                currency: None,
            },
            sync: SyncSettings {
                interval: DAY,
                batch_window: HOUR,
                new_agreements: NewAgreements::Import,
                new_clients: NewClients::Tell,
            },
            fields: FieldsSettings::default(),
            guard: GuardSettings {
                max_vanished_percent: 20,
                hold_price_change_percent: 0,
                hold_status_flips: false,
            },
            store: StoreSettings {
                path: instance.map_or_else(|| paths::DEFAULT_STORE.into(), paths::instance_store),
                history: Duration::from_secs(400 * 86_400),
            },
            control: ControlSettings {
                socket: instance
                    .map_or_else(|| paths::DEFAULT_SOCKET.into(), paths::instance_socket),
                operators: vec![
                    Operator::User("root".to_owned()),
                    Operator::Group("lmsyncd".to_owned()),
                ],
                observers: vec![Operator::Group("lmsyncd-view".to_owned())],
            },
            notify: NotifySettings {
                command: Vec::new(),
                timeout: Duration::from_secs(30),
                events: EventName::ALERTS.to_vec(),
                heartbeat_url: None,
            },
            metrics: MetricsSettings::default(),
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Operator::User(name) => f.write_str(name),
            Operator::Group(name) => write!(f, "@{name}"),
        }
    }
}
