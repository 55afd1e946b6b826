//! What time it is: the one place of the crate that asks the system.
//!
//! Everything else takes `now` as a parameter or holds a [`Clock`], so that a test can live a year
//! in seconds. What happens on a day goes by the clock on the wall, which people and time servers
//! set; what may happen so often in an hour goes by how long the machine has been up, which nobody
//! sets.
//!
//! Which calendar day a moment lies on depends on where one asks: see [`day_in`]. Nothing here gives
//! a day without a zone.

use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, NaiveDate, TimeDelta, TimeZone, Utc};
use nix::time::{ClockId, clock_gettime};

mod server;

/// A time zone of the IANA database, by its name; its rules are inside the program.
pub use chrono_tz::Tz;
pub use server::ServerZone;

/// A source of the current moment.
pub trait Clock: Send + Sync + 'static {
    /// The current moment, in UTC.
    fn now(&self) -> DateTime<Utc>;

    /// How long the machine has been up, its sleep included. It only ever grows, by what really
    /// passes, until the machine is started anew.
    fn uptime(&self) -> TimeDelta;

    /// How long the machine has been up and awake: what passes of the uptime while it sleeps is left
    /// out.
    fn awake(&self) -> TimeDelta;

    /// The wall and the uptime.
    fn moment(&self) -> Moment {
        Moment { wall: self.now(), uptime: self.uptime() }
    }

    /// The zone that this server is in, as far as that can be told.
    fn server_zone(&self) -> ServerZone {
        ServerZone::sure(Tz::UTC)
    }
}

/// The calendar day that a moment lies on in a zone.
pub fn day_in<Z: TimeZone>(zone: &Z, at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(zone).date_naive()
}

/// A moment, by both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// What the clock on the wall shows.
    pub wall: DateTime<Utc>,
    /// How long the machine has been up.
    pub uptime: TimeDelta,
}

impl Moment {
    /// What the clock on the wall shows at another uptime, unless somebody sets it in between.
    pub fn wall_at(self, uptime: TimeDelta) -> DateTime<Utc> {
        self.wall + (uptime - self.uptime)
    }

    /// So many minutes after some moment, by clocks that nobody sets.
    #[cfg(test)]
    pub fn at_minute(minute: i64) -> Moment {
        let uptime = TimeDelta::minutes(1000 + minute);
        Moment { wall: DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + uptime, uptime }
    }

    /// The same with the clock on the wall set by so many hours.
    #[cfg(test)]
    pub fn set_by(self, hours: i64) -> Moment {
        Moment { wall: self.wall + TimeDelta::hours(hours), ..self }
    }
}

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that may ask the system")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    /// `CLOCK_BOOTTIME`, clock_gettime(2). Linux has had it since 2.6.39, so that it cannot fail.
    fn uptime(&self) -> TimeDelta {
        passed(ClockId::CLOCK_BOOTTIME)
    }

    /// `CLOCK_MONOTONIC`, clock_gettime(2).
    fn awake(&self) -> TimeDelta {
        passed(ClockId::CLOCK_MONOTONIC)
    }

    fn server_zone(&self) -> ServerZone {
        ServerZone::ask()
    }
}

/// What a clock of the machine shows.
fn passed(clock: ClockId) -> TimeDelta {
    clock_gettime(clock)
        .map(|shows| TimeDelta::seconds(shows.tv_sec()) + TimeDelta::nanoseconds(shows.tv_nsec()))
        .unwrap_or_default()
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct ManualClock {
    shows: Mutex<Moment>,
    /// How much of the uptime the machine slept.
    slept: Mutex<TimeDelta>,
}

impl ManualClock {
    /// A clock that shows `now`.
    pub fn at(now: DateTime<Utc>) -> ManualClock {
        let shows = Moment { wall: now, uptime: now - DateTime::UNIX_EPOCH };
        ManualClock { shows: Mutex::new(shows), slept: Mutex::default() }
    }

    /// Lets time pass.
    pub fn advance(&self, by: TimeDelta) {
        self.shows().uptime += by;
        self.step(by);
    }

    /// Lets the machine sleep.
    pub fn sleep(&self, for_so_long: TimeDelta) {
        *self.slept.lock().unwrap_or_else(PoisonError::into_inner) += for_so_long;
        self.advance(for_so_long);
    }

    /// Sets the clock on the wall, back where `by` is negative; no time passes.
    pub fn step(&self, by: TimeDelta) {
        self.shows().wall += by;
    }

    fn shows(&self) -> MutexGuard<'_, Moment> {
        self.shows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        self.shows().wall
    }

    fn uptime(&self) -> TimeDelta {
        self.shows().uptime
    }

    fn awake(&self) -> TimeDelta {
        self.uptime() - *self.slept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_says_how_long_it_has_been_up_and_that_grows() {
        let (one, other) = (SystemClock.uptime(), SystemClock.uptime());
        assert!(one > TimeDelta::zero() && other >= one, "{one} {other}");
    }

    #[test]
    fn a_moment_lies_on_the_day_of_the_zone_that_asks() {
        let day = |moment: &str, zone| day_in(&zone, moment.parse().expect("a moment")).to_string();
        // 09:00 on the first in Sydney, and 02:00 on the first in Los Angeles.
        assert_eq!(day("2026-11-30T22:00:00Z", Tz::Australia__Sydney), "2026-12-01");
        assert_eq!(day("2026-11-30T22:00:00Z", Tz::UTC), "2026-11-30");
        assert_eq!(day("2026-12-01T10:00:00Z", Tz::America__Los_Angeles), "2026-12-01");
        assert_eq!(day("2026-12-01T07:59:59Z", Tz::America__Los_Angeles), "2026-11-30");
    }

    #[test]
    fn a_clock_that_is_set_changes_what_the_wall_shows_of_an_uptime() {
        let clock = ManualClock::at(DateTime::UNIX_EPOCH + TimeDelta::days(20_000));
        let before = clock.moment();
        clock.advance(TimeDelta::minutes(5));
        assert_eq!(clock.moment().wall_at(before.uptime), before.wall);
        clock.step(TimeDelta::hours(-3));
        assert_eq!(clock.moment().wall_at(before.uptime), before.wall - TimeDelta::hours(3));
    }
}
