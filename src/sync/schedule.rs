//! When auto-sync runs: the schedule is data in the store, and these functions read and write it.
//!
//! ```text
//!              switched on                    due                     succeeded
//!   (off) ───────────────────► due at once ─────────► running ──────────────────► in one interval,
//!     ▲                                                │   ▲                      or at HH:MM
//!     │ switched off, from anywhere                    │   │ due
//!     └──────────────                    failed        ▼   │
//!                                 transient: 5 min, doubling, at most one interval
//!                                 final or held: one interval
//! ```
//!
//! A client is due when its moment has come. Missed moments are caught up once, since there is
//! only ever one next moment. A moment further away than one interval (a clock that was stepped
//! back, an interval made shorter) is drawn in.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, TimeZone, Utc};

use crate::model::{ClientId, ClientState};

/// The first pause after a transient failure.
const FIRST_PAUSE: TimeDelta = TimeDelta::minutes(5);

/// How a run ended, as far as the schedule is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It succeeded.
    Success,
    /// It failed in a way that may go away by itself; so many failures in a row, this one too.
    Transient {
        /// Failures in a row, at least 1.
        failures: u32,
    },
    /// It failed, or was held, in a way that only a person can mend.
    Final,
}

/// When a client with auto-sync on runs next. `jitter` is a number from 0 to 1 that keeps the
/// retries of many clients, and of many installations, apart.
pub fn next_run<Z: TimeZone>(
    ending: Ending,
    now: DateTime<Utc>,
    interval: TimeDelta,
    at: Option<NaiveTime>,
    zone: &Z,
    jitter: f64,
) -> DateTime<Utc> {
    match (ending, at) {
        (Ending::Transient { failures }, _) => {
            let doublings = failures.saturating_sub(1).min(16);
            let pause = (FIRST_PAUSE * (1 << doublings)).min(interval);
            let spread = pause.num_milliseconds() / 10;
            #[expect(clippy::cast_possible_truncation, reason = "a share of at most a few days")]
            let extra = TimeDelta::milliseconds((spread as f64 * jitter.clamp(0.0, 1.0)) as i64);
            now + pause + extra
        }
        (Ending::Success | Ending::Final, Some(at)) => next_time_of_day(now, at, zone),
        (Ending::Success | Ending::Final, None) => now + interval,
    }
}

/// The next moment after `now` at which clocks in `zone` show `at`. A time that a change of the
/// clocks skips is moved on by an hour; of one that comes twice, the first counts.
fn next_time_of_day<Z: TimeZone>(now: DateTime<Utc>, at: NaiveTime, zone: &Z) -> DateTime<Utc> {
    let today = now.with_timezone(zone).date_naive();
    let mut moments = (0..3).filter_map(|days| {
        let local = today.checked_add_days(Days::new(days))?.and_time(at);
        let moment = zone.from_local_datetime(&local).earliest();
        let moment = moment
            .or_else(|| zone.from_local_datetime(&(local + TimeDelta::hours(1))).earliest())?;
        Some(moment.with_timezone(&Utc))
    });
    moments.find(|moment| *moment > now).unwrap_or(now + TimeDelta::days(1))
}

/// The moment at which a client's next run is due, with one that lies too far ahead drawn in.
fn due_at(state: &ClientState, now: DateTime<Utc>, interval: TimeDelta) -> Option<DateTime<Utc>> {
    let next = state.next_run.filter(|_| state.auto_sync)?;
    // A time of day may lie up to a day ahead, whatever the interval; a retry has its own spread.
    let farthest = now + interval.max(TimeDelta::days(1)) * 2;
    Some(if next > farthest { now } else { next })
}

/// The clients to run now: none before one is due, and then also those that would be due within
/// `window`, so that one batch serves them all.
pub fn due(
    clients: &[ClientState],
    now: DateTime<Utc>,
    interval: TimeDelta,
    window: TimeDelta,
) -> Vec<ClientId> {
    let moments: Vec<(ClientId, DateTime<Utc>)> = clients
        .iter()
        .filter_map(|state| Some((state.client.id, due_at(state, now, interval)?)))
        .collect();
    if !moments.iter().any(|(_, moment)| *moment <= now) {
        return Vec::new();
    }
    // Never take along what has just run: half an interval must have passed.
    let horizon = now + window.min(interval / 2);
    moments.into_iter().filter(|(_, moment)| *moment <= horizon).map(|(id, _)| id).collect()
}

/// When to look again: the earliest moment at which a client is due.
pub fn wake(
    clients: &[ClientState],
    now: DateTime<Utc>,
    interval: TimeDelta,
) -> Option<DateTime<Utc>> {
    clients.iter().filter_map(|state| due_at(state, now, interval)).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ClientRef;
    use chrono::FixedOffset;
    use proptest::prelude::*;

    const DAY: TimeDelta = TimeDelta::days(1);
    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn client(id: i64, next: Option<TimeDelta>) -> ClientState {
        let mut state = ClientState::new(ClientRef { id: ClientId(id), name: String::new() });
        state.auto_sync = next.is_some();
        state.next_run = next.map(|after| NOW + after);
        state
    }

    #[test]
    fn one_that_is_due_takes_along_those_within_the_window() {
        let minutes = TimeDelta::minutes;
        let mut clients = vec![client(1, Some(minutes(30))), client(2, Some(minutes(90)))];
        clients.push(client(3, None));
        let hour = TimeDelta::hours(1);
        assert_eq!(due(&clients, NOW, DAY, hour), []);
        assert_eq!(wake(&clients, NOW, DAY), Some(NOW + minutes(30)));
        clients.push(client(4, Some(minutes(-1))));
        assert_eq!(due(&clients, NOW, DAY, hour), [ClientId(1), ClientId(4)]);
    }

    #[test]
    fn a_clock_stepped_back_does_not_put_a_run_off_for_long() {
        assert_eq!(due(&[client(1, Some(DAY * 300))], NOW, DAY, DAY), [ClientId(1)]);
    }

    #[test]
    fn a_time_of_day_is_kept_across_the_night() {
        let zone = FixedOffset::west_opt(5 * 3600).expect("in range");
        let at = NaiveTime::from_hms_opt(2, 30, 0);
        let next = next_run(Ending::Success, NOW, DAY, at, &zone, 0.0);
        assert_eq!(next.to_rfc3339(), "1970-01-01T07:30:00+00:00");
        let next = next_run(Ending::Success, next, DAY, at, &zone, 0.0);
        assert_eq!(next.to_rfc3339(), "1970-01-02T07:30:00+00:00");
    }

    proptest! {
        #[test]
        fn a_retry_never_comes_at_once_nor_much_later_than_one_interval(
            failures in 1u32..200, minutes in 10i64..5000, jitter in 0.0f64..1.0,
        ) {
            let interval = TimeDelta::minutes(minutes);
            let ending = Ending::Transient { failures };
            let next = next_run(ending, NOW, interval, None, &Utc, jitter);
            prop_assert!(next - NOW >= FIRST_PAUSE);
            prop_assert!(next - NOW <= interval + interval / 10);
        }
    }
}
