//! What repairs put aside: files that nothing reads any more, which a person may look at and remove.

use std::fs;
use std::path::{Path, PathBuf};

use super::handle::Store;

impl Store {
    /// The files and folders that openings put aside, in order: damaged indexes and files of the
    /// ledger, and torn lines. They are never removed by the store. What cannot be listed is left
    /// out.
    pub fn leftovers(&self) -> Vec<PathBuf> {
        let ledger = &self.core().ledger_dir;
        let mut found = named(ledger, &|name| {
            name.contains(".jsonl.torn-") || name.contains(".jsonl.damaged-")
        });
        if let Some(dir) = ledger.parent() {
            found.extend(named(dir, &|name| name.starts_with("index.bad-")));
        }
        found.sort();
        found
    }
}

fn named(dir: &Path, is_one: &dyn Fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let is_one = |entry: &fs::DirEntry| entry.file_name().to_str().is_some_and(is_one);
    entries.filter(is_one).map(|entry| entry.path()).collect()
}
