//! The reference of the file's keys, read out of the example file, which the tests there hold
//! against the built-in defaults: for the manual page.

use super::EXAMPLE;

/// A section of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its name.
    pub name: String,
    /// Its keys, in order.
    pub keys: Vec<Key>,
}

/// A key of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: String,
    /// What it means, its unit and range, and why one would change it.
    pub text: String,
    /// A value as it is written in the file.
    pub value: String,
    /// Whether that is the default. If not, there is none, and it is an example.
    pub is_default: bool,
}

/// What a text says of a key that has no default.
const NO_DEFAULT: &str = "No default";

/// Every section and its keys.
pub fn reference() -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut comment: Vec<&str> = Vec::new();
    let mut lines = EXAMPLE.lines();
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            sections.push(Section { name: name.to_owned(), keys: Vec::new() });
        } else if let (Some(section), Some((name, value))) = (sections.last_mut(), setting(line)) {
            let mut value = value.to_owned();
            while value.starts_with('[') && !value.ends_with(']') {
                let Some(more) = lines.next() else { break };
                value = format!("{value} {}", more.trim()).replace("[ ", "[").replace(", ]", "]");
            }
            let text = comment.join(" ");
            let is_default = !text.contains(NO_DEFAULT);
            section.keys.push(Key { name: name.to_owned(), text, value, is_default });
            comment.clear();
        } else if let Some(words) = line.strip_prefix('#') {
            comment.push(words.trim());
        } else {
            comment.clear();
        }
    }
    sections
}

/// The key and the value of a line, commented out or not.
fn setting(line: &str) -> Option<(&str, &str)> {
    let line = line.strip_prefix("# ").unwrap_or(line);
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    line.split_once(" = ").filter(|(name, _)| is_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::keys::SECTIONS;

    #[test]
    fn every_key_of_the_program_is_in_it_with_its_text() {
        let told: Vec<String> = reference()
            .iter()
            .flat_map(|s| s.keys.iter().map(move |key| format!("{}.{}", s.name, key.name)))
            .collect();
        let known: Vec<String> = SECTIONS
            .iter()
            .flat_map(|s| s.keys.iter().map(move |key| format!("{}.{}", s.name, key.name)))
            .collect();
        assert_eq!(told, known);
        for key in reference().iter().flat_map(|section| &section.keys) {
            assert!(key.text.len() > 20 && key.text.ends_with('.'), "{key:?}");
        }
    }

    #[test]
    fn a_value_stands_as_in_the_file() {
        let sections = reference();
        let find = |section: &str, name: &str| {
            let section = sections.iter().find(|s| s.name == section).expect("a section");
            section.keys.iter().find(|key| key.name == name).expect("a key").clone()
        };
        let interval = find("sync", "interval");
        assert_eq!((interval.value.as_str(), interval.is_default), ("\"24h\"", true));
        assert!(!find("autotask", "proxy").is_default);
        let events = find("notify", "events").value;
        assert!(events.starts_with("[\"run_held\", ") && events.ends_with("\"store_repaired\"]"));
        let value = format!("x = {events}");
        assert!(value.parse::<toml::Table>().is_ok(), "{value}");
    }
}
