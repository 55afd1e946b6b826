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
        let (secret, source_of_secret) = self.secret(credentials_directory)?;
        let integration_code = self.code(credentials_directory)?;
        let username = self.autotask.username.clone();
        Ok(Credentials { username, secret, source_of_secret, integration_code })
    }

    /// Everything that is wrong with the credentials, where [`Settings::credentials`] tells the
    /// first.
    pub(super) fn credential_errors(&self, directory: Option<&Path>) -> Vec<ConfigError> {
        let (secret, code) = (self.secret(directory).err(), self.code(directory).err());
        secret.into_iter().chain(code).collect()
    }

    fn secret(
        &self,
        directory: Option<&Path>,
    ) -> Result<(SecretString, SecretSource), ConfigError> {
        if let Some(secret) = from_systemd(directory, CREDENTIAL_SECRET, "secret")? {
            return Ok((secret, SecretSource::Credential));
        }
        match &self.autotask.secret_file {
            Some(file) => Ok((read::secret(file, "secret", Guarded::ByMode)?, SecretSource::File)),
            None => Err(ConfigError::NoCredential {
                what: "secret",
                credential: CREDENTIAL_SECRET,
                key: "secret-file",
            }),
        }
    }

    fn code(&self, directory: Option<&Path>) -> Result<SecretString, ConfigError> {
        let code = from_systemd(directory, CREDENTIAL_INTEGRATION_CODE, "integration code")?;
        code.or_else(|| self.autotask.integration_code.clone()).ok_or(ConfigError::NoCredential {
            what: "integration code",
            credential: CREDENTIAL_INTEGRATION_CODE,
            key: "integration-code",
        })
    }
}

/// What the unit passes where there is no file with a credential (`SetCredential=`), so that the
/// daemon starts and can say which file is missing.
const PLACEHOLDER: &str = "(no file)";

/// The systemd credential of that name. None when the unit does not pass it, or a word in its place;
/// a credential that is there and cannot be read is an error, not a reason to look elsewhere.
fn from_systemd(
    directory: Option<&Path>,
    name: &str,
    what: &'static str,
) -> Result<Option<SecretString>, ConfigError> {
    let Some(directory) = directory else { return Ok(None) };
    match read::secret(&directory.join(name), what, Guarded::BySystemd) {
        Ok(secret) => Ok(Some(secret).filter(|it| it.expose_secret() != PLACEHOLDER)),
        Err(ConfigError::CredentialUnreadable { source, .. })
            if source.kind() == io::ErrorKind::NotFound =>
        {
            Ok(None)
        }
        Err(other) => Err(other),
    }
}
