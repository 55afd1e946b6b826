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
//! only ever one next moment. A moment further away than it can be (a clock that was stepped back,
//! an interval made shorter) is drawn in.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, TimeZone, Utc};

use crate::model::{ClientId, ClientState};

const DAY: TimeDelta = TimeDelta::days(1);

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
        (Ending::Success | Ending::Final, Some(at)) => {
            // Of an interval longer than a day, the time of day within its last day.
            next_time_of_day(now + (interval - DAY).max(TimeDelta::zero()), at, zone)
        }
        (Ending::Success | Ending::Final, None) => now + interval,
    }
}

/// The next run of a client whose time of day is changed to `at`, if `next` still lies ahead: what
/// is due now stays due.
pub fn moved<Z: TimeZone>(
    next: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    interval: TimeDelta,
    at: NaiveTime,
    zone: &Z,
) -> Option<DateTime<Utc>> {
    next.map(|next| match next > now {
        true => next_run(Ending::Success, now, interval, Some(at), zone, 0.0),
        false => next,
    })
}

/// The next moment after `now` at which clocks in `zone` show `at`. A time that a change of the
/// clocks skips is moved on by an hour; of one that comes twice, the first counts.
pub(super) fn next_time_of_day<Z: TimeZone>(
    now: DateTime<Utc>,
    at: NaiveTime,
    zone: &Z,
) -> DateTime<Utc> {
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
    // A time of day lies up to a day ahead, whatever the interval, and an hour more where clocks
    // are changed; a retry has its own spread.
    let farthest = match state.at {
        Some(_) => interval.max(DAY) + TimeDelta::hours(1),
        None => interval + interval / 10,
    };
    Some(if next > now + farthest { now } else { next })
}

/// The clients to run now: none before one is due, and then also those that would be due within
/// `window`, so that one batch serves them all. A client with a time of day is not taken along: it
/// was given that time for a reason, and would have to run again when it comes.
pub fn due(
    clients: &[ClientState],
    now: DateTime<Utc>,
    interval: TimeDelta,
    window: TimeDelta,
) -> Vec<ClientId> {
    let moments: Vec<(&ClientState, DateTime<Utc>)> =
        clients.iter().filter_map(|state| Some((state, due_at(state, now, interval)?))).collect();
    if !moments.iter().any(|(_, moment)| *moment <= now) {
        return Vec::new();
    }
    // Never take along what has just run: half an interval must have passed.
    let horizon = now + window.min(interval / 2);
    let is_in = |(state, moment): &(&ClientState, DateTime<Utc>)| {
        *moment <= if state.at.is_some() { now } else { horizon }
    };
    moments.into_iter().filter(is_in).map(|(state, _)| state.client.id).collect()
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

    #[test]
    fn a_time_of_day_is_not_taken_along_before_it_comes() {
        let minutes = TimeDelta::minutes;
        let mut kept = client(1, Some(minutes(45)));
        kept.at = NaiveTime::from_hms_opt(0, 45, 0);
        let clients = [kept, client(2, Some(minutes(45))), client(3, Some(minutes(0)))];
        assert_eq!(due(&clients, NOW, DAY, minutes(60)), [ClientId(2), ClientId(3)]);
        assert_eq!(due(&clients[..1], NOW + minutes(45), DAY, minutes(60)), [ClientId(1)]);
    }

    #[test]
    fn a_time_of_day_keeps_a_long_interval() {
        let at = NaiveTime::from_hms_opt(2, 30, 0);
        let began = NOW + TimeDelta::minutes(151);
        let next = next_run(Ending::Success, began, DAY * 7, at, &Utc, 0.0);
        assert_eq!(next.to_rfc3339(), "1970-01-08T02:30:00+00:00");
        let next = next_run(Ending::Success, began, TimeDelta::hours(1), at, &Utc, 0.0);
        assert_eq!(next.to_rfc3339(), "1970-01-02T02:30:00+00:00");
    }

    #[test]
    fn a_shorter_interval_counts_from_now_on() {
        let hour = TimeDelta::hours(1);
        let waiting = client(1, Some(TimeDelta::hours(20)));
        assert_eq!(due(std::slice::from_ref(&waiting), NOW, DAY, hour), []);
        assert_eq!(due(std::slice::from_ref(&waiting), NOW, hour, hour), [ClientId(1)]);
        let kept = ClientState { at: NaiveTime::from_hms_opt(20, 0, 0), ..waiting };
        assert_eq!(due(&[kept], NOW, hour, hour), []);
    }

    #[test]
    fn a_time_of_day_that_is_changed_counts_for_the_next_run() {
        let at = NaiveTime::from_hms_opt(2, 30, 0).expect("a time");
        let next = moved(Some(NOW + TimeDelta::hours(14)), NOW, DAY, at, &Utc);
        assert_eq!(next, Some(NOW + TimeDelta::minutes(150)));
        assert_eq!(moved(Some(NOW), NOW, DAY, at, &Utc), Some(NOW));
        assert_eq!(moved(None, NOW, DAY, at, &Utc), None);
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
