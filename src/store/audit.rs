//! The audit trail: who had the daemon do what, beside the ledger.
//!
//! A commit in the ledger names its actor, too. But a pruning folds the ledger, a restore replaces it,
//! and a reload or a backup is no commit; and a line of a kind that an earlier version does not know
//! would keep that version from opening the store. So acts have a file of their own, which nothing
//! folds or replaces, and which an earlier version leaves alone.
//!
//! ```text
//! {"v":1,"act":7,"at":"…","uid":1000,"user":"alice","pid":4711,"method":"Daemon.Reload","what":""}
//! {"v":1,"ended":7,"result":"ok"}
//! ```
//!
//! The first line is on the disk before the act begins, so that a daemon that ends meanwhile leaves a
//! trace of it. A line that cannot be read is counted and left alone.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::error::{Doing, StoreError};
use super::file_system::OpenFile;
use super::files;
use super::format::convert::{moment, moment_text};
use crate::model::{Act, ActRecord, Actor};

/// At how many bytes the file is put aside for a new one, in the place of the one before: some
/// hundred thousand acts, whose commits the ledger still has.
const FULL: u64 = 16 << 20;

/// The audit trail of a store.
#[derive(Debug)]
pub(super) struct AuditTrail {
    path: PathBuf,
    full: u64,
    /// None until the first act.
    open: Mutex<Option<Open>>,
}

#[derive(Debug)]
struct Open {
    file: OpenFile,
    bytes: u64,
    /// The number of the next act.
    next: u64,
    /// Whether what stands at the end may be no whole line.
    is_torn: bool,
}

/// Stored state: a line, which is one of the two.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LineV1 {
    v: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    act: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uid: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pid: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    what: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    result: Option<String>,
}

const NOTHING: LineV1 = LineV1 {
    v: 1,
    act: None,
    at: None,
    uid: None,
    user: None,
    pid: None,
    method: None,
    what: None,
    ended: None,
    result: None,
};

impl AuditTrail {
    /// That of the store in this folder; nothing is opened before it is needed.
    pub(super) fn of(dir: &Path) -> AuditTrail {
        AuditTrail { path: dir.join("audit.jsonl"), full: FULL, open: Mutex::default() }
    }

    /// Notes that an act begins, durably, and gives its number.
    pub(super) fn begin(&self, act: &Act) -> Result<u64, StoreError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.as_ref().is_some_and(|open| open.bytes >= self.full) {
            *open = None;
            files::rename(&self.path, &self.earlier())?;
        }
        let trail = self.ready(&mut open)?;
        let number = trail.next;
        // Also where writing fails: no two acts have one number.
        trail.next += 1;
        let Act { at, actor: Actor { uid, name, pid }, method, what } = act;
        let line = LineV1 {
            act: Some(number),
            at: Some(moment_text(*at)),
            uid: *uid,
            user: Some(name.clone()),
            pid: *pid,
            method: Some(method.clone()),
            what: Some(what.clone()),
            ..NOTHING
        };
        trail.append(&line, &self.path)?;
        trail.file.sync().doing("sync", &self.path).inspect_err(|_| {
            // What the kernel could not write may be there as zeros.
            trail.is_torn = true;
        })?;
        Ok(number)
    }

    /// Notes how an act ended: `ok`, or a code.
    pub(super) fn end(&self, number: u64, result: &str) -> Result<(), StoreError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let trail = self.ready(&mut open)?;
        let line = LineV1 { ended: Some(number), result: Some(result.to_owned()), ..NOTHING };
        trail.append(&line, &self.path)
    }

    /// Every act that is known, the oldest first, and how many lines cannot be read.
    pub(super) fn read(&self) -> Result<(Vec<ActRecord>, u64), StoreError> {
        let (mut acts, mut unreadable) = (BTreeMap::new(), 0);
        for path in [&self.earlier(), &self.path] {
            let file = match File::open(path) {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                file => file.doing("open", path)?,
            };
            for line in BufReader::new(file).split(b'\n') {
                if note(&mut acts, &line.doing("read", path)?).is_none() {
                    unreadable += 1;
                }
            }
        }
        Ok((acts.into_values().collect(), unreadable))
    }

    /// The file before this one.
    fn earlier(&self) -> PathBuf {
        files::with_suffix(&self.path, ".1")
    }

    /// The file, which is opened where it is not.
    fn ready<'a>(&self, open: &'a mut Option<Open>) -> Result<&'a mut Open, StoreError> {
        Ok(match open {
            Some(trail) => trail,
            none => none.insert(self.opened()?),
        })
    }

    fn opened(&self) -> Result<Open, StoreError> {
        let (acts, _) = self.read()?;
        let next = acts.last().map_or(1, |last| last.number + 1);
        let mut file = OpenFile::append(&self.path).doing("open", &self.path)?;
        // Also of one that is there: the name of one that was made before may not be durable.
        files::sync_parent(&self.path)?;
        let mut bytes = file.as_file().metadata().doing("look at", &self.path)?.len();
        // A line that was cut short stays one, and the next begins behind it.
        let mut last = [b'\n'];
        if bytes > 0 {
            file.seek(SeekFrom::End(-1)).doing("read", &self.path)?;
            file.read_exact(&mut last).doing("read", &self.path)?;
        }
        if last != [b'\n'] {
            file.write_all(b"\n").doing("write", &self.path)?;
            bytes += 1;
        }
        Ok(Open { file, bytes, next, is_torn: false })
    }
}

impl Open {
    fn append(&mut self, line: &LineV1, path: &Path) -> Result<(), StoreError> {
        let mut text = serde_json::to_vec(line)
            .map_err(|error| StoreError::Unstorable(format!("an act cannot be noted: {error}")))?;
        text.push(b'\n');
        if self.is_torn {
            text.insert(0, b'\n');
        }
        self.is_torn = true;
        self.file.write_all(&text).doing("write", path)?;
        self.is_torn = false;
        self.bytes += text.len() as u64;
        Ok(())
    }
}

/// Adds what a line says; none where it cannot be read.
fn note(acts: &mut BTreeMap<u64, ActRecord>, line: &[u8]) -> Option<()> {
    let line: LineV1 = serde_json::from_slice(line).ok()?;
    if let (Some(number), Some(result)) = (line.ended, line.result) {
        // The act itself may stand in a file that is gone.
        if let Some(record) = acts.get_mut(&number) {
            record.result = Some(result);
        }
        return Some(());
    }
    let number = line.act?;
    let actor = Actor { uid: line.uid, name: line.user?, pid: line.pid };
    let at = moment(&line.at?).ok()?;
    let act = Act { at, actor, method: line.method?, what: line.what? };
    acts.insert(number, ActRecord { number, act, result: None });
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn act(method: &str) -> Act {
        Act {
            at: DateTime::UNIX_EPOCH,
            actor: Actor { uid: Some(1000), name: "alice".to_owned(), pid: Some(4711) },
            method: method.to_owned(),
            what: "key=A1".to_owned(),
        }
    }

    fn told(trail: &AuditTrail) -> Vec<(u64, String, Option<String>)> {
        let (acts, _) = trail.read().expect("it reads");
        acts.into_iter().map(|one| (one.number, one.act.method, one.result)).collect()
    }

    #[test]
    fn an_act_is_there_before_it_ends_and_after_a_restart() {
        let dir = tempfile::tempdir().expect("a folder");
        let trail = AuditTrail::of(dir.path());
        assert_eq!(told(&trail), []);
        let first = trail.begin(&act("Daemon.Backup")).expect("it is noted");
        assert_eq!(told(&trail), [(1, "Daemon.Backup".to_owned(), None)]);
        trail.end(first, "ok").expect("it is noted");
        assert_eq!(trail.read().expect("it reads").0[0].act, act("Daemon.Backup"));
        // Another life of the daemon goes on with the numbers.
        let trail = AuditTrail::of(dir.path());
        assert_eq!(trail.begin(&act("Daemon.Reload")).expect("it is noted"), 2);
        let ok = Some("ok".to_owned());
        let wanted = [(1, "Daemon.Backup".to_owned(), ok), (2, "Daemon.Reload".to_owned(), None)];
        assert_eq!(told(&trail), wanted);
    }

    #[test]
    fn a_line_that_was_cut_short_costs_nothing_but_itself() {
        let dir = tempfile::tempdir().expect("a folder");
        let trail = AuditTrail::of(dir.path());
        trail.begin(&act("Daemon.Backup")).expect("it is noted");
        let path = dir.path().join("audit.jsonl");
        let whole = std::fs::read(&path).expect("it reads");
        std::fs::write(&path, [&whole[..], br#"{"v":1,"act":2,"at":"19"#].concat()).expect("cut");
        let trail = AuditTrail::of(dir.path());
        trail.begin(&act("Daemon.Reload")).expect("it is noted");
        assert_eq!(told(&trail).len(), 2);
        assert_eq!(trail.read().expect("it reads").1, 1, "one line cannot be read");
    }

    #[test]
    fn a_full_file_is_put_aside_and_still_told_of() {
        let dir = tempfile::tempdir().expect("a folder");
        let trail = AuditTrail { full: 300, ..AuditTrail::of(dir.path()) };
        for _ in 0..5 {
            let number = trail.begin(&act("Contracts.Set")).expect("it is noted");
            trail.end(number, "ok").expect("it is noted");
        }
        let numbers: Vec<u64> = told(&trail).into_iter().map(|(number, ..)| number).collect();
        assert!(numbers.len() >= 2 && numbers.ends_with(&[4, 5]), "{numbers:?}");
        assert!(std::fs::metadata(dir.path().join("audit.jsonl.1")).expect("it").len() < 700);
    }
}
