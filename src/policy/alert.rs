//! Alerts: one for a cause, again once a day while it lasts, and one word when it is over.
//!
//! ```text
//!              seen                          seen for another day
//!   (nothing) ───────► begins, told once ──► lasts, told again ──┐
//!       ▲                     │    ▲   ▲                         │
//!       │ not seen: ends,     │    │   └─────────────────────────┘
//!       └──── told once ──────┘    └── unclear: stays as it is, in silence
//! ```
//!
//! What is seen is a fact of the store and the board at one moment, not a stream of runs, so that
//! looking twice, or once again after a restart, tells nothing twice.

mod evaluate;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};

pub use evaluate::{Budget, Observed, evaluate};

use crate::model::{ClientId, ClientRef, Code, EventName, Outlet};

/// How long an alert that lasts stays silent: people look once a day.
pub const AGAIN: TimeDelta = TimeDelta::days(1);

/// What is wrong, as far as it decides whether that is already known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The runs of one client fail, or are held, with this code.
    Client(ClientId, Code),
    /// Something that lies with Autotask or the store and meets every client.
    Everyone(Code),
    /// Runs should have begun long ago.
    Overdue,
    /// Too little of the tenant's hour is left.
    BudgetLow,
    /// The API user may see only a part.
    AccessLimited,
    /// An outlet does not work.
    Outlet(Outlet),
}

impl Cause {
    /// The event that tells of it.
    pub fn event(self) -> EventName {
        match self {
            Cause::Client(_, Code::Held) => EventName::RunHeld,
            Cause::Everyone(code) if code.is_credential() => EventName::AuthBlocked,
            Cause::Everyone(Code::StoreFailed) => EventName::StoreFailed,
            Cause::Client(..) | Cause::Everyone(_) => EventName::RunFailed,
            Cause::Overdue => EventName::Overdue,
            Cause::BudgetLow => EventName::BudgetLow,
            Cause::AccessLimited => EventName::AccessLimited,
            Cause::Outlet(_) => EventName::OutletFailed,
        }
    }

    /// Its code, where it has one.
    pub fn code(self) -> Option<Code> {
        match self {
            Cause::Client(_, code) | Cause::Everyone(code) => Some(code),
            Cause::Overdue | Cause::Outlet(_) => None,
            Cause::AccessLimited => Some(Code::NoPermission),
            Cause::BudgetLow => Some(Code::RateLimited),
        }
    }
}

/// Stored state: the name of a cause in the cache.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Client(id, code) => write!(f, "client/{id}/{}", code.name()),
            Cause::Everyone(code) => write!(f, "everyone/{}", code.name()),
            Cause::Overdue => f.write_str("overdue"),
            Cause::BudgetLow => f.write_str("budget_low"),
            Cause::AccessLimited => f.write_str("access_limited"),
            Cause::Outlet(outlet) => write!(f, "outlet/{}", outlet.name()),
        }
    }
}

impl FromStr for Cause {
    type Err = ();

    fn from_str(text: &str) -> Result<Cause, ()> {
        let mut parts = text.split('/');
        match (parts.next(), parts.next(), parts.next()) {
            (Some("client"), Some(id), Some(code)) => {
                let id = id.parse().map_err(|_| ())?;
                Ok(Cause::Client(ClientId(id), Code::from_name(code).ok_or(())?))
            }
            (Some("everyone"), Some(code), None) => {
                Ok(Cause::Everyone(Code::from_name(code).ok_or(())?))
            }
            (Some("outlet"), Some(name), None) => {
                Ok(Cause::Outlet(Outlet::from_name(name).ok_or(())?))
            }
            (Some("overdue"), None, None) => Ok(Cause::Overdue),
            (Some("access_limited"), None, None) => Ok(Cause::AccessLimited),
            (Some("budget_low"), None, None) => Ok(Cause::BudgetLow),
            _ => Err(()),
        }
    }
}

/// What is wrong, for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The client, where it is one client's.
    pub client: Option<ClientRef>,
    /// What is wrong, in one line.
    pub message: String,
}

/// What is seen at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conditions {
    /// Everything that is wrong.
    pub active: BTreeMap<Cause, Condition>,
    /// What cannot be told at this moment.
    pub unclear: BTreeSet<Cause>,
    /// The clients whose last run failed: whether another cause of theirs is over cannot be told.
    pub failing: BTreeSet<ClientId>,
}

impl Conditions {
    fn is_over(&self, cause: &Cause) -> bool {
        let hidden = matches!(cause, Cause::Client(id, _) if self.failing.contains(id));
        !self.active.contains_key(cause) && !self.unclear.contains(cause) && !hidden
    }
}

/// An alert that lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveAlert {
    /// Since when.
    pub since: DateTime<Utc>,
    /// When it was last told.
    pub notified_at: DateTime<Utc>,
    /// What is wrong, as last seen.
    pub condition: Condition,
}

/// What there is to tell of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It begins.
    Begins,
    /// It lasts for another day.
    Lasts,
    /// It is over.
    Ends,
}

/// One thing to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertTransition {
    /// Of what.
    pub cause: Cause,
    /// What of it.
    pub step: Step,
    /// Since when it lasts.
    pub since: DateTime<Utc>,
    /// What is, or was, wrong.
    pub condition: Condition,
}

/// The alerts that last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Alerts(BTreeMap<Cause, ActiveAlert>);

impl Alerts {
    /// Alerts as they were before a restart.
    pub fn restored(alerts: impl IntoIterator<Item = (Cause, ActiveAlert)>) -> Alerts {
        Alerts(alerts.into_iter().collect())
    }

    /// The alerts that last.
    pub fn active(&self) -> &BTreeMap<Cause, ActiveAlert> {
        &self.0
    }

    /// Takes in what is seen at `now`, and says what of it is to be told.
    pub fn observe(&mut self, now: DateTime<Utc>, conditions: &Conditions) -> Vec<AlertTransition> {
        let mut transitions = Vec::new();
        for (cause, condition) in &conditions.active {
            let known = self.0.get_mut(cause);
            let step = if known.is_some() { Step::Lasts } else { Step::Begins };
            let alert = match known {
                Some(alert) => alert,
                None => {
                    let condition = condition.clone();
                    self.0.entry(*cause).or_insert(ActiveAlert {
                        since: now,
                        notified_at: now,
                        condition,
                    })
                }
            };
            alert.condition.clone_from(condition);
            // A clock that was stepped back must not silence it for longer than a day.
            alert.notified_at = alert.notified_at.min(now);
            if step == Step::Lasts && now - alert.notified_at < AGAIN {
                continue;
            }
            alert.notified_at = now;
            let (since, condition) = (alert.since, condition.clone());
            transitions.push(AlertTransition { cause: *cause, step, since, condition });
        }
        let over = self.0.extract_if(.., |cause, _| conditions.is_over(cause));
        transitions.extend(over.map(|(cause, ActiveAlert { since, condition, .. })| {
            AlertTransition { cause, step: Step::Ends, since, condition }
        }));
        transitions
    }
}

#[cfg(test)]
mod tests;
