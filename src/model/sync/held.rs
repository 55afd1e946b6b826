//! What a guard holds: changes that a person must look at.

use chrono::{DateTime, Utc};

use crate::model::{ClientId, FieldChange, ItemKey, PendingState, RunId};

/// What a guard held in a run of a client: a person must look at it.
///
/// A client has at most one that nobody has decided yet, and one for each run of which a person
/// rejected something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldChanges {
    /// The client.
    pub client: ClientId,
    /// The run that held it. In a commit, [`HeldChanges::OF_THIS_RUN`] stands for the
    /// commit's own run.
    pub run: RunId,
    /// Since when.
    pub since: DateTime<Utc>,
    /// The items, never none, each at most once.
    pub items: Vec<HeldChange>,
    /// Who rejected it; none while nobody has decided.
    pub rejected: Option<Rejection>,
}

impl HeldChanges {
    /// The number that no run has: it stands for the run of the commit that writes them.
    pub const OF_THIS_RUN: RunId = RunId(0);

    /// What they are kept by; there is at most one of each.
    pub fn key(&self) -> (ClientId, RunId) {
        (self.client, self.run)
    }
}

/// An item that is held, as it was when the run held it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldChange {
    /// The item.
    pub key: ItemKey,
    /// The agreement it stands below.
    pub parent: Option<ItemKey>,
    /// Why it would be pending if nothing held it: one that a sync can apply.
    pub state: PendingState,
    /// What would change.
    pub changes: Vec<FieldChange>,
    /// Why it is held.
    pub reason: Option<String>,
}

/// A person decided that what is held must not be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Who.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Why.
    pub reason: Option<String>,
}
