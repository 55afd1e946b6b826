//! The export as a folder: one sorted text file per contract, so that `git diff` shows the week.
//!
//! What is written is decided first ([`files`]); then each file is put in place whole, and those
//! that an earlier export wrote and this one did not are removed. A file without the marker in its
//! first line is somebody else's, and so is one that names another store: it is never removed, and
//! one that stands in the way stops the export before anything is written.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::Everything;
use crate::ctl::app::error::CtlError;
use crate::ctl::output::list::cell_text;
use crate::ctl::output::screen::count;
use crate::ctl::output::{file, sanitize};
use crate::protocol::contracts::Exported;

/// The first line of every file, by which an export knows its own.
const MARKER: &str = "# written by lmsyncctl export tree; changes made here are lost";

/// What a new folder allows: its owner everything, its group a look.
const MODE: u32 = 0o750;

/// The longest part of a client's name in a folder's name, in bytes: with the id in front it stays
/// below the 255 of every file system.
const LONGEST_NAME: usize = 120;

/// The key of the contract that changes with every sync, and would drown what changed.
const LAST_SYNCED: &str = "last_synced";

/// What an export did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Files that were not there.
    pub new: i64,
    /// Files that were replaced.
    pub changed: i64,
    /// Files that had nothing new.
    pub same: i64,
    /// Files of contracts that are gone.
    pub removed: i64,
}

/// Brings a folder up to date.
pub fn write(folder: &Path, reply: &Everything) -> Result<Done, CtlError> {
    let files = files(reply);
    let store = reply.store_id.as_deref();
    let mut before = BTreeMap::new();
    for name in files.keys() {
        let path = folder.join(name);
        let there = file::read(&path)?;
        if there.as_deref().is_some_and(|bytes| !is_ours(bytes, store)) {
            return Err(in_the_way(&path));
        }
        before.insert(name, there);
    }
    let mut done = Done::default();
    make(folder)?;
    for (name, text) in &files {
        let path = folder.join(name);
        match before.get(name).and_then(Option::as_deref) {
            Some(there) if there == text.as_bytes() => {
                done.same += 1;
                continue;
            }
            Some(_) => done.changed += 1,
            None => done.new += 1,
        }
        path.parent().map_or(Ok(()), make)?;
        file::replace(&path, text).map_err(|source| CtlError::File { path, source })?;
    }
    done.removed = clean(folder, &files, store)?;
    Ok(done)
}

/// What was done, in a line.
pub fn told(done: &Done, folder: &Path) -> String {
    let folder = sanitize::line(&folder.display().to_string());
    format!(
        "{} in {folder}: {} new, {} changed, {} removed\n",
        count(done.new + done.changed + done.same, "contract"),
        done.new,
        done.changed,
        done.removed
    )
}

/// The same for a machine.
pub fn counted(done: &Done) -> Value {
    json!({
        "contracts": done.new + done.changed + done.same,
        "new": done.new,
        "changed": done.changed,
        "removed": done.removed,
    })
}

fn in_the_way(path: &Path) -> CtlError {
    CtlError::usage(
        format!("{} exists and was not written by an export of this store", path.display()),
        "move it away, or export into another folder; nothing was written",
    )
}

fn make(folder: &Path) -> Result<(), CtlError> {
    let made = DirBuilder::new().recursive(true).mode(MODE).create(folder);
    made.map_err(|source| CtlError::File { path: folder.to_owned(), source })
}

/// Removes the files of earlier exports that are not among these, unfinished ones too, and folders
/// of clients that are empty then.
fn clean(
    folder: &Path,
    files: &BTreeMap<PathBuf, String>,
    store: Option<&str>,
) -> Result<i64, CtlError> {
    let mut removed = 0;
    for (client, kind) in file::entries(folder)? {
        if !kind.is_dir() {
            continue;
        }
        let mut taken = false;
        for (path, kind) in file::entries(&client)? {
            let ending = path.extension().and_then(|ending| ending.to_str());
            let unfinished = ending == Some(file::UNFINISHED);
            let candidate = kind.is_file() && (unfinished || ending == Some("txt"));
            let wanted = path.strip_prefix(folder).is_ok_and(|name| files.contains_key(name));
            if !candidate || wanted {
                continue;
            }
            if file::read(&path)?.as_deref().is_some_and(|bytes| is_ours(bytes, store)) {
                let gone = fs::remove_file(&path);
                gone.map_err(|source| CtlError::File { path, source })?;
                removed += i64::from(!unfinished);
                taken = true;
            }
        }
        if taken {
            // It may well hold something else; then it stays.
            let _ = fs::remove_dir(&client);
        }
    }
    Ok(removed)
}

/// Whether an export of this store wrote it, or one of an earlier lmsyncctl, which named no store.
fn is_ours(bytes: &[u8], store: Option<&str>) -> bool {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let marked = lines.next() == Some(MARKER.as_bytes());
    let written_for = lines.find_map(|line| line.strip_prefix(b"store_id: "));
    marked && written_for.is_none_or(|id| store.is_none_or(|store| id == store.as_bytes()))
}

/// The files by their names below the folder, with their texts.
fn files(reply: &Everything) -> BTreeMap<PathBuf, String> {
    let file = |exported: &Exported| {
        let client = folder_name(exported.client.id, &exported.client.name);
        let name = format!("{}.txt", safe(&exported.contract.key));
        (PathBuf::from(client).join(name), text(reply, exported))
    };
    reply.contracts.iter().map(file).collect()
}

/// `174 Acme Dental`; what a file system or a terminal might take amiss is an underscore.
fn folder_name(id: i64, name: &str) -> String {
    let mut short = safe(name.trim());
    let mut end = short.len().min(LONGEST_NAME);
    while !short.is_char_boundary(end) {
        end -= 1;
    }
    short.truncate(end);
    format!("{id} {short}").trim_end_matches([' ', '.']).to_owned()
}

fn safe(name: &str) -> String {
    let bad = |c: char| sanitize::is_control_sign(c) || "/\\:*?\"<>|".contains(c);
    name.chars().map(|c| if bad(c) { '_' } else { c }).collect()
}

/// A contract's file.
fn text(reply: &Everything, exported: &Exported) -> String {
    let mut text = format!("{MARKER}\n");
    for (field, value) in values(reply, exported) {
        let mut lines = value.split('\n');
        let first = lines.next().unwrap_or_default();
        text.push_str(format!("{field}: {first}").trim_end());
        text.push('\n');
        for line in lines {
            text.push_str(format!("    {line}").trim_end());
            text.push('\n');
        }
    }
    text
}

/// Every field that has a value, by name; Autotask's own stands beside an override.
fn values(reply: &Everything, exported: &Exported) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for (name, value) in [("tenant", &reply.tenant), ("store_id", &reply.store_id)] {
        values.extend(value.clone().map(|value| (name.to_owned(), value)));
    }
    for view in &exported.fields {
        if let Some(value) = &view.value {
            values.insert(view.field.clone(), value.clone());
        }
        if let (true, Some(theirs)) = (view.overridden, &view.autotask_value) {
            values.insert(format!("{} (autotask)", view.field), theirs.clone());
        }
    }
    let contract = serde_json::to_value(&exported.contract).unwrap_or_default();
    for (key, value) in contract.as_object().into_iter().flatten() {
        let value = match value {
            // What is known ahead is among the fields, by its date and its cost.
            serde_json::Value::Null | serde_json::Value::Object(_) => continue,
            serde_json::Value::Array(words) if words.is_empty() => continue,
            value => cell_text(Some(value)),
        };
        if key != LAST_SYNCED {
            values.insert(key.clone(), value);
        }
    }
    // The id is there already, and by the name that scripts know.
    values.insert("client".to_owned(), exported.client.name.clone());
    values
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::ctl::app::exit;
    use std::os::unix::fs::symlink;

    const AGREEMENT: &str = "174 Acme, Dental _  [2JBerlin/A29683353.txt";

    fn done(new: i64, changed: i64, same: i64, removed: i64) -> Done {
        Done { new, changed, same, removed }
    }

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let outer = tempfile::tempdir().expect("a folder");
        let inner = outer.path().join("a/tree");
        (outer, inner)
    }

    #[test]
    fn one_sorted_file_per_contract() {
        let files = files(&sample());
        let names: Vec<&Path> = files.keys().map(PathBuf::as_path).collect();
        assert_eq!(
            names,
            [
                Path::new("0 株式会社日本/L12.txt"),
                Path::new(AGREEMENT),
                Path::new("174 Acme, Dental _  [2JBerlin/S55102.txt"),
            ]
        );
        insta::assert_snapshot!("file", files[Path::new(AGREEMENT)]);
        assert!(files.values().all(|text| !text.contains(['\u{1b}', '\u{9b}', '\r'])));
    }

    #[test]
    fn a_second_export_touches_nothing() {
        let (_outer, tree) = folder();
        assert_eq!(write(&tree, &sample()).expect("writes"), done(3, 0, 0, 0));
        let mut later = sample();
        for exported in &mut later.contracts {
            exported.contract.last_synced = Some("2026-11-25T01:00:00Z".to_owned());
        }
        assert_eq!(write(&tree, &later).expect("writes"), done(0, 0, 3, 0));
        later.contracts[2].contract.billing_cost = "490.00".to_owned();
        assert_eq!(write(&tree, &later).expect("writes"), done(0, 1, 2, 0));
    }

    #[test]
    fn what_is_gone_is_removed_and_what_is_not_ours_stays() {
        let (outer, tree) = folder();
        write(&tree, &sample()).expect("writes");
        let (client, elsewhere) = (tree.join("0 株式会社日本"), outer.path().join("elsewhere"));
        let kept = [client.join("README.txt"), tree.join("A9.txt"), elsewhere.join("A9.txt")];
        fs::create_dir(&elsewhere).expect("a folder");
        fs::write(&kept[0], "mine\n").expect("writes");
        fs::write(&kept[1], format!("{MARKER}\n")).expect("writes");
        fs::write(&kept[2], format!("{MARKER}\n")).expect("writes");
        symlink(&elsewhere, tree.join("9 link")).expect("links");
        let mut later = sample();
        later.contracts.remove(0);
        assert_eq!(write(&tree, &later).expect("writes"), done(0, 0, 2, 1));
        assert!(!client.join("L12.txt").exists());
        assert!(kept.iter().all(|path| path.exists()), "only our own, and only one floor down");
        later.contracts.clear();
        assert_eq!(write(&tree, &later).expect("writes"), done(0, 0, 0, 2));
        assert!(!tree.join(AGREEMENT).parent().expect("a folder").exists(), "empty folders go");
    }

    #[test]
    fn somebody_elses_file_in_the_way_stops_it_before_anything_is_written() {
        let (_outer, tree) = folder();
        let mine = tree.join(AGREEMENT);
        fs::create_dir_all(mine.parent().expect("a folder")).expect("folders");
        fs::write(&mine, "mine\n").expect("writes");
        let error = write(&tree, &sample()).expect_err("in the way");
        assert_eq!(exit::of_error(&error), 2);
        assert!(error.to_string().contains("A29683353.txt exists and"), "{error}");
        assert_eq!(fs::read_to_string(&mine).expect("reads"), "mine\n");
        assert!(!tree.join("0 株式会社日本").exists());
    }

    #[test]
    fn the_files_of_another_store_are_somebody_elses() {
        let (_outer, tree) = folder();
        write(&tree, &sample()).expect("writes");
        let of = |id: &str| Everything { store_id: Some(id.to_owned()), ..sample() };
        let error = write(&tree, &of("81c2")).expect_err("in the way");
        assert_eq!(exit::of_error(&error), 2);
        let mut others = of("81c2");
        others.contracts.clear();
        assert_eq!(write(&tree, &others).expect("nothing to write"), done(0, 0, 0, 0));
        // An earlier lmsyncctl named no store: its files are taken over.
        let path = tree.join(AGREEMENT);
        let text = fs::read_to_string(&path).expect("reads");
        let old: Vec<&str> = text.lines().filter(|line| !line.starts_with("store_id: ")).collect();
        fs::write(&path, old.join("\n")).expect("writes");
        assert_eq!(write(&tree, &sample()).expect("writes"), done(0, 1, 2, 0));
    }

    #[test]
    fn names_that_no_folder_can_have() {
        assert_eq!(folder_name(0, ""), "0");
        assert_eq!(folder_name(7, "../../etc"), "7 .._.._etc");
        assert_eq!(folder_name(7, "Acme Inc. ."), "7 Acme Inc");
        assert_eq!(folder_name(7, "a\u{0}b\u{1b}\u{202e}c"), "7 a_b__c");
        assert!(folder_name(7, &"東".repeat(2000)).len() < 255);
    }
}
