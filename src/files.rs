//! Files that are replaced whole: a reader, and what comes after a crash, meets the old one or the
//! new one, and nothing between.
//!
//! It knows nothing of what the files hold. Where the new one is written first, what it allows, and
//! whether it must be on the disk before anyone is told, is the caller's to say.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// How a file takes the place of another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Replacement<'a> {
    /// The name of both.
    pub(crate) path: &'a Path,
    /// Where the new one is written, in the same folder. What stands there was left by a writer
    /// that died.
    pub(crate) beside: &'a Path,
    /// What the new one allows.
    pub(crate) mode: Mode,
    /// Whether the new one and its name are on the disk when this is done.
    pub(crate) durable: bool,
}

/// What a file allows, as bits.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mode {
    /// These, without what the umask takes away.
    AtMost(u32),
    /// These, whatever the umask.
    Exactly(u32),
}

/// Writes a new file with `fill` and puts it in the place of what stands under its name. Where that
/// fails, what stands there stays, and nothing is left beside it.
pub(crate) fn replace<E: From<io::Error>>(
    how: Replacement<'_>,
    fill: impl FnOnce(&mut File) -> Result<(), E>,
) -> Result<(), E> {
    let Replacement { path, beside, durable, .. } = how;
    ensure_plain(path)?;
    let placed = written(how, fill).and_then(|()| Ok(fs::rename(beside, path)?));
    if placed.is_err() {
        // What failed is told; that its remains cannot be removed either would only hide it.
        let _ = fs::remove_file(beside);
        return placed;
    }
    if durable {
        File::open(folder_of(path))?.sync_all()?;
    }
    Ok(())
}

/// Refuses to put a file in the place of what is none: of a device, a pipe or a socket, which whoever
/// uses it would miss, or of a link, which leads elsewhere.
pub(crate) fn ensure_plain(path: &Path) -> io::Result<()> {
    let there = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        there => there?.file_type(),
    };
    let what = match () {
        () if there.is_file() => return Ok(()),
        () if there.is_dir() => "a folder",
        () if there.is_symlink() => "a link",
        () if there.is_fifo() => "a pipe",
        () if there.is_socket() => "a socket",
        () => "a device",
    };
    let message = format!("{what} is in the way, and only files are replaced");
    Err(io::Error::new(ErrorKind::InvalidInput, message))
}

fn written<E: From<io::Error>>(
    Replacement { beside, mode, durable, .. }: Replacement<'_>,
    fill: impl FnOnce(&mut File) -> Result<(), E>,
) -> Result<(), E> {
    match fs::remove_file(beside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let (Mode::AtMost(bits) | Mode::Exactly(bits)) = mode;
    let mut new = OpenOptions::new();
    let mut file = new.read(true).write(true).create_new(true).mode(bits).open(beside)?;
    fill(&mut file)?;
    if let Mode::Exactly(bits) = mode {
        file.set_permissions(Permissions::from_mode(bits))?;
    }
    if durable {
        file.sync_all()?;
    }
    Ok(())
}

/// The file that is meant by a name: the one that a link leads to, whether it is there or not.
pub(crate) fn meant(path: &Path) -> io::Result<PathBuf> {
    let is_link = fs::symlink_metadata(path).is_ok_and(|there| there.is_symlink());
    if !is_link {
        return Ok(path.to_owned());
    }
    match fs::canonicalize(path) {
        // A link to what is not there yet.
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Ok(folder_of(path).join(fs::read_link(path)?))
        }
        found => found,
    }
}

/// The folder that the name of `path` stands in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn put(folder: &Path, mode: Mode, text: &str, fails: bool) -> io::Result<()> {
        let (path, beside) = (folder.join("file"), folder.join("file.new"));
        replace(Replacement { path: &path, beside: &beside, mode, durable: true }, |file| {
            file.write_all(text.as_bytes())?;
            if fails { Err(ErrorKind::StorageFull.into()) } else { Ok(()) }
        })
    }

    #[test]
    fn what_fails_leaves_the_old_file_and_nothing_beside_it() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("file.new"), "of a writer that died").expect("written");
        put(folder.path(), Mode::AtMost(0o600), "one", false).expect("written");
        put(folder.path(), Mode::AtMost(0o600), "two", true).expect_err("a full disk");
        assert_eq!(fs::read_to_string(folder.path().join("file")).expect("read"), "one");
        assert_eq!(fs::read_dir(folder.path()).expect("lists").count(), 1);
    }

    #[test]
    fn only_plain_files_are_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        let refused = |what: &str| {
            let error = put(folder.path(), Mode::AtMost(0o600), "x", false).expect_err("refused");
            assert!(error.to_string().starts_with(what), "{error}");
            assert!(!folder.path().join("file.new").exists(), "nothing is left beside it");
        };
        let elsewhere = folder.path().join("elsewhere");
        fs::write(&elsewhere, "mine").expect("written");
        std::os::unix::fs::symlink(&elsewhere, &path).expect("linked");
        refused("a link");
        assert_eq!(fs::read_to_string(&path).expect("read"), "mine");
        fs::remove_file(&path).expect("removed");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).expect("made");
        refused("a pipe");
        fs::remove_file(&path).expect("removed");
        let socket = std::os::unix::net::UnixListener::bind(&path).expect("bound");
        refused("a socket");
        drop(socket);
        fs::remove_file(&path).expect("removed");
        fs::create_dir(&path).expect("made");
        refused("a folder");
    }

    #[test]
    fn a_mode_is_at_most_or_exactly_what_is_asked() {
        let folder = tempfile::tempdir().expect("a folder");
        let mode = || {
            let file = fs::metadata(folder.path().join("file")).expect("there");
            file.permissions().mode() & 0o777
        };
        put(folder.path(), Mode::AtMost(0o640), "x", false).expect("written");
        assert_eq!(mode() & !0o640, 0);
        put(folder.path(), Mode::Exactly(0o666), "x", false).expect("written");
        assert_eq!(mode(), 0o666);
    }
}
