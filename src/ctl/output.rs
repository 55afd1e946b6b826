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
use super::tame;

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
    /// The key of a list in each row, where each of its elements is a line of its own that
    /// repeats what the row has; a row without any is one line.
    pub each: Option<&'static str>,
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
            Format::Json => self.print(&format!("{}\n", tame::json(&answer.raw.to_string()))),
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

    /// Writes a line to standard output, and says whether somebody still reads.
    pub fn line(&self, text: &str) -> Result<bool, CtlError> {
        let mut stdout = io::stdout().lock();
        match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(CtlError::Output(error)),
        }
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

/// Says on standard error what is going on.
pub fn remark(message: &str) {
    let _ = writeln!(io::stderr().lock(), "{PROGRAM}: {message}");
}

impl Csv {
    /// A list with these columns.
    pub const fn new(list: &'static str, columns: &'static [&'static str]) -> Csv {
        Csv { list, each: None, columns }
    }

    /// A list each row of which has rows of its own under `each`: a line for each of those.
    pub const fn nested(
        list: &'static str,
        each: &'static str,
        columns: &'static [&'static str],
    ) -> Csv {
        Csv { list, each: Some(each), columns }
    }

    /// The list of this reply.
    fn of(&self, reply: &Value) -> Result<String, CtlError> {
        csv_of(reply, self.list, self.each, self.columns)
    }
}

/// A list in a reply as comma-separated values.
pub fn csv_of(
    reply: &Value,
    list: &str,
    each: Option<&str>,
    columns: &[&str],
) -> Result<String, CtlError> {
    let rows = reply.get(list).and_then(Value::as_array);
    let mut writer = csv::Writer::from_writer(Vec::new());
    let wrong = |error: csv::Error| CtlError::Output(error.into());
    writer.write_record(columns).map_err(wrong)?;
    for row in rows.into_iter().flatten() {
        let inner = each.and_then(|key| row.get(key)).and_then(Value::as_array);
        let inner = inner.map(Vec::as_slice).unwrap_or_default();
        // A row with nothing inside is still a line.
        let lines = if inner.is_empty() { std::slice::from_ref(row) } else { inner };
        for line in lines {
            let cells = columns.iter().map(|c| cell(line.get(c).or_else(|| row.get(c))));
            writer.write_record(cells).map_err(wrong)?;
        }
    }
    let bytes = writer.into_inner().map_err(|error| CtlError::Output(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => tame::lines(text),
        Some(other) => other.to_string(),
    }
}

/// Holds the columns of a list against a row that has every key.
#[cfg(test)]
pub fn assert_columns(csv: Csv, row: &impl serde::Serialize) {
    let row = serde_json::to_value(row).expect("serializes");
    let mut keys: Vec<&str> =
        row.as_object().expect("an object").keys().map(String::as_str).collect();
    if let Some(each) = csv.each {
        keys.retain(|key| *key != each);
        let inner = row[each][0].as_object().expect("a row inside");
        keys.extend(inner.keys().map(String::as_str));
    }
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
        let csv = Csv::new("clients", &["id", "name", "last_synced", "auto_sync"]);
        let reply = json!({ "clients": [
            { "id": 0, "name": "Müller, \"Söhne\"", "last_synced": null, "auto_sync": true },
        ]});
        let text = csv.of(&reply).expect("writes");
        assert_eq!(text, "id,name,last_synced,auto_sync\n0,\"Müller, \"\"Söhne\"\"\",,true\n");
    }

    #[test]
    fn rows_within_rows_are_lines_that_repeat_what_is_above_them() {
        let csv = Csv { each: Some("changes"), ..Csv::new("entries", &["at", "field"]) };
        let reply = json!({ "entries": [
            { "at": "1", "changes": [{ "field": "a" }, { "field": "b" }] },
            { "at": "2", "changes": [] },
        ]});
        assert_eq!(csv.of(&reply).expect("writes"), "at,field\n1,a\n1,b\n2,\n");
    }

    #[test]
    fn a_name_in_a_list_cannot_drive_the_terminal() {
        let csv = Csv::new("runs", &["name"]);
        let reply = json!({ "runs": [{ "name": "a\u{1b}[2J\u{9b}b" }] });
        assert_eq!(csv.of(&reply).expect("writes"), "name\na [2J b\n");
    }

    #[test]
    fn an_empty_list_still_has_its_header() {
        let csv = Csv::new("runs", &["id"]);
        assert_eq!(csv.of(&json!({ "runs": [] })).expect("writes"), "id\n");
    }
}
