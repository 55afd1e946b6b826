//! What repairs put aside: files that nothing reads any more, which a person may look at and remove.

use std::fs;
use std::path::{Path, PathBuf};

use crate::store::core::Core;

/// What stands in the names of files of the ledger's folder that were put aside.
const ASIDE: [&str; 4] =
    [".jsonl.torn-", ".jsonl.damaged-", ".jsonl.stranger-", "head.json.aside-"];

/// The files and folders that openings put aside, in order: damaged indexes and files of the
/// ledger, and torn lines.
pub(in crate::store) fn orphans(core: &Core) -> Vec<PathBuf> {
    let ledger = &core.ledger_dir;
    let mut found = named(ledger, &|name| ASIDE.iter().any(|aside| name.contains(aside)));
    if let Some(dir) = ledger.parent() {
        found.extend(named(dir, &|name| name.starts_with("index.bad-")));
    }
    found.sort();
    found
}

fn named(dir: &Path, is_one: &dyn Fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let is_one = |entry: &fs::DirEntry| entry.file_name().to_str().is_some_and(is_one);
    entries.filter(is_one).map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::Place;

    #[test]
    fn what_openings_put_aside_is_listed_and_nothing_else() {
        let (place, _) = Place::filled(6);
        assert_eq!(place.open().0.orphans(), Vec::<PathBuf>::new());
        // A torn line, then an index of garbage, then damage in the middle.
        let whole = fs::read(place.segment(1)).expect("read");
        fs::write(place.segment(1), [&whole[..], b"{"].concat()).expect("written");
        drop(place.open());
        fs::write(place.index().join("db"), vec![0x5a; 700]).expect("written");
        drop(place.open());
        let text = String::from_utf8(whole).expect("text");
        fs::write(place.segment(1), text.replacen("notes 2", "notes 7", 1)).expect("written");
        let (store, _) = place.open();
        let names: Vec<_> = store
            .orphans()
            .iter()
            .map(|path| path.strip_prefix(place.dir()).expect("below").display().to_string())
            .collect();
        assert_eq!(
            names,
            [
                "index.bad-20270115T080020Z",
                "ledger/000000000001.jsonl.damaged-20270115T080020Z",
                "ledger/000000000001.jsonl.torn-20270115T080020Z",
            ]
        );
        assert!(store.orphans().iter().all(|path| path.exists()));
    }
}
