//! Metrics as OpenMetrics text, which node_exporter's textfile collector reads too.
//!
//! Written by hand: a dozen families of gauges and counters, all from one look at the board.

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

impl Observe {
    /// The metrics at this moment.
    pub fn metrics(&self) -> Result<String, Failure> {
        Ok(render(&self.board(None)?, &self.context.events.counts()))
    }
}

fn render(board: &Board, counts: &Counts) -> String {
    let mut text = Text::default();
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
    text.0.push_str("# EOF\n");
    text.0
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
#[derive(Default)]
struct Text(String, &'static str);

impl Text {
    /// Begins a family. No type but `gauge` and `counter`: node_exporter knows no `info`.
    fn family(&mut self, name: &'static str, kind: &str, help: &str) {
        self.1 = name;
        if name.ends_with("_seconds") {
            // Writing to a String does not fail.
            let _ = writeln!(self.0, "# UNIT {name} seconds");
        }
        let _ = writeln!(self.0, "# TYPE {name} {kind}\n# HELP {name} {help}");
    }

    fn sample(&mut self, suffix: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let labels: Vec<String> =
            labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let name = self.1;
        let _ = match labels.is_empty() {
            true => writeln!(self.0, "{name}{suffix} {value}"),
            false => writeln!(self.0, "{name}{suffix}{{{}}} {value}", labels.join(",")),
        };
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
        let mut text = Text::default();
        text.family("lmsyncd_x", "gauge", "A test.");
        text.sample("", &[("client", "a\"} 1\n\\")], 2);
        let says = "# TYPE lmsyncd_x gauge\n# HELP lmsyncd_x A test.\n\
                    lmsyncd_x{client=\"a\\\"} 1\\n\\\\\"} 2\n";
        assert_eq!(text.0, says);
    }
}
