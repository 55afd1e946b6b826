//! The two limits that every tenant has (the Autotask facts, section 3): requests at a time per
//! endpoint, and requests per rolling hour. There is no clock: the hour is a count that a test
//! sets. What a refusal looks like is decided in `http`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Requests at a time that one integration may have on one endpoint.
const THREADS: usize = 3;
/// Requests of all integrations together in an hour.
const HOURLY: u64 = 10_000;
/// Added to a call from half of the hourly limit on; twice from three quarters on.
const LATENCY_STEP: Duration = Duration::from_millis(500);
/// Share of the hourly limit that the fault `busy-hour` counts as used, in percent.
const BUSY_PERCENT: u64 = 80;

/// The limits and what is used of them. Shared with the running server.
#[derive(Clone, Debug, Default)]
pub struct Limits(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    threads: usize,
    threshold: u64,
    used: u64,
    latency_step: Duration,
    running: BTreeMap<String, usize>,
    highest: BTreeMap<String, usize>,
}

impl Default for State {
    fn default() -> State {
        State {
            threads: THREADS,
            threshold: HOURLY,
            used: 0,
            latency_step: LATENCY_STEP,
            running: BTreeMap::new(),
            highest: BTreeMap::new(),
        }
    }
}

impl Limits {
    fn state(&self) -> MutexGuard<'_, State> {
        // Only counts, changed in one step each: a panic elsewhere leaves them whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets how many requests the tenant allows in an hour; 10,000 by default.
    pub fn set_threshold(&self, requests: u64) {
        self.state().threshold = requests;
    }

    /// Sets how many requests count as made in this hour, by this and all other integrations; 0
    /// begins a new hour.
    pub fn set_used(&self, requests: u64) {
        self.state().used = requests;
    }

    /// Requests that count as made in this hour.
    pub fn used(&self) -> u64 {
        self.state().used
    }

    /// Sets what a call is slowed down by from 50 % on (twice from 75 % on); half a second by
    /// default. Zero lets a test go on without waiting.
    pub fn set_latency_step(&self, step: Duration) {
        self.state().latency_step = step;
    }

    /// Sets how many requests one endpoint takes at a time; 3 by default.
    pub fn set_threads(&self, threads: usize) {
        self.state().threads = threads;
    }

    /// Threads that an endpoint takes.
    pub(crate) fn threads(&self) -> usize {
        self.state().threads
    }

    /// The hourly limit and what is used of it.
    pub(crate) fn usage(&self, busy: bool) -> (u64, u64) {
        let state = self.state();
        (state.threshold, state.counted(busy))
    }

    /// Takes a place at an endpoint; `None` where all are taken.
    pub(crate) fn enter(&self, endpoint: &str) -> Option<Slot> {
        let mut state = self.state();
        let threads = state.threads;
        let running = state.running.entry(endpoint.to_owned()).or_default();
        if *running >= threads {
            return None;
        }
        *running += 1;
        let running = *running;
        let highest = state.highest.entry(endpoint.to_owned()).or_default();
        *highest = running.max(*highest);
        Some(Slot { limits: self.clone(), endpoint: endpoint.to_owned() })
    }

    /// Spends one request of the hour; answers how much the call is slowed down, or `None` where
    /// the hour is used up. A refused request is not counted: whether the real service counts it
    /// was not recorded.
    pub(crate) fn spend(&self, busy: bool) -> Option<Duration> {
        let mut state = self.state();
        let counted = state.counted(busy);
        if counted >= state.threshold {
            return None;
        }
        state.used += 1;
        let steps = match (counted * 2 >= state.threshold, counted * 4 >= state.threshold * 3) {
            (_, true) => 2,
            (true, false) => 1,
            (false, false) => 0,
        };
        Some(state.latency_step * steps)
    }

    /// The most requests that ran at the same time, by endpoint.
    pub(crate) fn highest(&self) -> BTreeMap<String, usize> {
        self.state().highest.clone()
    }

    /// Forgets how many ran at the same time so far.
    pub(crate) fn reset_highest(&self) {
        let mut state = self.state();
        state.highest = state.running.clone();
    }
}

impl State {
    fn counted(&self, busy: bool) -> u64 {
        let least = if busy { self.threshold * BUSY_PERCENT / 100 } else { 0 };
        self.used.max(least)
    }
}

/// A place at an endpoint, given back when dropped: after the answer was written.
#[derive(Debug)]
pub(crate) struct Slot {
    limits: Limits,
    endpoint: String,
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(running) = self.limits.state().running.get_mut(&self.endpoint) {
            *running = running.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fourth_at_a_time_finds_no_place() {
        let limits = Limits::default();
        let mut slots: Vec<_> = (0..3).map(|_| limits.enter("Contracts")).collect();
        assert!(slots.iter().all(Option::is_some));
        assert!(limits.enter("Contracts").is_none());
        assert!(limits.enter("Services").is_some());
        slots.pop();
        assert!(limits.enter("Contracts").is_some());
        assert_eq!(limits.highest()["Contracts"], 3);
    }

    #[test]
    fn the_hour_slows_down_in_two_steps_and_then_refuses() {
        let limits = Limits::default();
        limits.set_threshold(8);
        let steps: Vec<_> =
            (0..9).map(|_| limits.spend(false).map(|delay| delay.as_millis())).collect();
        let (free, half, three_quarters) = (Some(0), Some(500), Some(1000));
        assert_eq!(
            steps,
            [free, free, free, free, half, half, three_quarters, three_quarters, None]
        );
        limits.set_used(0);
        assert!(limits.spend(false).is_some());
    }
}
