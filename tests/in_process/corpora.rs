//! The corpora of the fuzz targets (`tests/fuzz`), each file through the function that is fuzzed.

use std::fs;
use std::path::Path;

use crate::fuzz;

/// Runs every file of a corpus; what fails names its file.
fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let entries = fs::read_dir(&folder).expect("a corpus").map(|entry| entry.expect("an entry"));
    let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
    files.sort();
    assert!(files.len() >= 20, "{} has only {} files", folder.display(), files.len());
    for file in files {
        let input = fs::read(&file).expect("read");
        let ran = std::panic::catch_unwind(|| run(&input));
        assert!(ran.is_ok(), "{} fails", file.display());
    }
}

#[test]
fn frames_of_the_corpus() {
    replay("frames", fuzz::frames::run);
}

#[test]
fn rows_of_the_corpus() {
    replay("rows", fuzz::rows::run);
}

#[test]
fn files_of_the_store_of_the_corpus() {
    replay("store", fuzz::store::run);
}

#[test]
fn configurations_of_the_corpus() {
    replay("configuration", fuzz::configuration::run);
}

#[test]
fn plans_of_the_corpus() {
    replay("plans", fuzz::plans::run);
}
