//! The keys of the file, in one table: what each means, how it is read, judged and shown, when a
//! change takes effect. The messages, the reload, the example file and the manual page are made
//! of it.

mod autotask;
mod daemon;
mod names;
mod sync;

use secrecy::SecretString;

pub(super) use names::{is_secret, suggestion};

use super::entry::Entry;
use super::settings::Settings;

/// A section of the file and its keys, in the order of the example file.
pub struct Section {
    /// The name between the brackets.
    pub name: &'static str,
    /// Its keys.
    pub keys: &'static [Key],
}

/// A key of a section.
pub struct Key {
    /// The name as written in the file.
    pub name: &'static str,
    /// What it means, its unit and range, and why one would change it.
    pub text: &'static str,
    /// A value as it is written in the file: the default, or an example where there is none.
    pub value: &'static str,
    /// How the example file has that value.
    pub(super) written: Written,
    /// What a value has to be, for the message about a value of the wrong type.
    pub(super) expects: &'static str,
    /// When a change takes effect.
    pub(super) effect: Effect,
    /// Whether a value may carry a secret, and is then repeated nowhere.
    pub(super) is_secret: bool,
    /// Reads a value, judges it, and puts it in the place of the default.
    pub(super) read: fn(Entry<'_, '_, '_>, &mut Settings),
    /// The value for people.
    pub(super) show: fn(&Settings) -> Shown,
}

/// How the example file has a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// It is the default.
    Default,
    /// It is the default unless the instance has its own: commented out.
    BuiltIn,
    /// There is no default; it is an example, commented out.
    Example,
    /// There is no default; it stands for what must be filled in.
    Placeholder,
}

/// What it takes for a changed setting to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The reload applies it.
    Applied,
    /// The old value stays until the daemon is restarted.
    NeedsRestart,
}

/// A value for people.
pub(super) enum Shown {
    /// As it would stand in the file, without quotes.
    Text(String),
    /// Not to be shown; only whether it is there, and whether it is another.
    Secret(Option<SecretString>),
}

/// All there is, apart from `version` at the top.
pub(super) const SECTIONS: &[Section] = &[
    autotask::AUTOTASK,
    sync::SYNC,
    sync::FIELDS,
    sync::GUARD,
    daemon::STORE,
    daemon::CONTROL,
    daemon::NOTIFY,
    daemon::METRICS,
];

const WHOLE: &str = "expected a whole number, without quotes";
const PATH: &str = "expected a path in quotes";
const URL: &str = "expected a URL in quotes";

/// Every section and its keys, for the manual page.
pub fn reference() -> &'static [Section] {
    SECTIONS
}

/// Every key with its section, in order.
pub(super) fn all() -> impl Iterator<Item = (&'static Section, &'static Key)> {
    SECTIONS.iter().flat_map(|section| section.keys.iter().map(move |key| (section, key)))
}

/// The section of that name.
pub(super) fn section(name: &str) -> Option<&'static Section> {
    SECTIONS.iter().find(|section| section.name == name)
}

impl Section {
    /// The key of that name in this section.
    pub(super) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

impl Key {
    /// The name with its section: `sync.interval`.
    pub(super) fn in_section(&self, section: &Section) -> String {
        format!("{}.{}", section.name, self.name)
    }

    /// `value` on one line, also where it is a list of several.
    pub fn line(&self) -> String {
        let words: Vec<&str> = self.value.split_whitespace().collect();
        words.join(" ").replace("[ ", "[").replace(", ]", "]")
    }

    /// Whether `value` is the default; if not, there is none.
    pub fn has_default(&self) -> bool {
        matches!(self.written, Written::Default | Written::BuiltIn)
    }
}

/// The text for a value that is not there.
const UNSET: &str = "(not set)";

fn text(value: impl ToString) -> Shown {
    Shown::Text(value.to_string())
}

fn optional(value: Option<&str>) -> Shown {
    text(value.unwrap_or(UNSET))
}

fn path(value: Option<&std::path::Path>) -> Shown {
    value.map_or_else(|| text(UNSET), |path| text(path.display()))
}

fn duration(value: std::time::Duration) -> Shown {
    text(crate::model::duration_text(value))
}

/// A list, or a word for an empty one.
fn list(values: impl IntoIterator<Item = impl ToString>, empty: &str) -> Shown {
    let values: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
    if values.is_empty() { text(empty) } else { text(values.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_explained() {
        for (_, key) in all() {
            assert!(key.text.len() > 20 && key.text.ends_with('.'), "{}", key.name);
            assert_eq!(key.text.contains("No default"), !key.has_default(), "{}", key.name);
        }
    }

    #[test]
    fn no_two_keys_have_one_name() {
        let mut names: Vec<&str> = all().map(|(_, key)| key.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        // A name is looked for in every section, to say where it belongs.
        assert_eq!(names.len(), count);
    }

    #[test]
    fn a_value_is_toml_also_on_one_line() {
        for (_, key) in all() {
            for value in [key.value, &key.line()] {
                let text = format!("x = {value}");
                assert!(text.parse::<toml::Table>().is_ok(), "{}: {text}", key.name);
            }
            assert!(!key.line().contains('\n'), "{}", key.name);
        }
    }
}
