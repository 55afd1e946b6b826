//! Collects what is wrong while a file is judged, so that a person sees all of it at once. Knows
//! the text, and thus turns a place into line and column and repeats a value as it was written,
//! except where it might be a secret.

use std::ops::Range;
use std::path::Path;

use super::error::{ConfigError, Problem};
use crate::model::Advice;

/// A repeated value is cut here, in characters: enough to recognise it.
const QUOTED_CHARACTERS: usize = 60;

/// The problems found so far in one text.
pub(super) struct Report<'a> {
    text: &'a str,
    problems: Vec<Problem>,
}

impl<'a> Report<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Report { text, problems: Vec::new() }
    }

    /// Whether nothing that is in the text is wrong.
    pub(super) fn is_of_absent_keys(&self) -> bool {
        self.problems.iter().all(|problem| problem.line.is_none())
    }

    /// Notes a problem at a place. `message` gets the place as ` at line N`.
    pub(super) fn at(
        &mut self,
        span: Range<usize>,
        key: Option<String>,
        message: impl FnOnce(&str) -> String,
        advice: Option<Advice>,
    ) {
        let (line, column) = position(self.text, span.start);
        let message = message(&format!(" at line {line}"));
        self.problems.push(Problem {
            line: Some(line),
            column: Some(column),
            key,
            message,
            advice,
        });
    }

    /// Notes something that is not there.
    pub(super) fn absent(&mut self, key: &str, message: String, advice: Advice) {
        self.problems.push(Problem {
            line: None,
            column: None,
            key: Some(key.to_owned()),
            message,
            advice: Some(advice),
        });
    }

    /// Notes that the value of a dotted key is wrong: `` `interval` = "24" at line 13: … ``. It is
    /// repeated where `is_quotable`.
    pub(super) fn value(&mut self, key: &str, span: Range<usize>, what: &str, is_quotable: bool) {
        let name = key.rsplit('.').next().unwrap_or(key);
        let value = if is_quotable { self.quote(span.clone()) } else { String::new() };
        let message = |place: &str| format!("`{name}`{value}{place}: {what}");
        self.at(span, Some(key.to_owned()), message, None);
    }

    /// Notes that the name of an entry below a dotted key is wrong, as [`Report::value`] does.
    pub(super) fn entry(&mut self, key: &str, span: Range<usize>, what: &str) {
        let (name, quoted) = (key.rsplit('.').next().unwrap_or(key), self.quote(span.clone()));
        let quoted = quoted.trim_start_matches(" = ").to_owned();
        let message = |place: &str| format!("`{name}`, the entry {quoted}{place}: {what}");
        self.at(span, Some(key.to_owned()), message, None);
    }

    /// The value as ` = TEXT`, on one line; empty for one that may carry a password.
    fn quote(&self, span: Range<usize>) -> String {
        let Some(value) = self.text.get(span) else { return String::new() };
        let may_carry_password = value.contains("//") && value.contains('@');
        if value.is_empty() || may_carry_password {
            return String::new();
        }
        let line = value.lines().next().unwrap_or_default();
        let mut short: String = line.chars().take(QUOTED_CHARACTERS).collect();
        if short.len() < value.len() {
            short.push('…');
        }
        format!(" = {short}")
    }

    /// `settings`, or everything that was found, in the order of the file; what is missing last.
    pub(super) fn finish<T>(mut self, path: &Path, settings: T) -> Result<T, ConfigError> {
        if self.problems.is_empty() {
            return Ok(settings);
        }
        self.problems.sort_by_key(|problem| {
            (problem.line.unwrap_or(usize::MAX), problem.column.unwrap_or(usize::MAX))
        });
        Err(ConfigError::Invalid { path: path.to_owned(), problems: self.problems })
    }
}

/// Line and column, both from 1, of a byte offset; the column counts characters.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_characters_from_one() {
        let text = "a = 1\nb = \"é\" # x\n";
        assert_eq!(position(text, 0), (1, 1));
        assert_eq!(position(text, 6), (2, 1));
        assert_eq!(position(text, text.find('#').unwrap_or(0)), (2, 9));
        assert_eq!(position(text, 10_000), (3, 1));
    }

    #[test]
    fn repeats_a_value_in_short_and_never_a_password() {
        let quote = |text: &str| Report::new(text).quote(0..text.len());
        assert_eq!(quote("\"24\""), " = \"24\"");
        assert_eq!(quote("\"https://me:hunter2@proxy\""), "");
        assert_eq!(quote("[1,\n2]"), " = [1,…");
        assert_eq!(quote(&"x".repeat(200)), format!(" = {}…", "x".repeat(60)));
    }

    #[test]
    fn problems_come_in_the_order_of_the_file() {
        let mut report = Report::new("a = 1\nb = 2\n");
        report.absent("c", "c is missing".to_owned(), Advice::said("add it"));
        report.value("b", 10..11, "no", true);
        report.value("a", 4..5, "no", true);
        let error = report.finish(Path::new("x.toml"), ()).expect_err("has problems");
        let messages: Vec<_> = error.problems().iter().map(|p| p.message.as_str()).collect();
        assert_eq!(messages, ["`a` = 1 at line 1: no", "`b` = 2 at line 2: no", "c is missing"]);
    }
}
