//! What the daemon answered: as it came, and for the screen.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::sanitize;
use crate::ctl::app::error::CtlError;

/// What the daemon answered.
#[derive(Debug)]
pub struct Answer<R> {
    /// The parameters exactly as they came, for `--json` and `--csv`.
    pub raw: Value,
    /// The same with a type, without control characters, for the screen.
    pub reply: R,
}

impl<R: DeserializeOwned> Answer<R> {
    /// The reply with the line breaks of its texts, which a file may have and a table may not.
    pub fn with_lines(&self) -> Result<R, CtlError> {
        typed(self.raw.clone(), sanitize::lines)
    }
}

/// The reply with a type, each of its texts made safe by `text`.
pub fn typed<R: DeserializeOwned>(raw: Value, text: fn(&str) -> String) -> Result<R, CtlError> {
    serde_json::from_value(sanitize::texts(raw, &text))
        .map_err(|error| CtlError::Nonsense(error.to_string()))
}
