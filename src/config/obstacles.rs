//! What the settings name and the daemon will need, before it does: a certificate file, a command to
//! run, a folder to write into. Judged as the user that the process is, so that the daemon, and who
//! acts in its place, gets the daemon's answer.

pub mod ca_file;

use std::fs::Metadata;
use std::io::{self, Read};
use std::path::Path;

use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::unistd::{AccessFlags, faccessat};

use self::ca_file::ca_bundle;
use super::error::ConfigError;
use super::settings::Settings;
use crate::model::Advice;

impl Settings {
    /// Every key that names what cannot be used as it is: `ca-file`, the notify command, the folder
    /// of the metrics file.
    pub fn obstacles(&self) -> Vec<ConfigError> {
        let ca_file = self.autotask.ca_file.as_deref().and_then(|path| ca_bundle(path).err());
        let ca_file = ca_file.map(|error| unusable("autotask.ca-file", error.to_string(), None));
        let command = self.notify.command.first().and_then(|program| not_run(Path::new(program)));
        let textfile = self.metrics.textfile.as_deref().and_then(not_written);
        ca_file.into_iter().chain(command).chain(textfile).collect()
    }
}

fn unusable(key: &'static str, message: String, advice: Option<&str>) -> ConfigError {
    ConfigError::Unusable { key, message, advice: advice.map(Advice::said) }
}

/// Why a command cannot be run.
fn not_run(program: &Path) -> Option<ConfigError> {
    let what = match std::fs::metadata(program) {
        Err(error) => said(&error),
        Ok(found) if !found.is_file() => "is no file".to_owned(),
        Ok(found) => match access(program, AccessFlags::X_OK) {
            Ok(()) => missing_interpreter(program)?,
            Err(_) if !is_executable(&found) => {
                "is not executable: chmod 755 makes it so".to_owned()
            }
            Err(error) => format!("cannot be run by the daemon's user: {error}"),
        },
    };
    let message = format!("`command` in [notify]: {} {what}", program.display());
    Some(unusable("notify.command", message, None))
}

/// What a script names in its first line and is not there; the system would say that the script is
/// not.
fn missing_interpreter(program: &Path) -> Option<String> {
    let mut head = [0; 256];
    let read = std::fs::File::open(program).and_then(|mut file| file.read(&mut head)).ok()?;
    let line = String::from_utf8_lossy(head.get(..read)?).into_owned();
    let interpreter = line.lines().next()?.strip_prefix("#!")?.split_whitespace().next()?;
    let is_there = Path::new(interpreter).exists();
    (!is_there).then(|| format!("is a script for {interpreter}, which does not exist"))
}

/// Why a file cannot be replaced: that needs a folder in which new ones can be made.
fn not_written(file: &Path) -> Option<ConfigError> {
    let folder = file.parent()?;
    if file.is_dir() {
        let message = format!("`textfile` in [metrics]: {} is a folder", file.display());
        return Some(unusable("metrics.textfile", message, Some("name a file in it")));
    }
    let (what, advice) = match std::fs::metadata(folder) {
        Err(error) => (said(&error), "make the folder, or leave `textfile` out"),
        Ok(found) if !found.is_dir() => ("is no folder".to_owned(), "name a file in a folder"),
        Ok(_) => match access(folder, AccessFlags::W_OK | AccessFlags::X_OK) {
            Ok(()) => return None,
            Err(error) => (
                format!("cannot be written by the daemon's user: {error}"),
                "let the daemon's user write the folder, and the unit with ReadWritePaths=: the \
                 example prometheus-textfile.conf has both",
            ),
        },
    };
    let message = format!("`textfile` in [metrics]: the folder {} {what}", folder.display());
    Some(unusable("metrics.textfile", message, Some(advice)))
}

fn said(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "does not exist".to_owned(),
        _ => format!("cannot be looked at: {error}"),
    }
}

fn is_executable(file: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.permissions().mode() & 0o111 != 0
}

/// Whether this process may, as the user that it acts as.
fn access(path: &Path, how: AccessFlags) -> Result<(), io::Error> {
    faccessat(AT_FDCWD, path, how, AtFlags::AT_EACCESS).map_err(io::Error::from)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::config::parse;

    fn told(rest: &str) -> Vec<String> {
        let text = format!("version = 1\n[autotask]\nusername = \"user\"\n{rest}");
        let settings = parse(&text, Path::new("x.toml")).expect("valid");
        settings.obstacles().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_key_that_names_what_is_not_there_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name).display().to_string();
        let all = told(&format!(
            "ca-file = {:?}\n[notify]\ncommand = [{:?}]\n[metrics]\ntextfile = {:?}\n",
            at("ca.pem"),
            at("mail"),
            at("none/x.prom")
        ));
        let [ca, command, textfile] = all.as_slice() else { panic!("{all:?}") };
        assert!(ca.contains("ca.pem cannot be read: "), "{ca}");
        let none = format!("`command` in [notify]: {} does not exist", at("mail"));
        assert_eq!(*command, none);
        let none = format!("`textfile` in [metrics]: the folder {} does not exist", at("none"));
        assert_eq!(*textfile, none);
    }

    #[test]
    fn a_command_is_a_file_that_can_be_run() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("mail");
        fs::write(&path, "#!/bin/sh\n").expect("written");
        let command = format!("[notify]\ncommand = [{path:?}]\n");
        let mode = |bits| fs::set_permissions(&path, Permissions::from_mode(bits)).expect("set");
        mode(0o644);
        assert!(told(&command)[0].ends_with("is not executable: chmod 755 makes it so"));
        mode(0o755);
        assert_eq!(told(&command), [""; 0]);
        fs::write(&path, "#! /nonexistent/python3 -u\n").expect("written");
        assert!(
            told(&command)[0]
                .ends_with("is a script for /nonexistent/python3, which does not exist")
        );
        let metrics = folder.path().join("x.prom");
        fs::create_dir(&metrics).expect("a folder");
        let metrics = told(&format!("[metrics]\ntextfile = {metrics:?}\n"));
        assert!(metrics[0].ends_with("x.prom is a folder"), "{metrics:?}");
        let folder = format!("[notify]\ncommand = [{:?}]\n", folder.path());
        assert!(told(&folder)[0].ends_with("is no file"));
        assert_eq!(told("[metrics]\ntextfile = \"/tmp/x.prom\"\n"), [""; 0]);
    }
}
