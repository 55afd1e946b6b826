//! Auto-sync: picks the clients that are due and runs them as one batch.
//!
//! The schedule is data in the store. This task only sleeps until the earliest moment in it, and
//! never longer than [`LONGEST_SLEEP`], so that a clock that was stepped or a machine that was
//! suspended is noticed soon.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;

use super::{AT_ONCE, Schedule, yielding};
use crate::autotask::{Auth, Progress, Work};
use crate::clock::Tz;
use crate::config::NewAgreements;
use crate::engine::context::Live;
use crate::engine::panics::contained;
use crate::engine::sync::{
    BatchReading, Claim, Moments, Reading, Running, SyncRequest, interval, spent, together,
};
use crate::model::{
    Actor, ClientId, ClientState, Code, Event, EventName, Failure, RunResult, Trigger,
};
use crate::policy::schedule;
use crate::policy::select::Choice;
use crate::store::{Commit, Write};

/// The longest that the supervisor sleeps without looking at the clock.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// When a client runs next, by its state, the moment, the interval and the zone.
type Plan = fn(&ClientState, DateTime<Utc>, TimeDelta, &Tz) -> Option<DateTime<Utc>>;

impl Schedule {
    /// Keeps the clients with auto-sync on current, until the engine stops.
    pub async fn supervise(self) {
        for remark in self.context.store_remarks() {
            let message = format!("store: {remark}");
            self.context.events.emit(Event::new(
                EventName::StoreRepaired,
                self.context.now(),
                message,
            ));
        }
        let requests = || self.context.live().autotask.requests_total();
        self.watchdog.during(self.keep_current(), requests).await;
    }

    async fn keep_current(&self) {
        // The daemon before may have lived in another zone. What stands in the way of the store is
        // told below.
        let _ = self.replan().await;
        while !self.context.stopping.is_cancelled() {
            self.watchdog.turn();
            // Listen before looking, so that a switch in between is not missed.
            let mut changed = std::pin::pin!(self.wake.notified());
            changed.as_mut().enable();
            let mut released = std::pin::pin!(self.syncs.locks.released());
            released.as_mut().enable();
            let live = self.context.live();
            let mut mended = std::pin::pin!(live.autotask.released());
            mended.as_mut().enable();
            let sleep = match self.run_due().await {
                Ok(sleep) => sleep,
                Err(failure) => {
                    tracing::error!("auto-sync suspended: {failure}");
                    // Nothing wakes it earlier: what is due stays due, and trying again at once
                    // would ask Autotask for nothing as fast as it can answer.
                    let rest = tokio::time::sleep(LONGEST_SLEEP);
                    let _ = self.context.stopping.run_until_cancelled(rest).await;
                    continue;
                }
            };
            tokio::select! {
                () = tokio::time::sleep(sleep) => {}
                () = &mut changed => {}
                () = &mut released => {}
                () = &mut mended => {}
                () = self.context.stopping.cancelled() => {}
            }
        }
    }

    /// Runs what is due and says how long nothing will be.
    async fn run_due(&self) -> Result<Duration, Failure> {
        self.context.ensure_writable()?;
        let live = self.context.live();
        let window = TimeDelta::from_std(live.settings.sync.batch_window).unwrap_or_default();
        let clients = self.book.pauses()?.without(self.clamp_next_runs().await?);
        let due: BTreeSet<ClientId> =
            schedule::due(&clients, self.context.now(), interval(&live), window)
                .into_iter()
                .collect();
        if !due.is_empty() && self.should_yield(&live, told(&clients, &due)).await {
            return Ok(LONGEST_SLEEP);
        }
        let taken = self.batches().take(&clients, &due);
        let all = taken.len() == due.len();
        let batch: Vec<(ClientState, Claim)> = clients
            .into_iter()
            .filter(|state| taken.contains(&state.client.id))
            .filter_map(|state| {
                let client = state.client.clone();
                let running = Running { client, actor: Actor::daemon(), since: self.context.now() };
                // One that a person syncs right now has its turn when that run has ended.
                Some((state, self.syncs.locks.claim(running).ok()?))
            })
            .collect();
        if !batch.is_empty() {
            let schedule = self.clone();
            let runs = self.context.tasks.spawn(async move {
                schedule.run_batch(&live, batch, all).await;
                schedule.look_for_newcomers(&live).await;
                live.autotask.keep();
            });
            if let Err(error) = runs.await {
                return Err(Failure::new(Code::Internal, format!("a batch failed: {error}")));
            }
        }
        let now = self.context.now();
        let free = |state: &ClientState| self.syncs.locks.running(state.client.id).is_none();
        let pauses = self.book.pauses()?;
        let waiting = pauses.without(self.context.store.clients()?);
        let waiting: Vec<ClientState> = waiting.into_iter().filter(free).collect();
        let sleep = schedule::wake(&waiting)
            .into_iter()
            .chain(pauses.next_end())
            .min()
            .map(|moment| (moment - now).to_std().unwrap_or(Duration::ZERO));
        Ok(sleep.unwrap_or(LONGEST_SLEEP).min(LONGEST_SLEEP))
    }

    /// Plans those of the clients with a time of day anew that are planned at another, as after a
    /// move to another zone.
    pub(in crate::engine) async fn replan(&self) -> Result<(), Failure> {
        self.plan(schedule::replanned).await.map(drop)
    }

    /// The state of every client, once the moments of those are stored whose next run lies further
    /// ahead than it can.
    pub(in crate::engine) async fn clamp_next_runs(&self) -> Result<Vec<ClientState>, Failure> {
        self.plan(schedule::clamp_next_run).await
    }

    /// The state of every client, once the next runs are stored that `next` gives.
    async fn plan(&self, next: Plan) -> Result<Vec<ClientState>, Failure> {
        let build = || {
            let (now, live) = (self.context.now(), self.context.live());
            let (interval, zone) = (interval(&live), live.zone());
            let (mut states, mut clients) = (self.context.store.clients()?, Vec::new());
            for state in &mut states {
                let next_run = next(state, now, interval, &zone);
                if next_run != state.next_run {
                    let before = Some(state.clone());
                    state.next_run = next_run;
                    clients.push(Write { before, after: Some(state.clone()) });
                }
            }
            let commit = Commit { clients, ..Commit::of(now, &Actor::daemon()) };
            Ok(((!commit.clients.is_empty()).then_some(commit), states))
        };
        self.context.commit_from(build).await.map(|(_, states)| states)
    }

    /// Whether all integrations of the tenant together use so much of its hour that background work
    /// waits: what is due stays due, and is late. Before the credentials were ever accepted nothing
    /// is asked, because each refusal brings the account nearer to its lock.
    async fn should_yield(&self, live: &Live, told: bool) -> bool {
        live.autotask.keep();
        let usage = live.autotask.usage();
        if let Some(blocked) = usage.blocked {
            // Each client is told once, which costs nothing. Then one request tries for all of
            // them, when its time has come.
            if !told {
                return false;
            }
            return blocked.until > self.context.now() || live.autotask.threshold().await.is_err();
        }
        if let Some(why) = self.waits_for(&live.settings, &usage) {
            tracing::info!("auto-sync is waiting: {why}");
            return true;
        }
        if !matches!(usage.auth, Auth::Accepted(_)) {
            return false;
        }
        let fresh = usage
            .threshold
            .filter(|known| (self.context.now() - known.at).abs() < yielding::THRESHOLD_AGE);
        // Where that fails, the run itself will find out, and record, what is wrong.
        if fresh.is_some() || live.autotask.threshold().await.is_err() {
            return false;
        }
        let why = self.waits_for(&live.settings, &live.autotask.usage());
        if let Some(why) = &why {
            tracing::info!("auto-sync is waiting: {why}");
        }
        why.is_some()
    }

    /// Reads all clients of the batch at once, and concludes a run for each. `all` says whether
    /// nobody else is due.
    async fn run_batch(&self, live: &Live, batch: Vec<(ClientState, Claim)>, all: bool) {
        let new_agreements = live.settings.sync.new_agreements == NewAgreements::Import;
        let order = |state: &ClientState| SyncRequest {
            client: state.client.clone(),
            choice: Choice::Auto { new_agreements },
            dry: false,
            trigger: Trigger::Auto,
            actor: Actor::daemon(),
        };
        let progress = Progress::of(Work::Background);
        let started = self.context.now();
        let ids = batch.iter().map(|(state, _)| state.client.id).collect();
        let read = contained(self.syncs.read_batch(live, ids, &progress)).await;
        let BatchReading { readings, unreadable, stopped } = read.unwrap_or_else(|failure| {
            BatchReading { stopped: Some(failure), ..BatchReading::default() }
        });
        let mut shares = Shares::of(spent(&progress), batch.len());
        // A cycle is good only if every client of it was read and nothing waits for a person.
        let mut good = readings.len() == batch.len();
        if stopped.is_none() {
            self.batches().succeeded(all);
        }
        let mut left: BTreeMap<ClientId, &ClientState> =
            batch.iter().map(|(state, _claim)| (state.client.id, state)).collect();
        for group in together(readings, AT_ONCE) {
            let mut runs = Vec::with_capacity(group.len());
            let moments = Moments { started, ended: self.context.now() };
            for reading in group {
                if let Some(state) = left.remove(&reading.snapshot.client.id) {
                    let (order, requests) = (order(state), shares.next());
                    runs.push(self.run_of_batch(live, order, reading, moments, requests));
                }
            }
            good &= join_all(runs).await.into_iter().all(|ended| ended.is_none_or(|well| well));
        }
        let of_rows = unreadable.into_iter().filter_map(|(id, why)| Some((left.remove(&id)?, why)));
        let mut failed: Vec<(&ClientState, Failure)> = of_rows.collect();
        match stopped {
            // What the daemon stopped by itself has not failed: it stays due, and is late.
            Some(failure) if failure.code == Code::RateLimited && progress.stopped().is_some() => {
                self.make_late(&progress, batch.len());
            }
            Some(failure) => failed.extend(left.values().map(|state| (*state, failure.clone()))),
            None => {}
        }
        for (state, failure) in failed {
            let order = order(state);
            self.syncs.record_failure(&order, started, shares.next(), &failure).await;
        }
        if good {
            self.context.events.good_cycle();
        }
        self.context.events.mark_changed();
    }

    /// One client's run of a batch, and whether it ended well; none where there was none. What is wrong
    /// with one client costs the others nothing.
    async fn run_of_batch(
        &self,
        live: &Live,
        order: SyncRequest,
        reading: Reading,
        moments: Moments,
        requests: u32,
    ) -> Option<bool> {
        let now = self.context.store.client(order.client.id);
        if now.is_ok_and(|now| now.is_none_or(|now| !now.auto_sync)) {
            // Who switched it off does not expect it to change anything any more.
            tracing::info!("{}: auto-sync was switched off during the run", order.client);
            return None;
        }
        let run = contained(self.syncs.conclude(live, &order, &reading, moments, requests)).await;
        match run {
            Ok(report) => Some(matches!(report.run.result, RunResult::Ok | RunResult::Partial)),
            Err(failure) => {
                self.syncs.record_failure(&order, moments.started, requests, &failure).await;
                Some(false)
            }
        }
    }

    /// A batch was stopped by a limit of the daemon's own: the next one begins later, and with
    /// fewer clients if one hour was too little for all of these.
    fn make_late(&self, progress: &Progress, taken: usize) {
        let Some(limit) = progress.stopped() else { return };
        let mut batches = self.batches();
        batches.stopped(
            yielding::stop(limit),
            taken,
            limit.to_string(),
            self.context.clock.moment(),
        );
        tracing::info!("a batch of {taken} clients is waiting: {limit}");
    }
}

/// Whether every client that is due has been told that the credentials are refused.
fn told(clients: &[ClientState], due: &BTreeSet<ClientId>) -> bool {
    clients
        .iter()
        .filter(|state| due.contains(&state.client.id))
        .all(|state| state.last_error.as_ref().is_some_and(|error| error.code.is_credential()))
}

/// Shares the requests of a batch out among its runs, so that they add up to what was spent.
struct Shares {
    each: u32,
    rest: u32,
}

impl Shares {
    fn of(requests: u32, runs: usize) -> Shares {
        let runs = u32::try_from(runs).unwrap_or(u32::MAX).max(1);
        Shares { each: requests / runs, rest: requests % runs }
    }

    fn next(&mut self) -> u32 {
        let one = u32::from(self.rest > 0);
        self.rest -= one;
        self.each + one
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_to_what_was_spent() {
        let mut shares = Shares::of(11, 4);
        assert_eq!([shares.next(), shares.next(), shares.next(), shares.next()], [3, 3, 3, 2]);
    }
}
