//! Why a store is not opened: what a person has to decide on. What is damaged was left as it is.

use std::path::Path;

use super::plan::Damage;
use crate::store::error::StoreError;

/// The files of a store that was made before are gone, and to begin an empty one in its place is for a
/// person to decide.
pub(super) fn emptied(ledger: &Path) -> StoreError {
    StoreError::Damaged {
        file: ledger.to_owned(),
        line: 0,
        why: "the ledger is empty, although the store was created before: restore the newest \
              backup, or move the folder away to start over"
            .to_owned(),
    }
}

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
