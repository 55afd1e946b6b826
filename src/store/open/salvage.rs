//! An index of all that can still be read of a damaged ledger: each commit writes whole records, so that
//! the later ones count although an earlier one is gone.

use std::path::Path;

use crate::store::core::Past;
use crate::store::error::StoreError;
use crate::store::index::Index;
use crate::store::index::records::Reason;
use crate::store::log::stretches::{self, Anchored, Gap};
use crate::store::log::{base, replay, segment};

/// The last commit that a good line has.
pub(super) fn last(ledger: &Path, past: &Past) -> Result<u64, StoreError> {
    let segments = segments(ledger, past)?;
    let (last, _) = stretches::each(ledger, &segments, past.start.head, &mut |_| Ok(()))?;
    Ok(last.seq)
}

fn segments(ledger: &Path, past: &Past) -> Result<Vec<Anchored>, StoreError> {
    let (numbers, _) = segment::list(ledger)?;
    let from = past.start.segment;
    Ok(stretches::anchored(ledger, numbers.into_iter().filter(|number| *number >= from)))
}

/// Fills an empty index from the base and all good lines behind it; gives what cannot be read.
///
/// # Errors
///
/// Where nothing can be read at all, or a line says what this program does not know.
pub(super) fn rebuild(ledger: &Path, past: &Past, index: &Index) -> Result<Vec<Gap>, StoreError> {
    if let Some(base) = &past.base {
        base::load(base, index)?;
    }
    let segments = segments(ledger, past)?;
    let (last, gaps) = stretches::each(ledger, &segments, past.start.head, &mut |good| {
        let place = segment::place(good.position, good.bytes);
        replay::apply(index, &good.record, &place, good.head).map_err(|reason| match reason {
            Reason::Store(error) => error,
            Reason::Unreadable(why) => StoreError::Damaged {
                file: segment::path(ledger, good.position.segment),
                line: 0,
                why: format!("commit {}: {why}", good.head.seq),
            },
        })
    })?;
    if last.seq == 0 {
        return Err(StoreError::Emptied { ledger: ledger.to_owned() });
    }
    Ok(gaps)
}
