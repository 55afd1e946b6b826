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
//! only ever one next moment. One that lies further ahead than it can is brought forward: to one
//! interval after the last run, if the interval was made shorter since, or where that has passed to
//! the next time of day, if the client has one; and to now, if a clock that was stepped back has
//! left it there. That is stored as soon as it is noticed, so that what is due stays due and
//! everybody reads the same moment. A longer interval lets a planned run stand.
//!
//! A time of day is one of the MSP's zone. Of one that comes twice, because clocks are set back,
//! the first counts; in place of one that is skipped, the first moment after the gap. In another
//! zone the same time of day is another moment: [`replanned`].

use chrono::{
    DateTime, Days, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc,
};

use crate::clock::day_in;
use crate::model::{ClientId, ClientState};

const DAY: TimeDelta = TimeDelta::days(1);

/// The longest time that clocks ever skipped is a whole day, where a zone changed sides of the date
/// line; two hours more are room enough.
const LONGEST_GAP_HOURS: i64 = 26;

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
            // With its spread never later than one interval.
            let pause = (FIRST_PAUSE * (1 << doublings)).min(interval * 10 / 11);
            let spread = pause.num_milliseconds() / 10;
            #[expect(clippy::cast_possible_truncation, reason = "a share of at most a few days")]
            let extra = TimeDelta::milliseconds((spread as f64 * jitter.clamp(0.0, 1.0)) as i64);
            now + pause + extra
        }
        (Ending::Success | Ending::Final, at) => regular(now, interval, at, zone),
    }
}

/// The regular run after one at `last`.
fn regular<Z: TimeZone>(
    last: DateTime<Utc>,
    interval: TimeDelta,
    at: Option<NaiveTime>,
    zone: &Z,
) -> DateTime<Utc> {
    match at {
        // Of an interval longer than a day, the time of day within its last day.
        Some(at) => next_time_of_day(last + (interval - DAY).max(TimeDelta::zero()), at, zone),
        None => last + interval,
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

/// The next run of a client with a time of day, where the zone may be another than the one that it
/// was planned in: at its hour in this one. What is due now stays due, a retry stays where it is,
/// and so does what is planned at its hour already.
pub fn replanned<Z: TimeZone>(
    state: &ClientState,
    now: DateTime<Utc>,
    interval: TimeDelta,
    zone: &Z,
) -> Option<DateTime<Utc>> {
    let (next, Some(at)) = (state.next_run?, state.at) else { return state.next_run };
    let error = state.last_error.as_ref().filter(|_| state.failures > 0);
    if next <= now || error.is_some_and(|error| error.code.may_go_away()) {
        return Some(next);
    }
    if moment_of(day_in(zone, next).and_time(at), zone) == Some(next) {
        return Some(next);
    }
    let last = last_run(state, now).unwrap_or(now);
    Some(next_time_of_day(now.max(last + (interval - DAY)), at, zone))
}

/// The next moment after `now` at which clocks in `zone` show `at`. In place of a time that a
/// change of the clocks skips comes the first moment after the gap; of one that comes twice, the
/// first counts.
pub(super) fn next_time_of_day<Z: TimeZone>(
    now: DateTime<Utc>,
    at: NaiveTime,
    zone: &Z,
) -> DateTime<Utc> {
    let today = day_in(zone, now);
    let mut moments = (0..3).filter_map(|days| {
        let local = today.checked_add_days(Days::new(days))?.and_time(at);
        moment_of(local, zone)
    });
    moments.find(|moment| *moment > now).unwrap_or(now + TimeDelta::days(1))
}

/// The moment at which clocks in `zone` show `local`: of two the first, and where a change of the
/// clocks skips it the first after the gap.
pub(super) fn moment_of<Z: TimeZone>(local: NaiveDateTime, zone: &Z) -> Option<DateTime<Utc>> {
    match zone.from_local_datetime(&local) {
        MappedLocalTime::Single(at) => Some(at.to_utc()),
        // Which of them is named the earlier depends on the zone's implementation.
        MappedLocalTime::Ambiguous(one, other) => Some(one.to_utc().min(other.to_utc())),
        MappedLocalTime::None => end_of_gap(local, zone),
    }
}

/// The first moment at which clocks in `zone` have passed `local`, which they never show.
fn end_of_gap<Z: TimeZone>(local: NaiveDateTime, zone: &Z) -> Option<DateTime<Utc>> {
    let before = (1..=LONGEST_GAP_HOURS).find_map(|hours| {
        let earlier = local.checked_sub_signed(TimeDelta::hours(hours))?;
        Some((zone.from_local_datetime(&earlier).latest()?.to_utc(), hours))
    });
    // As many hours after `before` clocks show `local` and what they skipped besides.
    let (mut before, hours) = before?;
    let mut after = before.checked_add_signed(TimeDelta::hours(hours))?;
    while after - before > TimeDelta::seconds(1) {
        let between = before + TimeDelta::seconds((after - before).num_seconds() / 2);
        match between.with_timezone(zone).naive_local() < local {
            true => before = between,
            false => after = between,
        }
    }
    Some(after)
}

/// The end of a day in `zone`: the moment at which the next one begins.
pub fn end_of_day<Z: TimeZone>(day: NaiveDate, zone: &Z) -> Option<DateTime<Utc>> {
    start_of_day(day.succ_opt()?, zone)
}

/// The moment at which a day begins; none beyond what a calendar can hold.
pub fn start_of_day<Z: TimeZone>(day: NaiveDate, zone: &Z) -> Option<DateTime<Utc>> {
    moment_of(day.and_time(NaiveTime::MIN), zone)
}

/// When a client runs next: as it is planned, or earlier where that lies further ahead than it can.
/// None while auto-sync is off.
pub fn clamp_next_run<Z: TimeZone>(
    state: &ClientState,
    now: DateTime<Utc>,
    interval: TimeDelta,
    zone: &Z,
) -> Option<DateTime<Utc>> {
    let next = state.next_run?;
    let latest = last_run(state, now).map(|last| {
        match (regular(last, interval, state.at, zone), state.at) {
            (regular, _) if regular > now => regular,
            // It was given its hour for a reason: where that was moved to one that is over for
            // today, it waits for the next.
            (_, Some(at)) => next_time_of_day(now, at, zone),
            (_, None) => now,
        }
    });
    let next = latest.map_or(next, |latest| next.min(latest));
    // A time of day lies up to a day ahead, whatever the interval, and an hour more where clocks
    // are changed; the rest is for a clock that was set back a little.
    let farthest = match state.at {
        Some(_) => interval.max(DAY) + TimeDelta::hours(1),
        None => interval + interval / 10,
    };
    Some(if next > now + farthest { now } else { next })
}

/// When a client last ran. A run is planned from its end, which is only known of one that
/// succeeded; what a person decides meanwhile moves nothing. One that the clock has left in the
/// future says nothing.
fn last_run(state: &ClientState, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    state.last_tried.max(state.last_full).filter(|last| *last <= now)
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
    let comes_by = |state: &ClientState, moment| state.next_run.is_some_and(|next| next <= moment);
    if !clients.iter().any(|state| comes_by(state, now)) {
        return Vec::new();
    }
    // Never take along what has just run: half an interval must have passed.
    let horizon = now + window.min(interval / 2);
    let is_in =
        |state: &&ClientState| comes_by(state, if state.at.is_some() { now } else { horizon });
    clients.iter().filter(is_in).map(|state| state.client.id).collect()
}

/// When to look again: the earliest moment at which a client is due.
pub fn wake(clients: &[ClientState]) -> Option<DateTime<Utc>> {
    clients.iter().filter_map(|state| state.next_run).min()
}

#[cfg(test)]
mod tests;
