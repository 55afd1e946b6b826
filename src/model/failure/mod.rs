//! A failure as data: what failed and why, and what a person can do next.

pub(super) mod advice;
pub(super) mod chain;
pub(super) mod code;
pub(super) mod panic;

use std::fmt;

use crate::model::text::visible;
use crate::model::{Advice, Code};

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

    /// The same with advice.
    pub fn advise(mut self, advice: Advice) -> Failure {
        self.advice = Some(advice);
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What Autotask, a file or a person wrote may stand in it.
        f.write_str(&visible(&self.message))
    }
}

impl std::error::Error for Failure {}
