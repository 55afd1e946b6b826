//! Since when the daemon has been able to run what is due: since its start, or since the machine
//! woke. What came due while it slept is not late yet.

use chrono::{DateTime, TimeDelta, Utc};

/// The shortest sleep that counts: clocks that are set by a little are no sleep.
const SLEEP: TimeDelta = TimeDelta::minutes(1);

/// Watches two clocks, of which one stands still while the machine is suspended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Awake {
    since: DateTime<Utc>,
    wall: DateTime<Utc>,
    awake: TimeDelta,
}

impl Awake {
    /// A daemon that starts now.
    pub fn starting(wall: DateTime<Utc>, awake: TimeDelta) -> Awake {
        Awake { since: wall, wall, awake }
    }

    /// Looks at both clocks, and says since when the daemon has been able to work.
    ///
    /// A sleep is seen by what passed on the wall and not while awake: a suspended machine, a
    /// virtual one that was paused, a clock that was set forward.
    pub fn look(&mut self, wall: DateTime<Utc>, awake: TimeDelta) -> DateTime<Utc> {
        if (wall - self.wall) - (awake - self.awake) > SLEEP {
            self.since = wall;
        }
        (self.wall, self.awake) = (wall, awake);
        self.since
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_sleep_begins_anew() {
        let (start, minute) = (DateTime::UNIX_EPOCH, TimeDelta::minutes);
        let mut awake = Awake::starting(start, minute(7));
        assert_eq!(awake.look(start + minute(600), minute(607)), start, "it worked for ten hours");
        let woke = start + minute(1200);
        assert_eq!(awake.look(woke, minute(608)), woke, "it slept for most of ten hours");
        assert_eq!(awake.look(woke + minute(5), minute(613)), woke);
        let set_back = woke - minute(30);
        assert_eq!(awake.look(set_back, minute(614)), woke, "set back is no sleep");
    }
}
