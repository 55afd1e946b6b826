//! Writes the manual pages and the completions that a package installs. They are made of the
//! definitions in the code; that is why this is a program, and no folder of texts. It is no part of
//! what is installed.
//!
//! `cargo run --example manual -- DIR` makes `DIR/man/*.{1,5,8}` and `DIR/completions/*`.

mod pages;

use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use lmsyncd::ctl::{Shell, script};

/// The names that shells look for.
const COMPLETIONS: [(&str, Shell); 3] =
    [("lmsyncctl.bash", Shell::Bash), ("_lmsyncctl", Shell::Zsh), ("lmsyncctl.fish", Shell::Fish)];

fn main() -> ExitCode {
    let written = match std::env::args_os().nth(1) {
        Some(folder) => write(Path::new(&folder)),
        None => Err(io::Error::other("name the folder to write to")),
    };
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = io::Write::write_fmt(&mut io::stderr(), format_args!("manual: {error}\n"));
            ExitCode::FAILURE
        }
    }
}

fn write(folder: &Path) -> io::Result<()> {
    let (man, completions) = (folder.join("man"), folder.join("completions"));
    // Pages of commands that are no more must not stay.
    for folder in [&man, &completions] {
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => fs::create_dir_all(folder)?,
        }
    }
    for page in pages::all() {
        fs::write(man.join(&page.file), &page.text)?;
    }
    for (name, shell) in COMPLETIONS {
        fs::write(completions.join(name), script(shell))?;
    }
    Ok(())
}
