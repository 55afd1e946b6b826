//! The pager: what a long text is read with on a terminal.
//!
//! `PAGER` names it; empty or `cat` means none. Without it `less` serves, where it is on `PATH`.
//! As git does it: a command with arguments or other signs of the shell runs through `sh -c`, a
//! plain name does not; `LESS` is set to `FRX` and `LV` to `-c` unless they are set already.
//! A reader that leaves early is no failure.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::SIGINT;
use signal_hook::{flag, low_level};

use crate::ctl::output;

/// The pager where none is named.
const DEFAULT: &str = "less";

/// What `less` is told unless the user tells it otherwise: to end at once where all fits (F), to
/// show colours (R), and to leave the text on the screen (X).
const LESS: &str = "FRX";

/// The same for `lv`: to show colours.
const LV: &str = "-c";

/// What makes a command more than the name of a program; the signs are those of git.
const OF_THE_SHELL: &[char] = &[
    ' ', '\t', '\n', '|', '&', ';', '<', '>', '(', ')', '$', '`', '\\', '"', '\'', '*', '?', '[',
    '#', '~', '=', '%',
];

/// A pager for a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pager {
    command: OsString,
    /// How many lines the terminal shows.
    rows: usize,
}

impl Pager {
    /// The pager that the user chose by `PAGER`, for a terminal of so many rows; `path` is where
    /// programs are looked for.
    pub fn chosen(chosen: Option<OsString>, path: Option<&OsStr>, rows: u16) -> Option<Pager> {
        let command = match chosen {
            Some(command) => command,
            None => {
                path.filter(|path| is_on(path, DEFAULT))?;
                DEFAULT.into()
            }
        };
        let none = command.is_empty() || command == "cat";
        (!none).then(|| Pager { command, rows: rows.into() })
    }

    /// Whether a text is longer than the terminal shows at once, with a line for the next prompt.
    pub fn wants(&self, text: &str) -> bool {
        text.lines().count() >= self.rows
    }

    /// Shows a text and waits until the reader has seen enough. Says whether it was shown: a
    /// pager that cannot be started has shown nothing.
    pub fn show(&self, text: &str) -> bool {
        // Ctrl-C is for the pager: who reads is not done, and the terminal is still the pager's.
        let ignored = flag::register(SIGINT, Arc::new(AtomicBool::new(false)));
        let shown = self.run(text);
        if let Ok(id) = ignored {
            low_level::unregister(id);
        }
        if let Err(error) = &shown {
            let command = self.command.to_string_lossy();
            output::remark(&format!("the pager `{command}` cannot be started: {error}"));
        }
        shown.is_ok()
    }

    fn run(&self, text: &str) -> io::Result<()> {
        let mut child = self.command().stdin(Stdio::piped()).spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // It fails where the reader left before the end, which is not worth a word.
            let _ = stdin.write_all(text.as_bytes());
        }
        match child.wait()?.code() {
            // So a shell says that there is no such command, or none that it may run.
            Some(126 | 127) => Err(io::ErrorKind::NotFound.into()),
            _ => Ok(()),
        }
    }

    fn command(&self) -> Command {
        let plain = self.command.to_str().is_some_and(|text| !text.contains(OF_THE_SHELL));
        let mut command = match plain {
            true => Command::new(&self.command),
            false => {
                let mut shell = Command::new("sh");
                shell.arg("-c").arg(&self.command);
                shell
            }
        };
        for (name, value) in [("LESS", LESS), ("LV", LV)] {
            if std::env::var_os(name).is_none() {
                command.env(name, value);
            }
        }
        command
    }
}

/// Whether a program of this name lies in one of the folders of a `PATH`.
fn is_on(path: &OsStr, name: &str) -> bool {
    let runs = |file: &Path| {
        file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    };
    std::env::split_paths(path).any(|folder| runs(&folder.join(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_chooses_and_less_is_the_default_where_it_is() {
        let chosen = |pager: Option<&str>, path: &OsStr| {
            let pager = Pager::chosen(pager.map(OsString::from), Some(path), 24);
            pager.map(|pager| pager.command.into_string().expect("text"))
        };
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().as_os_str();
        assert_eq!(chosen(None, path), None, "there is none");
        let less = folder.path().join("less");
        std::fs::write(&less, "").expect("a file");
        assert_eq!(chosen(None, path), None, "it does not run");
        std::fs::set_permissions(&less, std::fs::Permissions::from_mode(0o755)).expect("chmod");
        assert_eq!(chosen(None, path).as_deref(), Some("less"));
        assert_eq!(chosen(Some(""), path), None);
        assert_eq!(chosen(Some("cat"), path), None);
        assert_eq!(chosen(Some("most"), path).as_deref(), Some("most"));
        assert_eq!(Pager::chosen(None, None, 24), None);
    }

    #[test]
    fn arguments_need_a_shell_and_a_name_does_not() {
        let program = |command: &str| {
            let pager = Pager::chosen(Some(command.into()), None, 24).expect("a pager");
            pager.command().get_program().to_owned()
        };
        assert_eq!(program("most"), "most");
        assert_eq!(program("/usr/bin/less"), "/usr/bin/less");
        assert_eq!(program("less -S"), "sh");
        assert_eq!(program("sed s/a/b/|less"), "sh");
    }

    #[test]
    fn only_what_is_longer_than_the_terminal_is_paged() {
        let pager = Pager::chosen(Some("most".into()), None, 3).expect("a pager");
        assert!(!pager.wants("1\n2\n"));
        assert!(pager.wants("1\n2\n3\n"));
    }
}
