//! The reference file `lmsyncd.toml.example`, as code: printed by the program, and held against
//! the built-in defaults by the tests here.

/// The text of `lmsyncd.toml.example`. It is refused until its placeholders are filled in.
pub const EXAMPLE: &str = include_str!("../../lmsyncd.toml.example");

/// What stands for the user name in the example.
pub(super) const USERNAME_PLACEHOLDER: &str = "abcdef123@MSP.EXAMPLE";

/// What stands for the integration code in the example.
pub(super) const INTEGRATION_CODE_PLACEHOLDER: &str = "YOUR-INTEGRATION-CODE";

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::keys::SECTIONS;
    use crate::config::settings::Settings;
    use crate::config::{DEFAULT_PATH, changes, parse};

    /// The keys for which there is no default, so that the example shows some value.
    const WITHOUT_DEFAULT: [&str; 12] = [
        "autotask.username",
        "autotask.integration-code",
        "autotask.secret-file",
        "autotask.zone-url",
        "autotask.proxy",
        "autotask.ca-file",
        "autotask.time-zone",
        "autotask.currency",
        "fields.user-defined",
        "notify.command",
        "notify.heartbeat-url",
        "metrics.textfile",
    ];

    fn filled_in() -> String {
        EXAMPLE
            .replace(USERNAME_PLACEHOLDER, "xyz789@MSP.EXAMPLE")
            .replace(INTEGRATION_CODE_PLACEHOLDER, "ABC123")
    }

    /// The line without its comment sign, where what remains is `key = value`.
    fn uncomment(line: &str) -> &str {
        let setting = line.strip_prefix("# ").filter(|rest| {
            rest.split_once(" = ").is_some_and(|(key, _)| {
                !key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
            })
        });
        setting.unwrap_or(line)
    }

    fn uncommented() -> String {
        filled_in().lines().map(|line| format!("{}\n", uncomment(line))).collect()
    }

    fn different_from_defaults(text: &str) -> Vec<&'static str> {
        let path = Path::new(DEFAULT_PATH);
        let settings = parse(text, path).expect("the example is valid");
        let changes = changes(&Settings::defaults(path), &settings);
        changes.into_iter().map(|change| change.key).collect()
    }

    #[test]
    fn as_delivered_it_asks_to_be_filled_in() {
        let error = parse(EXAMPLE, Path::new(DEFAULT_PATH)).expect_err("has placeholders");
        let keys: Vec<_> = error.problems().iter().filter_map(|p| p.key.as_deref()).collect();
        assert_eq!(keys, ["autotask.username", "autotask.integration-code"]);
    }

    #[test]
    fn filled_in_it_is_the_defaults() {
        assert_eq!(
            different_from_defaults(&filled_in()),
            ["autotask.username", "autotask.integration-code"]
        );
    }

    #[test]
    fn uncommented_it_is_the_defaults_still() {
        assert_eq!(different_from_defaults(&uncommented()), WITHOUT_DEFAULT);
    }

    #[test]
    fn every_key_is_in_it_once_and_in_order() {
        let mut section = String::new();
        let mut found = Vec::new();
        for line in uncommented().lines() {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
                section = name.0.to_owned();
            } else if !line.starts_with('#')
                && let Some((key, _)) = line.split_once(" = ")
                && !section.is_empty()
            {
                found.push(format!("{section}.{key}"));
            }
        }
        let expected: Vec<_> = SECTIONS
            .iter()
            .flat_map(|s| s.keys.iter().map(move |key| format!("{}.{}", s.name, key.name)))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn it_fits_a_terminal() {
        for line in EXAMPLE.lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }
}
