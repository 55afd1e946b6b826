//! What is wrong at one moment, from what the store and the board know.
//!
//! Only clients on auto-sync count: who syncs by hand was told on the spot.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{Cause, Sight, Trouble};
use crate::model::{ClientState, Code};
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
pub struct Seen {
    /// When Autotask last accepted the credentials, since the daemon runs.
    pub accepted: Option<DateTime<Utc>>,
    /// How the tenant's hour stands.
    pub budget: Budget,
    /// Why the store takes no more changes.
    pub store: Option<String>,
}

/// Everything that is wrong at `now`.
pub fn sight(states: &[ClientState], seen: &Seen, now: DateTime<Utc>) -> Sight {
    let mut sight = Sight::default();
    let mut everyone: BTreeMap<Code, Vec<&ClientState>> = BTreeMap::new();
    let mut overdue: Vec<&ClientState> = Vec::new();
    for state in states.iter().filter(|state| state.auto_sync) {
        match health(state, now) {
            Health::Overdue => overdue.push(state),
            Health::Ok | Health::NeverSynced | Health::Paused => {}
            Health::Held | Health::Failing | Health::Blocked => {
                let Some(error) = &state.last_error else { continue };
                sight.failing.insert(state.client.id);
                if meets_everyone(error.code) {
                    everyone.entry(error.code).or_default().push(state);
                } else {
                    let trouble = trouble(&[state], &error.message);
                    sight.troubles.insert(Cause::Client(state.client.id, error.code), trouble);
                }
            }
        }
    }
    for (code, states) in everyone {
        let mended = code.is_credential()
            && states
                .iter()
                .all(|state| seen.accepted.is_some_and(|at| state.last_tried < Some(at)));
        let message = states.first().and_then(|state| state.last_error.as_ref());
        let message = message.map(|error| error.message.as_str()).unwrap_or_default();
        if !mended {
            sight.troubles.insert(Cause::Everyone(code), trouble(&states, message));
        }
    }
    if !overdue.is_empty() {
        let trouble = trouble(&overdue, "the next run should have begun more than an hour ago");
        sight.troubles.insert(Cause::Overdue, trouble);
    }
    match seen.budget {
        Budget::Enough => {}
        Budget::Unclear => {
            sight.unclear.insert(Cause::BudgetLow);
        }
        Budget::Low(percent) => {
            let message = format!("auto-sync waits: {percent} % of the tenant's hour is used");
            sight.troubles.insert(Cause::BudgetLow, Trouble { client: None, message });
        }
    }
    if let Some(why) = &seen.store {
        let trouble = Trouble { client: None, message: why.clone() };
        sight.troubles.insert(Cause::Everyone(Code::StoreFailed), trouble);
    }
    sight
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
fn trouble(states: &[&ClientState], message: &str) -> Trouble {
    match states {
        [one] => Trouble {
            client: Some(one.client.clone()),
            message: format!("{}: {message}", one.client.name),
        },
        many => Trouble { client: None, message: format!("{} clients: {message}", many.len()) },
    }
}
