//! For tests: files that are made of the code, and held to it.

use std::path::Path;

/// Fails unless `file`, by its path from the root of the repository, has this text. With
/// `INSTA_UPDATE=always` it is written instead, as snapshots are.
pub fn assert_derived(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(&path, text).expect("the file is written");
    }
    let there = std::fs::read_to_string(&path).expect("the file is read");
    assert!(there == text, "{file} is stale: INSTA_UPDATE=always cargo test --lib writes it");
}
