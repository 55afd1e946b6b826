//! The end of the ledger, made good before anything is written after it: a torn line is cut, and the
//! last lines are put on the disk once more.

use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use chrono::{DateTime, Utc};

use super::opening::{Extent, Finding};
use crate::store::error::{Doing, StoreError};
use crate::store::file_system::OpenFile;
use crate::store::files;
use crate::store::log::segment::{self, LogPosition};
use crate::store::log::survey::CorruptRecord;

/// Cuts a torn line, after putting a copy of it beside the file.
pub(super) fn cut(
    ledger: &Path,
    bad: &CorruptRecord,
    extent: Extent,
    now: DateTime<Utc>,
) -> Result<Finding, StoreError> {
    let path = &bad.file;
    let mut file = OpenFile::edit(path).doing("open", path)?;
    let mut torn = Vec::new();
    file.seek(SeekFrom::Start(bad.position.offset)).doing("read", path)?;
    file.read_to_end(&mut torn).doing("read", path)?;
    let place = files::aside(path, "torn", now);
    // A full disk must not keep the store from opening over a copy of what was never stored.
    let copied = files::create_new(&place).and_then(|mut copy| {
        copy.write_all(&torn).and_then(|()| copy.sync()).doing("write", &place)
    });
    if copied.is_err() {
        let _ = files::remove_if_there(&place);
    }
    file.cut(bad.position.offset).doing("cut", path)?;
    file.sync().doing("sync", path)?;
    files::sync_dir(ledger)?;
    let kept = copied.is_ok().then_some(place);
    Ok(Finding::TornLineCut { file: path.clone(), bytes: torn.len() as u64, kept, extent })
}

/// Writes the last lines again as they are, and syncs them. If their sync had failed, the kernel may
/// hold them in memory as clean though they never reached the disk.
pub(super) fn write_again(
    ledger: &Path,
    from: LogPosition,
    to: LogPosition,
) -> Result<(), StoreError> {
    if from.segment != to.segment || from.offset >= to.offset {
        return Ok(());
    }
    let path = segment::path(ledger, from.segment);
    let mut file = OpenFile::edit(&path).doing("open", &path)?;
    file.seek(SeekFrom::Start(from.offset)).doing("read", &path)?;
    let mut lines = vec![0; (to.offset - from.offset) as usize];
    file.read_exact(&mut lines).doing("read", &path)?;
    file.seek(SeekFrom::Start(from.offset)).doing("write", &path)?;
    file.write_all(&lines).doing("write", &path)?;
    file.sync().doing("sync", &path)
}
