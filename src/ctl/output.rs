//! The one layer through which everything leaves: text, JSON or CSV on standard output,
//! diagnostics on standard error.
//!
//! A reader that went away is a quiet end: what is left is dropped and the command keeps the exit
//! status that it earned.

use std::io::{self, Write};

use serde_json::Value;

use super::connection::Answer;
use super::error::CtlError;
use super::screen::Screen;

/// The program's name in front of diagnostics.
const PROGRAM: &str = "lmsyncctl";

/// In what form the answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Text for people.
    Text,
    /// The reply's parameters.
    Json,
    /// A list as comma-separated values.
    Csv,
}

/// The list of a reply as `--csv` shows it: where it lies and which of its keys are columns.
#[derive(Debug, Clone, Copy)]
pub struct Csv {
    /// The key of the list in the reply.
    pub list: &'static str,
    /// The columns, by the names that JSON has for them.
    pub columns: &'static [&'static str],
}

/// Where answers and diagnostics go.
#[derive(Debug)]
pub struct Output {
    /// In what form answers are wanted.
    pub format: Format,
    /// Whether confirmations, footers and progress are left out.
    pub quiet: bool,
    /// What the screen is like.
    pub screen: Screen,
}

impl Output {
    /// Shows an answer of a command that has a list to show.
    pub fn list<R>(
        &self,
        answer: &Answer<R>,
        csv: Csv,
        render: impl FnOnce(&R, &Screen) -> String,
    ) -> Result<(), CtlError> {
        match self.format {
            Format::Csv => self.print(&csv.of(&answer.raw)?),
            _ => self.show(answer, render),
        }
    }

    /// Shows an answer.
    pub fn show<R>(
        &self,
        answer: &Answer<R>,
        render: impl FnOnce(&R, &Screen) -> String,
    ) -> Result<(), CtlError> {
        match self.format {
            Format::Json => self.print(&format!("{}\n", answer.raw)),
            _ => self.print(&render(&answer.reply, &self.screen)),
        }
    }

    /// Shows what a command did: the same, except that `--quiet` wants no confirmation.
    pub fn confirm<R>(
        &self,
        answer: &Answer<R>,
        render: impl FnOnce(&R, &Screen) -> String,
    ) -> Result<(), CtlError> {
        if self.quiet && self.format == Format::Text {
            return Ok(());
        }
        self.show(answer, render)
    }

    /// Writes text to standard output.
    pub fn print(&self, text: &str) -> Result<(), CtlError> {
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(CtlError::Output(error)),
            _ => Ok(()),
        }
    }
}

/// Tells on standard error what went wrong and what to type next.
pub fn complain(message: &str, hint: Option<&str>) {
    let mut text = format!("{PROGRAM}: {message}\n");
    if let Some(hint) = hint {
        text.push_str(&format!("hint: {hint}\n"));
    }
    // Nobody is left to tell when standard error itself is gone.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

impl Csv {
    /// The list of this reply.
    fn of(&self, reply: &Value) -> Result<String, CtlError> {
        let rows = reply.get(self.list).and_then(Value::as_array);
        let mut writer = csv::Writer::from_writer(Vec::new());
        let wrong = |error: csv::Error| CtlError::Output(error.into());
        writer.write_record(self.columns).map_err(wrong)?;
        for row in rows.into_iter().flatten() {
            let cells = self.columns.iter().map(|column| cell(row.get(column)));
            writer.write_record(cells).map_err(wrong)?;
        }
        let bytes = writer.into_inner().map_err(|error| CtlError::Output(error.into_error()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Holds the columns of a list against a row that has every key.
#[cfg(test)]
pub fn assert_columns(csv: Csv, row: &impl serde::Serialize) {
    let row = serde_json::to_value(row).expect("serializes");
    let mut keys: Vec<&str> =
        row.as_object().expect("an object").keys().map(String::as_str).collect();
    let mut columns = csv.columns.to_vec();
    keys.sort_unstable();
    columns.sort_unstable();
    assert_eq!(columns, keys);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn csv_quotes_what_must_be_quoted() {
        let csv = Csv { list: "clients", columns: &["id", "name", "last_synced", "auto_sync"] };
        let reply = json!({ "clients": [
            { "id": 0, "name": "Müller, \"Söhne\"", "last_synced": null, "auto_sync": true },
        ]});
        let text = csv.of(&reply).expect("writes");
        assert_eq!(text, "id,name,last_synced,auto_sync\n0,\"Müller, \"\"Söhne\"\"\",,true\n");
    }

    #[test]
    fn an_empty_list_still_has_its_header() {
        let csv = Csv { list: "runs", columns: &["id"] };
        assert_eq!(csv.of(&json!({ "runs": [] })).expect("writes"), "id\n");
    }
}
