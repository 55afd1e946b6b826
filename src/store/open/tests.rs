//! Opening what was damaged, cut short or rolled back.
//!
//! What these tests are worth was tried by breaking the store on purpose:
//!
//! TODO

use std::fs;

use super::super::testing::{Answers, Place, copy, fill, key, names, note};
use super::super::{Finding, StoreError};

#[test]
fn a_new_store_is_clean_and_so_is_one_that_was_closed() {
    let place = Place::new();
    let (store, opening) = place.open();
    assert_eq!(opening.findings, [Finding::NewStore]);
    fill(&store, 7);
    let answers = Answers::of(&store);
    assert!(store.check().expect("checked").is_sound());
    drop(store);
    let (store, opening) = place.open();
    assert_eq!(opening.findings, []);
    assert_eq!(Answers::of(&store), answers);
    assert_eq!(names(&place.dir()), ["backups", "index", "ledger", "lock", "store.json"]);
}

#[test]
fn a_second_daemon_is_refused() {
    let place = Place::new();
    let (store, _) = place.open();
    assert!(matches!(place.try_open(), Err(StoreError::InUse { .. })));
    let other = store.clone();
    drop(store);
    assert!(matches!(place.try_open(), Err(StoreError::InUse { .. })));
    drop(other);
    place.open();
}
