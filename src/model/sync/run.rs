//! A run: one sync of one client.

use chrono::{DateTime, Utc};

use crate::model::{Actor, ClientRef, LastError, Reject, RunId};

/// What set a run off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Trigger {
    /// A person.
    Manual,
    /// The schedule of auto-sync.
    Auto,
}

impl Trigger {
    /// The trigger's name.
    pub fn name(self) -> &'static str {
        self.into_str()
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum RunResult {
    /// Everything that was chosen is stored.
    Ok,
    /// Some rows could not be converted and keep their old contracts; the rest is stored.
    Partial,
    /// A guard held something back until a person looks.
    Held,
    /// Nothing was stored.
    Failed,
}

impl RunResult {
    /// The result's name.
    pub fn name(self) -> &'static str {
        self.into_str()
    }
}

/// How many of the chosen items a run did what with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Contracts made.
    pub created: u32,
    /// Contracts changed, those that returned among them.
    pub updated: u32,
    /// Contracts that were already as Autotask has them.
    pub unchanged: u32,
    /// Contracts whose item is gone, now tombstones.
    pub vanished: u32,
    /// Rows that could not be converted.
    pub rejected: u32,
}

impl Counts {
    /// Whether the run wrote any contract.
    pub fn wrote(&self) -> bool {
        self.created + self.updated + self.vanished > 0
    }
}

/// One sync of one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its number; none for a dry run, which is not recorded.
    pub id: Option<RunId>,
    /// The client.
    pub client: ClientRef,
    /// What set it off.
    pub trigger: Trigger,
    /// Who.
    pub actor: Actor,
    /// When it began.
    pub started: DateTime<Utc>,
    /// When it ended.
    pub ended: DateTime<Utc>,
    /// How it ended.
    pub result: RunResult,
    /// What it did.
    pub counts: Counts,
    /// How many requests it spent on Autotask.
    pub requests: u32,
    /// Why it failed or was held.
    pub error: Option<LastError>,
    /// The rows that could not be converted.
    pub rejects: Vec<Reject>,
}

impl Run {
    /// Whether this only showed what a sync would do.
    pub fn dry(&self) -> bool {
        self.id.is_none()
    }
}
