//! What is asked of a run, and what comes of it.

use std::time::Duration;

use crate::model::{Actor, ClientRef, PendingItem, Run, Trigger};
use crate::policy::select::Choice;

/// What a run is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncRequest {
    /// The client.
    pub client: ClientRef,
    /// What of it.
    pub choice: Choice,
    /// Whether only to say what would be done.
    pub dry: bool,
    /// What set it off.
    pub trigger: Trigger,
    /// Who asked.
    pub actor: Actor,
}

/// How long an asker waits for another run of the client to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitPolicy {
    /// Not at all: being told who runs is the answer.
    None,
    /// At most so long.
    AtMost(Duration),
    /// As long as it takes.
    Endless,
}

/// What a run did, or would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncReport {
    /// The run.
    pub run: Run,
    /// The chosen items: applied, or, in a dry run, those that would be; held ones with the reason.
    pub items: Vec<PendingItem>,
}
