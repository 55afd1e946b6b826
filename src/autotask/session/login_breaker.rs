//! The login breaker, a circuit breaker: refused credentials are not tried again and again, because
//! that locks the account of the API user (section 1.3 of the Autotask facts).
//!
//! ```text
//!              a refusal that stands                   the rest is over
//!    closed ────────────────────────────► open ──────────────────────────► one try
//!     ▲                                   ▲   │                               │
//!     │                                   │   │ other credentials             │ refused
//!     │                                   └───┼───────────────────────────────┤
//!     └───────────────────────────────────────┴───────────────────────────────┘ accepted
//! ```
//!
//! While it is open nothing is sent. There are at most two refusals in any hour, however tries are
//! spread over classes of work, restarts and a tenant that moves, and whoever sets the clock: one of
//! a check-up, which is always left to it, and one of all other work. A login whose answer nobody
//! has seen counts as refused from before it is sent.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::budget::WINDOW;
use super::work::Work;
use crate::autotask::http::limit::Blocked;
use crate::clock::Moment;

/// So many logins without an answer block further ones although nothing was refused: a daemon that
/// is killed again and again while it logs in.
const MOST_UNANSWERED: usize = 2;

/// A login that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::autotask) struct Login {
    /// At which uptime.
    at: TimeDelta,
    /// Whether it was that of a check-up.
    checkup: bool,
}

impl Login {
    fn of(work: Work, now: Moment) -> Login {
        Login { at: now.uptime, checkup: work == Work::Checkup }
    }
}

/// How long ago a login was sent, and whether it was that of a check-up: what a restart must not
/// forget of it.
pub(in crate::autotask) type Age = (TimeDelta, bool);

/// What a restart must not forget.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::autotask) struct Remembered {
    /// Since when it is open; none while it is closed.
    pub since: Option<DateTime<Utc>>,
    /// Whether the account is locked.
    pub locked: bool,
    /// The refusals of the last hour, the oldest first.
    pub refused: Vec<Age>,
    /// The logins of the last hour without an answer.
    pub unanswered: Vec<Age>,
}

#[derive(Default)]
struct State {
    since: Option<DateTime<Utc>>,
    locked: bool,
    /// In order.
    refused: VecDeque<Login>,
    /// Those that were sent and not answered yet.
    unanswered: VecDeque<Login>,
}

impl State {
    fn forget(&mut self, uptime: TimeDelta) {
        for logins in [&mut self.refused, &mut self.unanswered] {
            logins.retain(|login| uptime - login.at < WINDOW);
        }
    }

    /// The block of `work`, also when its time is up.
    fn block(&self, work: Work, now: Moment) -> Option<Blocked> {
        let unseen = self.unanswered.iter().rev().nth(MOST_UNANSWERED - 1);
        let since = self.since.or_else(|| unseen.map(|login| now.wall_at(login.at)))?;
        let logins = self.refused.iter().chain(&self.unanswered);
        let counts = |login: &&Login| login.checkup || work != Work::Checkup;
        let last = logins.filter(counts).map(|login| login.at).max();
        let until = last.map_or(now.uptime, |last| last + WINDOW);
        Some(Blocked { since, until: now.wall_at(until), locked: self.locked })
    }
}

/// The breaker of one set of credentials.
#[derive(Default)]
pub(in crate::autotask) struct LoginBreaker(Mutex<Arc<Mutex<State>>>);

impl LoginBreaker {
    /// Whether nothing may be sent for `work`.
    pub fn blocked(&self, work: Work, now: Moment) -> Option<Blocked> {
        self.standing(work, now).filter(|blocked| blocked.until > now.wall)
    }

    /// The block, also when its time is up and the next try has not been made.
    pub fn standing(&self, work: Work, now: Moment) -> Option<Blocked> {
        self.with(now, |state| state.block(work, now))
    }

    /// A login is about to be sent that may be refused: it counts as refused until it is answered.
    pub fn begin(&self, work: Work, now: Moment) -> Login {
        let login = Login::of(work, now);
        self.with(now, |state| state.unanswered.push_back(login));
        login
    }

    /// The login has an answer, or none will come.
    pub fn answered(&self, login: Login, now: Moment) {
        self.with(now, |state| {
            if let Some(at) = state.unanswered.iter().position(|one| *one == login) {
                state.unanswered.remove(at);
            }
        });
    }

    /// Autotask refused the credentials in an answer.
    pub fn refused(&self, work: Work, now: Moment) {
        self.with(now, |state| state.refused.push_back(Login::of(work, now)));
    }

    /// The last refusal was none of the account: it came from a zone that the tenant has left.
    pub fn withdraw(&self, now: Moment) {
        self.with(now, |state| {
            state.refused.pop_back();
        });
    }

    /// The refusal stands: looking for the tenant in another zone did not help. Says whether this
    /// is new.
    pub fn open(&self, locked: bool, now: Moment) -> bool {
        self.with(now, |state| {
            state.locked = locked;
            state.since.replace(state.since.unwrap_or(now.wall)).is_none()
        })
    }

    /// The credentials were accepted. Says whether that is a change.
    pub fn close(&self) -> bool {
        let state = self.state();
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let was_open = state.since.is_some();
        *state = State::default();
        was_open
    }

    /// Counts the refusals of `other`, which stands for other credentials, without a block.
    pub fn count(&self, other: &LoginBreaker, now: Moment) {
        let refused: Vec<_> = other.with(now, |state| state.refused.iter().copied().collect());
        self.with(now, |state| {
            state.refused.extend(refused);
            state.refused.make_contiguous().sort_unstable();
        });
    }

    /// Goes on as `other`, which stands for the same credentials.
    pub fn inherit_from(&self, other: &LoginBreaker) {
        let state = other.state();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// What a restart must not forget; none where there is nothing. Refusals count only with a
    /// block.
    pub fn remembered(&self, now: Moment) -> Option<Remembered> {
        let ages = |logins: &VecDeque<Login>| -> Vec<Age> {
            logins.iter().map(|login| (now.uptime - login.at, login.checkup)).collect()
        };
        self.with(now, |state| {
            let refused = if state.since.is_some() { ages(&state.refused) } else { Vec::new() };
            let unanswered = ages(&state.unanswered);
            (state.since.is_some() || !unanswered.is_empty()).then_some(Remembered {
                since: state.since,
                locked: state.locked,
                refused,
                unanswered,
            })
        })
    }

    /// Goes on where it stood before a restart.
    pub fn restore(&self, known: &Remembered, now: Moment) {
        let logins = |ages: &[Age]| {
            let known = ages.iter().filter(|(age, _)| *age < WINDOW);
            let mut logins: Vec<Login> = known
                .map(|(age, checkup)| Login {
                    at: now.uptime - (*age).max(TimeDelta::zero()),
                    checkup: *checkup,
                })
                .collect();
            logins.sort_unstable();
            VecDeque::from(logins)
        };
        self.with(now, |state| {
            state.since = known.since.map(|since| since.min(now.wall));
            state.locked = known.locked;
            state.refused = logins(&known.refused);
            state.unanswered = logins(&known.unanswered);
        });
    }

    fn state(&self) -> Arc<Mutex<State>> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn with<T>(&self, now: Moment, act: impl FnOnce(&mut State) -> T) -> T {
        let state = self.state();
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.forget(now.uptime);
        act(&mut state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Moment {
        Moment::at_minute(minute)
    }

    fn blocked_at(minute: i64, work: Work) -> LoginBreaker {
        let breaker = LoginBreaker::default();
        breaker.refused(work, at(minute));
        assert!(breaker.open(false, at(minute)));
        breaker
    }

    fn until(breaker: &LoginBreaker, work: Work, now: i64) -> Option<i64> {
        breaker.blocked(work, at(now)).map(|blocked| (blocked.until - at(0).wall).num_minutes())
    }

    #[test]
    fn all_work_rests_for_an_hour_and_a_check_up_has_a_try_of_its_own() {
        let breaker = blocked_at(0, Work::Person);
        assert_eq!(until(&breaker, Work::Background, 1), Some(60));
        assert_eq!(until(&breaker, Work::Person, 1), Some(60), "everybody is told the same moment");
        assert_eq!(until(&breaker, Work::Checkup, 1), None);
        breaker.refused(Work::Checkup, at(1));
        assert_eq!(until(&breaker, Work::Checkup, 2), Some(61), "it is used up");
        assert_eq!(until(&breaker, Work::Person, 31), Some(61), "it is known to be refused");
        assert_eq!(until(&breaker, Work::Background, 60), Some(61));
        assert_eq!(until(&breaker, Work::Background, 61), None);
        assert!(breaker.standing(Work::Background, at(500)).is_some(), "not lifted by time");
    }

    #[test]
    fn two_an_hour_are_never_passed_whoever_tries_as_soon_as_he_may() {
        let breaker = blocked_at(0, Work::Background);
        let mut refused = vec![0];
        for minute in 0..600 {
            for work in [Work::Checkup, Work::Person, Work::Background] {
                if breaker.blocked(work, at(minute)).is_none() {
                    breaker.refused(work, at(minute));
                    refused.push(minute);
                }
            }
        }
        assert!(refused.len() > 10, "{refused:?}");
        for from in &refused {
            let within = refused.iter().filter(|at| (*from..from + 60).contains(*at)).count();
            assert!(within <= 2, "{within} from {from}: {refused:?}");
        }
    }

    #[test]
    fn success_lifts_it_and_a_refusal_that_does_not_stand_sets_nothing() {
        let breaker = blocked_at(0, Work::Person);
        assert!(breaker.close());
        assert_eq!(until(&breaker, Work::Background, 1), None);
        breaker.refused(Work::Person, at(2));
        assert_eq!(until(&breaker, Work::Background, 3), None);
        breaker.withdraw(at(3));
        breaker.open(false, at(4));
        assert_eq!(until(&breaker, Work::Background, 4), None, "the old zone's does not count");
    }

    #[test]
    fn a_login_counts_from_before_it_is_sent() {
        let breaker = LoginBreaker::default();
        let first = breaker.begin(Work::Person, at(0));
        assert!(breaker.blocked(Work::Person, at(0)).is_none(), "nothing is refused");
        let known = breaker.remembered(at(1)).expect("it is under way");
        assert_eq!(known.unanswered, [(TimeDelta::minutes(1), false)]);
        // Killed before the answer, twice: the third is not sent.
        let restarted = LoginBreaker::default();
        restarted.restore(&known, at(1));
        assert!(restarted.blocked(Work::Person, at(1)).is_none());
        restarted.begin(Work::Person, at(2));
        let known = restarted.remembered(at(3)).expect("both");
        let again = LoginBreaker::default();
        again.restore(&known, at(3));
        assert_eq!(until(&again, Work::Person, 3), Some(62));
        assert_eq!(until(&again, Work::Checkup, 3), None);
        // An answer of any kind ends it.
        breaker.answered(first, at(1));
        assert_eq!(breaker.remembered(at(1)), None);
    }

    #[test]
    fn a_restart_and_a_clock_that_is_set_do_not_free_it_for_more_than_two() {
        let before = blocked_at(0, Work::Person);
        before.refused(Work::Checkup, at(5));
        before.open(true, at(5));
        let known = before.remembered(at(15)).expect("blocked");
        let minutes = TimeDelta::minutes;
        assert_eq!(known.refused, [(minutes(15), false), (minutes(10), true)]);
        for hours in [-24, 0, 24] {
            let breaker = LoginBreaker::default();
            let now = at(15).set_by(hours);
            breaker.restore(&known, now);
            let blocked = breaker.blocked(Work::Checkup, now).expect("blocked");
            assert_eq!(blocked.until - now.wall, minutes(50));
            assert!(blocked.since <= now.wall && blocked.locked);
            let later = |minute| breaker.blocked(Work::Background, at(minute).set_by(hours));
            assert!(later(64).is_some() && later(65).is_none(), "an hour after the last");
        }
    }
}
