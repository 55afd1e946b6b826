//! The people at the MSP: what they ask of the daemon, and the test's own account of what it
//! acknowledged.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{Days, NaiveDate, NaiveTime};
use fastrand::Rng;
use lmsyncd::autotask::Progress;
use lmsyncd::engine::{Edit, HeldRun, SyncRequest, WaitPolicy};
use lmsyncd::model::{
    Actor, ClientId, ClientRef, Code, Contract, Field, ItemFlags, ItemKey, RunId, Trigger,
};
use lmsyncd::policy::select::Choice;

use super::life::Life;

/// What is the MSP's own on a contract, as texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Own {
    pub local: BTreeMap<Field, String>,
    pub overrides: BTreeMap<Field, String>,
}

impl Own {
    pub fn of(contract: &Contract) -> Own {
        let texts = |fields: &lmsyncd::model::Fields| {
            fields.iter().map(|(field, value)| (*field, value.to_string())).collect()
        };
        Own { local: texts(&contract.local), overrides: texts(&contract.overrides) }
    }

    /// What a renewal takes over: all but the dates of the old term.
    pub fn inherited(&self) -> Own {
        let mut own = self.clone();
        own.overrides.retain(|field, _| !matches!(field, Field::StartDate | Field::EndDate));
        own
    }
}

/// The switch of auto-sync of one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switch {
    pub on: bool,
    pub at: Option<NaiveTime>,
    /// Since when it stands so.
    pub since: Duration,
}

/// What the daemon acknowledged.
#[derive(Debug, Default)]
pub struct Desk {
    pub own: BTreeMap<ItemKey, Own>,
    pub ignored: BTreeMap<ItemKey, Option<NaiveDate>>,
    pub switches: BTreeMap<i64, Switch>,
    /// The clients that are paused, and since when.
    pub paused: BTreeMap<i64, Duration>,
    /// What a person rejected stays as it is, whatever Autotask says.
    pub rejected: BTreeSet<ItemKey>,
    /// The client of which a person accepts right now what was held: that is a run by hand which
    /// auto-sync does not forbid.
    pub accepting: Option<i64>,
    /// Manual runs that were refused because auto-sync was on.
    pub refused: u64,
    /// Changes that were acknowledged.
    pub acknowledged: u64,
}

/// One thing that a person asks for.
#[derive(Debug, Clone)]
pub enum Wish {
    Edit(ItemKey, Edit),
    Ignore(ItemKey, Option<NaiveDate>),
    Unignore(ItemKey),
    Switch(i64, bool, Option<NaiveTime>),
    Sync(i64),
    Look(i64),
    Pause(i64),
    Resume(i64),
    /// To apply what a run of a client held, or to leave it as it is.
    Accept(i64, RunId),
    Reject(RunId),
    Doctor,
    Prune,
}

/// What became of it.
pub enum Fate {
    /// It was acknowledged, refused or failed, in these words.
    Answered(String),
    /// The daemon was killed: it may have been stored or not.
    Unknown,
    /// The answer must not be.
    Wrong(String),
}

impl Desk {
    /// Something that a person may ask for: at a client, or at a contract that is stored.
    pub fn any(
        &self,
        rng: &mut Rng,
        clients: &[i64],
        keys: &[ItemKey],
        today: NaiveDate,
    ) -> Option<Wish> {
        let client = clients[rng.usize(..clients.len())];
        let key = (!keys.is_empty()).then(|| keys[rng.usize(..keys.len())]);
        let text = format!("note {}", rng.u32(..));
        let set = |field: &str, value: String| Edit::Set { field: field.to_owned(), value };
        Some(match rng.u8(..100) {
            0..22 => Wish::Edit(key?, set("notes", text)),
            22..30 => Wish::Edit(key?, set("owner", text)),
            30..36 => Wish::Edit(key?, set("tags", "gold,on-site".to_owned())),
            36..44 => Wish::Edit(key?, set("name", text)),
            44..50 => {
                let field = ["notes", "owner", "name"][rng.usize(..3)].to_owned();
                Wish::Edit(key?, Edit::Unset { field })
            }
            50..56 => Wish::Ignore(key?, rng.bool().then(|| today + Days::new(rng.u64(1..40)))),
            56..63 => {
                let keys: Vec<ItemKey> = self.ignored.keys().copied().collect();
                Wish::Unignore(if keys.is_empty() { key? } else { keys[rng.usize(..keys.len())] })
            }
            63..72 => {
                let off: Vec<i64> =
                    self.switches.iter().filter(|(_, one)| !one.on).map(|(id, _)| *id).collect();
                let client = if off.len() > 4 { off[rng.usize(..off.len())] } else { client };
                let on = self.switches.get(&client).is_some_and(|switch| switch.on);
                let hour = NaiveTime::from_hms_opt(rng.u32(..24), rng.u32(..60), 0);
                Wish::Switch(client, !on, hour.filter(|_| rng.u8(..4) == 0))
            }
            72..82 => Wish::Sync(client),
            82..86 => Wish::Pause(client),
            86..90 => {
                let paused: Vec<i64> = self.paused.keys().copied().collect();
                Wish::Resume(if paused.is_empty() {
                    client
                } else {
                    paused[rng.usize(..paused.len())]
                })
            }
            90..95 => Wish::Look(client),
            95..98 => Wish::Doctor,
            _ => Wish::Prune,
        })
    }

    /// Asks for it.
    #[expect(clippy::too_many_lines, reason = "one arm for each wish")]
    pub fn ask(&mut self, wish: &Wish, life: &Life, name: &str, now: Duration) -> Fate {
        let engine = Arc::clone(&life.engine);
        let who = actor();
        let client = |id: i64| ClientRef { id: ClientId(id), name: name.to_owned() };
        match wish.clone() {
            Wish::Edit(key, edit) => {
                let edits = vec![edit];
                let answer = life.ask(async move { engine.book.edit(key, &edits, &who).await });
                let Some(answer) = answer else { return Fate::Unknown };
                match answer {
                    Ok((contract, _)) => self.acknowledge_own(key, Own::of(&contract), wish),
                    Err(failure) => Fate::Answered(format!("{:?}", failure.code)),
                }
            }
            Wish::Ignore(key, until) => {
                let answer = life.ask(async move {
                    engine.review.ignore(key, until, Some("for now".to_owned()), &who).await
                });
                let Some(answer) = answer else { return Fate::Unknown };
                if answer.is_ok() {
                    self.ignored.insert(key, until);
                    self.acknowledged += 1;
                }
                Fate::Answered(code(&answer))
            }
            Wish::Unignore(key) => {
                let answer = life.ask(async move { engine.review.unignore(key, &who).await });
                let Some(answer) = answer else { return Fate::Unknown };
                if answer.is_ok() {
                    self.ignored.remove(&key);
                    self.acknowledged += 1;
                }
                Fate::Answered(code(&answer))
            }
            Wish::Switch(id, on, at) => {
                let clients = vec![client(id)];
                let answer =
                    life.ask(async move { engine.schedule.switch(&clients, on, at, &who).await });
                let Some(answer) = answer else { return Fate::Unknown };
                if answer.is_ok() {
                    self.acknowledge_switch(id, on, at, now);
                }
                Fate::Answered(code(&answer))
            }
            Wish::Sync(id) => {
                let order = SyncRequest {
                    client: client(id),
                    choice: Choice::All,
                    dry: false,
                    trigger: Trigger::Manual,
                    actor: who,
                };
                let on = self.switches.get(&id).is_some_and(|switch| switch.on);
                let answer = life.ask(async move {
                    engine.syncs.sync(order, WaitPolicy::None, Progress::new()).await
                });
                match answer {
                    None => Fate::Unknown,
                    Some(Ok(_)) if on => {
                        Fate::Wrong(format!("client {id} was synced by hand, and auto-sync is on"))
                    }
                    Some(Ok(outcome)) => Fate::Answered(outcome.run.result.name().to_owned()),
                    Some(Err(failure)) => {
                        let refused = failure.code == Code::AutoSyncEnabled;
                        self.refused += u64::from(refused);
                        if on != refused {
                            return Fate::Wrong(format!(
                                "a sync of client {id} by hand ended as {:?}, with auto-sync {}",
                                failure.code,
                                if on { "on" } else { "off" }
                            ));
                        }
                        Fate::Answered(format!("{:?}", failure.code))
                    }
                }
            }
            Wish::Look(id) => {
                let client = client(id);
                let answer =
                    life.ask(async move { engine.syncs.preview(&client, &Progress::new()).await });
                answer.map_or(Fate::Unknown, |answer| Fate::Answered(code(&answer)))
            }
            Wish::Pause(id) => {
                let clients = vec![client(id)];
                let answer =
                    life.ask(async move { engine.schedule.pause(&clients, None, &who).await });
                let Some(answer) = answer else { return Fate::Unknown };
                if answer.is_ok() {
                    self.paused.insert(id, now);
                    self.acknowledged += 1;
                }
                Fate::Answered(code(&answer))
            }
            Wish::Resume(id) => {
                let clients = vec![client(id)];
                let answer = life.ask(async move { engine.schedule.resume(&clients, &who).await });
                let Some(answer) = answer else { return Fate::Unknown };
                if answer.is_ok() {
                    self.resumed(id, now);
                }
                Fate::Answered(code(&answer))
            }
            Wish::Accept(id, run) => {
                self.accepting = Some(id);
                let answer = life.ask(async move {
                    engine.review.accept(run, false, &who, Progress::new()).await
                });
                answer.map_or(Fate::Unknown, |answer| Fate::Answered(code(&answer)))
            }
            Wish::Reject(run) => {
                let answer = life.ask(async move { engine.review.reject(run, None, &who).await });
                let Some(answer) = answer else { return Fate::Unknown };
                if let Ok((held, _)) = &answer {
                    self.leave(held);
                }
                Fate::Answered(code(&answer))
            }
            Wish::Doctor => {
                let answer = life.ask(async move { engine.admin.checkup().await.len() });
                answer.map_or(Fate::Unknown, |found| Fate::Answered(format!("{found} findings")))
            }
            Wish::Prune => {
                let answer = life.ask(async move { engine.book.prune(false).await });
                answer.map_or(Fate::Unknown, |answer| Fate::Answered(code(&answer)))
            }
        }
    }

    fn acknowledge_own(&mut self, key: ItemKey, told: Own, wish: &Wish) -> Fate {
        let own = self.own.entry(key).or_default();
        if let Wish::Edit(_, edit) = wish {
            apply(own, edit);
        }
        self.acknowledged += 1;
        if *own != told {
            return Fate::Wrong(format!("{key} is acknowledged as {told:?}, not {own:?}"));
        }
        Fate::Answered("ok".to_owned())
    }

    fn resumed(&mut self, id: i64, now: Duration) {
        self.acknowledged += 1;
        if self.paused.remove(&id).is_some()
            && let Some(switch) = self.switches.get_mut(&id)
        {
            switch.since = now;
        }
    }

    /// What was rejected, and the agreements that it adds up to, stay as they are.
    fn leave(&mut self, held: &HeldRun) {
        self.acknowledged += 1;
        for item in &held.changes.items {
            self.rejected.insert(item.key);
            self.rejected.extend(item.parent);
        }
    }

    /// A switch was acknowledged.
    pub fn acknowledge_switch(&mut self, id: i64, on: bool, at: Option<NaiveTime>, now: Duration) {
        let before = self.switches.get(&id).copied();
        let at = if on { at.or(before.and_then(|switch| switch.at)) } else { None };
        if !on {
            // What is off has nothing to pause.
            self.paused.remove(&id);
        }
        self.switches.insert(id, Switch { on, at, since: now });
        self.acknowledged += 1;
    }

    /// Takes over what a daemon that was killed may have stored or not, if it is one of the two.
    pub fn adopt(&mut self, wish: &Wish, life: &Life, now: Duration) -> Result<(), String> {
        match wish {
            Wish::Edit(key, edit) => {
                let Ok(Some(contract)) = life.store.contract(*key) else { return Ok(()) };
                let (told, mut own) =
                    (Own::of(&contract), self.own.get(key).cloned().unwrap_or_default());
                if own == told {
                    return Ok(());
                }
                apply(&mut own, edit);
                if own != told {
                    return Err(format!("{key} holds {told:?} after a kill, not {own:?}"));
                }
                self.own.insert(*key, own);
            }
            Wish::Ignore(key, _) | Wish::Unignore(key) => {
                let flags: Option<ItemFlags> =
                    life.store.item_flags(*key).map_err(|error| error.to_string())?;
                match flags.and_then(|flags| flags.ignored) {
                    Some(ignored) => self.ignored.insert(*key, ignored.until),
                    None => self.ignored.remove(key),
                };
            }
            Wish::Switch(id, on, at) => {
                let state = life.store.client(ClientId(*id)).map_err(|error| error.to_string())?;
                let is_on = state.is_some_and(|state| state.auto_sync);
                let was_on = self.switches.get(id).is_some_and(|switch| switch.on);
                if is_on == *on && was_on != *on {
                    self.acknowledge_switch(*id, *on, *at, now);
                }
            }
            Wish::Pause(id) | Wish::Resume(id) => {
                let paused = life.paused();
                let client = ClientId(*id);
                let is = paused.iter().any(|one| one.pause.client == Some(client));
                if !is {
                    self.resumed(*id, now);
                } else if !self.paused.contains_key(id) {
                    self.paused.insert(*id, now);
                }
            }
            Wish::Reject(run) => {
                if let Some(held) = life.held_by(*run)
                    && held.changes.rejected.is_some()
                {
                    self.leave(&held);
                }
            }
            Wish::Sync(_) | Wish::Look(_) | Wish::Accept(..) | Wish::Doctor | Wish::Prune => {}
        }
        Ok(())
    }
}

fn apply(own: &mut Own, edit: &Edit) {
    let (Edit::Set { field, .. } | Edit::Unset { field }) = edit;
    let field: Field = field.parse().expect("a field");
    let place = if field == Field::Name { &mut own.overrides } else { &mut own.local };
    match edit {
        Edit::Set { value, .. } => place.insert(field, value.clone()),
        Edit::Unset { .. } => place.remove(&field),
    };
}

fn actor() -> Actor {
    Actor { uid: Some(1000), name: "dana".to_owned(), pid: None }
}

fn code<T>(answer: &Result<T, lmsyncd::model::Failure>) -> String {
    match answer {
        Ok(_) => "ok".to_owned(),
        Err(failure) => format!("{:?}", failure.code),
    }
}
