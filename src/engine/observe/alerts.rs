//! Looks at the board whenever it may have changed, and once a minute: what of it is an alert, and
//! the metrics for whoever reads them from a file.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::{MetricsFormat, Observe};
use crate::autotask::Auth;
use crate::engine::events::{Subscription, of_held, of_transition};
use crate::files::{self, Mode, Replacement};
use crate::model::{Advice, ClientId, ClientRef, ClientState, Code, Event, Failure, Outlet};
use crate::policy::alert::{
    ActiveAlert, AlertTransition, Alerts, Budget, Cause, Condition, Observed, Step, evaluate,
};

/// How often somebody looks even if nothing happened: what is overdue does not happen.
const EVALUATE_EVERY: Duration = Duration::from_secs(60);

/// How old a reading of the tenant's use may be before nothing can be told from it.
const READING_AGE: TimeDelta = TimeDelta::minutes(10);

/// How far, in percent of the limit, the use must fall before there is enough again: at the limit
/// itself it would be low and enough by turns.
const ENOUGH_BELOW: u32 = 90;

/// The name of the lasting alerts in the cache.
const ALERTS: &str = "alerts";

/// The name of the events that wait for the notify command in the cache.
const NOTIFICATIONS: &str = "notifications";

/// Stored state: an alert that lasts, as the cache keeps it.
#[derive(Serialize, Deserialize)]
struct StoredAlert {
    cause: String,
    since: DateTime<Utc>,
    told: DateTime<Utc>,
    client: Option<(i64, String)>,
    message: String,
}

impl Observe {
    /// Everything that happens from now on; refused if too many listen already.
    pub fn subscribe(&self) -> Result<Subscription, Failure> {
        self.context.events.subscribe().ok_or_else(|| {
            Failure::new(Code::Busy, "too many watchers").advise(Advice::FollowJournal)
        })
    }

    /// Notes that a subscriber was too slow for so many events.
    pub fn missed(&self, events: u64) {
        self.context.events.missed(events);
    }

    /// What [`Observe::keep_notifications`] last kept; nothing where there is no cache.
    pub fn kept_notifications(&self) -> Vec<u8> {
        self.context.store.cache_get(NOTIFICATIONS).unwrap_or_default()
    }

    /// Keeps the events that wait to be told beyond the end of the daemon, whatever ends it.
    pub async fn keep_notifications(&self, bytes: Vec<u8>) {
        let store = self.context.store.clone();
        let kept =
            tokio::task::spawn_blocking(move || store.cache_put_durably(NOTIFICATIONS, &bytes));
        // Where it cannot be kept, it is told all the same.
        let _ = kept.await;
    }

    /// Sees each good cycle from now on: a batch in which every client was synced.
    pub fn good_cycles(&self) -> watch::Receiver<u64> {
        self.context.events.good_cycles()
    }

    /// Tells of alerts, and writes the metrics to their file, until the engine stops.
    pub async fn tell(self) {
        let mut alerts = self.recalled_alerts();
        while !self.context.stopping.is_cancelled() {
            if let Err(failure) = self.update_alerts(&mut alerts) {
                tracing::warn!("alerts cannot be evaluated: {failure}");
            }
            self.write_metrics().await;
            tokio::select! {
                () = tokio::time::sleep(EVALUATE_EVERY) => {}
                () = self.context.events.changed() => {}
                () = self.context.stopping.cancelled() => {}
            }
        }
    }

    fn update_alerts(&self, alerts: &mut Alerts) -> Result<(), Failure> {
        let now = self.context.now();
        let observed = self.observed(now);
        let transitions = alerts.observe(now, &evaluate(&self.states_excused()?, &observed, now));
        if transitions.is_empty() {
            return Ok(());
        }
        for transition in transitions {
            let details = self.details(&transition);
            self.context.events.emit(of_transition(transition, now, details));
        }
        self.remember_alerts(alerts);
        Ok(())
    }

    /// What is known of an alert besides: of what a guard holds the run, the items and their money;
    /// of a client whose runs fail the last of them.
    fn details(&self, transition: &AlertTransition) -> Option<Event> {
        let Cause::Client(_, code) = transition.cause else { return None };
        let client = transition.condition.client.as_ref()?;
        if code == Code::Held && transition.step != Step::Ends {
            let held = self.review.held(Some(client)).ok()?;
            let held = held.into_iter().find(|held| held.changes.rejected.is_none())?;
            return Some(of_held(held.changes.run, &held.items, &self.context.basis(&held.items)));
        }
        let last = self.book.runs(Some(client), 1).ok()?.pop()?;
        let name = transition.cause.event();
        Some(Event { run_id: last.id, ..Event::new(name, last.ended, "") })
    }

    /// The clients, none of them late because of a pause.
    fn states_excused(&self) -> Result<Vec<ClientState>, Failure> {
        let pauses = self.book.pauses()?;
        Ok(self.context.store.clients()?.into_iter().map(|state| pauses.excused(state)).collect())
    }

    fn observed(&self, now: DateTime<Utc>) -> Observed {
        let live = self.context.live();
        let usage = live.autotask.usage();
        let limit = live.settings.autotask.yield_above_percent;
        let budget = match usage.threshold.filter(|known| now - known.at < READING_AGE) {
            None => Budget::Unclear,
            Some(known) if known.percent() >= limit => Budget::Low(known.percent()),
            Some(known) if known.percent() * 100 < limit * ENOUGH_BELOW => Budget::Enough,
            Some(_) => Budget::Unclear,
        };
        let accepted = match usage.auth {
            Auth::Accepted(at) => Some(at),
            Auth::Untried | Auth::Refused(_) => None,
        };
        Observed {
            accepted,
            budget,
            store: self.context.ensure_writable().err().map(|failure| failure.message),
            limits: self.context.visibility().and_then(|visibility| visibility.limits()),
            outlets: self.context.outlets.states(&live.settings),
        }
    }

    fn remember_alerts(&self, alerts: &Alerts) {
        let stored = alerts.active().iter().map(|(cause, alert)| StoredAlert {
            cause: cause.to_string(),
            since: alert.since,
            told: alert.notified_at,
            client: alert.condition.client.as_ref().map(|c| (c.id.0, c.name.clone())),
            message: alert.condition.message.clone(),
        });
        if let Ok(bytes) = serde_json::to_vec(&stored.collect::<Vec<_>>()) {
            self.context.store.cache_put(ALERTS, &bytes);
        }
    }

    /// The alerts as the last daemon left them. Without a cache they begin anew: to be told twice
    /// is better than never.
    fn recalled_alerts(&self) -> Alerts {
        let bytes = self.context.store.cache_get(ALERTS).unwrap_or_default();
        let stored: Vec<StoredAlert> = serde_json::from_slice(&bytes).unwrap_or_default();
        Alerts::restored(stored.into_iter().filter_map(|stored| {
            let StoredAlert { cause, since, told, client, message } = stored;
            let client = client.map(|(id, name)| ClientRef { id: ClientId(id), name });
            let condition = Condition { client, message };
            Some((cause.parse().ok()?, ActiveAlert { since, notified_at: told, condition }))
        }))
    }

    /// Writes the metrics to their file, if one is configured.
    async fn write_metrics(&self) {
        let Some(path) = self.context.settings().metrics.textfile.clone() else { return };
        let observe = self.clone();
        let result =
            match self.context.ask(move || observe.metrics(MetricsFormat::Prometheus)).await {
                Ok(text) => {
                    let shown = path.display().to_string();
                    let written = tokio::task::spawn_blocking(move || replace(&path, &text)).await;
                    written
                        .unwrap_or_else(|error| Err(io::Error::other(error)))
                        .map_err(|error| format!("{shown} cannot be written: {error}"))
                }
                Err(failure) => Err(format!("metrics cannot be collected: {failure}")),
            };
        self.used_outlet(Outlet::Metrics, result);
    }
}

/// Puts a text in the place of a file, so that a reader sees the old one or the new one whole.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = &files::meant(path)?;
    let mut beside = path.as_os_str().to_owned();
    // node_exporter reads only what ends in `.prom`.
    beside.push(".tmp");
    let beside = Path::new(&beside);
    // For node_exporter, which is another user, whatever umask the unit sets. After a crash the
    // next minute writes it again.
    let mode = Mode::Exactly(0o644);
    files::replace(Replacement { path, beside, mode, durable: false }, |file| {
        file.write_all(text.as_bytes())
    })
}
