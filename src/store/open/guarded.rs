//! Opening the index under guard, so that a damaged one neither stops nor deceives the daemon.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::model::{duration_text, error_chain};
use crate::store::error::StoreError;
use crate::store::files;
use crate::store::index::panic_guard::{self, GuardError};
use crate::store::index::{Index, sled_repair};

/// Opens the index, or tells why it cannot be used. An error is one of the machine, such as a full
/// disk, which says nothing about the index.
pub(super) fn open_index(
    index_dir: &Path,
    store: &str,
    deadline: Duration,
    now: DateTime<Utc>,
) -> Result<Result<Index, String>, StoreError> {
    if !index_dir.exists() {
        return Ok(Err("there was none".to_owned()));
    }
    let (dir, id) = (index_dir.to_owned(), store.to_owned());
    let opened = panic_guard::within(deadline, move || {
        sled_repair::before(&dir)?;
        Index::open(&dir, &id)
    });
    match opened {
        Ok(Ok(index)) => Ok(Ok(index)),
        Ok(Err(error)) if is_of_the_machine(&error) => Err(error),
        Ok(Err(error)) => Ok(Err(error_chain(&error))),
        Err(GuardError::Panicked(message)) => {
            Ok(Err(format!("opening the index panicked: {message}")))
        }
        Err(GuardError::Hung) => {
            // The thread may still write into that folder, so nothing new may be put there by this
            // process; the next start finds no index and builds it.
            let kept = files::move_aside(index_dir, "bad", now)?;
            Err(StoreError::index(format!(
                "opening the index did not finish within {}; the index was moved to {}: start the \
                 daemon again, and the index is rebuilt from the ledger",
                duration_text(deadline),
                kept.display()
            )))
        }
    }
}

/// Whether an error tells of the machine and not of the index.
fn is_of_the_machine(error: &StoreError) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        let io = match error.downcast_ref::<sled::Error>() {
            Some(sled::Error::Io(io)) => Some(io),
            _ => error.downcast_ref::<std::io::Error>(),
        };
        if let Some(io) = io {
            return matches!(
                io.kind(),
                ErrorKind::StorageFull
                    | ErrorKind::QuotaExceeded
                    | ErrorKind::FileTooLarge
                    | ErrorKind::PermissionDenied
                    | ErrorKind::ReadOnlyFilesystem
                    | ErrorKind::OutOfMemory
            ) || matches!(io.raw_os_error(), Some(23 | 24)); // ENFILE, EMFILE: too many open files
        }
        cause = error.source();
    }
    false
}
