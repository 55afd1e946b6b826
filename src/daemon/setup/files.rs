//! The two files of a daemon: the configuration that it reads, and the secret that systemd reads for
//! it. Both are replaced whole; what stood there before is set aside.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use nix::unistd::Group;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use super::error::SetupError;
use crate::advice::Address;
use crate::config::{
    CREDENTIAL_SECRET, DEFAULT_PATH, Draft, credential_store, instance_config, instance_name,
};
use crate::files::{Mode, Replacement, folder_of, meant, replace};

/// The group that the daemon runs in, which reads the configuration.
const GROUP: &str = "lmsyncd";

/// Where the files of a daemon are.
pub(super) struct Places {
    pub(super) config: PathBuf,
    secret: PathBuf,
    instance: Option<String>,
    /// Whether they are those of the units, which belong to root.
    system: bool,
}

impl Places {
    /// Those of an instance, or of the one daemon; in `elsewhere` in the place of /etc/lmsyncd.
    pub(super) fn of(name: Option<&str>, elsewhere: Option<&Path>) -> Result<Places, SetupError> {
        if let Some(name) = name {
            instance_name(name).map_err(|why| SetupError::Name { name: name.to_owned(), why })?;
        }
        let config = name.map_or_else(|| PathBuf::from(DEFAULT_PATH), instance_config);
        let secret = credential_store(name).join(CREDENTIAL_SECRET);
        let root = Path::new(DEFAULT_PATH).parent().unwrap_or(Path::new("/"));
        let moved = |path: PathBuf| match (elsewhere, path.strip_prefix(root)) {
            (Some(elsewhere), Ok(inside)) => elsewhere.join(inside),
            _ => path,
        };
        Ok(Places {
            config: moved(config),
            secret: moved(secret),
            instance: name.map(str::to_owned),
            system: elsewhere.is_none(),
        })
    }

    /// Whether they are those of the units.
    pub(super) fn is_of_the_system(&self) -> bool {
        self.system
    }

    /// How the daemon is named in commands to type.
    pub(super) fn address(&self) -> Address {
        Address::of_instance(self.instance.as_deref())
    }

    pub(super) fn has_secret(&self) -> bool {
        self.secret.exists()
    }

    /// The secret that is there.
    pub(super) fn secret_there(&self) -> Result<Option<SecretString>, SetupError> {
        match fs::read_to_string(&self.secret) {
            Ok(text) => Ok(Some(Zeroizing::new(text).trim_end().into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(SetupError::Io {
                doing: "read the secret in",
                path: self.secret.clone(),
                source,
            }),
        }
    }

    /// What a person wrote and would lose: a value of the configuration, or the secret. The
    /// placeholders of the example are nobody's.
    pub(super) fn replaced(
        &self,
        before: &Draft,
        after: &Draft,
        secret: Option<&SecretString>,
    ) -> Vec<String> {
        let keys = ["username", "integration-code", "discovery-url"].into_iter();
        let keys: Vec<String> = keys
            .filter(|key| before.value(key).is_some_and(|old| after.value(key) != Some(old)))
            .map(|key| format!("`{key}`"))
            .collect();
        let mut replaced = Vec::new();
        if self.config.exists() && !keys.is_empty() {
            replaced.push(format!("{} in {}", keys.join(", "), self.config.display()));
        }
        if self.is_new_secret(secret) && self.has_secret() {
            replaced.push(format!("the secret in {}", self.secret.display()));
        }
        replaced
    }

    fn is_new_secret(&self, secret: Option<&SecretString>) -> bool {
        let there = self.secret_there().ok().flatten();
        secret.is_some_and(|new| {
            there.is_none_or(|there| there.expose_secret() != new.expose_secret())
        })
    }

    /// Writes what is different, and says so in lines; owners and modes are put right in any case.
    /// Where the configuration cannot be written the secret is as it was.
    pub(super) fn write(
        &self,
        before: &Draft,
        after: &Draft,
        secret: Option<&SecretString>,
        now: DateTime<Utc>,
    ) -> Result<Vec<String>, SetupError> {
        let group = self.group()?;
        let mut lines = Vec::new();
        // Everybody may enter the folder of the configuration, only root those of the secrets.
        let folder = folder_of(&self.config);
        fs::create_dir_all(folder).map_err(|source| SetupError::Io {
            doing: "make",
            path: folder.to_owned(),
            source,
        })?;
        let secret = secret.filter(|_| self.is_new_secret(secret));
        let aside = match secret {
            None => None,
            Some(secret) => {
                let aside = set_aside(&self.secret, now)?;
                lines.extend(kept(aside.as_deref()));
                self.write_secret(secret)?;
                lines.push(format!("wrote {} (mode 0600)", self.secret.display()));
                Some(aside)
            }
        };
        let written = self.write_config(before, after, group, now, &mut lines);
        if let (Err(_), Some(aside)) = (&written, aside) {
            // What failed is told; that something is left would only hide it.
            let _ = match aside {
                Some(aside) => fs::rename(aside, &self.secret),
                None => fs::remove_file(&self.secret),
            };
        }
        written.map(|()| lines)
    }

    fn write_secret(&self, secret: &SecretString) -> Result<(), SetupError> {
        let folder = folder_of(&self.secret);
        let closed = || fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        let made =
            closed().and_then(|()| fs::set_permissions(folder, Permissions::from_mode(0o700)));
        made.map_err(|source| SetupError::Io { doing: "make", path: folder.to_owned(), source })?;
        put(&self.secret, 0o600, None, secret.expose_secret().as_bytes())
    }

    fn write_config(
        &self,
        before: &Draft,
        after: &Draft,
        group: Option<u32>,
        now: DateTime<Utc>,
        lines: &mut Vec<String>,
    ) -> Result<(), SetupError> {
        let is_there = self.config.exists();
        if is_there && before == after {
            let path = &self.config;
            let failed = |source| SetupError::Io { doing: "change", path: path.clone(), source };
            let file = fs::File::open(path).map_err(failed)?;
            own(&file, group).map_err(failed)?;
            return file.set_permissions(Permissions::from_mode(0o640)).map_err(failed);
        }
        if is_there && before.value("username").is_some() {
            lines.extend(kept(set_aside(&self.config, now)?.as_deref()));
        }
        put(&self.config, 0o640, group, after.text().as_bytes())?;
        let group = group.map_or_else(String::new, |_| format!(", group {GROUP}"));
        lines.push(format!("wrote {} (mode 0640{group})", self.config.display()));
        Ok(())
    }

    /// What is neither there nor given.
    pub(super) fn missing(&self, what: Vec<&'static str>) -> SetupError {
        SetupError::Missing { what, address: Box::new(self.address()) }
    }

    /// The number of the daemon's group, if files are to belong to it.
    pub(super) fn group(&self) -> Result<Option<u32>, SetupError> {
        if !self.system {
            return Ok(None);
        }
        let group = Group::from_name(GROUP).ok().flatten().ok_or(SetupError::NoGroup(GROUP))?;
        Ok(Some(group.gid.as_raw()))
    }
}

fn kept(aside: Option<&Path>) -> Option<String> {
    aside.map(|path| format!("kept the old one as {}", path.display()))
}

/// Copies a file that is there to a name of its own, with its mode.
fn set_aside(path: &Path, now: DateTime<Utc>) -> Result<Option<PathBuf>, SetupError> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".old-{}", now.format("%Y%m%dT%H%M%SZ")));
    let aside = PathBuf::from(name);
    match fs::copy(path, &aside) {
        Ok(_) => Ok(Some(aside)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(SetupError::Io { doing: "set aside", path: path.to_owned(), source }),
    }
}

fn put(path: &Path, mode: u32, group: Option<u32>, bytes: &[u8]) -> Result<(), SetupError> {
    let io = |source| SetupError::Io { doing: "write", path: path.to_owned(), source };
    let path = &meant(path).map_err(io)?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let how = Replacement { path, beside: &beside, mode: Mode::Exactly(mode), durable: true };
    let written = replace(how, |file| -> io::Result<()> {
        own(file, group)?;
        file.write_all(bytes)
    });
    written.map_err(|source| SetupError::Io { doing: "write", path: path.to_owned(), source })
}

/// Has a file belong to root and the group.
fn own(file: &fs::File, group: Option<u32>) -> io::Result<()> {
    match group {
        Some(group) => fchown(file, Some(0), Some(group)),
        None => Ok(()),
    }
}
