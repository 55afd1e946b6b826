//! What systemd is told and what it passes: readiness, a line of status, signs of life, the socket.
//!
//! A sign of life (`WATCHDOG=1`, sd_notify(3)) is only sent after the supervisor has answered and
//! the store was read, so that a daemon that hangs in either is killed and started anew.

use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeZone, Utc};
use listenfd::ListenFd;
use sd_notify::NotifyState;
use tokio_util::sync::CancellationToken;

use crate::engine::{Engine, StatusLine};
use crate::model::ClientRef;
use crate::model::text::{moment_near, thousands};

/// How often the line of status is written when no watchdog asks for more.
const STATUS_EVERY: Duration = Duration::from_secs(30);

/// How soon it follows what happened: once for a whole batch of runs.
const STATUS_AFTER: Duration = Duration::from_secs(1);

/// How long the store may take to open: `TimeoutStartSec` of the unit.
const OPENING: Duration = Duration::from_secs(15 * 60);

/// How many names fit into a line of status.
const NAMES: usize = 2;

/// The socket that systemd passes (`LISTEN_FDS`, sd_listen_fds(3)), if it does. Call it before
/// there are other threads.
pub(super) fn passed_socket() -> Option<UnixListener> {
    match ListenFd::from_env().take_unix_listener(0) {
        Ok(socket) => socket,
        Err(error) => {
            tracing::warn!("systemd passed no socket to listen on: {error}");
            None
        }
    }
}

/// Tells that the daemon is not ready yet, and what it is at.
pub(super) fn notify_status(status: &str) {
    // Without systemd there is nobody to tell, which is no error.
    let _ = sd_notify::notify(&[NotifyState::Status(status)]);
}

/// Tells that the store is opened again in this process, which may take as long as at a start: so
/// long no sign of life is expected.
pub(super) fn reopening() {
    if sd_notify::watchdog_enabled().is_some() {
        let _ = sd_notify::notify(&[NotifyState::WatchdogUsec(as_usec(OPENING))]);
    }
}

/// Tells that the daemon is ready, and that signs of life are to be expected as the unit says.
pub(super) fn ready() {
    let watchdog = sd_notify::watchdog_enabled();
    let expected = watchdog.map(|limit| NotifyState::WatchdogUsec(as_usec(limit)));
    let states: Vec<NotifyState<'_>> = expected.into_iter().chain([NotifyState::Ready]).collect();
    let _ = sd_notify::notify(&states);
}

fn as_usec(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}

/// Shows that the daemon lives, and how it stands, until it stops.
pub(super) async fn feed_watchdog(engine: Arc<Engine>, stopping: CancellationToken) {
    // A third of the limit leaves room for one that comes late.
    let watchdog = sd_notify::watchdog_enabled().map(|limit| limit / 3);
    let every = watchdog.map_or(STATUS_EVERY, |third| third.min(STATUS_EVERY));
    // Where too many listen already, the line is only written from time to time.
    let mut events = engine.observe.subscribe().ok();
    let show = async {
        loop {
            engine.schedule.pulse().await;
            let asked = Arc::clone(&engine);
            let status = tokio::task::spawn_blocking(move || asked.observe.status_line()).await;
            let now = engine.now();
            let line = match status {
                Ok(Ok(status)) => text(&status, now, &engine.zone()),
                Ok(Err(failure)) => failure.message,
                Err(error) => error.to_string(),
            };
            let _ = sd_notify::notify(&[NotifyState::Watchdog, NotifyState::Status(&line)]);
            let happened = async {
                match &mut events {
                    // What was missed happened too.
                    Some(events) => drop(events.recv().await),
                    None => std::future::pending().await,
                }
                tokio::time::sleep(STATUS_AFTER).await;
            };
            let _ = tokio::time::timeout(every, happened).await;
        }
    };
    stopping.run_until_cancelled(show).await;
    let _ = sd_notify::notify(&[NotifyState::Stopping]);
    notify_status(&match engine.syncs.running().len() {
        0 => "stopping".to_owned(),
        1 => "stopping: waiting for 1 run to end".to_owned(),
        runs => format!("stopping: waiting for {runs} runs to end"),
    });
}

/// How everything stands, as `systemctl status` shows it.
fn text<Z: TimeZone>(status: &StatusLine, now: DateTime<Utc>, zone: &Z) -> String
where
    Z::Offset: std::fmt::Display,
{
    let mut parts = Vec::new();
    let names: Vec<String> = status.running.iter().map(ClientRef::to_string).collect();
    match names.len() {
        0 => {}
        count if count <= NAMES => parts.push(format!("syncing {}", names.join(" and "))),
        count => parts.push(format!("syncing {count} clients")),
    }
    let on = match status.auto_sync {
        1 => "1 client on auto-sync".to_owned(),
        count => format!("{count} clients on auto-sync"),
    };
    parts.push(match status.paused {
        0 => on,
        paused => format!("{on} ({paused} paused)"),
    });
    parts.extend(status.next_run.map(|next| format!("next run {}", moment_near(next, now, zone))));
    let [spent, cap] = [status.requests_last_hour, status.max_requests_per_hour].map(thousands);
    parts.push(format!("{spent} of {cap} requests this hour"));
    let line = parts.join(", ");
    match &status.trouble {
        Some(trouble) => format!("{trouble}; {line}"),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ClientId, ClientRef};

    fn status() -> StatusLine {
        StatusLine {
            auto_sync: 3,
            paused: 0,
            next_run: Some(DateTime::UNIX_EPOCH + chrono::TimeDelta::minutes(22 * 60 + 40)),
            running: Vec::new(),
            requests_last_hour: 114,
            max_requests_per_hour: 2000,
            trouble: None,
        }
    }

    fn line(status: &StatusLine) -> String {
        text(status, DateTime::UNIX_EPOCH, &Utc)
    }

    #[test]
    fn the_store_may_take_as_long_to_open_again_as_at_a_start() {
        for unit in ["lmsyncd.service", "lmsyncd@.service"] {
            let path = format!("{}/systemd/{unit}", env!("CARGO_MANIFEST_DIR"));
            let text = std::fs::read_to_string(path).expect("a unit");
            assert!(text.contains("\nTimeoutStartSec=15min\n"), "{unit}");
        }
        assert_eq!(OPENING, Duration::from_secs(15 * 60));
    }

    #[test]
    fn a_quiet_day_in_one_line() {
        assert_eq!(
            line(&status()),
            "3 clients on auto-sync, next run 22:40, 114 of 2,000 requests this hour"
        );
    }

    #[test]
    fn a_pause_is_told() {
        let told = line(&StatusLine { paused: 3, next_run: None, ..status() });
        assert_eq!(told, "3 clients on auto-sync (3 paused), 114 of 2,000 requests this hour");
    }

    #[test]
    fn another_day_has_its_date_and_no_client_has_no_time() {
        let next_run = Some(DateTime::UNIX_EPOCH + chrono::TimeDelta::hours(30));
        let told = line(&StatusLine { next_run, auto_sync: 1, ..status() });
        assert!(
            told.starts_with("1 client on auto-sync, next run 1970-01-02 06:00 +00:00, "),
            "{told}"
        );
        let none = line(&StatusLine { next_run: None, auto_sync: 0, ..status() });
        assert_eq!(none, "0 clients on auto-sync, 114 of 2,000 requests this hour");
    }

    #[test]
    fn trouble_comes_first_and_then_who_is_synced() {
        let client = |name: &str| ClientRef { id: ClientId(1), name: name.to_owned() };
        let running = vec![client("Acme Dental"), client("Harbor")];
        let trouble = Some("Autotask refused the credentials".to_owned());
        let told = line(&StatusLine { running, trouble, ..status() });
        let start =
            "Autotask refused the credentials; syncing Acme Dental (1) and Harbor (1), 3 clients";
        assert!(told.starts_with(start), "{told}");
        let running = vec![client("a"), client("b"), client("c")];
        assert!(
            line(&StatusLine { running, ..status() }).starts_with("syncing 3 clients, 3 clients")
        );
    }
}
