//! What must hold after everything that happens, and the account by which that is judged. The
//! checks know what the daemon acknowledged, what Autotask held and when, and what the store says;
//! of the program they use nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use lmsyncd::model::{
    ClientState, Contract, Field, ItemFlags, ItemKey, ItemKind, Origin, Run, RunId, RunResult,
    Trigger,
};
use lmsyncd::store::Store;

use super::expected::{differs, wanted};
use super::faults::Weather;
use super::operator::{Desk, Own, Switch};
use super::upstream::Upstream;

/// How late a run may be besides: the step in which the year looks at what waits, and the waits
/// within a run.
const SLACK: Duration = Duration::from_secs(45 * 60);

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

/// So many contracts may vanish at once, whatever share of a client they are.
const ALWAYS_ALLOWED: usize = 2;

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Which invariant.
    pub invariant: &'static str,
    /// What was seen.
    pub told: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.told)
    }
}

pub fn broken<T>(invariant: &'static str, told: impl Into<String>) -> Result<T, Broken> {
    Err(Broken { invariant, told: told.into() })
}

pub const ACKNOWLEDGED: &str = "every acknowledged change is in the store";
pub const CONVERGES: &str = "each enabled client converges within one interval";
pub const RIGHT: &str = "what a good run stored is what Autotask held";
pub const REQUESTS: &str =
    "budget, concurrency and tries are never exceeded, and nothing is written";
pub const VANISHED: &str = "nothing vanishes on a fault";
pub const MANUAL: &str = "no manual run happens while auto-sync is on";
pub const PAUSED: &str = "no client is synced while it is paused";
pub const UNASKED: &str = "nothing changes without a run or an edit";
pub const EFFECTS: &str = "the effects that are told come to what counts now and did not before";
pub const HELD: &str = "a guard holds only what it must";

/// How a client's last run went.
#[derive(Debug, Clone, Copy)]
struct Last {
    at: Duration,
    result: RunResult,
    /// The day that its costs were read on, if nothing has made them doubtful.
    sure: Option<NaiveDate>,
}

/// What is told of the moment in which things are judged.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// How much of the year has passed.
    pub passed: Duration,
    /// The day that the server's clock shows.
    pub today: NaiveDate,
    /// Since when runs were under way without a break, if they are.
    pub since: Duration,
    /// The interval of auto-sync.
    pub interval: Duration,
    /// The share of a client's contracts that may vanish at once, in percent.
    pub percent: usize,
}

/// How often what was judged: a check that never looks proves nothing.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Judged {
    pub runs: u64,
    pub contracts: u64,
    pub punctual: u64,
    pub tombstones: u64,
    pub held: u64,
    pub effects: u64,
}

/// The account.
#[derive(Debug, Default)]
pub struct Watch {
    last: BTreeMap<i64, Last>,
    last_run: u64,
    /// Tombstones whose items really were gone.
    tombstones: BTreeSet<ItemKey>,
    /// Contracts that were seen.
    known: BTreeSet<ItemKey>,
    /// When something was last done at a client in Autotask.
    touched: BTreeMap<i64, Duration>,
    /// When an item last came back.
    returned: BTreeMap<ItemKey, Duration>,
    /// When an item went.
    pub struck: BTreeMap<ItemKey, Duration>,
    /// When something last was wrong, or the daemon was not there.
    disturbed: Duration,
    /// When answers last may have been wrong without saying so.
    lied: Option<Duration>,
    /// When Autotask last may have told that something must not be read.
    closed: Option<Duration>,
    pub judged: Judged,
}

impl Watch {
    /// Takes note of what was done in Autotask.
    pub fn note(&mut self, upstream: &mut Upstream, passed: Duration) {
        for client in upstream.take_touched() {
            self.touched.insert(client, passed);
            // Its contracts are behind until the next run.
            if let Some(last) = self.last.get_mut(&client) {
                last.sure = None;
            }
        }
        for key in upstream.take_returned() {
            self.returned.insert(key, passed);
        }
    }

    /// Something is wrong, or the daemon is not there.
    pub fn disturb(&mut self, passed: Duration, weather: &Weather) {
        self.disturbed = passed;
        if weather.lies() {
            self.lied = Some(passed);
        }
        if weather.closes() {
            self.closed = Some(passed);
        }
    }

    /// The runs since the last time, the oldest first.
    pub fn new_runs(&mut self, store: &Store) -> Vec<Run> {
        let mut limit = 64;
        loop {
            let runs = store.runs(None, limit).expect("runs");
            let seen = |run: &Run| run.id.is_none_or(|id| id.0 <= self.last_run);
            if runs.len() < limit || runs.last().is_some_and(seen) {
                let mut new: Vec<Run> = runs.into_iter().take_while(|run| !seen(run)).collect();
                new.reverse();
                if let Some(RunId(last)) = new.last().and_then(|run| run.id) {
                    self.last_run = last;
                }
                return new;
            }
            limit *= 4;
        }
    }

    /// Judges a run. Gives the client if its contracts may have changed or are to be compared.
    pub fn run(&mut self, run: &Run, moment: Moment, desk: &Desk) -> Result<i64, Broken> {
        let client = run.client.id.0;
        self.judged.runs += 1;
        let on = desk.switches.get(&client).is_some_and(|switch| switch.on);
        if run.trigger == Trigger::Manual && desk.accepting == Some(client) {
            // It applied what was held, and looked after nothing else.
            if let Some(last) = self.last.get_mut(&client).filter(|_| run.counts.wrote()) {
                (last.result, last.sure) = (run.result, None);
            }
            return Ok(client);
        }
        if run.trigger == Trigger::Manual && on {
            return broken(MANUAL, format!("run {:?} of client {client}", run.id));
        }
        let paused = desk.paused.get(&client).filter(|since| **since < moment.since);
        if let (Trigger::Auto, Some(since)) = (run.trigger, paused) {
            let told = format!("client {client} was synced, and is paused since {since:?}");
            return broken(PAUSED, told);
        }
        let good = matches!(run.result, RunResult::Ok | RunResult::Partial);
        let touched = self.touched.get(&client).copied();
        let in_doubt = touched.is_some_and(|at| at >= moment.since && moment.since < moment.passed)
            || self.lied.is_some_and(|at| at >= moment.since);
        let before = self.last.get(&client).and_then(|last| last.sure);
        let sure = match (good, run.counts.wrote()) {
            (true, _) if !in_doubt => Some(run.started.date_naive()),
            // One that is held may have written of the running period, without a word.
            (false, false) if run.result == RunResult::Failed => before,
            _ => None,
        };
        self.last.insert(client, Last { at: moment.passed, result: run.result, sure });
        Ok(client)
    }

    /// Judges the contracts of one client, as they are stored; `before` were its live ones before
    /// its last run.
    pub fn client(
        &mut self,
        client: i64,
        contracts: &[Contract],
        before: &BTreeSet<ItemKey>,
        upstream: &Upstream,
        desk: &mut Desk,
        moment: Moment,
    ) -> Result<(), Broken> {
        for contract in contracts {
            self.own(contract, contracts, upstream, desk)?;
            self.tombstone(contract, upstream, moment)?;
        }
        let Some(Last { at, result, sure }) = self.last.get(&client).copied() else {
            return Ok(());
        };
        if result == RunResult::Held && at == moment.passed {
            // What the guard saw: what the run brought in, or back, was not there yet.
            let there: Vec<&Contract> =
                contracts.iter().filter(|one| before.contains(&one.key)).collect();
            self.held(client, &there, upstream, desk, moment)?;
        }
        match sure {
            Some(day) => self.right(client, contracts, upstream, desk, day),
            None => Ok(()),
        }
    }

    /// What is the MSP's own on a contract is what was acknowledged.
    fn own(
        &mut self,
        contract: &Contract,
        contracts: &[Contract],
        upstream: &Upstream,
        desk: &mut Desk,
    ) -> Result<(), Broken> {
        let is = Own::of(contract);
        let key = contract.key;
        let acknowledged = desk.own.get(&key).cloned().unwrap_or_default();
        if is == acknowledged {
            self.known.insert(key);
            return Ok(());
        }
        // A new agreement, or a new line, takes over from the one in whose place it is, and keeps
        // that.
        let is_new = self.known.insert(key);
        let stood = |old: &&Contract| may_stand_for(contract, old, upstream);
        let beside = contracts.iter().filter(stood).map(|old| old.key);
        // What is renewed may have moved to another client since.
        let above = contract.parent.unwrap_or(key);
        let renewed = upstream.agreements.get(&above.id).and_then(|agreement| agreement.renews);
        let renewed = renewed.map_or_else(Vec::new, |old| match contract.parent {
            None => vec![ItemKey::agreement(old)],
            Some(_) => upstream.below(old),
        });
        let renewed = renewed.into_iter().filter(|old| old.kind == key.kind);
        let mut old = beside.chain(renewed).filter_map(|old| desk.own.get(&old));
        if is_new && old.any(|old| old.inherited() == is) {
            desk.own.insert(key, is);
            return Ok(());
        }
        let told = format!("{key} holds {is:?}, and {acknowledged:?} was acknowledged");
        broken(ACKNOWLEDGED, format!("{told}\n{}", upstream.told(key)))
    }

    /// A contract is a tombstone only if its item was gone.
    fn tombstone(
        &mut self,
        contract: &Contract,
        upstream: &Upstream,
        moment: Moment,
    ) -> Result<(), Broken> {
        let key = contract.key;
        if contract.vanished.is_none() {
            self.tombstones.remove(&key);
            return Ok(());
        }
        if !self.tombstones.insert(key) {
            return Ok(());
        }
        self.judged.tombstones += 1;
        // One that came back while the run was under way had been gone when it was asked for.
        let came_back = self.returned.get(&key).is_some_and(|at| *at >= moment.since);
        if upstream.exists(key) && !came_back {
            return broken(VANISHED, format!("{key} is a tombstone, and Autotask has it"));
        }
        Ok(())
    }

    /// After a good run the contracts are what Autotask held.
    fn right(
        &mut self,
        client: i64,
        contracts: &[Contract],
        upstream: &Upstream,
        desk: &Desk,
        day: NaiveDate,
    ) -> Result<(), Broken> {
        let stored: BTreeMap<ItemKey, &Contract> =
            contracts.iter().map(|contract| (contract.key, contract)).collect();
        let is_ignored = |key| is_ignored(desk, key, day) || desk.rejected.contains(&key);
        for agreement in upstream.agreements_of(client) {
            // Who ignores an agreement does not want the one that renews it either.
            let renewed = upstream.agreements[&agreement].renews.map(ItemKey::agreement);
            let is_new = !stored.contains_key(&ItemKey::agreement(agreement));
            if is_new && renewed.is_some_and(is_ignored) {
                continue;
            }
            // Nor the one line of the same service that takes over from one that is ignored.
            let takes_over_ignored = |key: ItemKey| {
                let named = |key: ItemKey| upstream.additions.get(&key).map(|one| &one.name);
                let is_same = |one: &ItemKey| one.kind == key.kind && named(*one) == named(key);
                let alike = |place: i64| -> Vec<ItemKey> {
                    upstream.below(place).into_iter().filter(is_same).collect()
                };
                // The old one may be gone by now, and is known by its contract.
                let name = named(key).and_then(Option::as_deref).unwrap_or_default();
                let was = |one: &&&Contract| {
                    let parent = upstream.agreements[&agreement].renews.map(ItemKey::agreement);
                    let source = one.source.get(&Field::Name).map(ToString::to_string);
                    one.parent.is_some()
                        && one.parent == parent
                        && one.key.kind == key.kind
                        && source.as_deref() == Some(name)
                };
                let known = stored.values().filter(was).map(|one| one.key);
                let renewed = upstream.agreements[&agreement].renews.map(alike).unwrap_or_default();
                let old: BTreeSet<ItemKey> = known.chain(renewed).collect();
                let old: Vec<ItemKey> = old.into_iter().collect();
                let is_one = alike(agreement).len() == 1;
                !stored.contains_key(&key) && is_one && matches!(old[..], [old] if is_ignored(old))
            };
            let keys = std::iter::once(ItemKey::agreement(agreement));
            for key in keys.chain(upstream.below(agreement)) {
                if !upstream.exists(key) || is_ignored(key) || takes_over_ignored(key) {
                    continue;
                }
                let wanted = wanted(upstream, key, day).expect("an item");
                self.judged.contracts += 1;
                let wrong = match stored.get(&key) {
                    None => Some("it is not stored".to_owned()),
                    Some(contract) => differs(contract, &wanted),
                };
                if let Some(wrong) = wrong {
                    let told = upstream.told(key);
                    let is = stored.get(&key).map(|contract| &contract.source);
                    let told = format!("{key} of client {client}: {wrong}\n{told}  {is:?}");
                    return broken(RIGHT, told);
                }
            }
        }
        for contract in contracts.iter().filter(|one| is_live(one) && !is_ignored(one.key)) {
            if !upstream.exists(contract.key) {
                let told = format!(
                    "{} of client {client} is gone and not marked\n{}",
                    contract.key,
                    upstream.told(contract.key)
                );
                return broken(RIGHT, told);
            }
        }
        Ok(())
    }

    /// A run is held only where a guard must: where too much is gone, or a currency is another.
    fn held(
        &mut self,
        client: i64,
        contracts: &[&Contract],
        upstream: &Upstream,
        desk: &Desk,
        moment: Moment,
    ) -> Result<(), Broken> {
        self.judged.held += 1;
        // What a lie hid is asked for again by the next run only.
        let after_a_lie = self.lied.is_some_and(|at| at >= moment.since);
        // What a rejected item adds to is held whenever that comes to another sum.
        let rejected = contracts.iter().any(|one| desk.rejected.contains(&one.key));
        if after_a_lie || rejected || upstream.once_strange.contains(&client) {
            return Ok(());
        }
        let live: Vec<&&Contract> = contracts.iter().filter(|one| is_live(one)).collect();
        // What went while the run was under way was there, and what it is billed for was not.
        let went =
            |one: &&Contract| self.struck.get(&one.key).is_some_and(|at| *at >= moment.since);
        if live.iter().any(|one| went(one)) {
            return Ok(());
        }
        let gone = live.iter().filter(|one| {
            let left = is_ignored(desk, one.key, moment.today) || desk.rejected.contains(&one.key);
            !upstream.exists(one.key) && !left
        });
        let gone = gone.count();
        let too_many = gone > ALWAYS_ALLOWED && gone * 100 > live.len() * moment.percent;
        let empty = gone > 0 && upstream.agreements_of(client).is_empty();
        // Where a part may not be read, that something is not there proves nothing.
        let in_the_dark = gone > 0 && self.closed.is_some_and(|at| at >= moment.since);
        if too_many || empty || in_the_dark {
            return Ok(());
        }
        let told = format!("client {client} is held, with {gone} of {} gone", live.len());
        broken(HELD, told)
    }

    /// Each client with auto-sync on was synced within the last interval, unless something was
    /// wrong since.
    pub fn punctual(&mut self, desk: &Desk, moment: Moment) -> Result<(), Broken> {
        let awaited = |id: &i64, switch: &Switch| switch.on && !desk.paused.contains_key(id);
        for (client, switch) in desk.switches.iter().filter(|(id, switch)| awaited(id, switch)) {
            let patience = patience(moment.interval, switch.at.is_some());
            let from = self.disturbed.max(switch.since);
            if moment.passed < from + patience {
                continue;
            }
            self.judged.punctual += 1;
            let last = self.last.get(client);
            let late = match last {
                None => Some("never".to_owned()),
                Some(last) if last.at + patience < moment.passed => Some(format!("{:?}", last.at)),
                Some(last) if last.result == RunResult::Failed => Some("in vain".to_owned()),
                Some(_) => None,
            };
            if let Some(late) = late {
                let told = format!(
                    "client {client} was last synced {late}, and nothing was wrong since {from:?}"
                );
                return broken(CONVERGES, told);
            }
        }
        Ok(())
    }

    /// Switches and flags are as they were acknowledged, and nothing that was ever stored is gone.
    pub fn desk(
        &self,
        clients: &[ClientState],
        flags: &[ItemFlags],
        paused: &BTreeSet<i64>,
        stored: &BTreeSet<ItemKey>,
        desk: &Desk,
    ) -> Result<(), Broken> {
        if !paused.iter().eq(desk.paused.keys()) {
            let told = format!("paused are {paused:?}, not {:?}", desk.paused.keys());
            return broken(ACKNOWLEDGED, told);
        }
        for (id, switch) in &desk.switches {
            let state = clients.iter().find(|state| state.client.id.0 == *id);
            let is = state.map(|state| (state.auto_sync, state.at));
            if is != Some((switch.on, switch.at)) {
                let told = format!("the switch of client {id} is {is:?}, not {switch:?}");
                return broken(ACKNOWLEDGED, told);
            }
        }
        let ignored: BTreeMap<ItemKey, Option<NaiveDate>> = flags
            .iter()
            .filter_map(|flags| Some((flags.key, flags.ignored.as_ref()?.until)))
            .collect();
        if ignored != desk.ignored {
            let told = format!("ignored are {ignored:?}, not {:?}", desk.ignored);
            return broken(ACKNOWLEDGED, told);
        }
        if let Some(lost) = self.known.difference(stored).next() {
            return broken(
                ACKNOWLEDGED,
                format!("the contract {lost} is not in the store any more"),
            );
        }
        Ok(())
    }
}

/// How long a client may go without a run: the interval, with what a retry is spread by and what a
/// clock that was stepped back adds, the window of a batch, and the slack.
fn patience(interval: Duration, at: bool) -> Duration {
    let farthest = if at { interval.max(DAY) + HOUR } else { interval + interval / 10 };
    farthest + HOUR + SLACK
}

/// Whether a new contract may be in the place of an old one: the agreement that it renews, or a line
/// of the same service, below the same agreement or the one that is renewed.
fn may_stand_for(new: &Contract, old: &Contract, upstream: &Upstream) -> bool {
    let renews = |id| upstream.agreements.get(&id).and_then(|agreement| agreement.renews);
    if new.key.kind == ItemKind::Agreement {
        return renews(new.key.id).map(ItemKey::agreement) == Some(old.key);
    }
    let is_line = matches!(new.key.kind, ItemKind::Service | ItemKind::Bundle);
    let same = new.source.get(&Field::Name) == old.source.get(&Field::Name);
    let Some(above) = new.parent.filter(|_| is_line) else { return false };
    let places = [Some(above), renews(above.id).map(ItemKey::agreement)];
    same && new.key != old.key
        && new.key.kind == old.key.kind
        && old.parent.is_some()
        && places.contains(&old.parent)
}

/// The keys of the live contracts among these.
pub fn live_keys(contracts: &[Contract]) -> BTreeSet<ItemKey> {
    contracts.iter().filter(|one| is_live(one)).map(|one| one.key).collect()
}

fn is_live(contract: &Contract) -> bool {
    contract.origin == Origin::Autotask && contract.vanished.is_none()
}

fn is_ignored(desk: &Desk, key: ItemKey, day: NaiveDate) -> bool {
    desk.ignored.get(&key).is_some_and(|until| until.is_none_or(|until| day <= until))
}

/// The moment of the next run that is due, as the store has it.
pub fn next_due(clients: &[ClientState], desk: &Desk) -> Option<DateTime<Utc>> {
    let awaited =
        |state: &&ClientState| state.auto_sync && !desk.paused.contains_key(&state.client.id.0);
    clients.iter().filter(awaited).filter_map(|state| state.next_run).min()
}
