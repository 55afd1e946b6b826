//! What an [`Advice`](crate::model::Advice) says, with the program, instance, unit and paths of the
//! daemon that it is about.
//!
//! The one place where advice becomes words. `ctl` uses it for what comes over the socket, `daemon`
//! for what it says of itself before there is a socket; the floors below know no command.

mod words;

use std::path::{Path, PathBuf};

use crate::config;

/// How a daemon is named in a command to type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// How its lmsyncctl is called, such as `lmsyncctl --instance north`.
    pub program: String,
    /// Its unit; none where that cannot be told.
    pub unit: Option<String>,
    /// Its configuration; none where that cannot be told.
    pub config: Option<PathBuf>,
    /// The folder of its credentials; none where that cannot be told.
    pub credentials: Option<PathBuf>,
}

impl Address {
    /// That of an instance, or of the daemon that is none.
    pub fn of_instance(instance: Option<&str>) -> Address {
        let program = match instance {
            Some(name) => format!("lmsyncctl --instance {name}"),
            None => "lmsyncctl".to_owned(),
        };
        let unit = instance.map_or_else(|| "lmsyncd".to_owned(), |name| format!("lmsyncd@{name}"));
        let config = instance.map_or_else(|| config::DEFAULT_PATH.into(), config::instance_config);
        Address {
            program,
            unit: Some(unit),
            config: Some(config),
            credentials: Some(config::credential_store(instance)),
        }
    }

    /// How lmsyncctl is called for the daemon behind a socket that nothing else names.
    pub fn program_for(socket: &Path) -> String {
        format!("lmsyncctl --socket {}", socket.display())
    }

    /// That of the daemon behind a socket: an instance, or the one that is none, where it is theirs.
    /// `program` is how lmsyncctl was called.
    pub fn of_socket(socket: &Path, program: String) -> Address {
        let folder = socket.parent().and_then(Path::file_name).and_then(|name| name.to_str());
        match folder {
            _ if socket == Path::new(config::DEFAULT_SOCKET) => {
                Address { program, ..Address::of_instance(None) }
            }
            Some(name) if socket == config::instance_socket(name) => {
                Address { program, ..Address::of_instance(Some(name)) }
            }
            _ => Address { program, unit: None, config: None, credentials: None },
        }
    }

    /// That of the daemon with a configuration, which has this socket.
    pub fn of_config(path: &Path, socket: Option<&Path>) -> Address {
        match config::instance_of(path) {
            Some(name) => Address::of_instance(Some(name)),
            None if path == Path::new(config::DEFAULT_PATH) => Address::of_instance(None),
            None => {
                let program = match socket {
                    Some(socket) if socket != Path::new(config::DEFAULT_SOCKET) => {
                        Address::program_for(socket)
                    }
                    _ => "lmsyncctl".to_owned(),
                };
                let config = Some(path.to_owned());
                Address { program, unit: None, config, credentials: None }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_tells_the_instance() {
        let of = |path: &Path| Address::of_socket(path, "lmsyncctl".to_owned()).unit;
        assert_eq!(of(Path::new(config::DEFAULT_SOCKET)).as_deref(), Some("lmsyncd"));
        assert_eq!(of(&config::instance_socket("north")).as_deref(), Some("lmsyncd@north"));
        assert_eq!(of(Path::new("x.sock")), None);
    }

    #[test]
    fn a_configuration_tells_the_instance() {
        let north = Address::of_config(&config::instance_config("north"), None);
        assert_eq!(north, Address::of_instance(Some("north")));
        let elsewhere = Address::of_config(Path::new("/srv/x.toml"), Some(Path::new("/srv/x")));
        assert_eq!(elsewhere.program, "lmsyncctl --socket /srv/x");
        assert_eq!(elsewhere.unit, None);
    }
}
