//! A commit: everything that one step changes, and what must be true for it.

use chrono::{DateTime, Utc};

use crate::model::{Actor, ClientState, Contract, HeldChanges, ItemFlags, Pause, Run, RunId};

/// Everything that one step changes: a run of one client, or one edit by a person. It is stored
/// whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// When.
    pub at: DateTime<Utc>,
    /// Who asked for it.
    pub actor: Actor,
    /// The run that did it. It has no number yet: the store gives it the next one.
    pub run: Option<Run>,
    /// The contracts, each at most once.
    pub contracts: Vec<Write<Contract>>,
    /// The clients, each at most once.
    pub clients: Vec<Write<ClientState>>,
    /// The flags beside items, each item at most once. Blank ones are not stored: what notes
    /// nothing any more is removed ([`ItemFlags::kept`]).
    pub flags: Vec<Write<ItemFlags>>,
    /// The held changes, by client and run, each at most once. In those of this commit's run stands
    /// [`HeldChanges::OF_THIS_RUN`]; the store puts the run's number in its place.
    pub holds: Vec<Write<HeldChanges>>,
    /// The pauses, by client or for all, each at most once.
    pub pauses: Vec<Write<Pause>>,
}

impl Commit {
    /// One that changes nothing yet.
    pub fn of(at: DateTime<Utc>, actor: &Actor) -> Commit {
        Commit {
            at,
            actor: actor.clone(),
            run: None,
            contracts: Vec::new(),
            clients: Vec::new(),
            flags: Vec::new(),
            holds: Vec::new(),
            pauses: Vec::new(),
        }
    }
}

/// One record that a commit writes, with its precondition.
///
/// What is stored now must equal `before`, or the whole commit is refused as a conflict. Where
/// `before` equals `after` that is all: nothing is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write<T> {
    /// What is expected to be stored now; none for a record that must not be there.
    pub before: Option<T>,
    /// What is stored afterwards; none removes it.
    pub after: Option<T>,
}

/// A commit that is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// Its sequence in the ledger. A commit that changes nothing and has no run writes nothing,
    /// and has the sequence of the last one before it.
    pub seq: u64,
    /// The number that its run was given.
    pub run: Option<RunId>,
}
