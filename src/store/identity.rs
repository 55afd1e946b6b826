//! `store.json`: which store this is, and in which format.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::convert;
use super::error::{Doing, StoreError};
use super::files;

/// The format that this program writes.
pub(super) const FORMAT: u64 = 1;

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
pub(super) fn write(dir: &Path, id: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
    let created = convert::moment_text(now);
    let identity = IdentityV1 { format: FORMAT, id: id.to_owned(), created };
    let mut text =
        serde_json::to_vec(&identity).map_err(|error| StoreError::Unstorable(error.to_string()))?;
    text.push(b'\n');
    files::replace(&dir.join("store.json"), &text)
}

/// Reads the store's id; none where there is no `store.json`.
pub(super) fn read(dir: &Path) -> Result<Option<String>, StoreError> {
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
        Some(format) if format > FORMAT => Err(StoreError::Newer { format }),
        _ => {
            let identity: IdentityV1 = serde_json::from_slice(&text).map_err(damaged)?;
            Ok(Some(identity.id))
        }
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
        write(dir.path(), "an id", now).expect("written");
        assert_eq!(read(dir.path()).expect("read").as_deref(), Some("an id"));

        let newer = br#"{"format":2,"id":"x","realm":"later programs know"}"#;
        fs::write(dir.path().join("store.json"), newer).expect("written");
        let error = read(dir.path()).expect_err("newer");
        assert!(matches!(error, StoreError::Newer { format: 2 }));

        fs::write(dir.path().join("store.json"), b"{").expect("written");
        let error = read(dir.path()).expect_err("torn");
        assert!(matches!(error, StoreError::Damaged { line: 1, .. }), "{error}");
    }
}
