//! Who the daemon is toward Autotask, and where that is kept: systemd credentials first, then what
//! the file names. Nothing here prints, compares in public, or copies a secret.

use std::fmt;
use std::io;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use super::error::ConfigError;
use super::read::{self, Guarded};
use super::settings::Settings;
use crate::model::SecretSource;

/// The systemd credential with the API user's secret.
pub const CREDENTIAL_SECRET: &str = "autotask-secret";

/// The systemd credential with the integration code, which may stand in the file instead.
pub const CREDENTIAL_INTEGRATION_CODE: &str = "autotask-integration-code";

/// What Autotask asks for with each request. All three can travel in an HTTP header. Its `Debug`
/// shows the user name only.
#[derive(Clone)]
pub struct Credentials {
    /// The API user's "Username (Key)".
    pub username: String,
    /// The API user's "Password (Secret)".
    pub secret: SecretString,
    /// Where that was read from.
    pub source_of_secret: SecretSource,
    /// The integration's tracking identifier.
    pub integration_code: SecretString,
}

impl Credentials {
    /// Whether these are the same credentials, without showing them: after a reload the files may
    /// hold others although no setting changed.
    pub fn same_as(&self, other: &Credentials) -> bool {
        self.username == other.username
            && same(&self.secret, &other.secret)
            && same(&self.integration_code, &other.integration_code)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("username", &self.username).finish_non_exhaustive()
    }
}

/// Whether two secrets are equal.
pub(super) fn same(one: &SecretString, other: &SecretString) -> bool {
    one.expose_secret() == other.expose_secret()
}

impl Settings {
    /// Reads the credentials: a systemd credential where there is one, else what the file names.
    ///
    /// `credentials_directory` is the value of `$CREDENTIALS_DIRECTORY`, for the caller to pass.
    /// A credential in it is trusted as systemd made it; a `secret-file` is refused when its group
    /// or others have any permission.
    pub fn credentials(
        &self,
        credentials_directory: Option<&Path>,
    ) -> Result<Credentials, ConfigError> {
        let secret = from_systemd(credentials_directory, CREDENTIAL_SECRET, "secret")?;
        let (secret, source_of_secret) = match (secret, &self.autotask.secret_file) {
            (Some(secret), _) => (secret, SecretSource::Credential),
            (None, Some(file)) => {
                (read::secret(file, "secret", Guarded::ByMode)?, SecretSource::File)
            }
            (None, None) => {
                return Err(ConfigError::NoCredential {
                    what: "secret",
                    credential: CREDENTIAL_SECRET,
                    key: "secret-file",
                });
            }
        };
        let code =
            from_systemd(credentials_directory, CREDENTIAL_INTEGRATION_CODE, "integration code")?;
        let integration_code = code.or_else(|| self.autotask.integration_code.clone()).ok_or(
            ConfigError::NoCredential {
                what: "integration code",
                credential: CREDENTIAL_INTEGRATION_CODE,
                key: "integration-code",
            },
        )?;
        let username = self.autotask.username.clone();
        Ok(Credentials { username, secret, source_of_secret, integration_code })
    }
}

/// The systemd credential of that name. None when the unit does not pass it; a credential that is
/// there and cannot be read is an error, not a reason to look elsewhere.
fn from_systemd(
    directory: Option<&Path>,
    name: &str,
    what: &'static str,
) -> Result<Option<SecretString>, ConfigError> {
    let Some(directory) = directory else { return Ok(None) };
    match read::secret(&directory.join(name), what, Guarded::BySystemd) {
        Ok(secret) => Ok(Some(secret)),
        Err(ConfigError::CredentialUnreadable { source, .. })
            if source.kind() == io::ErrorKind::NotFound =>
        {
            Ok(None)
        }
        Err(other) => Err(other),
    }
}
