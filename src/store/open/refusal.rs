//! Why a store is not opened: what a person has to decide on. What is damaged was left as it is.

use std::path::Path;

use super::plan::Damage;
use crate::store::error::StoreError;

/// The same refusal, with what the opening had done before it came to it.
pub(super) fn after(error: StoreError, done: &[String]) -> StoreError {
    match error {
        StoreError::Damaged { file, line, why } if !done.is_empty() => {
            let why = format!("{why}; before that: {}", done.join("; "));
            StoreError::Damaged { file, line, why }
        }
        error => error,
    }
}

/// Why this damage is for a person to decide on.
pub(super) fn of_damage(ledger: &Path, damage: &Damage) -> StoreError {
    let (file, line, why) = match damage {
        Damage::Line(bad) => (
            bad.file.clone(),
            bad.line,
            format!("{}; the index does not hold what the line held", bad.why),
        ),
        Damage::EndsBefore(commit) => {
            let why = format!(
                "it ends before commit {commit}, which was on the disk once, and the index does not \
                 hold what is missing"
            );
            (ledger.to_owned(), 0, why)
        }
        Damage::OtherHistory => {
            let why = "it is another ledger than the one that its head record is of".to_owned();
            (ledger.to_owned(), 0, why)
        }
    };
    let way = "so it was left as it is: put an undamaged copy of the file in its place, or restore \
               the newest backup";
    StoreError::Damaged { file, line, why: format!("{why}, {way}") }
}
