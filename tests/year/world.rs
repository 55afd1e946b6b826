//! A year: the server and what is on it, Autotask, the people, and what happens to all of them,
//! from a seed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use fastrand::Rng;
use lmsyncd::model::{Actor, ClientId, ClientRef, Contract, ItemKey, Run, RunId};
use lmsyncd::store::Store;
use tempfile::TempDir;

use super::clock::ServerClock;
use super::edits;
use super::faults::{Trouble, Weather};
use super::invariants::{ACKNOWLEDGED, Broken, MANUAL, Moment, REQUESTS, Snapshot, UNASKED, Watch, broken,
    next_due,};
use super::life::{Life, pause};
use super::operator::{Desk, Fate, Switch, Wish};
use super::settings::Wanted;
use super::trace::Trace;
use super::upstream::Upstream;
use super::wire::Wire;

const MINUTE: Duration = Duration::from_secs(60);
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
    weather: Weather,
    rng: Rng,
    base: DateTime<Utc>,
    /// Since when runs are under way without a break.
    since: Duration,
    /// How often in a row it was waited for a run.
    waits: u32,
    /// The last commit that was judged, and the next run that is due after it.
    judged: u64,
    /// The contracts of each client as they were last read, and to whom each belongs.
    books: BTreeMap<i64, Vec<Contract>>,
    owners: BTreeMap<ItemKey, i64>,
    due: Option<DateTime<Utc>>,
    /// When a daemon that is down is started again.
    down_until: Option<Duration>,
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

/// A thing that happens.
#[derive(Debug, Clone)]
enum Event {
    Edit,
    Wish,
    Fault,
    Restart,
    Kill,
    KillSoon(u32),
    Step(TimeDelta),
    Suspend(Duration),
    Reload,
    Prune,
}

impl World {
    /// The world on the first day: every client switched on, some with their own hour.
    pub fn begin(seed: u64, scale: Scale) -> Result<World, Broken> {
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
        let mut world = World {
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
        };
        world.switch_all_on()?;
        Ok(world)
    }

    fn switch_all_on(&mut self) -> Result<(), Broken> {
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
            let on = life.ask(async move { engine.switch(&clients, true, at, &who).await });
            if !on.is_some_and(|on| on.is_ok()) {
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
        self.ground.upstream.tenant.set_today(today);
        edits::bill(&mut self.ground.upstream, today);
        self.watch.note(&mut self.ground.upstream, at);
        if at.as_secs().is_multiple_of(7 * DAY.as_secs()) {
            self.sweep()?;
        }
        Ok(())
    }

    /// What happens on one day, and when.
    fn draw(&mut self) -> Vec<(Duration, Event)> {
        let mut events = Vec::new();
        let rng = &mut self.rng;
        for _ in 0..rng.u8(..6) {
            events.push(Event::Edit);
        }
        for _ in 0..rng.u8(..4) {
            events.push(Event::Wish);
        }
        if rng.u8(..4) == 0 {
            events.push(Event::Fault);
        }
        match rng.u8(..40) {
            0..2 => events.push(Event::Restart),
            2 => events.push(Event::Kill),
            3..6 => events.push(Event::KillSoon(rng.u32(1..900))),
            6 => events.push(Event::Step(TimeDelta::minutes(rng.i64(-180..180)))),
            7 => events.push(Event::Step(TimeDelta::hours(rng.i64(-96..96)))),
            8 => events.push(Event::Suspend(MINUTE * rng.u32(5..2880))),
            9..12 => events.push(Event::Reload),
            12 => events.push(Event::Prune),
            _ => {}
        }
        let mut events: Vec<(Duration, Event)> =
            events.into_iter().map(|event| (MINUTE * rng.u32(..1440), event)).collect();
        events.sort_by_key(|(at, _)| *at);
        events
    }

    fn happen(&mut self, event: &Event) -> Result<(), Broken> {
        match event {
            Event::Edit => self.edit(),
            Event::Wish => self.wish(),
            Event::Fault => {
                let (trouble, long) = Trouble::any(&mut self.rng);
                self.fault(trouble, long);
                Ok(())
            }
            Event::Restart => self.restart(),
            Event::Kill => self.killed(),
            Event::KillSoon(questions) => {
                self.ground.clock.light(*questions);
                self.tell(format!("the fuse is lit for {questions} looks at the clock"));
                Ok(())
            }
            Event::Step(by) => self.step(*by),
            Event::Suspend(long) => self.suspend(*long),
            Event::Reload => {
                self.wanted = Wanted::any(&mut self.rng);
                self.reload()
            }
            Event::Prune => self.ask(&Wish::Prune, "prune"),
        }
    }

    fn edit(&mut self) -> Result<(), Broken> {
        let today = self.today();
        self.ground.upstream.tenant.set_today(today);
        let mut told = None;
        for _ in 0..8 {
            told = edits::anything(&mut self.ground.upstream, &mut self.rng, today);
            if told.is_some() {
                break;
            }
        }
        if let Some(told) = told {
            self.counts.edits += 1;
            self.tell(format!("autotask: {told}"));
        }
        // What moved and then went may still be stored at its old client.
        for key in self.ground.upstream.take_struck() {
            if let Some(owner) = self.owners.get(&key) {
                self.ground.upstream.touch(*owner);
            }
        }
        let passed = self.passed();
        self.watch.note(&mut self.ground.upstream, passed);
        Ok(())
    }

    /// Somebody asks for something.
    fn wish(&mut self) -> Result<(), Broken> {
        let Some(life) = &self.life else { return Ok(()) };
        let clients: Vec<i64> = self.ground.upstream.clients.keys().copied().collect();
        let client = clients[self.rng.usize(..clients.len())];
        let contracts = life.store.contracts(ClientId(client)).expect("contracts");
        let keys: Vec<ItemKey> = contracts.iter().map(|contract| contract.key).collect();
        let today = self.ground.clock.wall().date_naive();
        if self.rng.u8(..3) == 0 && self.decide()? {
            return Ok(());
        }
        let Some(wish) = self.desk.any(&mut self.rng, &clients, &keys, today) else {
            return Ok(());
        };
        self.ask(&wish, &format!("{wish:?}"))
    }

    /// Somebody decides about something that is held, if anything is. Nobody accepts what Autotask
    /// does not show in full: that would be a mistake, and no fault of the daemon.
    fn decide(&mut self) -> Result<bool, Broken> {
        let Some(life) = self.life.as_ref().filter(|_| !self.weather.lies()) else {
            return Ok(false);
        };
        let held = life.engine.held(None).expect("what is held");
        let open: Vec<(i64, RunId)> = held
            .iter()
            .filter(|held| held.holding.rejected.is_none())
            .map(|held| (held.client.id.0, held.holding.run))
            .collect();
        if open.is_empty() {
            return Ok(false);
        }
        let (client, run) = open[self.rng.usize(..open.len())];
        let wish = match self.rng.u8(..6) {
            0 => Wish::Reject(client, run),
            _ => Wish::Accept(client, run),
        };
        self.ask(&wish, &format!("{wish:?}"))?;
        self.rest()?;
        self.desk.accepting = None;
        Ok(true)
    }

    fn ask(&mut self, wish: &Wish, told: &str) -> Result<(), Broken> {
        let Some(life) = &self.life else { return Ok(()) };
        let name = match wish {
            Wish::Switch(id, ..)
            | Wish::Sync(id)
            | Wish::Look(id)
            | Wish::Pause(id)
            | Wish::Resume(id) => {
                self.ground.upstream.clients.get(id).cloned().unwrap_or_default()
            }
            _ => String::new(),
        };
        let now = self.ground.clock.passed();
        let fate = self.desk.ask(wish, life, &name, now);
        match fate {
            Fate::Answered(answer) => self.tell(format!("dana: {told}: {answer}")),
            Fate::Wrong(wrong) if matches!(wish, Wish::Sync(_)) => return broken(MANUAL, wrong),
            Fate::Wrong(wrong) => return broken(ACKNOWLEDGED, wrong),
            Fate::Unknown => {
                self.tell(format!("dana: {told}: killed"));
                self.rest()?;
                self.start_again()?;
                let now = self.passed();
                let life = self.life.as_ref().expect("a daemon");
                if let Err(wrong) = self.desk.adopt(wish, life, now) {
                    return broken(ACKNOWLEDGED, wrong);
                }
            }
        }
        if let (Wish::Ignore(key, _) | Wish::Unignore(key), Some(life)) = (wish, &self.life)
            && let Ok(Some(contract)) = life.store.contract(*key)
        {
            // The next run brings what was left out, or leaves it out from now on.
            self.ground.upstream.touch(contract.client.0);
            self.watch.note(&mut self.ground.upstream, now);
        }
        if let (Wish::Edit(key, _), Some(life)) = (wish, &self.life)
            && let Ok(Some(contract)) = life.store.contract(*key)
        {
            self.judge_client(contract.client.0, true)?;
        }
        Ok(())
    }

    /// Lets something go wrong.
    pub fn fault(&mut self, trouble: Trouble, long: Duration) {
        let until = self.passed() + long;
        let Ground { upstream, wire, .. } = &self.ground;
        if let Some(told) = self.weather.begin(trouble, until, &upstream.tenant, wire) {
            self.counts.faults += 1;
            self.tell(format!("wrong: {told}, for {} minutes", long.as_secs() / 60));
        }
    }

    fn restart(&mut self) -> Result<(), Broken> {
        let Some(life) = self.life.take() else { return Ok(()) };
        self.counts.restarts += 1;
        let store = life.store.clone();
        self.tell("the daemon is stopped");
        let killed = life.end();
        let before = Snapshot::of(&store);
        drop(store);
        if killed {
            self.ground.clock.put_out();
        }
        let down = MINUTE * self.rng.u32(0..90);
        self.come_back(&before, down)
    }

    /// The daemon is gone at once: by a signal, or because its fuse has burnt down.
    fn killed(&mut self) -> Result<(), Broken> {
        let Some(life) = self.life.take() else { return Ok(()) };
        self.counts.kills += 1;
        let before = Snapshot::of(&life.store);
        life.kill();
        self.ground.clock.put_out();
        self.tell("the daemon is killed");
        let down = MINUTE * self.rng.u32(0..240);
        self.come_back(&before, down)
    }

    /// Opens the store again, sees that nothing is lost, and starts the daemon when it is time.
    fn come_back(&mut self, before: &Snapshot, down: Duration) -> Result<(), Broken> {
        let folder = self.ground.folder.path().join("store");
        let opened = Store::open(&folder, self.ground.clock.wall());
        let (store, opening) = opened.expect("the store opens");
        let after = Snapshot::of(&store);
        drop(store);
        if !opening.is_clean() {
            self.tell(format!("the store was mended: {:?}", opening.remarks()));
        }
        self.down_until = Some(self.passed() + down);
        self.waits = 0;
        before.survived(&after)
    }

    /// Starts a daemon that is down.
    fn start_again(&mut self) -> Result<(), Broken> {
        if self.life.is_some() {
            return Ok(());
        }
        let (life, _) = Life::begin(&self.ground);
        self.life = Some(life);
        self.down_until = None;
        self.since = self.passed();
        self.tell("the daemon is started");
        self.sweep()?;
        self.rest()
    }

    fn step(&mut self, by: TimeDelta) -> Result<(), Broken> {
        self.counts.steps += 1;
        self.ground.clock.step(by);
        if let Ok(forward) = by.to_std() {
            self.ground.wire.age(forward);
        }
        self.tell(format!("the clock is stepped by {} minutes", by.num_minutes()));
        self.disturbed();
        self.pass(MINUTE + Duration::from_secs(1));
        Ok(())
    }

    /// The machine sleeps: time passes, and no timer knows of it.
    fn suspend(&mut self, long: Duration) -> Result<(), Broken> {
        self.tell(format!("the machine sleeps for {} minutes", long.as_secs() / 60));
        self.ground.clock.pass(long);
        self.disturbed();
        self.pass(MINUTE + Duration::from_secs(1));
        Ok(())
    }

    /// The configuration is changed and read again.
    fn reload(&mut self) -> Result<(), Broken> {
        *self.ground.settings.lock().unwrap_or_else(PoisonError::into_inner) = self.wanted.text();
        self.ground.wire.allow(self.wanted.cap, self.wanted.places);
        self.tell(format!("the configuration is {:?}", self.wanted));
        self.disturbed();
        let Some(life) = &self.life else { return Ok(()) };
        let engine = Arc::clone(&life.engine);
        let reloaded = life.ask(async move { engine.reload().is_ok() });
        if reloaded == Some(false) {
            return broken(ACKNOWLEDGED, "the configuration could not be read again");
        }
        self.rest()?;
        self.pass(MINUTE + Duration::from_secs(1));
        Ok(())
    }

    fn disturbed(&mut self) {
        let lies = self.weather.lies();
        let passed = self.passed();
        self.watch.disturb(passed, lies);
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
    fn stride(&mut self, rest: Duration) -> Duration {
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

    fn pass(&mut self, time: Duration) {
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

    /// Judges what happened since the last time.
    fn judge(&mut self) -> Result<(), Broken> {
        if let Some(violation) = self.ground.wire.violations().into_iter().next() {
            return broken(REQUESTS, violation);
        }
        let calls = self.ground.wire.last_hour() * 10;
        let is_short = calls >= usize::try_from(self.wanted.cap).expect("in range") * 8;
        if self.life.is_none() || is_short || !self.weather.is_calm() {
            self.disturbed();
        }
        let moment = self.moment();
        let Some(life) = &self.life else { return Ok(()) };
        let seq = life.store.head().seq;
        if seq != self.judged {
            self.judged = seq;
            let clients = life.store.clients().expect("clients");
            self.due = next_due(&clients, &self.desk);
            let runs = self.watch.new_runs(&life.store);
            let mut ran: BTreeMap<i64, bool> = BTreeMap::new();
            for run in &runs {
                self.counts.runs += 1;
                self.trace.tell(moment.passed, Told(run));
                let client = self.watch.run(run, moment, &self.desk)?;
                *ran.entry(client).or_default() |= run.counts.wrote();
            }
            for (client, wrote) in ran {
                self.judge_client(client, wrote)?;
            }
        }
        self.watch.punctual(&self.desk, moment)
    }

    /// Judges the contracts of a client; they are read again where they may have changed.
    fn judge_client(&mut self, client: i64, changed: bool) -> Result<(), Broken> {
        let moment = self.moment();
        let Some(life) = &self.life else { return Ok(()) };
        if changed || !self.books.contains_key(&client) {
            let contracts = life.store.contracts(ClientId(client)).expect("contracts");
            self.keep(client, contracts);
        }
        let contracts = &self.books[&client];
        self.watch.client(client, contracts, &self.ground.upstream, &mut self.desk, moment)
    }

    /// Keeps the contracts of a client as they were read; those that came from another are no
    /// longer that one's.
    fn keep(&mut self, client: i64, contracts: Vec<Contract>) {
        for contract in &contracts {
            if let Some(other) = self.owners.insert(contract.key, client).filter(|id| *id != client)
                && let Some(book) = self.books.get_mut(&other)
            {
                book.retain(|one| one.key != contract.key);
            }
        }
        self.books.insert(client, contracts);
    }

    /// Judges everything that is stored.
    pub fn sweep(&mut self) -> Result<(), Broken> {
        let moment = self.moment();
        let Some(life) = &self.life else { return Ok(()) };
        let contracts = life.store.all_contracts().expect("contracts");
        let clients = life.store.clients().expect("clients");
        let marks = life.store.all_marks().expect("marks");
        let stored = contracts.iter().map(|contract| contract.key).collect();
        let paused = life.engine.paused().expect("pauses");
        let paused = paused.iter().filter_map(|one| Some(one.client.as_ref()?.id.0)).collect();
        self.watch.desk(&clients, &marks, &paused, &stored, &self.desk)?;
        for of_one in contracts.chunk_by(|one, other| one.client == other.client) {
            let client = of_one[0].client.0;
            if let Some(known) = self.books.get(&client).filter(|known| *known != of_one) {
                let strange = of_one.iter().find(|one| !known.contains(one)).or(known.first());
                let told = format!("client {client}: {:?}", strange.map(|one| one.key));
                return broken(UNASKED, told);
            }
            self.keep(client, of_one.to_vec());
            self.watch.client(client, of_one, &self.ground.upstream, &mut self.desk, moment)?;
        }
        Ok(())
    }

    fn moment(&self) -> Moment {
        Moment {
            passed: self.passed(),
            since: self.since,
            interval: self.wanted.interval(),
            percent: self.wanted.percent,
        }
    }

    pub fn passed(&self) -> Duration {
        self.ground.clock.passed()
    }

    /// The day that it really is.
    fn today(&self) -> NaiveDate {
        (self.base + TimeDelta::from_std(self.passed()).expect("in range")).date_naive()
    }

    fn tell(&mut self, what: impl std::fmt::Display) {
        self.trace.tell(self.ground.clock.passed(), what);
    }
}

const SECOND: Duration = Duration::from_secs(1);

/// A folder in memory, where there is one: what is tested is not how fast a disk is.
fn folder() -> TempDir {
    TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).expect("a folder")
}

/// A run in one line.
struct Told<'a>(&'a Run);

impl std::fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Run { id, client, trigger, result, counts, requests, error, .. } = self.0;
        write!(
            f,
            "run {} of {}, {}: {}, +{} ~{} ={} -{} !{}, {requests} requests",
            id.map(|id| id.0).unwrap_or_default(),
            client.id,
            trigger.name(),
            result.name(),
            counts.created,
            counts.updated,
            counts.unchanged,
            counts.vanished,
            counts.rejected,
        )?;
        match error {
            Some(error) => write!(f, ": {}", error.message),
            None => Ok(()),
        }
    }
}
