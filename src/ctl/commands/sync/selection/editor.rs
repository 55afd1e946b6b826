//! The editor of the person at the terminal, and the file that it is given.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::ctl::app::error::CtlError;
use crate::ctl::output::signs;

/// The variables that name an editor; the first that is set counts.
const VARIABLES: [&str; 2] = ["VISUAL", "EDITOR"];

/// The editors that are tried where none is named.
const USUAL: [&str; 2] = ["editor", "vi"];

/// How many names are tried for the file.
const NAMES: u32 = 100;

/// Makes a new file with this text that only its owner can read.
pub fn put(name: &str, text: &str) -> Result<PathBuf, CtlError> {
    let folder = std::env::temp_dir();
    let mut last = folder.join(format!("{name}.txt"));
    for number in 1..=NAMES {
        // What is there already, also a link that somebody laid out, is never written to.
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&last);
        match made.and_then(|mut file| file.write_all(signs::plain(text).as_bytes())) {
            Ok(()) => return Ok(last),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < NAMES => {
                last = folder.join(format!("{name}-{number}.txt"));
            }
            Err(source) => return Err(CtlError::File { path: last, source }),
        }
    }
    Err(CtlError::File { path: last, source: io::ErrorKind::AlreadyExists.into() })
}

/// Opens the editor on a file, waits until it is left, and gives what the file then holds.
pub fn edit(path: &Path) -> Result<String, CtlError> {
    let named =
        VARIABLES.iter().find_map(|name| std::env::var(name).ok().filter(|e| !e.is_empty()));
    let status = match &named {
        // As a shell reads it, since it may have arguments.
        Some(editor) => Command::new("sh")
            .args(["-c", &format!("{editor} \"$@\""), editor])
            .arg(path)
            .status()
            .map_err(|error| no_editor(&error.to_string()))?,
        None => usual(path)?,
    };
    if !status.success() {
        let editor = named.unwrap_or_else(|| "the editor".to_owned());
        return Err(no_editor(&format!("`{editor}` ended with {status}")));
    }
    fs::read_to_string(path).map_err(|source| CtlError::File { path: path.to_owned(), source })
}

fn usual(path: &Path) -> Result<std::process::ExitStatus, CtlError> {
    for editor in USUAL {
        match Command::new(editor).arg(path).status() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            ran => return ran.map_err(|error| no_editor(&error.to_string())),
        }
    }
    Err(no_editor("neither `editor` nor `vi` is installed"))
}

fn no_editor(why: &str) -> CtlError {
    CtlError::Editor(why.to_owned())
}
