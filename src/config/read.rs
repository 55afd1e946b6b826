//! The only file access of the configuration: reads a text of bounded size after a look at its
//! permissions. The look is at the open file, so that nobody can exchange it in between.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use super::error::ConfigError;

/// Bytes. A full file has some three thousand.
const CONFIGURATION_BYTES: usize = 1024 * 1024;

/// Bytes. Autotask's secrets have 25 characters.
const SECRET_BYTES: usize = 4 * 1024;

/// Write permission for group and others.
const OTHERS_MAY_WRITE: u32 = 0o022;

/// Any permission for group and others.
const OTHERS_MAY_ANYTHING: u32 = 0o077;

/// The text of a configuration file, unless others may change it.
pub(super) fn configuration(path: &Path) -> Result<String, ConfigError> {
    let unreadable = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => ConfigError::Missing { path: path.to_owned() },
        _ => ConfigError::Unreadable { path: path.to_owned(), source },
    };
    let file = File::open(path).map_err(unreadable)?;
    let mode = mode(&file).map_err(unreadable)?;
    if mode & OTHERS_MAY_WRITE != 0 {
        return Err(ConfigError::Writable { path: path.to_owned(), mode });
    }
    let mut bytes = Vec::new();
    read_bounded(file, &mut bytes, CONFIGURATION_BYTES).map_err(unreadable)?;
    String::from_utf8(bytes).map_err(|_| unreadable(invalid("it is not UTF-8 text")))
}

/// Who sees to it that nobody else can read a secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Guarded {
    /// Nobody but the file's own mode, which is therefore checked.
    ByMode,
    /// systemd: a credential lies in a folder that only the service can enter.
    BySystemd,
}

/// The secret in a file, without the line break at its end.
pub(super) fn secret(
    path: &Path,
    what: &'static str,
    guarded: Guarded,
) -> Result<SecretString, ConfigError> {
    let unreadable =
        |source| ConfigError::CredentialUnreadable { what, path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let mode = mode(&file).map_err(unreadable)?;
    if guarded == Guarded::ByMode && mode & OTHERS_MAY_ANYTHING != 0 {
        return Err(ConfigError::Exposed { path: path.to_owned(), mode });
    }
    // Of the final size from the start: a vector that grows leaves copies of the secret behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(SECRET_BYTES + 1));
    read_bounded(file, &mut bytes, SECRET_BYTES).map_err(unreadable)?;
    let bad = |fault| ConfigError::BadCredential { what, path: path.to_owned(), fault };
    let text = std::str::from_utf8(&bytes).map_err(|_| bad("is not a text"))?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    header_safe(text).map_err(bad)?;
    Ok(SecretString::from(text))
}

/// Whether a text can travel as the value of an HTTP header, as all credentials do. The error is a
/// phrase that follows the name of the thing, and does not repeat it.
///
/// # Errors
///
/// What is wrong with the text.
pub fn header_safe(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        Err("is empty")
    } else if text.contains(['\n', '\r']) {
        Err("has more than one line")
    } else if text.trim() != text {
        Err("begins or ends with a blank")
    } else if !text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        Err("has a character that no HTTP header can carry (only visible ASCII can be sent)")
    } else {
        Ok(())
    }
}

/// The permission bits of an open file.
fn mode(file: &File) -> io::Result<u32> {
    Ok(file.metadata()?.permissions().mode() & 0o7777)
}

fn read_bounded(file: File, bytes: &mut Vec<u8>, limit: usize) -> io::Result<()> {
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    file.take(most).read_to_end(bytes)?;
    if bytes.len() > limit { Err(invalid("it is far too large")) } else { Ok(()) }
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_header_carries_is_a_credential() {
        assert_eq!(header_safe("a~1$B#2*c"), Ok(()));
        assert_eq!(header_safe(""), Err("is empty"));
        assert_eq!(header_safe("a\nb"), Err("has more than one line"));
        assert_eq!(header_safe("a "), Err("begins or ends with a blank"));
        assert!(header_safe("\u{feff}a").is_err());
        assert!(header_safe("a\tb").is_err());
    }
}
