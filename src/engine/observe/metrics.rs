//! Metrics as text, in two formats: OpenMetrics, and the older one of Prometheus.
//!
//! | | OpenMetrics 1.0 | Prometheus 0.0.4 |
//! |---|---|---|
//! | read by | Prometheus itself, strict parsers | node_exporter's textfile collector, promtool |
//! | a counter is declared as | `lmsyncd_runs` | `lmsyncd_runs_total` |
//! | `# UNIT`, `# EOF` | yes | no: they are comments there |
//!
//! node_exporter takes OpenMetrics for the older format: it reads each counter as untyped, without
//! its help. Written by hand, a dozen families of gauges and counters, all from one look at the
//! board: the crate prometheus-client writes OpenMetrics only, so that the file would need a second
//! writer.

use std::fmt::Write;

use super::{Board, Observe};
use crate::autotask::Auth;
use crate::engine::events::Counts;
use crate::model::Failure;
use crate::policy::health::Health;

/// Every health, so that a number that falls to 0 is seen to.
const HEALTHS: [Health; 7] = [
    Health::Ok,
    Health::NeverSynced,
    Health::Held,
    Health::Failing,
    Health::Blocked,
    Health::Paused,
    Health::Overdue,
];

/// How metrics are written; named as on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum MetricsFormat {
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// The text format 0.0.4 of Prometheus.
    Prometheus,
}

impl Observe {
    /// The metrics at this moment.
    ///
    /// # Errors
    ///
    /// Where the store cannot be read.
    pub fn metrics(&self, format: MetricsFormat) -> Result<String, Failure> {
        let text = Text::new(format, &self.context.tenant);
        Ok(render(text, &self.board(None)?, &self.context.events.counts()))
    }
}

fn render(mut text: Text, board: &Board, counts: &Counts) -> String {
    text.family("lmsyncd_build_info", "gauge", "The running version.");
    text.sample("", &[("version", env!("CARGO_PKG_VERSION"))], 1);
    text.family("lmsyncd_start_time_seconds", "gauge", "When the daemon started.");
    text.sample("", &[], board.started.timestamp());
    clients(&mut text, board);

    text.family("lmsyncd_runs", "counter", "Runs since the start, by result.");
    for (result, number) in &counts.runs {
        text.sample("_total", &[("result", result)], number);
    }
    text.family("lmsyncd_events", "counter", "Events since the start, by name.");
    for (event, number) in &counts.events {
        text.sample("_total", &[("event", event.name())], number);
    }
    text.family(
        "lmsyncd_events_missed",
        "counter",
        "Events that were dropped because a listener was too slow.",
    );
    text.sample("_total", &[], counts.missed);

    let api = &board.api;
    let auth = "Whether Autotask refused the credentials when they were last tried.";
    text.family("lmsyncd_api_auth_refused", "gauge", auth);
    text.sample("", &[], u8::from(matches!(api.auth, Auth::Refused(_))));
    let own = "Requests of the daemon in the last hour.";
    text.family("lmsyncd_api_requests_last_hour", "gauge", own);
    text.sample("", &[], api.requests_last_hour);
    let cap = "Requests that the daemon may make per hour.";
    text.family("lmsyncd_api_requests_last_hour_limit", "gauge", cap);
    text.sample("", &[], api.max_requests_per_hour);
    if let Some(tenant) = &api.threshold {
        let all = "Requests of all integrations of the tenant in its window, when last asked.";
        text.family("lmsyncd_api_tenant_requests", "gauge", all);
        text.sample("", &[], tenant.used);
        let limit = "Requests that the tenant may make in its window.";
        text.family("lmsyncd_api_tenant_requests_limit", "gauge", limit);
        text.sample("", &[], tenant.limit);
    }

    text.family("lmsyncd_store_contracts", "gauge", "Contract records in the store.");
    text.sample("", &[], board.contracts);
    text.family("lmsyncd_store_sequence", "gauge", "The last commit of the store.");
    text.sample("", &[], board.sequence);
    text.end()
}

fn clients(text: &mut Text, board: &Board) {
    text.family("lmsyncd_clients", "gauge", "Clients, by health.");
    for health in HEALTHS {
        let number = board.clients.iter().filter(|standing| standing.health == health).count();
        text.sample("", &[("health", health.name())], number);
    }
    let automatic = || board.clients.iter().filter(|standing| standing.state.auto_sync);
    text.family("lmsyncd_clients_auto_sync", "gauge", "Clients that are on auto-sync.");
    text.sample("", &[], automatic().count());
    let synced = "When a client on auto-sync was last synced; none for one that never was.";
    text.family("lmsyncd_client_last_synced_timestamp_seconds", "gauge", synced);
    for standing in automatic() {
        let Some(at) = standing.state.last_synced else { continue };
        let client = &standing.state.client;
        let id = client.id.to_string();
        text.sample("", &[("client_id", &id), ("client", &client.name)], at.timestamp());
    }
}

/// The text as it grows, with the name of the family at hand.
struct Text {
    format: MetricsFormat,
    /// The label that tells the tenants of a server apart. Not `instance`, which is the scrape's.
    tenant: String,
    family: &'static str,
    out: String,
}

impl Text {
    fn new(format: MetricsFormat, tenant: &str) -> Text {
        let tenant = format!("tenant=\"{}\"", escaped(tenant));
        Text { format, tenant, family: "", out: String::new() }
    }

    /// Begins a family. No type but `gauge` and `counter`: the older format knows no `info`.
    fn family(&mut self, name: &'static str, kind: &str, help: &str) {
        self.family = name;
        // Writing to a String does not fail.
        let _ = match self.format {
            MetricsFormat::OpenMetrics => {
                let unit = match name.ends_with("_seconds") {
                    true => format!("# UNIT {name} seconds\n"),
                    false => String::new(),
                };
                writeln!(self.out, "# TYPE {name} {kind}\n{unit}# HELP {name} {help}")
            }
            MetricsFormat::Prometheus => {
                let suffix = if kind == "counter" { "_total" } else { "" };
                writeln!(self.out, "# HELP {name}{suffix} {help}\n# TYPE {name}{suffix} {kind}")
            }
        };
    }

    fn sample(&mut self, suffix: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let labels = labels.iter().map(|(name, value)| format!(",{name}=\"{}\"", escaped(value)));
        let (name, tenant, labels) = (self.family, &self.tenant, labels.collect::<String>());
        let _ = writeln!(self.out, "{name}{suffix}{{{tenant}{labels}}} {value}");
    }

    /// The whole text.
    fn end(mut self) -> String {
        if self.format == MetricsFormat::OpenMetrics {
            self.out.push_str("# EOF\n");
        }
        self.out
    }
}

/// A label's value: backslash, quote and line break are escaped.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_break_out_of_its_label() {
        let mut text = Text::new(MetricsFormat::OpenMetrics, "a\"b");
        text.family("lmsyncd_x", "gauge", "A test.");
        text.sample("", &[("client", "a\"} 1\n\\")], 2);
        let says = "# TYPE lmsyncd_x gauge\n# HELP lmsyncd_x A test.\n\
                    lmsyncd_x{tenant=\"a\\\"b\",client=\"a\\\"} 1\\n\\\\\"} 2\n";
        assert_eq!(text.out, says);
    }

    #[test]
    fn a_counter_is_declared_by_the_name_that_each_format_wants() {
        let written = |format| {
            let mut text = Text::new(format, "north");
            text.family("lmsyncd_runs", "counter", "Runs.");
            text.sample("_total", &[], 3);
            text.family("lmsyncd_start_time_seconds", "gauge", "Start.");
            text.sample("", &[], 4);
            text.end()
        };
        assert_eq!(
            written(MetricsFormat::OpenMetrics),
            "# TYPE lmsyncd_runs counter\n# HELP lmsyncd_runs Runs.\n\
             lmsyncd_runs_total{tenant=\"north\"} 3\n\
             # TYPE lmsyncd_start_time_seconds gauge\n# UNIT lmsyncd_start_time_seconds seconds\n\
             # HELP lmsyncd_start_time_seconds Start.\n\
             lmsyncd_start_time_seconds{tenant=\"north\"} 4\n# EOF\n"
        );
        assert_eq!(
            written(MetricsFormat::Prometheus),
            "# HELP lmsyncd_runs_total Runs.\n# TYPE lmsyncd_runs_total counter\n\
             lmsyncd_runs_total{tenant=\"north\"} 3\n\
             # HELP lmsyncd_start_time_seconds Start.\n# TYPE lmsyncd_start_time_seconds gauge\n\
             lmsyncd_start_time_seconds{tenant=\"north\"} 4\n"
        );
    }
}
