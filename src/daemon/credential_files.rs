//! The files that a unit takes its credentials from, as root sees them: `lmsyncd.service` and
//! `lmsyncd@NAME.service` read one of a fixed name, and a file beside it is one that somebody meant.

use std::fs;
use std::path::{Path, PathBuf};

use crate::advice::Address;
use crate::config::{CREDENTIAL_SECRET, credential_store, instance_of};

/// Where systemd looks for units and their drop-ins (systemd.unit(5)), the first counts most.
const UNITS: [&str; 3] = ["/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system"];

/// How a drop-in names the secret that is encrypted on the disk.
const ENCRYPTED: &str = "LoadCredentialEncrypted=";

/// What stands in the place of the secret of a unit.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Beside {
    /// A drop-in of the unit loads this encrypted file, which is there.
    Encrypted(PathBuf),
    /// An encrypted file that the unit does not load.
    NotLoaded(PathBuf),
    /// A file whose name is nearly right.
    Misnamed(PathBuf),
}

/// What lies in the folder of the credentials of the daemon with this configuration in the place of
/// the secret; none where nothing does, or the configuration is not that of a unit.
pub(super) fn beside_secret(config: &Path) -> Option<Beside> {
    let instance = instance_of(config);
    let unit = Address::of_config(config, None).unit?;
    let folder = credential_store(instance);
    let roots = UNITS.map(PathBuf::from);
    beside(&folder, encrypted_source(&roots, &unit))
}

/// Which encrypted file the unit of this configuration loads as its secret, if any.
pub(super) fn encrypted_secret(config: &Path) -> Option<PathBuf> {
    let unit = Address::of_config(config, None).unit?;
    encrypted_source(&UNITS.map(PathBuf::from), &unit)
}

fn beside(folder: &Path, loaded: Option<PathBuf>) -> Option<Beside> {
    if let Some(loaded) = loaded.filter(|path| path.exists()) {
        return Some(Beside::Encrypted(loaded));
    }
    let encrypted = folder.join(format!("{CREDENTIAL_SECRET}.cred"));
    if encrypted.exists() {
        return Some(Beside::NotLoaded(encrypted));
    }
    let entries = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let mut near: Vec<PathBuf> = entries.filter(|path| path.is_file() && is_near(path)).collect();
    near.sort();
    near.into_iter().next().map(Beside::Misnamed)
}

/// Whether a name is one that somebody took for that of the secret.
fn is_near(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let plain = name.to_lowercase().replace('_', "-");
    plain != CREDENTIAL_SECRET
        && (plain.starts_with(CREDENTIAL_SECRET) || plain.starts_with("secret"))
}

/// The encrypted file that the last line about the secret in the unit's drop-ins names.
fn encrypted_source(roots: &[PathBuf], unit: &str) -> Option<PathBuf> {
    let template = unit.split_once('@').map(|(template, _)| format!("{template}@"));
    let names: Vec<String> = template.into_iter().chain([unit.to_owned()]).collect();
    let mut files = Vec::new();
    for name in &names {
        // Those of lower places count less, and are read first.
        for root in roots.iter().rev() {
            files.push(root.join(format!("{name}.service")));
            let folder = root.join(format!("{name}.service.d"));
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            let mut drop_ins: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
            drop_ins.sort();
            files.extend(
                drop_ins.into_iter().filter(|p| p.extension().is_some_and(|e| e == "conf")),
            );
        }
    }
    let instance = unit.split_once('@').map(|(_, name)| name).unwrap_or_default();
    let lines: Vec<String> = files
        .iter()
        .filter_map(|file| fs::read_to_string(file).ok())
        .flat_map(|text| text.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>())
        .collect();
    let sources = lines.iter().filter_map(|line| line.strip_prefix(ENCRYPTED));
    let source = sources
        .map(|value| value.strip_prefix(&format!("{CREDENTIAL_SECRET}:")))
        .fold(None, |last, next| next.or(last))?;
    Some(PathBuf::from(source.replace("%i", instance)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }

    #[test]
    fn a_file_beside_the_secret_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        assert_eq!(beside(folder.path(), None), None);
        write(&at("north/autotask-secret"), "of an instance");
        write(&at("autotask-integration-code"), "another credential");
        assert_eq!(beside(folder.path(), None), None);
        write(&at("autotask-secret.txt"), "x");
        let misnamed = Some(Beside::Misnamed(at("autotask-secret.txt")));
        assert_eq!(beside(folder.path(), None), misnamed);
        write(&at("autotask-secret.cred"), "x");
        let not_loaded = Some(Beside::NotLoaded(at("autotask-secret.cred")));
        assert_eq!(beside(folder.path(), None), not_loaded);
        assert_eq!(beside(folder.path(), Some(at("elsewhere"))), not_loaded);
        let loaded = at("autotask-secret.cred");
        let encrypted = Some(Beside::Encrypted(loaded.clone()));
        assert_eq!(beside(folder.path(), Some(loaded)), encrypted);
    }

    #[test]
    fn the_drop_ins_of_a_unit_say_which_encrypted_file_it_loads() {
        let folder = tempfile::tempdir().expect("a folder");
        let roots = ["etc", "usr"].map(|name| folder.path().join(name));
        let source = |unit: &str| encrypted_source(&roots, unit);
        let line =
            |file: &str| format!("[Service]\nLoadCredential=\nLoadCredentialEncrypted={file}\n");
        write(
            &roots[1].join("lmsyncd.service"),
            "# LoadCredentialEncrypted=autotask-secret:FILE\n",
        );
        assert_eq!(source("lmsyncd"), None);
        write(&roots[0].join("lmsyncd.service.d/a.conf"), &line("other:/x"));
        assert_eq!(source("lmsyncd"), None);
        write(&roots[0].join("lmsyncd.service.d/b.conf"), &line("autotask-secret:/s.cred"));
        assert_eq!(source("lmsyncd"), Some("/s.cred".into()));
        assert_eq!(source("lmsyncd@north"), None);
        let template = roots[0].join("lmsyncd@.service.d/a.conf");
        write(&template, &line("autotask-secret:/c/%i/s.cred"));
        assert_eq!(source("lmsyncd@north"), Some("/c/north/s.cred".into()));
    }
}
