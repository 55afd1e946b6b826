//! Pauses: who is paused at a moment, and until when.
//!
//! A pause leaves the schedule as it is. What comes due meanwhile is left out, and since there is
//! only ever one next moment, it is caught up once when the pause ends.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};

use super::health::{self, Health};
use super::plan;
use crate::model::{ClientId, ClientState, Pause, parse_duration};

/// The longest pause that can be asked for with an end: ten years. One without an end is another
/// matter; a longer one is a slip of the finger.
const LONGEST: TimeDelta = TimeDelta::days(3_660);

/// The pauses that count at a moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pauses {
    /// That of all of auto-sync.
    pub all: Option<Pause>,
    /// Those of single clients.
    pub clients: BTreeMap<ClientId, Pause>,
    /// When the last pauses that are over ended: of a client, or, without one, of all.
    over: BTreeMap<Option<ClientId>, DateTime<Utc>>,
}

impl Pauses {
    /// Those that count at `now`.
    pub fn at(all: &[Pause], now: DateTime<Utc>) -> Pauses {
        let mut pauses = Pauses::default();
        for pause in all {
            match pause.client {
                client if !pause.counts(now) => {
                    pauses.over.extend(pause.end().map(|end| (client, end)));
                }
                None => pauses.all = Some(pause.clone()),
                Some(client) => drop(pauses.clients.insert(client, pause.clone())),
            }
        }
        pauses
    }

    /// The same where nothing could run before a moment: as after a pause of all that ended then.
    pub fn awake_since(mut self, moment: DateTime<Utc>) -> Pauses {
        let over = self.over.entry(None).or_insert(moment);
        *over = moment.max(*over);
        self
    }

    /// The pause of a client: the one that ends last, if it is paused both by itself and with all.
    pub fn of(&self, client: ClientId) -> Option<&Pause> {
        match (&self.all, self.clients.get(&client)) {
            (Some(all), Some(own)) => Some(if ends(all) > ends(own) { all } else { own }),
            (all, own) => all.as_ref().or(own),
        }
    }

    /// The clients that are not paused.
    pub fn without(&self, mut clients: Vec<ClientState>) -> Vec<ClientState> {
        clients.retain(|state| self.of(state.client.id).is_none());
        clients
    }

    /// A client's state as far as lateness is concerned: while it is paused nothing is late, and
    /// afterwards it is late only by the time since the pause ended.
    pub fn excused(&self, mut state: ClientState) -> ClientState {
        let id = state.client.id;
        if self.of(id).is_some() {
            state.next_run = None;
        } else if let Some(next) = state.next_run {
            let ends = [self.over.get(&None), self.over.get(&Some(id))];
            state.next_run = ends.into_iter().flatten().copied().chain([next]).max();
        }
        state
    }

    /// The health of a client at `now`: one that is well, or late, is paused. What needs a person
    /// is still told.
    pub fn health(&self, state: &ClientState, now: DateTime<Utc>) -> Health {
        match health::health(&self.excused(state.clone()), now) {
            Health::Ok | Health::NeverSynced
                if state.auto_sync && self.of(state.client.id).is_some() =>
            {
                Health::Paused
            }
            health => health,
        }
    }

    /// When the next of them ends.
    pub fn next_end(&self) -> Option<DateTime<Utc>> {
        let all = self.all.iter().chain(self.clients.values());
        all.filter_map(|pause| pause.until).min()
    }
}

/// Sorts pauses by their ends, one without an end last.
fn ends(pause: &Pause) -> (bool, Option<DateTime<Utc>>) {
    (pause.until.is_none(), pause.until)
}

/// The moment that a person means by the end of a pause: a day (the last one of the pause), a
/// moment, a time of day (the next time that clocks show it), or a duration from now on. What it is
/// not, or why it cannot be, otherwise.
pub fn until<Z: TimeZone>(
    text: &str,
    now: DateTime<Utc>,
    zone: &Z,
) -> Result<DateTime<Utc>, String> {
    let text = text.trim();
    let until = if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        plan::end_of_day(day, zone)
    } else if let Ok(at) = NaiveTime::parse_from_str(text, "%H:%M") {
        Some(plan::next_time_of_day(now, at, zone))
    } else if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        Some(at.with_timezone(&Utc))
    } else {
        let span = parse_duration(text, "4h").map_err(|why| {
            format!(
                "`{text}` is neither a day (2026-12-31), a moment (2026-12-31T08:00:00Z), a time \
                 of day (08:00) nor a duration (4h, 2d): {why}"
            )
        })?;
        TimeDelta::from_std(span).ok().and_then(|span| now.checked_add_signed(span))
    };
    match until {
        Some(until) if until <= now => Err(format!("`{text}` is in the past")),
        Some(until) if until - now <= LONGEST => Ok(until),
        _ => Err(format!(
            "`{text}` is more than ten years away; leave the end out for a pause without one"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ClientRef, Code, LastError};
    use chrono::FixedOffset;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn pause(client: Option<i64>, hours: Option<i64>) -> Pause {
        Pause {
            client: client.map(ClientId),
            until: hours.map(|hours| NOW + TimeDelta::hours(hours)),
            by: "dana".to_owned(),
            at: NOW,
            ended: None,
        }
    }

    #[test]
    fn the_pause_that_ends_last_is_the_one_of_a_client() {
        let all = [pause(None, Some(2)), pause(Some(1), Some(3)), pause(Some(2), Some(1))];
        let of = |hours: i64, client: i64| {
            let pauses = Pauses::at(&all, NOW + TimeDelta::hours(hours));
            pauses.of(ClientId(client)).and_then(|pause| pause.until).map(|until| until.timestamp())
        };
        let ends = |hours: i64| Some(hours * 3600);
        assert_eq!([of(0, 1), of(0, 2), of(0, 3)], [ends(3), ends(2), ends(2)]);
        assert_eq!([of(2, 1), of(2, 2), of(3, 1)], [ends(3), None, None]);
        assert_eq!(Pauses::at(&all, NOW).next_end(), Some(NOW + TimeDelta::hours(1)));
        let endless = [pause(None, None), pause(Some(1), Some(3))];
        let pauses = Pauses::at(&endless, NOW);
        assert_eq!(pauses.of(ClientId(1)).map(|pause| pause.until), Some(None));
    }

    #[test]
    fn a_paused_client_is_neither_run_nor_late_but_what_needs_a_person_is_told() {
        let pauses = Pauses::at(&[pause(Some(1), None)], NOW);
        let client = |id| {
            let mut state = ClientState::new(ClientRef { id: ClientId(id), name: String::new() });
            state.auto_sync = true;
            state
        };
        let left = pauses.without(vec![client(1), client(2)]);
        assert_eq!(left.iter().map(|state| state.client.id.0).collect::<Vec<_>>(), [2]);
        let late = |id| ClientState { next_run: Some(NOW - TimeDelta::hours(9)), ..client(id) };
        assert_eq!(pauses.health(&late(1), NOW), Health::Paused);
        assert_eq!(pauses.health(&late(2), NOW), Health::Overdue);
        let held = Some(LastError { code: Code::Held, message: String::new() });
        let held = ClientState { last_error: held, ..late(1) };
        assert_eq!(pauses.health(&held, NOW), Health::Held);
        let by_hand = ClientState { auto_sync: false, ..client(1) };
        assert_eq!(pauses.health(&by_hand, NOW), Health::NeverSynced);
    }

    #[test]
    fn after_a_pause_a_client_is_late_only_since_its_end() {
        let mut state = ClientState::new(ClientRef { id: ClientId(1), name: String::new() });
        (state.auto_sync, state.last_synced) = (true, Some(NOW));
        state.next_run = Some(NOW - TimeDelta::hours(9));
        let health = |all: &[Pause], minutes| {
            let now = NOW + TimeDelta::minutes(minutes);
            Pauses::at(all, now).health(&state, now)
        };
        for all in [[pause(None, Some(2))], [pause(Some(1), Some(2))]] {
            assert_eq!(health(&all, 119), Health::Paused);
            assert_eq!(health(&all, 121), Health::Ok);
            assert_eq!(health(&all, 181), Health::Overdue);
        }
        let ended = [Pause { ended: Some(NOW), ..pause(None, None) }];
        assert_eq!([health(&ended, 1), health(&ended, 61)], [Health::Ok, Health::Overdue]);
    }

    #[test]
    fn an_end_is_a_day_a_moment_a_time_of_day_or_a_duration() {
        let zone = FixedOffset::east_opt(2 * 3600).expect("in range");
        let read = |text| until(text, NOW, &zone).map(|at| at.to_rfc3339());
        for (text, wanted) in [
            ("1970-01-01", "1970-01-01T22:00:00+00:00"),
            ("1970-01-05", "1970-01-05T22:00:00+00:00"),
            ("1970-01-02T08:00:00+02:00", "1970-01-02T06:00:00+00:00"),
            ("08:00", "1970-01-01T06:00:00+00:00"),
            ("01:30", "1970-01-01T23:30:00+00:00"),
            ("4h", "1970-01-01T04:00:00+00:00"),
            (" 2d ", "1970-01-03T00:00:00+00:00"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(wanted), "{text}");
        }
        for text in ["", "soon", "-4h", "25:00", "1970-02-30", "1970-01-02T08:00:00", "4"] {
            assert!(read(text).is_err_and(|why| why.contains("is neither")), "{text}");
        }
        for text in ["1969-12-30", "0s", "1969-12-31T23:59:59Z"] {
            assert!(read(text).is_err_and(|why| why.contains("in the past")), "{text}");
        }
        for text in ["9999-12-31", "3661d", "9999999999999999d", "999999999999years"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
