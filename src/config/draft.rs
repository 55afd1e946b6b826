//! A configuration that is being filled in: single keys of `[autotask]` get another value, and every
//! other line, comments included, stays as a person wrote it.

use std::path::{Path, PathBuf};

use super::error::ConfigError;
use super::example::{EXAMPLE, INTEGRATION_CODE_PLACEHOLDER, USERNAME_PLACEHOLDER};
use super::load::parse;
use super::read;
use super::settings::Settings;

/// The only section whose keys are filled in.
const HEADER: &str = "[autotask]";

/// The text of a configuration, for the file at `path`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    path: PathBuf,
    text: String,
}

impl Draft {
    /// What stands at `path`; the example, where nothing does.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read.
    pub fn of(path: &Path) -> Result<Draft, ConfigError> {
        let text = match read::configuration(path) {
            Ok(text) => text,
            Err(ConfigError::Missing { .. }) => EXAMPLE.to_owned(),
            Err(error) => return Err(error),
        };
        Ok(Draft { path: path.to_owned(), text })
    }

    /// The text as it is now.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The value of a key of `[autotask]`; none for one that is not there, or is the placeholder of
    /// the example, or where the text is not TOML.
    pub fn value(&self, key: &str) -> Option<String> {
        let table: toml::Table = self.text.trim_start_matches('\u{feff}').parse().ok()?;
        let value = table.get("autotask")?.get(key)?.as_str()?;
        let is_placeholder = [USERNAME_PLACEHOLDER, INTEGRATION_CODE_PLACEHOLDER].contains(&value);
        (!is_placeholder).then(|| value.to_owned())
    }

    /// Gives a key of `[autotask]` this value, in the place of the line that has it, commented out or
    /// not; else as a line more.
    pub fn set(&mut self, key: &str, value: &str) {
        let line = format!("{key} = {}", quoted(value));
        let mut lines: Vec<String> = self.text.lines().map(str::to_owned).collect();
        let Some(start) = lines.iter().position(|line| line.trim() == HEADER) else {
            lines.extend([String::new(), HEADER.to_owned(), line]);
            return self.text = joined(&lines);
        };
        let is_header = |line: &String| line.trim_start().starts_with('[');
        let end = lines.iter().skip(start + 1).position(is_header);
        let end = end.map_or(lines.len(), |end| start + 1 + end);
        let names =
            |line: &String| line.split_once('=').is_some_and(|(name, _)| name.trim() == key);
        let commented =
            |line: &String| line.strip_prefix('#').is_some_and(|l| names(&l.to_owned()));
        let section = lines.get(start + 1..end).unwrap_or_default();
        let found = section.iter().position(names).or_else(|| section.iter().position(commented));
        match found {
            Some(at) => lines[start + 1 + at] = line,
            None => lines.insert(start + 1, line),
        }
        self.text = joined(&lines);
    }

    /// The settings that the text makes.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn settings(&self) -> Result<Settings, ConfigError> {
        parse(&self.text, &self.path)
    }
}

fn joined(lines: &[String]) -> String {
    format!("{}\n", lines.join("\n"))
}

/// A text as TOML has it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(text: &str) -> Draft {
        Draft { path: "/etc/lmsyncd/lmsyncd.toml".into(), text: text.to_owned() }
    }

    #[test]
    fn the_example_is_filled_in_and_keeps_its_comments() {
        let mut draft = Draft::of(Path::new("/nonexistent/lmsyncd.toml")).expect("the example");
        assert_eq!(draft.value("username"), None);
        draft.set("username", "me@MSP.EXAMPLE");
        draft.set("integration-code", r#"a"b\c"#);
        draft.set("discovery-url", "http://127.0.0.1:1/");
        let settings = draft.settings().expect("valid");
        assert_eq!(settings.autotask.username, "me@MSP.EXAMPLE");
        assert_eq!(settings.autotask.discovery_url, "http://127.0.0.1:1/");
        assert_eq!(draft.value("integration-code").as_deref(), Some(r#"a"b\c"#));
        let comments = |text: &str| text.lines().filter(|line| line.starts_with("# ")).count();
        assert_eq!(comments(draft.text()) + 1, comments(EXAMPLE), "one line is a comment no more");
        assert_eq!(draft.text().lines().count(), EXAMPLE.lines().count());
    }

    #[test]
    fn only_the_line_of_the_key_changes() {
        let text = "version = 1\n[sync]\ninterval = \"1h\"\n[autotask]\nusername = \"old\" # ours\n\
                    [notify]\n# username = \"x\"\n";
        let mut one = draft(text);
        assert_eq!(one.value("username").as_deref(), Some("old"));
        one.set("username", "new");
        assert_eq!(one.text(), text.replace("username = \"old\" # ours", "username = \"new\""));
        one.set("integration-code", "c");
        assert!(one.text().contains("[autotask]\nintegration-code = \"c\"\nusername"), "{one:?}");
        let mut bare = draft("version = 1\n");
        bare.set("username", "new");
        assert_eq!(bare.settings().expect("valid").autotask.username, "new");
    }
}
