//! How far a pruning is.

use std::collections::BTreeSet;
use std::path::Path;

/// How far a pruning is, by the names in the ledger's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Far {
    /// It was asked for.
    Begun,
    /// The lines that stay are being copied.
    Copying,
    /// The base is being written.
    Drafting,
    /// The base is in its place, and counts.
    Published,
    /// The copy is in its place.
    Copied,
    /// Old files are gone.
    Swept,
}

/// The names in the ledger's folder.
pub fn names(dir: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(dir.join("ledger")).expect("listed");
    entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Whether a pruning that began with the names `before` is as far as that.
pub fn is_as_far(far: Far, before: &BTreeSet<String>, now: &BTreeSet<String>) -> bool {
    let new = |end: &str| now.difference(before).any(|name| name.ends_with(end));
    match far {
        Far::Begun => true,
        Far::Copying => new(".jsonl.new"),
        Far::Drafting => new(".base.jsonl.new"),
        Far::Published => new(".base.jsonl"),
        Far::Copied => now.difference(before).any(|name| name.len() == "000000000002.jsonl".len()),
        Far::Swept => !before.is_subset(now),
    }
}
