//! Files that lmsyncctl writes: whole or not at all.
//!
//! A new file is written beside the old one, brought to disk, and put in its place; whoever reads
//! meanwhile sees the old or the new.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::ctl::app::error::CtlError;
use crate::ctl::output::write_part;
use crate::files::{self, Mode, Replacement};

/// What a new file allows: its owner writes, its group reads; contracts are nobody else's business.
const MODE: u32 = 0o640;

/// What a file allows that holds everything.
const PRIVATE: u32 = 0o600;

/// How the names of unfinished files end.
pub const UNFINISHED: &str = "lmsyncctl-tmp";

/// Writes a file. A link is followed; what is no plain file, such as a pipe, is written to as it
/// is.
pub fn write(path: &Path, text: &str) -> Result<(), CtlError> {
    write_with(path, |file| write_part(file, text))
}

/// The same with a text that is written bit by bit; `fill` gives up where it fails, and no half file is
/// left.
///
/// # Errors
///
/// Those of `fill`, and of the file.
pub fn write_with(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> Result<(), CtlError>,
) -> Result<(), CtlError> {
    let failed = |source| CtlError::File { path: path.to_owned(), source };
    let named = |error| match error {
        CtlError::Output(source) => failed(source),
        other => other,
    };
    let there = match fs::metadata(path) {
        Ok(there) => Some(there),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed(error)),
    };
    if there.as_ref().is_some_and(|there| !there.is_file()) {
        let mut file = OpenOptions::new().write(true).open(path).map_err(failed)?;
        return match fill(&mut file) {
            Err(CtlError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            filled => filled.map_err(named),
        };
    }
    let real = there.map_or_else(|| Ok(path.to_owned()), |_| fs::canonicalize(path));
    let real = real.map_err(failed)?;
    replace_with(&real, MODE, |file| fill(file).map_err(Unfilled))
        .map_err(|Unfilled(error)| named(error))
}

/// Why a file was not filled.
struct Unfilled(CtlError);

impl From<io::Error> for Unfilled {
    fn from(error: io::Error) -> Unfilled {
        Unfilled(CtlError::Output(error))
    }
}

/// Puts a new file in the place of whatever is there under that name.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    replace_with(path, MODE, |file| file.write_all(text.as_bytes()))
}

/// The same with a file that is written bit by bit, for its owner alone.
pub fn replace_bit_by_bit<E: From<io::Error>>(
    path: &Path,
    fill: impl FnOnce(&mut File) -> Result<(), E>,
) -> Result<(), E> {
    replace_with(&files::meant(path)?, PRIVATE, fill)
}

fn replace_with<E: From<io::Error>>(
    path: &Path,
    mode: u32,
    fill: impl FnOnce(&mut File) -> Result<(), E>,
) -> Result<(), E> {
    let name = path.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}.{UNFINISHED}", std::process::id()));
    let beside = files::folder_of(path).join(beside);
    let mode = Mode::AtMost(mode);
    files::replace(Replacement { path, beside: &beside, mode, durable: true }, fill)
}

/// The text of a file; none where there is no such file.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>, CtlError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(CtlError::File { path: path.to_owned(), source }),
    }
}

/// What is in a folder, by name; links are not followed. Empty where there is no such folder.
pub fn entries(folder: &Path) -> Result<Vec<(PathBuf, fs::FileType)>, CtlError> {
    let failed = |source| CtlError::File { path: folder.to_owned(), source };
    let found = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        found => found.map_err(failed)?,
    };
    let mut entries = Vec::new();
    for entry in found {
        let entry = entry.map_err(failed)?;
        entries.push((entry.path(), entry.file_type().map_err(failed)?));
    }
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::app::exit;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_file_is_replaced_whole_and_through_a_link() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, link) = (folder.path().join("a.json"), folder.path().join("link"));
        write(&file, "one").expect("writes");
        let mode = fs::metadata(&file).expect("is there").permissions().mode();
        assert_eq!(mode & 0o137, 0, "nobody else may read it: {mode:o}");
        symlink(&file, &link).expect("links");
        write(&link, "two").expect("writes");
        assert_eq!(fs::read_to_string(&file).expect("reads"), "two");
        assert!(fs::symlink_metadata(&link).expect("is there").is_symlink());
        assert_eq!(entries(folder.path()).expect("lists").len(), 2, "nothing is left beside");
    }

    #[test]
    fn what_is_no_plain_file_stays_what_it_is() {
        let null = Path::new("/dev/null");
        write(null, "gone").expect("writes");
        assert!(!fs::metadata(null).expect("is there").is_file());
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = write(&folder.path().join("no/a.json"), "x").expect_err("no folder");
        assert_eq!(exit::of_error(&error), 1);
        assert!(error.to_string().contains("no/a.json"), "{error}");
    }
}
