//! A year: the server and what is on it, Autotask, the people, and what happens to all of them,
//! from a seed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use fastrand::Rng;
use lmsyncd::model::{Actor, ClientId, ClientRef, Contract, ItemKey};
use tempfile::TempDir;

use super::clock::ServerClock;
use super::faults::Weather;
use super::invariants::{ACKNOWLEDGED, Broken, Moment, Watch, broken};
use super::life::{Life, pause};
use super::operator::{Desk, Switch};
use super::settings::Wanted;
use super::trace::Trace;
use super::upstream::Upstream;
use super::wire::Wire;

pub const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// The longest that the year jumps while nothing is due.
const LONGEST_JUMP: Duration = Duration::from_secs(6 * 3600);

/// How long the year waits at a time for what is due and stands back.
const STANDING_BACK: Duration = Duration::from_secs(600);

/// How much there is, and how long it goes on.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    pub clients: usize,
    pub days: u32,
}

/// What outlives a daemon.
pub struct Ground {
    pub folder: TempDir,
    pub clock: Arc<ServerClock>,
    pub wire: Wire,
    /// The configuration file.
    pub settings: Arc<Mutex<String>>,
    pub upstream: Upstream,
}

/// The world of one year.
pub struct World {
    pub ground: Ground,
    pub life: Option<Life>,
    pub desk: Desk,
    pub watch: Watch,
    pub trace: Trace,
    pub wanted: Wanted,
    pub(super) weather: Weather,
    pub(super) rng: Rng,
    pub(super) base: DateTime<Utc>,
    /// Since when runs are under way without a break.
    pub(super) since: Duration,
    /// How often in a row it was waited for a run.
    pub(super) waits: u32,
    /// The last commit that was judged, and the next run that is due after it.
    pub(super) judged: u64,
    /// The contracts of each client as they were last read, and to whom each belongs.
    pub(super) books: BTreeMap<i64, Vec<Contract>>,
    pub(super) owners: BTreeMap<ItemKey, i64>,
    pub(super) due: Option<DateTime<Utc>>,
    /// When a daemon that is down is started again.
    pub(super) down_until: Option<Duration>,
    pub counts: Counts,
}

/// How often what happened.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Counts {
    pub edits: u64,
    pub faults: u64,
    pub restarts: u64,
    pub kills: u64,
    pub steps: u64,
    pub runs: u64,
}

impl World {
    /// The world on the first day.
    pub fn begin(seed: u64, scale: Scale) -> World {
        fastrand::seed(seed);
        let mut rng = Rng::with_seed(seed);
        let first = NaiveDate::from_ymd_opt(2026, 1, 15).expect("a date");
        let base = (first.and_time(NaiveTime::MIN) + TimeDelta::hours(12)).and_utc();
        let clock = Arc::new(ServerClock::at(base));
        let upstream = Upstream::new(first, scale.clients, rng.u64(..));
        let wire = Wire::new(upstream.tenant.clone(), Arc::clone(&clock));
        let wanted = Wanted::default();
        let settings = Arc::new(Mutex::new(wanted.text()));
        let ground = Ground { folder: folder(), clock, wire, settings, upstream };
        ground.wire.allow(wanted.cap, wanted.places);
        let (life, _) = Life::begin(&ground);
        World {
            ground,
            life: Some(life),
            desk: Desk::default(),
            watch: Watch::default(),
            trace: Trace::default(),
            wanted,
            weather: Weather::default(),
            rng,
            base,
            since: Duration::ZERO,
            waits: 0,
            judged: 0,
            books: BTreeMap::new(),
            owners: BTreeMap::new(),
            due: None,
            down_until: None,
            counts: Counts::default(),
        }
    }

    /// Switches every client on, some with their own hour.
    pub fn switch_all_on(&mut self) -> Result<(), Broken> {
        let clients = self.ground.upstream.clients.clone();
        let (mut at_will, mut at_night) = (Vec::new(), Vec::new());
        for (id, name) in &clients {
            let client = ClientRef { id: ClientId(*id), name: name.clone() };
            if self.rng.u8(..10) == 0 { &mut at_night } else { &mut at_will }.push(client);
        }
        let night = NaiveTime::from_hms_opt(2, 30, 0);
        for (clients, at) in [(at_will, None), (at_night, night)] {
            let life = self.life.as_ref().expect("a daemon");
            let engine = Arc::clone(&life.engine);
            for client in &clients {
                let since = Duration::ZERO;
                self.desk.switches.insert(client.id.0, Switch { on: true, at, since });
            }
            let who = Actor::daemon();
            let on =
                life.ask(async move { engine.schedule.switch(&clients, true, at, &who).await });
            if on.is_none_or(|on| on.is_err()) {
                return broken(ACKNOWLEDGED, "auto-sync could not be switched on");
            }
        }
        self.rest()
    }

    /// Lives through so many days.
    pub fn live(&mut self, days: u32) -> Result<(), Broken> {
        for day in 0..days {
            let begin = DAY * day;
            let events = self.draw();
            self.begin_day(begin)?;
            for (after, event) in events {
                self.until(begin + after)?;
                self.happen(&event)?;
                self.rest()?;
            }
        }
        Ok(())
    }

    /// Lets everything that is wrong end, and sees that all comes right.
    pub fn end(&mut self) -> Result<(), Broken> {
        self.ground.clock.put_out();
        let forever = Duration::MAX;
        for told in self.weather.clear(forever, &self.ground.upstream.tenant, &self.ground.wire) {
            self.tell(format!("over: {told}"));
        }
        self.wanted = Wanted::default();
        self.start_again()?;
        self.reload()?;
        let now = self.passed();
        self.until(now + DAY * 3)?;
        self.sweep()
    }

    fn begin_day(&mut self, at: Duration) -> Result<(), Broken> {
        self.until(at)?;
        let today = self.today();
        self.ground.upstream.advance(today);
        self.watch.note(&mut self.ground.upstream, at);
        if at.as_secs().is_multiple_of(7 * DAY.as_secs()) {
            self.sweep()?;
        }
        Ok(())
    }

    pub(super) fn disturbed(&mut self) {
        let passed = self.passed();
        self.watch.disturb(passed, &self.weather);
    }

    /// Lets time pass until so much of the year has.
    pub fn until(&mut self, target: Duration) -> Result<(), Broken> {
        loop {
            self.rest()?;
            let now = self.passed();
            if now >= target {
                return Ok(());
            }
            let step = self.stride(target - now);
            self.pass(step);
            if self.down_until.is_some_and(|until| until <= self.passed()) {
                self.start_again()?;
            }
            let (now, Ground { upstream, wire, .. }) = (self.passed(), &self.ground);
            for told in self.weather.clear(now, &upstream.tenant, wire) {
                self.tell(format!("over: {told}"));
            }
        }
    }

    /// How far the year may go at once: to what comes next.
    pub(super) fn stride(&mut self, rest: Duration) -> Duration {
        let now = self.passed();
        let ends = [self.down_until, self.weather.next_end()];
        let next = ends.into_iter().flatten().map(|end| end.saturating_sub(now)).min();
        let Some(life) = &self.life else { return rest.min(next.unwrap_or(rest)).max(SECOND) };
        let own = if life.is_running() {
            self.waits += 1;
            pause(self.waits)
        } else {
            self.waits = 0;
            let wall = self.ground.clock.wall();
            match self.due.map(|due| (due - wall).to_std()) {
                None => LONGEST_JUMP,
                Some(Ok(until)) => (until + SECOND).min(LONGEST_JUMP),
                Some(Err(_)) => STANDING_BACK,
            }
        };
        rest.min(next.unwrap_or(rest)).min(own).max(SECOND)
    }

    pub(super) fn pass(&mut self, time: Duration) {
        let was_running = self.life.as_ref().is_some_and(Life::is_running);
        match &self.life {
            Some(life) => life.pass(time),
            None => self.ground.clock.pass(time),
        }
        if !was_running {
            self.since = self.passed();
        }
        let used = self.weather.others() + self.ground.wire.last_hour() as u64;
        self.ground.upstream.tenant.limits().set_used(used);
    }

    /// Lets everything happen that is due, and judges it.
    pub fn rest(&mut self) -> Result<(), Broken> {
        let used = self.weather.others() + self.ground.wire.last_hour() as u64;
        self.ground.upstream.tenant.limits().set_used(used);
        let killed = self.life.as_ref().is_some_and(Life::settle);
        self.judge()?;
        if killed {
            self.killed()?;
        }
        Ok(())
    }

    pub(super) fn moment(&self) -> Moment {
        Moment {
            passed: self.passed(),
            today: self.ground.clock.wall().date_naive(),
            since: self.since,
            interval: self.wanted.interval(),
            percent: self.wanted.percent,
        }
    }

    pub fn passed(&self) -> Duration {
        self.ground.clock.passed()
    }

    /// The day that it really is.
    pub(super) fn today(&self) -> NaiveDate {
        (self.base + TimeDelta::from_std(self.passed()).expect("in range")).date_naive()
    }

    pub(super) fn tell(&mut self, what: impl std::fmt::Display) {
        self.trace.tell(self.ground.clock.passed(), what);
    }
}

pub const SECOND: Duration = Duration::from_secs(1);

/// A folder in memory, where there is one: what is tested is not how fast a disk is.
fn folder() -> TempDir {
    TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).expect("a folder")
}
