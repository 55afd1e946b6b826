//! How far a reading is, and how many requests it took.
//!
//! Whoever asks for a reading hands in a [`Progress`] and looks at it, or is told of every change.
//! It counts the requests of that reading alone, whatever else is going on.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::work::Work;
use crate::autotask::http::entity::Entity;
use crate::autotask::http::limit::RateLimit;

/// What a reading is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// Nothing yet.
    #[default]
    Starting,
    /// Reading rows of an entity.
    Reading(Entity),
    /// Waiting for another run of the same client to end.
    Queued,
    /// Waiting until then for the daemon's own requests of the hour.
    ForBudget(DateTime<Utc>),
    /// Waiting this long before the next try, because Autotask asked for it or failed.
    Waiting(Duration),
    /// Something else, in the words for a person.
    Doing(&'static str),
}

impl Phase {
    fn is_wait(self) -> bool {
        matches!(self, Phase::Waiting(_) | Phase::ForBudget(_))
    }
}

/// How far a reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// How many requests were sent, tries that failed among them.
    pub requests: u64,
    /// How many pages were read.
    pub pages: u64,
    /// How many rows were read.
    pub rows: u64,
    /// How many items were held against the store.
    pub compared: u64,
    /// What it is doing.
    pub phase: Phase,
}

/// How long a person who sees it waits for the daemon's own requests of the hour, in all. What would
/// take longer ends at once and says when to come back.
pub const BUDGET_WAIT: TimeDelta = TimeDelta::minutes(5);

/// The longest single wait that Autotask may ask for, and for one that nobody sees.
const LIMIT_WAIT: Duration = Duration::from_secs(5 * 60);
const UNSEEN_WAIT: Duration = Duration::from_secs(60);

type Listener = Box<dyn Fn(&Report) + Send + Sync>;

/// The progress of one reading.
#[derive(Default)]
pub struct Progress {
    report: Mutex<(Report, Option<Phase>)>,
    listener: Option<Listener>,
    work: Work,
    stopped: Mutex<Option<RateLimit>>,
    /// Whether somebody sees it, so that nobody waits for budget without a word.
    is_seen: bool,
    /// When it first waited for budget.
    short_since: Mutex<Option<DateTime<Utc>>>,
    /// How many logins had been refused when it last saw one work.
    proof: Mutex<Option<u64>>,
}

impl Progress {
    /// Progress of `work` that is only looked at.
    pub fn of(work: Work) -> Progress {
        Progress { work, ..Progress::default() }
    }

    /// The same progress, of other work than a person's.
    pub fn with_work(self, work: Work) -> Progress {
        Progress { work, ..self }
    }

    /// The same progress, which somebody sees or not. Only one that is seen waits for budget.
    pub fn seen(self, is_seen: bool) -> Progress {
        Progress { is_seen, ..self }
    }

    /// Whether it may wait for budget until `next`, at `now`.
    pub(in crate::autotask) fn may_wait(&self, next: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        let mut since = self.short_since.lock().unwrap_or_else(PoisonError::into_inner);
        self.is_seen && self.work == Work::Person && next <= *since.get_or_insert(now) + BUDGET_WAIT
    }

    /// How long it may wait where Autotask asks for a pause, or is busy: little where nobody sees
    /// it wait. What would take longer ends at once and says when to come back.
    pub(in crate::autotask) fn longest_wait(&self) -> Duration {
        match self.work {
            Work::Person if !self.is_seen => UNSEEN_WAIT,
            Work::Person | Work::Background | Work::Checkup => LIMIT_WAIT,
        }
    }

    /// How many logins had been refused when this work last saw one work.
    pub(in crate::autotask) fn proof(&self) -> Option<u64> {
        *self.proof.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A login worked, after so many refused ones.
    pub(in crate::autotask) fn prove(&self, refused: u64) {
        *self.proof.lock().unwrap_or_else(PoisonError::into_inner) = Some(refused);
    }

    /// For whom the reading is.
    pub fn work(&self) -> Work {
        self.work
    }

    /// Progress of a person's work that is only looked at.
    pub fn new() -> Progress {
        Progress::default()
    }

    /// Progress that tells `listener` of every change. The listener must not block.
    pub fn telling(listener: impl Fn(&Report) + Send + Sync + 'static) -> Progress {
        Progress { listener: Some(Box::new(listener)), ..Progress::default() }
    }

    /// How far it is.
    pub fn report(&self) -> Report {
        self.report.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    /// How many requests were sent.
    pub fn requests(&self) -> u64 {
        self.report().requests
    }

    /// The work waits for its turn.
    pub fn queued(&self) {
        self.change(|report, _| report.phase = Phase::Queued);
    }

    /// The work is at something else than reading rows.
    pub fn doing(&self, what: &'static str) {
        self.change(|report, _| report.phase = Phase::Doing(what));
    }

    /// So many more items were held against the store.
    pub fn compared(&self, items: usize) {
        self.change(|report, _| {
            report.phase = Phase::Doing("comparing with the store");
            report.compared += u64::try_from(items).unwrap_or(u64::MAX);
        });
    }

    /// Tells what others' work that is waited for tells of itself.
    pub fn relay(&self, other: &Report) {
        self.change(|report, _| *report = *other);
    }

    /// The limit at which the daemon itself stopped it, as opposed to one that Autotask named.
    pub fn stopped(&self) -> Option<RateLimit> {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that the daemon itself does not let it go on.
    pub(in crate::autotask) fn stop(&self, limit: RateLimit) {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = Some(limit);
    }

    pub(in crate::autotask) fn sent(&self) {
        self.change(|report, _| report.requests += 1);
    }

    pub(in crate::autotask) fn reading(&self, entity: Entity) {
        self.change(|report, _| report.phase = Phase::Reading(entity));
    }

    pub(in crate::autotask) fn page(&self, rows: usize) {
        self.change(|report, _| {
            report.pages += 1;
            report.rows += u64::try_from(rows).unwrap_or(u64::MAX);
        });
    }

    pub(in crate::autotask) fn waiting(&self, wait: Duration) {
        self.change(|report, before| {
            wait_in(Phase::Waiting(wait), report, before);
        });
    }

    pub(in crate::autotask) fn waiting_for_budget(&self, until: DateTime<Utc>) {
        self.change(|report, before| wait_in(Phase::ForBudget(until), report, before));
    }

    /// The wait is over: back to what was done before.
    pub(in crate::autotask) fn waited(&self) {
        self.change(|report, before| {
            if report.phase.is_wait()
                && let Some(phase) = before.take()
            {
                report.phase = phase;
            }
        });
    }

    fn change(&self, change: impl FnOnce(&mut Report, &mut Option<Phase>)) {
        let (changed, report) = {
            let mut state = self.report.lock().unwrap_or_else(PoisonError::into_inner);
            let before = state.0;
            let (report, phase) = &mut *state;
            change(report, phase);
            (*report != before, *report)
        };
        if let (true, Some(listener)) = (changed, &self.listener) {
            listener(&report);
        }
    }
}

/// Turns to a phase of waiting, and remembers what was done before.
fn wait_in(phase: Phase, report: &mut Report, before: &mut Option<Phase>) {
    if !report.phase.is_wait() {
        *before = Some(report.phase);
    }
    report.phase = phase;
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn every_change_is_told_and_a_wait_ends_where_it_began() {
        let told = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&told);
        let progress = Progress::telling(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        });
        progress.reading(Entity::Contracts);
        progress.sent();
        progress.waiting(Duration::from_secs(2));
        progress.waiting(Duration::from_secs(4));
        assert_eq!(progress.report().phase, Phase::Waiting(Duration::from_secs(4)));
        progress.waited();
        progress.waited();
        progress.page(17);
        let report = progress.report();
        assert_eq!(report.phase, Phase::Reading(Entity::Contracts));
        assert_eq!((report.requests, report.pages, report.rows), (1, 1, 17));
        assert_eq!(told.load(Ordering::Relaxed), 6);
    }
}
