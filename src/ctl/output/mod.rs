//! The one layer through which everything leaves: text, JSON or a list's rows on standard output
//! (long text through the pager, on a terminal), diagnostics on standard error.
//!
//! A reader that went away is a quiet end: what is left is dropped and the command keeps the exit
//! status that it earned.

pub mod answer;
pub mod document;
pub mod file;
pub mod list;
pub mod pager;
pub mod progress;
pub mod sanitize;
pub mod screen;
pub mod signs;
pub mod table;
pub mod template;
pub mod times;

use std::io::{self, Write};

use crate::ctl::app::error::CtlError;
use crate::ctl::output::list::{Formulas, Rows};
use crate::ctl::output::pager::Pager;
use crate::ctl::output::screen::Screen;
use crate::ctl::output::template::Template;
use crate::model::text::visible;
use answer::Answer;

pub use crate::ctl::output::list::Csv;
#[cfg(test)]
pub use crate::ctl::output::list::assert_columns;

/// The program's name in front of remarks.
const PROGRAM: &str = "lmsyncctl";

/// What stands in front of what went wrong.
const WRONG: &str = "error";

/// In what form the answer is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// Text for people.
    Text,
    /// The reply's parameters.
    Json,
    /// A list as comma-separated values.
    Csv,
    /// A list as tab-separated values.
    Plain,
    /// A list as a line a row.
    Template(Template),
}

impl Format {
    /// Whether it is a form of lists alone, for scripts.
    pub fn is_rows(&self) -> bool {
        matches!(self, Format::Csv | Format::Plain | Format::Template(_))
    }
}

/// Writes a part of what programs read; who reads it has it at once.
///
/// # Errors
///
/// Those of what it is written to.
pub fn write_part(to: &mut dyn Write, text: &str) -> Result<(), CtlError> {
    let written = to.write_all(signs::plain(text).as_bytes()).and_then(|()| to.flush());
    written.map_err(CtlError::Output)
}

/// Where answers and diagnostics go.
#[derive(Debug)]
pub struct Output {
    /// In what form answers are wanted.
    pub format: Format,
    /// What CSV does with texts that a spreadsheet would compute.
    pub formulas: Formulas,
    /// Whether confirmations, footers and progress are left out.
    pub quiet: bool,
    /// What the screen is like.
    pub screen: Screen,
    /// What long texts are read with; none where they simply go by.
    pub pager: Option<Pager>,
}

impl Output {
    /// Shows an answer of a command that has a list to show.
    pub fn list<R>(
        &self,
        answer: &Answer<R>,
        csv: Csv,
        render: impl FnOnce(&R, &Screen) -> String,
    ) -> Result<(), CtlError> {
        match self.format.is_rows() {
            true => self.rows(Rows::new(&answer.raw, csv, csv.columns)),
            false => self.show(answer, render),
        }
    }

    /// Writes what programs read to standard output bit by bit, for as long as somebody reads.
    ///
    /// # Errors
    ///
    /// Those of `fill`, and of standard output.
    pub fn write_with(
        &self,
        fill: impl FnOnce(&mut dyn Write) -> Result<(), CtlError>,
    ) -> Result<(), CtlError> {
        let mut stdout = io::stdout().lock();
        match fill(&mut stdout) {
            Err(CtlError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            filled => filled,
        }
    }

    /// Writes rows in the form for scripts that is wanted.
    pub fn rows(&self, rows: Rows<'_>) -> Result<(), CtlError> {
        self.write(&self.rows_text(rows, true)?)
    }

    /// Rows in the form for scripts that is wanted, the first ones with the names of the columns.
    pub fn rows_text(&self, rows: Rows<'_>, first: bool) -> Result<String, CtlError> {
        match &self.format {
            Format::Plain => rows.plain(first && !self.quiet),
            Format::Template(template) => rows.by(template),
            _ => rows.csv(self.formulas, first),
        }
    }

    /// Shows an answer; a long one through the pager.
    pub fn show<R>(
        &self,
        answer: &Answer<R>,
        render: impl FnOnce(&R, &Screen) -> String,
    ) -> Result<(), CtlError> {
        match self.format {
            Format::Text => self.page(&render(&answer.reply, &self.screen)),
            _ => self.tell(answer, render),
        }
    }

    /// Writes text to standard output; a long one through the pager.
    pub fn page(&self, text: &str) -> Result<(), CtlError> {
        let text = signs::shown(&self.screen.fitted(text));
        match &self.pager {
            Some(pager) if pager.wants(&text) && pager.show(&text) => Ok(()),
            _ => print(&text),
        }
    }

    /// Tells what became of a command; it is never paged.
    pub fn tell<R>(
        &self,
        answer: &Answer<R>,
        render: impl FnOnce(&R, &Screen) -> String,
    ) -> Result<(), CtlError> {
        match self.format {
            Format::Json => self.write(&format!("{}\n", sanitize::json(&answer.raw.to_string()))),
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
        self.tell(answer, render)
    }

    /// Writes a line to standard output, and says whether somebody still reads.
    pub fn line(&self, text: &str) -> Result<bool, CtlError> {
        let text = match self.format {
            Format::Text => signs::shown(text),
            _ => signs::plain(text),
        };
        let mut stdout = io::stdout().lock();
        match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(CtlError::Output(error)),
        }
    }

    /// Writes text for people to standard output.
    pub fn print(&self, text: &str) -> Result<(), CtlError> {
        print(&signs::shown(&self.screen.fitted(text)))
    }

    /// Writes what programs read to standard output, as it is.
    pub fn write(&self, text: &str) -> Result<(), CtlError> {
        print(&signs::plain(text))
    }
}

/// Writes text to standard output, also where no form of answers is known yet.
///
/// # Errors
///
/// Where it cannot be written, unless nobody reads it any more.
pub fn print(text: &str) -> Result<(), CtlError> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(CtlError::Output(error)),
        _ => Ok(()),
    }
}

/// Tells on standard error what went wrong and what to type next.
pub fn complain(message: &str, hint: Option<&str>) {
    // What was typed stands in it, and what a daemon or a file said.
    let mut text = format!("{WRONG}: {}\n", visible(message));
    if let Some(hint) = hint {
        text.push_str(&format!("hint: {}\n", visible(hint)));
    }
    tell_aside(&text);
}

/// Tells on standard error, in the width of the terminal where that is one.
fn tell_aside(text: &str) {
    let size = terminal_size::terminal_size_of(io::stderr());
    let fitted = match size {
        Some((width, _)) => screen::fitted(text, usize::from(width.0)),
        None => text.to_owned(),
    };
    // Nobody is left to tell when standard error itself is gone.
    let _ = io::stderr().lock().write_all(signs::shown(&fitted).as_bytes());
}

/// The same as one object, for whoever reads the answer as one.
pub fn complain_as_json(error: &serde_json::Value) {
    let text = signs::plain(&sanitize::json(&error.to_string()));
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Says on standard error what is going on.
pub fn remark(message: &str) {
    tell_aside(&format!("{PROGRAM}: {}\n", visible(message)));
}

/// Shows on standard error what the person asked for without saying what: help.
pub fn help(text: &str) {
    let _ = io::stderr().lock().write_all(signs::shown(text).as_bytes());
}
