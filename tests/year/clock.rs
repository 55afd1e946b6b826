//! The time of the year: what really passes, and what the server's clock shows, which people and
//! time servers step. A fuse in it kills the daemon wherever it next asks what time it is.

use std::panic::resume_unwind;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use lmsyncd::clock::Clock;

/// Both times of one server.
pub struct ServerClock(Mutex<State>);

struct State {
    /// What has passed since the year began.
    passed: Duration,
    /// What the clock on the wall shows.
    wall: DateTime<Utc>,
    /// After so many questions the daemon is killed; none while the fuse is out.
    fuse: Option<u32>,
    /// Whether the fuse has burnt down.
    killed: bool,
}

/// What unwinds a task of a daemon that is killed. It passes by the panic hook: nothing is wrong.
struct Killed;

impl ServerClock {
    pub fn at(wall: DateTime<Utc>) -> ServerClock {
        let passed = Duration::ZERO;
        ServerClock(Mutex::new(State { passed, wall, fuse: None, killed: false }))
    }

    /// What has passed since the year began, whatever the clock shows.
    pub fn passed(&self) -> Duration {
        self.state().passed
    }

    /// What the clock shows, without burning the fuse.
    pub fn wall(&self) -> DateTime<Utc> {
        self.state().wall
    }

    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        let mut state = self.state();
        state.passed += time;
        state.wall += TimeDelta::from_std(time).expect("in range");
    }

    /// Steps the clock, in no time.
    pub fn step(&self, by: TimeDelta) {
        self.state().wall += by;
    }

    /// Kills the daemon when it has asked so many times what time it is.
    pub fn light(&self, questions: u32) {
        self.state().fuse = Some(questions.max(1));
    }

    /// Puts the fuse out, and says whether it had burnt down.
    pub fn put_out(&self) -> bool {
        let mut state = self.state();
        state.fuse = None;
        std::mem::take(&mut state.killed)
    }

    /// Lets the year itself ask something of a daemon, which burns no fuse.
    pub fn aside<T>(&self, ask: impl FnOnce() -> T) -> T {
        let (fuse, killed) = {
            let mut state = self.state();
            (state.fuse.take(), std::mem::take(&mut state.killed))
        };
        let answer = ask();
        let mut state = self.state();
        (state.fuse, state.killed) = (fuse, killed);
        answer
    }

    /// Whether the fuse has burnt down.
    pub fn has_killed(&self) -> bool {
        self.state().killed
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ServerClock {
    /// Burns no fuse: who asks for it asks for the other too.
    fn uptime(&self) -> TimeDelta {
        TimeDelta::from_std(self.passed()).expect("in range")
    }

    fn awake(&self) -> TimeDelta {
        self.uptime()
    }

    fn now(&self) -> DateTime<Utc> {
        let mut state = self.state();
        if let Some(left) = &mut state.fuse {
            *left = left.saturating_sub(1);
            state.killed |= *left == 0;
        }
        if state.killed {
            drop(state);
            resume_unwind(Box::new(Killed));
        }
        state.wall
    }
}
