//! What happens in a year, and how: what is done in Autotask and here, what goes wrong, and what
//! becomes of the daemon.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use lmsyncd::model::{ClientId, ItemKey, RunId};
use lmsyncd::store::Store;

use super::edits;
use super::faults::Trouble;
use super::invariants::{ACKNOWLEDGED, Broken, MANUAL, broken};
use super::life::Life;
use super::operator::{Fate, Wish};
use super::settings::Wanted;
use super::snapshot::Snapshot;
use super::world::{Ground, MINUTE, World};

/// A thing that happens.
#[derive(Debug, Clone)]
pub enum Event {
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
    /// What happens on one day, and when.
    pub(super) fn draw(&mut self) -> Vec<(Duration, Event)> {
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

    pub(super) fn happen(&mut self, event: &Event) -> Result<(), Broken> {
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

    pub(super) fn edit(&mut self) -> Result<(), Broken> {
        let today = self.today();
        self.ground.upstream.advance(today);
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
        let passed = self.passed();
        for key in self.ground.upstream.take_struck() {
            self.watch.struck.insert(key, passed);
            if let Some(owner) = self.owners.get(&key) {
                self.ground.upstream.touch(*owner);
            }
        }
        self.watch.note(&mut self.ground.upstream, passed);
        Ok(())
    }

    /// Somebody asks for something.
    pub(super) fn wish(&mut self) -> Result<(), Broken> {
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
    pub(super) fn decide(&mut self) -> Result<bool, Broken> {
        let Some(life) = self.life.as_ref().filter(|_| !self.weather.lies()) else {
            return Ok(false);
        };
        let held = self.ground.clock.aside(|| life.engine.review.held(None)).expect("what is held");
        let open: Vec<(i64, RunId)> = held
            .iter()
            .filter(|held| held.changes.rejected.is_none())
            .map(|held| (held.client.id.0, held.changes.run))
            .collect();
        if open.is_empty() {
            return Ok(false);
        }
        let (client, run) = open[self.rng.usize(..open.len())];
        let wish = match self.rng.u8(..6) {
            0 => Wish::Reject(run),
            _ => Wish::Accept(client, run),
        };
        self.ask(&wish, &format!("{wish:?}"))?;
        self.rest()?;
        self.desk.accepting = None;
        Ok(true)
    }

    pub(super) fn ask(&mut self, wish: &Wish, told: &str) -> Result<(), Broken> {
        let Some(life) = &self.life else { return Ok(()) };
        let name = match wish {
            Wish::Switch(id, ..)
            | Wish::Sync(id)
            | Wish::Look(id)
            | Wish::Pause(id)
            | Wish::Resume(id) => self.ground.upstream.clients.get(id).cloned().unwrap_or_default(),
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
                let now = self.passed();
                self.begin_again();
                let life = self.life.as_ref().expect("a daemon");
                if let Err(wrong) = self.desk.adopt(wish, life, now) {
                    return broken(ACKNOWLEDGED, wrong);
                }
                self.sweep()?;
                self.rest()?;
            }
        }
        if let (Wish::Ignore(key, _) | Wish::Unignore(key), Some(life)) = (wish, &self.life)
            && let Ok(Some(contract)) = life.store.contract(*key)
        {
            // The next run brings what was left out, or leaves it out from now on. What was left
            // out did not follow its agreement to another client.
            self.ground.upstream.touch(contract.client.0);
            self.ground.upstream.touch_item(*key);
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

    pub(super) fn restart(&mut self) -> Result<(), Broken> {
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
    pub(super) fn killed(&mut self) -> Result<(), Broken> {
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
    pub(super) fn come_back(&mut self, before: &Snapshot, down: Duration) -> Result<(), Broken> {
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
    pub(super) fn start_again(&mut self) -> Result<(), Broken> {
        if self.life.is_none() {
            self.begin_again();
            self.sweep()?;
            self.rest()?;
        }
        Ok(())
    }

    /// The same, with nothing judged yet.
    fn begin_again(&mut self) {
        if self.life.is_none() {
            // Whoever is killed before it has begun is started again, which changes nothing.
            let (life, _) = self.ground.clock.aside(|| Life::begin(&self.ground));
            self.life = Some(life);
            self.down_until = None;
            self.since = self.passed();
            self.tell("the daemon is started");
        }
    }

    pub(super) fn step(&mut self, by: TimeDelta) -> Result<(), Broken> {
        self.counts.steps += 1;
        self.ground.clock.step(by);
        self.tell(format!("the clock is stepped by {} minutes", by.num_minutes()));
        self.disturbed();
        self.pass(MINUTE + Duration::from_secs(1));
        Ok(())
    }

    /// The machine sleeps: time passes, and no timer knows of it.
    pub(super) fn suspend(&mut self, long: Duration) -> Result<(), Broken> {
        self.tell(format!("the machine sleeps for {} minutes", long.as_secs() / 60));
        self.ground.clock.pass(long);
        self.disturbed();
        self.pass(MINUTE + Duration::from_secs(1));
        Ok(())
    }

    /// The configuration is changed and read again.
    pub(super) fn reload(&mut self) -> Result<(), Broken> {
        *self.ground.settings.lock().unwrap_or_else(PoisonError::into_inner) = self.wanted.text();
        self.ground.wire.allow(self.wanted.cap, self.wanted.places);
        self.tell(format!("the configuration is {:?}", self.wanted));
        self.disturbed();
        let Some(life) = &self.life else { return Ok(()) };
        let engine = Arc::clone(&life.engine);
        let reloaded = life.ask(async move { engine.admin.reload().await.is_ok() });
        if reloaded == Some(false) {
            return broken(ACKNOWLEDGED, "the configuration could not be read again");
        }
        self.rest()?;
        self.pass(MINUTE + Duration::from_secs(1));
        Ok(())
    }
}
