//! Where things lie when nobody says otherwise: the file, the socket and the store, of the one
//! daemon and of a named instance. Pure; nothing here looks at the disk.

use std::path::{Path, PathBuf};

/// The configuration file that `lmsyncd` reads without `--config`.
pub const DEFAULT_PATH: &str = "/etc/lmsyncd/lmsyncd.toml";

/// The control socket of the one daemon.
pub const DEFAULT_SOCKET: &str = "/run/lmsyncd/control.sock";

/// The store of the one daemon.
pub const DEFAULT_STORE: &str = "/var/lib/lmsyncd";

/// The folder whose files the unit hands to the daemon as systemd credentials.
const CREDENTIAL_STORE: &str = "/etc/lmsyncd/credentials";

/// The folder of all configuration files.
const CONFIG_DIRECTORY: &str = "/etc/lmsyncd";

/// The name of [`DEFAULT_PATH`] without its ending: it is the one daemon, not an instance.
const DEFAULT_STEM: &str = "lmsyncd";

/// The name of the tenant of the one daemon.
pub const DEFAULT_TENANT: &str = "default";

/// The configuration file of `lmsyncd@NAME.service`: `/etc/lmsyncd/NAME.toml`.
pub fn instance_config(name: &str) -> PathBuf {
    Path::new(CONFIG_DIRECTORY).join(format!("{name}.toml"))
}

/// The folder of the credentials of an instance, or of the one daemon.
pub fn credential_store(instance: Option<&str>) -> PathBuf {
    let folder = PathBuf::from(CREDENTIAL_STORE);
    instance.map_or_else(|| folder.clone(), |name| folder.join(name))
}

/// The default control socket of `lmsyncd@NAME.service`: `/run/lmsyncd/NAME/control.sock`.
pub fn instance_socket(name: &str) -> PathBuf {
    Path::new("/run/lmsyncd").join(name).join("control.sock")
}

/// The default store of `lmsyncd@NAME.service`: `/var/lib/lmsyncd/NAME`.
pub fn instance_store(name: &str) -> PathBuf {
    Path::new(DEFAULT_STORE).join(name)
}

/// The instance that a configuration file belongs to: the name in `/etc/lmsyncd/NAME.toml`.
///
/// None for [`DEFAULT_PATH`] and for a file anywhere else. The defaults follow from it, so that
/// two instances that say nothing about their store do not open the same one.
pub fn instance_of(path: &Path) -> Option<&str> {
    let in_directory = path.parent() == Some(Path::new(CONFIG_DIRECTORY));
    let is_toml = path.extension().is_some_and(|ending| ending == "toml");
    let name = path.file_stem()?.to_str()?;
    (in_directory && is_toml && name != DEFAULT_STEM).then_some(name)
}

/// The name of the tenant that a configuration file belongs to, as machines read it: in metrics,
/// events, journal entries and exports. `NAME` of `/etc/lmsyncd/NAME.toml`; the name without its
/// ending of a file anywhere else; [`DEFAULT_TENANT`] for an `lmsyncd.toml`.
pub fn tenant_name(path: &Path) -> String {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    match stem {
        Some(stem) if stem != DEFAULT_STEM => stem,
        _ => DEFAULT_TENANT.to_owned(),
    }
}

/// Names that an instance cannot have, since something else has their places: the one daemon, its
/// store's files, its socket and its credentials, and the name by which machines know it.
const TAKEN: [&str; 13] = [
    DEFAULT_STEM,
    DEFAULT_TENANT,
    "store",
    "index",
    "ledger",
    "backups",
    "restored",
    "restoring",
    "written-by",
    "lock",
    "control",
    "autotask-secret",
    "autotask-integration-code",
];

/// Characters of the longest name: its socket's path must fit into a socket address.
const LONGEST_NAME: usize = 64;

/// Whether an instance may have this name: it is the name of a unit, of a file and of folders.
///
/// # Errors
///
/// What is wrong with it, as a phrase that follows the name.
pub fn instance_name(name: &str) -> Result<(), String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let fault = if name.is_empty() {
        "is empty"
    } else if name.chars().count() > LONGEST_NAME {
        "is longer than 64 characters"
    } else if !name.chars().all(is_plain) {
        "has other characters than letters, digits, \"-\", \"_\" and \".\""
    } else if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        "does not begin with a letter or a digit"
    } else if TAKEN.contains(&name.split('.').next().unwrap_or(name)) {
        "is taken by the daemon without an instance"
    } else {
        return Ok(());
    };
    Err(fault.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_has_a_name_that_is_a_unit_a_file_and_a_folder() {
        for good in ["north", "North-2", "a", "acme.eu", "x_y", &"n".repeat(64)] {
            assert_eq!(instance_name(good), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("", "is empty"),
            ("../x", "other characters"),
            ("a/b", "other characters"),
            ("a b", "other characters"),
            ("zürich", "other characters"),
            ("a@b", "other characters"),
            (".hidden", "begin with"),
            ("-x", "begin with"),
            ("lmsyncd", "is taken"),
            ("default", "is taken"),
            ("index", "is taken"),
            ("autotask-secret", "is taken"),
            ("store.json", "is taken"),
            ("control.sock", "is taken"),
            (&"n".repeat(65), "is longer"),
        ] {
            let told = instance_name(bad).expect_err(bad);
            assert!(told.contains(why), "{bad}: {told}");
        }
    }

    #[test]
    fn a_file_in_etc_names_its_instance() {
        assert_eq!(instance_of(&instance_config("acme")), Some("acme"));
        assert_eq!(instance_of(Path::new(DEFAULT_PATH)), None);
        assert_eq!(instance_of(Path::new("/tmp/acme.toml")), None);
        assert_eq!(instance_of(Path::new("/etc/lmsyncd/acme.toml.bak")), None);
    }

    #[test]
    fn every_configuration_names_its_tenant() {
        assert_eq!(tenant_name(&instance_config("acme")), "acme");
        assert_eq!(tenant_name(Path::new(DEFAULT_PATH)), "default");
        assert_eq!(tenant_name(Path::new("/srv/west/lmsyncd.toml")), "default");
        assert_eq!(tenant_name(Path::new("/srv/south.toml")), "south");
        assert_eq!(tenant_name(Path::new("south.v2.toml")), "south.v2");
    }

    #[test]
    fn each_instance_has_its_own_places() {
        assert_eq!(instance_config("acme"), Path::new("/etc/lmsyncd/acme.toml"));
        assert_eq!(instance_socket("acme"), Path::new("/run/lmsyncd/acme/control.sock"));
        assert_eq!(instance_store("acme"), Path::new("/var/lib/lmsyncd/acme"));
    }
}
