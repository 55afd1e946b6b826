//! Restoring a backup: it is received beside the store, opened and checked as a store of its own,
//! and takes the store's place at the next opening. What was there before is kept.
//!
//! ```text
//! state/restoring.jsonl     the backup as it comes in
//! state/restoring/          unpacked, opened, checked
//! state/restored/           the same when everything holds     ◄─ this counts
//!        next opening:  store.json, ledger, index ──► store.replaced-<time>/
//!                       restored/…                ──► store.json, ledger, index
//! ```
//!
//! One rename decides, that to `restored`. A crash before it leaves the store as it was; after it,
//! the next opening completes what was begun, file by file.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::backup::{self, EndLineV1, FileLineV1, HeadLineV1, HeadV1};
use crate::store::core::Core;
use crate::store::error::{Doing, StoreError};
use crate::store::file_system::OpenFile;
use crate::store::files;
use crate::store::format::chain::{ChainHash, ChainHead};
use crate::store::format::line;
use crate::store::log::head::{self, HeadRecord};
use crate::store::log::lock::{Lock, PATIENCE};
use crate::store::log::segment;
use crate::store::open::opening::Finding;
use crate::store::open::restored::{self, RECEIVING};
use crate::store::open::{self, Settings, upgrade_backup};
use crate::store::read::present;

/// The longest line that says what follows, in bytes.
const LONGEST: u64 = 64 << 10;

/// What fails, in words.
const RESTORE: &str = "the restore";

/// A backup that waits to take the store's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// When it was made, as it says.
    pub at: String,
    /// The number of its last commit.
    pub commits: u64,
    /// How many contract records it holds.
    pub contracts: u64,
    /// The id of the store that it is of.
    pub store: String,
}

/// Takes the piece of a backup that begins at `offset`, in bytes; 0 begins anew.
pub(in crate::store) fn receive(dir: &Path, offset: u64, text: &str) -> Result<u64, StoreError> {
    let path = dir.join(RECEIVING[0]);
    if offset == 0 {
        files::remove_if_there(&path)?;
    }
    let mut file = OpenFile::append(&path).doing("open", &path)?;
    let there = file.seek(SeekFrom::End(0)).doing("read the size of", &path)?;
    if there != offset {
        let why = format!("a piece begins at byte {offset}, and {there} bytes are there");
        return Err(StoreError::NoBackup(why));
    }
    file.write_all(text.as_bytes()).doing("write", &path)?;
    Ok(there + text.len() as u64)
}

/// Checks what was received and has it take the store's place at the next opening.
pub(in crate::store) fn prepare(dir: &Path, now: DateTime<Utc>) -> Result<Restored, StoreError> {
    let path = dir.join(RECEIVING[0]);
    let received = File::open(&path).doing("open", &path);
    let prepared = received.and_then(|file| prepare_file(dir, file, &path, now));
    // What cannot be removed now is a leftover, and goes at the next opening.
    let _ = files::remove_if_there(&path);
    prepared
}

/// Checks a backup and has it take the store's place at the next opening.
fn prepare_file(
    dir: &Path,
    file: File,
    path: &Path,
    now: DateTime<Utc>,
) -> Result<Restored, StoreError> {
    let making = dir.join(RECEIVING[1]);
    files::remove_dir_if_there(&making)?;
    let checked = unpack(file, path, &making).and_then(|head| checked(&making, head, now));
    let restored = checked.inspect_err(|_| {
        // What stays of it is removed at the next opening.
        let _ = files::remove_dir_if_there(&making);
    })?;
    let place = dir.join(restored::WAITING);
    files::remove_dir_if_there(&place)?;
    // After an error it may have its new name all the same.
    files::rename(&making, &place).map_err(|error| taken_back(dir, error))?;
    Ok(restored)
}

/// The checksum of the last commit in a backup, as its first line has it.
pub(in crate::store) fn stated(path: &Path) -> Result<String, StoreError> {
    let file = File::open(path).doing("open", path)?;
    Ok(first_line(path, &file)?.sum)
}

fn first_line(path: &Path, file: &File) -> Result<HeadV1, StoreError> {
    let mut first = Vec::new();
    let read = BufReader::new(file).take(LONGEST).read_until(b'\n', &mut first);
    read.doing("read", path)?;
    let HeadLineV1 { backup } = parsed(&first)?;
    Ok(backup)
}

/// Reads a backup through: it ends with the checksum of all that stands before.
pub(in crate::store) fn read_through(file: File, path: &Path) -> Result<(), StoreError> {
    let (reader, hash) = (BufReader::new(file), Sha256::new());
    let mut source = Source { reader, path: path.to_owned(), hash };
    let first = source.line()?;
    source.hash.update(&first);
    loop {
        let line = source.line()?;
        if line.starts_with(br#"{"end""#) {
            return source.ends_with(&line);
        }
        source.hash.update(&line);
        let FileLineV1 { file: _, bytes } = parsed(&line)?;
        source.copy(bytes, path, &mut std::io::sink())?;
    }
}

/// The id of the store that a backup is of, from its first line.
pub(in crate::store) fn id_of(path: &Path, mut file: &File) -> Result<String, StoreError> {
    let backup = first_line(path, file)?;
    file.rewind().doing("read", path)?;
    let id = backup.store.get("id").and_then(serde_json::Value::as_str);
    id.map(str::to_owned).ok_or_else(|| no("it does not say of which store it is"))
}

/// Puts a backup in the place of the store in `dir`, which no daemon has open, and which may be
/// damaged or missing. `path` is the backup's name for messages.
///
/// # Errors
///
/// [`StoreError::NoBackup`] where it is no whole backup, [`StoreError::InUse`] while a daemon runs,
/// and those of the disk. Then the store is as it was; only where the disk fails while files take
/// each other's places, the next opening completes it ([`StoreError::NotTakenBack`]).
pub(in crate::store) fn offline(
    dir: &Path,
    file: File,
    path: &Path,
    now: DateTime<Utc>,
) -> Result<(Restored, Option<PathBuf>), StoreError> {
    files::create_dir(dir)?;
    let _lock = Lock::take(dir, PATIENCE)?;
    let prepared = prepare_file(dir, file, path, now)?;
    // Nothing has moved yet.
    restored::may_finish(dir).map_err(|error| taken_back(dir, error))?;
    let finished = restored::finish(dir, now).map_err(|error| {
        let source = Box::new(error);
        StoreError::NotTakenBack { what: RESTORE, source }
    })?;
    Ok((prepared, finished))
}

/// The failure of a restore that waits, and is not to be carried out later.
fn taken_back(dir: &Path, error: StoreError) -> StoreError {
    error.taken_back(RESTORE, restored::withdraw(dir))
}

/// Unpacks a backup into a folder that is not there yet.
fn unpack(file: File, path: &Path, into: &Path) -> Result<HeadV1, StoreError> {
    let (reader, hash) = (BufReader::new(file), Sha256::new());
    let mut source = Source { reader, path: path.to_owned(), hash };
    let first = source.line()?;
    let HeadLineV1 { backup: head } = parsed(&first)?;
    if head.format > backup::FORMAT {
        return Err(StoreError::Newer { format: head.format });
    }
    source.hash.update(&first);
    files::create_dir(into)?;
    let ledger = into.join("ledger");
    files::create_dir(&ledger)?;
    loop {
        let line = source.line()?;
        if line.starts_with(br#"{"end""#) {
            source.ends_with(&line)?;
            break;
        }
        source.hash.update(&line);
        let FileLineV1 { file: name, bytes } = parsed(&line)?;
        if !segment::is_name(&name) {
            return Err(no(format!("it names the file {name:?}")));
        }
        let to = ledger.join(name);
        let mut target = files::create_new(&to)?;
        source.copy(bytes, &to, &mut target)?;
        target.sync().doing("sync", &to)?;
    }
    files::sync_dir(&ledger)?;
    // What the backup says of itself is the witness of what it must have, if only that it has nothing.
    let hash = ChainHash::parse(head.sum.as_bytes()).ok_or_else(|| no("its checksum is none"))?;
    let id = head.store.get("id").and_then(serde_json::Value::as_str).unwrap_or_default();
    let end = ChainHead { seq: head.commits, hash };
    head::write(&ledger, &HeadRecord { store: id.to_owned(), head: end, closed: true })?;
    let mut store = head.store.to_string();
    store.push('\n');
    files::replace(&into.join("store.json"), store.as_bytes())?;
    // This program has written it, so that opening it keeps no copy.
    upgrade_backup::note(into)?;
    Ok(head)
}

/// A backup that is read.
struct Source {
    reader: BufReader<File>,
    path: PathBuf,
    hash: Sha256,
}

impl Source {
    fn line(&mut self) -> Result<Vec<u8>, StoreError> {
        let mut line = Vec::new();
        let read = self.reader.by_ref().take(LONGEST).read_until(b'\n', &mut line);
        read.doing("read", &self.path)?;
        if line.last() != Some(&b'\n') {
            return Err(no("the file is cut off, or is not a backup"));
        }
        Ok(line)
    }

    /// Whether the last line has the checksum of all that stands before it.
    fn ends_with(&mut self, line: &[u8]) -> Result<(), StoreError> {
        let EndLineV1 { end } = parsed(line)?;
        if end.sha256 != backup::hex(std::mem::take(&mut self.hash)) {
            return Err(no("the checksum does not match: the file was changed or damaged"));
        }
        match self.reader.fill_buf().doing("read", &self.path)? {
            [] => Ok(()),
            _ => Err(no("there is data behind its end")),
        }
    }

    fn copy(
        &mut self,
        bytes: u64,
        to: &Path,
        file: &mut dyn std::io::Write,
    ) -> Result<(), StoreError> {
        let (mut left, mut buffer) = (bytes, vec![0; 256 << 10]);
        while left > 0 {
            let most = buffer.len().min(usize::try_from(left).unwrap_or(buffer.len()));
            let read = self.reader.read(&mut buffer[..most]).doing("read", &self.path)?;
            if read == 0 {
                return Err(no("the file is cut off"));
            }
            self.hash.update(&buffer[..read]);
            file.write_all(&buffer[..read]).doing("write", to)?;
            left -= read as u64;
        }
        Ok(())
    }
}

/// Opens what was unpacked, which follows the chain and builds the index, and closes it again.
fn checked(dir: &Path, head: HeadV1, now: DateTime<Utc>) -> Result<Restored, StoreError> {
    let opened = open::open(dir, now, Settings::default());
    let (parts, opening) = opened.map_err(|error| match error {
        // It is the backup that is damaged, not a store.
        StoreError::Damaged { why, .. } => no(why),
        StoreError::Emptied { .. } => no("its ledger is empty"),
        other => other,
    })?;
    let built = |finding: &Finding| matches!(finding, Finding::IndexRebuilt { kept: None, .. });
    if let Some(finding) = opening.findings.iter().find(|finding| !built(finding)) {
        return Err(no(format!("{finding}")));
    }
    let core = Core::new(parts.ledger_dir, parts.past, parts.index);
    let is = present::head(&core);
    if (is.seq, &is.sum) != (head.commits, &head.sum) {
        return Err(no(format!("the file ends at commit {}, but says {}", is.seq, head.commits)));
    }
    let contracts = present::all_contracts(&core)?.len() as u64;
    core.index.flush()?;
    // The opening cannot know that nothing comes behind it; the backup says so.
    let record = HeadRecord { store: parts.id.clone(), head: core.index.meta().head, closed: true };
    head::write(&core.ledger_dir, &record)?;
    let store = parts.id;
    Ok(Restored { at: head.at, commits: head.commits, contracts, store })
}

fn parsed<T: DeserializeOwned>(line: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(line).map_err(|error| no(line::why_unread(&error)))
}

fn no(why: impl Into<String>) -> StoreError {
    StoreError::NoBackup(why.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    use crate::store::Store;
    use crate::store::open::restored::PARTS;
    use crate::store::testing::{Answers, Place, at, fill, names};

    fn text_of(store: &Store) -> String {
        let mut backup = store.backup(at(30)).expect("begun");
        std::iter::from_fn(|| backup.piece().expect("read")).collect()
    }

    fn restore(store: &Store, text: &str) -> Result<Restored, StoreError> {
        let (one, other) = text.split_at(text.len() / 2);
        let there = store.receive(0, one)?;
        store.receive(there, other)?;
        store.restore(at(40))
    }

    #[test]
    fn a_backup_of_many_segments_and_one_after_a_pruning_come_back_whole() {
        for pruned in [false, true] {
            let (place, _) = Place::filled(0);
            let (store, _) = place.open_small();
            fill(&store, 12);
            if pruned {
                store.prune_blocking(at(6), false).expect("pruned");
            }
            let (answers, text) = (Answers::of(&store), text_of(&store));
            fill(&store, 3);
            let later = Answers::of(&store);
            let restored = restore(&store, &text).expect("restored");
            assert_eq!((restored.commits, store.head().seq), (12, 15));
            assert_eq!(Answers::of(&store), later, "nothing changes before the next opening");
            drop(store);

            let (store, opening) = place.open();
            let [Finding::Restored { kept }] = &opening.findings[..] else { panic!("{opening:?}") };
            assert_eq!(Answers::of(&store), answers);
            assert_eq!(store.check().expect("checked").faults, [""; 0]);
            let (before, _) = Store::open(kept, at(50)).expect("the old one opens");
            assert_eq!(Answers::of(&before), later);
            drop(store);
            assert!(!names(&place.dir()).iter().any(|name| name.starts_with("resto")));
        }
    }

    #[test]
    fn a_backup_of_an_empty_store_comes_back_too() {
        let (place, _) = Place::filled(0);
        let (store, _) = place.open();
        let text = text_of(&store);
        fill(&store, 2);
        assert_eq!(restore(&store, &text).expect("restored").commits, 0);
        drop(store);
        let (store, opening) = place.open();
        assert!(matches!(opening.findings[..], [Finding::Restored { .. }]), "{opening:?}");
        assert_eq!(store.head().seq, 0);
    }

    #[test]
    fn what_is_no_whole_backup_changes_nothing() {
        let (place, answers) = Place::filled(5);
        let (store, _) = place.open();
        let good = text_of(&store);
        let half = &good[..good.len() / 2];
        let changed = good.replacen("notes 3", "notes 4", 1);
        let elsewhere = good.replacen("000000000001.jsonl", "../../0000000001.jsonl", 1);
        let lies = good.replacen("\"commits\":5", "\"commits\":4", 1);
        let (unended, longer) = (&good[..good.len() - 1], format!("{good}\n"));
        for bad in ["", "x", "{}\n", "x\n", half, &changed, &elsewhere, &lies, unended, &longer] {
            let error = restore(&store, bad).expect_err("no backup");
            assert!(matches!(error, StoreError::NoBackup(_)), "{error}");
            assert!(!error.to_string().contains("column"), "no words of a parser: {error}");
        }
        assert!(matches!(store.receive(7, "x"), Err(StoreError::NoBackup(_))), "out of order");
        drop(store);
        let (store, opening) = place.open();
        // What was left of the last try is removed, and told.
        assert!(matches!(opening.findings[..], [Finding::LeftoversRemoved(_)]), "{opening:?}");
        assert!(!names(&place.dir()).iter().any(|name| name.starts_with("resto")));
        assert_eq!(Answers::of(&store), answers);
    }

    #[test]
    fn what_failed_or_was_cut_short_is_never_carried_out_later() {
        let (place, answers) = Place::filled(5);
        let (store, _) = place.open();
        let text = text_of(&store);
        fill(&store, 2);
        let later = Answers::of(&store);
        restore(&store, &text).expect("restored");
        // As after an error of the last step, which leaves the name behind.
        crate::store::open::restored::withdraw(&place.dir()).expect("withdrawn");
        drop(store);
        for name in ["restoring", "checking", "backups/daily-2027-01-01.jsonl.new"] {
            fs::create_dir(place.dir().join(name)).expect("made");
        }
        let (store, opening) = place.open();
        let [Finding::LeftoversRemoved(removed)] = &opening.findings[..] else {
            panic!("{opening:?}")
        };
        assert_eq!(removed.len(), 3, "{removed:?}");
        assert!(!opening.is_damage());
        assert_eq!(Answers::of(&store), later);
        assert_ne!(later, answers);
    }

    #[test]
    fn a_crash_between_any_two_steps_is_completed() {
        for moved in 0..PARTS.len() {
            let (place, _) = Place::filled(5);
            let (store, _) = place.open();
            let answers = Answers::of(&store);
            let text = text_of(&store);
            fill(&store, 2);
            restore(&store, &text).expect("restored");
            drop(store);
            let dir = place.dir();
            fs::create_dir(dir.join("before")).expect("made");
            for part in &PARTS[..moved] {
                fs::rename(dir.join(part), dir.join("before").join(part)).expect("moved");
                fs::rename(dir.join("restored").join(part), dir.join(part)).expect("moved");
            }
            let (store, opening) = place.open();
            assert!(matches!(opening.findings[..], [Finding::Restored { .. }]), "{opening:?}");
            assert_eq!(Answers::of(&store), answers, "{moved}");
        }
    }
}
