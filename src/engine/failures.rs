//! How failures of the floors below are told to a person: one line, and what to do next.

use chrono::{DateTime, Utc};

use crate::autotask::AutotaskError;
use crate::clock::Tz;
use crate::model::text::moment;
use crate::model::{Advice, Code, Failure, error_chain};
use crate::store::StoreError;

impl From<AutotaskError> for Failure {
    fn from(error: AutotaskError) -> Failure {
        error.failure()
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        if let StoreError::BeforeHistory { since } = error {
            return before_history(since, Tz::UTC);
        }
        if let StoreError::NoBackup(_) = error {
            return Failure::new(Code::InvalidArgument, error.to_string())
                .advise(Advice::TakeOtherBackup);
        }
        if let StoreError::Gap(_) = error {
            // As with what lies before all history: it is not there, and nothing failed.
            return Failure::new(Code::NoSuchContract, error.to_string()).advise(Advice::Doctor);
        }
        if let StoreError::Overtaken = error {
            let message = "too many contracts changed while they were read";
            return Failure::new(Code::Busy, message).advise(Advice::Retry);
        }
        let message = format!("the store failed: {}", error_chain(&error));
        Failure::new(Code::StoreFailed, message).advise(Advice::RepairStore)
    }
}

/// What is asked lies before everything that the ledger knows.
pub(super) fn before_history(since: DateTime<Utc>, zone: Tz) -> Failure {
    let since = moment(&since.with_timezone(&zone));
    let message = format!("no history is kept from before {since}");
    Failure::new(Code::NoSuchContract, message).advise(Advice::KeepHistory)
}

/// Whether Autotask refused to show something.
pub(super) fn is_of_permission(failure: &Failure) -> bool {
    failure.code == Code::NoPermission
}

/// The store takes no more changes since something failed.
pub(super) fn read_only(why: &str) -> Failure {
    let message = format!("the store is read-only until its disk can be written again: {why}");
    Failure::new(Code::StoreFailed, message).advise(Advice::RepairStore)
}
