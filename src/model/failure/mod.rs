//! A failure as data: what failed and why, and what a person can do next.

pub(super) mod advice;
pub(super) mod chain;
pub(super) mod code;

use std::fmt;

use crate::model::{Advice, ClientRef, Code};

/// What failed, why, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The stable code.
    pub code: Code,
    /// One line, lower case, that says what failed and why.
    pub message: String,
    /// What a person can do next.
    pub advice: Option<Advice>,
}

impl Failure {
    /// A failure without advice.
    pub fn new(code: Code, message: impl Into<String>) -> Failure {
        Failure { code, message: message.into(), advice: None }
    }

    /// The refusal of a manual sync while auto-sync is on, and by whom it is paused and until when,
    /// where it is.
    pub fn auto_sync_is_on(client: &ClientRef, paused: Option<(&str, Option<&str>)>) -> Failure {
        let paused = paused.map_or_else(String::new, |(by, until)| {
            let until = until.map(|until| format!(" until {until}")).unwrap_or_default();
            format!(", paused by {by}{until}")
        });
        let message = format!("auto-sync is on for {client}{paused}, so a manual sync is refused");
        let advice = Advice::AutoSyncOff { client_id: client.id };
        Failure::new(Code::AutoSyncEnabled, message).advise(advice)
    }

    /// The same with advice.
    pub fn advise(mut self, advice: Advice) -> Failure {
        self.advice = Some(advice);
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
