//! `store.json`: which store this is, and in which format.
//!
//! | format | what a store in it may have | since |
//! |---|---|---|
//! | 1 | contracts, clients, marks, runs | the first version |
//! | 2 | memos besides: what guards hold, and pauses | the first memo that is stored |
//!
//! A store stays in format 1 until its first memo, so that an earlier program can still be gone back
//! to. From then on such a program refuses it by name: it would overlook a pause.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::convert;
use super::error::{Doing, StoreError};
use super::files;

/// The format of a new store, and of a base, which says by its lines what it has.
pub(super) const FORMAT: u64 = 1;

/// The format of a store that may have memos, and the newest that this program reads.
const WITH_MEMOS: u64 = 2;

/// Stored state: the content of `store.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentityV1 {
    format: u64,
    id: String,
    created: String,
}

/// An id for a new store.
pub(super) fn new_id() -> String {
    format!("{:032x}", fastrand::u128(..))
}

/// Writes `store.json`. It is the last thing that is made of a new store, so where it is, the rest
/// was once whole.
pub(super) fn write(
    dir: &Path,
    id: &str,
    memos: bool,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let created = convert::moment_text(now);
    let format = if memos { WITH_MEMOS } else { FORMAT };
    put(dir, &IdentityV1 { format, id: id.to_owned(), created })
}

/// Says that the store may have memos. Call it before one is stored.
pub(super) fn raise(dir: &Path) -> Result<(), StoreError> {
    match whole(dir)? {
        Some(identity) if identity.format < WITH_MEMOS => {
            put(dir, &IdentityV1 { format: WITH_MEMOS, ..identity })
        }
        // One that was taken away is made anew at the next start, by what there is then.
        Some(_) | None => Ok(()),
    }
}

fn put(dir: &Path, identity: &IdentityV1) -> Result<(), StoreError> {
    let mut text =
        serde_json::to_vec(identity).map_err(|error| StoreError::Unstorable(error.to_string()))?;
    text.push(b'\n');
    files::replace(&dir.join("store.json"), &text)
}

/// Reads the store's id; none where there is no `store.json`.
pub(super) fn read(dir: &Path) -> Result<Option<String>, StoreError> {
    Ok(whole(dir)?.map(|identity| identity.id))
}

fn whole(dir: &Path) -> Result<Option<IdentityV1>, StoreError> {
    let path = dir.join("store.json");
    let text = match fs::read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        read => read.doing("read", &path)?,
    };
    let damaged = |error: serde_json::Error| StoreError::Damaged {
        file: path.clone(),
        line: 1,
        why: format!("{error}; move the file away, and it is made anew"),
    };
    // The format first: a newer one may have other fields.
    let any: serde_json::Value = serde_json::from_slice(&text).map_err(damaged)?;
    match any.get("format").and_then(serde_json::Value::as_u64) {
        Some(format) if format > WITH_MEMOS => Err(StoreError::Newer { format }),
        _ => serde_json::from_slice(&text).map(Some).map_err(damaged),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_stays_and_a_newer_format_is_refused_by_name() {
        let dir = tempfile::tempdir().expect("a folder");
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(read(dir.path()).expect("read"), None);
        raise(dir.path()).expect("nothing to do");
        write(dir.path(), "an id", false, now).expect("written");
        assert_eq!(read(dir.path()).expect("read").as_deref(), Some("an id"));
        let text = || fs::read_to_string(dir.path().join("store.json")).expect("read");
        let first = text();
        assert!(first.contains(r#""format":1"#), "{first}");
        raise(dir.path()).expect("raised");
        assert_eq!(text(), first.replace(r#""format":1"#, r#""format":2"#));
        assert_eq!(read(dir.path()).expect("read").as_deref(), Some("an id"));

        let newer = br#"{"format":3,"id":"x","realm":"later programs know"}"#;
        fs::write(dir.path().join("store.json"), newer).expect("written");
        let error = read(dir.path()).expect_err("newer");
        assert!(matches!(error, StoreError::Newer { format: 3 }));

        fs::write(dir.path().join("store.json"), b"{").expect("written");
        let error = read(dir.path()).expect_err("torn");
        assert!(matches!(error, StoreError::Damaged { line: 1, .. }), "{error}");
    }
}
