//! What is wrong at one moment, from what the store and the board know.
//!
//! Only clients on auto-sync count: who syncs by hand was told on the spot.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{Cause, Condition, Conditions};
use crate::model::{ClientState, Code, OutletState};
use crate::policy::schedule::health::{Health, health};

/// How the tenant's hour stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// There is enough.
    Enough,
    /// So little that auto-sync waits; so many percent are used.
    Low(u32),
    /// Not known, or so near the limit that it may change at any moment.
    Unclear,
}

/// What is known besides the states of the clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// When Autotask last accepted the credentials, since the daemon runs.
    pub accepted: Option<DateTime<Utc>>,
    /// How the tenant's hour stands.
    pub budget: Budget,
    /// Why the store takes no more changes.
    pub store: Option<String>,
    /// What the API user may not see, in one line.
    pub limits: Option<String>,
    /// How the configured outlets last went.
    pub outlets: Vec<OutletState>,
}

/// Everything that is wrong at `now`.
pub fn evaluate(states: &[ClientState], observed: &Observed, now: DateTime<Utc>) -> Conditions {
    let mut conditions = Conditions::default();
    let mut everyone: BTreeMap<Code, Vec<&ClientState>> = BTreeMap::new();
    let mut overdue: Vec<&ClientState> = Vec::new();
    for state in states.iter().filter(|state| state.auto_sync) {
        match health(state, now) {
            Health::Overdue => overdue.push(state),
            Health::Ok | Health::NeverSynced | Health::Paused => {}
            Health::Held | Health::Failing | Health::Blocked => {
                let Some(error) = &state.last_error else { continue };
                conditions.failing.insert(state.client.id);
                if meets_everyone(error.code) {
                    everyone.entry(error.code).or_default().push(state);
                } else {
                    let condition = condition(&[state], &error.message);
                    conditions.active.insert(Cause::Client(state.client.id, error.code), condition);
                }
            }
        }
    }
    for (code, states) in everyone {
        let accepted_since = code.is_credential()
            && states
                .iter()
                .all(|state| observed.accepted.is_some_and(|at| state.last_tried < Some(at)));
        let message = states.first().and_then(|state| state.last_error.as_ref());
        let message = message.map(|error| error.message.as_str()).unwrap_or_default();
        if !accepted_since {
            conditions.active.insert(Cause::Everyone(code), condition(&states, message));
        }
    }
    if !overdue.is_empty() {
        let condition = condition(&overdue, "the next run is overdue by more than 1h");
        conditions.active.insert(Cause::Overdue, condition);
    }
    if observed.budget == Budget::Unclear {
        conditions.unclear.insert(Cause::BudgetLow);
    }
    let beside = beside_clients(observed).into_iter();
    conditions
        .active
        .extend(beside.map(|(cause, message)| (cause, Condition { client: None, message })));
    conditions
}

/// What is wrong besides the clients, each with its line.
fn beside_clients(observed: &Observed) -> Vec<(Cause, String)> {
    let mut wrong = Vec::new();
    if let Budget::Low(percent) = observed.budget {
        let message = format!(
            "auto-sync is waiting: the tenant has used {percent} % of its requests of the hour"
        );
        wrong.push((Cause::BudgetLow, message));
    }
    wrong.extend(observed.store.clone().map(|why| (Cause::Everyone(Code::StoreFailed), why)));
    wrong.extend(observed.limits.as_ref().map(|limits| {
        (Cause::AccessLimited, format!("{limits}; what is hidden is missing from every list"))
    }));
    let outlets = observed.outlets.iter();
    wrong.extend(outlets.filter_map(|state| Some((Cause::Outlet(state.outlet), state.trouble()?))));
    wrong
}

/// Whether a failure with this code lies with Autotask, the line to it or the store, so that it
/// meets all clients and is one cause.
fn meets_everyone(code: Code) -> bool {
    code.is_credential()
        || matches!(
            code,
            Code::NoPermission
                | Code::Unreachable
                | Code::RateLimited
                | Code::AutotaskFailed
                | Code::StoreFailed
        )
}

/// The trouble of one client, or of several.
fn condition(states: &[&ClientState], message: &str) -> Condition {
    match states {
        [one] => Condition {
            client: Some(one.client.clone()),
            message: format!("{}: {message}", one.client),
        },
        many => Condition { client: None, message: format!("{} clients: {message}", many.len()) },
    }
}
