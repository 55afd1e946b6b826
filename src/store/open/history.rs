//! Where the lines stand that a repair left before its base: an index that is built from the base
//! knows of them again.

use std::path::Path;

use crate::model::RunId;
use crate::store::core::Past;
use crate::store::error::StoreError;
use crate::store::format::v1::RunEntryV1;
use crate::store::format::{codec, convert, keys, quiet};
use crate::store::index::stored::live;
use crate::store::index::{Edit, Index};
use crate::store::log::{segment, stretches};

/// The index records of where these lines stand: which commit changed which contract, and the runs
/// that the index has.
pub(super) fn places(ledger: &Path, past: &Past, index: &Index) -> Result<Vec<Edit>, StoreError> {
    let mut edits: Vec<Edit> = Vec::new();
    let Some(earlier) = &past.earlier else { return Ok(edits) };
    stretches::each(ledger, &earlier.segments, earlier.start, &mut |good| {
        let place = segment::place(good.position, good.bytes);
        let written = good.record.contracts.iter().map(|entry| &entry.key);
        let changed = good.record.changes.iter().map(|change| &change.key);
        for key in written.chain(changed) {
            let key = keys::change(live(convert::key(key))?, good.head.seq);
            edits.push((key, Some(codec::encode(&place)?)));
        }
        for run in quiet::run_numbers(&good.record) {
            let key = keys::run(RunId(run));
            if let Some(entry) = index.get(&key)? {
                let RunEntryV1 { run, seq, place: _ } = codec::decode(&entry)?;
                let entry = RunEntryV1 { run, seq, place: Some(place.clone()) };
                edits.push((key, Some(codec::encode(&entry)?)));
            }
        }
        Ok(())
    })?;
    Ok(edits)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::Settings;
    use crate::model::RunId;
    use crate::store::testing::{Answers, Place, at, fill, key};
    use crate::store::{Finding, Store, StoreError};

    /// Two bytes of a line are wrong, so that nothing brings it back.
    fn spoil(place: &Place, line: usize) {
        let mut lines = place.lines(1);
        let spoilt = lines[line - 1].replace("Care", "##re");
        assert_ne!(lines[line - 1], spoilt);
        lines[line - 1] = spoilt;
        place.put_lines(1, &lines);
    }

    /// What a store of twelve commits answers of the past when the fourth cannot be read.
    fn knows_the_rest(store: &Store, before: &Answers) {
        let found = Answers::of(store);
        for (found, before) in found.histories.iter().zip(&before.histories) {
            let without: Vec<_> = before.iter().filter(|entry| entry.seq != 4).collect();
            assert_eq!(found.iter().collect::<Vec<_>>(), without);
        }
        assert_eq!(store.gaps().len(), 1);
        assert_eq!(store.gaps()[0].commits, 4..=4);
        // Up to the gap everything is known; behind it, what the gap cannot have changed.
        let then = store.state_as_of(at(2)).expect("before the gap");
        assert_eq!((then.seq, then.contracts.len()), (2, 2));
        let error = store.state_as_of(at(7)).expect_err("behind the gap");
        assert!(matches!(error, StoreError::Gap(_)), "{error}");
        assert!(error.to_string().contains("commit 4 cannot be read"), "{error}");
        let touched = store.touched_by(RunId(3)).expect("its last write before is commit 5");
        assert!(touched.iter().all(|touched| touched.before.is_some()));
        assert!(matches!(store.touched_by(RunId(2)), Err(StoreError::Gap(_))));
        assert!(store.run(RunId(2)).expect("read").expect("there").whole);
    }

    #[test]
    fn what_stands_before_and_after_damage_stays_history() {
        let (place, before) = Place::filled(12);
        spoil(&place, 4);
        let (store, opening) = place.open();
        assert!(matches!(opening.findings[..], [Finding::LedgerRepaired { .. }]), "{opening:?}");
        assert_eq!(Answers::of(&store).contracts, before.contracts);
        knows_the_rest(&store, &before);
        drop(store);

        // An index that is built anew knows it too.
        fs::remove_dir_all(place.index()).expect("removed");
        let (store, _) = place.open();
        assert_eq!(Answers::of(&store).contracts, before.contracts);
        knows_the_rest(&store, &before);
        assert_eq!(store.check().expect("checked").faults, [""; 0]);

        // A pruning ends it.
        store.commit_blocking(crate::store::testing::note(&store, "S3", "x")).expect("stored");
        store.prune_blocking(at(30), false).expect("pruned");
        assert_eq!(store.gaps(), []);
        assert!(store.history(key("A2")).expect("read").is_empty());
    }

    #[test]
    fn lines_that_moved_are_found_again() {
        let (place, before) = Place::filled(12);
        let mut lines = place.lines(1);
        lines.remove(3);
        place.put_lines(1, &lines);
        let (store, opening) = place.open();
        let told = opening.remarks().join("; ");
        assert!(told.contains("only the history of what cannot be read"), "{told}");
        assert!(!told.contains("nothing is lost"), "{told}");
        let found = Answers::of(&store);
        assert_eq!(found.contracts, before.contracts);
        let gap = store.gaps()[0].commits.clone();
        assert!(*gap.start() >= 4 && *gap.end() <= 5, "{gap:?}");
        for (found, before) in found.histories.iter().zip(&before.histories) {
            let without: Vec<_> = before.iter().filter(|entry| !gap.contains(&entry.seq)).collect();
            assert_eq!(found.iter().collect::<Vec<_>>(), without);
        }
    }

    #[test]
    fn a_person_may_accept_a_loss_and_keeps_everything_else() {
        let (place, before) = Place::filled(12);
        spoil(&place, 4);
        fs::remove_dir_all(place.index()).expect("removed");
        place.try_open().expect_err("nobody holds commit 4");
        let settings = Settings { accepts_loss: true, ..Settings::default() };
        let (store, opening) = Store::open_with(&place.dir(), at(30), settings).expect("accepted");
        let told = opening.remarks().join("; ");
        assert!(told.contains("commit 4 cannot be read"), "{told}");
        assert!(!told.contains("nothing is lost"), "{told}");
        let found = Answers::of(&store);
        assert_eq!((found.head.seq, found.contracts), (12, before.contracts.clone()));
        knows_the_rest(&store, &before);
        drop(store);
        assert!(place.open().1.is_clean());
    }

    #[test]
    fn segments_that_are_gone_are_a_gap() {
        let (place, before) = Place::filled(12);
        fs::remove_file(place.segment(1)).expect("removed");
        let (store, opening) = place.open();
        assert!(matches!(opening.findings[..], [Finding::LedgerRepaired { .. }]), "{opening:?}");
        assert_eq!(Answers::of(&store).contracts, before.contracts);
        let gaps: Vec<_> = store.gaps().into_iter().map(|gap| gap.commits).collect();
        assert_eq!(gaps, [1..=12], "the only one");
        assert!(matches!(store.state_as_of(at(7)), Err(StoreError::Gap(_))));
        drop(store);

        let place = Place::new();
        let (store, _) = place.open_small();
        fill(&store, 12);
        drop(store);
        fs::remove_file(place.segment(1)).expect("removed");
        let (store, _) = place.open_small();
        let gaps: Vec<_> = store.gaps().into_iter().map(|gap| gap.commits).collect();
        // What follows a line that is gone cannot be confirmed.
        assert_eq!(gaps, [1..=2], "the first of many");
        assert!(!store.history(key("A4")).expect("read").is_empty());
        drop(store);
        assert!(place.open_small().1.is_clean());
    }

    #[test]
    fn an_end_that_is_lost_is_accepted_too() {
        let (place, _) = Place::filled(12);
        let mut lines = place.lines(1);
        lines.truncate(7);
        place.put_lines(1, &lines);
        fs::remove_dir_all(place.index()).expect("removed");
        let error = place.try_open().expect_err("commit 12 was there");
        assert!(error.to_string().contains("it ends before commit 12"), "{error}");
        let settings = Settings { accepts_loss: true, ..Settings::default() };
        let (store, opening) = Store::open_with(&place.dir(), at(30), settings).expect("accepted");
        assert_eq!(store.head().seq, 7, "{opening:?}");
        let told = opening.remarks().join("; ");
        assert!(told.contains("commits 8 to 12 are lost"), "{told}");
        assert!(!told.contains("held what is missing"), "{told}");
        drop(store);
        assert!(place.open().1.is_clean());
    }
}
