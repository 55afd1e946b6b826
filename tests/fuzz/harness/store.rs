//! A file of a store, or a backup: the first line says which, the rest is what the file holds.
//!
//! - What `Store::examine` says is what the opening does, and a store that is refused is as it was.
//! - A store that opens answers, takes a commit, and opens again with all of that.
//! - A backup that is refused leaves the store that is there as it was.
//!
//! With `sealed` before the name, the checksums of the lines are put right, so that what the lines
//! say is looked at.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use lmsyncd::model::{Actor, ClientId, ClientRef, ClientState};
use lmsyncd::store::{Commit, Store, Write};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::titled;
use crate::support::test_daemon::noon;

/// What every line of a ledger or base begins with, and how long its checksum is.
const HEAD: &[u8] = b"{\"sum\":\"";
const SUM: usize = 32;

thread_local! {
    /// The files of a small store without its index and its head record, by their paths in its
    /// folder. Its id is 32 times `a`.
    static SMALL: OnceCell<Files> = const { OnceCell::new() };
}

type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Puts the input in the place of a file of a store, and has the store opened.
pub fn run(input: &[u8]) {
    let (title, content) = titled(input);
    let content = match title.strip_prefix(b"sealed ") {
        Some(_) => sealed(content),
        None => content.to_vec(),
    };
    let file = match title.strip_prefix(b"sealed ").unwrap_or(title) {
        b"ledger" => "ledger/000000000001.jsonl",
        b"base" => "ledger/000000000002.base.jsonl",
        b"head" => "ledger/head.json",
        b"identity" => "store.json",
        b"audit" => "audit.jsonl",
        b"backup" => return restored(&content),
        _ => return,
    };
    let folder = TempDir::new().expect("a folder");
    let dir = folder.path().join("store");
    SMALL.with(|small| put(&dir, small.get_or_init(small_store)));
    fs::write(dir.join(file), &content).expect("written");
    if file.contains("base") {
        // The ledger goes on from it.
        fs::rename(dir.join("ledger/000000000001.jsonl"), dir.join("ledger/000000000002.jsonl"))
            .expect("renamed");
    }
    opened(&dir);
}

/// Opens a store that may be damaged.
fn opened(dir: &Path) {
    let before = files(dir);
    let examined = Store::examine(dir, noon());
    same(&before, dir, "looking changes nothing");
    let (store, _) = match Store::open(dir, noon()) {
        Ok(opened) => opened,
        Err(refused) => {
            same(&before, dir, &format!("a store that is refused is as it was: {refused}"));
            if let Ok(examined) = examined {
                assert!(examined.refused.is_some(), "it was said to open, and {refused}");
            }
            return;
        }
    };
    if let Ok(examined) = examined {
        assert_eq!(examined.refused, None, "it opens");
    }
    used(&store);
    let head = store.head();
    drop(store);
    let (again, opening) = Store::open(dir, noon()).expect("it opens again");
    assert_eq!(again.head(), head, "nothing is lost between");
    assert!(!opening.is_damage(), "the second opening finds nothing: {opening:?}");
}

/// Asks everything of a store, and gives it a commit.
fn used(store: &Store) {
    let faults = store.check().expect("it is read").faults;
    assert!(faults.is_empty(), "a store that opened is sound: {faults:?}");
    for contract in store.all_contracts().expect("contracts") {
        store.history(contract.key).expect("a history");
    }
    for run in store.runs(None, usize::MAX).expect("runs") {
        store.run(run.id.expect("a number")).expect("a run");
    }
    store.all_flags().expect("flags");
    store.all_held_changes().expect("held changes");
    store.pauses().expect("pauses");
    store.acts().expect("acts");
    for days in [-400, 0, 400] {
        // Before its beginning nothing is known.
        let _ = store.state_as_of(noon() + TimeDelta::days(days));
    }
    let client = ClientId(i64::MAX);
    let before = store.client(client).expect("a client");
    let name = format!("commit {}", store.head().seq);
    let after = Some(ClientState::new(ClientRef { id: client, name }));
    let clients = vec![Write { before, after }];
    let commit = Commit { clients, ..Commit::of(noon(), &Actor::daemon()) };
    store.commit_blocking(commit).expect("it takes a commit");
}

/// Restores a file that may be no backup in the place of a store.
fn restored(content: &[u8]) {
    let folder = TempDir::new().expect("a folder");
    let dir = folder.path().join("store");
    SMALL.with(|small| put(&dir, small.get_or_init(small_store)));
    let path = folder.path().join("backup.jsonl");
    fs::write(&path, content).expect("written");
    let before = files(&dir);
    let file = File::open(&path).expect("it opens");
    match Store::restore_offline(&dir, file, &path, noon()) {
        Ok(_) => opened(&dir),
        Err(refused) => {
            same(&before, &dir, &format!("a refused backup changes nothing: {refused}"));
        }
    }
}

/// The lines, each with the checksum that it has after the one before it.
fn sealed(lines: &[u8]) -> Vec<u8> {
    let mut before = vec![b'0'; SUM];
    let mut whole = Vec::new();
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        let (text, end) = match line.split_last() {
            Some((b'\n', text)) => (text, &b"\n"[..]),
            _ => (line, &b""[..]),
        };
        match text.get(HEAD.len() + SUM..).filter(|_| text.starts_with(HEAD)) {
            None => whole.extend_from_slice(text),
            Some(rest) => {
                let digest = Sha256::new_with_prefix(&before).chain_update(rest).finalize();
                before = digest[..SUM / 2].iter().flat_map(|b| hex(*b)).collect();
                whole.extend([HEAD, &before, rest].concat());
            }
        }
        whole.extend_from_slice(end);
    }
    whole
}

fn hex(byte: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]
}

fn small_store() -> Files {
    let folder = TempDir::new().expect("a folder");
    let dir = folder.path().join("store");
    let (store, _) = Store::open(&dir, noon()).expect("it opens");
    used(&store);
    used(&store);
    let id = store.id().to_owned();
    drop(store);
    let mut files = files(&dir);
    files.retain(|path, _| !path.starts_with("index"));
    let id = String::from_utf8_lossy(&files[Path::new("store.json")]).replace(&id, &"a".repeat(32));
    files.insert("store.json".into(), id.into_bytes());
    files.remove(Path::new("ledger/head.json"));
    files
}

fn put(dir: &Path, files: &Files) {
    for (path, content) in files {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, content).expect("written");
    }
}

/// Fails where a folder does not hold these files, and names those that differ.
fn same(before: &Files, dir: &Path, why: &str) {
    let after = files(dir);
    let differs = |path: &&PathBuf| before.get(*path) != after.get(*path);
    let differing: Vec<&PathBuf> = before.keys().chain(after.keys()).filter(differs).collect();
    assert!(differing.is_empty(), "{why}; but {differing:?}");
}

/// What is in a store's folder, but for its index and its lock. A file of another store that
/// was set aside counts by the name that it had, and what was cut from the end of a ledger, which is
/// told, as if it stood there still.
fn files(dir: &Path) -> Files {
    let mut found = all_files(dir);
    let cut: Vec<PathBuf> = found.keys().filter(|path| torn(path).is_some()).cloned().collect();
    for path in cut {
        let rest = found.remove(&path).expect("it was found");
        let whole = torn(&path).expect("it was cut").to_owned();
        found.entry(whole).or_default().extend(rest);
    }
    found
}

/// From which file this one was cut.
fn torn(path: &Path) -> Option<&Path> {
    let (of, _) = path.to_str()?.split_once(".torn-")?;
    Some(Path::new(of))
}

fn all_files(dir: &Path) -> Files {
    let (mut found, mut folders) = (Files::new(), vec![dir.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("listed") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                // The index is made of the ledger.
                folders.extend(Some(path).filter(|path| !path.ends_with("index")));
            } else if path.file_name().is_some_and(|name| name != "lock") {
                let content = fs::read(&path).expect("read");
                let inside = path.strip_prefix(dir).expect("inside").to_string_lossy();
                let name = inside.split(".stranger-").next().expect("a name");
                found.insert(PathBuf::from(name), content);
            }
        }
    }
    found
}
