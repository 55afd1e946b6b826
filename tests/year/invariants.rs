//! What must hold after everything that happens, and the account by which that is judged. The
//! checks know what the daemon acknowledged, what Autotask held and when, and what the store says;
//! of the program they use nothing else.

mod contracts;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use lmsyncd::model::{
    ClientState, Contract, ItemFlags, ItemKey, Origin, Run, RunId, RunResult, Trigger,
};
use lmsyncd::store::Store;

use super::faults::Weather;
use super::operator::{Desk, Switch};
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
        // One that went on without what could not be read says so, and stored only the rest.
        let good = run.error.is_none() && run.result != RunResult::Failed;
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

/// The keys of the live contracts among these.
pub fn live_keys(contracts: &[Contract]) -> BTreeSet<ItemKey> {
    contracts.iter().filter(|one| is_live(one)).map(|one| one.key).collect()
}

fn is_live(contract: &Contract) -> bool {
    contract.origin == Origin::Autotask && contract.vanished.is_none()
}

/// The moment of the next run that is due, as the store has it.
pub fn next_due(clients: &[ClientState], desk: &Desk) -> Option<DateTime<Utc>> {
    let awaited =
        |state: &&ClientState| state.auto_sync && !desk.paused.contains_key(&state.client.id.0);
    clients.iter().filter(awaited).filter_map(|state| state.next_run).min()
}
