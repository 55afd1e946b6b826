//! `store.json`: which store this is, and in which format.
//!
//! | format | what a store in it may have | since |
//! |---|---|---|
//! | 1 | contracts, clients, item flags, runs | the first version |
//! | 2 | held changes and pauses besides | the first of either that is stored |
//! | 3 | contracts that say how they are billed | the first such contract that is stored |
//! | 4 | lines that tell of many runs which found nothing to do | the first such line |
//!
//! A store stays in the least format that holds what it has, so that an earlier program can still
//! be gone back to. From then on such a program refuses it by name: it would overlook a pause, or
//! take a contract for damaged, or a line of its ledger.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::convert;
use super::line;
use super::v1::ContractV1;
use crate::model::Field;
use crate::store::error::{Doing, StoreError};
use crate::store::files;

/// The format of a new store, and of a base, which says by its lines what it has.
pub(in crate::store) const FORMAT: u64 = 1;

/// The format of a store that may have held changes and pauses.
pub(in crate::store) const WITH_HOLDS_AND_PAUSES: u64 = 2;

/// The format of a store that may have contracts which say how they are billed.
pub(in crate::store) const WITH_BILLING: u64 = 3;

/// The format of a store that may have lines of many quiet runs, and the newest that this program
/// reads.
pub(in crate::store) const WITH_QUIET_RUNS: u64 = 4;

/// The fields of contracts that an earlier program does not know.
const OF_BILLING: Field = Field::Billing;

/// The format that a contract needs.
pub(in crate::store) fn needed_by(contract: &ContractV1) -> u64 {
    let is_new = contract.source.iter().any(|(name, _)| name == OF_BILLING.name());
    if is_new { WITH_BILLING } else { FORMAT }
}

/// Stored state: the content of `store.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentityV1 {
    format: u64,
    id: String,
    created: String,
}

/// An id for a new store.
pub(in crate::store) fn new_id() -> String {
    format!("{:032x}", fastrand::u128(..))
}

/// Writes `store.json`. It is the last thing that is made of a new store, so where it is, the rest
/// was once whole.
pub(in crate::store) fn write(
    dir: &Path,
    id: &str,
    format: u64,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let created = convert::moment_text(now);
    put(dir, &IdentityV1 { format, id: id.to_owned(), created })
}

/// Says that the store may have what this format has. Call it before that is stored.
pub(in crate::store) fn raise(dir: &Path, format: u64) -> Result<(), StoreError> {
    match whole(dir)? {
        Some(identity) if identity.format < format => put(dir, &IdentityV1 { format, ..identity }),
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
pub(in crate::store) fn read(dir: &Path) -> Result<Option<String>, StoreError> {
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
        why: format!("{}; move the file away, and a new one is written", line::why_unread(&error)),
    };
    // The format first: a newer one may have other fields.
    let any: serde_json::Value = serde_json::from_slice(&text).map_err(damaged)?;
    match any.get("format").and_then(serde_json::Value::as_u64) {
        Some(format) if format > WITH_QUIET_RUNS => Err(StoreError::Newer { format }),
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
        raise(dir.path(), WITH_HOLDS_AND_PAUSES).expect("nothing to do");
        write(dir.path(), "an id", FORMAT, now).expect("written");
        assert_eq!(read(dir.path()).expect("read").as_deref(), Some("an id"));
        let text = || fs::read_to_string(dir.path().join("store.json")).expect("read");
        let first = text();
        assert!(first.contains(r#""format":1"#), "{first}");
        for format in [WITH_HOLDS_AND_PAUSES, WITH_QUIET_RUNS, WITH_BILLING] {
            raise(dir.path(), format).expect("raised");
            let now = text();
            let least = format!(r#""format":{format}"#);
            assert!(now.contains(&least) || now.contains(r#""format":4"#), "{now}");
        }
        assert_eq!(text(), first.replace(r#""format":1"#, r#""format":4"#), "it never falls");
        assert_eq!(read(dir.path()).expect("read").as_deref(), Some("an id"));

        let newer = br#"{"format":5,"id":"x","realm":"later programs know"}"#;
        fs::write(dir.path().join("store.json"), newer).expect("written");
        let error = read(dir.path()).expect_err("newer");
        assert!(matches!(error, StoreError::Newer { format: 5 }));

        fs::write(dir.path().join("store.json"), b"{").expect("written");
        let error = read(dir.path()).expect_err("torn");
        assert!(matches!(error, StoreError::Damaged { line: 1, .. }), "{error}");
        assert!(error.to_string().contains("line 1: it is cut off; move the file away"), "{error}");
    }
}
