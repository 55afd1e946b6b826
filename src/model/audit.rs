//! What somebody who may change things had the daemon do.

use chrono::{DateTime, Utc};

use super::Actor;

/// An act: a call that changes something, or may, as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// When it was asked for.
    pub at: DateTime<Utc>,
    /// Who asked.
    pub actor: Actor,
    /// The method, without the name of the program: `Contracts.Set`.
    pub method: String,
    /// What it was asked for, without the values: `key=S55102 fields=notes,owner`.
    pub what: String,
}

/// An act as the audit trail has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActRecord {
    /// Its number; later acts have greater ones.
    pub number: u64,
    /// What was asked for.
    pub act: Act,
    /// `ok`, or the code of what went wrong. None where the daemon ended before it ended, and while
    /// it goes on.
    pub result: Option<String>,
}
