//! Putting sled's folder in order before and after it is opened.
//!
//! sled writes a snapshot while it opens and does not sync what it creates; a kill or a power cut
//! at the wrong moment leaves a folder that it never opens again. What it leaves behind is known,
//! and is put right here.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::store::error::{Doing, StoreError};
use crate::store::file_system::FILE_MODE;
use crate::store::files;

/// What sled's `conf` holds with the settings of `index`; sled wants the crc32 behind it.
const CONF: &[u8] = b"segment_size: 524288\nuse_compression: false\nversion: 0.34\n";

/// Before opening: unfinished snapshots go, and `conf` is written again if it is torn.
pub(in crate::store) fn before(dir: &Path) -> Result<(), StoreError> {
    let mut removed = false;
    for entry in fs::read_dir(dir).doing("list", dir)? {
        let entry = entry.doing("list", dir)?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            files::remove_if_there(&entry.path())?;
            removed = true;
        }
    }
    if removed {
        files::sync_dir(dir)?;
    }
    let (conf, db) = (dir.join("conf"), dir.join("db"));
    let right = [CONF, &crc32fast::hash(CONF).to_le_bytes()].concat();
    if db.exists() && fs::read(&conf).ok().as_deref() != Some(&right[..]) {
        files::replace(&conf, &right)?;
    }
    Ok(())
}

/// After opening: what sled created becomes private, as the folder is, and durable.
pub(in crate::store) fn after(dir: &Path) -> Result<(), StoreError> {
    for entry in fs::read_dir(dir).doing("list", dir)? {
        let path = entry.doing("list", dir)?.path();
        if path.is_file() {
            // sled may rename a file meanwhile, and the folder keeps others out all the same.
            let _ = fs::set_permissions(&path, Permissions::from_mode(FILE_MODE));
        }
    }
    let conf = dir.join("conf");
    File::open(&conf).and_then(|file| file.sync_all()).doing("sync", &conf)?;
    files::sync_dir(&dir.join("blobs"))?;
    files::sync_dir(dir)?;
    files::sync_parent(dir)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::index::open_sled;

    #[test]
    fn sled_itself_writes_the_conf_that_is_written_here() {
        let dir = tempfile::tempdir().expect("a folder");
        drop(open_sled(dir.path()).expect("a new one opens"));
        let by_sled = fs::read(dir.path().join("conf")).expect("there");
        fs::write(dir.path().join("conf"), b"segm").expect("torn");
        before(dir.path()).expect("tidied");
        assert_eq!(fs::read(dir.path().join("conf")).expect("there"), by_sled);
    }

    #[test]
    fn a_folder_that_sled_left_half_done_opens() {
        let dir = tempfile::tempdir().expect("a folder");
        let db = open_sled(dir.path()).expect("a new one opens");
        db.insert(b"key", b"value").expect("inserted");
        drop(db);
        let half = dir.path().join("snap.0000000000000007.generating");
        fs::write(&half, b"half of a snapshot").expect("written");
        fs::write(dir.path().join("conf"), b"").expect("torn");
        before(dir.path()).expect("tidied");
        assert!(!half.exists());
        let db = open_sled(dir.path()).expect("opens again");
        assert_eq!(db.get(b"key").expect("read").as_deref(), Some(&b"value"[..]));
        after(dir.path()).expect("synced");
        let mode = |name| {
            let file = fs::metadata(dir.path().join(name)).expect("there");
            file.permissions().mode() & 0o777
        };
        assert_eq!((mode("db"), mode("conf")), (0o600, 0o600));
    }
}
