//! Tests of the schedule, in zones that change their clocks and with clocks that are stepped.

use chrono::{FixedOffset, NaiveDate};
use chrono_tz::Tz;
use proptest::prelude::*;

use super::*;
use crate::model::{ClientRef, Code, LastError};

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
    assert_eq!(wake(&clients), Some(NOW + minutes(30)));
    clients.push(client(4, Some(minutes(-1))));
    assert_eq!(due(&clients, NOW, DAY, hour), [ClientId(1), ClientId(4)]);
}

#[test]
fn a_clock_stepped_back_does_not_put_a_run_off_for_long() {
    assert_eq!(clamp_next_run(&client(1, Some(DAY * 300)), NOW, DAY, &Utc), Some(NOW));
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

/// A client that was last tried so many hours ago.
fn tried(hours_ago: i64, next: TimeDelta) -> ClientState {
    let last_tried = Some(NOW - TimeDelta::hours(hours_ago));
    ClientState { last_tried, ..client(1, Some(next)) }
}

#[test]
fn a_shorter_interval_counts_from_the_last_run_and_a_longer_one_lets_it_stand() {
    let hours = TimeDelta::hours;
    let waiting = tried(4, hours(20));
    let after = |interval| clamp_next_run(&waiting, NOW, interval, &Utc).map(|next| next - NOW);
    assert_eq!(after(DAY), Some(hours(20)));
    assert_eq!(after(hours(12)), Some(hours(8)));
    assert_eq!(after(hours(3)), Some(hours(0)), "due now, and not an hour ago");
    assert_eq!(after(DAY * 7), Some(hours(20)));
    let never_tried = client(1, Some(hours(20)));
    assert_eq!(clamp_next_run(&never_tried, NOW, hours(1), &Utc), Some(NOW));
}

#[test]
fn a_shorter_interval_keeps_the_time_of_day() {
    let at = NaiveTime::from_hms_opt(2, 30, 0);
    let waiting = ClientState { at, ..tried(4, DAY * 6) };
    let after = |interval| clamp_next_run(&waiting, NOW, interval, &Utc).map(|next| next - NOW);
    assert_eq!(after(DAY * 7), Some(DAY * 6));
    assert_eq!(after(DAY), Some(TimeDelta::minutes(150)), "the next 02:30 after it was tried");
    assert_eq!(after(TimeDelta::hours(1)), Some(TimeDelta::minutes(150)));
    let long_ago = ClientState { at, ..tried(40, DAY * 6) };
    let next = clamp_next_run(&long_ago, NOW, DAY, &Utc).map(|next| next - NOW);
    assert_eq!(next, Some(TimeDelta::minutes(150)), "at its hour also where that is late");
}

#[test]
fn another_zone_moves_a_time_of_day_and_nothing_else() {
    let at = NaiveTime::from_hms_opt(2, 30, 0);
    let planned = |state: &ClientState, interval| {
        let next = replanned(state, NOW, interval, &Tz::Asia__Tokyo);
        // What is planned anew is not drawn in again.
        let moved = ClientState { next_run: next, ..state.clone() };
        assert_eq!(clamp_next_run(&moved, NOW, interval, &Tz::Asia__Tokyo), next);
        next.map(|next| next - NOW)
    };
    let hours = TimeDelta::hours;
    let minutes = TimeDelta::minutes;
    let kept = ClientState { at, ..tried(4, minutes(150)) };
    // At midnight UTC it is nine in Tokyo, so 02:30 comes in seventeen and a half hours.
    assert_eq!(planned(&kept, DAY), Some(minutes(17 * 60 + 30)));
    let tired = ClientState { at, ..tried(4, DAY * 6) };
    let seventh_day = DAY * 5 + minutes(17 * 60 + 30) + DAY;
    assert_eq!(planned(&tired, DAY * 7), Some(seventh_day), "the interval still holds");
    let at_its_hour = ClientState { at, ..tried(4, DAY + minutes(17 * 60 + 30)) };
    let next = replanned(&at_its_hour, NOW, DAY * 7, &Tz::Asia__Tokyo);
    assert_eq!(next, at_its_hour.next_run, "a longer interval lets it stand");
    let by_interval = tried(4, hours(20));
    assert_eq!(planned(&by_interval, DAY), Some(hours(20)));
    let due = ClientState { at, ..tried(40, hours(-1)) };
    assert_eq!(planned(&due, DAY), Some(hours(-1)), "what is due stays due");
    let off = ClientState { auto_sync: false, next_run: None, ..kept.clone() };
    assert_eq!(planned(&off, DAY), None);
    let error = LastError { code: Code::Unreachable, message: String::new() };
    let retried = ClientState { failures: 1, last_error: Some(error), ..kept };
    assert_eq!(planned(&retried, DAY), Some(minutes(150)), "a retry stays where it is");
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
    fn a_retry_never_comes_at_once_nor_later_than_one_interval(
        failures in 1u32..200, minutes in 10i64..5000, jitter in 0.0f64..1.0,
    ) {
        let interval = TimeDelta::minutes(minutes);
        let ending = Ending::Transient { failures };
        let next = next_run(ending, NOW, interval, None, &Utc, jitter);
        prop_assert!(next - NOW >= FIRST_PAUSE);
        prop_assert!(next - NOW <= interval);
    }

    /// Whatever is stored, by whatever clock and under whatever interval: nobody waits for longer
    /// than one interval, with an hour for clocks that are changed and a tenth for one set back.
    #[test]
    fn no_run_is_further_away_than_one_interval(
        state in state(), now in spring(), minutes in 1i64..50_000, zone in zone(),
    ) {
        let interval = TimeDelta::minutes(minutes);
        let next = clamp_next_run(&state, now, interval, &zone).expect("it is on");
        let stored = state.next_run.expect("it is on");
        let regular = if state.at.is_some() { interval.max(DAY) } else { interval };
        prop_assert!(next - now <= regular + interval / 10 + TimeDelta::hours(1), "{}", next - now);
        prop_assert!(next <= stored.max(now), "drawn in, never put off");
        prop_assert!(next == stored || next >= now, "drawn in to now at most");
        // It is stored. What is due stays due, and what is not does not move away as it comes nearer.
        let state = ClientState { next_run: Some(next), ..state };
        let then = clamp_next_run(&state, now + TimeDelta::minutes(7), interval, &zone).expect("it is on");
        prop_assert!(then <= next, "{then} after {next}");
        prop_assert!(then == next || next > now, "{then} after {next}");
    }

    /// What a run plans is not drawn in by the interval that it was planned under.
    #[test]
    fn what_was_planned_stands(
        started in moment(), minutes in 0i64..60, interval in 60i64..50_000, at in at(), zone in zone(),
        jitter in 0.0f64..1.0, failures in 0u32..20,
    ) {
        let (ended, interval) = (started + TimeDelta::minutes(minutes), TimeDelta::minutes(interval));
        let ending = match failures {
            0 => Ending::Success,
            failures => Ending::Transient { failures },
        };
        let next = next_run(ending, ended, interval, at, &zone, jitter);
        let mut state = ClientState { at, ..client(1, Some(next - NOW)) };
        state.last_tried = Some(started);
        state.last_full = (failures == 0).then_some(ended);
        let kept = clamp_next_run(&state, ended, interval, &zone).expect("it is on");
        match failures {
            0 => prop_assert_eq!(kept, next),
            // A retry is not needed where the regular run comes first.
            _ => {
                let regular = regular(started, interval, at, &zone);
                let hour = at.map(|at| next_time_of_day(ended, at, &zone));
                prop_assert!(kept == next || kept == regular.max(ended) || Some(kept) == hour);
            }
        }
    }

    /// The first that exists: before it clocks have not shown so much, of two it is the first, and
    /// in place of one that is skipped it is the first moment after the gap.
    #[test]
    fn a_local_time_is_the_first_moment_at_which_clocks_show_it_or_have_passed_it(
        local in moment(), minute in 0i64..1440, zone in zone(),
    ) {
        let local = local.naive_utc().date().and_time(NaiveTime::MIN) + TimeDelta::minutes(minute);
        let first = moment_of(local, &zone).expect("a moment");
        let shown = |at: DateTime<Utc>| at.with_timezone(&zone).naive_local();
        prop_assert!(shown(first) >= local);
        for seconds in [1, 60, 1799, 1801, 3599, 3601, 7200, 10_800] {
            prop_assert!(shown(first - TimeDelta::seconds(seconds)) < local);
        }
        let is_skipped = zone.from_local_datetime(&local).earliest().is_none();
        prop_assert_eq!(shown(first) > local, is_skipped);
    }

    /// A year of days: each has its run, at its hour, or right after the gap where clocks skip it.
    #[test]
    fn every_day_has_its_run_at_its_hour(begin in moment(), hour in 0u32..24, half in any::<bool>(), zone in zone()) {
        let at = NaiveTime::from_hms_opt(hour, if half { 30 } else { 0 }, 0).expect("a time");
        let mut next = next_run(Ending::Success, begin, DAY, Some(at), &zone, 0.0);
        for _ in 0..370 {
            let before = next.with_timezone(&zone);
            next = next_run(Ending::Success, next, DAY, Some(at), &zone, 0.0);
            let local = next.with_timezone(&zone);
            prop_assert_eq!(Some(local.date_naive()), before.date_naive().succ_opt());
            let skipped = zone.from_local_datetime(&local.date_naive().and_time(at)).earliest().is_none();
            if skipped {
                let before = (next - TimeDelta::seconds(1)).with_timezone(&zone);
                prop_assert!(before.time() < at || before.date_naive() < local.date_naive());
                prop_assert!(at < local.time() && local.time() - at <= TimeDelta::hours(1));
            } else {
                prop_assert_eq!(local.time(), at);
            }
        }
    }
}

/// Zones that change their clocks by an hour or by half of one, in both hemispheres, at midnight,
/// for a month of fasting, and some that do not.
fn zone() -> impl Strategy<Value = Tz> {
    proptest::sample::select(vec![
        Tz::Europe__Berlin,
        Tz::America__New_York,
        Tz::America__Santiago,
        Tz::Australia__Lord_Howe,
        Tz::Australia__Sydney,
        Tz::America__Los_Angeles,
        Tz::America__Havana,
        Tz::America__St_Johns,
        Tz::Pacific__Chatham,
        Tz::Africa__Cairo,
        Tz::Africa__Casablanca,
        Tz::Asia__Kolkata,
        Tz::UTC,
    ])
}

/// A moment within ten years.
fn moment() -> impl Strategy<Value = DateTime<Utc>> {
    (20_000 * 1440_i64..23_650 * 1440).prop_map(|minutes| NOW + TimeDelta::minutes(minutes))
}

/// A moment in those weeks in which most zones change their clocks.
fn spring() -> impl Strategy<Value = DateTime<Utc>> {
    (20_880 * 1440_i64..20_940 * 1440).prop_map(|minutes| NOW + TimeDelta::minutes(minutes))
}

fn at() -> impl Strategy<Value = Option<NaiveTime>> {
    proptest::option::of(
        (0u32..24, 0u32..60)
            .prop_map(|(hour, minute)| NaiveTime::from_hms_opt(hour, minute, 0).expect("a time")),
    )
}

/// Any state of a client on auto-sync.
fn state() -> impl Strategy<Value = ClientState> {
    let last = || proptest::option::of(spring());
    (spring(), last(), last(), at()).prop_map(|(next, last_tried, last_synced, at)| {
        let state = client(1, Some(next - NOW));
        ClientState { last_tried, last_synced, at, ..state }
    })
}

#[test]
fn clocks_that_are_changed_move_a_time_of_day_by_no_more_than_they_must() {
    let zone = Tz::Europe__Berlin;
    let noon = |month, day| {
        let day = NaiveDate::from_ymd_opt(2027, month, day).expect("a date");
        (day.and_time(NaiveTime::MIN) + TimeDelta::hours(12)).and_utc()
    };
    let next = |now| {
        let at = NaiveTime::from_hms_opt(2, 30, 0);
        next_run(Ending::Success, now, DAY, at, &zone, 0.0).with_timezone(&zone).to_rfc3339()
    };
    // In the night to 28 March there is no 02:30, in the night to 31 October there are two.
    assert_eq!(next(noon(3, 27)), "2027-03-28T03:00:00+02:00");
    assert_eq!(next(noon(3, 28)), "2027-03-29T02:30:00+02:00");
    assert_eq!(next(noon(10, 30)), "2027-10-31T02:30:00+02:00");
    assert_eq!(next(noon(10, 31)), "2027-11-01T02:30:00+01:00");
}

#[test]
fn a_clock_that_is_stepped_neither_loses_a_run_nor_repeats_it() {
    let hours = TimeDelta::hours;
    let waiting = ClientState { last_synced: Some(NOW - hours(1)), ..tried(1, hours(23)) };
    let after = |now| clamp_next_run(&waiting, now, DAY, &Utc).map(|next| next - now);
    assert_eq!(after(NOW - hours(2)), Some(hours(25)), "a little: it stands");
    assert_eq!(after(NOW - hours(9)), Some(hours(0)), "by much: it would never come");
    assert_eq!(after(NOW + hours(9)), Some(hours(14)));
    assert_eq!(after(NOW + hours(900)), Some(hours(-877)), "missed: caught up once");
}

#[test]
fn what_clocks_skip_or_show_twice_is_the_first_moment_that_exists() {
    let moment = |zone: Tz, local: &str| {
        let local = local.parse().expect("a local time");
        moment_of(local, &zone).expect("a moment").with_timezone(&zone).to_rfc3339()
    };
    let first = [
        (Tz::Europe__Berlin, "2027-03-28T02:00:00", "2027-03-28T03:00:00+02:00"),
        (Tz::Europe__Berlin, "2027-03-28T02:59:59", "2027-03-28T03:00:00+02:00"),
        (Tz::Europe__Berlin, "2027-10-31T02:59:59", "2027-10-31T02:59:59+02:00"),
        (Tz::America__New_York, "2027-03-14T02:30:00", "2027-03-14T03:00:00-04:00"),
        (Tz::America__New_York, "2027-11-07T01:30:00", "2027-11-07T01:30:00-04:00"),
        (Tz::Australia__Sydney, "2027-10-03T02:15:00", "2027-10-03T03:00:00+11:00"),
        (Tz::Australia__Sydney, "2027-04-04T02:15:00", "2027-04-04T02:15:00+11:00"),
        (Tz::Australia__Lord_Howe, "2027-10-03T02:10:00", "2027-10-03T02:30:00+11:00"),
        // The day begins at one, and the clock goes back into the day before.
        (Tz::America__Santiago, "2027-09-05T00:00:00", "2027-09-05T01:00:00-03:00"),
        (Tz::America__Santiago, "2027-04-03T23:30:00", "2027-04-03T23:30:00-03:00"),
        // A whole day that never was.
        (Tz::Pacific__Apia, "2011-12-30T12:00:00", "2011-12-31T00:00:00+14:00"),
    ];
    for (zone, local, wanted) in first {
        assert_eq!(moment(zone, local), wanted, "{zone} {local}");
    }
}
